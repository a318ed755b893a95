/*
 * Batches, made ahead. A worker takes the next number (a ticket), makes that batch in slot number % slots
 * and marks it ready; the consumer takes them in order. Each picture's random numbers come from its own
 * name, so who makes which batch when does not show. All memory is taken in loader_open.
 */
#include "data/dataset.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>

#include "base/log.h"
#include "base/rng.h"
#include "data/source.h"
#include "engine/device.h"

enum { WORKERS_MAX = 256, SLOTS_BYTES = 512 << 20 };

struct slot {
	struct batch batch;
	struct err err;
	enum status st;
	bool ready;
};

struct worker {
	struct loader *loader;
	pthread_t thread;
	uint8_t *picture; /* before augmentation */
};

struct loader {
	/* set by loader_open */
	const struct data *data;
	const struct pictures *pictures;
	const int *index; /* [n] */
	int n, size, batches, workers, slots;
	enum view view;
	uint64_t seed;
	struct arena *memory;
	struct worker *worker;
	struct slot *slot;
	uint8_t *bytes; /* pictures of all slots and workers */
	/* where batches are sent to a device: by the consumer's thread alone */
	struct device *dev; /* NULL: they are not */
	void *ferry, *place[2];
	size_t place_bytes;
	/* set by loader_start while no worker is busy */
	int *order; /* [n] */
	int epoch;
	/* under the lock */
	pthread_mutex_t lock;
	pthread_cond_t work, done;
	int next, end;    /* tickets left: next..end-1 */
	int position;     /* the batch that loader_next gives next */
	bool held;        /* the consumer still uses batch position - 1 */
	int busy;
	bool quit;
};

/* ---- one batch ---- */

static enum status make(const struct loader *l, int number, struct worker *w, struct slot *s)
{
	const struct pictures *p = l->pictures;
	const struct data_conf *c = &l->data->conf;
	const size_t bytes = (size_t)p->H * (size_t)p->W * (size_t)p->C;
	const bool plain = l->view == VIEW_EVAL || (!c->crop && !c->flip);
	const int first = number * l->size, rest = l->n - first;
	s->batch.n = rest < l->size ? rest : l->size;
	for (int i = 0; i < s->batch.n; i++) {
		const int sample = l->order[first + i];
		struct draw how;
		if (plain) {
			const enum status st = batch_show(l->data, p, sample, &s->batch, i, &s->err);
			if (st != OK)
				return st;
			continue;
		}
		how = augment_draw(c->crop, c->flip, l->seed, l->epoch, sample);
		s->batch.label[i] = p->label[sample];
		s->batch.sample[i] = sample;
		if (s->batch.view) {
			batch_view(l->data, p, sample, &how, &s->batch, i);
			continue;
		}
		const enum status st = p->read(p, sample, w->picture, &s->err);
		if (st != OK)
			return st;
		augment_as(w->picture, s->batch.image + (size_t)i * bytes, p->H, p->W, p->C, how);
	}
	return OK;
}

/* ---- workers ---- */

/* A ticket is free to take when its slot's last batch has been given back. */
static bool can_take(const struct loader *l)
{
	const int kept = l->position - (l->held ? 1 : 0);
	return l->next < l->end && l->next < kept + l->slots;
}

static void *work(void *arg)
{
	struct worker *w = arg;
	struct loader *l = w->loader;
	pthread_mutex_lock(&l->lock);
	for (;;) {
		while (!l->quit && !can_take(l))
			pthread_cond_wait(&l->work, &l->lock);
		if (l->quit)
			break;
		const int number = l->next++;
		struct slot *s = &l->slot[number % l->slots];
		s->ready = false;
		l->busy++;
		pthread_mutex_unlock(&l->lock);
		err_clear(&s->err);
		s->st = make(l, number, w, s);
		pthread_mutex_lock(&l->lock);
		l->busy--;
		s->ready = true;
		pthread_cond_broadcast(&l->done);
	}
	pthread_mutex_unlock(&l->lock);
	return NULL;
}

/* Signals go to the main thread, which writes a checkpoint when it is interrupted. */
static enum status start_workers(struct loader *l, struct err *e)
{
	sigset_t all, before;
	sigfillset(&all);
	const int masked = pthread_sigmask(SIG_SETMASK, &all, &before);
	const int want = l->workers;
	int error = 0;
	for (l->workers = 0; l->workers < want && !error;) {
		struct worker *w = &l->worker[l->workers];
		error = pthread_create(&w->thread, NULL, work, w);
		l->workers += !error;
	}
	if (!masked)
		pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error
	           ? err_env(e, "start thread %d of %d of the loader: %s", l->workers + 1, want, strerror(error))
	           : OK;
}

