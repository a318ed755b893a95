/* A distillation step on made data: two networks with initial weights, losses, an optimiser, pictures that are noise. */
#ifndef CLI_BENCH_MADE_H
#define CLI_BENCH_MADE_H

#include "cli/bench.h"
#include "losses/loss.h"

struct made_conf {
	const char *teacher, *student, *precision;
	int batch, classes, size, threads; /* threads 0: chosen by the device */
	struct many loss; /* "kd", or "{kind: kd, weight: 0.9, tau: 2}"; none: .1 CE + .9 KD at tau 4 */
};

#define MADE_DEFAULTS \
	{.teacher = "resnet32x4", .student = "resnet8x4", .precision = "f32", .batch = 64, .classes = 100, .size = 32}

#define MADE_FLAGS(c) \
	{.name = "--teacher", .value = "MODEL", .text = &(c).teacher, .help = "default resnet32x4"}, \
	{.name = "--student", .value = "MODEL", .text = &(c).student, .help = "default resnet8x4"}, \
	{.name = "--loss", .value = "LOSS", .many = &(c).loss, \
	 .help = "kd, or '{kind: kd, weight: 0.9, tau: 2}'; may be given several times; default .1 ce + .9 kd at tau 4"}, \
	{.name = "--batch", .value = "N", .number = &(c).batch, .lo = 1, .hi = 65536, .help = "pictures a step, default 64"}, \
	{.name = "--classes", .value = "K", .number = &(c).classes, .lo = 2, .hi = 100000, .help = "default 100"}, \
	{.name = "--size", .value = "N", .number = &(c).size, .lo = 8, .hi = 1024, .help = "height and width, default 32"}, \
	{.name = "--threads", .value = "N", .number = &(c).threads, .lo = 1, .hi = 4096, .help = "default: OMP_NUM_THREADS, or one a core"}, \
	{.name = "--precision", .value = "f32|bf16", .text = &(c).precision, .help = "default f32"}

/* What the time of a step goes to, in the order in which the graph is built. */
enum made_part { MADE_DATA, MADE_TEACHER, MADE_STUDENT, MADE_LOSS, MADE_BACKWARD, MADE_COMMIT, MADE_OTHER, MADE_PARTS };
extern const char *const made_part_name[MADE_PARTS]; /* for people */
extern const char *const made_part_key[MADE_PARTS];  /* for JSON */

struct made {
	struct arena *arena;
	struct made_conf conf;
	struct device *dev;
	enum precision precision;
	struct net *teacher, *student;
	struct term *term;
	int n_term;
	struct graph *g;
	struct node *image, *label, *sample, *loss;
	int first_node[MADE_COMMIT]; /* per part: its first node's id; those of the next part follow */
	struct optim *optim;
	struct segment segment;
	struct step_desc desc;
	struct plan *plan;
	void *workspace;
	uint8_t *pictures;
	int32_t *labels, *samples;
};

/* Device, networks, losses, graph, plan, memory, weights, pictures: everything before the first step. */
enum status made_open(struct arena *a, const struct made_conf *c, struct made *m, struct err *e);
void made_put(struct made *m); /* the batch to the device, queued */
enum made_part made_part_of(const struct made *m, const struct node *n);
void made_close(struct made *m);

#endif
