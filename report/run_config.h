/* A run's config.yaml: what the run was, without its data and without its networks. */
#ifndef REPORT_RUN_CONFIG_H
#define REPORT_RUN_CONFIG_H

#include "base/conf.h"

struct run_config {
	const char *folder, *text;
	struct conf *root;
};

/* Of FOLDER/config.yaml; in the arena. */
enum status run_config_read(struct arena *a, const char *folder, struct run_config *c, struct err *e);
/* The map of a stage; a copy that arms made for another seed ("kd-init2") has its original's. NULL: no such stage. */
const struct conf *run_config_stage(const struct run_config *c, const char *stage);
/* The hash that the stage's artefacts are stored under; NULL where the file does not say. */
const char *run_config_identity(struct arena *a, const struct run_config *c, const char *stage);
/* The stage of the same run whose last weights were its (last) teacher; NULL: it has none, or other weights than those. */
const char *run_config_teacher(struct arena *a, const struct run_config *c, const char *stage);
/* Whether weights of a file are in it: its own first ones, a teacher's, or what these were made of. */
bool run_config_imports(const struct run_config *c, const char *stage);
/* "54000 training, 6000 held-out, 10000 test pictures, SHA-256 ..."; "" where the file does not say. */
const char *run_config_pictures(struct arena *a, const struct run_config *c);
/* "one epoch of each kind, ..." of a run that a smaller budget made; "" of any other. */
const char *run_config_budget(struct arena *a, const struct run_config *c);
/* seed.split, seed.data, seed.init; teacher: seed.teacher, -1: that of the students. */
struct run_seeds {
	uint64_t split, data, init;
	int64_t teacher;
};
struct run_seeds run_config_seeds(const struct run_config *c);

#endif
