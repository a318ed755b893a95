/* Run: nothing is allocated or looked up here but when a value went bad. */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "engine/plan_int.h"

static void pack_end(struct plan *p)
{
	if (p->dev->backend->pack_end)
		p->dev->backend->pack_end(p->dev);
}

/* next: a pack is launched next, and this one may wait for it. */
static void launch_before(struct plan *p, struct step *s, bool next)
{
	const struct backend *b = p->dev->backend;
	if (s->kind == STEP_PACK) {
		b->pack(p->dev, s->kernel, p->step[s->pack_for].state, s->pack_in, &p->value[s->in[0]].tensor,
		        p->buffer[s->pack_to].mem);
		if (!next || p->clock)
			pack_end(p);
	} else {
		b->launch(p->dev->impl, s->kernel, &s->run);
	}
	if (p->clock)
		plan_lap(p, &p->clock->times->step[s - p->step]);
}

static void launch(struct plan *p, struct step *s)
{
	launch_before(p, s, false);
}

/* Gives the step behind what was launched, of those up to end. */
static int launch_from(struct plan *p, int at, int end)
{
	struct step *s = &p->step[at];
	if (s->together < 2) {
		launch_before(p, s, at + 1 < end && s[1].kind == STEP_PACK);
		return at + 1;
	}
	p->dev->backend->launch_many(p->dev->impl, s->kernel, s->runs, s->together);
	if (p->clock)
		plan_lap(p, &p->clock->times->step[at]);
	return at + s->together;
}

static uint64_t rows_version(const struct buffer *b)
{
	uint64_t sum = 1; /* above 0, which is never computed */
	for (int i = 0; i < b->n_source; i++)
		sum += b->source[i]->version;
	return sum;
}

static int next_stale(const struct plan *p, int i)
{
	while (i < p->n_prologue && !p->group_stale[p->step[i].group])
		i++;
	return i;
}

/* Derived weights are computed again when a row below them has moved since; those of other layers stay. */
void plan_prologue(struct plan *p)
{
	bool any = false;
	memset(p->group_stale, 0, (size_t)p->n_prologue * sizeof *p->group_stale);
	for (int i = 0; i < p->n_derived; i++) {
		const struct buffer *b = &p->buffer[p->derived[i]];
		if (b->derived->version != rows_version(b))
			any = p->group_stale[b->group] = true;
	}
	if (!any)
		return;
	int next = next_stale(p, 0);
	while (next < p->n_prologue) {
		struct step *s = &p->step[next];
		next = next_stale(p, next + 1);
		launch_before(p, s, next < p->n_prologue && p->step[next].kind == STEP_PACK);
		p->prologue_launches++;
	}
	for (int i = 0; i < p->n_derived; i++) {
		const struct buffer *b = &p->buffer[p->derived[i]];
		b->derived->version = rows_version(b);
	}
}

static void push_metrics(struct plan *p)
{
	for (int i = 0; i < p->desc->n_metric; i++) {
		const int v = p->metric_value[i];
		if (v < 0)
			continue;
		p->dev->backend->copy(p->dev->impl, (char *)p->metric + 8 * i, p->value[v].tensor.data, tensor_bytes(&p->value[v].tensor));
	}
}

static enum status read_ok(struct plan *p, int *ok, struct err *e)
{
	p->dev->backend->get(p->dev->impl, ok, p->ok, sizeof *ok);
	return device_wait(p->dev, e);
}

static bool tensor_finite(struct plan *p, const struct tensor *t, enum status *st, struct err *e)
{
	if (*st != OK || !t->data || !dtype_is_real(t->dtype))
		return true;
	int ok = 1;
	commit_begin(p);
	p->dev->backend->finite(p->dev->impl, t->data, t->dtype, shape_count(&t->shape), p->ok);
	*st = read_ok(p, &ok, e);
	return ok;
}

static bool has_name(const struct node *n)
{
	return n->call ? strcmp(n->name, n->call->op->name) != 0 : n->leaf != LEAF_CONST;
}

