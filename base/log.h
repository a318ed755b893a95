/* What a person sees while a run goes on. Results go to stdout by the commands; everything here goes to stderr and, when
   a run has a folder, to its log.txt. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stdio.h>

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

void log_set_level(enum log_level level); /* default LOG_INFO */
enum log_level log_level_now(void);
void log_set_file(FILE *f);               /* a copy of every line, with a time stamp; NULL: none */
void log_line(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Progress: a bar on a terminal, redrawn in place; elsewhere a plain line at most every 10 s and one at the end of each epoch. */
struct progress {
	const char *label;          /* "teach", "msmgan anchor 2/3 block 1/3" */
	int epoch, epochs;          /* epoch counts from 1 */
	long step, steps;           /* within the epoch */
	double loss, accuracy;      /* running means of the epoch; accuracy in percent, NaN: none */
	double lr;                  /* NaN: nothing is learnt; then a loss that is NaN is none */
	double images_per_s;
	double wait_share;          /* share of the time spent waiting for data, 0..1 */
	size_t memory;              /* resident bytes */
	double left_s;              /* of the whole run, estimated; NaN: unknown */
};
void progress_show(const struct progress *p); /* cheap; draws at most 10 times a second */
void progress_end(void);                      /* clears the bar */

double time_now(void);       /* monotonic seconds */
size_t memory_resident(void);   /* of this process, bytes */
size_t memory_peak(void);
void memory_pretend(size_t bytes); /* tests: memory_available gives this; 0 switches it off */
size_t memory_available(void);  /* what the system could still give: MemAvailable, cgroup and RLIMIT_AS considered */

#endif
