/* limbeck bench start: the time from the program's start to the end of the first step of a distillation, as 'limbeck train' gets there. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/log.h"
#include "base/str.h"
#include "cli/bench.h"
#include "stages/run.h"
#include "stages/teacher.h"

enum phase { LOAD, PARSE, DATA, PLAN, PREPARE, WEIGHTS, FIRST_STEP, PHASES };
static const char *const phase_key[PHASES] = {"load", "parse", "data", "plan", "prepare", "weights", "first_step"};
static const char *const phase_help[PHASES] = {
	"the program and its libraries", "the experiment file; opens the data set and the device", "the loader, up to its first batch",
	"networks, graph, plan", "memory and kernels", "initial weights of both networks", "the first step, and what it packs and folds",
};

struct bench_start_args {
	const char *teacher, *student, *precision;
	int batch, classes, size, threads;
	bool json;
};

struct bench_start {
	const struct bench_start_args *args;
	struct arena *arena;
	struct experiment *x;
	struct stage_run *r;
	struct teacher *teacher;
	struct pass *pass;
	struct step *step;
	struct loader *loader;
	const struct batch *batch;
	void *workspace;
	size_t workspace_bytes;
	double s[PHASES], last;
};

static void lap(struct bench_start *b, enum phase p)
{
	const double now = time_now();
	b->s[p] += now - b->last;
	b->last = now;
}

/* Processor time so far: the loading of the program, which nobody could measure from inside by a clock. */
static double used_before(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static enum status write_experiment(const struct bench_start *b, const char *path, struct err *e)
{
	const struct bench_start_args *a = b->args;
	struct file *f = NULL;
	const enum status st = file_create(&f, path, e);
	if (st != OK)
		return st;
	fprintf(file_stream(f),
	        "name: start\n"
	        "data: {kind: synth, n_train: %d, n_test: %d, classes: %d, size: %d, batch: %d, held_out: 0, crop: 4, flip: true}\n"
	        "networks: {large: {model: %s}, small: {model: %s}}\n"
	        "stages:\n"
	        "  - {name: teach, kind: supervise, train: large, epochs: 1}\n"
	        "  - {name: kd, kind: distill, train: small, teacher: teach.last, epochs: 1}\n",
	        4 * a->batch > a->classes ? 4 * a->batch : a->classes, a->classes, a->classes, a->size, a->batch, a->teacher, a->student);
	return file_commit(f, e);
}

static enum status parse(struct bench_start *b, const char *path, struct err *e)
{
	const struct experiment_options o = {.precision = b->args->precision, .threads = b->args->threads};
	b->last = time_now();
	const enum status st = experiment_open(b->arena, path, &o, &b->x, e);
	lap(b, PARSE);
	return st;
}

static enum status load_data(struct bench_start *b, struct err *e)
{
	double waited = 0;
	enum status st = data_place(b->x->data, b->x->dev, e);
	if (st == OK)
		st = loader_open(b->x->data, PART_TRAIN, VIEW_TRAIN, 1, &b->loader, e);
	if (st == OK)
		st = loader_start(b->loader, 0, 0, e);
	if (st == OK)
		st = loader_next(b->loader, &b->batch, &waited, e);
	lap(b, DATA);
	return st;
}

static enum status plan(struct bench_start *b, struct err *e)
{
	enum status st = stage_run_open(b->x, &b->x->stage[1], &b->r, e);
	if (st == OK)
		st = teacher_new(b->arena, b->x, b->r->stage, 0, &b->teacher, e);
	if (st == OK) {
		b->r->teacher = b->teacher->net;
		st = pass_new(b->teacher, b->args->batch, b->arena, &b->pass, e);
	}
	if (st == OK)
		st = step_new(b->r, &b->r->lesson[0], b->args->batch, b->pass, b->arena, &b->step, e);
	if (st == OK)
		st = pass_plan(b->pass, e);
	lap(b, PLAN);
	return st;
}

static enum status weights(struct bench_start *b, struct err *e)
{
	enum status st = params_place(b->r->teacher->params, b->x->dev, e);
	for (int i = 0; i < b->r->n_net && st == OK; i++)
		st = params_place(b->r->net[i]->params, b->x->dev, e);
	if (st == OK)
		st = net_init(b->r->teacher, 1, NULL, e);
	for (int i = 0; i < b->r->n_net && st == OK; i++)
		st = net_init(b->r->net[i], 1, NULL, e);
	lap(b, WEIGHTS);
	return st;
}

static enum status prepare(struct bench_start *b, struct err *e)
{
	const struct lesson *l = &b->r->lesson[0];
	enum status st = OK;
	for (int i = 0; i < l->n_optim && st == OK; i++) {
		st = optim_place(l->optim[i].optim, b->x->dev, e);
		if (st == OK)
			optim_set_lr(l->optim[i].optim, l->optim[i].optim->conf.lr);
	}
	b->workspace_bytes = step_workspace(b->step) > pass_workspace(b->pass) ? step_workspace(b->step) : pass_workspace(b->pass);
	if (st == OK)
		st = device_alloc(b->x->dev, b->workspace_bytes, &b->workspace, e);
	if (st == OK)
		st = pass_prepare(b->pass, "", b->workspace, e);
	if (st == OK)
		st = step_prepare(b->step, b->workspace, e);
	lap(b, PREPARE);
	return st;
}

static void end(struct bench_start *b)
{
	loader_close(b->loader);
	pass_release(b->pass);
	if (b->step)
		step_release(b->step);
	if (b->workspace)
		device_free(b->x->dev, b->workspace, b->workspace_bytes);
	if (b->teacher)
		teacher_release(b->teacher);
	if (b->r)
		stage_run_close(b->r);
	experiment_close(b->x);
}

static void print(const struct bench_start *b)
{
	double all = 0;
	for (int p = 0; p < PHASES; p++)
		all += b->s[p];
	const struct bench_start_args *a = b->args;
	const struct experiment *x = b->x;
	if (a->json) {
		printf("{\"teacher\": \"%s\", \"student\": \"%s\", \"precision\": \"%s\", \"threads\": %d, \"all_s\": %.4f, \"parts\": {", a->teacher,
		       a->student, precision_name(x->precision), x->dev->threads, all);
		for (int p = 0; p < PHASES; p++)
			printf("%s\"%s\": %.4f", p ? ", " : "", phase_key[p], b->s[p]);
		printf("}}\n");
		return;
	}
	printf("%s -> %s, batch %d, %dx%d, %d classes, %s, %d threads\n\n%9s %7s\n", a->teacher, a->student, a->batch, a->size, a->size, a->classes,
	       precision_name(x->precision), x->dev->threads, "ms", "share %");
	for (int p = 0; p < PHASES; p++)
		printf("%9.1f %7.1f   %s\n", 1e3 * b->s[p], 100 * bench_ratio(b->s[p], all), phase_help[p]);
	printf("%9.1f %7.1f   all\n", 1e3 * all, 100.0);
}

static enum status bench_start_run(const struct bench_start_args *args, struct err *e)
{
	struct bench_start b = {.args = args, .arena = arena_open("bench start")};
	const char *folder = NULL;
	enum precision checked;
	b.s[LOAD] = used_before();
	enum status st = bench_precision(args->precision, &checked, e);
	if (st == OK)
		st = bench_folder_make(b.arena, &folder, e);
	const char *path = folder ? path_join(b.arena, folder, "start.yaml") : NULL;
	if (st == OK)
		st = write_experiment(&b, path, e);
	if (st == OK)
		st = parse(&b, path, e);
	bench_folder_remove(folder);
	b.last = time_now();
	if (st == OK)
		st = load_data(&b, e);
	if (st == OK)
		st = plan(&b, e);
	if (st == OK)
		st = weights(&b, e);
	if (st == OK)
		st = prepare(&b, e);
	if (st == OK) {
		st = pass_run(b.pass, b.batch, 0, e);
		if (st == OK)
			st = step_run(b.step, b.batch, 0, 0, e);
		lap(&b, FIRST_STEP);
	}
	if (st == OK)
		print(&b);
	end(&b);
	arena_close(b.arena);
	return st;
}

extern const struct command bench_start;

static int run(int argc, char **argv)
{
	struct bench_start_args args = {.teacher = "resnet32x4", .student = "resnet8x4", .precision = "f32", .batch = 64, .classes = 100, .size = 32};
	const struct flag flags[] = {
		{.name = "--teacher", .value = "MODEL", .text = &args.teacher, .help = "default resnet32x4"},
		{.name = "--student", .value = "MODEL", .text = &args.student, .help = "default resnet8x4"},
		{.name = "--batch", .value = "N", .number = &args.batch, .lo = 1, .hi = 65536, .help = "pictures a step, default 64"},
		{.name = "--classes", .value = "K", .number = &args.classes, .lo = 2, .hi = 1000, .help = "default 100"},
		{.name = "--size", .value = "N", .number = &args.size, .lo = 8, .hi = 512, .help = "height and width, default 32"},
		{.name = "--threads", .value = "N", .number = &args.threads, .lo = 1, .hi = 4096, .help = "default: OMP_NUM_THREADS, or one a core"},
		{.name = "--precision", .value = "f32|bf16", .text = &args.precision, .help = "default f32"},
		{.name = "--json", .on = &args.json, .help = "one line of JSON"},
		{0},
	};
	struct err e = {0};
	enum status st = OK;
	if (bench_options(&bench_start, argc, argv, flags, "limbeck bench start --precision bf16", &st, &e))
		st = bench_start_run(&args, &e);
	return command_end(st, &e);
}

const struct command bench_start = {
	.name = "bench start",
	.args = "[OPTION ...]",
	.help = "from the program's start to the end of the first step, and what that time goes to",
	.run = run,
};
