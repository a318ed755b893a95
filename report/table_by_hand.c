/* What the command line said of the runs in place of the file: nobody may take it for the file's. */
#include <string.h>

#include "report/table_int.h"

/* "data.batch=32" is in "data". */
static bool is_in(const char *set, const char *map)
{
	const size_t n = strlen(map);
	return str_starts(set, map) && (set[n] == '.' || set[n] == '=');
}

/* By the last name of its path. */
static bool is_neutral(const struct opt *rows, const char *set)
{
	const char *end = set + strcspn(set, "="), *name = end;
	while (name > set && name[-1] != '.')
		name--;
	for (const struct opt *o = rows; o && o->name; o++)
		if (strlen(o->name) == (size_t)(end - name) && !strncmp(o->name, name, (size_t)(end - name)))
			return o->flags & OPT_NEUTRAL;
	return false;
}

/* Where files lie, how a table looks and how often is saved change no result; which runs there are is the sweep's to tell. */
static bool changes_results(const struct table *t, const char *set)
{
	static const char *const others[] = {"name", "report", "table", "claims", "tuning", "timing", "vary", "arms"};
	const struct experiment *x = table_first(t);
	bool any = false;
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		any |= is_in(set, others[i]);
	if (is_in(set, "data"))
		any |= is_neutral(data_opts, set) || is_neutral(x->data->kind->opts, set);
	for (int i = 0; i < x->n_stage && is_in(set, "stages"); i++)
		any |= is_neutral(train_opts, set) || is_neutral(teacher_opts, set) || is_neutral(x->stage[i].kind->opts, set);
	return !any;
}

bool table_is_by_hand(const struct table *t)
{
	const struct sweep *s = t->sweep;
	bool any = t->otherwise;
	for (int i = 0; i < s->n_set; i++)
		any |= is_in(s->set[i], "vary") || changes_results(t, s->set[i]);
	return any;
}

/* Of runs that were left out nothing is in any row's counts. */
void table_by_hand_note(const struct table *t, FILE *f)
{
	const struct sweep *s = t->sweep;
	int n = 0;
	for (int i = 0; i < s->n_set; i++)
		if (changes_results(t, s->set[i]))
			fprintf(f, "%s --set %s", n++ ? "" : "MARKED: these are not the runs of the file as it stands; they were changed by", s->set[i]);
	if (n)
		fputs(".\n", f);
	if (s->chosen)
		fprintf(f, "MARKED: the runs were chosen by %s; others that the file varies are counted nowhere here.\n", s->chosen);
}
