#include "runs/safetensors.h"

#include "base/arena.h"
#include "base/file.h"
#include "base/json.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "tensors are written as they lie in memory");

enum { HEADER_ALIGN = 8 };

static size_t element_size(const struct st_tensor *t)
{
	return t->is_i64 ? sizeof(int64_t) : dtype_size(t->dtype);
}

static const char *dtype_text(const struct st_tensor *t)
{
	static const char *const text[DTYPE_COUNT] = {
		[F64] = "F64", [F32] = "F32", [BF16] = "BF16", [I32] = "I32", [U8] = "U8", [S8] = "I8",
	};
	return t->is_i64 ? "I64" : text[t->dtype];
}

static void check_tensors(const struct st_tensor *t, int n)
{
	for (int i = 0; i < n; i++) {
		BUG_IF((size_t)shape_count(&t[i].shape) * element_size(&t[i]) != t[i].bytes,
		       "'%s' %s of %s has %zu bytes", t[i].name, shape_str(&t[i].shape), dtype_text(&t[i]),
		       t[i].bytes);
		BUG_IF(str_eq(t[i].name, "__metadata__"), "a tensor can't be called '%s'", t[i].name);
		for (int k = 0; k < i; k++)
			BUG_IF(str_eq(t[i].name, t[k].name), "two tensors '%s'", t[i].name);
	}
}

/* The format allows no gaps, so wide elements come first: then each tensor lies at a multiple of its element size
   without padding. The header keeps the caller's order. */
static void place(const struct st_tensor *t, int n, size_t *begin, int *order)
{
	size_t at = 0;
	int placed = 0;
	for (size_t size = 8; size; size /= 2)
		for (int i = 0; i < n; i++)
			if (element_size(&t[i]) == size) {
				begin[i] = at;
				at += t[i].bytes;
				order[placed++] = i;
			}
}

static void add_meta(struct str *s, const struct st_meta *meta, int n)
{
	str_add(s, "\"__metadata__\":{");
	for (int i = 0; i < n; i++) {
		str_add(s, i ? "," : "");
		json_quote(s, meta[i].key);
		str_add(s, ":");
		json_quote(s, meta[i].value);
	}
	str_add(s, "}");
}

static void add_tensor(struct str *s, const struct st_tensor *t, size_t begin)
{
	json_quote(s, t->name);
	str_printf(s, ":{\"dtype\":\"%s\",\"shape\":[", dtype_text(t));
	for (int i = 0; i < t->shape.n_dim; i++)
		str_printf(s, i ? ",%d" : "%d", t->shape.d[i]);
	str_printf(s, "],\"data_offsets\":[%zu,%zu]}", begin, begin + t->bytes);
}

static void header_build(struct str *s, const struct st_tensor *t, int n, const size_t *begin,
                         const struct st_meta *meta, int n_meta)
{
	str_add(s, "{");
	if (n_meta)
		add_meta(s, meta, n_meta);
	for (int i = 0; i < n; i++) {
		str_add(s, i || n_meta ? "," : "");
		add_tensor(s, &t[i], begin[i]);
	}
	str_add(s, "}");
	while (s->len % HEADER_ALIGN)
		str_add(s, " ");
}

enum status st_write(const char *path, const struct st_tensor *t, int n, const struct st_meta *meta,
                     int n_meta, struct err *e)
{
	check_tensors(t, n);
	struct file *f;
	enum status st = file_create(&f, path, e);
	if (st != OK)
		return st;
	struct arena *a = arena_open("safetensors");
	size_t *begin = NEW_ARRAY(a, size_t, n);
	int *order = NEW_ARRAY(a, int, n);
	struct str header = {0};
	place(t, n, begin, order);
	header_build(&header, t, n, begin, meta, n_meta);
	const uint64_t len = header.len;
	file_write(f, &len, sizeof len);
	file_write(f, header.text, header.len);
	for (int i = 0; i < n; i++)
		file_write(f, t[order[i]].data, t[order[i]].bytes);
	st = file_commit(f, e);
	str_release(&header);
	arena_close(a);
	return st;
}

const struct st_tensor *st_find(const struct st_file *f, const char *name)
{
	for (int i = 0; i < f->n; i++)
		if (str_eq(f->tensor[i].name, name))
			return &f->tensor[i];
	return NULL;
}

const char *st_meta(const struct st_file *f, const char *key)
{
	for (int i = 0; i < f->n_meta; i++)
		if (str_eq(f->meta[i].key, key))
			return f->meta[i].value;
	return NULL;
}
