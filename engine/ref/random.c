/* Dropout in double, on the same Philox words as every back end. */
#include "engine/ref/ref.h"

#include "base/rng.h"
#include "engine/build.h"

static void run(const struct kernel_run *r)
{
	const struct dropout_conf *k = r->conf;
	const struct tensor *x = &r->in[0], *y = &r->out[0];
	const int N = x->shape.d[0];
	const int64_t each = shape_count(&x->shape) / N;
	const uint32_t key[2] = {k->key[0], k->key[1]}, epoch = (uint32_t)*i32(&r->in[2]);
	for (int n = 0; n < N; n++) {
		const uint32_t sample = (uint32_t)i32(&r->in[1])[n * r->in[1].stride[0]];
		uint32_t word[4] = {0};
		for (int64_t i = 0; i < each; i++) {
			const uint32_t ctr[4] = {(uint32_t)(i / 4), 0, sample, epoch};
			if (i % 4 == 0)
				philox4x32_10(ctr, key, word);
			const float u = (float)word[i % 4] * 0x1p-32f + 0x1p-33f;
			const double v = f64(x)[at_logical(x, n * each + i)];
			f64(y)[at_logical(y, n * each + i)] = u <= (float)k->p ? 0 : v / (1 - k->p);
		}
	}
}

const struct kernel ref_dropout = {.run = run};
