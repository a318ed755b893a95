/* CUDA's language means what it should, in every order of threads and blocks. */
#include "tests/cusim/kernels.h"

#include <math.h>
#include <string.h>

#include "tests/cusim/child.h"
#include "tests/cusim/suites.h"

static const char *const orders[] = {
	"CUSIM_LEAK=1",
	"CUSIM_LEAK=1 CUSIM_ORDER=lifo",
	"CUSIM_LEAK=1 CUSIM_ORDER=random CUSIM_SEED=3",
	"CUSIM_LEAK=1 CUSIM_ORDER=random CUSIM_SEED=4 CUSIM_BLOCKS=3",
	"CUSIM_LEAK=1 CUSIM_BLOCKS=16 CUSIM_STREAMS=lazy",
};
enum { ORDERS = sizeof orders / sizeof *orders };

START_TEST(test_indices_of_threads)
{
	enum { N = 2 * 3 * 4 * 5 * 3 * 2 };
	int host[N], *const out = device_copy_of(NULL, sizeof host);
	settings_apply(orders[_i]);
	CUDA_OK(test_indices(out, NULL));
	device_read(out, host, sizeof host);
	for (int i = 0; i < N; i++)
		ck_assert_int_eq(host[i], i);
	CUDA_OK(cudaFree(out));
}
END_TEST

START_TEST(test_barrier)
{
	enum { N = 200 };
	float host[N], *x, *y;
	settings_apply(orders[_i]);
	for (int i = 0; i < N; i++)
		host[i] = (float)(i * i);
	x = device_copy_of(host, sizeof host);
	y = device_copy_of(NULL, sizeof host);
	CUDA_OK(test_rotate(x, y, N, NULL));
	device_read(y, host, sizeof host);
	for (int i = 0; i < N; i++)
		ck_assert_float_eq(host[i], (float)((i + 1) % N * ((i + 1) % N)));
	CUDA_OK(cudaFree(x));
	CUDA_OK(cudaFree(y));
}
END_TEST

/* What the programming guide says of each, for a lane that brings ten times its number. */
static int exchanged(int row, int lane)
{
	const int in_group = lane % 8;
	switch (row) {
	case SHFL_5:
		return 50;
	case SHFL_3_OF_8:
		return (lane - in_group + 3) * 10;
	case UP_3:
		return (lane < 3 ? lane : lane - 3) * 10;
	case UP_3_OF_8:
		return (in_group < 3 ? lane : lane - 3) * 10;
	case DOWN_3:
		return (lane > 28 ? lane : lane + 3) * 10;
	case DOWN_3_OF_8:
		return (in_group > 4 ? lane : lane + 3) * 10;
	case XOR_5:
		return (lane ^ 5) * 10;
	case XOR_12_OF_8: /* an earlier group may be read, a later one not */
		return (lane / 8 % 2 ? lane ^ 12 : lane) * 10;
	case BALLOT:
		return 0x49249249;
	case ANY:
		return 1;
	case ALL:
		return 0;
	case ADD:
		return 528; /* 1 + ... + 32 */
	case MIN:
		return 7;
	default:
		return 38; /* MAX: 31 + 7 */
	}
}

START_TEST(test_exchange_between_lanes)
{
	int host[EXCHANGES * 32], *const out = device_copy_of(NULL, sizeof host);
	settings_apply(orders[_i]);
	CUDA_OK(test_exchanges(out, NULL));
	device_read(out, host, sizeof host);
	for (int row = 0; row < EXCHANGES; row++)
		for (int lane = 0; lane < 32; lane++)
			ck_assert_msg(host[row * 32 + lane] == exchanged(row, lane), "row %d, lane %d: %d, not %d", row, lane,
			              host[row * 32 + lane], exchanged(row, lane));
	CUDA_OK(cudaFree(out));
}
END_TEST

START_TEST(test_divergent_masks)
{
	int host[48], *const out = device_copy_of(NULL, sizeof host);
	settings_apply(orders[_i]);
	CUDA_OK(test_halves(out, NULL));
	device_read(out, host, 32 * sizeof *host);
	for (int i = 0; i < 32; i++)
		ck_assert_int_eq(host[i], i < 16 ? 120 : 376 * 16 * 16); /* 0 + ... + 15; 16 + ... + 31, summed again twice */
	CUDA_OK(test_partial_warp(out, NULL));
	device_read(out, host, sizeof host);
	for (int i = 0; i < 48; i++)
		ck_assert_int_eq(host[i], i < 32 ? 496 : 632); /* 0 + ... + 31, 32 + ... + 47 */
	CUDA_OK(cudaFree(out));
}
END_TEST

