#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "cli/bench_step.h"

/* ---- kernels: steps of the same work, together ---- */

enum { KERNELS = 20 };

struct kernel_row {
	char what[96]; /* "conv2d_dx+mask (64,64,32,32)" */
	const char *kernel;
	int n;
	struct cost_sum sum;
};

static void describe(const struct step_cost *c, char *buf, size_t n)
{
	const char *fused = c->fuse & FUSE_RELU ? "+relu" : c->fuse & FUSE_MASK ? "+mask" : "";
	const struct node *in = c->call && c->call->n_in ? c->call->in[0] : NULL;
	snprintf(buf, n, "%s%s %s%s%s", c->op, fused, in ? shape_str(&in->type.shape) : "", in ? " to " : "", shape_str(&c->node->type.shape));
}

static int dearer(const void *a, const void *b)
{
	const double x = ((const struct kernel_row *)a)->sum.s, y = ((const struct kernel_row *)b)->sum.s;
	return (x < y) - (x > y);
}

static void collect_plan(const struct made_plan *of, const double *kernel_s, struct kernel_row *row, int *n)
{
	struct plan *p = of->plan;
	for (int i = 0; i < plan_steps(p); i++) {
		const struct step_cost c = plan_step_cost(p, i);
		char what[sizeof row->what];
		int k = 0;
		if (c.segment < 0)
			continue;
		describe(&c, what, sizeof what);
		while (k < *n && (strcmp(row[k].what, what) != 0 || strcmp(row[k].kernel, c.kernel) != 0))
			k++;
		if (k == *n) {
			row[*n] = (struct kernel_row){.kernel = c.kernel};
			memcpy(row[(*n)++].what, what, sizeof what);
		}
		row[k].n += of->runs;
		row[k].sum.s += kernel_s[i];
		row[k].sum.macs += of->runs * c.macs;
		row[k].sum.bytes += of->runs * c.bytes;
	}
}

/* The rows, the dearest first; gives their number. */
static int collect(const struct step_result *r, struct kernel_row **row)
{
	const struct made *m = r->made;
	int n = 0, most = 0;
	for (int i = 0; i < m->n_plan; i++)
		most += plan_steps(m->plan[i].plan);
	*row = NEW_ARRAY(m->arena, struct kernel_row, most);
	for (int i = 0; i < m->n_plan; i++)
		collect_plan(&m->plan[i], r->kernel_s[i], *row, &n);
	qsort(*row, (size_t)n, sizeof **row, dearer);
	return n < KERNELS ? n : KERNELS;
}

static void print_sum(const char *name, const struct cost_sum *s, double all_s)
{
	printf("%9.3f %7.1f %10.2f %10.0f %10.1f %8.1f   %s\n", 1e3 * s->s, 100 * bench_ratio(s->s, all_s), s->macs / 1e9,
	       bench_ratio(2e-9 * s->macs, s->s), s->bytes / (1 << 20), bench_ratio(1e-9 * s->bytes, s->s), name);
}

static void print_head(const char *what)
{
	printf("\n%9s %7s %10s %10s %10s %8s   %s\n", "ms", "share %", "G mul-adds", "GFLOP/s", "MiB moved", "GB/s", what);
}

static void print_kernels(const struct step_result *r)
{
	struct kernel_row *row;
	const int n = collect(r, &row);
	print_head("the dearest kernels");
	for (int i = 0; i < n; i++) {
		char name[192];
		snprintf(name, sizeof name, "%3d x %s  %s", row[i].n, row[i].what, row[i].kernel);
		print_sum(name, &row[i].sum, r->all.s);
	}
}

/* ---- text ---- */

static void print_losses(const struct made *m)
{
	if (!m->conf.loss.n)
		printf(", 0.1 ce + 0.9 kd");
	for (int i = 0; i < m->conf.loss.n; i++)
		printf("%s%s", i ? " + " : ", ", m->conf.loss.word[i]);
}

static void print_teacher(const struct made_conf *c)
{
	if (!str_eq(c->teacher_precision, "same"))
		printf(", teacher in %s", c->teacher_precision);
	if (!str_eq(c->cache, "off"))
		printf(", every view in a cache of %s", c->cache);
	if (c->arms > 1)
		printf(", %d arms", c->arms);
}

