/* Critics of the main method: copies of the teacher that move and the original that never does, critics at chance, the same critics twice. */
#include "tests/stages/blocks.h"

#include <math.h>

#include "base/file.h"
#include "stages/blocks.h"
#include "stages/train_int.h"

static struct bytes all_of(struct net *net, bool states)
{
	return duel_bytes(net, states, 0, MAX_BLOCK + 1);
}

/* ---- copies ---- */

static const struct { const char *options; int from, to; } copies[] = {
	{M3(LAST "critic: {kind: teacher_tail, mutual: true}, copy_kd: 0.1"), 2, 4},
	{M3(LAST "critic: {kind: teacher_tail, mutual: true, head: none}"), 2, 4},
	{M3(LAST "critic: {kind: teacher_block}, blocks: [1, 2]"), 2, 2},
	{M3(LAST "critic: {kind: teacher_tail, mutual: true}, generators: 2, copy_ce: 0, adversary: hinge"), 2, 3} /* nothing reads its class head */,
};
enum { COPIES = sizeof copies / sizeof *copies };

/* Begins as the anchor; then its own parts move, its statistics do not, and nothing of the anchor does. On ref, then on cpu. */
START_TEST(copy_moves)
{
	const int i = _i % COPIES;
	struct duel d = duel_open_on(_i < COPIES ? "ref" : "cpu", copies[i].options, 0);
	struct net *copy = duel_net(&d, "small/critic1.1/copy"), *teacher = d.r->teacher;
	const struct bytes original[] = {all_of(teacher, false), all_of(teacher, true)};
	ck_assert(!bytes_same(original[0], all_of(copy, false)));
	ck_ok(copies_start(d.lesson.own, d.r, &e));
	for (int s = 0; s < 2; s++)
		ck_assert(bytes_same(original[s], all_of(copy, s)));
	duel_build(&d);
	for (int k = 0; k < d.lesson.n_optim; k++)
		duel_rate(&d, k, 0.01);
	for (d.number = 0; d.number < 3; d.number++)
		duel_step(&d);
	for (int part = 1; part <= 4; part++)
		ck_assert_msg(bytes_same(duel_bytes(teacher, false, part, part), duel_bytes(copy, false, part, part)) == (part < copies[i].from || part > copies[i].to),
		              "part %d", part);
	ck_assert(bytes_same(original[1], all_of(copy, true)));
	for (int s = 0; s < 2; s++)
		ck_assert(bytes_same(original[s], all_of(teacher, s)));
	duel_close(&d);
}
END_TEST

static const char *log_of(const struct trained *t)
{
	char *text;
	size_t n;
	ck_ok(file_read(life, path_join(life, t->folder, "log.txt"), false, &text, &n, &e));
	return text;
}

/* A copy that does not move is the anchor: its accuracy, and no distance from it. One that moves goes away from it. */
START_TEST(copies_are_measured)
{
#define MEASURED(rate) M3_SHORT(LAST "blocks: [1], head_epochs: 0, polish_epochs: 0, critic: {kind: teacher_tail, mutual: true}, copy_lr: " rate)
	const struct trained still = train_ok("still", MEASURED("0")), moves = train_ok("moves", MEASURED("0.1"));
	ck_assert_double_eq_tol(metric(still.folder, "m", 1, "valid/critic/copy_top1"), metric(still.folder, "teach", 3, "valid_top1"), 1e-4);
	ck_assert_double_le(fabs(metric(still.folder, "m", 1, "valid/critic/copy_kl")), 1e-6);
	ck_assert_double_gt(metric(moves.folder, "m", 1, "valid/critic/copy_kl"), 1e-4);
	ck_assert(isfinite(metric(moves.folder, "m", 1, "valid/graft")));
	/* Before it is the anchor; after, what the last epoch measured. Where nothing is held out the training pictures serve. */
	ck_assert_double_eq(metric(moves.folder, "m", -1, "critic/copy_top1_before"), metric(still.folder, "m", 1, "valid/critic/copy_top1"));
	ck_assert_double_le(fabs(metric(moves.folder, "m", -1, "critic/copy_kl_before")), 1e-6);
	ck_assert_double_eq(metric(moves.folder, "m", 1, "critic/copy_top1_after"), metric(moves.folder, "m", 1, "valid/critic/copy_top1"));
	ck_assert_double_eq(metric(moves.folder, "m", 1, "critic/copy_kl_after"), metric(moves.folder, "m", 1, "valid/critic/copy_kl"));
	ck_has(log_of(&moves), "of the held-out pictures, the original on");
	const char *text = MEASURED("0.1"), *held = strstr(text, "held_out: 24") + strlen("held_out: ");
	const struct trained nothing = train_ok("nothing", arena_printf(life, "%.*s0%s", (int)(held - text), text, held + strlen("24")));
	ck_assert_double_gt(metric(nothing.folder, "m", -1, "critic/copy_kl_after"), 1e-4);
	ck_assert(isfinite(metric(nothing.folder, "m", -1, "critic/copy_top1_before")));
	ck_has(log_of(&nothing), "of the training pictures, the original on");
	const struct trained several = train_ok("several", M3_SHORT(LAST "greedy: false, polish_epochs: 0, critic: {kind: teacher_tail, mutual: true}"));
	for (int k = 1; k <= 3; k++)
		ck_assert_double_gt(metric(several.folder, "m", 3, arena_printf(life, "valid/critic%d/copy_kl", k)), 0);
}
END_TEST

