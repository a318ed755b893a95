/* Critics: values by hand, first and second derivatives, what they are made of. */
#include "tests/gan/fight.h"

#include <math.h>
#include <string.h>

#include "base/str.h"
#include "gan/head.h"

static struct net *teacher(void)
{
	struct net *net = bench_net("teacher", "{model: cnn, widths: [4, 6], convs: 2}", 2, 6, CLASSES);
	bench_place_net(net);
	bench_stir(net->params, "teacher");
	return net;
}

static struct node *apply(const struct judge *j, struct node *h, struct node *label, struct taps *taps)
{
	struct node *score = judge_score(j, h, label, MODE_FROZEN, taps);
	ASSERT_BUILT();
	return score;
}

/* One critic on features (3,4,6,6), its weights and the leaf h. */
struct trial {
	struct judge judge;
	struct leaf *h;
	struct taps taps;
	struct node *score;
};

static struct trial trial(int i)
{
	struct trial t = {0};
	const struct critic_setup s = critic_setup(i);
	struct leaf *label = leaf_input("label", shape1(3), CLASS_I32);
	leaf_set(label, (const double[]){2, 6, 0});
	t.h = leaf_input("h", shape4(3, 4, 6, 6), CLASS_ACT);
	leaf_draw(t.h, -1, 2, "features");
	t.judge = judge_new(&s, teacher(), &t.h->node->type);
	bench_stir(t.judge.own->params, "critic");
	/* The derivative is that of the largest singular value where the iteration has ended. */
	spectral_settle(t.judge.own->params);
	t.score = apply(&t.judge, t.h->node, label->node, &t.taps);
	return t;
}

START_TEST(scores)
{
	const struct trial t = trial(_i);
	const struct critic *c = t.judge.critic;
	const struct shape three = shape1(3);
	ck_assert(shape_eq(&t.score->type.shape, &three));
	ck_assert_int_eq(t.score->type.cls, CLASS_WIDE);
	ck_assert_int_eq(c->has_tail, t.taps.logits != NULL);
	ck_assert_ptr_eq(critic_find(c->name), c);
	ck_assert(c->help && *c->help && c->formula && *c->formula && c->paper && c->differs);
	ck_assert_int_ge(c->revision, 1);
	/* no batch statistics between real and fake */
	for (int i = 0; i < t.judge.own->params->n_state; i++)
		ck_assert_int_eq(t.judge.own->params->state[i].role, STATE_OTHER);
	for (int i = 0; i < g->n_call; i++)
		ck_assert_ptr_ne(g->call[i]->op, &op_batch_norm);
	ck_assert_int_eq(g->n_update, 0); /* not in MODE_TRAIN */
	const double *v = value_of(t.score);
	ck_assert(v[0] != v[1] && v[1] != v[2]);
}
END_TEST

/* The critic's own, and what it applies of the teacher; those that have no part in y are left out. */
static int add_params(const struct trial *t, struct node *y, struct leaf *leaf[])
{
	struct params *const sets[] = {t->judge.own->params, t->judge.teacher->params};
	int n = 0;
	for (int s = 0; s < 2; s++)
		for (int i = 0; i < sets[s]->n_param; i++)
			if (!gradient_absent(y, graph_param(g, sets[s], i)))
				leaf[n++] = leaf_param(sets[s], i);
	return n;
}

/* By the critic's parameters, its copy or the teacher's, and the features; the sum of squares gives each score
   its own weight. */
START_TEST(first_derivative)
{
	const struct trial t = trial(_i);
	struct leaf *leaf[64] = {t.h};
	struct node *y = graph_sum_all(g, graph_mul(g, t.score, t.score));
	const int n = 1 + add_params(&t, y, leaf + 1);
	ck_assert_int_ge(n, 1 + t.judge.own->params->n_param);
	if (t.judge.copied)
		ck_assert_int_ge(n, 1 + 4); /* scales and weights of two convolutions at least */
	gradient_check(t.judge.critic->name, y, leaf, n);
}
END_TEST

