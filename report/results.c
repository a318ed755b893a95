#include "report/results.h"

#include <math.h>
#include <string.h>

#include "stages/blocks.h"

enum { COLUMNS = 9, CELL = 64 };

static const char *const head[COLUMNS] = {
	"stage", "kind", "network", "test %", "best-rule %", "gap", "moved at most (share)", "pictures", "time",
};

struct row {
	char cell[COLUMNS][CELL];
};

static void percent(char *cell, double v)
{
	snprintf(cell, CELL, isnan(v) ? "-" : "%.2f", v);
}

static void fill(struct row *r, const struct stage_result *s)
{
	char a[32];
	snprintf(r->cell[0], CELL, "%s", s->stage->name);
	snprintf(r->cell[1], CELL, "%s", s->stage->kind->name);
	snprintf(r->cell[2], CELL, "%s", s->stage->train.train);
	percent(r->cell[3], s->test_last);
	percent(r->cell[4], s->test_best);
	percent(r->cell[5], s->teacher_test - s->test_last);
	snprintf(r->cell[6], CELL, "%s (%.0f %%)", str_count(a, (long long)s->trained_max), 100 * s->trained_max / s->whole);
	snprintf(r->cell[7], CELL, "%s", str_count(a, (long long)s->images));
	snprintf(r->cell[8], CELL, "%s%s", str_seconds(a, s->seconds), s->reused ? " (trained before)" : "");
}

static void print_rows(FILE *f, const struct row *rows, int n)
{
	int width[COLUMNS];
	for (int c = 0; c < COLUMNS; c++) {
		width[c] = (int)strlen(head[c]);
		for (int i = 0; i < n; i++)
			if ((int)strlen(rows[i].cell[c]) > width[c])
				width[c] = (int)strlen(rows[i].cell[c]);
	}
	for (int i = -1; i < n; i++) {
		for (int c = 0; c < COLUMNS; c++) {
			const char *text = i < 0 ? head[c] : rows[i].cell[c];
			const bool left = c < 3 || c == COLUMNS - 1;
			fprintf(f, left ? "%s%-*s" : "%s%*s", c ? "  " : "", c == COLUMNS - 1 ? 0 : width[c], text);
		}
		fputc('\n', f);
	}
}

static bool is_kd(const struct stage_result *r)
{
	return str_eq(r->stage->kind->name, "distill");
}

/* A plain distillation that saw no more than the polish and did better is said, not hidden. */
static void print_polish_alone(FILE *f, const struct experiment *x, const struct stage_result *results)
{
	for (int b = 0; b < x->n_stage; b++) {
		const struct stage *s = results[b].stage;
		if (s->kind != &stage_blocks)
			continue;
		const struct blocks_conf *conf = s->conf;
		for (int d = 0; d < x->n_stage; d++) {
			const struct stage_result *r = &results[d];
			if (is_kd(r) && str_eq(r->stage->train.train, s->train.train) && r->stage->train.epochs <= conf->polish_epochs &&
			    r->test_last > results[b].test_last)
				fprintf(f, "'%s' (%d epochs of plain distillation) did better than '%s', whose polish alone takes %d: here the greedy "
				           "passes cost time and gained nothing.\n", r->stage->name, r->stage->train.epochs, s->name, conf->polish_epochs);
		}
	}
}

void results_print(FILE *f, const struct experiment *x, const struct stage_result *results)
{
	struct row *rows = NEW_ARRAY(x->arena, struct row, x->n_stage);
	for (int i = 0; i < x->n_stage; i++)
		fill(&rows[i], &results[i]);
	print_rows(f, rows, x->n_stage);
	const struct data *d = x->data;
	fprintf(f, "\nTop-1 accuracy on the %d test pictures, in percent. 'test': weights of the last epoch. ", d->n_test);
	if (d->n_valid)
		fprintf(f, "'best-rule': of the epoch that did best on %d training pictures held out.\n", d->n_valid);
	else
		fputs("'best-rule': nothing was held out, so it is the last epoch too.\n", f);
	fputs("'gap': the last teacher's test accuracy minus the student's. 'moved at most': parameters trained in a step, adapters included, "
	      "critics not; its share of the whole network.\n", f);
	print_polish_alone(f, x, results);
	fputs("One seed proves nothing: these differences are within what another seed may give. Repeat with several seeds before believing one.\n", f);
}
