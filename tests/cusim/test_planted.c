/* Every planted bug is noticed where it must be, and no right program is. Here without a sanitizer, or with the build's. */
#include "tests/cusim/planted.h"

#include "tests/cusim/child.h"
#include "tests/cusim/suites.h"

static const struct way {
	unsigned bit;
	const char *settings;
} ways[] = {
#if defined(__SANITIZE_ADDRESS__)
	{SEEN_ASAN, "CUSIM_STREAMS=lazy CUSIM_HOSTPOISON=1 CUSIM_LEAK=1"},
#elif defined(__SANITIZE_THREAD__)
	{SEEN_TSAN, ""},
	{SEEN_TSAN, "CUSIM_ORDER=random CUSIM_BLOCKS=2"},
#else
	{SEEN_FIFO, ""},
	{SEEN_LIFO, "CUSIM_ORDER=lifo"},
	{SEEN_RANDOM, "CUSIM_ORDER=random CUSIM_BLOCKS=2 CUSIM_SEED=3"},
	{SEEN_LAZY, "CUSIM_STREAMS=lazy CUSIM_LEAK=1"},
#endif
};
enum { WAYS = sizeof ways / sizeof *ways };

static int run(const void *context)
{
	return ((const struct planted *)context)->run() ? 1 : 0;
}

static void check_all(const struct planted *list, const struct way *w)
{
	for (const struct planted *p = list; p->name; p++) {
		if (p->seen && !(p->seen & w->bit))
			continue;
		const struct outcome o = in_child(run, p, w->settings);
		if (!p->seen)
			ck_assert_msg(o.status == 0, "%s is right, but with '%s': status %d, %s", p->name, w->settings, o.status, o.text);
		else
			ck_assert_msg(o.status != 0, "%s is not noticed with '%s'", p->name, w->settings);
		ck_assert_msg(!p->seen || !p->says || outcome_says(&o, p->says), "%s with '%s' says: %s", p->name, w->settings, o.text);
	}
}

START_TEST(test_planted_races)
{
	check_all(planted_races, &ways[_i]);
}
END_TEST

START_TEST(test_planted_addresses)
{
	check_all(planted_addresses, &ways[_i]);
}
END_TEST

START_TEST(test_planted_hosts)
{
	check_all(planted_hosts, &ways[_i]);
}
END_TEST

TCase *tcase_planted(void)
{
	TCase *const tc = tcase_create("planted");
	tcase_set_timeout(tc, 30);
	tcase_add_loop_test(tc, test_planted_races, 0, WAYS);
	tcase_add_loop_test(tc, test_planted_addresses, 0, WAYS);
	tcase_add_loop_test(tc, test_planted_hosts, 0, WAYS);
	return tc;
}
