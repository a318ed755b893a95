#include "engine/cuda/conv_work.h"

#include "engine/build.h"
#include "engine/cuda/conv_cudnn.h"
#include "engine/cuda/product.h"

size_t conv_scratch_limit = (size_t)256 << 20;

enum { PLACES_OF_CHUNK = 1024 };

static struct cu_conv conv_of(const struct conv_conf *k, const struct shape *x, const struct shape *y)
{
	return (struct cu_conv){
		.N = x->d[0], .C = x->d[1], .H = x->d[2], .W = x->d[3], .O = y->d[1], .OH = y->d[2], .OW = y->d[3],
		.R = k->kh, .S = k->kw, .stride = k->stride, .pad_h = k->pad, .pad_w = k->pad, .groups = k->groups,
	};
}

/* dx[h] = sum over r of dy[h + pad - r] w[r]; with r' = R - 1 - r that is a convolution of dy, padded by R - 1 - pad. */
static struct cu_conv turned(struct cu_conv v)
{
	return (struct cu_conv){
		.N = v.N, .C = v.O, .H = v.OH, .W = v.OW, .O = v.C, .OH = v.H, .OW = v.W,
		.R = v.R, .S = v.S, .stride = 1, .pad_h = v.R - 1 - v.pad_h, .pad_w = v.S - 1 - v.pad_w, .groups = 1,
	};
}

/* Rows are filled up to 16 bytes: a product of other leading dimensions is several times slower. */
static int row_length(const struct cu_conv *v, bool plain, enum dtype act)
{
	const int whole = 16 / (int)dtype_size(act);
	return plain ? v->C : (v->R * v->S * v->C + whole - 1) / whole * whole;
}

int conv_pictures_at_once(int N, size_t bytes_of_one)
{
	const size_t most = bytes_of_one ? conv_scratch_limit / bytes_of_one : (size_t)N;
	const int at_most = most < 1 ? 1 : most < (size_t)N ? (int)most : N, parts = (N + at_most - 1) / at_most;
	return (N + parts - 1) / parts;
}

static void take_direct(struct conv_work *w)
{
	w->way = CONV_DIRECT;
	const struct cu_conv *v = &w->conv;
	const size_t bytes = (size_t)v->O * (size_t)(v->C / v->groups) * (size_t)(v->R * v->S) * sizeof(float);
	const int64_t places = (int64_t)v->N * v->OH * v->OW, wanted = (places + PLACES_OF_CHUNK - 1) / PLACES_OF_CHUNK;
	const size_t most = conv_scratch_limit / bytes;
	w->chunks = most < 1 ? 1 : wanted < (int64_t)most ? (int)wanted : (int)most;
	if (w->kind == CONV_DW)
		w->scratch = (size_t)w->chunks * bytes;
}

static void take_form(struct conv_work *w, enum dtype source)
{
	const size_t per = w->by_tap ? (size_t)w->conv.C : (size_t)w->conv.O, ld = (size_t)w->weights.ld;
	if (w->way != CONV_LIBRARY && w->conv.R * w->conv.S == 1 && w->rows.ld == w->rows.C && source == w->act)
		return;
	w->form = per * ld * dtype_size(w->act);
	/* A plain 1x1 has (O,C) in both orders. The last bit is the plan's. */
	w->tag = (uint64_t)0x636f6e76 << 32 | (w->plain ? 0 : (uint64_t)ld << 4 | (w->by_tap ? 4 : 0)) | (w->act == F32 ? 0 : w->act == BF16 ? 2 : 8);
}

static void take_scratch(struct conv_work *w)
{
	const struct cu_conv *v = &w->rows;
	const size_t places = (size_t)v->OH * (size_t)v->OW, O = (size_t)v->O, ld = (size_t)v->ld;
	const size_t element = w->way == CONV_SPREAD ? sizeof(float) : dtype_size(w->act);
	const size_t rows = w->plain ? 0 : places * ld * element, sums = w->waits ? places * O * sizeof(float) : 0;
	w->part = conv_pictures_at_once(v->N, rows + sums);
	scratch_place(&w->scratch, (size_t)w->part * rows);
	w->at_sums = w->scratch;
	if (w->kind == CONV_DW)
		scratch_place(&w->scratch, v->R * v->S == 1 && v->ld == v->C ? 0 : O * ld * sizeof(float));
	else
		scratch_place(&w->scratch, (size_t)w->part * sums);
}

