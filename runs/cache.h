/*
 * Rows of numbers by picture and view, in one file that runs and processes share: what a frozen teacher says of each view of each picture.
 *
 * The file is named by the hash of a text that says all that its rows depend on, so rows of another teacher, of other data or of another
 * normalisation are in another file. It is sparse: it has its full length from the start and takes room as it fills. Every row has a
 * checksum; one that is cut, damaged or half written counts as not there and is written again. Rows are read and written by pread and
 * pwrite, from and to the system's page cache: through a mapping, a full disk, a file that somebody cuts or a bad sector would be a signal
 * that ends the program (on tmpfs even a read of a hole takes a page). Several processes may write: equal keys have equal rows.
 *
 * Who has one open holds a shared lock on the file, so that `limbeck rm --unused` leaves it alone (cache_use.h).
 *
 * A cache saves time and is never worth a run: whatever can't be read or written is told once, and the caller computes.
 */
#ifndef RUNS_CACHE_H
#define RUNS_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

enum cache_type { CACHE_F16, CACHE_F32 };

struct cache_key {
	const char *text;      /* what the rows depend on, but for the shape below */
	int pictures, views, width;
	enum cache_type type;
};

struct cache;
/* Opens DIR/teacher-HASH.cache, made where it is not there; a file with another head is put in a new one's place, with a warning. Where that can't be,
   a warning says why, and *c is a cache that holds nothing; the status tells the same. In a folder that can't be written to, a file that is there is read. */
enum status cache_open(const char *dir, const struct cache_key *key, struct cache **c);
void cache_close(struct cache *c); /* NULL allowed */
const char *cache_path(const struct cache *c);
/* Bytes of the file when it is full, and those that are on the disk now. */
uint64_t cache_size(const struct cache_key *key);
uint64_t cache_used(const struct cache *c);

/* From time to time: a file that was cut is made as long again, with a warning. */
void cache_check(struct cache *c);
bool cache_writes(const struct cache *c); /* false: what is put is not kept */
/* The row as floats; false: it is not there. */
bool cache_get(const struct cache *c, int picture, int view, float *row);
/* Stores a row and changes it to what cache_get will give (f16 rounds). E_RUN where a finite number does not fit into f16. A write that fails is told
   once; the cache then stores nothing more, and the caller goes on without. */
enum status cache_put(struct cache *c, int picture, int view, float *row, struct err *e);

#endif
