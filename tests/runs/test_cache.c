/* The teacher cache: rows come back as they went in, or not at all. */
#include "tests/runs/suites.h"

#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "engine/tensor.h"
#include "runs/cache.h"
#include "runs/cache_use.h"

enum { PICTURES = 7, VIEWS = 5, WIDTH = 3 };

static void quiet(void)
{
	log_set_level(LOG_ERROR);
}

static struct cache_key key_of(const char *text, enum cache_type type)
{
	return (struct cache_key){.text = text, .pictures = PICTURES, .views = VIEWS, .width = WIDTH, .type = type};
}

static struct cache *open_ok(const char *text, enum cache_type type)
{
	struct cache *c = NULL;
	const struct cache_key key = key_of(text, type);
	ck_assert_int_eq(cache_open(scratch, &key, &c), OK);
	return c;
}

/* A row that no other picture or view has. */
static void row_of(int picture, int view, float row[WIDTH])
{
	for (int i = 0; i < WIDTH; i++)
		row[i] = (float)(picture * 100 + view * 10 + i) + 0.123456f;
}

static void put_ok(struct cache *c, int picture, int view)
{
	float row[WIDTH];
	row_of(picture, view, row);
	ck_ok(cache_put(c, picture, view, row, &e));
}

static bool holds(struct cache *c, int picture, int view)
{
	float row[WIDTH], want[WIDTH];
	row_of(picture, view, want);
	if (!cache_get(c, picture, view, row))
		return false;
	for (int i = 0; i < WIDTH; i++)
		ck_assert_double_eq_tol(row[i], want[i], 0.2);
	return true;
}

START_TEST(comes_back)
{
	struct cache *c = open_ok("a", _i ? CACHE_F32 : CACHE_F16);
	float put[WIDTH], got[WIDTH];
	for (int p = 0; p < PICTURES; p++)
		for (int v = 0; v < VIEWS; v += 2) {
			row_of(p, v, put);
			ck_assert(!cache_get(c, p, v, got));
			ck_ok(cache_put(c, p, v, put, &e));
			ck_assert(cache_get(c, p, v, got));
			ck_assert(!memcmp(put, got, sizeof put)); /* put has rounded it */
			for (int i = 0; i < WIDTH; i++)
				ck_assert_double_eq_tol(got[i], p * 100 + v * 10 + i + 0.123456, _i ? 1e-4 : 0.25);
		}
	cache_close(c);
	c = open_ok("a", _i ? CACHE_F32 : CACHE_F16);
	for (int p = 0; p < PICTURES; p++)
		for (int v = 0; v < VIEWS; v++)
			ck_assert_int_eq(holds(c, p, v), v % 2 == 0);
	cache_close(c);
}
END_TEST

/* Another teacher, other data: other files. Another type: another file. */
START_TEST(keys)
{
	struct cache *a = open_ok("a", CACHE_F16), *b = open_ok("b", CACHE_F16), *w = open_ok("a", CACHE_F32);
	put_ok(a, 1, 1);
	ck_assert(holds(a, 1, 1) && !holds(b, 1, 1) && !holds(w, 1, 1));
	ck_assert_str_ne(cache_path(a), cache_path(b));
	ck_assert_str_ne(cache_path(a), cache_path(w));
	/* A file under another's name is no cache of that key. */
	const char *path = arena_str(life, cache_path(b));
	cache_close(b);
	ck_assert_int_eq(rename(cache_path(a), path), 0);
	b = open_ok("b", CACHE_F16);
	ck_assert(!holds(b, 1, 1));
	cache_close(a);
	cache_close(b);
	cache_close(w);
}
END_TEST

static void damage(const char *path, long at)
{
	const int fd = open(path, O_RDWR);
	uint8_t byte;
	ck_assert_int_eq(pread(fd, &byte, 1, at), 1);
	byte ^= 4;
	ck_assert_int_eq(pwrite(fd, &byte, 1, at), 1);
	close(fd);
}

