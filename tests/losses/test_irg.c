/* The graph of a batch by hand: three pictures, maps of one and two channels. */
#include "tests/losses/room.h"

#include <string.h>

static struct taps s, k;
static struct leaf *map_s;

/* Student: map 1 (1,2,2), map 2 (2,1,1), embedding 2, logits 2; teacher: map 1 (1,1,1), map 2 (1,1,1), embedding 1. */
static struct node *by_hand(const char *options)
{
	const struct term *t = term_of(arena_printf(arena, "{kind: irg, student: block1, teacher: block1%s}", options));
	struct leaf *a = leaf_input("a", shape4(3, 1, 2, 2), CLASS_ACT), *b = leaf_input("b", shape4(3, 2, 1, 1), CLASS_ACT),
		    *c = leaf_input("c", shape2(3, 2), CLASS_WIDE), *d = leaf_input("d", shape2(3, 2), CLASS_WIDE),
		    *e = leaf_input("e", shape4(3, 1, 1, 1), CLASS_ACT), *f = leaf_input("f", shape4(3, 1, 1, 1), CLASS_ACT),
		    *h = leaf_input("h", shape2(3, 1), CLASS_WIDE), *i = leaf_input("i", shape2(3, 2), CLASS_WIDE);
	leaf_set(a, (const double[]){1, 0, 2, 5, 1, 3, 2, 4, 0, 0, 1, 3});
	leaf_set(b, (const double[]){4, 2, 1, 2, -3, 0});
	leaf_set(c, (const double[]){0, 1, 3, 1, 0, -1});
	leaf_set(d, (const double[]){1, 2, 0, 1, -1, 3});
	leaf_set(e, (const double[]){1, 2, 4});
	leaf_set(f, (const double[]){0, 3, 7});
	leaf_set(h, (const double[]){2, 0, 1});
	leaf_set(i, (const double[]){0, 2, 1, 1, -1, 5});
	s = (struct taps){.block = {[1] = a->node, [2] = b->node}, .pooled = c->node, .logits = d->node};
	k = (struct taps){.block = {[1] = e->node, [2] = f->node}, .pooled = h->node, .logits = i->node};
	struct loss_site site = site_of(a->node, e->node, NULL);
	site.s = &s;
	site.t = &k;
	site.net_s = bench_net("student", "{model: cnn, widths: [1, 2]}", 2, 8, 2);
	site.net_t = bench_net("teacher", "{model: cnn, widths: [1, 1]}", 2, 8, 2);
	site.student_tap = site.teacher_tap = "block1";
	map_s = a;
	return t->loss->build(t->conf, &site);
}

/* Gaps 1, 0, -1, 0, 0, -2: 6 over 6. */
START_TEST(vertices)
{
	ck_assert_double_eq_tol(scalar_of(by_hand(", vertices: 7, edges: 0, transformations: 0")), 7, 1e-12);
}
END_TEST

static double square(double x)
{
	return x * x;
}

/* Distances 12, 13, 23. Map 1: 0+9+0+1 = 10, 1+0+1+4 = 6, 1+9+1+1 = 12; teacher 1, 9, 4.
   Map 2: 9, 49+4 = 53, 16+4 = 20; teacher 9, 49, 16. Embedding: 9, 4, 9+4 = 13; teacher 4, 1, 1. Each of them stands twice among 9. */
START_TEST(distances)
{
	const double student[3][3] = {{10, 6, 12}, {9, 53, 20}, {9, 4, 13}}, teacher[3][3] = {{1, 9, 4}, {9, 49, 16}, {4, 1, 1}};
	const double most_s[3] = {12, 53, 13}, most_t[3] = {9, 49, 4};
	double want = 0;
	for (int i = 0; i < 3; i++)
		for (int j = 0; j < 3; j++)
			want += 2.5 / 3 * 2 * square(student[i][j] / most_s[i] - teacher[i][j] / most_t[i]) / 9;
	ck_assert_double_eq_tol(scalar_of(by_hand(", vertices: 0, edges: 2.5, transformations: 0")), want, 1e-12);
}
END_TEST

/* Map 1 pooled: 2, 2.5, 1; map 2 in pairs: 3, 1.5, -1.5: 1, 1, 6.25. Teacher: 1, 1, 9. 3 times two of (1/6.25 - 1/9)^2 over 3. */
START_TEST(moves)
{
	ck_assert_double_eq_tol(scalar_of(by_hand(", vertices: 0, edges: 0, transformations: 3")), 2 * square(1 / 6.25 - 1 / 9.0), 1e-12);
}
END_TEST

START_TEST(sum)
{
	const double all = scalar_of(by_hand(""));
	double parts = 0;
	static const char *const one[] = {", edges: 0, transformations: 0", ", vertices: 0, transformations: 0", ", vertices: 0, edges: 0"};
	for (int i = 0; i < 3; i++)
		parts += scalar_of(by_hand(one[i]));
	ck_assert_double_eq_tol(all, parts, 1e-12);
}
END_TEST

/* Equal pictures have no distance: 0, not 0 / 0. */
START_TEST(equal_pictures)
{
	struct node *loss = by_hand(", vertices: 0"), *d;
	struct leaf *leaf[] = {map_s};
	for (int i = 0; i < 12; i++)
		map_s->value[i] = 0;
	graph_grad(g, loss, NULL, &leaf[0]->node, 1, &d);
	const double value = scalar_of(loss), *slope = value_of(d);
	ck_assert(value == value && value > 0);
	for (int i = 0; i < 12; i++)
		ck_assert(slope[i] == slope[i]);
}
END_TEST

static const struct {
	const char *yaml, *told; /* told NULL: fine */
} cases[] = {
	{"{kind: irg, student: block1, teacher: block2, student_to: block1.pre, teacher_to: block2.pre}", NULL},
	{"{kind: irg, student: block1, teacher: block1, transformations: 0}", NULL},
	{"{kind: irg, student: block1, teacher: block1}", "(2,3,6,6) and (2,5,3,3): the second must have as many channels as the first or twice as many"},
	{"{kind: irg, student: block1, teacher: block2, student_to: block1.pre}", "(2,6,4,4) and (2,5,2,2)"},
	{"{kind: irg, student: logits, teacher: block1}", "no block follows tap 'logits'"},
	{"{kind: irg, student: pooled, teacher: pooled, student_to: block1, teacher_to: block1}", "maps (N,C,H,W) are wanted"},
	{"{kind: irg, student: block1, teacher: block1, student_embedding: stem}", "has no tap 'stem'"},
	{"{kind: irg, student: block1, teacher: block1, vertices: 0, edges: 0, transformations: 0}", "all three weights are 0"},
};
enum { CASES = sizeof cases / sizeof *cases };

/* Told when the stage is read. */
START_TEST(taps)
{
	struct room *r = room_new(ROOM_N);
	struct term *t = term_of(cases[_i].yaml);
	const enum status st = term_define(arena, t, r->net_s, r->net_t, "own", &err);
	ck_assert_msg((st == OK) == !cases[_i].told, "%s", err.text);
	ck_assert_msg(st == OK || strstr(err.text, cases[_i].told), "%s", err.text);
	ck_assert_ptr_null(t->own);
}
END_TEST

TCase *tcase_irg(void)
{
	TCase *tc = tcase_create("irg");
	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, bench_open, bench_close);
	tcase_add_test(tc, vertices);
	tcase_add_test(tc, distances);
	tcase_add_test(tc, moves);
	tcase_add_test(tc, sum);
	tcase_add_test(tc, equal_pictures);
	tcase_add_loop_test(tc, taps, 0, CASES);
	return tc;
}
