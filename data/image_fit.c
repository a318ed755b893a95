/*
 * Resizing. One scale for both axes, so that the picture covers (H2,W2), and of what sticks out the middle
 * is kept. Shrinking: each output pixel is the mean of the area it covers. Growing: bilinear with half-pixel
 * centres. Both visit each source pixel a few times at most and need no memory of their own.
 */
#include "data/dataset.h"

#include <math.h>
#include <string.h>

/* The source pixels of one output coordinate. */
struct span {
	int first, last;
	double start, end; /* area: covered from start to end, in source pixels */
	double share;      /* bilinear: of last; first has 1 - share */
};

static inline double lesser(double a, double b)
{
	return a < b ? a : b;
}

static inline double greater(double a, double b)
{
	return a > b ? a : b;
}

static int clamp(int x, int n)
{
	return x < 0 ? 0 : x >= n ? n - 1 : x;
}

/* Output coordinate i; inv source pixels make one output pixel; the kept part starts at origin; n in all. */
static struct span span_of(int i, double inv, double origin, int n)
{
	struct span s;
	if (inv > 1) {
		s.start = greater(origin + i * inv, 0);
		s.end = lesser(origin + (i + 1) * inv, n);
		s.first = clamp((int)floor(s.start), n);
		s.last = clamp((int)ceil(s.end) - 1, n);
		s.share = 0;
		return s;
	}
	const double centre = origin + (i + 0.5) * inv - 0.5, left = floor(centre);
	s.first = clamp((int)left, n);
	s.last = clamp((int)left + 1, n);
	s.share = centre - left;
	s.start = s.end = 0;
	return s;
}

static double weight(const struct span *s, int x, double inv)
{
	if (inv > 1)
		return lesser(s->end, x + 1.0) - greater(s->start, x);
	if (s->first == s->last)
		return 1;
	return x == s->first ? 1 - s->share : s->share;
}

struct mean {
	double sum[4], weight;
};

/*
 * One source row's share, for the C channels that the caller knows to be 1, 3 or any. Between the two ends of a span every weight is
 * exactly 1. The order of the additions is fixed: from left to right.
 */
static inline __attribute__((always_inline)) void add_row(struct mean *m, const uint8_t *row, const struct span *s, double w, double first,
                                                          double last, int C)
{
	struct mean k = *m;
	const uint8_t *p = row + (size_t)s->first * (size_t)C;
	for (int x = s->first; x <= s->last; x++, p += C) {
		const double share = x == s->first ? w * first : x == s->last ? w * last : w;
		k.sum[0] += share * p[0];
		if (C > 1)
			k.sum[1] += share * p[1];
		if (C > 2)
			k.sum[2] += share * p[2];
		if (C > 3)
			k.sum[3] += share * p[3];
		k.weight += share;
	}
	*m = k;
}

static void fit_pixel(const uint8_t *in, int W, int C, const struct span *sy, const struct span *sx,
                      double inv, uint8_t *out)
{
	struct mean m = {0};
	const double first = weight(sx, sx->first, inv), last = weight(sx, sx->last, inv);
	for (int y = sy->first; y <= sy->last; y++) {
		const uint8_t *row = in + (size_t)y * (size_t)W * (size_t)C;
		const double w = weight(sy, y, inv);
		if (C == 3) /* so that the sums stay in registers */
			add_row(&m, row, sx, w, first, last, 3);
		else
			add_row(&m, row, sx, w, first, last, C);
	}
	for (int c = 0; c < C; c++)
		out[c] = (uint8_t)lesser(greater(floor(m.sum[c] / m.weight + 0.5), 0), 255);
}

void image_fit(const uint8_t *in, int H, int W, int C, uint8_t *out, int H2, int W2)
{
	BUG_IF(C < 1 || C > 4, "image_fit: %d channels", C);
	if (H == H2 && W == W2) {
		memcpy(out, in, (size_t)H * (size_t)W * (size_t)C);
		return;
	}
	const double inv = fmin((double)H / H2, (double)W / W2);
	const double top = (H - H2 * inv) / 2, left = (W - W2 * inv) / 2;
	for (int y = 0; y < H2; y++) {
		const struct span sy = span_of(y, inv, top, H);
		for (int x = 0; x < W2; x++) {
			const struct span sx = span_of(x, inv, left, W);
			fit_pixel(in, W, C, &sy, &sx, inv, out + ((size_t)y * (size_t)W2 + (size_t)x) * (size_t)C);
		}
	}
}
