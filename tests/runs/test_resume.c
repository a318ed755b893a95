#include "runs/resume.h"

#include <math.h>

#include "base/file.h"
#include "base/log.h"
#include "tests/runs/suites.h"

#define PROGRAM "limbeck 0.1.0"
#define MACHINE "a processor; a library"

enum { STEPS = 3 };
static const char *const devices[] = {"ref", "late", "cpu"};
static const struct optim_conf confs[] = {
	{.kind = OPTIM_SGD, .lr = 0.1, .momentum = 0.9, .nesterov = true, .weight_decay = 1e-3},
	{.kind = OPTIM_SGD, .lr = 0.1},
	{.kind = OPTIM_ADAM, .lr = 0.1, .beta1 = 0.9, .beta2 = 0.99, .eps = 1e-8},
	{.kind = OPTIM_ADAMW, .lr = 0.1, .beta1 = 0.9, .beta2 = 0.99, .eps = 1e-8, .weight_decay = 0.1,
	 .clip = 1},
};
enum { N_CONF = sizeof confs / sizeof *confs, N_CASE = N_CONF * 3 };

/* Two networks and an optimiser that moves parts of both. */
struct trainee {
	struct device *dev;
	struct params *set[2];
	struct optim *optim[1];
	void *ok;
};

static void open_trainee(struct trainee *t, const char *device, const struct optim_conf *conf, double base)
{
	const int yes = 1;
	t->dev = device_of(device);
	t->set[0] = network(t->dev, "student", base);
	t->set[1] = network(t->dev, "critic", base + 1);
	t->optim[0] = optim_new(life, "main", conf);
	optim_add(t->optim[0], life, t->set[0], 0);
	optim_add(t->optim[0], life, t->set[0], 1);
	optim_add(t->optim[0], life, t->set[1], 2);
	ck_ok(optim_place(t->optim[0], t->dev, &e));
	ck_ok(device_alloc(t->dev, sizeof yes, &t->ok, &e));
	t->dev->backend->put(t->dev->impl, t->ok, &yes, sizeof yes);
}

static void close_trainee(struct trainee *t)
{
	device_free(t->dev, t->ok, sizeof(int));
	optim_release(t->optim[0]);
	params_release(t->set[0]);
	params_release(t->set[1]);
	device_close(t->dev);
}

/* Gradients that differ from step to step. */
static void train(struct trainee *t, int steps)
{
	struct optim *o = t->optim[0];
	double g[64];
	char raw[sizeof g];
	ck_assert_int_le(o->size, 64);
	for (int s = 0; s < steps; s++) {
		for (int i = 0; i < o->size; i++)
			g[i] = sin(i + 7.0 * (double)o->steps);
		elements_from_f64(raw, t->dev->backend->wide, g, o->size);
		t->dev->backend->put(t->dev->impl, o->grad, raw, (size_t)o->size * dtype_size(t->dev->backend->wide));
		optim_set_lr(o, 0.1);
		optim_step(o, NULL, t->ok);
		ck_ok(device_wait(t->dev, &e));
		o->steps++;
	}
}

static int chosen[] = {-1, 0, 17}, ended[] = {14, 3};

static struct resume state_of(struct trainee *t)
{
	struct resume r = {
		.stage = "teach \"it\"", .identity = "0123456789abcdef", .lesson = 1, .epoch = 2, .batch = 3,
		.step = 5000000000L, .seconds = 0.1, .images = 1e15 + 1, .lesson_seconds = 1.0 / 3, .n_sum = 4,
		.sum = {0.1, NAN, -INFINITY, 5e-324}, .count = 12345.678, .best = NAN, .best_epoch = -1,
		.last_valid = 99.99, .rollbacks = 2, .epoch_rollbacks = 1, .epoch_overflows = 7, .loss_scale = 0x1p13, .scale_good = 1999, .n_watch = 2, .watch = {{0.1, 201, 2, 7, 3, 0}, {1.0 / 3, 199, 0, 5, 0, 4}}, .n_chosen = 3, .chosen = chosen, .n_ended = 2,
		.ended = ended, .macs = 1.0 / 7, .teacher_images = 1e15 + 3,
		.n_set = t ? 2 : 0, .set = t ? t->set : NULL, .n_optim = t ? 1 : 0,
		.optim = t ? t->optim : NULL,
	};
	return r;
}

/* The same bits, or both NaN. */
static bool same(double a, double b)
{
	return (isnan(a) && isnan(b)) || !memcmp(&a, &b, sizeof a);
}

