/* The flow between two taps: products of channels by hand, which second tap is meant, what is refused. */
#include "tests/losses/room.h"

#include <string.h>

static struct node *fsp(const char *yaml, struct room *r)
{
	struct term *t = term_of(yaml);
	ck_assert_ptr_eq(t->loss, &loss_fsp);
	return term_ready(t, r) ? term_build(t, room_site(r, MODE_TRAIN)) : NULL;
}

static struct node *by_hand(const char *yaml, struct leaf **first)
{
	const struct term *t = term_of(yaml);
	static struct taps s, k;
	struct leaf *a = leaf_input("a", shape4(1, 2, 2, 2), CLASS_ACT), *b = leaf_input("b", shape4(1, 1, 1, 1), CLASS_ACT),
		    *c = leaf_input("c", shape4(1, 2, 1, 2), CLASS_ACT), *d = leaf_input("d", shape4(1, 1, 1, 2), CLASS_ACT);
	leaf_set(a, (const double[]){1, 3, -2, 4, 0.5, -1.5, 7, 2});
	leaf_set(b, (const double[]){3});
	leaf_set(c, (const double[]){2, 5, -1, 4});
	leaf_set(d, (const double[]){0.5, -3});
	s = (struct taps){.block = {[1] = a->node, [2] = b->node}};
	k = (struct taps){.block = {[1] = c->node, [2] = d->node}};
	struct loss_site site = site_of(a->node, c->node, NULL);
	site.s = &s;
	site.t = &k;
	site.net_s = bench_net("student", "{model: cnn, widths: [2, 1]}", 2, 8, 3);
	site.net_t = bench_net("teacher", "{model: cnn, widths: [2, 1]}", 2, 8, 3);
	site.student_tap = site.teacher_tap = "block1";
	*first = a;
	return t->loss->build(t->conf, &site);
}

/* Means of a's channels: 1.5 and 2, times 3: 4.5, 6. Teacher: (2 0.5 - 5 3) / 2 = -7 and (-0.5 - 12) / 2 = -6.25. (11.5^2 + 12.25^2) / 2.
   By a's first channel: 2 11.5 / 2 of 3 / 4 each; by the second: 12.25 3 / 4. */
START_TEST(value_by_hand)
{
	struct leaf *a;
	struct node *d, *loss = by_hand("{kind: fsp, student: block1, teacher: block1}", &a);
	ck_assert_double_eq_tol(scalar_of(loss), 141.15625, 1e-12);
	graph_grad(g, loss, NULL, &a->node, 1, &d);
	const double *have = value_of(d);
	for (int i = 0; i < 8; i++)
		ck_assert_double_eq_tol(have[i], i < 4 ? 8.625 : 9.1875, 1e-12);
}
END_TEST

/* Largest of a's channels: 4 and 7, times 3: 12, 21. (19^2 + 27.25^2) / 2 */
START_TEST(largest_by_hand)
{
	struct leaf *a;
	ck_assert_double_eq_tol(scalar_of(by_hand("{kind: fsp, student: block1, teacher: block1, pool: max}", &a)), 551.78125, 1e-12);
}
END_TEST

/* Whatever its maps' sizes, a network beside itself has the same flow. */
START_TEST(nothing_between_equals)
{
	struct room *r = room_new(ROOM_N);
	r->net_t = r->net_s;
	r->t = r->s;
	ck_assert_double_eq_tol(scalar_of(fsp("{kind: fsp, student: block1, teacher: block1}", r)), 0, 1e-14);
}
END_TEST

static const struct {
	const char *yaml, *told; /* told NULL: fine */
} cases[] = {
	{"{kind: fsp, student: block1, teacher: block2}", NULL},
	{"{kind: fsp, student: block1.pre, teacher: block1.pre, student_to: block2, teacher_to: block3}", NULL},
	{"{kind: fsp, student: block2, teacher: block2, student_to: block1}", NULL},
	{"{kind: fsp, student: block2, teacher: block2}", "has no tap 'block3'"},
	{"{kind: fsp, student: block1, teacher: block3}", "has no tap 'block4'"},
	{"{kind: fsp, student: pooled, teacher: block1}", "no block follows tap 'pooled' of 'student'"},
	{"{kind: fsp, student: block1, teacher: block1, teacher_to: logits}", "four taps that are maps"},
	{"{kind: fsp, student: block1, teacher: block1, adapter: none}", "equal channels are wanted"},
	{"{kind: fsp, student: block1, teacher: block1, student_to: block2.post}", "has no tap 'block2.post'"},
};
enum { CASES = sizeof cases / sizeof *cases };

START_TEST(second_taps)
{
	struct room *r = room_new(ROOM_N);
	struct term *t = term_of(cases[_i].yaml);
	const enum status st = term_define(arena, t, r->net_s, r->net_t, "own", &err);
	ck_assert_msg((st == OK) == !cases[_i].told, "%s", err.text);
	ck_assert_msg(st == OK || strstr(err.text, cases[_i].told), "%s", err.text);
}
END_TEST

/* (3,6,6), (5,3,3) to (4,8,8), (6,4,4): both taps are adapted; pre has no ReLU after it. */
START_TEST(adapters)
{
	struct room *r = room_new(ROOM_N);
	struct term *t = term_of("{kind: fsp, student: block1, teacher: block1}");
	ck_assert(term_ready(t, r));
	ck_assert_int_eq(params_count(t->own->params), 4 * 3 + 2 * 4 + 6 * 5 + 2 * 6);
	bool state;
	ck_assert_int_ge(params_find(t->own->params, "adapt_to.conv.weight", &state), 0);
}
END_TEST

TCase *tcase_fsp(void)
{
	TCase *tc = tcase_create("fsp");
	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, bench_open, bench_close);
	tcase_add_test(tc, value_by_hand);
	tcase_add_test(tc, largest_by_hand);
	tcase_add_test(tc, nothing_between_equals);
	tcase_add_loop_test(tc, second_taps, 0, CASES);
	tcase_add_test(tc, adapters);
	return tc;
}
