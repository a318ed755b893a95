/* What goes wrong while steps go by: a planted value that is not finite is undone, and critics that are watched give alarms. */
#include "tests/stages/suites.h"

#include <math.h>

#include "base/file.h"
#include "base/log.h"
#include "engine/build.h"
#include "runs/origin.h"
#include "stages/train_int.h"

/* ---- what is planted ---- */

static enum status (*build_of)(const struct lesson *l, struct step *st, struct err *e);
static int bad_picture;

/* One more root of the last segment: infinite in the batch that has the picture, 0 in all others. */
static enum status planted(const struct lesson *l, struct step *st, struct err *err)
{
	const enum status status = build_of(l, st, err);
	if (status != OK)
		return status;
	struct graph *g = st->g;
	struct segment *last = &st->segment[st->desc.n_segment - 1];
	struct node *here = graph_equal(g, graph_cast(g, st->sample, CLASS_WIDE), graph_const(g, bad_picture, shape1(st->n)));
	struct node *bad = graph_scale(g, graph_scale(g, graph_mean_all(g, here), 1e30, 0), 1e30, 0);
	graph_name(bad, "planted");
	struct node **root = NEW_ARRAY(st->arena, struct node *, 2);
	root[0] = last->root[0];
	root[1] = bad;
	last->root = root;
	last->n_root = 2;
	step_metric(st, "sure", graph_scale(g, bad, 0, 1)); /* a critic that is always right */
	return graph_status(g);
}

static const struct watch sure = {"critic", "sure", "sure"};

static void plant(struct stage_run *r, int picture)
{
	build_of = r->lesson[0].build;
	bad_picture = picture;
	for (int i = 0; i < r->n_lesson; i++) {
		r->lesson[i].build = planted;
		r->lesson[i].n_watch = 1;
		r->lesson[i].watch = &sure;
	}
}

/* ---- a stage on its way, step by step ---- */

struct ride {
	struct experiment *x;
	struct record *rec;
	struct arm arm;
	struct cohort c;
	struct trainer t;
	struct passes p;
	size_t bytes;
};

static void arm_open(struct experiment *x, int stage, struct record *rec, struct arm *arm)
{
	struct stage *s = &x->stage[stage];
	*arm = (struct arm){.rec = rec, .result = NEW(life, struct stage_result)};
	ck_ok(dir_make(record_stage_file(rec, s, "."), &e));
	ck_ok(store_stage_begin(rec->store, rec->run, s->name, s->kind->name, s->identity, &arm->stage_id, &e));
	ck_ok(stage_run_open(x, s, &arm->run, &e));
}

static struct record *record_of(struct experiment *x, const char *out)
{
	struct record *rec = NULL;
	ck_ok(dir_make(scratch_path(out), &e));
	ck_ok(record_open(life, x, scratch_path(out), false, &rec, &e));
	return rec;
}

/* Lesson 1 of the only stage, placed and planned. r must stay where it is. */
static void ride_open(struct ride *r, const char *text, int picture)
{
	struct experiment *x = r->x = open_ok(text);
	const int n = x->data->conf.batch, rest = data_rest(x->data);
	r->rec = record_of(x, "out");
	arm_open(x, 0, r->rec, &r->arm);
	plant(r->arm.run, picture);
	r->c = (struct cohort){.x = x, .out = r->rec->out, .arena = life, .n = 1, .arm = &r->t, .period = life, .n_passes = 1, .passes = &r->p};
	r->t = (struct trainer){.cohort = &r->c, .r = r->arm.run, .rec = r->rec, .stage_id = r->arm.stage_id, .result = r->arm.result};
	ck_ok(arm_begin(&r->t, &e));
	ck_ok(loader_open(x->data, PART_TRAIN, VIEW_TRAIN, 1, &r->c.loader, &e));
	ck_ok(lesson_begin(&r->t, &e));
	r->p = (struct passes){.teacher = r->t.teacher};
	if (r->t.teacher) {
		ck_ok(pass_new(r->t.teacher, n, life, &r->p.full, &e));
		ck_ok(pass_new(r->t.teacher, rest, life, &r->p.rest, &e));
	}
	ck_ok(lesson_plan(&r->t, r->t.teacher ? &r->p : NULL, &e));
	r->bytes = lesson_workspace(&r->t);
	struct pass *const pass[] = {r->p.full, r->p.rest};
	for (int i = 0; i < 2 && r->t.teacher; i++) {
		ck_ok(pass_plan(pass[i], &e));
		r->bytes = pass_workspace(pass[i]) > r->bytes ? pass_workspace(pass[i]) : r->bytes;
	}
	ck_ok(device_alloc(x->dev, r->bytes, &r->c.workspace, &e));
	for (int i = 0; i < 2 && r->t.teacher; i++)
		ck_ok(pass_prepare(pass[i], r->rec->out, r->c.workspace, &e));
	ck_ok(lesson_prepare(&r->t, r->c.workspace, &e));
}

