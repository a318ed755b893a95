/* Sweeps: each stage once, as `train` would leave it, whatever happens on the way. */
#include "tests/stages/suites.h"

#include <dirent.h>
#include <math.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "stages/sweep.h"

#define KD "  - {name: kd, kind: distill, train: student, teacher: teach.last, epochs: 2, losses: [{kind: ce, weight: 0.1}, {kind: kd, tau: 4}]}\n"
#define LABELS "  - {name: labels, kind: supervise, train: student, epochs: 2}\n"
#define SWEEP TOP STAGES TEACH KD LABELS "vary: {grid: {stages.kd.losses.kd.tau: [1, 3]}, seeds: 2}\n"

static enum status open_with(struct sweep **s, const char *text, const struct sweep_options *with)
{
	struct sweep_options o = *with;
	o.experiment.device = "cpu";
	o.experiment.threads = 1;
	o.out = o.out ? scratch_path(o.out) : scratch_path("out");
	err_clear(&e);
	return sweep_open(life, text_file("sweep.yaml", text), &o, s, &e);
}

static struct sweep *open_sweep(const char *text, const struct sweep_options *with)
{
	struct sweep *s = NULL;
	ck_ok(open_with(&s, text, with));
	ck_ok(sweep_refresh(s, &e));
	return s;
}

/* Trained to its end; for the caller to close. */
static struct sweep *trained_sweep(const char *text, const struct sweep_options *with)
{
	struct sweep *s = open_sweep(text, with);
	ck_ok(sweep_train(s, -1, -1, 16, &e));
	return s;
}

static int run_of(const struct sweep *s, int item)
{
	int r = 0;
	while (r + 1 < s->n_run && s->run[r + 1].first <= item)
		r++;
	return r;
}

/* The file that the item's stage left, in the folder of the run that it was trained for. */
static const char *left_by(const struct sweep *s, int item, const char *name)
{
	const struct sweep_item *twin = &s->item[s->item[item].twin];
	return arena_printf(life, "%s/stages/%s/%s", s->run[run_of(s, s->item[item].twin)].folder, twin->stage->name, name);
}

static void same_file(const char *a, const char *b)
{
	char *x, *y;
	size_t n, m;
	ck_ok(file_read(life, a, false, &x, &n, &e));
	ck_ok(file_read(life, b, false, &y, &m, &e));
	ck_assert_msg(n == m && n > 0 && !memcmp(x, y, n), "%s and %s differ", a, b);
}

static const char *const files[] = {"last.safetensors", "best.safetensors", "test.safetensors"};

/* Both sweeps are of one file and done: what they left is the same. */
static void same_sweeps(const struct sweep *a, const struct sweep *b)
{
	ck_assert_int_eq(a->n_item, b->n_item);
	for (int i = 0; i < a->n_item; i++) {
		ck_assert(a->item[i].state == ITEM_DONE && b->item[i].state == ITEM_DONE);
		ck_assert_double_eq(a->item[i].result.test_last, b->item[i].result.test_last);
		for (int k = 0; k < 3; k++)
			same_file(left_by(a, i, files[k]), left_by(b, i, files[k]));
	}
}

/* What `train` makes of each run's config.yaml, in a folder of its own. */
static void as_train(const struct sweep *s)
{
	for (int r = 0; r < s->n_run; r++) {
		struct experiment *x = NULL;
		struct trained t;
		const char *config = path_join(life, s->run[r].folder, "config.yaml");
		ck_ok(experiment_open(life, config, &(struct experiment_options){.threads = 1}, &x, &e));
		ck_ok(train(x, arena_printf(life, "alone%d", r), &t));
		ck_assert_str_eq(strrchr(t.folder, '/'), strrchr(s->run[r].folder, '/'));
		for (int i = 0; i < x->n_stage; i++) {
			const int item = s->run[r].first + i;
			ck_assert_str_eq(x->stage[i].identity, s->item[item].stage->identity);
			ck_assert_double_eq(t.result[i].test_last, s->item[item].result.test_last);
			for (int k = 0; k < 3; k++)
				same_file(left_by(s, item, files[k]), arena_printf(life, "%s/stages/%s/%s", t.folder, x->stage[i].name, files[k]));
		}
		experiment_close(x);
	}
}

