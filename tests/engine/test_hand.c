/* Values worked out by hand: exactly on `ref`, in float on a device. */
#include "tests/engine/trial.h"

#include <math.h>
#include <string.h>

static void check_hand(const struct hand_case *h, const char *device, double limit)
{
	struct trial t;
	struct trial_plan p;
	struct node *x[CASE_IN] = {0};

	trial_open(&t, device, PRECISION_F32);
	for (int i = 0; i < h->n_in; i++) {
		struct trial_leaf *const leaf = trial_leaf(&t, "x", type_of(h->in[i].shape, h->in[i].cls), false);

		ck_assert_int_le(leaf->n, 24);
		memcpy(leaf->value, h->in[i].v, (size_t)leaf->n * sizeof *leaf->value);
		x[i] = leaf->node;
	}
	t.y = h->build(t.g, x);
	trial_ok(&t, h->name);
	ck_assert_msg(t.y && shape_eq(&t.y->type.shape, &h->shape), "%s: result is %s, not %s", h->name,
		      t.y ? shape_str(&t.y->type.shape) : "nothing", shape_str(&h->shape));
	trial_prepare(&t, &p, &t.y, 1);
	trial_run(&t, &p);
	for (int64_t i = 0; i < shape_count(&h->shape); i++) {
		const double a = p.value[0][i], b = h->y[i];

		ck_assert_msg(fabs(a - b) <= limit * fmax(1, fabs(b)),
			      "%s on %s: element %lld is %.17g, not %.17g", h->name, device, (long long)i, a, b);
	}
	trial_release(&t, &p);
	trial_close(&t);
}

static const struct hand_case *hand_at(int i)
{
	return i < n_hands_a ? &hands_a[i] : &hands_b[i - n_hands_a];
}

START_TEST(test_hand_ref)
{
	check_hand(hand_at(_i), "ref", 1e-12);
}
END_TEST

START_TEST(test_hand_device)
{
	check_hand(hand_at(_i), TEST_DEVICE, 1e-6);
}
END_TEST

TCase *tcase_hand(void)
{
	TCase *const tc = tcase_create("hand");

	tcase_set_timeout(tc, 30);
	tcase_add_loop_test(tc, test_hand_ref, 0, n_hands_a + n_hands_b);
	tcase_add_loop_test(tc, test_hand_device, 0, n_hands_a + n_hands_b);
	return tc;
}
