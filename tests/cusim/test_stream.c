/* Streams and events in every mode: what is ordered is, and what is not shows where a mode is made for it. */
#include <stdlib.h>
#include <string.h>

#include "tests/cusim/child.h"
#include "tests/cusim/control.h"
#include "tests/cusim/kernels.h"
#include "tests/cusim/suites.h"

enum { N = 100, BYTES = N * sizeof(float) };

static const char *const modes[] = {
	"CUSIM_STREAMS=eager",
	"CUSIM_STREAMS=lazy",
	"CUSIM_STREAMS=random CUSIM_SEED=5",
	"CUSIM_STREAMS=random CUSIM_SEED=6",
};
enum { MODES = sizeof modes / sizeof *modes };

static float *zeros(void)
{
	float *const x = device_copy_of(NULL, BYTES);
	CUDA_OK(cudaMemset(x, 0, BYTES));
	CUDA_OK(cudaDeviceSynchronize());
	return x;
}

/* Of numbers that must all be the same. Waits for all streams. */
static float first_of(const float *device)
{
	float host[N];
	device_read(device, host, BYTES);
	for (int i = 1; i < N; i++)
		ck_assert_float_eq(host[i], host[0]);
	return host[0];
}

static cudaStream_t stream_of(unsigned flags)
{
	cudaStream_t s;
	CUDA_OK(cudaStreamCreateWithFlags(&s, flags));
	return s;
}

START_TEST(test_order_in_a_stream)
{
	settings_apply(modes[_i]);
	float *const x = zeros(), *const y = zeros();
	const cudaStream_t s = stream_of(cudaStreamDefault);
	for (int i = 0; i < 7; i++)
		CUDA_OK(test_increment(x, N, s));
	CUDA_OK(test_copy(x, y, N, s));
	for (int i = 0; i < 4; i++)
		CUDA_OK(test_increment(y, N, s));
	CUDA_OK(cudaStreamSynchronize(s));
	ck_assert_float_eq(first_of(y), 11);
	CUDA_OK(cudaStreamDestroy(s));
}
END_TEST

/* Both directions between two streams, many times: each copy must see exactly what the other stream had made. */
START_TEST(test_events_order_streams)
{
	settings_apply(modes[_i]);
	float *const x = zeros(), *const y = zeros();
	const cudaStream_t a = stream_of(cudaStreamNonBlocking), b = stream_of(cudaStreamNonBlocking);
	cudaEvent_t of_a, of_b;
	CUDA_OK(cudaEventCreateWithFlags(&of_a, cudaEventDisableTiming));
	CUDA_OK(cudaEventCreateWithFlags(&of_b, cudaEventDisableTiming));
	for (int i = 0; i < 8; i++) {
		CUDA_OK(test_increment(x, N, a));
		CUDA_OK(cudaEventRecord(of_a, a));
		CUDA_OK(cudaStreamWaitEvent(b, of_a, 0));
		CUDA_OK(test_copy(x, y, N, b));
		CUDA_OK(cudaEventRecord(of_b, b));
		CUDA_OK(cudaStreamWaitEvent(a, of_b, 0));
	}
	CUDA_OK(cudaStreamSynchronize(b));
	ck_assert_float_eq(first_of(y), 8);
}
END_TEST

START_TEST(test_default_stream_waits)
{
	settings_apply(modes[_i]);
	float *const x = zeros(), *const y = zeros();
	const cudaStream_t s = stream_of(cudaStreamDefault);
	CUDA_OK(test_increment(x, N, s));
	CUDA_OK(test_copy(x, y, N, NULL)); /* after s */
	CUDA_OK(test_increment(x, N, s)); /* after the default stream */
	CUDA_OK(cudaStreamSynchronize(s));
	ck_assert_float_eq(first_of(y), 1);
	ck_assert_float_eq(first_of(x), 2);
}
END_TEST

/* A lazy stream has done nothing until somebody waits for it; an eager one everything at once. */
START_TEST(test_lazy_and_eager)
{
	const int lazy = _i;
	float *pinned;
	settings_apply(modes[_i]);
	float *const x = zeros();
	const cudaStream_t s = stream_of(cudaStreamNonBlocking), other = stream_of(cudaStreamNonBlocking);
	CUDA_OK(cudaMallocHost((void **)&pinned, BYTES));
	pinned[3] = -7;
	CUDA_OK(test_increment(x, N, s));
	CUDA_OK(cudaMemcpyAsync(pinned, x, BYTES, cudaMemcpyDeviceToHost, s));
	CUDA_OK(test_increment(x, N, s));
	CUDA_OK(cudaStreamSynchronize(other));
	CUDA_OK(cudaStreamSynchronize(NULL)); /* which does not wait for such streams */
	ck_assert_float_eq(pinned[3], lazy ? -7 : 1);
	CUDA_OK(cudaStreamSynchronize(s));
	ck_assert_float_eq(pinned[3], 1);
	ck_assert_float_eq(first_of(x), 2);
}
END_TEST

