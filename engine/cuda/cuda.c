/* The back end `cuda`: one GPU, a stream and one for each lane, cuBLAS for products, our kernels for the rest. Asynchronous but for waits. */
#include "engine/cuda/cuda.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "engine/build.h"
#include "engine/cuda/conv_cudnn.h"
#include "engine/cuda/map_kernels.h"
#include "engine/cuda/system_kernels.h"

_Static_assert((int)CU_F32 == (int)F32 && (int)CU_BF16 == (int)BF16 && (int)CU_F16 == (int)F16 && (int)CU_I32 == (int)I32 && (int)CU_U8 == (int)U8 && (int)CU_S8 == (int)S8, "enum dtype");
_Static_assert((int)CU_SGD == (int)OPTIM_SGD && (int)CU_ADAM == (int)OPTIM_ADAM && (int)CU_ADAMW == (int)OPTIM_ADAMW, "enum optim_kind");
_Static_assert((int)CU_AXES == (int)MAX_DIM, "axes of a view");

static const struct kernel *const kernels[OP_COUNT] = {
#define OP(x) [OP_##x] = &cuda_##x,
#include "engine/ops.def"
#undef OP
};

/* ---- failures ---- */

void cuda_note(struct cuda *c, const char *what, cudaError_t status)
{
	if (status == cudaSuccess || c->failure != cudaSuccess)
		return;
	c->failure = status;
	snprintf(c->failed, sizeof c->failed, "%s", what);
}

/* Of what was queued. With LIMBECK_SYNC it is waited for, so that a failure has its name. */
static void queued(struct cuda *c, const char *what, cudaError_t status)
{
	cuda_note(c, what, status);
	if (c->sync && !c->recording)
		cuda_note(c, what, cudaStreamSynchronize(c->stream));
}

void cuda_done(const struct kernel_run *r, cudaError_t status)
{
	cuda_note(cuda_of(r), r->call->op->name, status);
}

/* What a kernel does to the device, and every call from then on is told: the one that meets it first need not be to blame. Other errors are of the call itself. */
static bool is_of_device(cudaError_t status)
{
	switch (status) {
	case cudaErrorAssert:
	case cudaErrorECCUncorrectable:
	case cudaErrorExternalDevice:
	case cudaErrorHardwareStackError:
	case cudaErrorIllegalAddress:
	case cudaErrorIllegalInstruction:
	case cudaErrorInvalidAddressSpace:
	case cudaErrorInvalidPc:
	case cudaErrorLaunchFailure:
	case cudaErrorLaunchTimeout:
	case cudaErrorMisalignedAddress:
	case cudaErrorMpsClientTerminated:
	case cudaErrorNvlinkUncorrectable:
		return true;
	default:
		return false;
	}
}

static enum status told(const struct cuda *c, struct err *e, const char *what, cudaError_t status)
{
	if (c->sync || !is_of_device(status))
		return err_env(e, "device 'cuda': %s: %s (%s)", what, cudaGetErrorString(status), cudaGetErrorName(status));
	err_env(e, "device 'cuda': a kernel failed, which was noticed later (%s): %s (%s)", what, cudaGetErrorString(status), cudaGetErrorName(status));
	err_note(e, "LIMBECK_SYNC=1 waits after each kernel and names the one");
	return e->status;
}

enum status cuda_failed(const struct cuda *c, struct err *e, const char *what, cudaError_t status)
{
	if (status == cudaErrorMemoryAllocation)
		return err_nomem(e, "device 'cuda': %s: %s", what, cudaGetErrorString(status));
	return told(c, e, what, status);
}

/* ---- opening ---- */

