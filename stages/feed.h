/* How a graph gets its pictures: as bytes from the host, or of those that the device holds. */
#ifndef STAGES_FEED_H
#define STAGES_FEED_H

#include "data/dataset.h"
#include "engine/plan.h"

struct feed {
	const struct data *data;
	int n;                      /* pictures */
	struct node *image;         /* u8; NULL where the device holds them */
	struct node *store, *view;  /* all of them, and which are shown how; NULL else */
};

/* Gives n normalised pictures (n,C,H,W) act, for batches of d as data_place left it. */
struct node *feed_build(struct feed *f, struct graph *g, const struct data *d, int n);
/* Before each plan_prepare. */
void feed_link(const struct feed *f, struct plan *p);
/* Those of a batch from number first on, as many as there are and the graph takes; what stands behind them is not said. */
void feed_put(const struct feed *f, struct plan *p, const struct batch *b, int first);

#endif
