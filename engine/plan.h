/*
 * Plan and run. A step is planned as one whole: order, pruning, fusion, in-place, lifetimes to offsets, scratch, packed weights.
 *
 * A step has segments (phases of training: "critic", "student"); one without an optimiser is an evaluation. Between segments a value is
 * shared as long as no parameter that it depends on has been updated, and recomputed afterwards. What depends on networks that no segment moves
 * (folded, packed, low-precision weights) is computed once per version of those networks. All updates of a segment, the optimiser's included,
 * commit at its end if every loss, gradient and new state of it is finite; if a later segment fails, earlier ones of that step are undone.
 */
#ifndef ENGINE_PLAN_H
#define ENGINE_PLAN_H

#include "engine/device.h"
#include "engine/graph.h"
#include "engine/optim.h"
#include "engine/scale.h"

struct grad_item {
	struct optim *optim;
	int item;          /* of optim->item */
	struct node *grad; /* from graph_grad */
};

struct segment {
	const char *name;
	int every;                 /* runs on steps divisible by it */
	int n_root;
	struct node **root;        /* checked for finiteness: the losses */
	int n_optim;
	struct optim **optim;
	int n_grad;
	struct grad_item *grad;    /* one for each item of each optim */
};

struct step_desc {
	struct graph *g;
	enum precision precision;
	bool any_order;            /* kernels may have FREE_ORDER */
	int n_segment;
	struct segment *segment;
	int n_metric;
	struct node **metric;      /* wide scalars (or i32), read after a step */
	const int *metric_segment; /* NULL, or of each metric the segment without which it is not computed (NaN then); -1: computed in every step */
	int n_keep;
	struct node **keep;        /* any nodes that the host wants to read after a step (plan_get) */
	struct loss_scale *scale;  /* NULL: none. Else gradients were made with the seed scale_seed, a given wide scalar, and are that many times too large */
	struct node *scale_seed;   /* the plan links it */
	bool keep_own;             /* what is kept lies in the plan's own memory and stays until its next run, for other plans to read */
};

struct plan;

/* active: bit i: segment i runs. Describes only: no device memory, no primitives. */
enum status plan_new(struct arena *a, const struct step_desc *d, struct device *dev, unsigned active, struct plan **p, struct err *e);
/* Bytes of the shared workspace that it needs, bytes of its own (inputs, packed weights), multiply-adds of one run. */
size_t plan_workspace(const struct plan *p);
size_t plan_own_bytes(const struct plan *p);
double plan_macs(const struct plan *p);
/* Steps of the prologue run so far: a network that nobody moves costs them once. */
long plan_prologue_launches(const struct plan *p);
/* One line; with steps also a table of all steps and the sums of each segment: arithmetic, memory moved and, where the device's rates are
   known, the time that these should take (rates_limit). What ends a segment (optimisers) is not in it. */
void plan_print(const struct plan *p, FILE *f, bool steps);
/* One run by the device's rates, which must be known: kernels that are launched, and the time that they should take (rates_limit), updates included. */
struct plan_roof { double launches, seconds; };
struct plan_roof plan_roof(const struct plan *p);
/* Whether the active segments read a leaf. */
bool plan_reads(const struct plan *p, const struct node *leaf);
/* Before plan_prepare: where a given node lies on the device (64-byte aligned, in the type that the plan has for it). A given node that is read must
   be linked; one that is not is passed over. */
void plan_link(struct plan *p, const struct node *given, void *mem);
/* After plan_prepare: where a kept node lies, and how many bytes it has there. */
void *plan_kept(const struct plan *p, const struct node *kept, size_t *bytes);
/* Allocates what is its own, creates primitives; workspace is the caller's, at least plan_workspace bytes, shared by plans that never run together. */
enum status plan_prepare(struct plan *p, void *workspace, struct err *e);
void plan_release(struct plan *p);

/* The input's elements as its dtype on the device; queued. host is f32 for act and wide, i32, u8. */
void plan_put(struct plan *p, const struct node *input, const void *host); /* in memory order: a 4-d input is N,H,W,C */
/* The first rows of an input of integers; what is behind them stays. */
void plan_put_rows(struct plan *p, const struct node *input, const void *host, int rows);
/* The same from memory of the device; queued. */
void plan_copy_rows(struct plan *p, const struct node *input, const void *mem, int rows);
void plan_put_scalar(struct plan *p, const struct node *input, double value);
void plan_put_f64(struct plan *p, const struct node *input, const double *host); /* any dtype, from double in memory order */
/* Runs every active segment. E_RUN means that a value was not finite and nothing else: nothing of the step is committed, the message names the first
   bad tensor, and the plan may be run again. */
enum status plan_run(struct plan *p, struct err *e);
/* The last run gave OK, but gradients overflowed, which the loss scale is to blame for: nothing of the step is committed, and the scale is halved. What was
   read before them (metrics) is as it should be. Where the losses or new states are not finite themselves, it is E_RUN as ever. */
bool plan_skipped(const struct plan *p);
/* Metrics of the last run, in the order of step_desc.metric. */
enum status plan_metrics(struct plan *p, double *out, struct err *e);
/* A kept node, a root or an input, as double in logical order. */
enum status plan_get(struct plan *p, const struct node *n, double *out, struct err *e);

#endif
