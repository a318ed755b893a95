/* Private to the trainer: cohort.c, lesson.c, epoch.c, watch.c, train.c, checkpoint.c. */
#ifndef STAGES_TRAIN_INT_H
#define STAGES_TRAIN_INT_H

#include "base/log.h"
#include "stages/aside_int.h"
#include "stages/cohort.h"
#include "stages/teacher.h"
#include "stages/temperatures.h"

#define TEST_WATCHED "test_top1_watched" /* the metric of watch_test, by epoch */

/* A stage while it is trained: an arm of a cohort, also when it is the only one. */
struct trainer {
	struct cohort *cohort;
	struct stage_run *r;
	struct record *rec;
	int64_t stage_id;
	struct resume place;      /* where it is; the sums of the running epoch */
	bool resumed;             /* place was read from a file and the networks are not yet */
	bool over, finished;      /* over: finished, or failed by itself */
	enum status status;       /* of its own: E_RUN when it failed and the others went on */
	struct err err;
	struct stage_result *result;
	/* of the running lesson */
	bool begun;               /* between lesson_begin and lesson_end */
	bool again;               /* the resume state stood at a lesson's end: what follows may have been done before, up to the next one's first step */
	struct teacher *teacher;  /* NULL without */
	struct net *teacher_shape; /* r->teacher while no lesson runs: the structure alone */
	struct arena *arena;
	struct step *full, *rest; /* rest: the smaller last batch of an epoch; NULL without */
	struct chain *chain;      /* of steps that are queued ahead of `place`, which counts those that were taken; NULL: each is waited for */
	struct { struct step *step; int n; } ahead[CHAIN_ROOM]; /* [chain_length], the oldest first; n: pictures */
	bool fell_back;           /* a step that was queued was not taken: the stream is to come again from `place`, and the first one is waited for */
	bool waits;               /* the next step is waited for */
	struct evaluator *eval;
	struct measure *exam;     /* NULL without */
	void *workspace;          /* on a lane; NULL: the cohort's */
	size_t workspace_bytes;
	double saved;             /* when the last checkpoint was written */
	double teacher_valid;     /* held-out accuracy of the lesson's teacher; NaN without */
	double graft;             /* the last exam's metric of that name: accuracy of blocks without a head of their own; NaN without */
	double train_top1;        /* of the last epoch: the student's, or its block's through the teacher's tail; NaN without */
	double total_steps;       /* of the stage, for the time left */
	double test_top5, test_top5_best; /* of the last epoch's weights, and of those that the held-out split chose; NaN with few classes */
	double train_clean[2], train_clean_best[2]; /* top-1 and top-5 on the training pictures, of the same two */
	bool alone;               /* from its start, with no other arm and no cache: its time is its own */
	double lesson_images;     /* seen before the lesson */
	struct course course;     /* temperatures of its steps; room 0: it has none */
};

/* The teacher's passes, one for each size of batch. */
struct passes {
	struct teacher *teacher;
	struct pass *full, *rest; /* NULL without */
	const struct pass *ran;   /* which ran with the batch at hand */
};

/* Arms: students that go through the same batches at the same time. Each learns what it would alone, bit for bit: an arm has its own
   plans, optimisers and place; they share the batches and the passes of teachers that they have in common, and where the device does one thing at a time
   the workspace. Else each steps on a lane of the device, beside the others. */
struct cohort {
	struct experiment *x;     /* the first arm's: data, device and precision are those of all */
	const char *out;          /* folder of runs */
	struct arena *arena;
	struct loader *loader;
	int n;
	struct trainer *arm;
	int n_teacher;
	struct teacher **teacher; /* those that were needed so far; loaded while an arm's lesson uses them */
	/* of the running period: the time in which no arm's lesson begins or ends */
	struct arena *period;
	int n_passes;
	struct passes *passes;
	void *workspace;
	size_t workspace_bytes;
	/* of the running epoch */
	double waited;            /* for data, seconds */
	double epoch_started;
	long epoch_images;        /* of the stream, since epoch_started */
	double marked;            /* up to when time has been given to the arms */
};

/* ---- lesson.c ---- */
/* Everything but plans: teacher, optimisers, the resume state, what the kind does before the first step. */
enum status lesson_begin(struct trainer *t, struct err *e);
/* What the kind does after the last step. */
enum status lesson_after(struct trainer *t, struct err *e);
void lesson_end(struct trainer *t);
/* After an epoch of it was counted: ends it there if its kind says so. */
enum status lesson_may_end(struct trainer *t, struct err *e);
/* passes NULL: without a teacher. */
enum status lesson_plan(struct trainer *t, const struct passes *passes, struct err *e);
size_t lesson_workspace(const struct trainer *t);
enum status lesson_prepare(struct trainer *t, void *workspace, struct err *e);
void lesson_unplan(struct trainer *t);
const struct lesson *lesson_of(const struct trainer *t);
int lesson_epochs_before(const struct stage_run *r, int k);
/* Batches of the running epoch that are done or queued. */
int lesson_batch(const struct trainer *t);
/* One step on the batch, or none where it was not finite and may be undone, or its gradients overflowed by the loss scale. E_RUN is the arm's own: the state before the step is saved.
   The step may only be queued, and the one before it be taken. Where that was not finite, fell_back is set, and `place` is where it was made. */
