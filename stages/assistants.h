/* Private to the stage kind assistants: its options, what its steps do (assistants.c), its phases (assistants_phases.c). */
#ifndef STAGES_ASSISTANTS_H
#define STAGES_ASSISTANTS_H

#include "stages/temperatures.h"

struct assistants_conf {
	const struct conf *teacher, *temperature, *losses;
	int ends, labels, t2_weight_path;
	double phase_budget;
	struct ints phase_epochs;
	const char *phases;
};
enum { ENDS_EITHER, ENDS_TEMPERATURE, ENDS_LIMIT };
enum { T2_STOP_GRADIENT, T2_NONE };

struct assistants_own {
	struct term *terms;
	int n, M;
	bool labels;         /* they come after the last teacher */
	bool replays;        /* the temperatures of another chain */
	bool by_temperature; /* a phase may end before its limit, and one that does not is worth a word; not the last teacher's without labels after it */
	double meant;        /* epochs of a phase */
};

/* The steps of a phase with a teacher, and of the labels'. */
enum status assistants_taught(const struct lesson *l, struct step *st, struct err *e);
enum status assistants_labels(const struct lesson *l, struct step *st, struct err *e);
/* A teacher's phase: the temperature to its start; whether it has come to 1; what is to be told at the end. */
enum status assistants_begin(const struct lesson *l, struct aside *a, struct err *e);
enum status assistants_over(const struct lesson *l, struct aside *a, bool *is_over, struct err *e);
enum status assistants_end(const struct lesson *l, struct aside *a, struct err *e);
enum status assistants_labels_end(const struct lesson *l, struct aside *a, struct err *e);

enum status assistants_define(struct stage_run *r, struct err *e);
/* With `phases`: as long as the other stage's, which are known then. */
enum status assistants_ready(struct stage_run *r, struct err *e);

#endif
