/* A teacher's pass in another precision and from a cache. */
#include "tests/stages/suites.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

#define DISTILL(name, more) "  - {name: " name ", kind: distill, train: student, teacher: teach.last, epochs: 4" more "}\n"
#define PLAIN TOP STAGES TEACH DISTILL("kd", "")

static void same_stage(const struct trained *a, const struct trained *b, const char *stage_a, const char *stage_b)
{
	const struct st_file x = weights_of(a->folder, stage_a, "last"), y = weights_of(b->folder, stage_b, "last");
	ck_assert_msg(same_tensors(&x, &y), "%s and %s differ", stage_a, stage_b);
	for (int epoch = 1; epoch <= 4; epoch++)
		ck_assert_double_eq(metric(a->folder, stage_a, epoch, "loss"), metric(b->folder, stage_b, epoch, "loss"));
}

static int files_in(const char *dir, char *last, size_t n)
{
	DIR *d = opendir(scratch_path(dir));
	int count = 0;
	for (struct dirent *x; d && (x = readdir(d));)
		if (x->d_name[0] != '.') {
			count++;
			if (last)
				snprintf(last, n, "%s/%s", scratch_path(dir), x->d_name);
		}
	if (d)
		closedir(d);
	return count;
}

/* On the device, with arms or without; what is cached before lies in a folder of its own. */
static struct trained train_cached(const char *device, const char *out, const char *kd, const char *arms)
{
	struct experiment *x = NULL;
	struct trained t;
	const char *text = arena_printf(life, PLAIN "%s" DISTILL("lean", ", teacher_cache: f16, losses: [{kind: kd}]") "%s", kd, arms);
	ck_ok(open_text(&x, device, text, "data.flip=true", NULL));
	ck_ok(train(x, out, &t));
	experiment_close(x);
	return t;
}

/* The same view gives the same target, and f32 holds it whole: the same bits as without, whether filled before or as it goes, alone or as arms. */
START_TEST(cache_is_exact)
{
	static const char *const devices[] = {"cpu", "ref", "late"};
	const char *device = devices[_i % 3], *arms = _i / 3 ? "arms: [{stages: [kd, go, lean]}]\n" : "";
	const struct trained t = train_cached(device, "out", DISTILL("go", ", teacher_cache: f32"), arms);
	const char *before = arena_printf(life, DISTILL("go", ", teacher_cache: f32, cache_fill: before, cache_dir: %s"), scratch_path("elsewhere"));
	const struct trained filled = train_cached(device, "filled", before, arms);
	if (_i % 3 == 0)
		same_stage(&t, &t, "kd", "go");
	else /* double goes through the file as float */
		ck_assert_double_eq_tol(metric(t.folder, "kd", 4, "loss"), metric(t.folder, "go", 4, "loss"), 1e-5);
	same_stage(&t, &filled, "go", "go");
	ck_assert_int_eq(files_in("out/cache", NULL, 0), 2);
	ck_assert_int_eq(files_in("elsewhere", NULL, 0), 1);
}
END_TEST

START_TEST(half_is_close)
{
	const struct trained t = train_ok("out", PLAIN DISTILL("half", ", teacher_cache: f16"));
	const double whole = metric(t.folder, "kd", 1, "loss"), half = metric(t.folder, "half", 1, "loss");
	ck_assert_double_eq_tol(whole, half, 1e-3 * whole);
	ck_assert_double_ne(whole, half);
}
END_TEST

/* Interrupted again and again, while it is filled too; and its rows damaged or cut between. */
START_TEST(stopped_and_damaged)
{
	const char *text = PLAIN DISTILL("go", ", teacher_cache: f32, cache_fill: before");
	const struct trained whole = train_ok("one", text);
	struct trained t;
	enum status st = E_STOP;
	int stops = 0;
	for (; st == E_STOP && stops < 100; stops++) {
		struct experiment *x = open_ok(text);
		char file[512];
		stop_after(x, 60 + 7 * (stops % 3));
		st = train(x, "two", &t);
		experiment_close(x);
		if (files_in("two/cache", file, sizeof file) == 0)
			continue;
		FILE *f = fopen(file, "r+");
		ck_assert_ptr_nonnull(f);
		for (int i = 0; i < 40; i++) {
			fseek(f, 4096 + 97 * (i + stops), SEEK_SET);
			fputc(i, f);
		}
		fclose(f);
		if (stops % 4 == 3)
			ck_assert_int_eq(truncate(file, 9000), 0);
	}
	ck_assert_msg(st == OK, "%s", e.text);
	ck_assert_int_ge(stops, 4);
	same_stage(&whole, &t, "go", "go");
}
END_TEST

