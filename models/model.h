/*
 * Networks. A model is a recipe (one file, one descriptor, one line in models.def); a network is its
 * parameters and states; applying it is a separate act, any number of times in a graph.
 *
 * Every model is a stem, B blocks and a head. Part 0 is the stem, parts 1..B the blocks, part B+1 the head
 * (pooling and the linear layer). A tap is its part's output: max pooling stands at the start of the block
 * after it. A model without a stem of its own (cnn, vgg) passes the pictures through part 0 and has no stem
 * tap. Parameter names, order and shapes are those of the CIFAR networks that published checkpoints use.
 *
 * Any network can be cut short: `cut: b` drops the blocks after b, and the head stands on block b's output. Such
 * a network has B = b; its stem and blocks have the names and shapes that they have in the whole one.
 */
#ifndef MODELS_MODEL_H
#define MODELS_MODEL_H

#include "base/opt.h"
#include "engine/build.h"
#include "engine/params.h"

enum { MAX_BLOCK = 16 };

enum mode {
	MODE_TRAIN,  /* batch statistics, running ones updated */
	MODE_BATCH,  /* batch statistics, running ones not updated */
	MODE_FROZEN, /* running statistics; batch norm becomes part of the convolution before it */
};

/* Where features are read. NULL: not passed by this application. */
struct taps {
	struct node *stem, *stem_pre;
	struct node *block[MAX_BLOCK + 1];     /* 1..B */
	struct node *block_pre[MAX_BLOCK + 1]; /* before the last activation */
	struct node *stem_act;                 /* set by the part after it, where the output is a raw sum (wrn) and all that */
	struct node *block_act[MAX_BLOCK + 1]; /* follows reads its activation alone: that activation. Else NULL */
	struct node *pooled;                   /* (N,D) wide */
	struct node *logits;                   /* (N,K) wide */
};

struct net;

/* What a model's functions build with; block.h has the layers. */
struct builder {
	struct graph *g;
	struct net *net;
	enum mode mode;
	bool defining;     /* the first pass: parameters are added as they are met */
	int part;          /* being built */
	struct taps *taps; /* never NULL here */
	struct int8_sites *int8; /* block_int8.h: MODE_FROZEN in bytes, or on the way there; NULL: not */
	int next[2];       /* block.c: the parameter [0] and state [1] that are looked for first */
	int ahead;         /* block.c: rows declared and not yet used, in the first pass */
};

struct model {
	const char *name; /* "cnn"; of families: "resnet_cifar" has resnet20, resnet8x4 */
	const char *help, *paper;
	size_t conf_size;
	const struct opt *opts;
	/* The names of the family, NULL-terminated, as `limbeck list models` shows them. */
	const char *const *names;
	/* Fills conf from a name of the family ("wrn_16_2"); false: not one. May be NULL where names are
	   fixed. */
	bool (*parse)(const char *name, void *conf);
	int (*blocks)(const void *conf);
	/* part 0..B+1 of the whole network on x; sets the taps of the part and gives its output (the head: logits). */
	struct node *(*part)(struct builder *b, const void *conf, int part, struct node *x);
};

#define MODEL(x) extern const struct model model_##x;
#include "models/models.def"
#undef MODEL
extern const struct model *const model_all[];
extern const int model_count;
/* The model one of whose names this is, or NULL. */
const struct model *model_named(const char *name);

struct net {
	const char *name; /* the network's own name in the experiment, "student" */
	const struct model *model;
	const char *model_name; /* "resnet20" */
	const void *conf;
	int B;
	int head;         /* the model's number of its head: B + 1, or more where the network is cut short */
	int C, H, W, classes; /* the pictures it takes */
	struct params *params;
	const char *identity; /* canonical text of model, options, cut, input and classes */
};

extern const struct opt net_opts[]; /* keys of every network's map: model, cut */
/* From a YAML map {model: resnet20, ...options}; defines parameters (no device memory).
   A key that is no option of the model is an error, unless the caller has read it before (conf_use). */
enum status net_new(struct arena *a, const char *name, const struct conf *map, int C, int H, int W,
                    int classes, struct net **net, struct err *e);
/* The same from a model's name alone, with its defaults. */
enum status net_named(struct arena *a, const char *name, const char *model, int C, int H, int W, int classes,
                      struct net **net, struct err *e);
/* He initialisation (normal, fan out, of convolutions), batch norm 1 and 0, linear uniform +-1/sqrt(fan in)
   weight and bias (PyTorch's default), from streams named by (seed_init, "init", network name, parameter
   name). The network's memory must be placed. The name that enters is net->name unless other is given. */
enum status net_init(struct net *net, uint64_t seed_init, const char *as, struct err *e);
/* Frees nothing: a copy of the structure with its own params (same names), for anchors and students of one
   initialisation. */
struct net *net_twin(struct arena *a, const struct net *net, const char *name);

/* Applies parts from..to of net to x: the pictures as act (N,C,H,W) if from is 0, else what part from-1
   gives. taps may be NULL. name: of this application, "student", "teacher/real". Gives part to's output. */
struct node *model_apply(struct graph *g, struct net *net, int from, int to, struct node *x, enum mode mode,
                         const char *name, struct taps *taps);
int net_part_all(const struct net *net); /* B + 1: the last part */
/* Whether of has net's stem and blocks, parameter for parameter; blocks behind them and the head may be others. */
bool net_has_body(const struct net *of, const struct net *net);
/* Looks up "block2", "block2.pre", "stem", "pooled", "logits"; NULL and an error that lists what there is. */
struct node *taps_find(const struct taps *t, const struct net *net, const char *name, struct where at,
                       struct err *e);
/* What part 0..B gives, after its activation and as all that follows reads it: stem_act or block_act where the model has it, else the
   tap. NULL: the part has no tap. Both parts must have been applied. */
struct node *taps_active(const struct taps *t, int part);
/* Multiply-adds of one picture through the whole network. */
double net_macs(const struct net *net);

#endif
