#include "runs/safetensors.h"

#include <limits.h>
#include <math.h>
#include <string.h>

#include "base/arena.h"

static int row_count(const struct params *p)
{
	return p->n_param + p->n_state;
}

/* Row i of the parameters and then the states. */
static const struct param *row_at(const struct params *p, int i, bool *is_state, int *index)
{
	*is_state = i >= p->n_param;
	*index = *is_state ? i - p->n_param : i;
	return *is_state ? &p->state[*index] : &p->param[*index];
}

static bool is_count(const struct param *row, bool is_state)
{
	return is_state && row->role == STATE_COUNT;
}

/* Room for the largest row. */
static double *value_room(struct arena *a, const struct params *p)
{
	int64_t most = 1;
	for (int i = 0; i < row_count(p); i++) {
		bool is_state;
		int index;
		const int64_t n = shape_count(&row_at(p, i, &is_state, &index)->shape);
		most = n > most ? n : most;
	}
	return NEW_ARRAY(a, double, most);
}

static enum status tensor_of_row(struct arena *a, struct params *p, int i, double *value, struct st_tensor *t,
                                 struct err *e)
{
	bool is_state;
	int index;
	const struct param *row = row_at(p, i, &is_state, &index);
	const int64_t n = shape_count(&row->shape);
	const enum status st = params_get(p, index, is_state, value, e);
	if (st != OK)
		return st;
	*t = (struct st_tensor){.name = row->name, .dtype = F32, .shape = row->shape};
	if (is_count(row, is_state)) {
		int64_t *count = NEW_ARRAY(a, int64_t, n);
		for (int64_t k = 0; k < n; k++)
			count[k] = llround(value[k]);
		t->is_i64 = true;
		t->data = count;
		t->bytes = (size_t)n * sizeof *count;
	} else {
		float *x = NEW_ARRAY(a, float, n);
		elements_from_f64(x, F32, value, n);
		t->data = x;
		t->bytes = (size_t)n * sizeof *x;
	}
	return OK;
}

enum status weights_save(struct params *p, const char *path, const struct st_meta *meta, int n_meta,
                         struct err *e)
{
	struct arena *a = arena_open("weights");
	const int n = row_count(p);
	struct st_tensor *t = NEW_ARRAY(a, struct st_tensor, n);
	double *value = value_room(a, p);
	enum status st = OK;
	for (int i = 0; i < n && st == OK; i++)
		st = tensor_of_row(a, p, i, value, &t[i], e);
	if (st == OK)
		st = st_write(path, t, n, meta, n_meta, e);
	arena_close(a);
	return st;
}

/* What the file has in place of the name, for people who gave the file of another network. */
static const char *instead(struct arena *a, const struct st_file *f, const char *name)
{
	const char **names = NEW_ARRAY(a, const char *, f->n), *near = NULL;
	for (int i = 0; i < f->n; i++) {
		names[i] = f->tensor[i].name;
		if (!near && str_ends(names[i], name)) /* "module.conv1.weight" */
			near = names[i];
	}
	if (!near)
		near = str_nearest(name, names, f->n);
	if (near)
		return arena_printf(a, "it has '%.80s'", near);
	return f->n ? arena_printf(a, "its first is '%.80s'", names[0]) : "it has none at all";
}

static enum status check_row(const struct params *p, const struct st_file *f, const struct param *row,
                             bool is_state, struct err *e)
{
	const struct where at = {.file = f->path};
	const bool count = is_count(row, is_state);
	const struct st_tensor *t = st_find(f, row->name);
	if (!t && count)
		return OK;
	if (!t)
		return err_user(e, at, "no tensor '%s' %s, which network '%s' needs; %s", row->name,
		                shape_str(&row->shape), p->name, instead(f->arena, f, row->name));
	if (count && shape_count(&t->shape) == shape_count(&row->shape))
		return t->is_i64 || t->dtype == F32 || t->dtype == F64 || t->dtype == I32
		               ? OK : err_user(e, at, "tensor '%s' is of %s, allowed i64, i32, f32, f64", t->name,
		                               dtype_name(t->dtype));
	if (!shape_eq(&t->shape, &row->shape))
		return err_user(e, at, "tensor '%s' has the shape %s, network '%s' needs %s", t->name,
		                shape_str(&t->shape), p->name, shape_str(&row->shape));
	if (t->is_i64 || (t->dtype != F32 && t->dtype != F64 && t->dtype != BF16))
		return err_user(e, at, "tensor '%s' is of %s, allowed f32, f64, bf16, f16", t->name,
		                t->is_i64 ? "i64" : dtype_name(t->dtype));
	return OK;
}

enum { NO_HEAD = INT_MAX };

/* All rows of blocks before head are in the file. */
static enum status check_rows(const struct params *p, int head, const struct st_file *f, struct err *e)
{
	enum status st = OK;
	for (int i = 0; i < row_count(p) && st == OK; i++) {
		bool is_state;
		int index;
		const struct param *row = row_at(p, i, &is_state, &index);
		if (row->block < head)
			st = check_row(p, f, row, is_state, e);
	}
	return st;
}

