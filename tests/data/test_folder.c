#include "tests/data/trial.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/data/encode.h"

static const char yaml[] = "kind: folder, dir: '%s/f', held_out: 0";
static const char skip[] = "kind: folder, dir: '%s/f', held_out: 0, on_error: skip";

static void picture(const char *path, int W, int H, int value)
{
	uint8_t pixels[3 * 16 * 16];
	memset(pixels, value, sizeof pixels);
	trial_write(path, "", 0);
	encode_png(
		path, &(struct png_spec){.W = W, .H = H, .depth = 8, .type = 2, .rows = pixels, .row_bytes = 3 * W});
}

/* Classes Z, a, b: bytewise, capitals come first. */
static void setup(void)
{
	trial_setup();
	picture(trial_path("f/train/Z/2.png"), 6, 4, 20);
	picture(trial_path("f/train/Z/10.png"), 6, 4, 10);
	picture(trial_path("f/train/a/x.png"), 12, 8, 30);
	picture(trial_path("f/train/b/y.PNG"), 6, 4, 40);
	trial_write(trial_path("f/train/b/notes.txt"), "no picture", 10);
	trial_write(trial_path("f/train/b/.hidden.png"), "no picture", 10);
	uint8_t grey[16 * 16];
	memset(grey, 50, sizeof grey);
	trial_write(trial_path("f/test/Z/1.jpg"), "", 0);
	encode_jpeg(trial_path("f/test/Z/1.jpg"), grey, 16, 16, 1, false, false);
	picture(trial_path("f/test/b/1.png"), 6, 4, 60);
	ck_assert_int_eq(dir_make(trial_path("f/test/a"), NULL), OK);
}

static int value_of(const struct pictures *p, int i)
{
	uint8_t out[3 * 32 * 32];
	const enum status st = p->read(p, i, out, &trial_err);
	ck_assert_msg(st == OK, "%s", trial_err.text);
	return out[0];
}

static void check_content(const struct data *d)
{
	const struct pictures *p = &d->info.train;
	char buf[100];
	ck_assert_int_eq(p->n, 4);
	ck_assert_int_eq(d->info.test.n, 2);
	ck_assert_int_eq(d->info.classes, 3);
	ck_assert_str_eq(d->info.class_name[0], "Z");
	ck_assert_str_eq(d->info.class_name[2], "b");
	static const int value[] = {10, 20, 30, 40}, label[] = {0, 0, 1, 2};
	for (int i = 0; i < 4; i++) {
		ck_assert_int_eq(value_of(p, i), value[i]);
		ck_assert_int_eq(p->label[i], label[i]);
	}
	ck_assert_int_eq(value_of(&d->info.test, 0), 50);
	ck_assert_int_eq(d->info.test.label[1], 2);
	ck_assert_str_eq(p->place(p, 0, buf, sizeof buf), "train/Z/10.png");
	ck_assert_double_eq_tol(d->info.mean[1], 25 / 255.0, 1e-6);
}

START_TEST(in_memory_and_on_demand)
{
	const struct data *d = trial_open(yaml, 1);
	check_content(d);
	ck_assert_int_eq(d->info.train.H, 4);
	ck_assert_int_eq(d->info.train.W, 6);
	ck_assert(!d->info.train.decodes);
	const char *hash = arena_str(trial_arena, d->info.hash), *identity = d->identity;
	d = trial_open("kind: folder, dir: '%s/f', held_out: 0, cache_mib: 0", 1);
	check_content(d);
	ck_assert(d->info.train.decodes);
	ck_assert_str_eq(d->info.hash, hash);
	ck_assert_str_eq(d->identity, identity);
}
END_TEST

START_TEST(size_and_channels)
{
	const struct data *d = trial_open("kind: folder, dir: '%s/f', held_out: 0, size: 9, channels: 1", 1);
	ck_assert_int_eq(d->info.train.H, 9);
	ck_assert_int_eq(d->info.train.W, 9);
	ck_assert_int_eq(d->info.train.C, 1);
	ck_assert_int_eq(value_of(&d->info.train, 2), 30);
	ck_assert_ptr_nonnull(strstr(d->identity, "size=9\n"));
}
END_TEST

