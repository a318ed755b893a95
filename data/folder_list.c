#include "data/folder_list.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/file.h"

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool is_dir(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Names in dir without the hidden ones, sorted; *names by mem_free. */
static enum status names_read(struct arena *a, const char *dir, struct where at, char ***names, int *n,
                              struct err *e)
{
	int cap = 0;
	void *items = NULL;
	*n = 0;
	*names = NULL;
	DIR *d = opendir(dir);
	if (!d && (errno == ENOENT || errno == ENOTDIR))
		return err_user(e, at, "'%s' is not a folder", dir);
	if (!d)
		return err_env(e, "open folder '%s': %s", dir, strerror(errno));
	errno = 0;
	for (const struct dirent *entry; (entry = readdir(d)); errno = 0) {
		if (entry->d_name[0] == '.')
			continue;
		mem_grow(&items, *n, &cap, sizeof(char *));
		((char **)items)[(*n)++] = arena_str(a, entry->d_name);
	}
	const int error = errno;
	closedir(d);
	if (error) {
		mem_free(items);
		return err_env(e, "read folder '%s': %s", dir, strerror(error));
	}
	if (*n)
		qsort(items, (size_t)*n, sizeof(char *), by_bytes);
	*names = items;
	return OK;
}

enum status folder_classes(struct arena *a, const char *dir, struct where at, struct class_list *c,
                           struct err *e)
{
	char **names;
	int n;
	const enum status st = names_read(a, dir, at, &names, &n, e);
	if (st != OK)
		return st;
	const char **name = NEW_ARRAY(a, const char *, n);
	c->n = 0;
	for (int i = 0; i < n; i++)
		if (is_dir(path_join(a, dir, names[i])))
			name[c->n++] = names[i];
	c->name = name;
	mem_free(names);
	if (!c->n)
		return err_user(e, at, "'%s' has no class folders", dir);
	return OK;
}

static bool ends_in(const char *name, const char *const endings[])
{
	const char *dot = strrchr(name, '.');
	for (int i = 0; dot && endings[i]; i++)
		if (!strcasecmp(dot, endings[i]))
			return true;
	return false;
}

bool picture_name(const char *name)
{
	return ends_in(name, (const char *const[]){".png", ".jpg", ".jpeg", NULL});
}

/* Pictures all the same, which whoever put them there wants to be read. */
static bool other_picture(const char *name)
{
	return ends_in(name, (const char *const[]){".bmp", ".tif", ".tiff", ".gif", ".webp", NULL});
}

static void list_add(struct file_list *f, char *name, int label)
{
	void *names = f->name, *labels = f->label;
	mem_grow(&names, f->n, &f->cap, sizeof *f->name);
	mem_grow(&labels, f->n, &f->label_cap, sizeof *f->label);
	f->name = names;
	f->label = labels;
	f->name[f->n] = name;
	f->label[f->n++] = label;
}

void file_list_release(struct file_list *f)
{
	mem_free(f->name);
	mem_free(f->label);
	*f = (struct file_list){0};
}

enum status folder_files(struct arena *a, const char *dir, const struct class_list *c, bool all_classes,
                         struct where at, struct file_list *f, struct err *e)
{
	for (int k = 0; k < c->n; k++) {
		char **names;
		int n;
		const char *class_dir = path_join(a, dir, c->name[k]);
		const int before = f->n;
		const enum status st = names_read(a, class_dir, at, &names, &n, e);
		if (st != OK)
			return st;
		const char *other = NULL;
		for (int i = 0; i < n; i++)
			if (picture_name(names[i])) {
				list_add(f, arena_printf(a, "%s/%s", c->name[k], names[i]), k);
			} else if (other_picture(names[i])) {
				other = names[i];
				f->other++;
				f->first_other = f->first_other ? f->first_other : path_join(a, class_dir, other);
			}
		mem_free(names);
		if (all_classes && f->n == before)
			return err_user(e, at, "class folder '%s' has no .png, .jpg or .jpeg files%s%s%s", class_dir, other ? ", but '" : "",
			                other ? other : "", other ? "': convert such, for instance by mogrify -format png" : "");
	}
	return f->n ? OK : err_user(e, at, "'%s' has no .png, .jpg or .jpeg files in its class folders", dir);
}

static bool has(const struct class_list *c, const char *name)
{
	for (int i = 0; i < c->n; i++)
		if (!strcmp(c->name[i], name))
			return true;
	return false;
}

/* Adds " 'a', 'b' and 3 more" of what a has and b lacks. Returns how many. */
static int missing(const struct class_list *a, const struct class_list *b, struct str *s)
{
	enum { SHOWN = 8 };
	int n = 0;
	for (int i = 0; i < a->n; i++)
		if (!has(b, a->name[i]) && n++ < SHOWN)
			str_printf(s, "%s '%s'", n > 1 ? "," : "", a->name[i]);
	if (n > SHOWN)
		str_printf(s, " and %d more", n - SHOWN);
	return n;
}

enum status classes_compare(const char *dir1, const struct class_list *c1, const char *dir2,
                            const struct class_list *c2, struct where at, struct err *e)
{
	struct str only1 = {0}, only2 = {0};
	const int n1 = missing(c1, c2, &only1), n2 = missing(c2, c1, &only2);
	enum status st = OK;
	if (n1)
		st = err_user(e, at, "class folders differ: '%s' lacks%s, which '%s' has", dir2, str_text(&only1),
		              dir1);
	if (n2)
		st = err_user(e, at, "class folders differ: '%s' lacks%s, which '%s' has", dir1, str_text(&only2),
		              dir2);
	str_release(&only1);
	str_release(&only2);
	return st;
}
