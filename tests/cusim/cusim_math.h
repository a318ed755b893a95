/*
 * Functions that only device code has. The fast ones (__expf, ...) are the exact ones here: what they lose is for a real GPU to
 * show. Included by cusim.h.
 */
#pragma once

#include "tests/cusim/cusim.h"

#define CUSIM_FUNCTION1(result, name, type, expression) \
	inline result name(type x)                      \
	{                                               \
		return expression;                      \
	}
#define CUSIM_FUNCTION2(result, name, type, expression) \
	inline result name(type x, type y)              \
	{                                               \
		return expression;                      \
	}

CUSIM_FUNCTION1(float, __expf, float, expf(x))
CUSIM_FUNCTION1(float, __exp10f, float, exp10f(x))
CUSIM_FUNCTION1(float, __logf, float, logf(x))
CUSIM_FUNCTION1(float, __log2f, float, log2f(x))
CUSIM_FUNCTION1(float, __log10f, float, log10f(x))
CUSIM_FUNCTION1(float, __sinf, float, sinf(x))
CUSIM_FUNCTION1(float, __cosf, float, cosf(x))
CUSIM_FUNCTION1(float, __tanf, float, tanf(x))
CUSIM_FUNCTION2(float, __powf, float, powf(x, y))
CUSIM_FUNCTION2(float, __fdividef, float, x / y)
CUSIM_FUNCTION1(float, rsqrtf, float, 1.0f / sqrtf(x))
CUSIM_FUNCTION1(double, rsqrt, double, 1.0 / sqrt(x))

/* Rounded to nearest, and never contracted: the build says -ffp-contract=off. */
CUSIM_FUNCTION2(float, __fadd_rn, float, x + y)
CUSIM_FUNCTION2(float, __fsub_rn, float, x - y)
CUSIM_FUNCTION2(float, __fmul_rn, float, x * y)
CUSIM_FUNCTION2(float, __fdiv_rn, float, x / y)
CUSIM_FUNCTION1(float, __frcp_rn, float, 1.0f / x)
CUSIM_FUNCTION1(float, __fsqrt_rn, float, sqrtf(x))
CUSIM_FUNCTION1(float, __frsqrt_rn, float, 1.0f / sqrtf(x))
CUSIM_FUNCTION2(double, __dadd_rn, double, x + y)
CUSIM_FUNCTION2(double, __dsub_rn, double, x - y)
CUSIM_FUNCTION2(double, __dmul_rn, double, x * y)
CUSIM_FUNCTION2(double, __ddiv_rn, double, x / y)
CUSIM_FUNCTION1(double, __dsqrt_rn, double, sqrt(x))

inline float __fmaf_rn(float x, float y, float z)
{
	return fmaf(x, y, z);
}

inline double __fma_rn(double x, double y, double z)
{
	return fma(x, y, z);
}

/* NaN becomes 0. */
inline float __saturatef(float x)
{
	return x > 0 ? (x < 1 ? x : 1.0f) : 0.0f;
}

/* ---- conversions ---- */

namespace cusim {

template <class To, class From> inline To bits_as(From from)
{
	static_assert(sizeof(To) == sizeof(From), "sizes differ");
	To to;
	memcpy(&to, &from, sizeof to);
	return to;
}

/* Conversions of floats to whole numbers stop at the ends of the range on a GPU, and NaN becomes 0; in C++ both are undefined. */
template <class To> inline To clamped(double x)
{
	constexpr double least = (double)std::numeric_limits<To>::min(), most = (double)std::numeric_limits<To>::max();
	return isnan(x) ? 0 : x <= least ? std::numeric_limits<To>::min() : x >= most ? std::numeric_limits<To>::max() : (To)x;
}

} // namespace cusim

CUSIM_FUNCTION1(float, __int_as_float, int, cusim::bits_as<float>(x))
CUSIM_FUNCTION1(float, __uint_as_float, unsigned, cusim::bits_as<float>(x))
CUSIM_FUNCTION1(int, __float_as_int, float, cusim::bits_as<int>(x))
CUSIM_FUNCTION1(unsigned, __float_as_uint, float, cusim::bits_as<unsigned>(x))
CUSIM_FUNCTION1(double, __longlong_as_double, long long, cusim::bits_as<double>(x))
CUSIM_FUNCTION1(long long, __double_as_longlong, double, cusim::bits_as<long long>(x))
CUSIM_FUNCTION1(int, __float2int_rn, float, cusim::clamped<int>(nearbyint((double)x)))
CUSIM_FUNCTION1(int, __float2int_rz, float, cusim::clamped<int>(trunc((double)x)))
CUSIM_FUNCTION1(int, __float2int_rd, float, cusim::clamped<int>(floor((double)x)))
CUSIM_FUNCTION1(unsigned, __float2uint_rn, float, cusim::clamped<unsigned>(nearbyint((double)x)))
CUSIM_FUNCTION1(float, __int2float_rn, int, (float)x)
CUSIM_FUNCTION1(float, __uint2float_rn, unsigned, (float)x)
CUSIM_FUNCTION1(float, __double2float_rn, double, (float)x)

/* ---- bits ---- */

CUSIM_FUNCTION1(int, __popc, unsigned, __builtin_popcount(x))
CUSIM_FUNCTION1(int, __popcll, unsigned long long, __builtin_popcountll(x))
CUSIM_FUNCTION1(int, __clz, int, x ? __builtin_clz((unsigned)x) : 32)
CUSIM_FUNCTION1(int, __clzll, long long, x ? __builtin_clzll((unsigned long long)x) : 64)
CUSIM_FUNCTION1(int, __ffs, int, __builtin_ffs(x))
CUSIM_FUNCTION2(unsigned, __umulhi, unsigned, (unsigned)((uint64_t)x * y >> 32))
CUSIM_FUNCTION2(unsigned long long, __umul64hi, unsigned long long, (unsigned long long)((unsigned __int128)x * y >> 64))

inline unsigned __brev(unsigned x)
{
	unsigned reversed = 0;
	for (int i = 0; i < 32; i++)
		reversed |= (x >> i & 1u) << (31 - i);
	return reversed;
}

/* ---- reads and writes with a hint, which means nothing here ---- */

template <class T> inline T __ldg(const T *p)
{
	return *p;
}

template <class T> inline T __ldcs(const T *p)
{
	return *p;
}

template <class T> inline void __stcs(T *p, T value)
{
	*p = value;
}

/* ---- min and max; of NaN and a number, the number ---- */

#define CUSIM_MIN_MAX(type)                          \
	CUSIM_FUNCTION2(type, min, type, y < x ? y : x) \
	CUSIM_FUNCTION2(type, max, type, x < y ? y : x)
CUSIM_MIN_MAX(int)
CUSIM_MIN_MAX(unsigned)
CUSIM_MIN_MAX(long)
CUSIM_MIN_MAX(unsigned long)
CUSIM_MIN_MAX(long long)
CUSIM_MIN_MAX(unsigned long long)
CUSIM_FUNCTION2(float, min, float, fminf(x, y))
CUSIM_FUNCTION2(float, max, float, fmaxf(x, y))
CUSIM_FUNCTION2(double, min, double, fmin(x, y))
CUSIM_FUNCTION2(double, max, double, fmax(x, y))