static void ride_close(struct ride *r)
{
	lesson_unplan(&r->t);
	pass_release(r->p.full);
	pass_release(r->p.rest);
	device_free(r->x->dev, r->c.workspace, r->bytes);
	lesson_end(&r->t);
	loader_close(r->c.loader);
	for (int i = 0; i < r->c.n_teacher; i++)
		teacher_release(r->c.teacher[i]);
	stage_run_close(r->arm.run);
	ck_ok(record_close(r->rec, "done", 1, &e));
	experiment_close(r->x);
}

static const struct batch *ride_next(struct ride *r)
{
	const struct batch *b = NULL;
	double waited = 0;
	ck_ok(loader_next(r->c.loader, &b, &waited, &e));
	return b;
}

/* The error is the step's alone, as it is in a run. */
static enum status ride_step(struct ride *r, const struct batch *b, double *lr)
{
	if (r->t.teacher)
		ck_ok(pass_run(b->n == r->p.full->n ? r->p.full : r->p.rest, b, r->t.place.epoch, &e));
	err_clear(&e);
	return lesson_step(&r->t, b, lr, &e);
}

/* Everything that a step moves: networks with their states, optimisers with their numbers of steps. */
static char *all_bytes(struct ride *r, size_t *n)
{
	struct stage_run *run = r->arm.run;
	const struct lesson *l = lesson_of(&r->t);
	struct str s = {0};
	for (int i = 0; i < run->n_net; i++)
		for (int state = 0; state < 2; state++) {
			char *raw = arena_alloc(life, params_bytes(run->net[i]->params, state) + 1);
			ck_ok(params_read(run->net[i]->params, state, raw, &e));
			str_addn(&s, raw, params_bytes(run->net[i]->params, state));
		}
	for (int i = 0; i < l->n_optim; i++) {
		struct optim *o = l->optim[i].optim;
		char *raw = arena_alloc(life, optim_bytes(o) + 1);
		ck_ok(optim_read(o, raw, &e));
		str_addn(&s, raw, optim_bytes(o));
		str_addn(&s, (const char *)&o->steps, sizeof o->steps);
	}
	*n = s.len;
	char *all = memcpy(arena_alloc(life, s.len), str_text(&s), s.len);
	str_release(&s);
	return all;
}

static bool has_picture(const struct batch *b, int picture)
{
	bool has = false;
	for (int i = 0; i < b->n; i++)
		has |= b->sample[i] == picture;
	return has;
}

/* What stands in the optimisers, against the schedule times factor. */
static void check_rates(struct ride *r, double first, double factor, double position)
{
	const struct lesson *l = lesson_of(&r->t);
	for (int i = 0; i < l->n_optim; i++) {
		const struct lesson_optim *o = &l->optim[i];
		const double want = o->optim->conf.lr * schedule_factor(&o->schedule, o->from + position, o->epochs) * factor;
		float lr;
		r->x->dev->backend->get(r->x->dev->impl, &lr, o->optim->lr, sizeof lr);
		ck_ok(device_wait(r->x->dev, &e));
		ck_assert_msg(lr == (float)want && want > 0, "optimiser %d: %g, not %g", i, lr, want);
		ck_assert(i > 0 || first == want);
	}
}

