/* Indices that the kernels of convolutions share. */
#ifndef ENGINE_CUDA_CONV_INDEX_CUH
#define ENGINE_CUDA_CONV_INDEX_CUH

#include "engine/cuda/pack.cuh"

/* Over one axis, the taps that meet place h of x: first, first + stride, ... below end. Tap t meets it from place (h + pad - t) / stride of the
   result, which must be whole and one of OH. */
struct cu_taps {
	int first, end;
};
__device__ inline struct cu_taps cu_taps_at(int h, int taps, int stride, int pad, int OH)
{
	const int at = h + pad, last = (OH - 1) * stride; /* the furthest window begins at last - pad */
	struct cu_taps t;
	t.first = at % stride;
	if (at > last)
		t.first += (at - last - t.first + stride - 1) / stride * stride;
	t.end = taps < at + 1 ? taps : at + 1;
	return t;
}

#endif
