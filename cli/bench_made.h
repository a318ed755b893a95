/* A distillation step on made data, as 'limbeck train' takes it: a teacher's pass, then a step of each arm. Initial weights, pictures that are noise. */
#ifndef CLI_BENCH_MADE_H
#define CLI_BENCH_MADE_H

#include "cli/bench.h"
#include "stages/teacher.h"

struct made_conf {
	const char *teacher, *student, *precision;
	const char *teacher_precision, *cache; /* as in an experiment file */
	bool any_order; /* deterministic: false */
	int batch, classes, size, threads, arms; /* threads 0: chosen by the device */
	const char *device;
	const char *pictures; /* "device": where it can it holds them; "host" */
	struct many loss; /* "kd", or "{kind: kd, weight: 0.9, tau: 2}"; none: .1 CE + .9 KD at tau 4 */
};

#define MADE_CONF \
	.teacher = "resnet32x4", .student = "resnet8x4", .teacher_precision = "same", .cache = "off", .batch = 64, .classes = 100, .size = 32, .arms = 1, .pictures = "device"
#define MADE_DEFAULTS {MADE_CONF, .precision = "f32", .device = "cpu"}

#define MADE_FLAGS(c) \
	{.name = "--teacher", .value = "MODEL", .text = &(c).teacher, .help = "default resnet32x4"}, \
	{.name = "--student", .value = "MODEL", .text = &(c).student, .help = "default resnet8x4"}, \
	{.name = "--loss", .value = "LOSS", .many = &(c).loss, \
	 .help = "kd, or '{kind: kd, weight: 0.9, tau: 2}'; may be given several times; default .1 ce + .9 kd at tau 4"}, \
	{.name = "--arms", .value = "N", .number = &(c).arms, .lo = 1, .hi = 1000, .help = "students on one teacher's pass, default 1"}, \
	{.name = "--teacher-precision", .value = "f32|bf16|f16|tf32|int8", .text = &(c).teacher_precision, .help = "of the teacher's pass, default that of the step"}, \
	{.name = "--cache", .value = "f16|f32", .text = &(c).cache, .help = "a teacher cache that holds every view, in a temporary folder"}, \
	{.name = "--batch", .value = "N", .number = &(c).batch, .lo = 1, .hi = 65536, .help = "pictures a step, default 64"}, \
	{.name = "--classes", .value = "K", .number = &(c).classes, .lo = 2, .hi = 1000, .help = "default 100"}, \
	{.name = "--size", .value = "N", .number = &(c).size, .lo = 8, .hi = 512, .help = "height and width, default 32"}, \
	{.name = "--threads", .value = "N", .number = &(c).threads, .lo = 1, .hi = 4096, .help = "default: OMP_NUM_THREADS, or one a core"}, \
	{.name = "--device", .value = "auto|cpu|cuda", .text = &(c).device, .help = "default cpu; cuda:1: the second GPU"}, \
	{.name = "--pictures", .value = "device|host", .text = &(c).pictures, .help = "where a GPU's come from, default device"}, \
	{.name = "--precision", .value = "f32|bf16|f16|tf32", .text = &(c).precision, .help = "default f32"}, \
	{.name = "--any-order", .on = &(c).any_order, .help = "as 'deterministic: false': sums in any order, where that is faster"}

/* What the time of a step goes to. */
enum made_part { MADE_DATA, MADE_TEACHER, MADE_STUDENT, MADE_LOSS, MADE_BACKWARD, MADE_COMMIT, MADE_OTHER, MADE_PARTS };
extern const char *const made_part_name[MADE_PARTS]; /* for people */
extern const char *const made_part_key[MADE_PARTS];  /* for JSON */

/* A plan that runs in every step: the teacher's or a part of it (step NULL), or an arm's. */
struct made_plan {
	struct plan *plan;
	const struct step *step;
	const struct feed *feed;
	int runs; /* a step */
};

struct made {
	struct arena *arena;
	struct made_conf conf;
	const char *folder;          /* the experiment file and the cache */
	struct experiment *x;
	enum precision precision;
	struct teacher *teacher;
	struct pass *pass;
	int n_arm;
	struct stage_run **run;
	struct step **step;
	struct chain **chain;        /* of each arm; NULL: its steps are waited for */
	void **beside;               /* of each arm: the workspace of one that steps on a lane */
	bool waits;                  /* the next step is waited for */
	int n_plan;
	struct made_plan *plan;
	void *workspace;
	size_t workspace_bytes;
	struct batch batch;
};

/* Everything before the first step. */
enum status made_open(struct arena *a, const struct made_conf *c, struct made *m, struct err *e);
/* Takes the batch to the device for every plan, as a step does too; queued. */
void made_put(struct made *m);
/* One step: the pass, every arm, and the metrics of the step before where that was only queued. pass_s: seconds of the pass alone. */
enum status made_run(struct made *m, long number, double *pass_s, struct err *e);
/* Takes what is queued. */
enum status made_settle(struct made *m, struct err *e);
enum made_part made_part_of(const struct made_plan *p, const struct node *n);
void made_close(struct made *m);

#endif