enum { SEARCHED = 512, NAMED = 256 };

/* The nearest parameter, state, input or named value that it was computed from, the first of several; NULL: none among so many. */
static const struct node *named_before(const struct node *n)
{
	const struct node *queue[SEARCHED] = {n};
	for (int at = 0, end = 1; at < end; at++) {
		if (at && has_name(queue[at]))
			return queue[at];
		for (int i = 0; queue[at]->call && i < queue[at]->call->n_in && end < SEARCHED; i++)
			if (queue[at]->call->in[i])
				queue[end++] = queue[at]->call->in[i];
	}
	return NULL;
}

/* "'student/logits'", or where nobody named it "'batch_norm' of 'student/block2.0.norm.weight'". */
static const char *describe(const struct node *n, char text[NAMED])
{
	const struct node *of = has_name(n) ? NULL : named_before(n);
	if (of)
		snprintf(text, NAMED, "'%s' of '%s'", n->name, of->name);
	else
		snprintf(text, NAMED, "'%s'", n->name);
	return text;
}

static enum status name_step(struct plan *p, const struct step *s, struct err *e)
{
	enum status st = OK;
	char text[NAMED];
	for (int k = 0; k < s->n_in; k++)
		if (s->in[k] >= 0 && p->value[s->in[k]].node->leaf != LEAF_NONE && !tensor_finite(p, &s->tin[k], &st, e))
			return err_run(e, "'%s' holds a value that is not finite", p->value[s->in[k]].node->name);
	for (int k = 0; k < MAX_OUT; k++)
		if (s->out[k] >= 0 && !tensor_finite(p, &s->tout[k], &st, e))
			return err_run(e, "a value of %s %s is not finite: the first to go bad, made by %s", describe(p->value[s->out[k]].node, text),
			               shape_str(&s->tout[k].shape), s->call->op->name);
	return st;
}

/* The same step again with a check after each kernel: nothing was committed, so it is the same. */
static enum status find_culprit(struct plan *p, struct err *e)
{
	enum status st = OK;
	int at = p->n_prologue, last = p->desc->n_segment - 1;
	while (last > 0 && !segment_active(p, last))
		last--;
	for (int s = 0; s < p->desc->n_segment && st == OK; s++) {
		for (; at < p->segment_end[s] && st == OK; at++) {
			launch(p, &p->step[at]);
			if (p->step[at].kind == STEP_KERNEL)
				st = name_step(p, &p->step[at], e);
		}
		if (st == OK && segment_active(p, s)) {
			commit_begin(p);
			commit_check(p, s);
			int ok;
			st = read_ok(p, &ok, e);
			if (st == OK && !ok)
				st = err_run(e, "a gradient of segment '%s' is not finite", p->desc->segment[s].name);
			else if (st == OK && s < last) /* there is no copy of what the last one moves */
				commit_move(p, s);
		}
	}
	commit_undo(p);
	if (st == OK)
		st = err_run(e, "a value was not finite, but not when the step was run again");
	return st;
}

/* All between the flags' setting and their reading: the device's work alone. */
static void run_body(struct plan *p)
{
	int at = p->n_prologue;
	for (int s = 0; s < p->desc->n_segment; s++) {
		while (at < p->segment_end[s])
			at = launch_from(p, at, p->segment_end[s]);
		if (!segment_active(p, s))
			continue;
		commit_check(p, s);
		commit_move(p, s);
		if (p->clock)
			plan_lap(p, &p->clock->times->segment[s]);
	}
	push_metrics(p);
}

/* A first update may differ in more than numbers (SGD's buffer starts as the gradient). */
bool plan_recordable(const struct plan *p)
{
	if (!p->dev->backend->replay || !p->ran || p->unrecorded || p->clock)
		return false;
	for (int s = 0; s < p->desc->n_segment; s++)
		for (int k = 0; segment_active(p, s) && k < p->desc->segment[s].n_optim; k++)
			if (p->desc->segment[s].optim[k]->steps == 0)
				return false;
	return true;
}

