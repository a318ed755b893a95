/* limbeck sweep: a file's runs, planned, trained and put into a table. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "cli/experiment_args.h"
#include "cli/report_target.h"
#include "cli/workers.h"
#include "report/claim_dates.h"
#include "report/sweep_results.h"
#include "report/table.h"
#include "runs/lock.h"
#include "stages/sweep.h"

extern const struct command cmd_sweep;

enum { ARMS = 16 }; /* at once: enough to hide the teacher's pass, few enough to leave another process something */

struct sweep_args {
	const char *file;
	struct sweep_options sweep;
	struct experiment_args open;
	bool list, plan, quiet, verbose, no_estimate, worker;
	int run, item, arms, workers; /* run, item: from 1; 0: all */
	int parent;                   /* 0: none that it depends on */
};

static void print_points(const struct sweep *s)
{
	const struct vary *v = &s->vary;
	int n = 0, shown = 0, first;
	for (int i = 0; i < v->n_point; i++)
		n += sweep_runs_of(s, &v->point[i], &first) > 0; /* --only leaves out the others */
	for (int i = 0; i < v->n_point && *v->point[0].name; i++) {
		if (!sweep_runs_of(s, &v->point[i], &first))
			continue;
		if (shown == 20 && n > 24) {
			printf("  and %d more\n", n - shown);
			break;
		}
		printf("  %s\n", v->point[i].name);
		shown++;
	}
	if (!v->seeds.n)
		return;
	printf("  seeds");
	for (int i = 0; i < v->seeds.n && i < 12; i++)
		printf(" %d", v->seeds.v[i]);
	printf("%s of%s%s%s%s; %s\n", v->seeds.n > 12 ? " ..." : "", v->seeds.split ? " split" : "", v->seeds.data ? " data" : "", v->seeds.init ? " init" : "",
	       v->seeds.teacher ? " teacher" : "", seeds_have_teachers(&v->seeds) ? "a teacher for each seed" : "one teacher for all seeds");
}

/* Where times are wanted, nothing of another process is trained at the same time, whoever asked for it: not even the steps of an estimate. The kernel
   frees it when its holder dies. */
static enum status lock_time(struct sweep *s, struct lock **lock, struct err *e)
{
	stop_install();
	return lock_wait(s->arena, s->out, "timing", "a timed stage", stop_asked, lock, e);
}

/* An estimate makes no folder, and no lock where there can be no timed stage. */
static enum status estimate(struct sweep *s, bool alone, struct sweep_estimate *est, struct err *e)
{
	struct lock *lock = NULL;
	enum status st = OK;
	if (s->timing && !alone && file_exists(path_join(s->arena, s->out, "locks")))
		st = lock_time(s, &lock, e);
	if (st == OK)
		st = sweep_estimate(s, est, e);
	lock_release(lock);
	return st;
}

/* alone: this process has the lock of timed stages. */
static enum status print_plan(struct sweep *s, const struct sweep_args *args, bool alone, struct err *e)
{
	int todo = 0, unlike = 0;
	char a[32], b[32];
	for (int i = 0; i < s->n_item; i++) {
		unlike += s->item[i].twin == i;
		todo += s->item[i].twin == i && s->item[i].state == ITEM_TODO;
	}
	printf("%s: %d run%s, %d stages, of which %d are unlike and %d are to be trained\n", s->name, s->n_run, s->n_run == 1 ? "" : "s", s->n_item, unlike, todo);
	print_points(s);
	if (!str_eq(s->budget_name, "full"))
		printf("  budget '%s': %s; its results stand apart\n", s->budget_name, sweep_budget_text(s));
	if (s->timing)
		printf("  timing: each stage alone in a process, seeds in turn\n");
	if (!todo || args->no_estimate)
		return OK;
	if (s->away) {
		printf("  no estimate: that takes a step of each, and the data are not here\n");
		return OK;
	}
	struct sweep_estimate est;
	const enum status st = estimate(s, alone, &est, e);
	if (st == OK)
		printf("  estimated from a step of each: %s of training one after another%s, %s on the disk\n", str_seconds(a, est.seconds),
		       s->timing ? "" : " (arms that share a teacher take less)", str_bytes(b, (size_t)est.bytes));
	fflush(stdout);
	return st;
}

