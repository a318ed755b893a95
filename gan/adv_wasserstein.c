#include "gan/critic.h"

static struct node *critic(struct graph *g, struct node *real, struct node *fake, double smoothing)
{
	(void)smoothing; /* the loss has no labels to smooth */
	return graph_sub(g, graph_mean_all(g, fake), graph_mean_all(g, real));
}

static struct node *student(struct graph *g, struct node *fake)
{
	return graph_scale(g, graph_mean_all(g, fake), -1, 0);
}

const struct adversary adversary_wasserstein = {
	.name = "wasserstein",
	.help = "difference of the mean scores, of a critic whose slope a penalty holds near 1",
	.formula = "critic: E D(fake) - E D(real) + penalty E (|| dD(m)/dm || - 1)^2; student: -E D(fake)\n"
	           "m = e real + (1 - e) fake of the same picture, e uniform in (0,1), one for each picture",
	.paper = "Gulrajani et al., NeurIPS 2017, eq. 3; penalty 10",
	.differs = "real and fake are features of the same picture, so m lies on the line between a pair and not between strangers",
	.revision = 1,
	.penalty = 10,
	.critic = critic,
	.student = student,
};
