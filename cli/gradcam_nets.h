/* The networks that 'gradcam' compares: those of runs, of stages of runs, and of weights from files. */
#ifndef CLI_GRADCAM_NETS_H
#define CLI_GRADCAM_NETS_H

#include "cli/eval_target.h"
#include "report/gradcam.h"

enum { GRADCAM_NETS = 12 };

struct gradcam_args {
	struct positional words;            /* RUN, RUN/STAGE or WEIGHTS */
	struct many stage, network, images;
	const char *beside;                 /* of a whole run: the stage that others are compared with; NULL: the last teacher of its longest chain */
	const char *rule, *experiment, *layer, *class, *object, *masks, *boxes, *out;
	int count, seed;
	bool json;
	struct experiment_args open;
};

struct gradcam_nets {
	struct experiment_pool *pool;
	int n_experiment;
	struct experiment *experiment[MAX_POSITIONAL];
	const char *folder;                 /* of the first run; NULL: there is none */
	bool whole;                         /* the first of the words is a run, all of it */
	int n;
	struct gradcam_column column[GRADCAM_NETS + 1]; /* first the one that others are compared with, then other teachers; the last has its structure and random weights */
};

/* Finds and opens them; their data are the same pictures. No device memory. For nets_close also after a failure. */
enum status nets_open(struct arena *a, struct gradcam_args *args, struct gradcam_nets *nets, struct err *e);
/* Places them, loads their weights, and makes the random ones. */
enum status nets_load(struct gradcam_nets *nets, int seed, struct err *e);
struct data *nets_data(const struct gradcam_nets *nets); /* of the first experiment */
void nets_close(struct gradcam_nets *nets);

#endif
