#include "data/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/sha256.h"
#include "base/str.h"

enum { PIECE = 1 << 20, HEX = 64, LINE = 2 * HEX + 2, LINES_KEPT = 1000, RACY_S = 2 };

/* ---- the cache: lines of "key hash", the newest last ---- */

/* $XDG_CACHE_HOME/limbeck, ~/.cache/limbeck, or NULL. */
static char *cache_dir(struct arena *a)
{
	const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	if (xdg && *xdg == '/')
		return path_join(a, xdg, "limbeck");
	return home && *home == '/' ? path_join(a, home, ".cache/limbeck") : NULL;
}

static bool cache_line_ok(const char *line)
{
	static const char hex[] = "0123456789abcdef";
	return strspn(line, hex) == HEX && line[HEX] == ' ' && strspn(line + HEX + 1, hex) == HEX
	       && line[LINE - 1] == '\n';
}

static const char *cache_text(struct arena *a, const char *dir, size_t *size)
{
	char *text;
	*size = 0;
	const char *path = path_join(a, dir, "hashes");
	if (!file_exists(path) || file_read(a, path, false, &text, size, NULL) != OK)
		return NULL;
	return text;
}

static bool cache_find(struct arena *a, const char *dir, const char *key, char hex[65])
{
	size_t size;
	const char *text = cache_text(a, dir, &size);
	for (size_t at = 0; text && at + LINE <= size && cache_line_ok(text + at); at += LINE)
		if (!memcmp(text + at, key, HEX)) {
			memcpy(hex, text + at + HEX + 1, HEX);
			hex[HEX] = 0;
			return true;
		}
	return false;
}

/* The cache only saves time: whatever fails here is nobody's problem. */
static void cache_put(struct arena *a, const char *dir, const char *key, const char *hex)
{
	struct file *f;
	if (dir_make(dir, NULL) != OK || file_create(&f, path_join(a, dir, "hashes"), NULL) != OK)
		return;
	size_t size, good = 0;
	const char *text = cache_text(a, dir, &size);
	while (text && good + LINE <= size && cache_line_ok(text + good))
		good += LINE;
	const size_t room = (size_t)(LINES_KEPT - 1) * LINE, drop = good > room ? good - room : 0;
	file_write(f, text ? text + drop : "", good - drop);
	file_write(f, key, HEX);
	file_write(f, " ", 1);
	file_write(f, hex, HEX);
	file_write(f, "\n", 1);
	file_commit(f, NULL);
}

/* ---- the hash ---- */

/* The key of all files together. fresh: one was changed so lately that its times might miss a next change. */
static enum status make_key(const struct content *files, int n, char key[65], bool *fresh, struct err *e)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	*fresh = false;
	struct str s = {0};
	for (int i = 0; i < n; i++) {
		struct stat st;
		if (stat(files[i].path, &st)) {
			str_release(&s);
			return err_env(e, "stat '%s': %s", files[i].path, strerror(errno));
		}
		str_printf(&s, "%s\t%s\t%lld\t%lld.%09ld\t%lld.%09ld\t%llu\t%llu\n", files[i].path,
		           files[i].name ? files[i].name : "", (long long)st.st_size, (long long)st.st_mtim.tv_sec,
		           st.st_mtim.tv_nsec, (long long)st.st_ctim.tv_sec, st.st_ctim.tv_nsec,
		           (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
		*fresh |= st.st_mtim.tv_sec >= now.tv_sec - RACY_S || st.st_ctim.tv_sec >= now.tv_sec - RACY_S;
	}
	sha256_text(str_text(&s), key);
	str_release(&s);
	return OK;
}

static void add_name(struct sha256 *s, const char *name, unsigned long long size)
{
	unsigned char bytes[8];
	for (int i = 0; i < 8; i++)
		bytes[i] = (unsigned char)(size >> 8 * i);
	sha256_add(s, name, strlen(name) + 1);
	sha256_add(s, bytes, sizeof bytes);
}

static enum status add_file(struct sha256 *s, const struct content *c, char *piece, struct err *e)
{
	const int fd = open(c->path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	if (fd < 0 || fstat(fd, &st)) {
		const int error = errno;
		if (fd >= 0)
			close(fd);
		return err_env(e, "open '%s': %s", c->path, strerror(error));
	}
	if (c->name)
		add_name(s, c->name, (unsigned long long)st.st_size);
	ssize_t got;
	do {
		got = read(fd, piece, PIECE);
		if (got > 0)
			sha256_add(s, piece, (size_t)got);
	} while (got > 0 || (got < 0 && errno == EINTR));
	const int error = errno;
	close(fd);
	return got < 0 ? err_env(e, "read '%s': %s", c->path, strerror(error)) : OK;
}

static enum status hash_files(const struct content *files, int n, char hex[65], struct err *e)
{
	char *piece = mem_new(PIECE);
	if (!piece)
		return err_nomem(e, "too little memory to read '%s'", files[0].path);
	struct sha256 *s = sha256_open();
	enum status st = OK;
	for (int i = 0; i < n && st == OK; i++)
		st = add_file(s, &files[i], piece, e);
	sha256_hex(s, hex);
	mem_free(piece);
	return st;
}

enum status content_hash(const struct content *files, int n, char hex[65], struct err *e)
{
	char key[65];
	bool fresh;
	enum status st = make_key(files, n, key, &fresh, e);
	if (st != OK)
		return st;
	struct arena *a = arena_open("hash cache");
	const char *dir = cache_dir(a);
	if (!dir || !cache_find(a, dir, key, hex)) {
		st = hash_files(files, n, hex, e);
		if (st == OK && dir && !fresh)
			cache_put(a, dir, key, hex);
	}
	arena_close(a);
	return st;
}
