#include "runs/safetensors.h"

#include <math.h>

#include "base/file.h"
#include "tests/runs/suites.h"

/* late fails where something is read without waiting. */
static const char *const devices[] = {"ref", "late", "cpu"};

static struct device *dev;

static void begin(void)
{
	dev = device_of("late");
}

static void end(void)
{
	device_close(dev);
}

START_TEST(weights_come_back)
{
	struct device *d = device_of(devices[_i]);
	struct params *p = network(d, "student", 3), *q = network(d, "other", 0);
	const char *path = scratch_path("w.safetensors");
	const struct st_meta meta = {"model", "cnn"};
	const uint64_t version = q->param[0].version;
	ck_ok(weights_save(p, path, &meta, 1, &e));
	ck_ok(weights_load(q, path, &e));
	ck_assert(same_bytes(p, q));
	ck_assert_uint_gt(q->param[0].version, version);
	params_release(p);
	params_release(q);
	device_close(d);
}
END_TEST

START_TEST(the_file_is_one_that_pytorch_reads)
{
	struct params *p = network(dev, "student", 3);
	const char *path = scratch_path("w.safetensors");
	struct st_file f;
	ck_ok(weights_save(p, path, NULL, 0, &e));
	ck_ok(st_read(life, path, &f, &e));
	ck_assert_int_eq(f.n, 6);
	ck_assert_str_eq(f.tensor[0].name, "conv.weight");
	ck_assert_int_eq(f.tensor[0].dtype, F32);
	ck_assert(shape_eq(&f.tensor[0].shape, &(struct shape){4, {2, 3, 1, 1}}));
	ck_assert(((const float *)f.tensor[0].data)[5] == 35);
	const struct st_tensor *count = st_find(&f, "bn.num_batches_tracked");
	ck_assert_ptr_nonnull(count);
	ck_assert(count->is_i64);
	ck_assert_int_eq(count->shape.n_dim, 0);
	ck_assert_int_eq(*(const int64_t *)count->data, 35);
	params_release(p);
}
END_TEST

/* A file of the network's tensors, changed by the test. */
struct model_file {
	struct st_tensor t[8];
	int n;
};
static float one[16] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};

static struct model_file model_file(void)
{
	struct model_file m = {.t = {
		{.name = "conv.weight", .dtype = F32, .shape = shape4(2, 3, 1, 1)},
		{.name = "conv.bias", .dtype = F32, .shape = shape1(2)},
		{.name = "bn.running_mean", .dtype = F32, .shape = shape1(2)},
		{.name = "bn.running_var", .dtype = F32, .shape = shape1(2)},
		{.name = "fc.weight", .dtype = F32, .shape = shape2(5, 2)},
	}, .n = 5};
	return m;
}

static const char *write_model(struct model_file *m)
{
	const char *path = scratch_path("m.safetensors");
	for (int i = 0; i < m->n; i++) {
		m->t[i].data = m->t[i].data ? m->t[i].data : one;
		if (!m->t[i].bytes)
			m->t[i].bytes = (size_t)shape_count(&m->t[i].shape) * dtype_size(m->t[i].dtype);
	}
	ck_ok(st_write(path, m->t, m->n, NULL, 0, &e));
	return path;
}

/* Refused, and nothing has changed. */
static void refuses(struct model_file m, enum status want, const char *message)
{
	struct params *p = network(dev, "student", 3), *q = network(dev, "same", 3);
	const uint64_t version = p->param[0].version;
	const char *path = write_model(&m);
	ck_assert_int_eq(weights_load(p, path, &e), want);
	ck_assert_msg(strstr(e.text, message) && strstr(e.text, path), "'%s' is not in:\n%s", message, e.text);
	err_clear(&e);
	ck_assert(same_bytes(p, q));
	ck_assert_uint_eq(p->param[0].version, version);
	params_release(p);
	params_release(q);
}

