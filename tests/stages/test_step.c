/* One step of a lesson: who moves, who does not, what is allocated. */
#include "tests/stages/suites.h"

#include <math.h>

#include "stages/teacher.h"

/* A stage with its networks placed, as the trainer does it, and the first lesson's batches. */
struct bench {
	struct experiment *x;
	struct stage_run *r;
	struct teacher *teacher;
	struct pass *pass;
	struct loader *loader;
	void *workspace;
	size_t bytes;
};

static struct bench bench_open(const char *text, int stage, const char *device)
{
	struct bench b = {0};
	ck_ok(open_text(&b.x, device, text, NULL));
	ck_ok(stage_run_open(b.x, &b.x->stage[stage], &b.r, &e));
	for (int i = 0; i < b.r->n_net; i++) {
		ck_ok(params_place(b.r->net[i]->params, b.x->dev, &e));
		ck_ok(net_init(b.r->net[i], 1, NULL, &e));
	}
	if (b.r->teacher) {
		ck_ok(teacher_new(life, b.x, b.r->stage, 0, &b.teacher, &e));
		b.r->teacher = b.teacher->net;
		ck_ok(params_place(b.r->teacher->params, b.x->dev, &e));
		ck_ok(net_init(b.r->teacher, 1, NULL, &e));
	}
	ck_ok(loader_open(b.x->data, PART_TRAIN, VIEW_TRAIN, 1, &b.loader, &e));
	ck_ok(loader_start(b.loader, 0, 0, &e));
	return b;
}

static void bench_close(struct bench *b)
{
	pass_release(b->pass);
	loader_close(b->loader);
	device_free(b->x->dev, b->workspace, b->bytes);
	if (b->teacher)
		teacher_release(b->teacher);
	stage_run_close(b->r);
	experiment_close(b->x);
}

static struct step *bench_step(struct bench *b, int lesson)
{
	struct step *st = NULL;
	const struct lesson *l = &b->r->lesson[lesson];
	if (b->teacher)
		ck_ok(pass_new(b->teacher, b->x->data->conf.batch, life, &b->pass, &e));
	ck_ok(step_new(b->r, l, b->x->data->conf.batch, b->pass, life, &st, &e));
	if (b->pass)
		ck_ok(pass_plan(b->pass, &e));
	for (int i = 0; i < l->n_optim; i++) {
		if (!l->optim[i].optim->dev)
			ck_ok(optim_place(l->optim[i].optim, b->x->dev, &e));
		optim_set_lr(l->optim[i].optim, 0.05);
	}
	device_free(b->x->dev, b->workspace, b->bytes);
	b->bytes = step_workspace(st);
	if (b->pass && pass_workspace(b->pass) > b->bytes)
		b->bytes = pass_workspace(b->pass);
	ck_ok(device_alloc(b->x->dev, b->bytes, &b->workspace, &e));
	if (b->pass)
		ck_ok(pass_prepare(b->pass, scratch, b->workspace, &e));
	ck_ok(step_prepare(st, b->workspace, &e));
	return st;
}

/* A step as the trainer takes it: the teacher's pass, then the students. */
static enum status run_both(struct bench *b, struct step *st, const struct batch *batch, long number)
{
	const enum status s = b->pass ? pass_run(b->pass, batch, 0, &e) : OK;
	return s == OK ? step_run(st, batch, number, 0, &e) : s;
}

static const struct batch *next(struct bench *b)
{
	const struct batch *batch = NULL;
	double waited = 0;
	ck_ok(loader_next(b->loader, &batch, &waited, &e));
	if (batch && batch->n == b->x->data->conf.batch)
		return batch;
	ck_ok(loader_start(b->loader, 1, 0, &e));
	ck_ok(loader_next(b->loader, &batch, &waited, &e));
	return batch;
}

/* Both flat buffers of a network. */
static char *bytes_of(struct params *p)
{
	const size_t a = params_bytes(p, false), s = params_bytes(p, true);
	char *raw = arena_alloc(life, a + s);
	ck_ok(params_read(p, false, raw, &e));
	ck_ok(params_read(p, true, raw + a, &e));
	return raw;
}

/* Whether any parameter (or state) of a part has other bytes now. */
static bool part_moved(const struct params *p, const char *before, const char *after, bool state, int part)
{
	const size_t size = dtype_size(p->dev->backend->wide), start = state ? params_bytes(p, false) : 0;
	const int n = state ? p->n_state : p->n_param;
	bool moved = false;
	for (int i = 0; i < n; i++) {
		const struct param *row = state ? &p->state[i] : &p->param[i];
		const size_t at = start + (size_t)row->offset * size, len = (size_t)shape_count(&row->shape) * size;
		moved |= row->block == part && memcmp(before + at, after + at, len) != 0;
	}
	return moved;
}

