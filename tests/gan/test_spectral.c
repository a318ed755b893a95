/* Spectral norm: singular values and one iteration by hand, when its vectors move, and where its gradient goes. */
#include "tests/gan/fight.h"

#include <math.h>
#include <string.h>

#include "gan/spectral.h"

static void normalise(double *x, int64_t n)
{
	double square = 0;
	for (int64_t i = 0; i < n; i++)
		square += x[i] * x[i];
	for (int64_t i = 0; i < n; i++)
		x[i] /= sqrt(square);
}

/* u moves by one iteration of W (O,D); gives u . W v. */
static double iterate(const double *W, int64_t O, int64_t D, double *u)
{
	double *v = NEW_ARRAY(arena, double, D), *Wv = NEW_ARRAY(arena, double, O), sigma = 0;
	for (int64_t o = 0; o < O; o++)
		for (int64_t d = 0; d < D; d++)
			v[d] += u[o] * W[o * D + d];
	normalise(v, D);
	for (int64_t o = 0; o < O; o++)
		for (int64_t d = 0; d < D; d++)
			Wv[o] += W[o * D + d] * v[d];
	memcpy(u, Wv, (size_t)O * sizeof *u);
	normalise(u, O);
	for (int64_t o = 0; o < O; o++)
		sigma += u[o] * Wv[o];
	return sigma;
}

/* One iteration for each vector of p, n times. */
static void iterate_all(struct params *p, int n)
{
	for (int i = 0; i < p->n_state; i++) {
		const char *vector = p->state[i].name;
		const char *weight = arena_printf(arena, "%.*s", (int)strlen(vector) - 2, vector); /* without "_u" */
		bool is_state;
		const int w = params_find(p, weight, &is_state);
		ck_assert_msg(w >= 0 && !is_state, "'%s' has no '%s'", p->name, weight);
		const int64_t O = p->param[w].shape.d[0], D = shape_count(&p->param[w].shape) / O;
		double *W = NEW_ARRAY(arena, double, O *D), *u = NEW_ARRAY(arena, double, O);
		ASSERT_OK(params_get(p, w, false, W, &err));
		ASSERT_OK(params_get(p, i, true, u, &err));
		for (int k = 0; k < n; k++)
			iterate(W, O, D, u);
		ASSERT_OK(params_put(p, i, true, u, &err));
	}
}

void spectral_settle(struct params *p)
{
	iterate_all(p, 2000);
}

/* A linear layer of weight (2,2) = (3 0, 4 5), or the same as a convolution, on the unit vectors. W W' = (9 12, 12 41)
   has the eigenvalues 45 and 5, the first of (1 3): sigma is the root of 45. */
static const double known[] = {3, 0, 4, 5};

struct layer {
	struct net net;
	struct node *y; /* (2,2): y[n][o] = W[o][n] / sigma */
};

static struct node *apply(struct net *net, bool conv, enum mode mode, bool defining, struct node *x)
{
	struct builder b = {.g = g, .net = net, .mode = mode, .defining = defining};
	if (!conv)
		return spectral_linear(&b, x, "one", 2);
	struct node *y = spectral_conv(&b, x, "one", 2, 1, 1, 0);
	return y ? graph_reshape(g, y, shape2(2, 2)) : NULL;
}

static struct layer *layer_new(bool conv, enum mode mode)
{
	struct layer *l = NEW(arena, struct layer);
	struct leaf *x = leaf_input("x", conv ? shape4(2, 2, 1, 1) : shape2(2, 2), conv ? CLASS_ACT : CLASS_WIDE);
	leaf_set(x, (const double[]){1, 0, 0, 1});
	l->net = (struct net){.name = "layer", .params = params_new(arena, "layer")};
	apply(&l->net, conv, MODE_TRAIN, true, x->node);
	ASSERT_BUILT();
	bench_place_net(&l->net);
	bench_put(l->net.params, "one.weight", known);
	bench_put(l->net.params, "one.bias", (const double[]){0.25, -0.5});
	l->y = apply(&l->net, conv, mode, false, x->node);
	ASSERT_BUILT();
	return l;
}

static void check_y(struct run *r, const struct layer *l, double sigma)
{
	run_go(r);
	const double *y = run_read(r, l->y);
	for (int n = 0; n < 2; n++)
		for (int o = 0; o < 2; o++)
			ck_assert_double_eq_tol(y[n * 2 + o], known[o * 2 + n] / sigma + (o ? -0.5 : 0.25), 1e-12);
}

static void check_u(const struct layer *l, double a, double b)
{
	double u[2];
	ASSERT_OK(params_get(l->net.params, 0, true, u, &err));
	ck_assert_double_eq_tol(u[0], a, 1e-12);
	ck_assert_double_eq_tol(u[1], b, 1e-12);
}

