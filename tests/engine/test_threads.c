/* Kernels that are ours give the same bits for any number of threads: values and first gradients, on tensors that are cut. */
#include "tests/engine/trial.h"

#include <string.h>

#define BUILD(id, expr) \
	static struct node *b_##id(struct graph *g, struct node *const x[]) \
	{ \
		return (expr); \
	}

#define D1(a) {1, {a}}
#define D2(a, b) {2, {a, b}}
#define D4(a, b, c, d) {4, {a, b, c, d}}
#define ACT(shape) {shape, CLASS_ACT, -2, 2, 0, 0, {0}}
#define WIDE(shape) {shape, CLASS_WIDE, -2, 2, 0, 0, {0}}
#define PARAM(shape) {shape, CLASS_WIDE, 0.5, 2, IN_PARAM, 0, {0}}
#define NUM(shape, hi) {shape, CLASS_I32, 0, hi, 0, 0, {0}}

BUILD(relu, graph_relu(g, x[0]))
BUILD(add, graph_add(g, x[0], x[1]))
BUILD(sum_nhw, graph_sum(g, x[0], 13, false))
BUILD(sum_hw, graph_sum(g, x[0], 12, false))
BUILD(sum_all, graph_sum_all(g, x[0]))
BUILD(mean_hw, graph_mean(g, x[0], 12, false))
BUILD(max_hw, graph_max(g, x[0], 12, false))
BUILD(max_pool, graph_max_pool(g, x[0], 2, 2, 0))
BUILD(max_pool_3, graph_max_pool(g, x[0], 3, 2, 1))
BUILD(avg_pool, graph_avg_pool(g, x[0], 2, 2, 0))
BUILD(avg_pool_3, graph_avg_pool(g, x[0], 3, 2, 1))
BUILD(batch_norm, graph_relu(g, graph_batch_norm(g, x[0], x[1], x[2], NULL, 0.013, NULL, NULL)))
BUILD(batch_norm_residual, graph_relu(g, graph_batch_norm(g, x[0], x[1], x[2], x[3], 0.013, NULL, NULL)))
BUILD(affine, graph_affine(g, x[0], x[1], x[2], NULL))
BUILD(log_softmax, graph_log_softmax(g, x[0]))
BUILD(cross_entropy, graph_cross_entropy(g, x[0], x[1], 0.15))
BUILD(kl_divergence, graph_kl_divergence(g, x[0], x[1], 2.7))
BUILD(mean_square, graph_mean_square(g, x[0], x[1]))
BUILD(mean_softplus, graph_mean_softplus(g, x[0], -1.7))

