/* The arithmetic of the stand-in for cuBLAS: extents checked to the byte, sums in float in order of k. */
#include "tests/cusim/fake_gemm.h"

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <vector>

#include "tests/cusim/fakes.h"

namespace cusim {

static size_t bytes_of(cudaDataType type)
{
	return type == CUDA_R_32F || type == CUDA_R_32I ? 4 : type == CUDA_R_8I ? 1 : 2;
}

size_t matrix_bytes(const matrix &x, int rows, int columns)
{
	return ((size_t)x.leading * (size_t)(columns - 1) + (size_t)rows) * bytes_of(x.type);
}

static const char *of_batch(const matrix &x, int i)
{
	return (const char *)x.start + (long long)bytes_of(x.type) * x.stride * i;
}

float element_load(const void *p, size_t i, cudaDataType type)
{
	if (type == CUDA_R_32F)
		return ((const float *)p)[i];
	return type == CUDA_R_16F ? __half2float(((const __half *)p)[i]) : __bfloat162float(((const __nv_bfloat16 *)p)[i]);
}

void element_store(void *p, size_t i, cudaDataType type, float value)
{
	if (type == CUDA_R_32F)
		((float *)p)[i] = value;
	else if (type == CUDA_R_16F)
		((__half *)p)[i] = __float2half_rn(value);
	else
		((__nv_bfloat16 *)p)[i] = __float2bfloat16_rn(value);
}

/* To one of the types of 16 bits. */
static float rounded(float x, cudaDataType type)
{
	return type == CUDA_R_16F ? __half2float(__float2half_rn(x)) : __bfloat162float(__float2bfloat16_rn(x));
}

/* To 10 bits of fraction, ties to even. */
static float round_tf32(float x)
{
	uint32_t bits;
	if (!isfinite(x))
		return x;
	memcpy(&bits, &x, sizeof bits);
	bits += 0xFFF + (bits >> 13 & 1);
	bits &= ~0x1FFFu;
	memcpy(&x, &bits, sizeof bits);
	return x;
}

/* op(X) of rows x columns, row by row. */
static std::vector<float> take(const matrix &x, const char *start, cublasOperation_t operation, int rows, int columns, bool tf32)
{
	std::vector<float> values((size_t)rows * (size_t)columns);
	for (int i = 0; i < rows; i++)
		for (int j = 0; j < columns; j++) {
			const size_t at = operation == CUBLAS_OP_N ? (size_t)j * (size_t)x.leading + (size_t)i : (size_t)i * (size_t)x.leading + (size_t)j;
			const float value = element_load(start, at, x.type);
			values[(size_t)i * (size_t)columns + (size_t)j] = tf32 ? round_tf32(value) : value;
		}
	return values;
}

static bool overlap(const char *a, size_t a_bytes, const char *b, size_t b_bytes)
{
	return a < b + b_bytes && b < a + a_bytes;
}

static void need(const product &p, const matrix &x, const char *start, size_t bytes, bool write)
{
	char what[96];
	snprintf(what, sizeof what, "%s %s", p.call, x.name);
	need_device(start, bytes, write, what);
}

void product_compute(const product &p, int i, float alpha, float beta, bool tf32)
{
	const char *const a = of_batch(p.a, i), *const b = of_batch(p.b, i);
	char *const c = const_cast<char *>(of_batch(p.c, i));
	const size_t c_bytes = matrix_bytes(p.c, p.m, p.n);
	const bool reads = p.k && alpha != 0; /* else A and B may be anything */
	std::vector<float> left, right;

	need(p, p.c, c, c_bytes, true);
	if (reads) {
		const bool plain_a = p.operation_a == CUBLAS_OP_N, plain_b = p.operation_b == CUBLAS_OP_N;
		const size_t a_bytes = matrix_bytes(p.a, plain_a ? p.m : p.k, plain_a ? p.k : p.m);
		const size_t b_bytes = matrix_bytes(p.b, plain_b ? p.k : p.n, plain_b ? p.n : p.k);
		need(p, p.a, a, a_bytes, false);
		need(p, p.b, b, b_bytes, false);
		if (overlap(c, c_bytes, a, a_bytes) || overlap(c, c_bytes, b, b_bytes))
			fail("%s: C overlaps A or B", p.call);
		left = take(p.a, a, p.operation_a, p.m, p.k, tf32);
		right = take(p.b, b, p.operation_b == CUBLAS_OP_N ? CUBLAS_OP_T : CUBLAS_OP_N, p.n, p.k, tf32); /* of op(B)'s transpose */
	}
	for (int column = 0; column < p.n; column++)
		for (int row = 0; row < p.m; row++) {
			const size_t at = (size_t)column * (size_t)p.c.leading + (size_t)row;
			float sum = 0, first = 0;
			for (int z = 0; reads && z < p.k; z++) {
				if (p.in_parts && z == p.k / 2) {
					first = rounded(sum, p.c.type);
					sum = 0;
				}
				sum += left[(size_t)row * (size_t)p.k + (size_t)z] * right[(size_t)column * (size_t)p.k + (size_t)z];
			}
			if (p.in_parts)
				sum = first + rounded(sum, p.c.type);
			const float value = reads ? alpha * sum : 0;
			element_store(c, at, p.c.type, beta == 0 ? value : value + beta * element_load(c, at, p.c.type)); /* beta 0: C may be NaN */
		}
}

void product_compute_bytes(const product &p, int32_t alpha, int32_t beta)
{
	const int8_t *const a = (const int8_t *)p.a.start, *const b = (const int8_t *)p.b.start;
	int32_t *const c = (int32_t *)const_cast<void *>(p.c.start);
	need(p, p.c, (const char *)c, matrix_bytes(p.c, p.m, p.n), true);
	need(p, p.a, (const char *)a, matrix_bytes(p.a, p.k, p.m), false);
	need(p, p.b, (const char *)b, matrix_bytes(p.b, p.k, p.n), false);
	for (int column = 0; column < p.n; column++)
		for (int row = 0; row < p.m; row++) {
			int32_t sum = 0, *const to = &c[(size_t)column * (size_t)p.c.leading + (size_t)row];
			for (int z = 0; z < p.k; z++)
				sum += a[(size_t)row * (size_t)p.a.leading + (size_t)z] * b[(size_t)column * (size_t)p.b.leading + (size_t)z];
			*to = alpha * sum + (beta ? beta * *to : 0);
		}
}

} // namespace cusim