static int cuda_count(struct err *why)
{
	int n = 0; /* left unwritten where there is no driver */
	const cudaError_t st = cudaGetDeviceCount(&n);
	if (st == cudaSuccess && n > 0)
		return n;
	if (st == cudaErrorInsufficientDriver)
		err_env(why, "no NVIDIA driver, or one older than this CUDA %d.%d wants (%s)", CUDART_VERSION / 1000, CUDART_VERSION % 1000 / 10,
		        cudaGetErrorString(st));
	else
		err_env(why, "no GPU was found: %s", st == cudaSuccess ? "the driver knows none" : cudaGetErrorString(st));
	return 0;
}

static enum status open_blas(struct cuda *c, struct err *e)
{
	cublasStatus_t st = cublasCreate(&c->blas);
	if (st == CUBLAS_STATUS_SUCCESS)
		st = cublasSetStream(c->blas, c->stream);
	/* TF32 is said product by product; and parts of a bf16 product are added as f32, not rounded first. */
	if (st == CUBLAS_STATUS_SUCCESS)
		st = cublasSetMathMode(c->blas, CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION);
	cudaError_t memory = cudaSuccess;
	if (st == CUBLAS_STATUS_SUCCESS)
		memory = cudaMalloc(&c->blas_workspace, BLAS_WORKSPACE);
	if (memory != cudaSuccess)
		return cuda_failed(c, e, "workspace of cuBLAS", memory);
	if (st == CUBLAS_STATUS_SUCCESS)
		st = cublasSetWorkspace(c->blas, c->blas_workspace, BLAS_WORKSPACE);
	return st == CUBLAS_STATUS_SUCCESS ? OK : err_env(e, "device 'cuda': cuBLAS can't be opened (status %d)", (int)st);
}

static void cuda_close(void *impl)
{
	struct cuda *c = impl;
	if (c->stream) {
		cudaStreamSynchronize(c->stream);
		conv_cudnn_forget(c->stream);
	}
	cuda_laps_close(c);
	if (c->blas)
		cublasDestroy(c->blas);
	cudaFree(c->blas_workspace);
	cudaFree(c->part);
	cuda_staging_close(c);
	if (c->reached)
		cudaEventDestroy(c->reached);
	if (c->stream)
		cudaStreamDestroy(c->stream);
	mem_free(c);
}

static enum status open_queue(int index, void **impl, struct err *e)
{
	struct cuda *c = mem_new(sizeof *c);
	if (!c)
		return err_nomem(e, "no memory for device 'cuda'");
	c->index = index;
	const char *sync = getenv("LIMBECK_SYNC");
	c->sync = sync && *sync && strcmp(sync, "0") != 0;
	cudaError_t st = cudaSetDevice(index);
	if (st == cudaSuccess)
		st = cudaStreamCreateWithFlags(&c->stream, cudaStreamNonBlocking);
	if (st == cudaSuccess)
		st = cudaEventCreateWithFlags(&c->reached, cudaEventDisableTiming);
	if (st == cudaSuccess)
		st = cuda_staging_open(c);
	if (st == cudaSuccess)
		st = cudaMalloc((void **)&c->part, CU_PARTS * sizeof *c->part);
	if (st == cudaSuccess)
		st = cu_fill((struct cu_array){c->part, CU_F32}, 0, 1, c->stream); /* the first of our kernels */
	if (st == cudaSuccess)
		st = cudaStreamSynchronize(c->stream);
	const enum status ok = st == cudaSuccess ? open_blas(c, e) : cuda_failed(c, e, st == cudaErrorNoKernelImageForDevice ? "the module has no code for this GPU (CUDA_ARCHS, when it is built)" : "can't be opened", st);
	if (ok == OK)
		*impl = c;
	else
		cuda_close(c);
	return ok;
}

static enum status cuda_open(int index, int threads, void **impl, struct err *e)
{
	(void)threads;
	return open_queue(index, impl, e);
}

/* Its own handle of cuBLAS with its own workspace too: two streams must not share one. */
static enum status cuda_lane(void *impl, void **lane, struct err *e)
{
	return open_queue(((const struct cuda *)impl)->index, lane, e);
}

