/* Neighbouring channels that a thread reads and writes at once: 16 bytes where memory allows. */
#ifndef ENGINE_CUDA_PACK_CUH
#define ENGINE_CUDA_PACK_CUH

#include "engine/cuda/device.cuh"

__device__ inline float cu_value(uint8_t x) { return (float)x; }
__device__ inline void cu_assign(uint8_t *y, float x) { *y = (uint8_t)x; } /* of 0..255 */

/* The size of what lies in memory makes the compiler move it as one. */
template <class T, int V>
struct alignas(sizeof(T) * V < 16 ? sizeof(T) * V : 16) cu_pack { T at[V]; };

/* Elements i..i+V of p; i is a multiple of V, and p lies as cu_packs says. */
template <int V, class T>
__device__ inline void cu_load(float v[V], const T *p, int64_t i)
{
	const cu_pack<T, V> pack = *cu_aligned((const cu_pack<T, V> *)(p + i));
	for (int k = 0; k < V; k++)
		v[k] = cu_value(pack.at[k]);
}
template <int V, class T>
__device__ inline void cu_store(T *p, int64_t i, const float v[V])
{
	cu_pack<T, V> pack;
	for (int k = 0; k < V; k++)
		cu_assign(&pack.at[k], v[k]);
	*cu_aligned((cu_pack<T, V> *)(p + i)) = pack;
}

/* As many as 16 bytes hold of the largest type. */
template <class... T>
constexpr int cu_many()
{
	size_t largest = 0;
	((largest = sizeof(T) > largest ? sizeof(T) : largest), ...);
	return (int)(16 / largest);
}

/* Whether rows of C elements at each of these pointers (NULL: none) are whole packs of V. */
template <int V, class... T>
inline bool cu_packs(int64_t C, const T *...p)
{
	return C % V == 0 && (((uintptr_t)p % alignof(cu_pack<T, V>) == 0) && ...);
}

/* i becomes i / by, the remainder is given. Division in 32 bits where they do: in 64 it costs several times as much. */
__device__ inline int64_t cu_split(int64_t *i, int64_t by)
{
	if (((uint64_t)*i | (uint64_t)by) >> 32 == 0) {
		const uint32_t u = (uint32_t)*i, q = u / (uint32_t)by;
		*i = q;
		return u - q * (uint32_t)by;
	}
	const int64_t q = *i / by, rest = *i - q * by;
	*i = q;
	return rest;
}

/* Where pack i of a channels-last tensor lies, whose last three axes are H, W and `groups` packs of V channels. */
struct cu_site {
	int64_t n;
	int h, w, c; /* c: the first channel */
};
__device__ inline cu_site cu_site_of(int64_t i, int H, int W, int groups, int V)
{
	cu_site s;
	s.c = (int)cu_split(&i, groups) * V;
	s.w = (int)cu_split(&i, W);
	s.h = (int)cu_split(&i, H);
	s.n = i;
	return s;
}

#endif
