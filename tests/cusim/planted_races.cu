/* Threads that do not wait for each other, or for somebody who never comes. */
#include "tests/cusim/planted_judge.h"

namespace {

/* ---- races in a block ---- */

__global__ void right_rotate(const float *x, float *y, int n)
{
	CU_SHARED(float, s, [N]);
	const int t = threadIdx.x;
	s[t] = x[t];
	__syncthreads();
	y[t] = s[(t + 1) % n];
}

int run_right(void)
{
	return judge_block(right_rotate, next);
}

/* No barrier between write and read. */
__global__ void no_barrier(const float *x, float *y, int n)
{
	CU_SHARED(float, s, [N]);
	const int t = threadIdx.x;
	s[t] = x[t];
	y[t] = s[(t + 1) % n];
}

int run_no_barrier(void)
{
	return judge_block(no_barrier, next);
}

/* The same, but what is read was written by a lower thread: right when threads run in order. */
__global__ void no_barrier_back(const float *x, float *y, int)
{
	CU_SHARED(float, s, [N]);
	const int t = threadIdx.x;
	s[t] = x[t];
	y[t] = s[t ? t - 1 : 0];
}

int run_no_barrier_back(void)
{
	return judge_block(no_barrier_back, [](int i) { return planted_value(i ? i - 1 : 0); });
}

/* A loop whose second barrier is missing: the next round writes what others still read. */
__global__ void one_barrier_of_two(const float *x, float *y, int n)
{
	CU_SHARED(float, s, [N]);
	const int t = threadIdx.x;
	float sum = 0;
	for (int k = 0; k < 4; k++) {
		s[t] = x[t] + (float)k;
		__syncthreads();
		sum += s[(t + 1) % n];
	}
	y[t] = sum;
}

int run_one_barrier_of_two(void)
{
	return judge_block(one_barrier_of_two, [](int i) { return 4 * next(i) + 6; });
}

/* "A warp runs in lock step." */
__global__ void no_syncwarp(const float *x, float *y, int)
{
	CU_SHARED(float, s, [N]);
	const int t = threadIdx.x;
	s[t] = x[t];
	__syncthreads();
	if (t < 32) {
		s[t] += s[t + 32];
		if (t < 16)
			s[t] += s[t + 16];
	}
	__syncthreads();
	y[t] = s[t];
}

int run_no_syncwarp(void)
{
	return judge_block(no_syncwarp, [](int i) {
		const float one = i < 32 ? same(i) + same(i + 32) : same(i);
		return i < 16 ? one + same(i + 16) + same(i + 48) : one;
	});
}

__global__ void right_warp(const float *x, float *y, int)
{
	CU_SHARED(float, s, [N]);
	const int t = threadIdx.x, first = t & ~31;
	s[t] = x[t];
	__syncwarp();
	y[t] = s[first + (t + 1) % 32];
}

int run_right_warp(void)
{
	return judge_block(right_warp, [](int i) { return same((i & ~31) + (i + 1) % 32); });
}

/* Many threads add to few places, without atomics. */
__global__ void histogram(const float *x, float *y, int)
{
	y[(int)(x[threadIdx.x] * 3) & 7] += 1;
}

int run_histogram(void)
{
	return judge({histogram, 1, N, 0, true}, [](int i) {
		float count = 0;
		for (int k = 0; k < N; k++)
			count += ((int)(same(k) * 3) & 7) == i;
		return count;
	});
}

/* ---- races between blocks ---- */

__global__ void blocks_add(const float *x, float *y, int)
{
	if (threadIdx.x == 0)
		y[0] += x[blockIdx.x];
}

int run_blocks_add(void)
{
	return judge({blocks_add, 32, 32, 0, true}, [](int i) {
		float sum = 0;
		for (int b = 0; b < 32; b++)
			sum += same(b);
		return i == 0 ? sum : 0.0f;
	});
}

/* The last block sums what the others wrote. y[63] is the ticket. */
template <bool fences> __global__ void last_block_sums(const float *x, float *y, int)
{
	CU_SHARED(int, last, );
	if (threadIdx.x == 0) {
		y[blockIdx.x] = x[blockIdx.x];
		if (fences)
			__threadfence();
		last = atomicAdd((unsigned *)&y[63], 1) == gridDim.x - 1;
	}
	__syncthreads();
	if (last && threadIdx.x == 0) {
		float sum = 0;
		if (fences)
			__threadfence();
		for (unsigned b = 0; b < gridDim.x; b++)
			sum += y[b];
		y[gridDim.x] = sum;
	}
}

template <bool fences> int run_last_block_sums(void)
{
	return judge({last_block_sums<fences>, 32, 32, 0, true}, [](int i) {
		float sum = 0;
		for (int b = 0; b < 32; b++)
			sum += same(b);
		return i < 32 ? same(i) : i == 32 ? sum : NAN;
	});
}

/* ---- threads that do not meet ---- */

__global__ void returns_early(const float *x, float *y, int n)
{
	CU_SHARED(float, s, [N]);
	const int t = threadIdx.x;
	if (t >= n - 5)
		return;
	s[t] = x[t];
	__syncthreads();
	y[t] = s[t];
}

int run_returns_early(void)
{
	return judge_block(returns_early, [](int i) { return i < N - 5 ? same(i) : NAN; });
}

__global__ void two_barriers(const float *x, float *y, int)
{
	CU_SHARED(float, s, [N]);
	const int t = threadIdx.x;
	s[t] = x[t];
	if (t & 1) {
		__syncthreads();
		y[t] = s[t];
	} else {
		__syncthreads();
		y[t] = s[t] + 0;
	}
}

int run_two_barriers(void)
{
	return judge_block(two_barriers, same);
}

/* Of 48 threads, with a mask of all lanes. */
__global__ void full_mask(const float *x, float *y, int)
{
	float sum = x[threadIdx.x];
	for (int delta = 16; delta; delta >>= 1)
		sum += __shfl_down_sync(0xffffffffu, sum, delta);
	y[threadIdx.x] = sum;
}

int run_full_mask(void)
{
	return judge({full_mask, 1, 48, 0, false}, [](int) { return NAN; });
}

__global__ void shuffle_in_a_branch(const float *x, float *y, int)
{
	const int t = threadIdx.x;
	float v = x[t];
	if ((t & 31) < 16)
		v += __shfl_xor_sync(0xffffffffu, v, 1);
	y[t] = v;
}

int run_shuffle_in_a_branch(void)
{
	return judge_block(shuffle_in_a_branch, [](int i) { return (i & 31) < 16 ? same(i) + same(i ^ 1) : same(i); });
}

} // namespace

