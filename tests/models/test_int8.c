/* A frozen network in eight bits: close to the one that is not, with the same taps; scales that fit the pictures. */
#include "models.h"

#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "models/int8.h"

enum { BATCH = 4, SIZE = 16 };
static const float mean[4] = {0.45f, 0.5f, 0.4f}, std[4] = {0.25f, 0.3f, 0.2f};

/* Batch i: bytes whose mean differs from picture to picture. */
static enum status read_noise(void *own, int i, uint8_t *out, struct err *e)
{
	const int64_t n = *(const int64_t *)own;
	struct rng r = rng_stream((uint64_t)i, (struct rng_name){.purpose = "bytes"});
	(void)e;
	for (int64_t k = 0; k < n; k++)
		out[k] = (uint8_t)(rng_below(&r, 192) + 63 * (uint32_t)(k * BATCH / n) / (BATCH - 1));
	return OK;
}

static struct int8_pictures noise(const struct net *net)
{
	int64_t *n = NEW(arena, int64_t);
	*n = (int64_t)BATCH * net->C * net->H * net->W;
	struct int8_pictures p = {.batch = BATCH, .n_batch = 2, .read = read_noise, .own = n};
	memcpy(p.mean, mean, sizeof mean);
	memcpy(p.std, std, sizeof std);
	return p;
}

static struct int8_scales *scales_of(struct net *net, struct device *dev, enum precision precision)
{
	struct int8_scales *s = NULL;
	const struct int8_pictures p = noise(net);
	ASSERT_OK(int8_calibrate(arena, net, dev, precision, &p, &s, &err));
	return s;
}

/* Root of the mean squared difference over that of b. */
static double apart(const double *a, const double *b, int64_t n)
{
	double gap = 0, size = 0;
	for (int64_t i = 0; i < n; i++) {
		gap += (a[i] - b[i]) * (a[i] - b[i]);
		size += b[i] * b[i];
	}
	return sqrt(gap / size);
}

struct both {
	struct graph *g;
	struct node *input;
	struct taps plain, bytes;
};

static struct both both(struct net *net, const struct int8_scales *scales)
{
	struct both b = {.g = graph_new(arena, &err)};
	b.input = graph_input(b.g, "pictures", shape4(BATCH, net->C, net->H, net->W), CLASS_U8);
	struct node *x = graph_normalize(b.g, b.input, mean, std);
	model_apply(b.g, net, 0, net_part_all(net), x, MODE_FROZEN, "plain", &b.plain);
	model_apply_int8(b.g, net, scales, x, "bytes", &b.bytes);
	ASSERT_OK(graph_status(b.g));
	return b;
}

static void run(struct session *s, const struct node *input)
{
	const int64_t n = shape_count(&input->type.shape);
	uint8_t *bytes = NEW_ARRAY(arena, uint8_t, n);
	read_noise((void *)&n, 7, bytes, &err);
	session_run(s, input, (const void *)bytes);
}

/* Every tap of the one is a tap of the other, with the same shape and class. */
static int pairs(const struct net *net, const struct both *b, struct node *plain[], struct node *bytes[])
{
	int n = 0;
	for (int i = 0; i <= net->B + 1; i++)
		for (int pre = 0; pre < 2; pre++) {
			struct node *p = i == 0 ? (pre ? b->plain.stem_pre : b->plain.stem)
			                 : i > net->B ? (pre ? b->plain.pooled : b->plain.logits)
			                              : (pre ? b->plain.block_pre[i] : b->plain.block[i]);
			struct node *q = i == 0 ? (pre ? b->bytes.stem_pre : b->bytes.stem)
			                 : i > net->B ? (pre ? b->bytes.pooled : b->bytes.logits)
			                              : (pre ? b->bytes.block_pre[i] : b->bytes.block[i]);
			ck_assert_int_eq(p != NULL, q != NULL);
			if (!p)
				continue;
			ck_assert(shape_eq(&p->type.shape, &q->type.shape));
			ck_assert_int_eq(p->type.cls, q->type.cls);
			ck_assert_int_eq(p->type.layout, q->type.layout);
			plain[n] = p;
			bytes[n++] = q;
		}
	return n;
}

enum { MAX_PAIR = 2 * MAX_BLOCK + 4 };

