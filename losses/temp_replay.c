#include "losses/temperature.h"

struct replay_conf { const char *of; };

static const struct opt opts[] = {
	{.name = "of", .type = OPT_TEXT, .offset = offsetof(struct replay_conf, of), .unit = "-", .flags = OPT_REQUIRED | OPT_NEUTRAL,
	 .help = "STAGE.temperature, an earlier stage that had a temperature; or another run's, RUN/STAGE (RUN: its folder) or a file temperature.csv, whose content enters "
	         "the identity"},
	{0},
};

static double at(const void *conf, const struct temperature_place *p)
{
	(void)conf;
	if (p->step < p->n_course)
		return p->course[p->step];
	return p->n_course ? p->course[p->n_course - 1] : 1;
}

static const char *course(const void *conf)
{
	return ((const struct replay_conf *)conf)->of;
}

const struct temperature temperature_replay = {
	.name = "replay",
	.help = "what the steps of another stage, or of another run's, had: its temperatures without what moved them",
	.formula = "tau of the same step of the stage `of`; its last one from there on",
	.paper = "",
	.differs = "",
	.revision = 1,
	.conf_size = sizeof(struct replay_conf),
	.opts = opts,
	.at = at,
	.course = course,
};
