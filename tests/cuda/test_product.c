/* Products whose bias and relu are an epilogue of cuBLASLt's: what they give, which way they went, and that without it they give the same. */
#include <stdlib.h>
#include <string.h>

#include "engine/build.h"
#include "engine/cuda/product.h"
#include "engine/plan_int.h"
#include "tests/cusim/control.h"
#include "tests/engine/trial.h"

TCase *tcase_product(void);

/* ---- products alone ---- */

enum { M = 3, N = 2, K = 2, BATCHES = 2, ROOM = 256, MEMORIES = 8 };

/* A B; with the biases [0 -6.5; -4 -5.5; -1 2.5]. The second A of a batch is twice the first. */
static const float matrix_a[M * K] = {1, 2, 3, -1, -2, 3}, matrix_b[K * N] = {1, -4, 2, -3}, sums[M * N] = {5, -10, 1, -9, 4, -1}, biases[N] = {-5, 3.5f};

struct desk {
	void *memory[MEMORIES];
	int n_memory;
	struct arena *arena;
	struct device *dev;
	struct kernel_run run;
	struct call call;
	struct err err;
};

static void desk_open(struct desk *d, unsigned free)
{
	*d = (struct desk){.arena = arena_open("product")};
	ck_assert_int_eq(device_open(d->arena, "cuda", 1, &d->dev, &d->err), OK);
	d->call = (struct call){.op = &op_matmul};
	d->run = (struct kernel_run){.call = &d->call, .dev = d->dev, .free = free};
}

static void desk_close(struct desk *d)
{
	while (d->n_memory)
		device_free(d->dev, d->memory[--d->n_memory], ROOM * sizeof(float));
	device_close(d->dev);
	arena_close(d->arena);
}

/* Memory of ROOM floats that holds these from `at` on. */
static float *place(struct desk *d, const float *x, int n, int at)
{
	float host[ROOM] = {0};
	void *mem;
	ck_assert_int_eq(device_alloc(d->dev, sizeof host, &mem, &d->err), OK);
	ck_assert_int_lt(d->n_memory, MEMORIES);
	d->memory[d->n_memory++] = mem;
	memcpy(host + at, x, (size_t)n * sizeof *x);
	d->dev->backend->put(d->dev->impl, mem, host, sizeof host);
	return (float *)mem + at;
}

static void take(struct desk *d, const float *from, float *host, int n)
{
	d->dev->backend->get(d->dev->impl, host, from, (size_t)n * sizeof *host);
	ck_assert_msg(device_wait(d->dev, &d->err) == OK, "%s", d->err.text);
}

/* The matrix (rows,columns) at `leading`, or its transpose. */
static int store(float *to, const float *x, int rows, int columns, bool transpose, int leading)
{
	for (int i = 0; i < rows; i++)
		for (int j = 0; j < columns; j++)
			to[transpose ? j * leading + i : i * leading + j] = x[i * columns + j];
	return leading * (transpose ? columns : rows);
}

/* Bits 0 and 1: A and B are stored transposed; 2: bias; 3: relu; 4: a batch; 5: the library has none; 6: memory that is aligned to a float alone. */
START_TEST(by_hand)
{
	const bool ta = _i & 1, tb = _i & 2, bias = _i & 4, relu = _i & 8, batch = _i & 16, refused = _i & 32, ragged = _i & 64;
	float a[ROOM] = {0}, b[ROOM] = {0}, got[ROOM];
	struct desk d;
	desk_open(&d, 0);
	cusim_cublaslt_refuse(refused);
	const int queued = cusim_cublaslt_queued(), lda = (ta ? M : K) + 1, ldb = (tb ? K : N) + 2, at = ragged ? 1 : 0;
	const int step_a = store(a, matrix_a, M, K, ta, lda), size_b = store(b, matrix_b, K, N, tb, ldb);
	for (int i = 0; i < step_a; i++)
		a[step_a + i] = 2 * a[i];
	struct product p = {
		.m = M, .n = N, .k = K, .ta = ta, .tb = tb, .lda = lda, .ldb = ldb, .ldc = N, .in = F32, .out = F32, .batches = batch ? BATCHES : 0,
		.step_a = step_a, .step_c = M * N, .has_bias = bias, .relu = relu,
	};
	p.a = place(&d, a, 2 * step_a, at);
	p.b = place(&d, b, size_b, at);
	p.bias = place(&d, biases, N, at);
	p.c = place(&d, b, 0, at);
	ck_assert_int_eq(product_lt_has(&p, 0), (bias || relu) && !refused);
	product_finished(&d.run, &p);
	take(&d, p.c, got, BATCHES * M * N + 1);
	for (int i = 0; i < BATCHES * M * N; i++) {
		float want = sums[i % (M * N)] * (float)(1 + i / (M * N)) + (bias ? biases[i % N] : 0);
		if ((relu && want < 0) || (!batch && i >= M * N))
			want = 0;
		ck_assert_msg(got[i] == want, "element %d is %g, not %g", i, (double)got[i], (double)want);
	}
	ck_assert(got[BATCHES * M * N] == 0);
	ck_assert_int_eq(cusim_cublaslt_queued() - queued, (bias || relu) && !refused);
	desk_close(&d);
}
END_TEST

