#include <math.h>

#include "gan/critic.h"

/* -log s(x) = softplus(-x), -log(1 - s(x)) = softplus(x), s the logistic. */
static struct node *critic(struct graph *g, struct node *real, struct node *fake, double smoothing)
{
	/* -(1 - smoothing) log s(x) - smoothing log(1 - s(x)) = softplus(-x) + smoothing x */
	struct node *on_real = graph_mean_softplus(g, real, -1);
	if (smoothing > 0)
		on_real = graph_add(g, on_real, graph_scale(g, graph_mean_all(g, real), smoothing, 0));
	return graph_add(g, on_real, graph_mean_softplus(g, fake, 1));
}

static struct node *student(struct graph *g, struct node *fake)
{
	return graph_mean_softplus(g, fake, -1);
}

/* Halfway between the labels as a probability, so as a score its log odds. */
static double middle(double smoothing)
{
	return log((1 - smoothing) / (1 + smoothing));
}

const struct adversary adversary_non_saturating = {
	.name = "non_saturating",
	.help = "binary cross-entropy; the student maximises log s(D(fake))",
	.formula = "critic: -E log s(D(real)) - E log(1 - s(D(fake))); student: -E log s(D(fake)); s the logistic",
	.paper = "Goodfellow et al. 2014, section 3",
	.differs = "",
	.revision = 1,
	.smooths = true,
	.critic = critic,
	.student = student,
	.middle = middle,
};
