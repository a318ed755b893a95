/*
 * A made set that is laid out as HRSC2016: all pictures in one folder, of many sizes and both orientations, grey and colour, PNG and JPEG,
 * and lists that say which of them are for what. Pictures are bands along their longer side: what a crop cuts off is 200, then
 * comes a half of "sea" and a half of "ship". The numbers after resizing are worked by hand.
 */
#include "tests/data/trial.h"

#include <stdlib.h>
#include <string.h>

#include "tests/data/encode.h"

enum { SIZE = 8, CUT = 200 };

static const char lists[] = "kind: folder, dir: '%s/h', train: train.txt, valid: val.txt, test: test.txt, size: 8";

/* H x W, its longer side at most twice the shorter one. */
static void ship(const char *name, int H, int W, int C, int sea, int hull)
{
	const int side = H <= W ? H : W, longer = H <= W ? W : H, first = (longer - side) / 2;
	uint8_t *pixels = mem_new((size_t)H * (size_t)W * (size_t)C), *p = pixels;
	ck_assert_ptr_nonnull(pixels);
	for (int y = 0; y < H; y++)
		for (int x = 0; x < W; x++) {
			const int at = (H <= W ? x : y) - first;
			for (int c = 0; c < C; c++)
				*p++ = (uint8_t)((at < 0 || at >= side ? CUT : at < side / 2 ? sea : hull) + 10 * c);
		}
	const char *path = trial_path("h/AllImages/%s", name);
	trial_write(path, "", 0);
	ck_assert_int_eq(str_ends(name, ".png") ? image_write_png(path, pixels, H, W, C, &trial_err)
	                                        : image_write_jpeg(path, pixels, H, W, C, 100, &trial_err),
	                 OK);
	mem_free(pixels);
}

static void put(const char *name, const char *text)
{
	trial_write(trial_path("h/%s", name), text, strlen(text));
}

static void setup(void)
{
	trial_setup();
	ship("1.png", 16, 32, 3, 10, 90);        /* halved, a quarter cut off left and right */
	ship("2 of 2.png", 48, 24, 1, 20, 100);  /* grey, upright, a third */
	ship("\xE8\x88\xB9.png", 4, 4, 3, 30, 110); /* smaller than it is to be */
	ship("4.jpg", 64, 64, 1, 40, 120);
	ship("5.jpg", 128, 128, 3, 50, 130);
	ship("6.png", 16, 16, 1, 60, 140);
	ship("7.png", 16, 32, 3, 70, 150);
	put("train.txt", "# path, tab, class\r\nAllImages/1.png\tAircraft carrier\r\nAllImages/2 of 2.png\tWarcraft\r\n\r\n"
	                 "AllImages/\xE8\x88\xB9.png\tMerchant ship\r\nAllImages/4.jpg\tWarcraft");
	put("val.txt", "AllImages/5.jpg\tMerchant ship\nAllImages/6.png\tWarcraft\n");
	put("test.txt", "AllImages/7.png\tWarcraft\n");
}

/* Byte c of place (y, x) of picture i is want, give or take. */
static void pixel(const struct pictures *p, int i, int y, int x, int c, int want, int tolerance)
{
	uint8_t out[3 * SIZE * SIZE];
	ck_assert_int_eq(p->H, SIZE);
	ck_assert_int_eq(p->W, SIZE);
	const enum status st = p->read(p, i, out, &trial_err);
	ck_assert_msg(st == OK, "%s", trial_err.text);
	const int got = out[(y * SIZE + x) * p->C + c];
	ck_assert_msg(abs(got - want) <= tolerance, "picture %d, (%d,%d,%d): %d instead of %d", i, y, x, c, got, want);
}

/* How sea and ship come out: halves left and right, or above and below, of every channel. */
static void halves(const struct pictures *p, int i, bool upright, int sea, int hull, int step, int tolerance)
{
	for (int c = 0; c < p->C; c++)
		for (int k = 0; k < SIZE; k += 7) {
			pixel(p, i, upright ? 0 : k, upright ? k : 0, c, sea + step * c, tolerance);
			pixel(p, i, upright ? 3 : k, upright ? k : 3, c, sea + step * c, tolerance);
			pixel(p, i, upright ? 4 : k, upright ? k : 4, c, hull + step * c, tolerance);
			pixel(p, i, upright ? 7 : k, upright ? k : 7, c, hull + step * c, tolerance);
		}
}

