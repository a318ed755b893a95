/* Maps against one worked by hand, and against differences of the logits; what is counted of them. */
#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "engine/build.h"
#include "report/gradcam.h"
#include "tests/report/suites.h"

#define ASSERT_OK(st) ck_assert_msg((st) == OK, "%s", e.text)

static const float no_mean[4], unit[4] = {1, 1, 1, 1};

static struct device *device_of(const char *name)
{
	struct device *dev = NULL;
	ASSERT_OK(device_open(life, name, 1, &dev, &e));
	return dev;
}

static void set(struct net *net, const char *name, const double *v)
{
	bool is_state;
	const int i = params_find(net->params, name, &is_state);
	ck_assert_msg(i >= 0, "no '%s'", name);
	ASSERT_OK(params_put(net->params, i, is_state, v, &e));
}

/* ---- a case by hand ---- */

/* Bytes of fifths, so that x = byte / 255 is a multiple of 0.2. */
static const uint8_t hand_picture[] = {0, 51, 153, 102, 204, 255, 51, 0, 102, 102, 255, 153, 51, 204, 0, 51};

/*
 * Two blocks of one 1x1 convolution with two channels, a 2x2 max pool between them, a linear layer on the means:
 *
 *   A0 = relu(2 x - 0.5)      0    0   0.7  0.3     A1 = relu(0.9 - 1.5 x)    0.9  0.6   0   0.3
 *                            1.1  1.5   0    0                                 0    0   0.6  0.9
 *                            0.3  0.3  1.5  0.7                               0.3  0.3   0    0
 *                             0   1.1   0    0                                0.6   0   0.9  0.6
 *
 *   P0 = 1.5 0.7   P1 = 0.9 0.9     U0 = relu(1.5 P0 - 0.7 P1 - 0.6) = 1.02  0      U1 = relu(2 P1 - 0.4 P0 - 0.3) = 0.9  1.22
 *        1.1 1.5        0.6 0.9                                        0.63 1.02                                     0.46 0.9
 *
 *   z1 = 0.8 mean U0 - 1.1 mean U1 + 0.3,  z2 = -0.6 mean U0 + 0.9 mean U1 - 0.2,  z0 = 5
 *
 * Class 2, block2: alpha = (-0.15, 0.225), relu(0.225 U1 - 0.15 U0) = 0.0495 0.2745 / 0.009 0.0495.
 * Class 1, block2: 0.2 U0 - 0.275 U1 is nowhere above 0: a map of zeros.
 * Block1: dz/dP goes to the place of each window's maximum. Class 1: to P0 0.2 * 1.5 + 0.275 * 0.4 = 0.41, where U0 is 0 only 0.11: alpha0 =
 * (3 * 0.41 + 0.11) / 16 = 0.08375. To P1 -0.2 * 0.7 - 0.275 * 2 = -0.69, or -0.55: alpha1 = -0.16375. The map is where A0 alone is.
 * Class 2: to P0 -0.15 * 1.5 - 0.225 * 0.4 = -0.315, or -0.09; to P1 0.15 * 0.7 + 0.225 * 2 = 0.555, or 0.45: alpha = (-0.0646875, 0.1321875).
 */
static const double hand_block2[2][4] = {{0}, {0.0495, 0.2745, 0.009, 0.0495}};
static const double hand_block1[2][16] = {
	{0, 0, 0.058625, 0, 0.092125, 0.125625, 0, 0, 0, 0, 0.125625, 0.058625, 0, 0.092125, 0, 0},
	{0.11896875, 0.0793125, 0, 0.02025, 0, 0, 0.0793125, 0.11896875, 0.02025, 0.02025, 0, 0, 0.0793125, 0, 0.11896875, 0.0793125},
};
/* Rows and columns at -0.25, 0.25, 0.75, 1.25 of the 2 x 2 map, the ends as the nearest: weights (1, 0), (3/4, 1/4), (1/4, 3/4), (0, 1). */
static const double hand_wide[16] = {
	0.0495, 0.10575, 0.21825, 0.2745, 0.039375, 0.08409375, 0.17353125, 0.21825, 0.019125, 0.04078125, 0.08409375, 0.10575, 0.009, 0.019125, 0.039375, 0.0495,
};

