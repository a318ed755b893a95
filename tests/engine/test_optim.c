/* Optimisers' kernels and their helpers on every back end, against steps worked by hand from PyTorch's formulas. */
#include "tests/engine/cases.h"

#include <math.h>
#include <string.h>

#include "engine/device.h"

static const char *const devices[] = {TEST_DEVICES};
enum { DEVICES = sizeof devices / sizeof *devices, MOST = 9000 };

struct bench {
	struct arena *arena;
	struct err err;
	struct device *dev;
	enum dtype wide;
	double limit;
	int n_mem;
	void *mem[32]; /* given back by bench_close */
	size_t bytes[32];
};

static void bench_open(struct bench *b, int i)
{
	memset(b, 0, sizeof *b);
	b->arena = arena_open("test");
	ck_assert_msg(device_open(b->arena, devices[i], 2, &b->dev, &b->err) == OK, "%s", b->err.text);
	b->wide = b->dev->backend->wide;
	b->limit = b->wide == F64 ? 1e-14 : 3e-7;
}

static void bench_close(struct bench *b)
{
	for (int i = 0; i < b->n_mem; i++)
		device_free(b->dev, b->mem[i], b->bytes[i]);
	device_close(b->dev);
	arena_close(b->arena);
}

static void *room(struct bench *b, size_t bytes)
{
	void *mem;
	ck_assert_msg(device_alloc(b->dev, bytes, &mem, &b->err) == OK, "%s", b->err.text);
	ck_assert_int_lt(b->n_mem, 32);
	b->bytes[b->n_mem] = bytes;
	return b->mem[b->n_mem++] = mem;
}

/* Device memory with these values, as wide. */
static void *wide(struct bench *b, const double *v, int n)
{
	const size_t bytes = (size_t)n * dtype_size(b->wide);
	void *host = mem_new(bytes), *mem = room(b, bytes);
	elements_from_f64(host, b->wide, v, n);
	b->dev->backend->put(b->dev->impl, mem, host, bytes);
	mem_free(host);
	return mem;
}

static int *flag(struct bench *b, int value)
{
	int *mem = room(b, sizeof value);
	b->dev->backend->put(b->dev->impl, mem, &value, sizeof value);
	return mem;
}

static int flag_get(struct bench *b, const int *mem)
{
	int value = -1;
	b->dev->backend->get(b->dev->impl, &value, mem, sizeof value);
	ck_assert_int_eq(device_wait(b->dev, &b->err), OK);
	return value;
}

static void get(struct bench *b, double *v, const void *mem, int n)
{
	const size_t bytes = (size_t)n * dtype_size(b->wide);
	void *host = mem_new(bytes);
	b->dev->backend->get(b->dev->impl, host, mem, bytes);
	ck_assert_int_eq(device_wait(b->dev, &b->err), OK);
	elements_to_f64(v, host, b->wide, n);
	mem_free(host);
}

static void expect(struct bench *b, const char *what, const void *mem, const double *want, int n)
{
	double *v = mem_new((size_t)n * sizeof *v);
	get(b, v, mem, n);
	for (int i = 0; i < n; i++)
		ck_assert_msg(fabs(v[i] - want[i]) <= b->limit * fmax(1, fabs(want[i])),
		              "%s on %s: element %d is %.17g, not %.17g", what, b->dev->backend->name, i, v[i],
		              want[i]);
	mem_free(v);
}

#define TWO(a, b) (const double[]){a, b}
#define ONE(a) (const double[]){a}

/* Two steps with gradients g1, g2 from w = (1, -2) give w1, w2. */
struct sgd_case {
	const char *what;
	bool buffer, nesterov;
	double momentum, decay, g1[2], g2[2], w1[2], w2[2];
};

static const struct sgd_case sgd_cases[] = {
	/* d = g + 0.01 w: 0.51, 0.23; then -1 + 0.00949, 0.5 - 0.02023 */
	{"sgd", false, false, 0, 0.01, {0.5, 0.25}, {-1, 0.5}, {0.949, -2.023}, {1.048051, -2.070977}},
	/* buffer 0.51, 0.23; then 0.459 - 0.99051 = -0.53151, 0.207 + 0.47977 = 0.68677 */
	{"sgd, momentum", true, false, 0.9, 0.01, {0.5, 0.25}, {-1, 0.5}, {0.949, -2.023}, {1.002151, -2.091677}},
	/* first 1.9 d = 0.969, 0.437; then d = -0.990969, 0.479563, buffer 0.459 + d, 0.207 + d = -0.531969, 0.686563,
	   d + 0.9 buffer = -1.4697411, 1.0974697 */
	{"sgd, nesterov", true, true, 0.9, 0.01, {0.5, 0.25}, {-1, 0.5}, {0.9031, -2.0437}, {1.05007411,
	                                                                                     -2.15344697}},
	/* without decay: buffer 0.5, 0.25; then 0.4 - 1 = -0.6, 0.2 + 0.5 = 0.7 */
	{"sgd, momentum, no decay", true, false, 0.8, 0, {0.5, 0.25}, {-1, 0.5}, {0.95, -2.025}, {1.01, -2.095}},
};
enum { SGD_CASES = sizeof sgd_cases / sizeof *sgd_cases };

