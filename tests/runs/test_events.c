#include "runs/events.h"

#include <math.h>
#include <stdlib.h>

#include "base/file.h"
#include "runs/record_file.h"
#include "tests/runs/suites.h"

/* ---- sums and framing ---- */

/* RFC 3720, B.4; and the check value of the catalogue of CRCs. */
START_TEST(sums_are_those_of_the_standard)
{
	uint8_t bytes[32];
	memset(bytes, 0, sizeof bytes);
	ck_assert_uint_eq(crc32c(bytes, 32), 0x8A9136AA);
	memset(bytes, 0xFF, sizeof bytes);
	ck_assert_uint_eq(crc32c(bytes, 32), 0x62A8AB43);
	for (int i = 0; i < 32; i++)
		bytes[i] = (uint8_t)i;
	ck_assert_uint_eq(crc32c(bytes, 32), 0x46DD794E);
	for (int i = 0; i < 32; i++)
		bytes[i] = (uint8_t)(31 - i);
	ck_assert_uint_eq(crc32c(bytes, 32), 0x113FDB5C);
	ck_assert_uint_eq(crc32c("123456789", 9), 0xE3069283);
	ck_assert_uint_eq(crc32c("", 0), 0);
}
END_TEST

/* TensorFlow's files begin with these bytes: a record of 24, time, then "brain.Event:2". */
START_TEST(a_record_is_framed_as_tensorflow_does)
{
	static const uint8_t head[] = {0x18, 0, 0, 0, 0, 0, 0, 0, 0xA3, 0x7F, 0x4B, 0x22};
	struct events *ev = NULL;
	size_t n;
	ck_ok(events_open(scratch, NULL, 0, &ev, &e));
	ck_ok(events_close(ev, &e));
	const char *file = content(events_path(life, scratch), &n);
	ck_assert_uint_eq(n, 40);
	ck_assert_mem_eq(file, head, sizeof head);
	ck_assert_int_eq(file[12], 0x09); /* field 1, a double */
	ck_assert_mem_eq(file + 21, "\x1A\x0D" "brain.Event:2", 15);
}
END_TEST

START_TEST(a_damaged_record_is_none)
{
	char *file = NULL;
	size_t size = 0, at = 0, n;
	const uint8_t *data;
	FILE *f = open_memstream(&file, &size);
	record_write(f, "first", 5);
	record_write(f, "", 0);
	record_write(f, "third", 5);
	fclose(f);
	ck_assert_uint_eq(size, 3 * 16 + 10);
	ck_assert(record_read((uint8_t *)file, size, &at, &data, &n) && n == 5 && !memcmp(data, "first", 5));
	ck_assert(record_read((uint8_t *)file, size, &at, &data, &n) && n == 0);
	ck_assert(record_read((uint8_t *)file, size, &at, &data, &n) && n == 5 && !memcmp(data, "third", 5));
	ck_assert(!record_read((uint8_t *)file, size, &at, &data, &n));
	for (size_t i = 0; i < 21; i++) { /* every bit of the first one matters, and every byte has to be there */
		for (int bit = 0; bit < 8; bit++) {
			file[i] ^= (char)(1 << bit);
			at = 0;
			ck_assert(!record_read((uint8_t *)file, size, &at, &data, &n));
			ck_assert_uint_eq(at, 0);
			file[i] ^= (char)(1 << bit);
		}
		at = 0;
		ck_assert(!record_read((uint8_t *)file, i, &at, &data, &n));
	}
	free(file);
}
END_TEST

/* ---- rows ---- */

static const struct metric_row rows[] = {
	{.stage = "teach", .name = "loss", .epoch = 1, .step = 5, .value = 2.25}, {.stage = "teach", .name = "lr", .epoch = 1, .step = 5, .value = 0.1},
	{.stage = "kd", .name = "loss", .epoch = 1, .step = 5, .value = -1.5}, {.stage = "teach", .name = "loss", .epoch = 2, .step = 10, .value = 1e300},
	{.stage = "teach", .name = "loss/kd", .epoch = 2, .step = 10, .value = 0}, {.stage = "kd", .name = "loss", .epoch = 2, .step = 5000000000, .value = 0.3},
};
enum { ROWS = sizeof rows / sizeof *rows };

/* The file that holds rows[0..n), written one by one; its path. */
static const char *written(int n)
{
	struct events *ev = NULL;
	ck_ok(events_open(scratch, NULL, 0, &ev, &e));
	for (int i = 0; i < n; i++)
		events_scalar(ev, rows[i].stage, rows[i].name, rows[i].step, rows[i].value);
	ck_ok(events_flush(ev, &e));
	ck_ok(events_close(ev, &e));
	return events_path(life, scratch);
}

static void match(const struct metric_row *r, int n)
{
	struct events *ev = NULL;
	ck_ok(events_open(scratch, r, n, &ev, &e));
	ck_ok(events_close(ev, &e));
}

static struct event *holds(const char *path, const struct metric_row *r, int n)
{
	struct event *x;
	int m;
	ck_ok(events_read(life, path, &x, &m, &e));
	ck_assert_int_eq(m, n);
	for (int i = 0; i < n; i++) {
		ck_assert_str_eq(x[i].tag, arena_printf(life, "%s/%s", r[i].stage, r[i].name));
		ck_assert_int_eq(x[i].step, r[i].step);
		ck_assert_msg(x[i].value == (float)r[i].value, "%d: %a", i, (double)x[i].value);
		ck_assert(x[i].time > 1.7e9);
	}
	return x;
}

