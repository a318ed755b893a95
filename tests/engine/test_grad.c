/* Gradients and their gradients against central differences, in double on `ref`; every op is covered. */
#include "tests/engine/trial.h"

#include <math.h>
#include <string.h>

static double dot(const double *a, const double *b, int64_t n)
{
	double sum = 0;

	for (int64_t i = 0; i < n; i++)
		sum += a[i] * b[i];
	return sum;
}

/* Sum over the plan's nodes of node times weight: what is differentiated. */
static double contract(struct trial *t, struct trial_plan *p, const struct trial_leaf *const weight[])
{
	double sum = 0;

	trial_run(t, p);
	for (int i = 0; i < p->n; i++)
		sum += dot(p->value[i], weight[i]->value, weight[i]->n);
	return sum;
}

/* About 1e-5 of the element, and a power of two. */
static double step_at(double x)
{
	const int e = fabs(x) > 1 ? ilogb(x) : 0;

	return ldexp(1, e - 17);
}

static bool near_kink(const struct case_in *in, double x, double step)
{
	for (int k = 0; in && k < in->n_kink; k++)
		if (fabs(x - in->kink[k]) <= 2 * step)
			return true;
	return false;
}

/* Compares d, the derivative of the contraction by every element of leaf, with differences. */
static void check_leaf(struct trial *t, struct trial_plan *p, const struct trial_leaf *const weight[],
		       const struct trial_leaf *leaf, const double *d, const struct case_in *in, const char *what)
{
	int skipped = 0;

	for (int64_t i = 0; i < leaf->n; i++) {
		const double x = leaf->value[i], h = step_at(x);

		if (near_kink(in, x, h)) {
			skipped++;
			continue;
		}
		leaf->value[i] = x + h;
		const double up = contract(t, p, weight);
		leaf->value[i] = x - h;
		const double down = contract(t, p, weight);
		leaf->value[i] = x;
		const double want = (up - down) / (2 * h);
		const double scale = fmax(1, fmax(fabs(want), fabs(d[i])));
		ck_assert_msg(fabs(d[i] - want) <= 1e-7 * scale,
			      "%s by %s[%lld] = %g: gradient %.12g, difference %.12g", what, leaf->node->name, (long long)i, x, d[i], want);
	}
	ck_assert_msg(skipped * 20 < leaf->n || !skipped, "%s: %d of %lld elements of %s lie near a kink",
		      what, skipped, (long long)leaf->n, leaf->node->name);
}

/* y, its gradients and, if wanted, theirs: nodes of one graph. */
struct derivatives {
	int n, wrt[CASE_IN];            /* leaves of the case */
	struct node *by[CASE_IN + 1];   /* their nodes, then the seed */
	struct trial_leaf *seed, *weight[CASE_IN];
	struct node *dx[CASE_IN];
	struct node *dd[CASE_IN][CASE_IN + 1]; /* of dx[i] weighted, by by[j] */
};

static void derive(struct trial *t, const struct op_case *c, struct derivatives *d, bool second)
{
	memset(d, 0, sizeof *d);
	d->n = trial_wrt(t, c, d->wrt);
	if (!d->n)
		return;
	struct node *const seed = trial_weight(t, t->y, "seed");

	d->seed = &t->leaf[t->n_leaf - 1];
	d->by[d->n] = d->seed->node;
	for (int i = 0; i < d->n; i++)
		d->by[i] = t->leaf[d->wrt[i]].node;
	graph_grad(t->g, t->y, seed, d->by, d->n, d->dx);
	trial_ok(t, c->name);
	for (int i = 0; second && i < d->n; i++) {
		char name[] = {'r', (char)('0' + i), '\0'};
		struct node *const r = trial_weight(t, d->dx[i], name);

		d->weight[i] = &t->leaf[t->n_leaf - 1];
		graph_grad(t->g, d->dx[i], r, d->by, d->n + 1, d->dd[i]);
		trial_ok(t, c->name);
	}
}

static void check_first(struct trial *t, const struct op_case *c, struct derivatives *d)
{
	const struct trial_leaf *const weight[] = {d->seed};
	struct trial_plan value, gradient;

	trial_prepare(t, &value, &t->y, 1);
	trial_prepare(t, &gradient, d->dx, d->n);
	trial_run(t, &gradient);
	for (int i = 0; i < d->n; i++)
		check_leaf(t, &value, weight, &t->leaf[d->wrt[i]], gradient.value[i], &c->in[d->wrt[i]], c->name);
	trial_release(t, &value);
	trial_release(t, &gradient);
}

