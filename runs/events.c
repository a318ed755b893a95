#include "runs/events.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "runs/events.pb-c.h"
#include "runs/record_file.h"

static const char prefix[] = "events.out.tfevents.", suffix[] = ".limbeck", version[] = "brain.Event:2";

struct events {
	char *path;
	FILE *f;
	uint8_t *buffer; /* a packed event */
	size_t cap;
};

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- writing ---- */

static void write_event(struct events *ev, FILE *f, const Tensorflow__Event *event)
{
	const size_t n = tensorflow__event__get_packed_size(event);
	if (n > ev->cap) {
		ev->buffer = mem_resize(ev->buffer, n);
		ev->cap = n;
	}
	tensorflow__event__pack(event, ev->buffer);
	record_write(f, ev->buffer, n);
}

static void write_version(struct events *ev, FILE *f, double time)
{
	Tensorflow__Event event = TENSORFLOW__EVENT__INIT;
	event.has_wall_time = 1;
	event.wall_time = time;
	event.file_version = (char *)version;
	write_event(ev, f, &event);
}

static void write_scalar(struct events *ev, FILE *f, double time, const char *tag, long step, double x)
{
	Tensorflow__Event event = TENSORFLOW__EVENT__INIT;
	Tensorflow__Summary summary = TENSORFLOW__SUMMARY__INIT;
	Tensorflow__Summary__Value value = TENSORFLOW__SUMMARY__VALUE__INIT, *values = &value;
	value.tag = (char *)tag;
	value.has_simple_value = 1;
	value.simple_value = (float)x;
	summary.n_value = 1;
	summary.value = &values;
	event.has_wall_time = event.has_step = 1;
	event.wall_time = time;
	event.step = step;
	event.summary = &summary;
	write_event(ev, f, &event);
}

void events_scalar(struct events *ev, const char *stage, const char *metric, long step, double value)
{
	struct str tag = {0};
	str_printf(&tag, "%s/%s", stage, metric);
	write_scalar(ev, ev->f, now(), str_text(&tag), step, value);
	str_release(&tag);
}

enum status events_flush(struct events *ev, struct err *e)
{
	errno = 0;
	if (fflush(ev->f) == 0 && !ferror(ev->f))
		return OK;
	return err_env(e, "can't write '%s': %s", ev->path, strerror(errno ? errno : EIO));
}

/* ---- reading ---- */

/* One scalar an event, as we write them; false: something else, the version for one. */
static bool take_scalar(struct arena *a, const Tensorflow__Event *event, struct event *out)
{
	if (!event->summary || event->summary->n_value != 1)
		return false;
	const Tensorflow__Summary__Value *v = event->summary->value[0];
	if (!v->tag || !v->has_simple_value)
		return false;
	*out = (struct event){.time = event->wall_time, .step = (long)event->step, .tag = arena_str(a, v->tag), .value = v->simple_value};
	return true;
}

/* *first: behind the version; 0: the file does not begin with it. */
static void read_all(struct arena *a, const uint8_t *file, size_t size, struct event **events, int *n, size_t *first)
{
	const uint8_t *data;
	size_t length, at = 0;
	int count = 0;
	while (record_read(file, size, &at, &data, &length))
		count++;
	*events = NEW_ARRAY(a, struct event, count);
	*n = 0;
	*first = at = 0;
	while (record_read(file, size, &at, &data, &length)) {
		Tensorflow__Event *event = tensorflow__event__unpack(NULL, length, data);
		if (!event)
			break;
		if (event->file_version && !*n && str_eq(event->file_version, version))
			*first = at;
		else if (take_scalar(a, event, &(*events)[*n]))
			(*events)[(*n)++].end = at;
		tensorflow__event__free_unpacked(event, NULL);
	}
}

enum status events_read(struct arena *a, const char *path, struct event **events, int *n, struct err *e)
{
	char *file = NULL;
	size_t size = 0, first;
	const enum status st = file_read(a, path, false, &file, &size, e);
	if (st == OK)
		read_all(a, (const uint8_t *)file, size, events, n, &first);
	return st;
}

const char *events_path(struct arena *a, const char *folder)
{
	const char *found = NULL;
	DIR *d = opendir(folder);
	for (struct dirent *entry; d && (entry = readdir(d));)
		if (str_starts(entry->d_name, prefix) && str_ends(entry->d_name, suffix) && (!found || strcmp(entry->d_name, found) < 0))
			found = arena_str(a, entry->d_name);
	if (d)
		closedir(d);
	return found ? path_join(a, folder, found) : NULL;
}

/* ---- the same rows as metrics.csv ---- */

struct have {
	int n;
	struct event *event;
	const struct event **sorted; /* by tag, step, place in the file */
	size_t first;                /* offset of the first scalar; 0: the file is none of ours, or damaged at once */
};

