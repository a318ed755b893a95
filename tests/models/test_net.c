/* Networks from YAML: what is refused and how it is said; identity, twins, multiply-adds, taps. */
#include "models.h"

#include <string.h>

#include "models/int8.h"

#define ASSERT_SAYS(what) ck_assert_msg(strstr(err.text, what) != NULL, "'%s' not in:\n%s", what, err.text)

START_TEST(refused)
{
	static const struct {
		const char *yaml, *says;
	} cases[] = {
		{"model: resnet21\n", "'resnet2"},
		{"model: qqqqqqqqqqqq\n", "resnet8x4"},
		{"model: [cnn]\n", "model: NAME"},
		{"convs: 2\n", "lacks 'model'"},
		{"model: cnn\nconvs: 0\n", "convs"},
		{"model: cnn\nkernel: 4\n", "kernel"},
		{"model: cnn\nwidths: [16, 0]\n", "widths"},
		{"model: cnn\nconv: 3\n", "conv"},
		{"model: resnet20\nwidths: [16]\n", "widths"},
		{"model: resnet18\nstem: big\n", "stem"},
		{"model: cnn\nwidths: [1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]\n",
	         "17 blocks; allowed are 1 to 16"},
		{"model: cnn\nwidths: [4, 4, 4, 4, 4, 4, 4]\n", "can't take pictures of 3x32x32"},
		{"model: cnn\ncut: 3\n", "test.yaml:2:6: network 'student' (cnn) has 3 blocks: 'cut' is 3, allowed 1 to 2, or 0"},
		{"model: resnet18\ncut: 4\n", "has 4 blocks: 'cut' is 4, allowed 1 to 3"},
		{"model: vgg8\ncut: 16\n", "'cut' is 16, allowed 0 to 15"},
		{"model: vgg8\ncut: -1\n", "'cut' is -1"},
		{"model: cnn\nwidths: 4\ncut: 1\n", "has one block: it can't be cut"},
	};
	ck_assert_ptr_null(net_yaml(cases[_i].yaml, 3, 32, 32, 10));
	ck_assert_int_eq(err.status, E_USER);
	ASSERT_SAYS(cases[_i].says);
	ASSERT_SAYS("test.yaml");
}
END_TEST

START_TEST(earlier_error)
{
	/* A collected error of something else does not keep a network from being read. */
	struct net *net = NULL;
	err_user(&err, (struct where){0}, "something else");
	ck_assert_int_eq(net_named(arena, "student", "resnet8", 3, 32, 32, 10, &net, &err), OK);
	ck_assert_ptr_nonnull(net);
	ck_assert_int_eq(err.count, 1);
}
END_TEST

START_TEST(wide_names)
{
	ck_assert_ptr_nonnull(model_named("wrn_16_2"));
	ck_assert_ptr_nonnull(model_named("wrn_10_20"));
	ck_assert_ptr_nonnull(model_named("wrn_82_1"));
	static const char *const wrong[] = {
		"wrn_15_2",  "wrn_4_1",  "wrn_88_1", "wrn_16_0",   "wrn_16_21", "wrn_016_2",
		"wrn_16_2x", "wrn_16",   "wrn_16_",  "wrn_",       "wrn_-16_2", "wrn_4294967312_2",
		"resnet",    "resnet26", "vgg",      "resnet50x4", "",
	};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		ck_assert_msg(!model_named(wrong[i]), "'%s' is a model", wrong[i]);
	for (int i = 0; i < model_count; i++)
		for (int j = 0; model_all[i]->names[j]; j++)
			ck_assert_ptr_eq(model_named(model_all[i]->names[j]), model_all[i]);
}
END_TEST

