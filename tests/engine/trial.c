#include "tests/engine/trial.h"

#include <math.h>
#include <string.h>

#include "base/rng.h"

const struct op_case *case_at(int i)
{
	return i < n_cases_a ? &cases_a[i] : &cases_b[i - n_cases_a];
}

void trial_ok(const struct trial *t, const char *what)
{
	ck_assert_msg(t->err.status == OK, "%s: %s", what, t->err.text);
}

void trial_open_with(struct trial *t, const char *device, enum precision precision, int threads)
{
	memset(t, 0, sizeof *t);
	t->arena = arena_open("trial");
	t->precision = precision;
	TEST_ORDER(precision);
	device_open(t->arena, device, threads, &t->dev, &t->err);
	trial_ok(t, device);
	t->g = graph_new(t->arena, &t->err);
	t->set = params_new(t->arena, "trial");
}

void trial_open(struct trial *t, const char *device, enum precision precision)
{
	trial_open_with(t, device, precision, 2);
}

void trial_close(struct trial *t)
{
	if (t->set->dev)
		params_release(t->set);
	device_close(t->dev);
	arena_close(t->arena);
}

struct trial_leaf *trial_leaf(struct trial *t, const char *name, struct type type, bool param)
{
	struct trial_leaf *const leaf = &t->leaf[t->n_leaf++];

	ck_assert_int_le(t->n_leaf, TRIAL_LEAF);
	if (param || (type.shape.n_dim == 4 && type.layout == ROW_MAJOR)) {
		const struct param row = {.name = arena_str(t->arena, name), .shape = type.shape};

		ck_assert_msg(type.cls == CLASS_WIDE, "%s: a parameter is wide", name);
		leaf->node = graph_param(t->g, t->set, params_add(t->set, row));
	} else {
		leaf->node = graph_input(t->g, name, type.shape, type.cls);
	}
	trial_ok(t, name);
	leaf->n = shape_count(&type.shape);
	leaf->value = NEW_ARRAY(t->arena, double, leaf->n);
	return leaf;
}

static bool is_real(enum tclass cls)
{
	return cls == CLASS_ACT || cls == CLASS_WIDE;
}

static struct rng stream(const char *name, const char *part)
{
	return rng_stream(20, (struct rng_name){.purpose = "trial", .network = name, .application = part});
}

/* Multiples of 2^-17 below 64: x and x +- step are exact as float. */
static double on_grid(double x)
{
	return nearbyint(ldexp(x, 17)) * 0x1p-17;
}

static void draw(struct rng *r, const struct case_in *in, struct trial_leaf *leaf)
{
	for (int64_t i = 0; i < leaf->n; i++)
		if (is_real(in->cls))
			leaf->value[i] = on_grid(in->lo + (in->hi - in->lo) * rng_uniform_f64(r));
		else
			leaf->value[i] = in->lo + rng_below(r, (uint32_t)(in->hi - in->lo) + 1);
}

/* The elements of all inputs with IN_APART are places of one grid in random order, each a little off its place. */
static void draw_apart(struct trial *t, struct rng *r, const struct op_case *c)
{
	int64_t n = 0, next = 0;

	for (int i = 0; i < c->n_in; i++)
		n += c->in[i].flags & IN_APART ? t->leaf[i].n : 0;
	int *const place = NEW_ARRAY(t->arena, int, n);
	for (int64_t i = 0; i < n; i++)
		place[i] = (int)i;
	rng_permute(r, place, (int)n);
	for (int i = 0; i < c->n_in; i++) {
		const struct case_in *const in = &c->in[i];

		for (int64_t k = 0; in->flags & IN_APART && k < t->leaf[i].n; k++) {
			const double at = (place[next++] + 0.5 + 0.4 * (rng_uniform_f64(r) - 0.5)) / (double)n;

			t->leaf[i].value[k] = on_grid(in->lo + (in->hi - in->lo) * at);
		}
	}
}

static void fill_numbers(struct trial *t)
{
	struct node *const made[] = {t->g->sample, t->g->epoch};

	for (int k = 0; k < 2; k++) {
		if (!made[k])
			continue;
		struct trial_leaf *const leaf = &t->leaf[t->n_leaf++];

		leaf->node = made[k];
		leaf->n = shape_count(&made[k]->type.shape);
		leaf->value = NEW_ARRAY(t->arena, double, leaf->n);
		for (int64_t i = 0; i < leaf->n; i++)
			leaf->value[i] = k ? 3 : (double)i;
	}
}

void trial_case(struct trial *t, const struct op_case *c)
{
	struct node *x[CASE_IN] = {0};
	struct rng r = stream(c->name, "inputs");

	for (int i = 0; i < c->n_in; i++) {
		const struct case_in *const in = &c->in[i];
		char name[] = {'x', (char)('0' + i), '\0'};

		ck_assert_msg(fabs(in->lo) <= 64 || !is_real(in->cls), "%s: ranges lie within -64 and 64", c->name);
		struct trial_leaf *const leaf =
			trial_leaf(t, name, type_of(in->shape, in->cls), in->flags & IN_PARAM);
		if (!(in->flags & IN_APART))
			draw(&r, in, leaf);
		x[i] = leaf->node;
	}
	draw_apart(t, &r, c);
	t->y = c->build(t->g, x);
	trial_ok(t, c->name);
	ck_assert_msg(t->y != NULL, "%s: nothing built", c->name);
	fill_numbers(t);
}