/* 4 runs of 3 stages: one teacher, kd by value and seed, labels by seed. */
START_TEST(each_once_and_as_alone)
{
	struct sweep *s = trained_sweep(SWEEP, &(struct sweep_options){0});
	ck_assert(s->n_run == 4 && s->n_item == 12);
	static const int twins[] = {0, 1, 2, 0, 4, 5, 0, 7, 2, 0, 10, 5};
	for (int i = 0; i < 12; i++) {
		ck_assert_int_eq(s->item[i].twin, twins[i]);
		ck_assert_int_eq(s->item[i].state, ITEM_DONE);
		ck_assert_int_eq(s->item[i].id, s->item[twins[i]].id);
		ck_assert_int_eq(s->item[i].compared, i % 3 != 0);
		ck_assert_ptr_eq(s->item[i].result.stage, s->item[i].stage);
	}
	ck_assert_str_eq(s->run[0].name, "tiny-tau_1-s1");
	ck_assert_str_eq(s->run[3].name, "tiny-tau_3-s2");
	struct store_stage_row *stages = NULL;
	struct store_run_row *runs = NULL;
	int n = 0, n_run = 0;
	ck_ok(store_stages(s->store, life, 0, &stages, &n, &e));
	ck_ok(store_runs(s->store, life, &runs, &n_run, &e));
	ck_assert_int_eq(n, 7); /* nothing twice */
	ck_assert_int_eq(n_run, 4);
	for (int i = 0; i < n_run; i++)
		ck_assert_str_eq(runs[i].state, "done");
	as_train(s);
	/* Once more: nothing is left. */
	struct sweep *again = open_sweep(SWEEP, &(struct sweep_options){0});
	for (int i = 0; i < 12; i++)
		ck_assert_int_eq(again->item[i].state, ITEM_DONE);
	ck_assert_double_eq(again->item[4].result.test_last, s->item[4].result.test_last);
	sweep_close(again);
	sweep_close(s);
}
END_TEST

START_TEST(teachers_of_seeds)
{
	struct sweep *s = open_sweep(TOP STAGES TEACH KD "vary: {seeds: {n: 2, teachers: per_seed}}\n", &(struct sweep_options){0});
	ck_assert_int_eq(s->item[2].twin, 2);
	sweep_close(s);
	s = open_sweep(TOP STAGES TEACH KD "vary: {seeds: {n: 2, of: [split]}}\n", &(struct sweep_options){0});
	ck_assert_int_eq(s->item[2].twin, 2); /* its held-out pictures are others */
	ck_assert_ptr_ne(s->run[0].x->data, s->run[1].x->data);
	sweep_close(s);
	s = open_sweep(TOP STAGES TEACH KD "vary: {seeds: {n: 2, of: [data]}}\n", &(struct sweep_options){0});
	ck_assert_int_eq(s->item[2].twin, 0);
	ck_assert_ptr_eq(s->run[0].x->data, s->run[1].x->data);
	sweep_close(s);
}
END_TEST

static void twins_are(const struct sweep *s, int n, const int twin[])
{
	ck_assert_int_eq(s->n_item, n);
	for (int i = 0; i < n; i++)
		ck_assert_msg(s->item[i].twin == twin[i], "item %d is that of %d, not of %d", i, s->item[i].twin, twin[i]);
}

