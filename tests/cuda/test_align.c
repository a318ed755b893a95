/* Memory that begins at any element: what goes several elements at a time where it can must see that it can't, and give the same bits. */
#include <string.h>

#include "engine/cuda/conv_kernels.h"
#include "engine/cuda/map_kernels.h"
#include "engine/cuda/means_kernels.h"
#include "engine/cuda/norm_kernels.h"
#include "engine/cuda/pool_kernels.h"
#include "engine/cuda/product_kernels.h"
#include "engine/cuda/quant_kernels.h"
#include "engine/cuda/resize_kernels.h"
#include "tests/engine/cases.h"

TCase *tcase_align(void);

/* One picture, or a matrix of as many rows as columns. */
enum { C = 16, SIDE = 4, N = C * SIDE * SIDE, LD = 9 * C, MOST = LD * SIDE * SIDE };

enum family { RELU, ADD, MAX_POOL, MAX_POOL_PICK, MAX_POOL_DX, AVG_POOL, RESIZE, FINISH, QUANTIZE, ROWS, ROWS_OF_BYTES, AFFINE, NORM, NORM_DX, MEAN_SQUARE, MEAN_SQUARE_DX, MEAN_SOFTPLUS, MEAN_SOFTPLUS_DX, FAMILIES };
static const int results[FAMILIES] = {N, N, N / 4, N / 4, N, N / 4, 4 * N, N, N, MOST, MOST, N, N, N, 1, N, 1, N};

/* Of memory, in bytes; y of a family that makes bytes, and all of one that moves them, are such. Means are f32. */
static size_t size_of(enum family f, enum cu_dtype d, bool y)
{
	if (y && (f == MEAN_SQUARE || f == MEAN_SOFTPLUS))
		return 4;
	return f == ROWS_OF_BYTES || (y && f == QUANTIZE) ? 1 : d == CU_F32 ? 4 : 2;
}

/* A number for each channel, and room. Sums of so few short numbers are exact, in whatever order. */
static float *channels(float value, size_t room)
{
	float host[C], *memory;
	for (int i = 0; i < C; i++)
		host[i] = value;
	ck_assert_int_eq(cudaMalloc((void **)&memory, sizeof host + room), cudaSuccess);
	ck_assert_int_eq(cudaMemcpy(memory, host, sizeof host, cudaMemcpyHostToDevice), cudaSuccess);
	return memory;
}

static cudaError_t run_norm(enum family f, enum cu_dtype d, void *y, void *x, void *z)
{
	const struct cu_rows rows = cu_rows_of(N / C, C, d);
	float *const one = channels(1, 0), *const zero = channels(0, 0), *const half = channels(0.5f, 0);
	if (f == AFFINE)
		return cu_affine(&rows, d, y, x, z, half, one, true, NULL);
	if (f == NORM)
		return cu_batch_norm(&(struct cu_norm){.rows = rows, .dtype = d, .x = x, .residual = z, .y = y, .gamma = half, .beta = one, .mean = channels(0, 0),
		                                       .var = channels(0, 0), .eps = 0.25, .scratch = channels(0, cu_batch_norm_scratch(&rows))}, NULL);
	return cu_batch_norm_dx(&(struct cu_norm_dx){.rows = rows, .dtype = d, .dy = x, .x = z, .dx = y, .gamma = half, .mean = zero, .var = one, .dgamma = channels(0, 0),
	                                             .dbeta = channels(0, 0), .eps = 0.25, .scratch = channels(0, cu_batch_norm_dx_scratch(&rows))}, NULL);
}

