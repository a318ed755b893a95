/* What a network answered: as it was saved, or refused. */
#include "tests/runs/suites.h"

#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "runs/predictions.h"

static int32_t label[] = {0, 2, 1, 2}, answer[] = {0, 1, 1, 2}, sample[] = {7, 9, 30, 31};
static float logits[] = {1, -2, 0.5f, 0, 3, -1, 0.25f, 8, 0, -1e30f, 0, 1e-30f};

static struct predictions four(void)
{
	return (struct predictions){.n = 4, .K = 3, .label = label, .answer = answer, .sample = sample, .logits = logits};
}

START_TEST(as_saved)
{
	const char *path = scratch_path("p.safetensors");
	struct predictions p = four(), q;
	ck_ok(predictions_save(&p, path, &e));
	ck_ok(predictions_load(life, path, &q, &e));
	ck_assert(q.n == 4 && q.K == 3);
	ck_assert_mem_eq(q.label, label, sizeof label);
	ck_assert_mem_eq(q.answer, answer, sizeof answer);
	ck_assert_mem_eq(q.sample, sample, sizeof sample);
	ck_assert_mem_eq(q.logits, logits, sizeof logits);
}
END_TEST

/* Left out where there are none, or so many that nobody would want the file. */
START_TEST(without_logits)
{
	const char *path = scratch_path("p.safetensors");
	struct predictions p = four(), q;
	for (int i = 0; i < 2; i++) {
		if (i)
			p.K = PREDICTIONS_LOGITS_MAX / 4 + 1; /* not read then */
		else
			p.logits = NULL;
		ck_ok(predictions_save(&p, path, &e));
		ck_ok(predictions_load(life, path, &q, &e));
		ck_assert(q.n == 4 && q.K == 0 && !q.logits);
		ck_assert_mem_eq(q.answer, answer, sizeof answer);
		p = four();
	}
}
END_TEST

static void refused(const char *path, const char *why)
{
	struct predictions p;
	err_clear(&e);
	ck_assert_int_eq(predictions_load(life, path, &p, &e), E_ENV);
	ck_assert_msg(strstr(e.text, path) && strstr(e.text, why), "'%s' is not in: %s", why, e.text);
}

START_TEST(tensors_that_do_not_fit)
{
#define HEADER(type, labels, bytes, more) "{\"answer\":{\"dtype\":\"I32\",\"shape\":[2],\"data_offsets\":[0,8]},\"label\":{\"dtype\":\"" type "\",\"shape\":[" labels \
	"],\"data_offsets\":[8," bytes "]}" more "}"
	static const struct { const char *header; size_t n; } wrong[] = {
		{HEADER("I32", "2", "16", ""), 16},
		{HEADER("I32", "3", "20", ",\"sample\":{\"dtype\":\"I32\",\"shape\":[2],\"data_offsets\":[20,28]}"), 28},
		{HEADER("F32", "2", "16", ",\"sample\":{\"dtype\":\"I32\",\"shape\":[2],\"data_offsets\":[16,24]}"), 24},
		{HEADER("I32", "2", "16", ",\"sample\":{\"dtype\":\"I32\",\"shape\":[2,1],\"data_offsets\":[16,24]}"), 24},
		{HEADER("I32", "2", "16", ",\"sample\":{\"dtype\":\"I32\",\"shape\":[2],\"data_offsets\":[16,24]},\"logits\":{\"dtype\":\"F32\",\"shape\":[3,1],"
		        "\"data_offsets\":[24,36]}"), 36},
	};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		refused(st_file_of("p.safetensors", wrong[i].header, wrong[i].n), "holds no predictions");
}
END_TEST

START_TEST(classes_that_are_none)
{
	const char *path = scratch_path("p.safetensors");
	static int32_t minus[] = {0, -1, 1, 2}, many[] = {0, 1, 1, 3};
	struct predictions p = four();
	p.label = minus;
	ck_ok(predictions_save(&p, path, &e));
	refused(path, "picture 1 has a class that is none");
	p = four();
	p.answer = many;
	ck_ok(predictions_save(&p, path, &e));
	refused(path, "picture 3 has a class that is none");
}
END_TEST

START_TEST(damaged)
{
	const char *path = scratch_path("p.safetensors");
	struct predictions p = four();
	size_t n;
	ck_ok(predictions_save(&p, path, &e));
	content(path, &n);
	for (size_t left = 0; left < n; left += left < 16 ? 1 : 13) {
		ck_ok(predictions_save(&p, path, &e));
		ck_assert_int_eq(truncate(path, (off_t)left), 0);
		refused(path, "");
	}
	refused(scratch_file("text", "no tensors at all\n", 18), "");
	refused(scratch_path("nothing"), "");
	ck_assert_int_eq(predictions_save(&p, scratch_path("no/folder"), &e), E_ENV);
}
END_TEST

/* Classes in order of their logits; of equal ones the earlier comes first. */
START_TEST(five_of_seven)
{
	enum { N = 4, K = 7 };
	static int32_t labels[N] = {4, 5, 6, 0}, none[N];
	static float z[N * K] = {
		9, 8, 7, 6, 5, 4, 3,  /* the fifth: in */
		9, 8, 7, 6, 5, 4, 3,  /* the sixth: out */
		1, 1, 1, 1, 1, 1, 1,  /* behind six equal ones: out */
		1, 1, 1, 1, 1, 1, 1,  /* before them: in */
	};
	struct predictions p = {.n = N, .K = K, .label = labels, .answer = none, .sample = none, .logits = z};
	ck_assert_double_eq(predictions_top5(&p), 50);
	p.logits = NULL;
	ck_assert_double_nan(predictions_top5(&p));
	p = four(); /* of three classes */
	ck_assert_double_nan(predictions_top5(&p));
}
END_TEST

Suite *predictions_suite(void)
{
	Suite *s = suite_create("predictions");
	TCase *tc = life_case(s, "predictions");
	tcase_add_test(tc, as_saved);
	tcase_add_test(tc, without_logits);
	tcase_add_test(tc, tensors_that_do_not_fit);
	tcase_add_test(tc, classes_that_are_none);
	tcase_add_test(tc, damaged);
	tcase_add_test(tc, five_of_seven);
	return s;
}
