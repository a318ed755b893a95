/*
 * Programs with a bug each, to see that the simulator notices it, and right ones beside them. Every one is short, uses its own
 * memory and is run in a process of its own.
 */
#pragma once

#include <cuda_runtime_api.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How the program is run: one bit for each way. */
enum planted_seen {
	SEEN_FIFO = 1,
	SEEN_LIFO = 2,
	SEEN_RANDOM = 4,
	SEEN_LAZY = 8, /* lazy streams, and a leak is an error */
	SEEN_ASAN = 16,
	SEEN_TSAN = 32,
	SEEN_ANY_ORDER = SEEN_FIFO | SEEN_LIFO | SEEN_RANDOM,
	SEEN_ALWAYS = SEEN_ANY_ORDER | SEEN_LAZY | SEEN_ASAN | SEEN_TSAN,
};

struct planted {
	const char *name;
	unsigned seen;    /* where it must be noticed; 0: a right program, to be passed everywhere */
	const char *says; /* what the simulator then says; NULL: a wrong value, a crash or a sanitizer's report is enough */
	int (*run)(void); /* 0: nothing looks wrong */
};

extern const struct planted planted_races[], planted_addresses[], planted_hosts[]; /* each ends with a NULL name */

enum { PLANTED_N = 64 }; /* threads and numbers: few, since TSan pays 2 ms for a thread */
float planted_value(int i); /* number i of the input */

/* A launch of a kernel that copies n numbers. */
cudaError_t planted_copy(const float *x, float *y, int n, int blocks_y, int threads, size_t shared_bytes, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
