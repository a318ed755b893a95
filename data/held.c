#include "data/source.h"

#include <math.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"

size_t picture_bytes(const struct pictures *p)
{
	return (size_t)p->H * (size_t)p->W * (size_t)p->C;
}

enum status held_read(const struct pictures *p, int i, uint8_t *out, struct err *e)
{
	(void)e;
	const struct held *h = p->own;
	const size_t size = picture_bytes(p);
	memcpy(out, h->pixels + (size_t)i * size, size);
	return OK;
}

const char *held_place(const struct pictures *p, int i, char *buf, size_t n)
{
	const struct held *h = p->own;
	if (h->per_file == 1)
		snprintf(buf, n, "%s", h->file[i]);
	else
		snprintf(buf, n, "%s, picture %d", h->file[i / h->per_file], i % h->per_file);
	return buf;
}

void moments_add(struct moments *m, const uint8_t *pixels, size_t n, int C)
{
	m->n += n;
	if (C == 1) { /* the loop that a compiler can make fast; 65,536 squares fit into 32 bits */
		for (size_t done = 0; done < n;) {
			const size_t end = n - done < 65536 ? n : done + 65536;
			uint32_t sum = 0, square = 0;
			for (; done < end; done++) {
				const uint32_t v = pixels[done];
				sum += v;
				square += v * v;
			}
			m->sum[0] += sum;
			m->square[0] += square;
		}
		return;
	}
	for (size_t i = 0; i < n; i++, pixels += C)
		for (int c = 0; c < C; c++) {
			m->sum[c] += pixels[c];
			m->square[c] += (uint32_t)pixels[c] * pixels[c];
		}
}

void moments_get(const struct moments *m, int C, float mean[4], float std[4])
{
	for (int c = 0; c < C; c++) {
		const double n = m->n ? (double)m->n : 1, mu = (double)m->sum[c] / n;
		/* from exact sums; a picture set of one colour has spread 0, by which nobody can divide: 1 then */
		const double var = (double)m->square[c] / n - mu * mu;
		mean[c] = (float)(mu / 255);
		std[c] = var > 1e-6 ? (float)(sqrt(var) / 255) : 1;
	}
}

const char *const *class_numbers(struct arena *a, int classes)
{
	const char **name = NEW_ARRAY(a, const char *, classes);
	for (int k = 0; k < classes; k++)
		name[k] = arena_printf(a, "%d", k);
	return name;
}

const char *const *class_names_read(struct arena *a, const char *dir, const char *file, int classes)
{
	const char *path = path_join(a, dir, file);
	char *text;
	size_t size;
	if (!file_exists(path) || file_read(a, path, false, &text, &size, NULL) != OK)
		return NULL;
	const char **name = NEW_ARRAY(a, const char *, classes);
	int n = 0;
	for (char *line = text, *next; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = 0;
		line[strcspn(line, "\r")] = 0;
		if (!*line)
			continue;
		if (n == classes)
			return NULL;
		name[n++] = line;
	}
	return n == classes ? name : NULL;
}