START_TEST(test_votes_of_a_block)
{
	int host[96 * 4], *const out = device_copy_of(NULL, sizeof host);
	settings_apply(orders[_i]);
	CUDA_OK(test_votes(out, NULL));
	device_read(out, host, sizeof host);
	for (int i = 0; i < 96; i++) {
		ck_assert_int_eq(host[i * 4], 20);
		ck_assert_int_eq(host[i * 4 + 1], 1);
		ck_assert_int_eq(host[i * 4 + 2], 0);
		ck_assert_int_eq(host[i * 4 + 3], 96);
	}
	CUDA_OK(cudaFree(out));
}
END_TEST

START_TEST(test_shared_memory_is_unset)
{
	unsigned host[2], *const out = device_copy_of(NULL, sizeof host);
	float value;
	settings_apply(orders[_i]);
	for (int again = 0; again < 2; again++) {
		CUDA_OK(test_unset(out, NULL));
		device_read(out, host, sizeof host);
		ck_assert_uint_eq(host[0], 0xffffffffu);
		ck_assert_uint_eq(host[1], 0xffffffffu);
		memcpy(&value, host, sizeof value);
		ck_assert(isnan(value));
	}
	CUDA_OK(cudaFree(out));
}
END_TEST

START_TEST(test_atomic_operations)
{
	enum { N = 500 };
	unsigned sum = 5, tags = 0, tags_want = 0, at[4] = {0, 3, 0, 0};
	int first = 1 << 30, most = -1;
	settings_apply(orders[_i]);
	unsigned *const d_sum = device_copy_of(&sum, sizeof sum), *const d_tags = device_copy_of(&tags, sizeof tags);
	unsigned *const d_at = device_copy_of(at, sizeof at);
	int *const d_first = device_copy_of(&first, sizeof first), *const d_most = device_copy_of(&most, sizeof most);
	CUDA_OK(test_atomics(d_sum, d_first, d_most, d_tags, N, NULL));
	CUDA_OK(test_ring(d_at, NULL));
	device_read(d_sum, &sum, sizeof sum);
	device_read(d_tags, &tags, sizeof tags);
	device_read(d_first, &first, sizeof first);
	device_read(d_most, &most, sizeof most);
	device_read(d_at, at, sizeof at);
	for (unsigned i = 0; i < N; i++)
		tags_want ^= i * 7 % 1009;
	ck_assert_uint_eq(sum, 5 + 124750);
	ck_assert_int_eq(first, 3);
	ck_assert_int_eq(most, 1011); /* 7 * 144 = 1008 */
	ck_assert_uint_eq(tags, tags_want);
	ck_assert_uint_eq(at[0], 2); /* 0 1 2 3 4 0 ... */
	ck_assert_uint_eq(at[1], 1); /* 3 2 1 0 4 3 ... */
	ck_assert_uint_eq(at[2], 1);
	CUDA_OK(cudaFree(d_sum));
	CUDA_OK(cudaFree(d_tags));
	CUDA_OK(cudaFree(d_first));
	CUDA_OK(cudaFree(d_most));
	CUDA_OK(cudaFree(d_at));
}
END_TEST

START_TEST(test_order_of_blocks)
{
	enum { N = 40 };
	int host[N], in_place = 0, seen = 0;
	unsigned zero = 0;
	settings_apply(_i == 0 ? "" : _i == 1 ? "CUSIM_ORDER=lifo" : "CUSIM_ORDER=random CUSIM_SEED=7");
	unsigned *const ticket = device_copy_of(&zero, sizeof zero);
	int *const order = device_copy_of(NULL, sizeof host);
	CUDA_OK(test_tickets(ticket, order, N, NULL));
	device_read(order, host, sizeof host);
	for (int i = 0; i < N; i++) {
		in_place += host[i] == (_i == 1 ? N - 1 - i : i);
		for (int k = 0; k < N; k++)
			seen += host[k] == i;
	}
	ck_assert_int_eq(seen, N);
	if (_i < 2)
		ck_assert_int_eq(in_place, N);
	else
		ck_assert_int_lt(in_place, N / 2);
}
END_TEST

START_TEST(test_last_block_sums)
{
	enum { N = 3000 };
	static float host[N];
	float want = 0, got;
	unsigned zero = 0;
	settings_apply(orders[_i]);
	for (int i = 0; i < N; i++)
		want += host[i] = (float)(i % 17 - 5); /* exact in any order */
	float *const x = device_copy_of(host, sizeof host), *const partial = device_copy_of(NULL, 16 * sizeof(float));
	float *const out = device_copy_of(NULL, sizeof *out);
	unsigned *const ticket = device_copy_of(&zero, sizeof zero);
	for (int again = 0; again < 2; again++) {
		CUDA_OK(test_sum(x, N, partial, ticket, out, NULL));
		device_read(out, &got, sizeof got);
		ck_assert_float_eq(got, want);
	}
	CUDA_OK(cudaFree(x));
	CUDA_OK(cudaFree(partial));
	CUDA_OK(cudaFree(out));
	CUDA_OK(cudaFree(ticket));
}
END_TEST

