/* Networks, segments and optimisers that kinds of stage with a critic have in common. */
#include "stages/adversary_step.h"

#include <string.h>

#include "engine/build.h"

enum { SCRATCH_N = 2 }; /* batch norm over one vector is none */

enum status own_net_define(struct stage_run *r, const char *name, layers_build layers, const void *conf, const struct type *x, struct net **out, struct err *e)
{
	struct net *net = NEW(r->arena, struct net);
	net->name = arena_str(r->arena, name);
	net->params = params_new(r->arena, name);
	struct arena *scratch = arena_open("own net");
	struct graph *g = graph_new(scratch, e);
	g->at = r->stage->map->at;
	struct builder b = {.g = g, .net = net, .mode = MODE_TRAIN, .defining = true};
	layers(&b, graph_input(g, "x", x->shape, x->cls), conf);
	const enum status st = graph_status(g);
	arena_close(scratch);
	if (st == OK)
		run_add_net(r, net);
	*out = net;
	return st;
}

struct node *own_net_apply(struct step *st, struct net *net, layers_build layers, const void *conf, struct node *x, enum mode mode)
{
	struct builder b = {.g = st->g, .net = net, .mode = mode};
	return x ? layers(&b, x, conf) : NULL;
}

enum status tap_type(struct net *net, const char *tap, struct where at, struct type *out, struct err *e)
{
	struct arena *scratch = arena_open("tap type");
	struct graph *g = graph_new(scratch, e);
	struct taps taps = {0};
	model_apply(g, net, 0, net_part_all(net), graph_input(g, "x", shape4(SCRATCH_N, net->C, net->H, net->W), CLASS_ACT), MODE_FROZEN, net->name, &taps);
	const struct node *found = graph_status(g) == OK ? taps_find(&taps, net, tap, at, e) : NULL;
	if (found)
		*out = found->type;
	const enum status st = graph_status(g);
	arena_close(scratch);
	return st;
}

bool type_fits(const struct type *a, const struct type *b)
{
	const struct shape *s = &a->shape, *t = &b->shape;
	return s->n_dim == t->n_dim && memcmp(s->d + 1, t->d + 1, (size_t)(s->n_dim - 1) * sizeof *s->d) == 0;
}

void optim_add_all(struct optim *o, struct arena *a, struct net *net)
{
	for (int i = 0; net && i < net->params->n_param; i++)
		optim_add(o, a, net->params, i);
}

struct optim *critic_optim(struct stage_run *r, struct net *critic, double lr)
{
	const struct optim_conf adam = {.kind = OPTIM_ADAM, .lr = lr, .beta1 = 0.5, .beta2 = 0.999, .eps = 1e-8};
	struct optim *o = run_optim(r, critic->name, &adam);
	optim_add_all(o, r->arena, critic);
	return o;
}

enum status small_critic_read(struct experiment *x, const struct stage *s, const struct conf *map, void **conf, struct err *e)
{
	const struct opt *tables[] = {critic_small.opts};
	*conf = arena_alloc(x->arena, critic_small.conf_size);
	if (map && map->kind != CONF_MAP)
		return err_user(e, map->at, "'critic' of stage '%s' is a map of the options of the critic 'small': {width: 64}", s->name);
	return opts_read_all(tables, conf, 1, map, arena_printf(x->arena, "critic of stage '%s'", s->name), x->arena, e);
}

void small_critic_canonical(const void *conf, struct str *text)
{
	str_printf(text, "critic=small/%d\n", critic_small.revision);
	opts_canonical(critic_small.opts, conf, text);
}

enum status small_critic_define(struct stage_run *r, const char *name, const void *conf, const struct type *map, struct net **critic, struct err *e)
{
	const enum status st = critic_define(r->arena, &critic_small, conf, NULL, 0, map, name, critic, e);
	if (st == OK)
		run_add_net(r, *critic);
	return st;
}

struct node *small_critic_score(struct step *st, struct net *critic, const void *conf, struct node *h, const char *name)
{
	const struct critic_site site = {.g = st->g, .own = critic, .name = name, .label = st->label};
	return h ? critic_small.score(conf, &site, h) : NULL;
}

void step_weigh(struct step *st, struct node **sum, const char *name, double weight, struct node *value)
{
	if (!value || weight == 0)
		return;
	step_metric(st, name, value);
	value = graph_scale(st->g, value, weight, 0);
	*sum = *sum ? graph_add(st->g, *sum, value) : value;
}

void step_minimise_each(struct step *st, const char *name, int every, int n, struct node *const loss[], struct optim *const o[])
{
	struct segment all = {.name = name, .every = every};
	all.root = NEW_ARRAY(st->arena, struct node *, n);
	all.optim = NEW_ARRAY(st->arena, struct optim *, n);
	for (int i = 0; i < n; i++)
		all.n_grad += o[i]->n;
	all.grad = NEW_ARRAY(st->arena, struct grad_item, all.n_grad);
	all.n_grad = 0;
	for (int i = 0; i < n; i++) {
		step_minimise(st, name, every, loss[i], o[i]);
		if (graph_status(st->g) != OK)
			return;
		const struct segment *one = &st->segment[--st->desc.n_segment];
		all.root[all.n_root++] = one->root[0];
		all.optim[all.n_optim++] = one->optim[0];
		memcpy(all.grad + all.n_grad, one->grad, (size_t)one->n_grad * sizeof *one->grad);
		all.n_grad += one->n_grad;
	}
	st->segment[st->desc.n_segment++] = all;
}

void critic_metrics(struct step *st, const char *mark, double middle, struct node *loss, struct node *real, struct node *fake)
{
	if (!loss || !real || !fake)
		return;
	const struct critic_report rep = critic_report(st->g, middle, loss, real, fake);
	const struct { const char *name; struct node *value; } rows[] = {
		{"loss", rep.loss}, {"real_accuracy", rep.real_accuracy}, {"fake_accuracy", rep.fake_accuracy}, {"real_mean", rep.real_mean},
		{"fake_mean", rep.fake_mean},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		step_metric(st, arena_printf(st->arena, "%s/%s", mark, rows[i].name), rows[i].value);
}

void critic_step(struct step *st, const char *mark, int every, double middle, struct node *loss, struct node *real, struct node *fake,
                 struct optim *o)
{
	critic_metrics(st, mark, middle, loss, real, fake);
	step_minimise(st, mark, every, loss, o);
}

void critic_watch(struct stage_run *r, struct lesson *l, int n, const char *const mark[])
{
	struct watch *w = NEW_ARRAY(r->arena, struct watch, n);
	for (int i = 0; i < n; i++)
		w[i] = (struct watch){arena_str(r->arena, mark[i]), arena_printf(r->arena, "%s/real_accuracy", mark[i]),
		                      arena_printf(r->arena, "%s/fake_accuracy", mark[i])};
	l->watch = w;
	l->n_watch = n;
}