static struct net *hand_net(struct device *dev)
{
	static const char yaml[] = "model: cnn\nwidths: [2, 2]\nconvs: 1\nkernel: 1\n";
	static const double var[] = {1 - 1e-5, 1 - 1e-5}; /* batch norm's eps makes it 1 */
	struct conf *map = NULL;
	struct net *net = NULL;
	ASSERT_OK(conf_parse(life, yaml, "t.yaml", &map, &e));
	ASSERT_OK(net_new(life, "hand", map, 1, 4, 4, 3, &net, &e));
	ASSERT_OK(params_place(net->params, dev, &e));
	ASSERT_OK(net_init(net, 1, NULL, &e));
	set(net, "block1.0.conv.weight", (const double[]){2, -1.5});
	set(net, "block1.0.norm.bias", (const double[]){-0.5, 0.9});
	set(net, "block1.0.norm.running_var", var);
	set(net, "block2.0.conv.weight", (const double[]){1.5, -0.7, -0.4, 2});
	set(net, "block2.0.norm.bias", (const double[]){-0.6, -0.3});
	set(net, "block2.0.norm.running_var", var);
	set(net, "fc.weight", (const double[]){0, 0, 0.8, -1.1, -0.6, 0.9});
	set(net, "fc.bias", (const double[]){5, 0.3, -0.2});
	return net;
}

static void near(const double *got, const double *want, int n, double tolerance)
{
	for (int i = 0; i < n; i++)
		ck_assert_msg(fabs(got[i] - want[i]) <= tolerance, "%d: %.9g, worked by hand %.9g", i, got[i], want[i]);
}

/* The same picture for class 1, for class 2 and for none; 4 places in a batch of 5 and no sum over them. */
START_TEST(by_hand)
{
	static const char *const devices[] = {"ref", "cpu"}, *const layer[] = {"block2", "stem", "block1", "last"};
	const double tolerance = _i ? 1e-6 : 1e-12;
	struct device *dev = device_of(devices[_i]);
	struct net *net = hand_net(dev);
	struct gradcam *c = NULL;
	void *workspace = NULL;
	uint8_t images[3][16];
	for (int i = 0; i < 3; i++)
		memcpy(images[i], hand_picture, 16);
	ASSERT_OK(gradcam_open(life, net, no_mean, unit, layer, 4, 5, dev, PRECISION_F32, &c, &e));
	ASSERT_OK(device_alloc(dev, gradcam_workspace(c), &workspace, &e));
	ASSERT_OK(gradcam_prepare(c, workspace, &e));
	ASSERT_OK(gradcam_run(c, images[0], (const int32_t[]){1, 2, -1}, 3, &e));
	ck_assert_int_eq(gradcam_answer(c, 0), 0);
	const struct gradcam_map *m = gradcam_map(c, 0);
	ck_assert(m->h == 2 && m->w == 2 && !m->raw);
	near(m->own, hand_block2[0], 8, tolerance);
	near(m->wide + 16, hand_wide, 16, tolerance);
	near(m->own + 8, hand_block2[0], 4, 0);
	m = gradcam_map(c, 2);
	ck_assert(m->h == 4 && m->w == 4);
	near(m->own, hand_block1[0], 32, tolerance);
	near(m->wide, hand_block1[0], 32, tolerance);
	near(gradcam_map(c, 3)->own, hand_block2[0], 8, tolerance);
	ck_assert_int_eq(gradcam_map(c, 1)->h, 0);
	gradcam_close(c);
	device_free(dev, workspace, gradcam_workspace(c));
	params_release(net->params);
	device_close(dev);
}
END_TEST

/* ---- against differences of the logits ---- */