/* Other weights under the same description, other means: an old row is never met. */
START_TEST(other_teacher_other_file)
{
	static const char *const sets[] = {"data.mean=[0.3]", "data.std=[0.5]", "data.crop=2", "data.flip=true", "seed.init=5", "stages.teach.lr=0.01"};
	const char *text = TOP STAGES TEACH DISTILL("go", ", teacher_cache: f32");
	train_ok("out", text);
	for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
		struct experiment *x = NULL;
		struct trained t;
		const char *set = str_starts(sets[i], "seed.") ? "seed={split: 1, data: 1, init: 5}" : sets[i];
		ck_ok(open_text(&x, "cpu", text, set, NULL));
		ck_ok(train(x, "out", &t));
		experiment_close(x);
		ck_assert_int_eq(files_in("out/cache", NULL, 0), (int)i + 2);
	}
}
END_TEST

/* In the experiment's own precision it is the same; in the other one close, and features go from plan to plan as wide. */
START_TEST(precisions)
{
	static const char *const bits[] = {"f32", "bf16"};
	for (int i = 0; i < 2; i++) {
		struct experiment *x = NULL;
		struct trained t;
		const char *out = bits[i];
		ck_ok(open_text(&x, "cpu", PLAIN DISTILL("wide", ", teacher_precision: f32") DISTILL("low", ", teacher_precision: bf16")
		                "  - {name: hint, kind: distill, train: student, teacher: teach.last, epochs: 2, teacher_precision: f32, losses: [{kind: hint, student: block2, "
		                "teacher: block2}, {kind: ce}]}\n"
		                "  - {name: same, kind: distill, train: student, teacher: teach.last, epochs: 2, losses: [{kind: hint, student: block2, teacher: block2}, "
		                "{kind: ce}]}\n", arena_printf(life, "precision=%s", bits[i]), NULL));
		ck_ok(train(x, out, &t));
		experiment_close(x);
		same_stage(&t, &t, "kd", i ? "low" : "wide");
		const double same = metric(t.folder, "kd", 1, "loss"), other = metric(t.folder, i ? "wide" : "low", 1, "loss");
		ck_assert_double_ne(same, other);
		ck_assert_double_eq_tol(same, other, 0.02 * same);
		const double hint = metric(t.folder, "hint", 1, "loss"), plain = metric(t.folder, "same", 1, "loss");
		ck_assert_double_eq_tol(hint, plain, 0.02 * plain);
		ck_assert_int_eq(hint == plain, i == 0);
	}
}
END_TEST

START_TEST(int8_is_close)
{
	static const char *const devices[] = {"cpu", "ref", "late"};
	struct experiment *x = NULL;
	struct trained t;
	ck_ok(open_text(&x, devices[_i], PLAIN DISTILL("low", ", teacher_precision: int8, int8_batches: 3")
	                DISTILL("held", ", teacher_precision: int8, int8_batches: 3, teacher_cache: f32")
	                DISTILL("few", ", teacher_precision: int8, int8_batches: 1")
	                "  - {name: hint, kind: distill, train: student, teacher: teach.last, epochs: 1, teacher_precision: int8, losses: [{kind: ce}, "
	                "{kind: hint, student: block1, teacher: block1}, {kind: hint, name: pre, student: block2.pre, teacher: block2.pre}]}\n"
	                "  - {name: m, kind: blocks, train: student, teacher: teach.anchors, epochs: 1, head_epochs: 1, polish_epochs: 1, teacher_precision: int8}\n", NULL));
	ck_ok(train(x, "out", &t));
	experiment_close(x);
	const double whole = metric(t.folder, "kd", 1, "loss"), low = metric(t.folder, "low", 1, "loss");
	ck_assert_double_ne(whole, low);
	ck_assert_double_eq_tol(whole, low, 0.02 * whole);
	if (_i == 0)
		same_stage(&t, &t, "low", "held");
	ck_assert_str_ne(t.result[2].stage->identity, t.result[4].stage->identity);
	ck_assert(isfinite(metric(t.folder, "hint", 1, "loss")) && isfinite(metric(t.folder, "m", 3, "loss")));
}
END_TEST

