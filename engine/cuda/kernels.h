/*
 * Between the host's code (C17) and the kernels (.cu): what a kernel is told of memory. Passed by value, so a launch needs nothing that lives longer.
 *
 * Elements are F32 ("wide"), F32, BF16 or F16 ("act"), I32, U8, S8; arithmetic is in f32, sums too. Every function queues on the stream and gives the
 * error of the launch. Results are the same bits every time: partial sums have fixed places and are added in a fixed order, and no float is added
 * atomically. Sizes are counted in 64 bits.
 */
#ifndef ENGINE_CUDA_KERNELS_H
#define ENGINE_CUDA_KERNELS_H

#include <cuda_runtime_api.h>
#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* enum dtype of engine/tensor.h, whose numbers these are (asserted in cuda.c). */
enum cu_dtype { CU_F64, CU_F32, CU_BF16, CU_F16, CU_I32, CU_U8, CU_S8 };

enum { CU_AXES = 6, CU_BLOCK = 256 };

/* Dense memory. */
struct cu_array {
	void *data;
	int dtype;
};

/* Elements in an order that the host chose: axis 0 is the slowest; adjacent axes that are one in memory are merged. */
struct cu_view {
	void *data;
	int dtype;
	int n; /* axes, >= 1 */
	int flat; /* one axis with stride 1 */
	int64_t len[CU_AXES], stride[CU_AXES];
};

#ifdef __cplusplus
}
#endif

#endif
