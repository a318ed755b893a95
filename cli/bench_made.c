#include "cli/bench_made.h"

#include "base/rng.h"
#include "base/str.h"

const char *const made_part_name[MADE_PARTS] = {"data", "teacher", "student forward", "losses", "backward", "optimiser, commit", "other"};
const char *const made_part_key[MADE_PARTS] = {"data", "teacher", "student", "losses", "backward", "commit", "other"};

static const char default_losses[] = "{kind: ce, weight: 0.1}, {kind: kd, weight: 0.9, tau: 4}";

/* A word alone is a loss with its defaults, on the last blocks' features if it reads any. */
static void loss_text(const struct made *m, const char *word, struct str *s)
{
	const struct loss *l = loss_find(word);
	if (*word == '{')
		str_add(s, word);
	else if (l && l->needs & NEED_TAPS)
		str_printf(s, "{kind: %s, student: block%d, teacher: block%d}", word, m->student->B, m->teacher->B);
	else
		str_printf(s, "{kind: %s}", word);
}

static enum status read_terms(struct made *m, struct err *e)
{
	struct conf *root = NULL;
	struct str s = {0};
	str_add(&s, "losses: [");
	for (int i = 0; i < m->conf.loss.n; i++) {
		str_add(&s, i ? ", " : "");
		loss_text(m, m->conf.loss.word[i], &s);
	}
	str_printf(&s, "%s]", m->conf.loss.n ? "" : default_losses);
	enum status st = conf_parse(m->arena, str_text(&s), "--loss", &root, e);
	str_release(&s);
	if (st == OK)
		st = terms_read(m->arena, conf_find(root, "losses"), "the step", &m->term, &m->n_term, e);
	for (int i = 0; i < m->n_term && st == OK; i++)
		st = term_define(m->arena, &m->term[i], m->student, m->teacher, m->term[i].name, e);
	return st;
}

static struct node *losses(struct made *m, const struct taps *s, const struct taps *t)
{
	struct node *sum = NULL;
	const struct loss_site site = {.g = m->g, .label = m->label, .sample = m->sample, .N = m->conf.batch, .K = m->conf.classes,
	                               .n_train = m->conf.batch, .s = s, .t = t, .net_s = m->student, .net_t = m->teacher,
	                               .mode = MODE_TRAIN};
	for (int i = 0; i < m->n_term; i++) {
		struct node *value = graph_scale(m->g, term_build(&m->term[i], site), m->term[i].weight, 0);
		sum = sum && value ? graph_add(m->g, sum, value) : value ? value : sum;
	}
	return sum ? sum : graph_fail(m->g, "every loss has weight 0: nothing to learn from");
}

/* All of a network's parameters move. */
static void move(struct made *m, struct params *p)
{
	for (int i = 0; i < p->n_param; i++)
		optim_add(m->optim, m->arena, p, i);
}

static enum status minimise(struct made *m)
{
	struct optim *o = m->optim;
	struct node **wrt = NEW_ARRAY(m->arena, struct node *, o->n), **grad = NEW_ARRAY(m->arena, struct node *, o->n);
	struct grad_item *items = NEW_ARRAY(m->arena, struct grad_item, o->n);
	for (int i = 0; i < o->n; i++)
		wrt[i] = graph_param(m->g, o->item[i].set, o->item[i].index);
	m->first_node[MADE_BACKWARD] = m->g->n_node;
	graph_grad(m->g, m->loss, NULL, wrt, o->n, grad);
	for (int i = 0; i < o->n; i++)
		items[i] = (struct grad_item){o, i, grad[i]};
	m->segment = (struct segment){.name = "student", .every = 1, .n_root = 1, .root = &m->loss, .n_optim = 1, .optim = &m->optim,
	                              .n_grad = o->n, .grad = items};
	m->desc = (struct step_desc){.g = m->g, .precision = m->precision, .n_segment = 1, .segment = &m->segment, .n_metric = 1,
	                             .metric = &m->loss};
	return graph_status(m->g);
}

