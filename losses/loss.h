/*
 * Losses between a student and its teachers. One file each, one descriptor, one line in losses.def. A loss is built from ops and
 * never has a hand-written gradient; the gradient test, `limbeck loss` and `limbeck info` follow from the list.
 */
#ifndef LOSSES_LOSS_H
#define LOSSES_LOSS_H

#include "losses/temperature.h"
#include "models/model.h"

enum loss_needs {
	NEED_LABEL = 1,
	NEED_TEACHER = 2,
	NEED_TAPS = 4,    /* reads the taps `student:` and `teacher:` name; else the logits */
	NEED_PARAMS = 8,  /* has parameters of its own, trained with the student */
	HAS_TAU = 16,     /* takes a temperature in place of its option `tau` */
};

/* What a loss sees in one step. Nodes of the teacher carry no gradient: the stage has stopped it. */
struct loss_site {
	struct graph *g;
	struct node *x_s, *x_t;  /* the taps chosen by `student:` and `teacher:`; logits when the loss doesn't need taps. x_t NULL without NEED_TEACHER */
	struct node *label;      /* (N) i32 */
	struct node *sample;     /* (N) i32 */
	int N, K, n_train;
	const struct taps *s, *t;
	struct net *net_s, *net_t;
	struct net *own;         /* holds the loss's own parameters; NULL without NEED_PARAMS */
	bool defining;           /* the first pass: own's parameters are added as they are met */
	enum mode mode;          /* of own's layers: MODE_TRAIN in a step, MODE_FROZEN in an evaluation */
	struct node *tau;        /* () wide; NULL: the loss's own option `tau` */
	const char *student_tap, *teacher_tap; /* names of x_s, x_t: "block2", "block2.pre" */
	struct where at;
};

struct loss {
	const char *name, *help;
	const char *formula;     /* one line, or several */
	const char *paper, *differs; /* differs: from the paper or its code; "" if not */
	int revision;            /* raised when results or defaults change */
	unsigned needs;
	size_t conf_size;
	const struct opt *opts;
	/* () wide, the mean over N that the formula says, without the weight. */
	struct node *(*build)(const void *conf, const struct loss_site *s);
};

#define LOSS(x) extern const struct loss loss_##x;
#include "losses/losses.def"
#undef LOSS
extern const struct loss *const loss_all[];
extern const int loss_count;
const struct loss *loss_find(const char *name); /* NULL: none */

/* One entry of `losses:` in a stage. */
struct term {
	const struct loss *loss;
	void *conf;
	double weight;           /* 0: not built */
	const char *name;        /* unique in its stage: the kind, or given by `name:` */
	const char *student, *teacher; /* taps, "logits" by default */
	struct where at;
	struct net *own;
	struct temperature_use temperature; /* kind NULL: none, its `tau` is a number */
	struct net *temperature_own;        /* the temperature's states; NULL: none */
};
extern const struct opt term_opts[]; /* kind, name, weight, student, teacher, temperature */
/* Reads a list of {kind, weight, student, teacher, name, ...options}; every error of the list is collected. A tap for a loss
   that reads the logits is one. */
enum status terms_read(struct arena *a, const struct conf *list, const char *what, struct term **terms, int *n, struct err *e);
/* Canonical text of the terms, for identity. */
void terms_canonical(const struct term *terms, int n, struct str *s);
/* Makes term->own where the loss has parameters or states: a defining pass on scratch applications of both networks. name: of the new network. */
enum status term_define(struct arena *a, struct term *t, struct net *net_s, struct net *net_t, const char *name, struct err *e);
/* The term's value, unweighted; NULL when weight is 0. site: everything but x_s, x_t, own, student_tap, teacher_tap, at, which the term fills. */
struct node *term_build(const struct term *t, struct loss_site site);

/* Makes term->temperature_own where its temperature has states; term_define does it too. */
void term_temperature_define(struct arena *a, struct term *t, const char *name);
/* The term's temperature in a graph: reads and moves nothing of a term without one. given: see struct temperature_site. */
struct node *term_temperature(const struct term *t, const struct loss_site *site, struct node *given);
/* After the term's value was built with it. */
void term_temperature_move(const struct term *t, const struct loss_site *site, struct node *given, struct node *tau, struct node *value);

/* 2 Cov(z_t, z_s) - Var(z_s) over the classes, mean over N: while it is above 0 a soft cross-entropy's gradient lowers a high temperature. */
struct node *term_alignment(struct graph *g, struct node *z_s, struct node *z_t);

/* losses/kd.c: tau^2 KL(p_t || p_s), mean over N: what `kd` is; no gradient to z_t. */
struct node *kd_divergence(struct graph *g, struct node *z_s, struct node *z_t, double tau);

/* Whether a tap is what a ReLU gives: its `.pre` is another node (wrn's block taps are sums, and so are not). */
bool tap_has_relu(const struct taps *t, const struct net *net, const char *tap);

/* losses/tap_after.c: the tap `named`, or with "" the block that follows `tap`: block3 after block2, block3.pre after block2.pre, block1 after stem.
   NULL and an error at `at` where there is none. */
struct node *tap_after(const struct taps *t, const struct net *net, const char *tap, const char *named, struct where at, struct err *e);
/* A map by average pooling where it shrinks by a whole factor, else bilinear; itself where it has that size. */
struct node *map_to_size(struct graph *g, struct node *x, int H, int W);
/* The same to a size that is no larger; max: by the largest of each window, where the ratio is whole, else an error. */
struct node *map_shrink(struct graph *g, struct node *x, int H, int W, bool max);

/* losses/adapt.c: brings student features (N,C,H,W) to a teacher's type by a 1x1 convolution, batch norm and the given activation, after a resize
   (average pooling when the student's map is a multiple, else bilinear). Equal shapes and adapter auto: x itself. Rank 2: a linear layer.
   name: of the layers ("adapt"). When shapes can't be brought together: an error that prints both. */
enum adapter { ADAPTER_AUTO, ADAPTER_ALWAYS };
struct node *adapt(struct builder *b, struct node *x, const struct type *to, bool relu, enum adapter kind, const char *name);

#endif