START_TEST(a_count_may_be_missing)
{
	struct params *p = network(dev, "student", 3);
	struct model_file m = model_file();
	double count = 1;
	ck_ok(weights_load(p, write_model(&m), &e));
	ck_ok(params_get(p, 2, true, &count, &e));
	ck_assert(count == 0);
	params_release(p);
}
END_TEST

START_TEST(other_floats_are_taken)
{
	struct params *p = network(dev, "student", 3);
	struct model_file m = model_file();
	static const double wide[] = {0.1, -2};
	static const uint16_t narrow[] = {0x4000, 0xbf80};
	static const int64_t count = 5;
	double x[2];
	m.t[1].dtype = F64;
	m.t[1].data = wide;
	m.t[2].dtype = BF16;
	m.t[2].data = narrow;
	m.t[m.n++] = (struct st_tensor){
		.name = "bn.num_batches_tracked", .is_i64 = true, .shape = shape1(1), .data = &count, .bytes = 8};
	ck_ok(weights_load(p, write_model(&m), &e));
	ck_ok(params_get(p, 1, false, x, &e));
	ck_assert(x[0] == 0.1 && x[1] == -2);
	ck_ok(params_get(p, 0, true, x, &e));
	ck_assert(x[0] == 2 && x[1] == -1);
	ck_ok(params_get(p, 2, true, x, &e));
	ck_assert(x[0] == 5);
	params_release(p);
}
END_TEST

START_TEST(files_of_other_networks_are_refused)
{
	struct model_file m = model_file();
	m.t[0].name = "module.conv.weight"; /* as DataParallel writes them */
	m.t[1].name = "module.conv.bias";
	refuses(m, E_USER,
	        "no tensor 'conv.weight' (2,3,1,1), which network 'student' needs; it has 'module.conv.weight'");
	m = model_file();
	m.n--;
	refuses(m, E_USER, "no tensor 'fc.weight' (5,2)");
	m = model_file();
	m.t[m.n++] = (struct st_tensor){.name = "fc.bias", .dtype = F32, .shape = shape1(5)};
	refuses(m, E_USER, "tensor 'fc.bias' (5) has no place in network 'student'");
	m = model_file();
	m.t[4].shape = shape2(2, 5);
	refuses(m, E_USER, "tensor 'fc.weight' has the shape (2,5), network 'student' needs (5,2)");
	m = model_file();
	m.t[4].dtype = I32;
	refuses(m, E_USER, "tensor 'fc.weight' is of i32, allowed f32, f64, bf16, f16");
	m = model_file();
	m.n = 0;
	refuses(m, E_USER, "it has none at all");
}
END_TEST

START_TEST(values_that_are_not_finite_are_refused)
{
	static float bad[16] = {1, 1, 1, NAN};
	static const double huge[] = {1, 1e300};
	struct model_file m = model_file();
	m.t[0].data = bad;
	refuses(m, E_ENV, "tensor 'conv.weight': element 3 of 6 is nan");
	bad[3] = -INFINITY;
	refuses(m, E_ENV, "element 3 of 6 is -inf");

	struct device *d = device_of("cpu");
	struct params *p = network(d, "student", 3);
	m = model_file();
	m.t[1].dtype = F64;
	m.t[1].data = huge;
	ck_fails(weights_load(p, write_model(&m), &e), E_ENV, "element 1 of 2 is 1e+300");
	params_release(p);
	device_close(d);
}
END_TEST

START_TEST(damage_changes_nothing)
{
	struct params *p = network(dev, "student", 3), *q = network(dev, "same", 3);
	size_t n;
	fill(p, 4);
	const char *path = scratch_path("w");
	ck_ok(weights_save(p, path, NULL, 0, &e));
	fill(p, 3);
	const char *whole = content(path, &n);
	for (size_t cut = 0; cut < n; cut += 7)
		ck_fails(weights_load(p, scratch_file("cut", whole, cut), &e), E_ENV, "cut: offset ");
	ck_assert(same_bytes(p, q));
	params_release(p);
	params_release(q);
}
END_TEST

