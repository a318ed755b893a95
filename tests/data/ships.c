#include "tests/data/ships.h"

#include <string.h>

#include "base/file.h"
#include "base/rng.h"
#include "base/str.h"
#include "data/dataset.h"

enum { TRAIN = 48, VALID = 12, TEST = 24, ALL = TRAIN + VALID + TEST, KINDS = 4, FIRST = 100000001 };

struct picture {
	int H, W, C;
	uint8_t *pixels;
};

/* A kind of ship: its colour, how many times it is as long as wide, and an identity of HRSC2016's third level. */
static const struct kind {
	const char *class_id;
	uint8_t colour[3];
	int slender;
} kinds[KINDS] = {
	{"100000005", {170, 170, 180}, 3}, /* Nimitz */
	{"100000007", {120, 130, 130}, 7}, /* Arleigh Burke */
	{"100000018", {200, 60, 40}, 5},   /* container ship */
	{"100000027", {15, 15, 20}, 8},    /* submarine */
};

static void sea(struct picture *p, struct rng *r)
{
	for (int i = 0; i < p->H * p->W; i++) {
		const int wave = (int)rng_below(r, 20);
		for (int c = 0; c < p->C; c++)
			p->pixels[i * p->C + c] = (uint8_t)(40 + 10 * c + wave);
	}
}

static void fill(struct picture *p, const struct kind *k, int x0, int y0, int x1, int y1)
{
	for (int y = y0; y <= y1; y++)
		for (int x = x0; x <= x1; x++)
			for (int c = 0; c < p->C; c++)
				p->pixels[(y * p->W + x) * p->C + c] = k->colour[c];
}

/* A ship of the given length about (cx,cy), along x or y, with its entry of the annotation. */
static void ship(struct picture *p, const struct kind *k, const char *class_id, int cx, int cy, int length, bool along_y, struct str *xml)
{
	const int width = length / k->slender > 2 ? length / k->slender : 2;
	const int w = along_y ? width : length, h = along_y ? length : width;
	const int x0 = cx - w / 2, y0 = cy - h / 2, x1 = x0 + w - 1, y1 = y0 + h - 1;
	fill(p, k, x0, y0, x1, y1);
	str_printf(xml,
	           "    <HRSC_Object>\r\n      <Object_ID>%d</Object_ID>\r\n      <Class_ID>%s</Class_ID>\r\n      <truncated>0</truncated>\r\n"
	           "      <box_xmin>%d</box_xmin>\r\n      <box_ymin>%d</box_ymin>\r\n      <box_xmax>%d</box_xmax>\r\n      <box_ymax>%d</box_ymax>\r\n"
	           "      <mbox_ang>%g</mbox_ang>\r\n    </HRSC_Object>\r\n",
	           FIRST, class_id, x0, y0, x1, y1, along_y ? 1.5708 : 0.0);
}

static enum status draw(const char *dir, int i, struct err *e)
{
	struct rng r = rng_stream(1, (struct rng_name){.purpose = "ships", .sample = (uint32_t)i});
	struct picture p = {.H = 40 + (int)rng_below(&r, 91), .W = 40 + (int)rng_below(&r, 91), .C = i % 5 == 4 ? 1 : 3};
	p.pixels = mem_new((size_t)p.H * (size_t)p.W * (size_t)p.C);
	if (!p.pixels)
		return err_nomem(e, "too little memory for a picture");
	sea(&p, &r);
	const int side = p.H < p.W ? p.H : p.W, in_test = i - TRAIN - VALID;
	const struct kind *k = &kinds[i % KINDS];
	struct str xml = {0};
	str_printf(&xml, "<HRSC_Image>\r\n  <Img_FileName>%d</Img_FileName>\r\n  <Img_FileFmt>bmp</Img_FileFmt>\r\n"
	                 "  <Img_SizeWidth>%d</Img_SizeWidth>\r\n  <Img_SizeHeight>%d</Img_SizeHeight>\r\n  <HRSC_Objects>\r\n", FIRST + i, p.W, p.H);
	if (in_test == 2)
		ship(&p, &kinds[(i + 1) % KINDS], kinds[(i + 1) % KINDS].class_id, p.W / 2, 3, 12, false, &xml);
	if (in_test != 0)
		ship(&p, k, in_test == 1 ? "100000001" : k->class_id, p.W / 2, p.H / 2, side * 4 / 5, rng_below(&r, 2), &xml);
	str_add(&xml, "  </HRSC_Objects>\r\n</HRSC_Image>\r\n");
	struct arena *a = arena_open("ships");
	enum status st = image_write_png(arena_printf(a, "%s/FullDataSet/AllImages/%d.png", dir, FIRST + i), p.pixels, p.H, p.W, p.C, e);
	if (st == OK)
		st = file_put(arena_printf(a, "%s/FullDataSet/Annotations/%d.xml", dir, FIRST + i), str_text(&xml), xml.len, e);
	arena_close(a);
	str_release(&xml);
	mem_free(p.pixels);
	return st;
}

enum status ships_draw(const char *dir, struct err *e)
{
	static const char *const folder[] = {"FullDataSet/AllImages", "FullDataSet/Annotations", "ImageSets"}, *const part[] = {"train", "val", "test"};
	static const int end[] = {TRAIN, TRAIN + VALID, ALL};
	struct arena *a = arena_open("ships");
	enum status st = OK;
	for (int k = 0; k < 3 && st == OK; k++)
		st = dir_make(path_join(a, dir, folder[k]), e);
	for (int k = 0, i = 0; k < 3 && st == OK; k++) {
		struct str names = {0};
		for (; i < end[k] && st == OK; i++) {
			str_printf(&names, "%d\r\n", FIRST + i);
			st = draw(dir, i, e);
		}
		if (st == OK)
			st = file_put(arena_printf(a, "%s/ImageSets/%s.txt", dir, part[k]), str_text(&names), names.len, e);
		str_release(&names);
	}
	arena_close(a);
	return st;
}
