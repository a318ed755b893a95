#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "data/dataset.h"
#include "report/axis.h"
#include "report/chart.h"
#include "report/summary.h"
#include "tests/report/suites.h"

/* ---- axes ---- */

START_TEST(ticks_are_round)
{
	struct axis x = axis_new(life, 0.3, 9.7, 5, false);
	ck_assert_int_eq(x.n, 3); /* -0.076 to 10.076, a fifth of which is 2.03: the step is 5 */
	x = axis_new(life, 0.3, 9.7, 6, false);
	ck_assert_int_eq(x.n, 6);
	ck_assert_double_eq(x.tick[1], 2);
	ck_assert_str_eq(x.label[5], "10");
	x = axis_new(life, 61.25, 61.75, 6, false);
	ck_assert_str_eq(x.label[0], "61.3");
	x = axis_new(life, 0, 48000, 5, false);
	ck_assert_double_eq(x.lo, 0); /* nothing is left of zero */
	ck_assert_str_eq(x.label[1], "10k");
	x = axis_new(life, -3, 5, 5, false);
	ck_assert_str_eq(x.label[0], "-2");
	ck_assert_str_eq(x.label[1], "0");
}
END_TEST

START_TEST(an_axis_of_one_value_or_of_none)
{
	struct axis x = axis_new(life, 7, 7, 5, false);
	ck_assert(x.lo < 7 && x.hi > 7);
	ck_assert_int_ge(x.n, 1);
	x = axis_new(life, 0, 0, 5, false);
	ck_assert(x.hi > x.lo);
	x = axis_new(life, INFINITY, -INFINITY, 5, true);
	ck_assert(x.lo < x.hi && x.n >= 2);
	x = axis_new(life, NAN, 3, 5, false);
	ck_assert(isfinite(x.lo) && isfinite(x.hi));
	x.from = 10;
	x.to = 110;
	ck_assert(isnan(axis_at(&x, NAN)));
}
END_TEST

START_TEST(epochs_are_whole)
{
	const struct axis x = axis_new(life, 1, 3, 8, AXIS_WHOLE);
	ck_assert_int_eq(x.n, 3);
	ck_assert_str_eq(x.label[1], "2");
}
END_TEST

START_TEST(a_log_axis_has_decades)
{
	struct axis x = axis_new(life, 0.0001, 1, 5, true);
	ck_assert(x.log);
	ck_assert_int_eq(x.n, 5);
	ck_assert_str_eq(x.label[4], "1");
	x.from = 0;
	x.to = 100;
	ck_assert_double_eq_tol(axis_at(&x, 0.01), 50, 1e-9);
	ck_assert(isnan(axis_at(&x, -1)) || !isfinite(axis_at(&x, -1)));
	x = axis_new(life, 0, 1, 5, true);
	ck_assert(!x.log); /* zero has no logarithm */
	x = axis_new(life, 3.1, 3.9, 5, true); /* within a decade */
	ck_assert_int_ge(x.n, 2);
}
END_TEST

START_TEST(labels_across_have_room)
{
	struct canvas *c = canvas_png(life, 300, 10);
	const double span[] = {3, 70, 12345, 9.87e8, 0.000123};
	for (size_t i = 0; i < sizeof span / sizeof *span; i++) {
		const struct axis x = axis_across(c, 0, span[i], 40, 290, 12, false);
		ck_assert_int_ge(x.n, 2);
		for (int k = 1; k < x.n; k++)
			ck_assert_double_gt(axis_at(&x, x.tick[k]) - canvas_text_width(c, 12, x.label[k]) / 2,
			                    axis_at(&x, x.tick[k - 1]) + canvas_text_width(c, 12, x.label[k - 1]) / 2);
	}
	canvas_close(c, NULL, NULL);
}
END_TEST

