#include "tests/data/trial.h"

#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "tests/data/encode.h"

enum { GREY = 0, RGB = 2, PALETTE = 3, GREY_ALPHA = 4, RGBA = 6 }; /* PNG's colour types */

static int grey(int r, int g, int b)
{
	return (19595 * r + 38470 * g + 7471 * b + 32768) >> 16;
}

/* Reads path, compares its size and pixels with those wanted, at a tolerance. */
static void expect(const char *path, int C, int H, int W, const uint8_t *want, int tolerance)
{
	uint8_t *pixels;
	int h, w;
	const enum status st = image_read(path, C, &pixels, &h, &w, &trial_err);
	ck_assert_msg(st == OK, "%s", trial_err.text);
	ck_assert_int_eq(h, H);
	ck_assert_int_eq(w, W);
	for (int i = 0; i < H * W * C; i++)
		ck_assert_msg(abs(pixels[i] - want[i]) <= tolerance, "byte %d: %d instead of %d", i, pixels[i],
		              want[i]);
	mem_free(pixels);
}

static void refuse(const char *path, const char *text)
{
	uint8_t *pixels;
	int H, W;
	const enum status st = image_read(path, 3, &pixels, &H, &W, &trial_err);
	ck_assert_ptr_null(pixels);
	trial_message(st, E_ENV, path, text, NULL);
}

START_TEST(png_rgb_and_grey)
{
	static const uint8_t rgb[] = {255, 0, 0, 0, 255, 0, 0, 0, 255, 10, 20, 30, 200, 100, 50, 7, 7, 7};
	static const uint8_t g[] = {0, 128, 255, 1, 2, 3};
	const char *path = trial_path("a.png");
	uint8_t want[18];
	encode_png(path,
	           &(struct png_spec){.W = 3, .H = 2, .depth = 8, .type = RGB, .rows = rgb, .row_bytes = 9});
	expect(path, 3, 2, 3, rgb, 0);
	for (int i = 0; i < 6; i++)
		want[i] = (uint8_t)grey(rgb[3 * i], rgb[3 * i + 1], rgb[3 * i + 2]);
	expect(path, 1, 2, 3, want, 0);
	encode_png(path, &(struct png_spec){.W = 3, .H = 2, .depth = 8, .type = GREY, .rows = g, .row_bytes = 3});
	expect(path, 1, 2, 3, g, 0);
	for (int i = 0; i < 18; i++)
		want[i] = g[i / 3];
	expect(path, 3, 2, 3, want, 0);
}
END_TEST

START_TEST(png_depths)
{
	static const uint8_t wide[] = {0xFF, 0xFF, 0x80, 0x00,
	                               0x00, 0xFF, 0x12, 0x34}; /* 16 bit: scaled, rounded */
	static const uint8_t wide_want[] = {255, 128, 1, 18};
	static const uint8_t bits[] = {0xA0}, bits_want[] = {255, 0, 255};
	static const uint8_t two[] = {0x1B}, two_want[] = {0, 85, 170, 255};
	const char *path = trial_path("a.png");
	encode_png(path,
	           &(struct png_spec){.W = 4, .H = 1, .depth = 16, .type = GREY, .rows = wide, .row_bytes = 8});
	expect(path, 1, 1, 4, wide_want, 0);
	encode_png(path,
	           &(struct png_spec){.W = 3, .H = 1, .depth = 1, .type = GREY, .rows = bits, .row_bytes = 1});
	expect(path, 1, 1, 3, bits_want, 0);
	encode_png(path,
	           &(struct png_spec){.W = 4, .H = 1, .depth = 2, .type = GREY, .rows = two, .row_bytes = 1});
	expect(path, 1, 1, 4, two_want, 0);
}
END_TEST

