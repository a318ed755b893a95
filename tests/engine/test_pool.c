/* 2x2 pooling has kernels of its own: the same bits as the general ones, at ties, zeros of both signs, NaN and infinities too. */
#include "tests/engine/trial.h"

#include <math.h>
#include <string.h>

/* What is random: a few values, so that most windows have ties. */
static double value_at(int i)
{
	static const double v[] = {1, -0.0, 0, -2.5, NAN, 3, -INFINITY, 3, INFINITY, -2.5, 0.5};
	return v[(unsigned)i * 2654435761u % 4096 % 11];
}

static struct node *pool_of(struct trial *t, struct node *x, struct pool_conf conf)
{
	return graph_call(t->g, &op_max_pool, &conf, &x, 1);
}

/* ceil rounds nothing up where the extents are even, and keeps the special kernels away. */
static void compare(struct shape s, bool whole, enum precision precision)
{
	struct trial t;
	struct trial_plan p;
	trial_open(&t, "cpu", precision);
	const struct pool_conf pairs = {.kernel = 2, .stride = 2, .x = s};
	struct pool_conf general = pairs;
	general.ceil = 1;
	struct trial_leaf *x = trial_leaf(&t, "x", type_of(s, CLASS_ACT), false);
	struct node *y[2] = {pool_of(&t, x->node, pairs), NULL};
	struct trial_leaf *dy = trial_leaf(&t, "dy", y[0]->type, false);
	y[1] = whole ? pool_of(&t, x->node, general) : graph_scale(t.g, y[0], 1, 0);
	struct node *const keep[] = {y[0], y[1], graph_max_pool_dx(t.g, dy->node, x->node, &pairs),
	                             whole ? graph_max_pool_dx(t.g, dy->node, x->node, &general) : y[1]};
	trial_ok(&t, "pool");
	for (int64_t i = 0; i < x->n; i++)
		x->value[i] = value_at((int)i);
	for (int64_t i = 0; i < dy->n; i++)
		dy->value[i] = value_at((int)i + 7);
	trial_prepare(&t, &p, keep, 4);
	memset(p.workspace, 0x41, plan_workspace(p.plan)); /* memory is rarely zero */
	trial_run(&t, &p);
	for (int i = 0; i < 4 && whole; i += 2)
		for (int64_t k = 0; k < shape_count(&keep[i]->type.shape); k++) {
			const double a = p.value[i][k], b = p.value[i + 1][k];
			ck_assert_msg((isnan(a) && isnan(b)) || memcmp(&a, &b, sizeof a) == 0, "%s %s: element %lld is %g, not %g",
			              shape_str(&s), i ? "gradient" : "value", (long long)k, a, b);
		}
	/* What no window holds has no gradient. */
	for (int n = 0; n < s.d[0] * s.d[1]; n++)
		for (int h = 0; h < s.d[2]; h++)
			for (int w = 0; w < s.d[3]; w++)
				if (h >= s.d[2] / 2 * 2 || w >= s.d[3] / 2 * 2)
					ck_assert_double_eq(p.value[2][(n * s.d[2] + h) * s.d[3] + w], 0);
	trial_release(&t, &p);
	trial_close(&t);
}

static const struct shape even[] = {{4, {2, 16, 6, 8}}, {4, {1, 1, 2, 2}}, {4, {3, 21, 4, 2}}, {4, {2, 300, 2, 4}}, {4, {9, 8, 24, 22}}};
static const struct shape odd[] = {{4, {2, 16, 7, 8}}, {4, {1, 1, 3, 3}}, {4, {3, 21, 4, 5}}, {4, {9, 8, 25, 23}}};

START_TEST(pairs_equal_the_general_kernel)
{
	for (size_t i = 0; i < sizeof even / sizeof *even; i++)
		compare(even[i], true, _i ? PRECISION_BF16 : PRECISION_F32);
	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
		compare(odd[i], false, _i ? PRECISION_BF16 : PRECISION_F32);
}
END_TEST

TCase *tcase_pool(void)
{
	TCase *const tc = tcase_create("pool");
	tcase_set_timeout(tc, 30);
	tcase_add_loop_test(tc, pairs_equal_the_general_kernel, 0, 2);
	return tc;
}
