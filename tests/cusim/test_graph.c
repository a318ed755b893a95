/* Stream capture: what becomes a graph, and what a capture forbids. */
#include <stdbool.h>

#include "tests/cusim/child.h"
#include "tests/cusim/kernels.h"
#include "tests/cusim/suites.h"

enum { N = 70, BYTES = N * sizeof(float) };

static const char *const modes[] = {
	"CUSIM_STREAMS=eager",
	"CUSIM_STREAMS=lazy",
	"CUSIM_STREAMS=random CUSIM_SEED=5",
	"CUSIM_STREAMS=random CUSIM_SEED=9",
};
enum { MODES = sizeof modes / sizeof *modes };

/* Made by setup. */
static float *x, *y, *pinned, pageable[N];
static cudaStream_t stream, side;
static cudaEvent_t fork_event, join_event;

static void setup(void)
{
	x = device_copy_of(NULL, BYTES);
	y = device_copy_of(NULL, BYTES);
	CUDA_OK(cudaMemset(x, 0, BYTES));
	CUDA_OK(cudaMemset(y, 0, BYTES));
	CUDA_OK(cudaMallocHost((void **)&pinned, BYTES));
	CUDA_OK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
	CUDA_OK(cudaStreamCreateWithFlags(&side, cudaStreamNonBlocking));
	CUDA_OK(cudaEventCreateWithFlags(&fork_event, cudaEventDisableTiming));
	CUDA_OK(cudaEventCreateWithFlags(&join_event, cudaEventDisableTiming));
	CUDA_OK(cudaDeviceSynchronize());
}

static float value(const float *device)
{
	float host[N];
	device_read(device, host, BYTES);
	for (int i = 1; i < N; i++)
		ck_assert_float_eq(host[i], host[0]);
	return host[0];
}

static void begin(void)
{
	CUDA_OK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal));
}

static enum cudaStreamCaptureStatus status(cudaStream_t s)
{
	enum cudaStreamCaptureStatus got;
	CUDA_OK(cudaStreamIsCapturing(s, &got));
	return got;
}

/* The end gives this error and no graph, and the streams can be used again. */
static void ends_with(cudaError_t error)
{
	cudaGraph_t g = (cudaGraph_t)&g;
	ck_assert_int_eq(cudaStreamEndCapture(stream, &g), error);
	ck_assert_ptr_null(g);
	ck_assert_int_eq(status(stream), cudaStreamCaptureStatusNone);
	ck_assert_int_eq(status(side), cudaStreamCaptureStatusNone);
	CUDA_OK(test_increment(x, N, stream));
	CUDA_OK(cudaStreamSynchronize(stream));
}

static cudaGraphExec_t instance(void)
{
	cudaGraph_t g;
	cudaGraphExec_t ready;
	CUDA_OK(cudaStreamEndCapture(stream, &g));
	CUDA_OK(cudaGraphInstantiate(&ready, g, 0));
	CUDA_OK(cudaGraphDestroy(g));
	return ready;
}

/* Nothing runs in a capture; every launch runs all, in order, with what memory holds then. */
START_TEST(test_capture_and_replay)
{
	settings_apply(modes[_i]);
	ck_assert_int_eq(status(stream), cudaStreamCaptureStatusNone);
	begin();
	ck_assert_int_eq(status(stream), cudaStreamCaptureStatusActive);
	CUDA_OK(test_increment(x, N, stream));
	CUDA_OK(test_increment(x, N, stream));
	CUDA_OK(cudaMemcpyAsync(y, x, BYTES, cudaMemcpyDeviceToDevice, stream));
	CUDA_OK(test_increment(y, N, stream));
	CUDA_OK(cudaMemcpyAsync(pinned, y, BYTES, cudaMemcpyDeviceToHost, stream));
	CUDA_OK(cudaMemsetAsync(y, 0, BYTES, stream));
	const cudaGraphExec_t ready = instance();
	ck_assert_float_eq(value(x), 0);
	for (int i = 1; i <= 3; i++) {
		CUDA_OK(cudaGraphLaunch(ready, stream));
		CUDA_OK(test_increment(x, N, stream));
		CUDA_OK(cudaStreamSynchronize(stream));
		ck_assert_float_eq(pinned[7], (float)(3 * i));
		ck_assert_float_eq(value(x), (float)(3 * i));
		ck_assert_float_eq(value(y), 0);
	}
	CUDA_OK(cudaGraphLaunch(ready, side)); /* on another stream; the next launch waits for it */
	CUDA_OK(cudaGraphLaunch(ready, stream));
	CUDA_OK(cudaGraphExecDestroy(ready));
	CUDA_OK(cudaStreamSynchronize(stream));
	ck_assert_float_eq(pinned[7], 14);
	ck_assert_float_eq(value(x), 13);
}
END_TEST