/* One segment, and a critic's before the student's. */
static const char *text_of(int i)
{
	if (i == 0)
		return TOP STAGES "  - {name: a, kind: supervise, train: student, epochs: 9, schedule: cosine}\n";
	const struct trained t = train_ok("teacher", TOP STAGES TEACH);
	return arena_printf(life, TOP STAGES "  - {name: a, kind: blocks, train: student, teacher: {file: %s/stages/teach/last.safetensors}, "
		"teacher_network: teacher, epochs: 9, schedule: cosine, critic: {kind: small, width: 4, depth: 2}}\n", t.folder);
}

static FILE *log_to(const char *name)
{
	FILE *f = fopen(scratch_path(name), "w");
	ck_assert_ptr_nonnull(f);
	log_set_file(f);
	return f;
}

static const char *log_from(FILE *f, const char *name)
{
	char *text;
	size_t size;
	log_set_file(NULL);
	fclose(f);
	ck_ok(file_read(life, scratch_path(name), false, &text, &size, &e));
	return text;
}

static int count(const char *text, const char *part)
{
	int n = 0;
	for (const char *p = text; (p = strstr(p, part)); p++)
		n++;
	return n;
}

/* ---- roll-backs ---- */

/* Every epoch has one bad step: two are undone, the third ends the stage; the others move, each at the rate that it should have. */
START_TEST(undone_and_halved)
{
	struct ride r;
	ride_open(&r, text_of(_i), 17);
	FILE *f = log_to("log");
	int bad = 0;
	size_t n, pictures = 0;
	for (int epoch = 0; bad < 3; epoch++) {
		ck_ok(loader_start(r.c.loader, epoch, 0, &e));
		for (const struct batch *b; bad < 3 && (b = ride_next(&r));) {
			const bool is_bad = has_picture(b, 17);
			const char *before = all_bytes(&r, &n);
			const struct resume place = r.t.place;
			double lr = 0;
			const enum status st = ride_step(&r, b, &lr);
			check_rates(&r, lr, 1.0 / (1 << (bad < 2 ? bad : 2)), place.epoch + place.batch / 4.0);
			bad += is_bad;
			const bool ends = is_bad && bad == 3;
			ck_assert_int_eq(st, ends ? E_RUN : OK);
			ck_assert(ends || !*e.text);
			ck_assert_int_eq(memcmp(before, all_bytes(&r, &n), n) == 0, is_bad);
			ck_assert_int_eq(r.t.place.rollbacks, bad < 2 ? bad : 2);
			ck_assert(r.t.place.batch == place.batch + !ends && r.t.place.step == place.step + !ends);
			pictures += ends ? 0 : (size_t)b->n;
			ck_assert_double_eq(r.t.place.images, (double)pictures);
			ck_assert_double_eq(r.t.place.count, place.count + (is_bad ? 0 : b->n)); /* its loss is in no mean */
		}
		if (bad == 3)
			break;
		ck_ok(epoch_end(&r.t, &e));
		ck_assert_int_eq(rows(r.rec->folder, "a", epoch + 1, "rollbacks"), 1);
		ck_assert_double_eq(metric(r.rec->folder, "a", epoch + 1, "rollbacks"), 1);
		ck_assert(isfinite(metric(r.rec->folder, "a", epoch + 1, "loss")));
		const struct lesson_optim *o = &lesson_of(&r.t)->optim[0];
		ck_assert_double_eq(metric(r.rec->folder, "a", epoch + 1, "lr"), o->optim->conf.lr * schedule_factor(&o->schedule, epoch + 1, o->epochs) / (1 << bad));
		ck_assert_int_eq(r.t.place.epoch_rollbacks, 0);
	}
	ck_has(e.text, "a value of 'planted'");
	ck_has(e.text, "number 3 of the stage's steps that were not finite, and 'rollbacks' is 2");
	ck_has(e.text, "in stage 'a', lesson 1, epoch 3");
	struct resume saved;
	bool found;
	ck_ok(resume_peek(life, checkpoint_path(&r.t), &saved, origin_program(), &found, &e));
	ck_assert(found && saved.rollbacks == 2 && saved.epoch == 2 && saved.batch == r.t.place.batch);
	const char *log = log_from(f, "log");
	ck_assert_int_eq(count(log, "a value of 'planted'"), 2);
	ck_has(log, "warning: ");
	ck_has(log, "in stage 'a', lesson 1, epoch 1, batch ");
	ck_has(log, "learning rates times 0.5 (1 of 2 roll-backs)");
	ck_has(log, "learning rates times 0.25 (2 of 2 roll-backs)");
	double value = 0;
	ck_ok(store_last(r.rec->store, r.arm.stage_id, "rollbacks", &value, &e));
	ck_assert_double_eq(value, 1);
	ride_close(&r);
}
END_TEST