START_TEST(identity)
{
	const struct net *a = net_yaml("model: cnn\n", 3, 32, 32, 10);
	const struct net *b = net_yaml("model: cnn\nconvs: 2\n", 3, 32, 32, 10);
	const struct net *c = net_yaml("model: cnn\nconvs: 1\n", 3, 32, 32, 10);
	const struct net *d = net_yaml("model: cnn\n", 3, 32, 32, 9);
	ck_assert_str_eq(a->identity, "model=cnn\ninput=3x32x32\nclasses=10\n");
	ck_assert_str_eq(a->identity, b->identity);
	ck_assert_str_eq(c->identity, "model=cnn\nconvs=1\ninput=3x32x32\nclasses=10\n");
	ck_assert_str_ne(a->identity, d->identity);
	ck_assert_int_eq(a->B, 3);
	ck_assert_str_eq(a->params->param[0].name, "block1.0.conv.weight");
}
END_TEST

START_TEST(twin)
{
	const struct net *net = net_on("resnet8", 32, 10, NULL), *other = net_twin(arena, net, "anchor");
	ck_assert_str_eq(other->name, "anchor");
	ck_assert_str_eq(other->params->name, "anchor");
	ck_assert_str_eq(other->identity, net->identity);
	ck_assert_ptr_ne(other->params, net->params);
	ck_assert_int_eq(other->params->n_param, net->params->n_param);
	ck_assert_int_eq(other->params->n_state, net->params->n_state);
	for (int i = 0; i < net->params->n_param; i++) {
		ck_assert_str_eq(other->params->param[i].name, net->params->param[i].name);
		ck_assert_int_eq(other->params->param[i].offset, net->params->param[i].offset);
	}
	for (int i = 0; i < net->params->n_state; i++)
		ck_assert_double_eq(params_initial(other->params, i), params_initial(net->params, i));
}
END_TEST

START_TEST(macs)
{
	/* 16 and 32 and 64 channels at 32, 16 and 8: added up by hand, convolutions and the linear layer. */
	ck_assert_double_eq_tol(net_macs(net_on("resnet20", 32, 100, NULL)), 40818944, 0.5);
	/* 1x1 convolution of 1 to 2 channels on 2x2, then 2 to 2. */
	ck_assert_double_eq_tol(
		net_macs(net_yaml("model: cnn\nwidths: 2\nconvs: 1\nkernel: 1\n", 1, 2, 2, 2)), 12, 0.5);
}
END_TEST

static void apply(struct net *net, int from, int to, struct taps *taps)
{
	struct graph *g = graph_new(arena, &err);
	struct node *x = graph_input(g, "image", shape4(2, 3, net->H, net->W), CLASS_ACT);
	ck_assert_ptr_nonnull(model_apply(g, net, from, to, x, MODE_FROZEN, "student", taps));
	ASSERT_OK(graph_status(g));
}

START_TEST(taps)
{
	struct net *net = net_on("resnet8", 32, 10, NULL);
	struct taps t = {0};
	const struct where at = {"test.yaml", 3, 4};
	apply(net, 0, net_part_all(net), &t);
	ck_assert_ptr_eq(taps_find(&t, net, "stem", at, &err), t.stem);
	ck_assert_ptr_eq(taps_find(&t, net, "stem.pre", at, &err), t.stem_pre);
	ck_assert_ptr_eq(taps_find(&t, net, "block3", at, &err), t.block[3]);
	ck_assert_ptr_eq(taps_find(&t, net, "block2.pre", at, &err), t.block_pre[2]);
	ck_assert_ptr_eq(taps_find(&t, net, "pooled", at, &err), t.pooled);
	ck_assert_ptr_eq(taps_find(&t, net, "logits", at, &err), t.logits);
	ck_assert_ptr_ne(t.block[3], t.block_pre[3]);
	ck_assert_int_eq(err.count, 0);
	ck_assert_int_eq(t.pooled->type.cls, CLASS_WIDE);
	ck_assert_int_eq(t.logits->type.cls, CLASS_WIDE);
	ck_assert_str_eq(shape_str(&t.block[2]->type.shape), "(2,32,16,16)");
	ck_assert_str_eq(shape_str(&t.pooled->type.shape), "(2,64)");

	ck_assert_ptr_null(taps_find(&t, net, "block4", at, &err));
	ASSERT_SAYS("test.yaml:3:4");
	ASSERT_SAYS("no tap 'block4' here; there is stem, stem.pre, block1..block3, block1.pre..block3.pre, "
	            "pooled, logits");
}
END_TEST

