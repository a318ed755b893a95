/* Lists of pictures: text files of lines PATH LABEL. */
#ifndef DATA_LIST_FILE_H
#define DATA_LIST_FILE_H

#include <stdint.h>

#include "data/folder_list.h"

/*
 * A line is a path, a tab or blanks, and a label. A line with tabs is parted at its last one, so that a label may have blanks; else
 * it is parted at its last blank, so that a path may. Empty lines and lines that begin with # say nothing. Line ends of Windows, blanks
 * at both ends of a line and a byte order mark of UTF-8 are left out.
 */
struct list_entry {
	const char *path, *label;
	int line, col; /* of the label; both count from 1 */
};

struct list_file {
	const char *path; /* of the list itself */
	int n;
	const struct list_entry *entry; /* in the list's order */
};

/* ---- list_file.c: files ---- */

/* Errors: what is not text, a line without a label, a list of nothing; each with its line, at most LIST_ERRORS of them. */
enum { LIST_ERRORS = 10 };
enum status list_read(struct arena *a, const char *path, struct list_file *l, struct err *e);
/* A file of class names, one a line, in the order of their numbers. Errors: a name that is there twice, none at all. */
enum status list_class_names(struct arena *a, const char *path, struct class_list *c, struct err *e);

/* ---- list_class.c: what the entries mean ---- */

/* The different labels: by number if all are whole numbers without leading zeros, else bytewise. */
void list_classes(struct arena *a, const struct list_file *l, struct class_list *c);
const char *list_class_twice(struct arena *a, const struct class_list *c); /* a name that is there more than once, or NULL */
/* The class of each entry: a name in c or, where numbers is true and no class is called so, its number from 0. from: the file that
   the classes are from, for messages. Errors: a label that is neither. */
enum status list_labels(struct arena *a, const struct list_file *l, const struct class_list *c, bool numbers, const char *from,
                        int *label, struct err *e);
/* Errors: a path that is named twice, in one list or in two of them: such a picture would be counted twice, or tested on what it taught. */
enum status list_once(struct arena *a, const struct list_file *l, int lists, struct err *e);

#endif
