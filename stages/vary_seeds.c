/* vary.seeds as it stands in the file. */
#include <stdlib.h>
#include <string.h>

#include "stages/vary_int.h"

struct seeds_conf {
	int n;
	struct ints list;
	const struct conf *of;
	int teachers;
};

const struct opt seeds_opts[] = {
	INT(seeds_conf, n, 0, 0, 10000, "-", "so many: 1, 2, ..., n"),
	INTS(seeds_conf, list, NULL, 0, 2147483647, "-", "these"),
	NODE(seeds_conf, of, "which of the experiment's seeds are moved: a list of split, data, init (of students, so it may be called student) and teacher; default [data, init]"),
	CHOICE(seeds_conf, teachers, "shared", "shared|per_seed", "one teacher by the file's own seeds for all, or one for each seed, as there is where split or teacher is moved"),
	{0},
};

static enum status seeds_of(const struct conf *of, struct seeds *s, struct err *e)
{
	static const char *const words[] = {"split", "data", "init", "teacher", "student"};
	bool *const flags[] = {&s->split, &s->data, &s->init, &s->teacher, &s->init};
	enum { WORDS = sizeof words / sizeof *words };
	s->data = s->init = !of;
	if (of && of->kind == CONF_LIST && !of->n)
		return err_user(e, of->at, "'of' names no seed, so all runs would be one");
	for (int i = 0; of && i < (of->kind == CONF_LIST ? of->n : 1); i++) {
		const struct conf *c = of->kind == CONF_LIST ? of->item[i] : of;
		int k = 0;
		while (k < WORDS && !str_eq(c->text, words[k]))
			k++;
		if (k == WORDS)
			return err_user(e, c->at, "'of' is a list of split, data, init (or student), teacher");
		*flags[k] = true;
	}
	return OK;
}

int seed_of_path(const char *path)
{
	static const char *const paths[] = {"seed.split", "seed.data", "seed.init", "seed.teacher"};
	int k = 0;
	while (k < 4 && !str_eq(path, paths[k]))
		k++;
	return k < 4 ? k : -1;
}

bool seeds_have_teachers(const struct seeds *s)
{
	return s->per_seed || s->split || s->teacher; /* of a split of its own: it has seen other pictures */
}

struct seed_list { struct ints seeds; };

enum status seeds_read(struct arena *a, const struct conf *c, struct seeds *s, struct err *e)
{
	struct seeds_conf conf = {0};
	if (!c)
		return OK;
	enum status st = OK;
	if (c->kind == CONF_MAP) {
		const struct opt *tables[] = {seeds_opts};
		void *outs[] = {&conf};
		st = opts_read_all(tables, outs, 1, c, "seeds", a, e);
	} else if (c->kind == CONF_SCALAR) {
		char *end;
		const long n = strtol(c->text, &end, 10);
		if (*end || n < 1 || n > 10000)
			return err_user(e, c->at, "'seeds' is %s, allowed a number of 1 to 10000, a list, or {n: 5, ...}", c->text);
		conf.n = (int)n;
	} else {
		const struct opt rows[] = {INTS(seed_list, seeds, NULL, 0, 2147483647, "-", "seeds"), {0}};
		struct conf map = {.kind = CONF_MAP, .at = c->at, .n = 1, .item = (struct conf *[]){(struct conf *)(uintptr_t)c}, .key = (const char *[]){"seeds"},
		                   .key_at = (struct where[]){c->at}, .used = (bool[]){false}};
		struct seed_list list = {0};
		st = opts_read(rows, &list, &map, "vary", a, e);
		conf.list = list.seeds;
	}
	if (st == OK)
		st = seeds_of(conf.of, s, e);
	if (st != OK)
		return st;
	if ((conf.n > 0) == (conf.list.n > 0))
		return err_user(e, c->at, "'seeds' needs 'n' or a list");
	int *v = NEW_ARRAY(a, int, conf.n + conf.list.n);
	s->n = conf.n ? conf.n : conf.list.n;
	for (int i = 0; i < s->n; i++) {
		v[i] = conf.n ? i + 1 : conf.list.v[i];
		for (int k = 0; k < i; k++)
			if (v[k] == v[i])
				return err_user(e, c->at, "seed %d is given twice", v[i]);
	}
	s->v = v;
	s->per_seed = conf.teachers == 1;
	const struct conf *teachers = c->kind == CONF_MAP ? conf_find(c, "teachers") : NULL;
	if (teachers && !s->per_seed && s->teacher)
		return err_user(e, teachers->at, "'teachers' is shared, and 'of' moves the teacher's seed: leave out the one or the other");
	return OK;
}
