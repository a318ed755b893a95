#include "tests/data/trial.h"

#include <dirent.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/rng.h"
#include "data/source.h"

#define SYNTH                                                                                               \
	"kind: synth, n_train: 53, n_test: 21, classes: 3, size: 6, held_out: 6, batch: 8, eval_batch: 5"

enum { N = 47, BATCHES = 6, BYTES = 6 * 6 * 3 };

struct epoch {
	int batches, n[16], sample[64], label[64], pictures;
	uint8_t image[64 * BYTES];
};

static struct loader *open_loader(struct data *d, enum part part, enum view view, uint64_t seed)
{
	struct loader *l;
	const enum status st = loader_open(d, part, view, seed, &l, &trial_err);
	ck_assert_msg(st == OK, "%s", trial_err.text);
	return l;
}

static void take(struct loader *l, int epoch, int first, struct epoch *out)
{
	const struct batch *b;
	double waited = 0;
	memset(out, 0, sizeof *out);
	ck_assert_int_eq(loader_start(l, epoch, first, &trial_err), OK);
	while (loader_next(l, &b, &waited, &trial_err) == OK && b) {
		memcpy(out->sample + out->pictures, b->sample, (size_t)b->n * sizeof *b->sample);
		memcpy(out->label + out->pictures, b->label, (size_t)b->n * sizeof *b->label);
		memcpy(out->image + (size_t)out->pictures * BYTES, b->image, (size_t)b->n * BYTES);
		out->n[out->batches++] = b->n;
		out->pictures += b->n;
	}
	ck_assert_int_eq(trial_err.status, OK);
	ck_assert(waited >= 0);
	ck_assert_int_eq(loader_next(l, &b, &waited, &trial_err), OK);
	ck_assert_ptr_null(b);
}

START_TEST(train_takes_each_once)
{
	struct data *d = trial_open(SYNTH, 1);
	struct loader *l = open_loader(d, PART_TRAIN, VIEW_TRAIN, 3);
	static struct epoch e, next;
	int seen[53] = {0};
	uint8_t plain[BYTES];
	ck_assert_int_eq(loader_batches(l), BATCHES);
	take(l, 0, 0, &e);
	ck_assert_int_eq(e.batches, BATCHES);
	ck_assert_int_eq(e.n[5], 7);
	ck_assert_int_eq(e.pictures, N);
	for (int i = 0; i < N; i++) {
		seen[e.sample[i]]++;
		ck_assert_int_eq(e.label[i], d->info.train.label[e.sample[i]]);
		ck_assert_int_eq(d->info.train.read(&d->info.train, e.sample[i], plain, NULL), OK);
		ck_assert_mem_eq(plain, e.image + i * BYTES, BYTES);
	}
	for (int i = 0; i < d->n_train; i++)
		ck_assert_int_eq(seen[d->train[i]], 1);
	take(l, 1, 0, &next);
	ck_assert_mem_ne(e.sample, next.sample, sizeof e.sample);
	loader_close(l);
}
END_TEST

/* 512 MiB are 8 batches of 64 MiB. */
START_TEST(memory_is_bounded)
{
	const size_t mib = 1 << 20;
	ck_assert_int_eq(loader_slots(mib, 4, 100), 5);
	ck_assert_int_eq(loader_slots(mib, 4, 3), 4);
	ck_assert_int_eq(loader_slots(64 * mib, 100, 1000), 8);
	ck_assert_int_eq(loader_slots(64 * mib + 1, 100, 1000), 7);
	ck_assert_int_eq(loader_slots(4096 * mib, 100, 1000), 2);
}
END_TEST

static enum status (*plain_read)(const struct pictures *p, int i, uint8_t *out, struct err *e);
static int reads;

static enum status counting_read(const struct pictures *p, int i, uint8_t *out, struct err *e)
{
	__atomic_add_fetch(&reads, 1, __ATOMIC_SEQ_CST);
	return plain_read(p, i, out, e);
}

static int threads_now(void)
{
	int n = 0;
	DIR *d = opendir("/proc/self/task");
	for (struct dirent *x; d && (x = readdir(d));)
		n += x->d_name[0] != '.';
	if (d)
		closedir(d);
	return n;
}

