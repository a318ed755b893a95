/* A temperature that anneals by its own gradient. It is kept as its descent from K, so that its small first steps are not lost in rounding. */
#include <math.h>

#include "losses/temperature.h"

struct adaptive_conf {
	double from, lr, momentum;
	int floor, update, signal, monotone;
};
enum { FLOOR_STRAIGHT_THROUGH, FLOOR_OFF };
enum { UPDATE_BATCH, UPDATE_EPOCH };
enum { SIGNAL_SOFT_CROSS_ENTROPY, SIGNAL_KL, SIGNAL_LABELS };

static const struct opt opts[] = {
	REAL(adaptive_conf, from, 20, 1, 1000, "-", "K: where it starts with each teacher, and which it never exceeds"),
	REAL(adaptive_conf, lr, 0, 0, 1e9, "-", "its learning rate; 0: by the matched law, so that a student like its teacher gets from K to 1 in the time that is meant for it"),
	REAL(adaptive_conf, momentum, 0.9, 0, 0.9999, "-", "its momentum"),
	CHOICE(adaptive_conf, floor, "straight_through", "straight_through|off", "straight_through: used rounded down, its gradient taken there and applied to the unrounded one"),
	CHOICE(adaptive_conf, update, "batch", "batch|epoch", "after each batch, or by the mean of an epoch's gradients at its end"),
	CHOICE(adaptive_conf, signal, "soft_cross_entropy", "soft_cross_entropy|kl|labels", "whose gradient moves it; kl drives it up to K, labels give it no teacher"),
	BOOL(adaptive_conf, monotone, 0, "it never rises"),
	{0},
};

/* So that what rounding leaves of a gradient of 0 does not cost a whole degree. */
static const double HAIR = 1e-5;

enum { DESCENT, MOMENTUM, RATE, SUM, COUNT, STATES };

static enum status check(const void *conf, struct where at, struct err *e)
{
	const struct adaptive_conf *c = conf;
	if (c->floor == FLOOR_STRAIGHT_THROUGH && c->from < 2)
		return err_user(e, at, "temperature adaptive: 'from' is %g: rounded down that is 1 at once; it is at least 2 with 'floor: straight_through'", c->from);
	return OK;
}

static void define(const void *conf, struct params *own)
{
	const struct adaptive_conf *c = conf;
	static const char *const names[STATES] = {"descent", "momentum", "rate", "sum", "count"};
	for (int i = 0; i < STATES; i++)
		params_add_state(own, (struct param){.name = names[i], .shape = shape0(), .role = STATE_OTHER}, i == RATE ? c->lr : 0);
}

static double now(const void *conf, const double state[])
{
	const struct adaptive_conf *c = conf;
	const double tau = fmax(c->from - state[DESCENT], 1);
	return c->floor == FLOOR_STRAIGHT_THROUGH ? fmax(floor(tau + HAIR), 1) : tau;
}

/* What the law of section B.4 of a matched student says: with the floor every whole temperature k takes k^3 (1 - momentum) / (lr V) steps, without it
   their integral. Below 3 there is no whole one to pass, and what is left is the hair by which 2 is left. */
static double law_rate(const struct adaptive_conf *c, double variance, double steps)
{
	double sum = 0;
	for (int k = 2; k < (int)c->from && c->floor == FLOOR_STRAIGHT_THROUGH; k++)
		sum += pow(k, 3);
	if (c->floor == FLOOR_STRAIGHT_THROUGH)
		sum += pow(floor(c->from), 3) * (c->from - floor(c->from) + (c->from < 3 ? HAIR : 0));
	else
		sum = (pow(c->from, 4) - 1) / 4;
	return (1 - c->momentum) * sum / (variance * fmax(steps, 1));
}

/* Updates that a matched student with logits of variance 1 takes to the end, a part of one where it comes there within it; more than `most`: not in as
   many. */
static double matched_updates(const struct adaptive_conf *c, double rate, double most)
{
	const double end = c->floor == FLOOR_STRAIGHT_THROUGH ? c->from - 2 + HAIR : c->from - 1;
	double state[STATES] = {0}, moved = 0;
	for (double n = 0; n <= most; n++) {
		moved = c->momentum * moved + rate / pow(now(c, state), 3);
		if (state[DESCENT] + moved >= end)
			return n + (end - state[DESCENT]) / moved;
		state[DESCENT] += moved;
	}
	return most + 1;
}

/* The law takes the momentum for steady, which over a few dozen updates it is not: there the rate is sought with which they are as many, from a
   bracket that holds it whatever the momentum. */
static double counted_rate(const struct adaptive_conf *c, double variance, double updates)
{
	const double wanted = fmax(round(updates), 1);
	double low = law_rate(c, 1, wanted) / 2, high = low;
	while (matched_updates(c, high, wanted) > wanted - 0.5)
		high *= 4;
	for (int i = 0; i < 60; i++) {
		const double middle = sqrt(low * high);
		*(matched_updates(c, middle, wanted) > wanted - 0.5 ? &low : &high) = middle;
	}
	return high / variance;
}

