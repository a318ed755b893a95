#include "losses/temperature.h"

struct fixed_conf { double tau; };

static const struct opt opts[] = {
	REAL(fixed_conf, tau, 4, 0.001, 1000, "-", "the temperature"),
	{0},
};

static double now(const void *conf, const double state[])
{
	(void)state;
	return ((const struct fixed_conf *)conf)->tau;
}

static struct node *build(const void *conf, const struct temperature_site *s)
{
	const struct fixed_conf *c = conf;
	return graph_const(s->g, c->tau, shape0());
}

const struct temperature temperature_fixed = {
	.name = "fixed",
	.help = "one number for all steps",
	.formula = "tau",
	.paper = "Hinton, Vinyals, Dean 2015",
	.differs = "",
	.revision = 1,
	.conf_size = sizeof(struct fixed_conf),
	.opts = opts,
	.build = build,
	.now = now,
};
