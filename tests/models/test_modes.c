/* What train, batch and frozen mean, on networks small enough for paper. */
#include "models.h"

#include <math.h>
#include <string.h>

static const double eps = 1e-5;

static double relu(double x)
{
	return x > 0 ? x : 0;
}

static void set_norm(struct net *net, const char *name, const double v[4][2])
{
	static const char *const leaf[] = {"weight", "bias", "running_mean", "running_var"};
	for (int i = 0; i < 4; i++)
		net_set(net, arena_printf(arena, "%s.%s", name, leaf[i]), v[i]);
}

/* gamma, beta, mean, var of two channels */
static const double norm_a[4][2] = {{1.5, -0.5}, {0.25, 1}, {0.5, -1}, {4, 0.25}};

static double normed(const double n[4][2], int c, double x)
{
	return n[0][c] * (x - n[2][c]) / sqrt(n[3][c] + eps) + n[1][c];
}

START_TEST(frozen)
{
	struct device *dev = device_of("ref");
	struct net *net = net_yaml("model: cnn\nwidths: 2\nconvs: 1\nkernel: 1\n", 1, 2, 2, 2);
	ASSERT_OK(params_place(net->params, dev, &err));
	net_set(net, "block1.0.conv.weight", (const double[]){2, -1});
	set_norm(net, "block1.0.norm", norm_a);
	net_set(net, "fc.weight", (const double[]){1, 2, -1, 0.5});
	net_set(net, "fc.bias", (const double[]){0.125, -0.25});

	struct graph *g = graph_new(arena, &err);
	struct node *x = graph_input(g, "image", shape4(1, 1, 2, 2), CLASS_ACT);
	struct taps t = {0};
	model_apply(g, net, 0, 2, x, MODE_FROZEN, "student", &t);
	ck_assert_int_eq(g->n_update, 0);
	struct node *keep[] = {t.block_pre[1], t.block[1], t.pooled, t.logits};
	struct session *s = session_open(dev, g, keep, 4);
	static const float image[] = {1, -2, 3, 0.5f};
	session_run(s, x, image);

	const double *pre = session_read(s, keep[0]), *y = session_read(s, keep[1]), w[] = {2, -1};
	const double *pooled = session_read(s, keep[2]), *logits = session_read(s, keep[3]);
	for (int c = 0; c < 2; c++) {
		double sum = 0;
		for (int i = 0; i < 4; i++) {
			const double want = normed(norm_a, c, w[c] * image[i]);
			ck_assert_double_eq_tol(pre[4 * c + i], want, 1e-12);
			ck_assert_double_eq_tol(y[4 * c + i], relu(want), 1e-12);
			sum += relu(want);
		}
		ck_assert_double_eq_tol(pooled[c], sum / 4, 1e-12);
	}
	ck_assert_double_eq_tol(logits[0], pooled[0] + 2 * pooled[1] + 0.125, 1e-12);
	ck_assert_double_eq_tol(logits[1], -pooled[0] + 0.5 * pooled[1] - 0.25, 1e-12);
	session_close(s);
	params_release(net->params);
	device_close(dev);
}
END_TEST

/* A convolution's bias is folded into the shift: vgg8's first block with 1x1 weights in the centre. */
START_TEST(frozen_bias)
{
	struct device *dev = device_of("ref");
	struct net *net = net_on("vgg8", 8, 2, dev);
	double v[4][64], bias[64], w[64 * 27] = {0};
	for (int c = 0; c < 64; c++) {
		v[0][c] = 1 + c / 64.0, v[1][c] = c / 8.0 - 4, v[2][c] = 3 - c / 16.0, v[3][c] = 0.5 + c;
		bias[c] = c / 4.0 - 8;
		w[27 * c + 4] = c - 32; /* the centre of the first input channel */
	}
	net_set(net, "block0.0.weight", w);
	net_set(net, "block0.0.bias", bias);
	net_set(net, "block0.1.weight", v[0]);
	net_set(net, "block0.1.bias", v[1]);
	net_set(net, "block0.1.running_mean", v[2]);
	net_set(net, "block0.1.running_var", v[3]);

	struct graph *g = graph_new(arena, &err);
	struct node *x = graph_input(g, "image", shape4(1, 3, 8, 8), CLASS_ACT);
	struct taps t = {0};
	model_apply(g, net, 0, 1, x, MODE_FROZEN, "student", &t);
	struct session *s = session_open(dev, g, &t.block_pre[1], 1);
	const float *image = pictures(3 * 64); /* channels last */
	session_run(s, x, image);
	const double *y = session_read(s, t.block_pre[1]);
	for (int c = 0; c < 64; c++)
		for (int i = 0; i < 64; i++) {
			const double sum = (c - 32) * (double)image[3 * i] + bias[c];
			const double want = v[0][c] * (sum - v[2][c]) / sqrt(v[3][c] + eps) + v[1][c];
			ck_assert_double_eq_tol(y[64 * c + i], want, 1e-10);
		}
	session_close(s);
	params_release(net->params);
	device_close(dev);
}
END_TEST