static enum status build(struct made *m, struct err *e)
{
	static const float mean[4] = {0.5f, 0.5f, 0.5f}, std[4] = {0.25f, 0.25f, 0.25f};
	const struct made_conf *c = &m->conf;
	struct graph *g = m->g = graph_new(m->arena, e);
	struct taps s = {0}, t = {0};
	m->image = graph_input(g, "image", shape4(c->batch, 3, c->size, c->size), CLASS_U8);
	m->label = graph_input(g, "label", shape1(c->batch), CLASS_I32);
	m->sample = g->sample = graph_input(g, "sample", shape1(c->batch), CLASS_I32);
	struct node *x = graph_normalize(g, m->image, mean, std);
	m->first_node[MADE_TEACHER] = g->n_node;
	model_apply(g, m->teacher, 0, net_part_all(m->teacher), x, MODE_FROZEN, "teacher", &t);
	m->first_node[MADE_STUDENT] = g->n_node;
	model_apply(g, m->student, 0, net_part_all(m->student), x, MODE_TRAIN, "student", &s);
	m->first_node[MADE_LOSS] = g->n_node;
	m->loss = losses(m, &s, &t);
	const struct optim_conf sgd = {.kind = OPTIM_SGD, .lr = 0.05, .momentum = 0.9, .weight_decay = 5e-4};
	m->optim = optim_new(m->arena, "student", &sgd);
	move(m, m->student->params);
	for (int i = 0; i < m->n_term; i++)
		if (m->term[i].own)
			move(m, m->term[i].own->params);
	return graph_status(g) == OK ? minimise(m) : graph_status(g);
}

static enum status place(struct made *m, struct net *net, struct err *e)
{
	const enum status st = params_place(net->params, m->dev, e);
	return st == OK ? net_init(net, 1, NULL, e) : st;
}

static enum status prepare(struct made *m, struct err *e)
{
	enum status st = place(m, m->teacher, e);
	if (st == OK)
		st = place(m, m->student, e);
	for (int i = 0; i < m->n_term && st == OK; i++)
		if (m->term[i].own)
			st = place(m, m->term[i].own, e);
	if (st == OK)
		st = optim_place(m->optim, m->dev, e);
	if (st == OK)
		st = device_alloc(m->dev, plan_workspace(m->plan), &m->workspace, e);
	if (st == OK)
		st = plan_prepare(m->plan, m->workspace, e);
	if (st == OK)
		optim_set_lr(m->optim, m->optim->conf.lr);
	return st;
}

static void make_pictures(struct made *m)
{
	const struct made_conf *c = &m->conf;
	const size_t bytes = (size_t)c->batch * 3 * (size_t)c->size * (size_t)c->size;
	struct rng r = rng_stream(1, (struct rng_name){.purpose = "bench"});
	m->pictures = arena_alloc(m->arena, bytes);
	m->labels = NEW_ARRAY(m->arena, int32_t, c->batch);
	m->samples = NEW_ARRAY(m->arena, int32_t, c->batch);
	for (size_t i = 0; i < bytes; i++)
		m->pictures[i] = (uint8_t)(rng_u32(&r) >> 24);
	for (int i = 0; i < c->batch; i++) {
		m->labels[i] = (int32_t)rng_below(&r, (uint32_t)c->classes);
		m->samples[i] = i;
	}
}

enum status made_open(struct arena *a, const struct made_conf *c, struct made *m, struct err *e)
{
	*m = (struct made){.arena = a, .conf = *c};
	enum status st = bench_precision(c->precision, &m->precision, e);
	if (st == OK)
		st = device_open(a, "cpu", c->threads, &m->dev, e);
	if (st == OK)
		st = net_named(a, "teacher", c->teacher, 3, c->size, c->size, c->classes, &m->teacher, e);
	if (st == OK)
		st = net_named(a, "student", c->student, 3, c->size, c->size, c->classes, &m->student, e);
	if (st == OK)
		st = read_terms(m, e);
	if (st == OK)
		st = build(m, e);
	if (st == OK)
		st = plan_new(a, &m->desc, m->dev, 1, &m->plan, e);
	if (st == OK)
		st = prepare(m, e);
	if (st == OK)
		make_pictures(m);
	return st;
}

void made_put(struct made *m)
{
	plan_put(m->plan, m->image, m->pictures);
	plan_put(m->plan, m->label, m->labels);
	plan_put(m->plan, m->sample, m->samples);
}

enum made_part made_part_of(const struct made *m, const struct node *n)
{
	int part = MADE_DATA;
	while (part + 1 < MADE_COMMIT && n->id >= m->first_node[part + 1])
		part++;
	return part;
}

static void release(struct net *net)
{
	if (net && net->params->dev)
		params_release(net->params);
}

void made_close(struct made *m)
{
	const size_t bytes = m->plan ? plan_workspace(m->plan) : 0;
	plan_release(m->plan);
	if (m->workspace)
		device_free(m->dev, m->workspace, bytes);
	if (m->optim && m->optim->dev)
		optim_release(m->optim);
	release(m->teacher);
	release(m->student);
	for (int i = 0; i < m->n_term; i++)
		release(m->term[i].own);
	device_close(m->dev);
}
