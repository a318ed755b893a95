/* Runs a planted kernel and compares. For planted_*.cu; N different numbers go in. */
#pragma once

#include <math.h>
#include <stdio.h>

#include "engine/cuda/cu_portable.h"
#include "tests/cusim/planted.h"

constexpr int N = PLANTED_N;
typedef void (*kernel)(const float *, float *, int);

struct launch {
	kernel run;
	int grid, block;
	size_t shared_bytes;
	bool zeros; /* y at first; else unset */
};

/* right(i): what y[i] should be; NaN: anything. */
template <class Right> inline int judge(const launch &l, Right right)
{
	float *x, *y, host[N];
	int wrong = 0;
	for (int i = 0; i < N; i++)
		host[i] = planted_value(i);
	cudaMalloc((void **)&x, sizeof host);
	cudaMalloc((void **)&y, sizeof host);
	cudaMemcpy(x, host, sizeof host, cudaMemcpyHostToDevice);
	if (l.zeros)
		cudaMemset(y, 0, sizeof host);
	if (CU_LAUNCH(l.run, l.grid, l.block, l.shared_bytes, nullptr, (const float *)x, y, N))
		return 1;
	cudaMemcpy(host, y, sizeof host, cudaMemcpyDeviceToHost);
	for (int i = 0; i < N; i++)
		if (!isnan(right(i)) && !(host[i] == right(i)) && wrong++ == 0)
			fprintf(stderr, "y[%d] is %g, not %g\n", i, host[i], right(i));
	cudaFree(x);
	cudaFree(y);
	return wrong != 0;
}

template <class Right> inline int judge_block(kernel run, Right right)
{
	return judge({run, 1, N, 0, false}, right);
}

inline float same(int i)
{
	return planted_value(i);
}

inline float next(int i)
{
	return planted_value((i + 1) % N);
}
