/* Assistant chains: phases, what ends them, what an interruption leaves. */
#include "tests/stages/chain.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "stages/aside_int.h"
#include "stages/run.h"
#include "stages/train_int.h"

struct course course_of_stage(const struct trained *t, const char *stage)
{
	struct course c;
	ck_ok(course_load(life, arena_printf(life, "%s/stages/%s/temperature.csv", t->folder, stage), &c, &e));
	return c;
}

const char *file_text(const struct trained *t, const char *stage)
{
	char *text;
	size_t size;
	ck_ok(file_read(life, arena_printf(life, "%s/stages/%s/temperature.csv", t->folder, stage), false, &text, &size, &e));
	return text;
}

bool same_last(const struct trained *a, const char *stage_a, const struct trained *b, const char *stage_b)
{
	const struct st_file x = weights_of(a->folder, stage_a, "last"), y = weights_of(b->folder, stage_b, "last");
	return same_tensors(&x, &y);
}

/* ---- how a stage is laid out ---- */

static const struct { const char *more; int n; int epochs[3]; double tau_epochs; } layout[] = {
	{"", 3, {4, 4, 1}, 3},                                  /* a third each, 5/4 of it as the limit */
	{", epochs: 18", 3, {8, 8, 2}, 6},                      /* 7.5 and a bit: 8 */
	{", phase_budget: 0.2, epochs: 20", 3, {5, 5, 10}, 4},
	{", phase_epochs: [2, 5]", 3, {2, 5, 2}, 3},
	{", ends: temperature", 3, {7, 1, 1}, 3},
	{", ends: limit", 3, {3, 3, 3}, 3},
	{", ends: limit, phase_epochs: [1, 6]", 3, {1, 6, 2}, 1},
	{", labels: false", 2, {4, 5}, 4.5},
	{", labels: false, ends: limit, phase_epochs: [2, 3]", 2, {2, 7}, 2},
};

START_TEST(layouts)
{
	struct experiment *x = open_ok(arena_printf(life, TOP STAGES TWO "  - {name: chain, kind: assistants, train: student, teacher: [small.last, big.last]%s%s}\n",
	                                            strstr(layout[_i].more, ", epochs") ? "" : ", epochs: 9", layout[_i].more));
	struct stage_run *r = NULL;
	int from = 0;
	ck_ok(stage_run_open(x, &x->stage[2], &r, &e));
	ck_assert_int_eq(r->n_lesson, layout[_i].n);
	for (int k = 0; k < r->n_lesson; k++) {
		const struct lesson *l = &r->lesson[k];
		ck_assert_msg(l->epochs == layout[_i].epochs[k], "%s: phase %d has %d epochs", layout[_i].more, k + 1, l->epochs);
		ck_assert_int_eq(l->teacher, k < 2 ? k : -1);
		ck_assert_double_eq(l->optim[0].from, from); /* one schedule over all of them */
		ck_assert_double_eq(l->optim[0].epochs, x->stage[2].train.epochs);
		from += l->epochs;
	}
	ck_assert_double_eq_tol(r->lesson[0].tau_epochs, layout[_i].tau_epochs, 1e-12);
	ck_assert_int_eq(from, x->stage[2].train.epochs);
	stage_run_close(r);
	experiment_close(x);
}
END_TEST

/* A limit well below what is meant is told before the phase begins, unless the temperature has a rate of its own. */
static const struct { const char *more; const char *note[2]; } noted[] = {
	{"", {NULL, NULL}},
	{", phase_budget: 0.9", {"its limit of 4 epochs is below the 8.1 that are meant", "its limit of 4 epochs"}},
	{", phase_epochs: [2, 3]", {"its limit of 2 epochs is below the 3 that are meant", NULL}},
	{", phase_epochs: [2, 3]" FAST, {NULL, NULL}},
	{", phase_epochs: [2, 3], temperature: {kind: linear}", {NULL, NULL}},
	{", phase_epochs: [2, 3], ends: limit", {NULL, NULL}},
	{", phase_budget: 0.9, ends: temperature", {"a smaller 'phase_budget' gives it room", NULL}},
};