/* A 1x1 is one product and left to cuBLAS, unless its sums wait or are spread. */
static bool suits_library(const struct conv_work *w)
{
	if ((w->act == F32 && !w->tf32) || w->kind == CONV_DW)
		return false;
	return w->conv.R * w->conv.S > 1 || w->waits || (!w->plain && w->kind != CONV_FORWARD);
}

static bool take_library(struct conv_work *w, bool relu)
{
	if (!suits_library(w))
		return false;
	w->library = relu ? conv_cudnn_plan(w, true) : NULL;
	w->relu = w->library;
	if (!w->library)
		w->library = conv_cudnn_plan(w, false);
	if (!w->library)
		return false;
	w->way = CONV_LIBRARY;
	w->weights.ld = w->weights.R * w->weights.S * w->weights.C;
	scratch_place(&w->scratch, conv_cudnn_scratch(w->library));
	return true;
}

/* Of one group, around products of cuBLAS. */
static void take_products(struct conv_work *w)
{
	if (w->kind == CONV_DX && w->conv.stride > 1)
		w->way = CONV_SPREAD;
	else if (w->kind == CONV_DX)
		w->rows = turned(w->conv);
	w->by_tap = w->kind == CONV_DX && w->way == CONV_ROWS;
	w->rows.ld = row_length(&w->rows, w->plain, w->act);
	w->conv.ld = w->weights.ld = w->rows.ld;
	take_scratch(w);
}

/* All but the way. */
static struct conv_work begin(const struct kernel_case *c, enum conv_kind kind)
{
	const struct tensor *x = kind == CONV_DX ? &c->out[0] : &c->in[0], *y = kind == CONV_FORWARD ? &c->out[0] : &c->in[kind == CONV_DW];
	const struct conv_conf *k = c->call->conf;
	struct conv_work w = {.kind = kind, .act = x->dtype, .conv = conv_of(k, &x->shape, &y->shape)};
	BUG_IF(!dtype_is_act(x->dtype) || y->dtype != x->dtype, "'%s' of %s and %s", c->call->op->name, dtype_name(x->dtype),
	       dtype_name(y->dtype));
	w.rows = w.weights = w.conv;
	w.weights.C /= k->groups;
	w.plain = k->kh == 1 && k->kw == 1 && k->stride == 1 && k->pad == 0 && k->groups == 1;
	w.has_bias = k->has_bias;
	w.has_residual = k->has_residual;
	w.any_order = c->free & FREE_ORDER;
	w.tf32 = w.act == F32 && c->free & FREE_TF32;
	w.waits = kind == CONV_FORWARD && w.act != F32 && (k->has_bias || k->has_residual);
	w.finished = w.waits || (w.tf32 && kind == CONV_FORWARD && (k->has_bias || k->has_residual));
	return w;
}

void conv_work_foresee(const struct kernel_case *c, enum conv_kind kind)
{
	const struct conv_work w = begin(c, kind);
	if (suits_library(&w))
		conv_cudnn_foresee(&w, c->fuse & FUSE_RELU, c->threads);
}

struct conv_work conv_work_of(const struct kernel_case *c, enum conv_kind kind)
{
	const struct conv_conf *k = c->call->conf;
	struct conv_work w = begin(c, kind);
	if (!take_library(&w, c->fuse & FUSE_RELU)) {
		if (k->groups == 1)
			take_products(&w);
		else
			take_direct(&w);
	}
	if (kind != CONV_DW && w.way != CONV_DIRECT)
		take_form(&w, c->in[1].dtype);
	return w;
}
