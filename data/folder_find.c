/* What pictures there are: class folders, or lists that name them. */
#include "data/folder_int.h"

#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/log.h"
#include "base/str.h"
#include "data/list_file.h"

enum { TRAIN, VALID, TEST, PARTS };

/* One of 'train', 'valid' and 'test'. */
struct found {
	const char *option, *path; /* path NULL: not asked for */
	struct file_list files;    /* class folders */
	struct class_list classes;
	const struct list_file *list; /* NULL: it is a folder */
	const int *label;             /* [list->n] */
};

static int found_count(const struct found *f)
{
	return f->list ? f->list->n : f->files.n;
}

/* ---- class folders ---- */

static enum status find_in_folders(struct arena *a, struct found *part, struct where at, struct err *e)
{
	for (int k = 0; k < PARTS; k++) {
		struct found *f = &part[k];
		if (!f->path)
			continue;
		enum status st = folder_classes(a, f->path, at, &f->classes, e);
		if (st == OK && k != TRAIN)
			st = classes_compare(part[TRAIN].path, &part[TRAIN].classes, f->path, &f->classes, at, e);
		if (st != OK)
			return st;
	}
	for (int k = 0; k < PARTS; k++) {
		struct found *f = &part[k];
		const enum status st = f->path ? folder_files(a, f->path, &part[TRAIN].classes, k == TRAIN, at, &f->files, e) : OK;
		if (st != OK)
			return st;
		if (f->files.other)
			log_line(LOG_WARN, "'%s': %d pictures are neither PNG nor JPEG and left out; the first: '%s'; to convert such: "
			                   "mogrify -format png", f->path, f->files.other, f->files.first_other);
	}
	return OK;
}

/* ---- lists ---- */

static enum status find_in_lists(struct arena *a, const char *class_file, struct found *part, struct err *e)
{
	struct list_file *list = NEW_ARRAY(a, struct list_file, PARTS);
	int lists = 0;
	enum status st = OK;
	for (int k = 0; k < PARTS; k++) {
		if (!part[k].path)
			continue;
		const enum status one = list_read(a, part[k].path, &list[lists], e);
		st = st == OK ? one : st;
		part[k].list = &list[lists++];
	}
	if (st == OK)
		st = list_once(a, list, lists, e);
	struct class_list *c = &part[TRAIN].classes;
	if (st == OK && class_file)
		st = list_class_names(a, class_file, c, e);
	else if (st == OK)
		list_classes(a, part[TRAIN].list, c);
	if (st != OK)
		return st;
	for (int k = 0; k < PARTS; k++) {
		const struct list_file *l = part[k].list;
		if (!l)
			continue;
		int *label = NEW_ARRAY(a, int, l->n);
		const enum status one = list_labels(a, l, c, class_file != NULL, class_file ? class_file : part[TRAIN].path, label, e);
		st = st == OK ? one : st;
		part[k].label = label;
	}
	return st;
}

/* ---- the parts ---- */

/* Adds what was found to t; n pictures are there already. Names in messages and in the hash begin with what the part is, whatever
   its folder or list is called. */
static int part_add(const char *dir, const struct found *f, const struct class_list *c, struct arena *a, struct folder_part *t, int n)
{
	for (int i = 0; f->list && i < f->list->n; i++, n++) {
		const struct list_entry *entry = &f->list->entry[i];
		t->path[n] = path_join(a, dir, entry->path);
		t->shown[n] = arena_printf(a, "%s, line %d: %s", f->path, entry->line, entry->path);
		t->hashed[n] = arena_printf(a, "%s/%d/%s/%s", f->option, f->label[i], c->name[f->label[i]], entry->path);
		t->origin[n] = (struct origin){.list = f->path, .line = entry->line};
		t->label[n] = f->label[i];
	}
	for (int i = 0; !f->list && i < f->files.n; i++, n++) {
		t->path[n] = path_join(a, f->path, f->files.name[i]);
		t->shown[n] = t->hashed[n] = arena_printf(a, "%s/%s", f->option, f->files.name[i]);
		t->label[n] = f->files.label[i];
	}
	return n;
}

/* The part of f and, where there is one, of the held-out pictures behind it. */
static int part_fill(const char *dir, const struct found *f, const struct found *valid, const struct class_list *c, struct arena *a,
                     struct folder_part *t)
{
	const int all = found_count(f) + (valid ? found_count(valid) : 0);
	t->dir = f->path;
	t->path = NEW_ARRAY(a, const char *, all);
	t->shown = NEW_ARRAY(a, const char *, all);
	t->hashed = NEW_ARRAY(a, const char *, all);
	t->origin = NEW_ARRAY(a, struct origin, all);
	t->label = NEW_ARRAY(a, int32_t, all);
	int n = part_add(dir, f, c, a, t, 0);
	const int first = n;
	if (valid)
		n = part_add(dir, valid, c, a, t, n);
	for (int i = first; i < n; i++)
		t->origin[i].valid = true;
	t->held = (struct held){.file = t->shown, .per_file = 1};
	return n;
}

static bool is_list(const char *path)
{
	struct stat info;
	return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

/* All lists or all folders, as the training pictures are. */
static enum status same_kind(const struct found *part, bool lists, struct where at, struct err *e)
{
	for (int k = VALID; k < PARTS; k++) {
		if (!part[k].path || is_list(part[k].path) == lists)
			continue;
		if (lists)
			return err_user(e, at, "'train' is a list, but there is no list '%s' for '%s'", part[k].path, part[k].option);
		return err_user(e, at, "'%s' is a file, but '%s' is none: lists go with lists, folders with folders", part[k].path,
		                part[TRAIN].path);
	}
	return OK;
}

enum status folder_find(const struct folder_conf *c, struct folder_part *train, struct folder_part *test, struct where at,
                        struct arena *a, struct dataset_info *out, const char **class_file, struct err *e)
{
	struct found part[PARTS] = {
		{.option = "train", .path = path_join(a, c->dir, c->train)},
		{.option = "valid", .path = *c->valid ? path_join(a, c->dir, c->valid) : NULL},
		{.option = "test", .path = path_join(a, c->dir, c->test)},
	};
	const struct found *valid = part[VALID].path ? &part[VALID] : NULL;
	const bool lists = is_list(part[TRAIN].path);
	*class_file = lists && *c->classes ? path_join(a, c->dir, c->classes) : NULL;
	enum status st = same_kind(part, lists, at, e);
	if (st == OK && !lists && *c->classes)
		st = err_user(e, at, "'classes' goes with lists: class folders have names");
	if (st == OK)
		st = lists ? find_in_lists(a, *class_file, part, e) : find_in_folders(a, part, at, e);
	if (st == OK) {
		const struct class_list *classes = &part[TRAIN].classes;
		out->train.n = part_fill(c->dir, &part[TRAIN], valid, classes, a, train);
		out->test.n = part_fill(c->dir, &part[TEST], NULL, classes, a, test);
		out->classes = classes->n;
		out->class_name = classes->name;
	}
	for (int k = 0; k < PARTS; k++)
		file_list_release(&part[k].files);
	return st;
}
