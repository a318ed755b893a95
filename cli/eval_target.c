#include "cli/eval_target.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "runs/store.h"

static const struct where nowhere = {0};

bool is_folder(const char *path)
{
	struct stat s;
	return stat(path, &s) == 0 && S_ISDIR(s.st_mode);
}

static bool is_run(struct arena *a, const char *folder)
{
	return file_exists(path_join(a, folder, "config.yaml"));
}

enum status run_folder_find(struct arena *a, const char *path, const char **folder, struct err *e)
{
	*folder = path;
	if (is_run(a, path))
		return OK;
	DIR *d = opendir(path);
	if (!d)
		return err_env(e, "can't read folder '%s': %s", path, strerror(errno));
	struct str all = {0};
	int n = 0;
	for (struct dirent *entry; (entry = readdir(d)); ) {
		const char *sub = path_join(a, path, entry->d_name);
		if (entry->d_name[0] == '.' || !is_run(a, sub))
			continue;
		*folder = sub;
		str_printf(&all, "%s%s", n++ ? ", " : "", entry->d_name);
	}
	closedir(d);
	enum status st = OK;
	if (n == 0)
		st = err_user(e, nowhere, "'%s' is no run: it has no config.yaml", path);
	else if (n > 1)
		st = err_user(e, nowhere, "'%s' has %d runs, name one of them: %s", path, n, str_text(&all));
	str_release(&all);
	return st;
}

static enum status unknown_stage(const struct experiment *x, const char *name, struct err *e)
{
	const char *words[256];
	int n = 0;
	struct str all = {0};
	for (; n < x->n_stage && n < 256; n++) {
		words[n] = x->stage[n].name;
		str_printf(&all, "%s%s", n ? ", " : "", words[n]);
	}
	const char *near = str_nearest(name, words, n);
	const enum status st = err_user(e, nowhere, "no stage is named '%s'%s%s%s; there are %s", name,
	                                near ? "; did you mean '" : "",
	                                near ? near : "", near ? "'?" : "", str_text(&all));
	str_release(&all);
	return st;
}

/* The stage that is named; else the last one, or the last that trains the network. */
static enum status choose_stage(const struct experiment *x, const struct eval_args *args,
                                const struct stage **s, struct err *e)
{
	*s = NULL;
	for (int i = 0; i < x->n_stage; i++) {
		const struct stage *one = &x->stage[i];
		if (args->stage ? str_eq(one->name, args->stage)
		                : !args->network || str_eq(one->train.train, args->network))
			*s = one;
	}
	if (*s && args->network && !str_eq((*s)->train.train, args->network))
		return err_user(e, nowhere, "stage '%s' trains '%s', not '%s'", (*s)->name, (*s)->train.train,
		                args->network);
	if (*s)
		return OK;
	return args->stage ? unknown_stage(x, args->stage, e)
	                   : err_user(e, nowhere, "no stage of '%s' trains a network '%s'", x->name,
	                              args->network);
}

enum status stage_find(const struct experiment *x, const char *name, const struct stage **s, struct err *e)
{
	for (int i = 0; i < x->n_stage; i++)
		if (str_eq(x->stage[i].name, name)) {
			*s = &x->stage[i];
			return OK;
		}
	return unknown_stage(x, name, e);
}

enum status stage_weights_find(struct arena *a, const char *folder, const struct stage *s, const char *rule, const char **weights, struct err *e)
{
	*weights = arena_printf(a, "%s/stages/%s/%s.safetensors", folder, s->name, rule);
	if (file_exists(*weights))
		return OK;
	const char *db = arena_printf(a, "%s/../limbeck.db", folder), *path = NULL;
	struct store *store = NULL;
	bool found = false;
	enum status st = OK;
	if (file_exists(db)) {
		st = store_open(db, &store, e);
		if (st == OK)
			st = store_artefact_get(store, a, s->identity, rule, &path, &found, e);
		store_close(store);
	}
	if (st != OK)
		return st;
	if (!found)
		return err_env(e, "stage '%s' of '%s' has left no '%s' weights: there is no '%s'", s->name, folder, rule, *weights);
	*weights = path;
	return OK;
}

enum status rule_check(const char *rule, struct err *e)
{
	if (str_eq(rule, "last") || str_eq(rule, "best"))
		return OK;
	return err_user(e, nowhere, "--rule is '%s', allowed last, best", rule);
}

static enum status open_run(struct arena *a, struct eval_args *args, struct eval_target *t, struct err *e)
{
	const struct stage *s = NULL;
	if (args->experiment)
		return err_user(e, nowhere,
		                "--experiment is for a file of weights: '%s' is a folder, whose config.yaml is read",
		                args->path);
	enum status st = rule_check(args->rule, e);
	if (st == OK)
		st = run_folder_find(a, args->path, &t->folder, e);
	if (st == OK)
		st = experiment_args_open(a, path_join(a, t->folder, "config.yaml"), &args->open, &t->x, e);
	if (st == OK)
		st = choose_stage(t->x, args, &s, e);
	if (st == OK)
		st = stage_weights_find(a, t->folder, s, args->rule, &t->weights, e);
	if (st != OK)
		return st;
	t->label = arena_printf(a, "%s.%s", s->name, args->rule);
	return experiment_net(t->x, a, s->train.train, s->train.train, &t->net, e);
}

static enum status open_weights(struct arena *a, struct eval_args *args, struct eval_target *t, struct err *e)
{
	if (!args->experiment || !args->network)
		return err_user(e, nowhere,
		                "'%s' is a file: --experiment FILE.yaml and --network NAME say what it is the weights of",
		                args->path);
	if (args->stage)
		return err_user(e, nowhere, "--stage is for a run: '%s' is a file", args->path);
	t->weights = args->path;
	t->label = args->network;
	const enum status st = experiment_args_open(a, args->experiment, &args->open, &t->x, e);
	return st == OK ? experiment_net(t->x, a, args->network, args->network, &t->net, e) : st;
}

enum status eval_target_open(struct arena *a, struct eval_args *args, struct eval_target *t, struct err *e)
{
	if (!file_exists(args->path))
		return err_user(e, nowhere, "there is no '%s'", args->path);
	return is_folder(args->path) ? open_run(a, args, t, e) : open_weights(a, args, t, e);
}
