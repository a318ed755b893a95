/* Files: written beside their name, synced and renamed, so that a reader never sees half of one. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/err.h"

struct file; /* one being written */

/* Opens PATH.tmp-PID; nothing is at PATH until file_commit, which flushes, syncs, renames and syncs the folder.
   A failed write is remembered and reported by file_commit; after any failure the temporary file is removed. */
enum status file_create(struct file **f, const char *path, struct err *e);
void file_write(struct file *f, const void *data, size_t n);
FILE *file_stream(struct file *f); /* for fprintf */
enum status file_commit(struct file *f, struct err *e); /* closes in every case */
void file_abandon(struct file *f); /* closes and removes; NULL is allowed */
enum status file_put(const char *path, const void *data, size_t n, struct err *e); /* all of that at once */

/* All of a file, terminated by a 0 that *size does not count. gunzips when gz is true. */
enum status file_read(struct arena *a, const char *path, bool gz, char **data, size_t *size, struct err *e);
bool file_exists(const char *path);
bool file_has_bytes(const char *path); /* it exists and is not empty */
enum status dir_make(const char *path, struct err *e); /* with parents; existing is fine; checks that it can be written */
char *path_join(struct arena *a, const char *dir, const char *name); /* name absolute: name */
enum status file_remove(const char *path, struct err *e); /* missing is fine */

#endif
