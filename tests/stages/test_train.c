/* Whole stages: what they leave, what they record, and that the same inputs give the same bits. */
#include "tests/stages/suites.h"

#include <math.h>
#include <stdlib.h>

#include "base/file.h"
#include "runs/origin.h"

#define M "  - {name: m, kind: blocks, train: student, teacher: teach.anchors, epochs: 1, head_epochs: 1, polish_epochs: 1"

#define M0 "  - {name: b, kind: supervise, train: student, epochs: 1}\n"

static int epoch_of(const struct st_file *f)
{
	return (int)strtol(st_meta(f, "epoch"), NULL, 10);
}

/* Each runs and gives numbers. */
static const struct { const char *more; int epochs; } variants[] = {
	{"}", 6}, {", greedy: false}", 5}, {", critic_every: 2}", 6}, {", critic_every: 3, greedy: false}", 5}, {", blocks: [1]}", 4}, {", blocks: [2]}", 4},
	{", adversarial: 0}", 6}, {", feature: 0}", 6}, {", kd: 0}", 6}, {", ce: 0}", 6}, {", kd: 0, ce: 0}", 6}, {", kd: 0, ce: 0, feature: 0}", 6},
	{", head_ce: 0}", 6}, {", head_kd: 0}", 6}, {", polish_ce: 0}", 6}, {", polish_kd: 0}", 6}, {", head_ce: 0, head_kd: 0, greedy: false}", 5},
	{", adversary: least_squares, adapter: always}", 6}, {", critic: {kind: small, width: 4, depth: 2}}", 6}, {", optimizer: adam, lr: 0.001}", 6},
};
enum { N_VARIANT = sizeof variants / sizeof *variants };

START_TEST(blocks_variants)
{
	const char *text = arena_printf(life, TOP STAGES TEACH M "%s\n", variants[_i].more);
	const struct trained t = train_ok("out", text);
	ck_assert_int_eq(t.result[1].epochs, variants[_i].epochs);
	ck_assert_int_eq(rows(t.folder, "m", -1, "loss"), variants[_i].epochs);
	for (int i = 1; i <= variants[_i].epochs; i++)
		ck_assert(isfinite(metric(t.folder, "m", i, "loss")));
	ck_assert_double_eq(t.result[1].images, 56.0 * variants[_i].epochs);
	ck_assert(isfinite(t.result[1].test_last) && isfinite(t.result[1].test_best));
	const bool critic = !strstr(variants[_i].more, "adversarial: 0");
	const bool together = strstr(variants[_i].more, "greedy: false");
	const double d = metric(t.folder, "m", 1, together ? "critic1/loss" : "critic/loss");
	ck_assert_msg(critic == isfinite(d), "the critic's loss is %g", d);
	ck_assert_int_eq(file_exists(path_join(life, t.folder, "stages/m/resume.safetensors")), 0);
}
END_TEST

/* Without a head or a polish nothing gives logits to choose by: the last epoch is the rule. */
START_TEST(no_end)
{
	const struct trained t = train_ok("out", TOP STAGES TEACH
		"  - {name: m, kind: blocks, train: student, teacher: teach.last, epochs: 1, head_epochs: 0, polish_epochs: 0}\n");
	const struct st_file last = weights_of(t.folder, "m", "last"), best = weights_of(t.folder, "m", "best");
	ck_assert(same_tensors(&last, &best));
	ck_assert(isnan(t.result[1].test_best));
	ck_assert_int_eq(rows(t.folder, "m", -1, "valid_top1"), 0);
}
END_TEST

START_TEST(anchors_and_best)
{
	const struct trained t = train_ok("out", TOP STAGES "  - {name: teach, kind: supervise, train: teacher, epochs: 5, anchors: [1, 3, 5], lr: 0.3}\n");
	const struct st_file last = weights_of(t.folder, "teach", "last"), best = weights_of(t.folder, "teach", "best");
	for (int i = 1; i <= 3; i++) {
		const struct st_file anchor = weights_of(t.folder, "teach", arena_printf(life, "anchor-%d", i));
		ck_assert_int_eq(epoch_of(&anchor), 2 * i - 1);
		ck_assert_int_eq(same_tensors(&anchor, &last), i == 3);
	}
	ck_assert_int_eq(epoch_of(&last), 5);
	int first = 1;
	for (int i = 2; i <= 5; i++)
		first = metric(t.folder, "teach", i, "valid_top1") > metric(t.folder, "teach", first, "valid_top1") ? i : first;
	ck_assert_int_eq(epoch_of(&best), first);
	ck_assert_double_eq(t.result[0].valid_last, metric(t.folder, "teach", 5, "valid_top1"));
	ck_assert_double_eq(metric(t.folder, "teach", 1, "trained_parameters"), t.result[0].whole);
	ck_assert_double_eq(t.result[0].trained_max, t.result[0].whole);
}
END_TEST

