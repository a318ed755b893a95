#include "runs/rebuild.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "runs/claims.h"
#include "runs/live.h"
#include "runs/metrics.h"
#include "runs/rebuild_int.h"
#include "runs/safetensors.h"
#include "runs/store.h"

static const struct where nowhere = {0};

/* ---- one run ---- */

struct restore {
	struct store *store;
	struct arena *arena;
	struct rebuilt_run *told;
	const struct found_run *run;
	struct str left_out;
};

static void leave_out(struct restore *r, const char *what)
{
	str_printf(&r->left_out, "%s%s", r->left_out.len ? "; " : "", what);
}

/* The weights of a stage that are its own: those of another description are left where they are. */
static enum status put_weights(struct restore *r, const struct note_stage *s, int64_t stage, const char *name, struct err *e)
{
	const char *path = arena_printf(r->arena, "%s/stages/%s/%s.safetensors", r->run->folder, s->name, name);
	if (!file_exists(path))
		return OK;
	struct arena *a = arena_open("weights");
	struct st_file f;
	struct err why = {0};
	const bool good = st_read(a, path, &f, &why) == OK;
	const bool own = good && str_eq(st_meta(&f, "stage"), s->identity);
	arena_close(a);
	if (!good)
		leave_out(r, why.text);
	if (!own)
		return OK;
	r->told->weights++;
	return store_artefact_put(r->store, stage, s->identity, name, path, e);
}

static int anchor_number(const char *file)
{
	char *end;
	if (!str_starts(file, "anchor-"))
		return 0;
	const long n = strtol(file + strlen("anchor-"), &end, 10);
	return str_eq(end, ".safetensors") && n > 0 && n < 100000 ? (int)n : 0;
}

static enum status put_all_weights(struct restore *r, const struct note_stage *s, int64_t stage, struct err *e)
{
	enum status st = put_weights(r, s, stage, "last", e);
	if (st == OK)
		st = put_weights(r, s, stage, "best", e);
	DIR *d = opendir(arena_printf(r->arena, "%s/stages/%s", r->run->folder, s->name));
	for (struct dirent *entry; d && st == OK && (entry = readdir(d));)
		if (anchor_number(entry->d_name))
			st = put_weights(r, s, stage, arena_printf(r->arena, "anchor-%d", anchor_number(entry->d_name)), e);
	if (d)
		closedir(d);
	return st;
}

/* What was measured on the test pictures, under the keys by which a teacher's accuracy is asked for. */
static enum status put_accuracy(struct restore *r, const struct note_stage *s, const struct metric_row *m, struct err *e)
{
	const char *rule = str_eq(m->name, "test_top1") ? "last" : str_eq(m->name, "test_top1_best") ? "best" : NULL;
	const struct note *n = &r->run->note;
	if (!rule || !*n->data || !*n->precision)
		return OK;
	return store_accuracy_put(r->store, arena_printf(r->arena, "%s/%s/%s", s->identity, rule, n->precision), n->data, "test", m->value, e);
}

static enum status put_metrics(struct restore *r, const struct note_stage *s, int64_t stage, struct err *e)
{
	enum status st = OK;
	for (int i = 0; i < r->run->n_metric && st == OK; i++) {
		const struct metric_row *m = &r->run->metric[i];
		if (!str_eq(m->stage, s->name))
			continue;
		r->told->metrics++;
		st = store_metric(r->store, stage, m->name, m->epoch, m->step, m->value, e);
		if (st == OK && str_eq(s->state, "done"))
			st = put_accuracy(r, s, m, e);
	}
	return st;
}

static enum status put_stage(struct restore *r, int64_t run, const struct note_stage *s, struct err *e)
{
	int64_t stage = 0;
	if (!*s->state)
		return OK; /* trained by another run, whose folder has it */
	r->told->stages++;
	enum status st = store_stage_begin(r->store, run, s->name, s->kind, s->identity, &stage, e);
	if (st == OK)
		st = store_stage_restore(r->store, stage, s->state, s->begun, s->seconds, e);
	if (st == OK)
		st = put_metrics(r, s, stage, e);
	return st == OK ? put_all_weights(r, s, stage, e) : st;
}

static enum status put_run(struct store *store, struct arena *a, const struct found_run *run, struct rebuilt_run *told, struct err *e)
{
	struct restore r = {.store = store, .arena = a, .told = told, .run = run};
	const struct note *n = &run->note;
	const struct store_run row = {
		.name = n->name, .folder = run->folder, .config = n->config, .identity = n->identity, .program = n->program, .machine = n->machine,
		.device = n->device, .precision = n->precision, .threads = n->threads,
	};
	int64_t id = 0;
	told->folder = strrchr(run->folder, '/') + 1;
	if (run->left_out)
		leave_out(&r, run->left_out);
	enum status st = store_run_begin(store, &row, &id, e);
	if (st == OK)
		st = store_run_restore(store, id, n->state, n->begun, n->seconds, e);
	for (int i = 0; i < n->n_stage && st == OK; i++)
		st = put_stage(&r, id, &n->stage[i], e);
	told->left_out = r.left_out.len ? arena_str(a, r.left_out.text) : NULL;
	str_release(&r.left_out);
	return st;
}

