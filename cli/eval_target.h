/* Which network 'eval' measures: a stage's of a run, or one of an experiment with weights from a file. */
#ifndef CLI_EVAL_TARGET_H
#define CLI_EVAL_TARGET_H

#include "cli/experiment_args.h"
#include "runs/safetensors.h"

struct eval_args {
	const char *path;                       /* RUN or WEIGHTS */
	const char *stage, *rule;               /* of a run; stage NULL: chosen */
	const char *experiment, *network, *out; /* NULL: not given */
	struct experiment_args open;
};

struct eval_target {
	struct experiment *x;
	struct net *net;       /* without memory */
	const char *weights;   /* file */
	const char *label;     /* "kd.last", "student" */
	const char *folder;    /* of the run; NULL with weights */
};

/* The run's folder: the one that is named, or the only run in it ('train --out DIR' makes DIR/NAME-HASH). */
enum status run_folder_find(struct arena *a, const char *path, const char **folder, struct err *e);
bool is_folder(const char *path);
/* The stage of that name; else an error that lists them. */
enum status stage_find(const struct experiment *x, const char *name, const struct stage **s, struct err *e);
/* What a stage left by a rule, "last" or "best": in the run's folder, or where the store beside it says that an earlier run did. */
enum status stage_weights_find(struct arena *a, const char *folder, const struct stage *s, const char *rule, const char **weights, struct err *e);
enum status rule_check(const char *rule, struct err *e); /* --rule */
/* t->x is to be closed after a failure too. */
enum status eval_target_open(struct arena *a, struct eval_args *args, struct eval_target *t, struct err *e);

#endif
