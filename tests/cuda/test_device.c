/* The device itself: what it says when it can't, what it keeps in order, the same bits twice. */
#include "tests/engine/trial.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "engine/cuda/cuda.h"

TCase *tcase_device(void);

static struct err e;
static struct arena *life;

static struct device *opened(void)
{
	struct device *dev = NULL;
	ck_assert_msg(device_open(life, "cuda", 1, &dev, &e) == OK, "%s", e.text);
	return dev;
}

static void begin(void)
{
	memset(&e, 0, sizeof e);
	life = arena_open("test");
}

static void end(void)
{
	arena_close(life);
}

START_TEST(too_much_memory)
{
	struct device *dev = opened();
	void *mem = NULL;
	ck_assert_int_eq(device_alloc(dev, (size_t)1 << 50, &mem, &e), E_NOMEM);
	ck_assert_ptr_nonnull(strstr(e.text, "1125899906842624 bytes"));
	memset(&e, 0, sizeof e);
	/* It was told once: the device works on. */
	ck_assert_int_eq(device_alloc(dev, 64, &mem, &e), OK);
	ck_assert_int_eq(device_wait(dev, &e), OK);
	device_free(dev, mem, 64);
	device_close(dev);
}
END_TEST

/* What is queued is done in order, and a host buffer may change as soon as put returns. */
START_TEST(in_order)
{
	struct device *dev = opened();
	const struct backend *b = dev->backend;
	int host = 5, seen = 0;
	void *x, *y;
	ck_assert_int_eq(device_alloc(dev, sizeof host, &x, &e), OK);
	ck_assert_int_eq(device_alloc(dev, sizeof host, &y, &e), OK);
	b->get(dev->impl, &seen, x, sizeof seen);
	ck_assert_int_eq(device_wait(dev, &e), OK);
	ck_assert_int_eq(seen, 0); /* zeroed */
	b->put(dev->impl, x, &host, sizeof host);
	host = 7;
	b->copy(dev->impl, y, x, sizeof host);
	b->put(dev->impl, x, &host, sizeof host);
	host = 9;
	b->get(dev->impl, &seen, y, sizeof seen);
	ck_assert_int_eq(device_wait(dev, &e), OK);
	ck_assert_int_eq(seen, 5);
	b->get(dev->impl, &seen, x, sizeof seen);
	ck_assert_int_eq(device_wait(dev, &e), OK);
	ck_assert_int_eq(seen, 7);
	device_free(dev, x, sizeof host);
	device_free(dev, y, sizeof host);
	device_close(dev);
}
END_TEST

/* More than the pinned memory that puts go through, in pieces of odd sizes; the host's bytes change at once. */
START_TEST(many_puts)
{
	enum { ALL = 700001 };
	struct device *dev = opened();
	const struct backend *b = dev->backend;
	unsigned char *const want = NEW_ARRAY(life, unsigned char, ALL), *const seen = NEW_ARRAY(life, unsigned char, ALL), *const host = NEW_ARRAY(life, unsigned char, ALL);
	void *x;
	ck_assert_int_eq(device_alloc(dev, ALL, &x, &e), OK);
	for (int i = 0; i < ALL; i++)
		want[i] = (unsigned char)(i * 7 + i / 251);
	for (size_t at = 0, n = 1; at < ALL; at += n, n = n * 3 + 1) {
		n = n < ALL - at ? n : ALL - at;
		memcpy(host, want + at, n);
		b->put(dev->impl, (char *)x + at, host, n);
		memset(host, 0xa5, n);
	}
	b->get(dev->impl, seen, x, ALL);
	ck_assert_int_eq(device_wait(dev, &e), OK);
	ck_assert_int_eq(memcmp(seen, want, ALL), 0);
	device_free(dev, x, ALL);
	device_close(dev);
}
END_TEST

/* The first failure is kept, with the name of its op, until somebody waits. */
START_TEST(first_failure)
{
	struct device *dev = opened();
	cuda_note(dev->impl, "conv2d", cudaErrorInvalidConfiguration);
	cuda_note(dev->impl, "relu", cudaErrorInvalidValue);
	ck_assert_int_eq(device_wait(dev, &e), E_ENV);
	ck_assert_ptr_nonnull(strstr(e.text, "conv2d failed"));
	device_close(dev);
}
END_TEST

static double *sum_of_many(struct device *dev, int64_t n)
{
	const struct backend *b = dev->backend;
	float *host = NEW_ARRAY(life, float, n), *out = NEW_ARRAY(life, float, 1);
	double *sum = NEW(life, double);
	void *x, *total;
	for (int64_t i = 0; i < n; i++)
		host[i] = (float)(i % 977) * 0.37f - 150;
	ck_assert_int_eq(device_alloc(dev, (size_t)n * sizeof *host, &x, &e), OK);
	ck_assert_int_eq(device_alloc(dev, sizeof *out, &total, &e), OK);
	b->put(dev->impl, x, host, (size_t)n * sizeof *host);
	b->square_sum(dev->impl, x, n, total);
	b->get(dev->impl, out, total, sizeof *out);
	ck_assert_int_eq(device_wait(dev, &e), OK);
	*sum = (double)*out;
	device_free(dev, x, (size_t)n * sizeof *host);
	device_free(dev, total, sizeof *out);
	return sum;
}

