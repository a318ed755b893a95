/* Teachers in an order: checkpoints by rule, turned round, repeated, of several networks, cut short with a head of their own. */
#include "tests/stages/suites.h"

#include <math.h>
#include <stdio.h>

#define NETS TOP \
	"  cut: {model: cnn, widths: [4, 8], convs: 1, cut: 1}\n" \
	"  wide: {model: cnn, widths: [6, 8], convs: 1}\n"
#define CUT "  - {name: cut, kind: supervise, train: cut, from: teach.last, moves: head, epochs: 1}\n"
#define MIXED NETS STAGES TEACH CUT \
	"  - {name: kd, kind: distill, train: student, teacher: [cut.last, teach.last], epochs: 3, schedule: constant," \
	" losses: [{kind: kd}, {kind: hint, student: block2, teacher: block1, weight: 0.5}]}\n"

static const struct stage *stage_named(const struct experiment *x, const char *name)
{
	for (int i = 0; i < x->n_stage; i++)
		if (!strcmp(x->stage[i].name, name))
			return &x->stage[i];
	return NULL;
}

static void opens_badly(const char *text, const char *place, const char *part)
{
	struct experiment *x = NULL;
	ck_assert_msg(open_text(&x, "cpu", text, NULL) == E_USER, "no error:\n%s", text);
	ck_has(e.text, place);
	ck_has(e.text, part);
	ck_assert_msg(e.count == 1, "%d messages:\n%s", e.count, e.text);
	experiment_close(x);
}

/* ---- anchors ---- */

static const struct { const char *options; int n, epoch[5]; } plateaus[] = {
	{"epochs: 20, schedule: steps", 4, {12, 15, 17, 20}},                          /* .625, .75, .875: 12.5, 15, 17.5 */
	{"epochs: 100, schedule: steps, drops: [60, 0.29]", 3, {29, 60, 100}},         /* .29 * 100 is less than 29 in double */
	{"epochs: 10, schedule: steps, drops: [7, 3, 7.5, 12, 10]", 3, {3, 7, 10}},    /* once each; none at the end or after it */
	{"epochs: 10, schedule: steps, drops: [2, 3, 8], warmup: 2", 3, {3, 8, 10}},   /* the warm-up is no plateau */
	{"epochs: 10, schedule: steps, drops: [0.05, 0.5]", 2, {5, 10}},               /* no whole epoch before it */
};

START_TEST(plateau)
{
	struct experiment *x = open_ok(arena_printf(life, TOP STAGES "  - {name: teach, kind: supervise, train: teacher, anchors: {rule: plateau}, %s}\n",
	                                            plateaus[_i].options));
	const struct stage *s = &x->stage[0];
	ck_assert_int_eq(s->n_anchor, plateaus[_i].n);
	for (int i = 0; i < s->n_anchor; i++)
		ck_assert_int_eq(s->anchor[i], plateaus[_i].epoch[i]);
	/* the rate falls after an anchor, and between two it is one and the same */
	for (int i = 0; i + 1 < s->n_anchor; i++) {
		const double before = schedule_factor(&s->schedule, s->anchor[i] - 0.01, s->train.epochs);
		ck_assert_double_lt(schedule_factor(&s->schedule, s->anchor[i] + 1, s->train.epochs), before);
	}
	experiment_close(x);
}
END_TEST

START_TEST(plateau_refused)
{
	static const struct { const char *options, *place, *part; } bad[] = {
		{"anchors: {rule: plateau}", "12:68: ", "the schedule 'cosine' of stage 'teach' drops nowhere within its 10 epochs"},
		{"schedule: steps, drops: [10, 11], anchors: {rule: plateau}", "12:102: ", "drops nowhere within its 10 epochs"},
		{"schedule: steps, drop_factor: 1, anchors: {rule: plateau}", "12:101: ", "drops nowhere"},
		{"schedule: steps, anchors: {rule: plateau, count: 3}", "12:101: ", "'count' is for anchors by 'equal'"},
		{"schedule: steps, drops: no, anchors: {rule: plateau}", "12:76: ", "'drops' is no"},
	};
	opens_badly(arena_printf(life, NETS STAGES "  - {name: teach, kind: supervise, train: teacher, %s}\n", bad[_i].options),
	            arena_printf(life, "x.yaml:%s", bad[_i].place), bad[_i].part);
}
END_TEST

