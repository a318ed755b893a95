/* What no tolerance shows of the losses of logits: NaN, logits at the ends, misfits. */
#include "tests/engine/trial.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { N = 3, K = 5 };

/* Two losses of the same logits: each value and derivative is kept. */
struct losses {
	struct trial t;
	struct trial_plan p;
	struct trial_leaf *s, *other, *label;
};

static void losses_open(struct losses *l, const char *device)
{
	trial_open(&l->t, device, PRECISION_F32);
	l->s = trial_leaf(&l->t, "z_s", type_of(shape2(N, K), CLASS_WIDE), false);
	l->other = trial_leaf(&l->t, "z_t", type_of(shape2(N, K), CLASS_WIDE), false);
	l->label = trial_leaf(&l->t, "label", type_of(shape1(N), CLASS_I32), false);
	struct node *ce = graph_cross_entropy(l->t.g, l->s->node, l->label->node, 0.1);
	struct node *kl = graph_kl_divergence(l->t.g, l->s->node, l->other->node, 0.5);
	trial_ok(&l->t, "losses");
	struct node *const keep[] = {ce, ce->call->out[1], kl, kl->call->out[1]};
	trial_prepare(&l->t, &l->p, keep, 4);
	for (int i = 0; i < N * K; i++) {
		l->s->value[i] = 0.25 * (i % 4);
		l->other->value[i] = 0.5 * (i % 3);
	}
	for (int i = 0; i < N; i++)
		l->label->value[i] = i;
}

static void losses_close(struct losses *l)
{
	trial_release(&l->t, &l->p);
	trial_close(&l->t);
}

static int count_nan(const double *x, int n)
{
	int found = 0;
	for (int i = 0; i < n; i++)
		found += isnan(x[i]) != 0;
	return found;
}

static const char *const devices[] = {TEST_DEVICES};
enum { DEVICES = sizeof devices / sizeof *devices };

START_TEST(nan_of_one_sample_is_seen)
{
	struct losses l;
	losses_open(&l, devices[_i]);
	trial_run(&l.t, &l.p);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(count_nan(l.p.value[i], i % 2 ? N * K : 1), 0);
	l.s->value[1 * K + 2] = NAN;
	trial_run(&l.t, &l.p);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(count_nan(l.p.value[i], i % 2 ? N * K : 1), i % 2 ? K : 1);
	/* A row that counts 0 is seen too. */
	l.label->value[1] = -1;
	trial_run(&l.t, &l.p);
	ck_assert(isnan(l.p.value[0][0]));
	ck_assert_int_eq(count_nan(l.p.value[1], N * K), K);
	/* The teacher's alone */
	l.s->value[1 * K + 2] = 0;
	l.other->value[2 * K] = NAN;
	trial_run(&l.t, &l.p);
	ck_assert(!isnan(l.p.value[0][0]) && isnan(l.p.value[2][0]));
	ck_assert_int_eq(count_nan(l.p.value[3] + 2 * K, K), K);
	losses_close(&l);
}
END_TEST

/* Only the label's and the teacher's class count, and both are far from the student's. */
START_TEST(logits_far_apart)
{
	struct losses l;
	losses_open(&l, devices[_i]);
	for (int i = 0; i < N * K; i++)
		l.s->value[i] = l.other->value[i] = -1e4;
	for (int n = 0; n < N; n++) {
		l.s->value[n * K + n + 1] = 1e4;
		l.other->value[n * K + n] = 1e4;
	}
	trial_run(&l.t, &l.p);
	/* 0.92 + 3 0.02 of the five classes are at -20000; -20000 / 0.5 */
	ck_assert_double_eq_tol(l.p.value[0][0], 0.98 * 20000, 0.01);
	ck_assert_double_eq_tol(l.p.value[2][0], 40000, 0.01);
	for (int n = 0; n < N; n++)
		for (int k = 0; k < K; k++) {
			const double right = k == n, said = k == n + 1;
			ck_assert_double_eq_tol(l.p.value[1][n * K + k], (said - 0.9 * right - 0.02) / N, 1e-7);
			ck_assert_double_eq_tol(l.p.value[3][n * K + k], (said - right) / (0.5 * N), 1e-6);
		}
	losses_close(&l);
}
END_TEST