/* Folding is another order of the same sums: frozen against the general formula with batch statistics put in
   as running ones. */
START_TEST(frozen_is_batch)
{
	static const char *const models[] = {"resnet8", "wrn_10_1"};
	struct device *dev = device_of("ref");
	struct net *net = net_on(models[_i], 8, 3, dev);
	struct graph *g = graph_new(arena, &err);
	struct node *x = graph_input(g, "image", shape4(2, 3, 8, 8), CLASS_ACT), *y;
	y = model_apply(g, net, 0, 4, x, MODE_BATCH, "batch", NULL);
	struct node *keep[128] = {y};
	int n = 1;
	for (int i = 0; i < g->n_call; i++)
		if (g->call[i]->op == &op_batch_norm)
			for (int k = 1; k <= 2; k++)
				keep[n++] = g->call[i]->out[k];
	struct session *s = session_open(dev, g, keep, n);
	session_run(s, x, pictures(2 * 3 * 64));
	const double *batch = session_read(s, y);
	for (int i = 0; i < g->n_call; i++) {
		const struct call *c = g->call[i];
		if (c->op != &op_batch_norm)
			continue;
		/* "layer1.0.bn1.weight": its running_mean and running_var. */
		const char *gamma = net->params->param[c->in[1]->index].name;
		const char *base = arena_strn(arena, gamma, strlen(gamma) - strlen(".weight"));
		net_set(net, arena_printf(arena, "%s.running_mean", base), session_read(s, c->out[1]));
		net_set(net, arena_printf(arena, "%s.running_var", base), session_read(s, c->out[2]));
	}
	session_close(s);

	struct graph *h = graph_new(arena, &err);
	x = graph_input(h, "image", shape4(2, 3, 8, 8), CLASS_ACT);
	y = model_apply(h, net, 0, 4, x, MODE_FROZEN, "frozen", NULL);
	s = session_open(dev, h, &y, 1);
	session_run(s, x, pictures(2 * 3 * 64));
	const double *folded = session_read(s, y);
	for (int i = 0; i < 6; i++)
		ck_assert_double_eq_tol(folded[i], batch[i], 1e-9);
	session_close(s);
	params_release(net->params);
	device_close(dev);
}
END_TEST

/* Pictures 1 2 3 4 through a weight of 1: mean 2.5, variance 1.25, unbiased 5/3. */
START_TEST(running_statistics)
{
	struct device *dev = device_of("ref");
	struct net *net = net_yaml("model: cnn\nwidths: 1\nconvs: 1\nkernel: 1\n", 1, 1, 2, 2);
	ASSERT_OK(params_place(net->params, dev, &err));
	ASSERT_OK(net_init(net, 1, NULL, &err));
	net_set(net, "block1.0.conv.weight", (const double[]){1});
	static const float image[] = {1, 2, 3, 4};

	for (int train = 0; train < 2; train++) {
		struct graph *g = graph_new(arena, &err);
		struct node *x = graph_input(g, "image", shape4(2, 1, 1, 2), CLASS_ACT);
		struct taps t = {0};
		struct node *y = model_apply(g, net, 0, 2, x, train ? MODE_TRAIN : MODE_BATCH, "student", &t);
		struct node *keep[] = {y, t.block_pre[1]};
		ck_assert_int_eq(g->n_update, train ? 3 : 0);
		struct session *s = session_open(dev, g, keep, 2);
		for (int step = 0; step < 2; step++) {
			session_run(s, x, image);
			const double *pre = session_read(s, t.block_pre[1]);
			for (int i = 0; i < 4; i++)
				ck_assert_double_eq_tol(pre[i], (i + 1 - 2.5) / sqrt(1.25 + eps), 1e-12);
			const double mean[] = {0.25, 0.475}, var[] = {0.9 + 0.1 * 5 / 3, 0.81 + 0.19 * 5 / 3};
			ck_assert_double_eq_tol(net_get(net, "block1.0.norm.running_mean", 0),
			                        train ? mean[step] : 0, 1e-12);
			ck_assert_double_eq_tol(net_get(net, "block1.0.norm.running_var", 0),
			                        train ? var[step] : 1, 1e-12);
			ck_assert_double_eq(net_get(net, "block1.0.norm.num_batches_tracked", 0),
			                    train ? step + 1 : 0);
		}
		session_close(s);
	}
	params_release(net->params);
	device_close(dev);
}
END_TEST

TCase *tcase_modes(void)
{
	TCase *tc = tcase_create("modes");
	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, frozen);
	tcase_add_test(tc, frozen_bias);
	tcase_add_loop_test(tc, frozen_is_batch, 0, 2);
	tcase_add_test(tc, running_statistics);
	return tc;
}
