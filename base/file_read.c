#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

enum { PIECE = 64 << 10 };

struct buffer { /* what has no known size grows on the heap and is copied to the arena in the end */
	char *data;
	size_t size, cap;
};

static char *room(struct buffer *b, size_t n)
{
	if (b->cap - b->size < n) {
		b->cap = b->cap + n > 2 * b->cap ? b->cap + n : 2 * b->cap;
		b->data = mem_resize(b->data, b->cap);
	}
	return b->data + b->size;
}

/* Like read, but goes on after signals and short reads; -1 with errno, else fewer than n only at the end. */
static ssize_t read_full(int fd, char *p, size_t n)
{
	size_t got = 0;
	while (got < n) {
		const ssize_t r = read(fd, p + got, n - got);
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -1;
		if (r == 0)
			break;
		got += (size_t)r;
	}
	return (ssize_t)got;
}

/* A regular file: straight into the arena. */
static enum status read_sized(int fd, const char *path, size_t size, struct arena *a, char **data,
                              struct err *e)
{
	char *p = arena_alloc(a, size + 1);
	const ssize_t got = read_full(fd, p, size);
	if (got < 0)
		return err_env(e, "read '%s': %s", path, strerror(errno));
	if ((size_t)got < size)
		return err_env(e, "read '%s': the file ended at byte %zd of %zu", path, got, size);
	*data = p;
	return OK;
}

/* Pipes, devices and /proc, whose size nobody knows before. */
static enum status read_stream(int fd, const char *path, struct buffer *b, struct err *e)
{
	ssize_t got;
	do {
		got = read_full(fd, room(b, PIECE), PIECE);
		if (got < 0)
			return err_env(e, "read '%s': %s", path, strerror(errno));
		b->size += (size_t)got;
	} while (got == PIECE);
	return OK;
}

static bool all_zero(const unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i])
			return false;
	return true;
}

struct gunzip {
	z_stream z;
	unsigned char in[PIECE];
	long long offset; /* in the file, of the end of in */
	bool done;        /* between members: the file may end here */
	bool padding;     /* zeros after the last member, as tar drives and some tools leave */
};

/* Everything in g->in. */
static enum status inflate_piece(struct gunzip *g, const char *path, struct buffer *b, struct err *e)
{
	while (g->z.avail_in || !g->done) {
		if (g->done && (g->padding || all_zero(g->z.next_in, g->z.avail_in))) {
			if (!all_zero(g->z.next_in, g->z.avail_in))
				break;
			g->padding = true;
			return OK;
		}
		if (g->done)
			inflateReset(&g->z); /* gzip files may be written one behind the other */
		g->done = false;
		g->z.next_out = (unsigned char *)room(b, PIECE);
		g->z.avail_out = PIECE;
		const int r = inflate(&g->z, Z_NO_FLUSH);
		b->size += PIECE - g->z.avail_out;
		if (r == Z_MEM_ERROR)
			return err_nomem(e, "gunzip '%s': too little memory", path);
		if (r == Z_STREAM_END)
			g->done = true;
		else if (r == Z_BUF_ERROR && !g->z.avail_in)
			return OK;
		else if (r != Z_OK)
			return err_env(e, "gunzip '%s': damaged at byte %lld (%s)", path, g->offset - g->z.avail_in,
			               g->z.msg ? g->z.msg : "bad data");
		else if (!g->z.avail_in && g->z.avail_out)
			return OK;
	}
	if (!g->z.avail_in)
		return OK;
	return err_env(e, "gunzip '%s': damaged at byte %lld (data after the end)", path,
	               g->offset - g->z.avail_in);
}

static enum status read_gz(int fd, const char *path, struct buffer *b, struct err *e)
{
	struct gunzip *g = mem_resize(NULL, sizeof *g);
	memset(g, 0, sizeof *g);
	enum status st = OK;
	if (inflateInit2(&g->z, 15 + 16) != Z_OK) {
		mem_free(g);
		return err_nomem(e, "gunzip '%s': too little memory", path);
	}
	while (st == OK) {
		const ssize_t got = read_full(fd, (char *)g->in, PIECE);
		if (got < 0)
			st = err_env(e, "read '%s': %s", path, strerror(errno));
		if (got <= 0)
			break;
		g->z.next_in = g->in;
		g->z.avail_in = (unsigned)got;
		g->offset += got;
		st = inflate_piece(g, path, b, e);
	}
	if (st == OK && !g->done)
		st = err_env(e, "gunzip '%s': the file ends at byte %lld, in the middle of the data", path,
		             g->offset);
	inflateEnd(&g->z);
	mem_free(g);
	return st;
}

enum status file_read(struct arena *a, const char *path, bool gz, char **data, size_t *size, struct err *e)
{
	*data = NULL;
	*size = 0;
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat info;
	if (fd < 0 || fstat(fd, &info)) {
		const enum status st = err_env(e, "open '%s': %s", path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return st;
	}
	struct buffer b = {0};
	enum status st;
	if (!gz && S_ISREG(info.st_mode) && info.st_size > 0) {
		st = read_sized(fd, path, (size_t)info.st_size, a, data, e);
		*size = st == OK ? (size_t)info.st_size : 0;
		close(fd);
		return st;
	}
	st = gz ? read_gz(fd, path, &b, e) : read_stream(fd, path, &b, e);
	close(fd);
	if (st == OK) {
		char *p = arena_alloc(a, b.size + 1);
		if (b.size)
			memcpy(p, b.data, b.size);
		*data = p;
		*size = b.size;
	}
	mem_free(b.data);
	return st;
}
