#include "engine/cpu/loops.h"

#include "base/rng.h"
#include "engine/build.h"

struct mask {
	uint32_t key[2], epoch;
	float p, factor;
};

/* Elements at..at+n of one sample, at a multiple of 4: four numbers from one call of Philox. */
static void drop(float *y, const float *x, const struct mask *k, uint32_t sample, int64_t at, int64_t n)
{
	for (int64_t i = 0; i < n; i += 4) {
		const uint32_t ctr[4] = {(uint32_t)((at + i) / 4), 0, sample, k->epoch};
		uint32_t word[4];
		philox4x32_10(ctr, k->key, word);
		for (int64_t j = i; j < n && j < i + 4; j++) {
			const float u = (float)word[j - i] * 0x1p-32f + 0x1p-33f; /* rng_uniform */
			y[j] = u <= k->p ? 0.0f : x[j] * k->factor;
		}
	}
}

static void run(const struct kernel_run *r)
{
	const struct dropout_conf *c = r->conf;
	const struct tensor *x = &r->in[0], *sample = &r->in[1];
	const struct mask k = {{c->key[0], c->key[1]},
			       (uint32_t) * (const int32_t *)r->in[2].data,
			       (float)c->p,
			       (float)(1 / (1 - c->p))};
	const struct view vx = view_logical(x), vy = view_logical(&r->out[0]);
	const int64_t N = x->shape.n_dim ? x->shape.d[0] : 1, each = vx.count / N,
		      pieces = div_up(each, CHUNK);
#pragma omp parallel for schedule(static) if (vx.count > SMALL / 4)
	for (int64_t u = 0; u < N * pieces; u++) {
		const int64_t n = u / pieces, at = u % pieces * CHUNK, m = min_i64(CHUNK, each - at);
		float buf[CHUNK], out[CHUNK];
		drop(out, view_load(&vx, n * each + at, m, buf), &k,
		     (uint32_t)((const int32_t *)sample->data)[n], at, m);
		view_store(&vy, n * each + at, m, out);
	}
}

const struct kernel cpu_dropout = {.run = run};
