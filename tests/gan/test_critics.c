/* Critics: values by hand, first and second derivatives, what they are made of. */
#include "tests/gan/fight.h"

#include "base/str.h"

static struct net *teacher(void)
{
	struct net *net = bench_net("teacher", "{model: cnn, widths: [4, 6], convs: 2}", 2, 6, 7);
	bench_place_net(net);
	bench_stir(net->params, "teacher");
	return net;
}

static struct node *apply(const struct critic_setup *s, const void *conf, struct net *own, struct net *net,
                          struct node *h, struct taps *taps)
{
	const struct critic_site site = {
		.g = g, .own = own, .teacher = net, .block = STUDENT_PART, .name = "critic", .taps = taps};
	struct node *score = s->critic->score(conf, &site, h);
	ASSERT_BUILT();
	return score;
}

/* One critic on features (3,4,6,6), its weights and the leaves h and own parameters. */
struct trial {
	struct critic_setup setup;
	struct net *net, *own;
	void *conf;
	struct leaf *h;
	struct taps taps;
	struct node *score;
};

static struct trial trial(int i)
{
	struct trial t = {.setup = critic_setup(i)};
	t.net = teacher();
	t.h = leaf_input("h", shape4(3, 4, 6, 6), CLASS_ACT);
	leaf_draw(t.h, -1, 2, "features");
	t.own = critic_new(&t.setup, t.net, &t.h->node->type, &t.conf);
	bench_stir(t.own->params, "critic");
	t.score = apply(&t.setup, t.conf, t.own, t.net, t.h->node, &t.taps);
	return t;
}

START_TEST(scores)
{
	const struct trial t = trial(_i);
	const struct critic *c = t.setup.critic;
	const struct shape three = shape1(3);
	ck_assert(shape_eq(&t.score->type.shape, &three));
	ck_assert_int_eq(t.score->type.cls, CLASS_WIDE);
	ck_assert_int_eq(c->has_tail, t.taps.logits != NULL);
	ck_assert_ptr_eq(critic_find(c->name), c);
	ck_assert(c->help && *c->help && c->formula && *c->formula && c->paper && c->differs);
	ck_assert_int_ge(c->revision, 1);
	ck_assert_int_eq(t.own->params->n_state, 0); /* no batch statistics between real and fake */
	const double *v = value_of(t.score);
	ck_assert(v[0] != v[1] && v[1] != v[2]);
}
END_TEST

/* By the critic's own parameters and the features; the sum of squares gives each score its own weight. */
START_TEST(first_derivative)
{
	const struct trial t = trial(_i);
	struct leaf *leaf[64];
	int n = 0;
	leaf[n++] = t.h;
	for (int i = 0; i < t.own->params->n_param; i++)
		leaf[n++] = leaf_param(t.own->params, i);
	gradient_check(t.setup.critic->name, graph_sum_all(g, graph_mul(g, t.score, t.score)), leaf, n);
}
END_TEST

/* Gradient penalty: P = mean over N of |d score / d h|^2, and dP by every weight that the score has: the
   critic's own and, through the frozen tail, the teacher's. */
START_TEST(second_derivative)
{
	const struct trial t = trial(_i);
	struct leaf *leaf[64];
	struct node *slope;
	int n = 0, alive = 0;
	graph_grad(g, graph_sum_all(g, t.score), NULL, &t.h->node, 1, &slope);
	ASSERT_BUILT();
	struct node *penalty = graph_scale(g, graph_sum_all(g, graph_mul(g, slope, slope)), 1 / 3.0, 0);
	struct params *const sets[] = {t.own->params, t.net->params};
	for (int s = 0; s < 1 + t.setup.critic->has_tail; s++)
		for (int i = 0; i < sets[s]->n_param; i++) {
			const bool has = !gradient_absent(penalty, graph_param(g, sets[s], i));
			ck_assert_msg(has || s == 1 || sets[s]->param[i].role == ROLE_BIAS,
			              "%s: no second derivative by '%s'", t.setup.critic->name,
			              sets[s]->param[i].name);
			alive += has;
			if (has || s == 0)
				leaf[n++] = leaf_param(sets[s], i);
		}
	ck_assert_int_ge(alive, t.setup.critic->has_tail ? 5 : 3);
	gradient_check(t.setup.critic->name, penalty, leaf, n);
}
END_TEST

