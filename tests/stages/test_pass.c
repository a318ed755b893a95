/* A teacher's pass in parts is the whole pass, bit for bit. */
#include "tests/stages/suites.h"

#include <stdlib.h>

#include "base/rng.h"
#include "engine/build.h"
#include "stages/teacher.h"

enum { BATCH = 44 };

#define FILE_OF \
	"name: parts\nseed: 1\nprecision: %s\n" \
	"data: {kind: synth, batch: 44, n_train: 88, n_test: 37, held_out: 0, classes: 37, size: %d}\n" \
	"networks:\n  teacher: {model: %s}\n  student: {model: cnn, widths: [2, 4], convs: 1}\n" \
	"stages:\n  - {name: teach, kind: supervise, train: teacher, epochs: 1}\n" \
	"  - {name: kd, kind: distill, train: student, teacher: teach.last, epochs: 1, teacher_precision: %s, int8_floor: 0, int8_batches: 1}\n"

/* Every kernel that these networks get: Winograd's method and the library's, products large and small; and a share of the threads. */
static const struct { const char *device, *precision, *own, *model; int size, threads; } cases[] = {
	{"cpu", "f32", "same", "resnet8x4", 32, 1}, {"cpu", "bf16", "same", "resnet8x4", 32, 1}, {"cpu", "bf16", "int8", "resnet8x4", 32, 1},
	{"cpu", "f32", "same", "wrn_16_2", 32, 1}, {"cpu", "bf16", "same", "wrn_16_2", 32, 1}, {"cpu", "f32", "bf16", "wrn_16_1", 24, 1},
	{"cpu", "f32", "same", "vgg8", 32, 1}, {"cpu", "bf16", "same", "vgg8", 32, 1}, {"cpu", "f32", "int8", "vgg8", 32, 1},
	{"cpu", "f32", "same", "resnet18", 28, 1}, {"cpu", "bf16", "same", "resnet50", 16, 1}, {"cpu", "bf16", "same", "resnet20", 28, 2},
	{"ref", "f32", "same", "resnet8", 8, 1}, {"late", "f32", "same", "resnet8", 8, 1}, {"late", "f32", "int8", "cnn, widths: [4, 8], convs: 1", 32, 1},
};

struct frozen {
	struct experiment *x;
	struct teacher *teacher;
	struct batch batch;
};

static struct frozen frozen_open(int i)
{
	struct frozen f = {0};
	const struct experiment_options o = {.device = cases[i].device, .threads = cases[i].threads};
	const char *text = arena_printf(life, FILE_OF, cases[i].precision, cases[i].size, cases[i].model, cases[i].own);
	ck_ok(experiment_open(life, text_file("x.yaml", text), &o, &f.x, &e));
	ck_ok(teacher_new(life, f.x, &f.x->stage[1], 0, &f.teacher, &e));
	ck_ok(params_place(f.teacher->net->params, f.x->dev, &e));
	ck_ok(net_init(f.teacher->net, 1, NULL, &e));
	if (f.teacher->scales)
		ck_ok(teacher_calibrate(f.teacher, &e));
	const size_t bytes = (size_t)(BATCH * 3 * cases[i].size * cases[i].size);
	struct rng r = rng_stream(1, (struct rng_name){.purpose = "test"});
	f.batch = (struct batch){.n = BATCH, .image = arena_alloc(life, bytes)};
	for (size_t k = 0; k < bytes; k++)
		f.batch.image[k] = (uint8_t)(rng_u32(&r) >> 24);
	return f;
}

/* What a pass on the first n pictures gives. */
struct taken {
	int part, parts; /* pictures of the first, plans */
	size_t workspace;
	double macs;
	size_t bytes[TAP_COUNT]; /* of a picture's row; 0: no such tap */
	char *tap[TAP_COUNT];
};

static void take(struct frozen *f, const struct pass *p, struct taken *t)
{
	const struct device *dev = f->x->dev;
	for (int i = 0; i < TAP_COUNT; i++) {
		size_t bytes;
		if (!p->wanted[i])
			continue;
		t->bytes[i] = pass_tap_bytes(p, i, 1);
		t->tap[i] = arena_alloc(life, pass_tap_bytes(p, i, p->n));
		dev->backend->get(dev->impl, t->tap[i], p->tap[i] ? p->tap[i] : plan_kept(p->all.plan, p->all.kept[i], &bytes), pass_tap_bytes(p, i, p->n));
	}
	ck_ok(device_wait(f->x->dev, &e));
}

/* cache: what the device says that its caches hold. All taps are wanted. */
static struct taken run_pass(struct frozen *f, int n, size_t cache)
{
	struct taken t = {0};
	struct pass *p = NULL;
	void *workspace = NULL;
	struct node *given[TAP_COUNT];
	struct taps taps;
	f->x->dev->cache_bytes = cache;
	ck_ok(pass_new(f->teacher, n, life, &p, &e));
	pass_give(p, graph_new(life, &e), given, &taps);
	for (int i = 0; i < TAP_COUNT; i++) {
		p->wanted[i] = given[i];
		for (int k = 0; k < i; k++)
			p->wanted[i] &= given[k] != given[i];
	}
	ck_ok(pass_plan(p, &e));
	t.workspace = pass_workspace(p);
	t.macs = pass_macs(p);
	t.part = p->part[0]->n;
	t.parts = p->n_part;
	ck_ok(device_alloc(f->x->dev, t.workspace, &workspace, &e));
	ck_ok(pass_prepare(p, "", workspace, &e));
	for (int k = 0; k < 2; k++)
		ck_ok(pass_run(p, &f->batch, 0, &e));
	take(f, p, &t);
	pass_release(p);
	device_free(f->x->dev, workspace, t.workspace);
	return t;
}

