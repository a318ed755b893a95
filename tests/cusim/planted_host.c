/* Host code with a bug each: wrong pointers, sizes and shapes, work that is not waited for. */
#include "tests/cusim/planted.h"

#include <cublas_v2.h>
#include <stdio.h>
#include <string.h>

enum { N = PLANTED_N, BYTES = N * sizeof(float) };

/* x holds the numbers, y and host nothing yet. */
struct buffers {
	float *x, *y;
	float host[N];
};

static void begin(struct buffers *b)
{
	for (int i = 0; i < N; i++)
		b->host[i] = planted_value(i);
	cudaMalloc((void **)&b->x, BYTES);
	cudaMalloc((void **)&b->y, BYTES);
	cudaMemcpy(b->x, b->host, BYTES, cudaMemcpyHostToDevice);
	memset(b->host, 0, BYTES);
}

static int end(struct buffers *b, int wrong)
{
	cudaFree(b->x);
	cudaFree(b->y);
	return wrong;
}

static int copy_is_wrong(const float *host)
{
	for (int i = 0; i < N; i++)
		if (!(host[i] == planted_value(i))) {
			fprintf(stderr, "number %d is %g, not %g\n", i, host[i], planted_value(i));
			return 1;
		}
	return 0;
}

static int host_pointer(void)
{
	struct buffers b;
	begin(&b);
	planted_copy(b.host, b.y, N, 1, N, 0, NULL);
	return end(&b, 0);
}

static int freed_pointer(void)
{
	struct buffers b;
	begin(&b);
	cudaFree(b.x);
	planted_copy(b.x, b.y, N, 1, N, 0, NULL);
	cudaFree(b.y);
	return 0;
}

static int freed_twice(void)
{
	struct buffers b;
	begin(&b);
	end(&b, 0);
	return end(&b, 0);
}

static int freed_inside(void)
{
	struct buffers b;
	begin(&b);
	cudaFree(b.x + 8);
	return end(&b, 0);
}

/* In the way of the guard page lies what the alignment adds. */
static int writes_in_the_tail(void)
{
	struct buffers b;
	float *y;
	begin(&b);
	cudaMalloc((void **)&y, BYTES - 4);
	planted_copy(b.x, y, N, 1, N, 0, NULL);
	cudaDeviceSynchronize();
	cudaFree(y);
	return end(&b, 0);
}

static int shape(int blocks_y, int threads, size_t shared_bytes, cudaError_t want)
{
	struct buffers b;
	begin(&b);
	const cudaError_t error = planted_copy(b.x, b.y, N, blocks_y, threads, shared_bytes, NULL);
	if (error)
		fprintf(stderr, "%s\n", cudaGetErrorName(error));
	return end(&b, error == want);
}

static int grid_too_large(void)
{
	return shape(70000, N, 0, cudaErrorInvalidConfiguration);
}

static int block_too_large(void)
{
	return shape(1, 2048, 0, cudaErrorInvalidConfiguration);
}

static int shared_too_large(void)
{
	return shape(1, N, 60000, cudaErrorInvalidValue);
}

static int copy_behind(void)
{
	struct buffers b;
	begin(&b);
	cudaMemcpy(b.host, b.x + 1, BYTES, cudaMemcpyDeviceToHost);
	return end(&b, 0);
}

static int copy_of_wrong_kind(void)
{
	struct buffers b;
	begin(&b);
	const cudaError_t error = cudaMemcpy(b.host, b.x, BYTES, cudaMemcpyHostToDevice);
	if (error)
		fprintf(stderr, "%s\n", cudaGetErrorName(error));
	return end(&b, error != cudaSuccess);
}

static int reads_device_memory(void)
{
	struct buffers b;
	begin(&b);
	volatile const float *const x = b.x;
	return end(&b, x[3] != planted_value(3));
}

static int leaks(void)
{
	struct buffers b;
	begin(&b);
	cudaFree(b.x);
	return 0;
}