/* A smaller budget keeps as many, so that `teach.anchors[2]` is there; config.yaml says which they were. */
START_TEST(plateau_of_a_budget)
{
	struct experiment *x = NULL, *y = NULL;
	const char *path = text_file("x.yaml", TOP STAGES
		"  - {name: teach, kind: supervise, train: teacher, epochs: 20, schedule: steps, drops: [10, 0.75], anchors: {rule: plateau}}\n"
		"  - {name: kd, kind: distill, train: student, teacher: 'teach.anchors[2]', epochs: 1}\n");
	ck_ok(experiment_open(life, path, &(struct experiment_options){.threads = 1, .budget = {0.1, 1, 1}}, &x, &e));
	const struct stage *s = &x->stage[0];
	ck_assert_int_eq(s->train.epochs, 3);
	ck_assert(s->n_anchor == 3 && s->anchor[0] == 1 && s->anchor[1] == 2 && s->anchor[2] == 3);
	path = scratch_path("again.yaml");
	FILE *f = fopen(path, "w");
	experiment_resolved(x, f);
	fclose(f);
	ck_ok(experiment_open(life, path, &(struct experiment_options){.threads = 1}, &y, &e));
	ck_assert_str_eq(x->stage[0].identity, y->stage[0].identity);
	experiment_close(x);
	experiment_close(y);
}
END_TEST

/* Twenty candidates: all are kept, found again and of an identity of their own. */
START_TEST(many_anchors)
{
	const char *stages = STAGES "  - {name: teach, kind: supervise, train: teacher, epochs: 40, anchors: {count: 20}, lr: 0.3}\n";
	const struct trained t = train_ok("out", arena_printf(life, TOP "%s", stages));
	struct st_file before = {0};
	for (int i = 1; i <= 20; i++) {
		const struct st_file f = weights_of(t.folder, "teach", arena_printf(life, "anchor-%d", i));
		ck_assert(i == 1 || !same_tensors(&f, &before));
		before = f;
	}
	const struct trained u = train_ok("out", arena_printf(life, TOP "%s" "  - {name: kd, kind: distill, train: student, teacher: teach.anchors, epochs: 20}\n", stages));
	ck_assert(u.result[0].reused);
	const struct stage *kd = u.result[1].stage;
	ck_assert_int_eq(kd->n_teacher, 20);
	for (int i = 0; i < 20; i++)
		for (int k = 0; k < i; k++)
			ck_assert_str_ne(kd->teacher[i].identity, kd->teacher[k].identity);
	ck_assert_double_eq(u.result[1].teacher_test, t.result[0].test_last);
}
END_TEST

/* ---- orders ---- */

START_TEST(reversed)
{
	const char *const stages = TOP STAGES "  - {name: teach, kind: supervise, train: teacher, epochs: 3, anchors: [1, 2, 3]}\n";
	struct experiment *x = open_ok(arena_printf(life, "%s"
		"  - {name: a, kind: distill, train: student, teacher: {anchors: teach.anchors, order: reversed}}\n"
		"  - {name: b, kind: distill, train: student, teacher: ['teach.anchors[2]', 'teach.anchors[1]', 'teach.anchors[0]']}\n"
		"  - {name: c, kind: distill, train: student, teacher: {anchors: teach.anchors}}\n"
		"  - {name: d, kind: distill, train: student, teacher: teach.anchors}\n"
		"  - {name: mixed, kind: distill, train: student, teacher: [a.last, {anchors: [teach.best, teach.anchors], order: reversed}, b.best]}\n",
		stages));
	static const char *const wanted[] = {"last", "anchor-3", "anchor-2", "anchor-1", "best", "best"};
	ck_assert_str_eq(x->stage[1].identity, x->stage[2].identity);
	ck_assert_str_eq(x->stage[3].identity, x->stage[4].identity);
	ck_assert_str_ne(x->stage[1].identity, x->stage[3].identity);
	ck_assert_int_eq(x->stage[5].n_teacher, 6);
	for (int i = 0; i < 6; i++)
		ck_assert_str_eq(x->stage[5].teacher[i].artefact, wanted[i]);
	experiment_close(x);
	const char *bad = "%s  - {name: a, kind: distill, train: student, teacher: %s}\n";
	opens_badly(arena_printf(life, bad, stages, "{anchors: teach.anchors, order: backwards}"), "x.yaml:11:87", "allowed kept, reversed");
	opens_badly(arena_printf(life, bad, stages, "{anchors: teach.anchors, oder: reversed}"), "x.yaml:11:80", "did you mean 'order'?");
	opens_badly(arena_printf(life, bad, stages, "{anchors: teach.last, file: x}"), "x.yaml:11:77", "unknown key 'file'");
	opens_badly(arena_printf(life, "%s  - {name: a, kind: supervise, train: teacher, from: {anchors: teach.anchors}}\n", stages), "x.yaml:11:54",
	            "one reference is wanted here");
}
END_TEST

