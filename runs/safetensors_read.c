#include "runs/safetensors.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/json.h"

enum {
	HEADER_AT = 8,
	HEADER_MAX = 100000000, /* as in the format's own library */
	TENSORS_MAX = 20000,    /* far more than networks have; a file of garbage stays cheap to refuse */
	NAME_SHOWN = 80,
};

struct kind {
	const char *name;
	enum dtype dtype; /* of what is handed out */
	size_t size;      /* of an element in the file */
	bool is_i64, is_f16;
};

static const struct kind kinds[] = {
	{"F64", F64, 8, false, false}, {"F32", F32, 4, false, false}, {"F16", F32, 2, false, true},
	{"BF16", BF16, 2, false, false}, {"I64", I32, 8, true, false}, {"I32", I32, 4, false, false},
	{"U8", U8, 1, false, false}, {"I8", S8, 1, false, false},
};
#define KINDS "F64 F32 F16 BF16 I64 I32 U8 I8"

/* What is being read. data[0..n_data) are the bytes behind the header. */
struct reader {
	struct st_file *f;
	const char *header;
	size_t n_header, n_data;
	const char *data;
	const struct kind **kind; /* per tensor */
	struct err *e;
};

/* Where the header speaks of a name: a byte of the file. */
static size_t place_of(const struct reader *r, const char *name)
{
	struct str key = {0};
	json_quote(&key, name);
	str_add(&key, ":");
	const char *p = memmem(r->header, r->n_header, key.text, key.len);
	str_release(&key);
	return HEADER_AT + (p ? (size_t)(p - r->header) : 0);
}

/* "PATH: offset N: tensor 'NAME' " and what is wrong with it. */
static enum status bad_tensor(const struct reader *r, const char *name, const char *what)
{
	return err_env(r->e, "%s: offset %zu: tensor '%.*s' %s", r->f->path, place_of(r, name), NAME_SHOWN, name,
	               what);
}

static enum status bad_header(const struct reader *r, const char *what)
{
	return err_env(r->e, "%s: offset %d: %s", r->f->path, HEADER_AT, what);
}

/* Neither an object nor a text nor a number. */
static bool is_list(struct json *v)
{
	struct json *first;
	double x;
	return v && !json_text(v) && !json_real(v, &x) && !json_key(v, 0, &first);
}

static enum status read_kind(struct reader *r, int i, const char *name, struct json *v)
{
	const char *text = json_text(json_get(v, "dtype"));
	for (size_t k = 0; text && k < sizeof kinds / sizeof *kinds; k++)
		if (str_eq(text, kinds[k].name)) {
			r->kind[i] = &kinds[k];
			return OK;
		}
	if (!text)
		return bad_tensor(r, name, "has no 'dtype'");
	return err_env(r->e, "%s: offset %zu: tensor '%.*s' has the unknown dtype '%.20s', known: " KINDS,
	               r->f->path, place_of(r, name), NAME_SHOWN, name, text);
}

/* *bytes: what the shape needs in the file. */
static enum status read_shape(struct reader *r, int i, const char *name, struct json *v, int64_t *bytes)
{
	struct json *list = json_get(v, "shape");
	struct shape *s = &r->f->tensor[i].shape;
	if (!is_list(list))
		return bad_tensor(r, name, "has no list 'shape'");
	if (json_size(list) > MAX_DIM)
		return err_env(r->e, "%s: offset %zu: tensor '%.*s' has %d dimensions, allowed at most %d",
		               r->f->path, place_of(r, name), NAME_SHOWN, name, json_size(list), MAX_DIM);
	s->n_dim = json_size(list);
	*bytes = (int64_t)r->kind[i]->size;
	for (int k = 0; k < s->n_dim; k++) {
		int64_t d;
		if (!json_int(json_at(list, k), &d) || d < 1 || d > INT_MAX)
			return bad_tensor(r, name, "has a shape that is not made of numbers from 1 to 2147483647");
		if (__builtin_mul_overflow(*bytes, d, bytes))
			return bad_tensor(r, name, "has a shape that is larger than any file");
		s->d[k] = (int)d;
	}
	return OK;
}

