#include "tests/data/trial.h"

#include <math.h>
#include <string.h>

enum { N = 12, N_TEST = 4, H = 3, W = 5, PIXELS = H * W };
static const char yaml[] = "kind: idx, dir: '%s/m', held_out: 0";

static void put_u32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

static uint8_t pixel(int part, int i, int k)
{
	return (uint8_t)(part * 100 + i * 7 + k * 3);
}

static void write_pictures(const char *path, int part, int n)
{
	uint8_t data[16 + N * PIXELS];
	put_u32(data, 0x803);
	put_u32(data + 4, (uint32_t)n);
	put_u32(data + 8, H);
	put_u32(data + 12, W);
	for (int i = 0; i < n; i++)
		for (int k = 0; k < PIXELS; k++)
			data[16 + i * PIXELS + k] = pixel(part, i, k);
	trial_write(path, data, 16 + (size_t)n * PIXELS);
}

static void write_labels(const char *path, int n, int classes)
{
	uint8_t data[8 + N];
	put_u32(data, 0x801);
	put_u32(data + 4, (uint32_t)n);
	for (int i = 0; i < n; i++)
		data[8 + i] = (uint8_t)(i % classes);
	trial_write(path, data, 8 + (size_t)n);
}

static void setup(void)
{
	trial_setup();
	write_pictures(trial_path("m/train-images-idx3-ubyte"), 0, N);
	write_labels(trial_path("m/train-labels-idx1-ubyte"), N, 3);
	write_pictures(trial_path("m/t10k-images-idx3-ubyte"), 1, N_TEST);
	write_labels(trial_path("m/t10k-labels-idx1-ubyte"), N_TEST, 3);
}

START_TEST(reads_what_was_written)
{
	struct data *d = trial_open(yaml, 1);
	const struct pictures *p = &d->info.train;
	uint8_t out[PIXELS];
	char buf[100];
	double sum = 0, square = 0;
	ck_assert_int_eq(p->n, N);
	ck_assert_int_eq(p->H, H);
	ck_assert_int_eq(p->W, W);
	ck_assert_int_eq(p->C, 1);
	ck_assert_int_eq(d->info.test.n, N_TEST);
	ck_assert_int_eq(d->info.classes, 3);
	ck_assert_str_eq(d->info.class_name[2], "2");
	for (int i = 0; i < N; i++) {
		ck_assert_int_eq(p->label[i], i % 3);
		ck_assert_int_eq(p->read(p, i, out, &trial_err), OK);
		for (int k = 0; k < PIXELS; k++) {
			ck_assert_int_eq(out[k], pixel(0, i, k));
			sum += out[k];
			square += out[k] * out[k];
		}
	}
	const double n = N * PIXELS, mean = sum / n;
	ck_assert_double_eq_tol(d->info.mean[0], mean / 255, 1e-7);
	ck_assert_double_eq_tol(d->info.std[0], sqrt(square / n - mean * mean) / 255, 1e-7);
	ck_assert_str_eq(p->place(p, 7, buf, sizeof buf), "train-images-idx3-ubyte, picture 7");
	ck_assert_int_eq(d->info.test.read(&d->info.test, 2, out, NULL), OK);
	ck_assert_int_eq(out[4], pixel(1, 2, 4));
}
END_TEST

START_TEST(classes_can_be_more_than_the_labels_show)
{
	ck_assert_int_eq(trial_open("kind: idx, dir: '%s/m', classes: 7, held_out: 0", 1)->info.classes, 7);
	trial_refused("kind: idx, dir: '%s/m', classes: 2, held_out: 0", E_ENV, "label 2 at byte 10 of",
	              "train-labels", "allowed 0 to 1", NULL);
}
END_TEST

