#include "cli/loss_trial.h"

#include "engine/plan.h"

struct inputs {
	struct node *student, *teacher, *label, *sample;
};

static struct node *features(struct graph *g, const char *name, struct shape s)
{
	return graph_input(g, name, s, s.n_dim == 4 ? CLASS_ACT : CLASS_WIDE);
}

static struct net *network(struct arena *a, const char *name, int classes)
{
	struct net *net = NEW(a, struct net);
	net->name = name;
	net->model_name = "a file";
	net->B = 1;
	net->classes = classes;
	return net;
}

static const struct taps *taps_of(struct arena *a, struct node *x, bool maps)
{
	struct taps *t = NEW(a, struct taps);
	if (maps)
		t->block[1] = x;
	else
		t->logits = x;
	return t;
}

static struct node *build(struct loss_trial *t, struct graph *g, bool defining, struct inputs *in)
{
	const int N = t->shape_s.d[0];
	in->student = features(g, "student", t->shape_s);
	in->teacher = t->teacher ? features(g, "teacher", t->shape_t) : NULL;
	in->label = t->label ? graph_input(g, "label", shape1(N), CLASS_I32) : NULL;
	in->sample = graph_input(g, "sample", shape1(N), CLASS_I32);
	g->sample = in->sample;
	/* The numbers stand for taps of two networks of one block. */
	const bool maps = t->shape_s.n_dim == 4;
	const char *tap = maps ? "block1" : "logits";
	struct net *student = network(t->arena, "student", t->K), *teacher = network(t->arena, "teacher", t->K);
	const struct taps *s = taps_of(t->arena, in->student, maps), *k = taps_of(t->arena, in->teacher, maps);
	const struct loss_site site = {
		.g = g, .x_s = in->student, .x_t = in->teacher, .label = in->label, .sample = in->sample, .N = N,
		.K = t->K, .n_train = N, .s = s, .t = in->teacher ? k : NULL, .net_s = student,
		.net_t = in->teacher ? teacher : NULL,
		.own = t->own.params ? &t->own : NULL, .defining = defining, .mode = MODE_BATCH,
		.student_tap = tap, .teacher_tap = tap,
	};
	return t->loss->build(t->conf, &site);
}

enum status loss_trial_define(struct loss_trial *t, struct err *e)
{
	if (!(t->loss->needs & NEED_PARAMS))
		return OK;
	struct arena *scratch = arena_open("loss");
	struct graph *g = graph_new(scratch, e);
	struct inputs in;
	t->own.name = t->loss->name;
	t->own.params = params_new(t->arena, t->loss->name);
	build(t, g, true, &in);
	enum status st = graph_status(g);
	arena_close(scratch);
	if (st == OK)
		st = params_place(t->own.params, t->dev, e);
	return st == OK ? net_init(&t->own, t->seed, NULL, e) : st;
}

/* A 4-d tensor lies in memory as N,H,W,C. */
static const double *memory_order(struct arena *a, struct shape s, const double *x)
{
	if (s.n_dim != 4)
		return x;
	const int N = s.d[0], C = s.d[1], HW = s.d[2] * s.d[3];
	double *y = NEW_ARRAY(a, double, shape_count(&s));
	for (int n = 0; n < N; n++)
		for (int c = 0; c < C; c++)
			for (int i = 0; i < HW; i++)
				y[((int64_t)n * HW + i) * C + c] = x[((int64_t)n * C + c) * HW + i];
	return y;
}

static void put_inputs(struct loss_trial *t, struct plan *p, const struct inputs *in)
{
	const int N = t->shape_s.d[0];
	int32_t *sample = NEW_ARRAY(t->arena, int32_t, N);
	for (int i = 0; i < N; i++)
		sample[i] = i;
	plan_put_f64(p, in->student, memory_order(t->arena, t->shape_s, t->student));
	if (in->teacher)
		plan_put_f64(p, in->teacher, memory_order(t->arena, t->shape_t, t->teacher));
	if (in->label)
		plan_put(p, in->label, t->label);
	plan_put(p, in->sample, sample);
}

static enum status read_gradient(struct loss_trial *t, struct plan *p, const struct node *d, double **out,
                                 struct err *e)
{
	const int64_t n = shape_count(&d->type.shape);
	*out = NEW_ARRAY(t->arena, double, n);
	if (d->leaf != LEAF_CONST)
		return plan_get(p, d, *out, e);
	for (int64_t i = 0; i < n; i++)
		(*out)[i] = d->value;
	return OK;
}

static enum status run_plan(struct loss_trial *t, struct plan *p, const struct inputs *in, struct node *loss,
                            struct node **grad, int n_own, struct err *e)
{
	const size_t bytes = plan_workspace(p);
	void *workspace = NULL;
	enum status st = device_alloc(t->dev, bytes, &workspace, e);
	if (st == OK)
		st = plan_prepare(p, workspace, e);
	if (st == OK) {
		put_inputs(t, p, in);
		st = plan_run(p, e);
	}
	if (st == OK)
		st = plan_get(p, loss, &t->value, e);
	if (st == OK)
		st = read_gradient(t, p, grad[0], &t->grad_student, e);
	for (int i = 0; i < n_own && st == OK; i++)
		st = read_gradient(t, p, grad[1 + i], &t->grad_own[i], e);
	plan_release(p);
	device_free(t->dev, workspace, bytes);
	return st;
}

enum status loss_trial_run(struct loss_trial *t, struct err *e)
{
	struct arena *a = t->arena;
	struct graph *g = graph_new(a, e);
	struct inputs in;
	struct node *loss = build(t, g, false, &in);
	const int n_own = t->own.params ? t->own.params->n_param : 0;
	struct node **wrt = NEW_ARRAY(a, struct node *, n_own + 1);
	struct node **grad = NEW_ARRAY(a, struct node *, n_own + 1);
	wrt[0] = in.student;
	for (int i = 0; i < n_own; i++)
		wrt[1 + i] = graph_param(g, t->own.params, i);
	t->grad_own = NEW_ARRAY(a, double *, n_own);
	if (graph_status(g) == OK)
		graph_grad(g, loss, NULL, wrt, n_own + 1, grad);
	if (graph_status(g) != OK)
		return graph_status(g);
	struct node **keep = NEW_ARRAY(a, struct node *, n_own + 2);
	int n_keep = 0;
	keep[n_keep++] = loss;
	for (int i = 0; i <= n_own; i++)
		if (grad[i]->leaf != LEAF_CONST)
			keep[n_keep++] = grad[i];
	struct segment *segment = NEW(a, struct segment);
	*segment = (struct segment){.name = "loss", .every = 1, .n_root = 1, .root = keep};
	const struct step_desc desc = {.g = g, .precision = PRECISION_F32, .n_segment = 1, .segment = segment,
	                               .n_keep = n_keep, .keep = keep};
	struct plan *p = NULL;
	const enum status st = plan_new(a, &desc, t->dev, 1, &p, e);
	return st == OK ? run_plan(t, p, &in, loss, grad, n_own, e) : st;
}

void loss_trial_release(struct loss_trial *t)
{
	if (t->own.params)
		params_release(t->own.params);
}
