#include "cli/gradcam_run.h"

#include <math.h>
#include <string.h>

#include "base/file.h"
#include "cli/gradcam_print.h"
#include "cli/gradcam_shots.h"
#include "report/gradcam_sheet.h"
#include "report/heat_map.h"

static const struct where nowhere = {0};

/* The batch's pixels in all: what a network keeps of them for its gradient is bounded by it. */
enum { BATCH_PIXELS = 1 << 17, BATCH_MOST = 50 };

struct run {
	struct arena *arena;
	const struct gradcam_args *args;
	struct gradcam_nets nets;
	struct gradcam_study study;
	struct data *data;
	struct objects objects;
	struct shots sheet, count;       /* pictures of the sheets; those of the figures */
	struct sheet_row *row[GRADCAM_LAYERS];
	struct gradcam_figures *figures;
	uint8_t *pixels, *mask;          /* of a batch */
	double area;
	int n_area, class;
	const char *layer[GRADCAM_LAYERS], *path[GRADCAM_LAYERS], *out;
};

/* ---- layers ---- */

static void add_layer(struct run *r, const char *name)
{
	for (int i = 0; i < r->study.n_layer; i++)
		if (str_eq(r->layer[i], name))
			return;
	r->layer[r->study.n_layer++] = name;
}

static enum status unknown_layer(struct run *r, const struct gradcam_column *c, const char *const *name, int n, struct err *e)
{
	const char *words[GRADCAM_LAYERS + 1];
	struct str all = {0};
	memcpy(words, name, (size_t)n * sizeof *name);
	words[n] = "last";
	words[n + 1] = "all";
	for (int i = 0; i < n; i++)
		str_printf(&all, "%s%s", i ? ", " : "", name[i]);
	const char *near = str_nearest(r->args->layer, words, n + 2);
	const enum status st = err_user(e, nowhere, "%s (%s) has no layer '%s'%s%s%s; there are %s, last and all", c->name, c->net->model_name, r->args->layer,
	                                near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "", str_text(&all));
	str_release(&all);
	return st;
}

/* All: what any network has, in the order of depth, and "last" where block numbers do not pair the last blocks. */
static enum status choose_layers(struct run *r, struct err *e)
{
	const bool all = str_eq(r->args->layer, "all"), last = str_eq(r->args->layer, "last");
	int B = 0, differ = 0;
	bool stem = false;
	for (int k = 0; k < r->nets.n; k++) {
		const struct gradcam_column *c = &r->nets.column[k];
		const char *name[GRADCAM_LAYERS];
		const int n = gradcam_layers(r->arena, c->net, name);
		bool there = all || last;
		if (!n)
			return err_user(e, nowhere, "%s (%s) has no layer with a map: its features are vectors", c->name, c->net->model_name);
		for (int i = 0; i < n; i++)
			there |= str_eq(name[i], r->args->layer);
		if (!there)
			return unknown_layer(r, c, name, n, e);
		stem |= str_eq(name[0], "stem");
		differ |= k && c->net->B != B;
		B = c->net->B > B ? c->net->B : B;
	}
	if (!all)
		add_layer(r, r->args->layer);
	if (all && stem)
		add_layer(r, "stem");
	for (int i = 1; all && i <= B; i++)
		add_layer(r, arena_printf(r->arena, "block%d", i));
	if (all && differ)
		add_layer(r, "last");
	return OK;
}

/* ---- what is known of the objects ---- */

static enum status open_objects(struct run *r, struct err *e)
{
	const struct gradcam_args *args = r->args;
	const struct pictures *p = &r->data->info.test;
	struct objects *o = &r->objects;
	*o = (struct objects){.n = r->data->n_test, .C = p->C, .H = p->H, .W = p->W};
	if ((args->object != NULL) + (args->masks != NULL) + (args->boxes != NULL) > 1)
		return err_user(e, nowhere, "--object, --masks and --boxes all say where the object is: one of them");
	if (args->object && !str_eq(args->object, "nonzero") && !str_eq(args->object, "none"))
		return err_user(e, nowhere, "--object is '%s', allowed nonzero, none", args->object);
	o->path = args->boxes ? args->boxes : args->masks;
	o->kind = args->boxes ? OBJECTS_BOXES : args->masks ? OBJECTS_MASKS : OBJECTS_NONE;
	if (args->object ? str_eq(args->object, "nonzero") : !o->path && r->data->kind->black_ground)
		o->kind = OBJECTS_NONZERO;
	return objects_open(r->arena, o, e);
}

