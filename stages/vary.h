/*
 * What varies in a sweep: an experiment file's `vary:` and `drop:` as a list of points. A point is the file with some values put at some
 * paths (or taken out), for one seed.
 */
#ifndef STAGES_VARY_H
#define STAGES_VARY_H

#include <stdint.h>

#include "base/opt.h"

struct assignment {
	const char *path;         /* "stages.kd.losses.kd.tau" */
	const struct conf *value; /* NULL: taken out */
	int digits;               /* that names give of a number; 0: it stands there as it is */
};

struct point {
	const char *name;         /* of what differs but for the seed: "tau=2,lr=0.05"; "" where nothing does */
	const char *had;          /* what earlier versions named a point of random draws: "draw3"; NULL: as now */
	int n;
	struct assignment *set;
	int seed;                 /* of this copy; -1: the file's own seeds */
};

/* `vary.seeds` in full. */
struct seeds {
	int n;
	const int *v;
	bool split, data, init, teacher; /* which of the experiment's seeds it moves */
	bool per_seed;            /* teachers have the seed of their students; else one teacher, by the file's own seeds, serves all, if none of split and teacher moves */
};

struct vary {
	struct seeds seeds;       /* n 0: none given */
	int n_point;              /* points without seeds, in the order of the file: the last axis runs fastest */
	struct point *point;      /* seed -1 */
	double n_all;             /* combinations before `when` and `skip`, times seeds; known before any is made */
};

extern const struct opt vary_opts[], seeds_opts[], random_opts[];

/* More runs than the first are asked about; more than the second before their points are even made; more than the third are refused. */
enum { POINTS_ASK = 1000, POINTS_MADE = 100000, POINTS_MAX = 10000000 };
/* From the top of the file (which has `vary`, `drop` or neither). Every path is looked up in the file: one that is not there is an error, but
   for the last name of it, which may be an option that has its default. */
enum status vary_read(struct arena *a, const struct conf *root, bool many, struct vary *v, struct err *e); /* many: so many are wanted */
/* Whether each seed has teachers of its own. */
bool seeds_have_teachers(const struct seeds *s);
/* The file as the point has it; its name is "NAME-POINT-sSEED" in the letters that a run's name may have. */
/* The name that earlier versions gave the run; NULL: the same. */
const char *point_had_name(struct arena *a, const struct conf *root, const struct point *p, int seed);
enum status point_apply(struct arena *a, const struct conf *root, const struct vary *v, const struct point *p, int seed, struct conf **out, struct err *e);

#endif
