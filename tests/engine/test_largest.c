/* The largest of a window, and its place, at ties, zeros of both signs, NaN and infinities: on the device under test what it is on `ref`. */
#include "tests/engine/trial.h"

#include <math.h>

/* A few values, which bf16 holds, so that most windows have ties. */
static double value_at(int i)
{
	static const double v[] = {1, -0.0, 0, -2.5, NAN, 3, -INFINITY, 3, INFINITY, -2.5, 0.5};
	return v[(unsigned)i * 2654435761u % 4096 % 11];
}

struct side {
	struct trial t;
	struct trial_plan p;
};

static void run_on(struct side *s, const char *device, enum precision precision, const struct pool_conf *conf)
{
	trial_open(&s->t, device, precision);
	struct trial *t = &s->t;
	struct trial_leaf *x = trial_leaf(t, "x", type_of(conf->x, CLASS_ACT), false), *v = trial_leaf(t, "v", type_of(conf->x, CLASS_ACT), false);
	struct node *y = graph_call(t->g, &op_max_pool, conf, &x->node, 1);
	trial_ok(t, "max_pool");
	struct trial_leaf *dy = trial_leaf(t, "dy", y->type, false);
	struct node *const keep[] = {y, graph_max_pool_pick(t->g, v->node, x->node, conf), graph_max_pool_dx(t->g, dy->node, x->node, conf)};
	trial_ok(t, "its family");
	for (int64_t i = 0; i < x->n; i++) {
		x->value[i] = value_at((int)i);
		v->value[i] = (double)(i * 7 % 61) / 4;
	}
	for (int64_t i = 0; i < dy->n; i++)
		dy->value[i] = (double)(i * 5 % 7) - 2; /* bf16 holds the sums too */
	trial_prepare(t, &s->p, keep, 3);
	t->dev->backend->fill(t->dev->impl, s->p.workspace, U8, 65, (int64_t)plan_workspace(s->p.plan)); /* memory is rarely zero */
	trial_run(t, &s->p);
}

static const struct pool_conf confs[] = {
	{2, 2, 0, 0, {4, {2, 16, 6, 8}}}, {2, 2, 0, 0, {4, {1, 1, 3, 3}}}, {2, 2, 0, 1, {4, {3, 21, 5, 7}}}, {3, 2, 1, 0, {4, {2, 3, 7, 6}}},
	{3, 2, 1, 0, {4, {2, 24, 9, 7}}}, {2, 3, 0, 0, {4, {2, 8, 7, 7}}}, {3, 3, 1, 0, {4, {1, 40, 7, 8}}}, {5, 1, 2, 0, {4, {1, 16, 4, 5}}},
};
enum { CONFS = sizeof confs / sizeof *confs };

START_TEST(specials_as_on_ref)
{
	const struct pool_conf *conf = &confs[_i % CONFS];
	const enum precision precision = _i / CONFS ? PRECISION_BF16 : PRECISION_F32;
	static struct side ref, own;

	run_on(&ref, "ref", precision, conf);
	run_on(&own, TEST_DEVICE, precision, conf);
	for (int i = 0; i < 3; i++)
		for (int64_t k = 0; k < shape_count(&ref.p.node[i]->type.shape); k++) {
			const double a = ref.p.value[i][k], b = own.p.value[i][k];

			ck_assert_msg(a == b || (isnan(a) && isnan(b)), "%dx%d, stride %d, pad %d of %s, %s: element %lld is %g, on ref %g", conf->kernel,
			              conf->kernel, conf->stride, conf->pad, shape_str(&conf->x), i == 0 ? "value" : i == 1 ? "pick" : "gradient",
			              (long long)k, b, a);
		}
	trial_release(&own.t, &own.p);
	trial_close(&own.t);
	trial_release(&ref.t, &ref.p);
	trial_close(&ref.t);
}
END_TEST

TCase *tcase_largest(void)
{
	TCase *const tc = tcase_create("largest");

	tcase_set_timeout(tc, 30);
	tcase_add_loop_test(tc, specials_as_on_ref, 0, 2 * CONFS);
	return tc;
}
