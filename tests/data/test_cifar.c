#include "tests/data/trial.h"

#include <string.h>

enum { RECORD10 = 3073, RECORD100 = 3074, N = 4 };
static const char ten[] = "kind: cifar10, dir: '%s/c', held_out: 0";
static const char hundred[] = "kind: cifar100, dir: '%s/c', held_out: 0";
static uint8_t buffer[N * RECORD100];

static uint8_t byte_of(int file, int i, int c, int y, int x)
{
	return (uint8_t)(file * 31 + i * 17 + c * 64 + y * 3 + x);
}

/* n records of file number file; labels are 3 file + i. */
static void write_batch(const char *path, int file, int n, int label_bytes)
{
	uint8_t *p = buffer;
	for (int i = 0; i < n; i++) {
		if (label_bytes == 2)
			*p++ = (uint8_t)(i % 20);
		*p++ = (uint8_t)((3 * file + i) % (label_bytes == 2 ? 100 : 10));
		for (int c = 0; c < 3; c++)
			for (int y = 0; y < 32; y++)
				for (int x = 0; x < 32; x++)
					*p++ = byte_of(file, i, c, y, x);
	}
	trial_write(path, buffer, (size_t)(p - buffer));
}

static void setup(void)
{
	trial_setup();
	for (int k = 1; k <= 5; k++)
		write_batch(trial_path("c/data_batch_%d.bin", k), k, N, 1);
	write_batch(trial_path("c/test_batch.bin"), 6, 2, 1);
	write_batch(trial_path("c/train.bin"), 1, N, 2);
	write_batch(trial_path("c/test.bin"), 2, 3, 2);
}

START_TEST(cifar10_reads_what_was_written)
{
	struct data *d = trial_open(ten, 1);
	const struct pictures *p = &d->info.train;
	uint8_t out[3072];
	char buf[100];
	ck_assert_int_eq(p->n, 5 * N);
	ck_assert_int_eq(d->info.test.n, 2);
	ck_assert_int_eq(d->info.classes, 10);
	for (int i = 0; i < p->n; i++) {
		const int file = 1 + i / N;
		ck_assert_int_eq(p->label[i], (3 * file + i % N) % 10);
		ck_assert_int_eq(p->read(p, i, out, NULL), OK);
		for (int y = 0; y < 32; y += 5)
			for (int x = 0; x < 32; x += 3)
				for (int c = 0; c < 3; c++)
					ck_assert_int_eq(out[(y * 32 + x) * 3 + c], byte_of(file, i % N, c, y, x));
	}
	ck_assert_str_eq(p->place(p, 6, buf, sizeof buf), "data_batch_2.bin, picture 2");
	ck_assert_str_eq(d->info.class_name[9], "truck");
	ck_assert_double_eq_tol(d->mean[1], 0.4822, 1e-6);
	ck_assert_double_eq_tol(d->std[2], 0.2616, 1e-6);
}
END_TEST

START_TEST(names_from_the_folder)
{
	static const char text[] = "a0\na1\na2\na3\na4\na5\na6\na7\na8\nlorry\n\n";
	trial_write(trial_path("c/batches.meta.txt"), text, sizeof text - 1);
	ck_assert_str_eq(trial_open(ten, 1)->info.class_name[9], "lorry");
	trial_cut(trial_path("c/batches.meta.txt"), 9);
	ck_assert_str_eq(trial_open(ten, 1)->info.class_name[9], "truck");
}
END_TEST

START_TEST(cifar10_damaged)
{
	static const size_t cut[] = {0, 1, 3072, 3074, N * RECORD10 - 1};
	for (size_t i = 0; i < sizeof cut / sizeof *cut; i++) {
		trial_cut(trial_path("c/data_batch_3.bin"), cut[i]);
		trial_refused(ten, E_ENV, "data_batch_3.bin' ends at byte", "inside record", NULL);
		write_batch(trial_path("c/data_batch_3.bin"), 3, N, 1);
	}
	trial_cut(trial_path("c/data_batch_3.bin"), 2 * RECORD10);
	trial_refused(ten, E_ENV, "data_batch_3.bin' ends at byte 6,146", "data_batch_1.bin' at byte 12,292",
	              NULL);
	write_batch(trial_path("c/data_batch_3.bin"), 3, N, 1);
	trial_poke(trial_path("c/data_batch_4.bin"), 2 * RECORD10, 10);
	trial_refused(ten, E_ENV, "label 10 at byte 6,146 of", "data_batch_4.bin", "allowed 0 to 9", NULL);
	ck_assert_int_eq(file_remove(trial_path("c/test_batch.bin"), NULL), OK);
	trial_refused(ten, E_USER, "test.yaml:1", "test_batch.bin", "binary version", NULL);
}
END_TEST

START_TEST(cifar100_fine_and_coarse)
{
	struct data *d = trial_open(hundred, 1);
	ck_assert_int_eq(d->info.train.n, N);
	ck_assert_int_eq(d->info.test.n, 3);
	ck_assert_int_eq(d->info.classes, 100);
	ck_assert_int_eq(d->info.train.label[2], 5);
	ck_assert_str_eq(d->info.class_name[99], "worm");
	uint8_t out[3072];
	ck_assert_int_eq(d->info.test.read(&d->info.test, 1, out, NULL), OK);
	ck_assert_int_eq(out[(4 * 32 + 9) * 3 + 2], byte_of(2, 1, 2, 4, 9));
	ck_assert_ptr_null(strstr(d->identity, "labels"));
	d = trial_open("kind: cifar100, dir: '%s/c', labels: coarse, held_out: 0", 1);
	ck_assert_int_eq(d->info.classes, 20);
	ck_assert_int_eq(d->info.train.label[2], 2);
	ck_assert_str_eq(d->info.class_name[19], "vehicles_2");
	ck_assert_ptr_nonnull(strstr(d->identity, "labels=coarse"));
}
END_TEST

START_TEST(cifar100_damaged)
{
	trial_poke(trial_path("c/train.bin"), RECORD100 + 1, 100);
	trial_refused(hundred, E_ENV, "label 100 at byte 3,075 of", "allowed 0 to 99", NULL);
	trial_poke(trial_path("c/train.bin"), RECORD100 + 1, 1);
	trial_poke(trial_path("c/test.bin"), 2 * RECORD100, 20);
	trial_open(hundred, 1);
	trial_refused("kind: cifar100, dir: '%s/c', labels: coarse", E_ENV, "label 20 at byte 6,148 of",
	              "test.bin", NULL);
	trial_cut(trial_path("c/test.bin"), 3 * RECORD100 - 5);
	trial_refused(hundred, E_ENV,
	              "test.bin' ends at byte 9,217, inside record 2, which starts at byte 6,148", NULL);
}
END_TEST

Suite *cifar_suite(void)
{
	Suite *s = suite_create("cifar");
	TCase *tc = tcase_create("cifar");
	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, setup, trial_teardown);
	tcase_add_test(tc, cifar10_reads_what_was_written);
	tcase_add_test(tc, names_from_the_folder);
	tcase_add_test(tc, cifar10_damaged);
	tcase_add_test(tc, cifar100_fine_and_coarse);
	tcase_add_test(tc, cifar100_damaged);
	suite_add_tcase(s, tc);
	return s;
}
