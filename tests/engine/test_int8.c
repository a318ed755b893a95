/*
 * conv2d_int8 on the device under test against `ref` over random shapes; on `cpu` with the instructions that the processor has, with those of AVX2
 * for bytes, and with none of that kind. Bytes may differ by one at a tie; activations by their precision.
 */
#include "tests/engine/trial.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"

enum { SHAPES = 40 };

#ifdef TEST_CUDA
static const char *const isa[] = {NULL};
#else
static const char *const isa[] = {NULL, "AVX2_VNNI", "AVX2"};
#endif

enum added { NOTHING, BYTES, ACT };

struct shape_case {
	int N, C, H, W, O, k, stride, pad, groups;
	bool bias, relu, to_u8, dead; /* dead: the weights of output 0 are 0 */
	enum added added;
	enum precision precision;
};

static int between(struct rng *r, int lo, int hi)
{
	return lo + (int)rng_below(r, (uint32_t)(hi - lo) + 1);
}

/* Odd and even channels, one picture, small maps, kernels that cover them, strides, groups up to one a channel. */
static struct shape_case shape_case(int i)
{
	static const int kernels[] = {1, 1, 3, 3, 3, 5, 7};
	struct rng r = rng_stream((uint64_t)i, (struct rng_name){.purpose = "int8 shapes"});
	struct shape_case c = {.k = kernels[between(&r, 0, 6)], .stride = between(&r, 1, 2), .groups = 1};
	c.N = between(&r, 1, 3);
	c.C = between(&r, 0, 2) ? between(&r, 1, 40) : 16 * between(&r, 1, 4);
	c.O = between(&r, 0, 2) ? between(&r, 1, 40) : 16 * between(&r, 1, 4);
	if (between(&r, 0, 4) == 0) {
		c.groups = between(&r, 2, 4);
		c.C *= c.groups;
		c.O = between(&r, 0, 1) ? c.O * c.groups : (c.groups = c.C);
	}
	c.pad = between(&r, 0, c.k / 2);
	c.H = c.k + between(&r, 0, 6);
	c.W = c.k + between(&r, 0, 6);
	c.bias = between(&r, 0, 2);
	c.relu = between(&r, 0, 1);
	c.to_u8 = between(&r, 0, 2);
	c.dead = between(&r, 0, 3) == 0;
	c.added = (enum added)between(&r, 0, 2);
	c.precision = (enum precision)between(&r, PRECISION_F32, TEST_TAKES(PRECISION_F16) ? PRECISION_F16 : PRECISION_BF16);
	return c;
}

static struct node *leaf_in(struct trial *t, struct rng *r, const char *name, struct type type, bool param, double lo,
			    double hi)
{
	struct trial_leaf *const leaf = trial_leaf(t, name, type, param);
	const bool whole = type.cls == CLASS_U8;

	for (int64_t i = 0; i < leaf->n; i++)
		leaf->value[i] = whole ? between(r, (int)lo, (int)hi) : (double)(float)(lo + (hi - lo) * rng_uniform_f64(r));
	return leaf->node;
}

/* Weights of up to 1 in absolute value, of another size for each output; results of about 1.7 times the root of their
   number. */
static void build(struct trial *t, const struct shape_case *c)
{
	const int each = c->C / c->groups;
	const int h = (c->H + 2 * c->pad - c->k) / c->stride + 1, q = (c->W + 2 * c->pad - c->k) / c->stride + 1;
	const double size = 1.7 * sqrt(each * c->k * c->k);
	struct conv_int8_conf conf = {.conv = {.stride = c->stride, .pad = c->pad, .groups = c->groups}, .x_scale = 0.0213,
	                              .residual_scale = size / 90, .y_scale = size / 70, .relu = c->relu, .to_u8 = c->to_u8};
	struct rng r = rng_stream(1, (struct rng_name){.purpose = "int8 values"});
	const struct type y = type_of(shape4(c->N, c->O, h, q), c->added == BYTES ? CLASS_U8 : CLASS_ACT);
	struct node *x = leaf_in(t, &r, "x", type_of(shape4(c->N, c->C, c->H, c->W), CLASS_U8), false, 0, 255);
	struct node *w = leaf_in(t, &r, "w", (struct type){shape4(c->O, each, c->k, c->k), CLASS_WIDE, ROW_MAJOR}, true, -1, 1);
	struct node *bias = NULL, *added = NULL, *scale;
	const int64_t row = t->leaf[1].n / c->O;

	for (int64_t i = 0; i < t->leaf[1].n; i++)
		t->leaf[1].value[i] *= i / row == 0 && c->dead ? 0 : 1.0 / (1 << (i / row) % 4);
	if (c->bias)
		bias = leaf_in(t, &r, "bias", type_of(shape1(c->O), CLASS_WIDE), true, -size, size);
	if (c->added)
		added = leaf_in(t, &r, "residual", y, false, c->added == BYTES ? 0 : -size, c->added == BYTES ? 255 : size);
	if (c->precision != PRECISION_F32)
		trial_round(t);
	w = graph_quantize_weights(t->g, w, &scale);
	t->y = graph_conv2d_int8(t->g, x, w, scale, bias, added, &conf);
	trial_ok(t, "conv2d_int8");
}

static void run_on(struct trial *t, struct trial_plan *p, const char *device, const struct shape_case *c)
{
	trial_open(t, device, c->precision);
	build(t, c);
	trial_place(t);
	trial_prepare(t, p, &t->y, 1);
	trial_run(t, p);
}

