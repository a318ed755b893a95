#include "engine/plan_profile.h"

#include <string.h>

#include "base/log.h"
#include "engine/plan_int.h"

int plan_steps(const struct plan *p)
{
	return p->n_step;
}

static double value_bytes(const struct plan *p, int v)
{
	return v < 0 ? 0 : (double)tensor_bytes(&p->value[v].tensor);
}

static double picked_bytes(const struct plan *p, const struct step *s)
{
	return (double)shape_count(&s->call->out[0]->type.shape) * (double)dtype_size(p->value[s->in[0]].tensor.dtype);
}

struct step_cost plan_step_cost(const struct plan *p, int step)
{
	const struct step *s = &p->step[step];
	if (s->kind == STEP_PACK)
		return (struct step_cost){.op = "pack", .kernel = "", .node = p->value[s->in[0]].node, .segment = s->segment,
		                          .bytes = value_bytes(p, s->in[0]) + (double)p->buffer[s->pack_to].bytes};
	struct step_cost c = {.op = s->call->op->name, .kernel = s->plan.name, .node = s->call->out[0], .call = s->call,
	                      .fuse = s->fuse, .segment = s->segment, .macs = s->call->op->macs ? s->call->op->macs(s->call) : 0};
	if (s->call->op->flags & OP_PICKS0)
		c.bytes -= value_bytes(p, s->in[0]) - picked_bytes(p, s);
	for (int i = 0; i < s->n_in; i++)
		c.bytes += s->pack[i] >= 0 ? (double)p->buffer[s->pack[i]].bytes : value_bytes(p, s->in[i]);
	for (int i = 0; i < MAX_OUT; i++)
		c.bytes += value_bytes(p, s->out[i]);
	return c;
}

struct plan_times plan_times_new(struct arena *a, const struct plan *p)
{
	return (struct plan_times){.step = NEW_ARRAY(a, double, p->n_step), .segment = NEW_ARRAY(a, double, p->desc->n_segment)};
}

void plan_lap(struct plan *p, double *place)
{
	struct plan_clock *c = p->clock;
	if (p->dev->backend->lap) {
		p->dev->backend->lap(p->dev->impl, place);
		return;
	}
	const enum status st = device_wait(p->dev, c->status == OK ? c->err : &(struct err){0});
	if (c->status == OK)
		c->status = st;
	const double now = time_now();
	*place += now - c->last;
	c->last = now;
}

enum status plan_profile(struct plan *p, struct plan_times *t, struct err *e)
{
	memset(t->step, 0, (size_t)p->n_step * sizeof *t->step);
	memset(t->segment, 0, (size_t)p->desc->n_segment * sizeof *t->segment);
	t->rest = 0;
	struct plan_clock c = {.times = t, .err = e};
	enum status st = device_wait(p->dev, e);
	if (st != OK)
		return st;
	c.last = time_now();
	if (p->dev->backend->lap)
		p->dev->backend->lap(p->dev->impl, NULL);
	p->clock = &c;
	st = plan_run(p, e);
	plan_lap(p, &t->rest);
	p->clock = NULL;
	if (st == OK)
		st = device_wait(p->dev, e);
	return c.status != OK ? c.status : st;
}
