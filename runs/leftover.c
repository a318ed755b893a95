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

#include "base/conf.h"
#include "base/file.h"
#include "base/log.h"
#include "base/str.h"
#include "runs/cache_use.h"

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
	((struct leftover *)f->all)[f->n++] = (struct leftover){.path = path, .why = why, .bytes = (uint64_t)info.st_blocks * 512};
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

/* ---- teacher caches ---- */

/* Whether the run's configuration gives the stage, or the one that it is a copy of for another seed or without its critic, a cache. */
static bool wants_cache(const struct conf *stages, const char *name)
{
	const struct conf *wanted = NULL;
	size_t longest = 0;
	for (int i = 0; stages && stages->kind == CONF_LIST && i < stages->n; i++) {
		const struct conf *map = stages->item[i], *own = map->kind == CONF_MAP ? conf_find(map, "name") : NULL;
		const size_t n = own && own->text ? strlen(own->text) : 0;
		if (n > longest && strncmp(name, own->text, n) == 0 && (!name[n] || name[n] == '-')) {
			longest = n;
			wanted = conf_find(map, "teacher_cache");
		}
	}
	return wanted && wanted->text && !str_eq(wanted->text, "off");
}

/* Whether a stage of the run reads the cache. *silent: one that it trained itself may, and does not say which. */
static bool reads_cache(struct find *f, const struct overview_run *r, const char *cache, bool *silent)
{
	struct conf *root = NULL;
	bool reads = false;
	*silent = false;
	const char *path = path_join(f->arena, r->row.folder, "config.yaml");
	if (file_exists(path) && conf_read(f->arena, path, &root, NULL) != OK)
		root = NULL;
	for (int i = 0; i < r->n_stage; i++) {
		const struct overview_stage *s = &r->stage[i];
		bool any = false;
		reads |= cache_use_has(path_join(f->arena, r->row.folder, arena_printf(f->arena, "stages/%s", s->name)), cache, &any);
		*silent |= !any && !s->reused && *s->state && root && wants_cache(conf_find(root, "stages"), s->name);
	}
	return reads;
}

static void find_caches(struct find *f, const char *out, const struct overview_run *runs, int n)
{
	const char *folder = path_join(f->arena, out, "cache"), *silent = NULL;
	DIR *d = opendir(folder);
	const int before = f->n;
	for (struct dirent *entry; d && (entry = readdir(d));) {
		bool used = !str_ends(entry->d_name, ".cache") || !str_starts(entry->d_name, "teacher-");
		for (int i = 0; i < n && !used && !silent; i++) {
			bool no_word = false;
			used = reads_cache(f, &runs[i], entry->d_name, &no_word);
			silent = no_word ? runs[i].base : NULL;
		}
		const char *path = path_join(f->arena, folder, entry->d_name);
		if (!used && !cache_in_use(path))
			add(f, path, "teacher cache that no run reads");
	}
	for (int i = before; i < f->n; i++)
		((struct leftover *)f->all)[i].cache = true;
	if (silent && f->n > before)
		log_line(LOG_WARN, "teacher caches are kept: a stage of '%s' has one and does not say which, for an earlier version trained it", silent);
	if (silent)
		f->n = before;
	if (d)
		closedir(d);
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
		find_caches(&f, out, runs, n);
	}
	*n_left = f.n;
	*l = NEW_ARRAY(a, struct leftover, f.n);
	if (f.n)
		memcpy(*l, f.all, (size_t)f.n * sizeof **l);
	mem_free(f.all);
}
