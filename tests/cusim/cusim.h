/*
 * CUDA's device language for a host compiler: the text of a .cu file, compiled as C++17 with -DCUSIM, becomes code that
 * libcusim.a executes. Types and prototypes are those of the toolkit's headers; what needs a device is here, in the three headers
 * below and in the library. A CUDA thread is a fiber; one thread of the host at a time executes kernels, so that a run is repeatable.
 *
 * Kernels include engine/cuda/cu_portable.h, never this. tests/cusim/README.md has the rules that they keep.
 */
#pragma once

#include <cuda_runtime.h>

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <functional>
#include <limits>
#include <tuple>
#include <type_traits>
#include <utility>

/* A bare __shared__ compiles, as one object for all blocks; only CU_SHARED is NaN at first and known to the sanitizers. */
#undef __shared__
#define __shared__ static
#undef __launch_bounds__
#define __launch_bounds__(...)

/* Set at every switch. The compiler may keep them over calls: for one thread they never change. The library's (CUSIM_LIBRARY) are not const. */
#ifndef CUSIM_LIBRARY
extern const uint3 threadIdx, blockIdx;
extern const dim3 blockDim, gridDim;
#endif
constexpr int warpSize = 32;

namespace cusim {

/* A place in a kernel's text, for messages and to tell whether threads meet at the same call. */
struct site {
	const char *file;
	int line;
};
/* As a default argument: the caller's place. (In braces, without this function, gcc gives the header's.) */
inline site here(const char *file = __builtin_FILE(), int line = __builtin_LINE())
{
	return {file, line};
}

/* ---- in the library ---- */

/* Says what is wrong, in which kernel, block and thread, and aborts. */
[[noreturn]] void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

void block_barrier(site at);
unsigned block_count(bool predicate, site at); /* a barrier; for how many threads predicate was true */

/* What the lanes of a mask brought to a meeting. Valid until this thread's next call into the library. */
struct warp_values {
	const uint64_t *of_lane; /* [32] */
	unsigned lanes;          /* who took part */
};
warp_values warp_exchange(unsigned mask, uint64_t bits, site at);
unsigned lane(void);

void atomic_point(void); /* another thread may go first */
void memory_fence(void);

void *dynamic_shared(void);
/* One CU_SHARED declaration; memory of the running block. */
struct shared_variable {
	size_t bytes, align;
	const char *name;
	int number = -1;

	void *of_block(void);
};

struct launch_shape {
	dim3 grid, block;
	size_t shared_bytes;
	cudaStream_t stream;
};
cudaError_t launch(const char *name, const void *kernel, const launch_shape &shape, size_t argument_bytes, std::function<void()> body);
void check_argument(const char *kernel, int index, const void *pointer); /* dies unless it is NULL or of this device's memory */

/* ---- templates ---- */

template <class Parameter> inline void check_parameter(const char *kernel, int index, const Parameter &value)
{
	if constexpr (std::is_pointer_v<Parameter>) {
		check_argument(kernel, index, (const void *)value);
		if constexpr (!std::is_void_v<std::remove_pointer_t<Parameter>>)
			if ((uintptr_t)value % alignof(std::remove_pointer_t<Parameter>))
				fail("kernel %s: pointer argument %d (%p) is not aligned to %zu bytes, as its type is", kernel, index, (const void *)value,
				     alignof(std::remove_pointer_t<Parameter>));
	} else {
		(void)kernel, (void)index, (void)value;
	}
}

/* Arguments are copied at the launch, as on a GPU. */
template <class... Parameter, class... Argument>
inline cudaError_t launch_typed(const char *name, void (*kernel)(Parameter...), const launch_shape &shape, Argument &&...argument)
{
	static_assert(sizeof...(Parameter) == sizeof...(Argument), "number of a kernel's arguments");
	std::tuple<std::decay_t<Parameter>...> values(static_cast<Parameter>(argument)...);
	std::apply(
	        [&](auto &...value) {
		        int index = 0;
		        (void)index;
		        (check_parameter(name, index++, value), ...);
	        },
	        values);
	return launch(name, (const void *)kernel, shape, sizeof values, [kernel, values]() { std::apply(kernel, values); });
}

} // namespace cusim

/* The processor would read it all the same. */
template <class T> inline T *cu_aligned(T *p)
{
	if ((uintptr_t)p % alignof(T))
		cusim::fail("%p is not aligned to the %zu bytes that are read or written at once", (const void *)p, alignof(T));
	return p;
}

#define CU_LAUNCH(kernel, grid, block, shared_bytes, stream, ...)                                                     \
	cusim::launch_typed(#kernel, kernel, cusim::launch_shape{dim3(grid), dim3(block), (shared_bytes), (stream)}, \
	                    ##__VA_ARGS__)
#define CU_SHARED(type, name, dims)                                                                                           \
	typedef type name##_shared_type dims;                                                                                 \
	static cusim::shared_variable name##_shared{sizeof(name##_shared_type), alignof(name##_shared_type), #name};          \
	name##_shared_type &name = *static_cast<name##_shared_type *>(name##_shared.of_block())
#define CU_DYN_SHARED(type, name) type *name = static_cast<type *>(cusim::dynamic_shared())

#include "tests/cusim/cusim_atomics.h"
#include "tests/cusim/cusim_sync.h"
#include "tests/cusim/cusim_math.h"