/* Every length of each file that is not the right one. */
START_TEST(truncated_anywhere)
{
	const size_t size = 16 + N * PIXELS;
	for (size_t n = 0; n < size; n += n < 20 ? 1 : 37) {
		const char *path = trial_path("m/train-images-idx3-ubyte");
		write_pictures(path, 0, N);
		trial_cut(path, n);
		trial_refused(yaml, E_ENV, "train-images-idx3-ubyte' ends at byte",
		              n < 16 ? "16 expected" : "196 expected", NULL);
	}
	write_pictures(trial_path("m/train-images-idx3-ubyte"), 0, N);
	for (size_t n = 0; n < 8 + N_TEST; n++) {
		const char *path = trial_path("m/t10k-labels-idx1-ubyte");
		write_labels(path, N_TEST, 3);
		trial_cut(path, n);
		trial_refused(yaml, E_ENV, "t10k-labels-idx1-ubyte' ends at byte", "expected", NULL);
	}
}
END_TEST

START_TEST(too_long)
{
	const char *path = trial_path("m/train-images-idx3-ubyte");
	trial_cut(path, 5000);
	trial_refused(yaml, E_ENV, "ends at byte 5,000, 196 expected", NULL);
}
END_TEST

START_TEST(wrong_magic)
{
	trial_poke(trial_path("m/train-images-idx3-ubyte"), 3, 1);
	trial_refused(yaml, E_ENV, "train-images-idx3-ubyte' is no IDX file of pictures", "0x00000801 at byte 0",
	              "0x00000803", NULL);
	trial_poke(trial_path("m/train-images-idx3-ubyte"), 3, 3);
	trial_poke(trial_path("m/train-labels-idx1-ubyte"), 2, 0x0D);
	trial_refused(yaml, E_ENV, "no IDX file of labels", "0x00000d01", NULL);
}
END_TEST

START_TEST(senseless_sizes)
{
	const char *path = trial_path("m/train-images-idx3-ubyte");
	trial_poke(path, 7, 0);
	trial_refused(yaml, E_ENV, "byte 4", "0 items", NULL);
	trial_poke(path, 4, 0xFF);
	trial_refused(yaml, E_ENV, "byte 4", NULL);
	write_pictures(path, 0, N);
	trial_poke(path, 11, 0);
	trial_refused(yaml, E_ENV, "byte 8", "5 x 0", NULL);
	trial_poke(path, 8, 0x7F);
	trial_refused(yaml, E_ENV, "byte 8", "16384", NULL);
}
END_TEST

START_TEST(counts_differ)
{
	write_labels(trial_path("m/train-labels-idx1-ubyte"), N - 1, 3);
	trial_refused(yaml, E_ENV, "holds 12 pictures", "holds 11 labels", NULL);
}
END_TEST

START_TEST(missing_files)
{
	ck_assert_int_eq(file_remove(trial_path("m/t10k-labels-idx1-ubyte"), NULL), OK);
	trial_refused(yaml, E_USER, "test.yaml:1", "t10k-labels-idx1-ubyte", "set 'dir'", NULL);
	trial_refused("kind: fashion_mnist, dir: '%s/none'", E_USER,
	              "install Debian's dataset-fashion-mnist, or set 'dir'", NULL);
	trial_refused("kind: idx", E_USER, "dir", NULL);
}
END_TEST

START_TEST(fashion_mnist_has_ten_named_classes)
{
	struct data *d = trial_open("kind: fashion_mnist, dir: '%s/m', held_out: 0", 1);
	ck_assert_int_eq(d->info.classes, 10);
	ck_assert_str_eq(d->info.class_name[9], "Ankle boot");
	ck_assert_double_eq_tol(d->mean[0], 0.2860, 1e-6);
	ck_assert_double_eq_tol(d->std[0], 0.3530, 1e-6);
	trial_poke(trial_path("m/train-labels-idx1-ubyte"), 8 + 5, 10);
	trial_refused("kind: fashion_mnist, dir: '%s/m', held_out: 0", E_ENV, "label 10 at byte 13", NULL);
}
END_TEST