static struct backend unsteady;
static void (*finite_of)(void *impl, const void *x, enum dtype d, int64_t n, int *ok);
static int finite_calls;

static void finite_but_once(void *impl, const void *x, enum dtype d, int64_t n, int *ok)
{
	finite_of(impl, x, d, n, ok);
	if (finite_calls++ == 0)
		*ok = 0;
}

/* A machine that computes something else when the step is run again: nothing moves, in no segment, and it is said. */
START_TEST(bad_only_once)
{
	struct ride r;
	size_t n;
	double lr;
	ride_open(&r, text_of(_i), -1);
	ck_ok(loader_start(r.c.loader, 0, 0, &e));
	ck_ok(ride_step(&r, ride_next(&r), &lr));
	const struct backend *real = r.x->dev->backend;
	unsteady = *real;
	finite_of = real->finite;
	finite_calls = 0;
	unsteady.finite = finite_but_once;
	const char *before = all_bytes(&r, &n);
	FILE *f = log_to("log");
	r.x->dev->backend = &unsteady;
	ck_ok(ride_step(&r, ride_next(&r), &lr));
	r.x->dev->backend = real;
	ck_has(log_from(f, "log"), "not when the step was run again");
	ck_assert_int_gt(finite_calls, 3);
	ck_assert_int_eq(r.t.place.rollbacks, 1);
	ck_assert(!memcmp(before, all_bytes(&r, &n), n));
	ck_ok(ride_step(&r, ride_next(&r), &lr));
	ck_assert_int_eq(r.t.place.rollbacks, 1);
	ck_assert(memcmp(before, all_bytes(&r, &n), n) != 0);
	ride_close(&r);
}
END_TEST

/* ---- whole stages: one bad step and 55 good ones in each epoch ---- */

#define TWO TOP STAGES "  - {name: a, kind: supervise, train: student, epochs: 4, rollbacks: 4}\n" \
	"  - {name: b, kind: supervise, train: teacher, epochs: 4}\n"

/* The first is planted. reads: of pictures, until a signal comes; 0: none does. */
static enum status train_arms(const char *out, int first, int n, int reads, const char **folder)
{
	struct experiment *x = NULL;
	struct arm arm[2];
	err_clear(&e);
	ck_ok(open_text(&x, "cpu", TWO, "data.batch=1", NULL));
	struct record *rec = record_of(x, out);
	for (int i = 0; i < n; i++)
		arm_open(x, first + i, rec, &arm[i]);
	if (first == 0)
		plant(arm[0].run, 33);
	stop_install();
	if (reads)
		stop_after(x, reads);
	const enum status st = cohort_train(arm, n, &e);
	for (int i = 0; i < n; i++)
		stage_run_close(arm[i].run);
	*folder = rec->folder;
	ck_ok(record_close(rec, "done", 1, &e));
	experiment_close(x);
	return st;
}

static void same_stage(const char *a, const char *b, const char *stage)
{
	static const char *const names[] = {"loss", "lr", "train_top1_running", "valid_top1", "rollbacks", "alarm/critic_wins", "alarm/critic_chance", NULL};
	const struct st_file x = weights_of(a, stage, "last"), y = weights_of(b, stage, "last");
	ck_assert(same_tensors(&x, &y));
	for (const char *const *name = names; *name; name++)
		for (int epoch = 1; epoch <= 4; epoch++) {
			ck_assert_int_eq(rows(a, stage, epoch, *name), rows(b, stage, epoch, *name));
			if (rows(a, stage, epoch, *name))
				ck_assert_double_eq(metric(a, stage, epoch, *name), metric(b, stage, epoch, *name));
		}
}