/* The test pictures are looked at where the held-out ones are, and choose no weights. */
START_TEST(watched)
{
	const struct trained plain = train_ok("plain", TOP STAGES "  - {name: a, kind: supervise, train: teacher, epochs: 5, lr: 0.3, eval_every: 2}\n" M0);
	const struct trained t = train_ok("out", TOP STAGES
		"  - {name: a, kind: supervise, train: teacher, epochs: 5, lr: 0.3, eval_every: 2, watch_test: true}\n" M0);
	ck_assert_int_eq(rows(t.folder, "a", -1, "test_top1_watched"), 3);
	double most = 0;
	for (int i = 2; i <= 5; i += i == 4 ? 1 : 2) {
		ck_assert(isfinite(metric(t.folder, "a", i, "test_top1_watched")));
		most = fmax(most, metric(t.folder, "a", i, "test_top1_watched"));
	}
	ck_assert_double_eq(metric(t.folder, "a", 5, "test_top1_watched"), t.result[0].test_last);
	ck_assert_double_eq(t.result[0].best_on_test, most);
	ck_assert_double_eq(metric(t.folder, "a", 5, "test_top1_best_test"), most);
	ck_assert_double_eq(t.result[0].test_best, plain.result[0].test_best);
	const struct st_file best = weights_of(t.folder, "a", "best"), same = weights_of(plain.folder, "a", "best");
	ck_assert(same_tensors(&best, &same));
	ck_assert(isnan(plain.result[0].best_on_test));
	ck_assert_int_eq(rows(plain.folder, "a", -1, "test_top1_watched") + rows(plain.folder, "a", -1, "test_top1_best_test"), 0);
	ck_assert(isnan(t.result[1].best_on_test)); /* another stage, which is not watched */
	ck_assert_double_eq(train_ok("out", TOP STAGES
		"  - {name: a, kind: supervise, train: teacher, epochs: 5, lr: 0.3, eval_every: 2, watch_test: true}\n" M0).result[0].best_on_test, most); /* read back */
}
END_TEST

static const struct { const char *set; double images; } sizes[] = {
	{"data.held_out=0", 80 * 2}, {"data.drop_last=true", 48 * 2}, {"data.drop_last=false", 56 * 2}, {"data.batch=100", 56 * 2}, {"data.batch=56", 56 * 2},
	{"data.batch=1", 56 * 2}, {"data.limit=8", 8 * 2}, {"stages.teach.eval_every=7", 56 * 2}, {"data.eval_batch=1000", 56 * 2},
};

START_TEST(sizes_of_batches)
{
	struct experiment *x = NULL;
	struct trained t;
	ck_ok(open_text(&x, "cpu", TOP STAGES TEACH, sizes[_i].set, NULL));
	ck_ok(train(x, "out", &t));
	experiment_close(x);
	ck_assert_double_eq(t.result[0].images, sizes[_i].images);
	ck_assert(isfinite(metric(t.folder, "teach", 2, "loss")));
	const bool held = _i != 0;
	ck_assert_int_eq(isfinite(t.result[0].test_best), held);
	ck_assert_int_eq(rows(t.folder, "teach", -1, "valid_top1"), !held ? 0 : strstr(sizes[_i].set, "eval_every") ? 1 : 2);
	const struct st_file last = weights_of(t.folder, "teach", "last"), best = weights_of(t.folder, "teach", "best");
	ck_assert(held || same_tensors(&last, &best));
}
END_TEST

START_TEST(dropped_whole)
{
	struct experiment *x = NULL;
	ck_assert_int_eq(open_text(&x, "cpu", TOP STAGES TEACH, "data.drop_last=true", "data.batch=57", NULL), E_USER);
	ck_has(e.text, "drop_last leaves nothing");
	experiment_close(x);
}
END_TEST

#define BOTH TOP STAGES TEACH M ", critic_every: 2}\n  - {name: kd, kind: distill, train: student, teacher: teach.anchors, epochs: 2, watch_test: true, losses: [{kind: kd}, " \
	"{kind: hint, student: block1, teacher: block2, weight: 0.5}]}\n"

