/* What the files of the planner share. */
#ifndef ENGINE_PLAN_INT_H
#define ENGINE_PLAN_INT_H

#include "engine/derived.h"
#include "engine/plan.h"
#include "engine/plan_profile.h"

enum buffer_kind {
	BUFFER_WORK,     /* in the shared workspace, for its lifetime */
	BUFFER_OWN,      /* the plan's for as long as it lives: inputs, constants, kept values */
	BUFFER_EXTERNAL, /* somebody else's: a parameter, an optimiser's gradient */
	BUFFER_DERIVED,  /* a network's derived form */
};

struct buffer {
	enum buffer_kind kind;
	size_t bytes;
	int first, last; /* positions in plan->step */
	bool pinned;     /* read after the step by the host or a commit: no one takes its memory */
	bool placed;     /* OWN: offset was given before the others' */
	size_t offset;   /* WORK, OWN */
	void *mem;
	struct derived *derived;
	struct params *owner; /* DERIVED; EXTERNAL: the network whose leaf it is */
	uint64_t key[2];      /* DERIVED */
	int n_source;
	const struct param **source; /* DERIVED: the rows that it is computed from */
	int group;            /* DERIVED: the prologue steps that lead to it */
	const struct node *leaf;    /* EXTERNAL: parameter, state or given */
	const struct optim *optim;  /* EXTERNAL: place `at` of its gradient */
	int64_t at;
};

/* A value at run time: one output of one execution of a call, or a leaf. */
struct value {
	const struct node *node;
	struct tensor tensor; /* data set by prepare */
	int buffer;
};

enum step_kind { STEP_KERNEL, STEP_PACK };

struct step {
	enum step_kind kind;
	const struct call *call;
	int segment;            /* -1: prologue, what is computed once per version */
	int group;              /* prologue: steps that hang together, one layer's usually */
	unsigned fuse;
	const struct call *swallowed; /* the relu or relu_dx that the kernel does as well */
	int n_in, n_out;
	int *in, *out;          /* values; -1 absent or unused */
	int *pack;              /* per input: buffer with its packed form, -1 none */
	const struct kernel *kernel;
	struct kernel_plan plan;
	int scratch;            /* buffer, -1 none */
	void *state;
	/* STEP_PACK: form of input pack_in of step pack_for, from value in[0] into buffer pack_to. */
	int pack_for, pack_in, pack_to;
	/* for launch */
	struct kernel_run run;
	bool late;              /* plan_late.c: behind all else of its segment */
	int together;           /* this and the steps behind it that are launched at once, whose runs these are; 0, 1: it alone */
	const struct kernel_run **runs;
	struct tensor *tin, *tout;
	const void **packed;
};

/* int each; begun: whether the step began with a good flag, or behind one that failed (plan_chain.c). */
enum flag { FLAG_OK, FLAG_SOUND, FLAG_BEGUN, FLAGS, FLAG_BYTES = 16 };

struct commit_update {
	const struct update *update;
	int value;
	int segment;
};

/* New states that are committed together: neighbours in the plan's memory as in the network's. */
struct commit_range {
	int segment;
	void *state, *value;
	size_t bytes;
	enum dtype dtype;
};

/* A gradient that could not be computed in its place and is copied there. */
struct grad_copy {
	int segment, value;
	const struct optim *optim;
	int64_t at;
};

/* A loss, checked for finiteness when its segment ends. */
struct root_value {
	int segment, value;
};

/* While a step is profiled: where its times go. */
struct plan_clock {
	struct plan_times *times;
	double last;        /* when the lap began */
	enum status status; /* the first failure that waiting showed, with its text in err */
	struct err *err;
};

