#include "runs/leftover.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"

enum { OLD_S = 600 };

struct find {
	struct arena *arena;
	void *all;
	int n, cap;
};

static void add(struct find *f, const char *path, const char *why)
{
	struct stat info;
	if (lstat(path, &info) || !S_ISREG(info.st_mode))
		return;
	mem_grow(&f->all, f->n, &f->cap, sizeof(struct leftover));
	((struct leftover *)f->all)[f->n++] = (struct leftover){path, why, (uint64_t)info.st_blocks * 512};
}

/* The process in "NAME.tmp-123", and in what SQLite keeps beside such a file; 0: no such name. */
static long process_in(const char *name)
{
	static const char mark[] = ".tmp-";
	const char *at = NULL;
	char *end;
	for (const char *p = name; (p = strstr(p, mark)); p++)
		at = p + strlen(mark);
	if (!at || *at < '0' || *at > '9')
		return 0;
	const long pid = strtol(at, &end, 10);
	return !*end || str_eq(end, "-wal") || str_eq(end, "-shm") || str_eq(end, "-journal") ? pid : 0;
}

static void find_temporary(struct find *f, const char *folder)
{
	const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	if (!d) {
		if (fd >= 0)
			close(fd);
		return;
	}
	for (struct dirent *entry; (entry = readdir(d));) {
		const long pid = process_in(entry->d_name);
		struct stat info;
		if (pid <= 0 || fstatat(fd, entry->d_name, &info, AT_SYMLINK_NOFOLLOW) || time(NULL) - info.st_mtime < OLD_S)
			continue;
		if (kill((pid_t)pid, 0) != 0 && errno == ESRCH)
			add(f, path_join(f->arena, folder, entry->d_name), arena_printf(f->arena, "of process %ld, which is gone", pid));
	}
	closedir(d);
}

static bool is_real_folder(const char *path)
{
	struct stat info;
	return lstat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static void find_in_run(struct find *f, const struct overview_run *r)
{
	const char *stages = path_join(f->arena, r->row.folder, "stages");
	find_temporary(f, r->row.folder);
	if (!is_real_folder(r->row.folder) || !is_real_folder(stages))
		return;
	for (int i = 0; i < r->n_stage; i++) {
		const char *folder = path_join(f->arena, stages, r->stage[i].name);
		if (!is_real_folder(folder))
			continue;
		find_temporary(f, folder);
		if (str_eq(r->stage[i].state, "done"))
			add(f, path_join(f->arena, folder, "resume.safetensors"), "resume state of a finished stage");
	}
}

void leftover_find(struct arena *a, const char *out, bool whole, const struct overview_run *runs, int n, struct leftover **l, int *n_left)
{
	struct find f = {.arena = a};
	for (int i = 0; i < n; i++)
		if (!runs[i].alive)
			find_in_run(&f, &runs[i]);
	if (whole) {
		find_temporary(&f, out);
		find_temporary(&f, path_join(a, out, "cache"));
	}
	*n_left = f.n;
	*l = NEW_ARRAY(a, struct leftover, f.n);
	if (f.n)
		memcpy(*l, f.all, (size_t)f.n * sizeof **l);
	mem_free(f.all);
}
