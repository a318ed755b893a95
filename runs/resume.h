/*
 * The resume state: everything that the next step depends on, in one safetensors file that is replaced whole.
 *
 * Networks' and optimisers' bytes are kept as they are in memory, so that a resumed run goes on with the same bits. The place
 * (stage, lesson, epoch, batch, ...) and the epoch's partial sums are metadata.
 */
#ifndef RUNS_RESUME_H
#define RUNS_RESUME_H

#include "engine/optim.h"
#include "runs/safetensors.h"

enum { RESUME_TEXT = 128, RESUME_SUMS = 320, RESUME_WATCHES = 64 };

/* A critic that is watched in the running lesson. Reals alone: they are written as a row. */
struct resume_watch {
	double mean;                /* the moving one of its accuracy */
	double steps;               /* of the lesson, that had an accuracy */
	double told;                /* which alarms were: bits */
	double epoch_steps, wins, chance; /* of the running epoch: those that were judged, and those that left the mean in an alarm's range */
};

struct resume {
	/* place */
	char stage[RESUME_TEXT];    /* name */
	char identity[65];          /* of that stage: a state of other options is not taken */
	int lesson, epoch, batch;   /* the next batch to run */
	long step;                  /* of the stage, counted over lessons */
	double seconds;             /* trained so far in the stage */
	double images;              /* seen by the stage */
	double lesson_seconds;
	/* the running epoch */
	int n_sum;
	double sum[RESUME_SUMS];    /* of each metric: value times pictures, then its pictures */
	double count;
	int epoch_rollbacks, epoch_overflows;
	/* in f16 (engine/scale.h); 0 else */
	double loss_scale;
	long scale_good;            /* steps taken in a row since it was changed */
	/* alarms */
	int rollbacks;              /* steps of the stage that were undone, each of which halved its learning rates */
	int n_watch;
	struct resume_watch watch[RESUME_WATCHES];
	/* selection */
	double best;                /* NaN: none yet */
	int best_epoch;
	double last_valid;
	/* of each lesson so far the teacher that was chosen for it; -1: none was asked for. In the arena of resume_peek */
	int n_chosen;
	int *chosen;
	/* of each lesson so far how many epochs it had, which may be fewer than were laid out. In the same arena */
	int n_ended;
	int *ended;
	double macs;                /* multiply-adds of the stage so far, up to the last epoch that ended */
	double teacher_images;      /* pictures that went through a teacher, or were looked up in its cache */
	/* what moves */
	int n_set;
	struct params **set;        /* placed; read from or written to */
	int n_optim;
	struct optim **optim;
};

/* program: version text; machine: ISA, library versions, threads (compared at load: different is a warning, since bits may differ; another
   program version is an error that says which). */
enum status resume_save(const char *path, const struct resume *r, const char *program, const char *machine, struct err *e);
/* Every byte is checked by a SHA-256 in the metadata before anything is changed. Only the place and sums, so that the caller can rebuild what moves. *found false when there is no file. */
enum status resume_peek(struct arena *a, const char *path, struct resume *r, const char *program, bool *found, struct err *e);
/* Fills sets and optimisers (same order and sizes as saved). */
enum status resume_load(const char *path, struct resume *r, const char *machine, struct err *e);

#endif
