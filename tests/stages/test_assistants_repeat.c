/* What a later stage, or another run, repeats of an assistant chain: its phases or its temperatures. */
#include "tests/stages/chain.h"

#include <string.h>

#include "base/file.h"

#define REPEAT(name, more) "  - {name: " name ", kind: assistants, train: student, teacher: [small.last, big.last], epochs: 9, phases: chain.temperature" more "}\n"

START_TEST(yoked)
{
	const struct trained t = train_ok("out", TOP STAGES TWO CHAIN(FAST) REPEAT("yoked", ", temperature: {kind: fixed, tau: 2.5}")
	                                         REPEAT("line", ", temperature: {kind: linear, from: 9, to: 3}") REPEAT("again", ", temperature: {kind: replay, of: chain.temperature}"));
	const struct course chain = course_of_stage(&t, "chain"), fixed = course_of_stage(&t, "yoked"), line = course_of_stage(&t, "line"), again = course_of_stage(&t, "again");
	for (int k = 0; k < 3; k++) {
		ck_assert_int_eq(course_epochs(&fixed, k), course_epochs(&chain, k));
		ck_assert_int_eq(course_epochs(&line, k), course_epochs(&chain, k));
	}
	const int first = 4 * course_epochs(&chain, 0), taught = first + 4 * course_epochs(&chain, 1);
	for (long i = 0; i < chain.n; i++) {
		ck_assert_double_eq(fixed.tau[i], i < taught ? 2.5 : 1);
		ck_assert_double_eq(again.tau[i], chain.tau[i]);
	}
	ck_assert_double_eq_tol(line.tau[first / 2], 6, 1e-6); /* half of the phase that it has */
	ck_assert_double_eq_tol(line.tau[first], 9, 1e-6);
	ck_assert_int_eq(rows(t.folder, "yoked", -1, "phase_by_limit"), 0); /* such an end is what was asked for */
	ck_assert(!same_last(&t, "yoked", &t, "line"));
	ck_assert(same_last(&t, "again", &t, "chain")); /* the chain without what moved its temperature: the same bits */
}
END_TEST

/* Seeds as arms: a copy follows the copy of its own seed, whose phases are other ones; where there is none of that seed, the stage that was named. */
START_TEST(yoked_copies)
{
#define COPIES(chain, yoked) "arms: [{stages: [chain], seeds: [" chain "]}, {stages: [yoked], seeds: [" yoked "]}]\n"
#define SLOWER ", temperature: {kind: adaptive, from: 4, lr: 500, momentum: 0}"
	const char *both = TOP STAGES TWO CHAIN(SLOWER) REPEAT("yoked", ", temperature: {kind: replay, of: chain.temperature}") COPIES("1, 2, 3", "1, 2, 3");
	struct experiment *x = open_ok(both), *y = open_ok(TOP STAGES TWO CHAIN(SLOWER) REPEAT("yoked", ", temperature: {kind: fixed}") COPIES("1", "1, 2"));
	ck_assert_int_eq(x->n_stage, 8);
	for (int i = 5; i < 8; i++) {
		ck_assert_int_eq(x->stage[i].course.stage, i - 3);
		ck_assert_int_eq(strncmp(x->stage[i].course.identity, x->stage[i - 3].identity, 64), 0);
	}
	ck_assert_str_eq(y->stage[4].name, "yoked-init2");
	ck_assert_int_eq(y->stage[4].course.stage, 2);
	experiment_close(y);
	experiment_close(x);
	const struct trained t = train_ok("out", both);
	const char *const names[] = {"", "-init2", "-init3"};
	for (int i = 0; i < 3; i++)
		ck_assert_str_eq(file_text(&t, arena_printf(life, "yoked%s", names[i])), file_text(&t, arena_printf(life, "chain%s", names[i])));
	ck_assert_str_ne(file_text(&t, "chain"), file_text(&t, "chain-init2"));
}
END_TEST

