/* What files a folder data set has: folder_list.c finds them, folder.c reads them. */
#ifndef DATA_FOLDER_LIST_H
#define DATA_FOLDER_LIST_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

/* The pictures of one part, sorted bytewise by class and then by file name. */
struct file_list {
	int n, cap;
	char **name;   /* "cat/001.png" */
	int *label;
	int label_cap;
	int other;            /* files of pictures that are not read, such as .bmp: left out */
	const char *first_other;
};

struct class_list {
	int n;
	const char *const *name; /* sorted bytewise */
};

/* Whether a file so named is taken for a picture: it ends in .png, .jpg or .jpeg, in capitals or not. */
bool picture_name(const char *name);
/* The sub-folders of dir. */
enum status folder_classes(struct arena *a, const char *dir, struct where at, struct class_list *c,
                           struct err *e);
/* The pictures of the class folders. An empty class is an error if all must have some. */
enum status folder_files(struct arena *a, const char *dir, const struct class_list *c, bool all_classes,
                         struct where at, struct file_list *f, struct err *e);
void file_list_release(struct file_list *f);
/* An error that names what one has and the other lacks. */
enum status classes_compare(const char *dir1, const struct class_list *c1, const char *dir2,
                            const struct class_list *c2, struct where at, struct err *e);

#endif
