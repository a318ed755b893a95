/*
 * What the host puts into the device's memory: copied into pinned memory at once, and from there in the stream's order. A copy that is queued from pageable
 * memory need not have read it when the call returns (CUDA promises nothing, and a GPU that reads the host's tables does not hurry), so callers, whose bytes may
 * be gone by then, are never handed on. The memory is two halves: one is written again once the copies out of it are done.
 */
#include <string.h>

#include "base/err.h"
#include "engine/cuda/cuda.h"

enum { HALF = 128 << 10, ALIGNED = 16 };

cudaError_t cuda_staging_open(struct cuda *c)
{
	struct cuda_staging *const s = &c->staging;
	cudaError_t st = cudaMallocHost((void **)&s->memory, 2 * (size_t)HALF);
	for (int k = 0; k < 2 && st == cudaSuccess; k++)
		st = cudaEventCreateWithFlags(&s->read[k], cudaEventDisableTiming);
	return st;
}

void cuda_staging_close(struct cuda *c)
{
	struct cuda_staging *const s = &c->staging;
	for (int k = 0; k < 2; k++)
		if (s->read[k])
			cudaEventDestroy(s->read[k]);
	if (s->memory)
		cudaFreeHost(s->memory);
}

/* To the other half, whose copies were queued before those of this one. */
static void turn(struct cuda *c)
{
	struct cuda_staging *const s = &c->staging;
	cuda_note(c, "put", cudaEventRecord(s->read[s->half], c->stream));
	s->half = 1 - s->half;
	s->used = 0;
	cuda_note(c, "put", cudaEventSynchronize(s->read[s->half])); /* done at once where nothing was recorded yet */
}

void cuda_put(void *impl, void *dst, const void *host, size_t bytes)
{
	struct cuda *c = impl;
	struct cuda_staging *const s = &c->staging;
	BUG_IF(c->recording, "put while a step is recorded: its bytes would be those of the recording for ever");
	for (size_t done = 0, n; done < bytes; done += n) {
		if (s->used == HALF)
			turn(c);
		n = bytes - done < HALF - s->used ? bytes - done : HALF - s->used;
		char *const here = s->memory + (size_t)s->half * HALF + s->used;
		memcpy(here, (const char *)host + done, n);
		cuda_note(c, "put", cudaMemcpyAsync((char *)dst + done, here, n, cudaMemcpyHostToDevice, c->stream));
		s->used += (n + ALIGNED - 1) / ALIGNED * ALIGNED;
	}
}
