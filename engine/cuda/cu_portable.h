/*
 * What nvcc and the simulator of the tests (tests/cusim/README.md) spell differently. The only way from a .cu file to CUDA's language:
 * engine/cuda/device.cuh includes it.
 *
 * CU_LAUNCH(kernel, grid, block, shared_bytes, stream, arguments...)
 *                               cudaError_t of the launch. The arguments are converted to the kernel's types. Template arguments
 *                               need parentheses: CU_LAUNCH((k<float, 16>), ...)
 * CU_SHARED(type, name, dims)   memory of a block: CU_SHARED(float, tile, [16][17]); one number: CU_SHARED(int, last, )
 * CU_DYN_SHARED(type, name)     type *name: the launch's shared_bytes, aligned to 16 bytes
 * cu_aligned(p)                 p, of which the caller has made sure that it is aligned as its type wants
 */
#pragma once

#if defined(__CUDACC__)

#include <cuda_runtime.h>

#include <tuple>
#include <utility>

#define CU_SHARED(type, name, dims) __shared__ type name dims
#define CU_DYN_SHARED(type, name)                                               \
	extern __shared__ __align__(16) unsigned char cu_dynamic_shared[];      \
	type *name = reinterpret_cast<type *>(cu_dynamic_shared)
#define CU_LAUNCH(kernel, grid, block, shared_bytes, stream, ...) \
	cu_launch(kernel, dim3(grid), dim3(block), (shared_bytes), (stream), ##__VA_ARGS__)

/* cudaLaunchKernel takes addresses, so each argument must first have exactly its parameter's type. */
template <class... Parameter, class... Argument>
inline cudaError_t cu_launch(void (*kernel)(Parameter...), dim3 grid, dim3 block, size_t shared_bytes, cudaStream_t stream,
                             Argument &&...argument)
{
	static_assert(sizeof...(Parameter) == sizeof...(Argument), "number of a kernel's arguments");
	std::tuple<Parameter...> values(static_cast<Parameter>(argument)...);
	return std::apply(
	        [&](Parameter &...value) {
		        void *address[] = {(void *)&value..., nullptr};
		        return cudaLaunchKernel((const void *)kernel, grid, block, address, shared_bytes, stream);
	        },
	        values);
}

template <class T>
__device__ inline T *cu_aligned(T *p)
{
	return p;
}

#elif defined(CUSIM)

#include <tests/cusim/cusim.h> /* with -I of the source tree */

#else
#error "compile .cu files with nvcc, or as C++ for the simulator with -DCUSIM"
#endif