START_TEST(png_palette_and_alpha)
{
	static const uint8_t colours[] = {200, 100, 50, 1, 2, 3}, index[] = {0, 1, 1, 0};
	static const uint8_t solid[] = {200, 100, 50, 1, 2, 3, 1, 2, 3, 200, 100, 50};
	static const uint8_t half[] = {100, 50, 25, 1, 2, 3, 1, 2, 3, 100, 50, 25};
	static const uint8_t rgba[] = {200, 100, 50, 128, 9, 9, 9, 0}, rgba_want[] = {100, 50, 25, 0, 0, 0};
	static const uint8_t ga[] = {255, 255, 255, 51}, ga_want[] = {255, 51};
	const char *path = trial_path("a.png");
	struct png_spec s = {.W = 2,
	                     .H = 2,
	                     .depth = 8,
	                     .type = PALETTE,
	                     .rows = index,
	                     .row_bytes = 2,
	                     .palette = colours,
	                     .n_palette = 2,
	                     .clear = -1};
	encode_png(path, &s);
	expect(path, 3, 2, 2, solid, 0);
	s.clear = 128;
	encode_png(path, &s);
	expect(path, 3, 2, 2, half, 0);
	encode_png(path,
	           &(struct png_spec){.W = 2, .H = 1, .depth = 8, .type = RGBA, .rows = rgba, .row_bytes = 8});
	expect(path, 3, 1, 2, rgba_want, 0);
	encode_png(path, &(struct png_spec){
						 .W = 2, .H = 1, .depth = 8, .type = GREY_ALPHA, .rows = ga, .row_bytes = 4});
	expect(path, 1, 1, 2, ga_want, 0);
}
END_TEST

START_TEST(png_interlaced_and_our_writer)
{
	uint8_t pixels[13 * 11 * 3];
	struct rng r = rng_stream(5, (struct rng_name){.purpose = "test"});
	for (size_t i = 0; i < sizeof pixels; i++)
		pixels[i] = (uint8_t)rng_u32(&r);
	const char *path = trial_path("a.png");
	encode_png(
		path,
		&(struct png_spec){
			.W = 13, .H = 11, .depth = 8, .type = RGB, .rows = pixels, .row_bytes = 39, .interlaced = true});
	expect(path, 3, 11, 13, pixels, 0);
	ck_assert_int_eq(image_write_png(path, pixels, 11, 13, 3, &trial_err), OK);
	expect(path, 3, 11, 13, pixels, 0);
	ck_assert_int_eq(image_write_png(path, pixels, 33, 13, 1, &trial_err), OK);
	expect(path, 1, 33, 13, pixels, 0);
	trial_message(image_write_png(trial_path("none/a.png"), pixels, 11, 13, 3, &trial_err), E_ENV,
	              "none/a.png", NULL);
}
END_TEST

/* A smooth picture, so that JPEG at quality 100 gives it back but for rounding. */
static void smooth(uint8_t *p, int W, int H, int channels)
{
	for (int y = 0; y < H; y++)
		for (int x = 0; x < W; x++)
			for (int c = 0; c < channels; c++)
				*p++ = (uint8_t)(40 + 6 * x + 3 * y + 20 * c);
}

START_TEST(jpeg_rgb_and_grey)
{
	uint8_t rgb[20 * 9 * 3], g[20 * 9], want[20 * 9 * 3];
	const char *path = trial_path("named_wrongly.png");
	smooth(rgb, 20, 9, 3);
	encode_jpeg(path, rgb, 20, 9, 3, false, false);
	expect(path, 3, 9, 20, rgb, 3);
	for (int i = 0; i < 180; i++)
		want[i] = (uint8_t)grey(rgb[3 * i], rgb[3 * i + 1], rgb[3 * i + 2]);
	expect(path, 1, 9, 20, want, 3);
	smooth(g, 20, 9, 1);
	encode_jpeg(path, g, 20, 9, 1, false, false);
	expect(path, 1, 9, 20, g, 2);
	for (int i = 0; i < 540; i++)
		want[i] = g[i / 3];
	expect(path, 3, 9, 20, want, 2);
}
END_TEST

START_TEST(jpeg_cmyk)
{
	uint8_t ink[16 * 8 * 4], want[16 * 8 * 3], want_grey[16 * 8], inverted[16 * 8 * 4];
	const char *path = trial_path("a.jpg");
	smooth(ink, 16, 8, 4);
	for (int i = 0; i < 16 * 8; i++) {
		for (int c = 0; c < 3; c++)
			want[3 * i + c] = (uint8_t)((255 - ink[4 * i + c]) * (255 - ink[4 * i + 3]) / 255);
		want_grey[i] = (uint8_t)grey(want[3 * i], want[3 * i + 1], want[3 * i + 2]);
		for (int c = 0; c < 4; c++)
			inverted[4 * i + c] = (uint8_t)(255 - ink[4 * i + c]);
	}
	encode_jpeg(path, ink, 16, 8, 4, false, false);
	expect(path, 3, 8, 16, want, 4);
	expect(path, 1, 8, 16, want_grey, 4);
	encode_jpeg(path, inverted, 16, 8, 4, false, true);
	expect(path, 3, 8, 16, want, 4);
	encode_jpeg(path, inverted, 16, 8, 4, true, true);
	expect(path, 3, 8, 16, want, 5);
}
END_TEST

