/* Steps that are queued and not waited for: the same as steps that are, also where one of them fails. */
#include "tests/engine/cases.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/build.h"
#include "engine/plan_chain.h"
#include "engine/plan_int.h"

TCase *tcase_chain(void);

enum { N = 8, SEGMENTS = 2, VARIANTS = 2, STEPS = 14 };

/* Segment k moves w[k] by the gradient slope[k] w[k] stored as an activation; the second reads what the first has left. In every other step the second is
   not due: that is another plan of the same weights. */
struct training {
	struct arena *arena;
	struct err err;
	struct device *dev;
	struct params *set;
	struct loss_scale *scale;
	struct optim *optim[SEGMENTS];
	struct node *slope[SEGMENTS], *loss[SEGMENTS], *grad[SEGMENTS];
	struct grad_item item[SEGMENTS];
	struct segment segment[SEGMENTS];
	struct step_desc desc;
	struct plan *plan[VARIANTS];
	void *workspace;
	size_t bytes;
	struct chain *chain; /* NULL: each step is waited for */
	int variants;        /* 1: the second segment is due in each step */
	bool waits;
	long taken, failed, skipped, fell_back;
	double loss_sum;
};

static void ok(const struct training *t, enum status st)
{
	ck_assert_msg(st == OK && t->err.status == OK, "%s", t->err.text);
}

static void add_segment(struct training *t, struct graph *g, int k, const struct optim_conf *conf)
{
	struct node *const w = graph_param(g, t->set, k), *const a = graph_cast(g, w, CLASS_ACT);
	t->slope[k] = graph_input(g, k ? "slope1" : "slope0", shape0(), CLASS_WIDE);
	struct node *const moved = k ? graph_add(g, a, graph_stop_gradient(g, graph_cast(g, graph_param(g, t->set, 0), CLASS_ACT))) : a;
	t->loss[k] = graph_mul(g, graph_mean_all(g, graph_cast(g, graph_mul(g, moved, a), CLASS_WIDE)), t->slope[k]);
	graph_grad(g, t->loss[k], t->desc.scale_seed, &w, 1, &t->grad[k]);
	t->optim[k] = optim_new(t->arena, k ? "second" : "first", conf);
	optim_add(t->optim[k], t->arena, t->set, k);
	t->item[k] = (struct grad_item){t->optim[k], 0, t->grad[k]};
	t->segment[k] = (struct segment){.name = k ? "second" : "first", .every = k + 1, .n_root = 1, .root = &t->loss[k], .n_optim = 1, .optim = &t->optim[k],
	                                 .n_grad = 1, .grad = &t->item[k]};
}

static void begin(struct training *t, const struct optim_conf *conf, enum precision precision, bool queued)
{
	const struct type scalar = type_of(shape0(), CLASS_WIDE);
	*t = (struct training){.arena = arena_open("chain"), .variants = VARIANTS};
	setenv("LIMBECK_SYNC", "0", 1);
	ok(t, device_open(t->arena, "cuda", 1, &t->dev, &t->err));
	t->set = params_new(t->arena, "net");
	for (int k = 0; k < SEGMENTS; k++)
		params_add(t->set, (struct param){.name = k ? "w1" : "w0", .shape = shape1(N)});
	const int count = params_add_state(t->set, (struct param){.name = "count", .shape = shape1(N)}, 0);
	struct graph *const g = graph_new(t->arena, &t->err);
	t->desc = (struct step_desc){.g = g, .precision = precision, .n_segment = SEGMENTS, .segment = t->segment, .n_metric = SEGMENTS, .metric = t->loss};
	static const int metric_segment[SEGMENTS] = {0, 1};
	t->desc.metric_segment = metric_segment;
	if (precision == PRECISION_F16) {
		t->scale = t->desc.scale = loss_scale_new(t->arena);
		t->desc.scale_seed = graph_given(g, "loss_scale", &scalar);
		ck_assert(loss_scale_set(t->scale, 256, LOSS_SCALE_STEPS - 4));
	}
	for (int k = 0; k < SEGMENTS; k++)
		add_segment(t, g, k, conf);
	graph_update(g, graph_state(g, t->set, count), graph_scale(g, graph_state(g, t->set, count), 1, 1), false);
	for (int v = 0; v < VARIANTS; v++) {
		ok(t, plan_new(t->arena, &t->desc, t->dev, v ? 1 : 3, &t->plan[v], &t->err));
		t->bytes = plan_workspace(t->plan[v]) > t->bytes ? plan_workspace(t->plan[v]) : t->bytes;
	}
	ok(t, params_place(t->set, t->dev, &t->err));
	for (int k = 0; k < SEGMENTS; k++)
		ok(t, optim_place(t->optim[k], t->dev, &t->err));
	ok(t, device_alloc(t->dev, t->bytes, &t->workspace, &t->err));
	for (int v = 0; v < VARIANTS; v++)
		ok(t, plan_prepare(t->plan[v], t->workspace, &t->err));
	for (int k = 0; k < SEGMENTS; k++) {
		double w[N];
		for (int i = 0; i < N; i++)
			w[i] = 1 + (i + k) / 16.0;
		ok(t, params_put(t->set, k, false, w, &t->err));
	}
	if (queued)
		ok(t, chain_open(t->arena, t->dev, SEGMENTS, &t->chain, &t->err));
	ck_assert((t->chain != NULL) == queued);
}

