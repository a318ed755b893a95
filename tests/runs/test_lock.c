/* Locks between processes. */
#include "tests/runs/suites.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "runs/lock.h"

static struct lock *try(const char *name)
{
	struct lock *l = NULL;
	ck_ok(lock_try(life, scratch, name, &l, &e));
	return l;
}

START_TEST(one_holds_it)
{
	struct lock *l = try("a"), *other = try("b");
	ck_assert_ptr_nonnull(l);
	ck_assert_ptr_nonnull(other);
	ck_assert_ptr_null(try("a"));
	ck_assert(file_exists(scratch_path("locks/a")));
	lock_release(l);
	ck_assert(!file_exists(scratch_path("locks/a")));
	ck_assert_ptr_null(try("b"));
	l = try("a");
	ck_assert_ptr_nonnull(l);
	lock_release(l);
	lock_release(other);
	lock_release(NULL);
}
END_TEST

/* A process that takes the lock, says so and stays. */
static pid_t hold(const char *name)
{
	int say[2];
	char c;
	ck_assert_int_eq(pipe(say), 0);
	const pid_t pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		struct lock *l = NULL;
		if (lock_try(life, scratch, name, &l, NULL) == OK && l && write(say[1], "x", 1) == 1)
			pause();
		_exit(1);
	}
	close(say[1]);
	ck_assert_int_eq(read(say[0], &c, 1), 1);
	close(say[0]);
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

START_TEST(a_process_that_is_killed_gives_it_back)
{
	const pid_t pid = hold("a");
	ck_assert_ptr_null(try("a"));
	end(pid);
	ck_assert(file_exists(scratch_path("locks/a"))); /* its name says nothing */
	struct lock *l = try("a");
	ck_assert_ptr_nonnull(l);
	lock_release(l);
}
END_TEST

static volatile sig_atomic_t alarmed;

static void on_alarm(int number)
{
	(void)number;
	alarmed = 1;
}

static bool stop(void)
{
	return alarmed;
}

START_TEST(a_signal_ends_the_wait)
{
	const pid_t pid = hold("a");
	struct lock *l = NULL;
	log_set_level(LOG_ERROR);
	sigaction(SIGALRM, &(struct sigaction){.sa_handler = on_alarm, .sa_flags = SA_RESTART}, NULL);
	alarm(1);
	ck_assert_int_eq(lock_wait(life, scratch, "a", "stage", stop, &l, &e), E_STOP);
	ck_assert_ptr_null(l);
	end(pid);
	ck_ok(lock_wait(life, scratch, "a", "stage", stop, &l, &e));
	ck_assert_ptr_nonnull(l);
	lock_release(l);
}
END_TEST

/* Reads, waits, writes: lost where two are in it at once. */
static int count_on(const char *path)
{
	FILE *f = fopen(path, "r+");
	int n = 0;
	if (!f || fscanf(f, "%d", &n) != 1)
		return -1;
	usleep(50);
	rewind(f);
	fprintf(f, "%d\n", n + 1);
	return fclose(f);
}

START_TEST(never_two_at_once)
{
	enum { PROCESSES = 5, TIMES = 60 };
	const char *path = scratch_file("count", "0\n", 2);
	pid_t pid[PROCESSES];
	for (int k = 0; k < PROCESSES; k++) {
		pid[k] = fork();
		ck_assert_int_ge(pid[k], 0);
		if (pid[k])
			continue;
		for (int i = 0; i < TIMES;) {
			struct lock *l = NULL;
			if (lock_try(life, scratch, "a", &l, NULL) != OK)
				_exit(1);
			if (l && count_on(path) != 0)
				_exit(2);
			i += l != NULL;
			lock_release(l); /* removes the name that others have open */
		}
		_exit(0);
	}
	for (int k = 0; k < PROCESSES; k++) {
		int state;
		ck_assert_int_eq(waitpid(pid[k], &state, 0), pid[k]);
		ck_assert_int_eq(state, 0);
	}
	size_t n;
	ck_assert_int_eq(strtol(content(path, &n), NULL, 10), PROCESSES * TIMES);
}
END_TEST

START_TEST(a_folder_that_is_none)
{
	struct lock *l = NULL;
	const char *file = scratch_file("file", "x", 1);
	ck_assert_int_eq(lock_try(life, file, "a", &l, &e), E_ENV);
	ck_assert_ptr_nonnull(strstr(e.text, file));
	ck_assert_ptr_null(l);
	err_clear(&e);
	ck_ok(dir_make(scratch_path("locks/a"), &e)); /* a folder has its name */
	ck_assert_int_eq(lock_try(life, scratch, "a", &l, &e), E_ENV);
	ck_assert_ptr_nonnull(strstr(e.text, "can't open"));
}
END_TEST

Suite *lock_suite(void)
{
	Suite *s = suite_create("lock");
	TCase *tc = life_case(s, "lock");
	tcase_add_test(tc, one_holds_it);
	tcase_add_test(tc, a_process_that_is_killed_gives_it_back);
	tcase_add_test(tc, a_signal_ends_the_wait);
	tcase_add_test(tc, never_two_at_once);
	tcase_add_test(tc, a_folder_that_is_none);
	return s;
}
