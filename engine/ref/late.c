/*
 * The back end `late`: ref's kernels and copies, queued to a thread that takes its time as a GPU does.
 * Nothing is done soon unless the host waits: before each item the thread rests for some milliseconds,
 * cut short by wait or by a full queue. So whoever reads without waiting finds stale bytes, every time.
 */
#include "engine/ref/ref.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/rng.h"

enum { QUEUE = 1024, SMALL = 64, REST_LEAST_US = 1000, REST_SPREAD_US = 3000 };

/* One thing to do; run reads the fields it needs. */
struct item {
	void (*run)(const struct item *it);
	void *dst;
	const void *src;
	size_t bytes;
	enum dtype dtype;
	double value;
	int64_t n;
	const int *ok;
	const void *unscale;
	const struct kernel *kernel;
	const struct kernel_run *launch;
	struct optim_run optim;
	void *copied;                   /* put: the host's bytes, if not small */
	_Alignas(16) char small[SMALL]; /* put: the host's bytes, if few */
};

struct late {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct item queue[QUEUE];
	unsigned first, end; /* counts; the queue holds end - first items */
	int hurry;           /* the host waits */
	bool stop;
	struct rng rng;
};

/* Lets some time go by, or less if the host begins to wait. Called with the lock. */
static void rest(struct late *l)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += 1000L * (REST_LEAST_US + (long)rng_below(&l->rng, REST_SPREAD_US));
	if (until.tv_nsec >= 1000000000L) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000L;
	}
	while (!l->hurry && !l->stop)
		if (pthread_cond_timedwait(&l->changed, &l->lock, &until))
			return;
}

static void *work(void *arg)
{
	struct late *l = arg;
	pthread_mutex_lock(&l->lock);
	for (;;) {
		while (l->first == l->end && !l->stop)
			pthread_cond_wait(&l->changed, &l->lock);
		if (l->first == l->end)
			break;
		rest(l);
		const struct item *it = &l->queue[l->first % QUEUE];
		pthread_mutex_unlock(&l->lock);
		it->run(it);
		pthread_mutex_lock(&l->lock);
		l->first++;
		pthread_cond_broadcast(&l->changed);
	}
	pthread_mutex_unlock(&l->lock);
	return NULL;
}

/* Until at most most items are left. Called with the lock. */
static void drain(struct late *l, unsigned most)
{
	l->hurry++;
	pthread_cond_broadcast(&l->changed);
	while (l->end - l->first > most)
		pthread_cond_wait(&l->changed, &l->lock);
	l->hurry--;
}

static void push(struct late *l, const struct item *it)
{
	pthread_mutex_lock(&l->lock);
	if (l->end - l->first == QUEUE)
		drain(l, QUEUE / 2);
	l->queue[l->end++ % QUEUE] = *it;
	pthread_cond_broadcast(&l->changed);
	pthread_mutex_unlock(&l->lock);
}

static enum status late_open(int index, int threads, void **impl, struct err *e)
{
	pthread_condattr_t attr;
	struct late *l = mem_new(sizeof *l);
	(void)index, (void)threads;
	if (!l)
		return err_nomem(e, "no memory for the queue of device 'late'");
	l->rng = rng_stream(0, (struct rng_name){.purpose = "late"});
	pthread_mutex_init(&l->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&l->changed, &attr);
	pthread_condattr_destroy(&attr);
	const int failed = pthread_create(&l->thread, NULL, work, l);
	if (failed) {
		mem_free(l);
		return err_env(e, "pthread_create for device 'late': %s", strerror(failed));
	}
	*impl = l;
	return OK;
}

static void late_close(void *impl)
{
	struct late *l = impl;
	pthread_mutex_lock(&l->lock);
	l->stop = true;
	pthread_cond_broadcast(&l->changed);
	pthread_mutex_unlock(&l->lock);
	pthread_join(l->thread, NULL);
	pthread_cond_destroy(&l->changed);
	pthread_mutex_destroy(&l->lock);
	mem_free(l);
}

static enum status late_wait(void *impl, struct err *e)
{
	struct late *l = impl;
	(void)e;
	pthread_mutex_lock(&l->lock);
	drain(l, 0);
	pthread_mutex_unlock(&l->lock);
	return OK;
}

static void run_free(const struct item *it)
{
	mem_free(it->dst);
}

/* In queue order: what still uses the memory comes first. */
static void late_free(void *impl, void *mem)
{
	push(impl, &(struct item){.run = run_free, .dst = mem});
}

