#include "cli/gradcam_shots.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"

static const struct where nowhere = {0};
enum { FIRST = 8 };

enum status class_read(const char *word, int classes, int *class, struct err *e)
{
	char *end = NULL;
	*class = CLASS_OF_LABEL;
	if (!word || str_eq(word, "label"))
		return OK;
	*class = CLASS_PREDICTED;
	if (str_eq(word, "predicted"))
		return OK;
	errno = 0;
	const long k = strtol(word, &end, 10);
	if (end == word || *end || errno || k < 0 || k >= classes)
		return err_user(e, nowhere, "--class is '%s', allowed are label, predicted and 0 to %d", word, classes - 1);
	*class = (int)k;
	return OK;
}

static int class_of(const struct data *d, int index, int class)
{
	return class == CLASS_OF_LABEL ? d->info.test.label[d->test[index]] : class;
}

static enum status add(const struct data *d, struct shots *s, int index, int class, struct err *e)
{
	if (s->n == SHEET_ROWS)
		return err_user(e, nowhere, "--images names more than %d pictures", SHEET_ROWS);
	const int label = d->info.test.label[d->test[index]];
	s->index[s->n] = index;
	s->shot[s->n++] = (struct gradcam_shot){.class = class_of(d, index, class), .name = d->info.class_name[label]};
	return OK;
}

/* A number without sign; *p moves over it. -1: none, or far too large. */
static long digits(const char **p)
{
	char *end = NULL;
	errno = 0;
	if (**p < '0' || **p > '9')
		return -1;
	const long n = strtol(*p, &end, 10);
	*p = end;
	return errno || n > 1000000000 ? -1 : n;
}

static enum status add_list(const struct data *d, const char *word, int class, struct shots *s, struct err *e)
{
	enum status st = OK;
	for (const char *p = word; st == OK; p++) {
		const long from = digits(&p);
		long to = from;
		if (*p == '-') {
			p++;
			to = digits(&p);
		}
		if (from < 0 || to < from || (*p && *p != ','))
			return err_user(e, nowhere, "--images '%s' is neither a file nor numbers of test pictures such as 0,5,17 or 0-7", word);
		if (to >= d->n_test)
			return err_user(e, nowhere, "--images '%s': there is no test picture %ld, allowed are 0 to %d", word, to, d->n_test - 1);
		for (long i = from; i <= to && st == OK; i++)
			st = add(d, s, (int)i, class, e);
		if (!*p)
			break;
	}
	return st;
}

static enum status add_file(struct arena *a, const struct data *d, const char *path, int class, bool asked, struct shots *s, struct err *e)
{
	const struct pictures *p = &d->info.test;
	const size_t bytes = (size_t)p->C * (size_t)p->H * (size_t)p->W;
	const char *slash = strrchr(path, '/');
	uint8_t *pixels = NULL;
	int H = 0, W = 0;
	if (class == CLASS_OF_LABEL && asked)
		return err_user(e, nowhere, "'%s' has no label: --class predicted, or a class's number", path);
	if (s->n == SHEET_ROWS)
		return err_user(e, nowhere, "--images names more than %d pictures", SHEET_ROWS);
	enum status st = image_read(path, p->C, &pixels, &H, &W, e);
	if (st == OK && (H != p->H || W != p->W))
		st = err_user(e, nowhere, "'%s' is %d x %d (wide, high), the networks take pictures of %d x %d", path, W, H, p->W, p->H);
	if (st == OK) {
		uint8_t *own = arena_alloc(a, bytes);
		memcpy(own, pixels, bytes);
		s->index[s->n] = -1;
		s->shot[s->n++] = (struct gradcam_shot){.pixels = own, .class = class >= 0 ? class : CLASS_PREDICTED, .name = slash ? slash + 1 : path};
	}
	mem_free(pixels);
	return st;
}

static enum status add_first(struct arena *a, const struct data *d, int class, struct shots *s, struct err *e)
{
	bool *seen = NEW_ARRAY(a, bool, d->info.classes);
	enum status st = OK;
	for (int i = 0; i < d->n_test && s->n < FIRST && st == OK; i++) {
		const int label = d->info.test.label[d->test[i]];
		if (!seen[label])
			st = add(d, s, i, class, e);
		seen[label] = true;
	}
	return st;
}

enum status shots_choose(struct arena *a, const struct data *d, const char *const word[], int n, int class, bool asked, struct shots *s, struct err *e)
{
	enum status st = OK;
	*s = (struct shots){.shot = NEW_ARRAY(a, struct gradcam_shot, SHEET_ROWS), .index = NEW_ARRAY(a, int, SHEET_ROWS)};
	for (int i = 0; i < n && st == OK; i++)
		st = file_exists(word[i]) ? add_file(a, d, word[i], class, asked, s, e) : add_list(d, word[i], class, s, e);
	return n ? st : add_first(a, d, class, s, e);
}

void shots_spread(struct arena *a, const struct data *d, int count, int class, struct shots *s)
{
	const int n = count < d->n_test ? count : d->n_test;
	*s = (struct shots){.n = n, .shot = NEW_ARRAY(a, struct gradcam_shot, n), .index = NEW_ARRAY(a, int, n)};
	for (int i = 0; i < n; i++) {
		s->index[i] = (int)((long long)i * d->n_test / n);
		s->shot[i].class = class_of(d, s->index[i], class);
	}
}

enum status shot_load(const struct data *d, const struct objects *o, int index, struct gradcam_shot *shot, uint8_t *pixels, uint8_t *mask, struct err *e)
{
	bool known = false;
	if (index < 0)
		return OK;
	const struct pictures *p = &d->info.test;
	enum status st = p->read(p, d->test[index], pixels, e);
	if (st == OK)
		st = objects_mask(o, index, pixels, mask, &known, e);
	shot->pixels = pixels;
	shot->object = known ? mask : NULL;
	return st;
}