/* The final teacher three times is the final teacher once, for as long; so it is with shares of any size. */
START_TEST(repeated)
{
	const struct trained t = train_ok("out", TOP STAGES TEACH
		"  - {name: once, kind: distill, train: student, teacher: teach.last, epochs: 6}\n"
		"  - {name: three, kind: distill, train: student, teacher: [teach.last, teach.last, teach.last], epochs: 6}\n"
		"  - {name: shares, kind: distill, train: student, teacher: [teach.last, teach.last, teach.last], epochs: 6, teacher_epochs: [1, 3, 2]}\n");
	const struct st_file once = weights_of(t.folder, "once", "last");
	for (int i = 2; i < 4; i++) {
		const struct st_file more = weights_of(t.folder, t.result[i].stage->name, "last");
		ck_assert_msg(same_tensors(&once, &more), "'%s' differs", t.result[i].stage->name);
		ck_assert_double_eq(t.result[i].test_best, t.result[1].test_best);
	}
}
END_TEST

START_TEST(own_epochs)
{
	const char *text = TOP STAGES TEACH "  - {name: kd, kind: distill, train: student, teacher: [teach.anchors, teach.best], epochs: 20, teacher_epochs: [2, 5, 13]%s}\n";
	struct experiment *x = open_ok(arena_printf(life, text, ""));
	struct stage_run *r = NULL;
	ck_ok(stage_run_open(x, &x->stage[1], &r, &e));
	static const int epochs[] = {2, 5, 13}, from[] = {0, 2, 7};
	ck_assert_int_eq(r->n_lesson, 3);
	for (int k = 0; k < 3; k++) {
		ck_assert_int_eq(r->lesson[k].epochs, epochs[k]);
		ck_assert_int_eq(r->lesson[k].teacher, k);
		ck_assert_double_eq(r->lesson[k].optim[0].from, from[k]);
		ck_assert_double_eq(r->lesson[k].optim[0].epochs, 20);
	}
	stage_run_close(r);
	experiment_close(x);
	x = open_ok(arena_printf(life, text, ", schedule_span: teacher"));
	ck_ok(stage_run_open(x, &x->stage[1], &r, &e));
	ck_assert(r->lesson[1].optim[0].from == 0 && r->lesson[1].optim[0].epochs == 5);
	stage_run_close(r);
	experiment_close(x);
	/* a quarter of the epochs: 5, of which .5, 1.75 and 5 are the ends; one at least for each */
	ck_ok(experiment_open(life, text_file("y.yaml", arena_printf(life, text, "")), &(struct experiment_options){.threads = 1, .budget = {0.25, 1, 1}}, &x, &e));
	ck_ok(stage_run_open(x, &x->stage[1], &r, &e));
	ck_assert(r->lesson[0].epochs == 1 && r->lesson[1].epochs == 1 && r->lesson[2].epochs == 3);
	stage_run_close(r);
	experiment_close(x);
}
END_TEST

START_TEST(own_epochs_refused)
{
	static const struct { const char *options, *place, *part; } bad[] = {
		{"epochs: 6, teacher_epochs: [1, 5, 2]", "11:97", "'teacher_epochs' has 3 numbers for 2 teachers"},
		{"epochs: 6, teacher_epochs: [6]", "11:97", "'teacher_epochs' has 1 number for 2 teachers"},
		{"epochs: 7, teacher_epochs: [1, 5]", "11:97", "'teacher_epochs' are 6 in all, but 'epochs' is 7"},
		{"epochs: 5, teacher_epochs: [0, 5]", "11:98", "allowed 1 to 100000"},
		{"epochs: 9, teacher_epochs: [4, 5], schedule: steps, schedule_span: teacher, anchors: {rule: plateau}", "11:155", "are of one schedule over the stage"},
	};
	opens_badly(arena_printf(life, TOP STAGES TEACH "  - {name: a, kind: distill, train: student, teacher: teach.anchors, %s}\n", bad[_i].options),
	            bad[_i].place, bad[_i].part);
}
END_TEST