/* 64 x 48 to 8 x 8: a quarter of 16 x 12 would be less than twice 8 on its shorter side, a half of 32 x 24 is not. */
START_TEST(scaled_jpeg)
{
	uint8_t pixels[48 * 64 * 3], full[8 * 8 * 3], scaled[8 * 8 * 3];
	int differ = 0;
	for (int i = 0; i < 48 * 64 * 3; i++)
		pixels[i] = (uint8_t)(i / 3 % 64 * 3 + i / 192 % 2 * 60);
	for (int k = 0; k < 2; k++) {
		const char *dir = trial_path(k ? "j/test/a" : "j/train/a");
		ck_assert_int_eq(dir_make(dir, &trial_err), OK);
		ck_assert_int_eq(image_write_jpeg(arena_printf(trial_arena, "%s/1.jpg", dir), pixels, 48, 64, 3, 90, &trial_err), OK);
		dir = trial_path(k ? "j/test/b" : "j/train/b");
		ck_assert_int_eq(dir_make(dir, &trial_err), OK);
		ck_assert_int_eq(image_write_png(arena_printf(trial_arena, "%s/1.png", dir), pixels, 48, 64, 3, &trial_err), OK);
	}
	const struct data *d = trial_open("kind: folder, dir: '%s/j', held_out: 0, size: 8", 1);
	const char *identity = d->identity;
	uint8_t png[8 * 8 * 3];
	ck_assert_int_eq(d->info.train.read(&d->info.train, 0, full, NULL), OK);
	ck_assert_int_eq(d->info.train.read(&d->info.train, 1, png, NULL), OK);
	ck_assert_str_eq(trial_open("kind: folder, dir: '%s/j', held_out: 0, size: 8, jpeg: full", 1)->identity, identity);
	d = trial_open("kind: folder, dir: '%s/j', held_out: 0, size: 8, jpeg: scaled", 1);
	ck_assert_str_ne(d->identity, identity);
	ck_assert_ptr_nonnull(strstr(d->identity, "jpeg=scaled\n"));
	ck_assert_int_eq(d->info.train.read(&d->info.train, 0, scaled, NULL), OK);
	for (int i = 0; i < 8 * 8 * 3; i++) {
		ck_assert_msg(abs(full[i] - scaled[i]) <= 12, "byte %d: %d instead of %d", i, scaled[i], full[i]);
		differ += full[i] != scaled[i];
	}
	ck_assert_int_gt(differ, 0);
	ck_assert_int_eq(d->info.train.read(&d->info.train, 1, scaled, NULL), OK);
	ck_assert_mem_eq(scaled, png, sizeof png);
}
END_TEST

START_TEST(hash_covers_names)
{
	const char *hash = arena_str(trial_arena, trial_open(yaml, 1)->info.hash);
	ck_assert_int_eq(rename(trial_path("f/train/Z/2.png"), trial_path("f/train/a/2.png")), 0);
	ck_assert_str_ne(trial_open(yaml, 1)->info.hash, hash);
}
END_TEST

START_TEST(classes_differ)
{
	picture(trial_path("f/train/only_train/1.png"), 6, 4, 1);
	picture(trial_path("f/test/only_test/1.png"), 6, 4, 1);
	trial_refused(yaml, E_USER, "f/test' lacks 'only_train'", "f/train' lacks 'only_test'", "test.yaml:1",
	              NULL);
}
END_TEST

START_TEST(nothing_there)
{
	ck_assert_int_eq(dir_make(trial_path("f/train/void"), NULL), OK);
	ck_assert_int_eq(dir_make(trial_path("f/test/void"), NULL), OK);
	trial_refused(yaml, E_USER, "train/void' has no .png", NULL);
	trial_refused("kind: folder, dir: '%s/none'", E_USER, "none/train' is not a folder", NULL);
	ck_assert_int_eq(dir_make(trial_path("e/train"), NULL), OK);
	ck_assert_int_eq(dir_make(trial_path("e/test"), NULL), OK);
	trial_refused("kind: folder, dir: '%s/e'", E_USER, "e/train' has no class folders", NULL);
}
END_TEST

START_TEST(broken_stops)
{
	trial_cut(trial_path("f/train/a/x.png"), 60);
	trial_refused(yaml, E_ENV, "train/a/x.png", "byte 60 of 60", NULL);
	trial_refused("kind: folder, dir: '%s/f', size: 8", E_ENV, "train/a/x.png", "byte 60 of 60", NULL);
}
END_TEST

