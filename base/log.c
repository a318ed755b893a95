#include "base/log.h"

#include <pthread.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#include "base/log_int.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static enum log_level level_now = LOG_INFO;
static FILE *copy;

void log_lock(void)
{
	pthread_mutex_lock(&lock);
}

void log_unlock(void)
{
	pthread_mutex_unlock(&lock);
}

enum log_level log_level_now(void)
{
	return level_now;
}

void log_set_level(enum log_level level)
{
	log_lock();
	level_now = level;
	log_unlock();
}

void log_set_file(FILE *f)
{
	log_lock();
	copy = f;
	log_unlock();
}

/* Flushed at once: the last lines before a crash are those that matter. */
void log_copy(const char *line)
{
	if (!copy)
		return;
	char stamp[40] = "";
	const time_t now = time(NULL);
	struct tm tm;
	if (localtime_r(&now, &tm))
		strftime(stamp, sizeof stamp, "%Y-%m-%d %H:%M:%S %z", &tm);
	fprintf(copy, "%s  %s\n", stamp, line);
	fflush(copy);
}

void log_stderr(const char *text)
{
	fputs(text, stderr);
	fflush(stderr);
}

void log_line(enum log_level level, const char *fmt, ...)
{
	static const char *const prefix[] = {"error: ", "warning: ", "", "debug: "};
	static char line[16384]; /* under the lock; holds all that a struct err can say */
	log_lock();
	const int head = snprintf(line, sizeof line - 1, "%s", prefix[level]);
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(line + head, sizeof line - 1 - (size_t)head, fmt, ap);
	va_end(ap);
	/* the file gets what a quiet terminal doesn't, but no debugging that nobody asked for */
	if (level <= level_now || level <= LOG_INFO)
		log_copy(line);
	if (level <= level_now) {
		progress_clear();
		const size_t n = strlen(line);
		memcpy(line + n, "\n", 2);
		log_stderr(line);
	}
	log_unlock();
}