static int choose_workers(const struct loader *l)
{
	if (l->data->conf.workers)
		return l->data->conf.workers;
	cpu_set_t cpus;
	if (!l->pictures->decodes || sched_getaffinity(0, sizeof cpus, &cpus))
		return 1; /* moving bytes is cheap, and the cores have other work */
	const int cores = CPU_COUNT(&cpus), n = l->data->threads && l->data->threads < cores ? l->data->threads : cores;
	return n < WORKERS_MAX ? n : WORKERS_MAX;
}

/* ---- open and close ---- */

static void choose_part(struct loader *l, const struct data *d, enum part part)
{
	l->pictures = part == PART_TEST ? &d->info.test : &d->info.train;
	l->index = part == PART_TRAIN ? d->train : part == PART_VALID ? d->valid : d->test;
	l->n = data_count(d, part);
}

int loader_slots(size_t batch, int queue, int batches)
{
	/* the one that the consumer holds is not one of the queue; huge batches get a shorter queue */
	int slots = queue + 1;
	while (slots > 2 && batch * (size_t)slots > SLOTS_BYTES)
		slots--;
	return slots < batches + 1 ? slots : batches + 1;
}

/* A device that copies beside its kernels takes them from memory that stays where it is. */
static enum status open_ferry(struct loader *l, size_t batch, size_t all, struct err *e)
{
	const struct backend *b = l->dev->backend;
	enum status st = b->host_alloc(l->dev->impl, all, (void **)&l->bytes, e);
	l->place_bytes = batch;
	for (int k = 0; k < 2 && st == OK; k++)
		st = device_alloc(l->dev, batch, &l->place[k], e);
	return st == OK ? b->ferry_open(l->dev->impl, l->place, &l->ferry, e) : st;
}

static void close_ferry(struct loader *l)
{
	const struct backend *b = l->dev->backend;
	if (l->ferry)
		b->ferry_rest(l->dev->impl, l->ferry);
	b->ferry_close(l->dev->impl, l->ferry);
	for (int k = 0; k < 2; k++)
		device_free(l->dev, l->place[k], l->place_bytes);
	b->host_free(l->dev->impl, l->bytes);
}

static enum status take_memory(struct loader *l, struct err *e)
{
	const struct pictures *p = l->pictures;
	const bool held = l->data->store; /* then a batch has no bytes */
	const size_t one = held ? 0 : picture_bytes(p), batch = one * (size_t)l->size;
	l->slots = loader_slots(batch, l->data->conf.queue, l->batches);
	const size_t all = batch * (size_t)l->slots + one * (size_t)l->workers;
	enum status st = l->dev ? open_ferry(l, batch, all, e) : OK;
	if (!l->dev)
		l->bytes = mem_new(all ? all : 1);
	if (st == OK && !l->bytes) {
		char size[32];
		st = err_nomem(e, "too little memory for %d batches of %d pictures (%s)", l->slots, l->size,
		               str_bytes(size, all));
	}
	if (st != OK)
		return st;
	l->order = NEW_ARRAY(l->memory, int, l->n);
	l->slot = NEW_ARRAY(l->memory, struct slot, l->slots);
	l->worker = NEW_ARRAY(l->memory, struct worker, l->workers);
	for (int i = 0; i < l->slots; i++)
		l->slot[i].batch = (struct batch){
			.image = held ? NULL : l->bytes + batch * (size_t)i,
			.view = held ? NEW_ARRAY(l->memory, int32_t, 4 * l->size) : NULL,
			.label = NEW_ARRAY(l->memory, int32_t, l->size),
			.sample = NEW_ARRAY(l->memory, int32_t, l->size),
		};
	for (int i = 0; i < l->workers; i++)
		l->worker[i] =
			(struct worker){.loader = l, .picture = l->bytes + batch * (size_t)l->slots + one * (size_t)i};
	return OK;
}

/* Pictures of a batch; the only batch of a small part is smaller. */
static int batch_size(const struct data *d, enum part part, enum view view)
{
	const int size = view == VIEW_TRAIN ? d->conf.batch : d->conf.eval_batch, n = data_count(d, part);
	return size > n && n > 0 ? n : size;
}

static bool is_sent(const struct data *d)
{
	return d->dev && !d->store && d->dev->backend->ferry_open;
}

size_t loader_device_bytes(const struct data *d, enum part part, enum view view)
{
	return is_sent(d) ? 2 * picture_bytes(&d->info.train) * (size_t)batch_size(d, part, view) : 0;
}

