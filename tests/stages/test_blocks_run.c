/* Whole stages of the main method: readings, teachers that follow, controls, what is refused, what an interruption leaves. */
#include "tests/stages/blocks.h"

#include <math.h>
#include <stdlib.h>

#include "base/file.h"
#include "report/results.h"
#include "stages/readings.h"

static struct trained train_on(const char *device, const char *out, const char *text, const char *set)
{
	struct experiment *x = NULL;
	struct trained t;
	ck_ok(open_text(&x, device, text, set, NULL));
	ck_ok(train(x, out, &t));
	experiment_close(x);
	return t;
}

static bool same_stage(const struct trained *a, const struct trained *b)
{
	const struct st_file x = weights_of(a->folder, "m", "last"), y = weights_of(b->folder, "m", "last");
	const struct st_file best_x = weights_of(a->folder, "m", "best"), best_y = weights_of(b->folder, "m", "best");
	return same_tensors(&x, &y) && same_tensors(&best_x, &best_y);
}

/* These metrics of every epoch too, those that are there in either. */
static void same_rows(const struct trained *a, const struct trained *b, int epochs)
{
	static const char *const names[] = {"loss", "loss/feature", "loss/kd", "critic/loss", "critic2/loss", "critic/real_accuracy", "valid/graft", "valid_top1",
	                                    "gap_to_teacher_valid"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		for (int epoch = 1; epoch <= epochs; epoch++) {
			ck_assert_int_eq(rows(a->folder, "m", epoch, names[i]), rows(b->folder, "m", epoch, names[i]));
			if (rows(a->folder, "m", epoch, names[i]))
				ck_assert_double_eq(metric(a->folder, "m", epoch, names[i]), metric(b->folder, "m", epoch, names[i]));
		}
}

/* ---- readings ---- */

static const char *reading_text(const struct reading *r, const char *more)
{
	return arena_printf(life, NETS3 "  cut: {model: cnn, widths: [4, 6, 8], convs: 1, cut: 1}\n" STAGES TEACH3
		"  - {name: on, kind: supervise, train: big, from: teach.last, epochs: 1}\n"
		"  - {name: plateau, kind: supervise, train: big, epochs: 3, schedule: steps, drops: [0.4], anchors: {rule: plateau}}\n"
		"  - {name: equal, kind: supervise, train: big, epochs: 3, anchors: {count: 2, rule: equal}}\n"
		"  - {name: cut, kind: supervise, train: cut, from: teach.last, moves: head, epochs: 1}\n" BLOCKS "train: small, %s%s%s}\n", strstr(r->options, "teacher: ") ? "" : "teacher: teach.anchors, ", r->options, more);
}

/* Each says something that can be run; those that select nothing beside the defaults are the ones that are known to. */
START_TEST(readings)
{
	static const char *const plain[] = {"anchors", "greedy", "tail_critic", "one_generator"};
	const struct reading *r = &reading_all[_i];
	struct experiment *x = open_ok(reading_text(r, "")), *base = open_ok(reading_text(&(struct reading){.options = "kd: 1"}, "")), *bad = NULL;
	struct stage_plan_sum sum;
	bool is_plain = false;
	ck_ok(stage_check(x, &x->stage[5], NULL, false, &sum, &e));
	ck_assert(sum.steps > 0 && sum.macs > 0 && sum.memory > 0);
	for (int k = 0; k < 4; k++)
		is_plain |= !strcmp(plain[k], r->name);
	ck_assert_int_eq(!strcmp(x->stage[5].identity, base->stage[5].identity), is_plain);
	ck_assert(*r->name && *r->words && *r->says);
	for (int k = 0; k < _i; k++)
		ck_assert(strcmp(reading_all[k].name, r->name) != 0 && strcmp(reading_all[k].options, r->options) != 0);
	ck_assert_int_eq(open_text(&bad, "cpu", reading_text(r, ", polish_epoch: 1"), NULL), E_USER);
	ck_has(e.text, "unknown key 'polish_epoch' in stage 'm'; did you mean 'polish_epochs'?");
	experiment_close(bad);
	experiment_close(base);
	experiment_close(x);
}
END_TEST

/* ---- what is refused ---- */

static const struct { const char *options, *key, *says; } wrong[] = {
	{LAST "critic: {kind: teacher_block}", "critic", "critic 'teacher_block' judges block 3 by a copy of the block after it, and 'cnn' has blocks 1 to 3"},
	{LAST "critic: {kind: tail}", "kind", "unknown critic 'tail'"},
	{LAST "critic: {kind: small, mutual: true}", "mutual", "unknown key 'mutual' in critic of stage 'm'"},
	{LAST "greedy: false, cumulative: true", "cumulative", "'cumulative', 'order' and 'signal' mean nothing"},
	{LAST "greedy: false, order: backward", "order", "'cumulative', 'order' and 'signal' mean nothing"},
	{LAST "greedy: false, signal: both", "signal", "'cumulative', 'order' and 'signal' mean nothing"},
	{LAST "adversary: wasserstein, smoothing: 0.1", "smoothing", "'smoothing' means nothing for 'wasserstein'"},
	{LAST "adversary: hinge, smoothing: 0.1", "smoothing", "'smoothing' means nothing for 'hinge'"},
	{LAST "critic_every: 2, critic_steps: 3", "critic_steps", "not both"},
	{LAST "warm_up: -1", "warm_up", "0 to 1000000000"},
	{LAST "critic_steps: 0", "critic_steps", "1 to 1000"},
	{LAST "critic_every: -2", "critic_every", "1 to 1000"},
	{LAST "instruments: -1", "instruments", "0 to 1000"},
	{LAST "generators: 0", "generators", "1 to 8"},
	{LAST "blocks: [1, 4]", "blocks", "block 4 does not exist: 'cnn' has blocks 1 to 3"},
	{LAST "blocks: [2, 1]", "blocks", "'blocks' must rise: 1 after 2"},
	{LAST "blocks: [2, 2]", "blocks", "'blocks' must rise: 2 after 2"},
	{LAST "anchor_epochs: [1, 2]", "anchor_epochs", "'anchor_epochs' has 2 numbers for 1 teachers"},
	{"train: small, teacher: teach.anchors, anchor_epochs: [3]", "anchor_epochs", "'anchor_epochs' has 1 numbers for 3 teachers"},
	{"train: small, teacher: teach.anchors, follow: 0.1, meetings: 2, anchor_epochs: [1, 1, 1]", "anchor_epochs", "'anchor_epochs' has 3 numbers for 2 meetings"},
	{LAST "warm_up: 3, feature: 0", "warm_up", "the students learn from the feature term alone, and 'feature' is 0"},
	{LAST "copy_kd: 0.3, " SMALL, "copy_kd", "and critic 'small' has none"},
	{LAST "copy_kd: 0.3, blocks: [1], critic: {kind: teacher_block}", "copy_kd", "and critic 'teacher_block' has none"},
	{LAST "copy_kd: 0.3", "copy_kd", "and critic 'teacher_tail' has none: only {kind: teacher_tail, mutual: true} has"},
	{LAST "peer: 0.3", "peer", "and 'generators' is 1"},
	{LAST "control: true, adversarial: 0", "control", "with 'adversarial: 0' it has none"},
	{LAST "statistics: moving, greedy: false", "statistics", "with 'greedy: false' none is"},
	{LAST "gradient_penalty: -0.5", "gradient_penalty", "'gradient_penalty' is -0.5: a weight from 0 on, or -1"},
	{LAST "anchors: [1]", "anchors", "anchors"},
	{LAST "teacher_cache: f32", "teacher_cache", "reads features of its teacher"},
	{"teacher: teach.last, train: student", "train", "has 2 blocks but its teacher 'cnn' has 3"},
};

/* "x.yaml:LINE:COLUMN: " of the value of the last key of that name in the last line; of the key itself where it is unknown. */
static const char *place_of(const char *text, const char *key, bool unknown)
{
	const char *last = text;
	int line = 1;
	for (const char *p = text; *p; p++)
		if (*p == '\n' && p[1]) {
			line++;
			last = p + 1;
		}
	const char *pair = arena_printf(life, " %s: ", key), *inner = arena_printf(life, "{%s: ", key), *at = NULL;
	for (const char *p = last; *p; p++)
		at = str_starts(p, pair) || str_starts(p, inner) ? p : at;
	ck_assert_ptr_nonnull(at);
	return arena_printf(life, "x.yaml:%d:%d: ", line, (int)(at - last) + (unknown ? 2 : (int)strlen(pair) + 1));
}

START_TEST(refused)
{
	struct experiment *x = NULL;
	const char *text = arena_printf(life, NETS3 STAGES TEACH3 BLOCKS "%s}\n", wrong[_i].options);
	ck_assert_int_eq(open_text(&x, "cpu", text, NULL), E_USER);
	ck_has(e.text, wrong[_i].says);
	ck_has(e.text, place_of(text, wrong[_i].key, strstr(wrong[_i].says, "unknown key")));
	ck_assert_msg(e.count == 1, "%d messages:\n%s", e.count, e.text);
	experiment_close(x);
}
END_TEST

START_TEST(more_anchors_than_epochs)
{
	struct experiment *x = NULL;
	const char *text = NETS3 STAGES "  - {name: teach, kind: supervise, train: big, epochs: 3, anchors: {count: 4}}\n" BLOCKS "train: small, teacher: teach.anchors}\n";
	ck_assert_int_eq(open_text(&x, "cpu", text, NULL), E_USER);
	ck_has(e.text, "x.yaml:13:");
	ck_has(e.text, "4 anchors");
	experiment_close(x);
}
END_TEST

/* A teacher that ends before the first paired block would teach nothing. */
START_TEST(teacher_without_a_block)
{
	struct experiment *x = NULL;
	const char *text = NETS3 "  cut: {model: cnn, widths: [4, 6, 8], convs: 1, cut: 1}\n" STAGES TEACH3
		"  - {name: cut, kind: supervise, train: cut, from: teach.last, moves: head, epochs: 1}\n"
		BLOCKS "train: small, blocks: [2, 3], teacher: [teach.last, cut.last]}\n";
	ck_assert_int_eq(open_text(&x, "cpu", text, NULL), E_USER);
	ck_has(e.text, "teacher 2 of 2 ends with block 1, and the first of 'blocks' is 2: nothing would be learnt from it");
	ck_has(e.text, "x.yaml:16:81: ");
	experiment_close(x);
}
END_TEST

/* ---- a head that no step has reached ---- */

#define HEADLESS(more) M3_SHORT(LAST "polish_epochs: 0, " more)
/* epochs: of the stage; answers: after which of them (a bit each) the student's own logits mean something. Four steps an epoch. */
static const struct { const char *text; int epochs; unsigned answers; } headless[] = {
	{HEADLESS("head_epochs: 0"), 3, 0},
	{HEADLESS("head_epochs: 1"), 4, 1u << 4},
	{HEADLESS("greedy: false, warm_up: 1000"), 3, 0},
	{HEADLESS("greedy: false, warm_up: 6"), 3, 1u << 2 | 1u << 3},
	{HEADLESS("greedy: false, warm_up: 2, critic_steps: 2"), 3, 1u << 2 | 1u << 3},
	{HEADLESS("greedy: false, head_ce: 0, head_kd: 0"), 3, 0},
	{HEADLESS("greedy: false"), 3, 1u << 1 | 1u << 2 | 1u << 3},
	{HEADLESS("head_epochs: 0, signal: output"), 3, 1u << 1 | 1u << 2 | 1u << 3},
	{HEADLESS("head_epochs: 0, signal: output, kd: 0, ce: 0"), 3, 0},
};

/* It has no accuracy, of held-out pictures or of test pictures, and does not compete for the best; the graft stays. */
START_TEST(no_accuracy)
{
	const struct trained t = train_ok("out", headless[_i].text);
	for (int epoch = 1; epoch <= headless[_i].epochs; epoch++)
		ck_assert_msg(rows(t.folder, "m", epoch, "valid_top1") == !!(headless[_i].answers & 1u << epoch), "epoch %d of '%s'", epoch, headless[_i].text);
	static const char *const names[] = {"test_top1", "train_top1_clean", "gap_to_teacher", "valid_top1_last", "test_top1_best"};
	const int any = headless[_i].answers != 0;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		ck_assert_msg(rows(t.folder, "m", -1, names[i]) == any, "%s", names[i]);
	ck_assert(isnan(t.result[1].test_last) == !any && isnan(t.result[1].test_best) == !any);
	ck_assert(isfinite(t.result[1].teacher_test));
	ck_assert(any || rows(t.folder, "m", headless[_i].epochs, "valid/graft") == 1);
	ck_assert(any || rows(t.folder, "m", -1, "train_top1_running") == 0);
	ck_assert_int_gt(weights_of(t.folder, "m", "last").n, 0);
}
END_TEST

/* Weights that were trained before bring a head of their own. */
START_TEST(head_of_another_stage)
{
	const struct trained t = train_ok("out", NETS3 STAGES TEACH3 "  - {name: before, kind: supervise, train: small, epochs: 1}\n"
		BLOCKS LAST "epochs: 1, head_epochs: 0, polish_epochs: 0, from: before.last}\n");
	ck_assert(isfinite(t.result[2].test_last));
}
END_TEST

/* ---- teachers that follow the student ---- */

#define MEET(teachers, more) NETS3 STAGES TEACH3 BLOCKS "train: small, epochs: 1, head_epochs: 1, polish_epochs: 1, teacher: " teachers more "}\n"

static const struct { const char *options, *list, *told; int epochs; } followed[] = {
	{"follow: 1000, meetings: 3", "['teach.anchors[0]', 'teach.anchors[2]', 'teach.anchors[2]']", "meeting 2 of 3 is with anchor 3 of 3", 11},
	{"follow: 1e-9, meetings: 3", "teach.anchors", "meeting 2 of 3 is with anchor 2 of 3", 11},
	{"follow: 1e-9, meetings: 2", "['teach.anchors[0]', 'teach.anchors[2]']", "meeting 2 of 2 is with anchor 3 of 3", 8}, /* the last takes the last */
	{"follow: 1000, meetings: 1", "teach.last", "meeting 1 of 1 is with anchor 3 of 3", 5}, /* also the only one */
};

/* As far as the threshold lets it: what a list of these teachers would have left, bit for bit; and the same when it is stopped every few steps. */
START_TEST(follows)
{
	const char *text = arena_printf(life, MEET("teach.anchors", ", %s"), followed[_i].options);
	const struct trained t = train_ok("out", text), list = train_ok("list", arena_printf(life, MEET("%s", ""), followed[_i].list));
	char *log;
	size_t n;
	ck_assert(same_stage(&t, &list));
	same_rows(&t, &list, followed[_i].epochs);
	ck_ok(file_read(life, path_join(life, t.folder, "log.txt"), false, &log, &n, &e));
	ck_has(log, followed[_i].told);
	struct trained often;
	enum status st = E_STOP;
	int stops = 0;
	for (; st == E_STOP && stops < 100; stops++) {
		struct experiment *x = open_ok(text);
		stop_after(x, 23 + 16 * (stops % 4));
		st = train(x, "often", &often);
		experiment_close(x);
	}
	ck_assert_msg(st == OK, "%s", e.text);
	ck_assert_int_ge(stops, 6);
	ck_assert(same_stage(&t, &often));
	same_rows(&t, &often, followed[_i].epochs);
}
END_TEST

START_TEST(follows_one_network)
{
	struct experiment *x = NULL;
	const char *text = NETS3 STAGES TEACH3 "  - {name: two, kind: supervise, train: twin, epochs: 1}\n"
		BLOCKS "train: small, teacher: [teach.last, two.last], follow: 0.1}\n";
	ck_assert_int_eq(open_text(&x, "cpu", text, NULL), E_USER);
	ck_has(e.text, "'follow' chooses among teachers of one network: ");
	ck_has(e.text, "x.yaml:15:");
	experiment_close(x);
	text = MEET("teach.anchors", ", follow: 0.1");
	ck_assert_int_eq(open_text(&x, "cpu", text, "data.held_out=0", NULL), E_USER);
	ck_has(e.text, "'follow' measures on held-out pictures, and 'data.held_out' is 0");
	ck_has(e.text, place_of(text, "follow", false));
	experiment_close(x);
}
END_TEST

START_TEST(own_epochs)
{
	const struct trained t = train_ok("out", MEET("teach.anchors", ", blocks: [1, 3], anchor_epochs: [1, 3, 2]"));
	static const char *const names[] = {"anchor 1/3 block 1/3", "anchor 1/3 block 3/3", "anchor 2/3 block 1/3", "anchor 2/3 block 3/3", "anchor 3/3 block 1/3",
	                                    "anchor 3/3 block 3/3", "head", "polish"};
	static const int epochs[] = {1, 1, 3, 3, 2, 2, 1, 1};
	struct experiment *x = open_ok(MEET("teach.anchors", ", blocks: [1, 3], anchor_epochs: [1, 3, 2]"));
	struct stage_run *r = NULL;
	ck_ok(stage_run_open(x, &x->stage[1], &r, &e));
	ck_assert_int_eq(r->n_lesson, 8);
	for (int k = 0; k < 8; k++) {
		ck_assert_str_eq(r->lesson[k].label, names[k]);
		ck_assert_int_eq(r->lesson[k].epochs, epochs[k]);
	}
	stage_run_close(r);
	experiment_close(x);
	ck_assert_int_eq(t.result[1].epochs, 14);
	ck_assert_double_eq(t.result[1].images, 14 * 56);
}
END_TEST

/* ---- controls ---- */

#define PAIR(more) NETS3 STAGES TEACH3 BLOCKS LAST "control: true, epochs: 1, head_epochs: 1, polish_epochs: 1" more "}\n"
#define WITHOUT(more) NETS3 STAGES TEACH3 BLOCKS LAST "adversarial: 0, epochs: 1, head_epochs: 1, polish_epochs: 1" more "}\n"

static bool same_pair(const struct trained *t)
{
	const struct st_file a = weights_of(t->folder, "m", "last"), b = weights_of(t->folder, "m-control", "last");
	return same_tensors(&a, &b);
}

/* Begins as the stage does, since without rates it is where that one is; is the stage without its critic; and the pair is told, without a verdict. */
START_TEST(controls)
{
	const struct trained still = train_ok("still", PAIR(", lr: 0, polish_lr: 0")), t = train_ok("out", PAIR("")), alone = train_ok("alone", WITHOUT(""));
	ck_assert_str_eq(t.result[2].stage->name, "m-control");
	ck_assert(same_pair(&still) && !same_pair(&t));
	ck_assert_int_gt(rows(t.folder, "m", -1, "critic/loss"), 0);
	ck_assert_int_eq(rows(t.folder, "m-control", -1, "critic/loss"), 0);
	const struct st_file a = weights_of(t.folder, "m-control", "last"), b = weights_of(alone.folder, "m", "last");
	ck_assert(same_tensors(&a, &b));
	struct experiment *x = open_ok(PAIR("")), *y = open_ok(WITHOUT(""));
	ck_assert_int_eq(x->n_stage, 3);
	ck_assert_str_eq(x->stage[2].identity, y->stage[1].identity);
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);
	ck_assert_ptr_nonnull(f);
	results_print(f, x, t.result);
	fclose(f);
	ck_has(text, arena_printf(life, "'m': test %.2f %% with its adversary, %.2f %% without, from the same initialisation. One pair is no verdict.",
	                          t.result[1].test_last, t.result[2].test_last));
	free(text);
	experiment_close(y);
	experiment_close(x);
}
END_TEST

