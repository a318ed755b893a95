/* What a kind does beside its lessons' steps, with a kind of this file: `distill` with hooks. */
#include "tests/stages/suites.h"

#include <math.h>
#include <signal.h>

#include "base/file.h"
#include "engine/build.h"
#include "stages/aside.h"

#define KD(more) TOP STAGES TEACH "  - {name: kd, kind: distill, train: student, teacher: teach.anchors, epochs: 4" more "}\n"
#define TWICE "['teach.anchors[0]', 'teach.anchors[0]']"

/* What the hooks do, and what they have seen. */
static struct {
	bool none;            /* no hooks at all */
	char log[256];        /* "c1 b1 e1 c2 b2 e2": which hook, of which lesson */
	int chosen;           /* of the second lesson; -1: as it is */
	bool copies;          /* begin puts the teacher into a network of the run's */
	enum status (*in_begin)(struct aside *a, struct err *e);
	enum status (*in_end)(struct aside *a, struct err *e);
	bool exams, bad_exam;
	struct net *copy;
} does;

static void note_hook(char which, const struct lesson *l, struct aside *a)
{
	const size_t n = strlen(does.log);
	snprintf(does.log + n, sizeof does.log - n, "%s%c%d", n ? " " : "", which, (int)(l - aside_run(a)->lesson) + 1);
}

static enum status choose(const struct lesson *l, struct aside *a, int *teacher, struct err *err)
{
	(void)err;
	note_hook('c', l, a);
	if (l != aside_run(a)->lesson && does.chosen >= 0)
		*teacher = does.chosen;
	return OK;
}

static enum status begin(const struct lesson *l, struct aside *a, struct err *err)
{
	note_hook('b', l, a);
	enum status st = does.copies ? params_copy(does.copy->params, aside_run(a)->teacher->params, err) : OK;
	return st == OK && does.in_begin ? does.in_begin(a, err) : st;
}

static enum status after(const struct lesson *l, struct aside *a, struct err *err)
{
	note_hook('e', l, a);
	return does.in_end ? does.in_end(a, err) : OK;
}

static struct node *accuracy(struct step *st, struct node *logits)
{
	struct graph *g = st->g;
	struct node *hit = graph_equal(g, graph_cast(g, graph_arg_max(g, logits), CLASS_WIDE), graph_cast(g, st->label, CLASS_WIDE));
	return graph_scale(g, graph_mean_all(g, hit), 100, 0);
}

static struct node *logits_of(struct step *st, struct net *net, const char *name)
{
	return model_apply(st->g, net, 0, net_part_all(net), st->x, MODE_FROZEN, name, NULL);
}

static enum status exam(const struct lesson *l, struct step *st, struct err *err)
{
	(void)l, (void)err;
	struct node *student = accuracy(st, logits_of(st, st->run->student, "student"));
	step_metric(st, "student", student);
	step_metric(st, "teacher", accuracy(st, step_teacher(st)->logits));
	step_metric(st, "teacher_loss", graph_cross_entropy(st->g, step_teacher(st)->logits, st->label, 0));
	if (does.copies)
		step_metric(st, "copy_loss", graph_cross_entropy(st->g, logits_of(st, does.copy, "copy"), st->label, 0));
	step_metric(st, "graft", graph_scale(st->g, student, 0, 12.5));
	if (does.bad_exam)
		step_metric(st, "bad", graph_scale(st->g, graph_scale(st->g, student, 1e30, 1e30), 1e30, 0));
	return OK;
}

static enum status define(struct stage_run *r, struct err *err)
{
	enum status st = stage_distill.define(r, err);
	if (st == OK && does.copies)
		st = experiment_net(r->x, r->arena, "teacher", "copy", &does.copy, err);
	if (st == OK && does.copies)
		run_add_net(r, does.copy);
	for (int k = 0; k < r->n_lesson && st == OK && !does.none; k++) {
		r->lesson[k].choose = choose;
		r->lesson[k].begin = begin;
		r->lesson[k].end = after;
		r->lesson[k].exam = does.exams ? exam : NULL;
	}
	return st;
}

static struct experiment *open_hooked(const char *text, const char *set)
{
	static struct stage_kind kind;
	struct experiment *x = NULL;
	kind = stage_distill;
	kind.define = define;
	ck_ok(open_text(&x, "cpu", text, "data.eval_batch=16", set, NULL));
	x->stage[1].kind = &kind;
	return x;
}

