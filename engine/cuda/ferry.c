/* What comes from the host while kernels run: copies on a stream of their own, and events between it and the kernels'. */
#include <stdio.h>

#include "base/arena.h"
#include "base/err.h"
#include "engine/cuda/cuda.h"

struct ferry {
	cudaStream_t stream;
	cudaEvent_t came[2], read[2]; /* of each place: its bytes are there; what was queued to read them is done */
	void *place[2];
	long sent;
};

enum status cuda_host_alloc(void *impl, size_t bytes, void **mem, struct err *e)
{
	const cudaError_t st = cudaMallocHost(mem, bytes ? bytes : 1);
	if (st == cudaSuccess)
		return OK;
	cudaGetLastError(); /* it is told here, and not by the next wait */
	*mem = NULL;
	char what[64];
	snprintf(what, sizeof what, "no pinned memory for %zu bytes", bytes);
	return cuda_failed(impl, e, st == cudaErrorMemoryAllocation ? what : "pinned memory failed", st);
}

void cuda_host_free(void *impl, void *mem)
{
	if (mem)
		cuda_note(impl, "free", cudaFreeHost(mem));
}

void cuda_ferry_close(void *impl, void *ferry)
{
	struct ferry *f = ferry;
	(void)impl;
	if (!f)
		return;
	for (int k = 0; k < 2; k++) {
		if (f->came[k])
			cudaEventDestroy(f->came[k]);
		if (f->read[k])
			cudaEventDestroy(f->read[k]);
	}
	if (f->stream)
		cudaStreamDestroy(f->stream);
	mem_free(f);
}

enum status cuda_ferry_open(void *impl, void *const place[2], void **ferry, struct err *e)
{
	struct cuda *c = impl;
	struct ferry *f = mem_new(sizeof *f);
	if (!f)
		return err_nomem(e, "no memory for device 'cuda'");
	cudaError_t st = cudaStreamCreateWithFlags(&f->stream, cudaStreamNonBlocking);
	for (int k = 0; k < 2 && st == cudaSuccess; k++) {
		f->place[k] = place[k];
		st = cudaEventCreateWithFlags(&f->came[k], cudaEventDisableTiming);
		if (st == cudaSuccess)
			st = cudaEventCreateWithFlags(&f->read[k], cudaEventDisableTiming);
		if (st == cudaSuccess) /* what is queued may still zero it */
			st = cudaEventRecord(f->read[k], c->stream);
	}
	if (st != cudaSuccess) {
		cuda_ferry_close(impl, f);
		return cuda_failed(c, e, "a stream for copies can't be made", st);
	}
	*ferry = f;
	return OK;
}

/* Readers of the place before this one are all queued by now; those of this place were when that was filled. */
const void *cuda_ferry_send(void *impl, void *ferry, const void *host, size_t bytes)
{
	struct cuda *c = impl;
	struct ferry *f = ferry;
	const int k = (int)(f->sent % 2);
	cudaError_t st = f->sent ? cudaEventRecord(f->read[1 - k], c->stream) : cudaSuccess;
	if (st == cudaSuccess)
		st = cudaStreamWaitEvent(f->stream, f->read[k], 0);
	if (st == cudaSuccess)
		st = cudaMemcpyAsync(f->place[k], host, bytes, cudaMemcpyHostToDevice, f->stream);
	if (st == cudaSuccess)
		st = cudaEventRecord(f->came[k], f->stream);
	if (st == cudaSuccess)
		st = cudaStreamWaitEvent(c->stream, f->came[k], 0);
	cuda_note(c, "pictures from the host", st);
	f->sent++;
	return f->place[k];
}

void cuda_ferry_rest(void *impl, void *ferry)
{
	struct ferry *f = ferry;
	if (f->sent)
		cuda_note(impl, "pictures from the host", cudaEventSynchronize(f->came[(f->sent - 1) % 2]));
}
