/*
 * Sweeps: one file, many runs. A run is the experiment of one point for one seed, with a folder, a configuration and an identity of its own, the same that
 * `train` would give it. A stage that several runs have in common (a teacher) is trained once; stages that have the same data, seed of the data and
 * precision are trained together as arms, whatever run they are of. What is there is never trained again, so a sweep that was stopped, killed or shared
 * by several processes ends as one that was not.
 */
#ifndef STAGES_SWEEP_H
#define STAGES_SWEEP_H

#include "stages/run.h"
#include "stages/vary.h"

enum item_state { ITEM_TODO, ITEM_DONE, ITEM_FAILED, ITEM_LEFT_OUT }; /* left out: what it uses has failed */

/* A stage of a run. */
struct sweep_item {
	struct stage *stage;
	struct stage_plan_sum sum;    /* once it is planned */
	bool planned;
	struct stage_result result;   /* result.why: the reason, where it failed */
	enum item_state state;
	int run;                      /* index of the run that it is of */
	int64_t id;                   /* of the stage in the store that has its metrics; 0: none yet */
	int twin;                     /* index of the first item of the sweep with the same identity: the one that is trained */
	bool compared;                /* a row of tables: no other stage of its run uses it */
	bool teaches;                 /* stage_teaches; what is neither is the first part of another's training */
};

struct sweep_run {
	const char *name;
	const struct point *point;
	int seed;                     /* -1: the file's own */
	struct experiment *x;
	int first;                    /* its items: sweep->item[first .. first + x->n_stage) */
	struct record *rec;           /* open while a stage of it is trained */
	const char *folder;
};

struct sweep {
	struct arena *arena;
	const char *path, *name, *out, *folder; /* folder: OUT/NAME.sweep, for the log, the table and the page; with --only another */
	struct conf *root;
	struct vary vary;
	const char *budget_name;
	struct budget budget;
	int budget_seeds;             /* so many of the first seeds, at most; 0: all */
	const char *chosen;           /* "--set vary.seeds=2 --only 'kd*'": what was asked of the runs beside the file; NULL: nothing */
	int n_set;
	const char **set;             /* all of --set: "stages.kd.epochs=3" */
	struct data_memory memory;
	bool away;                    /* data of some run are not here, so nothing of it can be timed or trained */
	bool timing;                  /* each item alone in a process */
	bool results;                 /* sweep_options' */
	struct experiment_pool *pool;
	int n_run, n_item;
	struct sweep_run *run;        /* those of a point beside each other */
	int *point_end;               /* by point: behind its last run */
	struct sweep_item *item;
	struct names *identity;       /* to the first item that has it */
	struct store *store;
};

struct sweep_options {
	struct experiment_options experiment; /* --set holds for the file, before anything varies */
	const char *out, *budget, *only;      /* budget NULL: full; only: a pattern of run names with * and ?, NULL: all */
	bool untrained;                       /* nothing will be: the data need not be on the machine */
	bool results;                         /* are all that is asked for: they stand where a stage's weights are gone, too */
	bool many;                            /* more than POINTS_ASK runs are wanted */
};

extern const struct opt budget_opts[];

/* Reads the file and makes every run, none of them planned. Errors of the file are told once, with its lines. E_NOMEM: so many runs do not fit. */
enum status sweep_open(struct arena *a, const char *path, const struct sweep_options *o, struct sweep **s, struct err *e);
/* The runs of a point: how many (0: --only left none) and the first of them. */
int sweep_runs_of(const struct sweep *s, const struct point *p, int *first);
/* By item: whether sweep_train with the same run and which would train it, or what it uses, if it is not there. Twins are all told by the first. */
bool *sweep_wanted(struct sweep *s, int run, int which);
/* Plans what sweep_train with the same run and which would train: what does not fit together is told before anything is trained. Once is enough: what is
   planned stays so, and seeds of a point have one plan. */
enum status sweep_plan(struct sweep *s, int run, int which, struct err *e);
void sweep_close(struct sweep *s); /* NULL allowed */
/* Its whole rule: budget_text, and ", the first 2 seeds at most" where seeds are cut too. */
const char *sweep_budget_text(const struct sweep *s);
/* Whether OUT has folders of these runs with stages that are done, and no store, which would know them: they would be trained again. */
bool sweep_is_lost(struct sweep *s);
/* Looks up in the store what is there: states, results, folders. Before anything was trained the store may be missing; nothing is made then. */
enum status sweep_refresh(struct sweep *s, struct err *e);

/* What failed when it was last trained, by whatever process, and what is left out for it: state and reason. What is to be trained is tried again
   all the same. */
enum status sweep_failures(struct sweep *s, struct err *e);

/* What is left to do, by a step of each unlike stage that is timed here and now; nothing is stored. */
struct sweep_estimate {
	int n_stage;                  /* to train, each once */
	double seconds;               /* one after another, as if each had its teacher's pass alone: arms take less */
	double bytes;                 /* of weights, anchors and predictions */
};
enum status sweep_estimate(struct sweep *s, struct sweep_estimate *out, struct err *e);

/* Plans and trains what is not there. which: an item's index, or -1 for all; run: a run's index, or -1. most: arms at once, at most.
   E_RUN: some have failed and everything else is done. E_STOP: a signal, all states saved. */
enum status sweep_train(struct sweep *s, int run, int which, int most, struct err *e);
/* The order in which items are trained alone for timing: what others use first, then arms in turn, seed by seed. */
int sweep_timing_order(const struct sweep *s, int *order);

#endif