/* Other losses take temperatures too, and a stage that repeats one is not taught by it. */
START_TEST(in_distill)
{
	const struct trained t = train_ok("out", TOP STAGES TWO CHAIN(FAST)
	                                         "  - {name: kd, kind: distill, train: student, teacher: big.last, epochs: 4, losses: [{kind: ce, weight: 0.1}, {kind: kd, temperature: {kind: "
	                                         "linear, from: 8, to: 2}}]}\n"
	                                         "  - {name: as, kind: distill, train: student, teacher: big.last, epochs: 4, losses: [{kind: kd, temperature: {kind: replay, of: kd.temperature}}]}\n");
	ck_assert_double_eq_tol(metric(t.folder, "kd", 1, "tau/kd"), 8 - 6.0 / 4 * (0 + 0.25 + 0.5) * 16 / 56 - 6.0 / 4 * 0.75 * 8 / 56, 1e-5);
	const struct course kd = course_of_stage(&t, "kd"), as = course_of_stage(&t, "as");
	for (long i = 0; i < kd.n; i++)
		ck_assert_double_eq(kd.tau[i], as.tau[i]);
}
END_TEST

START_TEST(repeating_does_not_teach)
{
	struct experiment *x = NULL;
	const char *text = TOP STAGES TWO CHAIN(FAST) REPEAT("yoked", ", temperature: {kind: fixed}");
	ck_ok(open_text(&x, "cpu", text, "seed={split: 1, data: 1, init: 1, teacher: 5}", NULL));
	ck_assert_int_eq(x->stage[0].seed_init, 5);
	ck_assert_int_eq(x->stage[2].seed_init, 1);
	struct experiment *y = open_ok(text);
	ck_assert_str_ne(x->stage[3].identity, y->stage[3].identity); /* other teachers */
	experiment_close(y);
	experiment_close(x);
}
END_TEST

/* Another run's temperatures, by its folder and stage or by their file: its content is the identity, and neither a name nor a place. */
#define OF(place) TOP STAGES TWO "  - {name: again, kind: assistants, train: student, teacher: [small.last, big.last], epochs: 9, temperature: {kind: replay, of: \"" place "\"}}\n"

static struct experiment *open_of(const char *place)
{
	return open_ok(arena_printf(life, OF("%s"), place));
}

START_TEST(of_another_run)
{
	const struct trained t = train_ok("one", TOP STAGES TWO CHAIN(FAST));
	struct experiment *x = open_of(arena_printf(life, "%s/chain", t.folder)), *y = NULL, *z = NULL;
	struct trained again;
	const char *text = file_text(&t, "chain");
	y = open_of(text_file("copy.csv", text));
	z = open_of(text_file("other.csv", arena_printf(life, "%s%s", text, "36,10,3,1\n")));
	ck_assert_str_eq(x->stage[2].identity, y->stage[2].identity);
	ck_assert_str_ne(x->stage[2].identity, z->stage[2].identity);
	experiment_close(z);
	experiment_close(y);
	ck_ok(train(x, "two", &again));
	experiment_close(x);
	const struct course chain = course_of_stage(&t, "chain"), now = course_of_stage(&again, "again");
	const int taught = 4 * (course_epochs(&chain, 0) < course_epochs(&now, 0) ? course_epochs(&chain, 0) : course_epochs(&now, 0));
	ck_assert_int_gt(taught, 0);
	for (int i = 0; i < taught; i++)
		ck_assert_double_eq(now.tau[i], chain.tau[i]);
	/* The resolved file says where they were, from any folder. */
	ck_ok(experiment_open(life, path_join(life, again.folder, "config.yaml"), &(struct experiment_options){.threads = 1}, &x, &e));
	ck_assert_str_eq(x->stage[2].identity, again.result[2].stage->identity);
	ck_assert(*x->stage[2].course.path == '/');
	experiment_close(x);
	/* A run that found the chain finished has no file of its own: the store knows whose it is. */
	const struct trained found = train_ok("one", TOP STAGES TWO CHAIN(FAST) "  - {name: more, kind: supervise, train: student, epochs: 1}\n");
	ck_assert(found.result[2].reused && !file_exists(arena_printf(life, "%s/stages/chain/temperature.csv", found.folder)));
	x = open_of(arena_printf(life, "%s/chain", found.folder));
	ck_assert_str_eq(x->stage[2].identity, again.result[2].stage->identity);
	experiment_close(x);
}
END_TEST

