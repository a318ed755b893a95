#include "runs/claims.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "runs/rebuild.h"

static const char *file_of(struct arena *a, const char *out)
{
	return path_join(a, out, "claims.jsonl");
}

/* As the store has times. */
static void now_text(char out[32])
{
	struct timespec now;
	struct tm tm;
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	const size_t n = strftime(out, 32, "%Y-%m-%d %H:%M:%S", &tm);
	snprintf(out + n, 32 - n, ".%03ld", now.tv_nsec / 1000000);
}

static bool is_dated(const struct store_claim *claim, int n, const char *says)
{
	for (int i = 0; i < n; i++)
		if (str_eq(claim[i].says, says))
			return true;
	return false;
}

/* A line at once: several processes may add some. */
static enum status add_line(const char *path, const struct str *s, struct err *e)
{
	FILE *f = fopen(path, "a");
	const bool written = f && fwrite(s->text, 1, s->len, f) == s->len && fflush(f) == 0;
	const enum status st = written ? OK : err_env(e, "can't write '%s': %m", path);
	if (f)
		fclose(f);
	return st;
}

static enum status add_claim(const char *path, const char *sweep, const char *says, const char *seen, struct err *e)
{
	struct str s = {0};
	str_printf(&s, "{\"seen\": \"%s\", \"sweep\": ", seen);
	json_quote(&s, sweep);
	str_add(&s, ", \"says\": ");
	json_quote(&s, says);
	str_add(&s, "}\n");
	const enum status st = add_line(path, &s, e);
	str_release(&s);
	return st;
}

static enum status add_begun(const char *path, const char *identity, const char *begun, struct err *e)
{
	struct str s = {0};
	str_printf(&s, "{\"begun\": \"%s\", \"stage\": ", begun);
	json_quote(&s, identity);
	str_add(&s, "}\n");
	const enum status st = add_line(path, &s, e);
	str_release(&s);
	return st;
}

enum status claims_stage_begins(const char *out, struct store *s, const char *identity, struct err *e)
{
	struct arena *a = arena_open("claims");
	const char *begun = NULL;
	char now[32];
	now_text(now);
	enum status st = store_stage_begun(s, a, identity, &begun, e);
	if (st == OK && !begun)
		st = add_begun(file_of(a, out), identity, now, e);
	arena_close(a);
	return st;
}

enum status claims_run_goes(const char *out, struct store *s, int64_t run, struct err *e)
{
	struct arena *a = arena_open("claims");
	struct store_stage_row *stage = NULL;
	int n = 0;
	enum status st = store_stages(s, a, run, &stage, &n, e);
	for (int i = 0; i < n && st == OK; i++)
		if (*stage[i].identity)
			st = add_begun(file_of(a, out), stage[i].identity, stage[i].begun, e);
	arena_close(a);
	return st;
}

enum status claims_date(const char *out, const char *sweep, const char *const *says, int n, bool lost, struct err *e)
{
	struct arena *a = arena_open("claims");
	struct store *s = NULL;
	struct store_claim *there = NULL;
	int had = 0;
	char now[32];
	const char *path = path_join(a, out, "limbeck.db");
	const bool unknown = lost && !file_exists(file_of(a, out)), fresh = !file_has_bytes(path);
	enum status st = dir_make(out, e);
	if (st == OK)
		st = store_open(path, &s, e);
	if (st == OK)
		st = fresh ? claims_restore(out, s, e) : OK;
	if (st == OK && lost)
		st = rebuild_dates(a, out, s, e);
	if (st == OK)
		st = store_claims(s, a, sweep, &there, &had, e);
	now_text(now);
	const char *seen = unknown ? "" : now;
	for (int i = 0; i < n && st == OK; i++) {
		if (is_dated(there, had, says[i]))
			continue;
		st = add_claim(file_of(a, out), sweep, says[i], seen, e); /* first: the store is what is asked */
		if (st == OK)
			st = store_claim_put(s, sweep, says[i], seen, e);
	}
	store_close(s);
	arena_close(a);
	return st;
}

static enum status restore_line(const char *path, const char *line, size_t n, int number, struct store *s, struct err *e)
{
	struct json *root = NULL;
	enum status st = OK;
	if (json_parse(line, n, path, &root, NULL) != OK)
		root = NULL;
	const char *seen = json_text(json_get(root, "seen")), *sweep = json_text(json_get(root, "sweep")), *says = json_text(json_get(root, "says"));
	const char *begun = json_text(json_get(root, "begun")), *stage = json_text(json_get(root, "stage"));
	if (seen && sweep && says)
		st = store_claim_put(s, sweep, says, seen, e);
	else if (begun && stage)
		st = store_begun_put(s, stage, begun, e);
	else
		log_line(LOG_WARN, "line %d of '%s' is no dated claim and no stage's beginning: it is left out", number, path);
	json_close(root);
	return st;
}

enum status claims_restore(const char *out, struct store *s, struct err *e)
{
	struct arena *a = arena_open("claims");
	const char *path = file_of(a, out);
	char *text = NULL;
	size_t size = 0;
	enum status st = file_exists(path) ? file_read(a, path, false, &text, &size, e) : OK;
	int number = 0;
	for (const char *line = text; st == OK && line && *line;) {
		const size_t n = strcspn(line, "\n");
		st = restore_line(path, line, n, ++number, s, e);
		line += n + (line[n] == '\n');
	}
	arena_close(a);
	return st;
}
