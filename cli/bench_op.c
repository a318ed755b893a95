/* limbeck bench op: kernels one by one, beside the rates of a matrix product and of memory that are measured in the same run. */
#include "cli/bench_op.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/str.h"
#include "cli/bench.h"
#include "engine/optim.h"

static const double SECONDS_EACH = 0.15, SECONDS_RATE = 0.3;
static const struct where nowhere = {0};

struct bench_op_args {
	struct many op;
	const char *shape, *precision, *device;
	int out, kernel, stride, threads;
	bool json;
};

struct bench_op {
	const struct bench_op_args *args;
	struct arena *arena;
	struct device *dev;
	enum precision precision;
	struct shape shape; /* n_dim 0: the usual ones */
	struct rates rates;
	int printed;
};

static enum status read_shape(const char *text, struct shape *s, struct err *e)
{
	*s = (struct shape){0};
	for (const char *at = text; at; at = *at ? at + 1 : NULL) {
		char *end = NULL;
		const long d = strtol(at, &end, 10);
		if (end == at || (*end && *end != ',') || d < 1 || d > 1 << 20 || s->n_dim == 4)
			return err_user(e, nowhere, "--shape is '%s', allowed are N,C,H,W and N,K, for instance 64,128,16,16", text);
		s->d[s->n_dim++] = (int)d;
		at = end;
	}
	if ((s->n_dim != 2 && s->n_dim != 4) || shape_count(s) > INT32_MAX)
		return err_user(e, nowhere, "--shape is '%s', allowed are N,C,H,W and N,K of at most 2^31 elements", text);
	return OK;
}

/* ---- what is printed ---- */

/* The limit: multiply-adds at the rate of the matrix product, or bytes at that of memory. */
static double limit_s(const struct rates *r, double macs, double bytes)
{
	return fmax(macs / r->matmul, bytes / r->copy);
}

static void print_rates(const struct bench_op *b)
{
	const struct rates *r = &b->rates;
	if (b->args->json) {
		printf("{\"device\": \"%s\", \"precision\": \"%s\", \"threads\": %d, \"matmul_gflops\": %.1f, \"copy_gb_s\": %.2f, \"ops\": [", b->dev->backend->name, precision_name(b->precision),
		       b->dev->threads, 2e-9 * r->matmul, 1e-9 * r->copy);
		return;
	}
	printf("%s, %d threads, %s\nlimits: a matrix product runs at %.0f GFLOP/s, memory gives %.1f GB/s (far more than a cache holds)\n\n",
	       precision_name(b->precision), b->dev->threads, b->dev->backend->version(), 2e-9 * r->matmul, 1e-9 * r->copy);
	printf("%-14s %-18s %-24s %9s %9s %8s %8s   %s\n", "op", "of", "", "ms", "GFLOP/s", "GB/s", "limit %", "kernel");
}

static void print_row(struct bench_op *b, const char *op, const char *of, const char *more, const char *kernel, double s, double macs, double bytes)
{
	const double share = limit_s(&b->rates, macs, bytes) / s;
	if (b->args->json) {
		struct str k = {0};
		json_quote(&k, kernel);
		printf("%s{\"op\": \"%s\", \"of\": \"%s\", \"more\": \"%s\", \"kernel\": %s, \"ms\": %.5f, \"gflops\": %.2f, \"gb_s\": %.2f, "
		       "\"limit_share\": %.4f}", b->printed ? ", " : "", op, of, more, str_text(&k), 1e3 * s, 2e-9 * macs / s, 1e-9 * bytes / s, share);
		str_release(&k);
	} else {
		char flops[32] = "-";
		if (macs > 0)
			snprintf(flops, sizeof flops, "%.1f", 2e-9 * macs / s);
		printf("%-14s %-18s %-24s %9.4f %9s %8.2f %8.1f   %s\n", op, of, more, 1e3 * s, flops, 1e-9 * bytes / s, 100 * share, kernel);
	}
	b->printed++;
}

/* ---- ops ---- */

