/* Element by element, for any mixture of types and any broadcasting; what a network is made of goes four elements at a time where it can. */
#include "engine/cuda/device.cuh"
#include "engine/cuda/map_kernels.h"

template <int F>
__device__ inline float mapped(float x, float x2, float x3, float a, float b)
{
	switch (F) {
	case CU_SCALE: return a * x + b;
	case CU_RELU: return x < 0 ? 0.0f : x;
	case CU_LEAKY_RELU: return x > 0 ? x : a * x;
	case CU_LOGISTIC: return (x > 0 ? 1.0f : expf(x)) / (1.0f + expf(-fabsf(x)));
	case CU_TANH: return tanhf(x);
	case CU_SOFTPLUS: return (x > 0 ? x : 0.0f) + log1pf(expf(-fabsf(x)));
	case CU_EXP: return expf(x);
	case CU_LOG: return logf(x);
	case CU_SQRT: return sqrtf(x);
	case CU_POW: return powf(x, a);
	case CU_SQUARE: return x * x;
	case CU_CUBE: return x * x * x;
	case CU_INVERSE: return 1.0f / x;
	case CU_ABS: return fabsf(x);
	case CU_CLAMP: return x < a ? a : x > b ? b : x;
	case CU_SIGN: return x > 0 ? 1.0f : x < 0 ? -1.0f : x;
	case CU_FLOOR: return floorf(x);
	case CU_RELU_DX: return x2 > 0 ? x : 0.0f;
	case CU_LEAKY_RELU_DX: return x2 > 0 ? x : a * x;
	case CU_CLAMP_DX: return x2 >= a && x2 <= b ? x : 0.0f;
	case CU_ADD: return x + x2;
	case CU_ADD_RELU: return x + x2 < 0 ? 0.0f : x + x2;
	case CU_SUB: return x - x2;
	case CU_MUL: return x * x2;
	case CU_DIV: return x / x2;
	case CU_MINIMUM: return x < x2 || x != x ? x : x2; /* NaN of either side stays */
	case CU_MAXIMUM: return x > x2 || x != x ? x : x2;
	case CU_LESS: return x < x2 ? 1.0f : 0.0f;
	case CU_LESS_EQUAL: return x <= x2 ? 1.0f : 0.0f;
	case CU_EQUAL: return x == x2 ? 1.0f : 0.0f;
	default: return x != 0 ? x2 : x3;
	}
}

__host__ __device__ constexpr int operands(int f)
{
	return f == CU_WHERE ? 3 : f >= CU_RELU_DX ? 2 : 1;
}

/* ---- any types, any order ---- */

template <int F>
__global__ void k_map(int64_t n, cu_view y, cu_view p, cu_view q, cu_view r, float a, float b)
{
	CU_EACH(i, n) {
		const float x = cu_get(p, i), x2 = operands(F) > 1 ? cu_get(q, i) : 0.0f, x3 = operands(F) > 2 ? cu_get(r, i) : 0.0f;
		cu_put(y, i, mapped<F>(x, x2, x3, a, b));
	}
}

/* f32 would take large sample numbers for equal. */
template <int F>
__global__ void k_compare_i32(int64_t n, cu_view y, cu_view p, cu_view q)
{
	CU_EACH(i, n) {
		const int32_t u = ((const int32_t *)p.data)[cu_at(p, i)], v = ((const int32_t *)q.data)[cu_at(q, i)];
		cu_put(y, i, (F == CU_LESS ? u < v : F == CU_LESS_EQUAL ? u <= v : u == v) ? 1.0f : 0.0f);
	}
}

/* ---- one type, one order, four at a time ---- */

template <class T> struct quad;
template <> struct quad<float> { using type = float4; };
/* A word of its own for each, so that pack tells them apart. */
struct quad_of_bf16 { ushort4 bits; };
struct quad_of_f16 { ushort4 bits; };
template <> struct quad<bf16> { using type = quad_of_bf16; };
template <> struct quad<f16> { using type = quad_of_f16; };