static void same_artefacts(const struct trained *a, const struct trained *b)
{
	static const char *const stages[] = {"teach", "m", "kd"}, *const names[] = {"last", "best"};
	for (int i = 0; i < 6; i++) {
		const struct st_file x = weights_of(a->folder, stages[i / 2], names[i % 2]), y = weights_of(b->folder, stages[i / 2], names[i % 2]);
		ck_assert_msg(same_tensors(&x, &y), "%s.%s differs", stages[i / 2], names[i % 2]);
	}
}

START_TEST(same_twice)
{
	const struct trained a = train_ok("one", BOTH), b = train_ok("two", BOTH);
	same_artefacts(&a, &b);
}
END_TEST

/* `late` runs ref's kernels on a thread of its own, behind a delay: who reads without waiting reads something else. */
START_TEST(late_is_ref)
{
	static const char *const devices[] = {"ref", "late"};
	struct trained t[2];
	for (int i = 0; i < 2; i++) {
		struct experiment *x = NULL;
		ck_ok(open_text(&x, devices[i], BOTH, "data.n_train=56", "data.n_test=16", NULL));
		ck_ok(train(x, devices[i], &t[i]));
		experiment_close(x);
	}
	same_artefacts(&t[0], &t[1]);
	for (int i = 0; i < 3; i++) {
		ck_assert_double_eq(t[0].result[i].test_last, t[1].result[i].test_last);
		ck_assert_double_eq(t[0].result[i].valid_last, t[1].result[i].valid_last);
	}
	ck_assert_double_eq(metric(t[0].folder, "m", 1, "critic/loss"), metric(t[1].folder, "m", 1, "critic/loss"));
}
END_TEST

/* The order of the pictures and their views do not depend on threads: the first step's loss is the same but for rounding. */
START_TEST(threads)
{
	double loss[2];
	const char *text = "name: a\nprecision: f32\ndata: {kind: synth, batch: 30, n_train: 60, n_test: 8, held_out: 0, classes: 4, size: 8, limit: 30, crop: 2,"
		" flip: true}\nnetworks: {s: {model: cnn, widths: [4, 8], convs: 1}}\nstages:\n  - {name: a, kind: supervise, train: s, epochs: 1}\n";
	for (int i = 0; i < 2; i++) {
		struct experiment *x = NULL;
		struct trained t;
		const char *set = i ? "data.workers=3" : "data.workers=1";
		const struct experiment_options o = {.threads = i + 1, .n_set = 1, .set = &set};
		ck_ok(experiment_open(life, text_file("x.yaml", text), &o, &x, &e));
		ck_ok(train(x, i ? "two" : "one", &t));
		experiment_close(x);
		loss[i] = metric(t.folder, "a", 1, "loss");
	}
	ck_assert_double_eq_tol(loss[0], loss[1], 1e-5);
}
END_TEST

/* Weights of such size that every step overflows: told, saved, nothing kept, whether some are undone first or none. */
START_TEST(overflow)
{
	struct experiment *x = open_ok(TOP STAGES TEACH), *y = NULL;
	struct net *net = NULL;
	double *w = NEW_ARRAY(life, double, 1 << 16);
	for (int i = 0; i < 1 << 16; i++)
		w[i] = 1e37;
	ck_ok(experiment_net(x, life, "teacher", "teacher", &net, &e));
	ck_ok(params_place(net->params, x->dev, &e));
	for (int i = 0; i < net->params->n_param; i++)
		ck_ok(params_put(net->params, i, false, w, &e));
	const char *file = scratch_path("huge.safetensors");
	ck_ok(weights_save(net->params, file, NULL, 0, &e));
	struct trained t;
	ck_ok(open_text(&y, "cpu", arena_printf(life, TOP STAGES "  - {name: a, kind: supervise, train: teacher, from: {file: %s}%s}\n", file,
		_i ? "" : ", rollbacks: 0"), NULL));
	ck_assert_int_eq(train(y, "out", &t), E_RUN);
	ck_has(e.text, "is not finite");
	ck_has(e.text, _i ? "number 3 of the stage's steps that were not finite, and 'rollbacks' is 2" : "is not finite");
	ck_has(e.text, _i ? "in stage 'a', lesson 1, epoch 1, batch 2" : "in stage 'a', lesson 1, epoch 1, batch 0");
	ck_assert(_i || !strstr(e.text, "number"));
	ck_has(e.text, "resume.safetensors");
	experiment_close(y);
	struct resume place;
	bool found = false;
	err_clear(&e);
	ck_ok(resume_peek(life, path_join(life, t.folder, "stages/a/resume.safetensors"), &place, origin_program(), &found, &e));
	ck_assert(found);
	ck_assert_int_eq(place.step, _i ? 2 : 0);
	ck_assert_int_eq(place.rollbacks, _i ? 2 : 0);
	struct st_file f;
	ck_ok(st_read(life, path_join(life, t.folder, "stages/a/resume.safetensors"), &f, &e));
	const struct st_tensor *kept = st_find(&f, "set/0/teacher/param");
	char *raw = arena_alloc(life, params_bytes(net->params, false));
	ck_assert_ptr_nonnull(kept);
	ck_ok(params_read(net->params, false, raw, &e));
	ck_assert(!memcmp(raw, kept->data, kept->bytes));
	params_release(net->params);
	experiment_close(x);
}
END_TEST

