/* Penalties on the critic's slope: interpolates, values by hand and by differences, derivatives by every weight. */
#include "tests/gan/fight.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "gan/penalty.h"

static const unsigned KEY[2] = {0x1234567u, 0x89abcdefu};
enum { N = 3 };

static struct leaf *integers(const char *name, struct shape shape, const double *v)
{
	struct leaf *l = leaf_input(name, shape, CLASS_I32);
	leaf_set(l, v);
	return l;
}

/* The names of this step's random numbers. */
static struct leaf *name_random(int n, const double *sample, double epoch)
{
	g->sample = integers("sample", shape1(n), sample)->node;
	struct leaf *e = integers("epoch", shape0(), &epoch);
	g->epoch = e->node;
	return e;
}

/* Sixteen coins, the first word's the most significant digit, and the middle of the cell. */
static double uniform(unsigned sample, unsigned epoch)
{
	double e = 0x1p-17;
	for (uint32_t i = 0; i < 4; i++) {
		const uint32_t ctr[4] = {i, 0, sample, epoch};
		uint32_t word[4];
		philox4x32_10(ctr, KEY, word);
		for (int k = 0; k < 4; k++)
			e += word[k] * 0x1p-32 > 0.5 ? ldexp(1, -1 - (int)(4 * i) - k) : 0;
	}
	return e;
}

/* One e for each picture, named by its number and not by its row; another in another epoch. */
START_TEST(mix_by_hand)
{
	struct leaf *real = leaf_input("real", shape4(N, 2, 1, 2), CLASS_ACT), *fake = leaf_input("fake", shape4(N, 2, 1, 2), CLASS_ACT);
	struct leaf *epoch = name_random(N, (const double[]){70000, 4, 11}, 0);
	leaf_draw(real, -1, 3, "real");
	leaf_draw(fake, -2, 1, "fake");
	struct node *mix = penalty_mix(g, real->node, fake->node, KEY);
	for (unsigned t = 0; t < 2; t++) {
		*epoch->value = 5 * t;
		const double *v = value_of(mix);
		for (int i = 0; i < N * 4; i++) {
			const double e = uniform((unsigned[]){70000, 4, 11}[i / 4], 5 * t);
			ck_assert_double_eq_tol(v[i], e * real->value[i] + (1 - e) * fake->value[i], 1e-14);
		}
	}
	ck_assert(uniform(4, 0) != uniform(4, 5) && uniform(4, 0) != uniform(11, 0));
	ck_assert(gradient_absent(mix, real->node) && gradient_absent(mix, fake->node));
}
END_TEST

/* Mean 1/2, variance 1/12, no end reached; four standard errors. */
START_TEST(mix_is_uniform)
{
	enum { MANY = 6000 };
	struct leaf *real = leaf_input("real", shape4(MANY, 1, 1, 1), CLASS_ACT), *fake = leaf_input("fake", shape4(MANY, 1, 1, 1), CLASS_ACT);
	double *sample = NEW_ARRAY(arena, double, MANY), sum = 0, square = 0;
	int count[8] = {0};
	for (int n = 0; n < MANY; n++)
		sample[n] = n, real->value[n] = 1;
	name_random(MANY, sample, 3);
	const double *e = value_of(penalty_mix(g, real->node, fake->node, KEY));
	for (int n = 0; n < MANY; n++) {
		ck_assert(e[n] > 0 && e[n] < 1);
		sum += e[n];
		square += (e[n] - 0.5) * (e[n] - 0.5);
		count[(int)(8 * e[n])]++;
	}
	ck_assert_double_eq_tol(sum / MANY, 0.5, 4 * sqrt(1 / 12.0 / MANY));
	ck_assert_double_eq_tol(square / MANY, 1 / 12.0, 4 * sqrt(1 / 180.0 / MANY));
	for (int k = 0; k < 8; k++)
		ck_assert_int_lt(abs(count[k] - MANY / 8), (int)(4 * sqrt(MANY * 7 / 64.0)));
}
END_TEST

