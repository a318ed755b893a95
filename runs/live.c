#include "runs/live.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"

enum { QUIET_S = 600, HOST = 256 };

static void host_name(char host[HOST])
{
	if (gethostname(host, HOST))
		host[0] = 0;
	host[HOST - 1] = 0;
}

/* When the process was started, in ticks since the machine was: with the number it names one process and no later one. -1: no such process. */
static long long process_started(long pid)
{
	char path[64], line[1024];
	snprintf(path, sizeof path, "/proc/%ld/stat", pid);
	FILE *f = fopen(path, "re");
	if (!f)
		return -1;
	const size_t n = fread(line, 1, sizeof line - 1, f);
	fclose(f);
	line[n] = 0;
	/* the second field is the program's name, which may hold anything; the 22nd is the time */
	const char *at = strrchr(line, ')');
	if (at && (str_starts(at, ") Z") || str_starts(at, ") X")))
		return -1; /* it has ended, and nobody has asked how */
	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	return at ? strtoll(at, NULL, 10) : -1;
}

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- writing ---- */

static void add_stage(struct str *s, const struct live_stage *t)
{
	const struct { const char *key; double value; } row[] = {
		{"loss", t->loss}, {"accuracy", t->accuracy}, {"lr", t->lr}, {"images_per_s", t->images_per_s},
		{"wait_share", t->wait_share}, {"left_s", t->left_s},
	};
	str_add(s, "{\"stage\": ");
	json_quote(s, t->stage);
	str_add(s, ", \"lesson\": ");
	json_quote(s, t->lesson);
	str_printf(s, ", \"epoch\": %d, \"epochs\": %d, \"step\": %ld, \"steps\": %ld", t->epoch, t->epochs, t->step, t->steps);
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		str_printf(s, ", \"%s\": ", row[i].key);
		json_number(s, row[i].value);
	}
	str_add(s, "}");
}

static enum status put(const char *folder, const struct str *s, struct err *e)
{
	struct arena *a = arena_open("progress.json");
	const char *path = path_join(a, folder, "progress.json"), *tmp = arena_printf(a, "%s.tmp-%ld", path, (long)getpid());
	FILE *f = fopen(tmp, "we");
	bool good = f && fwrite(s->text, 1, s->len, f) == s->len;
	int error = good ? 0 : errno;
	if (f && fclose(f) != 0 && good) {
		good = false;
		error = errno;
	}
	if (good && rename(tmp, path) != 0) {
		good = false;
		error = errno;
	}
	if (!good && f)
		unlink(tmp);
	const enum status st = good ? OK : err_env(e, "can't write '%s': %s", path, strerror(error));
	arena_close(a);
	return st;
}

enum status live_write(const char *folder, const struct live_stage *stage, int n, size_t memory, struct err *e)
{
	struct str s = {0};
	char host[HOST];
	host_name(host);
	str_printf(&s, "{\"pid\": %ld, \"started\": %lld, \"host\": ", (long)getpid(), process_started((long)getpid()));
	json_quote(&s, host);
	str_printf(&s, ", \"time\": %.3f, \"memory\": %zu, \"stages\": [", now(), memory);
	for (int i = 0; i < n; i++) {
		str_add(&s, i ? ",\n " : "\n ");
		add_stage(&s, &stage[i]);
	}
	str_add(&s, "]}\n");
	const enum status st = put(folder, &s, e);
	str_release(&s);
	return st;
}

void live_remove(const char *folder)
{
	struct arena *a = arena_open("progress.json");
	unlink(path_join(a, folder, "progress.json"));
	arena_close(a);
}

/* ---- reading ---- */

static double get_real(struct json *object, const char *key)
{
	double x;
	return json_real(json_get(object, key), &x) ? x : NAN;
}

static int64_t get_int(struct json *object, const char *key)
{
	int64_t x;
	return json_int(json_get(object, key), &x) ? x : 0;
}

static const char *get_text(struct arena *a, struct json *object, const char *key)
{
	const char *t = json_text(json_get(object, key));
	return t ? arena_str(a, t) : "";
}

static void read_stages(struct arena *a, struct json *list, struct live *l)
{
	l->n_stage = json_size(list);
	l->stage = NEW_ARRAY(a, struct live_stage, l->n_stage);
	for (int i = 0; i < l->n_stage; i++) {
		struct json *s = json_at(list, i);
		l->stage[i] = (struct live_stage){
			.stage = get_text(a, s, "stage"), .lesson = get_text(a, s, "lesson"), .epoch = (int)get_int(s, "epoch"),
			.epochs = (int)get_int(s, "epochs"), .step = (long)get_int(s, "step"), .steps = (long)get_int(s, "steps"),
			.loss = get_real(s, "loss"), .accuracy = get_real(s, "accuracy"), .lr = get_real(s, "lr"),
			.images_per_s = get_real(s, "images_per_s"), .wait_share = get_real(s, "wait_share"), .left_s = get_real(s, "left_s"),
		};
	}
}

static bool at_work(struct json *root, const struct live *l)
{
	char host[HOST];
	host_name(host);
	const char *there = json_text(json_get(root, "host"));
	if (!there || !str_eq(there, host))
		return now() - l->time < QUIET_S;
	return l->pid > 0 && process_started(l->pid) == get_int(root, "started");
}

bool live_read(struct arena *a, const char *folder, struct live *l)
{
	const char *path = path_join(a, folder, "progress.json");
	struct json *root = NULL;
	char *text = NULL;
	size_t size = 0;
	*l = (struct live){0};
	if (file_read(a, path, false, &text, &size, NULL) != OK || json_parse(text, size, path, &root, NULL) != OK)
		return false;
	l->pid = (long)get_int(root, "pid");
	l->time = get_real(root, "time");
	l->memory = (size_t)get_int(root, "memory");
	read_stages(a, json_get(root, "stages"), l);
	const bool works = at_work(root, l);
	json_close(root);
	return works;
}
