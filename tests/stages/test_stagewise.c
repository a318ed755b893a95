/* Parts one after the other: who moves, by what, and what becomes of the statistics before it. */
#include <math.h>

#include "tests/stages/duel.h"

#define PARTS(more) TOP STAGES TEACH "  - {name: m, kind: stagewise, train: student, teacher: teach.last, epochs: 1" more "}\n"
#define PLAIN ", momentum: 0, nesterov: false, weight_decay: 0"

/* Parts of the student that lessons move. */
static const struct { int from, to; } moves[] = {{0, 1}, {2, 2}, {3, 3}};

static void part_alone_moves(const char *text, int k, bool moving)
{
	struct duel d = duel_open(text, k);
	const int from = moves[k].from, to = moves[k].to;
	duel_build(&d);
	duel_rate(&d, 0, 0.5);
	struct bytes before[2][4];
	for (int s = 0; s < 2; s++)
		for (int part = 0; part < 4; part++)
			before[s][part] = duel_bytes(d.r->student, s, part, part);
	const struct bytes teacher = duel_bytes(d.r->teacher, true, 0, 9);
	duel_step(&d);
	for (int part = 1; part < 4; part++) {
		const bool inside = part >= from && part <= to;
		ck_assert_msg(bytes_same(before[0][part], duel_bytes(d.r->student, false, part, part)) == !inside, "weights of part %d in lesson %d", part, k);
		const bool counts = (inside || (moving && part < from)) && before[1][part].n;
		ck_assert_msg(bytes_same(before[1][part], duel_bytes(d.r->student, true, part, part)) == !counts, "statistics of part %d in lesson %d", part, k);
	}
	ck_assert(bytes_same(teacher, duel_bytes(d.r->teacher, true, 0, 9)));
	ck_assert_int_eq(d.lesson.selects, k == 2);
	ck_assert_int_eq(duel_has(&d, "loss/ce"), k == 2);
	duel_close(&d);
}

START_TEST(statistics_move)
{
	part_alone_moves(PARTS(", adapter: auto"), _i, true);
}
END_TEST

START_TEST(statistics_stay)
{
	part_alone_moves(PARTS(", adapter: auto, statistics: frozen"), _i, false);
}
END_TEST

/* A small step lowers the lesson's loss; the wrong way does not. */
static bool step_lowers(int k, double lr)
{
	struct duel d = duel_open(PARTS(", adapter: auto" PLAIN), k);
	duel_build(&d);
	duel_step(&d);
	const double before = duel_metric(&d, "loss");
	duel_rate(&d, 0, lr);
	duel_step(&d);
	duel_rate(&d, 0, 0);
	duel_step(&d);
	const double after = duel_metric(&d, "loss");
	duel_close(&d);
	return after < before;
}

START_TEST(towards_the_teacher)
{
	ck_assert(step_lowers(_i, 1e-3));
	ck_assert(!step_lowers(_i, -1e-3));
}
END_TEST

/* Equal networks need no adapter: the student's block is the teacher's, and the mean of squares is theirs alone. */
START_TEST(equal_widths)
{
	struct duel d = duel_open(TOP STAGES TEACH "  - {name: m, kind: stagewise, train: teacher, teacher: teach.last, epochs: 1, head_epochs: 3}\n", 0);
	ck_assert_int_eq(d.r->n_net, 1);
	ck_assert_int_eq(d.r->n_lesson, 3);
	ck_assert_int_eq(d.r->lesson[0].epochs, 1);
	ck_assert_int_eq(d.r->lesson[2].epochs, 3);
	ck_assert_str_eq(d.r->lesson[1].label, "block 2/2");
	duel_build(&d);
	duel_step(&d);
	ck_assert_double_gt(duel_metric(&d, "loss"), 1e-3);
	duel_close(&d);
}
END_TEST

