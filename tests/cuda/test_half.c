/* f16 on a GPU: its conversions bit by bit, and training with a loss scale, whose numbers are worked by hand. */
#include "tests/engine/cases.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/build.h"
#include "engine/params.h"
#include "engine/plan_int.h"
#include "tests/cusim/control.h"

TCase *tcase_half(void);

enum { N = 8, MOST = 2 };

/*
 * Segment k minimises slope[k] mean(a) over w[k], N ones at first, with a = w[k] stored as f16: each element's gradient is slope / N, and goes through f16 on its way.
 */
struct training {
	struct arena *arena;
	struct err err;
	struct device *dev;
	struct params *set;
	struct loss_scale *scale;
	int n;
	struct optim *optim[MOST];
	struct node *slope[MOST], *loss[MOST], *grad[MOST];
	struct grad_item item[MOST];
	struct segment segment[MOST];
	struct step_desc desc;
	struct plan *plan;
	void *workspace;
};

static void ok(const struct training *t, enum status st)
{
	ck_assert_msg(st == OK && t->err.status == OK, "%s", t->err.text);
}

static void add_segment(struct training *t, struct graph *g, int k, const struct optim_conf *conf, struct node *seed)
{
	params_add(t->set, (struct param){.name = k ? "w1" : "w0", .shape = shape1(N)});
	struct node *const w = graph_param(g, t->set, k), *const a = graph_cast(g, w, CLASS_ACT);
	t->slope[k] = graph_input(g, k ? "slope1" : "slope0", shape0(), CLASS_WIDE);
	t->loss[k] = graph_mul(g, graph_mean_all(g, graph_cast(g, a, CLASS_WIDE)), t->slope[k]);
	graph_grad(g, t->loss[k], seed, &w, 1, &t->grad[k]);
	t->optim[k] = optim_new(t->arena, "sgd", conf);
	optim_add(t->optim[k], t->arena, t->set, k);
	t->item[k] = (struct grad_item){t->optim[k], 0, t->grad[k]};
	t->segment[k] = (struct segment){.name = k ? "second" : "first", .every = 1, .n_root = 1, .root = &t->loss[k], .n_optim = 1, .optim = &t->optim[k],
	                                 .n_grad = 1, .grad = &t->item[k]};
}

/* scale 0: without one. */
static void begin(struct training *t, int n, const struct optim_conf *conf, enum precision precision, double scale, bool recorded)
{
	static const double ones[N] = {1, 1, 1, 1, 1, 1, 1, 1};
	const struct type scalar = type_of(shape0(), CLASS_WIDE);
	*t = (struct training){.arena = arena_open("half"), .n = n};
	setenv("LIMBECK_SYNC", recorded ? "0" : "1", 1);
	ok(t, device_open(t->arena, "cuda", 1, &t->dev, &t->err));
	t->set = params_new(t->arena, "net");
	struct graph *const g = graph_new(t->arena, &t->err);
	t->desc = (struct step_desc){.g = g, .precision = precision, .n_segment = n, .segment = t->segment, .n_metric = 1, .metric = &t->loss[0]};
	if (scale > 0) {
		t->scale = t->desc.scale = loss_scale_new(t->arena);
		t->desc.scale_seed = graph_given(g, "loss_scale", &scalar);
		ck_assert(loss_scale_set(t->scale, scale, 0));
	}
	for (int k = 0; k < n; k++)
		add_segment(t, g, k, conf, t->desc.scale_seed);
	ok(t, plan_new(t->arena, &t->desc, t->dev, (1u << n) - 1, &t->plan, &t->err));
	ok(t, params_place(t->set, t->dev, &t->err));
	for (int k = 0; k < n; k++)
		ok(t, optim_place(t->optim[k], t->dev, &t->err));
	ok(t, device_alloc(t->dev, plan_workspace(t->plan), &t->workspace, &t->err));
	ok(t, plan_prepare(t->plan, t->workspace, &t->err));
	for (int k = 0; k < n; k++)
		ok(t, params_put(t->set, k, false, ones, &t->err));
}