/* Each seed's teacher is trained once, whatever points it serves; what it has nothing to do with is trained once in all. */
START_TEST(seeds_of_teachers)
{
	struct sweep *s = trained_sweep(TOP STAGES TEACH KD LABELS "vary: {grid: {stages.kd.losses.kd.tau: [1, 3]}, seeds: {n: 2, of: [teacher]}}\n", &(struct sweep_options){0});
	twins_are(s, 12, (const int[]){0, 1, 2, 3, 4, 2, 0, 7, 2, 3, 10, 2});
	ck_assert_uint_eq(s->item[3].stage->seed_init, 2);
	ck_assert_uint_eq(s->item[4].stage->seed_init, 1);
	as_train(s);
	sweep_close(s);
	s = open_sweep(TOP STAGES TEACH KD LABELS "vary: {grid: {seed.teacher: [5, 6]}, seeds: 2}\n", &(struct sweep_options){0});
	twins_are(s, 12, (const int[]){0, 1, 2, 0, 4, 5, 6, 7, 2, 6, 10, 5});
	ck_assert_str_eq(s->run[2].name, "tiny-teacher_6-s1");
	ck_assert_uint_eq(s->item[6].stage->seed_data, 6);
	ck_assert_uint_eq(s->item[10].stage->seed_data, 2);
	sweep_close(s);
	s = open_sweep(TOP STAGES TEACH KD "vary: {seeds: {n: 2, of: [student, teacher]}}\n", &(struct sweep_options){0});
	twins_are(s, 4, (const int[]){0, 1, 2, 3});
	sweep_close(s);
}
END_TEST

/* Other data, batches and precision side by side: no arms of one stream, and each as alone. */
START_TEST(points_of_other_data)
{
	struct sweep *s = trained_sweep(TOP STAGES TEACH KD "vary: {zip: {data.n_train: [80, 88], data.batch: [16, 8]}}\n", &(struct sweep_options){0});
	ck_assert_ptr_ne(s->run[0].x->data, s->run[1].x->data);
	ck_assert_int_eq(s->item[2].twin, 2);
	as_train(s);
	sweep_close(s);
}
END_TEST

START_TEST(terms_dropped)
{
	struct sweep *s = trained_sweep(TOP STAGES TEACH KD LABELS "drop: [stages.kd.losses.ce, stages.labels]\n", &(struct sweep_options){0});
	ck_assert_int_eq(s->n_item, 3 + 3 + 2);
	ck_assert_int_eq(s->item[7].twin, 1); /* kd with all its terms */
	ck_assert_int_eq(s->item[4].twin, 4);
	as_train(s);
	sweep_close(s);
}
END_TEST

/* ---- budgets ---- */

#define LONG TOP STAGES \
	"  - {name: teach, kind: supervise, train: teacher, epochs: 10, anchors: [2, 5, 10], schedule: steps, drops: [4, 0.5, 9], warmup: 2, eval_every: 4}\n" \
	"  - {name: kd, kind: distill, train: student, teacher: teach.anchors, epochs: 4}\n" \
	"  - {name: blocks, kind: blocks, train: student, teacher: teach.anchors, epochs: 4, head_epochs: 2, polish_epochs: 6}\n" \
	"vary: {seeds: 3}\n" \
	"budget: {half: {epochs: 0.5, data: 0.5, test: 0.25, seeds: 1}, quick: {epochs: 0.2}}\n"

static const struct stage *stage_in(const struct sweep *s, int i)
{
	return s->item[i].stage;
}

START_TEST(budget_scales)
{
	struct sweep *s = open_sweep(LONG, &(struct sweep_options){.budget = "half"});
	const struct stage *t = stage_in(s, 0);
	const struct data *d = s->run[0].x->data;
	ck_assert_int_eq(s->n_run, 1);
	ck_assert_str_eq(s->run[0].name, "tiny-half-s1");
	ck_assert(t->train.epochs == 5 && t->epochs_asked == 10 && t->train.eval_every == 2 && t->schedule.warmup == 1);
	ck_assert(t->n_anchor == 3 && t->anchor[0] == 1 && t->anchor[1] == 3 && t->anchor[2] == 5);
	ck_assert(t->schedule.drops.v[0] == 0.4 && t->schedule.drops.v[1] == 0.5 && t->schedule.drops.v[2] == 0.9);
	ck_assert(d->n_train == 28 && d->n_valid == 12 && d->n_test == 10);
	ck_assert_int_eq(stage_in(s, 1)->train.epochs, 3); /* one for each of its teachers */
	ck_assert_str_eq(sweep_budget_text(s), "0.5 of the epochs (rounded up), 0.5 of the training and held-out and 0.25 of the test pictures, the first seed alone");
	ck_ok(sweep_train(s, -1, -1, 16, &e));
	as_train(s);
	sweep_close(s);
}
END_TEST