static bool has_rows(const struct params *p, bool state, int part)
{
	bool any = false;
	for (int i = 0; i < (state ? p->n_state : p->n_param); i++)
		any |= (state ? p->state[i].block : p->param[i].block) == part;
	return any;
}

#define MSM TOP STAGES TEACH "  - {name: m, kind: blocks, train: student, teacher: teach.anchors, head_epochs: 1, polish_epochs: 1%s}\n"

/* What lesson k of the greedy order below moves. */
static const struct { int from, to; } moves[] = {{0, 1}, {2, 2}, {0, 1}, {2, 2}, {3, 3}, {0, 3}};

START_TEST(only_the_lesson_moves)
{
	struct bench b = bench_open(arena_printf(life, MSM, ", critic: {kind: small, width: 4, depth: 2}, lr: 0.5"), 1, "cpu");
	struct params *p = b.r->student->params;
	ck_assert_int_eq(b.r->n_lesson, 6);
	const struct lesson *l = &b.r->lesson[_i];
	struct step *st = bench_step(&b, _i);
	const char *before = bytes_of(p), *teacher = bytes_of(b.r->teacher->params);
	ck_ok(run_both(&b, st, next(&b), 0));
	const char *after = bytes_of(p);
	for (int part = 0; part <= 3; part++) {
		const bool moves_it = part >= moves[_i].from && part <= moves[_i].to;
		ck_assert_msg(part_moved(p, before, after, false, part) == (moves_it && has_rows(p, false, part)), "parameters of part %d in '%s'", part, l->label);
		ck_assert_msg(part_moved(p, before, after, true, part) == (moves_it && has_rows(p, true, part)), "states of part %d in '%s'", part, l->label);
	}
	const size_t size = params_bytes(b.r->teacher->params, false) + params_bytes(b.r->teacher->params, true);
	ck_assert(!memcmp(teacher, bytes_of(b.r->teacher->params), size));
	int64_t count = 0;
	for (int i = 0; i < p->n_param; i++)
		if (p->param[i].block >= moves[_i].from && p->param[i].block <= moves[_i].to)
			count += shape_count(&p->param[i].shape);
	for (int i = 1; i < b.r->n_net && _i < 4; i++) /* the pair's adapter */
		if (!strcmp(b.r->net[i]->name, arena_printf(life, "student/adapter%d", moves[_i].to)))
			count += params_count(b.r->net[i]->params);
	ck_assert_int_eq(optim_count(l->optim[0].optim), count);
	step_release(st);
	bench_close(&b);
}
END_TEST

/* Critic and student in turn: the critic's segment is in the even steps. */
START_TEST(critic_every_two)
{
	struct bench b = bench_open(arena_printf(life, MSM, ", critic_every: 2, critic: {kind: small, width: 4, depth: 2}"), 1, "cpu");
	struct step *st = bench_step(&b, 0);
	ck_assert_int_eq(st->n_variant, 3); /* and every 26th with the instruments */
	const struct optim *critic = b.r->lesson[0].optim[1].optim;
	struct params *own = critic->item[0].set, *student = b.r->student->params;
	for (long k = 0; k < 4; k++) {
		const char *c = bytes_of(own), *s = bytes_of(student);
		ck_ok(run_both(&b, st, next(&b), k));
		ck_assert_int_eq(memcmp(c, bytes_of(own), params_bytes(own, false)) != 0, k % 2 == 0);
		ck_assert(memcmp(s, bytes_of(student), params_bytes(student, false)) != 0);
	}
	ck_assert_int_eq(critic->steps, 2);
	step_release(st);
	bench_close(&b);
}
END_TEST

/* Of sums, by training steps. */
START_TEST(order_is_left_open)
{
	for (int open = 0; open < 2; open++) {
		struct bench b = bench_open(arena_printf(life, "%s" MSM, open ? "deterministic: false\n" : "", ""), 1, "cpu");
		struct step *st = bench_step(&b, 0);
		ck_assert_int_eq(st->desc.any_order, open);
		step_release(st);
		bench_close(&b);
	}
}
END_TEST

