#include "engine/ops/ops.h"

/*
 * Memory order of a result of rank 4: channels-last when an operand of the full shape is, or when none has the
 * full shape and any operand of rank 4 is; row-major when all that count are (computed from parameters alone).
 */
static enum layout layout_common(const struct call *c, const struct shape *full)
{
	bool any_full = false, any_rank = false, last_full = false, last_rank = false;

	if (full->n_dim != 4)
		return ROW_MAJOR;
	for (int i = 0; i < c->n_in; i++) {
		const struct type *const t = &c->in[i]->type;

		if (t->shape.n_dim != 4)
			continue;
		any_rank = true;
		last_rank |= t->layout == CHANNELS_LAST;
		if (shape_eq(&t->shape, full)) {
			any_full = true;
			last_full |= t->layout == CHANNELS_LAST;
		}
	}
	if (any_full)
		return last_full ? CHANNELS_LAST : ROW_MAJOR;
	return last_rank || !any_rank ? CHANNELS_LAST : ROW_MAJOR;
}

/* Shape of all operands together. */
static enum status infer_shape(const struct call *c, struct shape *out, struct err *e)
{
	*out = c->in[0]->type.shape;
	for (int i = 1; i < c->n_in; i++) {
		const struct shape before = *out, *const s = &c->in[i]->type.shape;

		if (!shape_broadcast(&before, s, out))
			return err_user(e, c->at, "%s: shapes %s and %s don't fit (each axis equal or 1)", c->op->name,
					shape_str(&before), shape_str(s));
	}
	return OK;
}

static enum status infer_arithmetic(const struct call *c, struct type out[], struct err *e)
{
	const enum status st = infer_shape(c, &out[0].shape, e);

	if (st != OK)
		return st;
	out[0].cls = class_common(c->in[0]->type.cls, c->in[1]->type.cls);
	out[0].layout = layout_common(c, &out[0].shape);
	return infer_real(c, e);
}

/* Integers may be compared. */
static enum status infer_compare(const struct call *c, struct type out[], struct err *e)
{
	const enum status st = infer_shape(c, &out[0].shape, e);

	if (st != OK)
		return st;
	out[0].cls = class_common(c->in[0]->type.cls, c->in[1]->type.cls);
	out[0].layout = layout_common(c, &out[0].shape);
	return OK;
}

static enum status infer_where(const struct call *c, struct type out[], struct err *e)
{
	const enum status st = infer_shape(c, &out[0].shape, e);

	if (st != OK)
		return st;
	for (int i = 1; i < 3; i++)
		if (!class_real(c->in[i]->type.cls))
			return err_user(e, c->at, "where: input %d holds %s, allowed act and wide", i,
					tclass_name(c->in[i]->type.cls));
	out[0].cls = class_common(c->in[1]->type.cls, c->in[2]->type.cls);
	out[0].layout = layout_common(c, &out[0].shape);
	return OK;
}

/* Both operands in one class. */
static struct node *binary(struct graph *g, const struct op *op, struct node *a, struct node *b)
{
	if (!a || !b)
		return NULL;
	const enum tclass cls = class_common(a->type.cls, b->type.cls);

	a = graph_cast(g, a, cls);
	b = graph_cast(g, b, cls);
	if (!a || !b)
		return NULL;
	return graph_call(g, op, NULL, (struct node *[]){a, b}, 2);
}

struct node *graph_add(struct graph *g, struct node *a, struct node *b)
{
	return binary(g, &op_add, a, b);
}

struct node *graph_sub(struct graph *g, struct node *a, struct node *b)
{
	return binary(g, &op_sub, a, b);
}

struct node *graph_mul(struct graph *g, struct node *a, struct node *b)
{
	return binary(g, &op_mul, a, b);
}

struct node *graph_div(struct graph *g, struct node *a, struct node *b)
{
	return binary(g, &op_div, a, b);
}

struct node *graph_minimum(struct graph *g, struct node *a, struct node *b)
{
	return binary(g, &op_minimum, a, b);
}

