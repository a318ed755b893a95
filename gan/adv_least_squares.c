#include "gan/critic.h"

static struct node *square_gap(struct graph *g, struct node *x, double from)
{
	struct node *gap = graph_scale(g, x, 1, -from);
	return graph_mean_all(g, graph_mul(g, gap, gap));
}

static struct node *critic(struct graph *g, struct node *real, struct node *fake, double smoothing)
{
	return graph_add(g, square_gap(g, real, 1 - smoothing), square_gap(g, fake, 0));
}

static struct node *student(struct graph *g, struct node *fake)
{
	return square_gap(g, fake, 1);
}

static double middle(double smoothing)
{
	return (1 - smoothing) / 2;
}

const struct adversary adversary_least_squares = {
	.name = "least_squares",
	.help = "squared distance of the scores from 1 (real) and 0 (fake)",
	.formula = "critic: E (D(real) - 1)^2 + E D(fake)^2; student: E (D(fake) - 1)^2",
	.paper = "Mao et al., LSGAN, ICCV 2017; in distillation Chung et al., ICML 2020 (AFD)",
	.differs = "without LSGAN's factor 1/2, as AFD has it",
	.revision = 1,
	.smooths = true,
	.critic = critic,
	.student = student,
	.middle = middle,
};
