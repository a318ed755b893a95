#include "base/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/str.h"

enum { DEPTH = 64 };

struct walk {
	struct arena *arena;
	bool remove;
	dev_t device;
	struct tree sum;
	struct err *e;
	enum status status; /* the first that was not OK */
};

static void fail(struct walk *w, const char *call, const char *path, int error)
{
	if (w->status == OK)
		w->status = err_env(w->e, "%s '%s': %s", call, path, strerror(error));
}

/* Names of what is in a folder; read before anything of it is removed. */
static char **names_in(struct walk *w, DIR *d, int *n)
{
	void *all = NULL;
	int cap = 0;
	*n = 0;
	for (struct dirent *entry; (entry = readdir(d));) {
		if (str_eq(entry->d_name, ".") || str_eq(entry->d_name, ".."))
			continue;
		mem_grow(&all, *n, &cap, sizeof(char *));
		((char **)all)[(*n)++] = arena_str(w->arena, entry->d_name);
	}
	char **names = NEW_ARRAY(w->arena, char *, *n);
	if (*n)
		memcpy(names, all, (size_t)*n * sizeof *names);
	mem_free(all);
	return names;
}

/* Always by the folder's descriptor and without following: nobody can put a link in a folder's place on the way. */
static void visit(struct walk *w, int parent, const char *name, const char *path, int depth)
{
	struct stat info;
	if (fstatat(parent, name, &info, AT_SYMLINK_NOFOLLOW)) {
		fail(w, "look at", path, errno);
		return;
	}
	if (!S_ISDIR(info.st_mode)) {
		w->sum.files++;
		w->sum.bytes += (uint64_t)info.st_blocks * 512;
		if (w->remove && unlinkat(parent, name, 0))
			fail(w, "remove", path, errno);
		return;
	}
	if (!depth)
		w->device = info.st_dev;
	if (info.st_dev != w->device || depth == DEPTH) {
		fail(w, "enter", path, depth == DEPTH ? ELOOP : EXDEV);
		return;
	}
	const int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	if (!d) {
		fail(w, "open", path, errno);
		if (fd >= 0)
			close(fd);
		return;
	}
	int n;
	char **names = names_in(w, d, &n);
	for (int i = 0; i < n; i++)
		visit(w, fd, names[i], arena_printf(w->arena, "%s/%s", path, names[i]), depth + 1);
	closedir(d);
	if (w->remove && unlinkat(parent, name, AT_REMOVEDIR))
		fail(w, "remove", path, errno);
}

static enum status walk(const char *path, bool remove, struct tree *sum, struct err *e)
{
	struct walk w = {.arena = arena_open("tree"), .remove = remove, .e = e};
	visit(&w, AT_FDCWD, path, path, 0);
	arena_close(w.arena);
	*sum = w.sum;
	return w.status;
}

enum status tree_measure(const char *path, struct tree *t, struct err *e)
{
	return walk(path, false, t, e);
}

enum status tree_remove(const char *path, struct err *e)
{
	struct tree sum;
	return walk(path, true, &sum, e);
}