START_TEST(test_types_of_16_bits)
{
	/* Ties go to the even neighbour: 2 + 2^-7 to 2, 2 + 3 2^-7 to 2 + 2^-5 */
	const float host[4] = {1 + 0x1p-8f, 1 + 3 * 0x1p-8f, -3, 1e6f};
	const unsigned short bf16[4] = {0x4000, 0x4002, 0xc0c0, 0x49f4}, half[4] = {0x3c04, 0x3c0c, 0xc200, 0x7c00};
	unsigned short got[4];
	float *const x = device_copy_of(host, sizeof host);
	void *const y = device_copy_of(NULL, sizeof got), *const z = device_copy_of(NULL, sizeof got);
	CUDA_OK(test_cast(x, y, z, 2, 4, NULL));
	device_read(y, got, sizeof got);
	for (int i = 0; i < 4; i++)
		ck_assert_uint_eq(got[i], bf16[i]);
	device_read(z, got, sizeof got);
	for (int i = 0; i < 4; i++)
		ck_assert_uint_eq(got[i], half[i]);
}
END_TEST

START_TEST(test_tiles)
{
	enum { M = 9, N = 5, K = 11 };
	float a[M * K], b[K * N], c[M * N];
	settings_apply(orders[_i]);
	for (int i = 0; i < M * K; i++)
		a[i] = (float)(i % 13 - 4);
	for (int i = 0; i < K * N; i++)
		b[i] = (float)(i % 7 - 2);
	float *const d_a = device_copy_of(a, sizeof a), *const d_b = device_copy_of(b, sizeof b), *const d_c = device_copy_of(NULL, sizeof c);
	CUDA_OK(test_gemm(d_a, d_b, d_c, M, N, K, NULL));
	device_read(d_c, c, sizeof c);
	for (int i = 0; i < M; i++)
		for (int j = 0; j < N; j++) {
			float sum = 0;
			for (int k = 0; k < K; k++)
				sum += a[i * K + k] * b[k * N + j];
			ck_assert_float_eq(c[i * N + j], sum);
		}
	CUDA_OK(cudaFree(d_a));
	CUDA_OK(cudaFree(d_b));
	CUDA_OK(cudaFree(d_c));
}
END_TEST

/* 13000 floats are more than the 48 KiB that a kernel gets unasked; 30000 more than any GPU has. */
START_TEST(test_dynamic_shared_memory)
{
	enum { ROWS = 2, MOST = 13000 };
	static float host[ROWS * MOST];
	const int sizes[] = {10, MOST};
	settings_apply(orders[_i]);
	float *const x = device_copy_of(NULL, sizeof host), *const y = device_copy_of(NULL, sizeof host);
	for (int s = 0; s < 2; s++) {
		const int n = sizes[s];
		for (int i = 0; i < ROWS * n; i++)
			host[i] = (float)(i % 2 * 4 + i / n); /* of mean 2 and 3 */
		CUDA_OK(cudaMemcpy(x, host, (size_t)(ROWS * n) * sizeof *host, cudaMemcpyHostToDevice));
		CUDA_OK(test_center(x, y, ROWS, n, NULL));
		device_read(y, host, (size_t)(ROWS * n) * sizeof *host);
		for (int i = 0; i < ROWS * n; i++)
			ck_assert_float_eq(host[i], i % 2 ? 2 : -2);
	}
	ck_assert_int_eq(test_center(x, y, 1, 30000, NULL), cudaErrorInvalidValue);
	ck_assert_int_eq(cudaGetLastError(), cudaErrorInvalidValue);
	CUDA_OK(cudaGetLastError());
	CUDA_OK(cudaFree(x));
	CUDA_OK(cudaFree(y));
}
END_TEST

TCase *tcase_language(void)
{
	TCase *const tc = tcase_create("language");
	tcase_add_loop_test(tc, test_indices_of_threads, 0, ORDERS);
	tcase_add_loop_test(tc, test_barrier, 0, ORDERS);
	tcase_add_loop_test(tc, test_exchange_between_lanes, 0, ORDERS);
	tcase_add_loop_test(tc, test_divergent_masks, 0, ORDERS);
	tcase_add_loop_test(tc, test_votes_of_a_block, 0, ORDERS);
	tcase_add_loop_test(tc, test_shared_memory_is_unset, 0, ORDERS);
	tcase_add_loop_test(tc, test_atomic_operations, 0, ORDERS);
	tcase_add_loop_test(tc, test_order_of_blocks, 0, 3);
	tcase_add_loop_test(tc, test_last_block_sums, 0, ORDERS);
	tcase_add_test(tc, test_types_of_16_bits);
	tcase_add_loop_test(tc, test_tiles, 0, ORDERS);
	tcase_add_loop_test(tc, test_dynamic_shared_memory, 0, ORDERS);
	return tc;
}
