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

static void count(char *cell, double v)
{
	char a[32];
	snprintf(cell, CELL, "%s", isfinite(v) ? str_count(a, (long long)v) : "-");
}

static void fill(struct row *r, const struct experiment *x, const struct stage_result *s)
{
	char a[32];
	snprintf(r->cell[0], CELL, "%s", s->stage->name);
	snprintf(r->cell[1], CELL, "%s", s->stage->kind->name);
	snprintf(r->cell[2], CELL, "%s", s->stage->train.train);
	percent(r->cell[3], s->test_last);
	percent(r->cell[4], stage_imports(x, s->stage) ? NAN : s->test_best);
	percent(r->cell[5], s->teacher_test - s->test_last);
	count(r->cell[6], s->trained_max);
	if (s->whole > 0 && isfinite(s->trained_max)) {
		const size_t n = strlen(r->cell[6]);
		snprintf(r->cell[6] + n, CELL - n, " (%.0f %%)", 100 * s->trained_max / s->whole);
	}
	count(r->cell[7], s->images);
	if (s->failed)
		snprintf(r->cell[8], CELL, "failed");
	else
		snprintf(r->cell[8], CELL, "%s%s", isfinite(s->seconds) ? str_seconds(a, s->seconds) : "-",
	         s->reused ? " (trained before)" : "");
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

static bool is_distill(const struct stage_result *r)
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
			if (is_distill(r) && r->stage->seed_init == s->seed_init && str_eq(r->stage->train.train, s->train.train) &&
			    r->stage->train.epochs <= conf->polish_epochs && r->test_last > results[b].test_last)
				fprintf(f,
				        "'%s', %d epochs of distillation end to end, did better than '%s', whose polish alone\n"
				        "takes %d: here the passes over the blocks cost time and gained nothing.\n",
				        r->stage->name, r->stage->train.epochs, s->name, conf->polish_epochs);
		}
	}
}

/* A stage beside its control: the pair, and nothing that one pair can't say. */
static void print_controls(FILE *f, const struct experiment *x, const struct stage_result *results)
{
	for (int c = 1; c < x->n_stage; c++) {
		int s = c - 1;
		while (s > 0 && x->stage[s].is_copy)
			s--;
		if (x->stage[c].is_control && isfinite(results[c].test_last) && isfinite(results[s].test_last))
			fprintf(f, "'%s': test %.2f %% with its adversary, %.2f %% without, from the same initialisation. One pair is no verdict.\n", x->stage[s].name,
			        results[s].test_last, results[c].test_last);
	}
}

/* What ends a run of the main method is ours: it is printed beside the number that it makes. */
static void print_polish(FILE *f, const struct experiment *x)
{
	for (int i = 0; i < x->n_stage; i++) {
		const struct stage *s = &x->stage[i];
		const struct blocks_conf *c = s->conf;
		if (s->kind == &stage_blocks && c->polish_epochs > 0)
			fprintf(f, "'%s' ends in a polish: %d epochs end to end at learning rate %g, %g CE + %g tau^2 KL by the last teacher.\n", s->name,
			        c->polish_epochs, c->polish_lr, c->polish_ce, c->polish_kd);
	}
}

/* What may have seen the held-out pictures is not to be chosen by them. */
static void print_imported(FILE *f, const struct experiment *x, const struct stage_result *results)
{
	for (int i = 0; i < x->n_stage; i++)
		if (stage_imports(x, &x->stage[i]) && isfinite(results[i].test_best))
			fprintf(f, "MARKED: weights that '%s' begins or learns from come from a file and may have seen the held-out pictures: it has no 'best-rule', the last epoch "
			           "is its rule.\n", x->stage[i].name);
}

/* What nobody may take for a result. */
static void print_watched(FILE *f, const struct experiment *x, const struct stage_result *results)
{
	for (int i = 0; i < x->n_stage; i++)
		if (results[i].stage->train.watch_test && isfinite(results[i].best_on_test))
			fprintf(f, "MARKED: '%s' had %.2f %% at the epoch that did best on the test pictures: chosen on the test set, so too high.\n",
			        results[i].stage->name, results[i].best_on_test);
}

