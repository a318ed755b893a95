#include "engine/tensor.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"

int64_t shape_count(const struct shape *s)
{
	int64_t n = 1;

	for (int i = 0; i < s->n_dim; i++)
		n *= s->d[i];
	return n;
}

bool shape_eq(const struct shape *a, const struct shape *b)
{
	if (a->n_dim != b->n_dim)
		return false;
	for (int i = 0; i < a->n_dim; i++)
		if (a->d[i] != b->d[i])
			return false;
	return true;
}

const char *shape_str(const struct shape *s)
{
	static _Thread_local char buf[8][MAX_DIM * 12 + 3];
	static _Thread_local unsigned turn;
	char *const out = buf[turn++ % 8];
	size_t n = 0;

	out[n++] = '(';
	for (int i = 0; i < s->n_dim; i++)
		n += (size_t)snprintf(out + n, sizeof buf[0] - n, i ? ",%d" : "%d", s->d[i]);
	out[n++] = ')';
	out[n] = '\0';
	return out;
}

bool shape_broadcast(const struct shape *a, const struct shape *b, struct shape *out)
{
	struct shape s = {.n_dim = a->n_dim > b->n_dim ? a->n_dim : b->n_dim};

	for (int i = 0; i < s.n_dim; i++) {
		const int ia = a->n_dim - s.n_dim + i, ib = b->n_dim - s.n_dim + i;
		const int da = ia < 0 ? 1 : a->d[ia], db = ib < 0 ? 1 : b->d[ib];

		if (da != db && da != 1 && db != 1)
			return false;
		s.d[i] = da == 1 ? db : da;
	}
	*out = s;
	return true;
}

struct type type_of(struct shape s, enum tclass cls)
{
	return (struct type){s, cls, s.n_dim == 4 ? CHANNELS_LAST : ROW_MAJOR};
}

struct tensor tensor_of(struct type t, enum dtype dtype, void *data)
{
	static const int row_major[MAX_DIM] = {0, 1, 2, 3, 4, 5}, channels_last[4] = {0, 2, 3, 1};
	const bool last = t.layout == CHANNELS_LAST && t.shape.n_dim == 4;
	const int *const order = last ? channels_last : row_major;
	struct tensor x = {.dtype = dtype, .layout = last ? CHANNELS_LAST : ROW_MAJOR, .shape = t.shape};
	int64_t step = 1;

	x.data = data;
	for (int i = t.shape.n_dim - 1; i >= 0; i--) {
		x.stride[order[i]] = step;
		step *= t.shape.d[order[i]];
	}
	return x;
}

size_t dtype_size(enum dtype d)
{
	static const unsigned char size[DTYPE_COUNT] = {
		[F64] = 8, [F32] = 4, [BF16] = 2, [F16] = 2, [I32] = 4, [U8] = 1, [S8] = 1,
	};

	BUG_IF((unsigned)d >= DTYPE_COUNT, "dtype %d", (int)d);
	return size[d];
}

const char *dtype_name(enum dtype d)
{
	static const char *const name[DTYPE_COUNT] = {
		[F64] = "f64", [F32] = "f32", [BF16] = "bf16", [F16] = "f16", [I32] = "i32", [U8] = "u8", [S8] = "s8",
	};

	BUG_IF((unsigned)d >= DTYPE_COUNT, "dtype %d", (int)d);
	return name[d];
}

const char *tclass_name(enum tclass c)
{
	static const char *const name[] = {
		[CLASS_ACT] = "act", [CLASS_WIDE] = "wide", [CLASS_I32] = "i32", [CLASS_U8] = "u8", [CLASS_S8] = "s8",
	};

	BUG_IF((unsigned)c >= sizeof name / sizeof *name, "class %d", (int)c);
	return name[c];
}

size_t tensor_bytes(const struct tensor *t)
{
	return (size_t)shape_count(&t->shape) * dtype_size(t->dtype);
}

void elements_to_f64(double *out, const void *in, enum dtype d, int64_t n)
{
	switch (d) {
	case F64:
		memcpy(out, in, (size_t)n * sizeof *out);
		return;
	case F32:
		for (int64_t i = 0; i < n; i++)
			out[i] = ((const float *)in)[i];
		return;
	case BF16:
		for (int64_t i = 0; i < n; i++)
			out[i] = f32_from_bf16(((const uint16_t *)in)[i]);
		return;
	case F16:
		for (int64_t i = 0; i < n; i++)
			out[i] = f32_from_f16(((const uint16_t *)in)[i]);
		return;
	case I32:
		for (int64_t i = 0; i < n; i++)
			out[i] = ((const int32_t *)in)[i];
		return;
	case U8:
		for (int64_t i = 0; i < n; i++)
			out[i] = ((const uint8_t *)in)[i];
		return;
	case S8:
		for (int64_t i = 0; i < n; i++)
			out[i] = ((const int8_t *)in)[i];
		return;
	case DTYPE_COUNT:
		break;
	}
	BUG("dtype %d", (int)d);
}

/* An integer that doesn't fit would be undefined behaviour: the nearest that fits, 0 for NaN. */
static int nearest_int(double x, int lo, int hi)
{
	if (isnan(x))
		return 0;
	return x <= lo ? lo : x >= hi ? hi : (int)nearbyint(x);
}

void elements_from_f64(void *out, enum dtype d, const double *in, int64_t n)
{
	switch (d) {
	case F64:
		memcpy(out, in, (size_t)n * sizeof *in);
		return;
	case F32:
		for (int64_t i = 0; i < n; i++)
			((float *)out)[i] = (float)in[i];
		return;
	case BF16:
		for (int64_t i = 0; i < n; i++)
			((uint16_t *)out)[i] = bf16_from_f32((float)in[i]);
		return;
	case F16:
		for (int64_t i = 0; i < n; i++)
			((uint16_t *)out)[i] = f16_from_f32((float)in[i]);
		return;
	case I32:
		for (int64_t i = 0; i < n; i++)
			((int32_t *)out)[i] = nearest_int(in[i], INT32_MIN, INT32_MAX);
		return;
	case U8:
		for (int64_t i = 0; i < n; i++)
			((uint8_t *)out)[i] = (uint8_t)nearest_int(in[i], 0, UINT8_MAX);
		return;
	case S8:
		for (int64_t i = 0; i < n; i++)
			((int8_t *)out)[i] = (int8_t)nearest_int(in[i], INT8_MIN, INT8_MAX);
		return;
	case DTYPE_COUNT:
		break;
	}
	BUG("dtype %d", (int)d);
}