/* The file's own quick; and smoke: one epoch of each kind, but one for each anchor. */
START_TEST(budgets_by_name)
{
	struct sweep *s = open_sweep(LONG, &(struct sweep_options){.budget = "quick"});
	const struct stage *t = stage_in(s, 0);
	ck_assert(s->n_run == 3 && t->train.epochs == 3 && s->run[0].x->data->n_train == 56);
	ck_assert(t->anchor[0] == 1 && t->anchor[1] == 2 && t->anchor[2] == 3);
	sweep_close(s);
	s = open_sweep(LONG, &(struct sweep_options){.budget = "smoke"});
	t = stage_in(s, 0);
	ck_assert(s->n_run == 2 && t->train.epochs == 3 && stage_in(s, 2)->train.epochs == 1);
	ck_assert(s->run[0].x->data->n_train == 2 && s->run[0].x->data->n_valid == 1 && s->run[0].x->data->n_test == 1);
	sweep_close(s);
	struct sweep *lone = open_sweep(TOP STAGES "  - {name: teach, kind: supervise, train: teacher, epochs: 10, anchors: 6}\n", &(struct sweep_options){.budget = "smoke"});
	ck_assert(stage_in(lone, 0)->train.epochs == 1 && stage_in(lone, 0)->n_anchor == 1);
	sweep_close(lone);
}
END_TEST

START_TEST(budgets_stand_apart)
{
	struct sweep *full = trained_sweep(SWEEP, &(struct sweep_options){0});
	struct sweep *s = open_sweep(SWEEP, &(struct sweep_options){.budget = "smoke"});
	ck_assert_str_ne(s->folder, full->folder);
	for (int i = 0; i < s->n_item; i++) {
		ck_assert_int_eq(s->item[i].state, ITEM_TODO); /* none is taken for another's */
		for (int k = 0; k < full->n_item; k++)
			ck_assert_str_ne(s->item[i].stage->identity, full->item[k].stage->identity);
	}
	ck_ok(sweep_train(s, -1, -1, 16, &e));
	as_train(s);
	sweep_close(s);
	sweep_close(full);
}
END_TEST

/* ---- what goes wrong ---- */

/* The second teacher's weights grow without end. */
#define FAILS TOP STAGES \
	"  - {name: teach, kind: supervise, train: teacher, epochs: 3}\n" KD LABELS \
	"  - {name: after, kind: distill, train: student, teacher: kd.last, epochs: 1}\n" \
	"vary: {zip: {name: [good, bad], stages.teach.lr: [0.05, 100], stages.teach.weight_decay: [0.0005, 1]}, seeds: 2}\n"

static void states_of_failure(const struct sweep *s)
{
	static const enum item_state want[] = {ITEM_FAILED, ITEM_LEFT_OUT, ITEM_DONE, ITEM_LEFT_OUT};
	for (int i = 0; i < 16; i++) {
		ck_assert_msg(s->item[s->item[i].twin].state == (i < 8 ? ITEM_DONE : want[i % 4]), "item %d: %d", i, (int)s->item[i].state);
		if (i >= 8 && i % 4 != 2)
			ck_assert(s->item[s->item[i].twin].result.why && s->item[s->item[i].twin].result.failed);
	}
}