/* Neither kind of memory may be written again before the copy ran: CUDA promises for pageable memory no more than for pinned. */
START_TEST(test_copies_from_the_host)
{
	float pageable[N], *pinned;
	settings_apply("CUSIM_STREAMS=lazy");
	float *const x = zeros(), *const y = zeros();
	const cudaStream_t s = stream_of(cudaStreamNonBlocking);
	CUDA_OK(cudaMallocHost((void **)&pinned, BYTES));
	for (int i = 0; i < N; i++)
		pageable[i] = pinned[i] = 4;
	CUDA_OK(cudaMemcpyAsync(x, pageable, BYTES, cudaMemcpyHostToDevice, s));
	CUDA_OK(cudaMemcpyAsync(y, pinned, BYTES, cudaMemcpyHostToDevice, s));
	for (int i = 0; i < N; i++)
		pageable[i] = pinned[i] = 9;
	CUDA_OK(cudaStreamSynchronize(s));
	ck_assert_float_eq(first_of(x), 9);
	ck_assert_float_eq(first_of(y), 9);
	pageable[5] = 0;
	CUDA_OK(cudaMemcpyAsync(pageable, x, BYTES, cudaMemcpyDeviceToHost, s)); /* waits */
	ck_assert_float_eq(pageable[5], 9);
}
END_TEST

START_TEST(test_polling_ends)
{
	int rounds = 0;
	float ms = -1;
	cudaEvent_t from, to, never;
	settings_apply(modes[_i]);
	float *const x = zeros();
	const cudaStream_t s = stream_of(cudaStreamNonBlocking);
	CUDA_OK(cudaEventCreate(&from));
	CUDA_OK(cudaEventCreate(&to));
	CUDA_OK(cudaEventCreateWithFlags(&never, cudaEventDisableTiming));
	CUDA_OK(cudaEventRecord(from, s));
	for (int i = 0; i < 5; i++)
		CUDA_OK(test_increment(x, N, s));
	CUDA_OK(cudaEventRecord(to, s));
	if (_i == 1)
		ck_assert_int_eq(cudaEventElapsedTime(&ms, from, to), cudaErrorNotReady);
	for (cudaError_t error; (error = cudaEventQuery(to)) != cudaSuccess; rounds++) {
		ck_assert_int_eq(error, cudaErrorNotReady);
		ck_assert_int_lt(rounds, 20);
	}
	ck_assert(_i != 1 || rounds > 0);
	CUDA_OK(cudaEventElapsedTime(&ms, from, to));
	ck_assert_float_ge(ms, 0);
	CUDA_OK(cudaEventRecord(never, s));
	ck_assert_int_eq(cudaEventElapsedTime(&ms, from, never), cudaErrorInvalidResourceHandle);
	while (cudaStreamQuery(s) != cudaSuccess)
		ck_assert_int_lt(rounds++, 40);
	CUDA_OK(cudaEventSynchronize(never));
	ck_assert_float_eq(first_of(x), 5);
}
END_TEST

/* In random streams the seed alone decides. */
static int trace(const char *settings, int *order)
{
	unsigned zero = 0, taken = 0;
	settings_apply(settings);
	cudaStream_t s[6];
	unsigned *const ticket = device_copy_of(&zero, sizeof zero);
	int *const tickets[6] = {device_copy_of(NULL, 24), device_copy_of(NULL, 24), device_copy_of(NULL, 24),
	                         device_copy_of(NULL, 24), device_copy_of(NULL, 24), device_copy_of(NULL, 24)};
	for (int i = 0; i < 6; i++)
		s[i] = stream_of(cudaStreamNonBlocking);
	for (int i = 0; i < 6; i++)
		CUDA_OK(test_tickets(ticket, tickets[i], 1, s[i]));
	CUDA_OK(cudaDeviceSynchronize());
	for (int i = 0; i < 6; i++) {
		int got[6];
		device_read(tickets[i], got, 24);
		for (int k = 0; k < 6; k++)
			if (got[k] == 0)
				order[i] = k;
	}
	device_read(ticket, &taken, sizeof taken);
	return (int)taken;
}

START_TEST(test_random_streams_repeat)
{
	int a[6], b[6], c[6], in_order = 1;
	ck_assert_int_eq(trace("CUSIM_STREAMS=random CUSIM_SEED=11", a), 6);
	ck_assert_int_eq(trace("CUSIM_STREAMS=random CUSIM_SEED=11", b), 6);
	ck_assert_int_eq(trace("CUSIM_STREAMS=random CUSIM_SEED=12", c), 6);
	ck_assert_mem_eq(a, b, sizeof a);
	for (int i = 0; i < 6; i++)
		in_order &= a[i] == i && c[i] == i;
	ck_assert(!in_order);
}
END_TEST