static void check_pictures(const struct data *d)
{
	const struct pictures *p = &d->info.train;
	halves(p, 0, false, 10, 90, 10, 0);
	halves(p, 1, true, 20, 100, 0, 0); /* grey: three equal channels */
	/* 4 x 4 to 8 x 8 by halves of pixels: column 3 is 1.25, a quarter of the way from column 1 to column 2 */
	pixel(p, 2, 0, 0, 1, 40, 0);
	pixel(p, 2, 5, 3, 0, 50, 0);
	pixel(p, 2, 5, 4, 0, 90, 0);
	pixel(p, 2, 7, 7, 2, 130, 0);
	halves(p, 3, false, 40, 120, 0, 2);
	halves(p, 4, false, 50, 130, 10, 4);
	halves(&d->info.test, 0, false, 70, 150, 10, 0);
}

START_TEST(from_lists)
{
	char buf[500];
	const struct data *d = trial_open(lists, 1);
	ck_assert_int_eq(d->info.train.n, 6);
	ck_assert_int_eq(d->info.n_valid, 2);
	ck_assert_int_eq(d->n_train, 4);
	ck_assert_int_eq(d->n_valid, 2);
	ck_assert_int_eq(d->n_test, 1);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(d->train[i], i);
	ck_assert_int_eq(d->valid[0], 4);
	ck_assert_int_eq(d->valid[1], 5);
	ck_assert_int_eq(d->info.classes, 3);
	static const char *const name[] = {"Aircraft carrier", "Merchant ship", "Warcraft"};
	static const int label[] = {0, 2, 1, 2, 1, 2};
	for (int k = 0; k < 3; k++)
		ck_assert_str_eq(d->info.class_name[k], name[k]);
	for (int i = 0; i < 6; i++)
		ck_assert_int_eq(d->info.train.label[i], label[i]);
	ck_assert_int_eq(d->info.test.label[0], 2);
	check_pictures(d);
	d->info.train.place(&d->info.train, 1, buf, sizeof buf);
	ck_assert_msg(str_ends(buf, "h/train.txt, line 3: AllImages/2 of 2.png"), "%s", buf);
	const char *identity = d->identity;
	d = trial_open("kind: folder, dir: '%s/h', train: train.txt, valid: val.txt, test: '%s/h/test.txt', size: 8, cache_mib: 0", 2);
	check_pictures(d);
	ck_assert_str_eq(d->identity, identity); /* nothing is drawn, so a seed changes nothing */
}
END_TEST

/* 0.299 R + 0.587 G + 0.114 B: of (10,20,30) 18.15, of (90,100,110) 98.15. */
START_TEST(colour_in_a_grey_set)
{
	const struct data *d = trial_open("kind: folder, dir: '%s/h', train: train.txt, test: test.txt, size: 8, channels: 1, held_out: 0", 1);
	ck_assert_int_eq(d->info.train.C, 1);
	ck_assert_int_eq(d->info.n_valid, 0);
	halves(&d->info.train, 0, false, 18, 98, 0, 0);
	halves(&d->info.train, 1, true, 20, 100, 0, 0);
}
END_TEST

static void move(const char *from, const char *to)
{
	const char *path = trial_path("h/%s", to);
	trial_write(path, "", 0);
	ck_assert_int_eq(rename(trial_path("h/AllImages/%s", from), path), 0);
}

