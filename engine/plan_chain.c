#include "engine/plan_chain.h"

#include <string.h>

#include "engine/plan_int.h"

struct link {
	struct plan *plan;
	char *report;      /* memory that the device copies into */
	void *mark;
	double scale;      /* the loss scale before the step, for who takes it back */
	long scale_good;
};

struct chain {
	struct device *dev;
	int *flag;         /* device: whether all of the chain was good so far */
	char *reports;
	size_t report_bytes;
	struct link link[CHAIN_ROOM];
	long first, end;   /* counts; number n is link[n % CHAIN_ROOM] */
};

static void set_flag(const struct chain *c)
{
	const int yes = 1;
	c->dev->backend->put(c->dev->impl, c->flag, &yes, sizeof yes);
}

enum status chain_open(struct arena *a, struct device *dev, int metrics, struct chain **out, struct err *e)
{
	const struct backend *b = dev->backend;
	*out = NULL;
	if (!b->mark)
		return OK;
	struct chain *c = NEW(a, struct chain);
	c->dev = dev;
	c->report_bytes = 8 * (size_t)metrics + FLAG_BYTES;
	enum status st = device_alloc(dev, sizeof *c->flag, (void **)&c->flag, e);
	if (st == OK)
		st = b->host_alloc(dev->impl, CHAIN_ROOM * c->report_bytes, (void **)&c->reports, e);
	if (st != OK) {
		chain_close(c);
		return st;
	}
	for (int i = 0; i < CHAIN_ROOM; i++)
		c->link[i].report = c->reports + (size_t)i * c->report_bytes;
	set_flag(c);
	*out = c;
	return OK;
}

void chain_close(struct chain *c)
{
	struct err ignored = {0};
	if (!c)
		return;
	device_wait(c->dev, &ignored); /* reports may be on their way */
	for (int i = 0; i < CHAIN_ROOM; i++)
		c->dev->backend->mark_free(c->dev->impl, c->link[i].mark);
	c->dev->backend->host_free(c->dev->impl, c->reports);
	device_free(c->dev, c->flag, sizeof *c->flag);
}

bool chain_takes(const struct chain *c, const struct plan *p)
{
	return c && plan_recordable(p) && plan_report_bytes(p) <= c->report_bytes;
}

int chain_length(const struct chain *c)
{
	return c ? (int)(c->end - c->first) : 0;
}

static void begin(const struct chain *c, struct plan *p)
{
	const struct backend *b = c->dev->backend;
	for (int k = 0; k < FLAGS; k++)
		if (k == FLAG_OK || (k == FLAG_SOUND && p->sound) || (k == FLAG_BEGUN && p->n_backup))
			b->copy(c->dev->impl, p->ok + k, c->flag, sizeof *c->flag);
}

void chain_queue(struct chain *c, struct plan *p)
{
	const struct backend *b = c->dev->backend;
	struct link *l = &c->link[c->end % CHAIN_ROOM];
	struct loss_scale *scale = commit_scale(p);
	BUG_IF(chain_length(c) == CHAIN_ROOM || !chain_takes(c, p), "a step is queued that the chain can't take");
	l->plan = p;
	plan_prologue(p);
	begin(c, p);
	commit_ready(p);
	plan_body(p);
	b->copy(c->dev->impl, c->flag, p->ok, sizeof *c->flag);
	b->get(c->dev->impl, l->report, p->metric, plan_report_bytes(p));
	b->mark(c->dev->impl, &l->mark);
	c->end++;
	p->read = p->skipped = false;
	commit_done(p);
	if (scale) {
		l->scale = scale->value;
		l->scale_good = scale->good;
		loss_scale_good(scale);
	}
}

/* From the newest on, so that at last everything is as before the oldest. */
static void take_back(struct chain *c)
{
	while (c->end > c->first) {
		const struct link *l = &c->link[--c->end % CHAIN_ROOM];
		struct loss_scale *scale = commit_scale(l->plan);
		commit_not_done(l->plan);
		if (scale) {
			scale->value = l->scale;
			scale->good = l->scale_good;
		}
	}
}

enum status chain_take(struct chain *c, bool *good, double *metrics, struct err *e)
{
	const struct link *l = &c->link[c->first % CHAIN_ROOM];
	int flag[FLAGS];
	BUG_IF(!chain_length(c), "a step is taken that nobody queued");
	const enum status st = c->dev->backend->reach(c->dev->impl, l->mark, e);
	if (st != OK)
		return st;
	memcpy(flag, l->report + 8 * (size_t)l->plan->desc->n_metric, sizeof flag);
	*good = flag[FLAG_OK];
	if (*good) {
		plan_report_metrics(l->plan, l->report, metrics);
		c->first++;
		return OK;
	}
	commit_undo(l->plan);
	take_back(c);
	set_flag(c);
	return OK;
}
