/* What is known of a data set whose files are not on this machine: a line of JSON for each place that pictures were trained from. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "data/source.h"

struct memory_line {
	const char *kind, *place, *hash;
	int classes, train, test, valid, C, H, W;
};

/* ---- names ---- */

/* The kind and its options that change the pictures. */
static const char *kind_text(struct arena *a, const struct data *d)
{
	struct str s = {0};
	str_printf(&s, "%s\n", d->kind->name);
	opts_canonical(d->kind->opts, d->kind_conf, &s);
	const char *text = arena_str(a, str_text(&s));
	str_release(&s);
	return text;
}

static const char *absolute(struct arena *a, const char *dir)
{
	char *real = realpath(dir, NULL), *here = real ? NULL : getcwd(NULL, 0);
	const char *text = real ? arena_str(a, real) : here ? path_join(a, here, dir) : dir;
	free(real);
	free(here);
	return text;
}

/* Options that only say where the files lie; *dir NULL: it has none. */
static const char *place_text(struct arena *a, const struct data *d, const char **dir)
{
	struct str s = {0};
	*dir = NULL;
	for (const struct opt *o = d->kind->opts; o->name; o++) {
		if (o->type != OPT_TEXT || !(o->flags & OPT_NEUTRAL))
			continue;
		const char *value;
		memcpy(&value, (const char *)d->kind_conf + o->offset, sizeof value);
		value = value ? value : "";
		if (str_eq(o->name, "dir"))
			*dir = value = absolute(a, value);
		str_printf(&s, "%s=%s\n", o->name, value);
	}
	const char *text = arena_str(a, str_text(&s));
	str_release(&s);
	return text;
}

/* ---- the file ---- */

static const struct { const char *key; size_t at; int least; } numbers[] = {
	{"classes", offsetof(struct memory_line, classes), 2}, {"train", offsetof(struct memory_line, train), 1},
	{"test", offsetof(struct memory_line, test), 0},       {"valid", offsetof(struct memory_line, valid), 0},
	{"channels", offsetof(struct memory_line, C), 1},      {"height", offsetof(struct memory_line, H), 1},
	{"width", offsetof(struct memory_line, W), 1},
};
enum { NUMBERS = sizeof numbers / sizeof *numbers };

static int *number_of(struct memory_line *l, int k)
{
	return (int *)(void *)((char *)l + numbers[k].at);
}

static const char *text_of(struct arena *a, struct json *root, const char *key)
{
	const char *text = json_text(json_get(root, key));
	return text ? arena_str(a, text) : NULL;
}

/* false: it is damaged, and is as if it were not there: a run writes it again. */
static bool line_read(struct arena *a, const char *text, size_t n, struct memory_line *l)
{
	struct json *root = NULL;
	bool good = json_parse(text, n, "", &root, NULL) == OK;
	if (!good)
		return false;
	*l = (struct memory_line){.kind = text_of(a, root, "kind"), .place = text_of(a, root, "place"), .hash = text_of(a, root, "sha256")};
	good = l->kind && l->place && l->hash && strlen(l->hash) == 64;
	for (int k = 0; k < NUMBERS && good; k++) {
		int64_t v = 0;
		good = json_int(json_get(root, numbers[k].key), &v) && v >= numbers[k].least && v <= INT32_MAX;
		*number_of(l, k) = (int)v;
	}
	json_close(root);
	return good && l->valid < l->train;
}

/* The last line of this kind and place. Without one, where the set is a published one, whose files are the same in every place (any_place): the
   last of its kind, unless two of them differ. */
static bool find_line(struct arena *a, const char *path, const char *kind, const char *place, bool any_place, struct memory_line *out)
{
	char *text = NULL;
	size_t size = 0;
	bool found = false, other = false, differ = false;
	struct memory_line of_other = {0};
	if (!file_exists(path) || file_read(a, path, false, &text, &size, NULL) != OK)
		return false;
	for (const char *at = text; *at;) {
		const size_t n = strcspn(at, "\n");
		struct memory_line l;
		if (line_read(a, at, n, &l) && str_eq(l.kind, kind)) {
			if (str_eq(l.place, place)) {
				*out = l;
				found = true;
			}
			differ |= other && !str_eq(l.hash, of_other.hash);
			of_other = l;
			other = true;
		}
		at += n + (at[n] == '\n');
	}
	if (!found && any_place && other && !differ)
		*out = of_other;
	return found || (any_place && other && !differ);
}

enum status data_remember(const struct data *d, const char *path, struct err *e)
{
	struct arena *a = arena_open("memory");
	const struct dataset_info *i = &d->info;
	const char *dir = NULL, *place = place_text(a, d, &dir), *kind = kind_text(a, d);
	const int value[NUMBERS] = {i->classes, i->train.n, i->test.n, i->n_valid, i->train.C, i->train.H, i->train.W};
	struct memory_line had;
	struct str s = {0};
	enum status st = OK;
	if (dir && !(find_line(a, path, kind, place, false, &had) && str_eq(had.hash, i->hash))) {
		str_add(&s, "{\"kind\": ");
		json_quote(&s, kind);
		str_add(&s, ", \"place\": ");
		json_quote(&s, place);
		str_printf(&s, ", \"sha256\": \"%s\"", i->hash);
		for (int k = 0; k < NUMBERS; k++)
			str_printf(&s, ", \"%s\": %d", numbers[k].key, value[k]);
		str_add(&s, "}\n");
		FILE *f = fopen(path, "a"); /* a line at once: several processes may add some */
		const bool written = f && fwrite(s.text, 1, s.len, f) == s.len;
		if (!f || fclose(f) != 0 || !written)
			st = err_env(e, "can't write '%s': %m", path);
	}
	str_release(&s);
	arena_close(a);
	return st;
}

/* ---- instead of the files ---- */

static void tell(struct arena *a, const struct data *d, const char *dir, struct data_memory *m, bool known)
{
	if (m->told && str_eq(m->told, dir))
		return;
	m->told = arena_str(a, dir);
	if (known)
		log_line(LOG_WARN, "the data set '%s' is not in '%s': what is known of it is from '%s'", d->kind->name, dir, m->path);
	else
		log_line(LOG_WARN, "the data set '%s' is not in '%s', and nothing was trained here: it is taken for the whole of it", d->kind->name, dir);
}

bool data_recall(struct arena *a, struct data *d, struct data_memory *m)
{
	const char *dir = NULL, *place = place_text(a, d, &dir), *kind = kind_text(a, d);
	const struct dataset_shape *w = d->kind->whole;
	struct memory_line l = {0};
	if (!dir)
		return false;
	const bool known = find_line(a, m->path, kind, place, w && !w->parts, &l);
	if (!known && (!w || !m->untouched))
		return false;
	if (!known)
		l = (struct memory_line){.hash = "unknown", .classes = w->classes, .train = w->n_train, .test = w->n_test, .C = w->C, .H = w->H, .W = w->W};
	tell(a, d, dir, m, known);
	d->away = true;
	d->info = (struct dataset_info){.classes = l.classes, .class_name = class_numbers(a, l.classes), .n_valid = l.valid,
	                                .train = {.n = l.train, .C = l.C, .H = l.H, .W = l.W}, .test = {.n = l.test, .C = l.C, .H = l.H, .W = l.W}};
	snprintf(d->info.hash, sizeof d->info.hash, "%s", l.hash);
	for (int c = 0; c < 4; c++)
		d->info.std[c] = 1;
	return true;
}