static enum status train_hooked(const char *out, const char *text, const char *set, struct trained *t)
{
	struct experiment *x = open_hooked(text, set);
	const enum status st = train(x, out, t);
	experiment_close(x);
	return st;
}

static void same_student(const struct trained *a, const struct trained *b)
{
	const struct st_file x = weights_of(a->folder, "kd", "last"), y = weights_of(b->folder, "kd", "last");
	ck_assert(same_tensors(&x, &y));
	ck_assert_double_eq(a->result[1].teacher_test, b->result[1].teacher_test);
	for (int epoch = 1; epoch <= 4; epoch++) {
		ck_assert_double_eq(metric(a->folder, "kd", epoch, "loss"), metric(b->folder, "kd", epoch, "loss"));
		ck_assert_double_eq(metric(a->folder, "kd", epoch, "gap_to_teacher_valid"), metric(b->folder, "kd", epoch, "gap_to_teacher_valid"));
	}
}

START_TEST(once_and_in_order)
{
	struct trained t, plain;
	does.chosen = -1;
	ck_ok(train_hooked("out", KD(""), NULL, &t));
	ck_assert_str_eq(does.log, "c1 b1 e1 c2 b2 e2");
	does.none = true;
	ck_ok(train_hooked("plain", KD(""), NULL, &plain));
	same_student(&plain, &t);
}
END_TEST

/* The first anchor for both lessons: as if the file had asked for it. What is known of it is not taken for the other's. */
START_TEST(the_chosen_teacher_teaches)
{
	struct trained t, asked, plain, later;
	const char *fast = "stages.teach.lr=0.5";
	ck_ok(train_hooked("out", KD(""), fast, &t));
	does.none = true;
	ck_ok(train_hooked("asked", TOP STAGES TEACH "  - {name: kd, kind: distill, train: student, teacher: " TWICE ", epochs: 4}\n", fast, &asked));
	ck_ok(train_hooked("plain", KD(""), fast, &plain));
	ck_ok(train_hooked("out", KD(", eval_every: 2"), fast, &later));
	same_student(&asked, &t);
	ck_assert_double_ne(plain.result[1].teacher_test, t.result[1].teacher_test);
	ck_assert_double_eq(plain.result[1].teacher_test, later.result[1].teacher_test);
	ck_assert_double_ne(metric(plain.folder, "kd", 4, "loss"), metric(t.folder, "kd", 4, "loss"));
}
END_TEST

/* Stopped every few steps: each hook comes once, what begin has put into a network is there again, and the choice holds. */
START_TEST(stopped_often)
{
	static const char *const names[] = {"valid/student", "valid/teacher", "valid/copy_loss", "valid/teacher_loss", "valid_top1", "gap_to_teacher_valid", "loss"};
	struct trained whole, t;
	does.copies = does.exams = true;
	ck_ok(train_hooked("one", KD(""), NULL, &whole));
	*does.log = 0;
	enum status st = E_STOP;
	int stops = 0;
	for (; st == E_STOP && stops < 100; stops++) {
		struct experiment *x = open_hooked(KD(""), NULL);
		stop_after(x, 7 + 16 * (stops % 4));
		st = train(x, "two", &t);
		experiment_close(x);
	}
	ck_assert_msg(st == OK, "%s", e.text);
	ck_assert_int_ge(stops, 8);
	ck_assert_str_eq(does.log, "c1 b1 e1 c2 b2 e2");
	same_student(&whole, &t);
	same_events(t.folder);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		for (int epoch = 1; epoch <= 4; epoch++) {
			ck_assert_int_eq(rows(t.folder, "kd", epoch, names[i]), 1);
			ck_assert_double_eq(metric(t.folder, "kd", epoch, names[i]), metric(whole.folder, "kd", epoch, names[i]));
		}
}
END_TEST

/* 24 pictures held out, in 16 and 8: the exam's means are exact, and so is what the evaluator counts. */
START_TEST(exams)
{
	static const char *const sets[] = {NULL, "stages.kd.teacher_cache=f32", "stages.kd.eval_every=2", "data.eval_batch=24", "data.eval_batch=1000"};
	struct trained t;
	does.copies = does.exams = true;
	ck_ok(train_hooked("out", KD(""), sets[_i], &t));
	for (int epoch = 1; epoch <= 4; epoch++) {
		const bool due = _i != 2 || epoch % 2 == 0;
		ck_assert_int_eq(rows(t.folder, "kd", epoch, "valid/student"), due);
		if (!due)
			continue;
		const double student = metric(t.folder, "kd", epoch, "valid_top1"), tol = _i < 3 ? 1e-12 : 1e-4; /* a mean of 24 is rounded */
		ck_assert_double_le(fabs(metric(t.folder, "kd", epoch, "valid/student") - student), tol);
		ck_assert_double_le(fabs(metric(t.folder, "kd", epoch, "valid/teacher") - metric(t.folder, "kd", epoch, "gap_to_teacher_valid") - student), tol);
		ck_assert_double_eq_tol(metric(t.folder, "kd", epoch, "valid/copy_loss"), metric(t.folder, "kd", epoch, "valid/teacher_loss"), 1e-5);
		ck_assert_double_eq(metric(t.folder, "kd", epoch, "valid/graft"), 12.5);
	}
}
END_TEST

