/* limbeck check: what an experiment would do and need; all is planned, nothing is allocated or trained. */
#include <stdio.h>

#include "base/log.h"
#include "base/str.h"
#include "cli/experiment_args.h"
#include "engine/gpus.h"
#include "stages/run.h"

extern const struct command cmd_check;

struct check_args {
	struct experiment_args experiment;
	bool plan;
	const char *on;
};

static void print_tap(const char *name, const struct node *n)
{
	if (n)
		printf(" %s %s", name, shape_str(&n->type.shape));
}

/* A network's taps with their shapes for one picture. */
static enum status print_taps(struct net *net, struct err *e)
{
	struct arena *a = arena_open("taps");
	struct graph *g = graph_new(a, e);
	struct taps taps = {0};
	char name[16];
	model_apply(g, net, 0, net_part_all(net),
	            graph_input(g, "x", shape4(1, net->C, net->H, net->W), CLASS_ACT), MODE_FROZEN,
	            net->name, &taps);
	const enum status st = graph_status(g);
	if (st == OK) {
		printf("    taps");
		print_tap("stem", taps.stem);
		for (int b = 1; b <= net->B; b++) {
			snprintf(name, sizeof name, "block%d", b);
			print_tap(name, taps.block[b]);
		}
		print_tap("pooled", taps.pooled);
		print_tap("logits", taps.logits);
		putchar('\n');
	}
	arena_close(a);
	return st;
}

static enum status check_network(struct experiment *x, const char *name, struct err *e)
{
	struct net *net = NULL;
	char n[32];
	const enum status st = experiment_net(x, x->arena, name, name, &net, e);
	if (st != OK)
		return st;
	const char *cut = net->head > net->B + 1 ? arena_printf(x->arena, " of %d", net->head - 1) : "";
	printf("  %s: %s, %s parameters, %.1f M multiply-adds a picture, %d%s blocks\n", name, net->model_name,
	       str_count(n, params_count(net->params)), net_macs(net) / 1e6, net->B, cut);
	return print_taps(net, e);
}

static enum status check_networks(struct experiment *x, struct err *e)
{
	enum status st = OK;
	printf("\nnetworks\n");
	for (int i = 0; i < x->networks->n; i++) {
		const enum status one = check_network(x, x->networks->key[i], e);
		st = st == OK ? one : st;
	}
	return st;
}

static void print_data(const struct experiment *x)
{
	const struct data *d = x->data;
	const struct pictures *p = &d->info.train;
	char a[32], b[32], c[32];
	printf("%s: %s, %s training, %s held-out and %s test pictures of %dx%dx%d, %d classes\n", x->name,
	       d->kind->name, str_count(a, d->n_train), str_count(b, d->n_valid), str_count(c, d->n_test), p->C, p->H,
	       p->W, d->info.classes);
	printf("device %s, %d threads, precision %s\n", x->dev->backend->name, x->dev->threads,
	       precision_name(x->there));
}

/* What the stages of each list take together; gives the most of all lists. */
static size_t check_arms(const struct experiment *x, const struct stage_plan_sum *sums)
{
	const struct stage_plan_sum **which = NEW_ARRAY(x->arena, const struct stage_plan_sum *, x->n_stage);
	size_t most = 0;
	char a[32];
	for (int list = 1; list <= x->n_arms; list++) {
		int n = 0;
		for (int i = 0; i < x->n_stage; i++)
			if (x->stage[i].arms == list)
				which[n++] = &sums[i];
		const size_t bytes = memory_together(x->dev, which, n);
		const int wave = wave_size(x->dev, which, n);
		printf("\narms %s to %s: %d on one stream of batches, %s together", which[0]->stage->name, which[n - 1]->stage->name, n, str_bytes(a, bytes));
		if (wave < n)
			printf("; they run in waves, %d at first", wave);
		putchar('\n');
		most = bytes > most ? bytes : most;
	}
	return most;
}

