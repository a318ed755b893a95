/*
 * Random numbers: Philox4x32-10 (Salmon et al. 2011), counter based.
 *
 * A stream's name is (seed, purpose, network, application, view, epoch, sample), never an index of thread,
 * node or batch, so the same seed gives the same numbers whatever the order of execution. Key: a 64-bit hash of
 * seed, purpose, network, application and view. Counter words: 0,1 the position, 2 the sample, 3 the epoch. That is
 * curand_init(key, epoch << 32 | sample, 0), the key as one number, word 0 low: cuRAND's curand() and curand_uniform() give the same integers and
 * uniforms, bit for bit. Its generator (curandGenerate) takes four words of each of 65536 streams in turn: with the key as its seed, word k of sample
 * s < 65536 of epoch 0 is its number 4 (65536 (k / 4) + s) + k % 4. tests/cusim/curand.cc holds both against each other.
 */
#ifndef BASE_RNG_H
#define BASE_RNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rng {
	uint32_t key[2], ctr[4];
	uint32_t out[4];
	int left; /* unread words of out */
	bool has_spare;
	double spare; /* the second of a pair of normals */
};

struct rng_name {
	const char *purpose; /* "order", "crop", "init", ... */
	const char *network, *application; /* NULL: none */
	uint32_t view, epoch, sample;
};

void philox4x32_10(const uint32_t ctr[4], const uint32_t key[2], uint32_t out[4]);
struct rng rng_stream(uint64_t seed, struct rng_name name);
/* The key alone, for kernels that count by themselves (dropout). */
void rng_key(uint64_t seed, struct rng_name name, uint32_t key[2]);

uint32_t rng_u32(struct rng *r);
uint32_t rng_below(struct rng *r, uint32_t n); /* 0..n-1, unbiased; n > 0 */
float rng_uniform(struct rng *r);  /* (0,1], cuRAND's map: x * 2^-32 + 2^-33 in float */
double rng_uniform_f64(struct rng *r); /* [0,1), 53 bits, two words */
double rng_normal(struct rng *r);  /* mean 0, standard deviation 1 (Box-Muller in double: two f64 uniforms give two) */
void rng_permute(struct rng *r, int *x, int n); /* Fisher-Yates on the values already in x */

uint64_t hash64(const void *data, size_t n, uint64_t start); /* FNV-1a then a finaliser; for keys, not for identity */

#endif
