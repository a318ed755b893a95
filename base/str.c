#include "base/str.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/utf8.h"

static void reserve(struct str *s, size_t more)
{
	const size_t need = s->len + more + 1;
	BUG_IF(need <= s->len, "str: length overflow");
	if (need <= s->cap)
		return;
	size_t cap = s->cap ? s->cap : 64;
	while (cap < need)
		cap *= 2;
	s->text = mem_resize(s->text, cap);
	s->cap = cap;
}

void str_addn(struct str *s, const char *text, size_t n)
{
	reserve(s, n);
	memcpy(s->text + s->len, text, n);
	s->len += n;
	s->text[s->len] = 0;
}

void str_add(struct str *s, const char *text)
{
	str_addn(s, text, strlen(text));
}

void str_printf(struct str *s, const char *fmt, ...)
{
	BUG_IF(!fmt, "str_printf: no format");
	va_list ap, again;
	va_start(ap, fmt);
	va_copy(again, ap);
	const int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	BUG_IF(n < 0, "str_printf: bad format");
	reserve(s, (size_t)n);
	vsnprintf(s->text + s->len, (size_t)n + 1, fmt, again);
	va_end(again);
	s->len += (size_t)n;
}

const char *str_text(const struct str *s)
{
	return s->text ? s->text : "";
}

void str_release(struct str *s)
{
	mem_free(s->text);
	*s = (struct str){0};
}

bool str_eq(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

bool str_starts(const char *s, const char *prefix)
{
	return !strncmp(s, prefix, strlen(prefix));
}

bool str_ends(const char *s, const char *suffix)
{
	const size_t n = strlen(s), m = strlen(suffix);
	return n >= m && !strcmp(s + n - m, suffix);
}

enum { WORD_MAX = 64 };

/* Upper and lower case, and - and _, are the same to somebody who mistypes. */
static int fold(char c)
{
	return c == '-' ? '_' : tolower((unsigned char)c);
}

static int min3(int a, int b, int c)
{
	const int m = a < b ? a : b;
	return m < c ? m : c;
}

/* Edit distance in which two neighbours exchanged count once (optimal string alignment). */
static int distance(const char *a, int n, const char *b, int m)
{
	int row[3][WORD_MAX + 1]; /* rows i-2, i-1 and i in turn */
	for (int j = 0; j <= m; j++)
		row[0][j] = j;
	for (int i = 1; i <= n; i++) {
		int *cur = row[i % 3];
		const int *up = row[(i + 2) % 3], *up2 = row[(i + 1) % 3];
		cur[0] = i;
		for (int j = 1; j <= m; j++) {
			const bool same = fold(a[i - 1]) == fold(b[j - 1]);
			cur[j] = min3(up[j] + 1, cur[j - 1] + 1, up[j - 1] + !same);
			if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) && fold(a[i - 2]) == fold(b[j - 1])
			    && up2[j - 2] + 1 < cur[j])
				cur[j] = up2[j - 2] + 1;
		}
	}
	return row[n % 3][m];
}

const char *str_nearest(const char *s, const char *const words[], int n)
{
	const char *best = NULL;
	const size_t len = strlen(s);
	if (len > WORD_MAX)
		return NULL;
	int best_d = len < 6 ? 2 : (int)len / 3 + 1; /* one more than what is near enough: a third of its letters, at least one */
	for (int i = 0; i < n; i++) {
		const size_t m = strlen(words[i]);
		if (m > WORD_MAX)
			continue;
		const int d = distance(s, (int)len, words[i], (int)m);
		if (d < best_d && (d == 0 || d < (int)(len > m ? len : m))) {
			best_d = d;
			best = words[i];
		}
	}
	for (int i = 0; i < n && !best && len >= 3; i++)
		if (str_starts(words[i], s))
			best = words[i];
	return best;
}

char *str_count(char buf[32], long long n)
{
	char digits[24];
	snprintf(digits, sizeof digits, "%lld", n);
	char *out = buf;
	const char *d = digits;
	if (*d == '-')
		*out++ = *d++;
	for (size_t left = strlen(d); left; left--) {
		*out++ = *d++;
		if (left % 3 == 1 && left > 1)
			*out++ = ',';
	}
	*out = 0;
	return buf;
}

char *str_bytes(char buf[32], size_t bytes)
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	if (bytes < 1024) {
		snprintf(buf, 32, "%zu B", bytes);
		return buf;
	}
	double v = (double)bytes / 1024;
	int u = 0;
	for (; v >= 1023.5 && u < 5; u++)
		v /= 1024;
	snprintf(buf, 32, v < 99.95 ? "%.1f %s" : "%.0f %s", v, units[u]);
	return buf;
}

char *str_seconds(char buf[32], double seconds)
{
	if (!(seconds >= 0) || seconds > 1e9) {
		snprintf(buf, 32, "?");
		return buf;
	}
	const long long s = llround(seconds);
	if (seconds < 0.9995)
		snprintf(buf, 32, "%.0f ms", seconds * 1e3);
	else if (seconds < 9.95)
		snprintf(buf, 32, "%.1f s", seconds);
	else if (s < 60)
		snprintf(buf, 32, "%lld s", s);
	else if (s < 3600)
		snprintf(buf, 32, "%lld min %02lld s", s / 60, s % 60);
	else if (s < 86400)
		snprintf(buf, 32, "%lld h %02lld min", s / 3600, s % 3600 / 60);
	else
		snprintf(buf, 32, "%lld d %02lld h", s / 86400, s % 86400 / 3600);
	return buf;
}

int utf8_next(const char **s)
{
	const unsigned char *p = (const unsigned char *)*s;
	const int more = p[0] < 0x80 ? 0 : p[0] >= 0xC2 && p[0] < 0xE0 ? 1 : p[0] >= 0xE0 && p[0] < 0xF0 ? 2
	                 : p[0] >= 0xF0 && p[0] < 0xF5 ? 3 : -1;
	static const int least[] = {0, 0x80, 0x800, 0x10000};
	int code = more < 0 ? -1 : more ? p[0] & (0x3F >> more) : p[0];
	for (int i = 1; i <= more && code >= 0; i++)
		code = (p[i] & 0xC0) == 0x80 ? code << 6 | (p[i] & 0x3F) : -1;
	if (code >= 0 && (code < least[more] || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)))
		code = -1;
	*s += code < 0 ? 1 : more + 1;
	return code;
}
