/* limbeck bench: times of the program's parts on made data. Each benchmark is a command of its own with its own options. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "cli/bench.h"

extern const struct command cmd_bench, bench_step, bench_op, bench_data, bench_start;

static const struct command *const benchmarks[] = {&bench_step, &bench_op, &bench_data, &bench_start};
enum { BENCHMARKS = sizeof benchmarks / sizeof *benchmarks };

/* "step" of "bench step". */
static const char *short_name(const struct command *c)
{
	return c->name + strlen("bench ");
}

static void print_help(void)
{
	command_usage(&cmd_bench);
	putchar('\n');
	for (int i = 0; i < BENCHMARKS; i++)
		printf("  %-8s %s\n", short_name(benchmarks[i]), benchmarks[i]->help);
	printf("  %-8s this text, or after a benchmark its options\n\nexample: limbeck bench step --help\n", "--help");
}

static enum status unknown(const char *word, struct err *e)
{
	const char *words[BENCHMARKS], *near;
	char list[128] = "";
	for (int i = 0; i < BENCHMARKS; i++) {
		words[i] = short_name(benchmarks[i]);
		snprintf(list + strlen(list), sizeof list - strlen(list), "%s%s", i ? ", " : "", words[i]);
	}
	if (word[0] == '-')
		return err_user(e, (struct where){0}, "unknown option '%s'; a benchmark comes first: %s", word, list);
	near = str_nearest(word, words, BENCHMARKS);
	return err_user(e, (struct where){0}, "unknown benchmark '%s'%s%s%s, allowed %s", word, near ? "; did you mean '" : "", near ? near : "",
	                near ? "'?" : "", list);
}

static int run(int argc, char **argv)
{
	struct err e = {0};
	if (argc > 1 && (str_eq(argv[1], "--help") || str_eq(argv[1], "-h"))) {
		print_help();
		return 0;
	}
	for (int i = 0; argc > 1 && i < BENCHMARKS; i++)
		if (str_eq(argv[1], short_name(benchmarks[i])))
			return benchmarks[i]->run(argc - 1, argv + 1);
	return command_end(argc > 1 ? unknown(argv[1], &e) : err_user(&e, (struct where){0}, "which benchmark? 'limbeck bench --help' lists them"),
	                   &e);
}

const struct command cmd_bench = {
	.name = "bench",
	.args = "BENCHMARK [OPTION ...]",
	.help = "times of the program's parts on made data: 'limbeck bench --help' lists them",
	.run = run,
};
