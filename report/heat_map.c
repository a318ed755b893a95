#include "report/heat_map.h"

#include <math.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/err.h"

static double sum_of(const double *map, int n)
{
	double sum = 0;
	for (int i = 0; i < n; i++)
		sum += map[i];
	return sum;
}

bool map_to_one(double *map, int n)
{
	const double sum = sum_of(map, n);
	for (int i = 0; i < n && sum > 0; i++)
		map[i] /= sum;
	return sum > 0;
}

double map_inside(const double *map, const uint8_t *object, int n)
{
	double inside = 0;
	for (int i = 0; i < n; i++)
		inside += object[i] ? map[i] : 0;
	const double sum = sum_of(map, n);
	return sum > 0 ? inside / sum : NAN;
}

double map_hit(const double *map, const uint8_t *object, int n)
{
	double most = 0;
	int all = 0, inside = 0;
	for (int i = 0; i < n; i++) {
		if (map[i] > most) {
			most = map[i];
			all = inside = 0;
		}
		if (map[i] == most) {
			all++;
			inside += object[i] != 0;
		}
	}
	return most > 0 ? (double)inside / all : NAN;
}

/* Of the interval from i to i + 1, how much lies in area k of n2 that cover 0 to n. */
static double overlap(int i, int k, int n, int n2)
{
	const double from = fmax(i, (double)k * n / n2), to = fmin(i + 1, (double)(k + 1) * n / n2);
	return fmax(to - from, 0);
}

void map_average(const double *in, int h, int w, double *out, int h2, int w2)
{
	BUG_IF(h2 < 1 || w2 < 1 || h2 > h || w2 > w, "a map of %d x %d to %d x %d", h, w, h2, w2);
	for (int y = 0; y < h2; y++)
		for (int x = 0; x < w2; x++) {
			double sum = 0;
			for (int i = y * h / h2; i < h && i * h2 < (y + 1) * h; i++)
				for (int j = x * w / w2; j < w && j * w2 < (x + 1) * w; j++)
					sum += in[i * w + j] * overlap(i, y, h, h2) * overlap(j, x, w, w2);
			out[y * w2 + x] = sum * h2 * w2 / ((double)h * w);
		}
}

struct ranked {
	double value;
	int i;
};

static int by_value(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;
	return (x->value > y->value) - (x->value < y->value);
}

/* Ranks of x about their mean. */
static void ranks(const double *x, double *rank, int n, struct ranked *r)
{
	for (int i = 0; i < n; i++)
		r[i] = (struct ranked){.value = x[i], .i = i};
	qsort(r, (size_t)n, sizeof *r, by_value);
	for (int from = 0, to; from < n; from = to) {
		for (to = from; to < n && r[to].value == r[from].value; to++)
			;
		for (int i = from; i < to; i++)
			rank[r[i].i] = (from + to - 1) / 2.0 - (n - 1) / 2.0;
	}
}

double rank_correlation(const double *x, const double *y, int n)
{
	struct arena *a = arena_open("ranks");
	struct ranked *r = NEW_ARRAY(a, struct ranked, n);
	double *p = NEW_ARRAY(a, double, n), *q = NEW_ARRAY(a, double, n), xy = 0, xx = 0, yy = 0;
	ranks(x, p, n, r);
	ranks(y, q, n, r);
	for (int i = 0; i < n; i++) {
		xy += p[i] * q[i];
		xx += p[i] * p[i];
		yy += q[i] * q[i];
	}
	arena_close(a);
	return xx > 0 && yy > 0 ? xy / sqrt(xx * yy) : NAN;
}

double map_correlation(const double *a, int ha, int wa, const double *b, int hb, int wb)
{
	const int h = ha < hb ? ha : hb, w = wa < wb ? wa : wb;
	struct arena *scratch = arena_open("maps");
	double *x = NEW_ARRAY(scratch, double, (size_t)h * (size_t)w), *y = NEW_ARRAY(scratch, double, (size_t)h * (size_t)w);
	map_average(a, ha, wa, x, h, w);
	map_average(b, hb, wb, y, h, w);
	const double r = rank_correlation(x, y, h * w);
	arena_close(scratch);
	return r;
}
