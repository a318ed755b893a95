/* Which epochs of a stage are kept: its anchors. */
#include <math.h>
#include <string.h>

#include "stages/stage_read.h"

struct rule_conf { int count, rule; };
enum { RULE_EQUAL, RULE_PLATEAU }; /* the words of rule */

const struct opt anchor_opts[] = {
	INT(rule_conf, count, 3, 1, 1000, "-", "equal: how many"),
	CHOICE(rule_conf, rule, "equal", "equal|plateau",
	       "equal: equally spaced, the last epoch among them; plateau: the last whole epoch before each drop of `schedule: steps`, and the last of all"),
	{0},
};

static void space(struct stage *s)
{
	for (int i = 0; i < s->n_anchor; i++)
		s->anchor[i] = s->train.epochs * (i + 1) / s->n_anchor;
}

static enum status read_plateau(struct experiment *x, struct stage *s, bool sound, struct err *e)
{
	const struct conf *map = s->train.anchors;
	if (conf_find(map, "count"))
		return err_user(e, conf_where(map, "count"), "'count' is for anchors by 'equal': by 'plateau' there are as many as the schedule has plateaus");
	s->anchor = NEW_ARRAY(x->arena, int, s->schedule.drops.n + 1);
	const int n = schedule_plateaus(&s->schedule, s->train.epochs, s->anchor);
	if (!n && !sound)
		return E_USER; /* of a schedule with mistakes, which have been told */
	if (!n)
		return err_user(e, conf_where(map, "rule"), "anchors by 'plateau' are the last epochs before the learning rate drops, and the schedule '%s' of "
		                "stage '%s' drops nowhere within its %d epochs: 'schedule: steps' does, where 'drops' says", opt_choice(schedule_opts,
		                "schedule", s->schedule.kind), s->name, s->train.epochs);
	s->anchor[n] = s->train.epochs;
	s->n_anchor = n + 1;
	s->anchors_rule = ANCHORS_PLATEAU;
	return OK;
}

static enum status read_rule(struct experiment *x, struct stage *s, bool sound, struct err *e)
{
	struct rule_conf c = {0};
	const struct opt *tables[] = {anchor_opts};
	void *outs[] = {&c};
	const enum status st = opts_read_all(tables, outs, 1, s->train.anchors, "anchors", x->arena, e);
	if (st != OK)
		return st;
	if (c.rule == RULE_PLATEAU)
		return read_plateau(x, s, sound, e);
	if (c.count > s->train.epochs)
		return err_user(e, conf_where(s->train.anchors, "count"), "%d anchors in %d epochs", c.count, s->train.epochs);
	s->n_anchor = c.count;
	s->anchor = NEW_ARRAY(x->arena, int, c.count);
	s->anchors_rule = ANCHORS_EQUAL;
	space(s);
	return OK;
}

struct epochs_conf { struct ints anchors; };

static enum status read_list(struct experiment *x, struct stage *s, struct err *e)
{
	const struct opt rows[] = {INTS(epochs_conf, anchors, NULL, 1, s->epochs_asked, "epochs", "epochs to keep"), {0}};
	struct epochs_conf list = {0};
	const enum status st = opts_read(rows, &list, s->map, s->name, x->arena, e);
	if (st != OK)
		return st;
	for (int i = 1; i < list.anchors.n; i++)
		if (list.anchors.v[i] <= list.anchors.v[i - 1])
			return err_user(e, s->train.anchors->at, "'anchors' must rise: %d after %d", list.anchors.v[i], list.anchors.v[i - 1]);
	s->n_anchor = list.anchors.n;
	s->anchor = NEW_ARRAY(x->arena, int, s->n_anchor);
	for (int i = 0; i < s->n_anchor; i++)
		s->anchor[i] = list.anchors.v[i];
	return OK;
}

enum status anchors_read(struct experiment *x, struct stage *s, bool sound, struct err *e)
{
	const struct conf *c = s->train.anchors;
	if (!c)
		return OK;
	if (s->kind->no_anchors)
		return err_user(e, c->at, "a stage of kind '%s' keeps no anchors: its epochs are of parts, and its student is whole at the end alone",
		                s->kind->name);
	return c->kind == CONF_MAP ? read_rule(x, s, sound, e) : read_list(x, s, e);
}

enum status anchors_scale(struct experiment *x, struct stage *s, struct err *e)
{
	struct str text = {0};
	struct conf *map = NULL;
	if (!s->n_anchor || s->train.epochs >= s->epochs_asked)
		return OK;
	if (s->anchors_rule == ANCHORS_EQUAL) {
		space(s);
		return OK;
	}
	str_add(&text, "anchors: [");
	for (int i = 0; i < s->n_anchor; i++) {
		const int least = i ? s->anchor[i - 1] + 1 : 1, most = s->train.epochs - (s->n_anchor - 1 - i);
		const int v = (int)ceil((double)s->anchor[i] * s->train.epochs / s->epochs_asked);
		s->anchor[i] = v < least ? least : v > most ? most : v;
		str_printf(&text, "%s%d", i ? ", " : "", s->anchor[i]);
	}
	str_add(&text, "]\n");
	const enum status st = conf_parse(x->arena, arena_str(x->arena, str_text(&text)), "budget", &map, e);
	str_release(&text);
	s->train.anchors = map ? conf_find(map, "anchors") : NULL;
	return st;
}
