/*
 * Errors. The first function that knows writes the message; everyone above returns the status.
 *
 * Three kinds: the user's (E_USER: file:line:col, what is wrong, what is allowed), the environment's
 * (E_ENV: the call, the object, the system's reason) and our own (BUG, in release builds too).
 * Wording: lower case, no full stop, the subject in single quotes.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>

/* What the caller can do, not where it broke. */
enum status {
	OK,
	E_USER,  /* wrong usage or configuration: exit status 2 */
	E_ENV,   /* the system refused, or a file is damaged: exit status 1 */
	E_NOMEM, /* too little memory: exit status 1 */
	E_RUN,   /* the run failed by itself (a value is not finite): exit status 1 */
	E_STOP,  /* interrupted by a signal after a checkpoint: exit status 130 */
};

/* A place in a file; file NULL is "no place". line and col count from 1; 0 is unknown. */
struct where {
	const char *file;
	int line, col;
};

/* Collects messages, one a line. Zero-initialise it. The first status stays. */
struct err {
	enum status status;
	int count;       /* messages given, also those that no longer fitted */
	char text[8192]; /* always terminated; no newline after the last message */
};

/* err_user begins with the place ("a.yaml:14:9: "; "--set p=0.5: " where the line is 0) and, when the file can be read,
   shows the line with ^ under the column. */
/* Each adds one message and returns the status it stands for. e may be NULL (message dropped). */
enum status err_user(struct err *e, struct where at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
enum status err_env(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
enum status err_run(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
enum status err_nomem(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Adds a line of context below the last message; keeps the status. */
void err_note(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void err_clear(struct err *e);

/* A broken promise of our own code: prints "bug: file:line: ..." to stderr and aborts. */
_Noreturn void bug_at(const char *file, int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
#define BUG(...) bug_at(__FILE__, __LINE__, __VA_ARGS__)
#define BUG_IF(cond, ...) \
	do { \
		if (cond) \
			BUG(__VA_ARGS__); \
	} while (0)

#endif
