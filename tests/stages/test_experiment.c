/* What is wrong in an experiment file is told with its place, all at once. */
#include "tests/stages/suites.h"

#include "models/model.h"

/* One stage of a file that has `teach` before it (line 10), at line 11. */
static const struct bad {
	const char *stage, *place, *part;
} bad[] = {
	{"{name: a, kind: supervise, train: student, epoch: 3}", "11:48", "unknown key 'epoch' in stage 'a'; did you mean 'epochs'?"},
	{"{name: a, kind: supervise, train: student, epochs: many}", "11:56", "'epochs' is many, not a whole number"},
	{"{name: a, kind: supervise, train: student, epochs: 0}", "11:56", "allowed 1 to 100000"},
	{"{name: a, kind: supervise, train: student, lr: -1}", "11:52", "'lr' is -1, allowed 0 to 100"},
	{"{name: a, kind: supervise, train: student, lr: [1, 2]}", "11:52", "'lr' is a list"},
	{"{name: a, kind: distil, train: student, teacher: teach.last}", "11:21", "unknown stage kind 'distil'; did you mean 'distill'?"},
	{"{name: a, train: student}", "11:5", "has no 'kind'"},
	{"{name: a, kind: supervise}", "11:5", "lacks 'train'"},
	{"justatext", "11:5", "a stage is a map"},
	{"{name: a, kind: distill, train: student, teacher: a.last}", "11:55", "'a' uses 'a', which does not come before it"},
	{"{name: a, kind: distill, train: student, teacher: z.last}\n  - {name: z, kind: supervise, train: student}", "11:55",
	 "'a' uses 'z', which does not come before it"},
	{"{name: a, kind: distill, train: student, teacher: tech.last}", "11:55", "no stage has that name; did you mean 'teach'?"},
	{"{name: a, kind: distill, train: student, teacher: teach.first}", "11:55", "stage 'teach' leaves last, best and anchors"},
	{"{name: a, kind: distill, train: student, teacher: teach}", "11:55", "'teach' is no reference"},
	{"{name: a, kind: distill, train: student, teacher: 'teach.anchors[2]'}", "11:55", "keeps 2 anchors, [0] to [1]"},
	{"{name: a, kind: distill, train: student, teacher: 'teach.anchors[-1]'}", "11:55", "keeps 2 anchors, [0] to [1]"},
	{"{name: a, kind: distill, train: student, teacher: teach.anchors1}", "11:55", "an anchor is written teach.anchors[0]"},
	{"{name: a, kind: distill, train: student, teacher: []}", "11:55", "the list of teachers is empty"},
	{"{name: a, kind: distill, train: student}", "11:5", "needs 'teacher'"},
	{"{name: a, kind: supervise, train: student, from: teach.anchors}", "11:54", "is one reference"},
	{"{name: a, kind: supervise, train: student, from: teach.last}", "11:54", "is another model or has other options"},
	{"{name: a, kind: distill, train: student, epochs: 1, teacher: teach.anchors}", "11:54", "'epochs' is 1 for 2 teachers"},
	{"{name: a, kind: distill, train: student, teacher: {file: none.safetensors}, teacher_network: teacher}", "11:62",
	 "there is no file 'none.safetensors'"},
	{"{name: a, kind: distill, train: student, teacher: {path: x}}", "11:55", "is written {file: PATH}"},
	{"{name: a, kind: distill, train: student, teacher: teach.last, teacher_network: teacher}", "11:84",
	 "'teacher_network' is for teachers from files"},
	{"{name: a, kind: distill, train: student, teacher: teach.last, losses: [{kind: hint, student: block9, teacher: block2}]}", "11:76",
	 "block9"},
	{"{name: a, kind: distill, train: student, teacher: teach.last, losses: [{kind: kb}]}", "11:83", "unknown loss 'kb'; did you mean 'kd'?"},
	{"{name: a, kind: distill, train: student, teacher: teach.last, losses: [{kind: kd, weight: 0}]}", "11:5", "nothing to learn from"},
	{"{name: a, kind: blocks, train: deep, teacher: teach.anchors}", "11:36", "'cnn' has 3 blocks but its teacher 'cnn' has 2"},
	{"{name: a, kind: blocks, train: student, teacher: teach.anchors, anchors: [1]}", "11:78", "keeps no anchors"},
	{"{name: a, kind: blocks, train: student, teacher: teach.last, blocks: [3]}", "11:74", "block 3 does not exist: 'cnn' has blocks 1 to 2"},
	{"{name: a, kind: blocks, train: student, teacher: teach.last, blocks: [2, 1]}", "11:74", "'blocks' must rise"},
	{"{name: a, kind: blocks, train: student, teacher: teach.last, critic: {kind: smal}}", "11:81",
	 "unknown critic 'smal'; did you mean 'small'?"},
	{"{name: a, kind: blocks, train: student, teacher: teach.last, adversarial: 0, feature: 0, kd: 0, ce: 0}", "11:5",
	 "nothing to learn from"},
	{"{name: a, kind: supervise, train: studnt}", "6:3", "no network is named 'studnt'; did you mean 'student'?"},
	{"{name: teach, kind: supervise, train: student}", "11:12", "two stages are named 'teach'"},
	{"{name: a/b, kind: supervise, train: student}", "11:12", "letters, digits, - and _ are allowed"},
	{"{name: a, kind: supervise, train: student, epochs: 3, anchors: [2, 1]}", "11:68", "'anchors' must rise"},
	{"{name: a, kind: supervise, train: student, epochs: 3, anchors: [4]}", "11:69", "allowed 1 to 3"},
	{"{name: a, kind: supervise, train: student, epochs: 3, anchors: {count: 4}}", "11:76", "4 anchors in 3 epochs"},
};
enum { N_BAD = sizeof bad / sizeof *bad };

