#include "stages/teacher.h"

#include "runs/safetensors.h"

const struct opt teacher_opts[] = {
	CHOICE(teacher_conf, teacher_precision, "same", "same|f32|bf16", "of the teacher's forward pass; same: as the experiment's"),
	CHOICE(teacher_conf, teacher_cache, "off", "off|f16|f32",
	       "keeps the teacher's logits (and pooled vectors) of each view of each picture in a file, in this type, and computes none twice"),
	{.name = "cache_fill", .type = OPT_CHOICE, .offset = offsetof(struct teacher_conf, cache_fill), .def_text = "as_it_goes",
	 .choices = "as_it_goes|before", .unit = "-", .flags = OPT_NEUTRAL, .help = "teacher_cache: whether every view is computed before the first step"},
	{.name = "cache_dir", .type = OPT_TEXT, .offset = offsetof(struct teacher_conf, cache_dir), .unit = "-", .flags = OPT_NEUTRAL,
	 .help = "teacher_cache: the folder; default: cache in the folder of runs"},
	{0},
};

static bool same_conf(const struct stage *a, const struct stage *b)
{
	struct str x = {0}, y = {0};
	opts_canonical(teacher_opts, &a->teacher_conf, &x);
	opts_canonical(teacher_opts, &b->teacher_conf, &y);
	str_printf(&x, "%d %s", a->teacher_conf.cache_fill, a->teacher_conf.cache_dir);
	str_printf(&y, "%d %s", b->teacher_conf.cache_fill, b->teacher_conf.cache_dir);
	const bool same = str_eq(str_text(&x), str_text(&y));
	str_release(&x);
	str_release(&y);
	return same;
}

enum status teacher_new(struct arena *a, struct experiment *x, const struct stage *s, int which, struct teacher **out, struct err *e)
{
	const enum teacher_precision p = (enum teacher_precision)s->teacher_conf.teacher_precision;
	struct teacher *t = NEW(a, struct teacher);
	t->x = x;
	t->stage = s;
	t->from = &s->teacher[which];
	t->network = s->teacher_network;
	t->precision = p == TEACHER_F32 ? PRECISION_F32 : p == TEACHER_BF16 ? PRECISION_BF16 : x->precision;
	*out = t;
	return experiment_net(x, a, s->teacher_network, arena_printf(a, "%s (teacher)", s->teacher_network), &t->net, e);
}

bool teacher_is(const struct teacher *t, const struct stage *s, int which)
{
	return str_eq(t->from->identity, s->teacher[which].identity) && str_eq(t->network, s->teacher_network) && same_conf(t->stage, s);
}

enum status teacher_load(struct teacher *t, struct err *e)
{
	if (t->loaded)
		return OK;
	enum status st = params_place(t->net->params, t->x->dev, e);
	if (st == OK)
		st = weights_load(t->net->params, t->from->path, e);
	t->loaded = st == OK;
	return st;
}

void teacher_release(struct teacher *t)
{
	params_release(t->net->params);
	t->loaded = false;
}
