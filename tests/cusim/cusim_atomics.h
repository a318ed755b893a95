/*
 * Atomic operations: relaxed, as on a GPU; each is a point where another thread may go first, and TSan knows them as atomic.
 * Of whole numbers only: a sum of floats in the order of arrival is not the same bits every time, so the project has none.
 * Included by cusim.h.
 */
#pragma once

#include "tests/cusim/cusim.h"

namespace cusim {

template <class T> using same = std::common_type_t<T>; /* keeps a second argument out of the deduction of T */

template <class T, class Change> inline T atomic_change(T *p, Change change)
{
	static_assert(std::is_integral_v<T>, "atomics are for whole numbers: floats depend on the order of arrival");
	atomic_point();
	T old = __atomic_load_n(p, __ATOMIC_RELAXED);
	while (!__atomic_compare_exchange_n(p, &old, (T)change(old), false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
	return old;
}

} // namespace cusim

template <class T> inline T atomicAdd(T *p, cusim::same<T> value)
{
	/* unsigned, because a GPU wraps around */
	return cusim::atomic_change(p, [value](T old) { return (T)((std::make_unsigned_t<T>)old + (std::make_unsigned_t<T>)value); });
}

template <class T> inline T atomicSub(T *p, cusim::same<T> value)
{
	return cusim::atomic_change(p, [value](T old) { return (T)((std::make_unsigned_t<T>)old - (std::make_unsigned_t<T>)value); });
}

template <class T> inline T atomicMax(T *p, cusim::same<T> value)
{
	return cusim::atomic_change(p, [value](T old) { return old > value ? old : value; });
}

template <class T> inline T atomicMin(T *p, cusim::same<T> value)
{
	return cusim::atomic_change(p, [value](T old) { return old < value ? old : value; });
}

template <class T> inline T atomicAnd(T *p, cusim::same<T> value)
{
	return cusim::atomic_change(p, [value](T old) { return (T)(old & value); });
}

template <class T> inline T atomicOr(T *p, cusim::same<T> value)
{
	return cusim::atomic_change(p, [value](T old) { return (T)(old | value); });
}

template <class T> inline T atomicXor(T *p, cusim::same<T> value)
{
	return cusim::atomic_change(p, [value](T old) { return (T)(old ^ value); });
}

template <class T> inline T atomicExch(T *p, cusim::same<T> value)
{
	return cusim::atomic_change(p, [value](T) { return value; });
}

template <class T> inline T atomicCAS(T *p, cusim::same<T> expected, cusim::same<T> value)
{
	return cusim::atomic_change(p, [expected, value](T old) { return old == expected ? value : old; });
}

/* Counts 0 to most, then begins at 0 again. */
inline unsigned atomicInc(unsigned *p, unsigned most)
{
	return cusim::atomic_change(p, [most](unsigned old) { return old >= most ? 0u : old + 1; });
}

inline unsigned atomicDec(unsigned *p, unsigned most)
{
	return cusim::atomic_change(p, [most](unsigned old) { return old == 0 || old > most ? most : old - 1; });
}
