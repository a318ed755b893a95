/* limbeck selftest: the engine's own tests on a user's device, and what it can do; a report to send. */
#include <stdio.h>

#include "base/log.h"
#include "cli/bench_step.h"
#include "cli/options.h"
#include "cli/selftest/selftest.h"
#include "engine/rates.h"
#include "limbeck.h"

extern const struct command cmd_selftest;

static const double SECONDS_EACH = 0.2;

/* Arithmetic and memory, by the engine's own kernels. */
static enum status print_rates(struct device *dev, struct err *e)
{
	enum status st = OK;
	for (int k = PRECISION_F32; k < PRECISION_COUNT && st == OK; k++) {
		const enum precision kind = (enum precision)k;
		struct rates r;
		if (device_takes(dev, kind, &(struct err){0}) != OK)
			continue;
		if (kind == PRECISION_BF16 && !dev->backend->bf16_native(dev->impl)) {
			printf("%s: the device has no arithmetic of its own for it\n", precision_name(kind));
			continue;
		}
		st = rates_measure(dev, kind, SECONDS_EACH, &r, e);
		if (st == OK)
			printf("%s: convolutions of 3x3 and 64 channels %.0f GFLOP/s, matrix products %.0f GFLOP/s, memory %.1f GB/s\n", precision_name(kind), 2e-9 * r.conv,
			       2e-9 * r.matmul, 1e-9 * r.copy);
	}
	return st;
}

static enum status print_device(struct arena *a, const char *name, int threads, enum precision *fast, struct err *e)
{
	struct device *dev = NULL;
	enum status st = device_open(a, name, threads, &dev, e);
	if (st != OK)
		return st;
	printf("device %s%s%s, %d thread%s\n", dev->backend->name, dev->backend->version ? ": " : "", dev->backend->version ? dev->backend->version() : "",
	       dev->threads, dev->threads == 1 ? "" : "s");
	*fast = device_precision(dev);
	st = print_rates(dev, e);
	device_close(dev);
	return st;
}

static int print_result(const struct selftest *s, double seconds)
{
	int passed = 0, failed = 0;
	for (int i = 0; i < s->n_failure; i++)
		printf("FAILED %s: %s\n", s->failure[i].test, s->failure[i].text);
	for (int k = 0; k < s->n_case; k++) {
		printf("%s: %d passed, %d failed\n", s->group[k].name, s->group[k].passed, s->group[k].failed);
		passed += s->group[k].passed;
		failed += s->group[k].failed;
	}
	printf("%d passed, %d failed in %.0f s\n", passed, failed, seconds);
	return failed;
}

/* The step that published frameworks are compared by, and the implementations that its kernels take. */
static enum status time_step(const char *device, const char *precision, int threads, int steps, struct err *e)
{
	struct arena *a = arena_open("step");
	const struct made_conf c = {MADE_CONF, .precision = precision, .device = device, .threads = threads};
	struct made m;
	struct step_result r;
	const enum status st = step_measure(a, &c, steps, &m, &r, e);
	if (st == OK) {
		printf("\n");
		step_result_print(&r, true);
	}
	made_close(&m);
	arena_close(a);
	return st;
}

static enum status selftest(const char *device, int threads, int steps, struct err *e)
{
	struct arena *a = arena_open("selftest");
	printf("limbeck %s\n", limbeck_version());
	enum precision fast = PRECISION_F32;
	enum status st = print_device(a, device, threads, &fast, e);
	if (st == OK) {
		const double begin = time_now();
		const struct selftest *s = selftest_run(a, device);
		if (print_result(s, time_now() - begin))
			st = err_run(e, "'%s' does not give the results that it should", device);
	}
	if (st == OK && steps)
		st = time_step(device, "f32", threads, steps, e);
	if (st == OK && steps && fast != PRECISION_F32)
		st = time_step(device, precision_name(fast), threads, steps, e);
	arena_close(a);
	return st;
}

static int run(int argc, char **argv)
{
	const char *device = "cuda";
	int threads = 0, steps = 20;
	const struct flag flags[] = {
		{.name = "--device", .value = "cuda|cuda:N|cpu", .text = &device, .help = "default cuda"},
		{.name = "--steps", .value = "N", .number = &steps, .lo = 0, .hi = 100000, .help = "timed steps of distillation, default 20; 0: none"},
		{.name = "--threads", .value = "N", .number = &threads, .lo = 1, .hi = 4096, .help = "default: OMP_NUM_THREADS, or one a core"},
		{0},
	};
	struct err e = {0};
	struct positional p = {0};
	bool help = false;
	enum status st = options_read(argc, argv, flags, 0, 0, &p, &help, &e);
	if (help) {
		options_help(&cmd_selftest, flags, "limbeck selftest --device cpu");
		return 0;
	}
	if (st == OK)
		st = selftest(device, threads, steps, &e);
	return command_end(st, &e);
}

const struct command cmd_selftest = {
	.name = "selftest",
	.args = "[--device NAME] [--steps N]",
	.help = "the engine's tests on a device, every op against the reference, and a step's time: a report to send",
	.run = run,
};
