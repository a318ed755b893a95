#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"

struct file {
	FILE *f;
	char *path, *tmp;
	int error; /* errno of the first write that failed */
};

static char *text_new(const char *a, const char *b)
{
	char *s = mem_resize(NULL, strlen(a) + strlen(b) + 1);
	memcpy(s, a, strlen(a));
	memcpy(s + strlen(a), b, strlen(b) + 1);
	return s;
}

static void release(struct file *f)
{
	mem_free(f->path);
	mem_free(f->tmp);
	mem_free(f);
}

/* Where the file itself is, by mem_free: a link is followed, so that it survives. A rename would put a file in the
   place of whatever else has this name, a device for one. */
static enum status find_target(const char *path, char **target, struct err *e)
{
	struct stat info;
	*target = NULL;
	const bool there = lstat(path, &info) == 0;
	if (there && S_ISLNK(info.st_mode)) {
		char *real = realpath(path, NULL);
		if (!real || stat(real, &info)) {
			const int error = errno;
			free(real);
			return err_env(e, "create '%s': a link that can't be followed: %s", path, strerror(error));
		}
		*target = text_new(real, "");
		free(real);
	} else {
		*target = text_new(path, "");
	}
	if (!there || S_ISREG(info.st_mode))
		return OK;
	mem_free(*target);
	*target = NULL;
	return err_env(e, "create '%s': there is a %s of this name, no regular file", path,
	               S_ISDIR(info.st_mode) ? "folder" : S_ISFIFO(info.st_mode) ? "pipe" : "device or socket");
}

enum status file_create(struct file **out, const char *path, struct err *e)
{
	*out = NULL;
	char suffix[32], *target;
	const enum status st = find_target(path, &target, e);
	if (st != OK)
		return st;
	snprintf(suffix, sizeof suffix, ".tmp-%ld", (long)getpid());
	char *tmp = text_new(target, suffix);
	/* what an earlier process of this number left behind goes first, so that no link is followed */
	unlink(tmp);
	const int fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	FILE *stream = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (!stream) {
		const int error = errno;
		if (fd >= 0) {
			close(fd);
			unlink(tmp);
		}
		mem_free(tmp);
		mem_free(target);
		return err_env(e, "create '%s': %s", path, strerror(error));
	}
	struct file *f = mem_resize(NULL, sizeof *f);
	*f = (struct file){.f = stream, .path = target, .tmp = tmp};
	*out = f;
	return OK;
}

void file_write(struct file *f, const void *data, size_t n)
{
	if (f->error || !n)
		return;
	errno = 0;
	if (fwrite(data, 1, n, f->f) != n)
		f->error = errno ? errno : EIO;
}

FILE *file_stream(struct file *f)
{
	return f->f;
}

/* Makes the rename itself last. Some file systems refuse to sync a folder; then there is nothing to do. */
static int sync_parent(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir = text_new(slash ? path : ".", "");
	if (slash)
		dir[slash == path ? 1 : slash - path] = 0;
	const int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	mem_free(dir);
	if (fd < 0)
		return errno == EACCES ? 0 : errno;
	const int error = fsync(fd) && errno != EINVAL && errno != ENOTSUP && errno != EROFS ? errno : 0;
	close(fd);
	return error;
}

enum status file_commit(struct file *f, struct err *e)
{
	const char *call = "write";
	errno = 0;
	if (fflush(f->f) && !f->error)
		f->error = errno ? errno : EIO;
	if (ferror(f->f) && !f->error)
		f->error = EIO; /* a write through file_stream failed and its reason is gone */
	if (!f->error && fsync(fileno(f->f)) && errno != EINVAL && errno != ENOTSUP)
		f->error = errno;
	if (fclose(f->f) && !f->error)
		f->error = errno;
	bool renamed = false;
	if (!f->error) {
		call = "rename";
		renamed = rename(f->tmp, f->path) == 0;
		f->error = renamed ? 0 : errno;
	}
	if (renamed) {
		call = "sync the folder of";
		f->error = sync_parent(f->path);
	} else {
		unlink(f->tmp);
	}
	const enum status st = f->error ? err_env(e, "%s '%s': %s", call, f->path, strerror(f->error)) : OK;
	release(f);
	return st;
}

void file_abandon(struct file *f)
{
	if (!f)
		return;
	fclose(f->f);
	unlink(f->tmp);
	release(f);
}

enum status file_put(const char *path, const void *data, size_t n, struct err *e)
{
	struct file *f = NULL;
	const enum status st = file_create(&f, path, e);
	if (st != OK)
		return st;
	file_write(f, data, n);
	return file_commit(f, e);
}

bool file_exists(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0;
}

bool file_has_bytes(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && st.st_size > 0;
}

enum status file_remove(const char *path, struct err *e)
{
	if (unlink(path) && errno != ENOENT && errno != ENOTDIR)
		return err_env(e, "remove '%s': %s", path, strerror(errno));
	return OK;
}

static bool is_dir(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

enum status dir_make(const char *path, struct err *e)
{
	char part[PATH_MAX];
	if (!*path || strlen(path) >= sizeof part)
		return err_env(e, "make folder '%s': %s", path, strerror(*path ? ENAMETOOLONG : ENOENT));
	memcpy(part, path, strlen(path) + 1);
	for (char *p = part + 1; ; p++) {
		if (*p != '/' && *p)
			continue;
		const char end = *p;
		*p = 0;
		/* the error of mkdir is worth nothing when the folder is there: EEXIST, EROFS, EACCES */
		if (mkdir(part, 0777) && !is_dir(part)) {
			const int error = errno == EEXIST ? ENOTDIR : errno;
			return err_env(e, "make folder '%s': '%s': %s", path, part, strerror(error));
		}
		*p = end;
		if (!end)
			break;
	}
	if (access(path, W_OK | X_OK))
		return err_env(e, "folder '%s' cannot be written: %s", path, strerror(errno));
	return OK;
}

char *path_join(struct arena *a, const char *dir, const char *name)
{
	if (*name == '/' || !*dir)
		return arena_str(a, name);
	return arena_printf(a, "%s%s%s", dir, str_ends(dir, "/") ? "" : "/", name);
}