static int compare(const void *a, const void *b)
{
	const struct event *x = *(const struct event *const *)a, *y = *(const struct event *const *)b;
	const int tag = strcmp(x->tag, y->tag);
	if (tag || x->step != y->step)
		return tag ? tag : x->step < y->step ? -1 : 1;
	return x < y ? -1 : x > y;
}

static void have_read(struct arena *a, const char *path, struct have *h)
{
	char *file = NULL;
	size_t size = 0;
	*h = (struct have){0};
	if (!path || file_read(a, path, false, &file, &size, NULL) != OK)
		return;
	read_all(a, (const uint8_t *)file, size, &h->event, &h->n, &h->first);
	h->sorted = NEW_ARRAY(a, const struct event *, h->n);
	for (int i = 0; i < h->n; i++)
		h->sorted[i] = &h->event[i];
	qsort(h->sorted, (size_t)h->n, sizeof *h->sorted, compare);
}

static const struct event *have_find(const struct have *h, const char *tag, long step)
{
	int lo = 0, hi = h->n;
	while (lo < hi) {
		const int middle = lo + (hi - lo) / 2;
		const struct event *x = h->sorted[middle];
		const int order = strcmp(x->tag, tag);
		if (order < 0 || (order == 0 && x->step < step))
			lo = middle + 1;
		else
			hi = middle;
	}
	return lo < h->n && str_eq(h->sorted[lo]->tag, tag) && h->sorted[lo]->step == step ? h->sorted[lo] : NULL;
}

static bool same(const struct event *x, const char *tag, const struct metric_row *r)
{
	const float value = (float)r->value;
	return str_eq(x->tag, tag) && x->step == r->step && memcmp(&value, &x->value, sizeof value) == 0;
}

/* The rows are the beginning of what is there: the rest is cut off in place, so that who reads the file at the time keeps it. */
static bool is_beginning(struct arena *a, const struct have *h, const struct metric_row *rows, int n)
{
	bool is = h->first && n <= h->n;
	for (int i = 0; i < n && is; i++)
		is = same(&h->event[i], arena_printf(a, "%s/%s", rows[i].stage, rows[i].name), &rows[i]);
	return is;
}

static enum status write_rows(struct events *ev, struct arena *a, const struct have *h, const struct metric_row *rows, int n, struct err *e)
{
	struct file *f = NULL;
	const enum status st = file_create(&f, ev->path, e);
	if (st != OK)
		return st;
	double time = h->n ? h->event[0].time : now();
	write_version(ev, file_stream(f), time);
	for (int i = 0; i < n; i++) {
		const char *tag = arena_printf(a, "%s/%s", rows[i].stage, rows[i].name);
		const struct event *had = have_find(h, tag, rows[i].step);
		time = had ? had->time : time;
		write_scalar(ev, file_stream(f), time, tag, rows[i].step, rows[i].value);
	}
	return file_commit(f, e);
}

static enum status match(struct events *ev, struct arena *a, const struct have *h, const struct metric_row *rows, int n, struct err *e)
{
	if (!is_beginning(a, h, rows, n))
		return write_rows(ev, a, h, rows, n, e);
	if (truncate(ev->path, (off_t)(n ? h->event[n - 1].end : h->first)) != 0)
		return err_env(e, "can't cut '%s': %s", ev->path, strerror(errno));
	return OK;
}

enum status events_open(const char *folder, const struct metric_row *rows, int n, struct events **out, struct err *e)
{
	struct arena *a = arena_open("events");
	struct events *ev = mem_resize(NULL, sizeof *ev);
	struct have h;
	const char *path = events_path(a, folder);
	have_read(a, path, &h);
	if (!path)
		path = arena_printf(a, "%s/%s%lld%s", folder, prefix, (long long)time(NULL), suffix);
	*ev = (struct events){.path = mem_resize(NULL, strlen(path) + 1)};
	memcpy(ev->path, path, strlen(path) + 1);
	enum status st = match(ev, a, &h, rows, n, e);
	if (st == OK) {
		ev->f = fopen(ev->path, "ae");
		if (!ev->f)
			st = err_env(e, "can't open '%s': %s", ev->path, strerror(errno));
	}
	arena_close(a);
	*out = st == OK ? ev : NULL;
	if (st != OK)
		events_close(ev, NULL);
	return st;
}

enum status events_close(struct events *ev, struct err *e)
{
	if (!ev)
		return OK;
	enum status st = OK;
	if (ev->f && fclose(ev->f) != 0)
		st = err_env(e, "can't write '%s': %s", ev->path, strerror(errno));
	mem_free(ev->path);
	mem_free(ev->buffer);
	mem_free(ev);
	return st;
}
