#include "engine/ops/ops.h"

/* A result of rank 4 has the memory order of its operand of rank 4; else channels-last. */
static struct type moved_type(const struct type *x, struct shape s)
{
	struct type t = type_of(s, x->cls);

	if (s.n_dim == 4 && x->shape.n_dim == 4)
		t.layout = x->layout;
	return t;
}

/* The same shape with unused extents 0: a conf is compared as bytes. */
static struct shape clean(struct shape s)
{
	for (int i = s.n_dim; i < MAX_DIM; i++)
		s.d[i] = 0;
	return s;
}

/* ---- reshape ---- */

/* Memory order is logical order. */
static bool in_order(const struct type *t)
{
	const int *const d = t->shape.d;

	return t->shape.n_dim != 4 || t->layout == ROW_MAJOR || d[1] == 1 || (d[2] == 1 && d[3] == 1);
}

bool reshape_is_view(const struct call *c)
{
	const struct type *const x = &c->in[0]->type, *const y = &c->out[0]->type;

	if (in_order(x) || in_order(y))
		return in_order(x) && in_order(y);
	/* Both (n, hw, c) in memory. */
	return x->shape.d[0] == y->shape.d[0] && x->shape.d[1] == y->shape.d[1];
}

static enum status infer_reshape(const struct call *c, struct type out[], struct err *e)
{
	const struct reshape_conf *const conf = c->conf;
	const struct type *const x = &c->in[0]->type;

	if (shape_count(&x->shape) != shape_count(&conf->shape))
		return err_user(e, c->at, "reshape: %s has %lld elements, %s has %lld", shape_str(&x->shape),
				(long long)shape_count(&x->shape), shape_str(&conf->shape),
				(long long)shape_count(&conf->shape));
	out[0] = moved_type(x, conf->shape);
	return OK;
}

struct node *graph_reshape(struct graph *g, struct node *x, struct shape s)
{
	if (!x || shape_eq(&x->type.shape, &s))
		return x;
	return graph_call(g, &op_reshape, &(struct reshape_conf){clean(s)}, (struct node *[]){x}, 1);
}

static void grad_reshape(struct graph *g, const struct call *c, struct node *const dy[], const bool need[],
			 struct node *dx[])
{
	const struct type *const x = &c->in[0]->type;

	if (need[0])
		dx[0] = fit_to(g, graph_reshape(g, dy[0], x->shape), *x);
}

/* ---- transpose ---- */

static enum status infer_transpose(const struct call *c, struct type out[], struct err *e)
{
	const struct transpose_conf *const conf = c->conf;
	const struct type *const x = &c->in[0]->type;
	struct shape s = {.n_dim = x->shape.n_dim};
	unsigned seen = 0;

	for (int i = 0; i < s.n_dim; i++) {
		const int from = conf->perm[i];

		if (from < 0 || from >= s.n_dim || seen >> from & 1)
			return err_user(e, c->at, "transpose: axis %d comes from axis %d, allowed each axis of %s once",
					i, from, shape_str(&x->shape));
		seen |= 1u << from;
		s.d[i] = x->shape.d[from];
	}
	out[0] = moved_type(x, s);
	return OK;
}

struct node *graph_transpose(struct graph *g, struct node *x, const int perm[])
{
	if (!x)
		return NULL;
	struct transpose_conf conf = {{0}};
	bool moves = false;

	for (int i = 0; i < x->type.shape.n_dim; i++) {
		conf.perm[i] = perm[i];
		moves |= perm[i] != i;
	}
	return moves ? graph_call(g, &op_transpose, &conf, (struct node *[]){x}, 1) : x;
}

static void grad_transpose(struct graph *g, const struct call *c, struct node *const dy[], const bool need[],
			   struct node *dx[])
{
	const struct transpose_conf *const conf = c->conf;
	int inverse[MAX_DIM];

	for (int i = 0; i < c->in[0]->type.shape.n_dim; i++)
		inverse[conf->perm[i]] = i;
	if (need[0])
		dx[0] = fit_to(g, graph_transpose(g, dy[0], inverse), c->in[0]->type);
}

/* ---- slice, slice_dx ---- */