static void end(struct training *t)
{
	chain_close(t->chain);
	for (int v = 0; v < VARIANTS; v++)
		plan_release(t->plan[v]);
	device_free(t->dev, t->workspace, t->bytes);
	for (int k = 0; k < SEGMENTS; k++)
		optim_release(t->optim[k]);
	loss_scale_release(t->scale);
	params_release(t->set);
	device_close(t->dev);
	arena_close(t->arena);
}

static void add(struct training *t, const double loss[SEGMENTS])
{
	for (int k = 0; k < SEGMENTS; k++)
		t->loss_sum = t->loss_sum * 0.75 + (isnan(loss[k]) ? 0.5 : loss[k]);
	t->taken++;
}

static void put(struct training *t, struct plan *p, long number, const double slope[SEGMENTS])
{
	for (int k = 0; k < SEGMENTS; k++) {
		plan_put_scalar(p, t->slope[k], slope[k]);
		optim_set_lr(t->optim[k], 0.25 / (double)(number + 1));
	}
}

static void waited(struct training *t, struct plan *p)
{
	double loss[SEGMENTS];
	const enum status st = plan_run(p, &t->err);
	t->waits = false;
	if (st == E_RUN) {
		t->failed++;
		err_clear(&t->err);
		return;
	}
	ok(t, st);
	ok(t, plan_metrics(p, loss, &t->err));
	if (plan_skipped(p))
		t->skipped++;
	else
		add(t, loss);
}

/* Gives whether the oldest was good. */
static bool take(struct training *t)
{
	double loss[SEGMENTS];
	bool good = false;
	ok(t, chain_take(t->chain, &good, loss, &t->err));
	if (good) {
		add(t, loss);
		return true;
	}
	t->waits = true;
	t->fell_back++;
	ck_assert_int_eq(chain_length(t->chain), 0);
	return false;
}

/* Steps 0..STEPS-1: bad[n] is what the slopes of step n are multiplied by. */
static void train(struct training *t, const double bad[STEPS][SEGMENTS])
{
	for (long at = 0; at < STEPS || chain_length(t->chain);) {
		const long number = at + chain_length(t->chain);
		struct plan *const p = t->plan[number % t->variants];
		const bool queued = number < STEPS && !t->waits && chain_takes(t->chain, p);
		if (queued) {
			put(t, p, number, bad[number]);
			chain_queue(t->chain, p);
			if (chain_length(t->chain) == CHAIN_ROOM)
				at += take(t);
		} else if (chain_length(t->chain)) {
			at += take(t);
		} else {
			put(t, p, number, bad[number]);
			waited(t, p);
			at++;
		}
	}
}

static const double *state(struct training *t)
{
	double *const all = NEW_ARRAY(t->arena, double, 3 * N);
	for (int k = 0; k < SEGMENTS; k++)
		ok(t, params_get(t->set, k, false, all + k * N, &t->err));
	ok(t, params_get(t->set, 0, true, all + SEGMENTS * N, &t->err));
	return all;
}