static void run_put(const struct item *it)
{
	memcpy(it->dst, it->copied ? it->copied : it->small, it->bytes);
	mem_free(it->copied);
}

static void late_put(void *impl, void *dst, const void *host, size_t bytes)
{
	struct item it = {.run = run_put, .dst = dst, .bytes = bytes};
	if (bytes > SMALL) {
		it.copied = mem_new(bytes);
		BUG_IF(!it.copied, "no memory to queue %zu bytes", bytes);
	}
	memcpy(it.copied ? it.copied : it.small, host, bytes);
	push(impl, &it);
}

static void run_copy(const struct item *it)
{
	backend_ref.copy(NULL, it->dst, it->src, it->bytes);
}

static void late_copy(void *impl, void *dst, const void *src, size_t bytes)
{
	push(impl, &(struct item){.run = run_copy, .dst = dst, .src = src, .bytes = bytes});
}

static void run_copy_if(const struct item *it)
{
	backend_ref.copy_if(NULL, it->dst, it->src, it->bytes, it->ok);
}

static void late_copy_if(void *impl, void *dst, const void *src, size_t bytes, const int *ok)
{
	push(impl, &(struct item){.run = run_copy_if, .dst = dst, .src = src, .bytes = bytes, .ok = ok});
}

static void run_fill(const struct item *it)
{
	backend_ref.fill(NULL, it->dst, it->dtype, it->value, it->n);
}

static void late_fill(void *impl, void *dst, enum dtype d, double value, int64_t n)
{
	push(impl, &(struct item){.run = run_fill, .dst = dst, .dtype = d, .value = value, .n = n});
}

static void run_launch(const struct item *it)
{
	it->kernel->run(it->launch);
}

static void late_launch(void *impl, const struct kernel *k, const struct kernel_run *r)
{
	push(impl, &(struct item){.run = run_launch, .kernel = k, .launch = r});
}

static void run_finite(const struct item *it)
{
	backend_ref.finite(NULL, it->src, it->dtype, it->n, it->dst);
}

static void late_finite(void *impl, const void *x, enum dtype d, int64_t n, int *ok)
{
	push(impl, &(struct item){.run = run_finite, .src = x, .dtype = d, .n = n, .dst = ok});
}

static void run_square_sum(const struct item *it)
{
	backend_ref.square_sum(NULL, it->src, it->n, it->dst);
}

static void late_square_sum(void *impl, const void *x, int64_t n, void *sum)
{
	push(impl, &(struct item){.run = run_square_sum, .src = x, .n = n, .dst = sum});
}

static void run_clip_factor(const struct item *it)
{
	backend_ref.clip_factor(NULL, it->src, it->value, it->unscale, it->dst);
}

static void late_clip_factor(void *impl, const void *sum, double limit, const void *unscale, void *clip)
{
	push(impl, &(struct item){.run = run_clip_factor, .src = sum, .value = limit, .unscale = unscale, .dst = clip});
}

static void run_optim(const struct item *it)
{
	ref_optim(&it->optim);
}

static void late_optim(void *impl, const struct optim_run *r)
{
	push(impl, &(struct item){.run = run_optim, .optim = *r});
}

/* What needs no queue is ref's. */
static int late_count(struct err *why)
{
	return backend_ref.count(why);
}

static enum status late_alloc(void *impl, size_t bytes, void **mem, struct err *e)
{
	return backend_ref.alloc(impl, bytes, mem, e);
}

static size_t late_free_memory(void *impl)
{
	return backend_ref.free_memory(impl);
}

static bool late_bf16_native(void *impl)
{
	return backend_ref.bf16_native(impl);
}

static void late_pack(struct device *dev, const struct kernel *k, void *state, int i, const struct tensor *src, void *dst)
{
	backend_ref.pack(dev, k, state, i, src, dst);
}

const struct backend backend_late = {
	.name = "late", .fuses = false, .wide = F64, .f16 = true, .count = late_count, .open = late_open, .close = late_close,
	.alloc = late_alloc, .free = late_free, .put = late_put, .get = late_copy, .copy = late_copy,
	.copy_if = late_copy_if, .fill = late_fill, .wait = late_wait, .free_memory = late_free_memory,
	.bf16_native = late_bf16_native, .launch = late_launch, .pack = late_pack, .finite = late_finite,
	.square_sum = late_square_sum, .clip_factor = late_clip_factor, .optim = late_optim,
	.kernels = ref_kernels,
};