/* Who waits for another has its failure from then on: a plan waits for the device alone, not for its lanes. */
static void cuda_after(void *impl, void *before)
{
	struct cuda *c = impl, *b = before;
	cuda_note(c, b->failed, b->failure);
	b->failure = cudaSuccess;
	cuda_note(b, "lane", cudaEventRecord(b->reached, b->stream));
	cuda_note(c, "lane", cudaStreamWaitEvent(c->stream, b->reached, 0));
}

/* ---- memory ---- */

static enum status cuda_alloc(void *impl, size_t bytes, void **mem, struct err *e)
{
	struct cuda *c = impl;
	char what[64];
	snprintf(what, sizeof what, "no memory for %zu bytes", bytes);
	*mem = NULL;
	cudaError_t st = cudaMalloc(mem, bytes);
	if (st == cudaSuccess)
		st = cudaMemsetAsync(*mem, 0, bytes, c->stream);
	if (st == cudaSuccess)
		return OK;
	if (st == cudaErrorMemoryAllocation)
		cudaGetLastError(); /* it is told here, and not by the next wait */
	cudaFree(*mem);
	*mem = NULL;
	return cuda_failed(c, e, st == cudaErrorMemoryAllocation ? what : "alloc failed", st);
}

static void cuda_free(void *impl, void *mem)
{
	struct cuda *c = impl;
	cuda_note(c, "free", cudaStreamSynchronize(c->stream)); /* what is queued may still read it */
	cuda_note(c, "free", cudaFree(mem));
}

static void cuda_get(void *impl, void *host, const void *src, size_t bytes)
{
	struct cuda *c = impl;
	cuda_note(c, "get", cudaMemcpyAsync(host, src, bytes, cudaMemcpyDeviceToHost, c->stream));
}

static void cuda_copy(void *impl, void *dst, const void *src, size_t bytes)
{
	struct cuda *c = impl;
	queued(c, "copy", cudaMemcpyAsync(dst, src, bytes, cudaMemcpyDeviceToDevice, c->stream));
}

static void cuda_copy_if(void *impl, void *dst, const void *src, size_t bytes, const int *ok)
{
	struct cuda *c = impl;
	queued(c, "copy_if", cu_copy_if(dst, src, bytes, ok, c->stream));
}

static void cuda_fill(void *impl, void *dst, enum dtype d, double value, int64_t n)
{
	struct cuda *c = impl;
	queued(c, "fill", cu_fill((struct cu_array){dst, (int)d}, value, n, c->stream));
}

/* The first failure that was noted, or what this wait shows. */
static enum status waited(const struct cuda *c, cudaError_t st, struct err *e)
{
	const bool noted = c->failure != cudaSuccess;
	char what[sizeof c->failed + 8];
	if (!noted && st == cudaSuccess)
		return OK;
	snprintf(what, sizeof what, "%s failed", noted ? c->failed : "wait");
	return told(c, e, what, noted ? c->failure : st);
}

static enum status cuda_wait(void *impl, struct err *e)
{
	struct cuda *c = impl;
	const enum status st = waited(c, cudaStreamSynchronize(c->stream), e);
	if (st == OK)
		cuda_laps_read(c);
	return st;
}

static void cuda_mark(void *impl, void **mark)
{
	struct cuda *c = impl;
	if (!*mark)
		cuda_note(c, "mark", cudaEventCreateWithFlags((cudaEvent_t *)mark, cudaEventDisableTiming));
	if (*mark)
		cuda_note(c, "mark", cudaEventRecord(*mark, c->stream));
}

static void cuda_mark_free(void *impl, void *mark)
{
	if (mark)
		cuda_note(impl, "mark", cudaEventDestroy(mark));
}

static enum status cuda_reach(void *impl, void *mark, struct err *e)
{
	return waited(impl, mark ? cudaEventSynchronize(mark) : cudaSuccess, e);
}

