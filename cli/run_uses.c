#include "cli/run_uses.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "cli/run_config.h"

static const struct where nowhere = {0};

static enum status stages_of(const struct overview_run *from, const struct overview_run *by, struct err *e)
{
	enum status st = OK;
	for (int i = 0; i < by->n_stage; i++) {
		const struct overview_stage *s = &by->stage[i];
		const char *name = "?";
		if (!s->reused || s->run != from->row.id)
			continue;
		for (int k = 0; k < from->n_stage; k++)
			if (from->stage[k].id == s->id)
				name = from->stage[k].name;
		st = err_user(e, nowhere, "'%s' is needed: its stage '%s' is stage '%s' of '%s', which did not train it again", from->base, name, s->name,
		              by->base);
	}
	return st;
}

static bool is_in(const char *path, const char *folder)
{
	char real[PATH_MAX], base[PATH_MAX];
	if (*path != '/' || !realpath(path, real) || !realpath(folder, base))
		return false;
	const size_t n = strlen(base);
	return str_starts(real, base) && real[n] == '/';
}

static enum status files_of(struct arena *a, const struct overview_run *from, const struct overview_run *by, struct err *e)
{
	struct config_value *v;
	int n;
	enum status st = OK;
	config_read(a, by->row.folder, &v, &n, NULL); /* what can't be read can't be run again either */
	for (int i = 0; i < n; i++)
		if (is_in(v[i].text, from->row.folder))
			st = err_user(e, nowhere, "'%s' is needed: %s of '%s' is '%s'", from->base, v[i].path, by->base, v[i].text);
	return st;
}

enum status run_uses(struct arena *a, const struct overview_run *runs, int n, const bool *removed, int k, struct err *e)
{
	enum status st = OK;
	for (int i = 0; i < n; i++) {
		if (removed[i] || str_eq(runs[i].state, "gone"))
			continue;
		const enum status stages = stages_of(&runs[k], &runs[i], e), files = files_of(a, &runs[k], &runs[i], e);
		st = stages != OK || files != OK ? E_USER : st;
	}
	return st;
}
