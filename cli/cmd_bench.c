/* Speed of one distillation step on made data: what bench/against-pytorch times beside a peer. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/rng.h"
#include "base/str.h"
#include "cli/options.h"
#include "engine/plan.h"
#include "losses/loss.h"

struct bench_conf {
	const char *teacher, *student, *precision;
	int batch, classes, steps, threads, size;
	bool json, plan;
};

struct bench {
	struct arena *arena;
	const struct bench_conf *conf;
	struct device *dev;
	enum precision precision;
	struct net *teacher, *student;
	struct graph *g;
	struct node *image, *label;
	struct optim *optim;
	struct segment segment;
	struct step_desc desc;
	struct plan *plan;
	void *workspace;
	double first_step_s;
};

static enum status bench_graph(struct bench *b, struct err *e)
{
	static const float mean[4] = {0.5f, 0.5f, 0.5f}, std[4] = {0.25f, 0.25f, 0.25f};
	const struct bench_conf *c = b->conf;
	b->g = graph_new(b->arena, e);
	b->image = graph_input(b->g, "image", shape4(c->batch, 3, c->size, c->size), CLASS_U8);
	b->label = graph_input(b->g, "label", shape1(c->batch), CLASS_I32);
	struct node *x = graph_normalize(b->g, b->image, mean, std);
	struct node *z_s = NULL, *z_t = NULL;
	z_t = model_apply(b->g, b->teacher, 0, net_part_all(b->teacher), x, MODE_FROZEN, "teacher", NULL);
	z_s = model_apply(b->g, b->student, 0, net_part_all(b->student), x, MODE_TRAIN, "student", NULL);
	struct node *ce = graph_cross_entropy(b->g, z_s, b->label, 0), *kd = kd_divergence(b->g, z_s, z_t, 4);
	struct node *loss = graph_add(b->g, graph_scale(b->g, ce, 0.1, 0), graph_scale(b->g, kd, 0.9, 0));
	const struct optim_conf sgd = {.kind = OPTIM_SGD, .lr = 0.05, .momentum = 0.9, .weight_decay = 5e-4};
	b->optim = optim_new(b->arena, "student", &sgd);
	const int n = b->student->params->n_param;
	struct node **wrt = NEW_ARRAY(b->arena, struct node *, n), **grad = NEW_ARRAY(b->arena, struct node *, n);
	for (int i = 0; i < n; i++) {
		optim_add(b->optim, b->arena, b->student->params, i);
		wrt[i] = graph_param(b->g, b->student->params, i);
	}
	graph_grad(b->g, loss, NULL, wrt, n, grad);
	if (graph_status(b->g) != OK)
		return graph_status(b->g);
	struct node **root = NEW_ARRAY(b->arena, struct node *, 1);
	struct optim **optim = NEW_ARRAY(b->arena, struct optim *, 1);
	struct grad_item *items = NEW_ARRAY(b->arena, struct grad_item, n);
	root[0] = loss;
	optim[0] = b->optim;
	for (int i = 0; i < n; i++)
		items[i] = (struct grad_item){b->optim, i, grad[i]};
	b->segment = (struct segment){.name = "student", .every = 1, .n_root = 1, .root = root, .n_optim = 1,
	                              .optim = optim, .n_grad = n, .grad = items};
	b->desc = (struct step_desc){.g = b->g, .precision = b->precision, .n_segment = 1, .segment = &b->segment,
	                             .n_metric = 1, .metric = root};
	return OK;
}

static enum status bench_open(struct bench *b, struct err *e)
{
	const struct bench_conf *c = b->conf;
	enum status st = device_open(b->arena, "cpu", c->threads, &b->dev, e);
	if (st == OK)
		st = net_named(b->arena, "teacher", c->teacher, 3, c->size, c->size, c->classes, &b->teacher, e);
	if (st == OK)
		st = net_named(b->arena, "student", c->student, 3, c->size, c->size, c->classes, &b->student, e);
	if (st == OK)
		st = bench_graph(b, e);
	if (st == OK)
		st = plan_new(b->arena, &b->desc, b->dev, 1, &b->plan, e);
	if (st == OK)
		st = params_place(b->teacher->params, b->dev, e);
	if (st == OK)
		st = params_place(b->student->params, b->dev, e);
	if (st == OK)
		st = net_init(b->teacher, 1, NULL, e);
	if (st == OK)
		st = net_init(b->student, 1, NULL, e);
	if (st == OK)
		st = optim_place(b->optim, b->dev, e);
	if (st == OK)
		st = device_alloc(b->dev, plan_workspace(b->plan), &b->workspace, e);
	return st == OK ? plan_prepare(b->plan, b->workspace, e) : st;
}

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static enum status one_step(struct bench *b, const uint8_t *image, const int32_t *label, double *loss,
                            struct err *e)
{
	plan_put(b->plan, b->image, image);
	plan_put(b->plan, b->label, label);
	const enum status st = plan_run(b->plan, e);
	return st == OK ? plan_metrics(b->plan, loss, e) : st;
}

static enum status run_steps(struct bench *b, double start, double *ms, struct err *e)
{
	const struct bench_conf *c = b->conf;
	const size_t bytes = (size_t)c->batch * 3 * (size_t)c->size * (size_t)c->size;
	uint8_t *image = arena_alloc(b->arena, bytes);
	int32_t *label = NEW_ARRAY(b->arena, int32_t, c->batch);
	struct rng r = rng_stream(1, (struct rng_name){.purpose = "bench"});
	for (size_t i = 0; i < bytes; i++)
		image[i] = (uint8_t)rng_below(&r, 256);
	for (int i = 0; i < c->batch; i++)
		label[i] = (int32_t)rng_below(&r, (uint32_t)c->classes);
	enum { WARM = 4 };
	enum status st = OK;
	double loss = 0;
	optim_set_lr(b->optim, b->optim->conf.lr);
	for (int i = 0; i < WARM + c->steps && st == OK; i++) {
		const double t = time_now();
		st = one_step(b, image, label, &loss, e);
		if (i == 0)
			b->first_step_s = time_now() - start;
		if (i >= WARM)
			ms[i - WARM] = 1e3 * (time_now() - t);
	}
	qsort(ms, (size_t)c->steps, sizeof *ms, compare);
	return st;
}

static void print_json(const struct bench *b, const double *ms, double median, double peak)
{
	const struct bench_conf *c = b->conf;
	printf("{\"mode\": \"limbeck %s\", \"teacher\": \"%s\", \"student\": \"%s\", ",
	       b->precision == PRECISION_BF16 ? "bf16" : "f32", c->teacher, c->student);
	printf("\"batch\": %d, \"threads\": %d, \"step_ms\": %.2f, \"step_ms_q1\": %.2f, \"step_ms_q3\": %.2f, ",
	       c->batch,
	       b->dev->threads, median, ms[c->steps / 4], ms[3 * c->steps / 4]);
	printf("\"images_per_s\": %.1f, \"first_step_s\": %.3f, \"peak_mib\": %.0f, \"gmacs\": %.3f}\n",
	       1e3 * c->batch / median,
	       b->first_step_s, peak, plan_macs(b->plan) / 1e9);
}

static void print_text(const struct bench *b, const double *ms, double median, double peak)
{
	const struct bench_conf *c = b->conf;
	printf("%s -> %s, batch %d, %dx%d, %s, %d threads, %s\n", c->teacher, c->student, c->batch, c->size,
	       c->size,
	       b->precision == PRECISION_BF16 ? "bf16" : "f32", b->dev->threads, b->dev->backend->version());
	printf("  step %.2f ms (quartiles %.2f and %.2f, %d steps), %.1f pictures/s\n", median, ms[c->steps / 4],
	       ms[3 * c->steps / 4], c->steps, 1e3 * c->batch / median);
	printf("  %.2f G multiply-adds a step, %.0f GFLOP/s\n", plan_macs(b->plan) / 1e9,
	       2 * plan_macs(b->plan) / median / 1e6);
	printf("  first step %.3f s after the start, peak memory %.0f MiB\n", b->first_step_s, peak);
}

static void print_result(const struct bench *b, const double *ms)
{
	const double median = ms[b->conf->steps / 2], peak = (double)memory_peak() / (1 << 20);
	if (b->conf->json)
		print_json(b, ms, median, peak);
	else
		print_text(b, ms, median, peak);
}

static enum status bench_step(const struct bench_conf *c, struct err *e)
{
	const double start = time_now();
	struct bench b = {.arena = arena_open("bench"), .conf = c,
	                  .precision = str_eq(c->precision, "bf16") ? PRECISION_BF16 : PRECISION_F32};
	double *ms = NEW_ARRAY(b.arena, double, c->steps);
	enum status st = bench_open(&b, e);
	if (st == OK && c->plan)
		plan_print(b.plan, stdout, true);
	if (st == OK)
		st = run_steps(&b, start, ms, e);
	if (st == OK)
		print_result(&b, ms);
	plan_release(b.plan);
	arena_close(b.arena);
	return st;
}

extern const struct command cmd_bench;

static int run(int argc, char **argv)
{
	struct bench_conf c = {.teacher = "resnet32x4", .student = "resnet8x4", .precision = "f32", .batch = 64,
	                       .classes = 100, .steps = 20, .size = 32};
	const struct flag flags[] = {
		{.name = "--teacher", .value = "MODEL", .text = &c.teacher, .help = "default resnet32x4"},
		{.name = "--student", .value = "MODEL", .text = &c.student, .help = "default resnet8x4"},
		{.name = "--batch", .value = "N", .number = &c.batch, .lo = 1, .hi = 65536,
		 .help = "pictures a step, default 64"},
		{.name = "--classes", .value = "K", .number = &c.classes, .lo = 2, .hi = 100000,
		 .help = "default 100"},
		{.name = "--size", .value = "N", .number = &c.size, .lo = 8, .hi = 1024,
		 .help = "height and width, default 32"},
		{.name = "--steps", .value = "N", .number = &c.steps, .lo = 1, .hi = 100000,
		 .help = "timed steps, default 20"},
		{.name = "--threads", .value = "N", .number = &c.threads, .lo = 1, .hi = 4096,
		 .help = "default: OMP_NUM_THREADS, or one a core"},
		{.name = "--precision", .value = "f32|bf16", .text = &c.precision, .help = "default f32"},
		{.name = "--json", .on = &c.json, .help = "one line of JSON"},
		{.name = "--plan", .on = &c.plan, .help = "print the plan too"},
		{0},
	};
	struct err e = {0};
	struct positional p = {0};
	bool help = false;
	enum status st = options_read(argc, argv, flags, 1, 1, &p, &help, &e);
	if (help) {
		options_help(&cmd_bench, flags, "limbeck bench step --precision bf16 --batch 128");
		return 0;
	}
	if (st == OK && !str_eq(p.word[0], "step"))
		st = err_user(&e, (struct where){0}, "unknown benchmark '%s', allowed step", p.word[0]);
	if (st == OK && !str_eq(c.precision, "f32") && !str_eq(c.precision, "bf16"))
		st = err_user(&e, (struct where){0}, "--precision is '%s', allowed f32, bf16", c.precision);
	if (st == OK)
		st = bench_step(&c, &e);
	return command_end(st, &e);
}

const struct command cmd_bench = {
	.name = "bench",
	.args = "step [OPTION ...]",
	.help = "times a distillation step on made data: .1 CE + .9 KD at tau 4, SGD",
	.run = run,
};