/* Arms of one teacher, of which one moves a copy: the others leave what they leave alone. */
#define SHARED NETS3 STAGES TEACH3 \
	BLOCKS LAST "epochs: 1, critic: {kind: teacher_tail, mutual: true}, copy_lr: 0.1, head_epochs: 1, polish_epochs: 1}\n" \
	"  - {name: plain, kind: blocks, " LAST "epochs: 1, head_epochs: 1, polish_epochs: 1}\n" \
	"  - {name: kd, kind: distill, " LAST "epochs: 4, teacher_cache: f32}\n"

START_TEST(shared_teacher)
{
	static const char *const names[] = {"m", "plain", "kd"};
	const struct trained alone = train_ok("alone", SHARED), arms = train_ok("arms", SHARED "arms: [{stages: [m, plain, kd]}]\n");
	for (int i = 0; i < 3; i++) {
		const struct st_file a = weights_of(alone.folder, names[i], "last"), b = weights_of(arms.folder, names[i], "last");
		ck_assert_msg(same_tensors(&a, &b), "'%s' is another", names[i]);
		ck_assert_double_eq(alone.result[i + 1].teacher_test, alone.result[0].test_last);
		ck_assert_double_eq(arms.result[i + 1].teacher_test, alone.result[0].test_last);
	}
	const struct st_file a = weights_of(alone.folder, "m", "last"), b = weights_of(alone.folder, "plain", "last");
	ck_assert(!same_tensors(&a, &b));
}
END_TEST

/* ---- what is looked at in a run ---- */

static struct {
	enum status (*begin)(const struct lesson *l, struct aside *a, struct err *e);
	enum status (*end)(const struct lesson *l, struct aside *a, struct err *e);
	bool dead;              /* critics begin as a constant that calls all features real */
	bool passed_over;       /* the kind's own end is */
	bool matched;           /* at the end the student's features are the teacher's */
	bool alarmed;           /* on its way each critic has given the alarm of chance */
	struct str seen[2];     /* everything at the beginnings, at the ends, of all lessons with a critic */
	bool changed;           /* by the kind's own end */
} spy;

static enum status add_all(struct str *s, const struct lesson *l, struct stage_run *r)
{
	for (int i = 0; i <= r->n_net; i++)
		for (int state = 0; state < 2; state++) {
			const struct bytes b = all_of(i < r->n_net ? r->net[i] : r->teacher, state);
			str_addn(s, b.data, b.n);
		}
	for (int i = 0; i < l->n_optim; i++) {
		char *raw = arena_alloc(life, optim_bytes(l->optim[i].optim) + 1);
		ck_ok(optim_read(l->optim[i].optim, raw, &e));
		str_addn(s, raw, optim_bytes(l->optim[i].optim));
	}
	return OK;
}

static enum status spied_begin(const struct lesson *l, struct aside *a, struct err *err)
{
	struct stage_run *r = aside_run(a);
	enum status st = spy.begin(l, a, err);
	for (int i = 0; i < r->n_net && spy.dead; i++)
		if (strstr(r->net[i]->params->name, "/critic") && !str_ends(r->net[i]->params->name, "/copy")) {
			duel_set(r->net[i], "head.weight", 0);
			duel_set(r->net[i], "head.bias", 5);
		}
	return st == OK ? add_all(&spy.seen[0], l, r) : st;
}

static enum status spied_end(const struct lesson *l, struct aside *a, struct err *err)
{
	struct stage_run *r = aside_run(a);
	struct str before = {0}, after = {0};
	if (spy.matched)
		ck_ok(params_copy(r->student->params, r->teacher->params, err));
	for (int i = 0; spy.alarmed && i < l->n_watch; i++)
		a->t->place.watch[i].told = 1 << WATCH_CHANCE;
	add_all(&before, l, r);
	const enum status st = spy.passed_over ? OK : spy.end(l, a, err);
	add_all(&after, l, r);
	spy.changed |= before.len != after.len || memcmp(before.text, after.text, after.len) != 0;
	str_addn(&spy.seen[1], after.text, after.len);
	str_release(&before);
	str_release(&after);
	return st;
}