START_TEST(resumed)
{
	const char *whole, *often;
	ck_assert_int_eq(train_arms("whole", 0, 1, 0, &whole), OK);
	for (int epoch = 1; epoch <= 4; epoch++) {
		ck_assert_double_eq(metric(whole, "a", epoch, "rollbacks"), 1);
		/* 55 readings an epoch: the 200th is the 35th of the last one, and a share is of those that were judged */
		ck_assert_int_eq(rows(whole, "a", epoch, "alarm/critic_wins"), epoch == 4);
		ck_assert_int_eq(rows(whole, "a", epoch, "alarm/critic_chance"), epoch == 4);
	}
	ck_assert_double_eq(metric(whole, "a", 4, "alarm/critic_wins"), 1);
	ck_assert_double_eq(metric(whole, "a", 4, "alarm/critic_chance"), 0);
	FILE *f = log_to("log");
	enum status st = E_STOP;
	int stops = 0;
	for (; st == E_STOP && stops < 40; stops++)
		st = train_arms("often", 0, 1, 11 + 8 * (stops % 3), &often);
	ck_assert_msg(st == OK, "%s", e.text);
	ck_assert_int_ge(stops, 9);
	const char *log = log_from(f, "log");
	ck_assert_int_eq(count(log, "the critic wins"), 1);
	ck_assert_int_eq(count(log, "(4 of 4 roll-backs)"), 1);
	same_stage(whole, often, "a");
}
END_TEST

/* An arm's bad steps are its own. */
START_TEST(another_arm)
{
	const char *alone, *both, *a;
	ck_assert_int_eq(train_arms("alone", 1, 1, 0, &alone), OK);
	ck_assert_int_eq(train_arms("a", 0, 1, 0, &a), OK);
	ck_assert_int_eq(train_arms("both", 0, 2, 0, &both), OK);
	same_stage(alone, both, "b");
	same_stage(a, both, "a");
	ck_assert_int_eq(rows(both, "b", -1, "rollbacks"), 0);
	ck_assert_int_eq(rows(both, "a", -1, "rollbacks"), 4);
}
END_TEST

/* ---- alarms ---- */

static const struct watch two[] = {{"critic1", "critic1/real", "critic1/fake"}, {"critic2", "critic2/real", "critic2/fake"}};

/* As many steps with these accuracies on real and fake; the second critic is never due. */
static void feed(struct trainer *t, struct step *st, int steps, double real, double fake)
{
	const double value[] = {0.3, fake, real, NAN, NAN};
	for (int i = 0; i < steps; i++)
		watch_step(t, st, value);
}

/*
 * A plain mean of 200 steps, then m += (a - m) / 200: towards a, the distance shrinks by .995 a step.
 *   from .99 to .5: below .98 after ln(.48 / .49) / ln(.995) = 4.1 steps, within .02 of .5 after ln(.02 / .49) / ln(.995) = 638.1
 */
