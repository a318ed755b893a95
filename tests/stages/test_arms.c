/* Arms: stages that run at the same time leave what each would leave alone. */
#include "tests/stages/suites.h"

#include <math.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"

/* Unlike in all that arms may be: losses, lessons, epochs, teachers, networks, optimisers. */
#define ARMS TOP STAGES TEACH \
	"  - {name: kd, kind: distill, train: student, teacher: teach.last, epochs: 3}\n" \
	"  - {name: hint, kind: distill, train: student, teacher: teach.last, epochs: 2, optimizer: adam, lr: 0.01," \
	" losses: [{kind: ce}, {kind: hint, student: block1, teacher: block2, weight: 0.5}]}\n" \
	"  - {name: order, kind: distill, train: deep, teacher: teach.anchors, epochs: 4}\n" \
	"  - {name: blocks, kind: blocks, train: student, teacher: teach.anchors, epochs: 1, head_epochs: 1, polish_epochs: 1, critic_every: 2}\n" \
	"  - {name: labels, kind: supervise, train: student, epochs: 5, smoothing: 0.1}\n"
#define TOGETHER "arms: [{stages: [hint, labels, kd, blocks, order]}]\n"

static const char *const names[] = {"kd", "hint", "order", "blocks", "labels"};
enum { N_ARM = sizeof names / sizeof *names };

static void same_arm(const char *a, const char *b, const char *stage_a, const char *stage_b)
{
	static const char *const files[] = {"last", "best"}, *const metrics[] = {"loss", "train_top1_running", "valid_top1", "critic/loss", "loss/hint"};
	for (int i = 0; i < 2; i++) {
		const struct st_file x = weights_of(a, stage_a, files[i]), y = weights_of(b, stage_b, files[i]);
		ck_assert_msg(same_tensors(&x, &y), "%s.%s differs from %s's", stage_a, files[i], stage_b);
	}
	for (size_t m = 0; m < sizeof metrics / sizeof *metrics; m++)
		for (int epoch = 1; epoch <= 6; epoch++) {
			const int n = rows(a, stage_a, epoch, metrics[m]);
			ck_assert_int_eq(rows(b, stage_b, epoch, metrics[m]), n);
			if (n)
				ck_assert_double_eq(metric(a, stage_a, epoch, metrics[m]), metric(b, stage_b, epoch, metrics[m]));
		}
}

START_TEST(as_alone)
{
	const struct trained alone = train_ok("one", ARMS), arms = train_ok("two", ARMS TOGETHER);
	for (int i = 0; i < N_ARM; i++)
		same_arm(alone.folder, arms.folder, names[i], names[i]);
	for (int i = 1; i <= N_ARM; i++) {
		ck_assert_double_eq(alone.result[i].test_last, arms.result[i].test_last);
		ck_assert(!file_exists(path_join(life, arms.folder, arena_printf(life, "stages/%s/resume.safetensors", names[i - 1]))));
	}
}
END_TEST

/* On every device: what an arm reads of its teacher is there when it reads it. */
START_TEST(late_is_ref)
{
	struct trained t[2];
	for (int i = 0; i < 2; i++) {
		struct experiment *x = NULL;
		ck_ok(open_text(&x, i ? "late" : "ref", ARMS TOGETHER, "data.n_train=56", "data.n_test=16", NULL));
		ck_ok(train(x, i ? "late" : "ref", &t[i]));
		experiment_close(x);
	}
	for (int i = 0; i < N_ARM; i++)
		same_arm(t[0].folder, t[1].folder, names[i], names[i]);
}
END_TEST

START_TEST(already_there)
{
	train_ok("out", TOP STAGES TEACH "  - {name: kd, kind: distill, train: student, teacher: teach.last, epochs: 3}\n");
	const struct trained t = train_ok("out", ARMS TOGETHER), alone = train_ok("alone", ARMS);
	ck_assert(t.result[1].reused && !t.result[2].reused);
	same_arm(alone.folder, t.folder, "hint", "hint");
}
END_TEST