/* On a 2x2 map with one channel the steps can be done by hand. */
START_TEST(small_by_hand)
{
	const struct critic_setup s = {&critic_small, "{width: 1, depth: 1, slope: 0.3}"};
	struct leaf *h = leaf_input("h", shape4(2, 1, 2, 2), CLASS_ACT);
	const struct judge j = judge_new(&s, teacher(), &h->node->type);
	struct net *own = j.own;
	leaf_set(h, (const double[]){1, -2, 3, 0.5, 2, 4, -1, -6});
	/* below 4 wide the stride is 1; of the 3x3 weight the middle, 2, and the right, -3, are not 0 */
	bench_put(own->params, "conv1.weight", (const double[]){0, 0, 0, 0, 2, -3, 0, 0, 0});
	bench_put(own->params, "conv1.bias", (const double[]){0.4});
	bench_put(own->params, "head.weight", (const double[]){5});
	bench_put(own->params, "head.bias", (const double[]){-0.7});
	/* 2 x - 3 x_right + 0.4, below 0 times 0.3; 5 times the mean, - 0.7.
	   first: 8.4, -3.6, 4.9, 1.4: (8.4 - 1.08 + 4.9 + 1.4) / 4 = 3.405, 16.325
	   second: -7.6, 8.4, 16.4, -11.6: (-2.28 + 8.4 + 16.4 - 3.48) / 4 = 4.76, 23.1 */
	const double *v = value_of(apply(&j, h->node, NULL, NULL));
	ck_assert_double_eq_tol(v[0], 16.325, 1e-12);
	ck_assert_double_eq_tol(v[1], 23.1, 1e-12);
}
END_TEST

/* Maps of 4 and more are halved, smaller ones are not; any map goes. */
START_TEST(small_on_maps_of_any_size)
{
	static const struct {
		int h, w, convs_of_stride_2;
	} sizes[] = {{1, 1, 0}, {3, 9, 0}, {4, 4, 1}, {7, 5, 1}, {8, 8, 2}, {32, 32, 3}};
	const struct critic_setup s = {&critic_small, "{width: 2}"};
	for (int i = 0; i < 6; i++) {
		struct leaf *h = leaf_input("h", shape4(2, 3, sizes[i].h, sizes[i].w), CLASS_ACT);
		const struct judge j = judge_new(&s, teacher(), &h->node->type);
		const int first = g->n_call;
		int strided = 0;
		apply(&j, h->node, NULL, NULL);
		for (int k = first; k < g->n_call; k++)
			if (g->call[k]->op == &op_conv2d)
				strided += ((const struct conv_conf *)g->call[k]->conf)->stride == 2;
		ck_assert_msg(strided == sizes[i].convs_of_stride_2, "%dx%d: %d", sizes[i].h, sizes[i].w,
		              strided);
	}
}
END_TEST

/* The tail is the teacher's: the logits are the whole network's, and the head alone is the critic's. */
START_TEST(tail_is_the_teacher)
{
	const struct critic_setup s = {&critic_teacher_tail, "{}"};
	struct net *net = teacher();
	struct leaf *x = leaf_input("x", shape4(3, 2, 6, 6), CLASS_ACT);
	struct taps whole = {0}, tail = {0};
	leaf_draw(x, -1, 2, "pictures");
	model_apply(g, net, 0, net_part_all(net), x->node, MODE_FROZEN, "teacher", &whole);
	ASSERT_BUILT();
	const struct judge j = judge_new(&s, net, &whole.block[STUDENT_PART]->type);
	struct net *own = j.own;
	ck_assert_int_eq(params_count(own->params), 6 + 1);
	bench_put(own->params, "head.weight", (const double[]){2, -3, 0.5, 1.5, -0.25, 4});
	bench_put(own->params, "head.bias", (const double[]){-0.7});
	struct node *score = apply(&j, whole.block[STUDENT_PART], NULL, &tail);
	const double *a = value_of(whole.logits), *b = value_of(tail.logits), *p = value_of(whole.pooled),
		     *v = value_of(score);
	for (int i = 0; i < 3 * 7; i++)
		ck_assert_double_eq(a[i], b[i]);
	for (int n = 0; n < 3; n++, p += 6)
		ck_assert_double_eq_tol(
			v[n], 2 * p[0] - 3 * p[1] + 0.5 * p[2] + 1.5 * p[3] - 0.25 * p[4] + 4 * p[5] - 0.7,
			1e-12);
}
END_TEST

/* From the whole network's logits k and pooled features: log sum e^k - (w . pooled + c), and k_y - log sum e^k
   over the others. */