START_TEST(by_hand)
{
	static const char *const names[] = {"loss", "critic1/fake", "critic1/real", "critic2/real", "critic2/fake"};
	struct stage stage = {.name = "a"};
	struct lesson lesson = {.label = "anchor 1/2", .n_watch = 2, .watch = two};
	struct stage_run run = {.stage = &stage, .lesson = &lesson, .n_lesson = 1};
	struct trainer t = {.r = &run, .arena = life};
	struct step st = {.desc.n_metric = 5};
	memcpy(st.metric_name, names, sizeof names);
	FILE *f = log_to("log");
	watch_begin(&t);
	feed(&t, &st, 100, 1, 0.98);
	feed(&t, &st, 99, 0.98, 1);
	ck_assert(t.place.watch[0].told == 0 && t.place.watch[0].wins == 0); /* not before 200 steps */
	feed(&t, &st, 1, 1, 0.98);
	const struct resume_watch *w = t.place.watch;
	ck_assert_int_eq(watch_state_of(&t, 0), WATCH_WINS);
	ck_assert_double_eq_tol(w->mean, 0.99, 1e-12);
	ck_assert_double_eq(w->wins, 1);
	feed(&t, &st, 4, 1, 0);
	ck_assert_int_eq(watch_state_of(&t, 0), WATCH_WINS);
	ck_assert_double_eq_tol(w->mean, 0.5 + 0.49 * pow(0.995, 4), 1e-12);
	feed(&t, &st, 1, 0, 1);
	ck_assert_int_eq(watch_state_of(&t, 0), WATCH_FINE);
	feed(&t, &st, 633, 0.25, 0.75);
	ck_assert_int_eq(watch_state_of(&t, 0), WATCH_FINE);
	feed(&t, &st, 1, 0.5, 0.5);
	ck_assert_int_eq(watch_state_of(&t, 0), WATCH_CHANCE);
	feed(&t, &st, 100, 0, 0); /* .31: wrong more often than right */
	ck_assert_int_eq(watch_state_of(&t, 0), WATCH_CHANCE);
	ck_assert(w->mean < 0.33 && w->steps == 939 && w->epoch_steps == 740 && w->wins == 5 && w->chance == 101);
	feed(&t, &st, 5000, 1, 1); /* and again: it was told */
	ck_assert_int_eq(watch_state_of(&t, 0), WATCH_WINS);
	ck_assert_int_eq(watch_state_of(&t, 1), WATCH_FINE);
	ck_assert(t.place.watch[1].steps == 0 && t.place.watch[1].mean == 0);
	watch_begin(&t);
	ck_assert_int_eq(watch_state_of(&t, 0), WATCH_FINE);
	feed(&t, &st, 200, 0.5, 0.53);
	ck_assert_int_eq(watch_state_of(&t, 0), WATCH_CHANCE);
	feed(&t, &st, 100, 1, 1);
	ck_assert_int_eq(watch_state_of(&t, 0), WATCH_FINE);
	const char *log = log_from(f, "log");
	ck_assert_int_eq(count(log, "the critic wins"), 1);
	ck_assert_int_eq(count(log, "not better than chance"), 2); /* once a lesson */
	ck_has(log, "warning: stage 'a' anchor 1/2, epoch 1, batch 0: 'critic1' is right 99.0 % of the time over its last 200 steps");
	ck_has(log, "critic_lr");
}
END_TEST

/* What a lesson of fewer than 200 steps was too short for is said at its end, by the mean of all its steps; 19 say nothing. */
START_TEST(short_lessons)
{
	static const struct { int steps; double accuracy; enum watch_state state; } cases[] = {
		{19, 1, WATCH_FINE}, {20, 1, WATCH_WINS}, {20, 0.9, WATCH_FINE}, {199, 0.51, WATCH_CHANCE}, {20, 0.3, WATCH_CHANCE}, {199, 0.53, WATCH_FINE},
	};
	static const char *const names[] = {"loss", "critic1/fake", "critic1/real", "critic2/real", "critic2/fake"};
	struct stage stage = {.name = "a"};
	struct lesson lesson = {.label = "", .n_watch = 2, .watch = two};
	struct stage_run run = {.stage = &stage, .lesson = &lesson, .n_lesson = 1};
	struct trainer t = {.r = &run, .arena = life};
	struct step st = {.desc.n_metric = 5};
	memcpy(st.metric_name, names, sizeof names);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		FILE *f = log_to("log");
		watch_begin(&t);
		feed(&t, &st, cases[i].steps, cases[i].accuracy, cases[i].accuracy);
		ck_assert_int_eq(t.place.watch[0].told, 0);
		watch_end(&t);
		watch_end(&t);
		ck_assert_int_eq(watch_state_of(&t, 0), cases[i].state);
		const char *log = log_from(f, "log");
		ck_assert_int_eq(count(log, arena_printf(life, "over its last %d steps: ", cases[i].steps)), cases[i].state != WATCH_FINE);
		ck_assert_int_eq(count(log, "the critic wins"), cases[i].state == WATCH_WINS);
		ck_assert_int_eq(count(log, "stage 'a', at its end: 'critic1'"), cases[i].state != WATCH_FINE);
	}
}
END_TEST

Suite *watch_suite(void)
{
	Suite *s = suite_create("watch");
	TCase *tc = life_case(s, "watch");
	tcase_add_loop_test(tc, undone_and_halved, 0, 2);
	tcase_add_loop_test(tc, bad_only_once, 0, 2);
	tcase_add_test(tc, resumed);
	tcase_add_test(tc, another_arm);
	tcase_add_test(tc, by_hand);
	tcase_add_test(tc, short_lessons);
	return s;
}
