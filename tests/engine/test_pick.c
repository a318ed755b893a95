/* What no tolerance shows of maxima, orders and picking: NaN, zeros of both signs, integers that f32 does not hold. */
#include "tests/engine/trial.h"

#include <math.h>

static const char *const devices[] = {TEST_DEVICES};
enum { DEVICES = sizeof devices / sizeof *devices, K = 6 };

static struct trial t;
static struct trial_plan p;

static struct trial_leaf *leaf(const char *name, struct shape s, enum tclass cls, const double *v)
{
	struct trial_leaf *const l = trial_leaf(&t, name, type_of(s, cls), false);

	for (int64_t i = 0; i < l->n; i++)
		l->value[i] = v[i];
	return l;
}

static void run(struct node *const keep[], int n)
{
	trial_ok(&t, "built");
	trial_prepare(&t, &p, keep, n);
	trial_run(&t, &p);
}

static void done(void)
{
	trial_release(&t, &p);
	trial_close(&t);
}

static void same(int of, const char *what, const double *want, int n)
{
	for (int i = 0; i < n; i++)
		ck_assert_msg(p.value[of][i] == want[i] || (isnan(p.value[of][i]) && isnan(want[i])), "%s on %s: element %d is %g, not %g",
			      what, t.dev->backend->name, i, p.value[of][i], want[i]);
}

/* NaN is the largest, and of several the first; zeros of both signs are equal. */
START_TEST(nan_is_the_largest)
{
	static const double x[2 * K] = {1, NAN, 7, INFINITY, NAN, -2, 0.0, -0.0, -3, 0.0, -INFINITY, -0.0};
	static const double rising[2 * K] = {5, 0, 2, 3, 1, 4, 4, 2, 0, 1, 3, 5}, falling[6] = {1, 4, 3, 0, 1, 3};
	static const double v[2] = {5, 6}, dx[2 * K] = {0, 5, 0, 0, 0, 0, 6}, first[2] = {1, 0}, most[2] = {NAN, 0};
	struct node *up, *down, *keep[6];

	trial_open(&t, devices[_i], PRECISION_F32);
	struct node *const z = leaf("x", shape2(2, K), CLASS_WIDE, x)->node;
	struct node *const dy = leaf("dy", shape1(2), CLASS_WIDE, v)->node;
	graph_sort(t.g, z, &up);
	graph_top_k(t.g, z, 3, &down);
	keep[0] = up;
	keep[1] = down;
	keep[2] = graph_arg_max(t.g, z);
	keep[3] = graph_max(t.g, z, 2, false);
	keep[4] = graph_max_dx(t.g, dy, z, 2);
	keep[5] = graph_max_pick(t.g, graph_scale(t.g, z, 1, 0), z, 2, false);
	run(keep, 6);
	same(0, "places of sort", rising, 2 * K);
	same(1, "places of top_k", falling, 6);
	same(2, "arg_max", first, 2);
	same(3, "max", most, 2);
	same(4, "max_dx", dx, 2 * K);
	same(5, "max_pick", most, 2);
	done();
}
END_TEST

START_TEST(numbers_beyond_f32)
{
	static const double x[3] = {16777217, -2147483647, 123456789}, at[2] = {2, 0};
	static const double picked[2] = {123456789, 16777217}, repeated[6] = {16777217, 16777217, -2147483647, -2147483647, 123456789, 123456789};

	trial_open(&t, devices[_i], PRECISION_F32);
	struct node *const n = leaf("x", shape1(3), CLASS_I32, x)->node, *const index = leaf("at", shape1(2), CLASS_I32, at)->node;
	struct node *const keep[] = {graph_gather(t.g, n, index),
				     graph_expand(t.g, graph_reshape(t.g, n, shape2(3, 1)), type_of(shape2(3, 2), CLASS_I32))};
	run(keep, 2);
	same(0, "gather", picked, 2);
	same(1, "expand", repeated, 6);
	done();
}
END_TEST

TCase *tcase_pick(void)
{
	TCase *const tc = tcase_create("pick");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, nan_is_the_largest, 0, DEVICES);
	tcase_add_loop_test(tc, numbers_beyond_f32, 0, DEVICES);
	return tc;
}
