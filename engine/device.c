#include "engine/device.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sched.h>

#include "base/log.h"
#include "base/str.h"

static const struct backend *const backends[] = {&backend_cpu, &backend_ref, &backend_late};
enum { BACKEND_COUNT = sizeof backends / sizeof *backends };

static int cores_given(void)
{
	cpu_set_t set;
	if (sched_getaffinity(0, sizeof set, &set) == 0)
		return CPU_COUNT(&set);
	const long n = sysconf(_SC_NPROCESSORS_ONLN);
	return n > 0 ? (int)n : 1;
}

/* OMP_NUM_THREADS, whose first number is that of the outermost level; without it as many as cores. */
static int threads_wanted(int cores)
{
	const char *text = getenv("OMP_NUM_THREADS");
	char *end = NULL;
	const long n = text ? strtol(text, &end, 10) : 0;
	const bool good = text && end != text && n >= 1 && n <= 4096 && (!*end || strchr(", ", *end));
	return good ? (int)n : cores;
}

/* "cuda:2" is cuda's number 2. */
static enum status index_of(const char *name, int *index, struct err *e)
{
	char *end = NULL;
	const char *digits = name + strlen("cuda:");
	const long n = strtol(digits, &end, 10);
	if (end == digits || *end || n < 0 || n > 1023)
		return err_user(e, (struct where){0}, "device '%s': a number from 0 is wanted after 'cuda:'", name);
	*index = (int)n;
	return OK;
}

static enum status cuda_find(int index, const struct backend **found, struct err *e)
{
	const struct backend *b = backend_cuda(e);
	const int n = b ? b->count(e) : 0;
	if (n < 1)
		return err_env(e, "device 'cuda' can't be used");
	if (index >= n)
		return err_user(e, (struct where){0}, "device 'cuda:%d': there %s %d, counted from 0", index, n == 1 ? "is" : "are", n);
	*found = b;
	return OK;
}

/* Loading what a GPU needs takes a second, so it is looked for first: the driver's file, or that of Windows' Linux. */
static bool gpu_at_hand(void)
{
	return access("/dev/nvidiactl", F_OK) == 0 || access("/dev/dxg", F_OK) == 0;
}

static const struct backend *backend_auto(void)
{
	const struct backend *b = NULL;
	struct err why = {0};
	if (!gpu_at_hand())
		return &backend_cpu;
	if (cuda_find(0, &b, &why) == OK) {
		log_line(LOG_INFO, "on the GPU: %s", b->version());
		return b;
	}
	log_line(LOG_INFO, "there is a GPU, but the CPU is used: %s", why.text);
	return &backend_cpu;
}

static enum status backend_find(const char *name, const struct backend **found, int *index, struct err *e)
{
	*index = 0;
	for (int i = 0; i < BACKEND_COUNT; i++)
		if (str_eq(backends[i]->name, name))
			return *found = backends[i], OK;
	if (str_eq(name, "auto"))
		return *found = backend_auto(), OK;
	if (str_eq(name, "cuda"))
		return cuda_find(0, found, e);
	if (!str_starts(name, "cuda:"))
		return err_user(e, (struct where){0}, "unknown device '%s', allowed auto, cpu, cuda, cuda:NUMBER, ref", name);
	const enum status st = index_of(name, index, e);
	return st == OK ? cuda_find(*index, found, e) : st;
}

enum status device_open(struct arena *a, const char *name, int threads, struct device **dev, struct err *e)
{
	const struct backend *b = NULL;
	int index = 0;
	const enum status found = backend_find(name, &b, &index, e);
	if (found != OK)
		return found;
	struct device *d = NEW(a, struct device);
	d->backend = b;
	const int cores = cores_given();
	d->threads = threads > 0 ? threads : threads_wanted(cores);
	if (d->threads > cores)
		log_line(LOG_WARN, "%d threads on %d cores will be slower than %d", d->threads, cores, cores);
	enum status st = b->open(index, d->threads, &d->impl, e);
	if (st != OK && str_eq(name, "auto") && b != &backend_cpu) { /* another process may have it for itself */
		log_line(LOG_INFO, "there is a GPU, but the CPU is used: %s", e->text);
		err_clear(e);
		d->backend = b = &backend_cpu;
		st = b->open(0, d->threads, &d->impl, e);
	}
	if (st != OK)
		return st;
	d->cache_bytes = b->cache_bytes ? b->cache_bytes(d->impl) : 0;
	*dev = d;
	return OK;
}

void device_close(struct device *dev)
{
	if (!dev)
		return;
	for (int k = 0; k < MAX_LANE && dev->lane[k]; k++) {
		dev->backend->close(dev->lane[k]->queue);
		mem_free(dev->lane[k]);
	}
	dev->backend->close(dev->impl);
}

/* ---- lanes ---- */