START_TEST(test_sgd)
{
	const struct sgd_case *c = &sgd_cases[_i / DEVICES];
	struct bench b;
	bench_open(&b, _i % DEVICES);
	void *const w = wide(&b, TWO(1, -2), 2), *const junk = wide(&b, TWO(NAN, NAN), 2);
	struct optim_run r = {
		.kind = OPTIM_SGD, .n = 2, .w = w, .g = wide(&b, c->g1, 2), .m = c->buffer ? junk : NULL,
		.momentum = c->momentum, .weight_decay = c->decay, .nesterov = c->nesterov, .first = true,
		.lr = wide(&b, ONE(0.1), 1), .ok = flag(&b, 1),
	};
	b.dev->backend->optim(b.dev->impl, &r);
	expect(&b, c->what, w, c->w1, 2);
	r.first = false;
	r.g = wide(&b, c->g2, 2);
	b.dev->backend->optim(b.dev->impl, &r);
	expect(&b, c->what, w, c->w2, 2);
	bench_close(&b);
}
END_TEST

START_TEST(test_clip_and_ok)
{
	struct bench b;
	bench_open(&b, _i);
	void *const w = wide(&b, TWO(1, -2), 2);
	struct optim_run r = {
		.kind = OPTIM_SGD, .n = 2, .w = w, .g = wide(&b, TWO(0.5, 0.25), 2), .weight_decay = 0.01,
		.lr = wide(&b, ONE(0.1), 1), .clip = wide(&b, ONE(0.5), 1), .ok = flag(&b, 0),
	};
	b.dev->backend->optim(b.dev->impl, &r);
	expect(&b, "not ok", w, TWO(1, -2), 2);
	/* the clip scales the gradient and not the decay: 0.25 + 0.01, 0.125 - 0.02 */
	r.ok = flag(&b, 1);
	b.dev->backend->optim(b.dev->impl, &r);
	expect(&b, "clip", w, TWO(0.974, -2.0105), 2);
	bench_close(&b);
}
END_TEST

START_TEST(test_adam)
{
	struct bench b;
	bench_open(&b, _i);
	void *const w = wide(&b, TWO(1, -2), 2), *const m = wide(&b, TWO(0, 0), 2), *const v = wide(&b, TWO(0, 0),
	                                                                                            2);
	const struct optim_run r = {
		.kind = OPTIM_ADAM, .n = 2, .w = w, .g = wide(&b, TWO(0.5, 0.1), 2), .m = m, .v = v, .beta1 = 0.8,
		.beta2 = 0.96, .eps = 0.5, .weight_decay = 0.1, .correct1 = 0.2, .correct2 = 0.04,
		.lr = wide(&b, ONE(0.1), 1), .ok = flag(&b, 1),
	};
	b.dev->backend->optim(b.dev->impl, &r);
	/* d = 0.5 + 0.1, 0.1 - 0.2; the first corrected moments are d and d^2 */
	expect(&b, "adam's first moment", m, TWO(0.12, -0.02), 2);
	expect(&b, "adam's second moment", v, TWO(0.0144, 0.0004), 2);
	expect(&b, "adam", w, TWO(1 - 0.06 / 1.1, -2 + 0.01 / 0.6), 2);
	bench_close(&b);
}
END_TEST

START_TEST(test_adamw)
{
	struct bench b;
	bench_open(&b, _i);
	void *const w = wide(&b, TWO(1, -2), 2), *const m = wide(&b, TWO(0, 0), 2), *const v = wide(&b, TWO(0, 0),
	                                                                                            2);
	struct optim_run r = {
		.kind = OPTIM_ADAMW, .n = 2, .w = w, .g = wide(&b, TWO(0.5, 0.1), 2), .m = m, .v = v, .beta1 = 0.8,
		.beta2 = 0.96, .eps = 0.5, .weight_decay = 0.1, .correct1 = 0.2, .correct2 = 0.04,
		.lr = wide(&b, ONE(0.1), 1), .ok = flag(&b, 1),
	};
	b.dev->backend->optim(b.dev->impl, &r);
	/* 0.99 w, then 0.1 d / (|d| + 0.5) */
	expect(&b, "adamw", w, TWO(0.99 - 0.05, -1.98 - 0.01 / 0.6), 2);
	/* t = 2: 1 - 0.64, 1 - 0.9216 = 0.28^2. m = 0.08 - 0.05, v = 0.0096 + 0.0025 = 0.11^2;
	   0.03 / 0.36 / (0.11 / 0.28 + 0.5) = 7 / 75. Second: m = 0.016 - 0.02, v = 0.000384 + 0.0004 = 0.028^2;
	   -0.004 / 0.36 / (0.1 + 0.5) = -1 / 54. */
	r.g = wide(&b, TWO(-0.25, -0.1), 2);
	r.correct1 = 0.36;
	r.correct2 = 0.0784;
	b.dev->backend->optim(b.dev->impl, &r);
	expect(&b, "adamw, second step", w,
	       TWO(0.94 * 0.99 - 0.1 * 7 / 75, (-1.98 - 0.01 / 0.6) * 0.99 + 0.1 / 54), 2);
	bench_close(&b);
}
END_TEST