static void print_order(FILE *f, const struct experiment *x)
{
	if (x->any_order)
		fputs("MARKED: 'deterministic: false': steps may have summed in another order each time; trained again this gives other numbers.\n", f);
}

static void print_limits(FILE *f, const struct experiment *x, const struct stage_result *results)
{
	for (int i = 0; i < x->n_stage; i++)
		if (results[i].by_limit > 0)
			fprintf(f, "'%s': a teacher's phase was ended by its limit of epochs, before its temperature came to 1.\n", results[i].stage->name);
}

static void print_notes(FILE *f, const struct data *d)
{
	char a[32], b[32], c[32];
	fprintf(f,
	        "\nData: %s, %s training, %s held-out and %s test pictures.\n"
	        "Accuracies are top-1 on the test pictures, in percent.\n",
	        d->kind->name, str_count(a, d->n_train), str_count(b, d->n_valid), str_count(c, d->n_test));
	fputs("'test': weights of the last epoch. 'best-rule': ", f);
	if (d->n_valid)
		fputs("of the epoch that did best on the held-out pictures; the test pictures chose no epoch.\n", f);
	else
		fputs("nothing was held out, so there is none; the last epoch is the rule.\n", f);
	fputs("'gap': the last teacher's accuracy minus the student's. 'moved at most': parameters trained in a\n"
	      "step, adapters included, critics and other networks not, and their share of the whole network.\n", f);
}

/* How many stages are s for another seed of initialisation; s itself counts. */
static int count_seeds(const struct experiment *x, int s)
{
	int n = 1;
	while (s + n < x->n_stage && x->stage[s + n].is_copy)
		n++;
	return n;
}

/* Mean and standard deviation over the seeds of a stage. Gives whether any stage had several. */
static bool print_seeds(FILE *f, const struct experiment *x, const struct stage_result *results)
{
	bool any = false;
	for (int s = 0; s < x->n_stage; s++) {
		const int n = x->stage[s].is_copy ? 1 : count_seeds(x, s);
		double sum = 0, square = 0;
		if (n < 2)
			continue;
		for (int i = 0; i < n; i++)
			sum += results[s + i].test_last / n;
		for (int i = 0; i < n; i++)
			square += (results[s + i].test_last - sum) * (results[s + i].test_last - sum);
		fprintf(f, "%s'%s' over %d seeds of initial weights: test %.2f %%, standard deviation %.2f\n", any ? "" : "\n", x->stage[s].name, n, sum,
		        sqrt(square / (n - 1)));
		any = true;
	}
	if (any)
		fprintf(f, "Order and views of the pictures were the same for all of them (seed.data %llu), and so were held-out pictures and\n"
		           "teachers: the deviation is that of initial weights alone.\n", (unsigned long long)x->seed_data);
	return any;
}

static void print_title(FILE *f, const struct experiment *x)
{
	const struct conf *title = x->report ? conf_find(x->report, "title") : NULL;
	if (title && title->text && *title->text)
		fprintf(f, "%s\n\n", title->text);
}

void results_print(FILE *f, const struct experiment *x, const struct stage_result *results)
{
	struct row *rows = NEW_ARRAY(x->arena, struct row, x->n_stage);
	for (int i = 0; i < x->n_stage; i++)
		fill(&rows[i], x, &results[i]);
	print_title(f, x);
	print_rows(f, rows, x->n_stage);
	print_notes(f, x->data);
	print_polish(f, x);
	print_imported(f, x, results);
	print_watched(f, x, results);
	print_order(f, x);
	print_limits(f, x, results);
	print_polish_alone(f, x, results);
	print_controls(f, x, results);
	if (!print_seeds(f, x, results))
		fputs("One seed proves nothing: such differences are within what another seed may give; use several seeds\n"
		      "before believing a difference.\n", f);
}