START_TEST(told_with_place)
{
	const struct bad *b = &bad[_i];
	struct experiment *x = NULL;
	const char *text = arena_printf(life, TOP STAGES TEACH "  - %s\n", b->stage);
	ck_assert_msg(open_text(&x, "cpu", text, NULL) == E_USER, "'%s': %s", b->stage, e.text);
	ck_has(e.text, arena_printf(life, "x.yaml:%s: ", b->place));
	ck_has(e.text, b->part);
	ck_assert_msg(e.count == 1, "%d messages:\n%s", e.count, e.text);
	experiment_close(x);
}
END_TEST

static const struct { const char *text, *place, *part; } top_bad[] = {
	{"", "", "'data' is missing"},
	{"name: a\nsede: 1\n", "2:1", "unknown key 'sede' in experiment; did you mean 'seed'?"},
	{"name: a/b\n", "1:7", "letters, digits"},
	{"name: a\nprecision: f8\n", "2:12", "allowed f32, bf16, f16, tf32, auto"},
	{"name: a\nseed: {spilt: 1}\n", "2:8", "did you mean 'split'?"},
	{"name: a\nseed: -1\n", "2:7", "'seed' is -1"},
	{"name: a\nseed: [1]\n", "2:7", "'seed' is a list"},
	{"name: a\nreport: {titel: x}\n", "2:10", "did you mean 'title'?"},
	{"name: a\nreport: x\n", "2:9", "must be a map of options"},
	{"name: a\ndata: {kind: synht}\n", "2:14", "synth"},
	{"name: a\ndata: {kind: synth, batch: 0}\n", "2:28", "'batch' is 0"},
	{"name: a\ndata: {kind: synth}\nnetworks: {s: {widths: [1]}}\n", "3:15", "network 's' lacks 'model'"},
	{"name: a\ndata: {kind: synth}\nnetworks: {s: {model: cnnn}}\n", "3:23", "unknown model 'cnnn'"},
	{"name: a\ndata: {kind: synth}\nnetworks: {s: cnn}\n", "3:15", "needs a map with 'model: NAME'"},
	{"name: a\ndata: {kind: synth}\nnetworks: [cnn]\n", "3:11", "'networks' must be a map that is not empty"},
	{"name: a\nstages: {}\n", "2:9", "'stages' must be a list that is not empty"},
	{"- a\n", "1:1", "must be a map"},
	{"name: [\n", "", ""},
};

START_TEST(top_told)
{
	struct experiment *x = NULL;
	ck_assert_int_eq(open_text(&x, "cpu", top_bad[_i].text, NULL), E_USER);
	ck_has(e.text, top_bad[_i].place);
	ck_has(e.text, top_bad[_i].part);
	experiment_close(x);
}
END_TEST