START_TEST(one_fails)
{
	struct sweep *s = open_sweep(FAILS, &(struct sweep_options){0});
	ck_assert_int_eq(sweep_train(s, -1, -1, 16, &e), E_RUN);
	ck_has(e.text, "is not finite");
	states_of_failure(s);
	ck_has(s->item[8].result.why, "is not finite");
	ck_has(s->item[9].result.why, "a stage that it uses has failed");
	/* Another process learns it from the store, and tries again when it is asked to train. */
	struct sweep *t = open_sweep(FAILS, &(struct sweep_options){0});
	ck_assert_int_eq(t->item[8].state, ITEM_TODO);
	ck_ok(sweep_failures(t, &e));
	states_of_failure(t);
	ck_has(t->item[8].result.why, "is not finite"); /* from the log of its run */
	sweep_close(t);
	t = open_sweep(FAILS, &(struct sweep_options){0});
	ck_assert_int_eq(sweep_train(t, -1, -1, 16, &e), E_RUN);
	states_of_failure(t);
	sweep_close(t);
	/* The good ones are what they would be without the bad. */
	struct sweep *good = trained_sweep(FAILS, &(struct sweep_options){.only = "*-good-*", .out = "good"});
	for (int i = 0; i < 8; i++)
		for (int k = 0; k < 3; k++)
			same_file(left_by(s, i, files[k]), left_by(good, i, files[k]));
	sweep_close(good);
	sweep_close(s);
}
END_TEST

/* A signal again and again, with more or fewer arms at once: the same bytes in the end. */
START_TEST(stopped_often)
{
	struct sweep *whole = trained_sweep(SWEEP, &(struct sweep_options){.out = "whole"}), *s = NULL;
	enum status st = E_STOP;
	int stops = 0;
	for (; st == E_STOP && stops < 200; stops++) {
		sweep_close(s);
		s = open_sweep(SWEEP, &(struct sweep_options){0});
		stop_after(s->run[0].x, 9 + 21 * (stops % 5));
		st = sweep_train(s, -1, -1, 1 + stops % 3, &e);
	}
	ck_assert_msg(st == OK, "%s", e.text);
	ck_assert_int_ge(stops, 6);
	/* Folders of stages that were done before this process began are in the store. */
	for (int i = 0; i < s->n_item; i++)
		ck_assert_ptr_nonnull(s->run[run_of(s, i)].folder);
	same_sweeps(whole, s);
	sweep_close(s);
	sweep_close(whole);
}
END_TEST

static void remove_folder(const char *path)
{
	DIR *d = opendir(path);
	for (struct dirent *x; d && (x = readdir(d));) {
		const char *sub = path_join(life, path, x->d_name);
		if (x->d_name[0] != '.' && unlink(sub))
			remove_folder(sub);
	}
	if (d)
		closedir(d);
	rmdir(path);
}

/* The run that has the teacher's weights is thrown away: what it held is trained again, and nothing else. */
START_TEST(a_folder_is_gone)
{
	struct sweep *whole = trained_sweep(SWEEP, &(struct sweep_options){.out = "whole"}), *s = trained_sweep(SWEEP, &(struct sweep_options){0});
	remove_folder(s->run[0].folder);
	sweep_close(s);
	s = open_sweep(SWEEP, &(struct sweep_options){0});
	int left = 0;
	for (int i = 0; i < s->n_item; i++)
		left += s->item[i].twin == i && s->item[i].state == ITEM_TODO;
	ck_assert_int_eq(left, 3);
	ck_ok(sweep_train(s, -1, -1, 16, &e));
	same_sweeps(whole, s);
	sweep_close(s);
	sweep_close(whole);
}
END_TEST

