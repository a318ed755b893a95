/* What a stage's identity is made of: all that changes results, and nothing else. */
#include "tests/stages/suites.h"

#include <math.h>

#include "gan/critic.h"
#include "losses/loss.h"

#define THREE TOP STAGES TEACH \
	"  - {name: kd, kind: distill, train: student, teacher: teach.anchors, epochs: 4}\n" \
	"  - {name: msm, kind: blocks, train: student, teacher: teach.anchors, critic: {kind: small}}\n"

/* What options of `blocks` need beside them to mean something. */
#define FULL TOP STAGES TEACH \
	"  - {name: kd, kind: distill, train: student, teacher: teach.anchors, epochs: 4}\n" \
	"  - {name: msm, kind: blocks, train: student, teacher: teach.anchors, generators: 2, critic: {kind: teacher_tail, mutual: true}}\n"

/* Another value than the default, in range; NULL: the row has none to try. */
static const char *another(const struct opt *o)
{
	const double near = fmin(o->def + 3, o->max);
	if (!strcmp(o->name, "moves"))
		return NULL; /* goes with `from` alone: test_order.c */
	if (!strcmp(o->name, "gradient_penalty"))
		return "2"; /* a weight, or -1 */
	switch (o->type) {
	case OPT_REAL:
		return arena_printf(life, "%.17g", o->def * 0.5 >= o->min && o->def != 0 ? o->def * 0.5 : fmin(o->def + 0.25, o->max));
	case OPT_INT:
		return arena_printf(life, "%d", (int)(near != o->def ? near : o->def - 1));
	case OPT_BOOL:
		return o->def != 0 ? "false" : "true";
	case OPT_CHOICE: {
		const char *bar = strchr(o->choices, '|');
		if (!bar)
			return NULL;
		const size_t first = (size_t)(bar - o->choices);
		if (!o->def_text || (strlen(o->def_text) == first && !strncmp(o->def_text, o->choices, first)))
			return arena_strn(life, bar + 1, strcspn(bar + 1, "|"));
		return arena_strn(life, o->choices, first);
	}
	case OPT_INTS:
		return str_eq(o->name, "anchor_epochs") ? "[1, 2]" : !strcmp(o->name, "teacher_epochs") ? "[1, 3]" : "[1]"; /* one for each teacher */
	case OPT_REALS:
		return "[0.3]";
	default:
		return NULL;
	}
}

static void identity_with(const char *text, int stage, const char *set, char out[65])
{
	struct experiment *x = NULL;
	ck_assert_msg(open_text(&x, "cpu", text, set, NULL) == OK, "%s: %s", set ? set : "", e.text);
	memcpy(out, x->stage[stage].identity, 65);
	experiment_close(x);
}

/* Each row of a table, set below PREFIX. */
static int each_row(const struct opt *rows, const char *text, const char *prefix, int stage)
{
	char base[65], now[65];
	int tried = 0;
	identity_with(text, stage, NULL, base);
	for (const struct opt *o = rows; o && o->name; o++) {
		const char *value = another(o);
		if (!value)
			continue;
		const char *set = arena_printf(life, "%s.%s=%s", prefix, o->name, value);
		identity_with(text, stage, set, now);
		ck_assert_msg((strcmp(base, now) != 0) == !(o->flags & OPT_NEUTRAL), "%s: the identity is %s", set,
		              strcmp(base, now) ? "another" : "the same");
		tried++;
	}
	return tried;
}

START_TEST(options_of_stages)
{
	static const char *const names[] = {"teach", "kd", "msm"};
	for (int i = 0; i < 3; i++) {
		const struct stage_kind *kind = stage_kind_find(i == 0 ? "supervise" : i == 1 ? "distill" : "blocks");
		const char *prefix = arena_printf(life, "stages.%s", names[i]);
		ck_assert_int_ge(each_row(train_opts, THREE, prefix, i), 3);
		ck_assert_int_ge(each_row(optim_opts, THREE, prefix, i), 10);
		ck_assert_int_ge(each_row(schedule_opts, THREE, prefix, i), 4);
		ck_assert_int_ge(each_row(kind->opts, FULL, prefix, i), 1);
	}
}
END_TEST