START_TEST(numbers_are_short)
{
	ck_assert_str_eq(axis_number(life, 0.25, 0.05, 0), "0.25");
	ck_assert_str_eq(axis_number(life, 1500, 500, 0), "1,500");
	ck_assert_str_eq(axis_number(life, 10500, 500, 0), "10.5k");
	ck_assert_str_eq(axis_number(life, 2500000, 500000, 0), "2.5M");
	ck_assert_str_eq(axis_number(life, -0.2, 0.1, 0), "-0.2");
	ck_assert_str_eq(axis_number(life, 1e-17, 0.1, 0), "0");
	ck_assert_str_eq(axis_number(life, 0.00005, 0.00001, 0), "5e-05");
	ck_assert_str_eq(axis_number(life, 8000, 2000, 20000), "8k"); /* as its neighbours on the axis */
}
END_TEST

/* ---- what seeds say ---- */

START_TEST(a_summary_by_hand)
{
	/* 84, 87, 88.5: mean 86.5, squares 6.25 + 0.25 + 4 = 10.5, deviation sqrt(5.25), half 4.302653 * sqrt(5.25 / 3) */
	const double v[] = {84, NAN, 87, 88.5, INFINITY}, half = 4.302653 * sqrt(5.25 / 3);
	const struct summary s = summary_of(v, 5);
	ck_assert_int_eq(s.n, 3);
	ck_assert_double_eq_tol(s.mean, 86.5, 1e-12);
	ck_assert_double_eq_tol(s.deviation, sqrt(5.25), 1e-12);
	ck_assert_double_eq_tol(s.low, 86.5 - half, 1e-4);
	ck_assert_double_eq_tol(s.high, 86.5 + half, 1e-4);
	const struct summary one = summary_of(v, 1), none = summary_of(v, 0);
	ck_assert(one.mean == 84 && isnan(one.deviation) && isnan(one.low));
	ck_assert(isnan(none.mean) && none.n == 0);
}
END_TEST

/* ---- drawing ---- */

static const double epoch[] = {1, 2, 3, 4};
static const double up[] = {0.5, 0.25, 0.125, 0.0625}, broken[] = {0.5, NAN, 0.125, 0.1}, flat[] = {3, 3, 3, 3};

static int count(const char *text, const char *part)
{
	int n = 0;
	for (const char *p = text; (p = strstr(p, part)); p += strlen(part))
		n++;
	return n;
}

static struct str text;

static struct canvas *begin(double width, double height)
{
	text = (struct str){0};
	return canvas_svg(life, &text, "x", "t", "d", width, height, false);
}

static const char *drawn(struct canvas *c)
{
	ck_assert_int_eq(canvas_close(c, NULL, &e), OK);
	const char *out = arena_str(life, str_text(&text));
	str_release(&text);
	check_markup(out);
	ck_assert_ptr_null(strstr(out, "nan"));
	ck_assert_ptr_null(strstr(out, "inf"));
	return out;
}

START_TEST(a_point_that_is_not_finite_breaks_the_line)
{
	struct canvas *c = begin(100, 100);
	canvas_polyline(c, 4, epoch, up, (struct stroke){.width = 1});
	ck_assert_int_eq(count(drawn(c), "<polyline"), 1);
	c = begin(100, 100);
	canvas_polyline(c, 4, epoch, broken, (struct stroke){.width = 1});
	const char *out = drawn(c);
	ck_assert_int_eq(count(out, "<polyline"), 1); /* of the last two */
	ck_assert_int_eq(count(out, "<circle"), 1);   /* the first stands alone */
}
END_TEST

/* Every word is there, however narrow: labels that differ at their end only must stay apart. */
START_TEST(long_labels_take_lines)
{
	const struct dot_row row[] = {{.label = "temperature=4 weight=0.25 teacher=resnet56 limit=5000", .n = 4, .value = flat}};
	const struct dot_chart d = {.x_label = "x", .n = 1, .row = row};
	const double narrow = chart_dots_height(life, &d, 300), wide = chart_dots_height(life, &d, 900);
	ck_assert_double_gt(narrow, wide + 10);
	struct canvas *c = begin(300, narrow);
	chart_dots(c, &d);
	const char *out = drawn(c);
	ck_assert_ptr_nonnull(strstr(out, "limit=5000</text>"));
	ck_assert_ptr_nonnull(strstr(out, ">temperature=4"));
}
END_TEST