template <class T>
__device__ inline void unpack(float out[4], const typename quad<T>::type &v);
template <>
__device__ inline void unpack<float>(float out[4], const float4 &v)
{
	out[0] = v.x, out[1] = v.y, out[2] = v.z, out[3] = v.w;
}
template <>
__device__ inline void unpack<bf16>(float out[4], const quad_of_bf16 &v)
{
	out[0] = cu_f32(v.bits.x), out[1] = cu_f32(v.bits.y), out[2] = cu_f32(v.bits.z), out[3] = cu_f32(v.bits.w);
}
template <>
__device__ inline void unpack<f16>(float out[4], const quad_of_f16 &v)
{
	out[0] = cu_f32_of_f16(v.bits.x), out[1] = cu_f32_of_f16(v.bits.y), out[2] = cu_f32_of_f16(v.bits.z), out[3] = cu_f32_of_f16(v.bits.w);
}
__device__ inline float4 pack(const float v[4], float4 *) { return make_float4(v[0], v[1], v[2], v[3]); }
__device__ inline quad_of_bf16 pack(const float v[4], quad_of_bf16 *)
{
	return {make_ushort4(cu_bf16(v[0]), cu_bf16(v[1]), cu_bf16(v[2]), cu_bf16(v[3]))};
}
__device__ inline quad_of_f16 pack(const float v[4], quad_of_f16 *)
{
	return {make_ushort4(cu_f16(v[0]), cu_f16(v[1]), cu_f16(v[2]), cu_f16(v[3]))};
}

/* No __restrict__: y may be an operand's memory. */
template <class T, int F>
__global__ void k_map4(int64_t n4, typename quad<T>::type *y, const typename quad<T>::type *p, const typename quad<T>::type *q, float a, float b)
{
	CU_EACH(i, n4) {
		float x[4], x2[4] = {0, 0, 0, 0}, out[4];
		unpack<T>(x, p[i]);
		if (operands(F) > 1)
			unpack<T>(x2, q[i]);
		for (int k = 0; k < 4; k++)
			out[k] = mapped<F>(x[k], x2[k], 0.0f, a, b);
		y[i] = pack(out, (typename quad<T>::type *)nullptr);
	}
}

/* ---- choosing ---- */

static bool four(const cu_view &v, int dtype)
{
	return v.flat && v.dtype == dtype && (uintptr_t)v.data % 16 == 0;
}

template <class T, int F>
static cudaError_t launch4(float a, float b, int64_t n, const cu_view *y, const cu_view in[3], cudaStream_t stream)
{
	using Q = typename quad<T>::type;
	return CU_LAUNCH((k_map4<T, F>), cu_blocks(n / 4), CU_BLOCK, 0, stream, n / 4, (Q *)y->data, (const Q *)in[0].data, (const Q *)in[operands(F) > 1].data, a, b);
}

template <int F>
static cudaError_t launch(float a, float b, int64_t n, const cu_view *y, const cu_view in[3], cudaStream_t stream)
{
	const bool all = n % 4 == 0 && operands(F) < 3 && four(*y, y->dtype) && four(in[0], y->dtype) && (operands(F) < 2 || four(in[1], y->dtype));
	if (all && (y->dtype == CU_F32 || y->dtype == CU_BF16 || y->dtype == CU_F16))
		return cu_by_type(y->dtype, [&](auto type) { return launch4<decltype(type), F>(a, b, n, y, in, stream); });
	const cu_view &q = operands(F) > 1 ? in[1] : in[0], &r = operands(F) > 2 ? in[2] : in[0];
	return CU_LAUNCH((k_map<F>), cu_blocks(n), CU_BLOCK, 0, stream, n, *y, in[0], q, r, a, b);
}

