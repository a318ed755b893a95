#include "engine/plan_int.h"

#include "base/str.h"
#include "engine/rates.h"

/* Sums over some steps. */
struct print_sum {
	int n;
	double macs, bytes, seconds;
};

static void numbers(FILE *f, const struct plan *p, double macs, double bytes, double seconds)
{
	char ms[32] = "-";
	if (p->dev->rates)
		snprintf(ms, sizeof ms, "%.3f", 1e3 * seconds);
	fprintf(f, "%12.2f %10.3f %10s", macs / 1e6, bytes / (1 << 20), ms);
}

static void print_head(FILE *f)
{
	fprintf(f, "%5s  %-20s %-18s %-5s %12s %10s %10s  %-40s %s\n", "step", "op", "result", "type", "M mul-adds", "MiB moved", "ms, about", "value",
	        "kernel");
}

static void print_step(const struct plan *p, FILE *f, int i, struct print_sum *sum)
{
	const struct step *s = &p->step[i];
	const struct step_cost c = plan_step_cost(p, i);
	const struct tensor *t = s->n_out && s->out[0] >= 0 ? &p->value[s->out[0]].tensor : NULL;
	const double seconds = p->dev->rates ? rates_limit(p->dev->rates, &c) : 0;
	char op[64];
	snprintf(op, sizeof op, "%s%s", c.op, c.fuse & FUSE_RELU ? "+relu" : c.fuse & FUSE_MASK ? "+mask" : "");
	fprintf(f, "%5d  %-20s %-18s %-5s ", i, op, t ? shape_str(&t->shape) : "", t ? dtype_name(t->dtype) : "");
	numbers(f, p, c.macs, c.bytes, seconds);
	fprintf(f, "  %-40s %s\n", c.node->name, c.kernel);
	sum->n++;
	sum->macs += c.macs;
	sum->bytes += c.bytes;
	sum->seconds += seconds;
}

/* The gradient twice, weights and moments in and out. */
static struct step_cost update_cost(const struct plan *p, const struct optim *o)
{
	const int moments = o->conf.kind == OPTIM_SGD ? o->conf.momentum > 0 : 2;
	return (struct step_cost){.bytes = (4.0 + 2 * moments) * (double)o->size * (double)dtype_size(p->dev->backend->wide)};
}

/* What the end of a segment does: the check that all is finite and the update, over flat buffers. */
static void print_commit(const struct plan *p, FILE *f, int segment, struct print_sum *sum)
{
	static const char *const update[] = {[OPTIM_SGD] = "sgd", [OPTIM_ADAM] = "adam", [OPTIM_ADAMW] = "adamw"};
	const struct segment *s = segment < 0 ? NULL : &p->desc->segment[segment];
	for (int i = 0; s && i < s->n_optim; i++) {
		const struct optim *o = s->optim[i];
		const struct shape size = shape1((int)o->size);
		const struct step_cost c = update_cost(p, o);
		const double seconds = p->dev->rates ? rates_limit(p->dev->rates, &c) : 0;
		fprintf(f, "%5s  %-20s %-18s %-5s ", "", update[o->conf.kind], shape_str(&size), dtype_name(p->dev->backend->wide));
		numbers(f, p, 0, c.bytes, seconds);
		fprintf(f, "  %-40s\n", o->name);
		sum->n++;
		sum->bytes += c.bytes;
		sum->seconds += seconds;
	}
}

static void print_sum(const struct plan *p, FILE *f, struct print_sum *s)
{
	if (!s->n)
		return;
	char what[32];
	snprintf(what, sizeof what, "sum of %d", s->n);
	fprintf(f, "%5s  %-20s %-18s %-5s ", "", what, "", "");
	numbers(f, p, s->macs, s->bytes, s->seconds);
	fputc('\n', f);
	*s = (struct print_sum){0};
}

static void print_steps(const struct plan *p, FILE *f)
{
	struct print_sum sum = {0};
	int last = -1;
	print_head(f);
	for (int i = 0, s = -1; i < p->n_step; i++) {
		if (i == 0 && p->n_prologue)
			fprintf(f, "  once per version:\n");
		if (i >= p->n_prologue && p->step[i].segment != s) {
			print_commit(p, f, s, &sum);
			print_sum(p, f, &sum);
			s = p->step[i].segment;
			fprintf(f, "  segment '%s':\n", p->desc->segment[s].name);
		}
		print_step(p, f, i, &sum);
		last = s;
	}
	print_commit(p, f, last, &sum);
	print_sum(p, f, &sum);
}

struct plan_roof plan_roof(const struct plan *p)
{
	struct plan_roof roof = {0};
	for (int i = p->n_prologue; i < p->n_step; i++) {
		const struct step_cost c = plan_step_cost(p, i);
		roof.launches++;
		roof.seconds += rates_limit(p->dev->rates, &c);
	}
	for (int s = 0; s < p->desc->n_segment; s++)
		for (int i = 0; i < p->desc->segment[s].n_optim; i++) {
			const struct step_cost c = update_cost(p, p->desc->segment[s].optim[i]);
			roof.launches += 2; /* the check that all is finite, and the update */
			roof.seconds += rates_limit(p->dev->rates, &c);
		}
	return roof;
}

void plan_print(const struct plan *p, FILE *f, bool steps)
{
	char a[32], b[32];
	fprintf(f, "%d steps, %d before the first (once per version), %.1f M multiply-adds, workspace %s, own %s\n", p->n_step - p->n_prologue,
	        p->n_prologue, p->macs / 1e6, str_bytes(a, p->workspace_bytes), str_bytes(b, plan_own_bytes(p)));
	if (steps)
		print_steps(p, f);
}