static cudaError_t run(enum family f, enum cu_dtype d, void *y, void *x, void *z)
{
	const struct cu_array to = {y, d}, from = {x, d}, more = {z, d};
	const struct cu_view flat = {.data = y, .dtype = d, .n = 1, .flat = 1, .len = {N}, .stride = {1}};
	struct cu_view in[3] = {flat, flat, flat};
	in[0].data = x;
	in[1].data = in[2].data = z;
	const struct cu_pool pool = {.kernel = 2, .stride = 2, .N = 1, .C = C, .H = SIDE, .W = SIDE, .out_h = SIDE / 2, .out_w = SIDE / 2};
	const struct cu_zoom zoom = {.bilinear = 1, .N = 1, .C = C, .H = SIDE, .W = SIDE, .out_h = 2 * SIDE, .out_w = 2 * SIDE};
	const struct cu_conv conv = {.N = 1, .C = C, .H = SIDE, .W = SIDE, .O = 1, .OH = SIDE, .OW = SIDE, .R = 3, .S = 3, .stride = 1, .pad_h = 1, .pad_w = 1, .groups = 1, .ld = LD};
	const struct cu_conv_int8 bytes = {.N = 1, .C = C, .H = SIDE, .W = SIDE, .O = 1, .out_h = SIDE, .out_w = SIDE, .kernel_h = 3, .kernel_w = 3, .stride = 1, .pad = 1, .groups = 1, .x = x};
	const struct cu_mean mean = {.n = N - 3, .part = CU_MEAN_STEP, .scale = 0.25f, .sum = y};
	switch (f) {
	case MEAN_SQUARE: return cu_mean_square(from, more, mean, NULL);
	case MEAN_SQUARE_DX: return cu_mean_square_dx(y, from, more, N, channels(3, 0), 0.125f, NULL);
	case MEAN_SOFTPLUS: return cu_mean_softplus(from, -1.5f, mean, NULL);
	case MEAN_SOFTPLUS_DX: return cu_mean_softplus_dx(y, from, -1.5f, N, channels(3, 0), 0.125f, NULL);
	case RELU: return cu_map(CU_RELU, 0, 0, N, &flat, in, NULL);
	case ADD: return cu_map(CU_ADD, 0, 0, N, &flat, in, NULL);
	case MAX_POOL: return cu_max_pool(to, from, pool, NULL);
	case AVG_POOL: return cu_avg_pool(to, from, pool, NULL);
	case RESIZE: return cu_resize(to, from, zoom, NULL);
	case FINISH: return cu_finish(from, NULL, more, true, to, N / C, C, NULL);
	case QUANTIZE: return cu_quantize(y, from, 0.01, N, NULL);
	case MAX_POOL_PICK: return cu_max_pool_pick(to, from, more, pool, NULL);
	case MAX_POOL_DX: return cu_max_pool_dx(to, from, more, pool, NULL);
	case ROWS: return cu_conv_rows(from, conv, y, NULL);
	case ROWS_OF_BYTES: return cu_conv_int8_rows(bytes, 0, 1, LD, y, NULL);
	default: return run_norm(f, d, y, x, z);
	}
}

/* N numbers, the first of them `beside` elements behind what cudaMalloc gives. */
static char *numbers(size_t size, int beside, int step, void **memory)
{
	char host[4 * N];
	for (int i = 0; i < N; i++) {
		const float value = (float)(i * step % 97 - 40) / 16;
		memcpy(host + size * (size_t)i, (const char *)&value + 4 - size, size); /* exact */
	}
	ck_assert_int_eq(cudaMalloc(memory, size * (N + 1)), cudaSuccess);
	char *const at = (char *)*memory + size * (size_t)beside;
	ck_assert_int_eq(cudaMemcpy(at, host, size * N, cudaMemcpyHostToDevice), cudaSuccess);
	return at;
}

static void result(enum family f, enum cu_dtype d, const int beside[3], char host[4 * MOST])
{
	void *memory[3];
	const size_t of_x = size_of(f, d, false), size = size_of(f, d, true), bytes = size * (size_t)results[f];
	ck_assert_int_eq(cudaMalloc(&memory[0], bytes + size), cudaSuccess);
	char *const y = (char *)memory[0] + size * (size_t)beside[0];
	ck_assert_int_eq(run(f, d, y, numbers(of_x, beside[1], 31, &memory[1]), numbers(of_x, beside[2], 57, &memory[2])), cudaSuccess);
	ck_assert_int_eq(cudaMemcpy(host, y, bytes, cudaMemcpyDeviceToHost), cudaSuccess);
	for (int k = 0; k < 3; k++)
		ck_assert_int_eq(cudaFree(memory[k]), cudaSuccess);
}

START_TEST(at_odd_elements)
{
	static char want[4 * MOST], got[4 * MOST];
	const enum family f = _i / 2;
	const enum cu_dtype d = _i % 2 ? CU_BF16 : CU_F32;
	result(f, d, (const int[3]){0, 0, 0}, want);
	for (int k = 0; k < 3; k++) {
		result(f, d, (const int[3]){k == 0, k == 1, k == 2}, got);
		ck_assert_msg(memcmp(want, got, sizeof want) == 0, "family %d, operand %d", f, k);
	}
}
END_TEST

TCase *tcase_align(void)
{
	TCase *const tc = tcase_create("align");
	tcase_add_loop_test(tc, at_odd_elements, 0, 2 * FAMILIES);
	return tc;
}