/* ---- networks cut short ---- */

static bool same_tensor(const struct st_file *a, const struct st_file *b, const char *name)
{
	const struct st_tensor *x = st_find(a, name), *y = st_find(b, name);
	ck_assert_msg(x && y, "no '%s'", name);
	return shape_eq(&x->shape, &y->shape) && !memcmp(x->data, y->data, x->bytes);
}

/* The stem and the block stay what they are, statistics too; the head starts where it would without `from`, and moves. */
START_TEST(head_alone)
{
	const struct trained t = train_ok("out", NETS STAGES TEACH CUT
		"  - {name: still, kind: supervise, train: cut, from: teach.last, moves: head, lr: 0, epochs: 1}\n"
		"  - {name: fresh, kind: supervise, train: cut, lr: 0, epochs: 1}\n"
		"  - {name: again, kind: supervise, train: teacher, from: teach.last, moves: head, epochs: 1}\n");
	const struct st_file teach = weights_of(t.folder, "teach", "last"), cut = weights_of(t.folder, "cut", "last");
	const struct st_file still = weights_of(t.folder, "still", "last"), fresh = weights_of(t.folder, "fresh", "last");
	static const char *const body[] = {"block1.0.conv.weight", "block1.0.norm.weight", "block1.0.norm.bias", "block1.0.norm.running_mean",
	                                   "block1.0.norm.running_var", "block1.0.norm.num_batches_tracked"};
	for (size_t i = 0; i < sizeof body / sizeof *body; i++)
		ck_assert_msg(same_tensor(&teach, &cut, body[i]), "'%s' has moved", body[i]);
	ck_assert(!same_tensor(&fresh, &still, body[0]));
	ck_assert(same_tensor(&fresh, &still, "fc.weight") && same_tensor(&fresh, &still, "fc.bias"));
	ck_assert(!same_tensor(&cut, &still, "fc.weight") && !same_tensor(&cut, &still, "fc.bias"));
	ck_assert_int_eq(cut.n, 8);
	ck_assert_double_eq(t.result[1].trained_max, 4 * 4 + 4);
	/* of the same network the head goes on */
	const struct st_file again = weights_of(t.folder, "again", "last");
	ck_assert(same_tensor(&teach, &again, "block2.0.norm.running_var") && !same_tensor(&teach, &again, "fc.weight"));
	ck_assert_double_lt(metric(t.folder, "again", 1, "loss"), metric(t.folder, "cut", 1, "loss"));
}
END_TEST

START_TEST(from_files)
{
	const struct trained t = train_ok("out", TOP STAGES TEACH);
	const char *whole = arena_printf(life, "%s/stages/teach/last.safetensors", t.folder);
	const char *stage = NETS STAGES "  - {name: a, kind: supervise, train: %s, from: {file: %s%s}, moves: head, epochs: 1}\n";
	const struct trained cut = train_ok("cut", arena_printf(life, stage, "cut", whole, ""));
	const struct st_file a = weights_of(t.folder, "teach", "last"), b = weights_of(cut.folder, "a", "last");
	ck_assert(same_tensor(&a, &b, "block1.0.conv.weight"));
	struct experiment *x = NULL;
	ck_assert_int_eq(open_text(&x, "cpu", arena_printf(life, stage, "wide", whole, ""), NULL), E_USER);
	ck_has(e.text, "tensor 'block1.0.conv.weight' has the shape (4,3,3,3), network 'wide' needs (6,3,3,3)");
	ck_has(e.text, "asked for at ");
	experiment_close(x);
	ck_assert_int_eq(open_text(&x, "cpu", arena_printf(life, stage, "cut", whole, ", network: teacher"), NULL), E_USER);
	ck_has(e.text, "'network' is for teachers");
	experiment_close(x);
}
END_TEST

