/* Every case on a device, in its precisions, against `ref`: values and first gradients, and the same bits twice. */
#include "tests/engine/trial.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct side {
	struct trial t;
	struct trial_plan p;
};

/* Runs y and its gradients; the seed is the same on every device. */
static void run_side(struct side *s, const struct op_case *c, const char *device, enum precision precision)
{
	int wrt[CASE_IN];
	struct node *by[CASE_IN], *keep[CASE_IN + 1];

	trial_open(&s->t, device, precision);
	trial_case(&s->t, c);
	const int n = trial_wrt(&s->t, c, wrt);
	keep[0] = s->t.y;
	if (n) {
		struct node *const seed = trial_weight(&s->t, s->t.y, "seed");

		for (int i = 0; i < n; i++)
			by[i] = s->t.leaf[wrt[i]].node;
		graph_grad(s->t.g, s->t.y, seed, by, n, keep + 1);
		trial_ok(&s->t, c->name);
	}
	trial_round(&s->t);
	trial_place(&s->t);
	trial_prepare(&s->t, &s->p, keep, n + 1);
	trial_run(&s->t, &s->p);
}

static void close_side(struct side *s)
{
	trial_release(&s->t, &s->p);
	trial_close(&s->t);
}

static double rms(const double *x, int64_t n)
{
	double sum = 0;

	for (int64_t i = 0; i < n; i++)
		sum += x[i] * x[i];
	return sqrt(sum / (double)n);
}

void against_ref(const struct op_case *c, enum precision precision)
{
	const double low = c->bf16 > 0 ? c->bf16 : 1.0 / 64;
	const double limit = precision == PRECISION_F16 || precision == PRECISION_TF32 ? low / 8 : precision == PRECISION_BF16 ? low : c->f32 > 0 ? c->f32 : 1e-5;
	struct side ref, own, again;

	run_side(&ref, c, "ref", precision);
	run_side(&own, c, TEST_DEVICE, precision);
	run_side(&again, c, TEST_DEVICE, precision);
	for (int i = 0; i < ref.p.n; i++) {
		const struct type *const type = &ref.p.node[i]->type;
		const int64_t n = shape_count(&type->shape);
		const bool real = type->cls == CLASS_ACT || type->cls == CLASS_WIDE;
		const double size = rms(ref.p.value[i], n);

		ck_assert_msg(memcmp(own.p.value[i], again.p.value[i], (size_t)n * sizeof(double)) == 0, "%s in %s, %s %d: other bits the second time",
			      c->name, precision_name(precision), i ? "gradient" : "value", i);
		for (int64_t k = 0; k < n; k++) {
			const double a = ref.p.value[i][k], b = own.p.value[i][k];
			const double room = real ? limit * (fabs(a) + size) : 0;

			ck_assert_msg(fabs(a - b) <= room,
				      "%s in %s, %s %d: element %lld of %s is %.9g, on ref %.9g (limit %.2g)", c->name, precision_name(precision), i ? "gradient" : "value", i, (long long)k,
				      shape_str(&type->shape), b, a, room);
		}
	}
	close_side(&again);
	close_side(&own);
	close_side(&ref);
}

/* LIMBECK_TEST_CASES=conv2d: those alone whose name has it. */
static bool is_asked(const struct op_case *c)
{
	const char *only = getenv("LIMBECK_TEST_CASES");
	return !only || strstr(c->name, only);
}

START_TEST(against_ref_f32)
{
	if (is_asked(case_at(_i)))
		against_ref(case_at(_i), PRECISION_F32);
}
END_TEST

START_TEST(against_ref_bf16)
{
	if (is_asked(case_at(_i)) && !(case_at(_i)->flags & CASE_NO_BF16))
		against_ref(case_at(_i), PRECISION_BF16);
}
END_TEST

/* Three bits more than bf16, so an eighth of its error; what has more is beyond the exponent's range. */
START_TEST(against_ref_f16)
{
	if (is_asked(case_at(_i)) && !(case_at(_i)->flags & CASE_NO_F16))
		against_ref(case_at(_i), PRECISION_F16);
}
END_TEST

/* As many bits as f16 where maps are multiplied; what multiplies none is f32, and was tried as such. */
START_TEST(against_ref_tf32)
{
	const struct op_case *c = case_at(_i);
	if (is_asked(c) && (strstr(c->name, "conv2d") || strstr(c->name, "matmul")))
		against_ref(c, PRECISION_TF32);
}
END_TEST

TCase *tcase_against_ref(void)
{
	TCase *const tc = tcase_create("against ref");

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, against_ref_f32, 0, n_cases_a + n_cases_b);
	tcase_add_loop_test(tc, against_ref_bf16, 0, n_cases_a + n_cases_b);
	if (TEST_TAKES(PRECISION_F16))
		tcase_add_loop_test(tc, against_ref_f16, 0, n_cases_a + n_cases_b);
	if (TEST_TAKES(PRECISION_TF32))
		tcase_add_loop_test(tc, against_ref_tf32, 0, n_cases_a + n_cases_b);
	return tc;
}

START_TEST(wide_f32)
{
	if (is_asked(&cases_wide[_i]))
		against_ref(&cases_wide[_i], PRECISION_F32);
}
END_TEST

START_TEST(wide_bf16)
{
	if (is_asked(&cases_wide[_i]))
		against_ref(&cases_wide[_i], PRECISION_BF16);
}
END_TEST

START_TEST(wide_f16)
{
	if (is_asked(&cases_wide[_i]) && !(cases_wide[_i].flags & CASE_NO_F16))
		against_ref(&cases_wide[_i], PRECISION_F16);
}
END_TEST

TCase *tcase_wide(void)
{
	TCase *const tc = tcase_create("wide");

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, wide_f32, 0, n_cases_wide);
	tcase_add_loop_test(tc, wide_bf16, 0, n_cases_wide);
	if (TEST_TAKES(PRECISION_F16))
		tcase_add_loop_test(tc, wide_f16, 0, n_cases_wide);
	return tc;
}
