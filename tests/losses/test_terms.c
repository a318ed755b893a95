/* Reading the list of a stage's losses, and what becomes of its entries. */
#include "tests/losses/room.h"

#include <string.h>

#include "base/str.h"

static struct term *terms;
static int n_term;

static enum status read(const char *yaml)
{
	struct conf *root;
	ASSERT_OK(conf_parse(arena, yaml, "kd.yaml", &root, &err));
	return terms_read(arena, conf_find(root, "losses"), "stage 'kd'", &terms, &n_term, &err);
}

static void told(const char *text)
{
	ck_assert_msg(strstr(err.text, text), "not told: %s\nbut:\n%s", text, err.text);
}

START_TEST(entries_and_defaults)
{
	ASSERT_OK(read("losses:\n"
	               "  - {kind: ce, weight: 0.3, smoothing: 0.17}\n"
	               "  - {kind: kd}\n"
	               "  - {kind: hint, student: block2.pre, teacher: block3, name: deep, weight: 7}\n"));
	ck_assert_int_eq(n_term, 3);
	ck_assert_ptr_eq(terms[0].loss, &loss_ce);
	ck_assert_double_eq(terms[0].weight, 0.3);
	ck_assert_str_eq(terms[0].name, "ce");
	ck_assert_double_eq(terms[1].weight, 1);
	ck_assert_str_eq(terms[1].student, "logits");
	ck_assert_str_eq(terms[1].teacher, "logits");
	ck_assert_int_eq(terms[1].at.line, 3);
	ck_assert_str_eq(terms[2].name, "deep");
	ck_assert_str_eq(terms[2].student, "block2.pre");
	ck_assert_str_eq(terms[2].teacher, "block3");
}
END_TEST

START_TEST(nearest_name)
{
	ck_assert_int_eq(read("losses: [{kind: hnit}]"), E_USER);
	told("kd.yaml:1:17: unknown loss 'hnit'; did you mean 'hint'?");
}
END_TEST

/* Nothing is near: all that is allowed. */
START_TEST(no_near_name)
{
	ck_assert_int_eq(read("losses: [{kind: gradient_penalty}]"), E_USER);
	told("unknown loss 'gradient_penalty', allowed are ");
	for (int i = 0; i < loss_count; i++)
		told(loss_all[i]->name);
}
END_TEST

START_TEST(all_errors_at_once)
{
	ck_assert_int_eq(read("losses:\n"
	                      "  - {kind: kdd, tau: 3}\n"
	                      "  - {kind: kd, tau: -2, weight: nan}\n"
	                      "  - {kind: ce, smothing: 0.1}\n"
	                      "  - {weight: 2}\n"
	                      "  - ce\n"
	                      "  - {kind: hint, name: deep}\n"
	                      "  - {kind: hint, name: deep, adapter: never}\n"
	                      "  - {kind: ce, name: deep}\n"
	                      "  - {kind: kd, name: k, student: block1, teacher: pooled}\n"),
	                 E_USER);
	told("kd.yaml:2:12: unknown loss 'kdd'; did you mean 'kd'?");
	told("kd.yaml:3:21: 'tau' is -2");
	told("kd.yaml:3:33: 'weight' is nan");
	told("'smothing'");
	told("'smoothing'");
	told("kd.yaml:5:5: a loss of stage 'kd' is a map {kind: NAME");
	told("kd.yaml:6:5: a loss of stage 'kd' is a map {kind: NAME");
	told("kd.yaml:8:39: 'adapter' is never");
	told("kd.yaml:9:5: two losses of stage 'kd' are named 'deep'");
	told("kd.yaml:10:34: loss 'kd' reads the logits, 'student' can't be 'block1'");
	told("loss 'kd' reads the logits, 'teacher' can't be 'pooled'");
	ck_assert_int_eq(err.count, 10);
}
END_TEST

START_TEST(one_kind_twice)
{
	ck_assert_int_eq(read("losses: [{kind: kd, tau: 2}, {kind: kd, tau: 8}]"), E_USER);
	told("kd.yaml:1:30: two losses of stage 'kd' are named 'kd': give one a 'name'");
	err_clear(&err);
	ASSERT_OK(read("losses: [{kind: kd, tau: 2}, {kind: kd, tau: 8, name: soft}]"));
}
END_TEST