/* x + 1 on one branch, y + 1 and + 1 on the other; then y = x where they join. */
START_TEST(test_branches)
{
	settings_apply(modes[_i]);
	begin();
	CUDA_OK(test_increment(x, N, stream));
	CUDA_OK(cudaEventRecord(fork_event, stream));
	CUDA_OK(cudaStreamWaitEvent(side, fork_event, 0));
	ck_assert_int_eq(status(side), cudaStreamCaptureStatusActive);
	CUDA_OK(test_increment(y, N, side));
	CUDA_OK(test_increment(y, N, side));
	CUDA_OK(test_increment(x, N, stream));
	CUDA_OK(cudaEventRecord(join_event, side));
	CUDA_OK(cudaStreamWaitEvent(stream, join_event, 0));
	CUDA_OK(cudaMemcpyAsync(pinned, y, BYTES, cudaMemcpyDeviceToHost, stream));
	CUDA_OK(cudaMemcpyAsync(y, x, BYTES, cudaMemcpyDeviceToDevice, stream));
	const cudaGraphExec_t ready = instance();
	ck_assert_int_eq(status(side), cudaStreamCaptureStatusNone);
	for (int i = 1; i <= 3; i++) {
		CUDA_OK(cudaGraphLaunch(ready, stream));
		CUDA_OK(cudaStreamSynchronize(stream));
		ck_assert_float_eq(pinned[9], (float)(2 * i));
		ck_assert_float_eq(value(y), (float)(2 * i));
	}
}
END_TEST

/* ---- what is forbidden: each breaks the capture ---- */

static cudaError_t call_malloc(void)
{
	void *p;
	return cudaMalloc(&p, 4);
}

static cudaError_t call_free(void)
{
	return cudaFree(y);
}

static cudaError_t call_malloc_host(void)
{
	void *p;
	return cudaMallocHost(&p, 4);
}

static cudaError_t call_memcpy(void)
{
	return cudaMemcpy(y, x, BYTES, cudaMemcpyDeviceToDevice);
}

static cudaError_t call_memset(void)
{
	return cudaMemset(y, 0, BYTES);
}

static cudaError_t call_synchronize(void)
{
	return cudaStreamSynchronize(stream);
}

static cudaError_t call_device_synchronize(void)
{
	return cudaDeviceSynchronize();
}

static cudaError_t call_query(void)
{
	return cudaStreamQuery(stream);
}

static cudaError_t call_destroy(void)
{
	return cudaStreamDestroy(stream);
}

static cudaError_t call_pageable_in(void)
{
	return cudaMemcpyAsync(y, pageable, BYTES, cudaMemcpyHostToDevice, stream);
}

static cudaError_t call_pageable_out(void)
{
	return cudaMemcpyAsync(pageable, y, BYTES, cudaMemcpyDeviceToHost, stream);
}

static cudaError_t call_event_query(void)
{
	const cudaError_t error = cudaEventRecord(fork_event, stream);
	return error ? error : cudaEventQuery(fork_event);
}

static cudaError_t call_event_synchronize(void)
{
	const cudaError_t error = cudaEventRecord(fork_event, stream);
	return error ? error : cudaEventSynchronize(fork_event);
}

static cudaError_t call_outer_event(void)
{
	const cudaError_t error = cudaEventRecord(fork_event, side);
	return error ? error : cudaStreamWaitEvent(stream, fork_event, 0);
}

static cudaError_t call_merge(void)
{
	cudaGraph_t g;
	cudaError_t error = cudaStreamBeginCapture(side, cudaStreamCaptureModeGlobal);
	error = error ? error : cudaEventRecord(fork_event, side);
	error = error ? error : cudaStreamWaitEvent(stream, fork_event, 0);
	ck_assert_int_eq(cudaStreamEndCapture(side, &g), cudaErrorStreamCaptureInvalidated);
	return error;
}

static const struct forbidden {
	cudaError_t (*call)(void);
	cudaError_t error;
	bool when_relaxed; /* in that mode too */
} forbidden[] = {
	{call_malloc, cudaErrorStreamCaptureUnsupported, false},
	{call_free, cudaErrorStreamCaptureUnsupported, false},
	{call_malloc_host, cudaErrorStreamCaptureUnsupported, false},
	{call_memcpy, cudaErrorStreamCaptureUnsupported, false},
	{call_memset, cudaErrorStreamCaptureUnsupported, false},
	{call_synchronize, cudaErrorStreamCaptureUnsupported, true},
	{call_device_synchronize, cudaErrorStreamCaptureUnsupported, true},
	{call_query, cudaErrorStreamCaptureUnsupported, true},
	{call_destroy, cudaErrorStreamCaptureUnsupported, true},
	{call_pageable_in, cudaErrorStreamCaptureUnsupported, true},
	{call_pageable_out, cudaErrorStreamCaptureUnsupported, true},
	{call_event_query, cudaErrorCapturedEvent, true},
	{call_event_synchronize, cudaErrorCapturedEvent, true},
	{call_outer_event, cudaErrorStreamCaptureIsolation, true},
	{call_merge, cudaErrorStreamCaptureMerge, true},
};