static void end(struct training *t)
{
	const size_t bytes = plan_workspace(t->plan);
	plan_release(t->plan);
	device_free(t->dev, t->workspace, bytes);
	for (int k = 0; k < t->n; k++)
		optim_release(t->optim[k]);
	loss_scale_release(t->scale);
	params_release(t->set);
	device_close(t->dev);
	arena_close(t->arena);
}

/* One step with these gradients of every element. */
static enum status step(struct training *t, double lr, double first, double second)
{
	const double gradient[MOST] = {first, second};
	for (int k = 0; k < t->n; k++) {
		plan_put_scalar(t->plan, t->slope[k], gradient[k] * N);
		optim_set_lr(t->optim[k], lr);
	}
	return plan_run(t->plan, &t->err);
}

static void expect(struct training *t, int k, double want, double room)
{
	double w[N];
	ok(t, params_get(t->set, k, false, w, &t->err));
	for (int i = 0; i < N; i++)
		ck_assert_msg(fabs(w[i] - want) <= room, "w%d[%d] is %.9g, not %.9g", k, i, w[i], want);
}

static const struct optim_conf plain = {.kind = OPTIM_SGD}, heavy = {.kind = OPTIM_SGD, .momentum = 0.5};

/* ---- conversions ---- */

/* Every f16 as f32, and back; and what lies between two of them. a: as the quick kernels do it, elsewhere as the general one does. */
START_TEST(conversions)
{
	struct arena *const life = arena_open("half");
	struct err e = {0};
	struct device *dev = NULL;
	enum { ALL = 0x10000, FEW = 14 };
	static const double from[FEW] = {65504, 65519.99, 65520, -1e30, 0x1p-24, 0x1p-25, 0x1.000002p-25, 6e-8, 0x1.8p-24, 0x1.ffap-15, 0x1.ffcp-15, -0.0, 0.1, 2049};
	static const uint16_t to[FEW] = {0x7bff, 0x7bff, 0x7c00, 0xfc00, 1, 0, 1, 1, 2, 0x3ff, 0x400, 0x8000, 0x2e66, 0x6800};
	uint16_t *const half = NEW_ARRAY(life, uint16_t, ALL), *const got = NEW_ARRAY(life, uint16_t, ALL);
	float *const wide = NEW_ARRAY(life, float, ALL);
	ck_assert_int_eq(device_open(life, "cuda", 1, &dev, &e), OK);
	struct graph *const g = graph_new(life, &e);
	struct node *const x = graph_input(g, "x", shape1(ALL), CLASS_WIDE), *const a = graph_cast(g, x, CLASS_ACT);
	struct node *const quick = graph_scale(g, a, _i ? -1 : 1, 0), *const keep[] = {a, quick, graph_cast(g, quick, CLASS_WIDE)};
	struct segment segment = {.name = "cast", .every = 1};
	const struct step_desc desc = {.g = g, .precision = PRECISION_F16, .n_segment = 1, .segment = &segment, .n_keep = 3, .keep = (struct node **)keep};
	struct plan *plan = NULL;
	void *workspace;
	double *const back = NEW_ARRAY(life, double, ALL);
	for (int i = 0; i < ALL; i++) {
		half[i] = (uint16_t)i;
		wide[i] = f32_from_f16(half[i]);
	}
	for (int i = 1; i < 0x7c00; i += 2) /* just below, at and above a half of the way to the next */
		wide[i] = nextafterf((wide[i] + wide[i - 1]) / 2, i % 3 == 0 ? 0 : i % 3 == 1 ? (wide[i] + wide[i - 1]) / 2 : INFINITY);
	for (int i = 0; i < FEW; i++)
		wide[0x8000 + i] = (float)from[i];
	for (int i = 0; i < ALL; i++)
		half[i] = f16_from_f32(wide[i]);
	for (int i = 0; i < FEW; i++)
		ck_assert_msg(half[0x8000 + i] == to[i], "%.9g is %#x, not %#x", from[i], half[0x8000 + i], to[i]);
	ck_assert_int_eq(plan_new(life, &desc, dev, 1, &plan, &e), OK);
	ck_assert_int_eq(device_alloc(dev, plan_workspace(plan), &workspace, &e), OK);
	ck_assert_int_eq(plan_prepare(plan, workspace, &e), OK);
	plan_put(plan, x, wide);
	ck_assert_int_eq(plan_run(plan, &e), OK);
	ck_assert_int_eq(plan_get(plan, keep[2], back, &e), OK);
	for (int k = 0; k < 2; k++) {
		size_t bytes;
		void *const mem = plan_kept(plan, keep[k], &bytes);
		ck_assert_uint_eq(bytes, ALL * sizeof *got);
		dev->backend->get(dev->impl, got, mem, bytes);
		ck_assert_int_eq(device_wait(dev, &e), OK);
		for (int i = 0; i < ALL; i++) {
			const bool turned = k && _i; /* -1 x + 0: a zero has no sign then */
			const uint16_t want = !turned ? half[i] : half[i] & 0x7fff ? half[i] ^ 0x8000 : 0;
			ck_assert_msg(got[i] == want || (isnan(wide[i]) && isnan(f32_from_f16(got[i]))), "%.9g became %#x, not %#x", (double)wide[i], got[i], want);
			ck_assert(!k || back[i] == (double)f32_from_f16(got[i]) || (isnan(wide[i]) && isnan(back[i])));
		}
	}
	const size_t bytes = plan_workspace(plan);
	plan_release(plan);
	device_free(dev, workspace, bytes);
	device_close(dev);
	arena_close(life);
}
END_TEST

