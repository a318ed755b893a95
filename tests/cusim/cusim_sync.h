/*
 * Barriers, fences and the exchange between lanes of a warp. Every call carries its place in the text: threads that meet at
 * different places are an error, as on a GPU they may hang. Included by cusim.h.
 */
#pragma once

#include "tests/cusim/cusim.h"

inline void __syncthreads(cusim::site at = cusim::here())
{
	cusim::block_barrier(at);
}

inline int __syncthreads_count(int predicate, cusim::site at = cusim::here())
{
	return (int)cusim::block_count(predicate != 0, at);
}

inline int __syncthreads_or(int predicate, cusim::site at = cusim::here())
{
	return cusim::block_count(predicate != 0, at) != 0;
}

inline int __syncthreads_and(int predicate, cusim::site at = cusim::here())
{
	return cusim::block_count(predicate == 0, at) == 0;
}

inline void __syncwarp(unsigned mask = 0xffffffffu, cusim::site at = cusim::here())
{
	cusim::warp_exchange(mask, 0, at);
}

inline void __threadfence(void)
{
	cusim::memory_fence();
}

inline void __threadfence_block(void)
{
	cusim::memory_fence();
}

inline void __threadfence_system(void)
{
	cusim::memory_fence();
}

/* ---- shuffles ---- */

namespace cusim {

template <class T> inline T shuffle(unsigned mask, T value, int source, site at)
{
	static_assert(sizeof(T) <= 8, "type of a shuffle");
	uint64_t bits = 0;
	memcpy(&bits, (const void *)&value, sizeof value);
	const warp_values got = warp_exchange(mask, bits, at);
	if (!(got.lanes >> (source & 31) & 1u))
		fail("%s:%d: shuffle reads lane %d, which does not take part (mask %08x, taking part %08x): undefined", at.file, at.line,
		     source & 31, mask, got.lanes);
	memcpy((void *)&value, &got.of_lane[source & 31], sizeof value);
	return value;
}

/* First and last lane of this lane's group of `width`. */
inline int group_first(int width)
{
	return (int)lane() & ~(width - 1);
}

inline int group_last(int width)
{
	return (int)lane() | (width - 1);
}

} // namespace cusim

template <class T> inline T __shfl_sync(unsigned mask, T value, int source, int width = 32, cusim::site at = cusim::here())
{
	return cusim::shuffle(mask, value, cusim::group_first(width) | (source & (width - 1)), at);
}

/* The other three give a lane its own value when the source lies outside its group. */
template <class T> inline T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32, cusim::site at = cusim::here())
{
	const int own = (int)cusim::lane(), source = own - (int)delta;
	return cusim::shuffle(mask, value, source < cusim::group_first(width) ? own : source, at);
}

template <class T> inline T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32, cusim::site at = cusim::here())
{
	const int own = (int)cusim::lane(), source = own + (int)delta;
	return cusim::shuffle(mask, value, source > cusim::group_last(width) ? own : source, at);
}

template <class T> inline T __shfl_xor_sync(unsigned mask, T value, int bits, int width = 32, cusim::site at = cusim::here())
{
	const int own = (int)cusim::lane(), source = own ^ bits;
	return cusim::shuffle(mask, value, source > cusim::group_last(width) ? own : source, at);
}

/* ---- votes ---- */

inline unsigned __ballot_sync(unsigned mask, int predicate, cusim::site at = cusim::here())
{
	const cusim::warp_values got = cusim::warp_exchange(mask, predicate != 0, at);
	unsigned ballot = 0;
	for (int i = 0; i < 32; i++)
		if ((got.lanes >> i & 1u) && got.of_lane[i])
			ballot |= 1u << i;
	return ballot;
}

inline int __any_sync(unsigned mask, int predicate, cusim::site at = cusim::here())
{
	return __ballot_sync(mask, predicate, at) != 0;
}

inline int __all_sync(unsigned mask, int predicate, cusim::site at = cusim::here())
{
	return __ballot_sync(mask, !predicate, at) == 0;
}

/* ---- reductions of whole numbers ---- */

namespace cusim {

template <class Fold> inline unsigned warp_fold(unsigned mask, unsigned value, Fold fold, site at)
{
	const warp_values got = warp_exchange(mask, value, at);
	unsigned result = 0;
	bool first = true;
	for (int i = 0; i < 32; i++)
		if (got.lanes >> i & 1u) {
			result = first ? (unsigned)got.of_lane[i] : fold(result, (unsigned)got.of_lane[i]);
			first = false;
		}
	return result;
}

} // namespace cusim

inline unsigned __reduce_add_sync(unsigned mask, unsigned value, cusim::site at = cusim::here())
{
	return cusim::warp_fold(mask, value, [](unsigned a, unsigned b) { return a + b; }, at);
}

inline unsigned __reduce_min_sync(unsigned mask, unsigned value, cusim::site at = cusim::here())
{
	return cusim::warp_fold(mask, value, [](unsigned a, unsigned b) { return a < b ? a : b; }, at);
}

inline unsigned __reduce_max_sync(unsigned mask, unsigned value, cusim::site at = cusim::here())
{
	return cusim::warp_fold(mask, value, [](unsigned a, unsigned b) { return a > b ? a : b; }, at);
}

/* A template, so that only a use fails to compile. */
template <class T = void> inline unsigned active_mask_depends_on_the_schedule(void)
{
	static_assert(!std::is_void_v<T>, "__activemask() depends on the schedule: give a mask");
	return 0;
}
#define __activemask() active_mask_depends_on_the_schedule<>()