void step_result_print(const struct step_result *r, bool kernels)
{
	const struct made *m = r->made;
	const struct made_conf *c = &m->conf;
	const double ms = r->ms[r->n / 2];
	printf("%s -> %s, batch %d, %dx%d, %d classes", c->teacher, c->student, c->batch, c->size, c->size, c->classes);
	print_losses(m);
	print_teacher(c);
	printf(", %s%s, %d threads, %s\n", precision_name(m->precision), c->any_order ? ", not deterministic" : "", m->x->dev->threads, m->x->dev->backend->version());
	printf("  step%s %.3f ms (quartiles %.3f and %.3f, %d steps), %.1f pictures/s\n", c->arms > 1 ? " of all arms" : "", ms, r->ms[r->n / 4], r->ms[3 * r->n / 4],
	       r->n, 1e3 * c->batch * c->arms / ms);
	printf("  first step %.3f s after the start, peak memory %.0f MiB", r->first_step_s, r->peak_mib);
	printf(r->device_mib > 0 ? ", on the GPU %.0f MiB\n" : "\n", r->device_mib);
	print_head("part");
	for (int p = 0; p < MADE_PARTS; p++)
		print_sum(made_part_name[p], &r->part[p], r->all.s);
	print_sum("all", &r->all, r->all.s);
	printf("\n  convolutions take %.1f %% of the step, at %.0f GFLOP/s; one of 3x3 and 64 channels alone runs at %.0f\n",
	       100 * bench_ratio(r->conv.s, r->all.s), bench_ratio(2e-9 * r->conv.macs, r->conv.s), 2e-9 * r->rates.conv);
	printf("  at that rate the arithmetic of the step would take %.3f ms, %.1f %% of what it took\n", 1e3 * r->limit_s,
	       100 * r->limit_s / (ms / 1e3));
	if (kernels)
		print_kernels(r);
}

/* ---- JSON ---- */

static void json_sum(const char *key, const struct cost_sum *s)
{
	printf("\"%s\": {\"ms\": %.4f, \"gmacs\": %.4f, \"mib\": %.2f}", key, 1e3 * s->s, s->macs / 1e9, s->bytes / (1 << 20));
}

static void json_kernels(const struct step_result *r)
{
	struct kernel_row *row;
	const int n = collect(r, &row);
	printf(", \"kernels\": [");
	for (int i = 0; i < n; i++) {
		struct str what = {0}, kernel = {0};
		json_quote(&what, row[i].what);
		json_quote(&kernel, row[i].kernel);
		printf("%s{\"what\": %s, \"kernel\": %s, \"n\": %d, ", i ? ", " : "", str_text(&what), str_text(&kernel), row[i].n);
		json_sum("cost", &row[i].sum);
		printf("}");
		str_release(&what);
		str_release(&kernel);
	}
	printf("]");
}

void step_result_json(const struct step_result *r, bool kernels)
{
	const struct made *m = r->made;
	const struct made_conf *c = &m->conf;
	const double ms = r->ms[r->n / 2];
	printf("{\"mode\": \"limbeck %s\", \"device\": \"%s\", \"deterministic\": %s, \"teacher_precision\": \"%s\", \"cache\": \"%s\", \"arms\": %d, \"teacher\": \"%s\", \"student\": \"%s\", \"batch\": %d, \"threads\": %d, ",
	       precision_name(m->precision), m->x->dev->backend->name, c->any_order ? "false" : "true", c->teacher_precision, c->cache, c->arms, c->teacher, c->student, c->batch, m->x->dev->threads);
	printf("\"step_ms\": %.4f, \"step_ms_q1\": %.4f, \"step_ms_q3\": %.4f, \"images_per_s\": %.1f, ", ms, r->ms[r->n / 4],
	       r->ms[3 * r->n / 4], 1e3 * c->batch * c->arms / ms);
	printf("\"first_step_s\": %.3f, \"peak_mib\": %.0f, \"device_mib\": %.0f, \"gmacs\": %.3f, \"parts\": {", r->first_step_s, r->peak_mib, r->device_mib, r->all.macs / 1e9);
	for (int p = 0; p < MADE_PARTS; p++) {
		json_sum(made_part_key[p], &r->part[p]);
		printf(p + 1 < MADE_PARTS ? ", " : "}, ");
	}
	json_sum("convolutions", &r->conv);
	printf(", \"conv_share\": %.4f, \"limit_gflops\": %.1f, \"limit_ms\": %.3f, \"limit_share\": %.4f", bench_ratio(r->conv.s, r->all.s),
	       2e-9 * r->rates.conv, 1e3 * r->limit_s, r->limit_s / (ms / 1e3));
	if (kernels)
		json_kernels(r);
	printf("}\n");
}
