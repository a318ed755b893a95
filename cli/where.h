/* '--where': which runs are meant. */
#ifndef CLI_WHERE_H
#define CLI_WHERE_H

#include "cli/options.h"
#include "runs/overview.h"

struct condition {
	const char *key, *value;
	char op; /* '=', '<', '>' */
};

/* "KEY=VALUE", "KEY<VALUE", "KEY>VALUE"; all that are wrong are told. */
enum status where_read(struct arena *a, const struct many *words, struct condition **c, int *n, struct err *e);

/*
 * Keeps the runs for which all conditions hold, in place. A key is a column of the run (name, state, begun, folder, identity, program, machine,
 * device, precision, threads, seconds), `stage`, `kind`, an option's path in config.yaml ("stages.kd.tau"), or a metric, of which the last value counts.
 * Conditions on stage, kind and metrics must hold for one and the same stage. Numbers are compared as numbers, anything else as text.
 * E_USER: a key that no run has, or a metric, threads or seconds beside what is no number.
 */
enum status where_keep(struct arena *a, struct store *s, const struct condition *c, int n_condition, struct overview_run *runs, int *n, struct err *e);

#endif
