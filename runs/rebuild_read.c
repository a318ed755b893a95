/* What a run's folder says of the run: run.json, or what can be made out without it. */
#include <dirent.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/conf.h"
#include "base/file.h"
#include "base/str.h"
#include "runs/config_stages.h"
#include "runs/rebuild.h"
#include "runs/rebuild_int.h"
#include "runs/safetensors.h"

static void leave_out(struct arena *a, struct found_run *r, const char *what)
{
	r->left_out = r->left_out ? arena_printf(a, "%s; %s", r->left_out, what) : arena_str(a, what);
}

static const char *file_time(struct arena *a, const char *path)
{
	struct stat info;
	struct tm tm;
	char text[32] = "1970-01-01 00:00:00.000";
	if (stat(path, &info) == 0 && gmtime_r(&info.st_mtime, &tm)) {
		const size_t n = strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &tm);
		snprintf(text + n, sizeof text - n, ".%03ld", info.st_mtim.tv_nsec / 1000000);
	}
	return arena_str(a, text);
}

static bool is_folder(const char *path)
{
	struct stat info;
	return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* ---- a folder of an earlier version, without run.json ---- */

static const char *scalar(const struct conf *map, const char *key)
{
	const struct conf *c = map && map->kind == CONF_MAP ? conf_find(map, key) : NULL;
	return c && c->kind == CONF_SCALAR ? c->text : "";
}

/* "kd-init2" is 'kd' for another seed of initialisation. */
static const char *kind_of(const struct note_stage *stage, int n, const char *name)
{
	const char *kind = "";
	size_t most = 0;
	for (int i = 0; i < n; i++) {
		const size_t length = strlen(stage[i].name);
		if (length <= most || strncmp(name, stage[i].name, length) != 0 || !str_starts(name + length, "-init"))
			continue;
		most = length;
		kind = stage[i].kind;
	}
	return kind;
}

/* The identity of the stage that left the weights; "" where there are none to be read. */
static const char *identity_in(struct arena *a, const char *folder, const char *stage)
{
	static const char *const files[] = {"last", "best", "anchor-1"};
	const char *identity = "";
	for (int i = 0; i < 3 && !*identity; i++) {
		struct arena *own = arena_open("weights");
		struct st_file f;
		const char *meta = NULL;
		if (st_read(own, arena_printf(own, "%s/stages/%s/%s.safetensors", folder, stage, files[i]), &f, NULL) == OK)
			meta = st_meta(&f, "stage");
		identity = meta ? arena_str(a, meta) : "";
		arena_close(own);
	}
	return identity;
}

static bool has_end(const struct found_run *r, const char *stage, const char *metric)
{
	bool end = false;
	for (int i = 0; i < r->n_metric; i++)
		end |= str_eq(r->metric[i].stage, stage) && str_eq(r->metric[i].lesson, "end") && str_eq(r->metric[i].name, metric);
	return end;
}

static double seconds_of(const struct found_run *r, const char *stage)
{
	double seconds = NAN;
	for (int i = 0; i < r->n_metric; i++)
		if (str_eq(r->metric[i].stage, stage) && str_eq(r->metric[i].name, "time/total_seconds"))
			seconds = r->metric[i].value;
	return seconds;
}

static int count_entries(const char *path)
{
	int n = 0;
	DIR *d = opendir(path);
	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n;
}

/* Those that have a folder were trained by this run; the others it found. */
static void guess_stages(struct arena *a, struct found_run *r)
{
	struct note *n = &r->note;
	const char *stages = path_join(a, r->folder, "stages");
	config_stages(a, r->folder, count_entries(stages), &n->stage, &n->n_stage);
	DIR *d = opendir(stages);
	for (struct dirent *entry; d && (entry = readdir(d));) {
		const char *name = arena_str(a, entry->d_name), *path = path_join(a, stages, name);
		if (*name == '.' || !is_folder(path))
			continue;
		const char *identity = identity_in(a, r->folder, name);
		struct note_stage *s = NULL;
		for (int i = 0; i < n->n_stage && !s; i++)
			s = str_eq(n->stage[i].name, name) ? &n->stage[i] : NULL;
		if (!s) {
			s = &n->stage[n->n_stage];
			*s = (struct note_stage){.name = name, .kind = kind_of(n->stage, n->n_stage, name), .identity = identity};
			n->n_stage++;
		}
		const bool done = *identity && has_end(r, name, "images") && file_exists(path_join(a, path, "last.safetensors"));
		s->state = done ? "done" : "interrupted";
		s->begun = file_time(a, path);
		s->seconds = seconds_of(r, name);
	}
	if (d)
		closedir(d);
}

static void guess(struct arena *a, struct found_run *r)
{
	const char *path = path_join(a, r->folder, "config.yaml");
	struct conf *root = NULL;
	struct err why = {0};
	if (conf_read(a, path, &root, &why) != OK)
		leave_out(a, r, why.text);
	r->note = (struct note){
		.name = scalar(root, "name"), .config = path, .identity = "", .program = "", .machine = "", .device = "", .data = "",
		.precision = scalar(root, "precision"), .begun = file_time(a, path), .seconds = NAN,
	};
	guess_stages(a, r);
	bool done = file_exists(path_join(a, r->folder, "table.txt"));
	for (int i = 0; i < r->note.n_stage; i++)
		done &= !str_eq(r->note.stage[i].state, "interrupted");
	r->note.state = done ? "done" : "interrupted";
}

/* ---- a folder with it ---- */

/* A stage that was begun after run.json was last written. */
static void add_begun(struct arena *a, struct found_run *r)
{
	struct note *n = &r->note;
	for (int i = 0; i < n->n_stage; i++) {
		struct note_stage *s = &n->stage[i];
		const char *path = arena_printf(a, "%s/stages/%s", r->folder, s->name);
		if (*s->state || !is_folder(path))
			continue;
		s->state = "running";
		s->begun = file_time(a, path);
	}
}

/* A stage whose last rows were cut off metrics.csv has weights and no result: it is trained again, and not taken for one that is done. */
static void check_ends(struct arena *a, struct found_run *r)
{
	struct note *n = &r->note;
	for (int i = 0; i < n->n_stage; i++) {
		struct note_stage *s = &n->stage[i];
		const bool answered = file_exists(arena_printf(a, "%s/stages/%s/test.safetensors", r->folder, s->name));
		if (!str_eq(s->state, "done") || (has_end(r, s->name, "images") && (!answered || has_end(r, s->name, "test_top1"))))
			continue;
		s->state = n->state = "interrupted";
		leave_out(a, r, arena_printf(a, "'%s' has no result in metrics.csv, so it is to be trained again", s->name));
	}
}

void found_run_read(struct arena *a, const char *folder, struct found_run *r)
{
	struct err why = {0};
	bool found = false;
	int bad = 0;
	*r = (struct found_run){.folder = folder};
	if (metrics_read(a, path_join(a, folder, "metrics.csv"), &r->metric, &r->n_metric, &bad, &why) != OK)
		leave_out(a, r, why.text);
	if (bad)
		leave_out(a, r, arena_printf(a, "%d lines of metrics.csv are no rows", bad));
	err_clear(&why);
	if (note_read(a, folder, &r->note, &found, &why) != OK)
		leave_out(a, r, why.text);
	if (found) {
		add_begun(a, r);
		check_ends(a, r);
	} else {
		guess(a, r);
	}
}

bool rebuild_would_find(struct arena *a, const char *folder)
{
	struct found_run r;
	bool any = false;
	if (!file_exists(path_join(a, folder, "config.yaml")))
		return false;
	found_run_read(a, folder, &r);
	for (int i = 0; i < r.note.n_stage && !any; i++)
		any = str_eq(r.note.stage[i].state, "done");
	return any;
}