START_TEST(taps_of_a_part)
{
	struct net *net = net_on("resnet8", 32, 10, NULL);
	struct taps t = {0};
	apply(net, 0, 1, &t);
	ck_assert_ptr_null(taps_find(&t, net, "logits", (struct where){0}, &err));
	ASSERT_SAYS("there is stem, stem.pre, block1, block1.pre");
	ck_assert_ptr_null(strstr(err.text, "block2"));
}
END_TEST

/* No stem in vgg and cnn; pools stand before a block, so that a tap is not pooled. Raw sums in wrn. */
START_TEST(taps_of_families)
{
	struct taps t = {0};
	apply(net_on("vgg8", 32, 10, NULL), 0, 6, &t);
	ck_assert_ptr_null(t.stem);
	ck_assert_str_eq(shape_str(&t.block[1]->type.shape), "(2,64,32,32)");
	ck_assert_str_eq(shape_str(&t.block[4]->type.shape), "(2,512,4,4)");
	ck_assert_str_eq(shape_str(&t.block[5]->type.shape), "(2,512,4,4)");
	t = (struct taps){0};
	apply(net_on("vgg8", 64, 10, NULL), 0, 6, &t);
	ck_assert_str_eq(shape_str(&t.block[5]->type.shape), "(2,512,4,4)");
	t = (struct taps){0};
	apply(net_on("cnn", 32, 10, NULL), 0, 4, &t);
	ck_assert_ptr_null(t.stem);
	ck_assert_str_eq(shape_str(&t.block[3]->type.shape), "(2,64,8,8)");
	t = (struct taps){0};
	apply(net_on("wrn_16_2", 32, 10, NULL), 0, 4, &t);
	ck_assert_ptr_eq(t.block[3], t.block_pre[3]);
	ck_assert_str_eq(shape_str(&t.block[3]->type.shape), "(2,128,8,8)");
	t = (struct taps){0};
	apply(net_on("resnet18", 64, 10, NULL), 0, 5, &t);
	ck_assert_str_eq(shape_str(&t.stem->type.shape), "(2,64,32,32)");
	ck_assert_str_eq(shape_str(&t.block[1]->type.shape), "(2,64,16,16)");
	ck_assert_str_eq(shape_str(&t.block[4]->type.shape), "(2,512,2,2)");
}
END_TEST

START_TEST(wrong_inputs)
{
	struct net *net = net_on("resnet8", 32, 10, NULL);
	struct graph *g = graph_new(arena, &err);
	g->at = (struct where){"test.yaml", 5, 1};
	struct node *x = graph_input(g, "image", shape4(2, 3, 16, 16), CLASS_ACT);
	ck_assert_ptr_null(model_apply(g, net, 0, 4, x, MODE_FROZEN, "student", NULL));
	ASSERT_SAYS("test.yaml:5:1");
	ASSERT_SAYS("takes pictures (N,3,32,32), given (2,3,16,16)");

	err_clear(&err);
	x = graph_input(g, "map", shape4(2, 24, 16, 16), CLASS_ACT);
	ck_assert_ptr_null(model_apply(g, net, 2, 4, x, MODE_FROZEN, "student", NULL));
	ASSERT_SAYS("'layer2.0.conv1.weight' of network 'student' has shape (32,16,3,3), this input would "
	            "need (32,24,3,3)");
	ck_assert_ptr_null(g->scope);

	err_clear(&err);
	struct net *tiny = net_yaml("model: cnn\nwidths: 2\n", 1, 1, 1, 2);
	x = graph_input(g, "pixel", shape4(1, 1, 1, 1), CLASS_ACT);
	ck_assert_ptr_null(model_apply(g, tiny, 0, 2, x, MODE_TRAIN, "student", NULL));
	ASSERT_SAYS("one value per channel");
}
END_TEST

/* ---- cut short ---- */