/* Pictures that are decoded take a thread each that the device has, and no more than there are cores; others one. */
START_TEST(workers_follow_threads)
{
	const int before = threads_now();
	cpu_set_t cpus;
	ck_assert_int_eq(sched_getaffinity(0, sizeof cpus, &cpus), 0);
	for (int threads = 0; threads < 4; threads++)
		for (int decodes = 0; decodes < 2; decodes++) {
			struct data *d = trial_open(SYNTH, 1);
			const int cores = CPU_COUNT(&cpus), most = threads && threads < cores ? threads : cores;
			d->threads = threads;
			d->info.train.decodes = decodes;
			struct loader *l = open_loader(d, PART_TRAIN, VIEW_TRAIN, 1);
			ck_assert_int_eq(threads_now() - before, decodes ? most : 1);
			loader_close(l);
		}
}
END_TEST

/* A consumer that is slow finds the queue full, and no more has been read. */
START_TEST(no_more_is_read_than_there_is_room_for)
{
	struct data *d = trial_open(SYNTH ", workers: 3, queue: 2", 1);
	plain_read = d->info.train.read;
	d->info.train.read = counting_read;
	struct loader *l = open_loader(d, PART_TRAIN, VIEW_TRAIN, 1);
	const struct batch *b;
	double waited = 0;
	reads = 0;
	ck_assert_int_eq(loader_start(l, 0, 0, &trial_err), OK);
	ck_assert_int_eq(loader_next(l, &b, &waited, &trial_err), OK);
	for (int i = 0; i < 200 && __atomic_load_n(&reads, __ATOMIC_SEQ_CST) < 3 * 8; i++)
		usleep(10000);
	usleep(50000);
	ck_assert_int_eq(__atomic_load_n(&reads, __ATOMIC_SEQ_CST), 3 * 8); /* one is held, two are queued */
	loader_close(l);
	d->info.train.read = plain_read;
}
END_TEST

START_TEST(number_of_workers_does_not_show)
{
	static struct epoch one, some;
	struct loader *l = open_loader(trial_open(SYNTH ", crop: 2, flip: true, workers: 1, queue: 1", 1),
	                               PART_TRAIN, VIEW_TRAIN, 3);
	take(l, 4, 0, &one);
	loader_close(l);
	for (int workers = 2; workers < 8; workers += 3) {
		const char *yaml = arena_printf(trial_arena, SYNTH ", crop: 2, flip: true, workers: %d, queue: %d",
		                                workers, workers - 1);
		l = open_loader(trial_open(yaml, 1), PART_TRAIN, VIEW_TRAIN, 3);
		for (int again = 0; again < 20; again++) {
			take(l, 4, 0, &some);
			ck_assert_mem_eq(&one, &some, sizeof one);
		}
		loader_close(l);
	}
	l = open_loader(trial_open(SYNTH ", crop: 2, flip: true", 1), PART_TRAIN, VIEW_TRAIN, 4);
	take(l, 4, 0, &some);
	ck_assert_mem_ne(one.sample, some.sample, sizeof one.sample);
	loader_close(l);
}
END_TEST

START_TEST(goes_on_from_the_middle)
{
	static struct epoch all, rest;
	struct loader *l = open_loader(trial_open(SYNTH ", crop: 1, workers: 3", 1), PART_TRAIN, VIEW_TRAIN, 3);
	const struct batch *b;
	take(l, 2, 0, &all);
	for (int first = 0; first <= BATCHES; first++) {
		ck_assert_int_eq(loader_start(l, 7, 0, &trial_err), OK); /* left unfinished: dropped */
		ck_assert_int_eq(loader_next(l, &b, NULL, &trial_err), OK);
		take(l, 2, first, &rest);
		ck_assert_int_eq(rest.batches, BATCHES - first);
		ck_assert_mem_eq(rest.sample, all.sample + 8 * first, (size_t)rest.pictures * sizeof *rest.sample);
		ck_assert_mem_eq(rest.image, all.image + 8 * first * BYTES, (size_t)rest.pictures * BYTES);
	}
	trial_message(loader_start(l, 2, BATCHES + 1, &trial_err), E_RUN, "batch 7", NULL);
	loader_close(l);
}
END_TEST

static enum status (*quick_read)(const struct pictures *p, int i, uint8_t *out, struct err *e);