START_TEST(a_run_alone)
{
	struct sweep *s = open_sweep(SWEEP, &(struct sweep_options){0});
	ck_ok(sweep_train(s, 2, -1, 16, &e));
	static const enum item_state want[] = {ITEM_DONE, ITEM_TODO, ITEM_DONE, ITEM_DONE, ITEM_TODO, ITEM_TODO, ITEM_DONE, ITEM_DONE, ITEM_DONE};
	ck_ok(sweep_refresh(s, &e));
	for (int i = 0; i < 9; i++)
		ck_assert_int_eq(s->item[i].state, want[i]);
	ck_assert_ptr_nonnull(s->run[2].folder);
	ck_assert_ptr_null(s->run[3].folder);
	ck_ok(sweep_train(s, -1, 10, 16, &e)); /* an item alone */
	ck_assert(s->item[10].state == ITEM_DONE && s->item[4].state == ITEM_TODO);
	sweep_close(s);
}
END_TEST

/* ---- the plan ---- */

START_TEST(only_some)
{
	struct sweep *s = open_sweep(SWEEP, &(struct sweep_options){.only = "tiny-tau_?-s2"});
	ck_assert_int_eq(s->n_run, 2);
	ck_assert_str_eq(s->run[1].name, "tiny-tau_3-s2");
	sweep_close(s);
	ck_assert_int_eq(open_with(&s, SWEEP, &(struct sweep_options){.only = "tau"}), E_USER);
	ck_has(e.text, "--only 'tau' is the name of no run");
	sweep_close(s);
}
END_TEST

START_TEST(nothing_is_made_by_a_look)
{
	struct sweep *s = open_sweep(SWEEP, &(struct sweep_options){0});
	struct sweep_estimate est;
	ck_ok(sweep_failures(s, &e));
	ck_ok(sweep_estimate(s, &est, &e));
	ck_assert_int_eq(est.n_stage, 7);
	ck_assert(est.seconds > 0 && est.seconds < 60 && est.bytes > 7 * 2 * 4 * 100 && est.bytes < 1e6);
	ck_assert(!file_exists(scratch_path("out")));
	sweep_close(s);
	sweep_close(trained_sweep(SWEEP, &(struct sweep_options){0}));
	s = open_sweep(SWEEP, &(struct sweep_options){0});
	ck_ok(sweep_estimate(s, &est, &e));
	ck_assert(est.n_stage == 0 && est.seconds == 0 && est.bytes == 0);
	sweep_close(s);
}
END_TEST

/* What others use, then seed by seed: a machine that grows slower is shared out to all. */
START_TEST(in_turn)
{
	struct sweep *s = open_sweep(SWEEP "timing: true\n", &(struct sweep_options){0});
	int order[12];
	ck_assert(s->timing);
	ck_assert_int_eq(sweep_timing_order(s, order), 7);
	static const int want[] = {0, 1, 2, 7, 4, 5, 10};
	ck_assert_mem_eq(order, want, sizeof want);
	sweep_close(s);
}
END_TEST

/* A sweep may have the file's arms: they are stages as others. */
START_TEST(arms_of_the_file)
{
	struct sweep *s = trained_sweep(TOP STAGES TEACH KD LABELS "arms: [{stages: [kd, labels], seeds: [1, 2]}]\nvary: {seeds: [1, 2]}\n", &(struct sweep_options){0});
	ck_assert_int_eq(s->n_item, 10);
	as_train(s);
	sweep_close(s);
}
END_TEST

START_TEST(set_before_anything_varies)
{
	const char *set[] = {"stages.kd.losses.kd.tau=7", "vary.seeds=1", "stages.labels.epochs=1"};
	struct sweep *s = open_sweep(SWEEP, &(struct sweep_options){.experiment = {.n_set = 3, .set = set}});
	ck_assert_int_eq(s->n_run, 2);
	ck_assert_str_eq(conf_at(s->run[1].x->root, "stages.kd.losses.kd.tau")->text, "3"); /* what varies, varies */
	ck_assert_int_eq(stage_in(s, 2)->train.epochs, 1);
	sweep_close(s);
}
END_TEST