/* ---- pictures through the networks ---- */

/* The next n of the shots, from first on, into the batch and through all columns. */
static enum status run_batch(struct run *r, struct shots *s, int first, int n, struct err *e)
{
	const size_t pixels = (size_t)r->study.H * (size_t)r->study.W;
	enum status st = OK;
	for (int i = 0; i < n && st == OK; i++)
		st = shot_load(r->data, &r->objects, s->index[first + i], &s->shot[first + i], r->pixels + (size_t)i * pixels * (size_t)r->study.C,
		               r->mask + (size_t)i * pixels, e);
	return st == OK ? study_run(&r->study, s->shot + first, n, e) : st;
}

/* Which test picture it is, and the class where that is not its own. */
static const char *row_note(const struct run *r, int number)
{
	const int index = r->sheet.index[number], class = r->sheet.shot[number].class;
	const char *which = index < 0 ? "" : arena_printf(r->arena, "picture %d", index);
	if (index >= 0 && r->data->info.test.label[r->data->test[index]] == class)
		return which;
	return arena_printf(r->arena, "%s%sfor %s", which, *which ? ", " : "", r->data->info.class_name[class]);
}

/* What the sheets show of the shot, whose maps are those of picture i of the batch. */
static void keep_row(struct run *r, int number, int i)
{
	const struct gradcam_shot *shot = &r->sheet.shot[number];
	const struct gradcam_study *s = &r->study;
	const size_t pixels = (size_t)s->H * (size_t)s->W;
	uint8_t *copy = arena_alloc(r->arena, pixels * (size_t)s->C);
	memcpy(copy, shot->pixels, pixels * (size_t)s->C);
	for (int l = 0; l < s->n_layer; l++) {
		const double **map = NEW_ARRAY(r->arena, const double *, s->n_column);
		for (int k = 0; k < s->n_column; k++) {
			const struct gradcam_map *m = gradcam_map(s->column[k].cam, l);
			if (!m->h)
				continue;
			double *one = NEW_ARRAY(r->arena, double, pixels);
			memcpy(one, m->wide + (size_t)i * pixels, pixels * sizeof *one);
			map_to_one(one, (int)pixels);
			map[k] = one;
		}
		r->row[l][number] = (struct sheet_row){.pixels = copy, .name = shot->name, .map = map, .note = row_note(r, number)};
	}
}

static enum status run_sheet(struct run *r, struct err *e)
{
	enum status st = OK;
	for (int l = 0; l < r->study.n_layer; l++)
		r->row[l] = NEW_ARRAY(r->arena, struct sheet_row, r->sheet.n);
	for (int first = 0; first < r->sheet.n && st == OK; first += r->study.batch) {
		const int n = r->sheet.n - first < r->study.batch ? r->sheet.n - first : r->study.batch;
		st = run_batch(r, &r->sheet, first, n, e);
		for (int i = 0; i < n && st == OK; i++)
			keep_row(r, first + i, i);
	}
	return st;
}

static enum status run_count(struct run *r, struct err *e)
{
	const int pixels = r->study.H * r->study.W;
	enum status st = OK;
	r->figures = NEW_ARRAY(r->arena, struct gradcam_figures, r->study.n_column * r->study.n_layer);
	for (int first = 0; first < r->count.n && st == OK; first += r->study.batch) {
		const int n = r->count.n - first < r->study.batch ? r->count.n - first : r->study.batch;
		st = run_batch(r, &r->count, first, n, e);
		if (st == OK)
			study_count(&r->study, r->count.shot + first, n, r->figures);
		for (int i = 0; i < n && st == OK; i++) {
			const uint8_t *object = r->count.shot[first + i].object;
			r->n_area += object != NULL;
			for (int k = 0; object && k < pixels; k++)
				r->area += object[k] ? 1.0 / pixels : 0;
		}
	}
	return st;
}

/* ---- the whole ---- */

static const char *class_text(const struct run *r)
{
	if (r->class < 0)
		return r->class == CLASS_PREDICTED ? arena_printf(r->arena, "what %s answers", r->nets.column[0].name) : "the label";
	return arena_printf(r->arena, "%d (%s)", r->class, r->data->info.class_name[r->class]);
}