static void refused_of(const char *place, enum status status, const char *says)
{
	struct experiment *x = NULL;
	ck_assert_msg(open_text(&x, "cpu", arena_printf(life, OF("%s"), place), NULL) == status, "%s", e.text);
	ck_has(e.text, says);
	experiment_close(x);
	err_clear(&e);
}

START_TEST(of_no_run)
{
	const struct trained t = train_ok("one", TOP STAGES TWO CHAIN(FAST));
	refused_of("nowhere/chain", E_USER, "there is no run 'nowhere'");
	refused_of("nowhere.csv", E_USER, "there is no file 'nowhere.csv'");
	refused_of(t.folder, E_USER, "is a run: name a stage of it");
	refused_of(arena_printf(life, "%s/chian", t.folder), E_USER, "has no stage 'chian'; did you mean 'chain'?");
	refused_of(arena_printf(life, "%s/small", t.folder), E_USER, "has left no temperatures: no loss of it has a 'temperature'");
	refused_of(text_file("bad.csv", "step,epoch,lesson,temperature\n0,1,1,20\n2,1,1,19\n"), E_ENV, "bad.csv:3: damaged");
	refused_of(text_file("empty.csv", "step,epoch,lesson,temperature\n"), E_ENV, "no step has a temperature");
	struct experiment *x = NULL;
	ck_assert_int_eq(open_text(&x, "cpu", arena_printf(life, TOP STAGES TWO CHAIN(", phases: \"%s/chain\""), t.folder), NULL), E_USER);
	ck_has(e.text, "'phases' are those of a stage of this file");
	experiment_close(x);
}
END_TEST

/* What is repeated enters an identity; what the stage is called does not. */
START_TEST(names_do_not_matter)
{
#define CALLED(name, more) "  - {name: " name ", kind: assistants, train: student, teacher: [small.last, big.last], epochs: 9" FAST "}\n" \
                           "  - {name: next, kind: assistants, train: student, teacher: [small.last, big.last], epochs: 9, temperature: {kind: replay, of: " name ".temperature}" more "}\n"
	struct experiment *x = open_ok(TOP STAGES TWO CALLED("chain", ", phases: chain.temperature")), *y = open_ok(TOP STAGES TWO CALLED("other", ", phases: other.temperature")),
			  *z = open_ok(TOP STAGES TWO CALLED("chain", ""));
	ck_assert_str_eq(x->stage[3].identity, y->stage[3].identity);
	ck_assert_str_ne(x->stage[3].identity, z->stage[3].identity);
	experiment_close(z);
	experiment_close(y);
	experiment_close(x);
}
END_TEST

START_TEST(damaged_course)
{
	static const struct { const char *text, *says; } bad[] = {
		{"a,b\n", "the first line is not 'step,epoch,lesson,temperature'"},
		{"step,epoch,lesson,temperature\n0,1,1,20\n2,1,1,19\n", ":3: damaged"},
		{"step,epoch,lesson,temperature\n0,1,1,20\n1,1,1", "damaged"},
		{"step,epoch,lesson,temperature\n0,0,1,20\n", ":2: damaged"},
	};
	struct course c;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		ck_assert_int_eq(course_load(life, text_file("course.csv", bad[i].text), &c, &e), E_ENV);
		ck_has(e.text, bad[i].says);
		err_clear(&e);
	}
}
END_TEST

void assistants_add_repeats(TCase *tc)
{
	tcase_add_test(tc, yoked);
	tcase_add_test(tc, yoked_copies);
	tcase_add_test(tc, in_distill);
	tcase_add_test(tc, repeating_does_not_teach);
	tcase_add_test(tc, names_do_not_matter);
	tcase_add_test(tc, of_another_run);
	tcase_add_test(tc, of_no_run);
	tcase_add_test(tc, damaged_course);
}