/* 1 + 2 + ... + n of squares through several chunks, added to what is there. */
START_TEST(test_square_sum_and_clip)
{
	struct bench b;
	bench_open(&b, _i);
	double *x = mem_new(MOST * sizeof *x);
	for (int i = 0; i < MOST; i++)
		x[i] = i % 3 - 1; /* -1, 0, 1: a square sum of 2 in 3 */
	void *const sum = wide(&b, ONE(400), 1), *const clip = wide(&b, ONE(7), 1);
	b.dev->backend->square_sum(b.dev->impl, wide(&b, x, MOST), MOST, sum);
	expect(&b, "square_sum", sum, ONE(400 + MOST / 3 * 2), 1);
	b.dev->backend->clip_factor(b.dev->impl, sum, 2, NULL, clip); /* norm 80 */
	expect(&b, "clip_factor", clip, ONE(2 / (80 + 1e-6)), 1);
	b.dev->backend->clip_factor(b.dev->impl, sum, 81, NULL, clip);
	expect(&b, "clip_factor of a small norm", clip, ONE(1), 1);
	void *const unscale = wide(&b, ONE(0.25), 1); /* the norm is 20 */
	b.dev->backend->clip_factor(b.dev->impl, sum, 2, unscale, clip);
	expect(&b, "clip_factor of a scaled gradient", clip, ONE(0.25 * 2 / (20 + 1e-6)), 1);
	b.dev->backend->clip_factor(b.dev->impl, sum, 21, unscale, clip);
	expect(&b, "clip_factor of a small one", clip, ONE(0.25), 1);
	mem_free(x);
	bench_close(&b);
}
END_TEST

START_TEST(test_finite)
{
	static const double bad[] = {NAN, INFINITY, -INFINITY};
	struct bench b;
	bench_open(&b, _i);
	double *x = mem_new(MOST * sizeof *x);
	int *const ok = flag(&b, 1);
	b.dev->backend->finite(b.dev->impl, wide(&b, x, MOST), b.wide, MOST, ok);
	ck_assert_int_eq(flag_get(&b, ok), 1);
	for (int k = 0; k < 3; k++) {
		int *const found = flag(&b, 1);
		x[MOST - 1] = bad[k];
		void *const mem = wide(&b, x, MOST);
		b.dev->backend->finite(b.dev->impl, mem, b.wide, MOST - 1, found);
		ck_assert_int_eq(flag_get(&b, found), 1);
		b.dev->backend->finite(b.dev->impl, mem, b.wide, MOST, found);
		ck_assert_int_eq(flag_get(&b, found), 0);
		x[MOST - 1] = 0;
		b.dev->backend->finite(b.dev->impl, wide(&b, x, MOST), b.wide, MOST, found);
		ck_assert_int_eq(flag_get(&b, found), 0);
	}
	mem_free(x);
	bench_close(&b);
}
END_TEST

START_TEST(test_copies_and_fill)
{
	struct bench b;
	bench_open(&b, _i);
	const size_t bytes = 2 * dtype_size(b.wide);
	void *const from = wide(&b, TWO(3, -4), 2), *const to = wide(&b, TWO(7, 8), 2);
	b.dev->backend->copy_if(b.dev->impl, to, from, bytes, flag(&b, 0));
	expect(&b, "copy_if without ok", to, TWO(7, 8), 2);
	b.dev->backend->copy_if(b.dev->impl, to, from, bytes, flag(&b, 1));
	expect(&b, "copy_if", to, TWO(3, -4), 2);
	b.dev->backend->fill(b.dev->impl, to, b.wide, 2.5, 2);
	expect(&b, "fill", to, TWO(2.5, 2.5), 2);
	b.dev->backend->copy(b.dev->impl, to, from, bytes);
	expect(&b, "copy", to, TWO(3, -4), 2);
	int *const number = flag(&b, 5);
	b.dev->backend->fill(b.dev->impl, number, I32, 12, 1);
	ck_assert_int_eq(flag_get(&b, number), 12);
	expect(&b, "fresh memory", room(&b, bytes), TWO(0, 0), 2);
	bench_close(&b);
}
END_TEST

TCase *tcase_optim(void)
{
	TCase *const tc = tcase_create("optim");

	tcase_set_timeout(tc, 30);
	tcase_add_loop_test(tc, test_sgd, 0, SGD_CASES * DEVICES);
	tcase_add_loop_test(tc, test_clip_and_ok, 0, DEVICES);
	tcase_add_loop_test(tc, test_adam, 0, DEVICES);
	tcase_add_loop_test(tc, test_adamw, 0, DEVICES);
	tcase_add_loop_test(tc, test_square_sum_and_clip, 0, DEVICES);
	tcase_add_loop_test(tc, test_finite, 0, DEVICES);
	tcase_add_loop_test(tc, test_copies_and_fill, 0, DEVICES);
	return tc;
}