START_TEST(a_resumed_run_goes_on_with_the_same_bits)
{
	const struct optim_conf *conf = &confs[_i % N_CONF];
	const char *device = devices[_i / N_CONF], *path = scratch_path("resume.safetensors");
	struct trainee a, b;
	open_trainee(&a, device, conf, 0.3);
	open_trainee(&b, device, conf, 7);
	train(&a, STEPS);
	struct resume r = state_of(&a);
	ck_ok(resume_save(path, &r, PROGRAM, MACHINE, &e));
	train(&a, STEPS);

	bool found;
	const uint64_t version = b.set[0]->param[0].version;
	ck_ok(resume_peek(life, path, &r, PROGRAM, &found, &e));
	ck_assert(found);
	ck_assert_int_eq(r.n_set, 0);
	r.n_set = 2;
	r.set = b.set;
	r.n_optim = 1;
	r.optim = b.optim;
	ck_ok(resume_load(path, &r, MACHINE, &e));
	ck_assert_uint_gt(b.set[0]->param[0].version, version);
	ck_assert_int_eq(b.optim[0]->steps, STEPS);
	train(&b, STEPS);
	ck_assert(same_bytes(a.set[0], b.set[0]));
	ck_assert(same_bytes(a.set[1], b.set[1]));
	close_trainee(&a);
	close_trainee(&b);
}
END_TEST

START_TEST(the_place_comes_back_exactly)
{
	const struct resume r = state_of(NULL);
	struct resume q;
	bool found;
	const char *path = scratch_path("resume.safetensors");
	ck_ok(resume_peek(life, path, &q, PROGRAM, &found, &e));
	ck_assert(!found);
	ck_ok(resume_save(path, &r, PROGRAM, MACHINE, &e));
	ck_ok(resume_peek(life, path, &q, PROGRAM, &found, &e));
	ck_assert(found);
	ck_assert_str_eq(q.stage, r.stage);
	ck_assert_str_eq(q.identity, r.identity);
	ck_assert(q.lesson == 1 && q.epoch == 2 && q.batch == 3 && q.step == r.step && q.best_epoch == -1 &&
	          q.n_sum == 4);
	ck_assert(same(q.seconds, r.seconds) && same(q.images, r.images) &&
	          same(q.lesson_seconds, r.lesson_seconds));
	ck_assert(same(q.count, r.count) && same(q.best, r.best) && same(q.last_valid, r.last_valid));
	ck_assert(q.epoch_overflows == 7 && q.loss_scale == 0x1p13 && q.scale_good == 1999);
	ck_assert(q.rollbacks == 2 && q.epoch_rollbacks == 1 && q.n_watch == 2 && !memcmp(q.watch, r.watch, sizeof r.watch));
	ck_assert(q.n_chosen == 3 && !memcmp(q.chosen, chosen, sizeof chosen) && q.n_ended == 2 && !memcmp(q.ended, ended, sizeof ended));
	ck_assert(same(q.macs, r.macs) && same(q.teacher_images, r.teacher_images));
	for (int i = 0; i < 4; i++)
		ck_assert_msg(same(q.sum[i], r.sum[i]), "%d: %a, not %a", i, q.sum[i], r.sum[i]);
}
END_TEST

START_TEST(another_version_is_refused)
{
	const struct resume r = state_of(NULL);
	struct resume q;
	bool found;
	const char *path = scratch_path("resume.safetensors");
	ck_ok(resume_save(path, &r, "limbeck 0.0.9", MACHINE, &e));
	ck_assert_int_eq(resume_peek(life, path, &q, PROGRAM, &found, &e), E_USER);
	ck_assert_ptr_nonnull(strstr(e.text, "'limbeck 0.0.9'"));
	ck_assert_ptr_nonnull(strstr(e.text, "'" PROGRAM "'"));
	ck_assert_ptr_nonnull(strstr(e.text, path));
}
END_TEST

START_TEST(another_machine_is_a_warning)
{
	const struct resume r = state_of(NULL);
	struct resume q;
	bool found;
	const char *path = scratch_path("resume.safetensors"), *log = scratch_path("log.txt");
	size_t n;
	FILE *f = fopen(log, "w");
	log_set_level(LOG_ERROR);
	log_set_file(f);
	ck_ok(resume_save(path, &r, PROGRAM, MACHINE, &e));
	ck_ok(resume_peek(life, path, &q, PROGRAM, &found, &e));
	ck_ok(resume_load(path, &q, MACHINE, &e));
	ck_assert_int_eq(ftell(f), 0);
	ck_ok(resume_load(path, &q, "another", &e));
	log_set_file(NULL);
	fclose(f);
	const char *text = content(log, &n);
	ck_assert_ptr_nonnull(strstr(text, "warning: "));
	ck_assert_ptr_nonnull(strstr(text, MACHINE));
	ck_assert_ptr_nonnull(strstr(text, "another\n"));
}
END_TEST

