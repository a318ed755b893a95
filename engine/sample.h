/* One op alone, on made numbers: what its kernel takes. */
#ifndef ENGINE_SAMPLE_H
#define ENGINE_SAMPLE_H

#include "engine/plan_profile.h"

struct sample {
	struct arena *arena;
	struct device *dev;
	enum precision precision;
	struct graph *g;
	const void *conf;       /* the builder's own */
	int times;              /* how much larger than usual, likewise */
	struct params *weights; /* constant, as those of a network that nobody moves: packed once */
	int n_keep;
	struct node *keep[8];
	/* results */
	double seconds;         /* the fastest run of the op */
	struct step_cost cost;  /* its names live as long as the arena */
};

/* For builders: an operand (normal numbers; integers are 0), a weight, a further result that somebody reads. */
struct node *sample_input(struct sample *s, struct shape shape, enum tclass cls);
struct node *sample_weight(struct sample *s, struct shape shape);
void sample_keep(struct sample *s, struct node *n);

/*
 * Builds with `build`, which gives the first output of the op to be timed, and runs it for about `seconds`, at least three times. The caller
 * sets arena, dev, precision and conf. Its memory on the device is given back. E_USER: what build says.
 */
enum status sample_time(struct sample *s, struct node *(*build)(struct sample *s), double seconds, struct err *e);

#endif