static const struct { const char *model; int B; const char *head; } whole[] = {
	{"cnn", 3, "fc.weight"}, {"vgg8", 5, "classifier.weight"}, {"resnet8", 3, "fc.weight"}, {"resnet18", 4, "linear.weight"}, {"wrn_10_1", 3, "fc.weight"},
};

/* At every block: the same stem and blocks, then the head on that block's output. */
START_TEST(cut_short)
{
	struct net *all = net_on(whole[_i].model, 32, 7, NULL);
	struct taps t = {0}, u = {0};
	apply(all, 0, net_part_all(all), &t);
	for (int cut = 1; cut < whole[_i].B; cut++) {
		struct net *net = net_yaml(arena_printf(arena, "model: %s\ncut: %d\n", whole[_i].model, cut), 3, 32, 32, 7);
		bool state;
		ck_assert(net->B == cut && net_part_all(net) == cut + 1);
		ck_assert(net_has_body(all, net) && !net_has_body(net, all));
		u = (struct taps){0};
		apply(net, 0, net_part_all(net), &u);
		ck_assert_ptr_null(u.block[cut + 1]);
		for (int b = 1; b <= cut; b++)
			ck_assert(shape_eq(&u.block[b]->type.shape, &t.block[b]->type.shape));
		const int C = u.block[cut]->type.shape.d[1], i = params_find(net->params, whole[_i].head, &state);
		ck_assert_str_eq(shape_str(&u.pooled->type.shape), arena_printf(arena, "(2,%d)", C));
		ck_assert_str_eq(shape_str(&u.logits->type.shape), "(2,7)");
		ck_assert_int_ge(i, 0);
		ck_assert_int_eq(net->params->param[i].block, cut + 1);
		ck_assert_str_eq(shape_str(&net->params->param[i].shape), arena_printf(arena, "(7,%d)", C));
		/* alone: the head, and the last block with it */
		struct graph *g = graph_new(arena, &err);
		struct node *x = graph_input(g, "map", u.block[cut]->type.shape, CLASS_ACT);
		ck_assert_ptr_nonnull(model_apply(g, net, cut + 1, cut + 1, x, MODE_TRAIN, "head", NULL));
		ck_assert_double_lt(net_macs(net), net_macs(all));
		ck_assert_int_lt(int8_site_count(net), int8_site_count(all));
	}
	/* the head of wrn begins with a norm, which is as wide as its block */
	if (!strcmp(whole[_i].model, "wrn_10_1")) {
		const struct net *net = net_yaml("model: wrn_10_1\ncut: 2\n", 3, 32, 32, 7);
		bool state;
		ck_assert_str_eq(shape_str(&net->params->param[params_find(net->params, "bn1.weight", &state)].shape), "(32)");
	}
}
END_TEST

/* With the whole network's weights in its block the cut one gives the whole one's features, and logits of its own. */
START_TEST(cut_by_hand)
{
	struct device *dev = device_of("ref");
	struct net *all = net_on("resnet8", 8, 3, dev), *net = net_yaml("model: resnet8\ncut: 2\n", 3, 8, 8, 3);
	ASSERT_OK(params_place(net->params, dev, &err));
	ASSERT_OK(net_init(net, 7, NULL, &err));
	double *v = NEW_ARRAY(arena, double, 1 << 16);
	for (int i = 0; i < net->params->n_param; i++)
		if (net->params->param[i].block <= 2) {
			bool state;
			ASSERT_OK(params_get(all->params, params_find(all->params, net->params->param[i].name, &state), false, v, &err));
			ASSERT_OK(params_put(net->params, i, false, v, &err));
		}
	struct graph *g = graph_new(arena, &err);
	struct node *x = graph_input(g, "image", shape4(2, 3, 8, 8), CLASS_ACT);
	struct taps t = {0}, u = {0};
	model_apply(g, all, 0, 4, x, MODE_FROZEN, "whole", &t);
	model_apply(g, net, 0, 3, x, MODE_FROZEN, "cut", &u);
	struct node *keep[] = {t.block[2], u.block[2], u.pooled, u.logits};
	struct session *s = session_open(dev, g, keep, 4);
	session_run(s, x, pictures(2 * 3 * 64));
	const double *a = session_read(s, keep[0]), *b = session_read(s, keep[1]), *pooled = session_read(s, keep[2]), *z = session_read(s, keep[3]);
	const int64_t n = shape_count(&keep[0]->type.shape) / 64;
	for (int c = 0; c < 64; c++) {
		double sum = 0;
		for (int64_t i = 0; i < n; i++) {
			ck_assert_double_eq(a[n * c + i], b[n * c + i]);
			sum += b[n * c + i];
		}
		ck_assert_double_eq_tol(pooled[c], sum / (double)n, 1e-12);
	}
	for (int k = 0; k < 3; k++) {
		double sum = net_get(net, "fc.bias", k);
		for (int c = 0; c < 32; c++)
			sum += net_get(net, "fc.weight", 32 * k + c) * pooled[c];
		ck_assert_double_eq_tol(z[k], sum, 1e-12);
	}
	session_close(s);
	params_release(net->params);
	params_release(all->params);
	device_close(dev);
}
END_TEST