START_TEST(not_from)
{
	static const struct { const char *stage, *place, *part; } bad[] = {
		{"{name: a, kind: supervise, train: cut, moves: head}", "14:51", "'moves: head' trains a head on blocks that are there: stage 'a' needs 'from'"},
		{"{name: a, kind: supervise, train: wide, from: teach.last}", "14:51", "stem and blocks must be there, the head alone may differ"},
		{"{name: a, kind: supervise, train: teacher, from: cut.last}", "14:54", "which is another model or has other options"},
		{"{name: a, kind: supervise, train: deep, from: cut.last}", "14:51", "which is another model or has other options"},
		{"{name: a, kind: distill, train: student, teacher: [teach.last, cut.last], losses: [{kind: hint, student: block2, teacher: block2}]}", "14:88",
		 "network 'cut (teacher)' (cnn) has no tap 'block2' here"},
		{"{name: a, kind: distill, train: student, teacher: [teach.last, cut.last], losses: [{kind: hint, student: block1, teacher: pooled}]}", "14:88",
		 "no adapter brings them together"},
		{"{name: a, kind: distill, train: student, teacher: [teach.last, cut.last], losses: [{kind: kd}, {kind: hint, student: pooled, teacher: pooled}]}",
		 "14:100", "those beside 'teacher' and 'cut' are not the same at tap 'pooled': 2 of them for the one and 0 for the other"},
		{"{name: a, kind: distill, train: deep, teacher: [teach.last, cut.last], losses: [{kind: hint, adapter: always, student: pooled, teacher: pooled}]}",
		 "14:85", "'adapt.weight' is (8,4) for the one and 'adapt.weight' (4,4) for the other"},
	};
	opens_badly(arena_printf(life, NETS STAGES TEACH CUT "  - %s\n", bad[_i].stage), arena_printf(life, "x.yaml:%s: ", bad[_i].place), bad[_i].part);
}
END_TEST

/* ---- several networks ---- */

/* The first lesson is what a stage by that teacher alone would be; the second is by the other's logits and features. */
START_TEST(several_networks)
{
	const struct trained t = train_ok("out", MIXED
		"  - {name: first, kind: distill, train: student, teacher: cut.last, epochs: 3, schedule: constant,"
		" losses: [{kind: kd}, {kind: hint, student: block2, teacher: block1, weight: 0.5}]}\n");
	ck_assert_double_eq(metric(t.folder, "kd", 1, "loss"), metric(t.folder, "first", 1, "loss"));
	ck_assert_double_ne(metric(t.folder, "kd", 2, "loss/kd"), metric(t.folder, "first", 2, "loss/kd"));
	/* block1 is the same in both, and so is the student when lesson 2 begins */
	ck_assert_double_eq_tol(metric(t.folder, "kd", 2, "loss/hint"), metric(t.folder, "first", 2, "loss/hint"), 0.1);
	ck_assert_double_eq(t.result[2].teacher_test, t.result[0].test_last);
	ck_assert_double_eq(t.result[3].teacher_test, t.result[1].test_last);
	ck_assert_double_eq(metric(t.folder, "kd", 1, "gap_to_teacher_valid"), metric(t.folder, "first", 1, "gap_to_teacher_valid"));
	ck_assert_double_eq_tol(metric(t.folder, "kd", 3, "gap_to_teacher_valid"), t.result[0].valid_last - metric(t.folder, "kd", 3, "valid_top1"), 1e-9);
}
END_TEST

/* Stopped and gone on in either lesson, alone or as an arm, in other precisions and from a cache: the same. */
START_TEST(several_networks_resumed)
{
	static const char *const more = "  - {name: other, kind: distill, train: deep, teacher: [teach.last, cut.last, teach.last], epochs: 3%s}\n";
	static const char *const how[] = {"", ", teacher_cache: f32", ", teacher_precision: int8"};
	const char *text = arena_printf(life, MIXED "%s", arena_printf(life, more, how[_i]));
	const struct trained whole = train_ok("one", text);
	struct trained t;
	enum status st = E_STOP;
	for (int stops = 0; st == E_STOP && stops < 60; stops++) {
		struct experiment *x = open_ok(arena_printf(life, "%sarms: [{stages: [other, kd]}]\n", text));
		stop_after(x, 40 + 24 * (stops % 3));
		st = train(x, "two", &t);
		experiment_close(x);
	}
	ck_assert_msg(st == OK, "%s", e.text);
	static const char *const names[] = {"kd", "other"};
	for (int i = 0; i < 2; i++) {
		const struct st_file a = weights_of(whole.folder, names[i], "last"), b = weights_of(t.folder, names[i], "last");
		ck_assert_msg(same_tensors(&a, &b), "'%s' differs", names[i]);
		for (int epoch = 1; epoch <= 3; epoch++)
			ck_assert_double_eq(metric(whole.folder, names[i], epoch, "loss"), metric(t.folder, names[i], epoch, "loss"));
	}
}
END_TEST