static enum status read_tensor(struct reader *r, int i, const char *name, struct json *v)
{
	struct st_tensor *t = &r->f->tensor[i];
	struct json *offsets = json_get(v, "data_offsets");
	int64_t begin, end, bytes = 0;
	enum status st = read_kind(r, i, name, v);
	if (st == OK)
		st = read_shape(r, i, name, v, &bytes);
	if (st != OK)
		return st;
	if (json_size(offsets) != 2 || !json_int(json_at(offsets, 0), &begin) ||
	    !json_int(json_at(offsets, 1), &end))
		return bad_tensor(r, name, "has no 'data_offsets' of two numbers");
	if (begin < 0 || end < begin || (uint64_t)end > r->n_data)
		return err_env(r->e, "%s: offset %zu: tensor '%.*s' would lie at %lld to %lld of the %zu bytes of data",
		               r->f->path, place_of(r, name), NAME_SHOWN, name, (long long)begin, (long long)end,
		               r->n_data);
	if (end - begin != bytes)
		return err_env(r->e, "%s: offset %zu: tensor '%.*s' %s of %s needs %lld bytes but has %lld",
		               r->f->path, place_of(r, name), NAME_SHOWN, name, shape_str(&t->shape),
		               r->kind[i]->name, (long long)bytes, (long long)(end - begin));
	t->name = arena_str(r->f->arena, name);
	t->dtype = r->kind[i]->dtype;
	t->is_i64 = r->kind[i]->is_i64;
	t->data = r->data + begin;
	t->bytes = (size_t)bytes;
	return OK;
}

static enum status read_meta(struct reader *r, struct json *v)
{
	struct st_file *f = r->f;
	double x;
	if (json_text(v) || json_real(v, &x))
		return bad_header(r, "'__metadata__' is not an object of texts");
	const int n = json_size(v);
	if (n > TENSORS_MAX)
		return bad_header(r, "'__metadata__' has too many keys");
	f->meta = NEW_ARRAY(f->arena, struct st_meta, n);
	for (; f->n_meta < n; f->n_meta++) {
		struct json *value;
		const char *key = json_key(v, f->n_meta, &value);
		const char *text = key ? json_text(value) : NULL;
		if (!text)
			return bad_header(r, "'__metadata__' is not an object of texts");
		f->meta[f->n_meta] = (struct st_meta){arena_str(f->arena, key), arena_str(f->arena, text)};
	}
	return OK;
}

static enum status read_entries(struct reader *r, struct json *root)
{
	struct st_file *f = r->f;
	const int n = json_size(root);
	if (n > TENSORS_MAX)
		return err_env(r->e, "%s: offset %d: %d tensors, allowed at most %d", f->path, HEADER_AT, n,
		               TENSORS_MAX);
	f->tensor = NEW_ARRAY(f->arena, struct st_tensor, n);
	r->kind = NEW_ARRAY(f->arena, const struct kind *, n);
	enum status st = OK;
	for (int i = 0; i < n && st == OK; i++) {
		struct json *v;
		const char *name = json_key(root, i, &v);
		if (str_eq(name, "__metadata__")) {
			st = read_meta(r, v);
			continue;
		}
		st = read_tensor(r, f->n, name, v);
		f->n += st == OK;
	}
	return st;
}

static enum status read_header(struct reader *r)
{
	struct json *root;
	struct err why = {0};
	if (r->header[0] != '{')
		return bad_header(r,
		                  "the header is not a JSON object; this is no safetensors file, or it is damaged");
	enum status st = json_parse(r->header, r->n_header, "header", &root, &why);
	if (st == E_NOMEM)
		return err_nomem(r->e, "%s: %s", r->f->path, why.text);
	if (st != OK)
		return bad_header(r, why.text);
	st = read_entries(r, root);
	json_close(root);
	return st;
}

static int by_data(const void *a, const void *b)
{
	const struct st_tensor *const *x = a, *const *y = b;
	return ((*x)->data > (*y)->data) - ((*x)->data < (*y)->data);
}