static size_t cuda_free_memory(void *impl)
{
	size_t free_bytes = 0, all = 0;
	(void)impl;
	return cudaMemGetInfo(&free_bytes, &all) == cudaSuccess ? free_bytes : 0;
}

/* ---- work ---- */

static bool cuda_bf16_native(void *impl)
{
	int major = 0;
	const struct cuda *c = impl;
	return cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, c->index) == cudaSuccess && major >= 8;
}

/* The same generation brought both. */
static bool cuda_tf32_native(void *impl)
{
	return cuda_bf16_native(impl);
}

static void cuda_launch(void *impl, const struct kernel *k, const struct kernel_run *r)
{
	struct cuda *c = impl;
	k->run(r);
	if (c->sync && !c->recording)
		cuda_done(r, cudaStreamSynchronize(c->stream));
}

static void cuda_launch_many(void *impl, const struct kernel *k, const struct kernel_run *const r[], int n)
{
	struct cuda *c = impl;
	k->run_many(r, n);
	if (c->sync && !c->recording)
		cuda_done(r[0], cudaStreamSynchronize(c->stream));
}

static void cuda_pack(struct device *dev, const struct kernel *k, void *state, int i, const struct tensor *src, void *dst)
{
	k->pack(state, i, src, dst, dev);
	queued(dev->impl, "a form of weights", cudaSuccess);
}

static void launch_forms(struct cuda *c, const char *what)
{
	const int n = c->n_form;
	c->n_form = 0;
	if (n)
		cuda_note(c, what, cu_conv_forms(&c->forms, n, c->stream));
}

void cuda_form(struct cuda *c, const char *op, struct cu_form form)
{
	c->forms.of[c->n_form++] = form;
	if (c->n_form == CU_FORMS || c->sync)
		launch_forms(c, op);
}

static void cuda_pack_end(struct device *dev)
{
	launch_forms(dev->impl, "forms of weights");
}

static void cuda_finite(void *impl, const void *x, enum dtype d, int64_t n, int *ok)
{
	struct cuda *c = impl;
	queued(c, "finite", cu_finite((struct cu_array){(void *)(uintptr_t)x, (int)d}, n, ok, c->stream));
}

static void cuda_square_sum(void *impl, const void *x, int64_t n, void *sum)
{
	struct cuda *c = impl;
	queued(c, "square_sum", cu_square_sum(x, n, c->part, sum, c->stream));
}

static void cuda_clip_factor(void *impl, const void *sum, double limit, const void *unscale, void *clip)
{
	struct cuda *c = impl;
	queued(c, "clip_factor", cu_clip_factor(sum, limit, unscale, clip, c->stream));
}

static void cuda_optim(void *impl, const struct optim_run *r)
{
	struct cuda *c = impl;
	const struct cu_optim o = {
		.kind = (int)r->kind, .n = r->n, .w = r->w, .m = r->m, .v = r->v, .g = r->g, .lr = r->lr, .clip = r->clip, .ok = r->ok,
		.momentum = (float)r->momentum, .beta1 = (float)r->beta1, .beta2 = (float)r->beta2, .rest1 = (float)(1 - r->beta1),
		.rest2 = (float)(1 - r->beta2), .eps = (float)r->eps, .decay = (float)r->weight_decay, .correct = r->correct,
		.correct1 = r->correct1, .correct2 = r->correct2,
		.nesterov = r->nesterov, .first = r->first,
	};
	queued(c, "optimiser", cu_optim(o, c->stream));
}

/* ---- recording ---- */

static enum status cuda_record_begin(void *impl, struct err *e)
{
	struct cuda *c = impl;
	if (c->sync) /* who waits after each kernel wants each by itself */
		return err_env(e, "device 'cuda': LIMBECK_SYNC is set");
	if (c->failure != cudaSuccess) /* it is for the next wait to tell */
		return cuda_failed(c, e, "a step is not recorded behind a failure", c->failure);
	const cudaError_t st = cudaStreamBeginCapture(c->stream, cudaStreamCaptureModeThreadLocal);
	if (st != cudaSuccess)
		return cuda_failed(c, e, "a step could not be recorded as a graph", st);
	c->recording = true;
	return OK;
}

