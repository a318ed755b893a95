/*
 * A teacher while it teaches: its weights, and its forward pass as a plan of its own. What students read of it (its taps) lies in that
 * plan's memory, and their plans read it where it lies. So any number of students hang on one pass, and the pass may be computed in
 * another precision, or come from a cache, without a student's step knowing.
 *
 * Only the forward pass on the pictures is meant. What applies the teacher to something else (a critic applies its tail to a student's
 * features) does so in the student's own plan, with gradients, from the same parameters.
 */
#ifndef STAGES_TEACHER_H
#define STAGES_TEACHER_H

#include "stages/stage.h"

enum { TAP_COUNT = sizeof(struct taps) / sizeof(struct node *) };

/* The forward pass for one batch size. */
struct pass {
	struct teacher *teacher;
	int n;
	struct arena *arena;
	struct graph *g;
	struct node *image;
	struct taps taps;
	bool wanted[TAP_COUNT];       /* some student's plan reads it */
	struct node *kept[TAP_COUNT]; /* of wanted ones: what the plan keeps; NULL else */
	struct node *keep[TAP_COUNT]; /* the same without gaps */
	struct segment segment;
	struct step_desc desc;
	struct plan *plan;            /* NULL: nobody wants anything */
};

struct teacher {
	struct experiment *x;
	const struct reference *from; /* the weights that it holds */
	const char *network;          /* whose they are */
	struct net *net;
	bool loaded;
	int users;                    /* arms whose running lesson learns from it */
};

/* The structure only; no memory. */
enum status teacher_new(struct arena *a, struct experiment *x, const struct stage *s, int which, struct teacher **t, struct err *e);
/* Whether lesson's teacher number which of s would be this one. */
bool teacher_is(const struct teacher *t, const struct stage *s, int which);
/* Takes memory and reads the weights, if that was not done before. */
enum status teacher_load(struct teacher *t, struct err *e);
void teacher_release(struct teacher *t); /* gives the memory back */

/* In this order: new; give to each student's graph; want by each student's plans; plan; prepare; then run with each batch. */
enum status pass_new(struct teacher *t, int n, struct arena *a, struct pass **p, struct err *e);
/* Nodes for all taps in a student's graph: given[i] is what stands for tap i, NULL where the teacher has none. */
void pass_give(const struct pass *p, struct graph *g, struct node *given[TAP_COUNT], struct taps *t);
/* Notes the taps that a student's plan reads. */
void pass_want(struct pass *p, struct node *const given[TAP_COUNT], const struct plan *student);
enum status pass_plan(struct pass *p, struct err *e);
size_t pass_workspace(const struct pass *p); /* 0 when nothing is wanted */
size_t pass_own_bytes(const struct pass *p);
enum status pass_prepare(struct pass *p, void *workspace, struct err *e);
/* Between pass_prepare and the student's plan_prepare. */
void pass_link(const struct pass *p, struct node *const given[TAP_COUNT], struct plan *student);
enum status pass_run(struct pass *p, const struct batch *b, struct err *e);
void pass_release(struct pass *p); /* NULL allowed */

#endif