/* bf16 needs compute capability 8.0. The CPU has no f16, ref holds everything as f64. */
START_TEST(who_takes_it)
{
	static const struct { const char *device, *major; enum precision automatic; bool takes; } cases[] = {
		{"cuda", "7", PRECISION_F16, true}, {"cuda", "8", PRECISION_BF16, true}, {"ref", "7", PRECISION_F32, true}, {"late", "7", PRECISION_F32, true},
		{"cpu", "7", PRECISION_F32, false},
	};
	struct arena *const life = arena_open("half");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct err e = {0};
		struct device *dev = NULL;
		setenv("CUSIM_MAJOR", cases[i].major, 1);
		cusim_configure();
		ck_assert_int_eq(device_open(life, cases[i].device, 1, &dev, &e), OK);
		if (cases[i].takes || !dev->backend->bf16_native(dev->impl))
			ck_assert_int_eq(device_precision(dev), cases[i].automatic);
		ck_assert_int_eq(device_takes(dev, PRECISION_F16, &e), cases[i].takes ? OK : E_USER);
		ck_assert(cases[i].takes || strstr(e.text, "device 'cpu' stores nothing as f16: take precision bf16 or f32"));
		struct err why = {0};
		const bool brief = strcmp(cases[i].device, "cuda") || cases[i].automatic == PRECISION_BF16;
		ck_assert_int_eq(device_takes(dev, PRECISION_BF16, &why), brief ? OK : E_USER);
		ck_assert(brief || strstr(why.text, "device 'cuda' has no bf16, which GPUs of compute capability 8.0 and later have: take precision f16 or f32"));
		if (cases[i].takes)
			ck_assert_int_eq(device_dtype(dev, PRECISION_F16, CLASS_ACT), dev->backend->wide == F64 ? F64 : F16);
		device_close(dev);
	}
	arena_close(life);
}
END_TEST

/* ---- the loss scale ---- */

/* A gradient of 2^-28 is nothing in f16, and 2^-12 when it is scaled. */
START_TEST(small_gradients_survive)
{
	static const double scales[] = {0, 1, LOSS_SCALE_START};
	for (int k = 0; k < 3; k++) {
		struct training t;
		begin(&t, 1, &plain, PRECISION_F16, scales[k], true);
		for (int i = 1; i <= 3; i++) {
			ok(&t, step(&t, 0x1p26, 0x1p-28, 0));
			ck_assert(!plan_skipped(t.plan));
			expect(&t, 0, scales[k] > 1 ? 1 - 0.25 * i : 1, 0);
		}
		end(&t);
	}
}
END_TEST