START_TEST(limits_below_what_is_meant)
{
	struct experiment *x = open_ok(arena_printf(life, TOP STAGES TWO CHAIN("%s"), noted[_i].more));
	struct stage_run *r = NULL;
	struct stage_plan_sum sum;
	char *text = NULL;
	size_t size = 0;
	ck_ok(stage_run_open(x, &x->stage[2], &r, &e));
	for (int k = 0; k < 2; k++)
		ck_assert_msg(noted[_i].note[k] ? r->lesson[k].note && strstr(r->lesson[k].note, noted[_i].note[k]) : !r->lesson[k].note, "%s: %s", noted[_i].more,
		              r->lesson[k].note ? r->lesson[k].note : "no note");
	stage_run_close(r);
	FILE *f = open_memstream(&text, &size);
	ck_ok(stage_check(x, &x->stage[2], f, false, &sum, &e));
	fclose(f);
	ck_assert_int_eq(strstr(text, "    note: its limit of ") != NULL, noted[_i].note[0] != NULL);
	free(text);
	experiment_close(x);
}
END_TEST

/* What is advised is possible: `ends: temperature` takes no phase_epochs. */
START_TEST(what_is_advised)
{
	static const struct { const char *more, *says, *not_this; } row[] = {
		{", phase_epochs: [1, 4], phase_budget: 0.5", "its limit of 1 epoch is below the 4.5 that are meant", NULL},
		{", temperature: {kind: adaptive, from: 4, lr: 1e-6}", "a larger 'phase_epochs' or a smaller 'phase_budget'", NULL},
		{", ends: temperature, temperature: {kind: adaptive, from: 4, lr: 1e-6}", "more 'epochs' give it more room", "phase_epochs"},
		{", temperature: {kind: fixed, tau: 2}", "does not come to 1 by itself", "phase_epochs"},
	};
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		const struct trained t = train_ok(arena_printf(life, "out%zu", i), arena_printf(life, TOP STAGES TWO CHAIN("%s"), row[i].more));
		char *text = NULL;
		size_t size = 0;
		ck_ok(file_read(life, path_join(life, t.folder, "log.txt"), false, &text, &size, &e));
		ck_has(text, row[i].says);
		ck_assert_msg(!row[i].not_this || !strstr(text, row[i].not_this), "%s", text);
	}
}
END_TEST

/* A smaller budget: every teacher and the labels have an epoch, and limits that were rounded up fit again. */
static const struct { double share; const char *more; int epochs[3]; } smaller[] = {
	{0.01, "", {1, 1, 1}},
	{0.01, ", phase_epochs: [20, 39]", {1, 1, 1}},
	{0.1, ", phase_epochs: [20, 39]", {2, 3, 1}},           /* 2 and 3.9, of 6 */
	{0.1, ", ends: limit, phase_epochs: [5, 10]", {1, 1, 4}},
	{0.01, ", phase_epochs: [2, 57]", {1, 1, 1}},
	{0.01, ", phase_epochs: [57, 2]", {1, 1, 1}},
	{0.5, "", {13, 13, 4}},
};

START_TEST(smaller_budgets)
{
	struct experiment *x = NULL;
	struct stage_run *r = NULL;
	const char *text = TOP STAGES TWO "  - {name: chain, kind: assistants, train: student, teacher: [small.last, big.last], epochs: 60%s}\n";
	const char *path = text_file("x.yaml", arena_printf(life, text, smaller[_i].more));
	ck_ok(experiment_open(life, path, &(struct experiment_options){.threads = 1, .device = "cpu", .budget = {smaller[_i].share, 1, 1}}, &x, &e));
	ck_ok(stage_run_open(x, &x->stage[2], &r, &e));
	for (int k = 0; k < 3; k++)
		ck_assert_msg(r->lesson[k].epochs == smaller[_i].epochs[k], "%g%s: phase %d has %d epochs", smaller[_i].share, smaller[_i].more, k + 1, r->lesson[k].epochs);
	stage_run_close(r);
	experiment_close(x);
}
END_TEST

/* ---- who is in memory ---- */

static struct {
	enum status (*end[3])(const struct lesson *l, struct aside *a, struct err *e);
	int phases, known[3], placed[3]; /* at the end of each phase: teachers that were needed so far, and those that hold memory */
} held;

