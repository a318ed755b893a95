#include "engine/ref/ref.h"

#include <string.h>

#include "engine/build.h"

static void cast_run(const struct kernel_run *r)
{
	const struct tensor *x = &r->in[0], *y = &r->out[0];
	for (int64_t i = 0, n = shape_count(&x->shape); i < n; i++)
		set_any(y, at_logical(y, i), get_any(x, at_logical(x, i)));
}

/* Where the plan could not make it a view. */
static void copy_run(const struct kernel_run *r)
{
	if (r->out[0].data != r->in[0].data)
		memcpy(r->out[0].data, r->in[0].data, tensor_bytes(&r->out[0]));
}

static void normalize_run(const struct kernel_run *r)
{
	const struct normalize_conf *k = r->conf;
	const struct tensor *x = &r->in[0], *y = &r->out[0];
	const struct shape *s = &x->shape;
	for (int n = 0; n < s->d[0]; n++)
		for (int c = 0; c < s->d[1]; c++)
			for (int h = 0; h < s->d[2]; h++)
				for (int w = 0; w < s->d[3]; w++)
					f64(y)[at4(y, n, c, h, w)] = (get_any(x, at4(x, n, c, h, w)) / 255 - (double)k->mean[c])
						/ (double)k->std[c];
}

static void pictures_run(const struct kernel_run *r)
{
	const struct normalize_conf *k = r->conf;
	const struct tensor *x = &r->in[0], *view = &r->in[1], *y = &r->out[0];
	const int H = x->shape.d[2], W = x->shape.d[3];
	for (int n = 0; n < y->shape.d[0]; n++) {
		const int32_t *v = (const int32_t *)view->data + 4 * n;
		BUG_IF(v[0] < 0 || v[0] >= x->shape.d[0], "picture %d of %d", v[0], x->shape.d[0]);
		for (int c = 0; c < y->shape.d[1]; c++)
			for (int h = 0; h < H; h++)
				for (int w = 0; w < W; w++) {
					const int sh = h + v[1], sw = (v[3] ? W - 1 - w : w) + v[2];
					const bool inside = sh >= 0 && sh < H && sw >= 0 && sw < W;
					const double byte = inside ? get_any(x, at4(x, v[0], c, sh, sw)) : 0;
					f64(y)[at4(y, n, c, h, w)] = (byte / 255 - (double)k->mean[c]) / (double)k->std[c];
				}
	}
}

const struct kernel ref_cast = {.run = cast_run};
const struct kernel ref_stop_gradient = {.run = copy_run};
const struct kernel ref_reverse_gradient = {.run = copy_run};
const struct kernel ref_normalize = {.run = normalize_run};
const struct kernel ref_pictures = {.run = pictures_run};