/* One channel is so large that a scale for all of them leaves nothing of the others, and it is the only one that does not matter. */
START_TEST(int8_floor)
{
	struct experiment *x = open_ok(TOP STAGES TEACH), *y = NULL;
	struct net *net = NULL;
	struct trained t = train_ok("first", TOP STAGES "  - {name: teach, kind: supervise, train: teacher, epochs: 8, lr: 0.2}\n");
	double second[8 * 36];
	bool state;
	ck_ok(experiment_net(x, life, "teacher", "teacher", &net, &e));
	ck_ok(params_place(net->params, x->dev, &e));
	ck_ok(weights_load(net->params, path_join(life, t.folder, "stages/teach/last.safetensors"), &e));
	const int a = params_find(net->params, "block1.0.conv.weight", &state), b = params_find(net->params, "block2.0.conv.weight", &state);
	const int64_t n = shape_count(&net->params->param[a].shape) / 4;
	ck_assert_int_le(n, 9 * 3);
	double *w = NEW_ARRAY(life, double, 4 * n);
	ck_ok(params_get(net->params, a, false, w, &e));
	ck_ok(params_get(net->params, b, false, second, &e));
	for (int i = 0; i < n; i++)
		w[i] *= 1e5;
	for (int i = 0; i < 8 * 36; i++)
		second[i] *= i / 9 % 4 != 0;
	ck_ok(params_put(net->params, a, false, w, &e));
	ck_ok(params_put(net->params, b, false, second, &e));
	const char *file = scratch_path("teacher.safetensors");
	ck_ok(weights_save(net->params, file, NULL, 0, &e));
	params_release(net->params);
	experiment_close(x);
	const char *text = arena_printf(life, TOP STAGES "  - {name: go, kind: distill, train: student, teacher_network: teacher, epochs: 1, teacher: {file: %s}, "
	                                "teacher_precision: int8%s}\n", file, _i ? ", int8_floor: 0" : "");
	ck_ok(open_text(&y, "cpu", text, NULL));
	const enum status st = train(y, "out", &t);
	experiment_close(y);
	ck_assert_int_eq(st, _i ? OK : E_RUN);
	if (!_i) {
		ck_has(e.text, "the int8 teacher of stage 'go' answers as the f32 one on");
		ck_has(e.text, "below int8_floor (0.99)");
	}
}
END_TEST

static const struct { const char *more, *says; } wrong[] = {
	{", teacher_cache: f16, losses: [{kind: hint, student: block1, teacher: block1}]", "keeps logits and pooled vectors, and stage 'go' reads features"},
	{", teacher_cache: f64", "allowed off, f16, f32"},
	{", teacher_precision: f8", "allowed same, f32, bf16, f16, tf32, int8"},
};

START_TEST(said)
{
	struct experiment *x = NULL;
	ck_assert_int_eq(open_text(&x, "cpu", arena_printf(life, TOP STAGES TEACH "  - {name: go, kind: distill, train: student, teacher: teach.last%s}\n", wrong[_i].more),
	                           NULL), E_USER);
	ck_has(e.text, wrong[_i].says);
	experiment_close(x);
}
END_TEST

/* A stage without a teacher has no such options. */
START_TEST(no_teacher)
{
	struct experiment *x = NULL;
	ck_assert_int_eq(open_text(&x, "cpu", TOP STAGES "  - {name: a, kind: supervise, train: student, teacher_cache: f16}\n", NULL), E_USER);
	ck_has(e.text, "teacher_cache");
	experiment_close(x);
}
END_TEST

Suite *teacher_suite(void)
{
	Suite *s = suite_create("teacher");
	TCase *tc = life_case(s, "teacher");
	tcase_add_loop_test(tc, cache_is_exact, 0, 6);
	tcase_add_test(tc, half_is_close);
	tcase_add_test(tc, stopped_and_damaged);
	tcase_add_test(tc, other_teacher_other_file);
	tcase_add_test(tc, precisions);
	tcase_add_loop_test(tc, int8_is_close, 0, 3);
	tcase_add_loop_test(tc, int8_floor, 0, 2);
	tcase_add_loop_test(tc, said, 0, sizeof wrong / sizeof *wrong);
	tcase_add_test(tc, no_teacher);
	return s;
}
