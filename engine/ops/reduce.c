#include "engine/ops/ops.h"

static unsigned all_axes(const struct shape *s)
{
	return (1u << s->n_dim) - 1;
}

static struct shape reduced(const struct shape *s, unsigned axes, bool keep)
{
	struct shape y = {0};

	for (int i = 0; i < s->n_dim; i++) {
		const bool gone = axes >> i & 1;

		if (!gone || keep)
			y.d[y.n_dim++] = gone ? 1 : s->d[i];
	}
	return y;
}

/* A result of rank 4 keeps the memory order of an operand of rank 4. */
static struct type reduced_type(const struct type *x, unsigned axes, bool keep, enum tclass cls)
{
	struct type t = type_of(reduced(&x->shape, axes, keep), cls);

	if (t.shape.n_dim == 4 && x->shape.n_dim == 4)
		t.layout = x->layout;
	return t;
}

static enum status check_axes(const struct call *c, const struct shape *s, unsigned axes, struct err *e)
{
	if (axes == 0 || axes & ~all_axes(s))
		return err_user(e, c->at, "%s: axes 0x%x, allowed some of the %d of %s", c->op->name, axes, s->n_dim,
				shape_str(s));
	return OK;
}

static enum status infer_sum(const struct call *c, struct type out[], struct err *e)
{
	const struct axes_conf *const conf = c->conf;
	const struct type *const x = &c->in[0]->type;

	if (check_axes(c, &x->shape, conf->axes, e) != OK)
		return E_USER;
	out[0] = reduced_type(x, conf->axes, conf->keep, CLASS_WIDE);
	return infer_real(c, e);
}

static enum status infer_max(const struct call *c, struct type out[], struct err *e)
{
	const struct axes_conf *const conf = c->conf;
	const struct type *const x = &c->in[0]->type;

	if (check_axes(c, &x->shape, conf->axes, e) != OK)
		return E_USER;
	out[0] = reduced_type(x, conf->axes, conf->keep, x->cls);
	return infer_real(c, e);
}

/* (dy, x) */
static enum status infer_max_dx(const struct call *c, struct type out[], struct err *e)
{
	const struct axes_conf *const conf = c->conf;
	const struct type *const dy = &c->in[0]->type, *const x = &c->in[1]->type;

	if (check_axes(c, &x->shape, conf->axes, e) != OK)
		return E_USER;
	const struct shape want = reduced(&x->shape, conf->axes, conf->keep);
	if (!shape_eq(&dy->shape, &want))
		return err_user(e, c->at, "max_dx: gradient %s of input %s must be %s", shape_str(&dy->shape),
				shape_str(&x->shape), shape_str(&want));
	out[0] = (struct type){x->shape, dy->cls, x->layout};
	return infer_real(c, e);
}

/* (v, x) */
static enum status infer_max_pick(const struct call *c, struct type out[], struct err *e)
{
	const struct axes_conf *const conf = c->conf;
	const struct type *const v = &c->in[0]->type, *const x = &c->in[1]->type;

	if (check_axes(c, &x->shape, conf->axes, e) != OK)
		return E_USER;
	if (!shape_eq(&v->shape, &x->shape))
		return err_user(e, c->at, "max_pick: values %s and input %s differ in shape", shape_str(&v->shape),
				shape_str(&x->shape));
	out[0] = reduced_type(x, conf->axes, conf->keep, v->cls);
	return infer_real(c, e);
}

static enum status infer_expand(const struct call *c, struct type out[], struct err *e)
{
	const struct expand_conf *const conf = c->conf;
	const struct type *const x = &c->in[0]->type;
	struct shape s;

	if (!shape_broadcast(&x->shape, &conf->shape, &s) || !shape_eq(&s, &conf->shape))
		return err_user(e, c->at, "expand: %s doesn't repeat to %s", shape_str(&x->shape),
				shape_str(&conf->shape));
	out[0] = (struct type){s, (enum tclass)conf->cls, (enum layout)conf->layout};
	if (out[0].cls == x->cls)
		return OK;
	if (!class_real(out[0].cls))
		return err_user(e, c->at, "expand: %s doesn't become %s, cast it first", tclass_name(x->cls),
				tclass_name(out[0].cls));
	return infer_real(c, e);
}

static struct node *reduce(struct graph *g, const struct op *op, struct node *x, unsigned axes, bool keep)
{
	return graph_call(g, op, &(struct axes_conf){axes, keep}, (struct node *[]){x}, 1);
}

/* Integers are summed as wide; over no axis a sum is x itself. */
struct node *graph_sum(struct graph *g, struct node *x, unsigned axes, bool keep)
{
	if (x && !class_real(x->type.cls))
		x = graph_cast(g, x, CLASS_WIDE);
	if (!x)
		return NULL;
	return axes ? reduce(g, &op_sum, x, axes, keep) : graph_cast(g, x, CLASS_WIDE);
}

struct node *graph_mean(struct graph *g, struct node *x, unsigned axes, bool keep)
{
	if (x && !class_real(x->type.cls))
		x = graph_cast(g, x, CLASS_WIDE);
	if (!x)
		return NULL;
	return axes ? reduce(g, &op_mean, x, axes, keep) : graph_cast(g, x, CLASS_WIDE);
}

struct node *graph_max(struct graph *g, struct node *x, unsigned axes, bool keep)
{
	return x && axes ? reduce(g, &op_max, x, axes, keep) : x;
}

struct node *graph_max_dx(struct graph *g, struct node *dy, struct node *x, unsigned axes)
{
	if (!dy || !x)
		return NULL;
	const struct axes_conf conf = {axes, dy->type.shape.n_dim == x->type.shape.n_dim};

