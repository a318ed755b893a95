/*
 * Critics score features: real ones are the teacher's, fake ones the student's behind an adapter. One file each (disc_*.c), one descriptor, one line in
 * critics.def; adversarial losses the same (adv_*.c, adversaries.def).
 *
 * Who moves: a critic's own parameters move in the critic's segment, the student's in the student's. The critic's loss is differentiated by
 * the critic's parameters alone, so the student's features need no stop_gradient (and no second pass); the student's loss never by them.
 */
#ifndef GAN_CRITIC_H
#define GAN_CRITIC_H

#include "losses/loss.h"

struct critic_site {
	struct graph *g;
	struct net *own;        /* the critic's own parameters */
	struct net *teacher;    /* applied frozen by critics that use it */
	int block;              /* the features are the teacher's output of this block, 1..B */
	bool defining;
	const char *name;       /* of this application: "real", "fake" */
	struct taps *taps;      /* filled by critics that pass through the teacher's tail: logits = k(h); may be NULL */
};

struct critic {
	const char *name, *help, *formula, *paper, *differs;
	int revision;
	size_t conf_size;
	const struct opt *opts;
	bool has_tail;          /* passes features through the teacher's remaining blocks: taps->logits is k(h) */
	/* h (N,C,H,W): the score (N) wide, before any logistic; large means real. */
	struct node *(*score)(const void *conf, const struct critic_site *s, struct node *h);
};

struct adversary {
	const char *name, *help, *formula, *paper, *differs;
	int revision;
	/* real, fake (N) wide: (), what the critic minimises; */
	struct node *(*critic)(struct graph *g, struct node *real, struct node *fake);
	/* fake (N): (), what the student minimises. */
	struct node *(*student)(struct graph *g, struct node *fake);
	double middle;          /* a score above it calls the features real */
};

#define CRITIC(x) extern const struct critic critic_##x;
#include "gan/critics.def"
#undef CRITIC
#define ADVERSARY(x) extern const struct adversary adversary_##x;
#include "gan/adversaries.def"
#undef ADVERSARY
extern const struct critic *const critic_all[];
extern const int critic_count;
extern const struct adversary *const adversary_all[];
extern const int adversary_count;
const struct critic *critic_find(const char *name);
const struct adversary *adversary_find(const char *name);

/* The critic's own parameters, by a defining pass on features of this type. */
enum status critic_define(struct arena *a, const struct critic *c, const void *conf, struct net *teacher, int block, const struct type *features,
                          const char *name, struct net **own, struct err *e);

/* Critic's view of a step, for the metrics: accuracy on real and on fake (share, scores against middle), mean scores. All (). */
struct critic_report {
	struct node *loss, *real_accuracy, *fake_accuracy, *real_mean, *fake_mean;
};
struct critic_report critic_report(struct graph *g, const struct adversary *adv, struct node *loss, struct node *real, struct node *fake);

#endif