START_TEST(text_is_escaped)
{
	struct canvas *c = begin(100, 100);
	canvas_group(c, "a<b");
	canvas_text(c, 1, 1, (struct text_form){.size = 10}, "<script>\"&'\xff\x01");
	canvas_group_end(c);
	const char *out = drawn(c);
	ck_assert_ptr_nonnull(strstr(out, ">&lt;script&gt;&quot;&amp;&#39;?" "?</text>"));
	ck_assert_ptr_nonnull(strstr(out, "<title>a&lt;b</title>"));
	ck_assert_ptr_null(strstr(out, "<script"));
}
END_TEST

START_TEST(long_text_is_cut)
{
	struct canvas *c = begin(100, 100);
	const char *cut = canvas_fit(c, 12, 80, "caf\xc3\xa9 caf\xc3\xa9 caf\xc3\xa9 caf\xc3\xa9 caf\xc3\xa9");
	ck_assert(str_ends(cut, "\xe2\x80\xa6"));
	ck_assert_double_le(canvas_text_width(c, 12, cut), 80);
	ck_assert_str_eq(canvas_fit(c, 12, 80, "short"), "short");
	drawn(c);
}
END_TEST

static const struct curve three[] = {{4, epoch, up}, {4, epoch, broken}, {3, epoch, flat}};

static struct line_chart lines(int n, const struct chart_series *s)
{
	return (struct line_chart){.x_label = "epoch", .y_label = "loss <train>", .n = n, .series = s};
}

START_TEST(seeds_are_thin_and_their_mean_is_thick)
{
	const struct chart_series s[] = {{"kd", 0, 3, three}, {"labels & more", 1, 1, three}};
	const struct line_chart l = lines(2, s);
	struct canvas *c = begin(440, chart_lines_height(life, &l, 440));
	chart_lines(c, &l);
	const char *out = drawn(c);
	/* two whole seeds and the broken one's second half; thick are two means, that of kd broken too, and two lines of the key */
	ck_assert_int_eq(count(out, "stroke-width=\"1\" opacity=\"0.45\""), 3);
	ck_assert_int_eq(count(out, "stroke-width=\"2.4\""), 3);
	ck_assert_ptr_nonnull(strstr(out, "<title>kd, 3 seeds</title>"));
	ck_assert_ptr_nonnull(strstr(out, "labels &amp; more"));
	ck_assert_ptr_nonnull(strstr(out, "stroke-dasharray"));
}
END_TEST

START_TEST(a_mean_is_over_what_all_seeds_have)
{
	static const double late[] = {2, 3, 4, 5}, y[] = {10, 20, 30, 40};
	const struct curve two[] = {{4, epoch, flat}, {4, late, y}};
	const struct chart_series s = {"s", 0, 2, two};
	const struct curve mean = curve_mean(life, &s);
	ck_assert_int_eq(mean.n, 3);
	ck_assert_double_eq(mean.x[0], 2);
	ck_assert_double_eq(mean.y[0], 6.5);
	ck_assert_double_eq(mean.y[2], 16.5);
}
END_TEST

/* Everything that may be empty, single, constant or not finite; on both canvases. */
static void draw_all(struct canvas *c, int n, const double *v)
{
	const struct curve one[] = {{n, epoch, v}};
	const struct chart_series s[] = {{"one", 5, 1, one}, {"none", 6, 0, one}};
	const struct line_chart l = lines(2, s);
	const struct scatter_chart p = {.x_label = "x", .y_label = "y", .log_x = true, .n = 2, .series = s};
	const struct dot_row rows[] = {{.label = "row", .n = n, .value = v}, {.label = "", .style = 8}};
	const struct dot_chart d = {.x_label = "x", .n = 2, .row = rows};
	const struct forest_row differences[] = {{"a - b", v[0], v[0] - 1, v[0] + 1}, {"one seed", 1, NAN, NAN}};
	const struct forest_chart f = {.x_label = "x", .n = 2, .row = differences};
	const char *const parts[] = {"blocks", "head", "polish", "rest"};
	const struct bar_row bar[] = {{"a", v}};
	const struct bar_chart b = {.x_label = "seconds", .n_part = n, .part = parts, .n = 1, .row = bar};
	chart_lines(c, &l);
	chart_scatter(c, &p);
	chart_dots(c, &d);
	chart_forest(c, &f);
	chart_bars(c, &b);
}

