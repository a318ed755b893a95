#include "losses/temperature.h"

struct steps_conf {
	struct reals values, drops;
};

static const struct opt opts[] = {
	REALS(steps_conf, values, "20 10 4 1", 0.001, 1000, "-", "one after the other"),
	REALS(steps_conf, drops, NULL, 0, 1, "-", "shares of the stage, or of the teacher's phase, at which the next one begins; empty: equal parts"),
	{0},
};

static enum status check(const void *conf, struct where at, struct err *e)
{
	const struct steps_conf *c = conf;
	if (!c->values.n)
		return err_user(e, at, "temperature steps: 'values' is empty");
	if (c->drops.n && c->drops.n != c->values.n - 1)
		return err_user(e, at, "temperature steps: %d values have %d drops between them, not %d", c->values.n, c->values.n - 1, c->drops.n);
	for (int i = 1; i < c->drops.n; i++)
		if (c->drops.v[i] <= c->drops.v[i - 1])
			return err_user(e, at, "temperature steps: 'drops' rise, but %g is followed by %g", c->drops.v[i - 1], c->drops.v[i]);
	return OK;
}

static double at(const void *conf, const struct temperature_place *p)
{
	const struct steps_conf *c = conf;
	const int n = c->values.n;
	int i = 0;
	while (i + 1 < n && p->progress >= (c->drops.n ? c->drops.v[i] : (double)(i + 1) / n))
		i++;
	return c->values.v[i];
}

const struct temperature temperature_steps = {
	.name = "steps",
	.help = "one number after the other",
	.formula = "values[i] from drops[i-1] to drops[i]",
	.paper = "",
	.differs = "",
	.revision = 1,
	.conf_size = sizeof(struct steps_conf),
	.opts = opts,
	.check = check,
	.at = at,
};
