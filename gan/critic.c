/* The lists, and what all critics share. */
#include "gan/critic.h"

#include <math.h>

const struct critic *const critic_all[] = {
#define CRITIC(x) &critic_##x,
#include "gan/critics.def"
#undef CRITIC
};
const int critic_count = sizeof critic_all / sizeof *critic_all;

const struct adversary *const adversary_all[] = {
#define ADVERSARY(x) &adversary_##x,
#include "gan/adversaries.def"
#undef ADVERSARY
};
const int adversary_count = sizeof adversary_all / sizeof *adversary_all;

const struct critic *critic_find(const char *name)
{
	for (int i = 0; i < critic_count; i++)
		if (str_eq(critic_all[i]->name, name))
			return critic_all[i];
	return NULL;
}

const struct adversary *adversary_find(const char *name)
{
	for (int i = 0; i < adversary_count; i++)
		if (str_eq(adversary_all[i]->name, name))
			return adversary_all[i];
	return NULL;
}

enum status critic_define(struct arena *a, const struct critic *c, const void *conf, struct net *teacher, int block, const struct type *features,
                          const char *name, struct net **own, struct err *e)
{
	if (c->check) {
		const enum status fits = c->check(conf, teacher, block, (struct where){0}, e);
		if (fits != OK)
			return fits;
	}
	struct net *net = NEW(a, struct net);
	net->name = arena_str(a, name);
	net->params = params_new(a, name);
	struct arena *scratch = arena_open("critic");
	struct graph *g = graph_new(scratch, e);
	struct taps taps = {0};
	const struct critic_site site = {.g = g, .own = net, .teacher = teacher, .block = block, .defining = true, .name = name, .taps = &taps};
	c->score(conf, &site, graph_input(g, "features", features->shape, CLASS_ACT));
	const enum status st = graph_status(g);
	arena_close(scratch);
	*own = net;
	return st;
}

double adversary_middle(const struct adversary *adv, double smoothing)
{
	return adv->middle ? adv->middle(smoothing) : (double)NAN;
}

struct critic_report critic_report(struct graph *g, double at, struct node *loss, struct node *real, struct node *fake)
{
	struct node *real_mean = graph_mean_all(g, real), *fake_mean = graph_mean_all(g, fake);
	struct node *middle = isnan(at) ? graph_scale(g, graph_add(g, real_mean, fake_mean), 0.5, 0) : graph_const(g, at, shape0());
	return (struct critic_report){
		.loss = loss,
		.real_accuracy = graph_mean_all(g, graph_less(g, middle, real)),
		.fake_accuracy = graph_mean_all(g, graph_less_equal(g, fake, middle)),
		.real_mean = real_mean,
		.fake_mean = fake_mean,
	};
}
