#include "tests/data/trial.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/sha256.h"
#include "data/source.h"

#define SYNTH "kind: synth, n_train: 100, n_test: 40, classes: 4, size: 8"

START_TEST(every_kind_is_described)
{
	for (int i = 0; i < dataset_count; i++) {
		const struct dataset *d = dataset_all[i];
		ck_assert_ptr_eq(dataset_find(d->name), d);
		ck_assert_uint_gt(strlen(d->help), 10);
		for (const struct opt *o = d->opts; o->name; o++)
			for (const struct opt *x = data_opts; x->name; x++)
				ck_assert_str_ne(o->name, x->name);
	}
	ck_assert_ptr_null(dataset_find("nothing"));
}
END_TEST

START_TEST(wrong_maps)
{
	trial_refused("batch: 3", E_USER, "no 'kind'", "fashion_mnist, idx, cifar10", NULL);
	trial_refused("kind: cifar1O", E_USER, "test.yaml:1:8", "unknown data set 'cifar1O'",
	              "did you mean 'cifar10'", NULL);
	trial_refused(SYNTH ", bacth: 3", E_USER, "bacth", "batch", NULL);
	trial_refused(SYNTH ", batch: 0, queue: none", E_USER, "batch", "queue", NULL);
	trial_refused(SYNTH ", mean: [0.1, 0.2]", E_USER, "'mean' has 2 numbers, but pictures have 3 channels",
	              NULL);
}
END_TEST

START_TEST(more_than_there_is)
{
	trial_refused(SYNTH ", held_out: 100", E_USER, "'held_out' is 100", "pictures 100", NULL);
	trial_refused(SYNTH ", held_out: 20, limit: 81", E_USER, "'limit' is 81", "80", NULL);
	trial_refused(SYNTH ", limit_test: 41", E_USER, "'limit_test' is 41", "test pictures: 40", NULL);
	trial_refused(SYNTH ", held_out: 0, drop_last: true", E_USER, "'batch' is 128", "100", NULL);
}
END_TEST

START_TEST(parts)
{
	const struct data *d =
		trial_open(SYNTH ", held_out: 20, limit: 40, limit_test: 10, mean: 0.25, std: [0.5, 0.6, 0.7]", 9);
	ck_assert_int_eq(d->n_train, 40);
	ck_assert_int_eq(d->n_valid, 20);
	ck_assert_int_eq(d->n_test, 10);
	ck_assert_double_eq_tol(d->mean[2], 0.25, 1e-7);
	ck_assert_double_eq_tol(d->std[2], 0.7, 1e-7);
	d = trial_open(SYNTH, 9);
	ck_assert_int_eq(d->n_valid, 10);
	ck_assert_int_eq(d->conf.held_out, 10);
	ck_assert_int_eq(d->n_test, 40);
	ck_assert_float_eq(d->mean[0], d->info.mean[0]);
}
END_TEST

START_TEST(identity)
{
	const char *a = trial_open(SYNTH ", held_out: 20", 9)->identity;
	ck_assert_str_eq(trial_open(SYNTH ", held_out: 20, workers: 3, queue: 9, eval_batch: 7", 9)->identity, a);
	ck_assert_str_ne(trial_open(SYNTH ", held_out: 20", 10)->identity, a);
	ck_assert_str_ne(trial_open(SYNTH ", held_out: 20, flip: true", 9)->identity, a);
	ck_assert_str_ne(trial_open(SYNTH ", held_out: 20, noise: 0.2", 9)->identity, a);
	ck_assert_ptr_nonnull(strstr(a, "data kind=synth, hash="));
	ck_assert_ptr_nonnull(strstr(a, "seed.split=9"));
	const char *all = trial_open(SYNTH ", held_out: 0", 9)->identity;
	ck_assert_str_eq(trial_open(SYNTH ", held_out: 0", 10)->identity, all);
}
END_TEST

START_TEST(synth_is_repeatable)
{
	const struct data *d = trial_open(SYNTH, 1);
	const char *hash = arena_str(trial_arena, d->info.hash);
	ck_assert_int_eq(d->info.train.label[5], 1);
	ck_assert(d->info.std[0] > 0.05 && d->info.std[0] < 0.5);
	ck_assert_str_eq(trial_open(SYNTH, 2)->info.hash, hash);
	ck_assert_str_ne(trial_open(SYNTH ", seed: 2", 2)->info.hash, hash);
}
END_TEST

static void age(const char *path, long seconds)
{
	struct timespec t[2];
	clock_gettime(CLOCK_REALTIME, &t[0]);
	t[0].tv_sec -= seconds;
	t[1] = t[0];
	ck_assert_int_eq(utimensat(AT_FDCWD, path, t, 0), 0);
}

/* The hash is the one of the bytes; a file just written is never trusted to the cache. */
START_TEST(content_hash_of_bytes)
{
	const char *a = trial_path("a"), *b = trial_path("b");
	trial_write(a, "hello, ", 7);
	trial_write(b, "world", 5);
	const struct content files[] = {{a, NULL}, {b, NULL}}, named[] = {{a, "x"}, {b, "y"}};
	char hex[65], want[65];
	sha256_text("hello, world", want);
	ck_assert_int_eq(content_hash(files, 2, hex, &trial_err), OK);
	ck_assert_str_eq(hex, want);
	ck_assert_int_eq(content_hash(named, 2, hex, &trial_err), OK);
	ck_assert_str_ne(hex, want);
	age(a, 100);
	ck_assert(!file_exists(trial_path("cache/limbeck/hashes")));
	ck_assert_int_eq(file_remove(b, NULL), OK);
	trial_message(content_hash(files, 2, hex, &trial_err), E_ENV, "'", "/b'", NULL);
}
END_TEST

START_TEST(content_hash_is_cached)
{
	const char *a = trial_path("a"), *cache = trial_path("cache/limbeck/hashes");
	const struct content file = {a, NULL};
	char hex[65], again[65], *text;
	size_t size;
	trial_write(a, "hello", 5);
	sleep(4); /* until the change time is old enough to be believed */
	ck_assert_int_eq(content_hash(&file, 1, hex, &trial_err), OK);
	ck_assert_int_eq(file_read(trial_arena, cache, false, &text, &size, NULL), OK);
	ck_assert_uint_eq(size, 130);
	ck_assert_mem_eq(text + 65, hex, 64);
	trial_poke(cache, 65, 'f'); /* what the cache says is believed */
	hex[0] = 'f';
	ck_assert_int_eq(content_hash(&file, 1, again, &trial_err), OK);
	ck_assert_str_eq(again, hex);
	trial_poke(a, 0, 'j');
	sha256_text("jello", hex);
	ck_assert_int_eq(content_hash(&file, 1, again, &trial_err), OK);
	ck_assert_str_eq(again, hex);
	trial_cut(cache, 129); /* half a line is no line */
	ck_assert_int_eq(content_hash(&file, 1, again, &trial_err), OK);
	ck_assert_str_eq(again, hex);
}
END_TEST

Suite *data_suite(void)
{
	Suite *s = suite_create("data");
	TCase *tc = tcase_create("data");
	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, trial_setup, trial_teardown);
	tcase_add_test(tc, every_kind_is_described);
	tcase_add_test(tc, wrong_maps);
	tcase_add_test(tc, more_than_there_is);
	tcase_add_test(tc, parts);
	tcase_add_test(tc, identity);
	tcase_add_test(tc, synth_is_repeatable);
	tcase_add_test(tc, content_hash_of_bytes);
	tcase_add_test(tc, content_hash_is_cached);
	suite_add_tcase(s, tc);
	return s;
}