/* The part (start, step, shape of the small side) lies inside the large side. */
static enum status check_part(const struct call *c, const struct shape *large, const struct shape *small,
			      struct err *e)
{
	const struct slice_conf *const conf = c->conf;
	bool ok = large->n_dim == small->n_dim;

	for (int i = 0; ok && i < large->n_dim; i++)
		ok = conf->start[i] >= 0 && conf->step[i] >= 1 && small->d[i] >= 1 &&
		     conf->start[i] + (int64_t)(small->d[i] - 1) * conf->step[i] < large->d[i];
	if (!ok)
		return err_user(e, c->at, "%s: a part %s doesn't fit into %s", c->op->name, shape_str(small),
				shape_str(large));
	return OK;
}

static enum status infer_slice(const struct call *c, struct type out[], struct err *e)
{
	const struct slice_conf *const conf = c->conf;
	const struct type *const x = &c->in[0]->type;

	out[0] = moved_type(x, conf->shape);
	return check_part(c, &x->shape, &conf->shape, e);
}

static enum status infer_slice_dx(const struct call *c, struct type out[], struct err *e)
{
	const struct slice_conf *const conf = c->conf;
	const struct type *const dy = &c->in[0]->type;

	out[0] = moved_type(dy, conf->shape);
	return check_part(c, &conf->shape, &dy->shape, e);
}

/* shape: of the result. */
static struct node *part(struct graph *g, const struct op *op, struct node *x, const struct slice_conf *at,
			 struct shape shape)
{
	struct slice_conf conf = *at;

	conf.shape = clean(shape);
	return x ? graph_call(g, op, &conf, (struct node *[]){x}, 1) : NULL;
}

struct node *graph_slice(struct graph *g, struct node *x, int axis, int start, int stop, int step)
{
	if (!x)
		return NULL;
	struct shape s = x->type.shape;
	struct slice_conf conf = {.start = {0}};

	if (axis < 0 || axis >= s.n_dim)
		return graph_fail(g, "slice: axis is %d, allowed 0 to %d of %s", axis, s.n_dim - 1, shape_str(&s));
	if (start < 0 || stop <= start || stop > s.d[axis] || step < 1)
		return graph_fail(g, "slice: %d to %d by %d doesn't lie in axis %d of %s", start, stop, step, axis,
				  shape_str(&s));
	if (start == 0 && stop == s.d[axis] && step == 1)
		return x;
	for (int i = 0; i < s.n_dim; i++)
		conf.step[i] = 1;
	conf.start[axis] = start;
	conf.step[axis] = step;
	s.d[axis] = (stop - start + step - 1) / step;
	return part(g, &op_slice, x, &conf, s);
}

static void grad_slice(struct graph *g, const struct call *c, struct node *const dy[], const bool need[],
		       struct node *dx[])
{
	const struct type *const x = &c->in[0]->type;

	if (need[0])
		dx[0] = fit_to(g, part(g, &op_slice_dx, dy[0], c->conf, x->shape), *x);
}

static void grad_slice_dx(struct graph *g, const struct call *c, struct node *const dy[], const bool need[],
			  struct node *dx[])
{
	const struct type *const x = &c->in[0]->type;

	if (need[0])
		dx[0] = fit_to(g, part(g, &op_slice, dy[0], c->conf, x->shape), *x);
}

/* ---- pad ---- */

static enum status infer_pad(const struct call *c, struct type out[], struct err *e)
{
	const struct pad_conf *const conf = c->conf;
	const struct type *const x = &c->in[0]->type;
	struct shape s = x->shape;

	for (int i = 0; i < s.n_dim; i++) {
		if (conf->before[i] < 0 || conf->after[i] < 0)
			return err_user(e, c->at, "pad: %d before and %d after axis %d of %s, allowed 0 and more",
					conf->before[i], conf->after[i], i, shape_str(&x->shape));
		s.d[i] += conf->before[i] + conf->after[i];
	}
	out[0] = moved_type(x, s);
	return OK;
}

struct node *graph_pad(struct graph *g, struct node *x, const int before[], const int after[], double value)
{
	if (!x)
		return NULL;
	struct pad_conf conf = {.value = value};
	bool grows = false;