START_TEST(cut_identity)
{
	const struct net *a = net_yaml("model: cnn\ncut: 1\n", 3, 32, 32, 10), *b = net_yaml("model: cnn\ncut: 0\n", 3, 32, 32, 10);
	ck_assert_str_eq(a->identity, "model=cnn\ncut=1\ninput=3x32x32\nclasses=10\n");
	ck_assert_str_eq(b->identity, "model=cnn\ninput=3x32x32\nclasses=10\n");
	ck_assert_str_eq(net_twin(arena, a, "twin")->identity, a->identity);
	/* 9 * 3 * 16 and 9 * 16 * 16 at 32x32, then 16 * 10 */
	ck_assert_double_eq_tol(net_macs(a), (9 * 3 * 16 + 9 * 16 * 16) * 1024 + 160, 0.5);
}
END_TEST

/* What has another's stem and blocks. */
START_TEST(bodies)
{
	const struct net *net = net_yaml("model: cnn\nwidths: [4, 8]\nconvs: 1\n", 3, 32, 32, 10);
	static const struct { const char *of; bool has; } cases[] = {
		{"model: cnn\nwidths: [4, 8]\nconvs: 1\n", true},     {"model: cnn\nwidths: [4, 8, 2]\nconvs: 1\n", true},
		{"model: cnn\nwidths: [4, 9]\nconvs: 1\n", false},    {"model: cnn\nwidths: [4, 8]\nconvs: 2\n", false},
		{"model: cnn\nwidths: [4]\nconvs: 1\n", false},       {"model: cnn\nwidths: [4, 8]\nconvs: 1\nkernel: 5\n", false},
		{"model: resnet8\n", false},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		ck_assert_msg(net_has_body(net_yaml(cases[i].of, 3, 32, 32, 10), net) == cases[i].has, "%s", cases[i].of);
	ck_assert(net_has_body(net_yaml("model: cnn\nwidths: [4, 8]\nconvs: 1\n", 3, 32, 32, 7), net)); /* other classes: the head */
}
END_TEST

TCase *tcase_net(void)
{
	TCase *tc = tcase_create("net");
	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, refused, 0, 17);
	tcase_add_test(tc, earlier_error);
	tcase_add_test(tc, wide_names);
	tcase_add_test(tc, identity);
	tcase_add_test(tc, twin);
	tcase_add_test(tc, macs);
	tcase_add_test(tc, taps);
	tcase_add_test(tc, taps_of_a_part);
	tcase_add_test(tc, taps_of_families);
	tcase_add_test(tc, wrong_inputs);
	tcase_add_loop_test(tc, cut_short, 0, sizeof whole / sizeof *whole);
	tcase_add_test(tc, cut_by_hand);
	tcase_add_test(tc, cut_identity);
	tcase_add_test(tc, bodies);
	return tc;
}
