/*
 * A teacher while it teaches: its weights, and its forward pass as a plan of its own. What students read of it (its taps) lies in that
 * plan's memory, and their plans read it where it lies. So any number of students hang on one pass, and the pass may be computed in
 * another precision, or come from a cache, without a student's step knowing.
 *
 * Only the forward pass on the pictures is meant. What applies the teacher to something else (a critic applies its tail to a student's
 * features) does so in the student's own plan, with gradients, from the same parameters in the stage's own precision.
 */
#ifndef STAGES_TEACHER_H
#define STAGES_TEACHER_H

#include "models/int8.h"
#include "runs/cache.h"
#include "stages/stage.h"

enum teacher_precision { TEACHER_SAME, TEACHER_F32, TEACHER_BF16, TEACHER_F16, TEACHER_TF32, TEACHER_INT8 };
enum cache_fill { CACHE_FILL_AS_IT_GOES, CACHE_FILL_BEFORE };
enum teacher_cache { TEACHER_CACHE_OFF, TEACHER_CACHE_F16, TEACHER_CACHE_F32 };

struct teacher {
	struct arena *arena;
	struct experiment *x;
	const struct stage *stage;    /* the first that wanted it; its teacher_conf holds for all that share it */
	const struct reference *from; /* the weights that it holds */
	const char *network;          /* whose they are */
	struct net *net;
	enum precision precision;     /* of its pass; with int8 of what stays outside it */
	struct int8_scales *scales;   /* int8: found when it is loaded, until then of no meaning; NULL else */
	char weights[65];             /* with a cache: SHA-256 of their bytes; "": not computed */
	bool loaded, said;            /* said: how large its cache is */
	int users;                    /* arms whose running lesson learns from it */
};

/* The structure only; no memory. */
enum status teacher_new(struct arena *a, struct experiment *x, const struct stage *s, int which, struct teacher **t, struct err *e);
/* Whether two stages want their teachers computed in the same way. */
bool teacher_conf_same(const struct stage *a, const struct stage *b);
/* Whether teacher number which of s, as s wants it computed, would be this one. */
bool teacher_is(const struct teacher *t, const struct stage *s, int which);
/* Takes memory and reads the weights, if that was not done before. int8: finds scales and says how far it agrees with f32; E_RUN below int8_floor. */
enum status teacher_load(struct teacher *t, struct err *e);
void teacher_release(struct teacher *t); /* gives the memory back */
enum status teacher_calibrate(struct teacher *t, struct err *e); /* teacher_int8.c: what teacher_load does for int8 */

/* ---- pass.c ---- */

enum { TAP_COUNT = sizeof(struct taps) / sizeof(struct node *), MAX_PART = 4 };

static inline struct node **taps_array(struct taps *t)
{
	return (struct node **)t;
}

/* The network on n pictures: graph and plan. */
struct forward {
	int n;
	struct graph *g;
	struct feed feed;
	struct taps taps;
	struct node *kept[TAP_COUNT]; /* of taps that are wanted: what the plan keeps; NULL else */
	struct node *keep[TAP_COUNT]; /* the same without gaps */
	struct segment segment;
	struct step_desc desc;
	struct plan *plan;
};

struct cached; /* teacher_cache.c */

/*
 * A batch's forward pass. It may run in parts, each through all layers, so that what a layer leaves is in a cache for the next one: a picture's
 * result does not depend on the pictures beside it, and the taps are the same bits. How large a part is depends on the machine alone.
 */
struct pass {
	struct teacher *teacher;
	int n;
	struct arena *arena;
	struct forward all;               /* on the whole batch: what the taps are; planned where there are no parts */
	bool wanted[TAP_COUNT];           /* some student's plan reads it */
	bool uncached;                    /* evaluation views, which no cache holds, or beside a pass that has it open: set before pass_plan */
	int n_part;                       /* 0: nothing is wanted */
	struct forward *part[MAX_PART];   /* the largest first. Of the whole batch (all), or of a part, then of what is left of the batch;
	                                     before them a cache: a half, a quarter, an eighth of the first */
	void *tap[TAP_COUNT];             /* device: the batch's rows, where no plan of the whole batch keeps them */
	struct cached *cached;            /* NULL: computed each time */
};

