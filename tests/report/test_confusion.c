#include <string.h>

#include "data/dataset.h"
#include "report/confusion.h"
#include "tests/report/suites.h"

static const char *const names[] = {"T-shirt/top", "dress, long", "a \"coat\""};
static const long counts[] = {8, 1, 1, 0, 0, 0, 2, 3, 5};

static struct confusion small(void)
{
	return (struct confusion){.classes = 3, .count = counts, .name = names,
	                          .title = "kd.last on 20 test pictures"};
}

START_TEST(csv_quotes_what_needs_it)
{
	const struct confusion c = small();
	size_t n = 0;
	ck_assert_int_eq(confusion_csv(&c, scratch_path("c.csv"), &e), OK);
	ck_assert_str_eq(content(scratch_path("c.csv"), &n),
	                 "label \\ answer,T-shirt/top,\"dress, long\",\"a \"\"coat\"\"\"\n"
	                                                     "T-shirt/top,8,1,1\n"
	                                                     "\"dress, long\",0,0,0\n"
	                                                     "\"a \"\"coat\"\"\",2,3,5\n");
}
END_TEST

START_TEST(csv_says_what_it_could_not_write)
{
	const struct confusion c = small();
	ck_assert_int_eq(confusion_csv(&c, "/nowhere/c.csv", &e), E_ENV);
	ck_assert_ptr_nonnull(strstr(e.text, "/nowhere/c.csv"));
	err_clear(&e);
	ck_assert_int_eq(confusion_png(&c, "/nowhere/c.png", &e), E_ENV);
	ck_assert_ptr_nonnull(strstr(e.text, "/nowhere/c.png"));
}
END_TEST

/* The picture is a PNG that our own reader takes, light, with something drawn. */
static void check_picture(const struct confusion *c, int least)
{
	uint8_t *pixels = NULL;
	int H = 0, W = 0;
	const char *path = scratch_path("c.png");
	size_t n = 0;
	ck_assert_int_eq(confusion_png(c, path, &e), OK);
	ck_assert_int_eq(memcmp(content(path, &n), "\x89PNG\r\n\x1a\n", 8), 0);
	ck_assert_int_eq(image_read(path, 3, &pixels, &H, &W, &e), OK);
	ck_assert_int_ge(H, least);
	ck_assert_int_ge(W, least);
	ck_assert_int_le(W, 2600);
	long light = 0, other = 0;
	for (long i = 0; i < (long)H * W; i++) {
		const uint8_t *p = pixels + 3 * i;
		light += p[0] > 200 && p[1] > 200 && p[2] > 200;
		other += p[0] < 128;
	}
	ck_assert_int_eq(pixels[0], 255);
	ck_assert_int_gt(light, (long)H * W / 2);
	ck_assert_int_gt(other, 0);
	mem_free(pixels);
}

START_TEST(picture_of_three_classes)
{
	const struct confusion c = small();
	check_picture(&c, 3 * 40);
}
END_TEST

START_TEST(picture_with_odd_names)
{
	static const char *const odd[] = {"", "caf\xc3\xa9 \xe2\x98\x95",
	                                  "bad \xff\xc3 bytes and a name that is far too long to be drawn whole"};
	struct confusion c = small();
	c.name = odd;
	check_picture(&c, 3 * 40);
}
END_TEST

START_TEST(picture_of_many_classes)
{
	const int K = _i;
	long *count = NEW_ARRAY(life, long, (size_t)K * (size_t)K);
	const char **name = NEW_ARRAY(life, const char *, K);
	for (int k = 0; k < K; k++) {
		name[k] = arena_printf(life, "class_%d", k);
		count[(size_t)k * (size_t)K + (size_t)k] = 90;
		count[(size_t)k * (size_t)K + (size_t)((k + 7) % K)] += 10;
	}
	const struct confusion c = {.classes = K, .count = count, .name = name, .title = "many"};
	check_picture(&c, K < 40 ? K * 40 : K);
}
END_TEST

Suite *confusion_suite(void)
{
	Suite *s = suite_create("confusion");
	TCase *tc = life_case(s, "confusion");
	tcase_add_test(tc, csv_quotes_what_needs_it);
	tcase_add_test(tc, csv_says_what_it_could_not_write);
	tcase_add_test(tc, picture_of_three_classes);
	tcase_add_test(tc, picture_with_odd_names);
	TCase *many = life_case(s, "many classes");
	tcase_add_loop_test(many, picture_of_many_classes, 20, 22);
	tcase_add_loop_test(many, picture_of_many_classes, 100, 101);
	tcase_add_loop_test(many, picture_of_many_classes, 1000, 1001);
	return s;
}
