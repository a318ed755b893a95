/* What the kinds of data set share: pictures held in memory, moments of bytes, the hash of the files. */
#ifndef DATA_SOURCE_H
#define DATA_SOURCE_H

#include "data/dataset.h"

/* ---- held.c: pictures that lie in memory ---- */

/* The own of a struct pictures. Picture i is number i % per_file of file[i / per_file]. */
struct held {
	const uint8_t *pixels;   /* [n*H*W*C] */
	const char *const *file;
	int per_file;            /* 1: place gives the file's name alone */
};
enum status held_read(const struct pictures *p, int i, uint8_t *out, struct err *e);
const char *held_place(const struct pictures *p, int i, char *buf, size_t n);
size_t picture_bytes(const struct pictures *p);

/* Mean and standard deviation of bytes per channel, in 0..1; sums are integers, so exact. */
struct moments {
	uint64_t n, sum[4], square[4];
};
void moments_add(struct moments *m, const uint8_t *pixels, size_t n, int C); /* n pixels */
void moments_get(const struct moments *m, int C, float mean[4], float std[4]);

/* Class names "0", "1", ... */
const char *const *class_numbers(struct arena *a, int classes);
/* The lines of a file of class names, or NULL when there is none or it has another number of lines. */
const char *const *class_names_read(struct arena *a, const char *dir, const char *file, int classes);

/* ---- memory.c ---- */

/* d->info of a set whose kind and options are read and whose files are not here. false: nothing is known of it. */
bool data_recall(struct arena *a, struct data *d, struct data_memory *m);

/* ---- loader.c ---- */

/* Batches of so many bytes that a loader keeps in memory, the consumer's included: at most 512 MiB of them, but two at least. */
int loader_slots(size_t batch, int queue, int batches);

/* ---- hash.c ---- */

/* One file of a data set's content. name NULL: only the bytes count (so that one can say cat FILES |
   sha256sum); else the name, a 0 byte and the size as 8 bytes, lowest first, go before them. */
struct content {
	const char *path, *name;
};
/* SHA-256 of the files in the given order. What was computed before is found in a small file in the user's
   cache folder under size, times, inode and path of all of them. */
enum status content_hash(const struct content *files, int n, char hex[65], struct err *e);

#endif
