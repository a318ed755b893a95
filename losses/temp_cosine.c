#include <math.h>

#include "losses/temperature.h"

static double half_wave(double x)
{
	return (1 - cos(acos(-1) * x)) / 2;
}

static double at(const void *conf, const struct temperature_place *p)
{
	return temperature_between(conf, p, half_wave);
}

const struct temperature temperature_cosine = {
	.name = "cosine",
	.help = "by half a cosine wave from one number to another",
	.formula = "from + (to - from) (1 - cos(pi min(progress / share, 1))) / 2",
	.paper = "the wave: Loshchilov, Hutter, ICLR 2017",
	.differs = "of a temperature, and not of a learning rate",
	.revision = 1,
	.conf_size = sizeof(struct span_conf),
	.opts = span_opts,
	.at = at,
};