static const struct op_case cases[] = {
	{"relu", b_relu, 0, 1, {ACT(D4(5, 19, 23, 21))}, 0, 0},
	{"add", b_add, 0, 2, {ACT(D4(5, 19, 23, 21)), WIDE(D4(1, 19, 1, 1))}, 0, 0},
	{"sum", b_sum_nhw, 0, 1, {ACT(D4(9, 19, 23, 21))}, 0, 0},
	{"sum of maps", b_sum_hw, 0, 1, {ACT(D4(9, 19, 23, 21))}, 0, 0},
	{"sum of all", b_sum_all, 0, 1, {WIDE(D2(301, 257))}, 0, 0},
	{"mean of maps", b_mean_hw, 0, 1, {ACT(D4(33, 67, 8, 8))}, 0, 0},
	{"max of maps", b_max_hw, 0, 1, {ACT(D4(9, 19, 23, 21))}, 0, 0},
	{"max_pool", b_max_pool, 0, 1, {ACT(D4(7, 16, 24, 22))}, 0, 0},
	{"max_pool of many channels", b_max_pool, 0, 1, {ACT(D4(5, 300, 9, 7))}, 0, 0},
	{"max_pool of windows that overlap", b_max_pool_3, 0, 1, {ACT(D4(7, 16, 23, 22))}, 0, 0},
	{"avg_pool", b_avg_pool, 0, 1, {ACT(D4(7, 16, 24, 22))}, 0, 0},
	{"avg_pool of windows that overlap", b_avg_pool_3, 0, 1, {ACT(D4(7, 16, 23, 22))}, 0, 0},
	{"batch_norm", b_batch_norm, 0, 3, {ACT(D4(9, 16, 23, 21)), PARAM(D1(16)), PARAM(D1(16))}, 0, 0},
	{"batch_norm of many channels", b_batch_norm, 0, 3, {ACT(D4(6, 515, 5, 5)), PARAM(D1(515)), PARAM(D1(515))}, 0, 0},
	{"batch_norm residual", b_batch_norm_residual, 0, 4,
	 {ACT(D4(9, 19, 23, 21)), PARAM(D1(19)), PARAM(D1(19)), ACT(D4(9, 19, 23, 21))}, 0, 0},
	{"affine", b_affine, 0, 3, {ACT(D4(9, 16, 23, 21)), PARAM(D1(16)), PARAM(D1(16))}, 0, 0},
	{"log_softmax", b_log_softmax, 0, 1, {WIDE(D2(201, 100))}, 0, 0},
	{"cross_entropy", b_cross_entropy, 0, 2, {WIDE(D2(201, 100)), NUM(D1(201), 99)}, 0, 0},
	{"kl_divergence", b_kl_divergence, 0, 2, {WIDE(D2(201, 100)), WIDE(D2(201, 100))}, 0, 0},
	{"mean_square", b_mean_square, 0, 2, {ACT(D4(9, 19, 23, 21)), WIDE(D4(9, 19, 23, 21))}, 0, 0},
	{"mean_softplus", b_mean_softplus, 0, 1, {ACT(D2(401, 257))}, 0, 0},
};
enum { CASES = sizeof cases / sizeof *cases };

static void run_with(struct trial *t, struct trial_plan *p, const struct op_case *c, enum precision precision, int threads)
{
	int wrt[CASE_IN];
	struct node *by[CASE_IN], *keep[CASE_IN + 1];
	trial_open_with(t, "cpu", precision, threads);
	trial_case(t, c);
	const int n = trial_wrt(t, c, wrt);
	struct node *const seed = trial_weight(t, t->y, "seed");
	for (int i = 0; i < n; i++)
		by[i] = t->leaf[wrt[i]].node;
	keep[0] = t->y;
	graph_grad(t->g, t->y, seed, by, n, keep + 1);
	trial_ok(t, c->name);
	trial_place(t);
	trial_prepare(t, p, keep, n + 1);
	trial_run(t, p);
}

static void compare(const struct op_case *c, enum precision precision)
{
	static const int threads[] = {2, 3, 7};
	struct trial one, many;
	struct trial_plan a, b;
	run_with(&one, &a, c, precision, 1);
	for (size_t k = 0; k < sizeof threads / sizeof *threads; k++) {
		run_with(&many, &b, c, precision, threads[k]);
		for (int i = 0; i < a.n; i++)
			ck_assert_msg(memcmp(a.value[i], b.value[i],
			                     (size_t)shape_count(&a.node[i]->type.shape) * sizeof(double)) == 0,
			              "%s in %s: %s %d with %d threads is not what it is with 1", c->name,
			              precision == PRECISION_BF16 ? "bf16" : "f32", i ? "gradient" : "value", i, threads[k]);
		trial_release(&many, &b);
		trial_close(&many);
	}
	trial_release(&one, &a);
	trial_close(&one);
}

START_TEST(test_same_bits)
{
	compare(&cases[_i], PRECISION_F32);
	compare(&cases[_i], PRECISION_BF16);
}
END_TEST

TCase *tcase_threads(void)
{
	TCase *const tc = tcase_create("threads");
	tcase_set_timeout(tc, 30);
	tcase_add_loop_test(tc, test_same_bits, 0, CASES);
	return tc;
}