/* A seed's copy is the stage with that seed.init; the stage itself keeps the experiment's. */
START_TEST(seeds)
{
#define KD "  - {name: kd, kind: distill, train: student, teacher: teach.last, epochs: 2}\n"
	const struct trained t = train_ok("one", TOP STAGES TEACH KD "arms: [{stages: [kd], seeds: [1, 7, 3, 7]}]\n");
	struct experiment *x = NULL;
	struct trained other;
	ck_assert_str_eq(t.result[2].stage->name, "kd-init7");
	ck_assert_str_eq(t.result[3].stage->name, "kd-init3");
	ck_ok(open_text(&x, "cpu", TOP STAGES "  - {name: kd, kind: distill, train: student, epochs: 2, teacher_network: teacher, teacher: {file: "
	                "TEACHER}}\n", arena_printf(life, "stages.kd.teacher.file=%s/stages/teach/last.safetensors", t.folder),
	                "seed={split: 1, data: 1, init: 7}", NULL));
	ck_ok(train(x, "two", &other));
	experiment_close(x);
	same_arm(t.folder, other.folder, "kd-init7", "kd");
	const struct st_file a = weights_of(t.folder, "kd", "last"), b = weights_of(t.folder, "kd-init7", "last");
	ck_assert(!same_tensors(&a, &b));
	/* Read again, the resolved file gives the same stages. */
	ck_ok(experiment_open(life, path_join(life, t.folder, "config.yaml"), &(struct experiment_options){.threads = 1}, &x, &e));
	ck_assert_int_eq(x->n_stage, 4);
	ck_assert_str_eq(x->stage[3].identity, t.result[3].stage->identity);
	experiment_close(x);
}
END_TEST

/* Stopped often; and every other time one arm's state is as of an earlier stop, as a kill between two saves leaves it. */
START_TEST(stopped_often)
{
	const struct trained whole = train_ok("one", ARMS);
	const char *old = scratch_path("old.safetensors");
	struct trained t;
	enum status st = E_STOP;
	int stops = 0;
	for (; st == E_STOP && stops < 200; stops++) {
		struct experiment *x = open_ok(ARMS TOGETHER);
		stop_after(x, 7 + 16 * (stops % 4));
		st = train(x, "two", &t);
		experiment_close(x);
		const char *state = t.folder ? path_join(life, t.folder, "stages/hint/resume.safetensors") : NULL;
		if (st == E_STOP && stops % 2 && state && file_exists(state) && file_exists(old))
			ck_assert_int_eq(rename(old, state), 0);
		else if (st == E_STOP && state && file_exists(state))
			ck_assert_int_eq(link(state, old) == 0 || file_exists(old), 1);
	}
	ck_assert_msg(st == OK, "%s", e.text);
	ck_assert_int_ge(stops, 8);
	same_events(t.folder);
	for (int i = 0; i < N_ARM; i++)
		same_arm(whole.folder, t.folder, names[i], names[i]);
}
END_TEST

/* An arm that starts from weights which overflow fails by itself; the others leave what they would. */
START_TEST(one_fails)
{
	struct experiment *x = open_ok(TOP STAGES TEACH), *y = NULL;
	struct net *net = NULL;
	struct trained t;
	double *w = NEW_ARRAY(life, double, 1 << 12);
	for (int i = 0; i < 1 << 12; i++)
		w[i] = 1e37;
	ck_ok(experiment_net(x, life, "student", "student", &net, &e));
	ck_ok(params_place(net->params, x->dev, &e));
	for (int i = 0; i < net->params->n_param; i++)
		ck_ok(params_put(net->params, i, false, w, &e));
	const char *file = scratch_path("huge.safetensors");
	ck_ok(weights_save(net->params, file, NULL, 0, &e));
	params_release(net->params);
	const char *text = arena_printf(life, TOP STAGES TEACH KD "  - {name: bad, kind: supervise, train: student, from: {file: %s}}\n"
	                                "  - {name: after, kind: supervise, train: student, from: bad.last}\n"
	                                "  - {name: labels, kind: supervise, train: student, epochs: 1}\narms: [{stages: [bad, kd]}]\n", file);
	ck_ok(open_text(&y, "cpu", text, NULL));
	ck_assert_int_eq(train(y, "out", &t), E_RUN);
	ck_has(e.text, "in stage 'bad'");
	ck_has(e.text, "stages/bad/resume.safetensors");
	ck_assert(t.result[2].failed && t.result[3].failed && !t.result[1].failed && !t.result[4].failed);
	ck_assert(isfinite(t.result[4].test_last));
	experiment_close(y);
	experiment_close(x);
	const struct trained alone = train_ok("alone", TOP STAGES TEACH KD);
	same_arm(alone.folder, t.folder, "kd", "kd");
	ck_assert(!file_exists(path_join(life, t.folder, "stages/bad/last.safetensors")));
}
END_TEST