static enum status check_names(const struct params *p, const struct st_file *f, struct err *e)
{
	enum status st = check_rows(p, NO_HEAD, f, e);
	for (int i = 0; i < f->n && st == OK; i++) {
		bool is_state;
		if (params_find(p, f->tensor[i].name, &is_state) < 0)
			st = err_user(e, (struct where){.file = f->path},
			              "tensor '%.80s' %s has no place in network '%s'", f->tensor[i].name,
			              shape_str(&f->tensor[i].shape), p->name);
	}
	return st;
}

static int block_of(const struct params *p, const char *name)
{
	bool is_state;
	const int i = params_find(p, name, &is_state);
	return i < 0 ? NO_HEAD : is_state ? p->state[i].block : p->param[i].block;
}

/* "layer1.0.bn1.weight" and "layer1.0.conv1.weight" */
static bool same_first_part(const char *a, const char *b)
{
	const size_t n = strcspn(a, ".");
	return strcspn(b, ".") == n && strncmp(a, b, n) == 0;
}

/* Whether a name is of a part that rows before head are of. */
static bool is_of_body(const struct params *p, int head, const char *name)
{
	bool is = false;
	for (int i = 0; i < row_count(p) && !is; i++) {
		bool is_state;
		int index;
		const struct param *row = row_at(p, i, &is_state, &index);
		is = row->block < head && same_first_part(name, row->name);
	}
	return is;
}

/* Whether the file has the stem and the blocks, and what else it has is of other parts. */
static bool has_body(const struct params *p, int head, const struct st_file *f)
{
	bool has = check_rows(p, head, f, NULL) == OK;
	for (int i = 0; i < f->n && has; i++)
		has = block_of(p, f->tensor[i].name) < head || !is_of_body(p, head, f->tensor[i].name);
	return has;
}

static void values(const struct st_tensor *t, double *out)
{
	const int64_t n = shape_count(&t->shape);
	if (!t->is_i64) {
		elements_to_f64(out, t->data, t->dtype, n);
		return;
	}
	for (int64_t i = 0; i < n; i++)
		out[i] = (double)((const int64_t *)t->data)[i];
}

/* Also refuses what is finite in the file and would not be in the network. */
static enum status check_finite(const struct params *p, const struct st_file *f, const struct st_tensor *t,
                                double *value, struct err *e)
{
	const int64_t n = shape_count(&t->shape);
	values(t, value);
	for (int64_t i = 0; i < n; i++)
		if (!isfinite(p->dev->backend->wide == F32 ? (float)value[i] : value[i]))
			return err_env(e, "%s: tensor '%s': element %lld of %lld is %g, only finite values are taken",
			               f->path, t->name, (long long)i, (long long)n, value[i]);
	return OK;
}

static enum status put_rows(struct params *p, int head, const struct st_file *f, double *value, struct err *e)
{
	enum status st = OK;
	for (int i = 0; i < row_count(p) && st == OK; i++) {
		bool is_state;
		int index;
		const struct param *row = row_at(p, i, &is_state, &index);
		if (row->block >= head)
			continue;
		const struct st_tensor *t = st_find(f, row->name);
		if (t)
			values(t, value);
		for (int64_t k = 0; !t && k < shape_count(&row->shape); k++)
			value[k] = params_initial(p, index);
		st = params_put(p, index, is_state, value, e);
	}
	if (st == OK)
		st = device_wait(p->dev, e);
	return st;
}

/* Rows of blocks before head; everything is known to be right before the first value changes. */
static enum status put_file(struct arena *a, struct params *p, int head, const struct st_file *f, struct err *e)
{
	enum status st = OK;
	double *value = value_room(a, p);
	for (int i = 0; i < f->n && st == OK; i++)
		if (head == NO_HEAD || block_of(p, f->tensor[i].name) < head)
			st = check_finite(p, f, &f->tensor[i], value, e);
	return st == OK ? put_rows(p, head, f, value, e) : st;
}

enum status weights_load(struct params *p, const char *path, struct err *e)
{
	BUG_IF(!p->dev, "weights for network '%s', which has no memory yet", p->name);
	struct arena *a = arena_open("weights");
	struct st_file f;
	enum status st = st_read(a, path, &f, e);
	if (st == OK)
		st = check_names(p, &f, e);
	if (st == OK)
		st = put_file(a, p, NO_HEAD, &f, e);
	arena_close(a);
	return st;
}

enum status weights_take(struct params *p, int head, const char *path, bool *body, struct err *e)
{
	BUG_IF(!p->dev, "weights for network '%s', which has no memory yet", p->name);
	struct arena *a = arena_open("weights");
	struct st_file f;
	enum status st = st_read(a, path, &f, e);
	*body = false;
	if (st == OK && check_names(p, &f, NULL) != OK) {
		*body = has_body(p, head, &f);
		st = *body ? OK : check_names(p, &f, e);
	}
	if (st == OK)
		st = put_file(a, p, *body ? head : NO_HEAD, &f, e);
	arena_close(a);
	return st;
}

const char *weights_meta(struct arena *a, const char *path, const char *key)
{
	struct arena *own = arena_open("weights");
	struct st_file f;
	const char *text = st_read(own, path, &f, NULL) == OK ? st_meta(&f, key) : NULL;
	const char *copy = text ? arena_str(a, text) : NULL;
	arena_close(own);
	return copy;
}
