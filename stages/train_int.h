/* Private to train.c, lesson.c and checkpoint.c. */
#ifndef STAGES_TRAIN_INT_H
#define STAGES_TRAIN_INT_H

#include "stages/run.h"

/* A stage while it is trained. */
struct trainer {
	struct stage_run *r;
	struct record *rec;
	int64_t stage_id;
	struct loader *loader;
	struct resume place;      /* where it is; the sums of the running epoch */
	bool resumed;             /* place was read from a file and the networks are not yet */
	int teacher_at;           /* which teacher the teacher network holds; -1 none */
	/* of the running lesson */
	struct arena *arena;
	struct step *full, *rest; /* rest: the smaller last batch of an epoch; NULL without */
	struct evaluator *eval;
	void *workspace;
	size_t workspace_bytes;
	double started;           /* when the running stretch began */
	double saved;             /* when the last checkpoint was written */
	double waited;            /* for data in this epoch, seconds */
	double epoch_started;
	long epoch_images;        /* since epoch_started */
	double teacher_valid;     /* held-out accuracy of the lesson's teacher; NaN without */
	double train_top1;        /* of the last epoch: the student's, or its block's through the teacher's tail; NaN without */
	double total_steps;       /* of the stage, for the time left */
};

/* lesson.c */
enum status lesson_open(struct trainer *t, int k, struct err *e);
enum status lesson_train(struct trainer *t, int k, struct err *e);
void lesson_close(struct trainer *t, int k);
int lesson_epochs_before(const struct stage_run *r, int k);

/* checkpoint.c */
enum status checkpoint_peek(struct trainer *t, struct err *e);
enum status checkpoint_load(struct trainer *t, int lesson, struct err *e);
enum status checkpoint_save(struct trainer *t, struct err *e);
/* Weights of the student under stages/STAGE/NAME.safetensors. */
enum status checkpoint_weights(struct trainer *t, const char *name, double valid, int epoch, struct err *e);

#endif