/* Any bit of a row: that row is not there, the others are, and it can be written again. */
START_TEST(damaged_row)
{
	const long row = 4 + 4 * WIDTH;
	for (int i = 0; i < row; i++) {
		struct cache *c = open_ok("a", CACHE_F32);
		put_ok(c, 2, 3);
		put_ok(c, 2, 4);
		damage(cache_path(c), 4096 + (2 * VIEWS + 3) * row + i);
		ck_assert(!holds(c, 2, 3));
		ck_assert(holds(c, 2, 4));
		put_ok(c, 2, 3);
		ck_assert(holds(c, 2, 3));
		cache_close(c);
	}
}
END_TEST

/* A row in another row's place has another checksum. */
START_TEST(moved_row)
{
	const long row = 4 + 4 * WIDTH;
	struct cache *c = open_ok("a", CACHE_F32);
	char bytes[4 + 4 * WIDTH];
	put_ok(c, 0, 0);
	const int fd = open(cache_path(c), O_RDWR);
	ck_assert_int_eq(pread(fd, bytes, sizeof bytes, 4096), row);
	ck_assert_int_eq(pwrite(fd, bytes, sizeof bytes, 4096 + row), row);
	close(fd);
	float got[WIDTH];
	ck_assert(holds(c, 0, 0));
	ck_assert(!cache_get(c, 0, 1, got));
	cache_close(c);
}
END_TEST

START_TEST(damaged_head)
{
	for (int i = 0; i < 120; i += 7) {
		struct cache *c = open_ok("a", CACHE_F16);
		put_ok(c, 0, 0);
		damage(cache_path(c), i);
		cache_close(c);
		c = open_ok("a", CACHE_F16);
		ck_assert(!holds(c, 0, 0));
		put_ok(c, 0, 0);
		cache_close(c);
		c = open_ok("a", CACHE_F16);
		ck_assert(holds(c, 0, 0));
		cache_close(c);
	}
}
END_TEST

/* Cut while it is open, and cut before it is opened; also to nothing. */
START_TEST(cut)
{
	static const long sizes[] = {0, 10, 4096, 4096 + 40};
	struct cache *c = open_ok("a", CACHE_F32);
	put_ok(c, 0, 1);
	put_ok(c, 6, 4);
	if (_i > 1) {
		ck_assert_int_eq(truncate(cache_path(c), sizes[_i]), 0);
		cache_check(c);
		ck_assert(!holds(c, 6, 4));
		put_ok(c, 6, 4);
		ck_assert(holds(c, 6, 4));
	}
	ck_assert_int_eq(truncate(cache_path(c), sizes[_i]), 0);
	cache_close(c);
	c = open_ok("a", CACHE_F32);
	ck_assert(!holds(c, 6, 4));
	ck_assert_int_eq(holds(c, 0, 1), sizes[_i] >= 4096 + 2 * (4 + 4 * WIDTH));
	put_ok(c, 6, 4);
	ck_assert(holds(c, 6, 4));
	cache_close(c);
}
END_TEST

/* Two processes write all rows at the same time, again and again, and read each other's. */
START_TEST(two_writers)
{
	pid_t child[2];
	for (int k = 0; k < 2; k++) {
		child[k] = fork();
		if (child[k] == 0) {
			struct cache *c = open_ok("a", CACHE_F32);
			bool right = true;
			for (int round = 0; round < 200; round++)
				for (int p = 0; p < PICTURES; p++)
					for (int v = 0; v < VIEWS; v++) {
						put_ok(c, k ? PICTURES - 1 - p : p, v);
						right &= holds(c, k ? PICTURES - 1 - p : p, v);
					}
			cache_close(c);
			_exit(right ? 0 : 1);
		}
	}
	for (int k = 0; k < 2; k++) {
		int status;
		ck_assert_int_eq(waitpid(child[k], &status, 0), child[k]);
		ck_assert_int_eq(status, 0);
	}
	struct cache *c = open_ok("a", CACHE_F32);
	for (int p = 0; p < PICTURES; p++)
		for (int v = 0; v < VIEWS; v++)
			ck_assert(holds(c, p, v));
	cache_close(c);
}
END_TEST

