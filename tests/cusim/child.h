/* Code that may die, in a process of its own. */
#pragma once

#include <stdbool.h>

struct outcome {
	int status;       /* of its exit; -1: a signal ended it */
	char text[8192]; /* its stderr */
};

/* The simulator with other settings from here on: "CUSIM_ORDER=lifo CUSIM_BLOCKS=3"; all others as if unset. */
void settings_apply(const char *settings);

/* run(context) in a child with the settings; what it returns is the status. */
struct outcome in_child(int (*run)(const void *context), const void *context, const char *settings);

bool outcome_says(const struct outcome *o, const char *text);