/* Weights that start a stage are where it starts: with no rate at all it ends there. */
START_TEST(starts_from)
{
	const struct trained t = train_ok("out", TOP STAGES TEACH "  - {name: a, kind: supervise, train: teacher, epochs: 1, lr: 0, from: 'teach.anchors[0]'}\n"
		"  - {name: b, kind: supervise, train: teacher, epochs: 1, lr: 0}\n");
	const struct st_file anchor = weights_of(t.folder, "teach", "anchor-1"), a = weights_of(t.folder, "a", "last"), b = weights_of(t.folder, "b", "last");
	bool same = true, other = false;
	for (int i = 0; i < anchor.n; i++) {
		if (strstr(anchor.tensor[i].name, "running") || anchor.tensor[i].is_i64)
			continue;
		same &= !memcmp(anchor.tensor[i].data, a.tensor[i].data, a.tensor[i].bytes);
		other |= memcmp(anchor.tensor[i].data, b.tensor[i].data, b.tensor[i].bytes) != 0;
	}
	ck_assert(same && other);
}
END_TEST

/* Stopped every few steps, within epochs and at their ends, in every lesson: the same bits and metrics at the end. */
START_TEST(stopped_often)
{
	static const char *const names[] = {"loss", "train_top1_running", "valid_top1", "valid_loss", "critic/loss", "critic/real_accuracy", "loss/hint", "test_top1", "test_top1_watched", "test_top1_best_test"};
	const struct trained whole = train_ok("one", BOTH);
	struct trained t;
	enum status st = E_STOP;
	int stops = 0;
	for (; st == E_STOP && stops < 200; stops++) {
		struct experiment *x = open_ok(BOTH);
		stop_after(x, 7 + 16 * (stops % 4));
		st = train(x, "two", &t);
		experiment_close(x);
	}
	ck_assert_msg(st == OK, "%s", e.text);
	ck_assert_int_ge(stops, 10);
	same_artefacts(&whole, &t);
	same_events(whole.folder);
	same_events(t.folder);
	for (int s = 0; s < 3; s++)
		for (size_t i = 0; i < sizeof names / sizeof *names; i++)
			for (int epoch = 1; epoch <= 6; epoch++) {
				static const char *const stages[] = {"teach", "m", "kd"};
				const int n = rows(whole.folder, stages[s], epoch, names[i]);
				ck_assert_int_eq(rows(t.folder, stages[s], epoch, names[i]), n);
				if (n)
					ck_assert_double_eq(metric(t.folder, stages[s], epoch, names[i]), metric(whole.folder, stages[s], epoch, names[i]));
			}
}
END_TEST

/* What comes behind a checkpoint is taken back: later epochs, the rows of the end, a row that a kill cut. */
START_TEST(trimmed)
{
	struct experiment *x = open_ok(TOP STAGES TEACH "  - {name: teach2, kind: supervise, train: student}\n");
	struct record *rec = NULL;
	int64_t id = 0;
	ck_ok(dir_make(scratch_path("out"), &e));
	ck_ok(record_open(life, x, scratch_path("out"), false, &rec, &e));
	ck_ok(store_stage_begin(rec->store, rec->run, "teach", "supervise", x->stage[0].identity, &id, &e));
	for (int epoch = 1; epoch <= 3; epoch++)
		ck_ok(record_metric(rec, &x->stage[0], id, "", epoch, epoch, "loss", epoch, &e));
	ck_ok(record_metric(rec, &x->stage[0], id, "end", 2, 2, "test_top1", 50, &e));
	ck_ok(record_metric(rec, &x->stage[1], id, "end", 9, 9, "test_top1", 60, &e));
	fputs("teach,,1,1,lo", rec->csv);
	ck_ok(record_trim(rec, &x->stage[0], id, 2, &e));
	ck_assert_int_eq(rows(rec->folder, "teach", -1, NULL), 2);
	ck_assert_int_eq(rows(rec->folder, "teach", 2, "loss"), 1);
	ck_assert_int_eq(rows(rec->folder, "teach2", 9, "test_top1"), 1);
	same_events(rec->folder);
	ck_ok(record_metric(rec, &x->stage[0], id, "", 3, 3, "loss", 3, &e));
	ck_ok(record_flush(rec, &e));
	ck_assert_int_eq(rows(rec->folder, "teach", -1, "loss"), 3);
	same_events(rec->folder);
	ck_ok(record_close(rec, "done", 1, &e));
	experiment_close(x);
}
END_TEST

