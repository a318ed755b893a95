/* A kind's own lengths and rates: polish_epochs, critic_lr. */
#include <string.h>

#include "base/names.h"
#include "report/table_recipes_int.h"

/* An option of a kind, by the values that it has in this table. */
struct own {
	const struct stage_kind *kind;
	const struct opt *opt;
	const char *value; /* the first that was met; NULL: none yet */
	bool varies;
};
struct recipe_owns {
	int n, cap;
	struct own *item;
	struct names *varied; /* "STAGE OPTION": 1 where points set it, 0 where none does */
};

enum { OWN_MOST = 64 /* options that a kind may have */ };

struct recipe_owns *recipe_owns_new(struct table *t)
{
	struct recipe_owns *all = NEW(t->arena, struct recipe_owns);
	all->varied = names_new(t->arena, (size_t)table_first(t)->n_stage * OWN_MOST);
	return all;
}

static bool is_length_or_rate(const struct opt *o)
{
	const bool rate = o->type == OPT_REAL && (str_eq(o->name, "lr") || str_ends(o->name, "_lr"));
	return !(o->flags & OPT_NEUTRAL) && (rate || str_eq(o->unit, "epochs"));
}

/* Whether the points set it: "stages.NAME.OPTION", or the whole stage. */
static bool any_sets(const struct vary *v, const struct stage *s, const char *option)
{
	for (int p = 0; p < v->n_point; p++)
		for (int i = 0; i < v->point[p].n; i++) {
			const char *path = v->point[p].set[i].path;
			const size_t n = strlen("stages."), m = strlen(s->name);
			if (!str_starts(path, "stages.") || !str_starts(path + n, s->name))
				continue;
			if (!path[n + m] || (path[n + m] == '.' && str_eq(path + n + m + 1, option)))
				return true;
		}
	return false;
}

/* Looked for once, however many points there are. */
static bool is_varied(struct table *t, const struct recipe_owns *all, const struct stage *s, const char *option)
{
	const char *key = arena_printf(t->arena, "%s %s", s->name, option);
	const int known = names_find(all->varied, key);
	return known < 0 ? names_put(all->varied, key, any_sets(&t->sweep->vary, s, option)) : known;
}

static const char *own_value(struct arena *a, const struct stage *s, const char *option)
{
	struct recipe one = {0};
	recipe_add_options(&one, a, s->kind->opts, s->conf, s->map, option);
	return one.n ? one.value[0] : "-";
}

static struct own *own_of(struct table *t, struct recipe_owns *all, const struct stage_kind *k, const struct opt *o)
{
	for (int i = 0; i < all->n; i++)
		if (all->item[i].kind == k && all->item[i].opt == o)
			return &all->item[i];
	if (all->n == all->cap) {
		struct own *bigger = NEW_ARRAY(t->arena, struct own, 2 * all->cap + 16);
		if (all->n)
			memcpy(bigger, all->item, (size_t)all->n * sizeof *bigger);
		all->item = bigger;
		all->cap = 2 * all->cap + 16;
	}
	all->item[all->n] = (struct own){.kind = k, .opt = o};
	return &all->item[all->n++];
}

void recipe_owns_look(struct table *t, struct recipe_owns *all, const struct stage *s)
{
	for (const struct opt *o = s->kind->opts; o && o->name; o++) {
		if (!is_length_or_rate(o) || is_varied(t, all, s, o->name))
			continue;
		struct own *own = own_of(t, all, s->kind, o);
		const char *value = own_value(t->arena, s, o->name);
		own->varies |= own->value && !str_eq(own->value, value);
		own->value = own->value ? own->value : value;
	}
}

void recipe_owns_add(struct table *t, const struct recipe_owns *all, const struct stage *s, struct recipe *r)
{
	for (int i = 0; i < all->n; i++)
		if (all->item[i].kind == s->kind && all->item[i].varies && !is_varied(t, all, s, all->item[i].opt->name))
			recipe_add(r, t->arena, all->item[i].opt->name, own_value(t->arena, s, all->item[i].opt->name));
}
