/* Right kernels, to see that the simulator executes CUDA's language. All pointers are of the device unless said. */
#pragma once

#include <cuda_runtime_api.h>

#ifdef __cplusplus
extern "C" {
#endif

/* out[i] = i for every thread of a grid of 2 x 3 x 4 blocks of 5 x 3 x 2 threads, i counted from the innermost index. */
cudaError_t test_indices(int *out, cudaStream_t stream);

/* y[i] = x[(i + 1) % n], by shared memory and a barrier. n: at most 256. */
cudaError_t test_rotate(const float *x, float *y, int n, cudaStream_t stream);

/* y = x, by blocks of 64. */
cudaError_t test_copy(const float *x, float *y, int n, cudaStream_t stream);

/* y += 1 for each of n */
cudaError_t test_increment(float *y, int n, cudaStream_t stream);

/* One warp; out[row * 32 + lane], rows in the order of the names. */
enum test_exchange { SHFL_5, SHFL_3_OF_8, UP_3, UP_3_OF_8, DOWN_3, DOWN_3_OF_8, XOR_5, XOR_12_OF_8, BALLOT, ANY, ALL, ADD, MIN, MAX, EXCHANGES };
cudaError_t test_exchanges(int *out, cudaStream_t stream);

/* One warp whose halves go different ways: lanes below 16 sum their numbers once, the others three times. out[32] */
cudaError_t test_halves(int *out, cudaStream_t stream);

/* 48 threads: the sum of the numbers of the warp. out[48] */
cudaError_t test_partial_warp(int *out, cudaStream_t stream);

/* out[0..1]: bits of what shared memory of both kinds holds before anybody wrote */
cudaError_t test_unset(unsigned *out, cudaStream_t stream);

/* 96 threads, votes of the multiples of 5: out[i * 4 + 0..2] count, or, and; [3]: count of a second vote, of all */
cudaError_t test_votes(int *out, cudaStream_t stream);

/* sum[0]: of 0 to n - 1 by atomics; first[0], most[0], tags[0]: minimum, maximum and exclusive or of i * 7 % 1009 */
cudaError_t test_atomics(unsigned *sum, int *first, int *most, unsigned *tags, int n, cudaStream_t stream);

/* ring[0]: atomicInc up to 4, 12 times, from 0; [1]: atomicDec down from 4, 12 times; [2]: how many of 64 threads won a compare and swap */
cudaError_t test_ring(unsigned *ring, cudaStream_t stream);

/* order[ticket] = block: the order in which blocks took tickets. */
cudaError_t test_tickets(unsigned *ticket, int *order, int blocks, cudaStream_t stream);

/* *out = sum of x by the last of 16 blocks to finish; *ticket is 0 before and after. */
cudaError_t test_sum(const float *x, int n, float *partial, unsigned *ticket, float *out, cudaStream_t stream);

/* y = a x in bfloat16; z = x in half. n: a multiple of 4, by vectors of 4 */
cudaError_t test_cast(const float *x, void *y, void *z, float a, int n, cudaStream_t stream);

/* c (m,n) = a (m,k) b (k,n), by tiles */
cudaError_t test_gemm(const float *a, const float *b, float *c, int m, int n, int k, cudaStream_t stream);

/* y (rows,columns) = x less the mean of its row; the row lies in dynamic shared memory. */
cudaError_t test_center(const float *x, float *y, int rows, int columns, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