/* u starts as (1 1) / sqrt 2: v = (7 5) / sqrt 74, W v = (21 53) / sqrt 74, sigma^2 = 3250 / 74 = 43.9; the next
   one has v = (275 265) by that, and so on to 45. */
START_TEST(known_matrix)
{
	struct layer *l = layer_new(_i, MODE_TRAIN);
	struct run *r = run_open(&l->y, 1);
	check_u(l, sqrt(0.5), sqrt(0.5));
	check_y(r, l, sqrt(3250 / 74.0));
	check_u(l, 21 / sqrt(3250), 53 / sqrt(3250));
	for (int k = 0; k < 30; k++)
		run_go(r);
	check_u(l, 1 / sqrt(10), 3 / sqrt(10));
	check_y(r, l, sqrt(45));
}
END_TEST

/* In an evaluation nothing moves, and one iteration is made all the same. */
START_TEST(evaluation_moves_nothing)
{
	struct layer *l = layer_new(_i, MODE_FROZEN);
	struct run *r = run_open(&l->y, 1);
	for (int k = 0; k < 3; k++)
		check_y(r, l, sqrt(3250 / 74.0));
	check_u(l, sqrt(0.5), sqrt(0.5));
}
END_TEST

/* L = sum G y: dL/dW = G' / sigma - (sum G' W) / sigma^2 u v', u and v constant, here far from where they end. */
START_TEST(gradient_with_constant_vectors)
{
	struct layer *l = layer_new(_i, MODE_FROZEN);
	const double G[] = {0.3, -1.7, 2.2, 0.9}; /* of y[n][o] */
	const double sigma = sqrt(3250 / 74.0), u[] = {21 / sqrt(3250), 53 / sqrt(3250)}, v[] = {7 / sqrt(74), 5 / sqrt(74)};
	struct leaf *weight = leaf_input("G", shape2(2, 2), CLASS_WIDE);
	struct node *W = graph_param(g, l->net.params, 0), *d;
	double sum = 0;
	leaf_set(weight, G);
	graph_grad(g, graph_sum_all(g, graph_mul(g, weight->node, l->y)), NULL, &W, 1, &d);
	const double *have = value_of(d);
	for (int o = 0; o < 2; o++)
		for (int n = 0; n < 2; n++)
			sum += G[n * 2 + o] * known[o * 2 + n];
	for (int o = 0; o < 2; o++)
		for (int n = 0; n < 2; n++)
			ck_assert_double_eq_tol(have[o * 2 + n], G[n * 2 + o] / sigma - sum / (sigma * sigma) * u[o] * v[n], 1e-12);
}
END_TEST

START_TEST(zeros_stay_finite)
{
	struct layer *l = layer_new(_i, MODE_TRAIN);
	bench_put(l->net.params, "one.weight", (const double[]){0, 0, 0, 0});
	const double *y = value_of(l->y);
	ck_assert(y[0] == 0.25 && y[1] == -0.5);
}
END_TEST

/* Real and fake, critic's segment and student's: one iteration a step, by the weights before it. The student's step
   alone and the view of the scores move nothing. */
START_TEST(vectors_move_once_a_step)
{
	const struct critic_setup s = critic_setup(SETUPS - 1);
	double real, fake;
	struct fight *f = fight_new(&s, &adversary_hinge, SOUND, OPTIM_SGD);
	struct params *p = f->judge.own->params;
	ck_assert_int_eq(p->n_state, 3);
	const struct image before = image_of(f->judge.own);
	fight_scores(f, &real, &fake);
	run_go(f->student_step);
	const struct image still = image_of(f->judge.own);
	ck_assert(image_same(&before, &still, true));
	iterate_all(p, 1);
	const struct image want = image_of(f->judge.own);
	ASSERT_OK(params_write(p, true, before.data[1], &err));
	run_go(f->step);
	const struct image have = image_of(f->judge.own);
	ck_assert(!image_same(&before, &have, false));
	for (size_t i = 0; i < want.bytes[1] / sizeof(double); i++)
		ck_assert_double_eq_tol(((double *)have.data[1])[i], ((double *)want.data[1])[i], 1e-13);
	fight_close(f);
}
END_TEST

TCase *tcase_spectral(void)
{
	TCase *tc = tcase_create("spectral");
	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, bench_open, bench_close);
	tcase_add_loop_test(tc, known_matrix, 0, 2);
	tcase_add_loop_test(tc, evaluation_moves_nothing, 0, 2);
	tcase_add_loop_test(tc, gradient_with_constant_vectors, 0, 2);
	tcase_add_loop_test(tc, zeros_stay_finite, 0, 2);
	tcase_add_test(tc, vectors_move_once_a_step);
	return tc;
}