/* 16 times 2^16, 2^15, ... 2^12 is beyond f16; 16 times 2^11 is not. */
START_TEST(overflow_halves)
{
	struct training t;
	double loss;
	begin(&t, 1, &heavy, PRECISION_F16, LOSS_SCALE_START, _i);
	ok(&t, step(&t, 0x1p-4, 0.5, 0)); /* 2^15 */
	expect(&t, 0, 1 - 0x1p-5, 0);
	ck_assert_int_eq(t.scale->good, 1);
	for (int i = 1; i <= 5; i++) {
		ok(&t, step(&t, 0x1p-4, 16, 0));
		ck_assert(plan_skipped(t.plan));
		ck_assert_double_eq(t.scale->value, LOSS_SCALE_START / (1 << i));
		ck_assert_int_eq(t.scale->good, 0);
		expect(&t, 0, 1 - 0x1p-5, 0);
		ck_assert_int_eq(t.optim[0]->steps, 1);
		ok(&t, plan_metrics(t.plan, &loss, &t.err));
		ck_assert_double_eq(loss, 16 * N * (1 - 0x1p-5));
	}
	ok(&t, step(&t, 0x1p-4, 16, 0)); /* the momentum is what it was: 0.5 0.5 + 16 */
	ck_assert(!plan_skipped(t.plan));
	ck_assert_int_eq(t.plan->record != NULL, _i);
	expect(&t, 0, 1 - 0x1p-5 - 0x1p-4 * 16.25, 0);
	ck_assert_double_eq(t.scale->value, 2048);
	ck_assert_int_eq(t.scale->good, 1);
	end(&t);
}
END_TEST

START_TEST(good_steps_double)
{
	struct training t;
	begin(&t, 1, &plain, PRECISION_F16, LOSS_SCALE_START, true);
	ck_assert(loss_scale_set(t.scale, LOSS_SCALE_START, LOSS_SCALE_STEPS - 2));
	for (int i = 0; i < 3; i++) {
		ok(&t, step(&t, 0x1p-4, 0.25, 0));
		ck_assert_double_eq(t.scale->value, i < 1 ? LOSS_SCALE_START : 2 * LOSS_SCALE_START);
		ck_assert_int_eq(t.scale->good, i < 1 ? LOSS_SCALE_STEPS - 1 : i - 1);
		expect(&t, 0, 1 - 0x1p-6 * (i + 1), 0); /* by the scale that the step had */
	}
	ck_assert(loss_scale_set(t.scale, LOSS_SCALE_MOST, LOSS_SCALE_STEPS - 1));
	ok(&t, step(&t, 1, 0x1p-10, 0));
	ck_assert_double_eq(t.scale->value, LOSS_SCALE_MOST);
	static const double none[] = {0, 0.5, 3, 2 * LOSS_SCALE_MOST, -2, NAN, INFINITY};
	for (size_t i = 0; i < sizeof none / sizeof *none; i++)
		ck_assert(!loss_scale_set(t.scale, none[i], 0));
	ck_assert(!loss_scale_set(t.scale, 2, LOSS_SCALE_STEPS) && !loss_scale_set(t.scale, 2, -1));
	ck_assert_double_eq(t.scale->value, LOSS_SCALE_MOST);
	end(&t);
}
END_TEST