/* The deepest have the largest error: each layer adds about 1 %. */
START_TEST(every_model)
{
	const char *name = name_number(_i);
	if (is_huge(name))
		return;
	struct device *dev = device_of("cpu");
	struct net *net = net_on(name, SIZE, 10, dev);
	struct both b = both(net, scales_of(net, dev, PRECISION_F32));
	struct node *plain[MAX_PAIR], *bytes[MAX_PAIR], *keep[2 * MAX_PAIR];
	const int n = pairs(net, &b, plain, bytes);
	memcpy(keep, plain, (size_t)n * sizeof *keep);
	memcpy(keep + n, bytes, (size_t)n * sizeof *keep);
	struct session *s = session_open(dev, b.g, keep, 2 * n);
	run(s, b.input);
	for (int i = 0; i < n; i++) {
		const double gap = apart(session_read(s, bytes[i]), session_read(s, plain[i]), shape_count(&plain[i]->type.shape));
		ck_assert_msg(gap < 0.08, "%s: '%s' is %g from '%s'", name, bytes[i]->name, gap, plain[i]->name);
	}
	session_close(s);
	params_release(net->params);
	device_close(dev);
}
END_TEST

/* The two kinds of arithmetic round alike: the same scales on `cpu` and on `ref`. */
START_TEST(as_on_ref)
{
	static const char *const models[] = {"resnet8", "vgg8", "wrn_10_1", "cnn"}, *const devices[] = {"ref", "cpu"};
	double *value[2][MAX_PAIR];
	int n = 0;
	int64_t count[MAX_PAIR];
	struct int8_scales *scales = NULL;
	for (int d = 0; d < 2; d++) {
		struct device *dev = device_of(devices[d]);
		struct net *net = net_on(models[_i], 8, 3, dev);
		if (!scales)
			scales = scales_of(net, dev, PRECISION_F32);
		struct both b = both(net, scales);
		struct node *plain[MAX_PAIR], *bytes[MAX_PAIR];
		n = pairs(net, &b, plain, bytes);
		struct session *s = session_open(dev, b.g, bytes, n);
		run(s, b.input);
		for (int i = 0; i < n; i++) {
			value[d][i] = session_read(s, bytes[i]);
			count[i] = shape_count(&bytes[i]->type.shape);
		}
		session_close(s);
		params_release(net->params);
		device_close(dev);
	}
	for (int i = 0; i < n; i++) {
		const double gap = apart(value[1][i], value[0][i], count[i]);
		ck_assert_msg(gap < 1e-3, "%s: tap %d is %g from ref's", models[_i], i, gap);
	}
}
END_TEST

/* What is read besides does not change a value: logits alone, and with every tap. */
START_TEST(taps_change_nothing)
{
	static const char *const models[] = {"resnet8", "vgg8", "wrn_10_1"};
	struct device *dev = device_of("cpu");
	struct net *net = net_on(models[_i], SIZE, 10, dev);
	struct both b = both(net, scales_of(net, dev, PRECISION_F32));
	struct node *plain[MAX_PAIR], *bytes[MAX_PAIR];
	const int n = pairs(net, &b, plain, bytes), logits = 10 * BATCH;
	struct session *alone = session_open(dev, b.g, &b.bytes.logits, 1), *all = session_open(dev, b.g, bytes, n);
	run(alone, b.input);
	run(all, b.input);
	const double *one = session_read(alone, b.bytes.logits), *other = session_read(all, b.bytes.logits);
	ck_assert_mem_eq(one, other, (size_t)logits * sizeof *one);
	session_close(alone);
	session_close(all);
	params_release(net->params);
	device_close(dev);
}
END_TEST