struct plan {
	struct arena *arena;
	const struct step_desc *desc;
	struct device *dev;
	unsigned active;
	int n_value, cap_value, n_buffer, cap_buffer, n_step, cap_step, n_prologue;
	struct value *value;
	struct buffer *buffer;
	struct step *step;
	int *node_value;      /* per node: its current value while planning, its last one afterwards; -1 none */
	int *segment_end;     /* per segment: one past its last step */
	struct params **owner; /* per node: the one network that it is computed from alone, NULL none; those are computed once per version */
	bool *moved;          /* per node: a leaf that some segment changes */
	int *metric_value, *keep_value; /* -1: not computed by the active segments */
	int n_root, n_copy;
	struct root_value *root;
	struct grad_copy *copy;
	int n_update;
	struct commit_update *update;
	int n_range;
	struct commit_range *range; /* of all updates, from prepare on */
	int n_derived, *derived;    /* buffers */
	bool *group_stale;
	long prologue_launches;
	size_t workspace_bytes, own_bytes;
	double macs;
	/* run */
	void *workspace, *own;
	void *metric;         /* device: 8 bytes each, and behind them enum flag: what the host reads of a step lies together */
	int *ok;              /* of those flags */
	int *sound;           /* with a loss scale: whether losses and new states are finite, whatever gradients are; NULL without */
	struct backup *backup; /* plan_commit.c */
	int n_backup;
	void *stage;          /* host staging for puts that convert */
	size_t stage_bytes;
	struct plan_clock *clock; /* NULL: nobody asks */
	void *record;         /* the body of a run, to be queued at once; NULL: there is none */
	bool ran, unrecorded; /* ran: once, so that libraries have what they take at first; unrecorded: it could not be recorded */
	bool prepared;
	bool skipped;         /* by the last run */
	bool read;            /* what the host reads of the last run lies behind stage */
};

/* enum freedom, as the step's description has it; TF32 where activations are multiplied: what is wide (losses) is exact in every precision. */
unsigned call_freedom(const struct plan *p, const struct call *c);
/* plan_order.c: values and steps, pruning, fusion. */
enum status plan_order(struct plan *p, struct err *e);
/* plan_late.c: new states behind all else of their segment, and, once steps have their memory, which of them are launched together. */
void plan_late(struct plan *p); /* behind plan_place_updates */
void plan_late_prepare(struct plan *p);
/* plan_memory.c: small new states get places of their own, in the order of the updates. */
void plan_place_updates(struct plan *p);
/* plan_memory.c: in-place, lifetimes, offsets. */
void plan_memory(struct plan *p);
/* plan_commit.c */
enum status commit_prepare(struct plan *p, struct err *e);
void commit_release(struct plan *p);
void commit_begin(struct plan *p); /* flags that are good */
/* The loss scale of the gradients that the active segments commit; NULL: there is none. */
struct loss_scale *commit_scale(const struct plan *p);
/* What the active segments' updates read and no record may hold. */
void commit_ready(struct plan *p);
/* A segment's gradients to where the optimiser reads them, and whether all that it would commit is finite, into the flag. */
void commit_check(struct plan *p, int segment);
/* Where the flag says so, what moves moves; a copy of what was there is kept if a later segment may fail. */
void commit_move(struct plan *p, int segment);
void commit_undo(struct plan *p);
void commit_done(struct plan *p);
void commit_not_done(struct plan *p); /* takes back what commit_done counted */

/* plan_profile.c: what was queued since the last lap is done; its time is added to *place. Only with a clock. */
void plan_lap(struct plan *p, double *place);

/* plan_run.c: what the host reads of a step: bytes, from plan->metric. The queued work of one run but for the flags' first values and their reading. */
size_t plan_report_bytes(const struct plan *p);
bool plan_recordable(const struct plan *p);
void plan_body(struct plan *p);
void plan_prologue(struct plan *p);
/* From the bytes of a report. */
void plan_report_metrics(const struct plan *p, const char *report, double *out);

int plan_value_add(struct plan *p, const struct node *n, int buffer);
int plan_buffer_add(struct plan *p, enum buffer_kind kind, size_t bytes);
struct step *plan_step_add(struct plan *p);
bool segment_active(const struct plan *p, int segment);
/* Views: output 0 is input 0's memory. */
bool call_is_view(const struct call *c);

#endif
