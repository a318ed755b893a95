/* Cross-entropy: values and gradients worked by hand from the formula. */
#include "tests/losses/room.h"

#include <math.h>

/* softmax of the rows: (1, 2, 5) / 8 and (3, 6, 1) / 10; a constant added to a row changes nothing. */
static struct leaf *logits(void)
{
	struct leaf *z = leaf_input("z_s", shape2(2, 3), CLASS_WIDE);
	leaf_set(z, (const double[]){log(1) + 0.7, log(2) + 0.7, log(5) + 0.7, log(3) - 2.2, log(6) - 2.2,
	                             log(1) - 2.2});
	return z;
}
static const double q[6] = {1 / 8.0, 2 / 8.0, 5 / 8.0, 3 / 10.0, 6 / 10.0, 1 / 10.0};

static struct leaf *labels(void)
{
	struct leaf *y = leaf_input("label", shape1(2), CLASS_I32);
	leaf_set(y, (const double[]){1, 2});
	return y;
}

static struct node *ce(const char *yaml, const struct leaf *z, const struct leaf *y)
{
	const struct term *t = term_of(yaml);
	const struct loss_site site = site_of(z->node, NULL, y->node);
	ck_assert_ptr_eq(t->loss, &loss_ce);
	return t->loss->build(t->conf, &site);
}

START_TEST(value_by_hand)
{
	/* -log 2/8 and -log 1/10: (log 4 + log 10) / 2 */
	ck_assert_double_eq_tol(scalar_of(ce("{kind: ce}", logits(), labels())), log(40) / 2, 1e-14);
}
END_TEST

START_TEST(smoothing_by_hand)
{
	/* smoothing 0.3, K = 3: 0.8 for the label, 0.1 for each other class.
	   -(0.1 log 1/8 + 0.8 log 2/8 + 0.1 log 5/8) = log 8 - 0.8 log 2 - 0.1 log 5
	   -(0.1 log 3/10 + 0.1 log 6/10 + 0.8 log 1/10) = log 10 - 0.1 log 18 */
	const double want = (log(8) - 0.8 * log(2) - 0.1 * log(5) + log(10) - 0.1 * log(18)) / 2;
	ck_assert_double_eq_tol(scalar_of(ce("{kind: ce, smoothing: 0.3}", logits(), labels())), want, 1e-14);
}
END_TEST

/* At 2 the classes of the first row have sqrt(1), sqrt(2), sqrt(5) parts, those of the second sqrt(3), sqrt(6), sqrt(1). No factor 4. */
START_TEST(softened_by_hand)
{
	const double want = (log((1 + sqrt(2) + sqrt(5)) / sqrt(2)) + log(sqrt(3) + sqrt(6) + 1)) / 2;
	ck_assert_double_eq_tol(scalar_of(ce("{kind: ce, tau: 2}", logits(), labels())), want, 1e-14);
	struct loss_site site = site_of(logits()->node, NULL, labels()->node);
	site.tau = graph_const(g, 2, shape0());
	const struct term *t = term_of("{kind: ce}");
	ck_assert_double_eq_tol(scalar_of(t->loss->build(t->conf, &site)), want, 1e-14);
}
END_TEST

/* d = (softmax(z) - q) / N, q = onehot smoothed. */
static void closed_form(const char *yaml, double label, double other)
{
	struct leaf *z = logits(), *y = labels();
	struct node *d, *loss = ce(yaml, z, y);
	graph_grad(g, loss, NULL, &z->node, 1, &d);
	const double *have = value_of(d);
	for (int i = 0; i < 6; i++) {
		const double target = i % 3 == (int)y->value[i / 3] ? label : other;
		ck_assert_double_eq_tol(have[i], (q[i] - target) / 2, 1e-15);
	}
}

START_TEST(gradient_is_the_closed_form)
{
	closed_form("{kind: ce}", 1, 0);
	closed_form("{kind: ce, smoothing: 0.3}", 0.8, 0.1);
}
END_TEST

/* log(1 + e^-900 + ...) neither overflows nor is lost: z_max - z_label = 900. */
START_TEST(large_logits_stay_finite)
{
	struct leaf *z = leaf_input("z_s", shape2(2, 3), CLASS_WIDE);
	leaf_set(z, (const double[]){400, -500, 60, 7, 7 - log(4), 7 - log(2)});
	/* second row: softmax (4, 1, 2) / 7, label 2 */
	ck_assert_double_eq_tol(scalar_of(ce("{kind: ce}", z, labels())), (900 + log(3.5)) / 2, 1e-12);
}
END_TEST

TCase *tcase_ce(void)
{
	TCase *tc = tcase_create("ce");
	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, bench_open, bench_close);
	tcase_add_test(tc, value_by_hand);
	tcase_add_test(tc, smoothing_by_hand);
	tcase_add_test(tc, softened_by_hand);
	tcase_add_test(tc, gradient_is_the_closed_form);
	tcase_add_test(tc, large_logits_stay_finite);
	return tc;
}
