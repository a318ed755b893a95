/* A step that is recorded and queued at once does what it does kernel by kernel, and what changes between steps reaches it. */
#include "tests/engine/cases.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/build.h"
#include "engine/params.h"
#include "engine/plan_int.h"

TCase *tcase_record(void);

enum { M = 6, D = 10, K = 7, STEPS = 5 };

static const struct optim_conf kinds[] = {
	{.kind = OPTIM_SGD, .momentum = 0.9, .nesterov = true, .weight_decay = 0.01}, {.kind = OPTIM_SGD}, {.kind = OPTIM_SGD, .momentum = 0.5, .clip = 0.25},
	{.kind = OPTIM_ADAM, .beta1 = 0.8, .beta2 = 0.95, .eps = 1e-4}, {.kind = OPTIM_ADAMW, .beta1 = 0.9, .beta2 = 0.99, .eps = 1e-6, .weight_decay = 0.1},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

/* Minimises mean((x w)^2) over w. */
struct lesson {
	struct arena *arena;
	struct err err;
	struct device *dev;
	struct params *set;
	struct optim *optim;
	struct node *x, *loss, *grad;
	struct grad_item item;
	struct segment segment;
	struct step_desc desc;
	struct plan *plan;
	void *workspace;
};

static void ok(const struct lesson *l, enum status st)
{
	ck_assert_msg(st == OK && l->err.status == OK, "%s", l->err.text);
}

static void lesson_open(struct lesson *l, const struct optim_conf *conf, bool recorded)
{
	double w[D * K];
	*l = (struct lesson){.arena = arena_open("record")};
	setenv("LIMBECK_SYNC", recorded ? "0" : "1", 1);
	ok(l, device_open(l->arena, "cuda", 1, &l->dev, &l->err));
	l->set = params_new(l->arena, "net");
	params_add(l->set, (struct param){.name = "w", .shape = shape2(D, K)});
	struct graph *const g = graph_new(l->arena, &l->err);
	struct node *const p = graph_param(g, l->set, 0);
	l->x = graph_input(g, "x", shape2(M, D), CLASS_WIDE);
	struct node *const y = graph_matmul(g, l->x, p, NULL, false, false);
	l->loss = graph_mean_all(g, graph_mul(g, y, y));
	graph_grad(g, l->loss, NULL, (struct node *[]){p}, 1, &l->grad);
	l->optim = optim_new(l->arena, "net", conf);
	optim_add(l->optim, l->arena, l->set, 0);
	l->item = (struct grad_item){l->optim, 0, l->grad};
	l->segment = (struct segment){.name = "net", .every = 1, .n_root = 1, .root = &l->loss, .n_optim = 1, .optim = &l->optim, .n_grad = 1, .grad = &l->item};
	l->desc = (struct step_desc){.g = g, .n_segment = 1, .segment = &l->segment, .n_metric = 1, .metric = &l->loss};
	ok(l, plan_new(l->arena, &l->desc, l->dev, 1, &l->plan, &l->err));
	ok(l, params_place(l->set, l->dev, &l->err));
	ok(l, optim_place(l->optim, l->dev, &l->err));
	ok(l, device_alloc(l->dev, plan_workspace(l->plan), &l->workspace, &l->err));
	ok(l, plan_prepare(l->plan, l->workspace, &l->err));
	for (int i = 0; i < D * K; i++)
		w[i] = (i % 11 - 5) / 8.0;
	ok(l, params_put(l->set, 0, false, w, &l->err));
}

static void lesson_close(struct lesson *l)
{
	const size_t bytes = plan_workspace(l->plan);
	plan_release(l->plan);
	device_free(l->dev, l->workspace, bytes);
	optim_release(l->optim);
	params_release(l->set);
	device_close(l->dev);
	arena_close(l->arena);
}

/* Other pictures and another rate each time. */
static enum status lesson_step(struct lesson *l, int step, float scale)
{
	float x[M * D];
	for (int i = 0; i < M * D; i++)
		x[i] = scale * (float)((i + 3 * step) % 7 - 3) / 4;
	plan_put(l->plan, l->x, x);
	optim_set_lr(l->optim, 0.4 / (1 + step));
	return plan_run(l->plan, &l->err);
}

static const double *weights(struct lesson *l)
{
	double *w = NEW_ARRAY(l->arena, double, D * K);
	ok(l, params_get(l->set, 0, false, w, &l->err));
	return w;
}

START_TEST(same_bits)
{
	struct lesson a, b;
	lesson_open(&a, &kinds[_i], true);
	lesson_open(&b, &kinds[_i], false);
	for (int step = 0; step < STEPS; step++) {
		double loss[2];
		ok(&a, lesson_step(&a, step, 1));
		ok(&b, lesson_step(&b, step, 1));
		ok(&a, plan_metrics(a.plan, &loss[0], &a.err));
		ok(&b, plan_metrics(b.plan, &loss[1], &b.err));
		ck_assert_msg(loss[0] == loss[1] && loss[0] > 0, "step %d: losses %g and %g", step, loss[0], loss[1]);
		ck_assert_int_eq(a.plan->record != NULL, step > 0);
		ck_assert_msg(memcmp(weights(&a), weights(&b), D * K * sizeof(double)) == 0, "other weights after step %d", step);
	}
	ck_assert_ptr_null(b.plan->record);
	ck_assert_int_eq(a.optim->steps, STEPS);
	lesson_close(&a);
	lesson_close(&b);
}
END_TEST

/* Nothing of a replayed step that is not finite is kept, and its culprit is named. */
START_TEST(not_finite)
{
	struct lesson l;
	lesson_open(&l, &kinds[_i], true);
	for (int step = 0; step < 3; step++)
		ok(&l, lesson_step(&l, step, 1));
	const double *before = weights(&l);
	ck_assert_ptr_nonnull(l.plan->record);
	ck_assert_int_eq(lesson_step(&l, 3, NAN), E_RUN);
	ck_assert_ptr_nonnull(strstr(l.err.text, "'x' holds a value that is not finite"));
	err_clear(&l.err);
	ck_assert(memcmp(before, weights(&l), D * K * sizeof(double)) == 0);
	ck_assert_int_eq(l.optim->steps, 3);
	ok(&l, lesson_step(&l, 3, 1));
	ck_assert(memcmp(before, weights(&l), D * K * sizeof(double)) != 0);
	lesson_close(&l);
}
END_TEST

TCase *tcase_record(void)
{
	TCase *const tc = tcase_create("record");
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, same_bits, 0, KINDS);
	tcase_add_loop_test(tc, not_finite, 0, KINDS);
	return tc;
}
