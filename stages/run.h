/*
 * Running an experiment: stages in order, each in its lessons, recorded, resumable.
 */
#ifndef STAGES_RUN_H
#define STAGES_RUN_H

#include "runs/resume.h"
#include "runs/store.h"
#include "stages/stage.h"

struct events;
struct lock;

/* In OUT: which data were trained on, for the day on which they are not on the machine (data_open_away). */
#define DATA_MEMORY "data.jsonl"

/* A run's folder and records: record.c. */
struct record {
	struct arena *arena;
	const char *out, *folder;     /* OUT, OUT/NAME-HASH */
	struct lock *lock;            /* of the folder; NULL where the caller holds it */
	struct store *store;
	int64_t run;
	FILE *csv, *log;
	struct events *events;        /* from the first record_trim on, which every stage begins with */
	const struct experiment *x;
	double live_at;               /* when progress.json was written */
	bool live_failed;             /* it could not be, and that was told */
};
/* The lock without which nobody writes to the run's folder: it has one metrics.csv, which is replaced when a stage goes back to a checkpoint.
   *l NULL: another process has it. */
enum status record_try(struct arena *a, const struct experiment *x, const char *out, struct lock **l, struct err *e);
/* Whether the run's folder has stages that are done and OUT has no store, which would know them: they would be trained again. */
bool record_is_lost(struct arena *a, const struct experiment *x, const char *out);
/* held: the caller has the folder's lock. Else it is waited for, which is said, and kept until record_close; E_STOP: interrupted meanwhile. */
enum status record_open(struct arena *a, struct experiment *x, const char *out, bool held, struct record **r, struct err *e);
/* Before a stage is trained: the run's origin is this process from here on. */
enum status record_trains(struct record *r, struct err *e);
enum status record_close(struct record *r, const char *state, double seconds, struct err *e);
const char *record_stage_file(struct record *r, const struct stage *s, const char *name); /* "stages/teach/last.safetensors" in the folder */
/* One row of metrics.csv, of the event file and of the store. epoch counts over the stage's lessons, from 1. */
enum status record_metric(struct record *r, const struct stage *s, int64_t stage_id, const char *lesson, int epoch, long step, const char *name, double value, struct err *e);
/* The same for what may have been recorded before a kill: then metrics.csv keeps the row that it has. */
enum status record_metric_again(struct record *r, const struct stage *s, int64_t stage_id, const char *lesson, int epoch, long step, const char *name, double value, struct err *e);
/* The end of a stage in the store and in run.json; one that is "done" needs no resume state any more. */
enum status record_stage_end(struct record *r, const struct stage *s, int64_t stage_id, const char *state, double seconds, struct err *e);
/* progress.json; what goes wrong is told once and changes nothing. */
struct live_stage;
void record_live(struct record *r, const struct live_stage *stage, int n);
enum status record_flush(struct record *r, struct err *e);
/* Drops rows of s later than epoch (-1: all) from all of them. Every stage begins with it. */
enum status record_trim(struct record *r, const struct stage *s, int64_t stage_id, int epoch, struct err *e);

/* What a finished stage is summed up by; also read back from the store. */
struct stage_result {
	const struct stage *stage;
	bool reused;                  /* trained by an earlier run */
	bool failed;                  /* by itself, or for want of a stage that did */
	const char *why;              /* where it failed: the reason, in the record's arena */
	double test_last, test_best;  /* top-1 percent; best: of the epoch that the held-out split chose, NaN without one */
	double best_on_test;          /* with watch_test: the highest of any evaluated epoch, so chosen on the test set; else NaN */
	double valid_last;
	double by_limit;              /* above 0: a teacher's phase was ended by its limit, and not by its temperature; NaN: that can't be */
	double teacher_test;          /* of the last teacher; NaN without */
	double trained_max;           /* parameters moved in a step, at most over lessons (student's and its adapters'; critics apart) */
	double whole;                 /* parameters of the student */
	double seconds, images;
	int epochs;
};

/* Everything: trains what is not there yet, reads what is. results[x->n_stage] is filled. folder: where the run is. E_RUN: stages have failed by
   themselves or for want of one that did, and all others are done. */
enum status experiment_run(struct experiment *x, const char *out, struct stage_result *results, const char **folder, struct err *e);

/* The structure of each teacher's network, no memory: [n_teacher], one for all of the same network. */
enum status stage_teacher_nets(struct experiment *x, struct arena *a, const struct stage *s, struct net ***nets, struct err *e);
/* Defines a stage's networks and lessons in an arena of its own. stage_run_close also releases the device memory. */
enum status stage_run_open(struct experiment *x, struct stage *s, struct stage_run **r, struct err *e);
void stage_run_close(struct stage_run *r);

/* For `check`: all plans of a stage without memory. lines go to f. */
struct stage_plan_sum {
	const struct stage *stage;
	double macs;                  /* of the dearest step, the teacher's pass with it */
	double total_macs;            /* of all its steps; evaluations are not in it */
	size_t own;                   /* weights, optimisers, what plans hold: of the stage alone */
	size_t workspace, teacher;    /* what arms that run together have in common */
	size_t memory;                /* all three: the stage's maximum */
	double steps;                 /* optimiser steps of the whole stage */
};
enum status stage_check(struct experiment *x, struct stage *s, FILE *f, bool steps, struct stage_plan_sum *sum, struct err *e);
/* What must be free for so many planned bytes: libraries' code and scratch, buffers of checkpoints, and what else is in no plan. */
size_t memory_wanted(size_t planned);
/* What stages take when they run together: their own, each teacher once, the largest workspace; on a device with lanes all workspaces. */
size_t memory_together(const struct device *dev, const struct stage_plan_sum *const sums[], int n);
/* How many of them the machine carries at once; at least one. */
int wave_size(const struct device *dev, const struct stage_plan_sum *const sums[], int n);
/* E_NOMEM with both sizes when the machine can't give what the stage needs. */
enum status stage_fits(struct experiment *x, struct stage *s, struct stage_plan_sum *sum, struct err *e);

#endif
