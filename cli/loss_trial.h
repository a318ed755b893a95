/* One loss alone: its value and gradients on given numbers. */
#ifndef CLI_LOSS_TRIAL_H
#define CLI_LOSS_TRIAL_H

#include "losses/loss.h"

struct loss_trial {
	struct arena *arena;
	const struct loss *loss;
	const void *conf;
	struct device *dev;
	uint64_t seed;           /* of its own parameters */
	/* in: logical order (N,C,H,W) or (N,K) */
	struct shape shape_s, shape_t;
	const double *student, *teacher; /* teacher NULL: none */
	const int32_t *label;            /* [N]; NULL: none */
	int K;                           /* classes; 0: unknown */
	/* out */
	struct net own;          /* params NULL: it has none; placed */
	double value;
	double *grad_student, **grad_own;
};

/* Defines and places the loss's own parameters, with their initial values. */
enum status loss_trial_define(struct loss_trial *t, struct err *e);
/* Fills value and gradients. */
enum status loss_trial_run(struct loss_trial *t, struct err *e);
void loss_trial_release(struct loss_trial *t);

#endif