static enum status slow_read(const struct pictures *p, int i, uint8_t *out, struct err *e)
{
	usleep(300);
	return quick_read(p, i, out, e);
}

/* A new start while workers are in the middle of a batch: nothing of the old epoch is left in the new one. */
START_TEST(start_waits_for_busy_workers)
{
	static struct epoch all, again;
	struct data *d = trial_open(SYNTH ", flip: true, workers: 3", 1);
	struct loader *l = open_loader(d, PART_TRAIN, VIEW_TRAIN, 3);
	const struct batch *b;
	take(l, 2, 0, &all);
	quick_read = d->info.train.read;
	d->info.train.read = slow_read;
	for (int i = 0; i < 10; i++) {
		ck_assert_int_eq(loader_start(l, 7, i % 3, &trial_err), OK);
		if (i & 1)
			ck_assert_int_eq(loader_next(l, &b, NULL, &trial_err), OK);
		else
			usleep(1000);
		take(l, 2, 0, &again);
		ck_assert_mem_eq(&all, &again, sizeof all);
	}
	loader_close(l);
}
END_TEST

START_TEST(evaluation_is_plain_and_in_order)
{
	static struct epoch e;
	struct data *d = trial_open(SYNTH ", crop: 2, flip: true, drop_last: true, workers: 2", 1);
	struct loader *l = open_loader(d, PART_TEST, VIEW_EVAL, 3);
	uint8_t plain[BYTES];
	take(l, 0, 0, &e);
	ck_assert_int_eq(e.batches, 5);
	ck_assert_int_eq(e.n[4], 1);
	for (int i = 0; i < 21; i++) {
		ck_assert_int_eq(e.sample[i], i);
		ck_assert_int_eq(d->info.test.read(&d->info.test, i, plain, NULL), OK);
		ck_assert_mem_eq(plain, e.image + i * BYTES, BYTES);
	}
	loader_close(l);
	l = open_loader(d, PART_VALID, VIEW_EVAL, 3);
	take(l, 0, 0, &e);
	ck_assert_int_eq(e.pictures, 6);
	for (int i = 0; i < 6; i++)
		ck_assert_int_eq(e.sample[i], d->valid[i]);
	loader_close(l);
	l = open_loader(d, PART_TRAIN, VIEW_TRAIN, 3);
	ck_assert_int_eq(loader_batches(l), 5);
	take(l, 0, 0, &e);
	ck_assert_int_eq(e.pictures, 40);
	loader_close(l);
}
END_TEST

START_TEST(an_empty_part)
{
	static struct epoch e;
	struct loader *l =
		open_loader(trial_open("kind: synth, n_train: 9, held_out: 0", 1), PART_VALID, VIEW_EVAL, 3);
	ck_assert_int_eq(loader_batches(l), 0);
	take(l, 0, 0, &e);
	ck_assert_int_eq(e.batches, 0);
	loader_close(l);
	loader_close(NULL);
}
END_TEST

START_TEST(allocates_nothing_while_it_runs)
{
	static struct epoch e;
	struct loader *l =
		open_loader(trial_open(SYNTH ", crop: 2, flip: true, workers: 2", 1), PART_TRAIN, VIEW_TRAIN, 3);
	const uint64_t before = alloc_count();
	for (int epoch = 0; epoch < 3; epoch++)
		take(l, epoch, 0, &e);
	ck_assert_uint_eq(alloc_count(), before);
	loader_close(l);
}
END_TEST

static volatile sig_atomic_t caught;
static pthread_t catcher;

static void on_signal(int signal_number)
{
	(void)signal_number;
	caught++;
	catcher = pthread_self();
}

START_TEST(signals_go_to_the_main_thread)
{
	static struct epoch e;
	sigset_t before, after;
	struct sigaction act = {.sa_handler = on_signal};
	sigaction(SIGUSR1, &act, NULL);
	pthread_sigmask(SIG_SETMASK, NULL, &before);
	struct loader *l = open_loader(trial_open(SYNTH ", workers: 4", 1), PART_TRAIN, VIEW_TRAIN, 3);
	pthread_sigmask(SIG_SETMASK, NULL, &after);
	ck_assert_int_eq(sigismember(&before, SIGINT), sigismember(&after, SIGINT));
	for (int i = 0; i < 20; i++) {
		ck_assert_int_eq(kill(getpid(), SIGUSR1), 0);
		take(l, i, 0, &e);
		ck_assert(pthread_equal(catcher, pthread_self()));
	}
	ck_assert_int_eq(caught, 20);
	loader_close(l);
}
END_TEST

