/* Every case on `cpu`, in both precisions, against `ref`: values and first gradients. */
#include "tests/engine/trial.h"

#include <math.h>

struct side {
	struct trial t;
	struct trial_plan p;
};

/* Runs y and its gradients; the seed is the same on every device. */
static void run_side(struct side *s, const struct op_case *c, const char *device, enum precision precision,
		     bool round)
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
	if (round)
		trial_round_bf16(&s->t);
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

static void compare(const struct op_case *c, enum precision precision)
{
	const bool low = precision == PRECISION_BF16;
	const double limit = low ? (c->bf16 > 0 ? c->bf16 : 1.0 / 64) : (c->f32 > 0 ? c->f32 : 1e-5);
	struct side ref, cpu;

	run_side(&ref, c, "ref", precision, low);
	run_side(&cpu, c, "cpu", precision, low);
	for (int i = 0; i < ref.p.n; i++) {
		const struct type *const type = &ref.p.node[i]->type;
		const int64_t n = shape_count(&type->shape);
		const bool real = type->cls == CLASS_ACT || type->cls == CLASS_WIDE;
		const double size = rms(ref.p.value[i], n);

		for (int64_t k = 0; k < n; k++) {
			const double a = ref.p.value[i][k], b = cpu.p.value[i][k];
			const double room = real ? limit * (fabs(a) + size) : 0;

			ck_assert_msg(fabs(a - b) <= room,
				      "%s in %s, %s %d: element %lld of %s is %.9g, on ref %.9g (limit %.2g)", c->name, low ? "bf16" : "f32", i ? "gradient" : "value", i, (long long)k,
				      shape_str(&type->shape), b, a, room);
		}
	}
	close_side(&cpu);
	close_side(&ref);
}

START_TEST(test_cpu_f32)
{
	compare(case_at(_i), PRECISION_F32);
}
END_TEST

START_TEST(test_cpu_bf16)
{
	if (!(case_at(_i)->flags & CASE_NO_BF16))
		compare(case_at(_i), PRECISION_BF16);
}
END_TEST

TCase *tcase_cpu(void)
{
	TCase *const tc = tcase_create("cpu");

	tcase_set_timeout(tc, 30);
	tcase_add_loop_test(tc, test_cpu_f32, 0, n_cases_a + n_cases_b);
	tcase_add_loop_test(tc, test_cpu_bf16, 0, n_cases_a + n_cases_b);
	return tc;
}