START_TEST(from_folders)
{
	move("1.png", "train/Aircraft carrier/1.png");
	move("\xE8\x88\xB9.png", "train/Merchant ship/\xE8\x88\xB9.png");
	move("2 of 2.png", "train/Warcraft/2 of 2.png");
	move("5.jpg", "val/Merchant ship/5.jpg");
	move("6.png", "val/Warcraft/6.png");
	move("7.png", "test/Warcraft/7.png");
	static const char *const empty[] = {"val/Aircraft carrier", "test/Aircraft carrier", "test/Merchant ship"};
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(dir_make(trial_path("h/%s", empty[i]), &trial_err), OK);
	const struct data *d = trial_open("kind: folder, dir: '%s/h', valid: val, size: 8", 1);
	ck_assert_int_eq(d->n_train, 3);
	ck_assert_int_eq(d->n_valid, 2);
	halves(&d->info.train, 0, false, 10, 90, 10, 0);
	halves(&d->info.train, 2, true, 20, 100, 0, 0);
	halves(&d->info.train, 3, false, 50, 130, 10, 4);
	ck_assert_int_eq(d->info.train.label[4], 2);
	trial_refused("kind: folder, dir: '%s/h', test: test.txt, size: 8", E_USER, "h/test.txt' is a file, but '", "lists go with lists", NULL);
	trial_refused("kind: folder, dir: '%s/h', size: 8, classes: val.txt", E_USER, "'classes' goes with lists", NULL);
	ck_assert_int_eq(dir_make(trial_path("h/val/Tug"), &trial_err), OK);
	trial_refused("kind: folder, dir: '%s/h', valid: val, size: 8", E_USER, "h/train' lacks 'Tug'", NULL);
}
END_TEST

START_TEST(named_held_out_pictures_and_options)
{
	char yaml[200];
	for (int n = 0; n < 3; n++) {
		snprintf(yaml, sizeof yaml, "%s, held_out: %d, limit: 3", lists, n);
		const struct data *d = trial_open(yaml, 1);
		ck_assert_int_eq(d->n_train, 3);
		ck_assert_int_eq(d->n_valid, n);
		for (int i = 0; i < n; i++)
			ck_assert_int_ge(d->valid[i], 4);
		for (int i = 0; i < 3; i++)
			ck_assert_int_lt(d->train[i], 4);
	}
	snprintf(yaml, sizeof yaml, "%s, share: 0.5", lists);
	ck_assert_int_eq(trial_open(yaml, 1)->n_train, 2);
	ck_assert_int_eq(trial_open(yaml, 1)->n_valid, 1);
	snprintf(yaml, sizeof yaml, "%s, held_out: 3", lists);
	trial_refused(yaml, E_USER, "'held_out' is 3, but held-out pictures that the data set names: 2", NULL);
	snprintf(yaml, sizeof yaml, "%s, held_out: 1, limit: 5", lists); /* a held-out picture that is not used stays one */
	trial_refused(yaml, E_USER, "'limit' is 5, but training pictures: 4", NULL);
}
END_TEST

START_TEST(hash_covers_labels_order_and_class_names)
{
	const char *hash = arena_str(trial_arena, trial_open(lists, 1)->info.hash);
	put("test.txt", "# said otherwise\nAllImages/7.png  Warcraft \r\n");
	ck_assert_str_eq(trial_open(lists, 1)->info.hash, hash);
	put("test.txt", "AllImages/7.png\tMerchant ship\n");
	ck_assert_str_ne(trial_open(lists, 1)->info.hash, hash);
	put("test.txt", "AllImages/7.png\tWarcraft\n");
	put("val.txt", "AllImages/6.png\tWarcraft\nAllImages/5.jpg\tMerchant ship\n");
	ck_assert_str_ne(trial_open(lists, 1)->info.hash, hash);
	char yaml[200];
	snprintf(yaml, sizeof yaml, "%s, classes: names.txt", lists);
	put("names.txt", "Warcraft\nMerchant ship\nAircraft carrier\n");
	const struct data *d = trial_open(yaml, 1);
	hash = arena_str(trial_arena, d->info.hash);
	ck_assert_int_eq(d->info.train.label[0], 2);
	ck_assert_int_eq(d->info.train.label[1], 0);
	put("names.txt", "Warcraft\nMerchant ship\nAircraft carrier\nSubmarine\n");
	d = trial_open(yaml, 1);
	ck_assert_int_eq(d->info.classes, 4);
	ck_assert_str_ne(d->info.hash, hash);
}
END_TEST