/* Two pixels through two 1x1 convolutions: the first in act, the second in bytes. */
START_TEST(on_paper)
{
	struct device *dev = device_of("ref");
	struct net *net = net_yaml("model: cnn\nwidths: 2\nconvs: 2\nkernel: 1\n", 1, 1, 2, 2);
	ASSERT_OK(params_place(net->params, dev, &err));
	ASSERT_OK(net_init(net, 1, NULL, &err));
	const double one[2] = {sqrt(1 + 1e-5), sqrt(1 + 1e-5)}; /* a norm that changes nothing */
	net_set(net, "block1.0.norm.weight", one);
	net_set(net, "block1.1.norm.weight", one);
	net_set(net, "block1.0.conv.weight", (const double[]){3, -1});
	net_set(net, "block1.1.conv.weight", (const double[]){2.54, 1.27, -1.27, 0.31});
	net_set(net, "block1.1.norm.bias", (const double[]){0.5, 2});
	struct graph *g = graph_new(arena, &err);
	struct node *x = graph_input(g, "image", shape4(1, 1, 1, 2), CLASS_ACT);
	struct taps t = {0};
	double scale[2] = {0.5, 0.25};
	model_apply_int8(g, net, &(struct int8_scales){2, scale}, x, "student", &t);
	struct node *keep[] = {t.block[1], t.block_pre[1], t.pooled};
	struct session *s = session_open(dev, g, keep, 3);
	session_run(s, x, (const float[]){0.9f, -3});
	/* relu of (2.7, -0.9) and (-9, 3) in halves: 5, 0 and 0, 6. Second weights in 0.02: 127, 64 (63.5 to the even one);
	   in 0.01: -127, 31. */
	const double *pre = session_read(s, keep[1]), *y = session_read(s, keep[0]), *pooled = session_read(s, keep[2]);
	const double want[4] = {5 * 127 * 0.02 * 0.5 + 0.5, 6 * 64 * 0.02 * 0.5 + 0.5, 5 * -127 * 0.01 * 0.5 + 2,
	                        6 * 31 * 0.01 * 0.5 + 2};
	for (int i = 0; i < 4; i++) {
		ck_assert_double_eq_tol(pre[i], want[i], 1e-9);
		ck_assert_double_eq_tol(y[i], fmax(0, want[i]), 1e-9); /* the last: not rounded to bytes */
	}
	ck_assert_double_eq_tol(pooled[0], (want[0] + want[1]) / 2, 1e-9);
	session_close(s);
	params_release(net->params);
	device_close(dev);
}
END_TEST

START_TEST(no_gradient)
{
	struct net *net = net_on("resnet8", SIZE, 10, NULL);
	double scale[7];
	for (int i = 0; i < 7; i++)
		scale[i] = 0.1;
	struct graph *g = graph_new(arena, &err);
	struct node *x = graph_input(g, "image", shape4(1, 3, SIZE, SIZE), CLASS_ACT), *d;
	struct node *y = model_apply_int8(g, net, &(struct int8_scales){7, scale}, x, "teacher", NULL);
	ASSERT_OK(graph_status(g));
	graph_grad(g, y, NULL, &x, 1, &d);
	ck_assert_int_eq(err.status, E_USER);
	ck_assert_msg(strstr(err.text, "'conv2d_int8' has no gradient") != NULL, "%s", err.text);
}
END_TEST

START_TEST(scales_of_another)
{
	static const int given[] = {3, 9};
	struct net *net = net_on("resnet8", SIZE, 10, NULL);
	double scale[9];
	for (int i = 0; i < 9; i++)
		scale[i] = 0.1;
	ck_assert_int_eq(int8_site_count(net), 7);
	struct graph *g = graph_new(arena, &err);
	struct node *x = graph_input(g, "image", shape4(1, 3, SIZE, SIZE), CLASS_ACT);
	ck_assert_ptr_null(model_apply_int8(g, net, &(struct int8_scales){given[_i], scale}, x, "teacher", NULL));
	ck_assert_int_eq(err.status, E_USER);
	ck_assert_ptr_nonnull(strstr(err.text, _i ? "7 activations, but there are 9 scales" : "more activations than the 3"));
}
END_TEST

/* ---- calibration ---- */

static struct net *one_conv(struct device *dev)
{
	struct net *net = net_yaml("model: cnn\nwidths: 1\nconvs: 1\nkernel: 1\n", 1, 32, 32, 2);
	ASSERT_OK(params_place(net->params, dev, &err));
	ASSERT_OK(net_init(net, 1, NULL, &err));
	net_set(net, "block1.0.conv.weight", (const double[]){3});
	net_set(net, "block1.0.norm.weight", (const double[]){sqrt(1 + 1e-5)});
	return net;
}