static const struct { const char *text; const char *budget; const char *says; } wrong[] = {
	{SWEEP, "nonsense", "--budget is 'nonsense', allowed full, quick, smoke and what the file's 'budget' names"},
	{SWEEP, "quik", "did you mean 'quick'?"},
	{SWEEP "budget: quick\n", NULL, "'budget' is {NAME: {epochs: SHARE, data: SHARE, ...}, ...}; which one, --budget says"},
	{SWEEP "budget: {full: {epochs: 0.5}}\n", NULL, "sweep.yaml:14:16: 'full' is the file as it is"},
	{SWEEP "budget: {half: {epoch: 0.5}}\n", "half", "did you mean 'epochs'?"},
	{SWEEP "budget: {half: {epochs: 0}}\n", "half", "'epochs' is 0"},
	{SWEEP "budget: {half: {data: 2}}\n", "half", "'data' is 2"},
	{SWEEP "timing: maybe\n", NULL, "'timing' is true or false"},
	{TOP STAGES TEACH "  - {name: kd, kind: distill, train: student, teacher: teach.last, teacher_cache: f32}\ntiming: true\n", NULL,
	 "sweep.yaml:11:83: a time with a cache is none of the method"},
	{TOP STAGES TEACH "  - {name: a, kind: supervise, train: student, watch_test: true}\ntiming: true\n", NULL,
	 "sweep.yaml:11:60: a time with the test pictures in it is none of the method"},
	{TOP STAGES TEACH "vary: {seeds: 1001}\n", NULL, "that is 1001 runs; if so many are meant, say --yes"},
	{TOP STAGES TEACH "vary: {grid: {stages.teach.lrr: [1]}}\n", NULL, "sweep.yaml:11:34: unknown key 'lrr' in stage 'teach'; did you mean 'lr'?"},
	{TOP STAGES TEACH "vary: {grid: {stages.teach.lrr: [1]}}\n", NULL, "in the point 'lrr=1'"},
	{TOP STAGES TEACH TEACH, NULL, "two stages are named 'teach'"},
	{TOP STAGES TEACH KD "drop: [stages.teach]\n", NULL, "in the point 'no teach'"},
	{TOP STAGES TEACH "seed: x\nvary: {seeds: 2}\n", NULL, "key 'seed' is given twice"},
	{"name: a/b\n" STAGES TEACH "vary: {seeds: 2}\n", NULL, "sweep.yaml:1:7: name 'a/b-s1': 1 to 100 letters"},
	{"- 1\n", NULL, "map"},
};

static double planned(const struct sweep *s)
{
	double n = 0;
	for (int i = 0; i < s->n_item; i++)
		n += s->item[i].planned;
	return n;
}

/* What is asked for is planned, once for all seeds of a point, and each is what it would be alone. */
START_TEST(plans)
{
	struct sweep *s = open_sweep(SWEEP, &(struct sweep_options){0});
	ck_assert_double_eq(planned(s), 0);
	ck_ok(sweep_plan(s, 1, -1, &e)); /* tau=1, seed 2: kd and labels of its own, and the teacher of all */
	ck_assert_double_eq(planned(s), 3);
	ck_assert(s->item[0].planned && s->item[4].planned && s->item[5].planned);
	ck_ok(sweep_plan(s, -1, 10, &e)); /* kd of tau=3, seed 2 */
	ck_assert_double_eq(planned(s), 4);
	ck_ok(sweep_plan(s, -1, -1, &e));
	for (int i = 0; i < s->n_item; i++) {
		struct stage_plan_sum sum;
		ck_assert_int_eq(s->item[i].planned, s->item[i].twin == i);
		ck_ok(stage_check(s->run[s->item[i].run].x, s->item[i].stage, NULL, false, &sum, &e));
		if (s->item[i].planned)
			ck_assert_mem_eq(&s->item[i].sum, &sum, sizeof sum);
	}
	sweep_close(s);
	/* what does not fit is told with its point, and nothing is trained */
	s = open_sweep(TOP STAGES TEACH "  - {name: b, kind: blocks, train: student, teacher: teach.last}\nvary: {grid: {stages.b.train: [student, deep]}}\n",
	               &(struct sweep_options){0});
	ck_assert_int_eq(sweep_train(s, -1, -1, 16, &e), E_USER);
	ck_has(e.text, "in the point 'train=deep'");
	ck_assert_int_eq(file_exists(scratch_path("out")), 0);
	sweep_close(s);
}
END_TEST