static enum status write_sheets(struct run *r, struct err *e)
{
	const char *column[GRADCAM_NETS + 1];
	enum status st = OK;
	for (int k = 0; k < r->study.n_column; k++)
		column[k] = r->study.column[k].name;
	for (int l = 0; l < r->study.n_layer && st == OK; l++) {
		const struct sheet s = {
			.title = arena_printf(r->arena, "Grad-CAM, layer %s", r->layer[l]), .C = r->study.C, .H = r->study.H, .W = r->study.W,
			.note = arena_printf(r->arena, "test pictures of %s; class of every network: %s", r->data->kind->name, class_text(r)),
			.n_column = r->study.n_column, .column = column, .n_row = r->sheet.n, .row = r->row[l],
		};
		r->path[l] = path_join(r->arena, r->out, arena_printf(r->arena, "%s.png", r->layer[l]));
		st = sheet_png(&s, r->path[l], e);
	}
	return st;
}

static void print_result(const struct run *r)
{
	const struct gradcam_result result = {
		.data = r->data, .study = &r->study, .figures = r->figures, .class = class_text(r), .objects = &r->objects, .n = r->count.n,
		.area = r->n_area ? r->area / r->n_area : NAN, .sheet = r->path,
	};
	if (r->args->json)
		gradcam_json(&result);
	else
		gradcam_print(r->arena, &result);
}

/* Everything that can be wrong with the words, before memory is taken. */
static enum status choose(struct run *r, struct err *e)
{
	const struct gradcam_args *args = r->args;
	r->data = nets_data(&r->nets);
	enum status st = choose_layers(r, e);
	if (r->data->n_test == 0)
		return err_user(e, nowhere, "'%s' has no test pictures", r->data->kind->name);
	if (st == OK)
		st = class_read(args->class, r->data->info.classes, &r->class, e);
	if (st == OK)
		st = open_objects(r, e);
	if (st == OK)
		st = shots_choose(r->arena, r->data, args->images.word, args->images.n, r->class, args->class != NULL, &r->sheet, e);
	if (st == OK)
		shots_spread(r->arena, r->data, args->count, r->class, &r->count);
	r->out = args->out ? args->out : r->nets.folder ? path_join(r->arena, r->nets.folder, "gradcam") : "gradcam";
	return st == OK ? dir_make(r->out, e) : st;
}

static enum status compute(struct run *r, struct err *e)
{
	const struct pictures *p = &r->data->info.test;
	const int pixels = p->H * p->W, fit = BATCH_PIXELS / pixels, most = r->sheet.n > r->count.n ? r->sheet.n : r->count.n;
	struct gradcam_study *s = &r->study;
	s->dev = r->nets.experiment[0]->dev;
	s->precision = r->nets.experiment[0]->precision;
	s->C = p->C;
	s->H = p->H;
	s->W = p->W;
	s->n_column = r->nets.n;
	s->column = r->nets.column;
	s->layer = r->layer;
	s->batch = fit < 1 ? 1 : fit > BATCH_MOST ? BATCH_MOST : fit;
	s->batch = s->batch > most ? most : s->batch;
	r->mask = arena_alloc(r->arena, (size_t)s->batch * (size_t)pixels);
	r->pixels = arena_alloc(r->arena, (size_t)s->batch * (size_t)pixels * (size_t)p->C);
	enum status st = nets_load(&r->nets, r->args->seed, e);
	if (st == OK)
		st = study_open(r->arena, s, e);
	if (st == OK)
		st = run_sheet(r, e);
	return st == OK ? run_count(r, e) : st;
}

enum status gradcam_compare(struct gradcam_args *args, struct err *e)
{
	struct run *r;
	struct arena *a = arena_open("gradcam");
	r = NEW(a, struct run);
	r->arena = a;
	r->args = args;
	enum status st = nets_open(a, args, &r->nets, e);
	if (st == OK)
		st = choose(r, e);
	if (st == OK)
		st = compute(r, e);
	if (st == OK)
		st = write_sheets(r, e);
	if (st == OK)
		print_result(r);
	study_close(&r->study);
	nets_close(&r->nets);
	arena_close(a);
	return st;
}
