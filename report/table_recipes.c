/*
 * What a result was trained on and how: results that differ in it share no column unmarked.
 *
 * Of a kind's own options those count that are lengths and rates, as an optimiser's are, between stages of that kind; not where a point varies them, for
 * its name is in the label. The others (losses, critics, what moves) are what arms are arms for: of these a hash tells whether an arm here is that of
 * another table.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/names.h"
#include "base/sha256.h"
#include "report/table_recipes_int.h"

enum { HASH = 8 /* letters of it that are shown */ };

void recipe_add(struct recipe *r, struct arena *a, const char *key, const char *value)
{
	const char **keys = NEW_ARRAY(a, const char *, r->n + 1), **values = NEW_ARRAY(a, const char *, r->n + 1);
	for (int i = 0; i < r->n; i++) {
		keys[i] = r->key[i];
		values[i] = r->value[i];
	}
	keys[r->n] = key;
	values[r->n++] = value;
	r->key = keys;
	r->value = values;
}

static bool is_of(const struct opt *rows, const char *name, const char *only)
{
	for (const struct opt *o = rows; o && o->name; o++)
		if (str_eq(o->name, name))
			return !(o->flags & OPT_NEUTRAL) && (!only || str_eq(name, only));
	return false;
}

/* From a run's config.yaml: "  name: value   # where it came from". */
void recipe_add_options(struct recipe *r, struct arena *a, const struct opt *rows, const void *conf, const struct conf *map, const char *only)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = rows ? open_memstream(&text, &n) : NULL;
	if (!f)
		return;
	opts_resolved(f, rows, conf, map, 0);
	fclose(f);
	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		const size_t colon = strcspn(line, ":\n"), end = strcspn(line, "\n");
		if (line[colon] != ':' || *line == ' ')
			continue;
		const char *name = arena_strn(a, line, colon), *from = line + colon + 1 + (line[colon + 1] == ' ');
		const char *whole = arena_strn(a, from, (size_t)(line + end - from)), *comment = strstr(whole, "   # ");
		if (is_of(rows, name, only))
			recipe_add(r, a, name, comment ? arena_strn(a, whole, (size_t)(comment - whole)) : whole);
	}
	free(text);
}

static struct recipe recipe_of(struct arena *a, const struct experiment *x, const struct stage *s)
{
	struct recipe r = {0};
	const struct data *d = x->data;
	const struct conf *data = conf_find(x->root, "data");
	recipe_add(&r, a, "data", arena_printf(a, "%s %.*s", d->kind->name, HASH, d->info.hash));
	recipe_add_options(&r, a, d->kind->opts, d->kind_conf, data, NULL);
	recipe_add_options(&r, a, data_opts, &d->conf, data, NULL);
	recipe_add(&r, a, "precision", precision_name(x->precision));
	recipe_add(&r, a, "deterministic", x->any_order ? "false" : "true");
	recipe_add_options(&r, a, train_opts, &s->train, s->map, "epochs");
	recipe_add_options(&r, a, optim_opts, &s->optim, s->map, NULL);
	recipe_add_options(&r, a, schedule_opts, &s->schedule, s->map, NULL);
	return r;
}

/* The recipe with all of the kind's options, those that differ from their defaults; networks, teachers and seeds are none of it. */
static const char *hash_of(struct table *t, const struct recipe *r, const struct stage *s)
{
	struct str text = {0};
	char hex[65];
	str_printf(&text, "%s/%d\n", s->kind->name, s->kind->revision);
	for (int i = 0; i < r->n; i++)
		str_printf(&text, "%s %s\n", r->key[i], r->value[i]);
	stage_canonical(s, &text);
	sha256_text(str_text(&text), hex);
	str_release(&text);
	return arena_strn(t->arena, hex, HASH);
}

static const char *value_of(const struct recipe *r, const char *key)
{
	for (int i = 0; i < r->n; i++)
		if (str_eq(r->key[i], key))
			return r->value[i];
	return "-";
}

/* Its number among those that are known, from 1. */
static int number_of(struct table *t, struct names *known, const struct recipe *r)
{
	struct str text = {0};
	for (int i = 0; i < r->n; i++)
		str_printf(&text, "%s %s\n", r->key[i], r->value[i]);
	const int at = names_put(known, arena_str(t->arena, str_text(&text)), t->n_recipe);
	str_release(&text);
	if (at == t->n_recipe)
		t->recipe[t->n_recipe++] = *r;
	return at + 1;
}

