/* The back end `cpu`: the host's memory, oneDNN for convolutions and matrix products, OpenMP for the rest. */
#include "engine/cpu/loops.h"

#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/cpu_clones.h"
#include "engine/cpu/dnn.h"

struct cpu {
	int threads;
};

static const struct kernel *const kernels[OP_COUNT] = {
#define OP(x) [OP_##x] = &cpu_##x,
#include "engine/ops.def"
#undef OP
};

/* ---- opening ---- */

static int cpu_count(struct err *why)
{
	(void)why;
	return 1;
}

/* Devices may differ in their number of threads; OpenMP's setting is the process's. */
static void use_threads(const struct cpu *cpu)
{
	if (omp_get_max_threads() != cpu->threads)
		omp_set_num_threads(cpu->threads);
}

static enum status cpu_open(int index, int threads, void **impl, struct err *e)
{
	int granted = 0;
	(void)index;
	omp_set_dynamic(0);
	omp_set_num_threads(threads);
#pragma omp parallel
	{
#pragma omp single
		granted = omp_get_num_threads();
	}
	if (granted != threads)
		return err_env(e, "device 'cpu': %d threads asked for, %d granted (OMP_THREAD_LIMIT?)",
			       threads, granted);
	struct cpu *cpu = mem_new(sizeof *cpu);
	if (!cpu)
		return err_nomem(e, "no memory for device 'cpu'");
	cpu->threads = threads;
	*impl = cpu;
	return OK;
}

static void cpu_close(void *impl)
{
	mem_free(impl);
}

/* ---- memory ---- */

static enum status cpu_alloc(void *impl, size_t bytes, void **mem, struct err *e)
{
	(void)impl;
	*mem = mem_new(bytes);
	return *mem ? OK : err_nomem(e, "device 'cpu': no memory for %zu bytes", bytes);
}

static void cpu_free(void *impl, void *mem)
{
	(void)impl;
	mem_free(mem);
}

static void cpu_copy(void *impl, void *dst, const void *src, size_t bytes)
{
	(void)impl;
	memmove(dst, src, bytes);
}

static void cpu_copy_if(void *impl, void *dst, const void *src, size_t bytes, const int *ok)
{
	if (*ok)
		cpu_copy(impl, dst, src, bytes);
}

static void cpu_fill(void *impl, void *dst, enum dtype d, double value, int64_t n)
{
	use_threads(impl);
	fill_all(dst, d, value, n);
}

static enum status cpu_wait(void *impl, struct err *e)
{
	(void)impl;
	(void)e;
	return OK;
}

/* A number that is the whole content of a file; 0 if there is none ("max", no such file). */
static unsigned long long number_in(const char *path)
{
	unsigned long long n = 0;
	FILE *f = fopen(path, "re");
	if (!f)
		return 0;
	if (fscanf(f, "%llu", &n) != 1)
		n = 0;
	fclose(f);
	return n;
}

/* Pages that the kernel would give up count; a container's limit too. */
static size_t cpu_free_memory(void *impl)
{
	unsigned long long kib = 0, bytes;
	char line[128];
	(void)impl;
	FILE *f = fopen("/proc/meminfo", "re");
	while (f && fgets(line, sizeof line, f))
		if (sscanf(line, "MemAvailable: %llu", &kib) == 1)
			break;
	if (f)
		fclose(f);
	bytes = kib * 1024;
	if (!bytes)
		bytes = (unsigned long long)sysconf(_SC_AVPHYS_PAGES)
			* (unsigned long long)sysconf(_SC_PAGESIZE);
	const unsigned long long most = number_in("/sys/fs/cgroup/memory.max");
	const unsigned long long used = number_in("/sys/fs/cgroup/memory.current");
	if (most && (most > used ? most - used : 0) < bytes)
		bytes = most > used ? most - used : 0;
	return (size_t)bytes;
}

/* The second cache of each core: the third is shared, with other programs and on rented machines with other people too. */
static size_t cpu_cache_bytes(void *impl)
{
	const long each = dnn_rows_alike() ? sysconf(_SC_LEVEL2_CACHE_SIZE) : 0;
	return each > 0 ? (size_t)each * (size_t)((const struct cpu *)impl)->threads : 0;
}

static bool cpu_int8_native(void *impl)
{
	(void)impl;
	return dnn_has_int8();
}

static bool cpu_bf16_native(void *impl)
{
	(void)impl;
#ifdef __x86_64__
	return __builtin_cpu_supports("avx512bf16") && dnn_has_bf16(); /* every processor with AMX has it too */
#else
	return false;
#endif
}

/* ---- work ---- */

static void cpu_launch(void *impl, const struct kernel *k, const struct kernel_run *r)
{
	use_threads(impl);
	k->run(r);
}

