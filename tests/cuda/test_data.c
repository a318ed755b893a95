/* Pictures that the device holds are those that the host's loader makes, bit by bit, once both are normalised there. */
#include "tests/engine/cases.h"

#include <stdlib.h>
#include <string.h>

#include "data/source.h"
#include "engine/plan.h"
#include "stages/feed.h"

TCase *tcase_data(void);

enum { TRAIN = 13, TEST = 7, BATCH = 5 };

static struct arena *life;
static struct err e;
static struct device *dev;

static void ok(enum status st)
{
	ck_assert_msg(st == OK && e.status == OK, "%s", e.text);
}

static void begin(void)
{
	life = arena_open("data");
	e = (struct err){0};
	ok(device_open(life, "cuda", 1, &dev, &e));
}

static void end(void)
{
	device_close(dev);
	arena_close(life);
}

static struct pictures some(int n, int H, int W, int C, int seed)
{
	struct held *const h = NEW(life, struct held);
	const char **const file = NEW_ARRAY(life, const char *, 1);
	uint8_t *const pixels = arena_alloc(life, (size_t)(n * H * W * C));
	int32_t *const label = NEW_ARRAY(life, int32_t, n);
	file[0] = "made";
	for (int i = 0; i < n * H * W * C; i++)
		pixels[i] = (uint8_t)((i * 37 + i / 251 * 11 + seed * 101) % 256);
	for (int i = 0; i < n; i++)
		label[i] = i % 3;
	*h = (struct held){pixels, file, n};
	return (struct pictures){.n = n, .C = C, .H = H, .W = W, .label = label, .read = held_read, .place = held_place, .own = h};
}

static void close_none(struct dataset_info *d)
{
	(void)d; /* memory is the arena's */
}
static const struct dataset kind = {.name = "made", .close = close_none};

/* Training pictures backwards and not all of them. */
static struct data *made(int H, int W, int C, int crop, bool flip, double share)
{
	struct data *const d = NEW(life, struct data);
	int *const train = NEW_ARRAY(life, int, TRAIN - 1), *const test = NEW_ARRAY(life, int, TEST);
	for (int i = 0; i < TRAIN - 1; i++)
		train[i] = TRAIN - 1 - i;
	for (int i = 0; i < TEST; i++)
		test[i] = i;
	d->kind = &kind;
	d->conf = (struct data_conf){.batch = BATCH, .eval_batch = BATCH - 1, .crop = crop, .flip = flip, .queue = 2, .device_share = share};
	d->info = (struct dataset_info){.classes = 3, .train = some(TRAIN, H, W, C, 0), .test = some(TEST, H, W, C, 5)};
	for (int c = 0; c < 4; c++) {
		d->mean[c] = 0.4f + 0.05f * (float)c;
		d->std[c] = 0.3f - 0.03f * (float)c;
	}
	d->train = train;
	d->n_train = TRAIN - 1;
	d->valid = train;
	d->n_valid = 4;
	d->test = test;
	d->n_test = TEST;
	return d;
}

/* A plan that normalises n pictures of d, and what its memory holds then. */
struct shown {
	struct feed feed;
	struct graph *g;
	struct node *y;
	struct segment segment;
	struct step_desc desc;
	struct plan *plan;
	void *workspace;
	uint8_t *raw;
};

static void shown_open(struct shown *s, const struct data *d, int n, enum precision precision)
{
	*s = (struct shown){.g = graph_new(life, &e), .segment = {.name = "show", .every = 1}};
	s->y = feed_build(&s->feed, s->g, d, n);
	s->desc = (struct step_desc){.g = s->g, .precision = precision, .n_segment = 1, .segment = &s->segment, .n_keep = 1, .keep = &s->y};
	ok(plan_new(life, &s->desc, dev, 1, &s->plan, &e));
	ok(device_alloc(dev, plan_workspace(s->plan), &s->workspace, &e));
	feed_link(&s->feed, s->plan);
	ok(plan_prepare(s->plan, s->workspace, &e));
}

static const uint8_t *shown_run(struct shown *s, const struct batch *b, int first, size_t *bytes)
{
	feed_put(&s->feed, s->plan, b, first);
	ok(plan_run(s->plan, &e));
	const void *const mem = plan_kept(s->plan, s->y, bytes);
	s->raw = arena_alloc(life, *bytes);
	dev->backend->get(dev->impl, s->raw, mem, *bytes);
	ok(device_wait(dev, &e));
	return s->raw;
}

static void shown_close(struct shown *s)
{
	const size_t bytes = plan_workspace(s->plan);
	plan_release(s->plan);
	device_free(dev, s->workspace, bytes);
}

/* All batches of an epoch from number first on, the smaller last one among them, in two parts each. */
static void compare(struct data *held, struct data *host, enum part part, enum view view, int epoch, int first, enum precision precision)
{
	struct loader *of_held, *of_host;
	const struct batch *a, *b;
	struct shown x, y;
	double waited = 0;
	int pictures = 0;
	const int n = 3;
	ok(loader_open(held, part, view, 7, &of_held, &e));
	ok(loader_open(host, part, view, 7, &of_host, &e));
	ok(loader_start(of_held, epoch, first, &e));
	ok(loader_start(of_host, epoch, first, &e));
	shown_open(&x, held, n, precision);
	shown_open(&y, host, n, precision);
	for (;;) {
		ok(loader_next(of_held, &a, &waited, &e));
		ok(loader_next(of_host, &b, &waited, &e));
		ck_assert((a != NULL) == (b != NULL));
		if (!a)
			break;
		ck_assert(a->view && !a->image && b->image && b->there && !b->view);
		ck_assert_int_eq(a->n, b->n);
		ck_assert_mem_eq(a->label, b->label, (size_t)a->n * sizeof *a->label);
		ck_assert_mem_eq(a->sample, b->sample, (size_t)a->n * sizeof *a->sample);
		for (int at = 0; at < a->n; at += n) {
			size_t bytes;
			const int some = a->n - at < n ? a->n - at : n;
			const uint8_t *const got = shown_run(&x, a, at, &bytes), *const want = shown_run(&y, b, at, &bytes);
			ck_assert_mem_eq(got, want, bytes / (size_t)n * (size_t)some);
			pictures += some;
		}
	}
	ck_assert_int_eq(pictures, data_count(held, part) - first * (view == VIEW_TRAIN ? held->conf.batch : held->conf.eval_batch));
	shown_close(&x);
	shown_close(&y);
	loader_close(of_held);
	loader_close(of_host);
}

