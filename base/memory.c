/* How much memory this process has and could still get. Reads /proc and cgroup files without allocating. */
#include "base/log_int.h"

#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/str.h"

/* The beginning of a small file as text; false when it can't be read. */
static bool slurp(const char *path, char *buf, size_t size)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	const ssize_t n = read(fd, buf, size - 1);
	close(fd);
	buf[n > 0 ? n : 0] = 0;
	return n > 0;
}

/* Number i of the file's first line; false also for "max". */
static bool file_number(const char *path, int i, unsigned long long *v)
{
	char text[256], *p = text, *end;
	if (!slurp(path, text, sizeof text))
		return false;
	for (; i >= 0; i--, p = end) {
		*v = strtoull(p, &end, 10);
		if (end == p)
			return false;
	}
	return true;
}

static size_t statm_bytes(int field)
{
	unsigned long long pages;
	const long page = sysconf(_SC_PAGESIZE);
	return file_number("/proc/self/statm", field, &pages) && page > 0 ? (size_t)pages * (size_t)page : 0;
}

size_t memory_resident(void)
{
	return statm_bytes(1);
}

size_t memory_peak(void)
{
	struct rusage u;
	return getrusage(RUSAGE_SELF, &u) == 0 ? (size_t)u.ru_maxrss * 1024 : 0;
}

static size_t system_available(void)
{
	char text[4096];
	if (slurp("/proc/meminfo", text, sizeof text)) {
		const char *p = strstr(text, "MemAvailable:");
		if (p)
			return (size_t)strtoull(p + strlen("MemAvailable:"), NULL, 10) * 1024;
	}
	const long pages = sysconf(_SC_AVPHYS_PAGES), page = sysconf(_SC_PAGESIZE);
	return pages > 0 && page > 0 ? (size_t)pages * (size_t)page : SIZE_MAX;
}

/* The number behind a name at the beginning of a line. */
static size_t stat_value(const char *stat, const char *name)
{
	const size_t n = strlen(name);
	for (const char *p = stat; p && *p; p = strchr(p, '\n')) {
		p += *p == '\n';
		if (!strncmp(p, name, n) && p[n] == ' ')
			return (size_t)strtoull(p + n + 1, NULL, 10);
	}
	return 0;
}

size_t memory_reclaimable(const char *stat)
{
	return stat_value(stat, "active_file") + stat_value(stat, "inactive_file");
}

static size_t cgroup_room(const char *folder)
{
	char path[PATH_MAX + 64], stat[8192];
	unsigned long long most, now;
	snprintf(path, sizeof path, "/sys/fs/cgroup%s/memory.max", folder);
	if (!file_number(path, 0, &most))
		return SIZE_MAX;
	snprintf(path, sizeof path, "/sys/fs/cgroup%s/memory.current", folder);
	if (!file_number(path, 0, &now))
		return SIZE_MAX;
	/* the kernel takes back files' pages before it refuses memory */
	snprintf(path, sizeof path, "/sys/fs/cgroup%s/memory.stat", folder);
	const size_t cached = slurp(path, stat, sizeof stat) ? memory_reclaimable(stat) : 0;
	const size_t used = now > cached ? (size_t)now - cached : 0;
	return most > used ? (size_t)most - used : 0;
}

/* The least room of our cgroup (v2) and of all those around it: each may have a limit. */
static size_t cgroup_available(void)
{
	char text[PATH_MAX];
	size_t least = cgroup_room("");
	if (!slurp("/proc/self/cgroup", text, sizeof text))
		return least;
	char *folder = strstr(text, "0::/");
	if (!folder)
		return least;
	folder += strlen("0::");
	folder[strcspn(folder, "\n")] = 0;
	for (char *slash; (slash = strrchr(folder, '/')); *slash = 0) {
		const size_t room = slash[1] ? cgroup_room(folder) : SIZE_MAX;
		least = room < least ? room : least;
	}
	return least;
}

static size_t limit_available(void)
{
	struct rlimit r;
	if (getrlimit(RLIMIT_AS, &r) || r.rlim_cur == RLIM_INFINITY)
		return SIZE_MAX;
	const size_t now = statm_bytes(0);
	return r.rlim_cur > now ? (size_t)(r.rlim_cur - now) : 0;
}

static size_t pretended;

void memory_pretend(size_t bytes)
{
	pretended = bytes;
}

size_t memory_available(void)
{
	if (pretended)
		return pretended;
	size_t least = system_available();
	const size_t others[] = {cgroup_available(), limit_available()};
	for (int i = 0; i < 2; i++)
		least = others[i] < least ? others[i] : least;
	return least;
}
