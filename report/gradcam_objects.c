#include "report/gradcam_objects.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "data/dataset.h"

/* Five whole numbers and nothing more; true where the line has none at all. */
static bool read_line(char *line, int v[5], bool *empty)
{
	char *p = line;
	line[strcspn(line, "#")] = 0;
	*empty = line[strspn(line, " \t\r")] == 0;
	for (int i = 0; i < 5 && !*empty; i++) {
		char *end = NULL;
		errno = 0;
		const long n = strtol(p, &end, 10);
		if (end == p || errno || n < -1000000000 || n > 1000000000)
			return false;
		v[i] = (int)n;
		p = end;
	}
	return *empty || p[strspn(p, " \t\r")] == 0;
}

static enum status add_box(struct objects *o, const struct box *b, struct where at, struct err *e)
{
	if (b->index < 0 || b->index >= o->n)
		return err_user(e, at, "there is no test picture %d, allowed are 0 to %d", b->index, o->n - 1);
	if (b->x0 < 0 || b->y0 < 0 || b->x1 > o->W || b->y1 > o->H || b->x0 >= b->x1 || b->y0 >= b->y1)
		return err_user(e, at, "box %d %d %d %d is empty or leaves the picture, which is %d wide and %d high", b->x0, b->y0, b->x1, b->y1, o->W, o->H);
	o->box[o->n_box++] = *b;
	return OK;
}

static enum status read_boxes(struct arena *a, struct objects *o, struct err *e)
{
	char *text = NULL;
	size_t size = 0, lines = 1;
	enum status st = file_read(a, o->path, false, &text, &size, e);
	for (size_t i = 0; i < size && st == OK; i++)
		lines += text[i] == '\n';
	if (st == OK)
		o->box = NEW_ARRAY(a, struct box, lines);
	int number = 0;
	for (char *line = text, *next; line && st == OK; line = next) {
		int v[5];
		bool empty = false;
		next = strchr(line, '\n');
		if (next)
			*next++ = 0;
		const struct where at = {.file = o->path, .line = ++number};
		if (!read_line(line, v, &empty))
			st = err_user(e, at, "a box is five whole numbers: INDEX X0 Y0 X1 Y1");
		else if (!empty)
			st = add_box(o, &(struct box){v[0], v[1], v[2], v[3], v[4]}, at, e);
	}
	return st;
}

enum status objects_open(struct arena *a, struct objects *o, struct err *e)
{
	if (o->kind == OBJECTS_BOXES)
		return read_boxes(a, o, e);
	if (o->kind == OBJECTS_MASKS && !file_exists(o->path))
		return err_user(e, (struct where){0}, "there is no folder of masks '%s'", o->path);
	return OK;
}

static enum status read_mask(const struct objects *o, int index, uint8_t *mask, struct err *e)
{
	struct arena *a = arena_open("mask");
	const char *path = arena_printf(a, "%s/%d.png", o->path, index);
	uint8_t *pixels = NULL;
	int H = 0, W = 0;
	enum status st = file_exists(path) ? image_read(path, 1, &pixels, &H, &W, e) : OK;
	if (st == OK && pixels && (H != o->H || W != o->W))
		st = err_user(e, (struct where){0}, "'%s' is %d x %d (wide, high), the pictures are %d x %d", path, W, H, o->W, o->H);
	for (int i = 0; i < H * W && st == OK; i++)
		mask[i] = pixels[i] >= 128;
	mem_free(pixels);
	arena_close(a);
	return st;
}

enum status objects_mask(const struct objects *o, int index, const uint8_t *pixels, uint8_t *mask, bool *known, struct err *e)
{
	const int n = o->H * o->W;
	enum status st = OK;
	memset(mask, 0, (size_t)n);
	if (o->kind == OBJECTS_NONZERO)
		for (int i = 0; i < n * o->C; i++)
			mask[i / o->C] |= pixels[i] > 0;
	for (int i = 0; i < o->n_box; i++)
		for (int y = o->box[i].y0; y < o->box[i].y1 && o->box[i].index == index; y++)
			memset(mask + y * o->W + o->box[i].x0, 1, (size_t)(o->box[i].x1 - o->box[i].x0));
	if (o->kind == OBJECTS_MASKS)
		st = read_mask(o, index, mask, e);
	*known = memchr(mask, 1, (size_t)n) != NULL;
	return st;
}