/* In this order: new; give to each student's graph; want by each student's plans; plan; prepare; then run with each batch. */
enum status pass_new(struct teacher *t, int n, struct arena *a, struct pass **p, struct err *e);
/* Nodes for all taps in a student's graph: given[i] is what stands for tap i in memory, NULL where the teacher has none. */
void pass_give(const struct pass *p, struct graph *g, struct node *given[TAP_COUNT], struct taps *t);
/* Notes the taps that a student's plan reads. */
void pass_want(struct pass *p, struct node *const given[TAP_COUNT], const struct plan *student);
/* E_USER where the stage wants a cache and reads features, which it does not hold. */
enum status pass_plan(struct pass *p, struct err *e);
size_t pass_workspace(const struct pass *p);
size_t pass_own_bytes(const struct pass *p);
size_t pass_tap_bytes(const struct pass *p, int tap, int n); /* of n pictures' rows of a wanted tap */
double pass_macs(const struct pass *p); /* of the batch, in a pass that is not cached */
void pass_print(const struct pass *p, FILE *f, bool steps);
/* out: the folder of runs, under which a cache without a folder of its own lies. */
enum status pass_prepare(struct pass *p, const char *out, void *workspace, struct err *e);
/* Between pass_prepare and the student's plan_prepare. */
void pass_link(const struct pass *p, struct node *const given[TAP_COUNT], struct plan *student);
/* epoch: of the stage; with the samples it names the views. */
enum status pass_run(struct pass *p, const struct batch *b, int epoch, struct err *e);
void pass_release(struct pass *p); /* NULL allowed */

/* The graph of the frozen network, then the plan of the taps that are wanted. own: kept values outlive plans that share the workspace. */
enum status forward_build(const struct teacher *t, int n, struct arena *a, struct forward *f, struct err *e);
enum status forward_plan(const struct teacher *t, const bool wanted[TAP_COUNT], bool own, struct arena *a, struct forward *f, struct err *e);
/* Features of a pass in another precision than the students' go from plan to plan as wide. */
bool forward_goes_wide(const struct teacher *t, const struct node *tap);
enum status forward_prepare(const struct forward *f, void *workspace, struct err *e);
/* On pictures first, first + 1, ... of the batch. */
enum status forward_run(const struct forward *f, const struct batch *b, int first, struct err *e);
/* A kept tap as floats in logical order; buffer holds as many doubles. */
enum status forward_read(const struct forward *f, int tap, double *buffer, float *out, struct err *e);
enum { TAP_POOLED = offsetof(struct taps, pooled) / sizeof(struct node *), TAP_LOGITS = offsetof(struct taps, logits) / sizeof(struct node *) };

/* Plans p->part. any: for any number of pictures of a batch, else for all of them. */
enum status parts_plan(struct pass *p, bool any, struct err *e);
/* What n pictures begin with: the largest plan, or the smallest that takes them all. */
const struct forward *parts_for(const struct pass *p, int n);
/* How often a batch runs part i, where no cache stands before it. */
int parts_runs(const struct pass *p, int i);

/* ---- teacher_cache.c: a pass that computes only what its cache lacks ---- */

enum status cached_plan(struct pass *p, struct err *e);
void cached_print(const struct pass *p, FILE *f); /* what comes before its plan's line */
const char *cached_path(const struct pass *p); /* after cached_prepare; NULL: it has no cache, or none that could be opened */
enum status cached_prepare(struct pass *p, const char *out, struct err *e);
enum status cached_run(struct pass *p, const struct batch *b, int epoch, struct err *e);
/* After cached_prepare of one of a teacher's passes: says how large the cache is; with cache_fill: before computes every view that is not there, with a
   progress bar. E_STOP after a signal; what is there stays. Nothing for a pass without a cache. */
enum status cached_begin(struct pass *p, struct err *e);
void cached_release(struct pass *p);

#endif