	return graph_call(g, &op_max_dx, &conf, (struct node *[]){dy, x}, 2);
}

struct node *graph_max_pick(struct graph *g, struct node *v, struct node *x, unsigned axes, bool keep)
{
	if (!v || !x)
		return NULL;
	return graph_call(g, &op_max_pick, &(struct axes_conf){axes, keep}, (struct node *[]){v, x}, 2);
}

struct node *graph_expand(struct graph *g, struct node *x, struct type to)
{
	if (!x)
		return NULL;
	struct expand_conf conf = {.layout = to.shape.n_dim == 4 ? to.layout : ROW_MAJOR, .cls = to.cls};

	conf.shape.n_dim = to.shape.n_dim;
	for (int i = 0; i < to.shape.n_dim; i++)
		conf.shape.d[i] = to.shape.d[i];
	if (x->type.cls == to.cls && (int)x->type.layout == conf.layout && shape_eq(&x->type.shape, &to.shape))
		return x;
	return graph_call(g, &op_expand, &conf, (struct node *[]){x}, 1);
}

struct node *graph_sum_to(struct graph *g, struct node *x, struct shape s)
{
	if (!x || shape_eq(&x->type.shape, &s))
		return x;
	const struct shape *const from = &x->type.shape;
	const int more = from->n_dim - s.n_dim;
	unsigned axes = 0;
	struct shape both;

	if (!shape_broadcast(&s, from, &both) || !shape_eq(&both, from))
		return graph_fail(g, "sum_to: %s doesn't sum to %s", shape_str(from), shape_str(&s));
	for (int i = 0; i < from->n_dim; i++)
		if (from->d[i] > 1 && (i < more || s.d[i - more] == 1))
			axes |= 1u << i;
	if (axes)
		x = graph_sum(g, x, axes, more == 0);
	return graph_reshape(g, x, s);
}

struct node *graph_sum_all(struct graph *g, struct node *x)
{
	return x ? graph_sum(g, x, all_axes(&x->type.shape), false) : NULL;
}

struct node *graph_mean_all(struct graph *g, struct node *x)
{
	return x ? graph_mean(g, x, all_axes(&x->type.shape), false) : NULL;
}

struct node *fit_to(struct graph *g, struct node *dx, struct type to)
{
	dx = graph_sum_to(g, dx, to.shape);
	if (!dx || dx->type.layout == to.layout || to.shape.n_dim != 4)
		return graph_cast(g, dx, to.cls);
	return graph_expand(g, dx, to);
}

/* dy of a reduction repeated over the reduced axes, as x is. */
static struct node *spread(struct graph *g, struct node *dy, const struct call *c, double factor)
{
	const struct axes_conf *const conf = c->conf;
	const struct type *const x = &c->in[0]->type;

	dy = graph_scale(g, dy, factor, 0);
	dy = graph_reshape(g, dy, reduced(&x->shape, conf->axes, true));
	return graph_expand(g, dy, *x);
}

static void grad_sum(struct graph *g, const struct call *c, struct node *const dy[], const bool need[],
		     struct node *dx[])
{
	if (need[0])
		dx[0] = spread(g, dy[0], c, 1);
}

static void grad_mean(struct graph *g, const struct call *c, struct node *const dy[], const bool need[],
		      struct node *dx[])
{
	const struct shape *const x = &c->in[0]->type.shape, *const y = &c->out[0]->type.shape;

	if (need[0])
		dx[0] = spread(g, dy[0], c, (double)shape_count(y) / (double)shape_count(x));
}

/* max, max_dx and max_pick are linear once the places are known: closed under differentiation. */
static void grad_max(struct graph *g, const struct call *c, struct node *const dy[], const bool need[],
		     struct node *dx[])
{
	const struct axes_conf *const conf = c->conf;

	if (need[0])
		dx[0] = fit_to(g, graph_max_dx(g, dy[0], c->in[0], conf->axes), c->in[0]->type);
}

static void grad_max_dx(struct graph *g, const struct call *c, struct node *const dy[], const bool need[],
			struct node *dx[])
{
	const struct axes_conf *const conf = c->conf;

	if (need[0])
		dx[0] = fit_to(g, graph_max_pick(g, dy[0], c->in[1], conf->axes, conf->keep), c->in[0]->type);
}

static void grad_max_pick(struct graph *g, const struct call *c, struct node *const dy[], const bool need[],
			  struct node *dx[])
{
	const struct axes_conf *const conf = c->conf;

	if (need[0])
		dx[0] = fit_to(g, graph_max_dx(g, dy[0], c->in[1], conf->axes), c->in[0]->type);
}

static void grad_expand(struct graph *g, const struct call *c, struct node *const dy[], const bool need[],
			struct node *dx[])
{
	if (need[0] && class_real(c->in[0]->type.cls))
		dx[0] = fit_to(g, dy[0], c->in[0]->type);
}

#define REDUCE(id, n_in, formula) \
	const struct op op_##id = {#id, formula, n_in, n_in, 1, sizeof(struct axes_conf), infer_##id, grad_##id, \
				   NULL, 0};
#define infer_mean infer_sum

REDUCE(sum, 1, "sum over axes; wide")
REDUCE(mean, 1, "mean over axes; wide")
REDUCE(max, 1, "largest over axes")
REDUCE(max_dx, 2, "dy at the place of x's maximum over axes, else 0")
REDUCE(max_pick, 2, "v at the place of x's maximum over axes")
const struct op op_expand = {
	"expand", "x repeated to a broadcast shape", 1, 1, 1, sizeof(struct expand_conf), infer_expand, grad_expand,
	NULL, 0,
};