static void record(struct plan *p)
{
	const struct backend *b = p->dev->backend;
	struct err why = {0};
	enum status st = b->record_begin(p->dev->impl, &why);
	if (st == OK) {
		run_body(p);
		st = b->record_end(p->dev->impl, &p->record, &why);
	}
	p->unrecorded = st != OK;
	if (p->unrecorded)
		log_line(LOG_INFO, "%s; its steps are queued one by one", why.text);
}

void plan_body(struct plan *p)
{
	const bool at_once = plan_recordable(p);
	if (at_once && !p->record)
		record(p);
	if (at_once && p->record)
		p->dev->backend->replay(p->dev->impl, p->record);
	else
		run_body(p);
}

size_t plan_report_bytes(const struct plan *p)
{
	return 8 * (size_t)p->desc->n_metric + FLAG_BYTES;
}

static char *report_of(const struct plan *p)
{
	return (char *)p->stage + p->stage_bytes;
}

static enum status read_report(struct plan *p, int flag[FLAGS], struct err *e)
{
	p->dev->backend->get(p->dev->impl, report_of(p), p->metric, plan_report_bytes(p));
	const enum status st = device_wait(p->dev, e);
	memcpy(flag, report_of(p) + 8 * (size_t)p->desc->n_metric, FLAGS * sizeof *flag);
	p->read = st == OK;
	return st;
}

/* Then its flag stays good, and there is nothing to wait for. */
static bool checks_nothing(const struct plan *p)
{
	for (int s = 0; s < p->desc->n_segment; s++)
		if (segment_active(p, s) && p->desc->segment[s].n_optim)
			return false;
	return !p->n_root && !p->n_range;
}

enum status plan_run(struct plan *p, struct err *e)
{
	int flag[FLAGS];
	const bool unchecked = checks_nothing(p);
	plan_prologue(p);
	if (!unchecked)
		commit_begin(p);
	commit_ready(p);
	if (p->clock)
		plan_lap(p, &p->clock->times->rest);
	plan_body(p);
	p->skipped = p->read = false;
	if (unchecked) {
		p->ran = true;
		return OK;
	}
	const enum status st = read_report(p, flag, e);
	if (st != OK)
		return st;
	if (!flag[FLAG_OK]) {
		commit_undo(p);
		p->skipped = p->sound && flag[FLAG_SOUND] && commit_scale(p) && loss_scale_halve(p->desc->scale);
		return p->skipped ? OK : find_culprit(p, e);
	}
	commit_done(p);
	if (commit_scale(p))
		loss_scale_good(p->desc->scale);
	p->ran = true;
	return OK;
}

bool plan_skipped(const struct plan *p)
{
	return p->skipped;
}

static int leaf_value(const struct plan *p, const struct node *n)
{
	return p->node_value[n->id];
}

void plan_put(struct plan *p, const struct node *input, const void *host)
{
	const int v = leaf_value(p, input);
	if (v < 0)
		return; /* the active segments do not read it */
	const struct tensor *t = &p->value[v].tensor;
	const int64_t n = shape_count(&t->shape);
	const void *from = host;
	if (t->dtype == BF16 || t->dtype == F16) {
		for (int64_t i = 0; i < n; i++)
			((uint16_t *)p->stage)[i] = t->dtype == BF16 ? bf16_from_f32(((const float *)host)[i]) : f16_from_f32(((const float *)host)[i]);
		from = p->stage;
	} else if (t->dtype == F64) {
		for (int64_t i = 0; i < n; i++)
			((double *)p->stage)[i] = ((const float *)host)[i];
		from = p->stage;
	}
	p->dev->backend->put(p->dev->impl, t->data, from, tensor_bytes(t));
}

