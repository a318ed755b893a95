/* Memory: what a call refuses, what it says. tests/cusim/planted_host.c has the bugs. */
#include <string.h>

#include "tests/cusim/child.h"
#include "tests/cusim/kernels.h"
#include "tests/cusim/suites.h"

START_TEST(test_allocations_are_aligned_and_unset)
{
	for (size_t bytes = 1; bytes < 3000; bytes = bytes * 3 + 1) {
		unsigned char host[3000], *const p = device_copy_of(NULL, bytes);
		ck_assert_uint_eq((size_t)p % 256, 0);
		device_read(p, host, bytes);
		for (size_t i = 0; i < bytes; i++)
			ck_assert_uint_eq(host[i], 0xFF);
		CUDA_OK(cudaFree(p));
	}
}
END_TEST

START_TEST(test_memory_ends)
{
	void *p, *q;
	size_t left, total;
	settings_apply("CUSIM_MEM_MB=3");
	CUDA_OK(cudaMalloc(&p, 2 << 20));
	CUDA_OK(cudaMemGetInfo(&left, &total));
	ck_assert_uint_eq(left, 1 << 20);
	ck_assert_uint_eq(total, 3 << 20);
	ck_assert_int_eq(cudaMalloc(&q, (1 << 20) + 1), cudaErrorMemoryAllocation);
	ck_assert_ptr_null(q);
	ck_assert_int_eq(cudaGetLastError(), cudaErrorMemoryAllocation);
	CUDA_OK(cudaFree(p));
	CUDA_OK(cudaMalloc(&q, 3 << 20));
	CUDA_OK(cudaFree(q));
}
END_TEST

START_TEST(test_one_allocation_fails)
{
	void *p;
	settings_apply("CUSIM_FAIL_MALLOC=3");
	for (int i = 1; i <= 5; i++)
		ck_assert_int_eq(cudaMalloc(&p, 10), i == 3 ? cudaErrorMemoryAllocation : cudaSuccess);
}
END_TEST

START_TEST(test_no_device)
{
	int n = 77, device;
	settings_apply("CUSIM_GPUS=0");
	ck_assert_int_eq(cudaGetDeviceCount(&n), cudaErrorInsufficientDriver);
	ck_assert_int_eq(n, 77);
	settings_apply("CUSIM_GPUS=2");
	CUDA_OK(cudaGetDeviceCount(&n));
	ck_assert_int_eq(n, 2);
	ck_assert_int_eq(cudaSetDevice(2), cudaErrorInvalidDevice);
	CUDA_OK(cudaSetDevice(1));
	CUDA_OK(cudaGetDevice(&device));
	ck_assert_int_eq(device, 1);
}
END_TEST

static int device_of_another(const void *unused)
{
	float *x, *y;
	(void)unused;
	cudaMalloc((void **)&x, 64);
	cudaMalloc((void **)&y, 64);
	cudaSetDevice(1);
	test_copy(x, y, 16, NULL);
	return 0;
}

static int frees_pinned_as_device(const void *unused)
{
	void *p;
	(void)unused;
	cudaMallocHost(&p, 64);
	cudaFree(p);
	return 0;
}

static int frees_device_as_pinned(const void *unused)
{
	void *p;
	(void)unused;
	cudaMalloc(&p, 64);
	cudaFreeHost(p);
	return 0;
}

static int leaks_pinned(const void *unused)
{
	void *p;
	(void)unused;
	cudaMallocHost(&p, 40);
	return 0;
}

static int fails_and_leaks(const void *unused)
{
	leaks_pinned(unused);
	return 5;
}

static int unknown_word(const void *unused)
{
	(void)unused;
	settings_apply("CUSIM_ORDER=backwards");
	return 0;
}

static int between_elements(const void *unused)
{
	char *p;
	(void)unused;
	cudaMalloc((void **)&p, 40);
	test_increment((float *)(void *)(p + 2), 4, NULL);
	return 0;
}

static int sets_too_much(const void *unused)
{
	void *p;
	(void)unused;
	cudaMalloc(&p, 40);
	cudaMemset(p, 0, 41);
	return 0;
}

static const struct complaint {
	int (*run)(const void *);
	const char *settings, *says;
	int status;
} complaints[] = {
	{device_of_another, "CUSIM_GPUS=2", "pointer argument 0 belongs to device 0, and the current one is 1", -1},
	{between_elements, "", "is not aligned to 4 bytes", -1},
	{frees_pinned_as_device, "", "is pinned host memory", -1},
	{frees_device_as_pinned, "", "is device memory", -1},
	{leaks_pinned, "CUSIM_LEAK=1", "leak of 40 bytes of pinned memory", 99},
	{leaks_pinned, "", "", 0},
	{fails_and_leaks, "CUSIM_LEAK=1", "leak of 40 bytes of pinned memory", 5},
	{unknown_word, "", "CUSIM_ORDER is 'backwards', allowed fifo lifo random", -1},
	{sets_too_much, "", "out of bounds by 1", -1},
};

START_TEST(test_complaints)
{
	const struct complaint *const c = &complaints[_i];
	const struct outcome o = in_child(c->run, NULL, c->settings);
	ck_assert_msg(outcome_says(&o, c->says), "said '%s'", o.text);
	ck_assert_int_eq(o.status, c->status);
	ck_assert(!*c->says == !*o.text);
}
END_TEST

START_TEST(test_stream_of_another_device)
{
	cudaStream_t s;
	settings_apply("CUSIM_GPUS=2");
	CUDA_OK(cudaStreamCreate(&s));
	CUDA_OK(cudaSetDevice(1));
	float *const x = device_copy_of(NULL, 40);
	ck_assert_int_eq(test_increment(x, 4, s), cudaErrorInvalidResourceHandle);
	CUDA_OK(test_increment(x, 4, NULL));
}
END_TEST

START_TEST(test_copies)
{
	int host[6] = {1, 2, 3, 4, 5, 6}, back[6] = {0};
	int *const x = device_copy_of(host, sizeof host), *const y = device_copy_of(NULL, sizeof host);
	CUDA_OK(cudaMemset(y, 0, sizeof host));
	CUDA_OK(cudaMemcpy(y + 2, x + 1, 3 * sizeof *x, cudaMemcpyDeviceToDevice));
	device_read(y, back, sizeof back);
	const int want[6] = {0, 0, 2, 3, 4, 0};
	ck_assert_mem_eq(back, want, sizeof want);
	CUDA_OK(cudaMemcpy(back, x, sizeof back, cudaMemcpyDefault));
	ck_assert_mem_eq(back, host, sizeof host);
	ck_assert_int_eq(cudaMemcpy(x, y, sizeof host, cudaMemcpyDeviceToHost), cudaErrorInvalidValue);
	ck_assert_int_eq(cudaMemcpy(back, host, sizeof host, cudaMemcpyHostToDevice), cudaErrorInvalidValue);
}
END_TEST

TCase *tcase_memory(void)
{
	TCase *const tc = tcase_create("memory");
	tcase_add_test(tc, test_allocations_are_aligned_and_unset);
	tcase_add_test(tc, test_memory_ends);
	tcase_add_test(tc, test_one_allocation_fails);
	tcase_add_test(tc, test_no_device);
	tcase_add_loop_test(tc, test_complaints, 0, sizeof complaints / sizeof *complaints);
	tcase_add_test(tc, test_stream_of_another_device);
	tcase_add_test(tc, test_copies);
	return tc;
}