/* What was saved is not what is there now: refused, and nothing has moved. */
static void refuses(struct trainee *t, const char *path, struct resume r, enum status want,
                    const char *message)
{
	struct params *before[2] = {network(t->dev, "student", 7), network(t->dev, "critic", 8)};
	ck_assert_int_eq(resume_load(path, &r, MACHINE, &e), want);
	ck_assert_msg(strstr(e.text, message) && strstr(e.text, path), "'%s' is not in:\n%s", message, e.text);
	err_clear(&e);
	ck_assert(same_bytes(before[0], t->set[0]));
	ck_assert(same_bytes(before[1], t->set[1]));
	ck_assert_int_eq(t->optim[0]->steps, 0);
	params_release(before[0]);
	params_release(before[1]);
}

START_TEST(what_does_not_fit_is_refused)
{
	struct trainee a, b;
	const char *path = scratch_path("resume.safetensors");
	open_trainee(&a, "late", &confs[0], 0);
	open_trainee(&b, "late", &confs[2], 7);
	struct resume r = state_of(&a);
	ck_ok(resume_save(path, &r, PROGRAM, MACHINE, &e));

	refuses(&b, path, state_of(&b), E_USER, "optimiser 'main': 'optim/0/main' has ");
	r = state_of(&b);
	r.n_optim = 0;
	refuses(&b, path, r, E_USER, "2 networks and 1 optimisers in the saved state, 2 and 0 now");
	r = state_of(&b);
	snprintf(r.identity, sizeof r.identity, "fedcba");
	refuses(&b, path, r, E_USER, "with other options");

	struct params *swapped[2] = {b.set[1], b.set[0]};
	r = state_of(&b);
	r.set = swapped;
	refuses(&b, path, r, E_USER, "network 'critic': no 'set/0/critic/param'");

	struct params *larger = params_new(life, "student");
	params_add(larger, (struct param){.name = "w", .shape = shape1(99)});
	ck_ok(params_place(larger, b.dev, &e));
	swapped[0] = larger;
	swapped[1] = b.set[1];
	refuses(&b, path, r, E_USER,
	        "network 'student': 'set/0/student/param' has 384 bytes in the saved state, 896 now");
	params_release(larger);

	struct trainee c;
	open_trainee(&c, "cpu", &confs[0], 7);
	refuses(&c, path, state_of(&c), E_USER, "was saved as f64, this device keeps f32");
	close_trainee(&a);
	close_trainee(&b);
	close_trainee(&c);
}
END_TEST

START_TEST(damage_is_refused_and_nothing_moves)
{
	struct trainee a;
	size_t n;
	struct resume q;
	bool found;
	const char *path = scratch_path("resume.safetensors");
	open_trainee(&a, "late", &confs[0], 0);
	struct resume r = state_of(&a);
	ck_ok(resume_save(path, &r, PROGRAM, MACHINE, &e));
	const char *whole = content(path, &n);
	fill(a.set[0], 7);
	fill(a.set[1], 8);
	for (size_t cut = 0; cut < n; cut += 7) {
		path = scratch_file("cut", whole, cut);
		ck_fails(resume_peek(life, path, &q, PROGRAM, &found, &e), E_ENV, "cut: offset ");
		if (cut % 70 == 0)
			refuses(&a, path, state_of(&a), E_ENV, "cut: offset ");
		ck_fails(resume_load(path, &r, MACHINE, &e), E_ENV, "cut: offset ");
	}
	/* every byte of the metadata in turn: an error or a state, never a crash */
	char *bytes = memcpy(arena_alloc(life, n), whole, n);
	for (size_t i = 8; i < 900; i++) {
		bytes[i] ^= 1;
		resume_peek(life, scratch_file("cut", bytes, n), &q, PROGRAM, &found, &e);
		err_clear(&e);
		bytes[i] ^= 1;
	}
	close_trainee(&a);
}
END_TEST

