#include "losses/temperature.h"

static double straight(double x)
{
	return x;
}

static double at(const void *conf, const struct temperature_place *p)
{
	return temperature_between(conf, p, straight);
}

const struct temperature temperature_linear = {
	.name = "linear",
	.help = "in a straight line from one number to another",
	.formula = "from + (to - from) min(progress / share, 1); progress: of the stage's steps, or of the teacher's phase",
	.paper = "annealing: Jafari et al., EACL 2021",
	.differs = "step by step, and not by whole epochs",
	.revision = 1,
	.conf_size = sizeof(struct span_conf),
	.opts = span_opts,
	.at = at,
};