static enum status end_watched(const struct lesson *l, struct aside *a, struct err *err)
{
	const struct cohort *c = a->t->cohort;
	const int k = held.phases++;
	held.known[k] = c->n_teacher;
	for (int i = 0; i < c->n_teacher; i++)
		held.placed[k] += c->teacher[i]->net->params->param_data != NULL;
	return held.end[k](l, a, err);
}

static enum status define_watched(struct stage_run *r, struct err *err)
{
	const enum status st = stage_assistants.define(r, err);
	for (int k = 0; k < r->n_lesson && st == OK; k++) {
		held.end[k] = r->lesson[k].end;
		r->lesson[k].end = end_watched;
	}
	return st;
}

/* One teacher at a time; beside the labels none. */
START_TEST(teachers_leave_memory)
{
	static struct stage_kind kind;
	struct experiment *x = open_ok(TOP STAGES TWO CHAIN(""));
	struct trained t;
	memset(&held, 0, sizeof held);
	kind = stage_assistants;
	kind.define = define_watched;
	x->stage[2].kind = &kind;
	ck_ok(train(x, "out", &t));
	experiment_close(x);
	ck_assert_int_eq(held.phases, 3);
	for (int k = 0; k < 3; k++)
		ck_assert_msg(held.known[k] == (k ? 2 : 1) && held.placed[k] == (k < 2), "phase %d: %d of %d", k + 1, held.placed[k], held.known[k]);
}
END_TEST

/* An early end gives its epochs to the labels; later phases keep theirs. */
START_TEST(early_end)
{
	struct experiment *x = open_ok(TOP STAGES TWO CHAIN(""));
	struct stage_run *r = NULL;
	ck_ok(stage_run_open(x, &x->stage[2], &r, &e));
	run_end_lesson(r, 0, 1);
	ck_assert_int_eq(r->lesson[0].epochs, 1);
	ck_assert_int_eq(r->lesson[1].epochs, 4);
	ck_assert_int_eq(r->lesson[2].epochs, 4);
	ck_assert_double_eq(r->lesson[1].optim[0].from, 1);
	ck_assert_double_eq(r->lesson[2].optim[0].from, 5);
	stage_run_close(r);
	experiment_close(x);
}
END_TEST

/* Where temperatures alone end phases, what one leaves is the next teacher's. */
START_TEST(early_end_without_limits)
{
	struct experiment *x = open_ok(TOP STAGES TWO CHAIN(", ends: temperature"));
	struct stage_run *r = NULL;
	ck_ok(stage_run_open(x, &x->stage[2], &r, &e));
	run_end_lesson(r, 0, 2);
	ck_assert_int_eq(r->lesson[1].epochs, 6);
	ck_assert_int_eq(r->lesson[2].epochs, 1);
	ck_assert_double_eq(r->lesson[1].optim[0].from, 2);
	ck_assert_double_eq(r->lesson[2].optim[0].from, 8);
	run_end_lesson(r, 1, 3);
	ck_assert_int_eq(r->lesson[2].epochs, 4);
	ck_assert_double_eq(r->lesson[2].optim[0].from, 5);
	stage_run_close(r);
	experiment_close(x);
	const struct trained t = train_ok("out", TOP STAGES TWO CHAIN(FAST ", ends: temperature"));
	const struct course c = course_of_stage(&t, "chain");
	const int first = course_epochs(&c, 0), second = course_epochs(&c, 1);
	ck_assert_double_eq(metric(t.folder, "chain", first + second, "phase_by_limit"), 0);
	ck_assert_int_eq(course_epochs(&c, 2), 9 - first - second);
}
END_TEST

/* ---- what ends a phase ---- */