START_TEST(nothing_held_out)
{
	struct trained t;
	does.exams = true;
	ck_ok(train_hooked("out", KD(""), "data.held_out=0", &t));
	ck_assert_int_eq(rows(t.folder, "kd", -1, "valid/student"), 0);
	ck_assert_int_eq(rows(t.folder, "kd", 4, "loss"), 1);
}
END_TEST

START_TEST(bad_exam)
{
	struct trained t;
	does.exams = does.bad_exam = true;
	ck_assert_int_eq(train_hooked("out", KD(""), NULL, &t), E_RUN);
	ck_has(e.text, "'bad', measured over 24 pictures, is not finite");
	ck_has(e.text, "in stage 'kd', after epoch 1 of lesson 1");
}
END_TEST

static enum status define_headless(struct stage_run *r, struct err *err)
{
	const enum status st = define(r, err);
	for (int k = 0; k < r->n_lesson && st == OK; k++)
		r->lesson[k].selects = false;
	return st;
}

/* What a block ends with: the exam's graft, which is said and is no held-out accuracy of the student. */
START_TEST(graft)
{
	struct experiment *x = open_hooked(KD(""), NULL);
	struct stage_kind headless = *x->stage[1].kind;
	struct trained t;
	char *text;
	size_t n;
	headless.define = define_headless;
	x->stage[1].kind = &headless;
	does.exams = true;
	ck_ok(train(x, "out", &t));
	experiment_close(x);
	ck_assert_int_eq(rows(t.folder, "kd", -1, "valid/graft"), 4);
	ck_assert_int_eq(rows(t.folder, "kd", -1, "valid_top1"), 0);
	ck_ok(file_read(life, path_join(life, t.folder, "log.txt"), false, &text, &n, &e));
	ck_has(text, "pictures/s, graft 12.50 %\n");
	ck_assert_ptr_null(strstr(text, "through the teacher's tail"));
}
END_TEST

/* `check` plans the exam: what its plans hold is counted. */
START_TEST(exams_are_planned)
{
	struct stage_plan_sum sum[2];
	for (int i = 0; i < 2; i++) {
		does.exams = i;
		struct experiment *x = open_hooked(KD(""), NULL);
		ck_ok(stage_check(x, &x->stage[1], NULL, false, &sum[i], &e));
		experiment_close(x);
	}
	ck_assert_uint_gt(sum[1].own, sum[0].own + 24 * 8 * 8); /* the pictures of both its batches at least */
}
END_TEST

/* ---- measure ---- */

static enum status build_student(const void *own, struct step *st, struct err *err)
{
	(void)own, (void)err;
	step_metric(st, "student", accuracy(st, logits_of(st, st->run->student, "student")));
	return OK;
}

static enum status build_teacher(const void *own, struct step *st, struct err *err)
{
	(void)own, (void)err;
	step_metric(st, "top1", accuracy(st, step_teacher(st)->logits));
	step_metric(st, "applied", graph_cross_entropy(st->g, logits_of(st, st->run->teacher, "teacher"), st->label, 0));
	step_metric(st, "read", graph_cross_entropy(st->g, step_teacher(st)->logits, st->label, 0));
	return OK;
}

static double seen[2][4], student_seen[PART_TEST + 1];

/* The teacher that the second lesson does not have. */
static enum status measure_all(struct aside *a, struct err *err)
{
	static const char *const student[] = {"student"}, *const teacher[] = {"read", "none", "applied", "top1"};
	enum status st = OK;
	for (int part = 0; part <= PART_TEST && st == OK; part++)
		st = aside_measure(a, (enum part)part, -1, build_student, NULL, 1, student, &student_seen[part], err);
	for (int i = 0; i < 2 && st == OK; i++)
		st = aside_measure(a, PART_TEST, i, build_teacher, NULL, 4, teacher, seen[i], err);
	if (st == OK)
		st = aside_metric(a, "after/student", student_seen[PART_VALID], err);
	return st == OK ? aside_metric(a, "after/none", seen[0][1], err) : st;
}

