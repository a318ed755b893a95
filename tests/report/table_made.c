#include "tests/report/table_made.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/log.h"
#include "runs/predictions.h"

struct sweep *s;
struct table *t;
const char *program;

const char *file_of(const char *name, const char *text)
{
	const char *path = scratch_path(name);
	FILE *f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	ck_assert_int_eq(fclose(f), 0);
	return path;
}

static void open_with(const char *text, const struct sweep_options *o)
{
	log_set_level(LOG_ERROR);
	program = "limbeck 1";
	ck_ok(sweep_open(life, file_of("made.yaml", text), o, &s, &e));
	ck_ok(dir_make(o->out, &e));
	ck_ok(store_open(path_join(life, o->out, "limbeck.db"), &s->store, &e));
}

void open_sweep(const char *text, const char *budget)
{
	open_with(text, &(struct sweep_options){.out = scratch_path("out"), .budget = budget, .experiment = {.device = "cpu", .threads = 1}});
}

void open_sweep_set(const char *text, const char *const *set, int n)
{
	open_with(text, &(struct sweep_options){.out = scratch_path("out"), .experiment = {.device = "cpu", .threads = 1, .n_set = n, .set = set}});
}

static void predict(const char *path, const char *right)
{
	const int n = (int)strlen(right);
	int32_t *label = NEW_ARRAY(life, int32_t, n), *answer = NEW_ARRAY(life, int32_t, n);
	for (int i = 0; i < n; i++)
		answer[i] = right[i] != 'x';
	ck_ok(predictions_save(&(struct predictions){.n = n, .label = label, .answer = answer, .sample = label}, path, &e));
}

void leave(int item, const struct made *m)
{
	const struct stage *stage = s->item[item].stage;
	const char *folder = arena_printf(life, "%s/made-%d", s->out, item), *own = arena_printf(life, "%s/stages/%s", folder, stage->name);
	int64_t run, id;
	const struct store_run row = {.name = "made", .folder = folder, .config = "", .identity = folder, .program = program, .machine = "", .device = "cpu",
	                              .precision = "f32", .threads = 1};
	ck_ok(dir_make(own, &e));
	ck_ok(store_run_begin(s->store, &row, &run, &e));
	ck_ok(store_stage_begin(s->store, run, stage->name, stage->kind->name, stage->identity, &id, &e));
	const struct { const char *name; double value; } values[] = {{"test_top1", m->top1}, {"test_top1_best", m->top1 + 0.25}, {"time/total_seconds", m->seconds},
	                                                              {"time/alone", m->alone}, {"test_top5", m->top5}, {"train_top5_clean", 90}, {"test_top1_best_test", m->top1 + 1.5}};
	for (int i = 0; i < 6 + stage->train.watch_test; i++)
		ck_ok(store_metric(s->store, id, values[i].name, 1, 1, values[i].value, &e));
	for (int i = 0; i < 2 && !m->failed; i++) {
		const char *name = i ? "best" : "last", *path = arena_printf(life, "%s/%s.safetensors", own, name);
		FILE *f = fopen(path, "w");
		ck_assert_ptr_nonnull(f);
		fprintf(f, "weights of %d", item);
		ck_assert_int_eq(fclose(f), 0);
		ck_ok(store_artefact_put(s->store, id, stage->identity, name, path, &e));
	}
	if (m->right)
		predict(path_join(life, own, "test.safetensors"), m->right);
	if (m->right_best)
		predict(path_join(life, own, "test_best.safetensors"), m->right_best);
	ck_ok(store_stage_end(s->store, id, m->failed ? "failed" : "done", m->seconds, &e));
}

void leave_seeds(int n)
{
	leave(TEACH, &(struct made){.top1 = 80, .seconds = 9});
	for (int k = 0; k < n; k++) {
		leave(STAGES * k + KD, &(struct made){.top1 = 70 + k % 3 + (k + 1), .seconds = 2});
		leave(STAGES * k + LABELS, &(struct made){.top1 = 70 + k % 3, .seconds = 1});
	}
}

void by_epoch(int item, const char *name, int n, const double value[])
{
	int64_t id = 0;
	bool found = false;
	ck_ok(store_stage_done(s->store, s->item[item].stage->identity, &id, &found, &e));
	ck_assert(found);
	for (int i = 0; i < n; i++)
		ck_ok(store_metric(s->store, id, name, i + 1, i + 1, value[i], &e));
}

enum status make(const struct table_options *o)
{
	err_clear(&e);
	ck_ok(sweep_refresh(s, &e));
	ck_ok(sweep_failures(s, &e));
	return table_make(life, s, o, &t, &e);
}

const char *printed(enum grid_form form)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);
	ck_ok(table_print(t, f, form));
	fclose(f);
	const char *copy = arena_str(life, text);
	free(text);
	return copy;
}

const char *made(const struct table_options *o)
{
	ck_ok(make(o));
	return printed(GRID_TEXT);
}

const char *line(const char *text, const char *words)
{
	for (const char *p = text; p && *p; p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL)
		if (!strncmp(p, words, strlen(words))) {
			char *copy = arena_strn(life, p, strcspn(p, "\n")), *to = copy;
			for (const char *c = copy; *c; c++)
				if (*c != ' ' || (to > copy && to[-1] != ' '))
					*to++ = *c;
			while (to > copy && to[-1] == ' ')
				to--;
			*to = 0;
			return copy;
		}
	ck_abort_msg("no line '%s' in\n%s", words, text);
}

static void end(void)
{
	sweep_close(s);
	s = NULL;
}

Suite *table_suite(void)
{
	Suite *suite = suite_create("table");
	TCase *tc = life_case(suite, "table");
	tcase_add_checked_fixture(tc, NULL, end);
	table_add_cells(tc);
	table_add_claims(tc);
	table_add_marks(tc);
	table_add_paper(tc);
	table_add_points(tc);
	return suite;
}
