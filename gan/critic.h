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
	struct net *teacher;    /* whose blocks are applied, with frozen statistics: the anchor, or the critic's own copy of it (critic.copies) */
	int block;              /* the features are the teacher's output of this block, 1..B */
	bool defining;
	enum mode mode;         /* of own's states (spectral norm): they move in MODE_TRAIN, which is 0, and stay in the others */
	const char *name;       /* of this application: "real", "fake" */
	struct node *label;     /* (N) i32; NULL in a defining pass and where there is none */
	struct taps *taps;      /* filled by critics that pass through the teacher's tail: logits = k(h); may be NULL */
};

struct critic {
	const char *name, *help, *formula, *paper, *differs;
	int revision;
	size_t conf_size;
	const struct opt *opts;
	bool has_tail;          /* passes features through the teacher's remaining blocks: taps->logits is k(h) */
	/* Which parts of the teacher (1..B+1) the critic moves a copy of, when it judges block; false: none, site.teacher is the anchor
	   itself. The copy starts from the anchor, moves with the critic and keeps frozen statistics. NULL: never. */
	bool (*copies)(const void *conf, int block, int B, int *from, int *to);
	/* E_USER for a block that it can't judge. NULL: judges every one. */
	enum status (*check)(const void *conf, const struct net *teacher, int block, struct where at, struct err *e);
	/* Whether anything is trained to tell real from fake; false is "no adversary": a fixed score. NULL: always. */
	bool (*is_adversary)(const void *conf);
	/* Whether scores begin near 0, so that the loss's middle can divide them; false: they have an offset that training must bridge first. NULL: always. */
	bool (*has_zero)(const void *conf);
	/* h (N,C,H,W): the score (N) wide, before any logistic; large means real. */
	struct node *(*score)(const void *conf, const struct critic_site *s, struct node *h);
};

struct adversary {
	const char *name, *help, *formula, *paper, *differs;
	int revision;
	bool smooths;           /* knows what smoothing means */
	double penalty;         /* weight of the gradient penalty without which it means nothing; 0: needs none */
	/* real, fake (N) wide: (), what the critic minimises; smoothing: real features are called 1 - smoothing; */
	struct node *(*critic)(struct graph *g, struct node *real, struct node *fake, double smoothing);
	/* fake (N): (), what the student minimises. */
	struct node *(*student)(struct graph *g, struct node *fake);
	/* A score above it calls the features real: halfway between what the critic's loss would have of real and of fake ones. NULL: scores have no zero of
	   their own, and only the midpoint of two mean scores divides them. */
	double (*middle)(double smoothing);
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
/* Its middle; NaN where it has none. */
double adversary_middle(const struct adversary *adv, double smoothing);

/* The critic's own parameters, by a defining pass on features of this type; none where nothing of its own is trained. E_USER: what check says,
   without a place, and features that are no map. */
enum status critic_define(struct arena *a, const struct critic *c, const void *conf, struct net *teacher, int block, const struct type *features,
                          const char *name, struct net **own, struct err *e);

/* Critic's view of a step, for the metrics: accuracy on real and on fake (share, scores against middle), mean scores. All (). middle NaN: the midpoint of
   the two mean scores of the batch. */
struct critic_report {
	struct node *loss, *real_accuracy, *fake_accuracy, *real_mean, *fake_mean;
};
struct critic_report critic_report(struct graph *g, double middle, struct node *loss, struct node *real, struct node *fake);

#endif
