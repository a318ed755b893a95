/* The sheet, and where objects come from. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "data/dataset.h"
#include "report/gradcam_objects.h"
#include "report/gradcam_sheet.h"
#include "tests/report/suites.h"

static const uint8_t grey_picture[] = {0, 10, 200, 255, 0, 90};

static enum status open_boxes(struct objects *o, const char *text)
{
	*o = (struct objects){.kind = OBJECTS_BOXES, .path = scratch_path("boxes"), .n = 9, .C = 1, .H = 2, .W = 3};
	err_clear(&e);
	ck_assert_int_eq(file_put(o->path, text, strlen(text), &e), OK);
	return objects_open(life, o, &e);
}

static void mask_is(const struct objects *o, int index, const uint8_t *pixels, const char *want)
{
	uint8_t mask[6];
	bool known = true;
	err_clear(&e);
	ck_assert_msg(objects_mask(o, index, pixels, mask, &known, &e) == OK, "%s", e.text);
	for (int i = 0; i < 6; i++)
		ck_assert_msg((mask[i] != 0) == (want[i] == '1'), "pixel %d of %s", i, want);
	ck_assert_int_eq(known, strchr(want, '1') != NULL);
}

START_TEST(boxes)
{
	struct objects o;
	ck_assert_int_eq(open_boxes(&o, "# index x0 y0 x1 y1\n\n7 1 0 3 1\n 7\t0 1 1 2 # and this\n3 0 0 3 2"), OK);
	mask_is(&o, 7, grey_picture, "011100");
	mask_is(&o, 3, grey_picture, "111111");
	mask_is(&o, 0, grey_picture, "000000");
}
END_TEST

START_TEST(wrong_boxes)
{
	static const char *const wrong[][2] = {
		{"7 1 0 3 1\n7 1 0 3\n", "boxes:2: a box is five whole numbers"}, {"7 1 0 3 1 5\n", "boxes:1: a box is"}, {"7 1 0 3 x\n", "boxes:1: a box is"},
		{"9 0 0 1 1\n", "no test picture 9, allowed are 0 to 8"}, {"0 0 0 4 1\n", "leaves the picture, which is 3 wide and 2 high"}, {"0 2 0 2 1\n", "is empty"},
		{"0 0 -1 2 1\n", "leaves"},
	};
	struct objects o;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		ck_assert_int_eq(open_boxes(&o, wrong[i][0]), E_USER);
		ck_assert_msg(strstr(e.text, wrong[i][1]) != NULL, "%s", e.text);
	}
}
END_TEST

START_TEST(masks_and_pixels)
{
	static const uint8_t colour[] = {0, 0, 0, 0, 9, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 3};
	struct objects o = {.kind = OBJECTS_MASKS, .path = scratch, .n = 9, .C = 1, .H = 2, .W = 3};
	uint8_t mask[6];
	bool known;
	ck_assert_int_eq(image_write_png(scratch_path("4.png"), grey_picture, 2, 3, 1, &e), OK);
	ck_assert_int_eq(image_write_png(scratch_path("5.png"), grey_picture, 3, 2, 1, &e), OK);
	ck_assert_int_eq(objects_open(life, &o, &e), OK);
	mask_is(&o, 4, grey_picture, "001100");
	mask_is(&o, 6, grey_picture, "000000");
	ck_assert_int_eq(objects_mask(&o, 5, grey_picture, mask, &known, &e), E_USER);
	ck_assert_msg(strstr(e.text, "5.png' is 2 x 3 (wide, high), the pictures are 3 x 2") != NULL, "%s", e.text);
	o.path = scratch_path("nowhere");
	ck_assert_int_eq(objects_open(life, &o, &e), E_USER);
	o = (struct objects){.kind = OBJECTS_NONZERO, .n = 9, .C = 1, .H = 2, .W = 3};
	mask_is(&o, 0, grey_picture, "011101");
	o.C = 3;
	mask_is(&o, 0, colour, "010101");
	o.kind = OBJECTS_NONE;
	mask_is(&o, 0, colour, "000000");
}
END_TEST

/* How many pixels of a sheet are clearly red, clearly blue, or lit by the hot end of the heat. */
struct seen {
	long red, blue, hot, all;
};

static struct seen look(const struct sheet *s)
{
	struct seen n = {0};
	uint8_t *pixels = NULL;
	int H = 0, W = 0;
	ck_assert_msg(sheet_png(s, scratch_path("s.png"), &e) == OK, "%s", e.text);
	ck_assert_int_eq(image_read(scratch_path("s.png"), 3, &pixels, &H, &W, &e), OK);
	for (int y = 0; y < H; y++) /* nothing is cut off: the margin at the right is empty */
		for (int x = W - 8; x < W; x++)
			ck_assert_msg(!memcmp(pixels + 3 * ((long)y * W + x), pixels, 3), "there is something at the edge, %d of %d in row %d", x, W, y);
	n.all = (long)H * W;
	for (long i = 0; i < n.all; i++) {
		const uint8_t *p = pixels + 3 * i;
		n.red += p[0] == 103 && p[1] == 0 && p[2] == 31;
		n.blue += p[0] == 5 && p[1] == 48 && p[2] == 97;
		n.hot += p[0] > 170 && p[1] > 170 && p[2] < 160;
	}
	mem_free(pixels);
	return n;
}

/* 2 x 3 pictures: a cell is 37 times as large, 74 x 111, so a pixel is 37 x 37. Heat: each of the two maps has one largest pixel. Difference b - a: -1 and
   +1 in a pixel each, its colours' ends. */
START_TEST(sheet)
{
	static const double a[] = {1, 0, 0, 0, 0, 0}, b[] = {0, 0, 0, 0, 0, 1}, zero[6];
	const double *maps[] = {a, b}, *first[] = {a, zero}, *lacking[] = {a, NULL}, *equal[] = {b, b};
	static const char *const names[] = {"teach.last", "a student with a name that is far too long for its column"};
	struct sheet_row row = {.pixels = grey_picture, .name = "Dress, a very long name of a class", .note = "picture 3", .map = maps};
	struct sheet s = {.title = "Grad-CAM, layer block1", .note = "bad \xff bytes", .C = 1, .H = 2, .W = 3, .n_column = 2, .column = names, .n_row = 1, .row = &row};
	const long square = 36 * 36; /* the frame takes some */
	struct seen n = look(&s);
	ck_assert_msg(n.red >= square && n.red < 2 * square && n.blue >= square && n.blue < 2 * square, "%ld red, %ld blue", n.red, n.blue);
	ck_assert_msg(n.hot >= 2 * square && n.hot < 3 * square + 2000, "%ld hot", n.hot);
	row.map = first;
	row.note = NULL;
	const struct seen z = look(&s);
	ck_assert(z.red < 200 && z.blue >= square && z.hot < n.hot - square / 2);
	row.map = lacking;
	ck_assert(look(&s).blue < 200);
	row.map = equal;
	ck_assert(look(&s).red < 200);
	s.n_column = 1;
	ck_assert_int_gt(look(&s).hot, square);
	ck_assert_int_eq(sheet_png(&s, "/nowhere/s.png", &e), E_ENV);
}
END_TEST

Suite *gradcam_sheet_suite(void)
{
	Suite *s = suite_create("gradcam sheet");
	TCase *tc = life_case(s, "gradcam sheet");
	tcase_add_test(tc, boxes);
	tcase_add_test(tc, wrong_boxes);
	tcase_add_test(tc, masks_and_pixels);
	tcase_add_test(tc, sheet);
	return s;
}