/* A part's share of the error: the last convolution's output is its batch norm's shift, since its scale is 0. By hand: (0.75 - 2)^2. */
START_TEST(loss_by_hand)
{
	struct duel d = duel_open(PARTS(", adapter: auto"), 1);
	struct net *adapter = duel_net(&d, "student/adapter-block2");
	duel_set(adapter, "adapt.norm.weight", 0);
	duel_set(adapter, "adapt.norm.bias", 0.75);
	duel_set(d.r->teacher, "block2.0.norm.weight", 0);
	duel_set(d.r->teacher, "block2.0.norm.bias", 2);
	duel_build(&d);
	duel_step(&d);
	ck_assert_double_eq_tol(duel_metric(&d, "loss/feature"), 1.5625, 1e-12);
	duel_close(&d);
}
END_TEST

/* A stem is a part of its own where both networks have one. */
START_TEST(stems)
{
	struct experiment *x = open_ok("name: tiny\nprecision: f32\n"
		"data: {kind: synth, batch: 8, n_train: 16, n_test: 8, held_out: 0, classes: 4, size: 8}\n"
		"networks: {a: {model: resnet8}, b: {model: resnet14}}\nstages:\n"
		"  - {name: t, kind: supervise, train: b, epochs: 1}\n  - {name: m, kind: stagewise, train: a, teacher: t.last, epochs: 1}\n");
	struct stage_run *r = NULL;
	ck_ok(stage_run_open(x, &x->stage[1], &r, &e));
	ck_assert_int_eq(r->n_lesson, 5);
	ck_assert_str_eq(r->lesson[0].label, "stem");
	for (int k = 0; k < 5; k++) {
		const struct optim *o = r->lesson[k].optim[0].optim;
		for (int i = 0; i < o->n; i++)
			ck_assert_int_eq(o->item[i].set->param[o->item[i].index].block, k);
	}
	stage_run_close(r);
	experiment_close(x);
}
END_TEST

static const struct { const char *options, *told; } bad[] = {
	{"train: student, teacher: teach.last", "'block1' of student 'cnn' is (2,2,8,8) but of teacher 'cnn' (2,4,8,8)"},
	{"train: deep, teacher: teach.last", "has 3 blocks but its teacher 'cnn' has 2"},
	{"train: student, teacher: teach.last, adapter: auto, anchors: [1]", "keeps no anchors"},
	{"train: student, teacher: teach.anchors, adapter: auto", "is one reference"},
};

START_TEST(refused)
{
	struct experiment *x = NULL;
	ck_assert_int_eq(open_text(&x, "cpu", arena_printf(life, TOP STAGES TEACH "  - {name: m, kind: stagewise, epochs: 1, %s}\n", bad[_i].options), NULL), E_USER);
	ck_has(e.text, bad[_i].told);
	experiment_close(x);
}
END_TEST

START_TEST(whole_stage)
{
	const struct trained t = train_ok("out", PARTS(", adapter: auto, head_epochs: 2"));
	ck_assert_int_eq(t.result[1].epochs, 4);
	ck_assert_int_eq(rows(t.folder, "m", -1, "loss/feature"), 2);
	ck_assert_int_eq(rows(t.folder, "m", -1, "valid_top1"), 2);
	ck_assert(isfinite(t.result[1].test_best) && isfinite(t.result[1].teacher_test));
}
END_TEST

Suite *stagewise_suite(void)
{
	Suite *s = suite_create("stagewise");
	TCase *tc = life_case(s, "stagewise");
	tcase_add_loop_test(tc, statistics_move, 0, 3);
	tcase_add_loop_test(tc, statistics_stay, 0, 3);
	tcase_add_loop_test(tc, towards_the_teacher, 0, 3);
	tcase_add_test(tc, equal_widths);
	tcase_add_test(tc, loss_by_hand);
	tcase_add_test(tc, stems);
	tcase_add_loop_test(tc, refused, 0, sizeof bad / sizeof *bad);
	tcase_add_test(tc, whole_stage);
	return s;
}
