#include "tests/losses/bench.h"

#include <math.h>
#include <string.h>

#include "base/rng.h"

enum { MOST = 256 };

struct arena *arena;
struct err err;
struct device *dev;
struct graph *g;

static struct leaf *leaves[MOST];
static struct params *placed[MOST];
static struct run *runs[MOST];
static int n_leaf, n_placed, n_run;

void bench_open(void)
{
	arena = arena_open("test");
	memset(&err, 0, sizeof err);
	ASSERT_OK(device_open(arena, "ref", 1, &dev, &err));
	g = graph_new(arena, &err);
	n_leaf = n_placed = n_run = 0;
}

static void run_close(struct run *r)
{
	if (!r->plan)
		return;
	plan_release(r->plan);
	device_free(dev, r->workspace, r->size);
	r->plan = NULL;
}

void bench_close(void)
{
	for (int i = 0; i < n_run; i++)
		run_close(runs[i]);
	for (int i = 0; i < n_placed; i++)
		params_release(placed[i]);
	device_close(dev);
	arena_close(arena);
}

static struct leaf *leaf_add(struct node *n)
{
	ASSERT_BUILT();
	ck_assert_int_lt(n_leaf, MOST);
	struct leaf *l = leaves[n_leaf++] = NEW(arena, struct leaf);
	l->node = n;
	l->n = shape_count(&n->type.shape);
	l->value = NEW_ARRAY(arena, double, l->n);
	return l;
}

struct leaf *leaf_input(const char *name, struct shape shape, enum tclass cls)
{
	return leaf_add(graph_input(g, name, shape, cls));
}

struct leaf *leaf_param(struct params *set, int index)
{
	struct leaf *l = leaf_add(graph_param(g, set, index));
	ASSERT_OK(params_get(set, index, false, l->value, &err));
	return l;
}

void leaf_set(struct leaf *l, const double *v)
{
	memcpy(l->value, v, (size_t)l->n * sizeof *v);
}

static struct rng stream(const char *name, const char *part)
{
	return rng_stream(31, (struct rng_name){.purpose = "bench", .network = name, .application = part});
}

void leaf_draw(struct leaf *l, double lo, double hi, const char *name)
{
	struct rng r = stream(name, l->node->name);
	for (int64_t i = 0; i < l->n; i++)
		l->value[i] = lo + (hi - lo) * rng_uniform_f64(&r);
}

void bench_place(struct params *p)
{
	ck_assert_int_lt(n_placed, MOST);
	ASSERT_OK(params_place(p, dev, &err));
	placed[n_placed++] = p;
}

void bench_place_net(struct net *net)
{
	bench_place(net->params);
	ASSERT_OK(net_init(net, 1, NULL, &err));
}

static void draw_row(const struct param *row, bool is_state, struct rng *r, double *v)
{
	for (int64_t k = 0; k < shape_count(&row->shape); k++) {
		const double u = rng_uniform_f64(r);
		if (!is_state || row->role == STATE_OTHER)
			v[k] = u < 0.5 ? -1.2 + 1.8 * u : 0.3 + 1.8 * (u - 0.5);
		else
			v[k] = row->role == STATE_VAR ? 0.5 + 1.5 * u : row->role == STATE_MEAN ? u - 0.5 : 0;
	}
}

void bench_stir(struct params *p, const char *name)
{
	for (int s = 0; s < 2; s++)
		for (int i = 0; i < (s ? p->n_state : p->n_param); i++) {
			const struct param *row = s ? &p->state[i] : &p->param[i];
			double *v = NEW_ARRAY(arena, double, shape_count(&row->shape));
			struct rng r = stream(name, row->name);
			draw_row(row, s, &r, v);
			ASSERT_OK(params_put(p, i, s, v, &err));
		}
}

static int row_find(struct params *p, const char *name, bool *is_state)
{
	const int i = params_find(p, name, is_state);
	ck_assert_msg(i >= 0, "'%s' has no '%s'", p->name, name);
	return i;
}

void bench_put(struct params *p, const char *name, const double *v)
{
	bool is_state;
	const int i = row_find(p, name, &is_state);
	ASSERT_OK(params_put(p, i, is_state, v, &err));
}

