#include "runs/overview.h"

#include <dirent.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/str.h"
#include "runs/config_stages.h"

static const struct where nowhere = {0};

/* ---- stages ---- */

static const struct store_stage_row *row_of(const struct store_stage_row *rows, int n, int64_t run, const char *name)
{
	for (int i = 0; i < n; i++)
		if (rows[i].run == run && str_eq(rows[i].name, name))
			return &rows[i];
	return NULL;
}

/* The last that was finished, as the trainer takes it. */
static const struct store_stage_row *done_by_any(const struct store_stage_row *rows, int n, const char *identity)
{
	for (int i = n - 1; i >= 0; i--)
		if (str_eq(rows[i].identity, identity) && str_eq(rows[i].state, "done"))
			return &rows[i];
	return NULL;
}

static void set_row(struct overview_stage *s, const struct store_stage_row *row, bool reused)
{
	s->id = row->id;
	s->run = row->run;
	s->state = row->state;
	s->seconds = row->seconds;
	s->reused = reused;
}

static struct overview_stage *add_stage(struct overview_run *r, const char *name, const char *kind, const char *identity)
{
	struct overview_stage *s = &r->stage[r->n_stage++];
	*s = (struct overview_stage){.name = name, .kind = kind, .identity = identity, .state = "", .seconds = NAN, .test = NAN};
	return s;
}

static enum status read_stages(struct store *st, struct arena *a, struct overview_run *r, const struct store_stage_row *rows, int n, struct err *e)
{
	struct note note;
	bool found = false;
	/* a note that is damaged is none */
	if (note_read(a, r->row.folder, &note, &found, NULL) != OK || !found)
		config_stages(a, r->row.folder, 0, &note.stage, &note.n_stage);
	int own = 0;
	for (int i = 0; i < n; i++)
		own += rows[i].run == r->row.id;
	r->stage = NEW_ARRAY(a, struct overview_stage, note.n_stage + own);
	for (int i = 0; i < note.n_stage; i++) {
		struct overview_stage *s = add_stage(r, note.stage[i].name, note.stage[i].kind, note.stage[i].identity);
		const struct store_stage_row *mine = row_of(rows, n, r->row.id, s->name), *done = done_by_any(rows, n, s->identity);
		if (mine)
			set_row(s, mine, false);
		if (done && !str_eq(s->state, "done"))
			set_row(s, done, true);
	}
	for (int i = 0; i < n; i++) {
		bool had = rows[i].run != r->row.id;
		for (int k = 0; k < r->n_stage && !had; k++)
			had = str_eq(r->stage[k].name, rows[i].name);
		if (!had)
			set_row(add_stage(r, rows[i].name, rows[i].kind, rows[i].identity), &rows[i], false);
	}
	enum status status = OK;
	r->best = -1;
	for (int i = 0; i < r->n_stage && status == OK; i++) {
		struct overview_stage *s = &r->stage[i];
		r->n_done += str_eq(s->state, "done");
		if (!s->id)
			continue;
		status = store_last(st, s->id, "test_top1", &s->test, e);
		if (!isnan(s->test) && (r->best < 0 || s->test > r->stage[r->best].test))
			r->best = i;
	}
	return status;
}

/* ---- runs ---- */

