/* What holds for every loss of the list: a new one is tested by adding its line to losses.def. */
#include "tests/losses/room.h"

#include <math.h>

#include "base/str.h"

/* Which features are compared, by losses that read taps. Losses may refuse some, not all. */
static const struct pair {
	const char *student, *teacher;
} pairs[] = {
	{"logits", "logits"},
	{"block1", "block2"},     /* (3,6,6) to (6,4,4): no whole ratio */
	{"block1", "block3"},     /* (3,6,6) to (5,2,2): a whole ratio, 3 */
	{"block2", "block1"},     /* (5,3,3) to (4,8,8): the student's is smaller */
	{"block2", "block3.pre"}, /* (5,3,3) to (5,2,2) before the ReLU */
	{"block1", "block1"},     /* both go on to a block that follows */
	{"pooled", "logits"},     /* 5 to 7 */
};
enum { PAIRS = sizeof pairs / sizeof *pairs };

/* Options other than the defaults; a loss without a row is tested with its defaults alone. */
static const struct more {
	const char *loss, *options;
} more[] = {
	{"", ""}, /* any */
	{"ce", ", smoothing: 0.17"},
	{"kd", ", tau: 3.5"},
	{"kd", ", tau: 0.7"},
	{"hint", ", adapter: always"},
	{"hint", ", relu: no"},
	{"fsp", ", adapter: always"},
	{"fsp", ", student_to: block1, teacher_to: block2, pool: max, adapter: none"},
	{"irg", ", transformations: 0"},
	{"irg", ", student_to: block1.pre, teacher_to: block2.pre"},
};
enum { MORE = sizeof more / sizeof *more };

/* One loss with its taps and options, on a bench of its own. */
struct variant {
	const char *what;
	struct room *room;
	struct term *term;
};

static bool variant_open(struct variant *v, const struct loss *loss, const struct pair *p,
                         const char *options)
{
	bench_open();
	v->what = arena_printf(arena, "{kind: %s, student: %s, teacher: %s%s}", loss->name, p->student,
	                       p->teacher, options);
	v->room = room_new(ROOM_N);
	v->term = term_of(v->what);
	return term_ready(v->term, v->room);
}

static struct node *variant_build(const struct variant *v, const struct room *r, enum mode mode)
{
	struct node *y = term_build(v->term, room_site(r, mode));
	ck_assert_msg(y && err.status == OK, "%s: %s", v->what, err.text);
	ck_assert_int_eq(y->type.shape.n_dim, 0);
	ck_assert_int_eq(y->type.cls, CLASS_WIDE);
	return y;
}

/* check on every variant of a loss that it accepts. */
static void for_variants(int i, void (*check)(struct variant *v))
{
	const struct loss *loss = loss_all[i];
	const int n = loss->needs & NEED_TAPS ? PAIRS : 1;
	int done = 0;
	for (int k = 0; k < n * MORE; k++) {
		const struct more *m = &more[k % MORE];
		struct variant v;
		if (*m->loss && !str_eq(m->loss, loss->name))
			continue;
		if (variant_open(&v, loss, &pairs[k / MORE], m->options)) {
			check(&v);
			done++;
		}
		bench_close();
	}
	ck_assert_msg(done > 0, "'%s' refuses every pair", loss->name);
}

/* Leaves with a gradient: taps of the student, then the loss's own parameters. */
static int moving(const struct variant *v, struct node *y, struct leaf *leaf[])
{
	int n = 0, own = v->term->own ? v->term->own->params->n_param : 0;
	for (int i = 0; i < v->room->n_s; i++)
		if (!gradient_absent(y, v->room->leaf_s[i]->node))
			leaf[n++] = v->room->leaf_s[i];
	ck_assert_msg(n > 0, "%s: no tap of the student has a gradient", v->what);
	for (int i = 0; i < own; i++)
		leaf[n++] = leaf_param(v->term->own->params, i);
	return n;
}

static void check_gradient(struct variant *v, enum mode mode)
{
	struct leaf *leaf[ROOM_LEAF + 64];
	struct node *y = variant_build(v, v->room, mode);
	gradient_check(v->what, y, leaf, moving(v, y, leaf));
}

static void check_step(struct variant *v)
{
	check_gradient(v, MODE_TRAIN);
}

static void check_evaluation(struct variant *v)
{
	if (v->term->own) /* the mode is that of its own layers */
		check_gradient(v, MODE_FROZEN);
}

START_TEST(gradient)
{
	for_variants(_i, check_step);
	for_variants(_i, check_evaluation);
}
END_TEST

static void check_teacher(struct variant *v)
{
	struct node *y = variant_build(v, v->room, MODE_TRAIN);
	for (int i = 0; i < v->room->n_t; i++)
		ck_assert_msg(gradient_absent(y, v->room->leaf_t[i]->node), "%s: %s has a gradient", v->what,
		              v->room->leaf_t[i]->node->name);
}

START_TEST(no_gradient_to_the_teacher)
{
	for_variants(_i, check_teacher);
}
END_TEST

static void check_twice(struct variant *v)
{
	const double once = scalar_of(variant_build(v, v->room, MODE_TRAIN));
	g = graph_new(arena, &err);
	const double twice = scalar_of(variant_build(v, room_twice(v->room), MODE_TRAIN));
	ck_assert_msg(fabs(once) > 1e-3, "%s: %g says nothing", v->what, once);
	ck_assert_msg(fabs(twice - once) <= 1e-12 * fabs(once), "%s: %.17g, of the batch twice %.17g",
	              v->what, once, twice);
}

/* A mean over N, whatever else. */
START_TEST(batch_given_twice)
{
	for_variants(_i, check_twice);
}
END_TEST

START_TEST(described)
{
	const struct loss *l = loss_all[_i];
	ck_assert_ptr_eq(loss_find(l->name), l);
	ck_assert(l->help && *l->help && l->formula && *l->formula && l->paper && l->differs);
	ck_assert_int_ge(l->revision, 1);
	ck_assert_ptr_nonnull(l->build);
	for (const struct opt *o = l->opts; o && o->name; o++)
		ck_assert_msg(o->help && *o->help, "'%s' of '%s' has no help", o->name, l->name);
}
END_TEST

TCase *tcase_every(void)
{
	TCase *tc = tcase_create("every");
	tcase_set_timeout(tc, 30);
	tcase_add_loop_test(tc, gradient, 0, loss_count);
	tcase_add_loop_test(tc, no_gradient_to_the_teacher, 0, loss_count);
	tcase_add_loop_test(tc, batch_given_twice, 0, loss_count);
	tcase_add_loop_test(tc, described, 0, loss_count);
	return tc;
}