struct node *trial_weight(struct trial *t, const struct node *n, const char *name)
{
	const bool cast = n->type.shape.n_dim == 4 && n->type.layout == ROW_MAJOR && n->type.cls != CLASS_WIDE;
	const struct type type = {n->type.shape, cast ? CLASS_WIDE : n->type.cls, n->type.layout};
	struct trial_leaf *const leaf = trial_leaf(t, name, type, false);
	struct rng r = stream("weight", name);

	for (int64_t i = 0; i < leaf->n; i++) {
		const double u = rng_uniform_f64(&r);

		leaf->value[i] = on_grid(u < 0.5 ? -2 + 3 * u : 0.5 + 3 * (u - 0.5));
	}
	return graph_cast(t->g, leaf->node, n->type.cls);
}

int trial_wrt(const struct trial *t, const struct op_case *c, int wrt[])
{
	int n = 0;

	if (c->flags & CASE_FORWARD || !is_real(t->y->type.cls))
		return 0;
	for (int i = 0; i < c->n_in; i++)
		if (is_real(c->in[i].cls) && !(c->in[i].flags & IN_FIXED))
			wrt[n++] = i;
	return n;
}

void trial_round(struct trial *t)
{
	static const enum dtype as[] = {[PRECISION_F32] = F32, [PRECISION_TF32] = F32, [PRECISION_BF16] = BF16, [PRECISION_F16] = F16};
	for (int k = 0; k < t->n_leaf; k++)
		for (int64_t i = 0; t->leaf[k].node->type.cls == CLASS_ACT && i < t->leaf[k].n; i++) {
			float raw;
			elements_from_f64(&raw, as[t->precision], &t->leaf[k].value[i], 1);
			elements_to_f64(&t->leaf[k].value[i], &raw, as[t->precision], 1);
		}
}

void trial_place(struct trial *t)
{
	if (t->set->n_param)
		params_place(t->set, t->dev, &t->err);
	trial_ok(t, "params_place");
}

void trial_prepare(struct trial *t, struct trial_plan *p, struct node *const node[], int n)
{
	struct step_desc *const desc = NEW(t->arena, struct step_desc);

	memset(p, 0, sizeof *p);
	ck_assert_int_le(n, TRIAL_KEEP);
	desc->g = t->g;
	desc->precision = t->precision;
	desc->any_order = t->any_order;
	desc->n_segment = 1;
	desc->segment = NEW(t->arena, struct segment);
	*desc->segment = (struct segment){.name = "trial", .every = 1};
	desc->keep = NEW_ARRAY(t->arena, struct node *, n);
	for (int i = 0; i < n; i++) {
		p->node[i] = node[i];
		p->value[i] = NEW_ARRAY(t->arena, double, shape_count(&node[i]->type.shape));
		if (node[i]->leaf == LEAF_NONE)
			desc->keep[desc->n_keep++] = node[i];
	}
	p->n = n;
	plan_new(t->arena, desc, t->dev, 1, &p->plan, &t->err);
	trial_ok(t, "plan_new");
	device_alloc(t->dev, plan_workspace(p->plan), &p->workspace, &t->err);
	trial_ok(t, "workspace");
	plan_prepare(p->plan, p->workspace, &t->err);
	trial_ok(t, "plan_prepare");
}

void trial_release(struct trial *t, struct trial_plan *p)
{
	const size_t bytes = plan_workspace(p->plan);

	plan_release(p->plan);
	device_free(t->dev, p->workspace, bytes);
}

/* A plan takes an input's elements in memory order. */
static void put(struct trial *t, struct trial_plan *p, const struct trial_leaf *leaf)
{
	const struct tensor at = tensor_of(leaf->node->type, F64, NULL);
	const struct shape *const s = &at.shape;
	double *const room = mem_new((size_t)leaf->n * sizeof *room);

	ck_assert_ptr_nonnull(room);
	for (int64_t i = 0; i < leaf->n; i++) {
		int64_t to = 0, rest = i;

		for (int k = s->n_dim - 1; k >= 0; k--) {
			to += rest % s->d[k] * at.stride[k];
			rest /= s->d[k];
		}
		room[to] = leaf->value[i];
	}
	if (leaf->node->leaf == LEAF_PARAM)
		params_put(t->set, leaf->node->index, false, leaf->value, &t->err);
	else
		plan_put_f64(p->plan, leaf->node, room);
	mem_free(room);
	trial_ok(t, "put");
}

static void get(struct trial *t, struct trial_plan *p, int i)
{
	const struct node *const n = p->node[i];
	const int64_t count = shape_count(&n->type.shape);

	for (int k = 0; k < t->n_leaf; k++)
		if (t->leaf[k].node == n) {
			memcpy(p->value[i], t->leaf[k].value, (size_t)count * sizeof(double));
			return;
		}
	for (int64_t k = 0; n->leaf == LEAF_CONST && k < count; k++)
		p->value[i][k] = n->value;
	if (n->leaf == LEAF_NONE)
		plan_get(p->plan, n, p->value[i], &t->err);
	trial_ok(t, "plan_get");
}

void trial_run(struct trial *t, struct trial_plan *p)
{
	for (int i = 0; i < t->n_leaf; i++)
		put(t, p, &t->leaf[i]);
	plan_run(p->plan, &t->err);
	trial_ok(t, "plan_run");
	for (int i = 0; i < p->n; i++)
		get(t, p, i);
}