/* Room for the largest alone: what each leaves does not depend on who was beside it. */
START_TEST(waves)
{
	struct experiment *x = open_ok(ARMS TOGETHER);
	struct stage_plan_sum *sums = NEW_ARRAY(life, struct stage_plan_sum, x->n_stage);
	const struct stage_plan_sum *all[N_ARM];
	size_t most = 0;
	for (int i = 0; i < x->n_stage; i++) {
		ck_ok(stage_check(x, &x->stage[i], NULL, false, &sums[i], &e));
		most = sums[i].memory > most ? sums[i].memory : most;
	}
	for (int i = 0; i < N_ARM; i++)
		all[i] = &sums[i + 1];
	for (int n = 2; n <= N_ARM; n++)
		ck_assert_uint_gt(memory_together(x->dev, all, n), memory_together(x->dev, all, n - 1));
	memory_pretend(memory_wanted(memory_together(x->dev, all, 3)));
	ck_assert_int_eq(wave_size(x->dev, all, N_ARM), 3);
	memory_pretend(memory_wanted(most));
	ck_assert_int_lt(wave_size(x->dev, all, N_ARM), N_ARM);
	struct trained t;
	ck_ok(train(x, "two", &t));
	memory_pretend(0);
	experiment_close(x);
	const struct trained alone = train_ok("one", ARMS);
	for (int i = 0; i < N_ARM; i++)
		same_arm(alone.folder, t.folder, names[i], names[i]);
}
END_TEST

static const struct { const char *arms, *says; } wrong[] = {
	{"arms: [{stages: [kb]}]\n", "no stage has that name; did you mean 'kd'?"},
	{"arms: [{stages: [kd]}, {stages: [kd]}]\n", "'kd' is in 'arms' twice"},
	{"arms: [{stages: [teach, kd]}]\n", "uses 'teach', which is not before that: arms may use stages before all of them"},
	{"arms: [{stages: [kd, kd]}]\n", "'kd' is in 'arms' twice"},
	{"arms: [{stages: [kd], seeds: [2]}, {stages: [kd-init2]}]\n", "no stage has that name"},
	{"arms: [{stages: [kd], data: {batch: 4}}]\n", "arms go through the same batches, so 'data' is of the whole experiment"},
	{"arms: [{stages: [kd], sedes: [1]}]\n", "did you mean 'seeds'?"},
	{"arms: {stages: [kd]}\n", "'arms' is a list"},
	{"arms: [{seeds: [1]}]\n", "is {stages: [NAME, ...], seeds: [...]}"},
	{"arms: [{stages: [kd], seeds: [-1]}]\n", "seeds"},
};

START_TEST(said)
{
	struct experiment *x = NULL;
	ck_assert_int_eq(open_text(&x, "cpu", arena_printf(life, TOP STAGES TEACH KD "%s", wrong[_i].arms), NULL), E_USER);
	ck_has(e.text, wrong[_i].says);
	experiment_close(x);
}
END_TEST

Suite *arms_suite(void)
{
	Suite *s = suite_create("arms");
	TCase *tc = life_case(s, "arms");
	tcase_add_test(tc, as_alone);
	tcase_add_test(tc, late_is_ref);
	tcase_add_test(tc, already_there);
	tcase_add_test(tc, seeds);
	tcase_add_test(tc, stopped_often);
	tcase_add_test(tc, one_fails);
	tcase_add_test(tc, waves);
	tcase_add_loop_test(tc, said, 0, sizeof wrong / sizeof *wrong);
	return s;
}
