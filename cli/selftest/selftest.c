#include "cli/selftest/selftest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "cli/selftest/check.h"

/* Of the files of tests/engine, as they are. */
TCase *tcase_against_ref(void);
TCase *tcase_wide(void);
TCase *tcase_hand(void);
TCase *tcase_loss(void);
TCase *tcase_optim(void);
TCase *tcase_pick(void);

struct test {
	const char *name;
	void (*run)(int i);
	int from, to;
};

struct TCase {
	const char *name;
	int n, cap;
	struct test *test;
};

enum { MAX_OPEN = 8 };

/* Check's interface has no place for it: one run at a time. */
static struct {
	struct arena *arena;
	const char *device;
	jmp_buf out;
	const char *text; /* of the failure that was left by `out` */
	struct device *open[MAX_OPEN]; /* by the test that runs: a GPU has memory for the workspaces of a few */
	int n_open;
} now;

TCase *tcase_create(const char *name)
{
	TCase *tc = NEW(now.arena, TCase);
	tc->name = name;
	return tc;
}

void selftest_add(TCase *tc, const char *name, void (*test)(int), int from, int to)
{
	if (tc->n == tc->cap) {
		struct test *bigger = NEW_ARRAY(now.arena, struct test, tc->cap ? 2 * tc->cap : 8);
		if (tc->n)
			memcpy(bigger, tc->test, (size_t)tc->n * sizeof *bigger);
		tc->cap = tc->cap ? 2 * tc->cap : 8;
		tc->test = bigger;
	}
	tc->test[tc->n++] = (struct test){name, test, from, to};
}

void selftest_fail(const char *file, int line, const char *fmt, ...)
{
	char text[1024];
	const char *slash = strrchr(file, '/');
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	now.text = arena_printf(now.arena, "%s:%d: %s", slash ? slash + 1 : file, line, text);
	longjmp(now.out, 1);
}

enum status selftest_device_open(struct arena *a, const char *name, int threads, struct device **dev, struct err *e)
{
	const enum status st = device_open(a, str_eq(name, "selftest") ? now.device : name, threads, dev, e);
	BUG_IF(st == OK && now.n_open == MAX_OPEN, "a test opens more than %d devices", MAX_OPEN);
	if (st == OK)
		now.open[now.n_open++] = *dev;
	return st;
}

void selftest_device_close(struct device *dev)
{
	for (int i = 0; i < now.n_open; i++)
		if (now.open[i] == dev)
			now.open[i--] = now.open[--now.n_open];
	device_close(dev);
}

bool selftest_takes(enum precision p)
{
	struct arena *a = arena_open("selftest device");
	struct device *dev = NULL;
	struct err e = {0};
	const bool takes = device_open(a, now.device, 1, &dev, &e) == OK && device_takes(dev, p, &e) == OK;
	device_close(dev);
	arena_close(a);
	return takes;
}

static bool passes(const struct test *t, int i)
{
	const bool left = setjmp(now.out);
	if (!left)
		t->run(i);
	while (now.n_open)
		device_close(now.open[--now.n_open]);
	return !left;
}

static int count(const TCase *tc)
{
	int n = 0;
	for (int k = 0; k < tc->n; k++)
		n += tc->test[k].to - tc->test[k].from;
	return n;
}

static void add_failure(struct selftest *s, const struct test *t, int i)
{
	struct selftest_failure *f = &s->failure[s->n_failure++];
	f->test = t->to - t->from > 1 ? arena_printf(now.arena, "%s %d", t->name, i) : t->name;
	f->text = now.text;
}

static void run_group(struct selftest *s, struct selftest_case *group, const TCase *tc)
{
	const int all = count(tc);
	for (int k = 0; k < tc->n; k++)
		for (int i = tc->test[k].from; i < tc->test[k].to; i++) {
			const bool passed = passes(&tc->test[k], i);
			group->passed += passed;
			group->failed += !passed;
			if (!passed)
				add_failure(s, &tc->test[k], i);
			if (isatty(STDERR_FILENO))
				fprintf(stderr, "\r%s: %d of %d, %d failed ", tc->name, group->passed + group->failed, all, group->failed);
		}
	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
}

struct selftest *selftest_run(struct arena *a, const char *device)
{
	now.arena = a;
	now.device = device;
	TCase *const cases[] = {tcase_against_ref(), tcase_wide(), tcase_hand(), tcase_loss(), tcase_optim(), tcase_pick()};
	struct selftest *s = NEW(a, struct selftest);
	int most = 0;
	s->n_case = sizeof cases / sizeof *cases;
	s->group = NEW_ARRAY(a, struct selftest_case, s->n_case);
	for (int k = 0; k < s->n_case; k++)
		most += count(cases[k]);
	s->failure = NEW_ARRAY(a, struct selftest_failure, most);
	for (int k = 0; k < s->n_case; k++) {
		s->group[k].name = cases[k]->name;
		run_group(s, &s->group[k], cases[k]);
	}
	return s;
}