/* No smaller scale would help: a loss that is no number; gradients beyond f16 at scale 1. */
START_TEST(what_no_scale_mends)
{
	struct training t;
	begin(&t, 1, &plain, PRECISION_F16, 4, _i);
	for (int i = 0; i < 3; i++)
		ok(&t, step(&t, 1, 0.125, 0));
	ck_assert_int_eq(step(&t, 1, NAN, 0), E_RUN);
	ck_assert_ptr_nonnull(strstr(t.err.text, "'slope0' holds a value that is not finite"));
	ck_assert(!plan_skipped(t.plan));
	ck_assert_double_eq(t.scale->value, 4);
	err_clear(&t.err);
	for (int i = 0; i < 2; i++) {
		ok(&t, step(&t, 1, 1e5, 0));
		ck_assert(plan_skipped(t.plan));
	}
	ck_assert_double_eq(t.scale->value, 1);
	ck_assert_int_eq(step(&t, 1, 1e5, 0), E_RUN);
	ck_assert_ptr_nonnull(strstr(t.err.text, "the first to go bad, made by cast"));
	ck_assert(!plan_skipped(t.plan));
	err_clear(&t.err);
	expect(&t, 0, 1 - 3 * 0.125, 0);
	ok(&t, step(&t, 1, 0.125, 0));
	expect(&t, 0, 0.5, 0);
	end(&t);
}
END_TEST

/* The norm is sqrt(8) times an element, 2.83 and not 2^13 of that. */
START_TEST(clipping_sees_what_is_not_scaled)
{
	static const double limits[] = {0.5, 2.8, 2.9};
	for (int k = 0; k < 3; k++)
		for (int scaled = 0; scaled < 2; scaled++) {
			struct training t;
			const double norm = sqrt(8), factor = limits[k] < norm ? limits[k] / norm : 1;
			begin(&t, 1, &(struct optim_conf){.kind = OPTIM_SGD, .clip = limits[k]}, scaled ? PRECISION_F16 : PRECISION_F32, scaled ? 0x1p13 : 0, true);
			for (int i = 1; i <= 3; i++) {
				ok(&t, step(&t, 0.125, 1, 0));
				expect(&t, 0, 1 - 0.125 * factor * i, 1e-6);
			}
			end(&t);
		}
}
END_TEST

/* The step is one: where the second segment's gradients overflow, what the first had moved is as before. */
START_TEST(all_segments_or_none)
{
	struct training t;
	double loss;
	begin(&t, 2, &heavy, PRECISION_F16, 256, _i);
	ok(&t, step(&t, 0x1p-4, 1, 2));
	for (int k = 0; k < 2; k++) { /* 300 times 256, and times 128 */
		const bool taken = k;
		ok(&t, step(&t, 0x1p-8, 1, k ? 500 : 300));
		if (k == 0) {
			ck_assert(plan_skipped(t.plan));
			ck_assert_double_eq(t.scale->value, 128);
		}
		expect(&t, 0, 1 - 0x1p-4 - (taken ? 0x1p-8 * 1.5 : 0), 0);
		expect(&t, 1, 1 - 0x1p-3 - (taken ? 0x1p-8 * 501 : 0), 1e-6);
		ck_assert_int_eq(t.optim[0]->steps, taken ? 2 : 1);
		ck_assert_int_eq(t.optim[1]->steps, taken ? 2 : 1);
	}
	ok(&t, step(&t, 0x1p-4, 600, 1)); /* the first's */
	ck_assert(plan_skipped(t.plan));
	ck_assert_double_eq(t.scale->value, 64);
	ok(&t, plan_metrics(t.plan, &loss, &t.err));
	ck_assert_double_eq_tol(loss, 600 * N * (1 - 0x1p-4 - 0x1p-8 * 1.5), 600 * N / 2048.0);
	ck_assert_int_eq(t.optim[1]->steps, 2);
	end(&t);
}
END_TEST

TCase *tcase_half(void)
{
	TCase *const tc = tcase_create("half");
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, conversions, 0, 2);
	tcase_add_test(tc, who_takes_it);
	tcase_add_test(tc, small_gradients_survive);
	tcase_add_loop_test(tc, overflow_halves, 0, 2);
	tcase_add_test(tc, good_steps_double);
	tcase_add_loop_test(tc, what_no_scale_mends, 0, 2);
	tcase_add_test(tc, clipping_sees_what_is_not_scaled);
	tcase_add_loop_test(tc, all_segments_or_none, 0, 2);
	return tc;
}