	for (int i = 0; i < x->type.shape.n_dim; i++) {
		conf.before[i] = before[i];
		conf.after[i] = after[i];
		grows |= before[i] || after[i];
	}
	return grows ? graph_call(g, &op_pad, &conf, (struct node *[]){x}, 1) : x;
}

static void grad_pad(struct graph *g, const struct call *c, struct node *const dy[], const bool need[],
		     struct node *dx[])
{
	const struct pad_conf *const conf = c->conf;
	const struct type *const x = &c->in[0]->type;
	struct slice_conf at = {.start = {0}};

	for (int i = 0; i < x->shape.n_dim; i++) {
		at.start[i] = conf->before[i];
		at.step[i] = 1;
	}
	if (need[0])
		dx[0] = fit_to(g, part(g, &op_slice, dy[0], &at, x->shape), *x);
}

/* ---- concat ---- */

static enum status infer_concat(const struct call *c, struct type out[], struct err *e)
{
	const struct concat_conf *const conf = c->conf;

	out[0] = c->in[0]->type;
	if (conf->axis < 0 || conf->axis >= out[0].shape.n_dim)
		return err_user(e, c->at, "concat: axis is %d, allowed 0 to %d of %s", conf->axis,
				out[0].shape.n_dim - 1, shape_str(&out[0].shape));
	for (int i = 1; i < c->n_in; i++) {
		const struct type *const x = &c->in[i]->type;
		struct shape want = out[0].shape;

		if (x->shape.n_dim == want.n_dim)
			want.d[conf->axis] = x->shape.d[conf->axis];
		if (!shape_eq(&x->shape, &want))
			return err_user(e, c->at, "concat: %s and %s differ in more than axis %d",
					shape_str(&out[0].shape), shape_str(&x->shape), conf->axis);
		out[0].shape.d[conf->axis] += x->shape.d[conf->axis];
		out[0].cls = class_common(out[0].cls, x->cls);
		if (x->layout == CHANNELS_LAST)
			out[0].layout = CHANNELS_LAST;
	}
	return OK;
}

struct node *graph_concat(struct graph *g, struct node *const x[], int n, int axis)
{
	if (n < 1)
		return graph_fail(g, "concat: nothing to put together");
	struct node **const in = NEW_ARRAY(g->arena, struct node *, n);
	enum tclass cls = CLASS_ACT;

	for (int i = 0; i < n; i++) {
		if (!x[i])
			return NULL;
		cls = i ? class_common(cls, x[i]->type.cls) : x[i]->type.cls;
	}
	for (int i = 0; i < n; i++) {
		in[i] = graph_cast(g, x[i], cls);
		if (!in[i])
			return NULL;
	}
	return n == 1 ? in[0] : graph_call(g, &op_concat, &(struct concat_conf){axis}, in, n);
}

static void grad_concat(struct graph *g, const struct call *c, struct node *const dy[], const bool need[],
			struct node *dx[])
{
	const int axis = ((const struct concat_conf *)c->conf)->axis;
	int start = 0;

	for (int i = 0; i < c->n_in; i++) {
		const struct type *const x = &c->in[i]->type;
		const int stop = start + x->shape.d[axis];

		if (need[i])
			dx[i] = fit_to(g, graph_slice(g, dy[0], axis, start, stop, 1), *x);
		start = stop;
	}
}

#define SHAPE(id, most, conf, bits, formula) \
	const struct op op_##id = {#id, formula, 1, most, 1, sizeof(struct conf), infer_##id, grad_##id, \
				   NULL, bits};

SHAPE(reshape, 1, reshape_conf, OP_VIEW0, "the same elements in logical order, in another shape")
SHAPE(transpose, 1, transpose_conf, 0, "axes in another order")
SHAPE(slice, 1, slice_conf, 0, "every step-th element of an axis from start")
SHAPE(slice_dx, 1, slice_conf, 0, "dy at the places of a slice, else 0")
SHAPE(pad, 1, pad_conf, 0, "value around x")
SHAPE(concat, -1, concat_conf, 0, "inputs one after the other along an axis")