static enum status time_op(struct bench_op *b, const struct op_kind *k, const struct op_case *c, struct err *e)
{
	char more[64] = "";
	struct sample s = {.arena = arena_open("op"), .dev = b->dev, .precision = b->precision, .conf = c};
	const enum status st = sample_time(&s, k->build, SECONDS_EACH, e);
	if (st == OK && k->has_kernel)
		snprintf(more, sizeof more, "%dx%d stride %d", c->kernel, c->kernel, c->stride);
	if (st == OK && k->has_out)
		snprintf(more + strlen(more), sizeof more - strlen(more), "%sto %d", *more ? " " : "", c->out ? c->out : c->x.d[1]);
	if (st == OK)
		print_row(b, k->name, shape_str(&c->x), more, s.cost.kernel, s.seconds, s.cost.macs, s.cost.bytes);
	arena_close(s.arena);
	return st;
}

static enum status time_kind(struct bench_op *b, const struct op_kind *k, struct err *e)
{
	const struct bench_op_args *a = b->args;
	enum status st = OK;
	const struct op_case mine = {b->shape, a->out, a->kernel, a->stride};
	if (b->shape.n_dim == k->n_dim)
		return time_op(b, k, &mine, e);
	for (int i = 0; i < k->n_case && !b->shape.n_dim && st == OK; i++)
		st = time_op(b, k, &k->at[i], e);
	return st;
}

/* ---- optimisers, which are no ops ---- */

static enum status time_optim(struct bench_op *b, const char *name, enum optim_kind kind, int64_t n, struct err *e)
{
	struct arena *a = arena_open("optim");
	struct params *p = params_new(a, "net");
	const struct optim_conf conf = {.kind = kind, .lr = 1e-3, .momentum = 0.9, .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8, .weight_decay = 1e-4};
	struct optim *o = optim_new(a, name, &conf);
	int *ok = NULL, yes = 1;
	double best = INFINITY;
	params_add(p, (struct param){.name = "w", .shape = shape1((int)n)});
	optim_add(o, a, p, 0);
	enum status st = params_place(p, b->dev, e);
	if (st == OK)
		st = optim_place(o, b->dev, e);
	if (st == OK)
		st = device_alloc(b->dev, sizeof *ok, (void **)&ok, e);
	if (st == OK)
		b->dev->backend->put(b->dev->impl, ok, &yes, sizeof yes);
	const double end = time_now() + SECONDS_EACH;
	for (int i = 0; st == OK && (i < 4 || time_now() < end); i++) {
		const double start = time_now();
		optim_step(o, NULL, ok);
		st = device_wait(b->dev, e);
		best = i ? fmin(best, time_now() - start) : best;
		o->steps++;
	}
	/* The gradient is read; weights and one or two moments are read and written. */
	char of[32];
	const double tensors = kind == OPTIM_SGD ? 5 : 7;
	if (st == OK)
		print_row(b, name, str_count(of, n), "parameters", "", best, 0, tensors * sizeof(float) * (double)n);
	device_free(b->dev, ok, sizeof *ok);
	optim_release(o);
	params_release(p);
	arena_close(a);
	return st;
}

/* Parameters of resnet8x4 and of resnet32x4. */
static enum status time_optims(struct bench_op *b, const char *name, enum optim_kind kind, struct err *e)
{
	static const int64_t sizes[] = {1233540, 7433860};
	enum status st = OK;
	for (int i = 0; i < 2 && !b->shape.n_dim && st == OK; i++)
		st = time_optim(b, name, kind, sizes[i], e);
	return st;
}

/* ---- the command ---- */

static bool wanted(const struct bench_op_args *a, const char *name)
{
	bool named = a->op.n == 0;
	for (int i = 0; i < a->op.n; i++)
		named = named || str_eq(a->op.word[i], name);
	return named;
}

/* A shape that no wanted op takes would give an empty table. */
static enum status check_rank(const struct bench_op *b, struct err *e)
{
	for (int i = 0; i < op_kind_count; i++)
		if (wanted(b->args, op_kinds[i].name) && op_kinds[i].n_dim == b->shape.n_dim)
			return OK;
	return err_user(e, nowhere, "--shape is '%s', which none of the ops takes: maps are N,C,H,W, vectors N,K, optimisers take none", b->args->shape);
}

