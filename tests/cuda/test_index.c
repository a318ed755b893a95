/* On a GPU nobody stops at an index that is no row: what comes of it is no number, so that a step with it is not taken. */
#include "tests/engine/trial.h"

#include <math.h>

TCase *tcase_index(void);

enum { ROWS = 3, R = 4, D = 2 };

static const double bad[] = {-1, ROWS, 2147483647, -2147483647};

START_TEST(index_of_no_row)
{
	struct trial t;
	struct trial_plan p;
	trial_open(&t, "cuda", PRECISION_F32);
	struct trial_leaf *const x = trial_leaf(&t, "x", type_of(shape2(ROWS, D), CLASS_WIDE), false);
	struct trial_leaf *const v = trial_leaf(&t, "v", type_of(shape2(R, D), CLASS_WIDE), false);
	struct trial_leaf *const index = trial_leaf(&t, "index", type_of(shape1(R), CLASS_I32), false);
	struct node *const keep[] = {graph_gather(t.g, x->node, index->node), graph_scatter_add(t.g, v->node, index->node, ROWS)};
	trial_ok(&t, "built");
	trial_prepare(&t, &p, keep, 2);
	for (int i = 0; i < R; i++)
		index->value[i] = i % ROWS;
	trial_run(&t, &p);
	for (int i = 0; i < R * D; i++)
		ck_assert(!isnan(p.value[0][i]) && (i >= ROWS * D || !isnan(p.value[1][i])));
	index->value[1] = bad[_i];
	trial_run(&t, &p);
	for (int i = 0; i < R * D; i++)
		ck_assert(isnan(p.value[0][i]) == (i / D == 1));
	for (int i = 0; i < ROWS * D; i++)
		ck_assert(isnan(p.value[1][i]));
	trial_release(&t, &p);
	trial_close(&t);
}
END_TEST

TCase *tcase_index(void)
{
	TCase *const tc = tcase_create("index");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, index_of_no_row, 0, sizeof bad / sizeof *bad);
	return tc;
}
