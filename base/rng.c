#include "base/rng.h"

#include <math.h>
#include <string.h>

#include "base/err.h"

static void mulhilo(uint32_t a, uint32_t b, uint32_t *hi, uint32_t *lo)
{
	const uint64_t p = (uint64_t)a * b;
	*hi = (uint32_t)(p >> 32);
	*lo = (uint32_t)p;
}

void philox4x32_10(const uint32_t ctr[4], const uint32_t key[2], uint32_t out[4])
{
	uint32_t c0 = ctr[0], c1 = ctr[1], c2 = ctr[2], c3 = ctr[3], k0 = key[0], k1 = key[1];
	for (int round = 0; round < 10; round++) {
		uint32_t hi0, lo0, hi1, lo1;
		mulhilo(0xD2511F53u, c0, &hi0, &lo0);
		mulhilo(0xCD9E8D57u, c2, &hi1, &lo1);
		c0 = hi1 ^ c1 ^ k0;
		c1 = lo1;
		c2 = hi0 ^ c3 ^ k1;
		c3 = lo0;
		k0 += 0x9E3779B9u;
		k1 += 0xBB67AE85u;
	}
	out[0] = c0;
	out[1] = c1;
	out[2] = c2;
	out[3] = c3;
}

uint64_t hash64(const void *data, size_t n, uint64_t start)
{
	const unsigned char *p = data;
	uint64_t h = 0xCBF29CE484222325u ^ start;
	for (size_t i = 0; i < n; i++)
		h = (h ^ p[i]) * 0x100000001B3u;
	h = (h ^ (h >> 30)) * 0xBF58476D1CE4E5B9u; /* splitmix64's finaliser: FNV alone leaves high bits poor */
	h = (h ^ (h >> 27)) * 0x94D049BB133111EBu;
	return h ^ (h >> 31);
}

/* The terminator is hashed and NULL is one byte of its own, so that no two lists of words run together. */
static uint64_t hash_word(const char *word, uint64_t h)
{
	return word ? hash64(word, strlen(word) + 1, h) : hash64("\xFF", 1, h);
}

/* Bytes in a fixed order: the same key on every machine. */
static uint64_t hash_number(uint64_t n, uint64_t h)
{
	unsigned char bytes[8];
	for (int i = 0; i < 8; i++)
		bytes[i] = (unsigned char)(n >> 8 * i);
	return hash64(bytes, sizeof bytes, h);
}

void rng_key(uint64_t seed, struct rng_name name, uint32_t key[2])
{
	uint64_t h = hash_number(seed, 0);
	h = hash_word(name.purpose, h);
	h = hash_word(name.network, h);
	h = hash_word(name.application, h);
	h = hash_number(name.view, h);
	key[0] = (uint32_t)h;
	key[1] = (uint32_t)(h >> 32);
}

struct rng rng_stream(uint64_t seed, struct rng_name name)
{
	struct rng r = {.ctr = {0, 0, name.sample, name.epoch}};
	rng_key(seed, name, r.key);
	return r;
}

uint32_t rng_u32(struct rng *r)
{
	if (!r->left) {
		philox4x32_10(r->ctr, r->key, r->out);
		r->ctr[1] += ++r->ctr[0] == 0;
		r->left = 4;
	}
	return r->out[4 - r->left--];
}

/* Lemire 2019: the high word of x n, refusing the few low words that would make some values more likely. */
uint32_t rng_below(struct rng *r, uint32_t n)
{
	BUG_IF(n == 0, "rng_below: n is 0");
	uint64_t m = (uint64_t)rng_u32(r) * n;
	if ((uint32_t)m < n) {
		const uint32_t least = (uint32_t)-n % n; /* 2^32 mod n */
		while ((uint32_t)m < least)
			m = (uint64_t)rng_u32(r) * n;
	}
	return (uint32_t)(m >> 32);
}

float rng_uniform(struct rng *r)
{
	return (float)rng_u32(r) * 0x1p-32f + 0x1p-33f;
}

double rng_uniform_f64(struct rng *r)
{
	const uint64_t lo = rng_u32(r), hi = rng_u32(r);
	return (double)((hi << 32 | lo) >> 11) * 0x1p-53;
}

double rng_normal(struct rng *r)
{
	if (r->has_spare) {
		r->has_spare = false;
		return r->spare;
	}
	const double u = 1 - rng_uniform_f64(r); /* (0,1]: the logarithm is finite */
	const double v = 2 * 3.14159265358979323846 * rng_uniform_f64(r), radius = sqrt(-2 * log(u));
	double s, c;
	sincos(v, &s, &c);
	r->has_spare = true;
	r->spare = radius * s;
	return radius * c;
}

void rng_permute(struct rng *r, int *x, int n)
{
	for (int i = n - 1; i > 0; i--) {
		const uint32_t j = rng_below(r, (uint32_t)i + 1);
		const int t = x[i];
		x[i] = x[j];
		x[j] = t;
	}
}