static enum status check_names(const struct bench_op_args *a, struct err *e)
{
	enum { MOST = 32 };
	const char *words[MOST];
	enum status st = OK;
	int n = 0;
	for (; n < op_kind_count && n < MOST - 2; n++)
		words[n] = op_kinds[n].name;
	words[n++] = "sgd";
	words[n++] = "adam";
	for (int i = 0; i < a->op.n; i++) {
		bool known = false;
		for (int k = 0; k < n; k++)
			known = known || str_eq(a->op.word[i], words[k]);
		const char *near = str_nearest(a->op.word[i], words, n);
		if (!known)
			st = err_user(e, nowhere, "--op is '%s', which is not timed%s%s%s; 'limbeck bench op' times all", a->op.word[i],
			              near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
	}
	return st;
}

static enum status time_all(struct bench_op *b, struct err *e)
{
	enum status st = OK;
	for (int i = 0; i < op_kind_count && st == OK; i++)
		if (wanted(b->args, op_kinds[i].name))
			st = time_kind(b, &op_kinds[i], e);
	if (st == OK && wanted(b->args, "sgd"))
		st = time_optims(b, "sgd", OPTIM_SGD, e);
	if (st == OK && wanted(b->args, "adam"))
		st = time_optims(b, "adam", OPTIM_ADAM, e);
	if (b->args->json)
		printf("]}\n");
	return st;
}

static enum status bench_op_run(const struct bench_op_args *args, struct err *e)
{
	struct bench_op b = {.args = args, .arena = arena_open("bench op")};
	enum status st = bench_precision(args->precision, &b.precision, e);
	if (st == OK)
		st = check_names(args, e);
	if (st == OK && args->shape)
		st = read_shape(args->shape, &b.shape, e);
	if (st == OK && args->shape)
		st = check_rank(&b, e);
	if (st == OK)
		st = device_open(b.arena, args->device, args->threads, &b.dev, e);
	if (st == OK)
		st = device_takes(b.dev, b.precision, e);
	if (st == OK)
		st = rates_measure(b.dev, b.precision, SECONDS_RATE, &b.rates, e);
	if (st == OK) {
		print_rates(&b);
		st = time_all(&b, e);
	}
	device_close(b.dev);
	arena_close(b.arena);
	return st;
}

extern const struct command bench_op;

static int run(int argc, char **argv)
{
	struct bench_op_args args = {.precision = "f32", .device = "cpu", .kernel = 3, .stride = 1};
	const struct flag flags[] = {
		{.name = "--op", .value = "NAME", .many = &args.op, .help = "conv2d, batch_norm, sgd, ...; may be given several times; default all"},
		{.name = "--shape", .value = "N,C,H,W", .text = &args.shape, .help = "of the input (N,K for softmax and matmul); default the usual ones"},
		{.name = "--out", .value = "N", .number = &args.out, .lo = 1, .hi = 65536, .help = "with --shape: channels of the result, default as the input"},
		{.name = "--kernel", .value = "N", .number = &args.kernel, .lo = 1, .hi = 64, .help = "with --shape: of convolutions and pooling, default 3"},
		{.name = "--stride", .value = "N", .number = &args.stride, .lo = 1, .hi = 64, .help = "with --shape: default 1"},
		{.name = "--threads", .value = "N", .number = &args.threads, .lo = 1, .hi = 4096, .help = "default: OMP_NUM_THREADS, or one a core"},
		{.name = "--device", .value = "auto|cpu|cuda", .text = &args.device, .help = "default cpu; cuda:1: the second GPU"},
		{.name = "--precision", .value = "f32|bf16|f16|tf32", .text = &args.precision, .help = "default f32"},
		{.name = "--json", .on = &args.json, .help = "one line of JSON"},
		{0},
	};
	struct err e = {0};
	enum status st = OK;
	if (bench_options(&bench_op, argc, argv, flags, "limbeck bench op --op conv2d --shape 64,64,32,32 --precision bf16", &st, &e))
		st = bench_op_run(&args, &e);
	return command_end(st, &e);
}

const struct command bench_op = {
	.name = "bench op",
	.args = "[OPTION ...]",
	.help = "kernels one by one, beside the limits of arithmetic and memory",
	.run = run,
};
