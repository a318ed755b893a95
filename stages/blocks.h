/* Private to blocks*.c: greedy blocks with the teacher as discriminator. */
#ifndef STAGES_BLOCKS_H
#define STAGES_BLOCKS_H

#include "gan/critic.h"
#include "stages/stage.h"

struct blocks_conf {
	const struct conf *teacher, *critic;
	bool greedy;
	struct ints blocks;
	double adversarial, feature, kd, ce, tau;
	int adversary, critic_every;
	double critic_lr;
	int adapter;
	int head_epochs;
	double head_ce, head_kd;
	int polish_epochs;
	double polish_lr, polish_ce, polish_kd;
};

/* What read makes of the nested options. */
struct blocks_own {
	const struct critic *critic;
	void *critic_conf;
	const struct adversary *adversary;
};

/* One pair of features: block b of the student behind its adapter, block b of the teacher, the critic between them. */
struct pair {
	int block;
	struct net *adapter, *critic; /* critic NULL when the adversarial weight is 0 */
	struct optim *critic_optim;
};

/* What a lesson trains: parts from..to of the student. */
struct blocks_lesson {
	const struct blocks_conf *conf;
	const struct blocks_own *own;
	int from, to;             /* moving parts of the student */
	int n_pair;
	struct pair *pair;
	double head_ce, head_kd;  /* of the student's own logits; both 0: the head is not reached */
};

enum status blocks_build(const struct lesson *l, struct step *st, struct err *e);
/* The type of the student's (or teacher's) output of a block, for a batch of n. */
enum status block_type(struct arena *a, struct net *net, int block, int n, struct type *out, struct err *e);
/* The adapter of a block as a network of its own. */
enum status adapter_define(struct arena *a, struct net *student, struct net *teacher, int block, int kind, const char *name, struct net **own, struct err *e);

#endif
