/* Text that grows, and small helpers on text. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>

struct str {
	char *text; /* terminated; NULL while empty */
	size_t len, cap;
};

void str_add(struct str *s, const char *text);
void str_addn(struct str *s, const char *text, size_t n);
void str_printf(struct str *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
const char *str_text(const struct str *s); /* "" while empty */
void str_release(struct str *s);

bool str_eq(const char *a, const char *b); /* NULL equals only NULL */
bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);
/* The word of words[0..n) nearest to s by edit distance, or NULL if none is near enough to suggest. */
const char *str_nearest(const char *s, const char *const words[], int n);
/* "1,233,540", "12.3 MiB", "1 h 02 min": into a caller's buffer, which is returned. */
char *str_count(char buf[32], long long n);
char *str_bytes(char buf[32], size_t bytes);
char *str_seconds(char buf[32], double seconds);

#endif