START_TEST(rows_come_back)
{
	const char *path = written(ROWS);
	ck_assert_ptr_nonnull(strstr(path, "/events.out.tfevents."));
	holds(path, rows, ROWS);
	match(rows, ROWS);
	ck_assert_int_eq(entries(), 1);
	holds(path, rows, ROWS);
}
END_TEST

START_TEST(late_rows_are_taken_back_in_place)
{
	size_t n, m;
	const char *path = written(ROWS), *before = content(path, &n);
	const struct event *x = holds(path, rows, ROWS);
	match(rows, 3);
	holds(path, rows, 3);
	const char *after = content(path, &m);
	ck_assert_uint_eq(m, x[2].end);
	ck_assert_mem_eq(before, after, m);
	match(rows, 0);
	holds(path, rows, 0);
}
END_TEST

START_TEST(what_stays_keeps_its_time)
{
	static const int kept[] = {1, 2, 5};
	struct metric_row some[3];
	const char *path = written(ROWS);
	const struct event *before = holds(path, rows, ROWS);
	for (int i = 0; i < 3; i++)
		some[i] = rows[kept[i]];
	match(some, 3);
	const struct event *after = holds(path, some, 3);
	for (int i = 0; i < 3; i++)
		ck_assert(after[i].time == before[kept[i]].time);
}
END_TEST

/* At every length: what is read is the beginning, and after the next opening the file is whole. */
START_TEST(a_file_that_was_cut_is_made_whole)
{
	size_t n;
	const char *path = written(ROWS), *whole = content(path, &n);
	const struct event *x = holds(path, rows, ROWS);
	for (size_t cut = 0; cut < n; cut++) {
		struct event *y;
		int m, want = 0;
		FILE *f = fopen(path, "w");
		ck_assert_uint_eq(fwrite(whole, 1, cut, f), cut);
		fclose(f);
		ck_ok(events_read(life, path, &y, &m, &e));
		while (want < ROWS && x[want].end <= cut)
			want++;
		ck_assert_int_eq(m, want);
		match(rows, ROWS);
		holds(path, rows, ROWS);
	}
}
END_TEST

START_TEST(a_damaged_place_is_written_again)
{
	size_t n;
	const char *path = written(ROWS), *whole = content(path, &n);
	char *bytes = memcpy(arena_alloc(life, n), whole, n);
	for (size_t i = 0; i < n; i += 7) {
		bytes[i] ^= 0x10;
		FILE *f = fopen(path, "w");
		ck_assert_uint_eq(fwrite(bytes, 1, n, f), n);
		fclose(f);
		bytes[i] ^= 0x10;
		match(rows, ROWS);
		holds(path, rows, ROWS);
	}
}
END_TEST

START_TEST(a_full_disk_is_told)
{
	struct events *ev = NULL;
	ck_ok(events_open(scratch, NULL, 0, &ev, &e));
	disk_full_at(64);
	for (int i = 0; i < ROWS; i++)
		events_scalar(ev, rows[i].stage, rows[i].name, rows[i].step, rows[i].value);
	const enum status st = events_flush(ev, &e);
	events_close(ev, NULL);
	disk_full_at(RLIM_INFINITY);
	ck_assert_int_eq(st, E_ENV);
	ck_assert_ptr_nonnull(strstr(e.text, "events.out.tfevents."));
}
END_TEST

/* ---- metrics.csv ---- */

START_TEST(rows_of_metrics_are_read)
{
	static const char text[] = METRICS_HEAD "teach,,1,5,loss,0.1\nkd,anchor 1/2 block 2/3,3,70,loss/kd,nan\n\nkd,,1,5,loss\nkd,,-1,5,loss,1\nkd,,1,5,,1\n"
		"kd,,1,5,loss,1x\nkd,,1,5,loss,1,2\nteach,end,2,10,images,1200\nteach,,2,1";
	struct metric_row *r;
	int n, bad;
	ck_ok(metrics_read(life, scratch_file("metrics.csv", text, sizeof text - 1), &r, &n, &bad, &e));
	ck_assert_int_eq(n, 3);
	ck_assert_int_eq(bad, 7);
	ck_assert_str_eq(r[1].stage, "kd");
	ck_assert_str_eq(r[1].lesson, "anchor 1/2 block 2/3");
	ck_assert_str_eq(r[1].name, "loss/kd");
	ck_assert(r[1].epoch == 3 && r[1].step == 70 && isnan(r[1].value) && r[0].value == 0.1 && r[2].value == 1200);
	ck_assert_str_eq(r[2].lesson, "end");
	ck_ok(metrics_read(life, scratch_path("nowhere"), &r, &n, &bad, &e));
	ck_assert(n == 0 && bad == 0);
}
END_TEST

Suite *events_suite(void)
{
	Suite *s = suite_create("events");
	TCase *tc = life_case(s, "events");
	tcase_add_test(tc, sums_are_those_of_the_standard);
	tcase_add_test(tc, a_record_is_framed_as_tensorflow_does);
	tcase_add_test(tc, a_damaged_record_is_none);
	tcase_add_test(tc, rows_come_back);
	tcase_add_test(tc, late_rows_are_taken_back_in_place);
	tcase_add_test(tc, what_stays_keeps_its_time);
	tcase_add_test(tc, a_file_that_was_cut_is_made_whole);
	tcase_add_test(tc, a_damaged_place_is_written_again);
	tcase_add_test(tc, a_full_disk_is_told);
	tcase_add_test(tc, rows_of_metrics_are_read);
	return s;
}