/* What others learn from or go on from says in its row that it is no competitor, and has a recipe of its own: of it the pictures alone count. */
static bool is_unlike(struct table *t, int column)
{
	int first[2] = {-1, -1};
	bool unlike = false;
	for (int i = 0; i < t->n_row; i++) {
		const struct table_row *row = &t->row[i];
		const struct table_cell *cell = &row->cell[column];
		if (!cell->n)
			continue;
		if (first[row->used] < 0)
			first[row->used] = i;
		const struct recipe *one = &t->recipe[cell->recipe - 1], *other = &t->recipe[t->row[first[row->used]].cell[column].recipe - 1];
		for (int k = 0; k < one->n && row->used && !str_eq(one->key[k], "precision"); k++)
			unlike |= !str_eq(one->value[k], value_of(other, one->key[k]));
		unlike |= !row->used && one != other;
	}
	return unlike;
}

/* NULL: the cell has no number. */
static const struct stage *stage_of(const struct table *t, int row, int column, const struct experiment **x)
{
	const struct table_row *r = &t->row[row];
	*x = table_experiment(t, r->point ? r->point : t->column[column].point);
	return r->cell[column].n ? &(*x)->stage[table_stage(*x, r->stage)] : NULL;
}

void table_recipes(struct table *t)
{
	const int n_column = t->n_column + t->n_hidden; /* claims tell their recipes, too */
	struct recipe_owns *owns = recipe_owns_new(t);
	const struct experiment *x;
	struct names *known = names_new(t->arena, (size_t)t->n_row * (size_t)n_column);
	t->recipe = NEW_ARRAY(t->arena, struct recipe, (size_t)t->n_row * (size_t)n_column);
	for (int i = 0; i < t->n_row; i++)
		for (int c = 0; c < n_column; c++) {
			const struct stage *s = stage_of(t, i, c, &x);
			if (s && !t->row[i].used)
				recipe_owns_look(t, owns, s);
		}
	for (int i = 0; i < t->n_row; i++)
		for (int c = 0; c < n_column; c++) {
			const struct stage *s = stage_of(t, i, c, &x);
			if (!s)
				continue;
			struct recipe r = recipe_of(t->arena, x, s);
			t->row[i].cell[c].recipe_hash = hash_of(t, &r, s);
			if (!t->row[i].used)
				recipe_owns_add(t, owns, s, &r);
			t->row[i].cell[c].recipe = number_of(t, known, &r);
		}
	for (int c = 0; c < n_column; c++) {
		const bool marked = is_unlike(t, c);
		for (int i = 0; i < t->n_row && !marked; i++)
			t->row[i].cell[c].recipe = 0;
	}
	/* those that are left, by letters in the order in which they are met */
	int *letter = NEW_ARRAY(t->arena, int, t->n_recipe + 1);
	struct recipe *used = NEW_ARRAY(t->arena, struct recipe, t->n_recipe);
	int n = 0;
	for (int c = 0; c < n_column; c++)
		for (int i = 0; i < t->n_row; i++) {
			int *number = &t->row[i].cell[c].recipe;
			if (*number && !letter[*number]) {
				used[n] = t->recipe[*number - 1];
				letter[*number] = ++n;
			}
			*number = letter[*number];
		}
	t->recipe = used;
	t->n_recipe = n;
}

/* 1 is a, 26 z, 27 aa. */
static const char *letters(struct arena *a, int number)
{
	const char *text = "";
	for (; number > 0; number = (number - 1) / 26)
		text = arena_printf(a, "%c%s", 'a' + (number - 1) % 26, text);
	return text;
}

const char *table_recipe(struct arena *a, const struct table_cell *c)
{
	return letters(a, c->recipe);
}

const char *table_recipe_mark(struct arena *a, const struct table_cell *c)
{
	return c->recipe ? arena_printf(a, " [%s]", letters(a, c->recipe)) : "";
}

/* Whether the key's value is another one in some of them. */
static bool varies(const struct table *t, const char *key)
{
	bool any = false;
	for (int i = 1; i < t->n_recipe && !any; i++)
		any = !str_eq(value_of(&t->recipe[i], key), value_of(&t->recipe[0], key));
	return any;
}

void table_recipe_note(const struct table *t, FILE *f)
{
	if (!t->n_recipe)
		return;
	struct names *seen = names_new(t->arena, 256);
	bool *shown = NEW_ARRAY(t->arena, bool, 256);
	int n_seen = 0;
	fprintf(f, "MARKED: results of unlike pictures or recipes (batch, epochs, optimiser, schedule, precision, a kind's own lengths and rates) share a column here, because the file%s says so:",
	        table_is_by_hand(t) ? " or the command line" : "");
	for (int i = 0; i < t->n_recipe; i++) {
		const struct recipe *r = &t->recipe[i];
		int n = 0;
		fprintf(f, "%s [%s]", i ? ";" : "", letters(t->arena, i + 1));
		for (int k = 0; k < r->n; k++) {
			const int at = names_put(seen, r->key[k], n_seen);
			if (at == n_seen)
				shown[n_seen++] = varies(t, r->key[k]);
			if (shown[at])
				fprintf(f, "%s %s %s", n++ ? "," : "", r->key[k], r->value[k]);
		}
	}
	fputs(".\n", f);
}