START_TEST(options_of_parts)
{
	ck_assert_int_ge(each_row(critic_find("small")->opts, THREE, "stages.msm.critic", 2), 3);
	ck_assert_int_ge(each_row(data_opts, THREE, "data", 0), 10);
	char base[65], now[65];
	const char *text = TOP STAGES TEACH "  - {name: kd, kind: distill, train: student, teacher: teach.last, losses: [{kind: kd}, {kind: hint, student: block1,"
	                   " teacher: block1}]}\n";
	ck_assert_int_ge(each_row(loss_find("kd")->opts, text, "stages.kd.losses.0", 1), 1);
	identity_with(text, 1, NULL, base);
	static const char *const sets[] = {"stages.kd.losses.0.weight=2", "stages.kd.losses.1.student=block2", "stages.kd.losses.1.teacher=block2",
	                                   "networks.student.convs=2", "networks.teacher.convs=2", "seed=2", "seed={data: 2}", "seed={init: 2}",
	                                   "seed={split: 2}", "precision=bf16", "deterministic=false", "stages.teach.lr=0.01", "stages.teach.anchors=[2]", "data.n_train=81"};
	for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
		identity_with(text, 1, sets[i], now);
		ck_assert_msg(strcmp(base, now) != 0, "%s changes nothing", sets[i]);
	}
	static const char *const same[] = {"name=other", "stages.kd.name=else", "stages.kd.losses.0.name=first", "report={title: x}", "seed={data: 1}",
	                                   "stages.kd.lr=0.05", "deterministic=true", "networks.deep.convs=2"};
	for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
		identity_with(text, 1, same[i], now);
		ck_assert_msg(strcmp(base, now) == 0, "%s changes the identity", same[i]);
	}
}
END_TEST

/* Written out or left to the defaults: the same stage. */
START_TEST(defaults_written)
{
	char a[65], b[65];
	identity_with(TOP STAGES TEACH "  - {name: k, kind: distill, train: student, teacher: teach.last}\n", 1, NULL, a);
	identity_with(TOP STAGES TEACH "  - {name: k, kind: distill, train: student, teacher: teach.last, losses: [{kind: ce, weight: 0.1},"
	              " {kind: kd, weight: 0.9, tau: 4}, {kind: hint, weight: 0, student: block1, teacher: block1}]}\n", 1, NULL, b);
	ck_assert_str_eq(a, b);
	/* a critic that is not built changes nothing */
	identity_with(TOP STAGES TEACH "  - {name: k, kind: blocks, train: student, teacher: teach.last, adversarial: 0}\n", 1, NULL, a);
	identity_with(TOP STAGES TEACH "  - {name: k, kind: blocks, train: student, teacher: teach.last, adversarial: 0, critic: {kind: small}}\n", 1, NULL, b);
	ck_assert_str_eq(a, b);
}
END_TEST

/* Two experiments, one store: the teacher is trained once. */
START_TEST(trained_once)
{
	const struct trained a = train_ok("out", TOP STAGES TEACH);
	ck_assert(!a.result[0].reused);
	const struct trained b = train_ok("out", TOP STAGES "  - {name: first, kind: supervise, train: teacher, epochs: 2, anchors: {count: 2, rule: equal}}\n"
		"  - {name: kd, kind: distill, train: student, teacher: first.anchors, epochs: 2}\n");
	ck_assert(b.result[0].reused);
	ck_assert(!b.result[1].reused);
	ck_assert_str_ne(a.folder, b.folder);
	ck_assert_int_eq(rows(b.folder, "first", -1, NULL), 0);
	ck_assert_int_eq(rows(b.folder, "kd", 2, "loss"), 1);
	ck_assert_double_eq(b.result[0].test_last, a.result[0].test_last);
	ck_assert_double_eq(b.result[0].valid_last, a.result[0].valid_last);
	ck_assert_double_eq(b.result[0].images, a.result[0].images);
	ck_assert_double_eq(b.result[1].teacher_test, a.result[0].test_last);
	/* the same again: nothing at all is trained */
	const struct trained c = train_ok("out", TOP STAGES TEACH);
	ck_assert(c.result[0].reused);
	ck_assert_str_eq(a.folder, c.folder);
	ck_assert_int_eq(rows(c.folder, "teach", -1, "loss"), 2);
}
END_TEST

/* An artefact that is gone or changed is made again, the same bits, with no row twice. */
START_TEST(made_again)
{
	const struct trained a = train_ok("out", TOP STAGES TEACH);
	const struct st_file before = weights_of(a.folder, "teach", "anchor-1");
	ck_assert_int_eq(remove(arena_printf(life, "%s/stages/teach/anchor-1.safetensors", a.folder)), 0);
	const struct trained b = train_ok("out", TOP STAGES TEACH);
	ck_assert(!b.result[0].reused);
	const struct st_file after = weights_of(b.folder, "teach", "anchor-1");
	ck_assert(same_tensors(&before, &after));
	ck_assert_int_eq(rows(b.folder, "teach", -1, "loss"), 2);
	ck_assert_int_eq(rows(b.folder, "teach", -1, "test_top1"), 1);
	ck_assert_double_eq(a.result[0].test_last, b.result[0].test_last);
}
END_TEST

Suite *identity_suite(void)
{
	Suite *s = suite_create("identity");
	TCase *tc = life_case(s, "identity");
	tcase_add_test(tc, options_of_stages);
	tcase_add_test(tc, options_of_parts);
	tcase_add_test(tc, defaults_written);
	tcase_add_test(tc, trained_once);
	tcase_add_test(tc, made_again);
	return s;
}