static enum status define(struct stage_run *r, struct err *err)
{
	const enum status st = stage_blocks.define(r, err);
	for (int k = 0; k < r->n_lesson && st == OK; k++) {
		struct lesson *l = &r->lesson[k];
		if (!l->begin)
			continue;
		spy.begin = l->begin;
		spy.end = l->end;
		l->begin = spied_begin;
		l->end = spied_end;
	}
	return st;
}

static void forget(void)
{
	str_release(&spy.seen[0]);
	str_release(&spy.seen[1]);
	memset(&spy, 0, sizeof spy);
}

static struct trained train_spied(const char *out, const char *text, const char *set)
{
	static struct stage_kind kind;
	struct experiment *x = NULL;
	struct trained t;
	kind = stage_blocks;
	kind.define = define;
	ck_ok(open_text(&x, "cpu", text, set, NULL));
	x->stage[1].kind = &kind;
	ck_ok(train(x, out, &t));
	experiment_close(x);
	return t;
}

/* ---- twice ---- */

static const char *const twice[] = {
	M3_SHORT(LAST "critic: {kind: small, width: 4, depth: 2, spectral: true}, adversary: hinge"),
	M3_SHORT(LAST "critic: {kind: teacher_tail, mutual: true}, copy_kd: 0.1, generators: 2"),
	M3_SHORT(LAST "critic: {kind: teacher_block}, blocks: [1, 2], adversary: wasserstein, normalise: true"),
	M3_SHORT(LAST "critic: {kind: teacher_tail, head: class_plus_one}, r1: 1, critic_steps: 2, greedy: false"),
};

START_TEST(same_critics)
{
	struct str seen[2];
	for (int k = 0; k < 2; k++) {
		train_spied(k ? "two" : "one", twice[_i], "stages.m.polish_epochs=1");
		ck_assert_uint_gt(spy.seen[1].len, 1000);
		ck_assert(spy.seen[0].len == spy.seen[1].len && memcmp(spy.seen[0].text, spy.seen[1].text, spy.seen[0].len) != 0);
		seen[k] = spy.seen[1];
		spy.seen[1] = (struct str){0};
		forget();
	}
	ck_assert(seen[0].len == seen[1].len && !memcmp(seen[0].text, seen[1].text, seen[0].len));
	str_release(&seen[0]);
	str_release(&seen[1]);
}
END_TEST

/* ---- near chance ---- */

/* 14 steps an epoch; a critic that calls everything real is right half of the time, and without a rate it goes on so. */
#define DEAD(train, options) M3("train: " train ", teacher: teach.last, blocks: [1], lr: 0, critic_lr: 0, copy_lr: 0, head_epochs: 1, polish_epochs: 1, " options)
#define EPOCHS "epochs: 15"
/* tells: 200 steps are enough for it on pictures as few as these. */
static const struct { const char *text; bool tells; } dead[] = {
	{DEAD("small", EPOCHS ", " SMALL), true},
	{DEAD("small", EPOCHS ", " SMALL ", generators: 2, warm_up: 20"), true},
	{DEAD("small", EPOCHS ", " SMALL ", critic_every: 7"), true},
	{DEAD("small", EPOCHS ", " SMALL ", greedy: false"), true},
	{DEAD("small", EPOCHS ", critic: {kind: teacher_tail, mutual: true}"), false},
	{DEAD("small", EPOCHS ", critic: {kind: teacher_block}"), false},
};

/* The fresh one learns at a rate of its own and tells features apart that differ; it leaves nothing behind. */
START_TEST(dead_critic)
{
	spy.dead = true;
	const struct trained t = train_spied("out", dead[_i].text, "data.batch=4");
	const char *name = "critic/fresh_accuracy";
	ck_assert_int_eq(rows(t.folder, "m", 15, name), 1);
	ck_assert_int_eq(rows(t.folder, "m", -1, name), 1);
	ck_assert_double_gt(metric(t.folder, "m", 15, name), dead[_i].tells ? 0.75 : 0.25);
	ck_assert_double_le(metric(t.folder, "m", 15, name), 1);
	ck_assert_double_ne(metric(t.folder, "m", 15, name), 0.5);
	ck_has(log_of(&t), "ended near chance");
	if (dead[_i].tells)
		ck_has(log_of(&t), "the critic was dead, the features differ");
	ck_assert(!spy.changed);
	same_events(t.folder);
	spy.passed_over = true;
	const struct trained without = train_spied("without", dead[_i].text, "data.batch=4");
	ck_assert_int_eq(rows(without.folder, "m", -1, name), 0);
	const struct st_file a = weights_of(t.folder, "m", "last"), b = weights_of(without.folder, "m", "last");
	ck_assert(same_tensors(&a, &b));
}
END_TEST