/* ---- the same bits ---- */

static const char *const observed[] = {SMALL, "critic: {kind: teacher_tail, mutual: true}, copy_kd: 0.1, generators: 2", "greedy: false, adversary: least_squares"};

/* Instruments change nothing, on ref and on cpu. */
START_TEST(instruments_are_neutral)
{
	struct trained t[2];
	const char *device = _i % 2 ? "cpu" : "ref";
	for (int k = 0; k < 2; k++)
		t[k] = train_on(device, k ? "one" : "none",
		                arena_printf(life, M3_SHORT(LAST "head_epochs: 1, polish_epochs: 1, instruments: %d, %s"), k, observed[_i / 2]), NULL);
	ck_assert(same_stage(&t[0], &t[1]));
	same_rows(&t[0], &t[1], 5);
	ck_assert_int_eq(rows(t[0].folder, "m", -1, "gradient/feature") + rows(t[0].folder, "m", -1, "gradient/feature2"), 0);
	ck_assert_int_gt(rows(t[1].folder, "m", -1, _i / 2 < 2 ? "gradient/cosine" : "gradient/cosine2"), 0);
}
END_TEST

/* Without anything between them, the first of two is what one alone would be; with peers or a critic in common it is not. */
START_TEST(first_is_left)
{
#define ONE M3_SHORT(LAST "head_epochs: 1, polish_epochs: 1, adversarial: 0, peer: 0")
	const struct trained one = train_on("ref", "one", ONE, NULL), two = train_on("ref", "two", ONE, "stages.m.generators=2");
	ck_assert(same_stage(&one, &two));
	/* The second student is no adapter, and no share of the first. */
	char *text;
	size_t n;
	ck_ok(file_read(life, path_join(life, two.folder, "log.txt"), false, &text, &n, &e));
	ck_assert_double_eq(two.result[1].trained_max, one.result[1].trained_max);
	ck_has(text, "m polish: 254 of 254 parameters and 254 of other networks moved");
	/* Nor are its adapters, where adapters move with the whole. */
#define WHOLE M3_SHORT(LAST "greedy: false, polish_epochs: 0, adversarial: 0, peer: 0")
	ck_assert_double_eq(train_on("ref", "a", WHOLE, "stages.m.generators=2").result[1].trained_max, train_on("ref", "b", WHOLE, NULL).result[1].trained_max);
	struct experiment *x = NULL;
	struct trained peers;
	ck_ok(open_text(&x, "ref", ONE, "stages.m.generators=2", "stages.m.peer=1", NULL));
	ck_ok(train(x, "peers", &peers));
	experiment_close(x);
	ck_assert(!same_stage(&one, &peers));
	ck_assert_int_eq(rows(peers.folder, "m", -1, "loss/peer"), 3);
	ck_assert_int_eq(rows(peers.folder, "m", -1, "loss/head_peer"), 2);
}
END_TEST

