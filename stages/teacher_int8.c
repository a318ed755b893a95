/* A teacher in int8: its scales, and what they cost in agreement with f32, said before anybody learns from it. */
#include <math.h>

#include "base/log.h"
#include "stages/teacher.h"

enum { LOOK_AT = 2000 }; /* pictures that agreement is measured on, at most */

struct reader {
	const struct data *data;
	int batch, total;
};

/* Training pictures as they are, spread over the whole set, which may be in order of its classes. */
static enum status read_batch(void *own, int k, uint8_t *out, struct err *e)
{
	const struct reader *r = own;
	const struct pictures *p = &r->data->info.train;
	const size_t bytes = (size_t)(p->C * p->H * p->W);
	enum status st = OK;
	for (int i = 0; i < r->batch && st == OK; i++) {
		const int64_t at = (int64_t)(k * r->batch + i) * r->data->n_train / r->total;
		st = p->read(p, r->data->train[at], out + (size_t)i * bytes, e);
	}
	return st;
}

static enum status find_scales(struct teacher *t, struct err *e)
{
	const struct data *d = t->x->data;
	const int batch = d->conf.batch < d->n_train ? d->conf.batch : d->n_train;
	struct reader r = {.data = d, .batch = batch, .total = batch * t->stage->teacher_conf.int8_batches};
	struct int8_pictures p = {.batch = batch, .n_batch = t->stage->teacher_conf.int8_batches, .read = read_batch, .own = &r};
	struct int8_scales *scales = NULL;
	for (int i = 0; i < 4; i++) {
		p.mean[i] = d->mean[i];
		p.std[i] = d->std[i];
	}
	const enum status st = int8_calibrate(t->arena, t->net, t->x->dev, t->precision, &p, &scales, e);
	for (int i = 0; st == OK && i < scales->n; i++)
		t->scales->scale[i] = scales->scale[i];
	return st;
}

/* ---- agreement ---- */

struct agreement {
	int n, same, right_f32, right_int8;
	double kl; /* of the f32 teacher's probabilities to the int8 one's, summed, in nats */
};

static int largest(const double *z, int K)
{
	int best = 0;
	for (int k = 1; k < K; k++)
		best = z[k] > z[best] ? k : best;
	return best;
}

static double log_sum(const double *z, int K)
{
	const double most = z[largest(z, K)];
	double sum = 0;
	for (int k = 0; k < K; k++)
		sum += exp(z[k] - most);
	return most + log(sum);
}

static void compare(struct agreement *a, const double *wide, const double *low, int K, int label)
{
	const double s_wide = log_sum(wide, K), s_low = log_sum(low, K);
	const int best = largest(wide, K), best_low = largest(low, K);
	for (int k = 0; k < K; k++)
		a->kl += exp(wide[k] - s_wide) * ((wide[k] - s_wide) - (low[k] - s_low));
	a->same += best == best_low;
	a->right_f32 += best == label;
	a->right_int8 += best_low == label;
	a->n++;
}

/* Both networks, planned for their logits alone; the workspaces are the caller's to free. */
struct both {
	struct forward f[2];
	void *workspace;
	size_t bytes;
	double *z[2];
	struct batch images;
};

static enum status both_open(const struct teacher *t, const struct teacher *wide, int n, struct arena *a, struct both *b, struct err *e)
{
	const struct teacher *const who[] = {wide, t};
	const bool wanted[TAP_COUNT] = {[TAP_LOGITS] = true};
	enum status st = OK;
	for (int i = 0; i < 2 && st == OK; i++) {
		st = forward_build(who[i], n, a, &b->f[i], e);
		if (st == OK)
			st = forward_plan(who[i], wanted, false, a, &b->f[i], e);
		if (st == OK && plan_workspace(b->f[i].plan) > b->bytes)
			b->bytes = plan_workspace(b->f[i].plan);
		b->z[i] = NEW_ARRAY(a, double, n * t->net->classes);
	}
	b->images = batch_new(a, t->x->data, n);
	if (st == OK)
		st = device_alloc(t->x->dev, b->bytes, &b->workspace, e);
	for (int i = 0; i < 2 && st == OK; i++)
		st = forward_prepare(&b->f[i], b->workspace, e);
	return st;
}

static enum status both_run(struct both *b, struct err *e)
{
	enum status st = OK;
	for (int i = 0; i < 2 && st == OK; i++) {
		st = forward_run(&b->f[i], &b->images, 0, e);
		if (st == OK)
			st = plan_get(b->f[i].plan, b->f[i].taps.logits, b->z[i], e);
	}
	return st;
}

/* On held-out pictures; where there are none on training pictures. Test pictures choose nothing. */
static enum status measure(const struct teacher *t, struct agreement *a, struct err *e)
{
	const struct data *d = t->x->data;
	const struct pictures *p = &d->info.train;
	const int *index = d->n_valid ? d->valid : d->train, all = d->n_valid ? d->n_valid : d->n_train;
	const int total = all < LOOK_AT ? all : LOOK_AT, n = d->conf.batch < total ? d->conf.batch : total, K = t->net->classes;
	struct arena *arena = arena_open("int8");
	struct teacher wide = *t;
	struct both b = {0};
	wide.scales = NULL;
	wide.precision = PRECISION_F32;
	enum status st = both_open(t, &wide, n, arena, &b, e);
	for (int at = 0; at < total && st == OK; at += n) {
		const int left = total - at < n ? total - at : n;
		b.images.n = left;
		for (int i = 0; i < left && st == OK; i++)
			st = batch_show(d, p, index[(int64_t)(at + i) * all / total], &b.images, i, e);
		if (st == OK)
			st = both_run(&b, e);
		for (int i = 0; i < left && st == OK; i++)
			compare(a, b.z[0] + i * K, b.z[1] + i * K, K, b.images.label[i]);
	}
	plan_release(b.f[0].plan);
	plan_release(b.f[1].plan);
	device_free(t->x->dev, b.workspace, b.bytes);
	arena_close(arena);
	return st;
}

enum status teacher_calibrate(struct teacher *t, struct err *e)
{
	const struct data *d = t->x->data;
	const double floor = t->stage->teacher_conf.int8_floor;
	struct agreement a = {0};
	enum status st = find_scales(t, e);
	if (st == OK)
		st = measure(t, &a, e);
	if (st != OK)
		return st;
	const double n = a.n, same = a.same / n;
	log_line(LOG_INFO, "teacher '%s' in int8: its answers are those of f32 on %.2f %% of %d %s pictures, KL %.3g nats; accuracy there %.2f %%, in f32 %.2f %%",
	         t->network, 100 * same, a.n, d->n_valid ? "held-out" : "training", a.kl / n, 100 * a.right_int8 / n, 100 * a.right_f32 / n);
	if (!device_int8_native(t->x->dev))
		log_line(LOG_WARN, "this machine or its oneDNN does not multiply bytes: int8 gives the same numbers here, and is slower than f32");
	if (same >= floor)
		return OK;
	return err_run(e, "the int8 teacher of stage '%s' answers as the f32 one on %.2f %% of pictures, below int8_floor (%g): use "
	               "'teacher_precision: bf16', more 'int8_batches', or a lower 'int8_floor'", t->stage->name, 100 * same, floor);
}