/* Mistakes in several places of one file; each once, and no message that only follows from another. */
START_TEST(all_at_once)
{
	struct experiment *x = NULL;
	ck_assert_int_eq(open_text(&x, "cpu",
		"name: tiny\n"
		"sede: 1\n"
		"data: {kind: synth, n_train: 80, n_test: 40, held_out: 24, classes: 4, size: 8}\n"
		"networks:\n"
		"  teacher: {model: cnn, widths: [4, 8], convs: 1}\n"
		"  student: {widths: [2, 4]}\n"
		"  deep: {model: cnn, widths: [2, 4, 4], convs: 1}\n"
		"stages:\n"
		"  - text\n"
		"  - {name: teach, kind: supervise, train: teacher, epochs: x, anchors: {count: 2}}\n"
		"  - {name: a, kind: distill, train: student, teacher: teach.anchors}\n"
		"  - {name: b, kind: distill, train: student, teacher: nobody.last, lr: -1}\n"
		"  - {name: b, kind: blocks, train: deep, teacher: b.last, kd: no}\n"
		"  - {name: c, kind: supervise, train: teacher}\n"
		"  - {name: d, kind: blocks, train: deep, teacher: c.last}\n"
		"  - {name: e, kind: blocks, train: teacher, teacher: c.last, blocks: [5]}\n", "stages.nn.lr=1", NULL), E_USER);
	const char *const parts[] = {
		"no item of the list has the name 'nn'", "x.yaml:2:1: unknown key 'sede'", "network 'student' lacks 'model'", "x.yaml:9:5: a stage is a map",
		"x.yaml:10:60: 'epochs' is x", "x.yaml:12:55: stage 'b' uses 'nobody', and no stage has that name", "x.yaml:12:72: 'lr' is -1",
		"x.yaml:13:12: two stages are named 'b'", "x.yaml:13:63: 'kd' is no", "x.yaml:15:36: 'cnn' has 3 blocks but its teacher 'cnn' has 2",
		"x.yaml:16:70: block 5 does not exist",
	};
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		ck_has(e.text, parts[i]);
	ck_assert_msg(e.count == sizeof parts / sizeof *parts, "%d messages:\n%s", e.count, e.text);
	experiment_close(x);
}
END_TEST

/* The weights of a network of so many classes. */
static const char *weights_file(const char *name, int classes)
{
	struct experiment *x = open_ok(arena_printf(life, TOP STAGES TEACH));
	struct net *net = NULL;
	ck_ok(net_new(life, "teacher", x->networks->item[0], 3, 8, 8, classes, &net, &e));
	ck_ok(params_place(net->params, x->dev, &e));
	ck_ok(net_init(net, 1, NULL, &e));
	const char *path = scratch_path(name);
	ck_ok(weights_save(net->params, path, NULL, 0, &e));
	params_release(net->params);
	experiment_close(x);
	return path;
}

START_TEST(weights_files)
{
	struct experiment *x = NULL;
	const char *stage = TOP STAGES "  - {name: a, kind: distill, train: student, teacher: {file: %s}%s}\n";
	const char *other = weights_file("other.safetensors", 7), *good = weights_file("good.safetensors", 4);
	ck_assert_int_eq(open_text(&x, "cpu", arena_printf(life, stage, other, ", teacher_network: teacher"), NULL), E_USER);
	ck_has(e.text, "other.safetensors");
	ck_has(e.text, "(7,");
	ck_has(e.text, "x.yaml:10:62");
	experiment_close(x);
	ck_assert_int_eq(open_text(&x, "cpu", arena_printf(life, stage, good, ""), NULL), E_USER);
	ck_has(e.text, "need 'teacher_network'");
	experiment_close(x);
	ck_assert_int_eq(open_text(&x, "cpu", arena_printf(life, stage, good, ", teacher_network: teahcer"), NULL), E_USER);
	ck_has(e.text, "did you mean 'teacher'?");
	experiment_close(x);
	ck_ok(open_text(&x, "cpu", arena_printf(life, stage, good, ", teacher_network: teacher"), NULL));
	ck_assert_int_eq(x->stage[0].n_teacher, 1);
	ck_assert_int_eq(x->stage[0].teacher[0].stage, -1);
	experiment_close(x);
}
END_TEST