START_TEST(lists_that_are_wrong)
{
	put("test.txt", "AllImages/7.png\tWarcraft\nAllImages/1.png\tWarcraft\n");
	trial_refused(lists, E_USER, "test.txt:2:1: 'AllImages/1.png' is a second time here", "line 2 of '", "train.txt'", NULL);
	put("test.txt", "AllImages/7.png\tSubmarine\n");
	trial_refused(lists, E_USER, "test.txt:1:17: 'Submarine' is no class of '", "train.txt'", NULL);
	put("test.txt", "AllImages/8.png\tWarcraft\n");
	trial_refused(lists, E_ENV, "AllImages/8.png': No such file", "line 1 of '", "test.txt' names it", NULL);
	put("test.txt", "");
	trial_refused(lists, E_USER, "test.txt: the list names no picture", NULL);
	put("test.txt", "AllImages\tWarcraft\n");
	trial_refused(lists, E_ENV, "AllImages' is not a regular file", "test.txt' names it", NULL);
	ck_assert_int_eq(remove(trial_path("h/test.txt")), 0);
	trial_refused(lists, E_USER, "'train' is a list, but there is no list '", "test.txt' for 'test'", "test.yaml:1", NULL);
	trial_refused("kind: folder, dir: '%s/h', train: trian.txt, test: test.txt", E_USER, "trian.txt' is not a folder", NULL);
}
END_TEST

/* Damaged pictures name their file and who lists them; skip leaves them out wherever they stand. */
START_TEST(pictures_that_are_wrong)
{
	static const char *const text[] = {"no picture", "", "BM6\xC0\x12", "\x89PNG\r\n\x1A\n"};
	static const char *const says[] = {"is neither PNG nor JPEG: it starts with 6e 6f", "is empty (0 bytes)",
	                                   "is neither PNG nor JPEG but BMP: convert it", "PNG damaged at byte 8 of 8"};
	for (int i = 0; i < 4; i++) {
		put("AllImages/6.png", text[i]);
		trial_refused(lists, E_ENV, "AllImages/6.png'", says[i], "line 2 of '", "val.txt' names it", NULL);
	}
	char skip[200];
	snprintf(skip, sizeof skip, "%s, on_error: skip", lists);
	put("AllImages/1.png", "no picture");
	const struct data *d = trial_open(skip, 1);
	ck_assert_int_eq(d->n_train, 3);
	ck_assert_int_eq(d->n_valid, 1);
	ck_assert_int_eq(d->info.train.skipped, 2);
	halves(&d->info.train, 3, false, 50, 130, 10, 4);
	put("AllImages/5.jpg", "no picture");
	trial_refused(skip, E_ENV, "all pictures of 'val.txt' are broken", NULL);
	ship("5.jpg", 16, 16, 1, 1, 2);
	static const char *const rest[] = {"2 of 2.png", "\xE8\x88\xB9.png", "4.jpg"};
	for (int i = 0; i < 3; i++)
		trial_cut(trial_path("h/AllImages/%s", rest[i]), 40);
	trial_refused(skip, E_ENV, "all pictures of 'train.txt' are broken; the first: ", "1.png'", NULL);
}
END_TEST

/* Files of class folders that are pictures but not read must not vanish without a word. */
START_TEST(folders_of_bmp)
{
	put("train/a/1.bmp", "BM");
	put("test/a/1.bmp", "BM");
	trial_refused("kind: folder, dir: '%s/h'", E_USER, "train/a' has no .png, .jpg or .jpeg files, but '1.bmp': convert such", NULL);
}
END_TEST

/* 32 x 16, progressive: read as it is stored, not turned. */
START_TEST(progressive_and_turned)
{
	uint8_t pixels[16 * 32 * 3];
	for (int i = 0; i < 16 * 32; i++)
		memset(pixels + 3 * i, i % 32 < 16 ? 30 : 180, 3);
	encode_jpeg_turned(trial_path("h/AllImages/7.png"), pixels, 32, 16);
	const struct data *d = trial_open(lists, 1);
	halves(&d->info.test, 0, false, 30, 180, 0, 3);
}
END_TEST

Suite *ships_suite(void)
{
	Suite *s = suite_create("ships");
	TCase *tc = tcase_create("ships");
	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, setup, trial_teardown);
	tcase_add_test(tc, from_lists);
	tcase_add_test(tc, colour_in_a_grey_set);
	tcase_add_test(tc, from_folders);
	tcase_add_test(tc, named_held_out_pictures_and_options);
	tcase_add_test(tc, hash_covers_labels_order_and_class_names);
	tcase_add_test(tc, lists_that_are_wrong);
	tcase_add_test(tc, pictures_that_are_wrong);
	tcase_add_test(tc, folders_of_bmp);
	tcase_add_test(tc, progressive_and_turned);
	suite_add_tcase(s, tc);
	return s;
}
