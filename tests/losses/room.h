/* A student and a teacher whose taps are leaves, and a loss between them. */
#ifndef TESTS_LOSSES_ROOM_H
#define TESTS_LOSSES_ROOM_H

#include "losses/loss.h"
#include "tests/losses/bench.h"

TCase *tcase_adapt(void);
TCase *tcase_ce(void);
TCase *tcase_every(void);
TCase *tcase_fsp(void);
TCase *tcase_hint(void);
TCase *tcase_irg(void);
TCase *tcase_kd(void);
TCase *tcase_temperature(void);
TCase *tcase_terms(void);

enum { ROOM_N = 4, ROOM_K = 7, ROOM_LEAF = 2 * MAX_BLOCK + 2 };

struct room {
	int N;
	struct net *net_s, *net_t;
	struct taps s, t;
	int n_s, n_t;
	struct leaf *leaf_s[ROOM_LEAF], *leaf_t[ROOM_LEAF]; /* what the taps are, logits included */
	struct leaf *label, *sample;
};

/* Student: blocks (3,6,6), (5,3,3); teacher: (4,8,8), (6,4,4), (5,2,2); 7 classes. Leaves of g with values of
 * their own. */
struct room *room_new(int N);
/* Pictures n..2n-1 of the second are those of the first again. */
struct room *room_twice(const struct room *one);
struct loss_site room_site(const struct room *r, enum mode mode);

/* The only item of a list of one, {kind: ce, ...}; fails the test when it can't be read. */
struct term *term_of(const char *yaml);
/* Makes and stirs the term's own parameters; false: the loss refuses these taps. */
bool term_ready(struct term *t, const struct room *r);

/* A site by hand, for losses that read x_s, x_t and the labels alone. */
struct loss_site site_of(struct node *x_s, struct node *x_t, struct node *label);

#endif
