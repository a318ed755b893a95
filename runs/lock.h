/*
 * Who trains what, among processes on one store: a lock of the file system on DIR/locks/NAME. The kernel gives it back when its process
 * ends, however it ends, so nothing is ever stale.
 */
#ifndef RUNS_LOCK_H
#define RUNS_LOCK_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"

struct lock;

/* *l NULL: another process holds it. A folder that can't be written to is an error. */
enum status lock_try(struct arena *a, const char *dir, const char *name, struct lock **l, struct err *e);
/* Waits for whoever holds it, and says so once. what: for people. E_STOP once stop says so. */
enum status lock_wait(struct arena *a, const char *dir, const char *name, const char *what, bool (*stop)(void), struct lock **l, struct err *e);
void lock_release(struct lock *l); /* NULL allowed; removes the file */

#endif