/* Every row something else: scales about 1, shifts that leave most activations on. all_on, for wrn, whose raw tap is moved: shifts that are large
   beside the scales, since where an activation is off the sum before it says nothing of its gradient. */
static void scatter(struct net *net, bool all_on)
{
	struct rng r = rng_stream(3, (struct rng_name){.purpose = "scatter"});
	for (int i = 0; i < net->params->n_param + net->params->n_state; i++) {
		const bool is_state = i >= net->params->n_param;
		const int at = is_state ? i - net->params->n_param : i;
		const struct param *p = is_state ? &net->params->state[at] : &net->params->param[at];
		const bool scale = !is_state && p->role == ROLE_NORM_SCALE, shift = !is_state && p->role == ROLE_NORM_SHIFT;
		double *v = NEW_ARRAY(life, double, shape_count(&p->shape));
		if (!scale && !shift && !(is_state && (p->role == STATE_MEAN || p->role == STATE_VAR)))
			continue;
		for (int64_t k = 0; k < shape_count(&p->shape); k++)
			v[k] = scale ? (all_on ? 0.02 : 0.6) + (all_on ? 0.03 : 0.9) * rng_uniform_f64(&r) : (shift ? 0.4 : 0.5) + rng_uniform_f64(&r);
		ASSERT_OK(params_put(net->params, at, is_state, v, &e));
	}
}

struct session {
	struct step_desc desc;
	struct segment segment;
	struct plan *plan;
	void *workspace;
	struct device *dev;
};

static struct session *session_open(struct device *dev, struct graph *g, struct node **keep, int n)
{
	struct session *s = NEW(life, struct session);
	ASSERT_OK(graph_status(g));
	s->dev = dev;
	s->segment = (struct segment){.name = "all", .every = 1};
	s->desc = (struct step_desc){.g = g, .n_segment = 1, .segment = &s->segment, .n_keep = n, .keep = keep};
	ASSERT_OK(plan_new(life, &s->desc, dev, 1, &s->plan, &e));
	ASSERT_OK(device_alloc(dev, plan_workspace(s->plan), &s->workspace, &e));
	ASSERT_OK(plan_prepare(s->plan, s->workspace, &e));
	return s;
}

static void session_close(struct session *s)
{
	plan_release(s->plan);
	device_free(s->dev, s->workspace, plan_workspace(s->plan));
}

static double *read_node(const struct session *s, const struct node *n)
{
	double *v = NEW_ARRAY(life, double, shape_count(&n->type.shape));
	ASSERT_OK(plan_get(s->plan, n, v, &e));
	return v;
}

/* From logical order to memory's: channels last. */
static double *channels_last(const double *x, const struct shape *s)
{
	double *v = NEW_ARRAY(life, double, shape_count(s));
	const int C = s->d[1], hw = s->d[2] * s->d[3];
	for (int c = 0; c < C; c++)
		for (int i = 0; i < hw; i++)
			v[i * C + c] = x[c * hw + i];
	return v;
}

/* What a change of the raw tap is worth in the activation: wrn's norm, else 1. */
static double slope(struct net *net, const char *norm, int c)
{
	if (!norm)
		return 1;
	double v[2];
	for (int i = 0; i < 2; i++) {
		bool is_state;
		const int at = params_find(net->params, arena_printf(life, "%s.%s", norm, i ? "running_var" : "weight"), &is_state);
		double *all = NEW_ARRAY(life, double, 4096);
		ASSERT_OK(params_get(net->params, at, is_state, all, &e));
		v[i] = all[c];
	}
	return v[0] / sqrt(v[1] + 1e-5);
}

