/*
 * The readings of the main method's paper: its abstract says what is done and not how. Each reading is a way to do it, selected by options of
 * `blocks` (or of the networks and stages before it).
 */
#ifndef STAGES_READINGS_H
#define STAGES_READINGS_H

struct reading {
	const char *name;
	const char *words;   /* of the abstract that it rests on */
	const char *says;    /* the reading in a sentence */
	const char *options; /* of the `blocks` stage, as YAML between braces; "" : none beside the defaults. Stages are named after what they are:
	                        `plateau` keeps {rule: plateau}, `equal` {rule: equal}, `on` goes on from `teach`, `cut` is a network with `cut` */
	const char *tested;  /* where it was tried here, with how many seeds; "": nowhere yet */
};

extern const struct reading reading_all[];
extern const int reading_count;

#endif