static void print_list(const struct sweep *s)
{
	for (int r = 0; r < s->n_run; r++) {
		int left = 0;
		const struct sweep_run *run = &s->run[r];
		for (int i = run->first; i < run->first + run->x->n_stage; i++)
			left += s->item[s->item[i].twin].state != ITEM_DONE;
		printf("%d\t%s\t%s\t%d of %d stages left\n", r + 1, run->name, *run->point->name ? run->point->name : "-", left, run->x->n_stage);
	}
}

static enum status check_numbers(const struct sweep *s, const struct sweep_args *args, struct err *e)
{
	if (args->run > s->n_run)
		return err_user(e, (struct where){0}, "--run is %d, there are %d: `--list` prints them", args->run, s->n_run);
	if (args->item > s->n_item)
		return err_user(e, (struct where){0}, "--item is %d, there are %d", args->item, s->n_item);
	return OK;
}

static enum status open_log(struct sweep *s, FILE **log, struct err *e)
{
	const enum status st = dir_make(s->folder, e);
	if (st != OK)
		return st;
	*log = fopen(path_join(s->arena, s->folder, "log.txt"), "a");
	if (!*log)
		return err_env(e, "can't open '%s/log.txt': %m", s->folder);
	log_set_file(*log);
	return OK;
}

/* What was trained is not trained again because its store was lost, unless that is meant. */
static enum status check_store(struct sweep *s, const struct sweep_args *args, bool *lost, struct err *e)
{
	*lost = !args->list && !args->plan && sweep_is_lost(s);
	if (!*lost || args->sweep.many)
		return OK;
	return err_user(e, (struct where){0}, "'%s' has folders of these runs and no store: 'limbeck runs --rebuild --out %s' reads them, and nothing is lost; --yes trains them anew",
	                s->out, s->out);
}

/* What is wrong with the table, its control, its claims or its paper is told before anything is trained. */
static enum status check_table(struct sweep *s, struct err *e)
{
	struct table *t = NULL;
	return table_make(s->arena, s, &(struct table_options){0}, &t, e);
}

/* In this process, or in several copies of it. */
static enum status train(struct sweep *s, const struct sweep_args *args, struct err *e)
{
	if (args->item || args->run)
		return sweep_train(s, args->run - 1, args->item - 1, args->arms, e);
	if (s->timing)
		return workers_in_turn(s, args->file, &args->sweep, &args->open, e);
	if (args->workers > 1)
		return workers_at_once(s, args->file, &args->sweep, &args->open, args->workers, args->arms, e);
	return sweep_train(s, -1, -1, args->arms, e);
}

static enum status sweep(struct sweep_args *args, struct err *e)
{
	struct arena *a = arena_open("sweep");
	struct sweep *s = NULL;
	FILE *log = NULL;
	struct lock *lock = NULL;
	bool lost = false;
	args->sweep.experiment = experiment_args_options(&args->open);
	args->sweep.untrained = args->list || args->plan;
	enum status st = sweep_open(a, args->file, &args->sweep, &s, e);
	if (st == OK)
		st = check_store(s, args, &lost, e);
	if (st == OK)
		st = sweep_refresh(s, e);
	if (st == OK)
		st = check_numbers(s, args, e);
	if (st == OK && !args->list && !args->item && !args->worker)
		st = check_table(s, e);
	if (st == OK && args->list)
		print_list(s);
	if (st == OK && s->timing && !args->list && !args->plan && (args->item || args->run)) /* its plans, too, are computing */
		st = lock_time(s, &lock, e);
	if (st == OK && !args->list)
		st = sweep_plan(s, args->run - 1, args->item - 1, e);
	if (st == OK && !args->list && !args->item && !args->worker && (!args->run || args->plan)) /* not by each job of an array */
		st = print_plan(s, args, lock != NULL, e);
	if (st == OK && !args->list && !args->plan) {
		st = open_log(s, &log, e);
		if (st == OK && !args->item && !args->worker)
			st = claim_dates_put(s->root, s->name, s->out, lost, e);
		if (st == OK)
			st = train(s, args, e);
		const bool told = st == OK || st == E_RUN;
		if (told && !args->item && !args->run && !args->worker) {
			const enum status shown = sweep_results(s, e->status == OK ? e : &(struct err){0});
			if (shown == OK)
				report_leave(a, s->folder);
			st = st == OK ? shown : st;
		}
		log_set_file(NULL);
		if (log)
			fclose(log);
	}
	lock_release(lock);
	sweep_close(s);
	arena_close(a);
	return st;
}