/* `ref` holds everything as doubles, where a power of two in front of gradients is exact: in f16 it learns what it does in f32, stopped or not, and the loss
   scale and the steps that were taken by it are in every resume state. */
START_TEST(half_on_ref)
{
	static const char *const text = TOP STAGES TEACH
		"  - {name: kd, kind: distill, train: student, teacher: teach.last, epochs: 2, clip: 0.1, optimizer: adam, lr: 0.01, teacher_precision: f32}\n";
	static const char *const names[] = {"teach", "kd"}, *const both[] = {"loss", "valid_top1", "lr"};
	struct trained t[3];
	enum status st = E_STOP;
	int seen = 0;
	for (int i = 0; i < 2; i++) {
		struct experiment *x = NULL;
		ck_ok(open_text(&x, "ref", text, i ? "precision=f16" : NULL, NULL));
		ck_ok(train(x, i ? "f16" : "f32", &t[i]));
		experiment_close(x);
	}
	for (int stops = 0; st == E_STOP && stops < 60; stops++) {
		struct experiment *x = NULL;
		ck_ok(open_text(&x, "ref", text, "precision=f16", NULL));
		stop_after(x, 40 + 24 * (stops % 3));
		st = train(x, "stopped", &t[2]);
		for (int s = 0; st == E_STOP && s < 2; s++) {
			struct resume place = {0};
			bool found = false;
			err_clear(&e);
			const char *path = path_join(life, t[2].folder, arena_printf(life, "stages/%s/resume.safetensors", names[s]));
			ck_ok(resume_peek(life, path, &place, origin_program(), &found, &e));
			ck_assert(!found || (place.loss_scale == LOSS_SCALE_START && place.scale_good == place.step && place.epoch_overflows == 0));
			seen += found && place.step > 4; /* beyond what one process did since it began */
		}
		err_clear(&e);
		experiment_close(x);
	}
	ck_assert_int_eq(st, OK);
	ck_assert_int_ge(seen, 1);
	for (int s = 0; s < 2; s++) {
		const struct st_file plain = weights_of(t[0].folder, names[s], "last");
		for (int i = 1; i < 3; i++) {
			const struct st_file half = weights_of(t[i].folder, names[s], "last");
			ck_assert(same_tensors(&plain, &half));
			for (int epoch = 1; epoch <= 2; epoch++) {
				for (size_t k = 0; k < sizeof both / sizeof *both; k++)
					ck_assert_double_eq(metric(t[i].folder, names[s], epoch, both[k]), metric(t[0].folder, names[s], epoch, both[k]));
				ck_assert_double_eq(metric(t[i].folder, names[s], epoch, "loss_scale"), LOSS_SCALE_START);
				ck_assert_double_eq(metric(t[i].folder, names[s], epoch, "overflows"), 0);
			}
		}
	}
	ck_assert_int_eq(rows(t[0].folder, "teach", -1, "loss_scale") + rows(t[0].folder, "kd", -1, "overflows"), 0);
}
END_TEST

Suite *train_suite(void)
{
	Suite *s = suite_create("train");
	TCase *tc = life_case(s, "train");
	tcase_add_loop_test(tc, blocks_variants, 0, N_VARIANT);
	tcase_add_test(tc, no_end);
	tcase_add_test(tc, anchors_and_best);
	tcase_add_test(tc, watched);
	tcase_add_loop_test(tc, sizes_of_batches, 0, sizeof sizes / sizeof *sizes);
	tcase_add_test(tc, dropped_whole);
	tcase_add_test(tc, same_twice);
	tcase_add_test(tc, late_is_ref);
	tcase_add_test(tc, stopped_often);
	tcase_add_test(tc, trimmed);
	tcase_add_test(tc, threads);
	tcase_add_loop_test(tc, overflow, 0, 2);
	tcase_add_test(tc, starts_from);
	tcase_add_test(tc, half_on_ref);
	return s;
}