/* Where differences of logits are no longer numbers, a class without probability still counts nothing. */
START_TEST(logits_at_the_ends_of_the_type)
{
	struct losses l;
	losses_open(&l, devices[_i]);
	const double most = l.t.dev->backend->wide == F64 ? DBL_MAX : FLT_MAX;
	for (int i = 0; i < N * K; i++)
		l.s->value[i] = l.other->value[i] = i % K == i / K ? most : -most;
	trial_run(&l.t, &l.p);
	ck_assert_int_eq(count_nan(l.p.value[0], 1), 0);
	ck_assert_double_eq(l.p.value[2][0], 0);
	for (int i = 0; i < N * K; i++) {
		ck_assert_double_eq_tol(l.p.value[1][i], ((i % K == i / K) * 0.1 - 0.02) / N, 1e-7);
		ck_assert_double_eq(l.p.value[3][i], 0);
	}
	losses_close(&l);
}
END_TEST

START_TEST(misfits_are_errors)
{
	struct trial t;
	trial_open(&t, "ref", PRECISION_F32);
	struct node *z = trial_leaf(&t, "z", type_of(shape2(N, K), CLASS_WIDE), false)->node;
	struct node *wider = trial_leaf(&t, "wider", type_of(shape2(N, K + 1), CLASS_WIDE), false)->node;
	struct node *label = trial_leaf(&t, "label", type_of(shape1(N + 1), CLASS_I32), false)->node;
	static const char *const want[] = {
		"logits (3,5) need one i32 label for each row, got i32 (4)", "smoothing is 1, allowed 0 to less than 1",
		"logits (3,5) and (3,6) differ in shape", "tau is 0, allowed above 0", "mean_square: (3,5) and (3,6) differ in shape",
		"the gradient of a mean is wide (3,5), wanted wide ()", "the gradient of a mean is act (), wanted wide ()",
	};
	struct node *number = trial_leaf(&t, "number", type_of(shape0(), CLASS_ACT), false)->node;
	for (int i = 0; i < 7; i++) {
		struct node *right = graph_one_hot(t.g, graph_arg_max(t.g, z), K);
		struct node *y = i == 0   ? graph_cross_entropy(t.g, z, label, 0)
				 : i == 1 ? graph_cross_entropy(t.g, z, graph_arg_max(t.g, z), 1)
				 : i == 2 ? graph_kl_divergence(t.g, z, wider, 1)
				 : i == 3 ? graph_kl_divergence(t.g, z, right, 0)
				 : i == 4 ? graph_mean_square(t.g, z, wider)
				 : i == 5 ? graph_mean_square_dx(t.g, z, z, z)
					  : graph_mean_softplus_dx(t.g, z, number, 1);
		ck_assert_ptr_null(y);
		ck_assert_int_eq(t.err.status, E_USER);
		ck_assert_msg(strstr(t.err.text, want[i]), "%s", t.err.text);
		memset(&t.err, 0, sizeof t.err);
	}
	trial_close(&t);
}
END_TEST

static int count_calls(const struct graph *g, const struct op *op)
{
	int n = 0;
	for (int i = 0; i < g->n_call; i++)
		n += g->call[i]->op == op;
	return n;
}

/* One op for each operand that needs a gradient, none for one that is stopped, and no cast of a whole map. */
START_TEST(means_differentiate_what_is_asked_for)
{
	struct trial t;
	trial_open(&t, "ref", PRECISION_F32);
	const struct type map = type_of((struct shape){4, {2, 3, 5, 4}}, CLASS_ACT);
	struct node *a = trial_leaf(&t, "a", map, false)->node, *b = trial_leaf(&t, "b", map, false)->node, *d[2];
	graph_grad(t.g, graph_mean_square(t.g, a, graph_stop_gradient(t.g, b)), NULL, (struct node *[]){a, b}, 2, d);
	trial_ok(&t, "stopped");
	ck_assert_int_eq(count_calls(t.g, &op_mean_square_dx), 1);
	graph_grad(t.g, graph_mean_square(t.g, a, b), NULL, (struct node *[]){a, b}, 2, d);
	graph_grad(t.g, graph_mean_softplus(t.g, a, -1), NULL, &a, 1, d);
	trial_ok(&t, "both");
	ck_assert_int_eq(count_calls(t.g, &op_mean_square_dx), 3);
	ck_assert_int_eq(count_calls(t.g, &op_mean_softplus_dx), 1);
	ck_assert_int_eq(count_calls(t.g, &op_cast), 0);
	trial_close(&t);
}
END_TEST

TCase *tcase_loss(void)
{
	TCase *const tc = tcase_create("loss");
	tcase_set_timeout(tc, 30);
	tcase_add_loop_test(tc, nan_of_one_sample_is_seen, 0, DEVICES);
	tcase_add_loop_test(tc, logits_far_apart, 0, DEVICES);
	tcase_add_loop_test(tc, logits_at_the_ends_of_the_type, 0, DEVICES);
	tcase_add_test(tc, misfits_are_errors);
	tcase_add_test(tc, means_differentiate_what_is_asked_for);
	return tc;
}
