#include <math.h>

#include "engine/optim.h"

enum { SCHEDULE_CONSTANT, SCHEDULE_COSINE, SCHEDULE_STEPS };

const struct opt schedule_opts[] = {
	{.name = "schedule", .type = OPT_CHOICE, .offset = offsetof(struct schedule_conf, kind), .def_text = "cosine",
	 .choices = "constant|cosine|steps", .unit = "-", .help = "how the learning rate falls, step by step"},
	REAL(schedule_conf, warmup, 0, 0, 1e6, "epochs", "linear rise from a hundredth of lr at the start"),
	REALS(schedule_conf, drops, "0.625 0.75 0.875", 0, 1e6, "-",
	      "steps: where lr falls; below 1 a share of the epochs, else an epoch"),
	{.name = "drop_factor", .type = OPT_REAL, .offset = offsetof(struct schedule_conf, factor), .def = 0.1, .min = 0,
	 .max = 1, .unit = "-", .help = "steps: factor at each drop"},
	{.name = "lr_final", .type = OPT_REAL, .offset = offsetof(struct schedule_conf, final), .def = 0, .min = 0, .max = 1,
	 .unit = "-", .help = "cosine: share of lr that is left at the end"},
	{0},
};

static double drop_at(const struct schedule_conf *c, int i, double epochs)
{
	return c->drops.v[i] < 1 ? c->drops.v[i] * epochs : c->drops.v[i];
}

double schedule_factor(const struct schedule_conf *c, double position, double epochs)
{
	if (position < c->warmup)
		return 0.01 + 0.99 * position / c->warmup;
	double f = 1;
	if (c->kind == SCHEDULE_COSINE && epochs > c->warmup) {
		const double x = fmin((position - c->warmup) / (epochs - c->warmup), 1);
		f = c->final + (1 - c->final) * 0.5 * (1 + cos(3.14159265358979323846 * x));
	} else if (c->kind == SCHEDULE_STEPS) {
		for (int i = 0; i < c->drops.n; i++)
			if (position >= drop_at(c, i, epochs))
				f *= c->factor;
	}
	return f;
}

int schedule_plateaus(const struct schedule_conf *c, int epochs, int *last)
{
	int n = 0;
	for (int i = 0; c->kind == SCHEDULE_STEPS && c->factor < 1 && i < c->drops.n; i++) {
		const int epoch = (int)floor(fmin(drop_at(c, i, epochs), epochs) + 1e-9); /* .29 * 100 is a little less than 29 */
		int k = n;
		while (k > 0 && last[k - 1] > epoch)
			k--;
		if (epoch < 1 || epoch <= c->warmup || epoch >= epochs || (k > 0 && last[k - 1] == epoch))
			continue;
		for (int m = n++; m > k; m--)
			last[m] = last[m - 1];
		last[k] = epoch;
	}
	return n;
}