/* Every shorter file is an error, with its offset. */
static void cut_everywhere(const char *path, size_t step)
{
	char *data;
	size_t size;
	uint8_t *pixels;
	int H, W;
	ck_assert_int_eq(file_read(trial_arena, path, false, &data, &size, NULL), OK);
	for (size_t n = 0; n < size; n += n + step < size || n == size - 1 ? step : 1) {
		trial_write(path, data, n);
		const enum status st = image_read(path, 3, &pixels, &H, &W, &trial_err);
		ck_assert_msg(st == E_ENV, "%zu of %zu bytes: status %d", n, size, st);
		trial_message(st, E_ENV, path, "byte", NULL);
	}
	trial_write(path, data, size - 1);
	ck_assert_int_eq(image_read(path, 3, &pixels, &H, &W, &trial_err), E_ENV);
	err_clear(&trial_err);
	trial_write(path, data, size);
	ck_assert_int_eq(image_read(path, 3, &pixels, &H, &W, &trial_err), OK);
	mem_free(pixels);
}

START_TEST(truncated)
{
	uint8_t pixels[20 * 30 * 4];
	smooth(pixels, 20, 30, 4);
	encode_jpeg(trial_path("a.jpg"), pixels, 20, 30, 3, false, false);
	cut_everywhere(trial_path("a.jpg"), 3);
	encode_jpeg(trial_path("k.jpg"), pixels, 20, 30, 4, true, true);
	cut_everywhere(trial_path("k.jpg"), 7);
	encode_png(
		trial_path("a.png"),
		&(struct png_spec){.W = 20, .H = 30, .depth = 8, .type = RGB, .rows = pixels, .row_bytes = 60});
	cut_everywhere(trial_path("a.png"), 1);
}
END_TEST

START_TEST(damaged)
{
	uint8_t pixels[20 * 30 * 3];
	char *data;
	size_t size;
	smooth(pixels, 20, 30, 3);
	const char *png = trial_path("a.png"), *jpeg = trial_path("a.jpg");
	encode_png(
		png, &(struct png_spec){.W = 20, .H = 30, .depth = 8, .type = RGB, .rows = pixels, .row_bytes = 60});
	trial_poke(png, 60, 0xFF);
	refuse(png, "PNG damaged at byte");
	trial_write(trial_path("empty.png"), "", 0);
	refuse(trial_path("empty.png"), "is empty");
	trial_write(trial_path("text.jpg"), "hello, world", 12);
	refuse(trial_path("text.jpg"), "starts with 68 65 6c 6c 6f 2c 20 77 at byte 0");
	refuse(trial_path("none.jpg"), "No such file");
	encode_jpeg(jpeg, pixels, 20, 30, 3, false, false);
	ck_assert_int_eq(file_read(trial_arena, jpeg, false, &data, &size, NULL), OK);
	trial_poke(jpeg, size - 60, 0xFF); /* a marker in the middle of the data */
	trial_poke(jpeg, size - 59, 0xD9);
	refuse(jpeg, "JPEG damaged at byte");
}
END_TEST

START_TEST(huge)
{
	uint8_t pixels[20 * 30 * 3];
	smooth(pixels, 20, 30, 3);
	const char *png = trial_path("a.png"), *jpeg = trial_path("a.jpg");
	static uint8_t row[16385];
	encode_png(png, &(struct png_spec){
						.W = 16385, .H = 1, .depth = 8, .type = GREY, .rows = row, .row_bytes = 16385});
	refuse(png, "16385 x 1 pixels, allowed are 1 to 16384");
	encode_jpeg(jpeg, row, 16385, 1, 1, false, false);
	refuse(jpeg, "16385 x 1 pixels, allowed are 1 to 16384");
	/* 2000 bytes a row packed as tightly as can be: whole it is read, cut it would take memory for nothing */
	uint8_t *big;
	int H, W;
	encode_png(png, &(struct png_spec){.W = 16000, .H = 1000, .depth = 1, .type = GREY, .rows = row});
	ck_assert_int_eq(image_read(png, 1, &big, &H, &W, &trial_err), OK);
	ck_assert_int_eq(H, 1000);
	mem_free(big);
	trial_cut(png, 1000);
	refuse(png, "says that it has 16000 x 1000 pixels, which its 1000 bytes cannot hold");
}
END_TEST