static void check_second(struct trial *t, const struct op_case *c, struct derivatives *d)
{
	struct trial_plan gradient, second;
	const int n = d->n, all = n * (n + 1);
	struct node *keep[TRIAL_KEEP];
	char what[128];

	for (int i = 0; i < all; i++)
		keep[i] = d->dd[i / (n + 1)][i % (n + 1)];
	trial_prepare(t, &gradient, d->dx, n);
	trial_prepare(t, &second, keep, all);
	trial_run(t, &second);
	snprintf(what, sizeof what, "gradient of %s", c->name);
	for (int j = 0; j <= n; j++) {
		struct trial_leaf *const leaf = j < n ? &t->leaf[d->wrt[j]] : d->seed;
		double *const sum = NEW_ARRAY(t->arena, double, leaf->n);

		for (int i = 0; i < n; i++)
			for (int64_t k = 0; k < leaf->n; k++)
				sum[k] += second.value[i * (n + 1) + j][k];
		check_leaf(t, &gradient, (const struct trial_leaf *const *)d->weight, leaf, sum,
			   j < n ? &c->in[d->wrt[j]] : NULL, what);
	}
	trial_release(t, &gradient);
	trial_release(t, &second);
}

START_TEST(test_gradient)
{
	const struct op_case *const c = case_at(_i);
	const bool second = c->flags & CASE_SECOND;
	struct trial t;
	struct derivatives d;

	trial_open(&t, "ref", PRECISION_F32);
	trial_case(&t, c);
	derive(&t, c, &d, second);
	trial_place(&t);
	if (d.n)
		check_first(&t, c, &d);
	if (d.n && second)
		check_second(&t, c, &d);
	trial_close(&t);
}
END_TEST

/* Ops with a gradient that no difference shows, without an input that could be moved, or with none by design. */
static const char *const by_hand_alone[] = {"reverse_gradient", "normalize",   "pictures", "quantize",
                                            "dequantize",       "quantize_weights", "conv2d_int8"};

enum { IN_HAND = 1, DIFFERENTIATED = 2, IN_GRADIENT = 4 };

/* Adds what a case covers to seen[op]. */
static void cover(const struct op_case *c, unsigned seen[OP_COUNT])
{
	struct trial t;
	struct derivatives d;

	trial_open(&t, "ref", PRECISION_F32);
	trial_case(&t, c);
	const int forward = t.g->n_call;
	derive(&t, c, &d, false);
	for (int i = 0; d.n && i < t.g->n_call; i++) {
		unsigned *const s = &seen[op_index(t.g->call[i]->op)];

		*s |= i < forward || c->flags & CASE_SECOND ? DIFFERENTIATED : 0;
		*s |= i < forward ? 0 : IN_GRADIENT;
	}
	trial_close(&t);
}

static int op_named(const char *name)
{
	const size_t n = strcspn(name, " ");

	for (int i = 0; i < OP_COUNT; i++)
		if (strncmp(op_all[i]->name, name, n) == 0 && op_all[i]->name[n] == '\0')
			return i;
	ck_abort_msg("case '%s': no such op", name);
	return -1;
}

START_TEST(test_every_op_is_covered)
{
	unsigned seen[OP_COUNT] = {0};

	for (int i = 0; i < n_cases_a + n_cases_b; i++) {
		op_named(case_at(i)->name);
		cover(case_at(i), seen);
	}
	for (int i = 0; i < n_hands_a; i++)
		seen[op_named(hands_a[i].name)] |= IN_HAND;
	for (int i = 0; i < n_hands_b; i++)
		seen[op_named(hands_b[i].name)] |= IN_HAND;
	for (int i = 0; i < OP_COUNT; i++) {
		const struct op *const op = op_all[i];
		bool hand = op->flags & OP_NO_GRAD && !op->grad;

		for (size_t k = 0; k < sizeof by_hand_alone / sizeof *by_hand_alone; k++)
			hand |= strcmp(op->name, by_hand_alone[k]) == 0;
		const unsigned want = hand ? IN_HAND : op->grad ? DIFFERENTIATED : IN_GRADIENT;
		ck_assert_msg(seen[i] & want, "op '%s' has no %s", op->name,
			      hand ? "hand case" : "case that checks its gradient");
	}
}
END_TEST

TCase *tcase_grad(void)
{
	TCase *const tc = tcase_create("grad");

	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, test_every_op_is_covered);
	tcase_add_loop_test(tc, test_gradient, 0, n_cases_a + n_cases_b);
	return tc;
}
