/* The back end `ref`: double, plain loops, the host's memory. It is the specification, not fast. */
#include "engine/ref/ref.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"

#define OP(x) extern const struct kernel ref_##x;
#include "engine/ops.def"
#undef OP

const struct kernel *const ref_kernels[OP_COUNT] = {
#define OP(x) [OP_##x] = &ref_##x,
#include "engine/ops.def"
#undef OP
};

enum { SUM_CHUNK = 4096 };

static int ref_count(struct err *why)
{
	(void)why;
	return 1;
}

static enum status ref_open(int index, int threads, void **impl, struct err *e)
{
	(void)index, (void)threads, (void)e;
	*impl = NULL;
	return OK;
}

static void ref_close(void *impl)
{
	(void)impl;
}

static enum status ref_alloc(void *impl, size_t bytes, void **mem, struct err *e)
{
	(void)impl;
	*mem = mem_new(bytes);
	return *mem ? OK : err_nomem(e, "no memory for %zu bytes", bytes);
}

static void ref_free(void *impl, void *mem)
{
	(void)impl;
	mem_free(mem);
}

static void ref_copy(void *impl, void *dst, const void *src, size_t bytes)
{
	(void)impl;
	memmove(dst, src, bytes);
}

static void ref_copy_if(void *impl, void *dst, const void *src, size_t bytes, const int *ok)
{
	if (*ok)
		ref_copy(impl, dst, src, bytes);
}

static void ref_fill(void *impl, void *dst, enum dtype d, double value, int64_t n)
{
	const size_t size = dtype_size(d);
	(void)impl;
	for (int64_t i = 0; i < n; i++)
		elements_from_f64((char *)dst + (size_t)i * size, d, &value, 1);
}

static enum status ref_wait(void *impl, struct err *e)
{
	(void)impl, (void)e;
	return OK;
}

static size_t ref_free_memory(void *impl)
{
	const long pages = sysconf(_SC_AVPHYS_PAGES), size = sysconf(_SC_PAGESIZE);
	(void)impl;
	return pages > 0 && size > 0 ? (size_t)pages * (size_t)size : 0;
}

static bool ref_bf16_native(void *impl)
{
	(void)impl;
	return false;
}

static void ref_launch(void *impl, const struct kernel *k, const struct kernel_run *r)
{
	(void)impl;
	k->run(r);
}

/* No kernel of ref asks for a packed form. */
static void ref_pack(struct device *dev, const struct kernel *k, void *state, int i, const struct tensor *src, void *dst)
{
	(void)dev, (void)k, (void)state, (void)src, (void)dst;
	BUG("ref is asked to pack input %d", i);
}

static void ref_finite(void *impl, const void *x, enum dtype d, int64_t n, int *ok)
{
	const size_t size = dtype_size(d);
	(void)impl;
	for (int64_t i = 0; i < n && *ok; i++) {
		double v;
		elements_to_f64(&v, (const char *)x + (size_t)i * size, d, 1);
		*ok = isfinite(v) != 0;
	}
}

static void ref_square_sum(void *impl, const void *x, int64_t n, void *sum)
{
	const double *p = x;
	double total = 0;
	(void)impl;
	for (int64_t i = 0; i < n; i += SUM_CHUNK) {
		double part = 0;
		for (int64_t j = i; j < n && j < i + SUM_CHUNK; j++)
			part += p[j] * p[j];
		total += part;
	}
	*(double *)sum += total;
}

static void ref_clip_factor(void *impl, const void *sum, double limit, const void *unscale, void *clip)
{
	const double back = unscale ? *(const double *)unscale : 1;
	const double factor = limit / (sqrt(*(const double *)sum) * back + 1e-6);
	(void)impl;
	*(double *)clip = (factor > 1 ? 1 : factor) * back; /* NaN stays, as in PyTorch */
}

static void ref_optim_run(void *impl, const struct optim_run *r)
{
	(void)impl;
	ref_optim(r);
}

const struct backend backend_ref = {
	.name = "ref", .fuses = false, .wide = F64, .f16 = true, .count = ref_count, .open = ref_open, .close = ref_close,
	.alloc = ref_alloc, .free = ref_free, .put = ref_copy, .get = ref_copy, .copy = ref_copy,
	.copy_if = ref_copy_if, .fill = ref_fill, .wait = ref_wait, .free_memory = ref_free_memory,
	.bf16_native = ref_bf16_native, .launch = ref_launch, .pack = ref_pack, .finite = ref_finite,
	.square_sum = ref_square_sum, .clip_factor = ref_clip_factor, .optim = ref_optim_run,
	.kernels = ref_kernels,
};