START_TEST(heads_by_hand)
{
	const struct critic_setup setups[] = {{&critic_teacher_tail, "{head: class_plus_one}"}, {&critic_teacher_tail, "{head: none}"}};
	static const int y[] = {3, 0, 6};
	struct net *net = teacher();
	struct leaf *x = leaf_input("x", shape4(3, 2, 6, 6), CLASS_ACT), *label = leaf_input("label", shape1(3), CLASS_I32);
	struct taps whole = {0};
	leaf_draw(x, -1, 2, "pictures");
	leaf_set(label, (const double[]){y[0], y[1], y[2]});
	model_apply(g, net, 0, net_part_all(net), x->node, MODE_FROZEN, "teacher", &whole);
	ASSERT_BUILT();
	struct node *h = whole.block[STUDENT_PART], *score[2];
	for (int i = 0; i < 2; i++) {
		const struct judge j = judge_new(&setups[i], net, &h->type);
		ck_assert_int_eq(j.own->params->n_param, i ? 0 : 2);
		ck_assert_int_eq(judge_is_adversary(&j), !i);
		if (i == 0) {
			bench_put(j.own->params, "head.weight", (const double[]){2, -3, 0.5, 1.5, -0.25, 4});
			bench_put(j.own->params, "head.bias", (const double[]){-0.7});
		}
		score[i] = apply(&j, h, label->node, NULL);
	}
	const double *k = value_of(whole.logits), *p = value_of(whole.pooled), *fake = value_of(score[0]), *odds = value_of(score[1]);
	for (int n = 0; n < 3; n++, k += CLASSES, p += 6) {
		double all = 0, others = 0;
		for (int c = 0; c < CLASSES; c++) {
			all += exp(k[c]);
			others += c == y[n] ? 0 : exp(k[c]);
		}
		const double f = 2 * p[0] - 3 * p[1] + 0.5 * p[2] + 1.5 * p[3] - 0.25 * p[4] + 4 * p[5] - 0.7;
		ck_assert_double_eq_tol(fake[n], log(all) - f, 1e-11);
		ck_assert_double_eq_tol(odds[n], k[y[n]] - log(others), 1e-11);
	}
}
END_TEST

/* e^1 + e^2 + e^5 of logs is 8; far logits neither overflow nor vanish. */
START_TEST(log_sums_of_any_size)
{
	struct leaf *z = leaf_input("z", shape2(2, 3), CLASS_WIDE), *label = leaf_input("label", shape1(2), CLASS_I32);
	leaf_set(z, (const double[]){log(1), log(2), log(5), 3000, -2000, 2990});
	leaf_set(label, (const double[]){1, 0});
	const double *sum = value_of(head_log_sum(g, z->node)), *odds = value_of(head_log_odds(g, z->node, label->node));
	ck_assert_double_eq_tol(sum[0], log(8), 1e-14);
	ck_assert_double_eq_tol(sum[1], 3000 + log1p(exp(-10)), 1e-11);
	ck_assert_double_eq_tol(odds[0], log(2) - log(6), 1e-14);
	ck_assert_double_eq_tol(odds[1], 10, 1e-11);
}
END_TEST

/* The next block alone, and a score of its mean over the map. */
START_TEST(block_is_the_next_one)
{
	const struct critic_setup s = {&critic_teacher_block, "{}"};
	struct net *net = teacher();
	struct leaf *x = leaf_input("x", shape4(3, 2, 6, 6), CLASS_ACT);
	struct taps whole = {0};
	leaf_draw(x, -1, 2, "pictures");
	model_apply(g, net, 0, net_part_all(net), x->node, MODE_FROZEN, "teacher", &whole);
	ASSERT_BUILT();
	const struct judge j = judge_new(&s, net, &whole.block[STUDENT_PART]->type);
	ck_assert(j.copied && j.from == STUDENT_PART + 1 && j.to == STUDENT_PART + 1);
	bench_put(j.own->params, "head.weight", (const double[]){2, -3, 0.5, 1.5, -0.25, 4});
	bench_put(j.own->params, "head.bias", (const double[]){-0.7});
	const double *v = value_of(apply(&j, whole.block[STUDENT_PART], NULL, NULL)), *p = value_of(whole.pooled);
	for (int n = 0; n < 3; n++, p += 6)
		ck_assert_double_eq_tol(v[n], 2 * p[0] - 3 * p[1] + 0.5 * p[2] + 1.5 * p[3] - 0.25 * p[4] + 4 * p[5] - 0.7, 1e-12);
}
END_TEST

static enum status define(const struct critic_setup *s, struct net *net, int block, const struct type *features, struct net **own)
{
	struct conf *map;
	void *conf = arena_alloc(arena, s->critic->conf_size);
	ASSERT_OK(conf_parse(arena, s->yaml, "critic.yaml", &map, &err));
	if (s->critic->opts)
		ASSERT_OK(opts_read(s->critic->opts, conf, map, "critic", arena, &err));
	return critic_define(arena, s->critic, conf, net, block, features, "critic", own, &err);
}