/* A failure meanwhile is the record's: nothing ran, and the step can be queued as it is. */
static enum status cuda_record_end(void *impl, void **record, struct err *e)
{
	struct cuda *c = impl;
	cudaGraph_t graph = NULL;
	cudaGraphExec_t exec = NULL;
	cudaError_t st = cudaStreamEndCapture(c->stream, &graph);
	c->recording = false;
	if (c->failure != cudaSuccess)
		st = c->failure;
	c->failure = cudaSuccess;
	if (st == cudaSuccess)
		st = cudaGraphInstantiate(&exec, graph, 0);
	if (graph)
		cudaGraphDestroy(graph);
	*record = exec;
	if (exec)
		return OK;
	cudaGetLastError();
	return cuda_failed(c, e, "a step could not be recorded as a graph", st);
}

static void cuda_replay(void *impl, void *record)
{
	struct cuda *c = impl;
	queued(c, "replay", cudaGraphLaunch(record, c->stream));
}

static void cuda_record_free(void *impl, void *record)
{
	struct cuda *c = impl;
	cuda_note(c, "record", cudaStreamSynchronize(c->stream));
	cuda_note(c, "record", cudaGraphExecDestroy(record));
}

static const char *cuda_version(void)
{
	static char text[128];
	const char *dnn = conv_cudnn_version();
	size_t blas = 0;
	int major = 0, minor = 0;
	if (cublasGetProperty(MAJOR_VERSION, &major) == CUBLAS_STATUS_SUCCESS && cublasGetProperty(MINOR_VERSION, &minor) == CUBLAS_STATUS_SUCCESS)
		blas = (size_t)major * 100 + (size_t)minor;
	snprintf(text, sizeof text, "CUDA %d.%d, cuBLAS %zu.%zu, %s%skernels 1", CUDART_VERSION / 1000, CUDART_VERSION % 1000 / 10, blas / 100, blas % 100,
	         dnn ? dnn : "", dnn ? ", " : "");
	return text;
}

const struct backend cuda_backend = {
	.name = "cuda", .fuses = true, .wide = F32, .count = cuda_count, .open = cuda_open, .close = cuda_close, .alloc = cuda_alloc, .free = cuda_free,
	.put = cuda_put, .get = cuda_get, .copy = cuda_copy, .copy_if = cuda_copy_if, .fill = cuda_fill, .wait = cuda_wait, .lap = cuda_lap,
	.free_memory = cuda_free_memory, .own_memory = true, .f16 = true, .bf16_native = cuda_bf16_native, .tf32_native = cuda_tf32_native,
	.launch = cuda_launch, .launch_many = cuda_launch_many, .pack = cuda_pack, .pack_end = cuda_pack_end,
	.finite = cuda_finite,
	.square_sum = cuda_square_sum, .clip_factor = cuda_clip_factor, .optim = cuda_optim,
	.mark = cuda_mark, .reach = cuda_reach, .mark_free = cuda_mark_free, .host_alloc = cuda_host_alloc, .host_free = cuda_host_free, .ferry_open = cuda_ferry_open, .ferry_close = cuda_ferry_close,
	.ferry_send = cuda_ferry_send, .ferry_rest = cuda_ferry_rest,
	.record_begin = cuda_record_begin, .record_end = cuda_record_end, .replay = cuda_replay, .record_free = cuda_record_free,
	.lane = cuda_lane, .lane_bytes = BLAS_WORKSPACE + CU_PARTS * sizeof(float), .after = cuda_after, .kernels = kernels, .version = cuda_version,
};