/* Every byte belongs to one tensor. */
static enum status check_cover(const struct reader *r)
{
	const struct st_file *f = r->f;
	const struct st_tensor **sorted = NEW_ARRAY(f->arena, const struct st_tensor *, f->n);
	const size_t data_at = HEADER_AT + r->n_header;
	size_t at = 0;
	for (int i = 0; i < f->n; i++)
		sorted[i] = &f->tensor[i];
	if (f->n)
		qsort(sorted, (size_t)f->n, sizeof *sorted, by_data);
	for (int i = 0; i < f->n; i++) {
		const size_t begin = (size_t)((const char *)sorted[i]->data - r->data);
		if (begin < at)
			return err_env(r->e, "%s: offset %zu: tensors '%.*s' and '%.*s' overlap", f->path,
			               data_at + begin, NAME_SHOWN, sorted[i - 1]->name, NAME_SHOWN, sorted[i]->name);
		if (begin > at)
			return err_env(r->e, "%s: offset %zu: %zu bytes before tensor '%.*s' belong to no tensor",
			               f->path, data_at + at, begin - at, NAME_SHOWN, sorted[i]->name);
		at = begin + sorted[i]->bytes;
	}
	if (at < r->n_data)
		return err_env(r->e, "%s: offset %zu: %zu bytes behind the last tensor", f->path, data_at + at,
		               r->n_data - at);
	return OK;
}

/* F16 to F32; bytes that lie askew for their type (other writers' headers have any length) are copied. */
static void make_readable(struct reader *r)
{
	for (int i = 0; i < r->f->n; i++) {
		struct st_tensor *t = &r->f->tensor[i];
		const struct kind *k = r->kind[i];
		if (k->is_f16) {
			const int64_t n = shape_count(&t->shape);
			float *wide = NEW_ARRAY(r->f->arena, float, n);
			for (int64_t j = 0; j < n; j++) {
				uint16_t half;
				memcpy(&half, (const char *)t->data + 2 * j, sizeof half);
				wide[j] = f32_from_f16(half);
			}
			t->data = wide;
			t->bytes = (size_t)n * sizeof *wide;
		} else if ((uintptr_t)t->data % k->size) {
			t->data = memcpy(arena_alloc(r->f->arena, t->bytes), t->data, t->bytes);
		}
	}
}

static enum status open_bytes(struct reader *r, const char *bytes, size_t size)
{
	const char *path = r->f->path;
	uint64_t len;
	if (size < HEADER_AT)
		return err_env(r->e, "%s: offset 0: a file of %zu bytes is no safetensors file", path, size);
	if (!memcmp(bytes, "PK\3\4", 4))
		return err_env(r->e, "%s: offset 0: a zip archive, as PyTorch's .pth files are; no safetensors file",
		               path);
	memcpy(&len, bytes, sizeof len);
	if (len > HEADER_MAX)
		return err_env(r->e, "%s: offset 0: the header would have %llu bytes, allowed at most %d; this is no "
		               "safetensors file, or it is damaged", path, (unsigned long long)len, HEADER_MAX);
	if (len > size - HEADER_AT)
		return err_env(r->e, "%s: offset %zu: the file ends within its header of %llu bytes", path, size,
		               (unsigned long long)len);
	if (len < 2)
		return err_env(r->e, "%s: offset 0: the header is empty", path);
	r->header = bytes + HEADER_AT;
	r->n_header = (size_t)len;
	r->data = r->header + len;
	r->n_data = size - HEADER_AT - (size_t)len;
	return OK;
}

enum status st_read(struct arena *a, const char *path, struct st_file *f, struct err *e)
{
	char *bytes;
	size_t size;
	*f = (struct st_file){.path = arena_str(a, path), .arena = a};
	struct reader r = {.f = f, .e = e};
	enum status st = file_read(a, path, false, &bytes, &size, e);
	if (st == OK)
		st = open_bytes(&r, bytes, size);
	if (st == OK)
		st = read_header(&r);
	if (st == OK)
		st = check_cover(&r);
	if (st != OK) {
		f->n = f->n_meta = 0;
		return st;
	}
	make_readable(&r);
	return OK;
}