/* On a 2x2 map with one channel the steps can be done by hand. */
START_TEST(small_by_hand)
{
	const struct critic_setup s = {&critic_small, "{width: 1, depth: 1, slope: 0.3}"};
	struct leaf *h = leaf_input("h", shape4(2, 1, 2, 2), CLASS_ACT);
	void *conf;
	struct net *own = critic_new(&s, NULL, &h->node->type, &conf);
	leaf_set(h, (const double[]){1, -2, 3, 0.5, 2, 4, -1, -6});
	/* below 4 wide the stride is 1; of the 3x3 weight the middle, 2, and the right, -3, are not 0 */
	bench_put(own->params, "conv1.weight", (const double[]){0, 0, 0, 0, 2, -3, 0, 0, 0});
	bench_put(own->params, "conv1.bias", (const double[]){0.4});
	bench_put(own->params, "head.weight", (const double[]){5});
	bench_put(own->params, "head.bias", (const double[]){-0.7});
	/* 2 x - 3 x_right + 0.4, below 0 times 0.3; 5 times the mean, - 0.7.
	   first: 8.4, -3.6, 4.9, 1.4: (8.4 - 1.08 + 4.9 + 1.4) / 4 = 3.405, 16.325
	   second: -7.6, 8.4, 16.4, -11.6: (-2.28 + 8.4 + 16.4 - 3.48) / 4 = 4.76, 23.1 */
	const double *v = value_of(apply(&s, conf, own, NULL, h->node, NULL));
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
		void *conf;
		struct net *own = critic_new(&s, NULL, &h->node->type, &conf);
		const int first = g->n_call;
		int strided = 0;
		apply(&s, conf, own, NULL, h->node, NULL);
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
	void *conf;
	leaf_draw(x, -1, 2, "pictures");
	model_apply(g, net, 0, net_part_all(net), x->node, MODE_FROZEN, "teacher", &whole);
	ASSERT_BUILT();
	struct net *own = critic_new(&s, net, &whole.block[STUDENT_PART]->type, &conf);
	ck_assert_int_eq(params_count(own->params), 6 + 1);
	bench_put(own->params, "head.weight", (const double[]){2, -3, 0.5, 1.5, -0.25, 4});
	bench_put(own->params, "head.bias", (const double[]){-0.7});
	struct node *score = apply(&s, conf, own, net, whole.block[STUDENT_PART], &tail);
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

/* Of a vector there is no map to score. */
START_TEST(vectors_are_refused)
{
	const struct critic_setup s = critic_setup(_i);
	struct net *net = teacher(), *own;
	struct conf *map;
	void *conf = arena_alloc(arena, s.critic->conf_size);
	const struct type vector = type_of(shape2(3, 4), CLASS_ACT);
	ASSERT_OK(conf_parse(arena, s.yaml, "critic.yaml", &map, &err));
	if (s.critic->opts)
		ASSERT_OK(opts_read(s.critic->opts, conf, map, "critic", arena, &err));
	ck_assert_int_eq(
		critic_define(arena, s.critic, conf, net, STUDENT_PART, &vector, "critic", &own, &err),
		E_USER);
}
END_TEST

TCase *tcase_critics(void)
{
	TCase *tc = tcase_create("critics");
	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, bench_open, bench_close);
	tcase_add_loop_test(tc, scores, 0, critic_count);
	tcase_add_loop_test(tc, first_derivative, 0, critic_count);
	tcase_add_loop_test(tc, second_derivative, 0, critic_count);
	tcase_add_test(tc, small_by_hand);
	tcase_add_test(tc, small_on_maps_of_any_size);
	tcase_add_test(tc, tail_is_the_teacher);
	tcase_add_loop_test(tc, vectors_are_refused, 0, critic_count);
	return tc;
}