/* on: the GPU that is asked about; NULL: the device that there is. */
static enum status check_stages(struct experiment *x, bool plan, const struct gpu *on, struct err *e)
{
	struct stage_plan_sum all = {0}, *sums = NEW_ARRAY(x->arena, struct stage_plan_sum, x->n_stage);
	enum status st = OK;
	char a[32], b[32];
	for (int i = 0; i < x->n_stage; i++) {
		struct stage *s = &x->stage[i];
		struct stage_plan_sum sum = {0};
		printf("\nstage %s: %s of %s\n", s->name, s->kind->name, s->train.train);
		const enum status one = stage_check(x, s, stdout, plan, &sum, e);
		st = st == OK ? one : st;
		if (one != OK)
			continue;
		printf("  %s optimiser steps, memory %s\n", str_count(a, (long long)sum.steps),
		       str_bytes(b, sum.memory));
		sums[i] = sum;
		all.steps += sum.steps;
		all.memory = sum.memory > all.memory ? sum.memory : all.memory;
	}
	if (st != OK)
		return st;
	const size_t together = check_arms(x, sums);
	all.memory = together > all.memory ? together : all.memory;
	const size_t there = on ? (size_t)on->capacity : device_memory(x->dev);
	printf("\nin all: %d stages, %s optimiser steps, at most %s of memory", x->n_stage,
	       str_count(a, (long long)all.steps), str_bytes(b, all.memory));
	if (there)
		printf(", %s are %s%s", str_bytes(a, there), on ? "there" : "available", all.memory > there ? ": NOT ENOUGH" : "");
	putchar('\n');
	return OK;
}

/* What the steps' times are estimated by. */
static enum status measure_rates(struct experiment *x, struct rates *r, struct err *e)
{
	static const double SECONDS_EACH = 0.05;
	const enum status st = rates_measure(x->dev, x->precision, SECONDS_EACH, r, e);
	if (st != OK)
		return st;
	x->dev->rates = r;
	printf("measured just now: convolutions of 3x3 and 64 channels %.0f GFLOP/s, matrix products %.0f GFLOP/s, memory %.1f GB/s\n",
	       2e-9 * r->conv, 2e-9 * r->matmul, 1e-9 * r->copy);
	return OK;
}

/* The same plan by what a GPU's maker says of it; parts that fit this processor's caches mean nothing there. */
static void take_rates(struct experiment *x, const struct gpu *g, struct rates *r)
{
	*r = gpu_rates(g, x->there);
	x->dev->rates = r;
	x->dev->cache_bytes = 0;
	printf("on %s: %.1f TFLOP/s, memory %.0f GB of %.0f GB/s, %.0f us a kernel at least (%s). An upper limit of speed, by a plan for this processor: nothing was run there.\n",
	       g->title, 2e-12 * r->conv, 1e-9 * g->capacity, 1e-9 * r->copy, 1e6 * r->launch, g->source);
}

static enum status find_gpu(struct arena *a, const char *name, const struct gpu **g, struct err *e)
{
	const char *words = "";
	*g = gpu_find(name);
	for (int i = 0; i < gpu_count; i++)
		words = arena_printf(a, "%s%s%s", words, i ? ", " : "", gpu_all[i].name);
	return *g ? OK : err_user(e, (struct where){0}, "unknown GPU '%s', there is %s", name, words);
}

static enum status check(const char *file, struct check_args *args, struct err *e)
{
	struct arena *a = arena_open("experiment");
	struct experiment *x = NULL;
	struct rates rates;
	enum status st = args->on ? find_gpu(a, args->on, &args->experiment.options.on, e) : OK;
	if (st == OK)
		st = experiment_args_open(a, file, &args->experiment, &x, e);
	if (st == OK)
		print_data(x);
	if (st == OK && args->on)
		take_rates(x, args->experiment.options.on, &rates);
	else if (st == OK && args->plan)
		st = measure_rates(x, &rates, e);
	if (st == OK) {
		const enum status networks = check_networks(x, e), stages = check_stages(x, args->plan, args->experiment.options.on, e);
		st = networks == OK ? stages : networks;
	}
	experiment_close(x);
	arena_close(a);
	return st;
}

static int run(int argc, char **argv)
{
	struct check_args args = {0};
	const struct flag flags[] = {
		{.name = "--plan", .on = &args.plan, .help = "print each step of each plan, with the time that it should take"},
		{.name = "--on", .value = "GPU", .text = &args.on, .help = "what a step should take on a GPU, by its maker's figures: h100, h200, a100, v100, l4, t4, rtx4090, rtx3090, rtx2080ti"},
		EXPERIMENT_FLAGS(args.experiment),
		{0},
	};
	struct err e = {0};
	struct positional p = {0};
	bool help = false;
	enum status st = options_read(argc, argv, flags, 1, 1, &p, &help, &e);
	if (help) {
		options_help(&cmd_check, flags, "limbeck check experiments/quickstart.yaml");
		return 0;
	}
	if (st == OK)
		st = check(p.word[0], &args, &e);
	return command_end(st, &e);
}

const struct command cmd_check = {
	.name = "check",
	.args = "FILE.yaml [--set KEY=VALUE ...] [--plan] [--on GPU] [OPTION ...]",
	.help = "plans an experiment: networks, stages, arithmetic, memory; trains nothing",
	.run = run,
};