static int uses_dead_stream(const void *unused)
{
	cudaStream_t s;
	(void)unused;
	cudaStreamCreate(&s);
	cudaStreamDestroy(s);
	cudaStreamSynchronize(s);
	return 0;
}

static int uses_dead_event(const void *unused)
{
	cudaEvent_t e;
	(void)unused;
	cudaEventCreate(&e);
	cudaEventDestroy(e);
	cudaEventRecord(e, NULL);
	return 0;
}

static int uses_no_stream(const void *unused)
{
	int x;
	(void)unused;
	cudaStreamSynchronize((cudaStream_t)&x);
	return 0;
}

START_TEST(test_dead_handles)
{
	struct outcome o = in_child(uses_dead_stream, NULL, "");
	ck_assert(o.status == -1 && outcome_says(&o, "stream used after its destruction"));
	o = in_child(uses_dead_event, NULL, "");
	ck_assert(o.status == -1 && outcome_says(&o, "event used after its destruction"));
	o = in_child(uses_no_stream, NULL, "");
	ck_assert(o.status == -1 && outcome_says(&o, "is no stream"));
}
END_TEST

/* The second of three kernels faults: what the first did is there, the third does not run, and every call says so, again and again, but on another device. */
START_TEST(test_fault)
{
	cudaEvent_t e;
	void *p;
	float host = 0, *pinned;
	settings_apply(modes[_i]);
	float *const x = zeros();
	const cudaStream_t s = stream_of(cudaStreamNonBlocking);
	CUDA_OK(cudaEventCreateWithFlags(&e, cudaEventDisableTiming));
	CUDA_OK(cudaMallocHost((void **)&pinned, BYTES));
	setenv("CUSIM_GPUS", "2", 1);
	setenv("CUSIM_FAULT", "2", 1);
	cusim_configure();
	CUDA_OK(test_increment(x, N, s));
	CUDA_OK(test_increment(x, N, s));
	test_increment(x, N, s);
	ck_assert_int_eq(cudaStreamSynchronize(s), cudaErrorIllegalAddress);
	ck_assert_float_eq(x[0], 1); /* memory of the host, here */
	for (int again = 0; again < 2; again++) {
		ck_assert_int_eq(test_increment(x, N, s), cudaErrorIllegalAddress);
		ck_assert_int_eq(cudaMemcpyAsync(pinned, x, BYTES, cudaMemcpyDeviceToHost, s), cudaErrorIllegalAddress);
		ck_assert_int_eq(cudaMemcpy(&host, x, sizeof host, cudaMemcpyDeviceToHost), cudaErrorIllegalAddress);
		ck_assert_int_eq(cudaEventRecord(e, s), cudaErrorIllegalAddress);
		ck_assert_int_eq(cudaEventSynchronize(e), cudaErrorIllegalAddress);
		ck_assert_int_eq(cudaStreamQuery(s), cudaErrorIllegalAddress);
		ck_assert_int_eq(cudaStreamBeginCapture(s, cudaStreamCaptureModeRelaxed), cudaErrorIllegalAddress);
		ck_assert_int_eq(cudaMalloc(&p, 64), cudaErrorIllegalAddress);
		ck_assert_int_eq(cudaGetLastError(), cudaErrorIllegalAddress);
	}
	ck_assert_float_eq(x[0], 1);
	CUDA_OK(cudaSetDevice(1));
	cudaGetLastError(); /* the other's */
	float *const y = zeros();
	CUDA_OK(test_increment(y, N, NULL));
	ck_assert_float_eq(first_of(y), 1);
	ck_assert_int_eq(cudaSetDevice(0), cudaErrorIllegalAddress);
}
END_TEST

TCase *tcase_stream(void)
{
	TCase *const tc = tcase_create("stream");
	tcase_add_loop_test(tc, test_order_in_a_stream, 0, MODES);
	tcase_add_loop_test(tc, test_events_order_streams, 0, MODES);
	tcase_add_loop_test(tc, test_default_stream_waits, 0, MODES);
	if (!WITH_TSAN) {
		tcase_add_loop_test(tc, test_lazy_and_eager, 0, 2);
		tcase_add_test(tc, test_copies_from_the_host);
	}
	tcase_add_loop_test(tc, test_polling_ends, 0, MODES);
	tcase_add_loop_test(tc, test_fault, 0, MODES);
	tcase_add_test(tc, test_random_streams_repeat);
	tcase_add_test(tc, test_dead_handles);
	return tc;
}
