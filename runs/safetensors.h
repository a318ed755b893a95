/*
 * safetensors files: 8 bytes little-endian length of a JSON header, the header, the bytes. Written atomically; read with every
 * length, offset, overlap and type checked, so that a damaged or foreign file is named with the offset and nothing else happens.
 */
#ifndef RUNS_SAFETENSORS_H
#define RUNS_SAFETENSORS_H

#include "base/str.h"
#include "engine/params.h"

struct st_tensor {
	const char *name;
	enum dtype dtype; /* F64 F32 BF16 I32 U8 S8; F16 is read as F32; no meaning when is_i64 */
	bool is_i64;
	struct shape shape;
	const void *data;
	size_t bytes;
};

struct st_meta {
	const char *key, *value;
};

/* The header keeps the given order; the bytes lie by falling element size, so that all are aligned without gaps, which the
   format forbids. meta goes into __metadata__. */
enum status st_write(const char *path, const struct st_tensor *t, int n, const struct st_meta *meta, int n_meta, struct err *e);

struct st_file {
	const char *path;
	struct arena *arena;
	int n, n_meta;
	struct st_tensor *tensor; /* data points into the file's bytes, which live as long as the arena */
	struct st_meta *meta;
};

enum status st_read(struct arena *a, const char *path, struct st_file *f, struct err *e);
const struct st_tensor *st_find(const struct st_file *f, const char *name); /* NULL: none */
const char *st_meta(const struct st_file *f, const char *key);              /* NULL: none */

/* A network's parameters and states under their own names as F32 (num_batches_tracked as I64), with meta. Waits for the device. */
enum status weights_save(struct params *p, const char *path, const struct st_meta *meta, int n_meta, struct err *e);
/* Into a placed network: every name and shape must be there (num_batches_tracked may be missing), nothing else may be; F32, F64, BF16 (and F16) are taken.
   Errors name the file, the tensor and both shapes. Values that are not finite are refused. */
enum status weights_load(struct params *p, const char *path, struct err *e);
/* The same, or, from a file of a network with this one's stem and blocks and another head, all but the rows of block `head` and later, which
   keep what they hold. Such a file may have more, but nothing under a name whose first part ("layer1") is that of a row which is taken: then the
   block itself is another. *body: that it was so. The error is weights_load's. */
enum status weights_take(struct params *p, int head, const char *path, bool *body, struct err *e);
/* What such a file says under a key of its metadata, in the arena; NULL: nothing, or it can't be read. */
const char *weights_meta(struct arena *a, const char *path, const char *key);

#endif
