/* Central differences in double, without the places at which there is no derivative. */
#include "tests/losses/bench.h"

#include <math.h>

#include "engine/op.h"

enum { MOST_KINK = 128 };

/* A pattern that changes where a kink is crossed: elements of a alone, or where a and b are equal. */
struct kink {
	struct node *a, *b;
	int64_t n;
	double *at; /* of the unmoved leaves */
};
struct kinks {
	int n;
	struct kink kink[MOST_KINK];
};

static bool is_bent(const struct op *op)
{
	return op == &op_relu || op == &op_leaky_relu || op == &op_abs || op == &op_clamp ||
	       op == &op_minimum || op == &op_maximum;
}

/* Constant between its jumps. */
static bool is_step(const struct op *op)
{
	return op == &op_sign || op == &op_floor || op == &op_less || op == &op_less_equal ||
	       op == &op_equal || op == &op_arg_max;
}

static void kink_add(struct kinks *k, struct node *a, struct node *b)
{
	ck_assert_int_lt(k->n, MOST_KINK);
	k->kink[k->n++] = (struct kink){.a = a, .b = b, .n = shape_count(&a->type.shape)};
}

/* Of the calls made so far. */
static void kinks_find(struct kinks *k)
{
	const int n_call = g->n_call;
	k->n = 0;
	for (int i = 0; i < n_call; i++) {
		const struct call *c = g->call[i];
		struct node *y = c->out[0], *x = c->in[0];
		if (is_bent(c->op) && shape_eq(&x->type.shape, &y->type.shape))
			kink_add(k, y, x);
		else if (c->op == &op_max_pool)
			kink_add(k, graph_max_pool_dx(g, graph_const_of(g, 1, y->type), x, c->conf), NULL);
		else if (is_step(c->op))
			kink_add(k, y, NULL);
	}
}

static double *pattern(struct run *r, const struct kink *k, double *out)
{
	double *b = NULL;
	ASSERT_OK(plan_get(r->plan, k->a, out, &err));
	if (!k->b)
		return out;
	b = mem_new((size_t)k->n * sizeof *b);
	ASSERT_OK(plan_get(r->plan, k->b, b, &err));
	for (int64_t i = 0; i < k->n; i++)
		out[i] = out[i] == b[i];
	mem_free(b);
	return out;
}

static bool crossed(struct run *r, const struct kinks *k)
{
	bool any = false;
	for (int i = 0; i < k->n && !any; i++) {
		double *now = mem_new((size_t)k->kink[i].n * sizeof *now);
		pattern(r, &k->kink[i], now);
		for (int64_t j = 0; j < k->kink[i].n; j++)
			any |= now[j] != k->kink[i].at[j];
		mem_free(now);
	}
	return any;
}

/* y and all that patterns are made of. Leaves are inputs of kinks too, and are kept by nobody: a copy of them
 * is. */
static struct run *plan_value(struct node *y, struct kinks *k)
{
	struct node *keep[2 * MOST_KINK + 1];
	int n = 0;
	for (int i = 0; i < k->n; i++) {
		struct kink *one = &k->kink[i];
		if (one->b && one->b->leaf != LEAF_NONE)
			one->b = graph_scale(g, one->b, 1, 0);
		keep[n++] = one->a;
		if (one->b)
			keep[n++] = one->b;
	}
	keep[n++] = y;
	struct run *r = run_open(keep, n);
	run_go(r);
	for (int i = 0; i < k->n; i++)
		k->kink[i].at = pattern(r, &k->kink[i], NEW_ARRAY(arena, double, k->kink[i].n));
	return r;
}

/* About 1e-5 of the element, and a power of two. */
static double step_at(double x)
{
	return ldexp(1, (fabs(x) > 1 ? ilogb(x) : 0) - 17);
}

/* NaN where a kink lies in between. */
static double difference(struct run *value, const struct kinks *k, const struct node *y, double *x)
{
	const double at = *x, h = step_at(at);
	*x = at + h;
	run_go(value);
	const double up = run_scalar(value, y);
	bool kink = crossed(value, k);
	*x = at - h;
	run_go(value);
	const double down = run_scalar(value, y);
	kink |= crossed(value, k);
	*x = at;
	return kink ? (double)NAN : (up - down) / (2 * h);
}

static void check_leaf(const char *what, struct run *value, const struct kinks *k, const struct node *y,
                       struct leaf *l, const double *d)
{
	double *want = NEW_ARRAY(arena, double, l->n), most = 1e-4;
	int64_t skipped = 0;
	for (int64_t i = 0; i < l->n; i++) {
		want[i] = difference(value, k, y, &l->value[i]);
		skipped += isnan(want[i]) != 0;
		most = fmax(most, isnan(want[i]) ? 0 : fabs(want[i]));
	}
	for (int64_t i = 0; i < l->n; i++)
		ck_assert_msg(isnan(want[i]) || fabs(d[i] - want[i]) <= 1e-7 * most,
		              "%s by %s[%lld] = %g: gradient %.12g, difference %.12g (largest %.3g)", what,
		              l->node->name, (long long)i, l->value[i], d[i], want[i], most);
	ck_assert_msg(skipped * 20 < l->n || !skipped, "%s: %lld of %lld elements of %s lie near a kink",
	              what, (long long)skipped, (long long)l->n, l->node->name);
}

void gradient_check(const char *what, struct node *y, struct leaf *const leaf[], int n)
{
	ASSERT_BUILT();
	ck_assert_ptr_nonnull(y);
	ck_assert_int_eq(y->type.shape.n_dim, 0);
	struct node **wrt = NEW_ARRAY(arena, struct node *, n), **d = NEW_ARRAY(arena, struct node *, n);
	struct kinks *k = NEW(arena, struct kinks);
	for (int i = 0; i < n; i++)
		wrt[i] = leaf[i]->node;
	kinks_find(k);
	graph_grad(g, y, NULL, wrt, n, d);
	ASSERT_BUILT();
	struct run *gradient = run_open(d, n), *value = plan_value(y, k);
	run_go(gradient);
	for (int i = 0; i < n; i++)
		check_leaf(what, value, k, y, leaf[i], run_read(gradient, d[i]));
}

bool gradient_absent(struct node *y, struct node *wrt)
{
	struct node *d;
	graph_grad(g, y, NULL, &wrt, 1, &d);
	ASSERT_BUILT();
	return d->leaf == LEAF_CONST && d->value == 0;
}