enum status device_lane(struct device *dev, int k, struct device **lane, struct err *e)
{
	BUG_IF(dev->root, "a lane of a lane");
	*lane = dev;
	if (!dev->backend->lane)
		return OK;
	for (int i = 0; i <= k % MAX_LANE; i++) { /* more than there are share them */
		if (dev->lane[i])
			continue;
		struct device *l = mem_new(sizeof *l);
		if (!l)
			return err_nomem(e, "no memory for a queue of device '%s'", dev->backend->name);
		*l = (struct device){.backend = dev->backend, .impl = dev->impl, .threads = dev->threads, .cache_bytes = dev->cache_bytes, .root = dev};
		const enum status st = dev->backend->lane(dev->impl, &l->queue, e);
		if (st != OK) {
			mem_free(l);
			return st;
		}
		dev->lane[i] = l;
	}
	*lane = dev->lane[k % MAX_LANE];
	return OK;
}

void device_fork(struct device *lane)
{
	if (!lane->root || lane->impl == lane->queue)
		return;
	lane->impl = lane->queue;
	lane->backend->after(lane->queue, lane->root->impl);
}

void device_join(struct device *lane)
{
	if (!lane->root || lane->impl != lane->queue)
		return;
	lane->backend->after(lane->root->impl, lane->queue);
	lane->impl = lane->root->impl;
}

/* Whose memory it is. */
static struct device *owner(struct device *dev)
{
	BUG_IF(dev->root && dev->impl == dev->queue, "memory between fork and join");
	return device_root(dev);
}

/* ---- memory, waits ---- */

enum status device_alloc(struct device *dev, size_t bytes, void **mem, struct err *e)
{
	struct device *of = owner(dev);
	const enum status st = of->backend->alloc(of->impl, bytes ? bytes : 1, mem, e);
	if (st != OK)
		return st;
	of->used += bytes;
	if (of->used > of->peak)
		of->peak = of->used;
	return OK;
}

void device_free(struct device *dev, void *mem, size_t bytes)
{
	if (!mem)
		return;
	struct device *of = owner(dev);
	of->used -= bytes;
	of->backend->free(of->impl, mem);
}

enum status device_wait(struct device *dev, struct err *e)
{
	struct device *const root = device_root(dev);
	enum status st = dev->backend->wait(dev->impl, e);
	for (int k = 0; dev->impl == root->impl && k < MAX_LANE && root->lane[k] && st == OK; k++) /* what has failed on them, too */
		st = dev->backend->wait(root->lane[k]->queue, e);
	if (st != OK || dev->failure.status == OK)
		return st;
	return err_env(e, "%s", dev->failure.text);
}

size_t device_memory(const struct device *dev)
{
	return dev->backend->own_memory ? dev->backend->free_memory(dev->impl) : memory_available();
}

const char *precision_name(enum precision p)
{
	static const char *const name[] = {[PRECISION_F32] = "f32", [PRECISION_BF16] = "bf16", [PRECISION_F16] = "f16", [PRECISION_TF32] = "tf32"};
	return name[p];
}

enum precision device_precision(const struct device *dev)
{
	const struct backend *b = dev->backend;
	if (b->bf16_native && b->bf16_native(dev->impl))
		return PRECISION_BF16;
	return b->own_memory && b->f16 ? PRECISION_F16 : PRECISION_F32;
}

enum status device_takes(const struct device *dev, enum precision p, struct err *e)
{
	const struct backend *b = dev->backend;
	if (p == PRECISION_TF32 && !(b->tf32_native && b->tf32_native(dev->impl)))
		return err_user(e, (struct where){0}, "device '%s' has no TF32, which GPUs of compute capability 8.0 and later have: take precision %s", b->name,
		                b->own_memory ? "f16 or f32" : "bf16 or f32");
	if (p == PRECISION_BF16 && b->own_memory && !(b->bf16_native && b->bf16_native(dev->impl)))
		return err_user(e, (struct where){0}, "device '%s' has no bf16, which GPUs of compute capability 8.0 and later have: take precision f16 or f32", b->name);
	if (p != PRECISION_F16 || b->f16)
		return OK;
	return err_user(e, (struct where){0}, "device '%s' stores nothing as f16: take precision bf16 or f32, or a GPU", b->name);
}

bool device_int8_native(const struct device *dev)
{
	return dev->backend->int8_native && dev->backend->int8_native(dev->impl);
}

enum dtype device_dtype(const struct device *dev, enum precision p, enum tclass cls)
{
	switch (cls) {
	case CLASS_I32:
		return I32;
	case CLASS_U8:
		return U8;
	case CLASS_S8:
		return S8;
	case CLASS_WIDE:
		return dev->backend->wide;
	case CLASS_ACT:
		break;
	}
	if (dev->backend->wide == F64)
		return F64;
	BUG_IF(p == PRECISION_F16 && !dev->backend->f16, "f16 on device '%s'", dev->backend->name);
	return p == PRECISION_F16 ? F16 : p == PRECISION_BF16 ? BF16 : F32;
}
