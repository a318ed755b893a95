#include "stages/teacher.h"

#include "runs/safetensors.h"

const struct opt teacher_opts[] = {
	CHOICE(teacher_conf, teacher_precision, "same", "same|f32|bf16|f16|tf32|int8",
	       "of the teacher's forward pass; same: as the experiment's; int8: bytes with scales found on training pictures"),
	INT(teacher_conf, int8_batches, 8, 1, 10000, "batches", "int8: of training pictures that scales are found on"),
	{.name = "int8_floor", .type = OPT_REAL, .offset = offsetof(struct teacher_conf, int8_floor), .def = 0.99, .min = 0, .max = 1, .unit = "-",
	 .flags = OPT_NEUTRAL, .help = "int8: the stage is refused when a smaller share of the answers is that of the f32 teacher"},
	CHOICE(teacher_conf, teacher_cache, "off", "off|f16|f32",
	       "keeps the teacher's logits (and pooled vectors) of each view of each picture in a file, in this type, and computes none twice"),
	{.name = "cache_fill", .type = OPT_CHOICE, .offset = offsetof(struct teacher_conf, cache_fill), .def_text = "as_it_goes",
	 .choices = "as_it_goes|before", .unit = "-", .flags = OPT_NEUTRAL, .help = "teacher_cache: whether every view is computed before the first step"},
	{.name = "cache_dir", .type = OPT_TEXT, .offset = offsetof(struct teacher_conf, cache_dir), .unit = "-", .flags = OPT_NEUTRAL,
	 .help = "teacher_cache: the folder; default: cache in the folder of runs"},
	{0},
};

bool teacher_conf_same(const struct stage *a, const struct stage *b)
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
	static const enum precision precision[] = {[TEACHER_F32] = PRECISION_F32, [TEACHER_BF16] = PRECISION_BF16, [TEACHER_F16] = PRECISION_F16, [TEACHER_TF32] = PRECISION_TF32};
	const enum teacher_precision p = (enum teacher_precision)s->teacher_conf.teacher_precision;
	struct teacher *t = NEW(a, struct teacher);
	t->arena = a;
	t->x = x;
	t->stage = s;
	t->from = &s->teacher[which];
	t->network = t->from->network;
	t->precision = p == TEACHER_SAME || p == TEACHER_INT8 ? x->precision : precision[p];
	*out = t;
	enum status st = device_takes(x->dev, t->precision, e);
	if (st != OK)
		return st;
	st = experiment_net(x, a, t->network, arena_printf(a, "%s (teacher)", t->network), &t->net, e);
	if (st == OK && p == TEACHER_INT8) { /* what is planned does not depend on their values */
		t->scales = NEW(a, struct int8_scales);
		t->scales->n = int8_site_count(t->net);
		t->scales->scale = NEW_ARRAY(a, double, t->scales->n);
		for (int i = 0; i < t->scales->n; i++)
			t->scales->scale[i] = 1;
	}
	return st;
}

bool teacher_is(const struct teacher *t, const struct stage *s, int which)
{
	return str_eq(t->from->identity, s->teacher[which].identity) && str_eq(t->network, s->teacher[which].network) && teacher_conf_same(t->stage, s);
}

enum status teacher_load(struct teacher *t, struct err *e)
{
	if (t->loaded)
		return OK;
	enum status st = params_place(t->net->params, t->x->dev, e);
	if (st == OK)
		st = weights_load(t->net->params, t->from->path, e);
	if (st == OK && t->scales)
		st = teacher_calibrate(t, e);
	t->loaded = st == OK;
	return st;
}

void teacher_release(struct teacher *t)
{
	params_release(t->net->params);
	*t->weights = 0;
	t->loaded = false;
}