/* The network of these tests with fc as its head: block 1, the rest is the stem. */
static struct params *with_head(double base)
{
	struct params *p = network(dev, "student", base);
	p->param[2].block = 1;
	return p;
}

/* Values of one row. */
static double first_of(struct params *p, int index, bool state)
{
	double v[16];
	ck_ok(params_get(p, index, state, v, &e));
	return v[0];
}

START_TEST(all_but_the_head)
{
	struct params *p = with_head(3);
	struct model_file m = model_file();
	const double head = first_of(p, 2, false);
	bool body = false;
	/* another head, and a block behind that we lack */
	m.t[4].shape = shape2(2, 5);
	m.t[m.n++] = (struct st_tensor){.name = "layer9.conv.weight", .dtype = F32, .shape = shape2(4, 4)};
	ck_ok(weights_take(p, 1, write_model(&m), &body, &e));
	ck_assert(body);
	ck_assert(first_of(p, 0, false) == 1 && first_of(p, 1, false) == 1 && first_of(p, 0, true) == 1 && first_of(p, 1, true) == 1);
	ck_assert(first_of(p, 2, true) == 0);
	ck_assert_double_eq(first_of(p, 2, false), head);
	/* no head at all */
	m = model_file();
	m.n--;
	ck_ok(weights_take(p, 1, write_model(&m), &body, &e));
	ck_assert(body && first_of(p, 2, false) == head);
	/* a file that fits is taken whole */
	m = model_file();
	ck_ok(weights_take(p, 1, write_model(&m), &body, &e));
	ck_assert(!body && first_of(p, 2, false) == 1);
	params_release(p);
}
END_TEST

START_TEST(not_without_the_body)
{
	static float bad[16] = {1, NAN};
	const struct { int row; struct st_tensor t; enum status want; const char *says; } cases[] = {
		{0, {.name = "module.conv.weight", .dtype = F32, .shape = shape4(2, 3, 1, 1)}, E_USER, "no tensor 'conv.weight'"},
		{1, {.name = "conv.bias", .dtype = F32, .shape = shape1(3)}, E_USER, "tensor 'conv.bias' has the shape (3), network 'student' needs (2)"},
		{5, {.name = "conv.more", .dtype = F32, .shape = shape1(3)}, E_USER, "no tensor 'fc.weight'"}, /* conv is another block */
		{1, {.name = "conv.bias", .dtype = F32, .shape = shape1(2), .data = bad}, E_ENV, "element 1 of 2 is nan"},
	};
	struct params *p = with_head(3), *q = with_head(3);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct model_file m = model_file();
		bool body;
		m.t[4].name = "classifier.weight";
		m.t[cases[i].row] = cases[i].t;
		m.n = cases[i].row == 5 ? 6 : 5;
		ck_assert_int_eq(weights_take(p, 1, write_model(&m), &body, &e), cases[i].want);
		ck_assert_msg(strstr(e.text, cases[i].says), "'%s' is not in:\n%s", cases[i].says, e.text);
		err_clear(&e);
		ck_assert(same_bytes(p, q));
	}
	params_release(p);
	params_release(q);
}
END_TEST

Suite *weights_suite(void)
{
	Suite *s = suite_create("weights");
	TCase *tc = life_case(s, "weights");
	tcase_add_checked_fixture(tc, begin, end);
	tcase_add_loop_test(tc, weights_come_back, 0, 3);
	tcase_add_test(tc, the_file_is_one_that_pytorch_reads);
	tcase_add_test(tc, a_count_may_be_missing);
	tcase_add_test(tc, other_floats_are_taken);
	tcase_add_test(tc, files_of_other_networks_are_refused);
	tcase_add_test(tc, all_but_the_head);
	tcase_add_test(tc, not_without_the_body);
	tcase_add_test(tc, values_that_are_not_finite_are_refused);
	tcase_add_test(tc, damage_changes_nothing);
	return s;
}