START_TEST(fit_shrinks_by_area)
{
	/* 4 x 4 to 2 x 2: means of quarters; 2 x 6 to 2 x 2: the middle columns, unchanged */
	static const uint8_t a[16] = {0, 4, 10, 10, 8, 12, 10, 14, 100, 100, 0, 0, 100, 100, 255, 255};
	static const uint8_t b[12] = {1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16};
	uint8_t out[4];
	image_fit(a, 4, 4, 1, out, 2, 2);
	ck_assert_int_eq(out[0], 6);
	ck_assert_int_eq(out[1], 11);
	ck_assert_int_eq(out[2], 100);
	ck_assert_int_eq(out[3], 128);
	image_fit(b, 2, 6, 1, out, 2, 2);
	ck_assert_int_eq(out[0], 3);
	ck_assert_int_eq(out[1], 4);
	ck_assert_int_eq(out[2], 13);
	ck_assert_int_eq(out[3], 14);
	/* the same picture lying the other way */
	static const uint8_t tall[12] = {1, 11, 2, 12, 3, 13, 4, 14, 5, 15, 6, 16};
	image_fit(tall, 6, 2, 1, out, 2, 2);
	ck_assert_int_eq(out[0], 3);
	ck_assert_int_eq(out[1], 13);
	ck_assert_int_eq(out[2], 4);
	ck_assert_int_eq(out[3], 14);
	/* 3 to 2: the middle pixel is shared by halves */
	static const uint8_t c[9] = {0, 90, 180, 0, 90, 180, 0, 90, 180};
	image_fit(c, 3, 3, 1, out, 2, 2);
	ck_assert_int_eq(out[0], 30);
	ck_assert_int_eq(out[1], 150);
}
END_TEST

/* The overlap of [a,b] with pixel x. */
static double overlap(double a, double b, int x)
{
	const double from = a > x ? a : x, to = b < x + 1 ? b : x + 1;
	return to > from ? to - from : 0;
}

/* Means over the area by its formula, at sizes that divide and that don't. Rounding may differ where a mean is nearly a half. */
START_TEST(fit_is_the_mean_over_the_area)
{
	static const int sizes[][4] = {{24, 24, 8, 8}, {23, 31, 7, 5}, {40, 21, 9, 9}, {17, 64, 16, 3}, {9, 9, 8, 8}};
	static uint8_t in[64 * 64 * 4], out[16 * 16 * 4];
	struct rng r = rng_stream(7, (struct rng_name){.purpose = "test"});
	for (size_t i = 0; i < sizeof in; i++)
		in[i] = (uint8_t)rng_u32(&r);
	for (int k = 0; k < 5 * 4; k++) {
		const int *s = sizes[k / 4], H = s[0], W = s[1], H2 = s[2], W2 = s[3], C = k % 4 + 1;
		const double inv = H * W2 < W * H2 ? (double)H / H2 : (double)W / W2, top = (H - H2 * inv) / 2, left = (W - W2 * inv) / 2;
		image_fit(in, H, W, C, out, H2, W2);
		for (int i = 0; i < H2 * W2 * C; i++) {
			const int y2 = i / C / W2, x2 = i / C % W2;
			double sum = 0;
			for (int y = 0; y < H; y++)
				for (int x = 0; x < W; x++)
					sum += overlap(top + y2 * inv, top + (y2 + 1) * inv, y) * overlap(left + x2 * inv, left + (x2 + 1) * inv, x)
					       * in[(y * W + x) * C + i % C];
			const double mean = sum / (inv * inv);
			ck_assert_msg(mean - out[i] <= 0.5 + 1e-9 && out[i] - mean <= 0.5 + 1e-9, "%dx%d to %dx%d, byte %d: %d, mean %.9f", W, H, W2, H2, i,
			              out[i], mean);
		}
	}
}
END_TEST

/* A smooth picture, so that what a smaller transform leaves out is little. */
static void slopes(uint8_t *pixels, int H, int W)
{
	for (int y = 0; y < H; y++)
		for (int x = 0; x < W; x++, pixels += 3) {
			pixels[0] = (uint8_t)(x * 255 / W);
			pixels[1] = (uint8_t)(y * 255 / H);
			pixels[2] = (uint8_t)((x + y) * 255 / (H + W));
		}
}