START_TEST(test_forbidden)
{
	const struct forbidden *const f = &forbidden[_i];
	begin();
	CUDA_OK(test_increment(x, N, stream));
	ck_assert_int_eq(f->call(), f->error);
	ck_assert_int_ne(cudaGetLastError(), cudaSuccess);
	ck_assert_int_eq(status(stream), cudaStreamCaptureStatusInvalidated);
	ck_assert_int_eq(test_increment(x, N, stream), cudaErrorStreamCaptureInvalidated);
	ends_with(cudaErrorStreamCaptureInvalidated);
	ck_assert_float_eq(value(x), 1); /* by ends_with */

	CUDA_OK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeRelaxed));
	CUDA_OK(test_increment(x, N, stream));
	ck_assert_int_eq(f->call(), f->when_relaxed ? f->error : cudaSuccess);
	if (f->when_relaxed) {
		ends_with(cudaErrorStreamCaptureInvalidated);
	} else {
		const cudaGraphExec_t ready = instance();
		CUDA_OK(cudaDeviceSynchronize()); /* the call may have begun a copy */
		CUDA_OK(cudaGraphLaunch(ready, stream));
	}
	ck_assert_float_eq(value(x), 2);
}
END_TEST

/* A launch into the default stream would wait for a stream that captures, unless that is one that it does not wait for. */
START_TEST(test_default_stream)
{
	cudaStream_t blocking;
	cudaGraph_t g;
	begin();
	CUDA_OK(test_increment(x, N, NULL));
	CUDA_OK(cudaGraphExecDestroy(instance()));
	CUDA_OK(cudaStreamCreate(&blocking));
	ck_assert_int_eq(cudaStreamBeginCapture(NULL, cudaStreamCaptureModeGlobal), cudaErrorStreamCaptureUnsupported);
	CUDA_OK(cudaStreamBeginCapture(blocking, cudaStreamCaptureModeRelaxed));
	ck_assert_int_eq(test_increment(x, N, NULL), cudaErrorStreamCaptureImplicit);
	ck_assert_int_eq(cudaStreamEndCapture(blocking, &g), cudaErrorStreamCaptureInvalidated);
	ck_assert_float_eq(value(x), 1);
}
END_TEST

START_TEST(test_not_joined)
{
	begin();
	CUDA_OK(cudaEventRecord(fork_event, stream));
	CUDA_OK(cudaStreamWaitEvent(side, fork_event, 0));
	CUDA_OK(test_increment(y, N, side));
	CUDA_OK(test_increment(x, N, stream));
	ends_with(cudaErrorStreamCaptureUnjoined);
	ck_assert_float_eq(value(y), 0);
}
END_TEST

START_TEST(test_wrong_ends)
{
	cudaGraph_t g;
	ck_assert_int_eq(cudaStreamEndCapture(stream, &g), cudaErrorIllegalState);
	begin();
	ck_assert_int_eq(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal), cudaErrorIllegalState);
	CUDA_OK(cudaEventRecord(fork_event, stream));
	CUDA_OK(cudaStreamWaitEvent(side, fork_event, 0));
	ck_assert_int_eq(cudaStreamEndCapture(side, &g), cudaErrorStreamCaptureUnmatched);
	ends_with(cudaErrorStreamCaptureInvalidated);
	ck_assert_int_eq(cudaStreamWaitEvent(side, fork_event, 0), cudaErrorStreamCaptureIsolation); /* of a capture that is over */
}
END_TEST

/* What a graph points to must still be there. */
static int launches_without_memory(const void *unused)
{
	(void)unused;
	setup();
	begin();
	if (cudaMemcpyAsync(y, x, BYTES, cudaMemcpyDeviceToDevice, stream))
		return 1;
	const cudaGraphExec_t ready = instance();
	cudaFree(y);
	cudaGraphLaunch(ready, stream);
	cudaStreamSynchronize(stream);
	return 0;
}

static int launches_after_the_end(const void *unused)
{
	(void)unused;
	setup();
	begin();
	const cudaGraphExec_t ready = instance();
	cudaGraphExecDestroy(ready);
	cudaGraphLaunch(ready, stream);
	return 0;
}

START_TEST(test_dead_graphs)
{
	struct outcome o = in_child(launches_without_memory, NULL, "");
	ck_assert(o.status == -1 && outcome_says(&o, "cudaMemcpy destination") && outcome_says(&o, "is not device memory"));
	o = in_child(launches_after_the_end, NULL, "");
	ck_assert(o.status == -1 && outcome_says(&o, "graph used after its destruction"));
}
END_TEST

TCase *tcase_graph(void)
{
	TCase *const tc = tcase_create("graph");
	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_loop_test(tc, test_capture_and_replay, 0, MODES);
	tcase_add_loop_test(tc, test_branches, 0, MODES);
	tcase_add_loop_test(tc, test_forbidden, 0, sizeof forbidden / sizeof *forbidden);
	tcase_add_test(tc, test_default_stream);
	tcase_add_test(tc, test_not_joined);
	tcase_add_test(tc, test_wrong_ends);
	tcase_add_test(tc, test_dead_graphs);
	return tc;
}