/* A cache that could not be opened rounds as any other, and goes. */
static void keeps_nothing(struct cache *c)
{
	float row[WIDTH] = {1, 2, 3}, half[WIDTH];
	ck_ok(cache_put(c, 0, 0, row, &e));
	ck_assert(!cache_get(c, 0, 0, half) && !cache_writes(c));
	cache_close(c);
}

/* No room: said when it is made; while it is filled it goes on without. */
START_TEST(full)
{
	struct cache *c = NULL;
	struct cache_key key = key_of("a", CACHE_F32);
	ck_assert_int_eq(cache_open(scratch, &key, &c), OK);
	float row[WIDTH] = {1, 2, 3};
	signal(SIGXFSZ, SIG_IGN);
	disk_full_at(4096 + 100);
	enum status st = cache_put(c, 0, 0, row, &e);
	for (int v = 0; v < 2 && st == OK; v++) /* the first does not fit; from then on none is tried */
		st = cache_put(c, v ? 0 : 6, v ? 1 : 4, row, &e);
	disk_full_at(RLIM_INFINITY);
	ck_ok(st);
	ck_assert(cache_get(c, 0, 0, row) && !holds(c, 6, 4) && !holds(c, 0, 1));
	ck_assert(!cache_writes(c));
	cache_close(c);
	key.text = "b";
	disk_full_at(4096 + 100);
	st = cache_open(scratch, &key, &c);
	disk_full_at(RLIM_INFINITY);
	ck_assert_int_eq(st, E_ENV);
	keeps_nothing(c);
}
END_TEST

/* On tmpfs a read of a hole through a mapping would take a page that is not there. */
START_TEST(full_tmpfs)
{
	if (mount("tmpfs", scratch, "tmpfs", 0, "size=64k"))
		return; /* not root */
	struct cache_key key = {.text = "a", .pictures = 1000, .views = VIEWS, .width = WIDTH, .type = CACHE_F32};
	struct cache *c = NULL;
	float row[WIDTH] = {1, 2, 3};
	bool right = cache_open(scratch, &key, &c) == OK;
	const char *fill = scratch_path("fill"), zero[4096] = {0};
	FILE *f = fopen(fill, "w");
	while (f && fwrite(zero, sizeof zero, 1, f) == 1 && fflush(f) == 0)
		;
	for (int p = 0; p < 1000; p++) {
		right &= !cache_get(c, p, 0, row);
		right &= cache_put(c, p, 0, row, &e) == OK;
	}
	right &= !cache_writes(c);
	cache_close(c);
	if (f)
		fclose(f);
	umount(scratch);
	ck_assert(right);
}
END_TEST

/* Rights mean nothing to root, so another user tries where the test runs as one. */
START_TEST(read_only)
{
	struct cache *c = open_ok("a", CACHE_F32);
	struct cache_key key = key_of("b", CACHE_F32);
	put_ok(c, 1, 2);
	ck_assert_int_eq(chmod(cache_path(c), 0444), 0);
	ck_assert_int_eq(chmod(scratch, 0555), 0);
	cache_close(c);
	if (getuid() == 0)
		ck_assert_int_eq(setuid(65534), 0);
	c = open_ok("a", CACHE_F32);
	put_ok(c, 1, 3);
	ck_assert(holds(c, 1, 2) && !holds(c, 1, 3));
	cache_close(c);
	ck_assert_int_eq(cache_open(scratch, &key, &c), E_ENV);
	keeps_nothing(c);
}
END_TEST

START_TEST(too_large)
{
	struct cache *c = open_ok("a", CACHE_F16);
	float row[WIDTH] = {1, -65505, 2}, big[WIDTH] = {1, 70000, 2};
	ck_ok(cache_put(c, 0, 0, row, &e));
	ck_assert_double_eq(row[1], -65504);
	ck_fails(cache_put(c, 0, 1, big, &e), E_RUN, "does not fit into the cache's f16");
	cache_close(c);
}
END_TEST