START_TEST(no_list)
{
	ck_assert_int_eq(read("losses: {kind: kd}"), E_USER);
	told("'losses' of stage 'kd' is a list");
	err_clear(&err);
	ck_assert_int_eq(read("losses: []"), E_USER);
	told("'losses' of stage 'kd' is a list");
}
END_TEST

/* No parameters, no node. */
START_TEST(weight_0_is_not_built)
{
	struct room *r = room_new(ROOM_N);
	struct term *t = term_of("{kind: hint, student: block1, teacher: block2, weight: 0}");
	ck_assert(term_ready(t, r));
	ck_assert_ptr_null(t->own);
	const int before = g->n_node;
	ck_assert_ptr_null(term_build(t, room_site(r, MODE_TRAIN)));
	ASSERT_BUILT();
	ck_assert_int_eq(g->n_node, before);
	ck_assert_int_eq(g->n_call, 0);
}
END_TEST

/* The term's value has no weight in it; the step adds that. */
START_TEST(value_is_without_the_weight)
{
	struct room *r = room_new(ROOM_N);
	const double one = scalar_of(term_build(term_of("{kind: kd, tau: 3.5}"), room_site(r, MODE_TRAIN)));
	const double seven =
		scalar_of(term_build(term_of("{kind: kd, tau: 3.5, weight: 7}"), room_site(r, MODE_TRAIN)));
	ck_assert_double_eq(one, seven);
}
END_TEST

START_TEST(without_a_teacher)
{
	struct room *r = room_new(ROOM_N);
	struct loss_site site = room_site(r, MODE_TRAIN);
	site.t = NULL;
	site.net_t = NULL;
	ck_assert_ptr_nonnull(term_build(term_of("{kind: ce}"), site));
	ASSERT_BUILT();
	ck_assert_ptr_null(term_build(term_of("{kind: kd}"), site));
	told("test.yaml:1:10: loss 'kd' needs a teacher");
}
END_TEST

/* Where errors of what is built next would be placed. */
START_TEST(place_is_given_back)
{
	struct room *r = room_new(ROOM_N);
	g->at = (struct where){"stage.yaml", 12, 3};
	term_build(term_of("{kind: ce}"), room_site(r, MODE_TRAIN));
	ck_assert_str_eq(g->at.file, "stage.yaml");
	ck_assert_int_eq(g->at.line, 12);
}
END_TEST

static char *canonical(const char *yaml)
{
	struct str s = {0};
	ASSERT_OK(read(yaml));
	terms_canonical(terms, n_term, &s);
	char *text = arena_str(arena, str_text(&s));
	str_release(&s);
	return text;
}

/* What changes a result is in it, and nothing else: names are not, a weight of 0 and defaults written out are
 * not. */
START_TEST(canonical_text)
{
	const char *plain = canonical("losses: [{kind: kd}]");
	ck_assert_msg(strstr(plain, "term=kd/2 weight=1 student=logits teacher=logits\n"), "%s", plain);
	ck_assert_str_eq(plain, canonical("losses: [{kind: kd, tau: 4, weight: 1, name: soft}]"));
	ck_assert_str_eq(plain, canonical("losses: [{kind: kd}, {kind: ce, weight: 0}]"));
	ck_assert_str_ne(plain, canonical("losses: [{kind: kd, tau: 3.5}]"));
	ck_assert_str_ne(plain, canonical("losses: [{kind: kd, weight: 0.9}]"));
	ck_assert_str_ne(canonical("losses: [{kind: hint, student: block1, teacher: block1}]"),
	                 canonical("losses: [{kind: hint, student: block1, teacher: block2}]"));
}
END_TEST

TCase *tcase_terms(void)
{
	TCase *tc = tcase_create("terms");
	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, bench_open, bench_close);
	tcase_add_test(tc, entries_and_defaults);
	tcase_add_test(tc, nearest_name);
	tcase_add_test(tc, no_near_name);
	tcase_add_test(tc, all_errors_at_once);
	tcase_add_test(tc, one_kind_twice);
	tcase_add_test(tc, no_list);
	tcase_add_test(tc, weight_0_is_not_built);
	tcase_add_test(tc, value_is_without_the_weight);
	tcase_add_test(tc, without_a_teacher);
	tcase_add_test(tc, place_is_given_back);
	tcase_add_test(tc, canonical_text);
	return tc;
}