const struct planted planted_races[] = {
	{"right", 0, NULL, run_right},
	{"right_warp", 0, NULL, run_right_warp},
	{"no_barrier", SEEN_FIFO | SEEN_LIFO | SEEN_RANDOM | SEEN_TSAN, NULL, run_no_barrier},
	{"no_barrier_back", SEEN_LIFO | SEEN_RANDOM | SEEN_TSAN, NULL, run_no_barrier_back},
	{"one_barrier_of_two", SEEN_ANY_ORDER | SEEN_TSAN, NULL, run_one_barrier_of_two},
	{"no_syncwarp", SEEN_FIFO | SEEN_RANDOM | SEEN_TSAN, NULL, run_no_syncwarp},
	{"histogram", SEEN_TSAN, NULL, run_histogram},
	{"blocks_add", SEEN_TSAN, NULL, run_blocks_add},
	{"right_fence", 0, NULL, run_last_block_sums<true>},
	{"no_fence", SEEN_TSAN, NULL, run_last_block_sums<false>},
	{"returns_early", SEEN_ALWAYS, "__syncthreads()", run_returns_early},
	{"two_barriers", SEEN_ALWAYS, "meet at different __syncthreads(): ", run_two_barriers},
	{"full_mask", SEEN_ALWAYS, "does not take part", run_full_mask},
	{"shuffle_in_a_branch", SEEN_ALWAYS, "lanes", run_shuffle_in_a_branch},
	{NULL, 0, NULL, NULL},
};
