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

static int clamp(int x, int n)
{
	return x < 0 ? 0 : x >= n ? n - 1 : x;
}

/* Output coordinate i; inv source pixels make one output pixel; the kept part starts at origin; n in all. */
static struct span span_of(int i, double inv, double origin, int n)
{
	struct span s;
	if (inv > 1) {
		s.start = fmax(origin + i * inv, 0);
		s.end = fmin(origin + (i + 1) * inv, n);
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
		return fmin(s->end, x + 1.0) - fmax(s->start, x);
	if (s->first == s->last)
		return 1;
	return x == s->first ? 1 - s->share : s->share;
}

static void fit_pixel(const uint8_t *in, int W, int C, const struct span *sy, const struct span *sx,
                      double inv, uint8_t *out)
{
	double sum[4] = {0}, total = 0;
	for (int y = sy->first; y <= sy->last; y++) {
		const double wy = weight(sy, y, inv);
		for (int x = sx->first; x <= sx->last; x++) {
			const double w = wy * weight(sx, x, inv);
			const uint8_t *p = in + ((size_t)y * (size_t)W + (size_t)x) * (size_t)C;
			for (int c = 0; c < C; c++)
				sum[c] += w * p[c];
			total += w;
		}
	}
	for (int c = 0; c < C; c++)
		out[c] = (uint8_t)fmin(fmax(floor(sum[c] / total + 0.5), 0), 255);
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