/* TF32 makes 1 of 1 + 2^-11, where it is allowed. */
START_TEST(tf32_is_asked_for)
{
	const float a[2] = {1 + 0x1p-11f, 2}, b[2] = {1, 1}, bias = 4;
	float got;
	struct desk d;
	desk_open(&d, _i ? FREE_TF32 : 0);
	struct product p = {.m = 1, .n = 1, .k = 2, .a = place(&d, a, 2, 0), .b = place(&d, b, 2, 0), .c = place(&d, a, 0, 0), .lda = 2, .ldb = 1, .ldc = 1,
	                    .in = F32, .out = F32, .has_bias = true, .bias = place(&d, &bias, 1, 0)};
	const int queued = cusim_cublaslt_queued();
	product_finished(&d.run, &p);
	take(&d, p.c, &got, 1);
	ck_assert(got == (_i ? 7 : 7 + 0x1p-11f));
	ck_assert_int_eq(cusim_cublaslt_queued() - queued, 1);
	desk_close(&d);
}
END_TEST

/* A half result has no epilogue for our bias, but one for relu. A second of the same kind is not asked about, of other sizes it is. */
START_TEST(what_is_asked)
{
	struct desk d;
	struct product p = {.m = 8, .n = 16, .k = 24, .lda = 24, .ldb = 16, .ldc = 16, .in = BF16, .out = BF16, .has_bias = true};
	desk_open(&d, 0);
	const int asked = cusim_cublaslt_asked();
	ck_assert(!product_lt_has(&p, 0));
	ck_assert_int_eq(cusim_cublaslt_asked(), asked);
	p.has_bias = false;
	p.relu = true;
	ck_assert(product_lt_has(&p, 0) && product_lt_has(&p, 0));
	ck_assert_int_eq(cusim_cublaslt_asked(), asked + 1);
	p.m = 9;
	ck_assert(product_lt_has(&p, 0));
	ck_assert_int_eq(cusim_cublaslt_asked(), asked + 2);
	/* 2896^2 sums of 4 bytes are 7,168 bytes less than the workspace, and one more row is too much. */
	p = (struct product){.m = 2896, .n = 2896, .k = 1, .lda = 1, .ldb = 2896, .ldc = 2896, .in = F32, .out = F32, .relu = true};
	ck_assert(product_lt_has(&p, 0));
	p.m = 2897;
	ck_assert(!product_lt_has(&p, 0));
	desk_close(&d);
}
END_TEST

/* Sums wait in the workspace: two lanes whose work is mixed must not share one. */
START_TEST(lanes_have_their_own)
{
	enum { LANES = 2, ROUNDS = 24 };
	const float b[4] = {1, 2, 3, 4}, bias[2] = {0.5f, -0.25f};
	struct desk d;
	struct device *lane[LANES];
	float *a[LANES], *c[LANES], got[4];
	setenv("CUSIM_STREAMS", "random", 1);
	cusim_configure();
	desk_open(&d, 0);
	float *const right = place(&d, b, 4, 0), *const columns = place(&d, bias, 2, 0);
	for (int k = 0; k < LANES; k++) {
		const float left[4] = {(float)k + 1, 0, 0, (float)k + 1};
		ck_assert_int_eq(device_lane(d.dev, k, &lane[k], &d.err), OK);
		a[k] = place(&d, left, 4, 0);
		c[k] = place(&d, left, 0, 0);
	}
	for (int round = 0; round < ROUNDS; round++) {
		for (int k = 0; k < LANES; k++)
			device_fork(lane[k]);
		for (int k = 0; k < LANES; k++) {
			struct kernel_run r = d.run;
			r.dev = lane[k];
			const struct product p = {.m = 2, .n = 2, .k = 2, .a = a[k], .b = right, .c = c[k], .lda = 2, .ldb = 2, .ldc = 2, .in = F32, .out = F32,
			                          .has_bias = true, .bias = columns};
			ck_assert(product_lt_run(&r, &p));
		}
		for (int k = 0; k < LANES; k++)
			device_join(lane[k]);
		for (int k = 0; k < LANES; k++) {
			take(&d, c[k], got, 4);
			for (int i = 0; i < 4; i++)
				ck_assert_msg(got[i] == (float)(k + 1) * b[i] + bias[i % 2], "lane %d, element %d: %g", k, i, (double)got[i]);
		}
	}
	desk_close(&d);
}
END_TEST

/* ---- the ops ---- */

enum { SAMPLES = 5, FROM = 7, TO = 3, PICTURES = 2, CHANNELS = 3, OUT = 5, HEIGHT = 5, WIDTH = 4, MOST = PICTURES * OUT * HEIGHT * WIDTH };

/* Sixteenths: few bits, so that all sums are exact and nothing is rounded by TF32. */
static double number(int64_t k, int i)
{
	return (double)((k * 37 + i * 11) % 41 - 20) / 16;
}

