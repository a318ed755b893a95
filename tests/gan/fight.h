/* A tiny student block behind an adapter against a critic, over a tiny frozen teacher; and the mistakes that
 * a builder could make. */
#ifndef TESTS_GAN_FIGHT_H
#define TESTS_GAN_FIGHT_H

#include "gan/critic.h"
#include "tests/losses/bench.h"

TCase *tcase_adversaries(void);
TCase *tcase_critics(void);
TCase *tcase_finite(void);
TCase *tcase_penalty(void);
TCase *tcase_signs(void);
TCase *tcase_spectral(void);

enum mistake {
	SOUND,
	SIGN_FLIPPED,   /* the student maximises its adversarial loss */
	HELPS_CRITIC,   /* the student minimises the critic's loss */
	NOT_DETACHED,   /* the critic's loss moves the student too */
	CRITIC_GIVES_IN, /* the student's loss moves the critic too */
	ORIGINAL_MOVES   /* the critic is given the teacher itself in place of a copy */
};
enum { STUDENT_PART = 1, CLASSES = 7, LABEL = 3, FIGHT_N = 5, SEGMENT_CRITIC = 0, SEGMENT_STUDENT = 1 };

/* A critic ready to score. */
struct judge {
	const struct critic *critic;
	void *conf;
	struct net *own;
	struct net *teacher; /* whose blocks it applies: the teacher, or a copy of it that parts from..to move in */
	bool copied;
	int from, to;
	bool falls; /* the score, with its own bias */
};

struct fight {
	enum mistake mistake;
	struct net *student, *teacher, *adapter;
	struct judge judge;
	/* in a step's graph, with batch statistics that are kept */
	struct node *real, *fake, *real_score, *fake_score;
	struct node *critic_loss, *student_loss;
	struct leaf *margin; /* () 2; log(margin) - log(2) is part of the student's loss, under the name
	                        "student/margin" */
	struct optim *critic_optim, *student_optim;
	struct segment segment[2];
	struct run *critic_step, *student_step, *step; /* one of the segments, the other, both */
	struct run *view;              /* scores alone; moves nothing */
	struct node *view_real, *view_fake;
};

struct critic_setup {
	const struct critic *critic;
	const char *yaml; /* its options */
};
/* Every critic of the list, in each of its forms, with options that keep them small. */
struct critic_setup critic_setup(int i);
enum { SETUPS = 9 };
/* Whether something is trained to tell real from fake. */
bool judge_is_adversary(const struct judge *j);
/* With own parameters defined on features of STUDENT_PART, placed and initialised; a copy of the teacher
 * where the critic moves one. */
struct judge judge_new(const struct critic_setup *s, struct net *teacher, const struct type *features);
/* The score of h by graph g; mode is that of the critic's own states. */
struct node *judge_score(const struct judge *j, struct node *h, struct node *label, enum mode mode, struct taps *taps);

struct fight *fight_new(const struct critic_setup *s, const struct adversary *adv, enum mistake mistake,
                        enum optim_kind kind);
void fight_close(struct fight *f);
/* Mean scores of the teacher's and of the student's features, as the networks are now. */
void fight_scores(struct fight *f, double *real, double *fake);

/* spectral.c of the test: the vectors of spectral norm brought to where power iteration ends. */
void spectral_settle(struct params *p);

/* All bytes of a network. */
struct image {
	size_t bytes[2];
	char *data[2]; /* parameters, states */
};
struct image image_of(struct net *net);
bool image_same(const struct image *a, const struct image *b, bool states);

#endif