static void cpu_pack(struct device *dev, const struct kernel *k, void *state, int i, const struct tensor *src, void *dst)
{
	use_threads(dev->impl);
	k->pack(state, i, src, dst, dev);
}

static CPU_CLONES bool finite_f32(const uint32_t *x, int64_t n)
{
	uint32_t bad = 0;
	for (int64_t i = 0; i < n; i += 16) {
		uint32_t lane[16] = {0};
		const int m = (int)min_i64(16, n - i);
#pragma omp simd
		for (int l = 0; l < m; l++)
			lane[l] = (x[i + l] & 0x7f800000u) == 0x7f800000u;
		for (int l = 0; l < 16; l++)
			bad |= lane[l];
	}
	return !bad;
}

static bool finite_part(const void *x, enum dtype d, int64_t at, int64_t n)
{
	float buf[CHUNK];
	uint32_t bits[CHUNK];
	const struct tensor t = {.dtype = d, .data = (void *)(uintptr_t)x};
	memcpy(bits, chunk_in(&t, at, n, buf), (size_t)n * sizeof *bits);
	return finite_f32(bits, n);
}

enum { PARTS = 256 };

/* x is cut into PARTS pieces, each with an answer of its own. */
static void cpu_finite(void *impl, const void *x, enum dtype d, int64_t n, int *ok)
{
	bool bad[PARTS] = {false};
	const int64_t each = div_up(div_up(n, PARTS), CHUNK) * CHUNK;
	use_threads(impl);
	if (!*ok || (d != F32 && d != BF16))
		return;
#pragma omp parallel for schedule(static) if (n > SMALL)
	for (int p = 0; p < PARTS; p++) {
		const int64_t end = min_i64(n, (p + 1) * each);
		for (int64_t at = p * each; at < end && !bad[p]; at += CHUNK)
			bad[p] = !finite_part(x, d, at, min_i64(CHUNK, end - at));
	}
	for (int p = 0; p < PARTS; p++)
		if (bad[p])
			*ok = 0;
}

static CPU_CLONES void squares(float *y, const float *x, int64_t n)
{
#pragma omp simd
	for (int64_t i = 0; i < n; i++)
		y[i] = x[i] * x[i];
}

static double square_part(const float *x, int64_t n)
{
	float buf[CHUNK];
	squares(buf, x, n);
	return f32_sum(buf, n);
}

/* Pieces of CHUNK, PARTS of them at a time, added in order. */
static void cpu_square_sum(void *impl, const void *x, int64_t n, void *sum)
{
	const int64_t group = (int64_t)PARTS * CHUNK;
	double total = 0, piece[PARTS];
	use_threads(impl);
	for (int64_t start = 0; start < n; start += group) {
		const int64_t m = min_i64(group, n - start);
#pragma omp parallel for schedule(static) if (m > SMALL)
		for (int64_t at = 0; at < m; at += CHUNK)
			piece[at / CHUNK] = square_part((const float *)x + start + at,
							min_i64(CHUNK, m - at));
		for (int64_t p = 0; p * CHUNK < m; p++)
			total += piece[p];
	}
	*(float *)sum = (float)(*(float *)sum + total);
}

static void cpu_clip_factor(void *impl, const void *sum, double limit, const void *unscale, void *clip)
{
	const double back = unscale ? (double)*(const float *)unscale : 1;
	const double factor = limit / (sqrt((double)*(const float *)sum) * back + 1e-6);
	(void)impl;
	*(float *)clip = (float)((factor > 1 ? 1 : factor) * back); /* NaN stays, as in PyTorch */
}

/* The number rises whenever our own kernels give other bits, so that what was computed before is known to be another's. */
static const char *cpu_version(void)
{
	static char text[128];
	snprintf(text, sizeof text, "%s, kernels 2", dnn_version());
	return text;
}

static void optim(void *impl, const struct optim_run *r)
{
	use_threads(impl);
	cpu_optim(impl, r);
}

const struct backend backend_cpu = {
	.name = "cpu", .fuses = true, .wide = F32,
	.count = cpu_count, .open = cpu_open, .close = cpu_close,
	.alloc = cpu_alloc, .free = cpu_free, .put = cpu_copy, .get = cpu_copy, .copy = cpu_copy,
	.copy_if = cpu_copy_if, .fill = cpu_fill, .wait = cpu_wait, .free_memory = cpu_free_memory, .cache_bytes = cpu_cache_bytes,
	.bf16_native = cpu_bf16_native,
	.int8_native = cpu_int8_native,
	.launch = cpu_launch, .pack = cpu_pack, .finite = cpu_finite, .square_sum = cpu_square_sum,
	.clip_factor = cpu_clip_factor, .optim = optim,
	.kernels = kernels, .version = cpu_version,
};
