#include "base/str.h"

#include <math.h>

#include "base/utf8.h"
#include "tests/base/suites.h"

START_TEST(text_grows)
{
	struct str s = {0};
	ck_assert_str_eq(str_text(&s), "");
	for (int i = 0; i < 1000; i++) {
		str_printf(&s, "%03d", i);
		str_add(&s, ",");
		str_addn(&s, "abc", 1);
	}
	ck_assert_uint_eq(s.len, 5000);
	ck_assert_int_eq(strncmp(s.text + 4990, "998,a999,a", 10), 0);
	str_release(&s);
	ck_assert_ptr_null(s.text);
}
END_TEST

START_TEST(comparing)
{
	ck_assert(str_eq("a", "a") && str_eq(NULL, NULL));
	ck_assert(!str_eq("a", "b") && !str_eq("a", NULL) && !str_eq(NULL, "a"));
	ck_assert(str_starts("--set a", "--set") && !str_starts("--se", "--set"));
	ck_assert(str_ends("a.gz", ".gz") && !str_ends("gz", ".gz"));
}
END_TEST

START_TEST(the_nearest_word)
{
	static const char *const words[] = {"tau", "weight", "batch_size", "epochs", "p", "learning_rate"};
	const int n = 6;
	ck_assert_str_eq(str_nearest("tua", words, n), "tau");
	ck_assert_str_eq(str_nearest("wieght", words, n), "weight");
	ck_assert_str_eq(str_nearest("Epochs", words, n), "epochs");
	ck_assert_str_eq(str_nearest("batch-size", words, n), "batch_size");
	ck_assert_str_eq(str_nearest("batchsize", words, n), "batch_size");
	ck_assert_str_eq(str_nearest("learning", words, n), "learning_rate");
	ck_assert_ptr_null(str_nearest("q", words, n));
	ck_assert_ptr_null(str_nearest("momentum", words, n));
	static const char *const options[] = {"on", "form", "quiet", "budget"};
	ck_assert_ptr_null(str_nearest("foo", options, 4)); /* two of its three letters are others */
	ck_assert_ptr_null(str_nearest("bugdet", options, 3));
	ck_assert_str_eq(str_nearest("bugdet", options, 4), "budget");
	ck_assert_str_eq(str_nearest("quiett", options, 4), "quiet");
	ck_assert_ptr_null(str_nearest("", words, n));
	ck_assert_ptr_null(str_nearest("tau", NULL, 0));
	char big[300];
	memset(big, 'a', sizeof big - 1);
	big[sizeof big - 1] = 0;
	ck_assert_ptr_null(str_nearest(big, words, n));
}
END_TEST

START_TEST(numbers_for_people)
{
	char b[32];
	ck_assert_str_eq(str_count(b, 0), "0");
	ck_assert_str_eq(str_count(b, 999), "999");
	ck_assert_str_eq(str_count(b, 1233540), "1,233,540");
	ck_assert_str_eq(str_count(b, -1000), "-1,000");
	ck_assert_str_eq(str_count(b, -9223372036854775807LL - 1), "-9,223,372,036,854,775,808");
	ck_assert_str_eq(str_bytes(b, 512), "512 B");
	ck_assert_str_eq(str_bytes(b, 12897485), "12.3 MiB");
	ck_assert_str_eq(str_bytes(b, 310u << 20), "310 MiB");
	ck_assert_str_eq(str_bytes(b, (1u << 20) - 1), "1.0 MiB");
	ck_assert_str_eq(str_seconds(b, 0.0123), "12 ms");
	ck_assert_str_eq(str_seconds(b, 3.24), "3.2 s");
	ck_assert_str_eq(str_seconds(b, 42), "42 s");
	ck_assert_str_eq(str_seconds(b, 59.7), "1 min 00 s");
	ck_assert_str_eq(str_seconds(b, 130), "2 min 10 s");
	ck_assert_str_eq(str_seconds(b, 3720), "1 h 02 min");
	ck_assert_str_eq(str_seconds(b, 2 * 86400 + 3 * 3600), "2 d 03 h");
	ck_assert_str_eq(str_seconds(b, NAN), "?");
	ck_assert_str_eq(str_seconds(b, -1), "?");
	ck_assert_str_eq(str_seconds(b, INFINITY), "?");
}
END_TEST

static int first(const char *s, int *length)
{
	const char *p = s;
	const int code = utf8_next(&p);
	*length = (int)(p - s);
	return code;
}

START_TEST(utf8)
{
	static const struct {
		const char *text;
		int code, length;
	} rows[] = {
		{"a", 'a', 1},
		{"\xC3\xA4", 0xE4, 2},
		{"\xE2\x82\xAC", 0x20AC, 3},
		{"\xF0\x9F\x98\x80", 0x1F600, 4},
		{"\xC0\x80", -1, 1},         /* longer than needed */
		{"\xE0\x80\xAF", -1, 1},
		{"\xED\xA0\x80", -1, 1},     /* a surrogate */
		{"\xF4\x90\x80\x80", -1, 1}, /* above U+10FFFF */
		{"\xE2\x82", -1, 1},         /* cut off */
		{"\x80", -1, 1},
		{"\xFF", -1, 1},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int length;
		ck_assert_int_eq(first(rows[i].text, &length), rows[i].code);
		ck_assert_int_eq(length, rows[i].length);
	}
}
END_TEST

Suite *str_suite(void)
{
	Suite *s = suite_create("str");
	TCase *tc = life_case(s, "str");
	tcase_add_test(tc, text_grows);
	tcase_add_test(tc, comparing);
	tcase_add_test(tc, the_nearest_word);
	tcase_add_test(tc, numbers_for_people);
	tcase_add_test(tc, utf8);
	return s;
}
