/* Temperatures of another run that `of: RUN/STAGE` or `of: FILE.csv` names. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "runs/config_stages.h"
#include "runs/origin.h"
#include "runs/store.h"
#include "stages/temperatures.h"

static const char file[] = "temperature.csv";

bool course_is_path(const char *text)
{
	return strchr(text, '/') || str_ends(text, ".csv");
}

static bool is_run(struct arena *a, const char *folder)
{
	return file_exists(path_join(a, folder, "config.yaml"));
}

/* What the stage of a run left, or an earlier run that trained the same. NULL: nothing. */
static enum status find_left(struct arena *a, const char *run, const struct note_stage *s, const char **path, struct err *e)
{
	const char *db = path_join(a, run, "../limbeck.db");
	struct store *store = NULL;
	bool found = false;
	*path = arena_printf(a, "%s/stages/%s/%s", run, s->name, file);
	if (file_exists(*path))
		return OK;
	enum status st = file_exists(db) ? store_open(db, &store, e) : OK;
	if (st == OK && store)
		st = store_artefact_get(store, a, s->identity, "temperature", path, &found, e);
	store_close(store);
	*path = found ? *path : NULL;
	return st;
}

static enum status find_in_run(struct arena *a, const char *run, const char *stage, struct where at, const char **path, struct err *e)
{
	struct note_stage *all, *s = NULL;
	const char **words;
	int n;
	config_stages(a, run, 1, &all, &n);
	words = NEW_ARRAY(a, const char *, n + 1);
	for (int i = 0; i < n; i++) {
		words[i] = all[i].name;
		s = str_eq(all[i].name, stage) ? &all[i] : s;
	}
	if (!s) { /* a copy of an arm for another seed is trained where it is listed */
		s = &all[n];
		*s = (struct note_stage){.name = stage, .identity = ""};
		if (!file_exists(arena_printf(a, "%s/stages/%s", run, stage))) {
			const char *near = str_nearest(stage, words, n);
			return err_user(e, at, "run '%s' has no stage '%s'%s%s%s", run, stage, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
		}
	}
	const enum status st = find_left(a, run, s, path, e);
	if (st == OK && !*path)
		return err_user(e, at, "stage '%s' of run '%s' has left no temperatures: no loss of it has a 'temperature', or it was not trained to its end", stage, run);
	return st;
}

/* text: a file, or RUN/STAGE. */
static enum status find(struct arena *a, const char *text, struct where at, const char **path, struct err *e)
{
	const char *slash = strrchr(text, '/');
	*path = text;
	if (str_ends(text, ".csv"))
		return file_exists(text) ? OK : err_user(e, at, "there is no file '%s'", text);
	if (is_run(a, text))
		return err_user(e, at, "'%s' is a run: name a stage of it, RUN/STAGE", text);
	const char *run = slash ? arena_strn(a, text, (size_t)(slash - text)) : "";
	if (!slash || !is_run(a, run))
		return err_user(e, at, "there is no run '%s': another run's temperatures are RUN/STAGE, RUN a run's folder, or a file %s", run, file);
	return find_in_run(a, run, slash + 1, at, path, e);
}

enum status course_of(struct arena *a, const char *text, struct where at, struct reference *ref, struct err *e)
{
	struct course c;
	const char *path = NULL;
	enum status st = find(a, text, at, &path, e);
	if (st == OK)
		st = course_load(a, path, &c, e);
	if (st == OK && !c.n)
		st = err_env(e, "%s: no step has a temperature", path);
	*ref = (struct reference){.stage = -1, .artefact = "temperature", .at = at};
	if (st == OK)
		st = origin_file_hash(path, ref->identity, e);
	if (st != OK)
		return st;
	char *full = realpath(path, NULL); /* absolute, so that the resolved file holds from every folder */
	ref->path = arena_str(a, full ? full : path);
	free(full);
	return OK;
}