static int run(int argc, char **argv)
{
	struct sweep_args args = {.arms = ARMS, .workers = 1};
	const struct flag flags[] = {
		{.name = "--out", .value = "DIR", .text = &args.sweep.out, .help = "folder of runs and of the store, default runs"},
		{.name = "--budget", .value = "NAME", .text = &args.sweep.budget,
		 .help = "full (default), quick, smoke, or one of the file's 'budget': its results never share a row with another's"},
		{.name = "--only", .value = "PATTERN", .text = &args.sweep.only, .help = "runs whose name matches, with * and ?"},
		{.name = "--list", .on = &args.list, .help = "prints a line for each run and trains nothing; the data need not be here"},
		{.name = "--run", .value = "K", .number = &args.run, .lo = 1, .hi = 1000000, .help = "trains run number K of the list alone, for job arrays"},
		{.name = "--item", .value = "K", .number = &args.item, .lo = 1, .hi = 10000000, .help = "trains one stage alone, as timing does"},
		{.name = "--plan", .on = &args.plan, .help = "shows what would be trained, how long it takes and how much it writes"},
		{.name = "--no-estimate", .on = &args.no_estimate, .help = "times no steps before it begins"},
		{.name = "--worker", .on = &args.worker, .help = "trains and prints no table, as the processes of -j do"},
		{.name = "--parent", .value = "PID", .number = &args.parent, .lo = 1, .hi = 2147483647,
		 .help = "stops as by SIGTERM when that process is no more the one that started it, as the processes of -j do"},
		{.name = "-j", .value = "N", .number = &args.workers, .lo = 1, .hi = 1024, .help = "processes, which share the threads; default 1"},
		{.name = "--arms", .value = "N", .number = &args.arms, .lo = 1, .hi = 10000, .help = "stages at once on one stream of batches, at most; default 16"},
		{.name = "--yes", .on = &args.sweep.many, .help = "more than 1,000 runs are meant, up to ten million; runs whose store is lost are trained anew"},
		EXPERIMENT_FLAGS(args.open),
		{.name = "--quiet", .on = &args.quiet, .help = "warnings and the table only"},
		{.name = "--verbose", .on = &args.verbose, .help = "a line for each epoch"},
		{0},
	};
	struct err e = {0};
	struct positional p = {0};
	bool help = false;
	enum status st = options_read(argc, argv, flags, 1, 1, &p, &help, &e);
	if (help) {
		options_help(&cmd_sweep, flags, "limbeck sweep experiments/ablations/ms_mgan.yaml --budget quick -j 2");
		return 0;
	}
	if (st == OK) {
		args.file = p.word[0];
		stop_with_parent(args.parent);
		log_set_level(args.quiet ? LOG_WARN : args.verbose ? LOG_DEBUG : LOG_INFO);
		st = sweep(&args, &e);
	}
	return command_end(st, &e);
}

const struct command cmd_sweep = {
	.name = "sweep",
	.args = "FILE.yaml [--budget NAME] [-j N] [OPTION ...]",
	.help = "trains every run of a file with 'vary': shared teachers once, students together; goes on where it was stopped",
	.run = run,
};