/* Eighths of 100 x 60, rounded up: 13 x 8, 25 x 15, 50 x 30. */
START_TEST(jpeg_near_a_size)
{
	static const struct {
		int least, H, W;
	} cases[] = {{0, 60, 100}, {1, 8, 13}, {8, 8, 13}, {9, 15, 25}, {15, 15, 25}, {16, 30, 50}, {30, 30, 50}, {31, 60, 100}, {500, 60, 100}};
	uint8_t pixels[60 * 100 * 3], full[5 * 8 * 3], near[5 * 8 * 3];
	const char *path = trial_path("a.jpg"), *png = trial_path("a.png");
	slopes(pixels, 60, 100);
	ck_assert_int_eq(image_write_jpeg(path, pixels, 60, 100, 3, 100, &trial_err), OK);
	ck_assert_int_eq(image_write_png(png, pixels, 60, 100, 3, &trial_err), OK);
	expect(path, 3, 60, 100, pixels, 6);
	image_fit(pixels, 60, 100, 3, full, 5, 8);
	for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
		uint8_t *got;
		int H, W;
		ck_assert_int_eq(image_read_near(path, 3, cases[k].least, &got, &H, &W, &trial_err), OK);
		ck_assert_msg(H == cases[k].H && W == cases[k].W, "at least %d: %d x %d", cases[k].least, W, H);
		image_fit(got, H, W, 3, near, 5, 8);
		for (size_t i = 0; i < sizeof near; i++)
			ck_assert_msg(abs(near[i] - full[i]) <= 16, "at least %d, byte %zu: %d instead of %d", cases[k].least, i, near[i], full[i]);
		mem_free(got);
		ck_assert_int_eq(image_read_near(png, 3, cases[k].least, &got, &H, &W, &trial_err), OK);
		ck_assert(H == 60 && W == 100 && memcmp(got, pixels, sizeof pixels) == 0);
		mem_free(got);
	}
}
END_TEST

START_TEST(our_jpeg_writer)
{
	uint8_t pixels[9 * 7];
	const char *path = trial_path("grey.jpg");
	for (int i = 0; i < 63; i++)
		pixels[i] = (uint8_t)(4 * i);
	ck_assert_int_eq(image_write_jpeg(path, pixels, 7, 9, 1, 100, &trial_err), OK);
	expect(path, 1, 7, 9, pixels, 3);
	trial_message(image_write_jpeg(trial_path("none/grey.jpg"), pixels, 7, 9, 1, 100, &trial_err), E_ENV, "none/grey.jpg", NULL);
}
END_TEST

START_TEST(fit_grows_bilinear)
{
	static const uint8_t a[4] = {0, 100, 0, 100};
	static const uint8_t want[4] = {0, 25, 75, 100};
	uint8_t out[16];
	image_fit(a, 2, 2, 1, out, 4, 4);
	for (int i = 0; i < 16; i++)
		ck_assert_int_eq(out[i], want[i % 4]);
	static const uint8_t rgb[6] = {1, 2, 3, 1, 2, 3};
	uint8_t wide[27];
	image_fit(rgb, 1, 2, 3, wide, 3, 3);
	for (int i = 0; i < 27; i++)
		ck_assert_int_eq(wide[i], 1 + i % 3);
}
END_TEST

Suite *image_suite(void)
{
	Suite *s = suite_create("image");
	TCase *tc = tcase_create("image");
	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, trial_setup, trial_teardown);
	tcase_add_test(tc, png_rgb_and_grey);
	tcase_add_test(tc, png_depths);
	tcase_add_test(tc, png_palette_and_alpha);
	tcase_add_test(tc, png_interlaced_and_our_writer);
	tcase_add_test(tc, jpeg_rgb_and_grey);
	tcase_add_test(tc, jpeg_cmyk);
	tcase_add_test(tc, truncated);
	tcase_add_test(tc, damaged);
	tcase_add_test(tc, huge);
	tcase_add_test(tc, jpeg_near_a_size);
	tcase_add_test(tc, our_jpeg_writer);
	tcase_add_test(tc, fit_shrinks_by_area);
	tcase_add_test(tc, fit_is_the_mean_over_the_area);
	tcase_add_test(tc, fit_grows_bilinear);
	suite_add_tcase(s, tc);
	return s;
}