/* relu(sum of alpha A), alpha_c by moving all of channel c a little up and down: its derivative is the sum of the map's gradients. */
static void differences(struct net *net, struct device *dev, int part, const char *norm, const double *image, int class, double *out)
{
	struct graph *g = graph_new(life, &e), *tail = graph_new(life, &e);
	struct node *x = graph_input(g, "x", shape4(1, net->C, net->H, net->W), CLASS_ACT);
	struct taps t = {0};
	model_apply(g, net, 0, net_part_all(net), x, MODE_FROZEN, "whole", &t);
	struct node *raw = part ? t.block[part] : t.stem, *keep[] = {raw, taps_active(&t, part)};
	ck_assert_int_eq(keep[0] != keep[1], norm != NULL);
	struct session *s = session_open(dev, g, keep, keep[0] == keep[1] ? 1 : 2);
	plan_put_f64(s->plan, x, image);
	ASSERT_OK(plan_run(s->plan, &e));
	const double *A = read_node(s, keep[1]), *base = read_node(s, raw);

	struct node *h = graph_input(tail, "h", raw->type.shape, CLASS_ACT);
	struct node *z = model_apply(tail, net, part + 1, net_part_all(net), h, MODE_FROZEN, "tail", NULL);
	struct session *f = session_open(dev, tail, &z, 1);
	const struct shape *shape = &raw->type.shape;
	const int C = shape->d[1], hw = shape->d[2] * shape->d[3];
	memset(out, 0, (size_t)hw * sizeof *out);
	for (int i = 0; i < C * hw && norm; i++)
		ck_assert_double_gt(A[i], 0);
	for (int c = 0; c < C; c++) {
		const double step = 1e-5, by = step / slope(net, norm, c);
		double side[2];
		for (int k = 0; k < 2; k++) {
			double *moved = NEW_ARRAY(life, double, C * hw);
			memcpy(moved, base, (size_t)(C * hw) * sizeof *moved);
			for (int i = 0; i < hw; i++)
				moved[c * hw + i] += k ? by : -by;
			plan_put_f64(f->plan, h, channels_last(moved, shape));
			ASSERT_OK(plan_run(f->plan, &e));
			side[k] = read_node(f, z)[class];
		}
		for (int i = 0; i < hw; i++)
			out[i] += (side[1] - side[0]) / (2 * step) / hw * A[c * hw + i];
	}
	for (int i = 0; i < hw; i++)
		out[i] = fmax(out[i], 0);
	session_close(s);
	session_close(f);
}

static const struct {
	const char *model;
	int size, part;
	const char *layer, *norm; /* norm: wrn's, that makes the activation of the raw tap */
} taps_of[] = {
	{"cnn", 8, 1, "block1", NULL},      {"cnn", 8, 3, "last", NULL},        {"resnet8", 8, 0, "stem", NULL},
	{"resnet8", 8, 1, "block1", NULL},  {"resnet8", 8, 2, "block2", NULL},  {"resnet8", 8, 3, "block3", NULL},
	{"vgg8", 16, 1, "block1", NULL},    {"vgg8", 16, 4, "block4", NULL},    {"vgg8", 16, 5, "last", NULL},
	{"wrn_10_1", 8, 0, "stem", NULL},   {"wrn_10_2", 8, 0, "stem", "block1.layer.0.bn1"},
	{"wrn_10_1", 8, 1, "block1", "block2.layer.0.bn1"}, {"wrn_10_2", 8, 2, "block2", "block3.layer.0.bn1"},
	{"wrn_10_1", 8, 3, "last", "bn1"},  {"resnet18", 8, 2, "block2", NULL},
};