static const struct optim_conf kinds[] = {
	{.kind = OPTIM_SGD, .momentum = 0.9, .nesterov = true, .weight_decay = 0.01}, {.kind = OPTIM_SGD, .clip = 0.5}, {.kind = OPTIM_ADAM, .beta1 = 0.8, .beta2 = 0.95, .eps = 1e-4},
};
enum { KINDS = sizeof kinds / sizeof *kinds, WAYS = 4 };

/* Nothing fails; the first segment, then the second, which has the first's to be undone; several in a row, the last step among them; by the loss scale. */
static void slopes(int way, double bad[STEPS][SEGMENTS])
{
	for (int n = 0; n < STEPS; n++)
		bad[n][0] = bad[n][1] = 1;
	if (way == 1) {
		bad[5][0] = NAN;
		bad[8][1] = NAN;
	} else if (way == 2) {
		bad[6][0] = bad[6][1] = bad[7][0] = INFINITY;
		bad[STEPS - 2][1] = NAN;
		bad[STEPS - 1][0] = NAN;
	} else if (way == 3) {
		bad[7][0] = 4000;
		bad[10][1] = 4000;
	}
}

START_TEST(as_if_waited_for)
{
	const int kind = _i % KINDS, way = _i / KINDS % WAYS;
	const enum precision precision = _i / KINDS / WAYS % 2 ? PRECISION_F16 : PRECISION_F32;
	struct training a, b;
	double bad[STEPS][SEGMENTS];
	slopes(way, bad);
	begin(&a, &kinds[kind], precision, true);
	begin(&b, &kinds[kind], precision, false);
	a.variants = b.variants = 1 + _i / KINDS / WAYS / 2;
	train(&a, (const double (*)[SEGMENTS])bad);
	train(&b, (const double (*)[SEGMENTS])bad);
	ck_assert_mem_eq(state(&a), state(&b), 3 * N * sizeof(double));
	ck_assert_msg(a.loss_sum == b.loss_sum && a.loss_sum > 0, "losses %.17g and %.17g", a.loss_sum, b.loss_sum);
	ck_assert_int_eq(a.taken, b.taken);
	ck_assert_int_eq(a.failed, b.failed);
	ck_assert_int_eq(a.skipped, b.skipped);
	ck_assert_int_eq(b.fell_back, 0);
	const bool scaled = way == 3 && precision == PRECISION_F16;
	const int want = way == 1 ? 2 : way == 2 ? 4 : 0;
	ck_assert_int_eq(a.failed, want);
	ck_assert(scaled ? a.skipped > 0 : a.skipped == 0);
	ck_assert(want || scaled ? a.fell_back > 0 : a.fell_back == 0);
	for (int k = 0; k < SEGMENTS; k++)
		ck_assert_int_eq(a.optim[k]->steps, b.optim[k]->steps);
	if (a.scale) {
		ck_assert_double_eq(a.scale->value, b.scale->value);
		ck_assert_int_eq(a.scale->good, b.scale->good);
	}
	end(&a);
	end(&b);
}
END_TEST

/* What is queued behind is not waited for: its own work may not even have begun. */
START_TEST(reads_one_step_behind)
{
	struct training t;
	double bad[STEPS][SEGMENTS];
	slopes(0, bad);
	begin(&t, &kinds[0], PRECISION_F32, true);
	ck_assert(!chain_takes(t.chain, t.plan[0]) && !chain_takes(NULL, t.plan[0]));
	for (int n = 0; n < 2; n++) {
		put(&t, t.plan[n], n, bad[n]);
		waited(&t, t.plan[n]);
	}
	for (int n = 0; n < 2; n++) {
		ck_assert(chain_takes(t.chain, t.plan[n]));
		put(&t, t.plan[n], n, bad[n]);
		chain_queue(t.chain, t.plan[n]);
		ck_assert_int_eq(chain_length(t.chain), n + 1);
		ck_assert_int_eq(t.optim[0]->steps, 3 + n);
	}
	ck_assert(take(&t));
	ck_assert_int_eq(chain_length(t.chain), 1);
	ck_assert(take(&t));
	ck_assert_int_eq(t.taken, 4);
	end(&t);
}
END_TEST

TCase *tcase_chain(void)
{
	TCase *const tc = tcase_create("chain");
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, as_if_waited_for, 0, 2 * VARIANTS * WAYS * KINDS);
	tcase_add_test(tc, reads_one_step_behind);
	return tc;
}