START_TEST(by_temperature)
{
	const struct trained t = train_ok("out", TOP STAGES TWO CHAIN(FAST));
	const struct course c = course_of_stage(&t, "chain");
	const int first = course_epochs(&c, 0), second = course_epochs(&c, 1);
	ck_assert_int_eq(c.n, 9 * 4);
	ck_assert_double_eq(c.tau[0], 4);
	ck_assert_msg(first >= 1 && first < 4 && second >= 1 && second < 4, "phases of %d and %d epochs", first, second);
	ck_assert_int_eq(course_epochs(&c, 2), 9 - first - second);
	ck_assert_double_eq(c.tau[4 * first], 4); /* reset with the second teacher */
	ck_assert_double_eq(metric(t.folder, "chain", first, "phase_epochs"), first);
	ck_assert_double_eq(metric(t.folder, "chain", first, "phase_by_limit"), 0);
	ck_assert_double_eq(metric(t.folder, "chain", first, "phase_tau"), 1);
	ck_assert_double_eq(metric(t.folder, "chain", first, "phase_meant_epochs"), 3);
	ck_assert(metric(t.folder, "chain", -1, "logit_variance") > 0);
	ck_assert_double_eq(metric(t.folder, "chain", -1, "tau_rate"), 20000);
	ck_assert_int_eq(rows(t.folder, "chain", -1, "alignment/kd"), first + second);
	/* No teacher runs in the last phase. */
	ck_assert_double_eq(metric(t.folder, "chain", first, "teacher_images"), 56);
	ck_assert_double_eq(metric(t.folder, "chain", 9, "teacher_images"), 0);
	ck_assert_double_eq(metric(t.folder, "chain", -1, "teacher_images_total"), 56 * (first + second));
	ck_assert_double_eq(t.result[2].images, 9 * 56);
	/* The multiply-adds are those that were done: fewer than with teachers for as long as was allowed. */
	const struct trained slow = train_ok("slow", TOP STAGES TWO CHAIN(", temperature: {kind: adaptive, from: 4, lr: 1e-6}"));
	ck_assert(metric(t.folder, "chain", -1, "macs") < metric(slow.folder, "chain", -1, "macs"));
	ck_assert_double_eq(metric(slow.folder, "chain", 4, "phase_by_limit"), 1);
	ck_assert_double_ge(metric(slow.folder, "chain", 4, "phase_tau"), 3);
	ck_assert_double_eq(metric(slow.folder, "chain", 8, "phase_by_limit"), 1);
}
END_TEST

/* The learning rate that is not given follows from the teacher's logits: V (1 - m) times it is sum k^3 over the steps that are meant. */
START_TEST(rate_by_the_law)
{
	const struct trained t = train_ok("out", TOP STAGES TWO CHAIN(", temperature: {kind: adaptive, from: 5, momentum: 0.5}"));
	const double V = metric(t.folder, "chain", 0, "logit_variance"), rate = metric(t.folder, "chain", 0, "tau_rate");
	ck_assert_double_eq_tol(rate * V * (3 * 4) / 0.5, 8 + 27 + 64, 1e-4);
}
END_TEST

/* ---- resume: each of the three phases ---- */

