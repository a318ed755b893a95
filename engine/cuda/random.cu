#include "engine/cuda/pack.cuh"
#include "engine/cuda/random_kernels.h"

namespace {

struct words { uint32_t at[4]; };

/* Philox4x32-10 as philox4x32_10 of base/rng.c. */
__device__ inline words philox(uint32_t c0, uint32_t c1, uint32_t c2, uint32_t c3, uint32_t k0, uint32_t k1)
{
	for (int round = 0; round < 10; round++) {
		const uint64_t a = (uint64_t)0xD2511F53u * c0, b = (uint64_t)0xCD9E8D57u * c2;
		c0 = (uint32_t)(b >> 32) ^ c1 ^ k0;
		c1 = (uint32_t)b;
		c2 = (uint32_t)(a >> 32) ^ c3 ^ k1;
		c3 = (uint32_t)a;
		k0 += 0x9E3779B9u;
		k1 += 0xBB67AE85u;
	}
	return {{c0, c1, c2, c3}};
}

/* rng_uniform. The product is exact, so a fused multiply-add gives the same. */
__device__ inline float dropped(float x, uint32_t word, const cu_drop &k)
{
	const float u = (float)word * 0x1p-32f + 0x1p-33f;
	return u <= k.p ? 0.0f : x * k.factor;
}

/* Four elements of a channel to a thread, for one call of Philox: C is 1, or S a multiple of 4. quads: those of a channel, the last may be short. */
template <class T>
__global__ void k_dropout_quads(T *y, const T *x, const int32_t *sample, const int32_t *epoch, cu_drop k, int64_t quads)
{
	const uint32_t when = (uint32_t)*epoch;
	CU_EACH(i, quads * k.C * k.N) {
		int64_t n = i;
		const int64_t c = cu_split(&n, k.C), q = cu_split(&n, quads);
		const words w = philox((uint32_t)(c * quads + q), 0, (uint32_t)sample[n], when, k.key[0], k.key[1]);
		for (int j = 0; j < 4; j++) {
			const int64_t s = 4 * q + j, at = (n * k.S + s) * k.C + c;
			if (s < k.S)
				cu_assign(&y[at], dropped(cu_value(x[at]), w.at[j], k));
		}
	}
}

/* Any S: each element asks for its word, so that neighbouring threads have neighbouring channels. */
template <class T>
__global__ void k_dropout(T *y, const T *x, const int32_t *sample, const int32_t *epoch, cu_drop k)
{
	const uint32_t when = (uint32_t)*epoch;
	CU_EACH(i, k.S * k.C * k.N) {
		int64_t n = i;
		const int64_t c = cu_split(&n, k.C), s = cu_split(&n, k.S), place = c * k.S + s;
		const words w = philox((uint32_t)(place / 4), 0, (uint32_t)sample[n], when, k.key[0], k.key[1]);
		const int which = (int)(place % 4);
		const uint32_t word = which < 2 ? which == 0 ? w.at[0] : w.at[1] : which == 2 ? w.at[2] : w.at[3]; /* an index would be memory */
		cu_assign(&y[i], dropped(cu_value(x[i]), word, k));
	}
}

template <class T>
cudaError_t dropout(cu_array y, cu_array x, const int32_t *sample, const int32_t *epoch, const cu_drop &k, cudaStream_t stream)
{
	T *to = (T *)y.data;
	const T *from = (const T *)x.data;
	const int64_t quads = (k.S + 3) / 4, rows = (int64_t)k.C * k.N;
	if (k.C == 1 || k.S % 4 == 0)
		return CU_LAUNCH((k_dropout_quads<T>), cu_blocks(quads * rows), CU_BLOCK, 0, stream, to, from, sample, epoch, k, quads);
	return CU_LAUNCH((k_dropout<T>), cu_blocks(k.S * rows), CU_BLOCK, 0, stream, to, from, sample, epoch, k);
}

} // namespace

extern "C" cudaError_t cu_dropout(struct cu_array y, struct cu_array x, const int32_t *sample, const int32_t *epoch, struct cu_drop k,
                                  cudaStream_t stream)
{
	return cu_by_type(y.dtype, [&](auto type) { return dropout<decltype(type)>(y, x, sample, epoch, k, stream); });
}
