#include "base/arena.h"

#include <setjmp.h>
#include <signal.h>

#include "tests/base/suites.h"

/* How many of the bytes are not v: an assertion per byte would take half a minute. */
static size_t others(const unsigned char *p, size_t n, int v)
{
	size_t bad = 0;
	for (size_t i = 0; i < n; i++)
		bad += p[i] != v;
	return bad;
}

START_TEST(memory_is_zeroed_aligned_and_stays)
{
	enum { N = 3000 };
	unsigned char **p = NEW_ARRAY(life, unsigned char *, N);
	for (int i = 0; i < N; i++) {
		const size_t size = (size_t)(i * 37 % 5000);
		p[i] = arena_alloc(life, size);
		ck_assert_uint_eq((uintptr_t)p[i] % 16, 0);
		ck_assert_uint_eq(others(p[i], size, 0), 0);
		memset(p[i], i % 251 + 1, size);
	}
	for (int i = 0; i < N; i++)
		ck_assert_uint_eq(others(p[i], (size_t)(i * 37 % 5000), i % 251 + 1), 0);
	ck_assert_uint_ge(arena_bytes(life), (size_t)N * 2000);
}
END_TEST

START_TEST(large_pieces_do_not_waste_the_rest)
{
	struct arena *a = arena_open("large");
	char *small = arena_alloc(a, 16);
	char *large = arena_alloc(a, 10 << 20);
	char *next = arena_alloc(a, 16);
	ck_assert_ptr_eq(next, small + 16);
	large[(10 << 20) - 1] = 1;
	ck_assert_uint_lt(arena_bytes(a), 11 << 20);
	arena_close(a);
	arena_close(NULL);
}
END_TEST

START_TEST(nothing_is_something)
{
	char *a = arena_alloc(life, 0), *b = arena_alloc(life, 0);
	ck_assert_ptr_nonnull(a);
	ck_assert_ptr_ne(a, b);
	ck_assert_str_eq(arena_str(life, ""), "");
}
END_TEST

START_TEST(text)
{
	ck_assert_str_eq(arena_strn(life, "abcdef", 3), "abc");
	ck_assert_str_eq(arena_strn(life, "ab", 9), "ab");
	ck_assert_str_eq(arena_printf(life, "%d-%s", 7, "x"), "7-x");
	char *big = NEW_ARRAY(life, char, 100001);
	memset(big, 'y', 100000);
	ck_assert_uint_eq(strlen(arena_printf(life, "%s%s", big, big)), 200000);
}
END_TEST

static jmp_buf away;
static char refused_name[32];
static size_t refused_size;

static void hook(const char *arena, size_t size)
{
	snprintf(refused_name, sizeof refused_name, "%s", arena);
	refused_size = size;
	longjmp(away, 1);
}

START_TEST(failure_leaves_through_the_hook)
{
	arena_set_oom(hook);
	volatile int reached = 0;
	if (!setjmp(away)) {
		fault_alloc_after(2);
		for (;; reached++)
			arena_alloc(life, 24);
	}
	ck_assert_int_eq(reached, 2);
	ck_assert_str_eq(refused_name, "test");
	ck_assert_uint_eq(refused_size, 24);
	arena_alloc(life, 24); /* one fails, then it is over */
	if (!setjmp(away)) {
		NEW_ARRAY(life, double, SIZE_MAX / 4);
		ck_abort_msg("an overflow was missed");
	}
	if (!setjmp(away)) {
		arena_alloc(life, SIZE_MAX - 3);
		ck_abort_msg("an overflow was missed");
	}
	if (!setjmp(away)) {
		fault_alloc_after(0);
		arena_open("new");
		ck_abort_msg("arena_open was missed");
	}
	ck_assert_str_eq(refused_name, "new");
	arena_set_oom(NULL);
}
END_TEST

static void returning(const char *arena, size_t size)
{
	(void)arena, (void)size;
}

START_TEST(a_hook_that_returns_is_a_bug)
{
	arena_set_oom(returning);
	fault_alloc_after(0);
	arena_open("x");
}
END_TEST

START_TEST(every_allocation_is_counted)
{
	const uint64_t before = alloc_count();
	arena_alloc(life, 1);
	arena_str(life, "x");
	void *p = mem_new(100);
	void *items = NULL;
	int cap = 0;
	mem_grow(&items, 0, &cap, 4);
	ck_assert_uint_eq(alloc_count() - before, 4);
	mem_grow(&items, 1, &cap, 4); /* there is room */
	ck_assert_uint_eq(alloc_count() - before, 4);
	mem_free(p);
	mem_free(items);
	ck_assert_uint_eq(alloc_count() - before, 4);
}
END_TEST

START_TEST(heap_memory)
{
	unsigned char *p = mem_new(1000);
	ck_assert_uint_eq((uintptr_t)p % 64, 0);
	ck_assert_uint_eq(others(p, 1000, 0), 0);
	mem_free(p);
	mem_free(mem_new(0));
	mem_free(NULL);
	fault_alloc_after(1);
	p = mem_new(8);
	ck_assert_ptr_nonnull(p);
	ck_assert_ptr_null(mem_new(8));
	ck_assert_ptr_null(mem_new(SIZE_MAX - 1));
	mem_free(p);
}
END_TEST

START_TEST(growing_keeps_the_items)
{
	void *items = NULL;
	int cap = 0;
	for (int i = 0; i < 1000; i++) {
		mem_grow(&items, i, &cap, sizeof(int));
		ck_assert_int_gt(cap, i);
		ck_assert_int_eq(((int *)items)[i], 0);
		((int *)items)[i] = i;
	}
	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(((int *)items)[i], i);
	mem_free(items);
}
END_TEST

Suite *arena_suite(void)
{
	Suite *s = suite_create("arena");
	TCase *tc = life_case(s, "arena");
	tcase_add_test(tc, memory_is_zeroed_aligned_and_stays);
	tcase_add_test(tc, large_pieces_do_not_waste_the_rest);
	tcase_add_test(tc, nothing_is_something);
	tcase_add_test(tc, text);
	tcase_add_test(tc, failure_leaves_through_the_hook);
	tcase_add_test(tc, every_allocation_is_counted);
	tcase_add_test(tc, heap_memory);
	tcase_add_test(tc, growing_keeps_the_items);
	TCase *bug = tcase_create("bug");
	tcase_set_timeout(bug, 30);
	tcase_add_test_raise_signal(bug, a_hook_that_returns_is_a_bug, SIGABRT);
	suite_add_tcase(s, bug);
	return s;
}
