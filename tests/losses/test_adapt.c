/* The adapter by hand: resize, 1x1 convolution, batch norm with given statistics, ReLU. */
#include "tests/losses/room.h"

#include <string.h>

#include "base/str.h"

static struct net *own;

static void open(void)
{
	bench_open();
	own = NEW(arena, struct net);
	own->name = "own";
	own->params = params_new(arena, "own");
}

static struct node *pass(struct graph *on, struct shape from, struct shape to, bool relu, enum adapter kind,
                         bool defining)
{
	struct builder b = {.g = on, .net = own, .mode = MODE_FROZEN, .defining = defining};
	const struct type type = type_of(to, from.n_dim == 4 ? CLASS_ACT : CLASS_WIDE);
	struct node *x =
		on == g ? leaf_input("x", from, type.cls)->node : graph_input(on, "x", from, type.cls);
	return adapt(&b, x, &type, relu, kind, "adapt");
}

/* Defines and places own, then builds on g. The leaf x is the input of what is given back. */
static void define(struct shape from, struct shape to)
{
	pass(graph_new(arena, &err), from, to, true, ADAPTER_ALWAYS, true);
	ASSERT_OK(err.status);
	bench_place(own->params);
}

/* What a frozen batch norm of one input channel reads: (w x - mean) / sqrt(var + 1e-5) gamma + beta. */
static void norm_set(const double *w, const double *gamma, const double *beta, const double *mean,
                     const double *var)
{
	bench_put(own->params, "adapt.conv.weight", w);
	bench_put(own->params, "adapt.norm.weight", gamma);
	bench_put(own->params, "adapt.norm.bias", beta);
	bench_put(own->params, "adapt.norm.running_mean", mean);
	bench_put(own->params, "adapt.norm.running_var", var);
}

static void expect(struct node *x, const double *in, struct node *y, const double *want, int n)
{
	struct run *r = run_open(&y, 1);
	plan_put_f64(r->plan, x, in);
	ASSERT_OK(plan_run(r->plan, &err));
	const double *have = run_read(r, y);
	for (int i = 0; i < n; i++)
		ck_assert_msg(have[i] - want[i] < 1e-9 && want[i] - have[i] < 1e-9,
		              "element %d is %.12g, not %.12g", i, have[i], want[i]);
}

static struct node *input(void)
{
	for (int i = 0; i < g->n_node; i++)
		if (g->node[i]->leaf == LEAF_INPUT)
			return g->node[i];
	return NULL;
}

/* (1 + 2 + 4 + 7) / 4 = 3.5; channel 0: (2 3.5 - 5) / 0.5 1.5 - 0.6 = 5.4;
   channel 1: (-3 3.5 + 4) / 4 0.25 - 0.9 = -1.30625. */
static void average(bool relu, const double want[2])
{
	const struct shape from = shape4(1, 1, 2, 2), to = shape4(1, 2, 1, 1);
	define(from, to);
	norm_set((const double[]){2, -3}, (const double[]){1.5, 0.25}, (const double[]){-0.6, -0.9},
	         (const double[]){5, -4}, (const double[]){0.25 - 1e-5, 16 - 1e-5});
	struct node *y = pass(g, from, to, relu, ADAPTER_AUTO, false);
	expect(input(), (const double[]){1, 2, 4, 7}, y, want, 2);
}

START_TEST(average_pooling_and_relu)
{
	average(true, (const double[]){5.4, 0});
}
END_TEST

START_TEST(average_pooling_without_relu)
{
	average(false, (const double[]){5.4, -1.30625});
}
END_TEST

/* One channel to one: (2 v - 0.5) / 0.5 1.5 - 2.1 = 6 v - 3.6. */
static void widths(int from, int to, const double *row, const double *want)
{
	double in[64], out[64];
	const struct shape s = shape4(1, 1, from, from), t = shape4(1, 1, to, to);
	define(s, t);
	norm_set((const double[]){2}, (const double[]){1.5}, (const double[]){-2.1}, (const double[]){0.5},
	         (const double[]){0.25 - 1e-5});
	for (int i = 0; i < from * from; i++)
		in[i] = row[i % from];
	for (int i = 0; i < to * to; i++)
		out[i] = 6 * want[i % to] - 3.6;
	struct node *y = pass(g, s, t, false, ADAPTER_AUTO, false);
	expect(input(), in, y, out, to * to);
}

/* Centres at 0.25 and 1.75: 0.75 1 + 0.25 4, 0.25 4 + 0.75 9. */
START_TEST(map_shrinks_by_no_whole_factor)
{
	widths(3, 2, (const double[]){1, 4, 9}, (const double[]){1.75, 7.75});
}
END_TEST