START_TEST(maps_of_two_shapes_are_refused)
{
	struct leaf *a = leaf_input("a", shape4(2, 3, 4, 4), CLASS_ACT), *b = leaf_input("b", shape4(2, 3, 4, 5), CLASS_ACT);
	ck_assert_ptr_null(penalty_mix(g, a->node, b->node, KEY));
	ck_assert_int_eq(graph_status(g), E_USER);
	ck_assert_msg(strstr(err.text, "(2,3,4,4)") && strstr(err.text, "(2,3,4,5)"), "%s", err.text);
}
END_TEST

/* score_n = w . h_n^2 / 2 has the slope w h_n: (3 * 1, 4 * -1), (3 * 2, 4 * 2): 5 and 10. */
START_TEST(penalties_by_hand)
{
	struct leaf *h = leaf_input("h", shape4(2, 2, 1, 1), CLASS_ACT), *w = leaf_input("w", shape4(1, 2, 1, 1), CLASS_WIDE);
	leaf_set(h, (const double[]){1, -1, 2, 2});
	leaf_set(w, (const double[]){3, 4});
	struct node *score = graph_scale(g, graph_sum(g, graph_mul(g, graph_mul(g, h->node, h->node), w->node), 14, false), 0.5, 0);
	ck_assert_double_eq_tol(scalar_of(penalty_gradient(g, score, h->node, 0.7)), (4.3 * 4.3 + 9.3 * 9.3) / 2, 1e-11);
	ck_assert_double_eq_tol(scalar_of(penalty_r1(g, score, h->node)), (25 + 100) / 2.0, 1e-11);
	/* of R1 by w: 2 w_c h_nc^2 / N */
	struct node *d;
	graph_grad(g, penalty_r1(g, score, h->node), NULL, &w->node, 1, &d);
	const double *v = value_of(d);
	ck_assert_double_eq_tol(v[0], 3 * (1 + 4), 1e-11);
	ck_assert_double_eq_tol(v[1], 4 * (1 + 4), 1e-11);
}
END_TEST

/* A slope of 0 has no direction: its derivative is 0 and not 0 / 0. */
START_TEST(dead_slope_is_finite)
{
	struct leaf *h = leaf_input("h", shape4(2, 2, 1, 1), CLASS_ACT), *w = leaf_input("w", shape4(1, 2, 1, 1), CLASS_WIDE);
	struct node *score = graph_sum(g, graph_mul(g, h->node, w->node), 14, false), *d;
	struct node *penalty = penalty_gradient(g, score, h->node, 1);
	graph_grad(g, penalty, NULL, &w->node, 1, &d);
	ck_assert_double_eq_tol(scalar_of(penalty), 1, 1e-5);
	const double *v = value_of(d);
	ck_assert(v[0] == 0 && v[1] == 0);
}
END_TEST

/* ---- through critics ---- */

struct tail {
	const char *yaml;
	int size;
	double gain;       /* of convolutions: slopes of about 1 in spite of many layers */
	int each, every;   /* elements tried of a weight, of one weight in so many: large networks are slow */
};
/* Convolution, max and average pooling, frozen batch norm folded and alone, shortcuts. */
static const struct tail tails[] = {
	{"{model: cnn, widths: [4, 6], convs: 2}", 6, 1.7, 12, 1},
	{"{model: resnet8}", 8, 1.7, 2, 1},
	{"{model: wrn_16_1}", 8, 1.7, 1, 2},
	{"{model: vgg8}", 8, 4, 1, 4},
};
enum { TAILS = sizeof tails / sizeof *tails };

/* Weights of their usual size, and norms that are not 1 and 0. */
static struct net *net_new_stirred(const struct tail *t)
{
	struct net *net = bench_net("teacher", t->yaml, 2, t->size, CLASSES);
	bench_place_net(net);
	bench_stir(net->params, "teacher");
	for (int i = 0; i < net->params->n_param; i++) {
		const struct param *row = &net->params->param[i];
		const int64_t n = shape_count(&row->shape);
		double *v = NEW_ARRAY(arena, double, n);
		if (row->shape.n_dim != 4)
			continue;
		ASSERT_OK(params_get(net->params, i, false, v, &err));
		for (int64_t k = 0; k < n; k++)
			v[k] *= t->gain / sqrt((double)row->fan_in);
		ASSERT_OK(params_put(net->params, i, false, v, &err));
	}
	return net;
}

