/* Private to runs: what the writer and the reader of the resume state share. */
#ifndef RUNS_RESUME_INT_H
#define RUNS_RESUME_INT_H

#include "runs/resume.h"

#define RESUME_FORMAT "limbeck-resume-5"

/* The place: one row per field, read and written alike. The key is the field's name in the metadata. */
enum field_type { FIELD_INT, FIELD_LONG, FIELD_REAL };
struct resume_field {
	const char *key;
	enum field_type type;
	size_t offset;
};
enum { RESUME_FIELDS = 24 };
extern const struct resume_field resume_fields[RESUME_FIELDS];

/* A struct resume_watch as numbers in a row. */
enum { RESUME_WATCH_REALS = sizeof(struct resume_watch) / sizeof(double) };

/* Names of the tensors: "set/0/student/param", "set/0/student/state", "optim/0/student". */
const char *resume_set_name(struct arena *a, const struct resume *r, int k, bool state);
const char *resume_optim_name(struct arena *a, const struct resume *r, int k);

/* SHA-256 of all metadata but RESUME_SUM itself, then of all tensors, in the file's order. */
#define RESUME_SUM "sha256"
void resume_checksum(const struct st_tensor *t, int n, const struct st_meta *meta, int n_meta, char hex[65]);

#endif
