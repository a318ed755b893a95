/* Features: the mean of squares by hand, and which adapter comes between. */
#include "tests/losses/room.h"

#include <string.h>

static struct node *hint(const char *yaml, struct room *r)
{
	struct term *t = term_of(yaml);
	ck_assert_ptr_eq(t->loss, &loss_hint);
	if (!term_ready(t, r))
		return NULL;
	return term_build(t, room_site(r, MODE_TRAIN));
}

static int relus(void)
{
	int n = 0;
	for (int i = 0; i < g->n_call; i++)
		n += g->call[i]->op == &op_relu;
	return n;
}

/* Differences -1, 2.5, -1, -3.5: (1 + 6.25 + 1 + 12.25) / 4. By x_s: 2 / 4 of each. */
START_TEST(value_by_hand)
{
	const struct term *t = term_of("{kind: hint}");
	struct leaf *s = leaf_input("f_s", shape4(1, 2, 1, 2), CLASS_ACT),
		    *f = leaf_input("f_t", shape4(1, 2, 1, 2), CLASS_ACT);
	leaf_set(s, (const double[]){1, 3, -2, 0.5});
	leaf_set(f, (const double[]){2, 0.5, -1, 4});
	struct loss_site site = site_of(s->node, f->node, NULL);
	struct taps taps = {0};
	site.t = &taps;
	site.net_t = bench_net("teacher", "{model: cnn}", 2, 8, 3);
	site.teacher_tap = "block1";
	struct node *d, *loss = t->loss->build(t->conf, &site);
	ck_assert_double_eq_tol(scalar_of(loss), 5.125, 1e-15);
	graph_grad(g, loss, NULL, &s->node, 1, &d);
	const double *have = value_of(d), want[] = {-0.5, 1.25, -0.5, -1.75};
	for (int i = 0; i < 4; i++)
		ck_assert_double_eq_tol(have[i], want[i], 1e-15);
}
END_TEST

/* auto: the adapter ends as the teacher's tap does. */
static const struct {
	const char *yaml;
	int relus;
} endings[] = {
	{"{kind: hint, student: block1, teacher: block2}", 1},
	{"{kind: hint, student: block1.pre, teacher: block2}", 1},
	{"{kind: hint, student: block1, teacher: block2.pre}", 0},
	{"{kind: hint, student: block1, teacher: block2, relu: no}", 0},
	{"{kind: hint, student: block1, teacher: block2.pre, relu: yes}", 1},
	{"{kind: hint, student: pooled, teacher: logits}", 0},
};
enum { ENDINGS = sizeof endings / sizeof *endings };

START_TEST(relu_as_the_tap)
{
	ck_assert_ptr_nonnull(hint(endings[_i].yaml, room_new(ROOM_N)));
	ASSERT_BUILT();
	ck_assert_int_eq(relus(), endings[_i].relus);
}
END_TEST

/* wrn's taps are sums: block1.pre is block1. Two parts of it are applied and their real taps compared. */
START_TEST(sums_end_in_no_relu)
{
	static const struct {
		const char *model;
		bool has;
	} cases[] = {{"wrn_10_1", false}, {"cnn", true}, {"resnet8", true}, {"vgg8", true}};
	for (int i = 0; i < 4; i++) {
		struct net *net;
		struct taps t = {0};
		ASSERT_OK(net_named(arena, "teacher", cases[i].model, 3, 32, 32, 5, &net, &err));
		model_apply(g, net, 0, net_part_all(net),
		            graph_input(g, "x", shape4(2, 3, 32, 32), CLASS_ACT), MODE_FROZEN, "teacher", &t);
		ASSERT_BUILT();
		ck_assert_msg(tap_has_relu(&t, net, "block1") == cases[i].has, "%s", cases[i].model);
		ck_assert(!tap_has_relu(&t, net, "block1.pre"));
		ck_assert(!tap_has_relu(&t, net, "pooled"));
		ck_assert(!tap_has_relu(&t, net, "block99"));
	}
}
END_TEST

START_TEST(adapter_where_it_is_needed)
{
	struct room *r = room_new(ROOM_N);
	struct term *t = term_of("{kind: hint, student: pooled, teacher: pooled}"); /* 5 and 5 */
	ck_assert(term_ready(t, r));
	ck_assert_ptr_null(t->own);
	ck_assert_ptr_nonnull(term_build(t, room_site(r, MODE_TRAIN)));
	t = term_of("{kind: hint, student: pooled, teacher: pooled, adapter: always}");
	ck_assert(term_ready(t, r));
	ck_assert_int_eq(t->own->params->n_param, 2);
	ck_assert_str_eq(t->own->params->param[0].name, "adapt.weight");
	ck_assert_int_eq(params_count(t->own->params), 5 * 5 + 5);
	t = term_of("{kind: hint, student: block1, teacher: block2}"); /* 3 to 6 channels */
	ck_assert(term_ready(t, r));
	ck_assert_int_eq(params_count(t->own->params), 6 * 3 + 2 * 6);
	ck_assert_int_eq(t->own->params->n_state, 3);
}
END_TEST

/* A step moves the adapter's running statistics once; an evaluation leaves them. */
START_TEST(statistics_of_the_adapter)
{
	struct room *r = room_new(ROOM_N);
	struct term *t = term_of("{kind: hint, student: block1, teacher: block2}");
	ck_assert(term_ready(t, r));
	scalar_of(term_build(t, room_site(r, MODE_FROZEN)));
	ck_assert_double_eq(bench_get(t->own->params, "adapt.norm.num_batches_tracked"), 0);
	g = graph_new(arena, &err);
	struct room *again = room_new(ROOM_N);
	scalar_of(term_build(t, room_site(again, MODE_TRAIN)));
	ck_assert_double_eq(bench_get(t->own->params, "adapt.norm.num_batches_tracked"), 1);
}
END_TEST

START_TEST(impossible_pair)
{
	struct room *r = room_new(ROOM_N);
	struct term *t = term_of("{kind: hint, student: block1, teacher: logits}");
	ck_assert_int_eq(term_define(arena, t, r->net_s, r->net_t, "own", &err), E_USER);
	ck_assert_msg(strstr(err.text,
	                     "test.yaml:1:10: student features are (2,3,6,6) but teacher features are (2,7)"),
	              "%s", err.text);
}
END_TEST

START_TEST(unknown_tap)
{
	struct room *r = room_new(ROOM_N);
	struct term *t = term_of("{kind: hint, student: block3, teacher: block3}");
	ck_assert_int_eq(term_define(arena, t, r->net_s, r->net_t, "own", &err), E_USER);
	ck_assert_msg(strstr(err.text, "'student' (cnn) has no tap 'block3'"), "%s", err.text);
	ck_assert_msg(strstr(err.text, "block1..block2"), "%s", err.text);
}
END_TEST

TCase *tcase_hint(void)
{
	TCase *tc = tcase_create("hint");
	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, bench_open, bench_close);
	tcase_add_test(tc, value_by_hand);
	tcase_add_loop_test(tc, relu_as_the_tap, 0, ENDINGS);
	tcase_add_test(tc, sums_end_in_no_relu);
	tcase_add_test(tc, adapter_where_it_is_needed);
	tcase_add_test(tc, statistics_of_the_adapter);
	tcase_add_test(tc, impossible_pair);
	tcase_add_test(tc, unknown_tap);
	return tc;
}