/* Four steps an epoch: the warm-up ends in the second one, wherever the run was stopped. */
START_TEST(warm_up_is_kept)
{
	const char *text = M3("train: small, teacher: teach.last, blocks: [1, 2], epochs: 2, head_epochs: 1, polish_epochs: 1, warm_up: 6, adversarial: 1, " SMALL);
	const struct trained whole = train_ok("whole", text), none = train_on("cpu", "none", text, "stages.m.warm_up=0"),
		never = train_on("cpu", "never", text, "stages.m.warm_up=1000000");
	struct trained often;
	enum status st = E_STOP;
	int stops = 0;
	ck_assert(!same_stage(&whole, &none) && !same_stage(&whole, &never));
	for (; st == E_STOP && stops < 100; stops++) {
		struct experiment *x = open_ok(text);
		stop_after(x, 23 + 16 * (stops % 3));
		st = train(x, "often", &often);
		experiment_close(x);
	}
	ck_assert_msg(st == OK, "%s", e.text);
	ck_assert_int_ge(stops, 6);
	ck_assert(same_stage(&whole, &often));
	same_rows(&whole, &often, 6);
}
END_TEST

void blocks_run_cases(Suite *s)
{
	TCase *tc = life_case(s, "stages");
	tcase_add_loop_test(tc, readings, 0, reading_count);
	tcase_add_loop_test(tc, refused, 0, sizeof wrong / sizeof *wrong);
	tcase_add_test(tc, more_anchors_than_epochs);
	tcase_add_test(tc, teacher_without_a_block);
	tcase_add_loop_test(tc, no_accuracy, 0, sizeof headless / sizeof *headless);
	tcase_add_test(tc, head_of_another_stage);
	tcase_add_loop_test(tc, follows, 0, sizeof followed / sizeof *followed);
	tcase_add_test(tc, follows_one_network);
	tcase_add_test(tc, own_epochs);
	tcase_add_test(tc, controls);
	tcase_add_loop_test(tc, instruments_are_neutral, 0, 6);
	tcase_add_test(tc, first_is_left);
	tcase_add_test(tc, warm_up_is_kept);
}