/* Every half to a float and back; and halves are the nearest, ties to even. */
START_TEST(halves)
{
	for (uint32_t h = 0; h < 0x10000; h++) {
		const float x = f32_from_f16((uint16_t)h);
		if (isnan(x)) {
			ck_assert(isnan(f32_from_f16(f16_from_f32(x))));
			continue;
		}
		ck_assert_uint_eq(f16_from_f32(x), h);
		if ((h & 0x7fff) >= 0x7bff)
			continue;
		const float next = f32_from_f16((uint16_t)(h + 1)), middle = (x + next) / 2;
		ck_assert_uint_eq(f16_from_f32(middle), h % 2 ? h + 1 : h);
		ck_assert_uint_eq(f16_from_f32(nextafterf(middle, x)), h);
		ck_assert_uint_eq(f16_from_f32(nextafterf(middle, next)), h + 1);
	}
	ck_assert_uint_eq(f16_from_f32(65519.99f), 0x7bff);
	ck_assert_uint_eq(f16_from_f32(65520), 0x7c00);
	ck_assert_uint_eq(f16_from_f32(-1e30f), 0xfc00);
	ck_assert_uint_eq(f16_from_f32(1e-30f), 0);
}
END_TEST

/* Who has a cache open keeps it from being removed: by the lock that goes with it, or, where the file system tells, without any. */
START_TEST(an_open_cache_is_not_removed)
{
	struct cache *c = open_ok("a", CACHE_F32), *d = open_ok("a", CACHE_F32);
	const char *path = arena_str(life, cache_path(c));
	bool removed = true;
	cache_close(c);
	ck_assert(cache_in_use(path));
	ck_ok(cache_remove(path, &removed, &e));
	ck_assert(!removed && access(path, F_OK) == 0);
	put_ok(d, 1, 1);
	cache_close(d);
	ck_assert(!cache_in_use(path));
	const int fd = open(path, O_RDONLY), own = open(scratch_file("lease", "x", 1), O_RDWR);
	if (fcntl(own, F_SETLEASE, F_WRLCK) == 0)
		ck_assert(cache_in_use(path));
	close(own);
	close(fd);
	ck_ok(cache_remove(path, &removed, &e));
	ck_assert(removed && access(path, F_OK) != 0);
}
END_TEST

START_TEST(a_stage_notes_its_caches)
{
	bool any = true;
	ck_assert(!cache_use_has(scratch, "teacher-1.cache", &any) && !any);
	ck_ok(cache_use_note(scratch, "/out/cache/teacher-1.cache", &e));
	ck_ok(cache_use_note(scratch, "/out/cache/teacher-22.cache", &e));
	ck_ok(cache_use_note(scratch, "elsewhere/teacher-1.cache", &e));
	size_t n;
	ck_assert_str_eq(content(scratch_path("caches"), &n), "teacher-1.cache\nteacher-22.cache\n");
	ck_assert(cache_use_has(scratch, "teacher-22.cache", &any) && any);
	ck_assert(!cache_use_has(scratch, "teacher-2", NULL) && !cache_use_has(scratch, "acher-22.cache", NULL));
}
END_TEST

Suite *cache_suite(void)
{
	Suite *s = suite_create("cache");
	TCase *tc = life_case(s, "cache");
	tcase_add_checked_fixture(tc, quiet, NULL);
	tcase_add_loop_test(tc, comes_back, 0, 2);
	tcase_add_test(tc, keys);
	tcase_add_test(tc, damaged_row);
	tcase_add_test(tc, moved_row);
	tcase_add_test(tc, damaged_head);
	tcase_add_loop_test(tc, cut, 0, 4);
	tcase_add_test(tc, two_writers);
	tcase_add_test(tc, full);
	tcase_add_test(tc, full_tmpfs);
	tcase_add_test(tc, read_only);
	tcase_add_test(tc, too_large);
	tcase_add_test(tc, halves);
	tcase_add_test(tc, an_open_cache_is_not_removed);
	tcase_add_test(tc, a_stage_notes_its_caches);
	return s;
}
