/* `arms:`: which stages run at the same time on one stream of batches, and for which seeds of their initial weights. */
#include "stages/arms.h"

#include <string.h>

#include "stages/stage_read.h"

struct arms_conf {
	const struct conf *stages;
	struct ints seeds;
};

const struct opt arms_opts[] = {
	NODE(arms_conf, stages, "names of stages that run at the same time: none may use what another one of them leaves"),
	INTS(arms_conf, seeds, NULL, 0, 2147483647, "-", "each stage once more for every seed.init of these that is not the experiment's, as NAME-initSEED"),
	{0},
};

static enum status read_names(struct experiment *x, struct arms *a, const struct conf *list, struct err *e)
{
	if (!list || list->kind != CONF_LIST || !list->n)
		return err_user(e, list ? list->at : a->at, "an entry of 'arms' is {stages: [NAME, ...], seeds: [...]}");
	a->name = NEW_ARRAY(x->arena, const struct conf *, list->n);
	for (int i = 0; i < list->n; i++) {
		if (!list->item[i]->text)
			return err_user(e, list->item[i]->at, "'stages' of 'arms' is a list of names");
		for (int k = 0; k <= x->n_arms; k++) /* the list that is being read too */
			for (int j = 0; j < x->arms[k].n; j++)
				if (str_eq(x->arms[k].name[j]->text, list->item[i]->text))
					return err_user(e, list->item[i]->at, "stage '%s' is in 'arms' twice", list->item[i]->text);
		a->name[a->n++] = list->item[i];
	}
	return OK;
}

/* Keys that people would expect to differ between arms, and that can't. */
static enum status check_keys(const struct conf *map, struct err *e)
{
	static const char *const shared[] = {"data", "batch", "crop", "flip", "seed", "precision", "deterministic"};
	for (size_t i = 0; i < sizeof shared / sizeof *shared; i++)
		if (conf_find(map, shared[i]))
			return err_user(e, conf_where(map, shared[i]),
			                "arms go through the same batches, so '%s' is of the whole experiment and not of an entry of 'arms'", shared[i]);
	return OK;
}

static enum status read_entry(struct experiment *x, const struct conf *map, struct err *e)
{
	struct arms *a = &x->arms[x->n_arms];
	struct arms_conf c = {0};
	const struct opt *tables[] = {arms_opts};
	void *outs[] = {&c};
	a->at = map->at;
	if (map->kind != CONF_MAP)
		return err_user(e, map->at, "an entry of 'arms' is {stages: [NAME, ...], seeds: [...]}");
	enum status st = check_keys(map, e);
	if (st == OK)
		st = opts_read_all(tables, outs, 1, map, "arms", x->arena, e);
	if (st == OK)
		st = read_names(x, a, c.stages, e);
	a->seeds = c.seeds;
	x->n_arms++;
	return st;
}

enum status arms_read(struct experiment *x, const struct conf *list, struct err *e)
{
	enum status st = OK;
	if (!list)
		return OK;
	if (list->kind != CONF_LIST || !list->n)
		return err_user(e, list->at, "'arms' is a list of {stages: [NAME, ...], seeds: [...]}");
	x->arms = NEW_ARRAY(x->arena, struct arms, list->n);
	for (int i = 0; i < list->n; i++) {
		const enum status one = read_entry(x, list->item[i], e);
		st = st == OK ? one : st;
	}
	return st;
}

int arms_copies(const struct experiment *x)
{
	int n = 0;
	for (int i = 0; i < x->n_arms; i++)
		n += x->arms[i].n * x->arms[i].seeds.n;
	return n;
}

static int entry_of(const struct experiment *x, const char *stage)
{
	for (int i = 0; i < x->n_arms; i++)
		for (int k = 0; k < x->arms[i].n; k++)
			if (str_eq(x->arms[i].name[k]->text, stage))
				return i + 1;
	return 0;
}

enum status arms_add(struct experiment *x, struct err *e)
{
	const int original = x->n_stage - 1;
	x->stage[original].arms = entry_of(x, x->stage[original].name);
	if (!x->stage[original].arms)
		return OK;
	const struct ints *seeds = &x->arms[x->stage[original].arms - 1].seeds;
	enum status st = OK;
	for (int i = 0; i < seeds->n && st == OK; i++) {
		bool had = (uint64_t)seeds->v[i] == x->seed_init;
		for (int k = 0; k < i; k++)
			had |= seeds->v[k] == seeds->v[i];
		if (!had)
			st = stage_read_copy(x, &x->stage[x->n_stage++], &x->stage[original], (uint64_t)seeds->v[i], e);
	}
	return st;
}

/* Arms run where the first of them stands, so all that any of them uses must stand before it. */
static enum status check_reference(const struct experiment *x, const struct stage *s, const struct reference *r, int first, struct err *e)
{
	if (r->stage < first)
		return OK;
	return err_user(e, r->at, "stage '%s' runs with the other arms of its list, the first of which is '%s', but uses '%s', which is not before "
	                "that: arms may use stages before all of them", s->name, x->stage[first].name, x->stage[r->stage].name);
}

static enum status check_entry(const struct experiment *x, int entry, struct err *e)
{
	int first = -1;
	enum status st = OK;
	for (int i = 0; i < x->n_stage; i++) {
		const struct stage *s = &x->stage[i];
		if (s->arms != entry)
			continue;
		first = first < 0 ? i : first;
		if (s->is_copy)
			continue;
		const struct reference *ref;
		for (int k = 0; st == OK && (ref = stage_use(s, k)); k++)
			st = check_reference(x, s, ref, first, e);
	}
	return st;
}

enum status arms_check(const struct experiment *x, struct err *e)
{
	enum status st = OK;
	for (int i = 0; i < x->n_arms; i++) {
		for (int k = 0; k < x->arms[i].n; k++) {
			const char *words[256];
			int n = 0;
			bool there = false;
			for (int j = 0; j < x->n_stage && n < 256; j++) {
				there |= !x->stage[j].is_copy && str_eq(x->stage[j].name, x->arms[i].name[k]->text);
				if (!x->stage[j].is_copy)
					words[n++] = x->stage[j].name;
			}
			const char *near = str_nearest(x->arms[i].name[k]->text, words, n);
			if (!there)
				st = err_user(e, x->arms[i].name[k]->at, "'arms' names '%s', and no stage has that name%s%s%s", x->arms[i].name[k]->text,
				              near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
		}
		const enum status one = check_entry(x, i + 1, e);
		st = st == OK ? one : st;
	}
	return st;
}