/* After the last block there is a head and no block; the tail judges it still. */
START_TEST(last_block)
{
	const struct critic_setup block = {&critic_teacher_block, "{}"}, tail = {&critic_teacher_tail, "{}"};
	const struct type features = type_of(shape4(3, 6, 3, 3), CLASS_ACT);
	struct net *net = teacher(), *own;
	ASSERT_OK(define(&tail, net, 2, &features, &own));
	ck_assert_int_eq(critic_teacher_block.check(NULL, net, 1, (struct where){0}, &err), OK);
	ck_assert_int_eq(define(&block, net, 2, &features, &own), E_USER);
	ck_assert_msg(strstr(err.text, "'teacher_block' judges block 2") && strstr(err.text, "blocks 1 to 2") && strstr(err.text, "'teacher_tail' or 'small'"),
	              "%s", err.text);
	err_clear(&err);
	const struct where at = {"a.yaml", 7, 3};
	ck_assert_int_eq(critic_teacher_block.check(NULL, net, 2, at, &err), E_USER);
	ck_assert_msg(strstr(err.text, "a.yaml:7:3"), "%s", err.text);
}
END_TEST

/* What moves is a copy, from the next part to the class head, and only where that was asked for. */
START_TEST(tails_that_are_copied)
{
	int from, to, asked = 0;
	for (int i = 0; i < SETUPS; i++) {
		const struct critic_setup s = critic_setup(i);
		if (s.critic != &critic_teacher_tail)
			continue;
		const struct type features = type_of(shape4(3, 4, 6, 6), CLASS_ACT);
		const struct judge j = judge_new(&s, teacher(), &features);
		ck_assert_int_eq(j.copied, strstr(s.yaml, "mutual") != NULL);
		if (!j.copied)
			continue;
		asked++;
		ck_assert(s.critic->copies(j.conf, 3, 5, &from, &to));
		ck_assert(from == 4 && to == 6);
	}
	ck_assert_int_eq(asked, 3);
}
END_TEST

/* The posterior of a label, without one. */
START_TEST(a_label_is_needed)
{
	const struct critic_setup s = {&critic_teacher_tail, "{head: none}"};
	struct leaf *h = leaf_input("h", shape4(3, 4, 6, 6), CLASS_ACT);
	const struct judge j = judge_new(&s, teacher(), &h->node->type);
	ck_assert_ptr_null(judge_score(&j, h->node, NULL, MODE_FROZEN, NULL));
	ck_assert_int_eq(graph_status(g), E_USER);
	ck_assert_msg(strstr(err.text, "'head: none' scores by the label"), "%s", err.text);
}
END_TEST

/* The list of forms that all tests go through leaves no critic out. */
START_TEST(every_critic_is_tried)
{
	for (int i = 0; i < critic_count; i++) {
		int tried = 0;
		for (int k = 0; k < SETUPS; k++)
			tried += critic_setup(k).critic == critic_all[i];
		ck_assert_msg(tried > 0, "'%s' is in no test", critic_all[i]->name);
	}
}
END_TEST

/* Of a vector there is no map to score. */
START_TEST(vectors_are_refused)
{
	const struct critic_setup s = critic_setup(_i);
	const struct type vector = type_of(shape2(3, 4), CLASS_ACT);
	struct net *own;
	ck_assert_int_eq(define(&s, teacher(), STUDENT_PART, &vector, &own), E_USER);
}
END_TEST

TCase *tcase_critics(void)
{
	TCase *tc = tcase_create("critics");
	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, bench_open, bench_close);
	tcase_add_loop_test(tc, scores, 0, SETUPS);
	tcase_add_loop_test(tc, first_derivative, 0, SETUPS);
	tcase_add_test(tc, small_by_hand);
	tcase_add_test(tc, small_on_maps_of_any_size);
	tcase_add_test(tc, tail_is_the_teacher);
	tcase_add_test(tc, heads_by_hand);
	tcase_add_test(tc, log_sums_of_any_size);
	tcase_add_test(tc, block_is_the_next_one);
	tcase_add_test(tc, last_block);
	tcase_add_test(tc, tails_that_are_copied);
	tcase_add_test(tc, a_label_is_needed);
	tcase_add_test(tc, every_critic_is_tried);
	tcase_add_loop_test(tc, vectors_are_refused, 0, SETUPS);
	return tc;
}
