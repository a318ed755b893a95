#include "runs/cache.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/rng.h"
#include "base/sha256.h"
#include "base/str.h"
#include "engine/tensor.h"

enum { HEAD = 4096, VERSION = 1 };

/* The first bytes of the file; the rest of the first page is zero. */
struct head {
	char magic[16];
	uint32_t version, type;
	int32_t pictures, views, width, pad;
	char key[65];
	char pad2[7];
	uint64_t check; /* of all before it */
};

struct cache {
	struct arena *arena;
	struct cache_key key;
	const char *path;
	int fd;
	uint64_t bytes;    /* of the file */
	size_t row;        /* bytes of a row, its checksum included */
	uint64_t salt;     /* of the key: a row of another file is no row of this one */
	uint8_t *buffer;   /* a row on its way in or out */
	bool writes;
};

static size_t row_bytes(const struct cache_key *k)
{
	const size_t numbers = (size_t)k->width * (k->type == CACHE_F16 ? 2 : 4);
	return sizeof(uint32_t) + (numbers + 3) / 4 * 4;
}

uint64_t cache_size(const struct cache_key *k)
{
	return HEAD + (uint64_t)k->pictures * (uint64_t)k->views * row_bytes(k);
}

static struct head head_of(const struct cache_key *k)
{
	struct head h = {.magic = "limbeck-cache", .version = VERSION, .type = k->type, .pictures = k->pictures, .views = k->views, .width = k->width};
	struct str text = {0};
	str_printf(&text, "%s\npictures=%d views=%d width=%d type=%d\n", k->text, k->pictures, k->views, k->width, (int)k->type);
	sha256_text(str_text(&text), h.key);
	str_release(&text);
	h.check = hash64(&h, offsetof(struct head, check), VERSION);
	return h;
}

static enum status system_error(const struct cache *c, const char *what, struct err *e)
{
	return err_env(e, "can't %s the teacher cache '%s': %s", what, c->path, strerror(errno));
}

/* ---- open ---- */