struct node *graph_maximum(struct graph *g, struct node *a, struct node *b)
{
	return binary(g, &op_maximum, a, b);
}

struct node *graph_less(struct graph *g, struct node *a, struct node *b)
{
	return binary(g, &op_less, a, b);
}

struct node *graph_less_equal(struct graph *g, struct node *a, struct node *b)
{
	return binary(g, &op_less_equal, a, b);
}

struct node *graph_equal(struct graph *g, struct node *a, struct node *b)
{
	return binary(g, &op_equal, a, b);
}

struct node *graph_where(struct graph *g, struct node *cond, struct node *a, struct node *b)
{
	if (!cond || !a || !b)
		return NULL;
	const enum tclass cls = class_common(a->type.cls, b->type.cls);

	a = graph_cast(g, a, cls);
	b = graph_cast(g, b, cls);
	if (!a || !b)
		return NULL;
	return graph_call(g, &op_where, NULL, (struct node *[]){cond, a, b}, 3);
}

/* The bodies see a, b, y and d (the gradient of y); fit_to sums over what was broadcast. */
#define GRAD(id, expr_a, expr_b) \
	static void grad_##id(struct graph *g, const struct call *c, struct node *const dy[], const bool need[], \
			      struct node *dx[]) \
	{ \
		struct node *const a = c->in[0], *const b = c->in[1], *const y = c->out[0], *const d = dy[0]; \
		(void)y; \
		if (need[0]) \
			dx[0] = fit_to(g, (expr_a), a->type); \
		if (need[1]) \
			dx[1] = fit_to(g, (expr_b), b->type); \
	}

/* d where cond is as wanted, else 0. */
static struct node *part(struct graph *g, struct node *cond, struct node *d, bool wanted)
{
	if (!d)
		return NULL;
	struct node *const zero = graph_const_of(g, 0, type_of(shape0(), d->type.cls));

	return wanted ? graph_where(g, cond, d, zero) : graph_where(g, cond, zero, d);
}

/* The sign is changed after the sum, on fewer elements. */
static struct node *minus(struct graph *g, struct node *d, struct type to)
{
	return graph_scale(g, fit_to(g, d, to), -1, 0);
}

GRAD(add, d, d)
GRAD(sub, d, minus(g, d, b->type))
GRAD(mul, graph_mul(g, d, b), graph_mul(g, d, a))
GRAD(div, graph_div(g, d, b), minus(g, graph_mul(g, d, graph_div(g, y, b)), b->type))
GRAD(minimum, part(g, graph_less_equal(g, a, b), d, true), part(g, graph_less_equal(g, a, b), d, false))
GRAD(maximum, part(g, graph_less_equal(g, b, a), d, true), part(g, graph_less_equal(g, b, a), d, false))

static void grad_where(struct graph *g, const struct call *c, struct node *const dy[], const bool need[],
		       struct node *dx[])
{
	for (int i = 1; i < 3; i++)
		if (need[i])
			dx[i] = fit_to(g, part(g, c->in[0], dy[0], i == 1), c->in[i]->type);
}

#define ARITHMETIC(id, formula) \
	const struct op op_##id = {#id, formula, 2, 2, 1, 0, infer_arithmetic, grad_##id, NULL, OP_ELEMENTWISE0};
#define COMPARE(id, formula) \
	const struct op op_##id = {#id, formula, 2, 2, 1, 0, infer_compare, NULL, NULL, \
				   OP_NO_GRAD | OP_ELEMENTWISE0};

ARITHMETIC(add, "a + b")
ARITHMETIC(sub, "a - b")
ARITHMETIC(mul, "a b")
ARITHMETIC(div, "a / b")
ARITHMETIC(minimum, "min(a, b)")
ARITHMETIC(maximum, "max(a, b)")
COMPARE(less, "a < b: 1 or 0")
COMPARE(less_equal, "a <= b: 1 or 0")
COMPARE(equal, "a = b: 1 or 0")
const struct op op_where = {
	"where", "a where cond is not 0, else b", 3, 3, 1, 0, infer_where, grad_where, NULL, 0,
};