/* Features that are the teacher's own can't be told from them, and that is what is said. */
START_TEST(matched)
{
	spy.dead = spy.matched = true;
	const struct trained t = train_spied("out", DEAD("twin", EPOCHS ", " SMALL), "data.batch=4");
	ck_assert_double_eq_tol(metric(t.folder, "m", 15, "critic/fresh_accuracy"), 0.5, 1e-6);
	ck_has(log_of(&t), "match the teacher's as far as it can tell");
	ck_assert(!spy.changed);
}
END_TEST

/* Too few steps for an alarm, and a critic that works: no other one is asked. */
START_TEST(no_fresh_critic)
{
	spy.dead = !_i;
	const struct trained t = train_spied("out", _i ? M3(LAST "blocks: [1], epochs: 15, polish_epochs: 1, critic_lr: 0.01, " SMALL) : DEAD("small", "epochs: 1, " SMALL),
	                                     "data.batch=4");
	ck_assert_int_eq(rows(t.folder, "m", -1, "critic/fresh_accuracy"), 0);
	ck_assert_ptr_null(strstr(log_of(&t), "ended near chance"));
}
END_TEST

/* An alarm on the way is enough, whatever the mean is at the end. By the head's own zero the fresh one would be right on one half: its scores are far above. */
START_TEST(alarmed_before)
{
	spy.alarmed = true;
	const char *text = M3(LAST "blocks: [3], epochs: 1, lr: 0, critic_lr: 0.001, head_epochs: 1, polish_epochs: 1, critic: {kind: teacher_tail, head: class_plus_one}");
	const struct trained t = train_spied("out", text, "data.batch=4");
	ck_assert_int_eq(rows(t.folder, "m", 1, "critic/fresh_accuracy"), 1);
	ck_has(log_of(&t), "critic was for a time near chance; a fresh one of 200 steps is right on");
	ck_assert_double_gt(metric(t.folder, "m", 1, "critic/fresh_accuracy"), 0.75);
	ck_has(log_of(&t), "the features differ, and the critic was dead or its 14 steps were too few");
	ck_assert(!spy.changed);
}
END_TEST

/* One that is worse than chance is no witness of anything. */
START_TEST(verdicts)
{
	static const struct { double accuracy, steps; const char *says; } cases[] = {
		{0, 300, "worse than chance, so it learnt nothing that holds, and nothing is known of the features"}, {0.47, 300, "nothing is known"},
		{0.49, 300, "the student's features match the teacher's"}, {0.515, 300, "match the teacher's"}, {0.53, 300, "the critic was dead, the features differ"},
		{1, 199, "the critic was dead or its 199 steps were too few"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		ck_has(fresh_verdict(life, cases[i].accuracy, cases[i].steps), cases[i].says);
}
END_TEST

/* Nothing tells where no picture is held out. */
START_TEST(nobody_can_tell)
{
	spy.dead = true;
	const char *text = DEAD("small", "epochs: 3, " SMALL), *held = strstr(text, "held_out: 24") + strlen("held_out: ");
	const struct trained t = train_spied("out", arena_printf(life, "%.*s0%s", (int)(held - text), text, held + strlen("24")), "data.batch=4");
	ck_assert_int_eq(rows(t.folder, "m", -1, "critic/fresh_accuracy"), 0);
	ck_has(log_of(&t), "ended near chance; no picture is held out, so nothing can tell whether the features match or the critic is dead");
	ck_assert_ptr_null(strstr(log_of(&t), "fresh one"));
}
END_TEST

/* 42 steps are too few for an alarm on the way; at the end they are judged, and it is said that they were few. */
START_TEST(short_lesson)
{
	spy.dead = true;
	const struct trained t = train_spied("out", DEAD("small", "epochs: 3, " SMALL), "data.batch=4");
	ck_assert_double_gt(metric(t.folder, "m", 3, "critic/fresh_accuracy"), 0.75);
	ck_has(log_of(&t), "right 50.0 % of the time over its last 42 steps: not better than chance");
	ck_has(log_of(&t), "the features differ, and the critic was dead or its 42 steps were too few");
}
END_TEST

void blocks_critic_cases(Suite *s)
{
	TCase *tc = life_case(s, "critics");
	tcase_add_checked_fixture(tc, NULL, forget);
	tcase_add_loop_test(tc, copy_moves, 0, 2 * COPIES);
	tcase_add_test(tc, copies_are_measured);
	tcase_add_test(tc, shared_teacher);
	tcase_add_loop_test(tc, same_critics, 0, sizeof twice / sizeof *twice);
	tcase_add_loop_test(tc, dead_critic, 0, sizeof dead / sizeof *dead);
	tcase_add_test(tc, matched);
	tcase_add_loop_test(tc, no_fresh_critic, 0, 2);
	tcase_add_test(tc, short_lesson);
	tcase_add_test(tc, alarmed_before);
	tcase_add_test(tc, nobody_can_tell);
	tcase_add_test(tc, verdicts);
}