/* A byte of the data or of a number in the place: nothing but the checksum tells. */
START_TEST(a_flipped_byte_is_refused)
{
	struct trainee a;
	size_t n;
	struct resume q;
	bool found;
	const char *path = scratch_path("resume.safetensors");
	open_trainee(&a, "late", &confs[0], 0);
	struct resume r = state_of(&a);
	ck_ok(resume_save(path, &r, PROGRAM, MACHINE, &e));
	const char *whole = content(path, &n), *step = strstr(whole + 8, "5000000000");
	fill(a.set[0], 7);
	fill(a.set[1], 8);
	char *bytes = memcpy(arena_alloc(life, n), whole, n);
	const size_t places[] = {n - 1, n - 77, (size_t)(step - whole)};
	for (int i = 0; i < 3; i++) {
		bytes[places[i]] ^= 1;
		path = scratch_file("flipped", bytes, n);
		ck_fails(resume_peek(life, path, &q, PROGRAM, &found, &e), E_ENV, "flipped: damaged: its checksum differs");
		refuses(&a, path, state_of(&a), E_ENV, "flipped: damaged: its checksum differs");
		bytes[places[i]] ^= 1;
	}
	close_trainee(&a);
}
END_TEST

START_TEST(other_files_are_refused)
{
	struct resume q;
	bool found;
	const struct st_meta meta[] = {{"format", "limbeck-resume-5"}, {"program", PROGRAM}};
	const char *path = scratch_path("a");
	ck_ok(st_write(path, NULL, 0, NULL, 0, &e));
	ck_fails(resume_peek(life, path, &q, PROGRAM, &found, &e), E_ENV, "no resume state");
	const struct st_meta other[] = {{"format", "pt"}}, old[] = {{"format", "limbeck-resume-1"}};
	ck_ok(st_write(path, NULL, 0, other, 1, &e));
	ck_fails(resume_peek(life, path, &q, PROGRAM, &found, &e), E_USER,
	         "no resume state, but a file of the form 'pt', this program reads 'limbeck-resume-5'; remove the file to start the stage anew");
	ck_ok(st_write(path, NULL, 0, old, 1, &e));
	ck_fails(resume_peek(life, path, &q, PROGRAM, &found, &e), E_USER, "remove the file to start the stage anew");
	ck_ok(st_write(path, NULL, 0, meta, 1, &e));
	ck_fails(resume_peek(life, path, &q, PROGRAM, &found, &e), E_ENV, "metadata 'program' is missing");
	ck_ok(st_write(path, NULL, 0, meta, 2, &e));
	ck_fails(resume_peek(life, path, &q, PROGRAM, &found, &e), E_ENV, "metadata 'stage' is missing");
	ck_fails(resume_load(path, &q, MACHINE, &e), E_ENV, "metadata 'stage' is missing");
	ck_fails(resume_load(scratch_path("none"), &q, MACHINE, &e), E_ENV, "No such file");
}
END_TEST

START_TEST(a_full_disk_leaves_the_old_state)
{
	struct trainee a;
	struct resume q;
	bool found;
	const char *path = scratch_path("resume.safetensors");
	open_trainee(&a, "ref", &confs[2], 0);
	struct resume r = state_of(&a);
	ck_ok(resume_save(path, &r, PROGRAM, MACHINE, &e));
	r.epoch = 77;
	disk_full_at(1000);
	const enum status st = resume_save(path, &r, PROGRAM, MACHINE, &e);
	disk_full_at(RLIM_INFINITY);
	ck_fails(st, E_ENV, path);
	ck_ok(resume_peek(life, path, &q, PROGRAM, &found, &e));
	ck_assert_int_eq(q.epoch, 2);
	ck_assert_int_eq(entries(), 1);
	close_trainee(&a);
}
END_TEST

Suite *resume_suite(void)
{
	Suite *s = suite_create("resume");
	TCase *tc = life_case(s, "resume");
	tcase_add_loop_test(tc, a_resumed_run_goes_on_with_the_same_bits, 0, N_CASE);
	tcase_add_test(tc, the_place_comes_back_exactly);
	tcase_add_test(tc, another_version_is_refused);
	tcase_add_test(tc, another_machine_is_a_warning);
	tcase_add_test(tc, what_does_not_fit_is_refused);
	tcase_add_test(tc, damage_is_refused_and_nothing_moves);
	tcase_add_test(tc, a_flipped_byte_is_refused);
	tcase_add_test(tc, other_files_are_refused);
	tcase_add_test(tc, a_full_disk_leaves_the_old_state);
	return s;
}
