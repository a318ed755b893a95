#include "report/measured.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/str.h"

struct shelf {
	const char *path;            /* of a store that was opened here; NULL: the caller's */
	struct store *store;         /* NULL: it can't be read */
	int n_run, n_stage;
	struct store_run_row *run;
	struct store_stage_row *stage;
};

struct archive {
	struct arena *arena;
	int n, cap;
	struct shelf *shelf;
};

static void add_shelf(struct archive *r, const char *path, struct store *s)
{
	struct err e = {0};
	enum status st = OK;
	void *items = r->shelf;
	mem_grow(&items, r->n, &r->cap, sizeof *r->shelf);
	r->shelf = items;
	struct shelf *shelf = &r->shelf[r->n++];
	*shelf = (struct shelf){.path = path, .store = s};
	if (path)
		st = store_open(path, &shelf->store, &e);
	if (st == OK)
		st = store_runs(shelf->store, r->arena, &shelf->run, &shelf->n_run, &e);
	if (st == OK)
		st = store_stages(shelf->store, r->arena, 0, &shelf->stage, &shelf->n_stage, &e);
	if (st != OK)
		log_line(LOG_WARN, "%s: metrics are read from the runs' folders", e.text);
}

struct archive *archive_open(struct arena *a, struct store *s)
{
	struct archive *r = NEW(a, struct archive);
	r->arena = a;
	if (s)
		add_shelf(r, NULL, s);
	return r;
}

void archive_close(struct archive *r)
{
	for (int i = 0; i < r->n; i++)
		if (r->shelf[i].path)
			store_close(r->shelf[i].store);
	mem_free(r->shelf);
}

static const struct store_run_row *run_in(const struct shelf *s, const char *folder)
{
	for (int i = 0; i < s->n_run; i++)
		if (str_eq(s->run[i].folder, folder))
			return &s->run[i];
	return NULL;
}

/* The store that knows the run; *run NULL: none does. */
static const struct shelf *find_run(struct archive *r, const char *folder, const struct store_run_row **run)
{
	for (int i = 0; i < r->n; i++)
		if ((*run = run_in(&r->shelf[i], folder)))
			return &r->shelf[i];
	const char *slash = strrchr(folder, '/');
	const char *path = slash ? path_join(r->arena, arena_strn(r->arena, folder, (size_t)(slash - folder)), "limbeck.db") : NULL;
	if (!path || !file_exists(path))
		return NULL;
	for (int i = 0; i < r->n; i++)
		if (str_eq(r->shelf[i].path, path))
			return NULL;
	add_shelf(r, path, NULL);
	*run = run_in(&r->shelf[r->n - 1], folder);
	return *run ? &r->shelf[r->n - 1] : NULL;
}

/* The run's own stage, else the one that another run finished and this one used. */
static const struct store_stage_row *find_stage(struct archive *r, const struct shelf *s, int64_t run, const struct measured *m)
{
	const struct store_stage_row *done = NULL;
	for (int i = 0; i < s->n_stage; i++)
		if (s->stage[i].run == run && str_eq(s->stage[i].name, m->item->stage))
			return &s->stage[i];
	const char *identity = m->config.root ? run_config_identity(r->arena, &m->config, m->item->stage) : NULL;
	for (int i = 0; i < s->n_stage && identity; i++)
		if (str_eq(s->stage[i].identity, identity) && str_eq(s->stage[i].state, "done"))
			done = &s->stage[i];
	return done;
}

static const struct store_run_row *run_of(const struct shelf *s, int64_t id)
{
	for (int i = 0; i < s->n_run; i++)
		if (s->run[i].id == id)
			return &s->run[i];
	return NULL;
}

/* ---- metrics.csv: stage,lesson,epoch,step,metric,value ---- */

enum { COLUMNS = 6 };

/* The fields of a line, which it cuts; false: it has others. */
static bool fields(char *line, char *field[COLUMNS])
{
	int n = 0;
	for (char *p = line; p && n < COLUMNS; n++) {
		field[n] = p;
		if ((p = strchr(p, ',')))
			*p++ = 0;
	}
	return n == COLUMNS;
}

/* The last word of a lesson's label without its number: "anchor 1/3 block 2/3" is "block". */
static const char *phase_name(struct arena *a, const char *lesson)
{
	const char *word = NULL;
	for (const char *p = lesson; *p; p += strcspn(p, " "), p += strspn(p, " "))
		if ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z'))
			word = p;
	return word ? arena_strn(a, word, strcspn(word, " ")) : "training";
}

struct rows {
	struct arena *arena;
	int n, cap, n_phase, cap_phase;
	struct store_value *value;
	struct phase *phase;
	const char *lesson;   /* of the row before, and what it took so far */
	double lesson_seconds;
};

