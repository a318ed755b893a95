#include "cli/gradcam_print.h"

#include <math.h>
#include <stdio.h>

#include "base/json.h"
#include "cli/columns.h"

/* A sum over its number; NaN: of none. The first column's correlation with itself says nothing. */
static double mean(double sum, int n)
{
	return n ? sum / n : NAN;
}

static const struct gradcam_figures *figures(const struct gradcam_result *r, int column, int layer)
{
	return &r->figures[column * r->study->n_layer + layer];
}

static double rank(const struct gradcam_result *r, int column, int layer)
{
	const struct gradcam_figures *f = figures(r, column, layer);
	return column ? mean(f->rank, f->n_rank) : NAN;
}

static const char *objects_text(struct arena *a, const struct objects *o)
{
	switch (o->kind) {
	case OBJECTS_NONZERO:
		return "the pixels above 0";
	case OBJECTS_BOXES:
		return arena_printf(a, "the boxes of %s", o->path);
	case OBJECTS_MASKS:
		return arena_printf(a, "the masks of %s", o->path);
	default:
		return NULL;
	}
}

/* ---- the table ---- */

static const char *percent(struct arena *a, double share)
{
	return isnan(share) ? "-" : arena_printf(a, "%.1f", 100 * share);
}

static void add_row(struct arena *a, struct columns *t, const struct gradcam_result *r, int column, int layer, bool objects)
{
	const struct gradcam_figures *f = figures(r, column, layer);
	const double rho = rank(r, column, layer);
	const char *cell[9];
	int n = 0;
	cell[n++] = r->study->layer[layer];
	cell[n++] = r->study->column[column].name;
	cell[n++] = f->h ? arena_printf(a, "%d x %d", f->h, f->w) : "none";
	if (objects) {
		cell[n++] = percent(a, mean(f->inside, f->n_object));
		cell[n++] = percent(a, mean(f->hit, f->n_object));
	}
	cell[n++] = isnan(rho) ? "-" : arena_printf(a, "%.3f", rho);
	cell[n++] = isnan(rho) ? "-" : arena_printf(a, "%d x %d", f->h_rank, f->w_rank);
	cell[n++] = f->h ? arena_printf(a, "%d", f->zero) : "-";
	cell[n++] = f->h ? arena_printf(a, "%d", f->n) : "-";
	columns_add(t, cell);
}

static void print_notes(struct arena *a, const struct gradcam_result *r)
{
	const struct gradcam_study *s = r->study;
	const char *what = objects_text(a, r->objects);
	if (what && !isnan(r->area))
		printf("inside: share of the map in the object, %s; it covers %.1f %% of a picture, which is what an even map would have.\nhit: share of pictures "
		       "whose map has its maximum in the object.\n", what, 100 * r->area);
	else if (what)
		printf("no object: none of these pictures has one in %s.\n", what);
	else
		puts("no object is known: --object nonzero, --boxes FILE or --masks DIR would say where it is, for the share inside and the hit rate.");
	printf("rank: Spearman's correlation of the layer's map with that of %s, both averaged to the size beside it. zero: maps that are all zero;\n"
	       "they are in no mean. random: %s with %s, the floor.\n", s->column[0].name, s->column[0].name, s->column[s->n_column - 1].weights);
	for (int k = 0; k < s->n_column; k++)
		for (int l = 0; l < s->n_layer; l++)
			if (gradcam_map(s->column[k].cam, l)->raw)
				printf("%s of %s: its sums before the activation, since what follows reads those too.\n", s->layer[l], s->column[k].name);
}

void gradcam_print(struct arena *a, const struct gradcam_result *r)
{
	static const char *const with[] = {"layer", "network", "map", "inside %", "hit %", "rank", "at", "zero", "pictures"};
	static const char *const without[] = {"layer", "network", "map", "rank", "at", "zero", "pictures"};
	const bool objects = !isnan(r->area);
	struct columns t = columns_new(a, objects ? with : without, objects ? "llrrrrrrr" : "llrrrrr");
	for (int l = 0; l < r->study->n_layer; l++)
		for (int k = 0; k < r->study->n_column; k++)
			add_row(a, &t, r, k, l, objects);
	printf("Grad-CAM on %d test pictures of %s; class: %s\n\n", r->n, r->data->kind->name, r->class);
	columns_print(&t, stdout, 0);
	putchar('\n');
	print_notes(a, r);
	for (int l = 0; l < r->study->n_layer; l++)
		printf("%s%s\n", l ? "" : "\n", r->sheet[l]);
}

/* ---- JSON ---- */

static void text(struct str *s, const char *key, const char *value)
{
	str_printf(s, "\"%s\": ", key);
	json_quote(s, value);
	str_add(s, ", ");
}

static void number(struct str *s, const char *key, double value)
{
	str_printf(s, "\"%s\": ", key);
	json_number(s, value);
	str_add(s, ", ");
}

static void add_layer(struct str *s, const struct gradcam_result *r, int column, int layer)
{
	const struct gradcam_figures *f = figures(r, column, layer);
	str_add(s, "{");
	text(s, "layer", r->study->layer[layer]);
	str_printf(s, "\"height\": %d, \"width\": %d, \"pictures\": %d, \"zero\": %d, \"objects\": %d, ", f->h, f->w, f->n, f->zero, f->n_object);
	number(s, "inside", mean(f->inside, f->n_object));
	number(s, "hit", mean(f->hit, f->n_object));
	number(s, "rank", rank(r, column, layer));
	str_printf(s, "\"ranked\": %d, \"rank_height\": %d, \"rank_width\": %d}", f->n_rank, f->h_rank, f->w_rank);
}

void gradcam_json(const struct gradcam_result *r)
{
	const struct gradcam_study *study = r->study;
	struct str s = {0};
	str_add(&s, "{");
	text(&s, "data", r->data->kind->name);
	text(&s, "class", r->class);
	number(&s, "object_area", r->area);
	str_printf(&s, "\"pictures\": %d, \"networks\": [", r->n);
	for (int k = 0; k < study->n_column; k++) {
		str_add(&s, k ? ",\n  {" : "\n  {");
		text(&s, "name", study->column[k].name);
		text(&s, "weights", study->column[k].weights);
		text(&s, "model", study->column[k].net->model_name);
		str_add(&s, "\"layers\": [");
		for (int l = 0; l < study->n_layer; l++) {
			str_add(&s, l ? ",\n    " : "\n    ");
			add_layer(&s, r, k, l);
		}
		str_add(&s, "]}");
	}
	str_add(&s, "],\n  \"sheets\": [");
	for (int l = 0; l < study->n_layer; l++) {
		str_add(&s, l ? ", " : "");
		json_quote(&s, r->sheet[l]);
	}
	str_add(&s, "]}\n");
	fputs(str_text(&s), stdout);
	str_release(&s);
}
