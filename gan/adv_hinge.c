#include "gan/critic.h"

static struct node *critic(struct graph *g, struct node *real, struct node *fake, double smoothing)
{
	(void)smoothing; /* the loss has no labels to smooth */
	struct node *on_real = graph_mean_all(g, graph_relu(g, graph_scale(g, real, -1, 1)));
	return graph_add(g, on_real, graph_mean_all(g, graph_relu(g, graph_scale(g, fake, 1, 1))));
}

static struct node *student(struct graph *g, struct node *fake)
{
	return graph_scale(g, graph_mean_all(g, fake), -1, 0);
}

static double middle(double smoothing)
{
	(void)smoothing;
	return 0;
}

const struct adversary adversary_hinge = {
	.name = "hinge",
	.help = "the critic stops where scores are beyond 1 and -1; the student raises its score without end",
	.formula = "critic: E max(0, 1 - D(real)) + E max(0, 1 + D(fake)); student: -E D(fake)",
	.paper = "Lim and Ye 2017; Miyato et al., ICLR 2018, eq. 16 and 17",
	.differs = "",
	.revision = 1,
	.critic = critic,
	.student = student,
	.middle = middle,
};
