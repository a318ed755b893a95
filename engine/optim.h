/* Optimisers: a list of ranges of networks' flat buffers with state of their own. */
#ifndef ENGINE_OPTIM_H
#define ENGINE_OPTIM_H

#include "base/opt.h"
#include "engine/params.h"

struct optim_conf {
	int kind;            /* enum optim_kind */
	double lr, momentum, beta1, beta2, eps, weight_decay, clip; /* clip 0: none; else the global norm's limit */
	bool nesterov;
	int decay_on;        /* 0 all parameters, 1 weights only (no bias, no batch norm) */
};
extern const struct opt optim_opts[];

struct optim_item { /* one parameter */
	struct params *set;
	int index;
	int64_t at; /* offset in the optimiser's own flat buffers */
};

struct optim {
	const char *name;
	struct optim_conf conf;
	int n, cap;
	struct optim_item *item;
	int64_t size;           /* elements, padding included */
	struct device *dev;
	void *grad, *m, *v;     /* device, wide, [size] */
	void *lr, *sum, *clip;  /* device, wide scalars */
	double *correct;        /* device: Adam's two corrections, where steps are recorded; NULL else */
	long steps;             /* committed updates (Adam's t) */
};

struct optim *optim_new(struct arena *a, const char *name, const struct optim_conf *conf);
/* Adds parameters in order; contiguous neighbours are updated by one kernel. */
void optim_add(struct optim *o, struct arena *a, struct params *set, int index);
enum status optim_place(struct optim *o, struct device *dev, struct err *e);
void optim_release(struct optim *o);
void optim_set_lr(struct optim *o, double lr); /* queued */
/* Queues what the next update reads and no record of it may hold: before optim_step, outside a record. */
void optim_ready(struct optim *o);
/* Queues one update from o->grad, multiplied by *unscale (device, wide; NULL: 1; a loss scale's inverse), whose norm is what clipping limits; writes
   nothing unless *ok. The caller counts the step when it learns that ok was set. */
void optim_step(struct optim *o, const void *unscale, const int *ok);
int64_t optim_count(const struct optim *o); /* parameters moved */
int64_t optim_count_of(const struct optim *o, const struct params *set); /* those of one network; NULL: of all */
/* Moments for resume: bytes of grad-free state, read and written whole. */
size_t optim_bytes(const struct optim *o);
enum status optim_read(struct optim *o, void *host, struct err *e);
enum status optim_write(struct optim *o, const void *host, struct err *e);

/* Schedules: factor on lr. */
struct schedule_conf {
	int kind;            /* constant, cosine, steps */
	double warmup;       /* epochs of linear warm-up from lr / 100... see opts */
	struct reals drops;  /* steps: fractions of the epochs, or epochs when > 1 */
	double factor;       /* at each drop */
	double final;        /* cosine: lr at the end as a share of lr */
};
extern const struct opt schedule_opts[];
/* position: epochs done, a real number (per step); epochs: of the phase. */
double schedule_factor(const struct schedule_conf *c, double position, double epochs);
/* The last whole epoch before each drop of lr, rising, each once; not those within the warm-up, nor drops at the end and after it. last: room for
   drops.n. How many; 0 for a schedule that falls otherwise or not at all. */
int schedule_plateaus(const struct schedule_conf *c, int epochs, int *last);

#endif