static void end_lesson(struct rows *r)
{
	const char *name = r->lesson ? phase_name(r->arena, r->lesson) : NULL;
	int k = 0;
	if (!name || !(r->lesson_seconds > 0))
		return;
	while (k < r->n_phase && !str_eq(r->phase[k].name, name))
		k++;
	if (k == r->n_phase) {
		void *items = r->phase;
		mem_grow(&items, r->n_phase, &r->cap_phase, sizeof *r->phase);
		r->phase = items;
		r->phase[r->n_phase++] = (struct phase){name, 0};
	}
	r->phase[k].seconds += r->lesson_seconds;
	r->lesson_seconds = 0;
}

static void take_row(struct rows *r, char *field[COLUMNS])
{
	const double value = strtod(field[5], NULL);
	if (!r->lesson || !str_eq(r->lesson, field[1])) {
		end_lesson(r);
		r->lesson = arena_str(r->arena, field[1]);
	}
	if (str_eq(field[4], "time/lesson_seconds"))
		r->lesson_seconds = value;
	void *items = r->value;
	mem_grow(&items, r->n, &r->cap, sizeof *r->value);
	r->value = items;
	r->value[r->n++] = (struct store_value){arena_str(r->arena, field[4]), (int)strtol(field[2], NULL, 10), value};
}

static void read_csv(struct arena *a, const char *folder, const char *stage, struct rows *r)
{
	const char *path = path_join(a, folder, "metrics.csv");
	char *text = NULL, *field[COLUMNS];
	size_t n = 0;
	*r = (struct rows){.arena = a};
	if (!file_exists(path) || file_read(a, path, false, &text, &n, NULL) != OK)
		return;
	for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
		*end = 0;
		if (fields(line, field) && str_eq(field[0], stage))
			take_row(r, field);
	}
	end_lesson(r);
}

static void *kept(struct arena *a, void *items, int n, size_t size)
{
	void *out = arena_array(a, (size_t)n, size);
	if (n)
		memcpy(out, items, (size_t)n * size);
	mem_free(items);
	return out;
}

static void read_values(struct archive *r, const struct shelf *s, const struct store_stage_row *stage, struct measured *m)
{
	struct err e = {0};
	struct store_value *value = NULL;
	struct rows rows;
	if (s && stage && store_metrics(s->store, r->arena, stage->id, &value, &m->n, &e) != OK)
		log_line(LOG_WARN, "%s", e.text);
	m->value = value;
	read_csv(r->arena, m->run, stage ? stage->name : m->item->stage, &rows);
	m->n_phase = rows.n_phase;
	m->phase = kept(r->arena, rows.phase, rows.n_phase, sizeof *rows.phase);
	const struct store_value *all = kept(r->arena, rows.value, rows.n, sizeof *rows.value);
	if (m->n)
		return;
	m->n = rows.n;
	m->value = all;
}

void archive_measured(struct archive *r, const struct page_item *item, struct measured *m)
{
	struct arena *a = r->arena;
	const struct store_run_row *run = NULL;
	char *full = realpath(item->folder, NULL);
	const char *folder = arena_str(a, full ? full : item->folder);
	free(full);
	*m = (struct measured){.item = item, .run = folder, .home = arena_printf(a, "%s/stages/%s", folder, item->stage)};
	if (run_config_read(a, folder, &m->config, NULL) != OK)
		m->config.root = NULL;
	const struct shelf *s = find_run(r, folder, &run);
	const struct store_stage_row *stage = s ? find_stage(r, s, run->id, m) : NULL;
	m->origin = run;
	if (stage && stage->run != run->id && run_of(s, stage->run)) {
		m->origin = run_of(s, stage->run);
		m->run = m->origin->folder;
		m->home = arena_printf(a, "%s/stages/%s", m->run, stage->name);
	}
	read_values(r, s, stage, m);
}

double measured_last(const struct measured *m, const char *name)
{
	for (int i = m->n - 1; i >= 0; i--)
		if (str_eq(m->value[i].name, name))
			return m->value[i].value;
	return NAN;
}

int measured_curve(struct arena *a, const struct measured *m, const char *name, const double **xs, const double **ys)
{
	double *x = NEW_ARRAY(a, double, m->n), *y = NEW_ARRAY(a, double, m->n);
	int n = 0;
	for (int i = 0; i < m->n; i++)
		if (str_eq(m->value[i].name, name)) {
			x[n] = m->value[i].epoch;
			y[n++] = m->value[i].value;
		}
	*xs = x;
	*ys = y;
	return n;
}