static void same_rows(const struct taken *a, const struct taken *b, int n)
{
	int taps = 0;
	for (int i = 0; i < TAP_COUNT; i++) {
		ck_assert_uint_eq(a->bytes[i], b->bytes[i]);
		for (int k = 0; k < n && a->bytes[i]; k++)
			ck_assert_msg(!memcmp(a->tap[i] + (size_t)k * a->bytes[i], b->tap[i] + (size_t)k * a->bytes[i], a->bytes[i]),
			              "tap %d of picture %d differs in parts of %d", i, k, b->part);
		taps += a->bytes[i] > 0;
	}
	ck_assert_int_ge(taps, 5);
}

/* The whole batch; from the smallest parts on up; numbers of pictures that parts fill, and those of which some are left. */
START_TEST(same_bits)
{
	static const int pictures[] = {BATCH - 1, 32, 7};
	struct frozen f = frozen_open(_i);
	const bool cut = f.x->dev->cache_bytes || !str_eq(cases[_i].device, "cpu"); /* a processor that can't says 0 */
	const struct taken whole = run_pass(&f, BATCH, 0);
	ck_assert_int_eq(whole.part, BATCH);
	int seen = 0, left = 0;
	for (size_t i = 0; i < sizeof pictures / sizeof *pictures && cut; i++)
		for (size_t cache = 1; cache <= (size_t)4 << 20; cache = cache == 1 ? (size_t)1 << 18 : 4 * cache) {
			const int n = pictures[i];
			const struct taken t = run_pass(&f, n, cache);
			same_rows(&whole, &t, n);
			ck_assert_double_eq_tol(t.macs * BATCH, whole.macs * n, 1e-9 * t.macs * BATCH);
			ck_assert_int_eq(t.parts, t.part == n || n % t.part == 0 ? 1 : 2);
			ck_assert(t.part == n || 2 * t.part <= n);
			ck_assert(t.part == n || t.workspace < whole.workspace || !str_eq(cases[_i].model, "resnet8x4"));
			seen |= t.part < n ? t.part : 0;
			left |= n % t.part;
		}
	ck_assert_msg(!cut || (seen && left), "no parts, or never a rest");
	teacher_release(f.teacher);
	experiment_close(f.x);
}
END_TEST

#define DISTILL(name, more) "  - {name: " name ", kind: distill, train: student, teacher: teach.last, epochs: 2" more "}\n"

/* Features, logits, a last batch of 8, a cache that is filled as it goes: students learn the same from parts of the 16 pictures. */
START_TEST(same_students)
{
	static const char *const devices[] = {"cpu", "late"};
	static const char *const names[] = {"kd", "hint", "cached"};
	static const size_t caches[] = {0, 1, 3000, 9000};
	struct st_file first[3];
	for (int i = 0; i < 4; i++) {
		struct experiment *x = NULL;
		struct trained t;
		ck_ok(open_text(&x, devices[_i], TOP STAGES TEACH DISTILL("kd", "")
		                DISTILL("hint", ", losses: [{kind: ce}, {kind: hint, student: block1, teacher: block1}]")
		                DISTILL("cached", ", teacher_cache: f32"), NULL));
		x->dev->cache_bytes = _i == 0 && !x->dev->cache_bytes ? 0 : caches[i];
		ck_ok(train(x, arena_printf(life, "out%d", i), &t));
		experiment_close(x);
		for (int k = 0; k < 3; k++) {
			const struct st_file file = weights_of(t.folder, names[k], "last");
			if (!i)
				first[k] = file;
			ck_assert_msg(same_tensors(&first[k], &file), "'%s' differs with a cache of %zu bytes", names[k], caches[i]);
		}
	}
}
END_TEST

/* 'check' says what the pass is cut to. */
START_TEST(printed)
{
	static const struct { size_t cache; const char *says; } plans[] = {
		{0, "    teacher: "}, {2048, "    teacher, 8 parts of 2 of the batch's 16 pictures, each: "}, {4096, "    teacher, 4 parts of 4 of the batch's 16 pictures, each: "},
	};
	for (int i = 0; i < 3; i++) {
		char *text = NULL;
		size_t size = 0;
		FILE *f = open_memstream(&text, &size);
		struct experiment *x = open_ok(TOP STAGES TEACH DISTILL("kd", ""));
		struct stage_plan_sum sum = {0};
		x->dev->cache_bytes = plans[i].cache;
		ck_ok(stage_check(x, &x->stage[1], f, false, &sum, &e));
		fclose(f);
		ck_has(text, plans[i].says);
		free(text);
		experiment_close(x);
	}
}
END_TEST

Suite *pass_suite(void)
{
	Suite *s = suite_create("pass");
	TCase *tc = life_case(s, "pass");
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, same_bits, 0, sizeof cases / sizeof *cases);
	tcase_add_loop_test(tc, same_students, 0, 2);
	tcase_add_test(tc, printed);
	return s;
}
