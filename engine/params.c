#include "engine/params.h"

#include <string.h>

#include "base/arena.h"
#include "base/str.h"

enum { PARAM_ALIGN = 16 }; /* elements: a cache line of f32 */

struct params *params_new(struct arena *a, const char *name)
{
	struct params *p = NEW(a, struct params);
	p->arena = a;
	p->name = arena_str(a, name);
	return p;
}

static int row_add(struct arena *a, struct param **rows, int *n, int *cap, int64_t *size, struct param row)
{
	if (*n == *cap) {
		*cap = *cap ? *cap * 2 : 64;
		struct param *bigger = NEW_ARRAY(a, struct param, *cap);
		if (*n)
			memcpy(bigger, *rows, (size_t)*n * sizeof *bigger);
		*rows = bigger;
	}
	row.name = arena_str(a, row.name);
	row.offset = *size;
	*size += (shape_count(&row.shape) + PARAM_ALIGN - 1) / PARAM_ALIGN * PARAM_ALIGN;
	(*rows)[*n] = row;
	return (*n)++;
}

int params_add(struct params *p, struct param row)
{
	BUG_IF(p->dev, "parameter '%s' added to '%s' after its memory was placed", row.name, p->name);
	return row_add(p->arena, &p->param, &p->n_param, &p->cap_param, &p->param_size, row);
}

int params_add_state(struct params *p, struct param row, double initial)
{
	BUG_IF(p->dev, "state '%s' added to '%s' after its memory was placed", row.name, p->name);
	row.initial = initial;
	return row_add(p->arena, &p->state, &p->n_state, &p->cap_state, &p->state_size, row);
}

int params_find(const struct params *p, const char *name, bool *is_state)
{
	for (int i = 0; i < p->n_param; i++)
		if (str_eq(p->param[i].name, name)) {
			*is_state = false;
			return i;
		}
	for (int i = 0; i < p->n_state; i++)
		if (str_eq(p->state[i].name, name)) {
			*is_state = true;
			return i;
		}
	return -1;
}

int64_t params_count(const struct params *p)
{
	int64_t n = 0;
	for (int i = 0; i < p->n_param; i++)
		n += shape_count(&p->param[i].shape);
	return n;
}

void params_touch(struct params *p, bool is_state, int index)
{
	(is_state ? p->state : p->param)[index].version++;
}

static void touch_all(struct params *p, bool is_state)
{
	for (int i = 0; i < (is_state ? p->n_state : p->n_param); i++)
		params_touch(p, is_state, i);
}

static enum dtype wide(const struct params *p)
{
	BUG_IF(!p->dev, "network '%s' has no memory yet", p->name);
	return p->dev->backend->wide;
}

static const struct param *row_of(const struct params *p, bool is_state, int index)
{
	return is_state ? &p->state[index] : &p->param[index];
}

void *params_at(const struct params *p, bool is_state, int index)
{
	char *base = is_state ? p->state_data : p->param_data;
	return base + (size_t)row_of(p, is_state, index)->offset * dtype_size(wide(p));
}

double params_initial(const struct params *p, int state)
{
	return p->state[state].initial;
}

size_t params_bytes(const struct params *p, bool state)
{
	return (size_t)(state ? p->state_size : p->param_size) * dtype_size(wide(p));
}

enum status params_place(struct params *p, struct device *dev, struct err *e)
{
	BUG_IF(p->dev, "network '%s' placed twice", p->name);
	p->dev = dev;
	enum status st = device_alloc(dev, params_bytes(p, false), &p->param_data, e);
	if (st == OK)
		st = device_alloc(dev, params_bytes(p, true), &p->state_data, e);
	if (st != OK) {
		device_free(dev, p->param_data, params_bytes(p, false));
		p->param_data = NULL;
		p->dev = NULL;
		return st;
	}
	for (int i = 0; i < p->n_state; i++)
		if (p->state[i].initial != 0)
			dev->backend->fill(dev->impl, params_at(p, true, i), wide(p), p->state[i].initial,
			                   shape_count(&p->state[i].shape));
	touch_all(p, false);
	touch_all(p, true);
	return OK;
}

void params_release(struct params *p)
{
	if (!p->dev)
		return;
	BUG_IF(p->derived, "network '%s' released while a plan still holds a form of it", p->name);
	device_free(p->dev, p->param_data, params_bytes(p, false));
	device_free(p->dev, p->state_data, params_bytes(p, true));
	p->param_data = p->state_data = NULL;
	p->dev = NULL;
}

enum status params_get(struct params *p, int index, bool is_state, double *out, struct err *e)
{
	const int64_t n = shape_count(&row_of(p, is_state, index)->shape);
	const size_t size = (size_t)n * dtype_size(wide(p));
	void *raw = mem_new(size);
	if (!raw)
		return err_nomem(e, "no memory to read '%s'", row_of(p, is_state, index)->name);
	p->dev->backend->get(p->dev->impl, raw, params_at(p, is_state, index), size);
	const enum status st = device_wait(p->dev, e);
	if (st == OK)
		elements_to_f64(out, raw, wide(p), n);
	mem_free(raw);
	return st;
}

enum status params_put(struct params *p, int index, bool is_state, const double *in, struct err *e)
{
	const int64_t n = shape_count(&row_of(p, is_state, index)->shape);
	const size_t size = (size_t)n * dtype_size(wide(p));
	void *raw = mem_new(size);
	if (!raw)
		return err_nomem(e, "no memory to write '%s'", row_of(p, is_state, index)->name);
	elements_from_f64(raw, wide(p), in, n);
	p->dev->backend->put(p->dev->impl, params_at(p, is_state, index), raw, size);
	mem_free(raw);
	params_touch(p, is_state, index);
	return OK;
}

enum status params_read(struct params *p, bool state, void *host, struct err *e)
{
	p->dev->backend->get(p->dev->impl, host, state ? p->state_data : p->param_data, params_bytes(p, state));
	return device_wait(p->dev, e);
}

enum status params_write(struct params *p, bool state, const void *host, struct err *e)
{
	(void)e;
	p->dev->backend->put(p->dev->impl, state ? p->state_data : p->param_data, host, params_bytes(p, state));
	touch_all(p, state);
	return OK;
}

static enum status rows_match(const struct params *to, const struct params *from, bool state, struct err *e)
{
	const int n = state ? to->n_state : to->n_param, m = state ? from->n_state : from->n_param;
	for (int i = 0; i < n || i < m; i++) {
		const struct param *a = i < n ? row_of(to, state, i) : NULL, *b = i < m ? row_of(from, state, i) : NULL;
		if (!a || !b || !str_eq(a->name, b->name) || !shape_eq(&a->shape, &b->shape))
			return err_user(e, (struct where){0}, "'%s' can't take the weights of '%s': '%s' %s against '%s' %s", to->name,
			                from->name, a ? a->name : "nothing", a ? shape_str(&a->shape) : "",
			                b ? b->name : "nothing", b ? shape_str(&b->shape) : "");
	}
	return OK;
}

enum status params_copy(struct params *to, struct params *from, struct err *e)
{
	enum status st = rows_match(to, from, false, e);
	if (st == OK)
		st = rows_match(to, from, true, e);
	if (st != OK)
		return st;
	BUG_IF(device_root(to->dev) != device_root(from->dev), "copy between devices");
	to->dev->backend->copy(to->dev->impl, to->param_data, from->param_data, params_bytes(to, false));
	to->dev->backend->copy(to->dev->impl, to->state_data, from->state_data, params_bytes(to, true));
	touch_all(to, false);
	touch_all(to, true);
	return OK;
}