START_TEST(good_file)
{
	struct experiment *x = open_ok(TOP STAGES TEACH
		"  - {name: kd, kind: distill, train: student, teacher: [teach.last, 'teach.anchors[0]', teach.anchors], epochs: 4}\n"
		"  - {name: all, kind: blocks, train: student, from: kd.best, teacher: teach.anchors}\n"
		"report: {title: \"a: b\"}\n");
	ck_assert_int_eq(x->n_stage, 3);
	ck_assert_int_eq(x->stage[0].n_anchor, 2);
	ck_assert_int_eq(x->stage[0].anchor[0], 1);
	ck_assert_int_eq(x->stage[0].anchor[1], 2);
	ck_assert_int_eq(x->stage[1].n_teacher, 4);
	const char *const wanted[] = {"last", "anchor-1", "anchor-1", "anchor-2"};
	for (int i = 0; i < 4; i++)
		ck_assert_str_eq(x->stage[1].teacher[i].artefact, wanted[i]);
	ck_assert(x->stage[2].has_from);
	ck_assert_str_eq(x->stage[2].from.artefact, "best");
	experiment_close(x);
}
END_TEST

/* What config.yaml says is the same experiment again. */
START_TEST(resolved_again)
{
	const char *text = TOP STAGES TEACH
		"  - {name: kd, kind: distill, train: student, teacher: teach.last, losses: [{kind: kd, tau: 3}, {kind: ce, weight: 0.25}]}\n"
		"  - {name: all, kind: blocks, train: student, teacher: teach.anchors, blocks: [2], critic: {kind: small, width: 8}, drops: [0.5, 0.75],"
		" schedule: steps}\n"
		"report: {title: \"a: 'b' # c\"}\n";
	struct experiment *x = open_ok(text), *y = NULL;
	const char *path = scratch_path("again.yaml");
	FILE *f = fopen(path, "w");
	experiment_resolved(x, f);
	fclose(f);
	ck_ok(experiment_open(life, path, &(struct experiment_options){.threads = 1}, &y, &e));
	ck_assert_int_eq(y->n_stage, 3);
	for (int i = 0; i < 3; i++)
		ck_assert_str_eq(x->stage[i].identity, y->stage[i].identity);
	char a[65], b[65];
	experiment_identity(x, a);
	experiment_identity(y, b);
	ck_assert_str_eq(a, b);
	experiment_close(x);
	experiment_close(y);
}
END_TEST

/* Teachers, and what teachers go on from, have the seed of teachers; what a student goes on from is the student's own training. */
START_TEST(whose_seed)
{
	static const struct { const char *stage; uint64_t seed; } want[] = {{"first", 7}, {"teach", 7}, {"begun", 2}, {"student", 2}, {"alone", 2}};
	struct experiment *x = open_ok("seed: {split: 1, data: 2, init: 2, teacher: 7}\n" TOP_UNSEEDED STAGES
		"  - {name: first, kind: supervise, train: teacher}\n"
		"  - {name: teach, kind: supervise, train: teacher, from: first.last}\n"
		"  - {name: begun, kind: distill, train: student, teacher: teach.last}\n"
		"  - {name: student, kind: supervise, train: student, from: begun.last}\n"
		"  - {name: alone, kind: supervise, train: student}\n");
	for (int i = 0; i < 5; i++) {
		ck_assert_str_eq(x->stage[i].name, want[i].stage);
		ck_assert_msg(x->stage[i].seed_init == want[i].seed && x->stage[i].seed_data == want[i].seed, "'%s' has seed %d", want[i].stage, (int)x->stage[i].seed_init);
		ck_assert_int_eq(stage_teaches(x, x->stage[i].map), i < 2);
	}
	experiment_close(x);
}
END_TEST

Suite *experiment_suite(void)
{
	Suite *s = suite_create("experiment");
	TCase *tc = life_case(s, "file");
	tcase_add_loop_test(tc, told_with_place, 0, N_BAD);
	tcase_add_loop_test(tc, top_told, 0, sizeof top_bad / sizeof *top_bad);
	tcase_add_test(tc, all_at_once);
	tcase_add_test(tc, weights_files);
	tcase_add_test(tc, good_file);
	tcase_add_test(tc, resolved_again);
	tcase_add_test(tc, whose_seed);
	return s;
}