START_TEST(measures)
{
	struct trained t, plain;
	does.chosen = -1;
	does.in_end = measure_all;
	ck_ok(train_hooked("out", KD(""), NULL, &t));
	ck_assert_double_eq_tol(student_seen[PART_VALID], metric(t.folder, "kd", 4, "valid_top1"), 1e-12);
	ck_assert_double_eq_tol(student_seen[PART_TEST], t.result[1].test_last, 1e-12);
	ck_assert(student_seen[PART_TRAIN] >= 0 && student_seen[PART_TRAIN] <= 100);
	ck_assert_double_eq_tol(seen[1][3], t.result[1].teacher_test, 1e-12);
	ck_assert_double_gt(fabs(seen[0][0] - seen[1][0]), 1e-3);
	for (int i = 0; i < 2; i++) {
		ck_assert_double_eq_tol(seen[i][0], seen[i][2], 1e-5);
		ck_assert(isnan(seen[i][1]));
	}
	ck_assert_double_eq(metric(t.folder, "kd", 4, "after/student"), student_seen[PART_VALID]);
	ck_assert_int_eq(rows(t.folder, "kd", -1, "after/student"), 2);
	ck_assert_int_eq(rows(t.folder, "kd", -1, "after/none"), 0);
	same_events(t.folder);
	does.none = true;
	ck_ok(train_hooked("plain", KD(""), NULL, &plain));
	same_student(&plain, &t);
}
END_TEST

START_TEST(measures_nothing)
{
	struct trained t;
	does.in_end = measure_all;
	ck_ok(train_hooked("out", KD(""), "data.held_out=0", &t));
	ck_assert(isnan(student_seen[PART_VALID]));
	ck_assert_double_eq_tol(student_seen[PART_TEST], t.result[1].test_last, 1e-12);
}
END_TEST

/* ---- train ---- */

/* A network of the test's own that learns the labels, or the teacher's logits beside them. */
struct pupil {
	struct net *net;
	struct optim *optim;
	bool teacher;
};
static double before, behind;
static int begins;

static enum status build_pupil(const void *own, struct step *st, struct err *err)
{
	(void)err;
	const struct pupil *p = own;
	struct node *z = model_apply(st->g, p->net, 0, net_part_all(p->net), st->x, MODE_TRAIN, "pupil", NULL);
	struct node *loss = graph_cross_entropy(st->g, z, st->label, 0);
	step_metric(st, "loss", loss);
	step_minimise(st, "pupil", 1, p->teacher ? graph_add(st->g, loss, kd_divergence(st->g, z, step_teacher(st)->logits, 2)) : loss, p->optim);
	return OK;
}

static enum status build_loss(const void *own, struct step *st, struct err *err)
{
	(void)err;
	const struct pupil *p = own;
	step_metric(st, "loss", graph_cross_entropy(st->g, logits_of(st, p->net, "pupil"), st->label, 0));
	return OK;
}

/* Over three epochs of three batches of 16 and one of 8. */
static enum status train_pupil(struct aside *a, struct err *err)
{
	static const char *const name[] = {"loss"};
	const struct optim_conf conf = {.kind = OPTIM_SGD, .lr = 0.1, .momentum = 0.9};
	struct stage_run *r = aside_run(a);
	struct arena *own = arena_open("pupil");
	struct pupil p = {.teacher = true};
	enum status st = experiment_net(r->x, own, "student", "pupil", &p.net, err);
	p.optim = optim_new(own, "pupil", &conf);
	if (st == OK)
		optim_add_net(p.optim, own, p.net, 0, net_part_all(p.net));
	if (st == OK)
		st = params_place(p.net->params, r->x->dev, err);
	if (st == OK)
		st = net_init(p.net, 7, NULL, err);
	if (st == OK)
		st = optim_place(p.optim, r->x->dev, err);
	if (st == OK)
		st = aside_measure(a, PART_TRAIN, -1, build_loss, &p, 1, name, &before, err);
	if (st == OK)
		st = aside_train(a, 10, 0, build_pupil, &p, err);
	ck_assert(st != OK || p.optim->steps == 10);
	if (st == OK)
		st = aside_measure(a, PART_TRAIN, -1, build_loss, &p, 1, name, &behind, err);
	optim_release(p.optim);
	params_release(p.net->params);
	arena_close(own);
	return st;
}