START_TEST(charts_of_odd_values)
{
	static const double nothing[] = {NAN, NAN, INFINITY, NAN}, zero[] = {0, 0, 0, 0};
	const double *const values[] = {up, broken, flat, nothing, zero};
	for (int i = 0; i < 5; i++)
		for (int n = 0; n <= 4; n += n ? 3 : 1) {
			struct canvas *c = begin(440, 300);
			draw_all(c, n, values[i]);
			drawn(c);
			c = canvas_png(life, 440, 300);
			draw_all(c, n, values[i]);
			struct str png = {0};
			ck_assert_int_eq(canvas_close(c, &png, &e), OK);
			ck_assert_int_eq(memcmp(png.text, "\x89PNG", 4), 0);
			str_release(&png);
		}
}
END_TEST

START_TEST(a_png_has_what_was_drawn)
{
	struct canvas *c = canvas_png(life, 60, 40);
	struct str png = {0};
	uint8_t *pixels = NULL;
	int H = 0, W = 0;
	canvas_rect(c, 10, 20, 30, 10, series_ink(0), 1);
	ck_assert_int_eq(canvas_close(c, &png, &e), OK);
	ck_assert_int_eq(file_put(scratch_path("c.png"), png.text, png.len, &e), OK);
	str_release(&png);
	ck_assert_int_eq(image_read(scratch_path("c.png"), 3, &pixels, &H, &W, &e), OK);
	ck_assert_int_eq(W, 60);
	ck_assert_int_eq(H, 40);
	const uint8_t *in = pixels + 3 * (25 * 60 + 15), *out = pixels + 3 * (15 * 60 + 15);
	ck_assert(in[0] == 0 && in[1] == 0x72 && in[2] == 0xb2);
	ck_assert(out[0] == 255 && out[1] == 255 && out[2] == 255);
	mem_free(pixels);
}
END_TEST

START_TEST(a_file_of_its_own_has_its_colours)
{
	text = (struct str){0};
	struct canvas *c = canvas_svg(life, &text, "x", "A & B", "d", 10, 10, true);
	const char *out = drawn(c);
	ck_assert_ptr_nonnull(strstr(out, "prefers-color-scheme:dark"));
	ck_assert_ptr_nonnull(strstr(out, "role=\"img\" aria-labelledby=\"x-t x-d\""));
	ck_assert_ptr_nonnull(strstr(out, "<title id=\"x-t\">A &amp; B</title>"));
	ck_assert_ptr_nonnull(strstr(out, "width=\"10\""));
}
END_TEST

Suite *chart_suite(void)
{
	Suite *s = suite_create("chart");
	TCase *axes = life_case(s, "axes");
	tcase_add_test(axes, ticks_are_round);
	tcase_add_test(axes, an_axis_of_one_value_or_of_none);
	tcase_add_test(axes, epochs_are_whole);
	tcase_add_test(axes, a_log_axis_has_decades);
	tcase_add_test(axes, labels_across_have_room);
	tcase_add_test(axes, numbers_are_short);
	TCase *seeds = life_case(s, "seeds");
	tcase_add_test(seeds, a_summary_by_hand);
	tcase_add_test(seeds, a_mean_is_over_what_all_seeds_have);
	TCase *drawing = life_case(s, "drawing");
	tcase_add_test(drawing, a_point_that_is_not_finite_breaks_the_line);
	tcase_add_test(drawing, long_labels_take_lines);
	tcase_add_test(drawing, text_is_escaped);
	tcase_add_test(drawing, long_text_is_cut);
	tcase_add_test(drawing, seeds_are_thin_and_their_mean_is_thick);
	tcase_add_test(drawing, charts_of_odd_values);
	tcase_add_test(drawing, a_png_has_what_was_drawn);
	tcase_add_test(drawing, a_file_of_its_own_has_its_colours);
	return s;
}