START_TEST(broken_is_skipped_and_counted)
{
	trial_cut(trial_path("f/train/Z/10.png"), 60); /* the first: the size comes from the next */
	trial_write(trial_path("f/train/b/w.jpg"), "\xFF\xD8\xFFgarbage", 10);
	for (int cache = 0; cache < 2; cache++) {
		const struct data *d = trial_open(cache ? skip
		                                        : "kind: folder, dir: '%s/f', held_out: 0, on_error: skip, "
		                                          "cache_mib: 0",
		                                  1);
		ck_assert_int_eq(d->info.train.n, 3);
		ck_assert_int_eq(d->info.train.skipped, 2);
		ck_assert_int_eq(d->info.test.skipped, 0);
		ck_assert_int_eq(value_of(&d->info.train, 0), 20);
		ck_assert_int_eq(value_of(&d->info.train, 2), 40);
		ck_assert_int_eq(d->info.train.label[2], 2);
	}
	trial_cut(trial_path("f/test/Z/1.jpg"), 50);
	trial_cut(trial_path("f/test/b/1.png"), 50);
	trial_refused(skip, E_ENV, "f/test': all 2 pictures are broken", "Z/1.jpg", NULL);
}
END_TEST

/* A link to nothing, a folder and a pipe with names of pictures, a file that may not be read. */
START_TEST(what_cannot_be_read_is_skipped_or_stops)
{
	ck_assert_int_eq(symlink("nowhere.png", trial_path("f/train/Z/0.png")), 0);
	trial_refused(yaml, E_ENV, "stat '", "train/Z/0.png", "No such file", NULL);
	ck_assert_int_eq(dir_make(trial_path("f/train/a/w.png"), NULL), OK);
	ck_assert_int_eq(mkfifo(trial_path("f/train/b/z.png"), 0600), 0);
	picture(trial_path("f/test/a/secret.png"), 6, 4, 70);
	ck_assert_int_eq(chmod(trial_path("f/test/a/secret.png"), 0), 0);
	const int hidden = geteuid() != 0; /* root reads it */
	for (int cache = 0; cache < 2; cache++) {
		const struct data *d = trial_open(cache ? skip
		                                        : "kind: folder, dir: '%s/f', held_out: 0, on_error: skip, "
		                                          "cache_mib: 0",
		                                  1);
		ck_assert_int_eq(d->info.train.n, 4);
		ck_assert_int_eq(d->info.train.skipped, 3);
		ck_assert_int_eq(d->info.test.n, 3 - hidden);
		ck_assert_int_eq(d->info.test.skipped, hidden);
		ck_assert_int_eq(value_of(&d->info.train, 0), 10);
		ck_assert_int_eq(value_of(&d->info.train, 3), 40);
		ck_assert_int_eq(d->info.train.label[2], 1);
	}
	ck_assert_int_eq(unlink(trial_path("f/train/Z/0.png")), 0);
	trial_refused(yaml, E_ENV, "train/a/w.png' is not a regular file", NULL);
}
END_TEST

START_TEST(none_can_be_read)
{
	ck_assert_int_eq(unlink(trial_path("f/test/Z/1.jpg")), 0);
	ck_assert_int_eq(unlink(trial_path("f/test/b/1.png")), 0);
	ck_assert_int_eq(dir_make(trial_path("f/test/b/1.png"), NULL), OK);
	trial_refused(skip, E_ENV, "f/test': all 1 pictures are broken", "b/1.png' is not a regular file", NULL);
}
END_TEST

/* A picture that goes bad after the opening is an error of the loader, not a hang. */
START_TEST(worker_error_reaches_the_consumer)
{
	struct data *d =
		trial_open("kind: folder, dir: '%s/f', held_out: 0, cache_mib: 0, batch: 2, workers: 2", 1);
	struct loader *l;
	const struct batch *b;
	double waited = 0;
	ck_assert_int_eq(loader_open(d, PART_TRAIN, VIEW_EVAL, 1, &l, &trial_err), OK);
	trial_cut(trial_path("f/train/a/x.png"), 60);
	ck_assert_int_eq(loader_start(l, 0, 0, &trial_err), OK);
	trial_message(loader_next(l, &b, &waited, &trial_err), E_ENV, "train/a/x.png", "byte 60 of 60", NULL);
	ck_assert_ptr_null(b);
	loader_close(l);
}
END_TEST

Suite *folder_suite(void)
{
	Suite *s = suite_create("folder");
	TCase *tc = tcase_create("folder");
	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, setup, trial_teardown);
	tcase_add_test(tc, in_memory_and_on_demand);
	tcase_add_test(tc, size_and_channels);
	tcase_add_test(tc, scaled_jpeg);
	tcase_add_test(tc, hash_covers_names);
	tcase_add_test(tc, classes_differ);
	tcase_add_test(tc, nothing_there);
	tcase_add_test(tc, broken_stops);
	tcase_add_test(tc, broken_is_skipped_and_counted);
	tcase_add_test(tc, what_cannot_be_read_is_skipped_or_stops);
	tcase_add_test(tc, none_can_be_read);
	tcase_add_test(tc, worker_error_reaches_the_consumer);
	suite_add_tcase(s, tc);
	return s;
}
