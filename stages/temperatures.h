/*
 * Temperatures while a stage runs: what the host gives a step, how they begin with a teacher, and the course that they took, which a later stage may
 * repeat.
 */
#ifndef STAGES_TEMPERATURES_H
#define STAGES_TEMPERATURES_H

#include "stages/aside.h"

/* ---- when the file is read ---- */

/* Notes in s that terms have a temperature, and the reference of one that repeats another stage's. */
enum status temperatures_read(struct experiment *x, struct stage *s, const struct term *terms, int n, struct err *e);
/* "STAGE.temperature", of an earlier stage that has one, or what course_of takes. A stage repeats one other at most. */
enum status course_read(struct experiment *x, struct stage *s, const char *text, struct where at, struct err *e);

/* ---- course_of.c: another run's, by content ---- */

/* Whether the text is a path, and no STAGE.temperature. */
bool course_is_path(const char *text);
/* RUN/STAGE, RUN a run's folder, or a file as course_save writes it: it is there and whole. The reference's identity is the content's hash, its path absolute. */
enum status course_of(struct arena *a, const char *text, struct where at, struct reference *ref, struct err *e);

/* The first term that has a temperature and is built; NULL: none. */
const struct term *temperature_first(const struct term *terms, int n);

/* ---- beside the steps ---- */

/* Every temperature of the terms to its start beside the lesson's teacher, its learning rate by the teacher's logits where it is to follow from them.
   epochs: in which it is meant to come to its end. Recorded: logit_variance and tau_rate, where that was asked for. */
enum status temperatures_begin(const struct lesson *l, struct aside *a, const struct term *terms, int n, double epochs, struct err *e);
/* The first temperature of the terms in the step that follows. NaN: there is none. */
enum status temperature_next(const struct lesson *l, struct aside *a, const struct term *terms, int n, double *tau, struct err *e);

/* ---- course.c: every step's temperature, kept beside the run's metrics ---- */

struct course {
	long n, room;
	double *tau;             /* [n]: of each step of the stage */
	int *epoch, *lesson;     /* [n]: of the stage, from 1; from 1 */
};
/* epochs of lesson k, from 0. */
int course_epochs(const struct course *c, int k);
enum status course_load(struct arena *a, const char *path, struct course *c, struct err *e);
enum status course_save(const struct course *c, const char *path, struct err *e);

#endif