START_TEST(interrupted)
{
	const char *text = _i ? TOP STAGES TWO CHAIN(FAST) : TOP STAGES TWO CHAIN("");
	const struct trained whole = train_ok("whole", text);
	struct trained t;
	enum status st = E_STOP;
	int stops = 0;
	for (; st == E_STOP && stops < 100; stops += st == E_STOP) {
		struct experiment *x = open_ok(text);
		stop_after(x, 7 + 16 * (stops % 4));
		st = train(x, "two", &t);
		experiment_close(x);
	}
	ck_assert_msg(st == OK, "%s", e.text);
	ck_assert_int_ge(stops, 12); /* in every phase: the chain alone has 9 epochs of 56 pictures */
	ck_assert(same_last(&whole, "chain", &t, "chain"));
	ck_assert_str_eq(file_text(&whole, "chain"), file_text(&t, "chain"));
	static const char *const names[] = {"loss", "loss/kd", "tau/kd", "alignment/kd", "valid_top1", "phase_epochs", "phase_by_limit", "teacher_images"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		for (int epoch = 1; epoch <= 9; epoch++) {
			ck_assert_int_eq(rows(whole.folder, "chain", epoch, names[i]), rows(t.folder, "chain", epoch, names[i]));
			if (rows(whole.folder, "chain", epoch, names[i]))
				ck_assert_double_eq(metric(whole.folder, "chain", epoch, names[i]), metric(t.folder, "chain", epoch, names[i]));
		}
	ck_assert_double_eq(metric(whole.folder, "chain", -1, "macs"), metric(t.folder, "chain", -1, "macs"));
	ck_assert_double_eq(metric(whole.folder, "chain", -1, "teacher_images_total"), metric(t.folder, "chain", -1, "teacher_images_total"));
}
END_TEST

/* Beside other students, whose lessons end elsewhere: the same bits and temperatures as alone. */
START_TEST(as_arms)
{
#define OTHERS "  - {name: slow, kind: assistants, train: student, teacher: [big.last, small.last], epochs: 12}\n" \
               "  - {name: kd, kind: distill, train: student, teacher: big.last, epochs: 7, losses: [{kind: kd, temperature: {kind: cosine}}]}\n"
	const struct trained alone = train_ok("alone", TOP STAGES TWO CHAIN(FAST) OTHERS);
	const struct trained arms = train_ok("arms", TOP STAGES TWO CHAIN(FAST) OTHERS "arms: [{stages: [chain, slow, kd]}]\n");
	static const char *const names[] = {"chain", "slow", "kd"};
	for (int i = 0; i < 3; i++) {
		ck_assert(same_last(&alone, names[i], &arms, names[i]));
		ck_assert_str_eq(file_text(&alone, names[i]), file_text(&arms, names[i]));
	}
}
END_TEST

/* The last teacher stays, and teaches: its phase does not go over to the labels when the temperature has come to 1. */
START_TEST(without_labels)
{
	const struct trained t = train_ok("out", TOP STAGES TWO CHAIN(FAST ", labels: false"));
	const struct course c = course_of_stage(&t, "chain");
	ck_assert_double_eq(c.tau[c.n - 1], 1);
	ck_assert_double_eq(metric(t.folder, "chain", 9, "teacher_images"), 56);
	ck_assert_double_eq_tol(metric(t.folder, "chain", 9, "loss"), metric(t.folder, "chain", 9, "loss/kd"), 1e-12);
	ck_assert_int_eq(rows(t.folder, "chain", -1, "phase_by_limit"), 1); /* of the first phase */
	ck_assert_double_eq(metric(t.folder, "chain", 9, "phase_tau"), 1);
}
END_TEST

/* One that does not move: at its limit, with its number; at 1 the phase is over after an epoch. */
START_TEST(one_that_stays)
{
	const struct trained t = train_ok("out", TOP STAGES TWO CHAIN(", temperature: {kind: fixed, tau: 2.5}"));
	const struct trained one = train_ok("one", TOP STAGES TWO CHAIN(", temperature: {kind: fixed, tau: 1}"));
	ck_assert_double_eq(metric(t.folder, "chain", 4, "phase_tau"), 2.5);
	ck_assert_double_eq(metric(t.folder, "chain", 4, "phase_by_limit"), 1);
	ck_assert_double_eq(metric(one.folder, "chain", 1, "phase_epochs"), 1);
	ck_assert_double_eq(metric(one.folder, "chain", 2, "phase_by_limit"), 0);
	ck_assert_int_eq(rows(t.folder, "chain", -1, "time/phase_seconds"), 3);
}
END_TEST

/* The last step of an epoch is known also where its smaller last batch is left out. */
START_TEST(by_epoch_without_the_rest)
{
	struct experiment *x = NULL;
	struct trained t;
	ck_ok(open_text(&x, "cpu", TOP STAGES TWO CHAIN(", temperature: {kind: adaptive, from: 4, lr: 100000, momentum: 0, update: epoch}"), "data.drop_last=true", NULL));
	ck_ok(train(x, "out", &t));
	experiment_close(x);
	const struct course c = course_of_stage(&t, "chain");
	ck_assert_int_eq(c.n, 9 * 3);
	ck_assert_double_eq(c.tau[0], 4);
	ck_assert_double_eq(c.tau[2], 4); /* of one epoch */
	const int first = course_epochs(&c, 0), second = course_epochs(&c, 1);
	ck_assert_int_lt(second, 4); /* it came to 1 at an epoch's end */
	ck_assert_double_eq(metric(t.folder, "chain", first + second, "phase_by_limit"), 0);
}
END_TEST

/* A loss that is not built has no temperature either. */
START_TEST(weight_of_0)
{
	const struct trained t = train_ok("out", TOP STAGES TWO CHAIN(", losses: [{kind: ce}, {kind: kd, weight: 0}]")
	                                         "  - {name: kd, kind: distill, train: student, teacher: big.last, epochs: 2, losses: [{kind: ce}, {kind: kd, weight: 0, temperature: {kind: "
	                                         "learned_adversarial}}]}\n");
	ck_assert_int_eq(rows(t.folder, "chain", -1, "tau/kd"), 0);
	ck_assert_int_eq(rows(t.folder, "chain", -1, "phase_by_limit"), 0);
	ck_assert_int_eq(rows(t.folder, "kd", -1, "tau/kd"), 0);
}
END_TEST

/* ---- what is refused ---- */

static const struct { const char *stage, *says; } wrong[] = {
	{CHAIN(", temperature: {kind: adaptive, from: 0.5}"), "from"},
	{CHAIN(", temperature: {kind: adaptive, from: 1.5}"), "at least 2 with 'floor: straight_through'"},
	{CHAIN(", temperature: {kind: adaptive, from: .nan}"), "from"},
	{"  - {name: chain, kind: assistants, train: student, teacher: [], epochs: 9}\n", "the list of teachers is empty"},
	{"  - {name: chain, kind: assistants, train: student, teacher: [small.last, big.last], epochs: 2}\n", "'epochs' is 2 for 2 teachers and the labels, at least one each"},
	{CHAIN(", phase_epochs: [3]"), "'phase_epochs' has 1 number for 2 teachers"},
	{CHAIN(", phase_epochs: [5, 4]"), "'phase_epochs' are 9 in all, but 'epochs' is 9, and the labels want one"},
	{CHAIN(", phase_epochs: [3, 3], ends: temperature"), "'phase_epochs' is a limit, and 'ends: temperature' leaves none"},
	{CHAIN(", phases: small.temperature"), "no loss of stage 'small' has a 'temperature'"},
	{CHAIN(", phases: chian.temperature"), "no stage before it has that name"},
	{CHAIN(", phases: small.last"), "it is written STAGE.temperature"},
	{CHAIN("") "  - {name: one, kind: assistants, train: student, teacher: big.last, epochs: 9, phases: chain.temperature}\n", "'chain.temperature' has phases for 2 teachers, but stage 'one' has 1"},
	{"  - {name: kd, kind: distill, train: student, teacher: big.last, losses: [{kind: kd, temperature: {kind: linear}}]}\n" CHAIN(", phases: kd.temperature"),
	 "stage 'kd' is of kind 'distill', phases are those of kind 'assistants'"},
	{CHAIN(", ends: temperature, losses: [{kind: ce}]"), "no loss of stage 'chain' has a temperature"},
	{CHAIN(", t2_weight_path: none, losses: [{kind: kd}]"), "'t2_weight_path' is of the default loss"},
	{CHAIN(", temperature: 4"), "a number is written {kind: fixed, tau: 4}"},
};

START_TEST(refused)
{
	struct experiment *x = NULL;
	ck_assert_int_eq(open_text(&x, "cpu", arena_printf(life, TOP STAGES TWO "%s", wrong[_i].stage), NULL), E_USER);
	ck_has(e.text, wrong[_i].says);
	ck_has(e.text, "x.yaml:1"); /* a line of the file: 10 and later */
	experiment_close(x);
}
END_TEST

Suite *assistants_suite(void)
{
	Suite *s = suite_create("assistants");
	TCase *tc = life_case(s, "assistants");
	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, layouts, 0, sizeof layout / sizeof *layout);
	tcase_add_loop_test(tc, smaller_budgets, 0, sizeof smaller / sizeof *smaller);
	tcase_add_loop_test(tc, limits_below_what_is_meant, 0, sizeof noted / sizeof *noted);
	tcase_add_test(tc, what_is_advised);
	tcase_add_test(tc, early_end);
	tcase_add_test(tc, early_end_without_limits);
	tcase_add_test(tc, teachers_leave_memory);
	tcase_add_test(tc, by_temperature);
	tcase_add_test(tc, rate_by_the_law);
	tcase_add_loop_test(tc, interrupted, 0, 2);
	tcase_add_test(tc, as_arms);
	assistants_add_repeats(tc);
	tcase_add_test(tc, without_labels);
	tcase_add_test(tc, one_that_stays);
	tcase_add_test(tc, weight_of_0);
	tcase_add_test(tc, by_epoch_without_the_rest);
	tcase_add_loop_test(tc, refused, 0, sizeof wrong / sizeof *wrong);
	return s;
}
