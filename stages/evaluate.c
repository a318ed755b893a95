/* Accuracy of a frozen network over a part of the data; sums on the host in double. */
#include <math.h>
#include <string.h>

#include "engine/build.h"
#include "stages/stage.h"

enum { PART_COUNT = 3, TOP = 5 };

struct evaluator {
	struct data *data;
	struct device *dev;
	struct net *net;
	int n, K;
	struct graph *g;
	struct feed feed;
	struct node *logits;
	struct step_desc desc;
	struct segment segment;
	struct plan *plan;
	struct loader *loader[PART_COUNT];
	double *z;
	long *confusion;
	struct predictions *keep; /* NULL: only sums are wanted */
};

enum status evaluator_open(struct arena *a, struct data *d, struct net *net, struct device *dev, enum precision p, struct evaluator **out, struct err *e)
{
	struct evaluator *ev = NEW(a, struct evaluator);
	ev->data = d;
	ev->dev = dev;
	ev->net = net;
	ev->n = d->conf.eval_batch;
	ev->K = net->classes;
	ev->z = NEW_ARRAY(a, double, (size_t)ev->n * (size_t)ev->K);
	ev->confusion = NEW_ARRAY(a, long, (size_t)ev->K * (size_t)ev->K);
	ev->g = graph_new(a, e);
	struct node *x = feed_build(&ev->feed, ev->g, d, ev->n);
	ev->logits = model_apply(ev->g, net, 0, net_part_all(net), x, MODE_FROZEN, net->name, NULL);
	if (graph_status(ev->g) != OK)
		return graph_status(ev->g);
	ev->segment = (struct segment){.name = "evaluate", .every = 1};
	ev->desc = (struct step_desc){.g = ev->g, .precision = p, .n_segment = 1, .segment = &ev->segment, .n_keep = 1, .keep = &ev->logits};
	*out = ev;
	return plan_new(a, &ev->desc, dev, 1, &ev->plan, e);
}

size_t evaluator_workspace(const struct evaluator *ev)
{
	return plan_workspace(ev->plan);
}

size_t evaluator_own_bytes(const struct evaluator *ev)
{
	return plan_own_bytes(ev->plan);
}

enum status evaluator_prepare(struct evaluator *ev, void *workspace, struct err *e)
{
	feed_link(&ev->feed, ev->plan);
	return plan_prepare(ev->plan, workspace, e);
}

enum status evaluator_ready(struct evaluator *ev, enum part part, struct err *e)
{
	if (ev->loader[part] || data_count(ev->data, part) == 0)
		return OK;
	return loader_open(ev->data, part, VIEW_EVAL, 0, &ev->loader[part], e);
}

static void keep_one(struct evaluator *ev, const double *z, int label, int answer, int sample)
{
	struct predictions *p = ev->keep;
	p->label[p->n] = label;
	p->answer[p->n] = answer;
	p->sample[p->n] = sample;
	for (int k = 0; k < ev->K; k++)
		p->logits[(size_t)p->n * (size_t)ev->K + (size_t)k] = (float)z[k];
	p->n++;
}

/* Cross-entropy, rank of the label among the scores; a tie counts against the label only behind an earlier class. */
static void score_one(struct evaluator *ev, const double *z, int label, int sample, struct evaluation *out)
{
	double most = z[0], sum = 0;
	int best = 0, rank = 0;
	for (int k = 0; k < ev->K; k++) {
		if (z[k] > most) {
			most = z[k];
			best = k;
		}
		rank += z[k] > z[label] || (z[k] == z[label] && k < label);
	}
	for (int k = 0; k < ev->K; k++)
		sum += exp(z[k] - most);
	out->loss += log(sum) + most - z[label];
	out->top1 += best == label;
	out->top5 += rank < TOP;
	if (ev->keep)
		keep_one(ev, z, label, best, sample);
	ev->confusion[label * ev->K + best]++;
	out->n++;
}

static enum status run_batch(struct evaluator *ev, const struct batch *b, struct evaluation *out, struct err *e)
{
	feed_put(&ev->feed, ev->plan, b, 0);
	enum status st = plan_run(ev->plan, e);
	if (st == OK)
		st = plan_get(ev->plan, ev->logits, ev->z, e);
	for (int i = 0; i < b->n && st == OK; i++) {
		for (int k = 0; k < ev->K; k++)
			if (!isfinite(ev->z[i * ev->K + k]))
				return err_run(e, "'%s' gives a logit that is not finite for picture %d", ev->net->name, b->sample[i]);
		score_one(ev, ev->z + (size_t)i * (size_t)ev->K, b->label[i], b->sample[i], out);
	}
	return st;
}

enum status evaluator_run(struct evaluator *ev, enum part part, struct evaluation *out, struct err *e)
{
	*out = (struct evaluation){.classes = ev->K, .confusion = ev->confusion};
	memset(ev->confusion, 0, (size_t)ev->K * (size_t)ev->K * sizeof *ev->confusion);
	if (data_count(ev->data, part) == 0)
		return OK;
	enum status st = evaluator_ready(ev, part, e);
	if (st == OK)
		st = loader_start(ev->loader[part], 0, 0, e);
	double waited = 0;
	const struct batch *b = NULL;
	while (st == OK && (st = loader_next(ev->loader[part], &b, &waited, e)) == OK && b)
		st = run_batch(ev, b, out, e);
	const double n = (double)(out->n ? out->n : 1);
	out->loss /= n;
	out->top1 *= 100 / n;
	out->top5 = ev->K > TOP ? out->top5 * 100 / n : NAN;
	return st;
}

enum status evaluator_predict(struct evaluator *ev, enum part part, struct arena *a, struct predictions *p, struct evaluation *out, struct err *e)
{
	const int n = data_count(ev->data, part);
	*p = (struct predictions){.K = ev->K, .label = NEW_ARRAY(a, int32_t, n), .answer = NEW_ARRAY(a, int32_t, n), .sample = NEW_ARRAY(a, int32_t, n),
	                          .logits = NEW_ARRAY(a, float, (size_t)n * (size_t)ev->K)};
	ev->keep = p;
	const enum status st = evaluator_run(ev, part, out, e);
	ev->keep = NULL;
	return st;
}

void evaluator_close(struct evaluator *ev)
{
	if (!ev)
		return;
	for (int i = 0; i < PART_COUNT; i++)
		loader_close(ev->loader[i]);
	plan_release(ev->plan);
}