enum status loader_open(struct data *d, enum part part, enum view view, uint64_t seed_data,
                        struct loader **out, struct err *e)
{
	*out = NULL;
	if (d->away)
		return err_env(e, "the data set '%s' is not on this machine", d->kind->name);
	struct arena *memory = arena_open("loader");
	struct loader *l = NEW(memory, struct loader);
	l->memory = memory;
	l->data = d;
	l->view = view;
	l->seed = seed_data;
	choose_part(l, d, part);
	l->dev = is_sent(d) ? d->dev : NULL;
	l->size = batch_size(d, part, view);
	const bool drop = view == VIEW_TRAIN && d->conf.drop_last;
	l->batches = drop ? l->n / d->conf.batch : (int)(((long long)l->n + l->size - 1) / l->size);
	l->workers = choose_workers(l);
	pthread_mutex_init(&l->lock, NULL);
	pthread_cond_init(&l->work, NULL);
	pthread_cond_init(&l->done, NULL);
	enum status st = take_memory(l, e);
	if (st == OK)
		st = start_workers(l, e);
	else
		l->workers = 0;
	if (st != OK) {
		loader_close(l);
		return st;
	}
	*out = l;
	return OK;
}

void loader_close(struct loader *l)
{
	if (!l)
		return;
	pthread_mutex_lock(&l->lock);
	l->quit = true;
	pthread_cond_broadcast(&l->work);
	pthread_mutex_unlock(&l->lock);
	for (int i = 0; i < l->workers; i++)
		pthread_join(l->worker[i].thread, NULL);
	pthread_cond_destroy(&l->work);
	pthread_cond_destroy(&l->done);
	pthread_mutex_destroy(&l->lock);
	if (l->dev)
		close_ferry(l);
	else
		mem_free(l->bytes);
	arena_close(l->memory);
}

/* ---- use ---- */

int loader_batches(const struct loader *l)
{
	return l->batches;
}

/* A slot is made anew only when the device has read it. */
static void rest(struct loader *l, double *waited)
{
	const double start = time_now();
	if (!l->ferry || !l->held)
		return;
	l->dev->backend->ferry_rest(l->dev->impl, l->ferry);
	if (waited)
		*waited += time_now() - start;
}

enum status loader_start(struct loader *l, int epoch, int first, struct err *e)
{
	if (first < 0 || first > l->batches)
		return err_run(e, "batch %d of an epoch was asked for, but the data make %d", first, l->batches);
	rest(l, NULL);
	pthread_mutex_lock(&l->lock);
	l->next = l->end = 0; /* no more tickets; what is being made is thrown away */
	while (l->busy)
		pthread_cond_wait(&l->done, &l->lock);
	for (int i = 0; i < l->slots; i++)
		l->slot[i].ready = false;
	if (l->n)
		memcpy(l->order, l->index, (size_t)l->n * sizeof *l->order);
	if (l->view == VIEW_TRAIN) {
		struct rng r = rng_stream(l->seed, (struct rng_name){.purpose = "order", .epoch = (uint32_t)epoch});
		rng_permute(&r, l->order, l->n);
	}
	l->epoch = epoch;
	l->held = false;
	l->next = l->position = first;
	l->end = l->batches;
	pthread_cond_broadcast(&l->work);
	pthread_mutex_unlock(&l->lock);
	return OK;
}

static enum status pass_on(const struct slot *s, struct err *e)
{
	const char *text = s->err.text;
	switch (s->st) {
	case E_NOMEM:
		return err_nomem(e, "%s", text);
	case E_RUN:
		return err_run(e, "%s", text);
	case E_USER:
		return err_user(e, (struct where){0}, "%s", text);
	default:
		return err_env(e, "%s", text);
	}
}

static void send(const struct loader *l, struct batch *b)
{
	b->there = l->dev->backend->ferry_send(l->dev->impl, l->ferry, b->image, picture_bytes(l->pictures) * (size_t)b->n);
}

enum status loader_next(struct loader *l, const struct batch **b, double *waited, struct err *e)
{
	*b = NULL;
	enum status st = OK;
	rest(l, waited);
	pthread_mutex_lock(&l->lock);
	if (l->held) {
		l->held = false;
		pthread_cond_broadcast(&l->work);
	}
	if (l->position < l->end) {
		struct slot *s = &l->slot[l->position % l->slots];
		/* ready alone could mean an older batch of this slot: its own ticket must have been taken */
		if (l->next <= l->position || !s->ready) {
			const double start = time_now();
			while (l->next <= l->position || !s->ready)
				pthread_cond_wait(&l->done, &l->lock);
			if (waited)
				*waited += time_now() - start;
		}
		st = s->st;
		if (st == OK) {
			if (l->ferry)
				send(l, &s->batch);
			*b = &s->batch;
			l->held = true;
			l->position++;
		}
		if (st != OK)
			st = pass_on(s, e);
	}
	pthread_mutex_unlock(&l->lock);
	return st;
}