struct trial {
	struct judge judge;
	struct leaf *real, *fake;
	struct node *mix, *mix_score, *real_score;
};

static struct trial trial(const struct critic_setup *s, const struct tail *t)
{
	struct trial y = {0};
	struct net *net = net_new_stirred(t);
	struct graph *scratch = graph_new(arena, &err);
	struct taps taps = {0};
	model_apply(scratch, net, 0, STUDENT_PART, graph_input(scratch, "x", shape4(N, 2, t->size, t->size), CLASS_ACT), MODE_FROZEN, "net", &taps);
	ASSERT_OK(err.status);
	const struct type *type = &taps.block[STUDENT_PART]->type;
	y.judge = judge_new(s, net, type);
	bench_stir(y.judge.own->params, "critic");
	spectral_settle(y.judge.own->params);
	y.real = leaf_input("real", type->shape, CLASS_ACT);
	y.fake = leaf_input("fake", type->shape, CLASS_ACT);
	leaf_draw(y.real, -1, 2, "real");
	leaf_draw(y.fake, -0.5, 1.5, "fake");
	name_random(N, (const double[]){8, 2, 77}, 4);
	struct leaf *label = integers("label", shape1(N), (const double[]){2, 6, 0});
	y.mix = penalty_mix(g, y.real->node, y.fake->node, KEY);
	y.mix_score = judge_score(&y.judge, y.mix, label->node, MODE_FROZEN, NULL);
	y.real_score = judge_score(&y.judge, y.real->node, label->node, MODE_FROZEN, NULL);
	ASSERT_BUILT();
	return y;
}

static double value_at(struct run *r, const struct node *y, double *x, double at)
{
	const double was = *x;
	*x = at;
	run_go(r);
	*x = was;
	return run_scalar(r, y);
}

struct tally {
	int tried, bent;
};

/* d y by some elements of a weight. Where two steps disagree a kink lies between; those are counted. */
static void check_leaf(const char *what, struct run *r, const struct node *y, struct leaf *l, const double *d, int each, struct tally *tally)
{
	double most = 0;
	run_go(r);
	const double at = fabs(run_scalar(r, y)), rounding = 1e-11 * at;
	ck_assert_msg(at > 1e-3, "%s: penalty %g: too small to see anything", what, at);
	for (int64_t i = 0; i < l->n; i++)
		most = fmax(most, fabs(d[i]));
	for (int k = 0; k < each && k < l->n; k++) {
		const int64_t i = ((int64_t)k * 7919 + 3) % l->n;
		const double x = l->value[i];
		double slope[2];
		for (int s = 0; s < 2; s++) {
			const double h = ldexp(1, -14 - 2 * s);
			slope[s] = (value_at(r, y, &l->value[i], x + h) - value_at(r, y, &l->value[i], x - h)) / (2 * h);
		}
		tally->tried++;
		if (fabs(slope[0] - slope[1]) > 1e-4 * most + rounding) {
			tally->bent++;
			continue;
		}
		ck_assert_msg(fabs(slope[1] - d[i]) < 1e-6 * most + rounding, "%s by %s[%lld]: gradient %.12g, difference %.12g (largest %.3g)", what, l->node->name,
		              (long long)i, d[i], slope[1], most);
	}
}

