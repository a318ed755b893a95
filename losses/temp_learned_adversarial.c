/* Curriculum temperature: one that climbs the loss that the student descends. */
#include <math.h>

#include "losses/temperature.h"

struct adversarial_conf {
	double start, range, init, ramp, lr, momentum;
};

static const struct opt opts[] = {
	REAL(adversarial_conf, start, 1, 0.001, 1000, "-", "the lowest temperature"),
	REAL(adversarial_conf, range, 20, 0, 1000, "-", "from the lowest to the highest"),
	REAL(adversarial_conf, init, 1, -50, 50, "-", "theta at the start"),
	REAL(adversarial_conf, ramp, 10, 0.001, 100000, "epochs", "in which lambda rises from 0 to 1"),
	REAL(adversarial_conf, lr, 0.05, 0, 1000, "-", "theta's learning rate"),
	REAL(adversarial_conf, momentum, 0.9, 0, 0.9999, "-", "theta's momentum"),
	{0},
};

enum { THETA, MOMENTUM };

static void define(const void *conf, struct params *own)
{
	const struct adversarial_conf *c = conf;
	params_add_state(own, (struct param){.name = "theta", .shape = shape0(), .role = STATE_OTHER}, c->init);
	params_add_state(own, (struct param){.name = "momentum", .shape = shape0(), .role = STATE_OTHER}, 0);
}

static double lambda(const void *conf, const struct temperature_place *p)
{
	const struct adversarial_conf *c = conf;
	return (1 - cos(acos(-1) * fmin(p->progress * p->epochs / c->ramp, 1))) / 2;
}

static struct node *build(const void *conf, const struct temperature_site *s)
{
	const struct adversarial_conf *c = conf;
	return graph_scale(s->g, graph_logistic(s->g, graph_state(s->g, s->own, THETA)), c->range, c->start);
}

static void move(const void *conf, const struct temperature_site *s, struct node *tau, struct node *value)
{
	const struct adversarial_conf *c = conf;
	struct graph *g = s->g;
	struct node *theta = graph_state(g, s->own, THETA), *momentum = graph_state(g, s->own, MOMENTUM), *d = NULL;
	(void)tau;
	graph_grad(g, value, NULL, &theta, 1, &d);
	if (graph_status(g) != OK)
		return;
	struct node *uphill = graph_mul(g, graph_scale(g, d, -s->weight, 0), s->given);
	struct node *moved = graph_add(g, graph_scale(g, momentum, c->momentum, 0), uphill);
	graph_update(g, momentum, moved, true);
	graph_update(g, theta, graph_sub(g, theta, graph_scale(g, moved, c->lr, 0)), true);
}

static double now(const void *conf, const double state[])
{
	const struct adversarial_conf *c = conf;
	return c->start + c->range / (1 + exp(-state[THETA]));
}

const struct temperature temperature_learned_adversarial = {
	.name = "learned_adversarial",
	.help = "one learnt number that raises the loss which the student lowers",
	.formula = "tau = start + range logistic(theta); theta by SGD along -lambda dL/dtheta, L the weighted term, lambda a half wave from 0 to 1",
	.paper = "Li et al., AAAI 2023 (CTKD, its global temperature)",
	.differs = "theta has a learning rate of its own, constant, and no weight decay; in the released code it is among the student's parameters",
	.revision = 1,
	.conf_size = sizeof(struct adversarial_conf),
	.opts = opts,
	.at = lambda,
	.define = define,
	.build = build,
	.move = move,
	.now = now,
};
