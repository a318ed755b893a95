#include "runs/live.h"

#include <math.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "runs/note.h"
#include "tests/runs/suites.h"

static const struct live_stage arms[] = {
	{.stage = "kd", .lesson = "anchor 1/2 \"x\"", .epoch = 2, .epochs = 7, .step = 3, .steps = 5000000000, .loss = 0.1, .accuracy = NAN,
	 .lr = 1e-300, .images_per_s = INFINITY, .wait_share = 0.25, .left_s = 12.5},
	{.stage = "hint", .lesson = "", .epoch = 1, .epochs = 1},
};

START_TEST(what_is_written_is_read)
{
	struct live l;
	ck_assert(!live_read(life, scratch, &l));
	ck_assert_int_eq(l.n_stage, 0);
	ck_ok(live_write(scratch, arms, 2, 12345, &e));
	ck_assert(live_read(life, scratch, &l));
	ck_assert(l.pid == getpid() && l.memory == 12345 && l.time > 1.7e9 && l.n_stage == 2);
	ck_assert_str_eq(l.stage[0].stage, "kd");
	ck_assert_str_eq(l.stage[0].lesson, arms[0].lesson);
	ck_assert(l.stage[0].epoch == 2 && l.stage[0].epochs == 7 && l.stage[0].step == 3 && l.stage[0].steps == 5000000000);
	ck_assert(l.stage[0].loss == 0.1 && isnan(l.stage[0].accuracy) && l.stage[0].lr == 1e-300 && isnan(l.stage[0].images_per_s));
	ck_assert(l.stage[0].wait_share == 0.25 && l.stage[0].left_s == 12.5);
	ck_assert_str_eq(l.stage[1].stage, "hint");
	ck_assert_int_eq(entries(), 1);
	live_remove(scratch);
	ck_assert_int_eq(entries(), 0);
}
END_TEST

/* Also while nobody has waited for it. */
START_TEST(a_process_that_is_gone_is_not_at_work)
{
	struct live l;
	const pid_t child = fork();
	ck_assert_int_ge(child, 0);
	if (!child) {
		struct err why = {0};
		live_write(scratch, arms, 1, 1, &why);
		raise(SIGKILL);
	}
	siginfo_t info;
	ck_assert_int_eq(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
	ck_assert(!live_read(life, scratch, &l));
	ck_assert(l.pid == child && l.n_stage == 1);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	ck_assert(!live_read(life, scratch, &l));
}
END_TEST

static bool at_work(const char *text)
{
	struct live l;
	scratch_file("progress.json", text, strlen(text));
	return live_read(life, scratch, &l);
}

START_TEST(another_process_or_machine)
{
	char host[256];
	ck_assert_int_eq(gethostname(host, sizeof host), 0);
	/* the number of ours, but started at another time: it was used again */
	ck_assert(!at_work(arena_printf(life, "{\"pid\": %ld, \"started\": 1, \"host\": \"%s\", \"time\": 1}", (long)getpid(), host)));
	/* on another machine it counts for ten minutes */
	ck_assert(at_work(arena_printf(life, "{\"pid\": 1, \"started\": 1, \"host\": \"%s.x\", \"time\": %lld}", host, (long long)time(NULL) - 500)));
	ck_assert(!at_work(arena_printf(life, "{\"pid\": 1, \"started\": 1, \"host\": \"%s.x\", \"time\": %lld}", host, (long long)time(NULL) - 700)));
	ck_assert(!at_work("{\"pid\": "));
	ck_assert(!at_work("[]"));
	ck_assert(!at_work(""));
}
END_TEST

START_TEST(a_folder_that_is_gone_is_an_error)
{
	ck_fails(live_write(scratch_path("nowhere"), arms, 1, 1, &e), E_ENV, "nowhere/progress.json");
	live_remove(scratch_path("nowhere"));
}
END_TEST

START_TEST(notes_come_back)
{
	struct note_stage stage[] = {
		{.name = "teach", .kind = "supervise", .identity = "id1", .state = "done", .begun = "2026-01-31 12:00:00", .seconds = 0.1},
		{.name = "kd", .kind = "distill", .identity = "id2", .state = "", .begun = "", .seconds = NAN},
	};
	const struct note n = {
		.name = "tiny", .config = "a \"b\".yaml", .identity = "id", .program = "limbeck 0.1.0", .machine = "m; 1 thread", .device = "cpu",
		.precision = "f32", .state = "running", .begun = "2026-01-31 11:59:59", .data = "d", .run = 5000000000, .threads = 3, .seconds = NAN,
		.n_stage = 2, .stage = stage,
	};
	struct note r;
	bool found;
	ck_ok(note_read(life, scratch, &r, &found, &e));
	ck_assert(!found);
	ck_ok(note_write(scratch, &n, &e));
	ck_ok(note_read(life, scratch, &r, &found, &e));
	ck_assert(found && r.run == n.run && r.threads == 3 && isnan(r.seconds) && r.n_stage == 2);
	ck_assert_str_eq(r.config, n.config);
	ck_assert_str_eq(r.machine, n.machine);
	ck_assert_str_eq(r.begun, n.begun);
	ck_assert_str_eq(r.data, n.data);
	ck_assert_str_eq(r.stage[0].identity, "id1");
	ck_assert_str_eq(r.stage[0].begun, stage[0].begun);
	ck_assert_str_eq(r.stage[1].state, "");
	ck_assert(r.stage[0].seconds == 0.1 && isnan(r.stage[1].seconds));
	scratch_file("run.json", "{\"name\": \"tiny\"}", 16);
	ck_fails(note_read(life, scratch, &r, &found, &e), E_ENV, "run.json' is damaged");
	scratch_file("run.json", "{\"name\": ", 9);
	ck_fails(note_read(life, scratch, &r, &found, &e), E_ENV, "run.json' is damaged at byte");
	ck_assert(!found);
}
END_TEST

Suite *live_suite(void)
{
	Suite *s = suite_create("live");
	TCase *tc = life_case(s, "live");
	tcase_add_test(tc, what_is_written_is_read);
	tcase_add_test(tc, a_process_that_is_gone_is_not_at_work);
	tcase_add_test(tc, another_process_or_machine);
	tcase_add_test(tc, a_folder_that_is_gone_is_an_error);
	tcase_add_test(tc, notes_come_back);
	return s;
}