/* A sum over more than the grid covers at once: right, and the same bits twice. */
START_TEST(sums_twice)
{
	struct device *dev = opened();
	const int64_t n = 150001;
	double want = 0;
	for (int64_t i = 0; i < n; i++) {
		const float x = (float)(i % 977) * 0.37f - 150;
		want += (double)x * (double)x;
	}
	const double *a = sum_of_many(dev, n), *b = sum_of_many(dev, n);
	ck_assert_double_eq(*a, *b);
	ck_assert_double_eq_tol(*a, want, 1e-6 * want);
	device_close(dev);
}
END_TEST

/* Each place gets the time between its event and the one before, more of them than there is room for at first, and none is written before a wait. */
START_TEST(laps)
{
	enum { N = 2000 };
	struct device *dev = opened();
	const struct backend *b = dev->backend;
	static double seconds[N];
	double more = 0, sum = 0, last = 0;
	void *x;
	memset(seconds, 0, sizeof seconds);
	ck_assert_int_eq(device_alloc(dev, 1 << 16, &x, &e), OK);
	const double begin = time_now();
	b->lap(dev->impl, NULL);
	for (int i = 0; i < N; i++) {
		if (i == N / 2)
			for (int k = 0; k < 50; k++)
				b->fill(dev->impl, x, F32, k, 1 << 14);
		last = time_now();
		b->lap(dev->impl, &seconds[i]);
	}
	for (int i = 0; i < N; i++)
		ck_assert_double_eq(seconds[i], 0);
	ck_assert_int_eq(device_wait(dev, &e), OK);
	const double all = time_now() - begin;
	for (int i = 0; i < N; i++) {
		ck_assert(seconds[i] >= 0);
		sum += seconds[i];
	}
	ck_assert_msg(sum > 0 && sum <= all * 1.01, "%g of %g s", sum, all);
	int longer = 0; /* some, where the machine does other things too */
	for (int i = 0; i < N; i++)
		longer += seconds[i] > seconds[N / 2];
	ck_assert_msg(longer < N / 20, "%d laps without work take longer than the one with it", longer);
	b->fill(dev->impl, x, F32, 1, 1 << 14);
	b->lap(dev->impl, &more); /* it goes on from the last one */
	ck_assert_int_eq(device_wait(dev, &e), OK);
	const double since = time_now() - last;
	ck_assert_msg(more > 0 && more <= since * 1.01, "%g of %g s", more, since);
	device_free(dev, x, 1 << 16);
	device_close(dev);
}
END_TEST

/* Two lanes read what the device wrote before, and it writes again when both have read; outside of fork and join a lane is the device. */
START_TEST(lanes)
{
	struct device *dev = opened(), *lane[2];
	const struct backend *b = dev->backend;
	const int first = 5, second = 7;
	int seen[3] = {0};
	void *x, *copy[2];
	ck_assert_int_eq(device_alloc(dev, sizeof first, &x, &e), OK);
	for (int k = 0; k < 2; k++) {
		ck_assert_int_eq(device_lane(dev, k, &lane[k], &e), OK);
		ck_assert_ptr_ne(lane[k], dev);
		ck_assert_int_eq(device_alloc(lane[k], sizeof first, &copy[k], &e), OK);
	}
	ck_assert_ptr_ne(lane[0], lane[1]);
	ck_assert_uint_eq(dev->used, 3 * sizeof first); /* a lane's memory is the device's */
	for (int round = 0; round < 3; round++) {
		b->put(dev->impl, x, &first, sizeof first);
		for (int k = 0; k < 2; k++)
			device_fork(lane[k]);
		ck_assert_ptr_ne(lane[0]->impl, lane[1]->impl);
		for (int k = 1; k >= 0; k--)
			b->copy(lane[k]->impl, copy[k], x, sizeof first);
		for (int k = 0; k < 2; k++)
			device_join(lane[k]);
		ck_assert_ptr_eq(lane[0]->impl, dev->impl);
		b->put(dev->impl, x, &second, sizeof second);
		for (int k = 0; k < 2; k++)
			b->get(dev->impl, &seen[k], copy[k], sizeof seen[k]);
		b->get(dev->impl, &seen[2], x, sizeof seen[2]);
		for (int k = 0; k < 2; k++)
			b->fill(lane[k]->impl, copy[k], I32, 0, 1);
		ck_assert_int_eq(device_wait(lane[0], &e), OK);
		ck_assert_int_eq(seen[0], first);
		ck_assert_int_eq(seen[1], first);
		ck_assert_int_eq(seen[2], second);
	}
	/* More than there are share them. */
	struct device *again;
	ck_assert_int_eq(device_lane(dev, MAX_LANE + 1, &again, &e), OK);
	ck_assert_ptr_eq(again, lane[1]);
	for (int k = 0; k < 2; k++)
		device_free(lane[k], copy[k], sizeof first);
	device_free(dev, x, sizeof first);
	ck_assert_uint_eq(dev->used, 0);
	device_close(dev);
}
END_TEST

TCase *tcase_device(void)
{
	TCase *const tc = tcase_create("device");
	tcase_add_checked_fixture(tc, begin, end);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, too_much_memory);
	tcase_add_test(tc, in_order);
	tcase_add_test(tc, many_puts);
	tcase_add_test(tc, first_failure);
	tcase_add_test(tc, sums_twice);
	tcase_add_test(tc, laps);
	tcase_add_test(tc, lanes);
	return tc;
}