START_TEST(trains_beside)
{
	struct trained t, plain;
	does.chosen = -1;
	does.in_begin = does.in_end = train_pupil;
	ck_ok(train_hooked("out", KD(""), _i ? "stages.kd.teacher_cache=f32" : NULL, &t));
	ck_assert_msg(behind < before, "%g, then %g", before, behind);
	does.none = true;
	ck_ok(train_hooked("plain", KD(""), NULL, &plain));
	same_student(&plain, &t);
}
END_TEST

/* ---- again after a kill ---- */

static enum status killed_once(struct aside *a, struct err *err)
{
	const char *last = strrchr(does.log, ' ');
	last = last ? last + 1 : does.log;
	const enum status st = aside_metric(a, "again", 3, err);
	return st == OK && strstr(does.log, last) == last ? E_STOP : st;
}

/* Each hook is cut short the first time, after it has recorded something: it comes again, and what it records is there once. */
START_TEST(again_after_a_kill)
{
	static const char *const expected[] = {"c1 b1 c1 b1 e1 e1 c2 b2 e1 c2 b2 e2 e2", "c1 b1 c1 b1 e1 c2 b2 e1 c2 b2 e2", "c1 b1 e1 e1 c2 b2 e2 e2"};
	struct trained t;
	does.chosen = -1;
	does.in_begin = _i < 2 ? killed_once : NULL;
	does.in_end = _i != 1 ? killed_once : NULL;
	enum status st = E_STOP;
	for (int stops = 0; st == E_STOP && stops < 20; stops++)
		st = train_hooked("out", KD(""), NULL, &t);
	ck_assert_msg(st == OK, "%s", e.text);
	ck_assert_str_eq(does.log, expected[_i]);
	ck_assert_int_eq(rows(t.folder, "kd", 0, "again"), _i < 2);
	ck_assert_int_eq(rows(t.folder, "kd", 2, "again"), _i == 0 ? 2 : 1);
	ck_assert_int_eq(rows(t.folder, "kd", 4, "again"), _i != 1);
	same_events(t.folder);
}
END_TEST

static enum status stopped_once(struct aside *a, struct err *err)
{
	if (!begins++)
		raise(SIGINT);
	return train_pupil(a, err);
}

START_TEST(a_signal_ends_a_training_beside)
{
	struct trained t, plain;
	begins = 0;
	does.chosen = -1;
	does.in_begin = stopped_once;
	ck_assert_int_eq(train_hooked("out", KD(""), NULL, &t), E_STOP);
	ck_ok(train_hooked("out", KD(""), NULL, &t));
	ck_assert_str_eq(does.log, "c1 b1 c1 b1 e1 c2 b2 e2");
	does.none = true;
	ck_ok(train_hooked("plain", KD(""), NULL, &plain));
	same_student(&plain, &t);
}
END_TEST

static enum status fails(struct aside *a, struct err *err)
{
	(void)a;
	return err_run(err, "it went bad");
}

START_TEST(a_hook_that_fails)
{
	struct trained t;
	*(_i ? &does.in_end : &does.in_begin) = fails;
	ck_assert_int_eq(train_hooked("out", KD(""), NULL, &t), E_RUN);
	ck_has(e.text, "it went bad");
	ck_has(e.text, _i ? "in stage 'kd', after lesson 1" : "in stage 'kd', before lesson 1");
}
END_TEST

static void forget(void)
{
	memset(&does, 0, sizeof does);
}

Suite *aside_suite(void)
{
	Suite *s = suite_create("aside");
	TCase *tc = life_case(s, "aside");
	tcase_add_checked_fixture(tc, forget, NULL);
	tcase_add_test(tc, once_and_in_order);
	tcase_add_test(tc, the_chosen_teacher_teaches);
	tcase_add_test(tc, stopped_often);
	tcase_add_loop_test(tc, exams, 0, 5);
	tcase_add_test(tc, nothing_held_out);
	tcase_add_test(tc, bad_exam);
	tcase_add_test(tc, graft);
	tcase_add_test(tc, exams_are_planned);
	tcase_add_test(tc, measures);
	tcase_add_test(tc, measures_nothing);
	tcase_add_loop_test(tc, trains_beside, 0, 2);
	tcase_add_loop_test(tc, again_after_a_kill, 0, 3);
	tcase_add_test(tc, a_signal_ends_a_training_beside);
	tcase_add_loop_test(tc, a_hook_that_fails, 0, 2);
	return s;
}