/* ---- all of them ---- */

/* By when they were begun: of two runs that trained the same, the store takes the later. */
static int compare(const void *a, const void *b)
{
	const struct found_run *x = a, *y = b;
	const int begun = strcmp(x->note.begun, y->note.begun);
	if (begun || x->note.run != y->note.run)
		return begun ? begun : x->note.run < y->note.run ? -1 : 1;
	return strcmp(x->folder, y->folder);
}

static enum status find_runs(struct arena *a, const char *out, struct found_run **runs, int *n, struct err *e)
{
	DIR *d = opendir(out);
	void *all = NULL;
	int cap = 0;
	enum status st = OK;
	*n = 0;
	if (!d)
		return err_env(e, "can't read folder '%s': %s", out, strerror(errno));
	for (struct dirent *entry; st == OK && (entry = readdir(d));) {
		const char *folder = path_join(a, out, entry->d_name);
		struct live live;
		if (entry->d_name[0] == '.' || !file_exists(path_join(a, folder, "config.yaml")))
			continue;
		if (live_read(a, folder, &live)) {
			st = err_user(e, nowhere, "run '%s' is under way (process %ld) and writes to the store: wait for its end, or stop it",
			              entry->d_name, live.pid);
			break;
		}
		mem_grow(&all, *n, &cap, sizeof **runs);
		found_run_read(a, folder, &((struct found_run *)all)[(*n)++]);
	}
	closedir(d);
	*runs = NEW_ARRAY(a, struct found_run, *n);
	if (*n) {
		memcpy(*runs, all, (size_t)*n * sizeof **runs);
		qsort(*runs, (size_t)*n, sizeof **runs, compare);
	}
	mem_free(all);
	if (st == OK && !*n)
		st = err_user(e, nowhere, "'%s' has no run: no folder in it has a config.yaml", out);
	return st;
}

enum status rebuild_dates(struct arena *a, const char *out, struct store *s, struct err *e)
{
	struct found_run *runs = NULL;
	int n = 0;
	enum status st = find_runs(a, out, &runs, &n, e);
	for (int i = 0; i < n; i++)
		for (int k = 0; k < runs[i].note.n_stage && st == OK; k++)
			if (*runs[i].note.stage[k].begun)
				st = store_begun_put(s, runs[i].note.stage[k].identity, runs[i].note.stage[k].begun, e);
	return st;
}

static enum status fill(struct arena *a, const char *out, const char *path, const struct found_run *runs, int n, struct rebuilt *r, struct err *e)
{
	struct store *s = NULL;
	enum status st = store_open(path, &s, e);
	if (st == OK)
		st = store_begin(s, e);
	for (int i = 0; i < n && st == OK; i++)
		st = put_run(s, a, &runs[i], &r->run[i], e);
	if (st == OK)
		st = claims_restore(out, s, e);
	if (st == OK)
		st = store_commit(s, e);
	store_close(s);
	return st;
}

/* The store and what SQLite keeps beside it: the log holds what is not in the file yet. */
static const char *const parts[] = {"", "-wal", "-shm"};

static void remove_parts(struct arena *a, const char *path)
{
	for (int i = 0; i < 3; i++)
		unlink(arena_printf(a, "%s%s", path, parts[i]));
}

static bool any_part(struct arena *a, const char *path)
{
	bool any = false;
	for (int i = 0; i < 3; i++)
		any |= file_exists(arena_printf(a, "%s%s", path, parts[i]));
	return any;
}

static enum status move_parts(struct arena *a, const char *from, const char *to, struct err *e)
{
	for (int i = 0; i < 3; i++) {
		const char *x = arena_printf(a, "%s%s", from, parts[i]), *y = arena_printf(a, "%s%s", to, parts[i]);
		if (rename(x, y) != 0 && errno != ENOENT)
			return err_env(e, "move '%s' to '%s': %s", x, y, strerror(errno));
	}
	return OK;
}

enum status rebuild_store(struct arena *a, const char *out, struct rebuilt *r, struct err *e)
{
	char *full = realpath(out, NULL);
	if (!full)
		return err_user(e, nowhere, "there is no folder '%s'", out);
	out = arena_str(a, full);
	free(full);
	struct found_run *runs = NULL;
	*r = (struct rebuilt){0};
	enum status st = find_runs(a, out, &runs, &r->n, e);
	if (st != OK)
		return st;
	r->run = NEW_ARRAY(a, struct rebuilt_run, r->n);
	const char *path = path_join(a, out, "limbeck.db"), *fresh = arena_printf(a, "%s.tmp-%ld", path, (long)getpid());
	remove_parts(a, fresh);
	st = fill(a, out, fresh, runs, r->n, r, e);
	if (st == OK && any_part(a, path)) {
		int k = 1;
		while (any_part(a, r->moved = arena_printf(a, "%s.old-%d", path, k)))
			k++;
		st = move_parts(a, path, r->moved, e);
	}
	if (st == OK && rename(fresh, path) != 0)
		st = err_env(e, "move '%s' to '%s': %s", fresh, path, strerror(errno));
	if (st != OK)
		remove_parts(a, fresh);
	return st;
}