/* Where an input of integers lies, and the bytes of its first rows; NULL: nobody reads it. */
static void *first_rows(const struct plan *p, const struct node *input, int rows, size_t *bytes)
{
	const int v = leaf_value(p, input);
	if (v < 0)
		return NULL;
	const struct tensor *t = &p->value[v].tensor;
	BUG_IF(dtype_is_real(t->dtype) || rows > t->shape.d[0], "%d rows of %s %s", rows, dtype_name(t->dtype), shape_str(&t->shape));
	*bytes = tensor_bytes(t) / (size_t)t->shape.d[0] * (size_t)rows;
	return t->data;
}

void plan_put_rows(struct plan *p, const struct node *input, const void *host, int rows)
{
	size_t bytes;
	void *const to = first_rows(p, input, rows, &bytes);
	if (to)
		p->dev->backend->put(p->dev->impl, to, host, bytes);
}

void plan_copy_rows(struct plan *p, const struct node *input, const void *mem, int rows)
{
	size_t bytes;
	void *const to = first_rows(p, input, rows, &bytes);
	if (to)
		p->dev->backend->copy(p->dev->impl, to, mem, bytes);
}

void plan_put_f64(struct plan *p, const struct node *input, const double *host)
{
	const int v = leaf_value(p, input);
	if (v < 0)
		return;
	const struct tensor *t = &p->value[v].tensor;
	elements_from_f64(p->stage, t->dtype, host, shape_count(&t->shape));
	p->dev->backend->put(p->dev->impl, t->data, p->stage, tensor_bytes(t));
}

void plan_put_scalar(struct plan *p, const struct node *input, double value)
{
	plan_put_f64(p, input, &value);
}

void plan_report_metrics(const struct plan *p, const char *report, double *out)
{
	for (int i = 0; i < p->desc->n_metric; i++) {
		out[i] = __builtin_nan("");
		if (p->metric_value[i] >= 0)
			elements_to_f64(&out[i], report + 8 * i, p->value[p->metric_value[i]].tensor.dtype, 1);
	}
}

enum status plan_metrics(struct plan *p, double *out, struct err *e)
{
	int flag[FLAGS];
	const enum status st = p->read ? OK : read_report(p, flag, e);
	if (st == OK)
		plan_report_metrics(p, report_of(p), out);
	return st;
}

/* Memory order to logical order, for rank 4. */
static void to_logical(double *out, const double *in, const struct tensor *t)
{
	const int N = t->shape.d[0], C = t->shape.d[1], H = t->shape.d[2], W = t->shape.d[3];
	for (int n = 0; n < N; n++)
		for (int c = 0; c < C; c++)
			for (int h = 0; h < H; h++)
				for (int w = 0; w < W; w++)
					*out++ = in[n * t->stride[0] + c * t->stride[1] + h * t->stride[2] + w * t->stride[3]];
}

static int read_value(const struct plan *p, const struct node *n)
{
	for (int i = 0; i < p->desc->n_keep; i++)
		if (p->desc->keep[i] == n)
			return p->keep_value[i];
	for (int i = 0; i < p->desc->n_metric; i++)
		if (p->desc->metric[i] == n)
			return p->metric_value[i];
	return p->node_value[n->id];
}

enum status plan_get(struct plan *p, const struct node *n, double *out, struct err *e)
{
	const int v = read_value(p, n);
	BUG_IF(v < 0, "'%s' was not computed by this plan", n->name);
	const struct tensor *t = &p->value[v].tensor;
	const int64_t count = shape_count(&t->shape);
	void *raw = mem_new(tensor_bytes(t));
	double *flat = t->layout == CHANNELS_LAST && t->shape.n_dim == 4 ? mem_new((size_t)count * sizeof *flat) : out;
	if (!raw || !flat) {
		mem_free(raw);
		return err_nomem(e, "no memory to read '%s'", n->name);
	}
	p->dev->backend->get(p->dev->impl, raw, t->data, tensor_bytes(t));
	const enum status st = device_wait(p->dev, e);
	if (st == OK) {
		elements_to_f64(flat, raw, t->dtype, count);
		if (flat != out)
			to_logical(out, flat, t);
	}
	if (flat != out)
		mem_free(flat);
	mem_free(raw);
	return st;
}
