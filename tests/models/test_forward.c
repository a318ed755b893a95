/* Every model of the list computes something; parts put together are the whole. */
#include "models.h"

#include <math.h>

static void forward(const char *model, int size)
{
	struct device *dev = device_of("cpu");
	struct net *net = net_on(model, size, 10, dev);
	struct graph *g = graph_new(arena, &err);
	struct node *x = graph_input(g, "image", shape4(2, 3, size, size), CLASS_ACT), *keep[2];
	keep[0] = model_apply(g, net, 0, net_part_all(net), x, MODE_FROZEN, "frozen", NULL);
	keep[1] = model_apply(g, net, 0, net_part_all(net), x, MODE_BATCH, "batch", NULL);
	struct session *s = session_open(dev, g, keep, 2);
	session_run(s, x, pictures(2 * 3 * (int64_t)size * size));
	for (int k = 0; k < 2; k++) {
		const double *logits = session_read(s, keep[k]);
		for (int i = 0; i < 20; i++)
			ck_assert_msg(isfinite(logits[i]), "%s: logit %d is %g", model, i, logits[i]);
		ck_assert_double_ne(logits[0], logits[10]);
	}
	session_close(s);
	params_release(net->params);
	device_close(dev);
}

START_TEST(every_model)
{
	const char *name = name_number(_i);
	if (!is_huge(name))
		forward(name, 32);
}
END_TEST

START_TEST(large_stem)
{
	forward("resnet18", 64);
	forward("resnet50", 64);
}
END_TEST

/* Parts 0..k, then k+1..B+1, against the whole: the same bits. */
static void cuts(struct net *net, struct device *dev, enum mode mode)
{
	struct graph *g = graph_new(arena, &err);
	struct node *x = graph_input(g, "image", shape4(2, 3, net->H, net->W), CLASS_ACT);
	struct node *keep[MAX_BLOCK + 2];
	const int last = net_part_all(net);
	keep[0] = model_apply(g, net, 0, last, x, mode, "whole", NULL);
	for (int k = 0; k < last; k++) {
		struct node *cut = model_apply(g, net, 0, k, x, mode, "lower", NULL);
		keep[k + 1] = model_apply(g, net, k + 1, last, cut, mode, "upper", NULL);
	}
	struct session *s = session_open(dev, g, keep, last + 1);
	session_run(s, x, pictures(2 * 3 * (int64_t)net->H * net->W));
	const double *whole = session_read(s, keep[0]);
	for (int k = 1; k <= last; k++) {
		const double *y = session_read(s, keep[k]);
		for (int i = 0; i < 2 * net->classes; i++)
			ck_assert_msg(y[i] == whole[i], "%s cut after part %d: %.17g against %.17g",
			              net->model_name, k - 1, y[i], whole[i]);
	}
	session_close(s);
}

START_TEST(parts)
{
	static const char *const models[] = {"resnet8", "vgg8", "wrn_10_1", "cnn"};
	struct device *dev = device_of("ref");
	struct net *net = net_on(models[_i], 8, 3, dev);
	cuts(net, dev, MODE_FROZEN);
	cuts(net, dev, MODE_BATCH);
	params_release(net->params);
	device_close(dev);
}
END_TEST

/* The logits of `most` pictures, in parts of n, the order within a part turned round. */
static double *logits_in_parts(struct net *net, struct device *dev, const float *x, int most, int n)
{
	const int size = net->C * net->H * net->W, K = net->classes;
	struct graph *g = graph_new(arena, &err);
	struct node *image = graph_input(g, "image", shape4(n, net->C, net->H, net->W), CLASS_ACT);
	struct node *z = model_apply(g, net, 0, net_part_all(net), image, MODE_FROZEN, "frozen", NULL);
	struct session *s = session_open(dev, g, &z, 1);
	float *part = NEW_ARRAY(arena, float, n * size);
	double *all = NEW_ARRAY(arena, double, most * K);
	for (int at = 0; at < most; at += n) {
		for (int i = 0; i < n; i++)
			memcpy(part + i * size, x + (at + n - 1 - i) * size, (size_t)size * sizeof *x);
		session_run(s, image, part);
		const double *y = session_read(s, z);
		for (int i = 0; i < n; i++)
			memcpy(all + (at + n - 1 - i) * K, y + i * K, (size_t)K * sizeof *y);
	}
	session_close(s);
	return all;
}

/* A picture's logits are the same bits whatever batch is around it: what a teacher cache holds may have been computed in any. */
START_TEST(batch_around)
{
	static const char *const models[] = {"resnet8", "vgg8", "wrn_16_1", "cnn"};
	enum { N = 8 };
	struct device *dev = device_of("cpu");
	struct net *net = net_on(models[_i], 32, 10, dev);
	const float *x = pictures(N * 3 * 32 * 32);
	const double *whole = logits_in_parts(net, dev, x, N, N);
	for (int n = N / 2; n >= 1; n /= 2) {
		const double *y = logits_in_parts(net, dev, x, N, n);
		for (int i = 0; i < N * 10; i++)
			ck_assert_msg(y[i] == whole[i], "%s: logit %d of picture %d is %.17g in batches of %d, %.17g in one of %d",
			              models[_i], i % 10, i / 10, y[i], n, whole[i], N);
	}
	params_release(net->params);
	device_close(dev);
}
END_TEST

TCase *tcase_forward(void)
{
	TCase *tc = tcase_create("forward");
	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, every_model, 0, name_count());
	tcase_add_test(tc, large_stem);
	tcase_add_loop_test(tc, parts, 0, 4);
	tcase_add_loop_test(tc, batch_around, 0, 4);
	return tc;
}
