/* Private to blocks*.c (and the report's note): greedy blocks with the teacher as discriminator. docs/METHOD.md has the readings. */
#ifndef STAGES_BLOCKS_H
#define STAGES_BLOCKS_H

#include "gan/critic.h"
#include "stages/aside.h"
#include "stages/stage.h"

enum block_order { ORDER_FORWARD, ORDER_BACKWARD };
enum block_signal { SIGNAL_TAIL, SIGNAL_OUTPUT, SIGNAL_BOTH };
enum block_statistics { STATISTICS_FROZEN, STATISTICS_MOVING };

struct blocks_conf {
	const struct conf *teacher, *critic;
	/* who moves when */
	bool greedy, cumulative;
	int order, signal, statistics;
	struct ints blocks, anchor_epochs;
	int meetings;
	double follow;
	int generators;
	/* what the student learns from */
	double adversarial, feature, kd, ce, peer, tau;
	bool normalise;
	int warm_up;
	int adapter;
	/* the critic */
	int adversary;
	double smoothing, gradient_penalty, r1;
	int critic_every, critic_steps;
	double critic_lr, copy_lr, copy_ce, copy_kd;
	int instruments;
	bool control;
	/* the end */
	int head_epochs;
	double head_ce, head_kd;
	int polish_epochs;
	double polish_lr, polish_ce, polish_kd;
};
extern const struct opt blocks_opts[];

/* What read makes of the nested options. */
struct blocks_own {
	const struct critic *critic;
	void *critic_conf;
	const struct adversary *adversary;
};

/* One pair of features: block b of the students behind their adapters, block b of the teacher, the critic between them. */
struct pair {
	int block;
	struct net **adapter;       /* of each generator */
	struct net *critic, *copy;  /* critic NULL when the adversarial weight is 0; copy: its own of the teacher's parts, or NULL */
	int copy_from, copy_to;
	struct optim *critic_optim; /* of the critic's own parameters; NULL where it has none */
	struct optim *copy_optim;   /* NULL without a copy */
};

/* What a lesson trains: parts from..to of the students. */
struct blocks_lesson {
	const struct blocks_conf *conf;
	const struct blocks_own *own;
	int n_student;
	struct net **student;     /* the generators; [0] is what the stage leaves */
	int from, to;             /* moving parts */
	bool through_output;      /* the students' later parts carry the losses of the output, and the head moves with the block */
	int n_pair;
	struct pair *pair;
	struct net *counter;      /* one state: steps of the lesson, for the warm-up; NULL without */
	double head_ce, head_kd;  /* of the students' own logits; both 0: they are not reached */
	int meeting;              /* pass over the blocks, from 0; -1: head or polish */
};

/* ---- blocks_define.c ---- */
enum status blocks_define(struct stage_run *r, struct err *e);
/* The critic of a pair for the m-th meeting: network, copy and optimisers, named after `name`; defined only, no memory. */
enum status critic_pair_define(struct stage_run *r, struct net *teacher, const char *name, struct pair *p, struct err *e);
/* The type of a network's output of a block, for a batch of n. */
enum status block_type(struct arena *a, struct net *net, int block, int n, struct type *out, struct err *e);

/* ---- blocks_step.c: the graph of a step ---- */

struct pair_nodes {
	struct node *block;                     /* the student's features, before its adapter */
	struct node *fake, *real;               /* features: the student's behind the adapter, the teacher's */
	struct node *fake_score, *real_score;   /* NULL without a critic */
	struct node *fake_logits;               /* through the teacher's own tail; NULL when no loss reads them */
	struct node *copy_fake, *copy_real;     /* through the critic's copy of the tail; NULL without */
};

enum status blocks_build(const struct lesson *l, struct step *st, struct err *e);
/* Student g with its adapters up to the pairs, applied in a mode; fills taps and the pairs' block, fake and real. */
void blocks_features(struct step *st, const struct blocks_lesson *bl, int g, enum mode mode, struct taps *s, struct pair_nodes *n);
/* Features as they are compared: with `normalise` by the teacher's mean and deviation of each channel of the batch, wide; else h itself. */
struct node *blocks_scaled(struct step *st, const struct blocks_lesson *bl, struct node *h, struct node *real);
/* The critic's scores of both sides. */
void blocks_scores(struct step *st, const struct blocks_lesson *bl, const struct pair *p, enum mode mode, const char *name, struct pair_nodes *n);
/* The critic's segment over n generators' nodes (each an array of pairs; index i). Gives its report. */
void blocks_critic(struct step *st, const struct blocks_lesson *bl, int i, const char *mark, struct pair_nodes *const n[], int n_student);
/* The teacher's logits of features h of its own block. */
struct node *tail_logits(struct step *st, struct net *teacher, int block, struct node *h, const char *name);

/* ---- blocks_losses.c: what the students minimise, and the instruments ---- */
/* Sum over generators; NULL when every weight is 0. Adds metrics and, where asked, the segment of instruments. */
struct node *blocks_losses(struct step *st, const struct blocks_lesson *bl, const struct taps s[], struct pair_nodes *const n[]);

/* ---- blocks_copies.c: critics that move copies of the teacher's parts ---- */
enum copies_when { COPIES_BEFORE, COPIES_AFTER };
/* The lesson's copies become its teacher, whose weights are in place. */
enum status copies_start(const struct blocks_lesson *bl, const struct stage_run *r, struct err *e);
/* Of each copy that ends in a classifier, on the teacher's own features: MARK/copy_top1 (percent) and MARK/copy_kl (nats, to the original). */
void copies_exam(struct step *st, const struct blocks_lesson *bl);
/* The same on all held-out pictures, without any on the training pictures, into the run's metrics as ..._before or ..._after; after, in the log too. */
enum status copies_measure(const struct lesson *l, struct aside *a, enum copies_when when, struct err *e);

/* ---- blocks_aside.c: before, after and between ---- */
enum status blocks_begin(const struct lesson *l, struct aside *a, struct err *e);
enum status blocks_exam(const struct lesson *l, struct step *st, struct err *e);
enum status blocks_choose(const struct lesson *l, struct aside *a, int *teacher, struct err *e);

/* ---- blocks_fresh.c ---- */
/* What became of the copies; and of each critic that gave the alarm of chance, whether a fresh one tells the features apart: MARK/fresh_accuracy. */
enum status blocks_end(const struct lesson *l, struct aside *a, struct err *e);
/* What its accuracy says of a critic that was at chance and had so many steps; from .48 to .52 features match, below it nothing is known. */
const char *fresh_verdict(struct arena *a, double accuracy, double steps);

#endif
