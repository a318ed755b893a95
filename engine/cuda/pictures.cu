#include "engine/cuda/pack.cuh"
#include "engine/cuda/pictures_kernels.h"

__global__ void k_normalize(cu_array y, const uint8_t *x, int C, int64_t n, cu_affine4 k)
{
	CU_EACH(i, n) {
		const int c = (int)(i % C);
		cu_put(y, i, (float)x[i] * k.factor[c] + k.add[c]);
	}
}

extern "C" cudaError_t cu_normalize(struct cu_array y, const uint8_t *x, int C, int64_t n, struct cu_affine4 k, cudaStream_t stream)
{
	return CU_LAUNCH(k_normalize, cu_blocks(n), CU_BLOCK, 0, stream, y, x, C, n, k);
}

namespace {

struct alignas(16) shown { int32_t row, dy, dx, flip; };

/* A pixel to a thread: neighbours write neighbouring memory, and read such too but at the picture's edges. */
template <class T, int C>
__global__ void k_pictures(T *y, const uint8_t *store, const shown *view, int64_t pixels, int H, int W, cu_affine4 k)
{
	CU_EACH(i, pixels) {
		int64_t n = i;
		const int w = (int)cu_split(&n, W), h = (int)cu_split(&n, H);
		const shown v = view[n];
		const int from_h = h + v.dy, from_w = (v.flip ? W - 1 - w : w) + v.dx;
		const bool inside = from_h >= 0 && from_h < H && from_w >= 0 && from_w < W;
		const uint8_t *x = store + (((int64_t)v.row * H + from_h) * W + from_w) * C;
		for (int c = 0; c < C; c++) {
			const float byte = inside ? (float)x[c] : 0.0f;
			cu_assign(&y[i * C + c], byte * k.factor[c] + k.add[c]);
		}
	}
}

template <class T>
cudaError_t pictures(T *y, const uint8_t *store, const shown *view, int64_t pixels, int C, int H, int W, const cu_affine4 &k, cudaStream_t stream)
{
	const unsigned blocks = cu_blocks(pixels);
	switch (C) {
	case 1: return CU_LAUNCH((k_pictures<T, 1>), blocks, CU_BLOCK, 0, stream, y, store, view, pixels, H, W, k);
	case 2: return CU_LAUNCH((k_pictures<T, 2>), blocks, CU_BLOCK, 0, stream, y, store, view, pixels, H, W, k);
	case 3: return CU_LAUNCH((k_pictures<T, 3>), blocks, CU_BLOCK, 0, stream, y, store, view, pixels, H, W, k);
	case 4: return CU_LAUNCH((k_pictures<T, 4>), blocks, CU_BLOCK, 0, stream, y, store, view, pixels, H, W, k);
	default: return cudaErrorInvalidValue;
	}
}

} // namespace

extern "C" cudaError_t cu_pictures(struct cu_array y, const uint8_t *store, const int32_t *view, int N, int C, int H, int W, struct cu_affine4 k,
                                   cudaStream_t stream)
{
	return cu_by_type(y.dtype, [&](auto type) {
		return pictures((decltype(type) *)y.data, store, (const shown *)view, (int64_t)N * H * W, C, H, W, k, stream);
	});
}