START_TEST(agrees_with_differences)
{
	struct device *dev = device_of("ref");
	const int size = taps_of[_i].size, pixels = size * size, K = 9;
	struct net *net = NULL;
	ASSERT_OK(net_named(life, "net", taps_of[_i].model, 1, size, size, K, &net, &e));
	ASSERT_OK(params_place(net->params, dev, &e));
	ASSERT_OK(net_init(net, 5, NULL, &e));
	scatter(net, taps_of[_i].norm != NULL);
	struct rng r = rng_stream(11, (struct rng_name){.purpose = "picture"});
	uint8_t *bytes = arena_alloc(life, (size_t)(2 * pixels));
	double *image = NEW_ARRAY(life, double, pixels), *want = NEW_ARRAY(life, double, pixels);
	for (int i = 0; i < 2 * pixels; i++)
		bytes[i] = (uint8_t)rng_below(&r, 256);

	struct gradcam *c = NULL;
	void *workspace = NULL;
	ASSERT_OK(gradcam_open(life, net, no_mean, unit, &taps_of[_i].layer, 1, 2, dev, PRECISION_F32, &c, &e));
	ASSERT_OK(device_alloc(dev, gradcam_workspace(c), &workspace, &e));
	ASSERT_OK(gradcam_prepare(c, workspace, &e));
	double most = 0;
	for (int turn = 0; turn < 2 || (most <= 0 && turn < 2 * K); turn++) { /* both pictures, and more classes until a map is not all zero */
		const int32_t class[] = {turn / 2, (turn / 2 + 1) % K};
		ASSERT_OK(gradcam_run(c, bytes, class, 2, &e));
		const struct gradcam_map *m = gradcam_map(c, 0);
		const int n = m->h * m->w, i = turn % 2;
		ck_assert_int_gt(n, 0);
		for (int k = 0; k < pixels; k++)
			image[k] = bytes[i * pixels + k] / 255.0;
		differences(net, dev, taps_of[_i].part, taps_of[_i].norm, image, class[i], want);
		for (int k = 0; k < n; k++) {
			const double got = m->own[i * n + k];
			most = fmax(most, want[k]);
			ck_assert_msg(fabs(got - want[k]) <= 1e-6 * fmax(most, 1e-3), "%s %s: %.9g, by differences %.9g", taps_of[_i].model, taps_of[_i].layer, got,
			              want[k]);
		}
	}
	ck_assert_double_gt(most, 0);
	gradcam_close(c);
	device_free(dev, workspace, gradcam_workspace(c));
	params_release(net->params);
	device_close(dev);
}
END_TEST

/* Of every model whose features are maps, every layer has one on both devices. */
START_TEST(plans_every_model)
{
	static const char *const devices[] = {"ref", "cpu"};
	struct device *dev = device_of(devices[_i]);
	int maps = 0;
	for (int k = 0; k < model_count; k++)
		for (int j = 0; model_all[k]->names[j]; j++) {
			const char *layer[GRADCAM_LAYERS];
			struct net *net = NULL;
			struct gradcam *c = NULL;
			ASSERT_OK(net_named(life, "net", model_all[k]->names[j], 3, 32, 32, 7, &net, &e));
			const int n = gradcam_layers(life, net, layer);
			if (!n)
				continue; /* its features are vectors */
			maps++;
			ck_assert_int_ge(n, net->B);
			ck_assert_str_eq(layer[n - 1], arena_printf(life, "block%d", net->B));
			ASSERT_OK(gradcam_open(life, net, no_mean, unit, layer, n, 2, dev, PRECISION_F32, &c, &e));
			for (int i = 0; i < n; i++)
				ck_assert_int_gt(gradcam_map(c, i)->h, 0);
			gradcam_close(c);
		}
	ck_assert_int_ge(maps, 20);
	device_close(dev);
}
END_TEST

/* ---- what is counted ---- */