static double linear_of(int sample, int to)
{
	double sum = number(to, 2);
	for (int k = 0; k < FROM; k++)
		sum += number(sample * FROM + k, 0) * number(to * FROM + k, 1);
	return sum;
}

static double convolved(int n, int o, int h, int w)
{
	double sum = number(o, 2);
	for (int c = 0; c < CHANNELS; c++)
		for (int r = -1; r <= 1; r++)
			for (int s = -1; s <= 1; s++)
				if (h + r >= 0 && h + r < HEIGHT && w + s >= 0 && w + s < WIDTH)
					sum += number(((n * CHANNELS + c) * HEIGHT + h + r) * WIDTH + w + s, 0) * number((o * CHANNELS + c) * 9 + 3 * r + s + 4, 1);
	return sum;
}

static double expected(bool linear, int i)
{
	if (linear)
		return linear_of(i / TO, i % TO);
	const double sum = convolved(i / (OUT * HEIGHT * WIDTH), i / (HEIGHT * WIDTH) % OUT, i / WIDTH % HEIGHT, i % WIDTH);
	return sum < 0 ? 0 : sum;
}

/* A linear layer, or relu of a 3x3 convolution, of ragged sizes. */
static struct node *op_of(struct trial *t, bool linear)
{
	const struct type type[2][3] = {
		{type_of(shape4(PICTURES, CHANNELS, HEIGHT, WIDTH), CLASS_ACT), {shape4(OUT, CHANNELS, 3, 3), CLASS_WIDE, ROW_MAJOR}, type_of(shape1(OUT), CLASS_WIDE)},
		{type_of(shape2(SAMPLES, FROM), CLASS_ACT), type_of(shape2(TO, FROM), CLASS_WIDE), type_of(shape1(TO), CLASS_WIDE)},
	};
	struct node *x[3];
	for (int i = 0; i < 3; i++) {
		struct trial_leaf *const leaf = trial_leaf(t, "x", type[linear][i], i == 1);
		for (int64_t k = 0; k < leaf->n; k++)
			leaf->value[k] = number(k, i);
		x[i] = leaf->node;
	}
	return linear ? graph_linear(t->g, x[0], x[1], x[2]) : graph_relu(t->g, graph_conv2d(t->g, x[0], x[1], x[2], NULL, 1, 1, 1));
}

static const char *product_name(const struct plan *p)
{
	for (int i = 0; i < p->n_step; i++)
		if (strstr(p->step[i].plan.name, "BLAS"))
			return p->step[i].plan.name;
	return "none";
}

/* Run again, recorded and replayed, it gives the same and asks no more. */
static void run_op(enum precision precision, bool linear, bool by_lt)
{
	static const char *const names[2][2] = {{"im2col, cuBLAS", "im2col, cuBLASLt"}, {"cuBLAS", "cuBLASLt"}};
	struct trial t;
	struct trial_plan p;
	trial_open(&t, "cuda", precision);
	struct node *const y = op_of(&t, linear);
	const int64_t n = shape_count(&y->type.shape);
	double first[MOST];
	trial_ok(&t, "op");
	trial_place(&t);
	trial_prepare(&t, &p, (struct node *[]){y}, 1);
	ck_assert_str_eq(product_name(p.plan), names[linear][by_lt]);
	const int queued = cusim_cublaslt_queued();
	trial_run(&t, &p);
	ck_assert_int_eq(cusim_cublaslt_queued() - queued, by_lt);
	const int asked = cusim_cublaslt_asked();
	for (int i = 0; precision != PRECISION_BF16 && i < n; i++)
		ck_assert_msg(p.value[0][i] == expected(linear, i), "element %d is %.9g, not %.9g", i, p.value[0][i], expected(linear, i));
	memcpy(first, p.value[0], (size_t)n * sizeof *first);
	for (int again = 0; again < 3; again++) {
		trial_run(&t, &p);
		ck_assert_mem_eq(p.value[0], first, (size_t)n * sizeof *first);
	}
	ck_assert_ptr_nonnull(p.plan->record);
	ck_assert_int_eq(cusim_cublaslt_asked(), asked);
	trial_release(&t, &p);
	trial_close(&t);
}

/* Bit 0: the linear layer; 1: in TF32; 2: the library has no epilogue. */
START_TEST(ops)
{
	cusim_cublaslt_refuse(_i & 4);
	run_op(_i & 2 ? PRECISION_TF32 : PRECISION_F32, _i & 1, !(_i & 4));
}
END_TEST

START_TEST(half_sums_wait)
{
	run_op(PRECISION_BF16, false, false);
}
END_TEST

TCase *tcase_product(void)
{
	TCase *const tc = tcase_create("product");
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, by_hand, 0, 128);
	tcase_add_loop_test(tc, tf32_is_asked_for, 0, 2);
	tcase_add_test(tc, what_is_asked);
	tcase_add_test(tc, lanes_have_their_own);
	tcase_add_loop_test(tc, ops, 0, 8);
	tcase_add_test(tc, half_sums_wait);
	return tc;
}