/* A new file in the place of whatever is there; other processes keep the one that they have open. */
static enum status make(struct cache *c, const struct head *h, struct err *e)
{
	const char *temporary = arena_printf(c->arena, "%s.tmp-%ld", c->path, (long)getpid());
	c->fd = open(temporary, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (c->fd < 0)
		return system_error(c, "make", e);
	uint8_t page[HEAD] = {0};
	memcpy(page, h, sizeof *h);
	if (pwrite(c->fd, page, HEAD, 0) != HEAD || ftruncate(c->fd, (off_t)c->bytes) || rename(temporary, c->path)) {
		char size[32];
		system_error(c, "make", e);
		err_note(e, "it needs up to %s; a folder with more room can be named by 'cache_dir'", str_bytes(size, c->bytes));
		unlink(temporary);
		return E_ENV;
	}
	return OK;
}

static bool head_fits(const struct cache *c, const struct head *want)
{
	struct head h;
	return pread(c->fd, &h, sizeof h, 0) == (ssize_t)sizeof h && memcmp(&h, want, sizeof h) == 0;
}

static enum status open_file(struct cache *c, const struct head *h, struct err *e)
{
	c->writes = true;
	c->fd = open(c->path, O_RDWR | O_CLOEXEC);
	if (c->fd < 0 && errno == ENOENT)
		return make(c, h, e);
	if (c->fd < 0 && (errno == EACCES || errno == EROFS || errno == EPERM)) {
		c->writes = false;
		c->fd = open(c->path, O_RDONLY | O_CLOEXEC);
		if (c->fd >= 0)
			log_line(LOG_WARN, "the teacher cache '%s' can't be written to: it is read, and what it lacks is computed each time", c->path);
	}
	if (c->fd < 0)
		return system_error(c, "open", e);
	if (head_fits(c, h))
		return OK;
	if (!c->writes)
		return err_env(e, "the teacher cache '%s' is damaged and can't be written to", c->path);
	log_line(LOG_WARN, "the teacher cache '%s' is damaged: it is filled anew", c->path);
	close(c->fd);
	return make(c, h, e);
}

/* Two processes that find no file make one each, and the later one's stays: nobody may go on with the other. */
static enum status open_locked(struct cache *c, const char *dir, const struct head *h, struct err *e)
{
	const int lock = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (lock >= 0)
		flock(lock, LOCK_EX);
	const enum status st = open_file(c, h, e);
	if (c->fd >= 0) /* as long as it is open nobody removes it */
		flock(c->fd, LOCK_SH);
	if (lock >= 0)
		close(lock);
	return st;
}

enum status cache_open(const char *dir, const struct cache_key *key, struct cache **out)
{
	struct arena *a = arena_open("cache");
	struct cache *c = NEW(a, struct cache);
	const struct head h = head_of(key);
	struct err why = {0};
	struct stat info;
	*c = (struct cache){.arena = a, .key = *key, .fd = -1, .bytes = cache_size(key), .row = row_bytes(key), .salt = hash64(h.key, sizeof h.key, 7)};
	c->path = path_join(a, dir, arena_printf(a, "teacher-%.16s.cache", h.key));
	c->buffer = arena_alloc(a, c->row);
	enum status st = stat(dir, &info) ? dir_make(dir, &why) : OK;
	if (st == OK)
		st = open_locked(c, dir, &h, &why);
	*out = c;
	if (st == OK) {
		cache_check(c);
		return OK;
	}
	log_line(LOG_WARN, "%s\nthere is no teacher cache here: every view is computed each time", why.text);
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	c->writes = false;
	return st;
}

void cache_close(struct cache *c)
{
	if (!c)
		return;
	if (c->fd >= 0)
		close(c->fd);
	arena_close(c->arena);
}

bool cache_writes(const struct cache *c)
{
	return c->writes;
}

const char *cache_path(const struct cache *c)
{
	return c->path;
}

uint64_t cache_used(const struct cache *c)
{
	struct stat info;
	return c->fd < 0 || fstat(c->fd, &info) ? 0 : (uint64_t)info.st_blocks * 512;
}

void cache_check(struct cache *c)
{
	struct stat info;
	if (!c->writes || fstat(c->fd, &info) || (uint64_t)info.st_size >= c->bytes)
		return;
	log_line(LOG_WARN, "the teacher cache '%s' has %lld of %llu bytes: what was cut off is filled again", c->path, (long long)info.st_size,
	         (unsigned long long)c->bytes);
	if (ftruncate(c->fd, (off_t)c->bytes) == 0)
		return;
	log_line(LOG_WARN, "can't lengthen it: %s; what it lacks is computed each time", strerror(errno));
	c->writes = false;
}

/* ---- rows ---- */

static uint64_t row_at(const struct cache *c, int picture, int view)
{
	BUG_IF(picture < 0 || picture >= c->key.pictures || view < 0 || view >= c->key.views, "picture %d, view %d of %d, %d", picture, view,
	       c->key.pictures, c->key.views);
	return HEAD + ((uint64_t)picture * (uint64_t)c->key.views + (uint64_t)view) * c->row;
}

/* Never 0, which is a hole. */
static uint32_t row_check(const struct cache *c, uint64_t at, const uint8_t *numbers)
{
	const uint64_t h = hash64(numbers, c->row - sizeof(uint32_t), c->salt ^ at);
	return (uint32_t)(h >> 32) | 1;
}

bool cache_get(const struct cache *c, int picture, int view, float *row)
{
	const uint64_t at = row_at(c, picture, view);
	uint32_t check;
	if (c->fd < 0 || pread(c->fd, c->buffer, c->row, (off_t)at) != (ssize_t)c->row)
		return false;
	memcpy(&check, c->buffer, sizeof check);
	if (!check || check != row_check(c, at, c->buffer + sizeof check))
		return false;
	const uint8_t *numbers = c->buffer + sizeof check;
	for (int i = 0; i < c->key.width; i++) {
		uint16_t half;
		memcpy(&half, numbers + 2 * i, sizeof half);
		if (c->key.type == CACHE_F16)
			row[i] = f32_from_f16(half);
		else
			memcpy(&row[i], numbers + 4 * i, sizeof *row);
	}
	return true;
}

static enum status round_row(const struct cache *c, float *row, uint8_t *numbers, struct err *e)
{
	memset(numbers, 0, c->row - sizeof(uint32_t));
	if (c->key.type == CACHE_F32) {
		memcpy(numbers, row, (size_t)c->key.width * sizeof *row);
		return OK;
	}
	for (int i = 0; i < c->key.width; i++) {
		const uint16_t half = f16_from_f32(row[i]);
		const float kept = f32_from_f16(half);
		if (isfinite(row[i]) && !isfinite(kept))
			return err_run(e, "a teacher's output of %g does not fit into the cache's f16: 'teacher_cache: f32' holds it", row[i]);
		memcpy(numbers + 2 * i, &half, sizeof half);
		row[i] = kept;
	}
	return OK;
}

enum status cache_put(struct cache *c, int picture, int view, float *row, struct err *e)
{
	const uint64_t at = row_at(c, picture, view);
	const enum status st = round_row(c, row, c->buffer + sizeof(uint32_t), e);
	if (st != OK || !c->writes)
		return st;
	const uint32_t check = row_check(c, at, c->buffer + sizeof check);
	memcpy(c->buffer, &check, sizeof check);
	const ssize_t n = pwrite(c->fd, c->buffer, c->row, (off_t)at);
	if (n == (ssize_t)c->row)
		return OK;
	log_line(LOG_WARN, "can't write to the teacher cache '%s': %s; what it lacks is computed each time from here", c->path,
	         n < 0 ? strerror(errno) : "no room");
	c->writes = false;
	return OK;
}