/* A gzip file written by hand: one stored block. */
static size_t gzip_stored(const uint8_t *data, size_t n, uint8_t *out)
{
	static const uint8_t head[10] = {0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3};
	uint32_t crc = 0xFFFFFFFF;
	for (size_t i = 0; i < n; i++) {
		crc ^= data[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
	}
	crc = ~crc;
	memcpy(out, head, 10);
	out[10] = 1;
	out[11] = (uint8_t)n, out[12] = (uint8_t)(n >> 8);
	out[13] = (uint8_t)~n, out[14] = (uint8_t)(~n >> 8);
	memcpy(out + 15, data, n);
	for (int i = 0; i < 4; i++) {
		out[15 + n + (size_t)i] = (uint8_t)(crc >> 8 * i);
		out[19 + n + (size_t)i] = (uint8_t)((uint32_t)n >> 8 * i);
	}
	return n + 23;
}

START_TEST(gzip)
{
	char *data;
	size_t size;
	uint8_t packed[1000];
	const char *path = trial_path("m/train-images-idx3-ubyte");
	ck_assert_int_eq(file_read(trial_arena, path, false, &data, &size, &trial_err), OK);
	const size_t n = gzip_stored((const uint8_t *)data, size, packed);
	ck_assert_int_eq(file_remove(path, NULL), OK);
	const char *gz = trial_path("m/train-images-idx3-ubyte.gz");
	trial_write(gz, packed, n);
	struct data *d = trial_open(yaml, 1);
	uint8_t out[PIXELS];
	ck_assert_int_eq(d->info.train.read(&d->info.train, 11, out, NULL), OK);
	ck_assert_int_eq(out[14], pixel(0, 11, 14));
	trial_cut(gz, n - 40);
	trial_refused(yaml, E_ENV, "train-images-idx3-ubyte.gz", "byte 179", NULL);
	const size_t short_n = gzip_stored((const uint8_t *)data, size - 9, packed);
	trial_write(gz, packed, short_n);
	trial_refused(yaml, E_ENV, "ends at byte 187, 196 expected", "after gunzip", NULL);
}
END_TEST

START_TEST(a_label_of_a_packed_file)
{
	char *data;
	size_t size;
	uint8_t packed[1000];
	const char *path = trial_path("m/train-labels-idx1-ubyte");
	trial_poke(path, 8 + 5, 9);
	ck_assert_int_eq(file_read(trial_arena, path, false, &data, &size, &trial_err), OK);
	ck_assert_int_eq(file_remove(path, NULL), OK);
	trial_write(trial_path("m/train-labels-idx1-ubyte.gz"), packed,
	            gzip_stored((const uint8_t *)data, size, packed));
	trial_refused("kind: idx, dir: '%s/m', classes: 3, held_out: 0", E_ENV, "label 9 at byte 13 of",
	              "ubyte.gz' (after gunzip): allowed 0 to 2", NULL);
}
END_TEST

START_TEST(hash_names_the_content)
{
	char first[65];
	memcpy(first, trial_open(yaml, 1)->info.hash, 65);
	ck_assert_uint_eq(strlen(first), 64);
	ck_assert_str_eq(trial_open(yaml, 2)->info.hash, first);
	trial_poke(trial_path("m/t10k-images-idx3-ubyte"), 20, 99);
	ck_assert_str_ne(trial_open(yaml, 1)->info.hash, first);
}
END_TEST

Suite *idx_suite(void)
{
	Suite *s = suite_create("idx");
	TCase *tc = tcase_create("idx");
	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, setup, trial_teardown);
	tcase_add_test(tc, reads_what_was_written);
	tcase_add_test(tc, classes_can_be_more_than_the_labels_show);
	tcase_add_test(tc, truncated_anywhere);
	tcase_add_test(tc, too_long);
	tcase_add_test(tc, wrong_magic);
	tcase_add_test(tc, senseless_sizes);
	tcase_add_test(tc, counts_differ);
	tcase_add_test(tc, missing_files);
	tcase_add_test(tc, fashion_mnist_has_ten_named_classes);
	tcase_add_test(tc, gzip);
	tcase_add_test(tc, a_label_of_a_packed_file);
	tcase_add_test(tc, hash_names_the_content);
	suite_add_tcase(s, tc);
	return s;
}