static double matched_rate(const struct adaptive_conf *c, double variance, double steps, double epochs)
{
	return c->update == UPDATE_EPOCH ? counted_rate(c, variance, epochs) : law_rate(c, variance, steps);
}

/* Where the rate was the plain law's once. */
static void canonical(const void *conf, struct str *s)
{
	const struct adaptive_conf *c = conf;
	if (c->lr == 0 && (c->update == UPDATE_EPOCH || (c->floor == FLOOR_STRAIGHT_THROUGH && c->from < 3)))
		str_add(s, "rate=counted\n");
}

static void begin(const void *conf, double variance, double steps, double epochs, double state[])
{
	const struct adaptive_conf *c = conf;
	for (int i = 0; i < STATES; i++)
		state[i] = 0;
	state[RATE] = c->lr > 0 ? c->lr : variance > 0 ? matched_rate(c, variance, steps, epochs) : 0;
}

/* 1 in the steps after which it moves. */
static double is_due(const void *conf, const struct temperature_place *p)
{
	const struct adaptive_conf *c = conf;
	return c->update == UPDATE_BATCH || p->ends_epoch;
}

static struct node *build(const void *conf, const struct temperature_site *s)
{
	const struct adaptive_conf *c = conf;
	struct graph *g = s->g;
	struct node *one = graph_const(g, 1, shape0()), *tau = graph_scale(g, graph_state(g, s->own, DESCENT), -1, c->from);
	return graph_maximum(g, c->floor == FLOOR_STRAIGHT_THROUGH ? graph_floor(g, graph_scale(g, tau, 1, HAIR)) : tau, one);
}

/* dL/dtau of what it is moved by, at the temperature that was used. */
static struct node *slope(const struct adaptive_conf *c, const struct temperature_site *s, struct node *tau)
{
	struct graph *g = s->g;
	struct node *leaf = graph_stop_gradient(g, tau), *z_s = graph_div(g, s->z_s, leaf), *loss = NULL, *d = NULL;
	if (c->signal == SIGNAL_LABELS)
		loss = graph_cross_entropy(g, z_s, s->label, 0);
	else if (c->signal == SIGNAL_KL)
		loss = graph_kl_divergence(g, z_s, graph_div(g, s->z_t, leaf), 1);
	else
		loss = soft_cross_entropy(g, z_s, graph_div(g, s->z_t, leaf));
	graph_grad(g, loss, NULL, &leaf, 1, &d);
	return graph_status(g) == OK ? d : NULL;
}

static void move(const void *conf, const struct temperature_site *s, struct node *tau, struct node *value)
{
	const struct adaptive_conf *c = conf;
	struct graph *g = s->g;
	struct node *state[STATES], *d = slope(c, s, tau);
	(void)value;
	if (!d)
		return;
	for (int i = 0; i < STATES; i++)
		state[i] = graph_state(g, s->own, i);
	/* One that has come to 1 stays. */
	struct node *over = graph_less_equal(g, tau, graph_const(g, TAU_OVER, shape0()));
	struct node *due = graph_mul(g, s->given, graph_scale(g, over, -1, 1));
	struct node *sum = graph_add(g, state[SUM], d), *count = graph_scale(g, state[COUNT], 1, 1), *zero = graph_const(g, 0, shape0());
	struct node *moved = graph_add(g, graph_scale(g, state[MOMENTUM], c->momentum, 0), graph_div(g, sum, count));
	struct node *down = graph_mul(g, state[RATE], moved);
	if (c->monotone)
		down = graph_maximum(g, down, zero);
	struct node *descent = graph_clamp(g, graph_add(g, state[DESCENT], down), 0, c->from - 1);
	graph_update(g, state[DESCENT], graph_where(g, due, descent, state[DESCENT]), true);
	graph_update(g, state[MOMENTUM], graph_where(g, due, moved, state[MOMENTUM]), true);
	graph_update(g, state[SUM], graph_where(g, s->given, zero, sum), true);
	graph_update(g, state[COUNT], graph_where(g, s->given, zero, count), true);
}

const struct temperature temperature_adaptive = {
	.name = "adaptive",
	.help = "from K down to 1 by its own gradient, faster the better the student knows its teacher",
	.formula = "t <- clip(t - lr m, 1, K), m <- momentum m + dL/dt; L = mean over N of -sum over k of p_k(z_t/t) log p_k(z_s/t), no t^2; used: max(1, floor(t))",
	.paper = "Journal of HUST (Natural Science) 2022, doi 10.13245/j.hust.220219",
	.differs = "the paper's derivatives are misprinted: these are those of its loss; its learning rate is not given; one that has come to 1 stays",
	.revision = 1,
	.conf_size = sizeof(struct adaptive_conf),
	.opts = opts,
	.check = check,
	.canonical = canonical,
	.at = is_due,
	.needs_teacher = true,
	.define = define,
	.build = build,
	.move = move,
	.now = now,
	.begin = begin,
};