static const struct { int H, W, C, crop; bool flip; } sizes[] = {
	{28, 28, 1, 4, false}, {32, 32, 3, 4, true}, {7, 5, 3, 2, true}, {7, 5, 3, 6, true}, {5, 7, 4, 0, true}, {6, 3, 2, 0, false}, {3, 9, 1, 1, true},
};
enum { SIZES = sizeof sizes / sizeof *sizes };

START_TEST(as_the_host_makes_them)
{
	struct data *const held = made(sizes[_i].H, sizes[_i].W, sizes[_i].C, sizes[_i].crop, sizes[_i].flip, 1);
	struct data *const host = made(sizes[_i].H, sizes[_i].W, sizes[_i].C, sizes[_i].crop, sizes[_i].flip, 0);
	ok(data_place(held, dev, &e));
	ok(data_place(host, dev, &e));
	ck_assert(held->store && !host->store);
	for (int p = 0; p < 3; p++) {
		static const enum precision precision[] = {PRECISION_F32, PRECISION_BF16, PRECISION_F16};
		compare(held, host, PART_TRAIN, VIEW_TRAIN, p, p == 2, precision[p]);
		compare(held, host, PART_VALID, VIEW_EVAL, 0, 0, precision[p]);
		compare(held, host, PART_TEST, VIEW_EVAL, 0, 0, precision[p]);
	}
	data_close(held);
	data_close(host);
}
END_TEST

/* Batches of three epochs, sent while nobody waits for any: each is read from where it was sent before the next one is. */
START_TEST(sent_while_the_device_works)
{
	enum { H = 6, W = 7, C = 3, EPOCHS = 3, PICTURE = H * W * C };
	struct data *const d = made(H, W, C, 2, true, 0);
	const struct backend *const b = dev->backend;
	const size_t all = EPOCHS * (TRAIN - 1) * PICTURE;
	uint8_t *const want = arena_alloc(life, all), *const got = arena_alloc(life, all);
	struct loader *l;
	const struct batch *batch;
	double waited = 0;
	size_t at = 0;
	void *mem;
	d->conf.batch = 2; /* six batches through three slots */
	ok(data_place(d, dev, &e));
	ok(device_alloc(dev, all, &mem, &e));
	ok(loader_open(d, PART_TRAIN, VIEW_TRAIN, 3, &l, &e));
	for (int epoch = 0; epoch < EPOCHS; epoch++) {
		ok(loader_start(l, epoch, 0, &e));
		for (;;) {
			ok(loader_next(l, &batch, &waited, &e));
			if (!batch)
				break;
			const size_t bytes = (size_t)batch->n * PICTURE;
			ck_assert_ptr_nonnull(batch->there);
			memcpy(want + at, batch->image, bytes);
			b->copy(dev->impl, (char *)mem + at, batch->there, bytes);
			at += bytes;
		}
	}
	ck_assert_uint_eq(at, all);
	b->get(dev->impl, got, mem, all);
	ok(device_wait(dev, &e));
	ck_assert_mem_eq(got, want, all);
	loader_close(l);
	device_free(dev, mem, all);
	data_close(d);
}
END_TEST

static enum status not_held(const struct pictures *p, int i, uint8_t *out, struct err *why)
{
	return held_read(p, i, out, why);
}

/* What fits the share of what is free, and no file that is decoded each time. A device without memory of its own holds nothing. */
START_TEST(what_is_held)
{
	const double all = (double)device_memory(dev), bytes = (TRAIN + TEST) * 32 * 32 * 3;
	struct device *cpu = NULL;
	ok(device_open(life, "cpu", 1, &cpu, &e));
	for (int k = 0; k < 5; k++) {
		static const bool want[] = {true, false, false, false, false};
		const double share[] = {1.01 * bytes / all, 0.99 * bytes / all, 0, 1, 1};
		struct data *const d = made(32, 32, 3, 0, false, share[k]);
		if (k == 3)
			d->info.test.read = not_held;
		const size_t before = dev->used;
		ok(data_place(d, k == 4 ? cpu : dev, &e));
		ok(data_place(d, k == 4 ? cpu : dev, &e));
		ck_assert_msg((d->store != NULL) == want[k], "case %d", k);
		ck_assert_uint_eq(dev->used - before, want[k] ? (size_t)bytes : 0);
		data_close(d);
		ck_assert_uint_eq(dev->used, before);
	}
	device_close(cpu);
}
END_TEST

TCase *tcase_data(void)
{
	TCase *const tc = tcase_create("data");
	tcase_add_checked_fixture(tc, begin, end);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, as_the_host_makes_them, 0, SIZES);
	tcase_add_test(tc, sent_while_the_device_works);
	tcase_add_test(tc, what_is_held);
	return tc;
}