/* The longest list of segments there can be, and rates whose product would be out of this world. */
START_TEST(many_pairs)
{
	const char *top = "name: a\nprecision: f32\ndata: {kind: synth, batch: 4, n_train: 8, n_test: 4, held_out: 0, classes: 4, size: 32}\n"
		"networks:\n  t: {model: cnn, widths: [2, 2, 2, 2, 2], convs: 1}\n  s: {model: cnn, widths: [1, 1, 1, 1, 1], convs: 1}\n"
		"stages:\n  - {name: teach, kind: supervise, train: t, epochs: 1}\n"
		"  - {name: m, kind: blocks, greedy: false, train: s, teacher: teach.last, critic_every: 997, critic: {kind: small, width: 2, depth: 1}}\n";
	struct bench b = bench_open(top, 1, "cpu");
	struct step *st = bench_step(&b, 0);
	ck_assert_int_eq(st->desc.n_segment, 7); /* five critics, the instruments, the student */
	ck_assert_int_eq(st->n_variant, 2);
	ck_ok(run_both(&b, st, next(&b), 0));
	ck_ok(run_both(&b, st, next(&b), 1));
	step_release(st);
	bench_close(&b);
}
END_TEST

START_TEST(allocates_nothing)
{
	struct bench b = bench_open(arena_printf(life, MSM, ""), 1, "cpu");
	struct step *st = bench_step(&b, _i);
	double value[MAX_METRIC];
	for (long k = 0; k < 2; k++)
		ck_ok(run_both(&b, st, next(&b), k));
	const uint64_t before = alloc_count();
	for (long k = 2; k < 7; k++) {
		ck_ok(run_both(&b, st, next(&b), k));
		ck_ok(plan_metrics(step_plan(st, k), value, &e));
	}
	ck_assert_uint_eq(alloc_count(), before);
	step_release(st);
	bench_close(&b);
}
END_TEST

static long prologues(const struct bench *b, const struct step *st)
{
	long n = plan_prologue_launches(step_plan(st, 0));
	for (int i = 0; b->pass && i < b->pass->n_part; i++)
		n += plan_prologue_launches(b->pass->part[i]->plan);
	return n;
}

/* What nobody moves is folded and packed once: in lessons behind the first, the teacher and the student's frozen blocks. */
START_TEST(frozen_weights_are_made_once)
{
	struct bench b = bench_open(arena_printf(life, MSM, ""), 1, "cpu");
	struct step *st = bench_step(&b, _i);
	ck_ok(run_both(&b, st, next(&b), 0));
	const long first = prologues(&b, st);
	ck_assert_int_gt(first, 0);
	for (long k = 1; k < 4; k++)
		ck_ok(run_both(&b, st, next(&b), k));
	ck_assert_int_eq(prologues(&b, st), first);
	/* A change of one row makes its own layer's forms anew, and no other's. */
	params_touch(b.r->teacher->params, false, 0);
	ck_ok(run_both(&b, st, next(&b), 4));
	const long again = prologues(&b, st) - first;
	ck_assert_int_gt(again, 0);
	ck_assert_int_lt(again, first);
	step_release(st);
	bench_close(&b);
}
END_TEST

/* A value that is not finite: the tensor is named and nothing of the step stays, on every device. */
START_TEST(not_a_number)
{
	static const char *const devices[] = {"cpu", "ref", "late"};
	struct bench b = bench_open(arena_printf(life, MSM, ", critic: {kind: small, width: 4, depth: 2}"), 1, devices[_i]);
	struct step *st = bench_step(&b, 0);
	struct params *p = b.r->student->params, *critic = b.r->lesson[0].optim[1].optim->item[0].set;
	double w[512];
	bool state;
	const int at = params_find(p, p->param[0].name, &state);
	ck_ok(params_get(p, at, false, w, &e));
	w[1] = NAN;
	ck_ok(params_put(p, at, false, w, &e));
	const char *before = bytes_of(p), *critic_before = bytes_of(critic);
	ck_assert_int_eq(run_both(&b, st, next(&b), 0), E_RUN);
	ck_has(e.text, "not finite");
	ck_has(e.text, p->param[0].name);
	ck_assert(!memcmp(before, bytes_of(p), params_bytes(p, false) + params_bytes(p, true)));
	ck_assert(!memcmp(critic_before, bytes_of(critic), params_bytes(critic, false) + params_bytes(critic, true)));
	ck_assert_int_eq(b.r->lesson[0].optim[0].optim->steps, 0);
	ck_assert_int_eq(b.r->lesson[0].optim[1].optim->steps, 0);
	step_release(st);
	bench_close(&b);
}
END_TEST

Suite *step_suite(void)
{
	Suite *s = suite_create("step");
	TCase *tc = life_case(s, "step");
	tcase_add_loop_test(tc, only_the_lesson_moves, 0, 6);
	tcase_add_test(tc, critic_every_two);
	tcase_add_test(tc, order_is_left_open);
	tcase_add_test(tc, many_pairs);
	tcase_add_loop_test(tc, allocates_nothing, 0, 6);
	tcase_add_loop_test(tc, frozen_weights_are_made_once, 0, 6);
	tcase_add_loop_test(tc, not_a_number, 0, 3);
	return s;
}
