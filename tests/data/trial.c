#include "tests/data/trial.h"

#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct arena *trial_arena;
struct err trial_err;
const char *trial_dir;
static struct data *opened;

void trial_setup(void)
{
	const char *tmp = getenv("TMPDIR");
	trial_arena = arena_open("test");
	char *dir = arena_printf(trial_arena, "%s/limbeck-data-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	trial_dir = dir;
	setenv("XDG_CACHE_HOME", trial_path("cache"), 1);
	err_clear(&trial_err);
	opened = NULL;
}

static int drop(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st, (void)type, (void)at;
	return remove(path);
}

void trial_close(void)
{
	data_close(opened);
	opened = NULL;
}

void trial_teardown(void)
{
	trial_close();
	nftw(trial_dir, drop, 16, FTW_DEPTH | FTW_PHYS);
	arena_close(trial_arena);
}

const char *trial_path(const char *fmt, ...)
{
	char name[512];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(name, sizeof name, fmt, ap);
	va_end(ap);
	return path_join(trial_arena, trial_dir, name);
}

void trial_write(const char *path, const void *data, size_t n)
{
	char *dir = arena_str(trial_arena, path);
	*strrchr(dir, '/') = 0;
	ck_assert_int_eq(dir_make(dir, NULL), OK);
	FILE *f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(data, 1, n, f), n);
	ck_assert_int_eq(fclose(f), 0);
}

void trial_cut(const char *path, size_t n)
{
	ck_assert_int_eq(truncate(path, (off_t)n), 0);
}

void trial_poke(const char *path, size_t at, int byte)
{
	FILE *f = fopen(path, "r+");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(fseek(f, (long)at, SEEK_SET), 0);
	ck_assert_int_eq(fputc(byte, f), byte);
	ck_assert_int_eq(fclose(f), 0);
}

/* The YAML with the folder in place of each %s. */
static const char *fill(const char *yaml)
{
	struct str s = {0};
	for (const char *p; (p = strstr(yaml, "%s")); yaml = p + 2) {
		str_addn(&s, yaml, (size_t)(p - yaml));
		str_add(&s, trial_dir);
	}
	str_add(&s, yaml);
	const char *text = arena_printf(trial_arena, "{%s}\n", str_text(&s));
	str_release(&s);
	return text;
}

static enum status open_it(const char *yaml, uint64_t seed)
{
	struct conf *map;
	trial_close();
	err_clear(&trial_err);
	const enum status st = conf_parse(trial_arena, fill(yaml), "test.yaml", &map, &trial_err);
	return st == OK ? data_open(trial_arena, map, seed, &opened, &trial_err) : st;
}

struct data *trial_open(const char *yaml, uint64_t seed)
{
	const enum status st = open_it(yaml, seed);
	ck_assert_msg(st == OK, "%s: %s", yaml, trial_err.text);
	return opened;
}

static void check_message(enum status got, enum status st, va_list ap)
{
	ck_assert_msg(got == st, "status %d instead of %d: '%s'", got, st, trial_err.text);
	ck_assert_int_eq(trial_err.status, st);
	for (const char *text; (text = va_arg(ap, const char *));)
		ck_assert_msg(strstr(trial_err.text, text) != NULL, "'%s' is not in '%s'", text, trial_err.text);
}

void trial_message(enum status got, enum status st, ...)
{
	va_list ap;
	va_start(ap, st);
	check_message(got, st, ap);
	va_end(ap);
	err_clear(&trial_err);
}

void trial_refused(const char *yaml, enum status st, ...)
{
	const enum status got = open_it(yaml, 1);
	va_list ap;
	va_start(ap, st);
	check_message(got, st, ap);
	va_end(ap);
	ck_assert_ptr_null(opened);
}
