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
	print_head(f);
	for (int i = 0, s = -1; i < p->n_step; i++) {
		if (i == 0 && p->n_prologue)
			fprintf(f, "  once per version:\n");
		if (i >= p->n_prologue && p->step[i].segment != s) {
			s = p->step[i].segment;
			print_sum(p, f, &sum);
			fprintf(f, "  segment '%s':\n", p->desc->segment[s].name);
		}
		print_step(p, f, i, &sum);
	}
	print_sum(p, f, &sum);
}

void plan_print(const struct plan *p, FILE *f, bool steps)
{
	char a[32], b[32];
	fprintf(f, "%d steps, %d before the first (once per version), %.1f M multiply-adds, workspace %s, own %s\n", p->n_step - p->n_prologue,
	        p->n_prologue, p->macs / 1e6, str_bytes(a, p->workspace_bytes), str_bytes(b, plan_own_bytes(p)));
	if (steps)
		print_steps(p, f);
}