/* A pinned buffer is read while the copy into it may still be under way. */
static int reads_too_early(void)
{
	struct buffers b;
	float *pinned;
	cudaStream_t stream;
	begin(&b);
	cudaMallocHost((void **)&pinned, BYTES);
	memset(pinned, 0, BYTES);
	cudaStreamCreate(&stream);
	planted_copy(b.x, b.y, N, 1, N, 0, stream);
	cudaMemcpyAsync(pinned, b.y, BYTES, cudaMemcpyDeviceToHost, stream);
	const int wrong = copy_is_wrong(pinned);
	cudaStreamSynchronize(stream);
	cudaStreamDestroy(stream);
	cudaFreeHost(pinned);
	return end(&b, wrong);
}

/* What one stream makes another uses. */
static int two_streams(int ordered)
{
	struct buffers b;
	float *z;
	cudaStream_t first, second;
	cudaEvent_t made;
	begin(&b);
	cudaMalloc((void **)&z, BYTES);
	cudaStreamCreateWithFlags(&first, cudaStreamNonBlocking);
	cudaStreamCreateWithFlags(&second, cudaStreamNonBlocking);
	cudaEventCreateWithFlags(&made, cudaEventDisableTiming);
	cudaDeviceSynchronize();
	planted_copy(b.x, b.y, N, 1, N, 0, first);
	cudaEventRecord(made, first);
	if (ordered)
		cudaStreamWaitEvent(second, made, 0);
	planted_copy(b.y, z, N, 1, N, 0, second);
	cudaStreamSynchronize(second);
	cudaMemcpy(b.host, z, BYTES, cudaMemcpyDeviceToHost);
	cudaStreamSynchronize(first);
	cudaStreamDestroy(first);
	cudaStreamDestroy(second);
	cudaEventDestroy(made);
	cudaFree(z);
	return end(&b, copy_is_wrong(b.host));
}

static int no_event(void)
{
	return two_streams(0);
}

static int right_event(void)
{
	return two_streams(1);
}

/* The same with a library: the product of what the first stream made with what it was made from. */
static int gemm(int ordered)
{
	const float one = 1, zero = 0;
	struct buffers b;
	float *z, sum = 0;
	void *workspace;
	cudaStream_t first, second;
	cudaEvent_t made;
	cublasHandle_t blas;
	begin(&b);
	cudaMalloc((void **)&z, sizeof *z);
	cudaStreamCreateWithFlags(&first, cudaStreamNonBlocking);
	cudaStreamCreateWithFlags(&second, cudaStreamNonBlocking);
	cudaEventCreateWithFlags(&made, cudaEventDisableTiming);
	cublasCreate(&blas);
	cudaMalloc(&workspace, 1024);
	cublasSetStream(blas, second);
	cublasSetWorkspace(blas, workspace, 1024);
	cudaDeviceSynchronize();
	planted_copy(b.x, b.y, N, 1, N, 0, first);
	cudaEventRecord(made, first);
	if (ordered)
		cudaStreamWaitEvent(second, made, 0);
	cublasSgemm(blas, CUBLAS_OP_N, CUBLAS_OP_N, 1, 1, N, &one, b.x, 1, b.y, N, &zero, z, 1);
	cudaStreamSynchronize(second);
	cudaMemcpy(&sum, z, sizeof sum, cudaMemcpyDeviceToHost);
	cudaStreamSynchronize(first);
	for (int i = 0; i < N; i++)
		sum -= planted_value(i) * planted_value(i); /* exact */
	if (!(sum == 0))
		fprintf(stderr, "the sum is off by %g\n", sum);
	cublasDestroy(blas);
	cudaStreamDestroy(first);
	cudaStreamDestroy(second);
	cudaEventDestroy(made);
	cudaFree(z);
	cudaFree(workspace);
	return end(&b, !(sum == 0));
}

static int gemm_without_event(void)
{
	return gemm(0);
}

static int right_gemm(void)
{
	return gemm(1);
}

