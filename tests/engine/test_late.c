/* The delayed back end: the same bits as `ref`, stale bytes for whoever does not wait, memory in queue order. */
#include "tests/engine/trial.h"

#include <string.h>

/* Runs a case and its gradients, twice, so that a step finds the memory as the one before left it. */
static void run_case(struct trial *t, struct trial_plan *p, const struct op_case *c, const char *device)
{
	int wrt[CASE_IN];
	struct node *by[CASE_IN], *keep[CASE_IN + 1];
	trial_open(t, device, PRECISION_F32);
	trial_case(t, c);
	const int n = trial_wrt(t, c, wrt);
	keep[0] = t->y;
	if (n) {
		struct node *const seed = trial_weight(t, t->y, "seed");
		for (int i = 0; i < n; i++)
			by[i] = t->leaf[wrt[i]].node;
		graph_grad(t->g, t->y, seed, by, n, keep + 1);
		trial_ok(t, c->name);
	}
	trial_place(t);
	trial_prepare(t, p, keep, n + 1);
	trial_run(t, p);
	trial_run(t, p);
}

START_TEST(test_equals_ref)
{
	const struct op_case *const c = case_at(_i);
	struct trial ref, late;
	struct trial_plan a, b;
	run_case(&ref, &a, c, "ref");
	run_case(&late, &b, c, "late");
	for (int i = 0; i < a.n; i++)
		ck_assert_msg(memcmp(a.value[i], b.value[i],
		                     (size_t)shape_count(&a.node[i]->type.shape) * sizeof(double)) == 0,
		              "%s: node %d differs", c->name, i);
	trial_release(&ref, &a);
	trial_release(&late, &b);
	trial_close(&ref);
	trial_close(&late);
}
END_TEST

struct queue {
	struct arena *arena;
	struct err err;
	struct device *dev;
};

static void queue_open(struct queue *q)
{
	memset(q, 0, sizeof *q);
	q->arena = arena_open("test");
	ck_assert_msg(device_open(q->arena, "late", 1, &q->dev, &q->err) == OK, "%s", q->err.text);
}

static void queue_close(struct queue *q)
{
	device_close(q->dev);
	arena_close(q->arena);
}

static void *room(struct queue *q, size_t bytes)
{
	void *mem;
	ck_assert_msg(device_alloc(q->dev, bytes, &mem, &q->err) == OK, "%s", q->err.text);
	return mem;
}

enum { FEW = 3, MANY = 100, AHEAD = 200 };

static void check_stale(int n)
{
	struct queue q;
	queue_open(&q);
	const struct backend *const b = q.dev->backend;
	double in[MANY], out[MANY];
	const size_t bytes = (size_t)n * sizeof *in;
	for (int i = 0; i < n; i++) {
		in[i] = i + 1;
		out[i] = -1;
	}
	double *const x = room(&q, bytes), *const other = room(&q, bytes);
	for (int i = 0; i < AHEAD; i++) /* so that much time passes before the rest begins */
		b->fill(q.dev->impl, other, F64, 2, n);
	b->put(q.dev->impl, x, in, bytes);
	memset(in, 0, bytes); /* put has read the bytes */
	b->get(q.dev->impl, out, x, bytes);
	for (int i = 0; i < n; i++)
		ck_assert_msg(out[i] == -1, "element %d is there before wait", i);
	ck_assert_int_eq(device_wait(q.dev, &q.err), OK);
	for (int i = 0; i < n; i++)
		ck_assert_msg(out[i] == i + 1, "element %d is %g after wait", i, out[i]);
	device_free(q.dev, x, bytes);
	device_free(q.dev, other, bytes);
	queue_close(&q);
}

START_TEST(test_reading_before_wait_shows_stale_data)
{
	check_stale(FEW);
	check_stale(MANY);
}
END_TEST

/* More items than the queue holds, each made from the one before. */
START_TEST(test_order_is_kept_through_a_full_queue)
{
	enum { TIMES = 1500 };
	static double out[TIMES];
	struct queue q;
	queue_open(&q);
	const struct backend *const b = q.dev->backend;
	double *const x = room(&q, 2 * sizeof *x);
	for (int i = 0; i < TIMES; i++) {
		b->fill(q.dev->impl, x, F64, i, 1);
		b->copy(q.dev->impl, x + 1, x, sizeof *x);
		b->get(q.dev->impl, &out[i], x + 1, sizeof *out);
	}
	ck_assert_int_eq(device_wait(q.dev, &q.err), OK);
	for (int i = 0; i < TIMES; i++)
		ck_assert(out[i] == i);
	device_free(q.dev, x, 2 * sizeof *x);
	queue_close(&q);
}
END_TEST

/* Memory given back while work on it is queued: address checkers see it if the order is wrong. */
START_TEST(test_free_is_queued)
{
	struct queue q;
	queue_open(&q);
	const struct backend *const b = q.dev->backend;
	double *const x = room(&q, MANY * sizeof *x), out[MANY] = {0};
	b->fill(q.dev->impl, x, F64, 2.5, MANY);
	b->get(q.dev->impl, out, x, sizeof out);
	device_free(q.dev, x, MANY * sizeof *x);
	double *const y = room(&q, MANY * sizeof *y);
	b->fill(q.dev->impl, y, F64, 3.5, MANY);
	ck_assert_int_eq(device_wait(q.dev, &q.err), OK);
	for (int i = 0; i < MANY; i++)
		ck_assert(out[i] == 2.5);
	device_free(q.dev, y, MANY * sizeof *y);
	queue_close(&q);
}
END_TEST

TCase *tcase_late(void)
{
	TCase *const tc = tcase_create("late");

	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, test_reading_before_wait_shows_stale_data);
	tcase_add_test(tc, test_order_is_kept_through_a_full_queue);
	tcase_add_test(tc, test_free_is_queued);
	tcase_add_loop_test(tc, test_equals_ref, 0, n_cases_a + n_cases_b);
	return tc;
}