/* By the critic's own parameters and those of the blocks that it applies. */
static void check_derivative(const char *what, const struct judge *j, struct node *y, const struct tail *t)
{
	struct params *const sets[] = {j->own->params, j->teacher->params};
	struct leaf *leaf[256];
	struct node *wrt[256], *d[256];
	struct tally tally = {0};
	int n = 0, own = 0;
	for (int s = 0; s < 2; s++)
		for (int i = 0; i < sets[s]->n_param; i++) {
			ck_assert_int_lt(n, 256);
			wrt[n] = graph_param(g, sets[s], i);
			if (gradient_absent(y, wrt[n]))
				continue;
			own += s == 0;
			leaf[n++] = leaf_param(sets[s], i);
		}
	ck_assert_msg(own >= (j->own->params->n_param ? 1 : 0), "%s: no derivative by the critic's own", what);
	ck_assert_int_ge(n, 3);
	graph_grad(g, y, NULL, wrt, n, d);
	ASSERT_BUILT();
	struct run *gradient = run_open(d, n), *value = run_open(&y, 1);
	run_go(gradient);
	for (int i = 0; i < n; i += t->every)
		check_leaf(what, value, y, leaf[i], run_read(gradient, d[i]), t->each, &tally);
	ck_assert_msg(tally.bent * 10 <= tally.tried, "%s: %d of %d lie near a kink", what, tally.bent, tally.tried);
}

/* Every form of critic over the plain network, and the plain form over every network. */
START_TEST(derivatives)
{
	const struct critic_setup s = critic_setup(_i < SETUPS ? _i : 1);
	const struct tail *t = &tails[_i < SETUPS ? 0 : _i - SETUPS];
	const struct trial y = trial(&s, t);
	const char *what = arena_printf(arena, "%s %s over %s", s.critic->name, s.yaml, t->yaml);
	struct node *penalty = penalty_gradient(g, y.mix_score, y.mix, 0.7);
	ck_assert(gradient_absent(penalty, y.fake->node) && gradient_absent(penalty, y.real->node));
	check_derivative(what, &y.judge, penalty, t);
	check_derivative(what, &y.judge, penalty_r1(g, y.real_score, y.real->node), t);
}
END_TEST

/* || d score_n / d h_n ||^2 by differences over every element of h. */
static double slope_squared(struct run *r, struct node *score, struct leaf *h, int n)
{
	const int64_t each = h->n / N;
	double sum = 0;
	for (int64_t i = n * each; i < (n + 1) * each; i++) {
		double side[2];
		for (int s = 0; s < 2; s++) {
			const double x = h->value[i];
			h->value[i] = x + (s ? -0x1p-18 : 0x1p-18);
			run_go(r);
			side[s] = run_read(r, score)[n];
			h->value[i] = x;
		}
		sum += (side[0] - side[1]) * (side[0] - side[1]) * 0x1p34;
	}
	return sum;
}

START_TEST(values)
{
	const struct critic_setup s = critic_setup(_i);
	const struct trial y = trial(&s, &tails[0]);
	struct run *r = run_open(&y.real_score, 1);
	double r1 = 0, gap = 0;
	for (int n = 0; n < N; n++) {
		const double square = slope_squared(r, y.real_score, y.real, n);
		r1 += square / N;
		gap += (sqrt(square) - 0.7) * (sqrt(square) - 0.7) / N;
	}
	const double have = scalar_of(penalty_r1(g, y.real_score, y.real->node)), have_gap = scalar_of(penalty_gradient(g, y.real_score, y.real->node, 0.7));
	ck_assert_double_eq_tol(have, r1, 1e-6 * r1);
	ck_assert_double_eq_tol(have_gap, gap, 1e-6 * (gap + r1));
}
END_TEST

TCase *tcase_penalty(void)
{
	TCase *tc = tcase_create("penalty");
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, bench_open, bench_close);
	tcase_add_test(tc, mix_by_hand);
	tcase_add_test(tc, mix_is_uniform);
	tcase_add_test(tc, maps_of_two_shapes_are_refused);
	tcase_add_test(tc, penalties_by_hand);
	tcase_add_test(tc, dead_slope_is_finite);
	tcase_add_loop_test(tc, values, 0, SETUPS);
	tcase_add_loop_test(tc, derivatives, 0, SETUPS + TAILS);
	return tc;
}
