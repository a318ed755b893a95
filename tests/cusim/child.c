#include "tests/cusim/child.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/cusim/control.h"

static const char *const variables[] = {
	"CUSIM_ORDER", "CUSIM_SEED",       "CUSIM_BLOCKS",      "CUSIM_STREAMS", "CUSIM_GPUS",
	"CUSIM_MEM_MB", "CUSIM_HOSTPOISON", "CUSIM_FAIL_MALLOC", "CUSIM_LEAK",    "CUSIM_STATS",
	"CUSIM_MAJOR",  "CUSIM_FAULT",
};

void settings_apply(const char *settings)
{
	char copy[256];
	for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
		unsetenv(variables[i]);
	snprintf(copy, sizeof copy, "%s", settings);
	for (char *rest, *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		char *const value = strchr(word, '=');
		*value = 0;
		setenv(word, value + 1, 1);
	}
	cusim_configure();
}

static void child(int (*run)(const void *context), const void *context, const char *settings, int errors)
{
	dup2(errors, STDERR_FILENO);
	settings_apply(settings);
	exit(run(context));
}

struct outcome in_child(int (*run)(const void *context), const void *context, const char *settings)
{
	struct outcome o = {0};
	int ends[2], status;
	size_t n = 0;
	ck_assert_int_eq(pipe(ends), 0);
	fflush(NULL);
	const pid_t pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		close(ends[0]);
		child(run, context, settings, ends[1]);
	}
	close(ends[1]);
	for (ssize_t got; n < sizeof o.text - 1 && (got = read(ends[0], o.text + n, sizeof o.text - 1 - n)) > 0;)
		n += (size_t)got;
	close(ends[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	o.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	return o;
}

bool outcome_says(const struct outcome *o, const char *text)
{
	return strstr(o->text, text) != NULL;
}