/* Column 0 is the network by hand, column 1 it with classes 1 and 2 exchanged. */
START_TEST(counts)
{
	static const char *const layer[] = {"block2", "stem"};
	static const uint8_t right[] = {0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0}, corner[16] = {[12] = 1};
	struct device *dev = device_of("ref");
	struct gradcam_column column[] = {
		{.name = "a", .net = hand_net(dev), .mean = no_mean, .std = unit}, {.name = "b", .net = hand_net(dev), .mean = no_mean, .std = unit}};
	set(column[1].net, "fc.weight", (const double[]){0, 0, -0.6, 0.9, 0.7, -0.2});
	struct gradcam_shot shot[] = {{.pixels = hand_picture, .object = right, .class = 1}, {.pixels = hand_picture, .object = corner, .class = 2},
	                              {.pixels = hand_picture, .class = 2}, {.pixels = hand_picture, .object = right, .class = -1}};
	struct gradcam_study s = {.dev = dev, .precision = PRECISION_F32, .C = 1, .H = 4, .W = 4, .batch = 3, .n_column = 2, .n_layer = 2, .column = column,
	                          .layer = layer};
	struct gradcam_figures f[4] = {{0}};
	ASSERT_OK(study_open(life, &s, &e));
	for (int first = 0; first < 4; first += 3) {
		ASSERT_OK(study_run(&s, shot + first, first ? 1 : 3, &e));
		study_count(&s, shot + first, first ? 1 : 3, f);
	}
	ck_assert_int_eq(shot[3].class, 0); /* z0 is 5, and the map of a class without weights all zero */
	ck_assert(f[0].n == 4 && f[0].zero == 2 && f[0].n_object == 1 && f[0].n_rank == 2);
	const double sum = 4 * (0.0495 + 0.2745 + 0.009 + 0.0495);
	ck_assert_double_eq_tol(f[0].inside, 0.009 / sum, 1e-12);
	ck_assert_double_eq(f[0].hit, 0);
	ck_assert_double_eq_tol(f[0].rank, 2, 1e-12);
	/* b: of class 1 a's map of class 2, of class 2 relu(0.175 U0 - 0.05 U1) = 0.1335 0 / 0.08725 0.1335. The first has no map of a's beside
	   it. The ranks of the second are (2.5, 0, 1, 2.5) and a's (1.5, 3, 0, 1.5): about the mean of 1.5 the products sum to -1.5, the squares to
	   4.5 and 4.5. */
	ck_assert(f[2].n == 4 && f[2].zero == 1 && f[2].n_object == 2 && f[2].n_rank == 2);
	ck_assert_double_eq_tol(f[2].inside, (0.21825 + 0.2745 + 0.17353125 + 0.21825) / sum + 0.08725 / (4 * 0.35425), 1e-12);
	ck_assert_double_eq(f[2].hit, 1);
	ck_assert_double_eq_tol(f[2].rank, 2 * -1.5 / 4.5, 1e-12);
	ck_assert(f[1].h == 0 && f[1].n == 0 && f[3].zero == 0);
	study_close(&s);
	for (int i = 0; i < 2; i++)
		params_release(column[i].net->params);
	device_close(dev);
}
END_TEST

START_TEST(a_logit_that_is_not_finite)
{
	static const char *const layer[] = {"last"};
	struct device *dev = device_of("ref");
	struct net *net = hand_net(dev);
	set(net, "fc.bias", (const double[]){5, NAN, 0});
	struct gradcam *c = NULL;
	void *workspace = NULL;
	ASSERT_OK(gradcam_open(life, net, no_mean, unit, layer, 1, 1, dev, PRECISION_F32, &c, &e));
	ASSERT_OK(device_alloc(dev, gradcam_workspace(c), &workspace, &e));
	ASSERT_OK(gradcam_prepare(c, workspace, &e));
	ck_assert_int_eq(gradcam_run(c, hand_picture, (const int32_t[]){2}, 1, &e), E_RUN);
	ck_assert_ptr_nonnull(strstr(e.text, "'hand'"));
	gradcam_close(c);
	device_free(dev, workspace, gradcam_workspace(c));
	params_release(net->params);
	device_close(dev);
}
END_TEST

Suite *gradcam_suite(void)
{
	Suite *s = suite_create("gradcam");
	TCase *tc = life_case(s, "gradcam");
	tcase_add_loop_test(tc, by_hand, 0, 2);
	tcase_add_loop_test(tc, agrees_with_differences, 0, (int)(sizeof taps_of / sizeof *taps_of));
	tcase_add_loop_test(tc, plans_every_model, 0, 2);
	tcase_add_test(tc, counts);
	tcase_add_test(tc, a_logit_that_is_not_finite);
	return s;
}
