#include "runs/cache_use.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

static bool has_line(const char *text, const char *name)
{
	const size_t n = strlen(name);
	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n')
		if (strncmp(line, name, n) == 0 && (line[n] == '\n' || !line[n]))
			return true;
	return false;
}

static const char *noted(struct arena *a, const char *folder)
{
	const char *path = path_join(a, folder, "caches");
	char *text = NULL;
	size_t n = 0;
	return file_exists(path) && file_read(a, path, false, &text, &n, NULL) == OK ? text : "";
}

enum status cache_use_note(const char *folder, const char *cache, struct err *e)
{
	struct arena *a = arena_open("caches");
	const char *text = noted(a, folder), *all = arena_printf(a, "%s%s\n", text, base_of(cache));
	const enum status st = has_line(text, base_of(cache)) ? OK : file_put(path_join(a, folder, "caches"), all, strlen(all), e);
	arena_close(a);
	return st;
}

bool cache_use_has(const char *folder, const char *name, bool *any)
{
	struct arena *a = arena_open("caches");
	const char *text = noted(a, folder);
	const bool has = has_line(text, name);
	if (any)
		*any = *text;
	arena_close(a);
	return has;
}

/* The file, locked against everybody; -1: somebody has it, or it can't be opened. */
static int take(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	fd = fd < 0 ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : fd;
	if (fd < 0)
		return -1;
	bool taken = flock(fd, LOCK_EX | LOCK_NB) == 0;
	/* who opened it without a lock, as earlier versions did: a lease is refused while anybody else has the file open; who opens it meanwhile waits, and
	   the kernel tells us by a signal */
	void (*const before)(int) = signal(SIGIO, SIG_IGN);
	if (taken && fcntl(fd, F_SETLEASE, F_WRLCK) == 0)
		fcntl(fd, F_SETLEASE, F_UNLCK);
	else if (taken && errno == EAGAIN)
		taken = false;
	if (!taken)
		close(fd);
	signal(SIGIO, before);
	return taken ? fd : -1;
}

bool cache_in_use(const char *path)
{
	const int fd = take(path);
	if (fd >= 0)
		close(fd);
	return fd < 0;
}

enum status cache_remove(const char *path, bool *removed, struct err *e)
{
	struct arena *a = arena_open("cache");
	const char *slash = strrchr(path, '/');
	/* who opens a cache holds its folder meanwhile: nobody gets hold of the file between our lock and its end */
	const int folder = open(slash ? arena_strn(a, path, (size_t)(slash - path)) : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder >= 0)
		flock(folder, LOCK_EX);
	const int fd = take(path);
	*removed = fd >= 0;
	const enum status st = fd >= 0 ? file_remove(path, e) : OK;
	if (fd >= 0)
		close(fd);
	if (folder >= 0)
		close(folder);
	arena_close(a);
	return st;
}
