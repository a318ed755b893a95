#include "runs/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"

enum { WAIT_US = 200000 };

struct lock {
	int fd;
	const char *path;
};

/* The file that was locked is still the one of that name: whoever held it before may have removed it. */
static bool is_current(int fd, const char *path)
{
	struct stat held, named;
	return fstat(fd, &held) == 0 && stat(path, &named) == 0 && held.st_dev == named.st_dev && held.st_ino == named.st_ino;
}

enum status lock_try(struct arena *a, const char *dir, const char *name, struct lock **out, struct err *e)
{
	const char *folder = path_join(a, dir, "locks");
	*out = NULL;
	enum status st = dir_make(folder, e);
	if (st != OK)
		return st;
	struct lock *l = NEW(a, struct lock);
	l->path = path_join(a, folder, name);
	for (;;) {
		l->fd = open(l->path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
		if (l->fd < 0)
			return err_env(e, "can't open '%s': %s", l->path, strerror(errno));
		if (flock(l->fd, LOCK_EX | LOCK_NB) != 0) {
			const int why = errno;
			close(l->fd);
			return why == EWOULDBLOCK ? OK : err_env(e, "can't lock '%s': %s", l->path, strerror(why));
		}
		if (is_current(l->fd, l->path))
			break;
		close(l->fd);
	}
	*out = l;
	return OK;
}

enum status lock_wait(struct arena *a, const char *dir, const char *name, const char *what, bool (*stop)(void), struct lock **l, struct err *e)
{
	bool said = false;
	for (;;) {
		const enum status st = lock_try(a, dir, name, l, e);
		if (st != OK || *l)
			return st;
		if (!said)
			log_line(LOG_INFO, "'%s' is being trained by another process: waiting for it", what);
		said = true;
		usleep(WAIT_US);
		if (stop())
			return E_STOP;
	}
}

void lock_release(struct lock *l)
{
	if (!l)
		return;
	unlink(l->path); /* while it is held: whoever waits finds that the name is gone and makes it anew */
	close(l->fd);
}
