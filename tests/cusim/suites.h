/* The suite's parts, and device memory for them. */
#pragma once

#include <check.h>
#include <cuda_runtime_api.h>
#include <stddef.h>

TCase *tcase_language(void);
TCase *tcase_memory(void);
TCase *tcase_stream(void);
TCase *tcase_graph(void);
TCase *tcase_cublas(void);
TCase *tcase_cublaslt(void);
TCase *tcase_planted(void);

/* Tests that look at memory while work on it is queued are what TSan reports. */
#ifdef __SANITIZE_THREAD__
enum { WITH_TSAN = 1 };
#else
enum { WITH_TSAN = 0 };
#endif

#define CUDA_OK(call) ck_assert_int_eq((call), cudaSuccess)

void *device_copy_of(const void *host, size_t bytes); /* host NULL: unset */
void device_read(const void *p, void *host, size_t bytes); /* waits for all streams */