/* Centres at -0.25 (the edge), 0.25, 0.75, 1.25 (the edge). */
START_TEST(map_grows)
{
	widths(2, 4, (const double[]){1, 5}, (const double[]){1, 2, 4, 5});
}
END_TEST

/* Means of three; bilinear would take the middle ones, 6 and 3. */
START_TEST(map_shrinks_by_a_whole_factor)
{
	widths(6, 2, (const double[]){1, 6, -4, -7, 3, 10}, (const double[]){1, 2});
}
END_TEST

static int count_op(const struct op *op)
{
	int n = 0;
	for (int i = 0; i < g->n_call; i++)
		n += g->call[i]->op == op;
	return n;
}

/* 6 by 4 to 3 by 1: whole factors that differ. */
START_TEST(factors_that_differ)
{
	const struct shape from = shape4(2, 3, 6, 4), to = shape4(2, 5, 3, 1);
	define(from, to);
	struct node *y = pass(g, from, to, true, ADAPTER_AUTO, false);
	ASSERT_BUILT();
	ck_assert(shape_eq(&y->type.shape, &to));
	ck_assert_int_eq(count_op(&op_avg_pool), 0);
	ck_assert_int_eq(count_op(&op_resize), 1);
}
END_TEST

/* W = (2 -1; 0.5 3; -4 0.25), b = (0.1, -0.2, 0.3), x = (3, -2): 8.1, -4.7, -12.2. No ReLU. */
START_TEST(vectors)
{
	const struct shape from = shape2(1, 2), to = shape2(1, 3);
	define(from, to);
	bench_put(own->params, "adapt.weight", (const double[]){2, -1, 0.5, 3, -4, 0.25});
	bench_put(own->params, "adapt.bias", (const double[]){0.1, -0.2, 0.3});
	struct node *y = pass(g, from, to, true, ADAPTER_AUTO, false);
	expect(input(), (const double[]){3, -2}, y, (const double[]){8.1, -4.7, -12.2}, 3);
}
END_TEST

START_TEST(equal_shapes)
{
	const struct shape s = shape4(2, 3, 4, 4);
	struct node *y = pass(g, s, s, true, ADAPTER_AUTO, false);
	ck_assert_ptr_eq(y, input());
	ck_assert_int_eq(own->params->n_param, 0);
	ck_assert_int_eq(g->n_call, 0);
	define(s, s);
	ck_assert_int_eq(own->params->n_param, 3);
	ck_assert_str_eq(own->params->param[0].name, "adapt.conv.weight");
	ck_assert(shape_eq(&own->params->param[0].shape, &(struct shape){4, {3, 3, 1, 1}}));
	struct node *z = pass(g, s, s, true, ADAPTER_ALWAYS, false);
	ASSERT_BUILT();
	ck_assert_ptr_eq(z->call->op, &op_relu);
}
END_TEST

static void refused(struct shape from, struct shape to, const char *text)
{
	ck_assert_ptr_null(pass(g, from, to, true, ADAPTER_AUTO, false));
	ck_assert_int_eq(err.status, E_USER);
	ck_assert_msg(strstr(err.text, text), "%s", err.text);
	err_clear(&err);
}

START_TEST(impossible_pairs)
{
	refused(shape4(2, 3, 6, 6), shape2(2, 7),
	        "student features are (2,3,6,6) but teacher features are (2,7)");
	refused(shape2(2, 7), shape4(2, 3, 6, 6),
	        "student features are (2,7) but teacher features are (2,3,6,6)");
	refused(shape4(2, 3, 6, 6), shape4(5, 4, 6, 6),
	        "student features are (2,3,6,6) but teacher features are (5,4,6,6)");
	refused(shape3(2, 3, 6), shape3(2, 4, 6),
	        "student features are (2,3,6) but teacher features are (2,4,6)");
}
END_TEST

TCase *tcase_adapt(void)
{
	TCase *tc = tcase_create("adapt");
	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, open, bench_close);
	tcase_add_test(tc, average_pooling_and_relu);
	tcase_add_test(tc, average_pooling_without_relu);
	tcase_add_test(tc, map_shrinks_by_no_whole_factor);
	tcase_add_test(tc, map_shrinks_by_a_whole_factor);
	tcase_add_test(tc, map_grows);
	tcase_add_test(tc, factors_that_differ);
	tcase_add_test(tc, vectors);
	tcase_add_test(tc, equal_shapes);
	tcase_add_test(tc, impossible_pairs);
	return tc;
}