template <int F>
static cudaError_t compare(int64_t n, const cu_view *y, const cu_view in[3], cudaStream_t stream)
{
	if (in[0].dtype != CU_I32 || in[1].dtype != CU_I32)
		return launch<F>(0, 0, n, y, in, stream);
	return CU_LAUNCH((k_compare_i32<F>), cu_blocks(n), CU_BLOCK, 0, stream, n, *y, in[0], in[1]);
}

extern "C" cudaError_t cu_map(enum cu_map f, float a, float b, int64_t n, const struct cu_view *y, const struct cu_view in[3], cudaStream_t stream)
{
#define CASE(F) case F: return launch<F>(a, b, n, y, in, stream)
#define COMPARE(F) case F: return compare<F>(n, y, in, stream)
	switch (f) {
	CASE(CU_SCALE); CASE(CU_RELU); CASE(CU_LEAKY_RELU); CASE(CU_LOGISTIC); CASE(CU_TANH); CASE(CU_SOFTPLUS); CASE(CU_EXP); CASE(CU_LOG); CASE(CU_SQRT);
	CASE(CU_POW); CASE(CU_SQUARE); CASE(CU_CUBE); CASE(CU_INVERSE); CASE(CU_ABS); CASE(CU_CLAMP); CASE(CU_SIGN); CASE(CU_FLOOR);
	CASE(CU_RELU_DX); CASE(CU_LEAKY_RELU_DX); CASE(CU_CLAMP_DX); CASE(CU_ADD); CASE(CU_ADD_RELU); CASE(CU_SUB); CASE(CU_MUL); CASE(CU_DIV);
	CASE(CU_MINIMUM); CASE(CU_MAXIMUM); COMPARE(CU_LESS); COMPARE(CU_LESS_EQUAL); COMPARE(CU_EQUAL); CASE(CU_WHERE);
	}
	return cudaErrorInvalidValue;
}

/* ---- moves ---- */

template <class T>
__global__ void k_move(int64_t n, cu_view dst, cu_view src)
{
	CU_EACH(i, n)
		((T *)dst.data)[cu_at(dst, i)] = ((const T *)src.data)[cu_at(src, i)];
}

__global__ void k_convert(int64_t n, cu_view dst, cu_view src)
{
	CU_EACH(i, n)
		cu_put(dst, i, cu_get(src, i));
}

extern "C" cudaError_t cu_copy(int64_t n, const struct cu_view *dst, const struct cu_view *src, cudaStream_t stream)
{
	if (dst->dtype != src->dtype)
		return CU_LAUNCH(k_convert, cu_blocks(n), CU_BLOCK, 0, stream, n, *dst, *src);
	switch (dst->dtype) {
	case CU_F32:
	case CU_I32: return CU_LAUNCH((k_move<uint32_t>), cu_blocks(n), CU_BLOCK, 0, stream, n, *dst, *src);
	case CU_BF16:
	case CU_F16: return CU_LAUNCH((k_move<uint16_t>), cu_blocks(n), CU_BLOCK, 0, stream, n, *dst, *src);
	default: return CU_LAUNCH((k_move<uint8_t>), cu_blocks(n), CU_BLOCK, 0, stream, n, *dst, *src);
	}
}

__global__ void k_fill(cu_array y, float value, int64_t n)
{
	CU_EACH(i, n)
		cu_put(y, i, value);
}

__global__ void k_fill_i32(int32_t *y, int32_t value, int64_t n)
{
	CU_EACH(i, n)
		y[i] = value;
}

extern "C" cudaError_t cu_fill(struct cu_array y, double value, int64_t n, cudaStream_t stream)
{
	if (y.dtype == CU_I32) /* exact, where f32 is not */
		return CU_LAUNCH(k_fill_i32, cu_blocks(n), CU_BLOCK, 0, stream, (int32_t *)y.data, (int32_t)value, n);
	return CU_LAUNCH(k_fill, cu_blocks(n), CU_BLOCK, 0, stream, y, (float)value, n);
}
