/*
 * base/rng beside cuRAND, both of whose ways run without a GPU: its device functions, which are templates of its headers compiled for the host, and the host's
 * generator of its library. The same 32-bit words and the same uniforms, bit for bit. Speaks TAP; without cuRAND's header all is skipped, without its library the generator.
 */
#include <cstdio>

#if __has_include(<curand_kernel.h>)

#include <cuda_runtime.h>
#define QUALIFIERS static inline
#include <curand.h>
#include <curand_kernel.h>
#include <dlfcn.h>

#include <cstring>
#include <vector>

extern "C" {
#include "base/rng.h"
}

static int n_test;
static bool failed;

static void verdict(bool good, const char *name)
{
	printf("%sok %d - %s\n", good ? "" : "not ", ++n_test, name);
	failed |= !good;
}

static const struct { uint64_t seed; uint32_t view, epoch, sample; } streams[] = {
	{1, 0, 0, 0}, {42, 1, 7, 9}, {0x9E3779B97F4A7C15u, 3, 0x80000001u, 0xFFFFFFFFu}, {2147483647, 0, 239, 49999},
};

static rng_name name_of(int i)
{
	return {"dropout", "student", nullptr, streams[i].view, streams[i].epoch, streams[i].sample};
}

static uint64_t key_of(int i)
{
	uint32_t key[2];
	rng_key(streams[i].seed, name_of(i), key);
	return (uint64_t)key[1] << 32 | key[0];
}

static curandStatePhilox4_32_10_t state_of(int i, uint64_t offset)
{
	curandStatePhilox4_32_10_t s;
	curand_init(key_of(i), (uint64_t)streams[i].epoch << 32 | streams[i].sample, offset, &s);
	return s;
}

/* Each stream's first numbers by device functions. */
static bool same_words(uint64_t offset, bool uniforms)
{
	for (size_t i = 0; i < sizeof streams / sizeof *streams; i++) {
		rng r = rng_stream(streams[i].seed, name_of((int)i));
		curandStatePhilox4_32_10_t s = state_of((int)i, offset);
		for (uint64_t k = 0; k < offset; k++)
			rng_u32(&r);
		for (int k = 0; k < 1000; k++) {
			const float a = uniforms ? rng_uniform(&r) : 0, b = uniforms ? curand_uniform(&s) : 0;
			if (uniforms ? memcmp(&a, &b, sizeof a) != 0 : rng_u32(&r) != curand(&s))
				return false;
		}
	}
	return true;
}

/* Beyond the first word of the position: cuRAND is sent there, and so is the counter. */
static bool same_far_words()
{
	rng r = rng_stream(streams[1].seed, name_of(1));
	curandStatePhilox4_32_10_t s = state_of(1, 4ull * 0xFFFFFFFFu);
	r.ctr[0] = 0xFFFFFFFFu;
	for (int k = 0; k < 12; k++)
		if (rng_u32(&r) != curand(&s))
			return false;
	return r.ctr[1] == 1;
}

/* ---- the library's generator ---- */

static void *library()
{
	static const char *const names[] = {CURAND_FOLDER "/libcurand.so", "libcurand.so.10", "libcurand.so"};
	for (const char *name : names)
		if (void *found = dlopen(name, RTLD_NOW))
			return found;
	return nullptr;
}

template <class F> static F *symbol(void *from, F *, const char *name)
{
	return (F *)dlsym(from, name);
}
#define SYMBOL(name) symbol(from, name, #name)

/* 65536 streams in turn, four words of each: those of the samples 0 to 65535 of epoch 0, then their next four. */
static bool same_generated(void *from)
{
	enum { SAMPLES = 65536, BLOCKS = 3, N = 4 * SAMPLES * BLOCKS };
	const auto create = SYMBOL(curandCreateGeneratorHost);
	const auto seed = SYMBOL(curandSetPseudoRandomGeneratorSeed);
	const auto generate = SYMBOL(curandGenerate);
	const auto destroy = SYMBOL(curandDestroyGenerator);
	std::vector<unsigned> words(N);
	curandGenerator_t g;
	if (!create || !seed || !generate || !destroy || create(&g, CURAND_RNG_PSEUDO_PHILOX4_32_10) != CURAND_STATUS_SUCCESS)
		return false;
	bool good = seed(g, key_of(0)) == CURAND_STATUS_SUCCESS && generate(g, words.data(), N) == CURAND_STATUS_SUCCESS;
	destroy(g);
	for (uint32_t sample = 0; good && sample < SAMPLES; sample++) {
		rng r = rng_stream(streams[0].seed, {"dropout", "student", nullptr, streams[0].view, 0, sample});
		for (int k = 0; k < 4 * BLOCKS; k++)
			good &= rng_u32(&r) == words[(size_t)(k / 4 * SAMPLES + (int)sample) * 4 + (size_t)(k % 4)];
	}
	return good;
}

int main()
{
	verdict(same_words(0, false), "curand() gives rng_u32's words");
	verdict(same_words(5, false), "also from an offset on");
	verdict(same_words(0, true), "curand_uniform() gives rng_uniform's numbers");
	verdict(same_far_words(), "the position carries in the same way");
	if (void *const from = library())
		verdict(same_generated(from), "the library's generator gives the words of all samples");
	else
		verdict(true, "the library's generator # SKIP no libcurand");
	printf("1..%d\n", n_test);
	return failed;
}

#else

int main()
{
	puts("1..0 # SKIP no header of cuRAND");
	return 0;
}

#endif