/* ---- augment ---- */

/* 3 x 2, one channel:  1 2 3
                        4 5 6  at each offset of a padding of 1, against the padded picture. */
START_TEST(crops_by_hand)
{
	static const uint8_t in[6] = {1, 2, 3, 4, 5, 6};
	static const uint8_t padded[4][5] = {{0, 0, 0, 0, 0}, {0, 1, 2, 3, 0}, {0, 4, 5, 6, 0}, {0, 0, 0, 0, 0}};
	int seen[3][3] = {{0}};
	for (int sample = 0; sample < 200; sample++) {
		uint8_t out[6], want[6];
		struct rng r =
			rng_stream(11, (struct rng_name){.purpose = "crop", .epoch = 2, .sample = (uint32_t)sample});
		const int dy = (int)rng_below(&r, 3), dx = (int)rng_below(&r, 3);
		for (int i = 0; i < 6; i++)
			want[i] = padded[dy + i / 3][dx + i % 3];
		augment(in, out, 2, 3, 1, 1, false, 11, 2, sample);
		ck_assert_mem_eq(out, want, 6);
		seen[dy][dx]++;
	}
	for (int i = 0; i < 9; i++)
		ck_assert_int_gt(seen[i / 3][i % 3], 0);
}
END_TEST

START_TEST(flips_by_hand)
{
	static const uint8_t in[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}; /* 3 x 2, two channels */
	static const uint8_t mirrored[12] = {5, 6, 3, 4, 1, 2, 11, 12, 9, 10, 7, 8};
	int flipped = 0;
	for (int sample = 0; sample < 1000; sample++) {
		uint8_t out[12];
		struct rng r =
			rng_stream(11, (struct rng_name){.purpose = "flip", .epoch = 1, .sample = (uint32_t)sample});
		const bool flip = rng_u32(&r) >> 31;
		augment(in, out, 2, 3, 2, 0, true, 11, 1, sample);
		ck_assert_mem_eq(out, flip ? mirrored : in, 12);
		flipped += flip;
	}
	ck_assert(flipped > 430 && flipped < 570);
}
END_TEST

/* More padding than picture: often nothing is left of it. */
START_TEST(crops_beyond_the_picture)
{
	static const uint8_t in[6] = {1, 2, 3, 4, 5, 6};
	for (int sample = 0; sample < 300; sample++) {
		uint8_t out[6];
		struct rng r = rng_stream(5, (struct rng_name){.purpose = "crop", .sample = (uint32_t)sample});
		const int dy = (int)rng_below(&r, 11) - 5, dx = (int)rng_below(&r, 11) - 5;
		augment(in, out, 2, 3, 1, 5, false, 5, 0, sample);
		for (int i = 0; i < 6; i++) {
			const int y = i / 3 + dy, x = i % 3 + dx;
			ck_assert_int_eq(out[i], y >= 0 && y < 2 && x >= 0 && x < 3 ? in[3 * y + x] : 0);
		}
	}
}
END_TEST

Suite *loader_suite(void)
{
	Suite *s = suite_create("loader");
	TCase *tc = tcase_create("loader");
	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, trial_setup, trial_teardown);
	tcase_add_test(tc, train_takes_each_once);
	tcase_add_test(tc, memory_is_bounded);
	tcase_add_test(tc, workers_follow_threads);
	tcase_add_test(tc, no_more_is_read_than_there_is_room_for);
	tcase_add_test(tc, number_of_workers_does_not_show);
	tcase_add_test(tc, goes_on_from_the_middle);
	tcase_add_test(tc, start_waits_for_busy_workers);
	tcase_add_test(tc, evaluation_is_plain_and_in_order);
	tcase_add_test(tc, an_empty_part);
	tcase_add_test(tc, allocates_nothing_while_it_runs);
	tcase_add_test(tc, signals_go_to_the_main_thread);
	tcase_add_test(tc, crops_by_hand);
	tcase_add_test(tc, flips_by_hand);
	tcase_add_test(tc, crops_beyond_the_picture);
	suite_add_tcase(s, tc);
	return s;
}