enum status lesson_step(struct trainer *t, const struct batch *b, double *lr, struct err *e);
/* Takes what is queued: before anybody reads the state. May set fell_back. */
enum status lesson_settle(struct trainer *t, struct err *e);
/* Whether the student's own logits mean something after the epochs of the lesson that were trained; else nothing of them is measured. */
bool lesson_answers(const struct trainer *t);
/* Where the next step stands in the span of the lesson's temperatures. */
struct temperature_place lesson_place(const struct trainer *t, const struct lesson *l);
/* Multiply-adds that a picture takes in a step: teacher, students and critics, forward and backward. */
double lesson_macs(const struct trainer *t);
/* Mean of a metric over the epoch so far; NaN when it was never there. */
double lesson_mean(const struct trainer *t, const char *name);

/* ---- epoch.c: its end: evaluation, what is kept, what is recorded, the checkpoint ---- */
enum status epoch_end(struct trainer *t, struct err *e);

/* ---- watch.c: what goes wrong while steps go by ---- */
/* Factor of the learning rates of a stage, of which steps were undone. */
double watch_rate(const struct trainer *t);
/* A step was not finite and nothing of it is committed; e says which tensor. OK: told, counted, and e is empty again; E_RUN: the stage may undo no more. */
enum status watch_not_finite(struct trainer *t, struct err *e);
/* A step was not taken because of its loss scale, which was halved: counted, and no roll-back. */
void watch_overflow(struct trainer *t);
/* The lesson's critics, from its start; after each step with its metrics; at the end of an epoch of the stage, into the run's metrics. */
void watch_begin(struct trainer *t);
void watch_step(struct trainer *t, const struct step *st, const double value[]);
enum status watch_epoch(struct trainer *t, int epoch, struct err *e);
/* The lesson is over: what it was too short to tell before. */
void watch_end(struct trainer *t);
/* What the alarm of the lesson's watch i says at its end: of fewer than 200 steps by the mean of all; of fewer than 20: WATCH_FINE. */
enum watch_state watch_state_of(const struct trainer *t, int i);
/* Whether it was given in the lesson. */
bool watch_told(const struct trainer *t, int i, enum watch_state alarm);

/* ---- train_course.c: the temperatures of the steps so far, for a stage that has any ---- */
const char *course_path(struct trainer *t);
/* What the stage refers to, and what a resumed one has had; room for all steps. */
enum status course_begin(struct trainer *t, struct err *e);
/* After a step with its metrics; after one that was undone with none. */
void course_step(struct trainer *t, const struct step *st, const double value[]);
/* Before the resume state is written. */
enum status course_write(struct trainer *t, struct err *e);

/* ---- cohort.c ---- */
/* The teacher that lesson's stage wants, loaded. */
enum status cohort_teacher(struct cohort *c, const struct stage_run *r, int which, struct teacher **t, struct err *e);
/* Time since the last mark goes to the arms at work, in equal parts. */
void cohort_mark(struct cohort *c);

/* ---- live.c ---- */
/* For who watches: what the arms do, into the folders of their runs, at most once a second. Never fails. */
void live_show(const struct cohort *c, const struct progress *p);

/* ---- train.c ---- */
enum status arm_begin(struct trainer *t, struct err *e);
/* ---- train_measure.c ---- */
enum status arm_measure_teacher(struct trainer *t, struct err *e);
/* Of the student's weights at the end, and of those that were chosen, which it then holds. */
enum status arm_measure(struct trainer *t, struct err *e);
/* Artefacts, accuracies, results. Before its teacher goes. */
enum status arm_finish(struct trainer *t, struct err *e);

/* ---- checkpoint.c ---- */
enum status checkpoint_peek(struct trainer *t, struct err *e);
enum status checkpoint_load(struct trainer *t, struct err *e);
enum status checkpoint_save(struct trainer *t, struct err *e);
const char *checkpoint_path(struct trainer *t);
/* Weights of the student under stages/STAGE/NAME.safetensors. */
enum status checkpoint_weights(struct trainer *t, const char *name, double valid, int epoch, struct err *e);

#endif