/* A graph of two branches that join; the second uses what the first made if they are in order. */
static int graph(int ordered)
{
	struct buffers b;
	float *z;
	cudaStream_t first, second;
	cudaEvent_t forked, joined;
	cudaGraph_t g;
	cudaGraphExec_t ready;
	begin(&b);
	cudaMalloc((void **)&z, BYTES);
	cudaStreamCreateWithFlags(&first, cudaStreamNonBlocking);
	cudaStreamCreateWithFlags(&second, cudaStreamNonBlocking);
	cudaEventCreateWithFlags(&forked, cudaEventDisableTiming);
	cudaEventCreateWithFlags(&joined, cudaEventDisableTiming);
	cudaDeviceSynchronize();
	cudaStreamBeginCapture(first, cudaStreamCaptureModeGlobal);
	if (!ordered)
		cudaEventRecord(forked, first);
	planted_copy(b.x, b.y, N, 1, N, 0, first);
	if (ordered)
		cudaEventRecord(forked, first);
	cudaStreamWaitEvent(second, forked, 0);
	planted_copy(b.y, z, N, 1, N, 0, second);
	cudaEventRecord(joined, second);
	cudaStreamWaitEvent(first, joined, 0);
	int wrong = cudaStreamEndCapture(first, &g) != cudaSuccess;
	wrong += cudaGraphInstantiate(&ready, g, 0) != cudaSuccess;
	cudaGraphLaunch(ready, first);
	cudaStreamSynchronize(first);
	cudaMemcpy(b.host, z, BYTES, cudaMemcpyDeviceToHost);
	cudaGraphExecDestroy(ready);
	cudaGraphDestroy(g);
	cudaStreamDestroy(first);
	cudaStreamDestroy(second);
	cudaEventDestroy(forked);
	cudaEventDestroy(joined);
	cudaFree(z);
	return end(&b, wrong + copy_is_wrong(b.host));
}

static int graph_without_order(void)
{
	return graph(0);
}

static int right_graph(void)
{
	return graph(1);
}

const struct planted planted_hosts[] = {
	{"right_event", 0, NULL, right_event},
	{"right_gemm", 0, NULL, right_gemm},
	{"right_graph", 0, NULL, right_graph},
	{"host_pointer", SEEN_ALWAYS, "kernel copy: pointer argument 0", host_pointer},
	{"freed_pointer", SEEN_ALWAYS, "is not device memory (of the host, or freed)", freed_pointer},
	{"freed_twice", SEEN_ALWAYS, "was freed before", freed_twice},
	{"freed_inside", SEEN_ALWAYS, "cudaFree: no buffer begins at", freed_inside},
	{"writes_in_the_tail", SEEN_ANY_ORDER | SEEN_LAZY | SEEN_ASAN, NULL, writes_in_the_tail},
	{"grid_too_large", SEEN_ALWAYS, "cudaErrorInvalidConfiguration", grid_too_large},
	{"block_too_large", SEEN_ALWAYS, "cudaErrorInvalidConfiguration", block_too_large},
	{"shared_too_large", SEEN_ALWAYS, "cudaErrorInvalidValue", shared_too_large},
	{"copy_behind", SEEN_ALWAYS, "out of bounds by 4", copy_behind},
	{"copy_of_wrong_kind", SEEN_ALWAYS, "cudaErrorInvalidValue", copy_of_wrong_kind},
	{"reads_device_memory", SEEN_ASAN, NULL, reads_device_memory},
	{"leaks", SEEN_LAZY | SEEN_ASAN, "leak of 256 bytes of device memory", leaks},
	{"reads_too_early", SEEN_LAZY | SEEN_TSAN, NULL, reads_too_early},
	{"no_event", SEEN_LAZY | SEEN_TSAN, NULL, no_event},
	{"gemm_without_event", SEEN_LAZY | SEEN_TSAN, NULL, gemm_without_event},
	{"graph_without_order", SEEN_LAZY | SEEN_TSAN, NULL, graph_without_order},
	{NULL, 0, NULL, NULL},
};