/* Thousands are no matter; what the memory does not carry is told at once. */
START_TEST(thousands)
{
	const char *text = TOP STAGES TEACH KD LABELS "vary: {seeds: 3000}\n";
	struct sweep *s = open_sweep(text, &(struct sweep_options){.many = true});
	int first = -1;
	ck_assert(s->n_run == 3000 && s->n_item == 9000 && s->item[8997].twin == 0 && s->item[8998].twin == 8998);
	ck_assert(sweep_runs_of(s, s->run[7].point, &first) == 3000 && first == 0);
	sweep_close(s);
	memory_pretend((size_t)16 << 20);
	ck_assert_int_eq(open_with(&s, text, &(struct sweep_options){.many = true}), E_NOMEM);
	ck_has(e.text, "that is 3000 runs that take about ");
	ck_has(e.text, "to plan, and 16.0 MiB are available");
	memory_pretend(0);
	sweep_close(s);
	s = open_sweep(SWEEP, &(struct sweep_options){.only = "*tau_3*"});
	ck_assert_int_eq(sweep_runs_of(s, &s->vary.point[0], &first), 0);
	ck_assert(sweep_runs_of(s, &s->vary.point[1], &first) == 2 && first == 0);
	sweep_close(s);
}
END_TEST

START_TEST(said)
{
	struct sweep *s = NULL;
	ck_assert_int_eq(open_with(&s, wrong[_i].text, &(struct sweep_options){.budget = wrong[_i].budget}), E_USER);
	ck_has(e.text, wrong[_i].says);
	sweep_close(s);
}
END_TEST

START_TEST(folders_that_cannot_be)
{
	struct sweep *s = open_sweep(SWEEP, &(struct sweep_options){.out = "file/out"});
	text_file("file", "x");
	ck_assert_int_eq(sweep_train(s, -1, -1, 16, &e), E_ENV);
	ck_has(e.text, "file/out");
	sweep_close(s);
	ck_ok(dir_make(scratch_path("bad"), &e));
	text_file("bad/limbeck.db", "this is no store at all, and long enough to be looked at as one");
	ck_ok(open_with(&s, SWEEP, &(struct sweep_options){.out = "bad"}));
	ck_assert_int_eq(sweep_refresh(s, &e), E_ENV);
	ck_has(e.text, "bad/limbeck.db");
	sweep_close(s);
}
END_TEST

Suite *sweep_suite(void)
{
	Suite *s = suite_create("sweep");
	TCase *tc = life_case(s, "sweep");
	tcase_add_test(tc, each_once_and_as_alone);
	tcase_add_test(tc, teachers_of_seeds);
	tcase_add_test(tc, seeds_of_teachers);
	tcase_add_test(tc, points_of_other_data);
	tcase_add_test(tc, terms_dropped);
	tcase_add_test(tc, budget_scales);
	tcase_add_test(tc, budgets_by_name);
	tcase_add_test(tc, budgets_stand_apart);
	tcase_add_test(tc, one_fails);
	tcase_add_test(tc, stopped_often);
	tcase_add_test(tc, a_folder_is_gone);
	tcase_add_test(tc, a_run_alone);
	tcase_add_test(tc, only_some);
	tcase_add_test(tc, nothing_is_made_by_a_look);
	tcase_add_test(tc, in_turn);
	tcase_add_test(tc, arms_of_the_file);
	tcase_add_test(tc, set_before_anything_varies);
	tcase_add_test(tc, plans);
	tcase_add_test(tc, thousands);
	tcase_add_loop_test(tc, said, 0, sizeof wrong / sizeof *wrong);
	tcase_add_test(tc, folders_that_cannot_be);
	return s;
}