struct level {
	uint8_t all, outlier; /* 0..all evenly, and one pixel of the last of 20 batches */
};

static enum status read_level(void *own, int i, uint8_t *out, struct err *e)
{
	const struct level *l = own;
	(void)e;
	for (int k = 0; k < 16 * 32 * 32; k++)
		out[k] = (uint8_t)(k % (l->all + 1));
	if (i == 19)
		out[77] = l->outlier;
	return OK;
}

/*
 * The activation is 3 (p / 255 + 0.0017): no multiple of a unit. Evenly spread, the largest value is the clip. With one value
 * 255 far out among N = 327680, a clip of f 255 costs N f^2 / 12 by rounding and (255 (1 - f))^2 by cutting: least at
 * f = 0.704.
 */
START_TEST(clip)
{
	static const struct level levels[] = {{255, 255}, {40, 255}};
	struct device *dev = device_of("cpu");
	struct net *net = one_conv(dev);
	struct int8_pictures p = {.batch = 16, .n_batch = 20, .mean = {-0.0017f}, .std = {1}, .read = read_level,
	                          .own = (void *)&levels[_i]};
	struct int8_scales *s;
	ASSERT_OK(int8_calibrate(arena, net, dev, PRECISION_F32, &p, &s, &err));
	ck_assert_int_eq(s->n, 1);
	const double top = 3 * 1.0017 / 255;
	if (_i == 0)
		ck_assert_msg(s->scale[0] > 0.97 * top && s->scale[0] < 1.001 * top, "%g of %g", s->scale[0], top);
	else
		ck_assert_msg(s->scale[0] < 0.76 * top && s->scale[0] > 0.65 * top, "%g of %g", s->scale[0], top);
	params_release(net->params);
	device_close(dev);
}
END_TEST

START_TEST(dead_activation)
{
	struct device *dev = device_of("cpu");
	struct net *net = one_conv(dev);
	static const struct level level = {255, 255};
	struct int8_pictures p = {.batch = 16, .n_batch = 1, .std = {1}, .read = read_level, .own = (void *)&level};
	struct int8_scales *s;
	net_set(net, "block1.0.conv.weight", (const double[]){-3});
	ASSERT_OK(int8_calibrate(arena, net, dev, PRECISION_F32, &p, &s, &err));
	ck_assert_double_eq(s->scale[0], 1.0 / 255);
	params_release(net->params);
	device_close(dev);
}
END_TEST

static enum status read_fails(void *own, int i, uint8_t *out, struct err *e)
{
	(void)own, (void)out;
	return err_env(e, "batch %d can't be read", i);
}

START_TEST(calibration_refused)
{
	static const char *const text[] = {"no pictures", "'student/block1/relu' is not finite", "batch 0 can't be read"};
	struct device *dev = device_of("cpu");
	struct net *net = one_conv(dev);
	static const struct level level = {255, 255};
	struct int8_pictures p = {.batch = 16, .n_batch = _i > 0, .std = {1}, .read = _i == 2 ? read_fails : read_level,
	                          .own = (void *)&level};
	struct int8_scales *s;
	if (_i == 1)
		net_set(net, "block1.0.conv.weight", (const double[]){INFINITY});
	ck_assert_int_eq(int8_calibrate(arena, net, dev, PRECISION_F32, &p, &s, &err), _i == 2 ? E_ENV : E_USER);
	ck_assert_ptr_null(s);
	ck_assert_msg(strstr(err.text, text[_i]) != NULL, "'%s' does not say '%s'", err.text, text[_i]);
	params_release(net->params);
	device_close(dev);
}
END_TEST

TCase *tcase_int8(void)
{
	TCase *tc = tcase_create("int8");
	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, every_model, 0, name_count());
	tcase_add_loop_test(tc, as_on_ref, 0, 4);
	tcase_add_loop_test(tc, taps_change_nothing, 0, 3);
	tcase_add_test(tc, on_paper);
	tcase_add_test(tc, no_gradient);
	tcase_add_loop_test(tc, scales_of_another, 0, 2);
	tcase_add_loop_test(tc, clip, 0, 2);
	tcase_add_test(tc, dead_activation);
	tcase_add_loop_test(tc, calibration_refused, 0, 3);
	return tc;
}
