#include "data/dataset.h"

#include <string.h>

#include "base/rng.h"

/* Row y of the padded picture, moved by dx: what lies outside is zero. */
static void crop_row(const uint8_t *row, uint8_t *out, int W, int C, int shift)
{
	const int from = shift > 0 ? shift : 0,
			  to = shift < 0 ? W + shift : W; /* columns of the source that stay */
	if (from >= to) {
		memset(out, 0, (size_t)W * (size_t)C);
		return;
	}
	const size_t lead = (size_t)(from - shift) * (size_t)C, kept = (size_t)(to - from) * (size_t)C;
	memset(out, 0, lead);
	memcpy(out + lead, row + (size_t)from * (size_t)C, kept);
	memset(out + lead + kept, 0, (size_t)W * (size_t)C - lead - kept);
}

static void flip_row(uint8_t *row, int W, int C)
{
	for (uint8_t *a = row, *b = row + (size_t)(W - 1) * (size_t)C; a < b; a += C, b -= C)
		for (int c = 0; c < C; c++) {
			const uint8_t t = a[c];
			a[c] = b[c];
			b[c] = t;
		}
}

struct draw augment_draw(int pad, bool flip, uint64_t seed, int epoch, int sample)
{
	struct draw d = {0, 0, false};
	if (pad > 0) {
		struct rng r = rng_stream(seed, (struct rng_name){.purpose = "crop", .epoch = (uint32_t)epoch,
		                                                  .sample = (uint32_t)sample});
		d.dy = (int)rng_below(&r, 2 * (uint32_t)pad + 1) - pad;
		d.dx = (int)rng_below(&r, 2 * (uint32_t)pad + 1) - pad;
	}
	if (flip) {
		struct rng r = rng_stream(seed, (struct rng_name){.purpose = "flip", .epoch = (uint32_t)epoch,
		                                                  .sample = (uint32_t)sample});
		d.flip = rng_u32(&r) >> 31;
	}
	return d;
}

int augment_views(int pad, bool flip)
{
	return (2 * pad + 1) * (2 * pad + 1) * (flip ? 2 : 1);
}

int augment_view(int pad, bool flip, struct draw d)
{
	const int at = (d.dy + pad) * (2 * pad + 1) + d.dx + pad;
	return flip ? 2 * at + d.flip : at;
}

struct draw augment_draw_of(int pad, bool flip, int view)
{
	const int at = flip ? view / 2 : view, side = 2 * pad + 1;
	return (struct draw){at / side - pad, at % side - pad, flip && view % 2};
}

void augment_as(const uint8_t *in, uint8_t *out, int H, int W, int C, struct draw d)
{
	const size_t line = (size_t)W * (size_t)C;
	for (int y = 0; y < H; y++, out += line) {
		if (y + d.dy < 0 || y + d.dy >= H)
			memset(out, 0, line);
		else
			crop_row(in + (size_t)(y + d.dy) * line, out, W, C, d.dx);
		if (d.flip)
			flip_row(out, W, C);
	}
}

void augment(const uint8_t *in, uint8_t *out, int H, int W, int C, int pad, bool flip, uint64_t seed,
             int epoch, int sample)
{
	augment_as(in, out, H, W, C, augment_draw(pad, flip, seed, epoch, sample));
}