/* Files name their network each, or all by `teacher_network`; what is said twice over is the same stage. */
START_TEST(several_files)
{
	const struct trained t = train_ok("out", NETS STAGES TEACH CUT);
	const char *text = arena_printf(life, NETS STAGES "  - {name: kd, kind: distill, train: student, epochs: 2, teacher: [{file: %s/stages/cut/last.safetensors%%s}, "
	                                "{file: %s/stages/teach/last.safetensors%%s}]%%s}\n", t.folder, t.folder);
	const char *whole = NETS STAGES TEACH CUT "  - {name: kd, kind: distill, train: student, epochs: 2, teacher: [cut.last, teach.last]}\n";
	struct experiment *x = open_ok(arena_printf(life, text, ", network: cut", ", network: teacher", ""));
	struct experiment *y = open_ok(arena_printf(life, text, ", network: cut", "", ", teacher_network: teacher"));
	const struct stage *a = stage_named(x, "kd"), *b = stage_named(y, "kd");
	ck_assert(!strcmp(b->teacher[0].network, "cut") && !strcmp(b->teacher[1].network, "teacher"));
	ck_assert(a->n_teacher == 2 && !strcmp(a->teacher[1].network, "teacher"));
	struct trained files;
	ck_ok(train(x, "files", &files));
	const struct trained stages = train_ok("stages", whole);
	const struct st_file one = weights_of(files.folder, "kd", "last"), two = weights_of(stages.folder, "kd", "last");
	ck_assert(same_tensors(&one, &two));
	experiment_close(x);
	experiment_close(y);
	ck_assert_int_eq(open_text(&x, "cpu", arena_printf(life, text, ", network: cut", "", ""), NULL), E_USER);
	ck_has(e.text, "need 'teacher_network'");
	experiment_close(x);
	ck_assert_int_eq(open_text(&x, "cpu", arena_printf(life, text, "", "", ", teacher_network: teacher"), NULL), E_USER);
	ck_has(e.text, "cut/last.safetensors");
	experiment_close(x);
	ck_assert_int_eq(open_text(&x, "cpu", arena_printf(life, text, ", network: cut", ", network: teacher", ", teacher_network: teacher"), NULL), E_USER);
	ck_has(e.text, "stage 'kd' has none that does not name its own");
	experiment_close(x);
}
END_TEST

/* Which network is met when, and where it is cut, is part of what the stage is. */
START_TEST(identities)
{
	const char *text = "  - {name: a, kind: distill, train: student, teacher: [cut.last, teach.last]}\n"
	                   "  - {name: b, kind: distill, train: student, teacher: [teach.last, cut.last]}\n"
	                   "  - {name: c, kind: distill, train: student, teacher: [cut.last, teach.last], teacher_epochs: [4, 6]}\n";
	struct experiment *x = open_ok(arena_printf(life, NETS STAGES TEACH CUT "%s", text)), *y = NULL;
	const struct stage *a = stage_named(x, "a"), *b = stage_named(x, "b"), *c = stage_named(x, "c");
	ck_assert(strcmp(a->identity, b->identity) && strcmp(a->identity, c->identity));
	ck_ok(open_text(&y, "cpu", arena_printf(life, NETS STAGES TEACH CUT "%s", text), "stages.cut.moves=all", NULL));
	ck_assert_str_ne(stage_named(y, "cut")->identity, stage_named(x, "cut")->identity);
	ck_assert_str_eq(stage_named(y, "teach")->identity, stage_named(x, "teach")->identity);
	experiment_close(x);
	experiment_close(y);
}
END_TEST

Suite *order_suite(void)
{
	Suite *s = suite_create("order");
	TCase *tc = life_case(s, "order");
	tcase_add_loop_test(tc, plateau, 0, sizeof plateaus / sizeof *plateaus);
	tcase_add_loop_test(tc, plateau_refused, 0, 5);
	tcase_add_test(tc, plateau_of_a_budget);
	tcase_add_test(tc, many_anchors);
	tcase_add_test(tc, reversed);
	tcase_add_test(tc, repeated);
	tcase_add_test(tc, own_epochs);
	tcase_add_loop_test(tc, own_epochs_refused, 0, 5);
	tcase_add_test(tc, head_alone);
	tcase_add_test(tc, from_files);
	tcase_add_loop_test(tc, not_from, 0, 8);
	tcase_add_test(tc, several_networks);
	tcase_add_loop_test(tc, several_networks_resumed, 0, 3);
	tcase_add_test(tc, several_files);
	tcase_add_test(tc, identities);
	return s;
}
