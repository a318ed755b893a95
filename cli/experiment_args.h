/* What the commands on an experiment file have in common: '--set', '--threads', '--precision', '--device'. */
#ifndef CLI_EXPERIMENT_ARGS_H
#define CLI_EXPERIMENT_ARGS_H

#include "cli/options.h"
#include "stages/stage.h"

struct experiment_args {
	struct many set;
	struct experiment_options options;
};

/* Rows of a table of flags. */
#define EXPERIMENT_FLAGS(args) \
	{.name = "--set", .value = "KEY=VALUE", .many = &(args).set, \
	 .help = "over the file: data.batch=64, stages.kd.epochs=5; may be given several times"}, \
	{.name = "--threads", .value = "N", .number = &(args).options.threads, .lo = 1, .hi = 4096, \
	 .help = "default: OMP_NUM_THREADS, or one a core"}, \
	{.name = "--precision", .value = "f32|bf16|f16|tf32|auto", .text = &(args).options.precision, \
	 .help = "over the file's"}, \
	{.name = "--device", .value = "auto|cpu|cuda|ref", .text = &(args).options.device, .help = "default auto: a GPU if one can be used; cuda:1 the second"}

/* As experiment_open and sweep_open take them. */
static inline struct experiment_options experiment_args_options(const struct experiment_args *args)
{
	struct experiment_options o = args->options;
	o.n_set = args->set.n;
	o.set = args->set.word;
	return o;
}

/* experiment_open with them. */
static inline enum status experiment_args_open(struct arena *a, const char *path,
                                               struct experiment_args *args, struct experiment **x,
                                               struct err *e)
{
	const struct experiment_options o = experiment_args_options(args);
	return experiment_open(a, path, &o, x, e);
}

#endif