/* Check runs each test in a process of its own, so oneDNN reads the variable anew. */
START_TEST(test_shapes)
{
	const struct shape_case c = shape_case(_i % SHAPES);
	const char *const limit = isa[_i / SHAPES];
	struct trial ref, own;
	struct trial_plan on_ref, on_own;
	int64_t apart = 0;

	if (limit)
		setenv("DNNL_MAX_CPU_ISA", limit, 1);
	run_on(&ref, &on_ref, "ref", &c);
	run_on(&own, &on_own, TEST_DEVICE, &c);
	if (_i / SHAPES == 2 && !getenv("CK_FORK"))
		ck_assert(!device_int8_native(own.dev));
	const int64_t n = shape_count(&ref.y->type.shape);
	const double size = 1.7 * sqrt((double)c.C / c.groups * c.k * c.k);
	const double room = c.to_u8 ? 1 : c.precision == PRECISION_BF16 ? 1.0 / 128 : c.precision == PRECISION_F16 ? 1.0 / 1024 : 1e-5;
	for (int64_t i = 0; i < n; i++) {
		const double a = on_ref.value[0][i], b = on_own.value[0][i];

		apart += c.to_u8 && a != b;
		ck_assert_msg(fabs(a - b) <= room * (c.to_u8 ? 1 : fabs(a) + size),
			      "(%d,%d,%d,%d) to %d, %dx%d, stride %d, pad %d, groups %d, residual %d, bias %d, relu %d, "
			      "bytes %d, %s: element %lld is %.9g, on ref %.9g",
			      c.N, c.C, c.H, c.W, c.O, c.k, c.k, c.stride, c.pad, c.groups, (int)c.added, c.bias, c.relu, c.to_u8,
			      limit ? limit : "native", (long long)i, b, a);
	}
	ck_assert_msg(apart <= 2 + n / 1000, "%lld of %lld bytes are not those of ref", (long long)apart, (long long)n);
	trial_release(&own, &on_own);
	trial_close(&own);
	trial_release(&ref, &on_ref);
	trial_close(&ref);
}
END_TEST

/* Each op in bytes says by its name that it has no gradient. */
START_TEST(test_no_gradient)
{
	struct trial t;
	struct node *d, *scale;

	trial_open(&t, "ref", PRECISION_F32);
	struct node *x = graph_input(t.g, "x", shape4(1, 2, 3, 3), CLASS_ACT);
	struct node *w = graph_input(t.g, "w", shape4(2, 2, 1, 1), CLASS_WIDE);
	struct node *bytes = graph_quantize(t.g, x, 0.5), *eights = graph_quantize_weights(t.g, w, &scale);
	struct node *y = graph_conv2d_int8(t.g, bytes, eights, scale, NULL, NULL,
	                                   &(struct conv_int8_conf){.conv = {.stride = 1, .groups = 1}, .x_scale = 0.5});
	trial_ok(&t, "built");
	graph_grad(t.g, _i == 0 ? y : graph_dequantize(t.g, bytes, 0.5), NULL, _i == 2 ? &x : &w, 1, &d);
	if (_i == 1) { /* the weights are not on the path from the activation */
		trial_ok(&t, "no path");
	} else {
		ck_assert_int_eq(t.err.status, E_USER);
		ck_assert_ptr_nonnull(strstr(t.err.text, _i == 0 ? "'conv2d_int8' has no gradient" : "'dequantize' has no gradient"));
	}
	trial_close(&t);
}
END_TEST

/* What does not fit is refused at build, with what was given. */
START_TEST(test_refused)
{
	static const struct { const char *text; double x_scale, y_scale; int kind; } bad[] = {
		{"scale of the input is 0", 0, 1, 0},
		{"scale of the result is nan", 1, NAN, 0},
		{"scale of the result is inf", 1, INFINITY, 0},
		{"input is act and weight s8", 1, 1, 1},
		{"residual (1,3,3,3)", 1, 1, 2},
		{"takes 2", 1, 1, 3},
	};
	struct trial t;
	struct node *scale;

	trial_open(&t, "ref", PRECISION_F32);
	struct node *x = graph_input(t.g, "x", shape4(1, bad[_i].kind == 3 ? 3 : 2, 3, 3),
	                             bad[_i].kind == 1 ? CLASS_ACT : CLASS_U8);
	struct node *w = graph_quantize_weights(t.g, graph_input(t.g, "w", shape4(2, 2, 1, 1), CLASS_WIDE), &scale);
	struct node *added = bad[_i].kind == 2 ? graph_input(t.g, "r", shape4(1, 3, 3, 3), CLASS_ACT) : NULL;
	graph_conv2d_int8(t.g, x, w, scale, NULL, added,
	                  &(struct conv_int8_conf){.conv = {.stride = 1, .groups = 1}, .x_scale = bad[_i].x_scale,
	                                           .y_scale = bad[_i].y_scale, .to_u8 = 1});
	ck_assert_int_eq(t.err.status, E_USER);
	ck_assert_msg(strstr(t.err.text, bad[_i].text) != NULL, "'%s' does not say '%s'", t.err.text, bad[_i].text);
	trial_close(&t);
}
END_TEST

TCase *tcase_int8(void)
{
	TCase *const tc = tcase_create("int8");

	tcase_set_timeout(tc, 30);
	tcase_add_loop_test(tc, test_shapes, 0, SHAPES * (int)(sizeof isa / sizeof *isa));
	tcase_add_loop_test(tc, test_no_gradient, 0, 3);
	tcase_add_loop_test(tc, test_refused, 0, 6);
	return tc;
}