double bench_get(struct params *p, const char *name)
{
	bool is_state;
	double v;
	const int i = row_find(p, name, &is_state);
	ASSERT_OK(params_get(p, i, is_state, &v, &err));
	return v;
}

struct net *bench_net(const char *name, const char *yaml, int C, int size, int classes)
{
	struct conf *map;
	struct net *net;
	ASSERT_OK(conf_parse(arena, yaml, "test.yaml", &map, &err));
	ASSERT_OK(net_new(arena, name, map, C, size, size, classes, &net, &err));
	return net;
}

struct run *run_open_step(struct segment *segment, int n_segment, unsigned active, struct node *const keep[],
                          int n)
{
	ASSERT_BUILT();
	ck_assert_int_lt(n_run, MOST);
	struct run *r = runs[n_run++] = NEW(arena, struct run);
	r->g = g;
	r->desc.g = g;
	r->desc.segment = segment;
	r->desc.n_segment = n_segment;
	r->desc.keep = NEW_ARRAY(arena, struct node *, n);
	for (int i = 0; i < n; i++)
		if (keep[i]->leaf == LEAF_NONE)
			r->desc.keep[r->desc.n_keep++] = keep[i];
	ASSERT_OK(plan_new(arena, &r->desc, dev, active, &r->plan, &err));
	r->size = plan_workspace(r->plan);
	ASSERT_OK(device_alloc(dev, r->size, &r->workspace, &err));
	ASSERT_OK(plan_prepare(r->plan, r->workspace, &err));
	return r;
}

struct run *run_open(struct node *const keep[], int n)
{
	struct segment *evaluation = NEW(arena, struct segment);
	*evaluation = (struct segment){.name = "evaluation", .every = 1};
	return run_open_step(evaluation, 1, 1, keep, n);
}

/* A plan takes an input's elements in memory order. */
static void put(struct run *r, const struct leaf *l)
{
	const struct tensor at = tensor_of(l->node->type, F64, NULL);
	double *room = mem_new((size_t)l->n * sizeof *room);
	ck_assert_ptr_nonnull(room);
	for (int64_t i = 0; i < l->n; i++) {
		int64_t to = 0, rest = i;
		for (int k = at.shape.n_dim - 1; k >= 0; k--) {
			to += rest % at.shape.d[k] * at.stride[k];
			rest /= at.shape.d[k];
		}
		room[to] = l->value[i];
	}
	if (l->node->leaf == LEAF_PARAM)
		ASSERT_OK(params_put(l->node->set, l->node->index, false, l->value, &err));
	else
		plan_put_f64(r->plan, l->node, room);
	mem_free(room);
}

enum status run_try(struct run *r)
{
	for (int i = 0; i < n_leaf; i++)
		if (leaves[i]->node->g == r->g)
			put(r, leaves[i]);
	return plan_run(r->plan, &err);
}

void run_go(struct run *r)
{
	ASSERT_OK(run_try(r));
}

double *run_read(struct run *r, const struct node *n)
{
	double *v = NEW_ARRAY(arena, double, shape_count(&n->type.shape));
	if (n->leaf == LEAF_CONST)
		for (int64_t i = 0; i < shape_count(&n->type.shape); i++)
			v[i] = n->value;
	else
		ASSERT_OK(plan_get(r->plan, n, v, &err));
	return v;
}

double run_scalar(struct run *r, const struct node *n)
{
	double v;
	ck_assert_int_eq(n->type.shape.n_dim, 0);
	ASSERT_OK(plan_get(r->plan, n, &v, &err));
	return v;
}

double *value_of(struct node *n)
{
	ASSERT_BUILT();
	ck_assert_ptr_nonnull(n);
	struct run *r = run_open(&n, 1);
	run_go(r);
	double *v = run_read(r, n);
	run_close(r);
	n_run--;
	return v;
}

double scalar_of(struct node *n)
{
	ASSERT_BUILT();
	ck_assert_ptr_nonnull(n);
	ck_assert_int_eq(n->type.shape.n_dim, 0);
	return *value_of(n);
}