static bool is_folder(const char *path)
{
	struct stat info;
	return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

enum status overview_read(struct store *s, struct arena *a, struct overview_run **runs, int *n, struct err *e)
{
	struct store_run_row *row = NULL;
	struct store_stage_row *stage = NULL;
	int stages = 0;
	enum status st = store_runs(s, a, &row, n, e);
	if (st == OK)
		st = store_stages(s, a, 0, &stage, &stages, e);
	*runs = NEW_ARRAY(a, struct overview_run, *n);
	for (int i = 0; i < *n && st == OK; i++) {
		struct overview_run *r = &(*runs)[i];
		const char *slash = strrchr(row[i].folder, '/');
		*r = (struct overview_run){.row = row[i], .base = slash ? slash + 1 : row[i].folder, .state = row[i].state};
		r->alive = live_read(a, row[i].folder, &r->live);
		if (!is_folder(row[i].folder))
			r->state = "gone";
		else if (r->alive)
			r->state = "running";
		else if (str_eq(r->state, "running"))
			r->state = "stopped";
		st = read_stages(s, a, r, stage, stages, e);
	}
	return st;
}

static int count_folders(struct arena *a, const char *out)
{
	int n = 0;
	DIR *d = opendir(out);
	for (struct dirent *entry; d && (entry = readdir(d));)
		n += entry->d_name[0] != '.' && file_exists(path_join(a, path_join(a, out, entry->d_name), "config.yaml"));
	if (d)
		closedir(d);
	return n;
}

enum status overview_store(struct arena *a, const char *out, struct store **s, struct err *e)
{
	const char *path = path_join(a, out, "limbeck.db");
	*s = NULL;
	if (!is_folder(out))
		return err_user(e, nowhere, "there is no folder '%s'", out);
	if (file_has_bytes(path))
		return store_open(path, s, e);
	const int n = count_folders(a, out);
	if (!n && file_exists(path))
		return store_open(path, s, e);
	if (n)
		return err_user(e, nowhere, "'%s' has %d run folder%s and no store: 'limbeck runs --rebuild --out %s' makes it again", out, n,
		                n == 1 ? "" : "s", out);
	if (file_exists(path_join(a, out, "config.yaml")))
		return err_user(e, nowhere, "'%s' is a run; the folder wanted is the one that holds the runs and their store", out);
	return err_user(e, nowhere, "'%s' holds no runs: there is no '%s'", out, path);
}

/* ---- by name ---- */

static enum status several(struct overview_run *runs, int n, const char *word, bool (*match)(const struct overview_run *, const char *),
                           struct err *e)
{
	struct str all = {0};
	int k = 0;
	for (int i = 0; i < n; i++)
		if (match(&runs[i], word))
			str_printf(&all, "%s%s", k++ ? ", " : "", runs[i].base);
	const enum status st = err_user(e, nowhere, "'%s' may be %d runs, name one of them: %s", word, k, str_text(&all));
	str_release(&all);
	return st;
}

static bool is_base(const struct overview_run *r, const char *word)
{
	return str_eq(r->base, word);
}

static bool is_path(const struct overview_run *r, const char *word)
{
	return str_eq(r->row.folder, word);
}

static bool has_name(const struct overview_run *r, const char *word)
{
	return str_eq(r->row.name, word);
}

static bool begins(const struct overview_run *r, const char *word)
{
	return *word && str_starts(r->base, word);
}

enum status overview_find(struct arena *a, struct overview_run *runs, int n, const char *word, struct overview_run **run, struct err *e)
{
	static bool (*const match[])(const struct overview_run *, const char *) = {is_path, is_base, has_name, begins};
	char real[PATH_MAX];
	const char *path = realpath(word, real) ? real : word;
	*run = NULL;
	for (int m = 0; m < 4; m++) {
		int found = 0;
		for (int i = 0; i < n; i++)
			if (match[m](&runs[i], m ? word : path)) {
				*run = &runs[i];
				found++;
			}
		if (found == 1)
			return OK;
		if (found)
			return several(runs, n, word, match[m], e);
	}
	if (is_folder(word))
		return err_user(e, nowhere, file_exists(path_join(a, word, "config.yaml"))
		                ? "'%s' is a run's folder that the store does not know: 'limbeck runs --rebuild' takes it in"
		                : "'%s' is no run: it has no config.yaml", word);
	const char **names = NEW_ARRAY(a, const char *, 2 * n);
	for (int i = 0; i < n; i++) {
		names[i] = runs[i].base;
		names[n + i] = runs[i].row.name;
	}
	const char *near = str_nearest(word, names, 2 * n);
	return err_user(e, nowhere, "there is no run '%s'%s%s%s; 'limbeck runs' lists them", word, near ? "; did you mean '" : "", near ? near : "",
	                near ? "'?" : "");
}
