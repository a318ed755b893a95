#include "base/log_int.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"

enum { LINE = 512, BAR = 10 };

static const double redraw_s = 0.1, plain_s = 10;

static bool drawn;
static double last_draw = -1e9, last_plain = -1;
static char last_label[96];
static int last_epoch = -1, ended_epoch = -1; /* of last_label */

static bool is_terminal(void)
{
	static int known = -1;
	if (known < 0) {
		const char *term = getenv("TERM");
		known = isatty(STDERR_FILENO) && !str_eq(term, "dumb");
	}
	return known;
}

static int columns(void)
{
	struct winsize w;
	return ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col >= 20 ? w.ws_col : 80;
}

static void add(char line[LINE], const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void add(char line[LINE], const char *fmt, ...)
{
	const size_t n = strlen(line);
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(line + n, LINE - n, fmt, ap);
	va_end(ap);
}

static double share_done(const struct progress *p)
{
	const double s = p->steps > 0 ? (double)p->step / (double)p->steps : 0;
	return s < 0 ? 0 : s > 1 ? 1 : s;
}

static void compose(const struct progress *p, bool bar, char line[LINE])
{
	char text[32];
	const double done = share_done(p);
	line[0] = 0;
	add(line, "%.90s  epoch %d/%d", p->label ? p->label : "", p->epoch, p->epochs);
	if (bar) {
		const int full = (int)(done * BAR + 1e-9);
		add(line, " [%.*s%.*s]", full, "##########", BAR - full, "..........");
	}
	add(line, " %.0f%%", floor(100 * done + 1e-9));
	/* a small loss keeps its digits */
	if (!isnan(p->loss) || !isnan(p->lr))
		add(line, fabs(p->loss) >= 0.001 || p->loss == 0 ? "  loss %.4f" : "  loss %.3g", p->loss);
	if (!isnan(p->accuracy))
		add(line, "  acc %.1f%%", p->accuracy);
	if (!isnan(p->lr))
		add(line, "  lr %.4g", p->lr);
	if (p->images_per_s >= 0 && p->images_per_s < 1e15)
		add(line, "  %s img/s", str_count(text, llround(p->images_per_s)));
	if (!isnan(p->wait_share))
		add(line, "  wait %.0f%%", 100 * p->wait_share);
	add(line, "  %s", str_bytes(text, p->memory));
	if (!isnan(p->left_s))
		add(line, "  left %s", str_seconds(text, p->left_s));
}

/* Never wider than the terminal: a wrapped line cannot be redrawn in place. Cut between characters. */
static void cut(char *line, int width)
{
	char *p = line;
	for (int col = 0; *p; p++)
		if (((unsigned char)*p & 0xC0) != 0x80 && ++col > width)
			break;
	*p = 0;
}

static void draw(const struct progress *p)
{
	char line[LINE], out[LINE + 16];
	compose(p, true, line);
	cut(line, columns() - 1);
	snprintf(out, sizeof out, "\r%s\033[K", line);
	log_stderr(out);
	drawn = true;
}

static void plain_line(const struct progress *p, bool show)
{
	char line[LINE + 1];
	compose(p, false, line);
	log_copy(line);
	if (!show)
		return;
	add(line, "\n");
	log_stderr(line);
}

void progress_clear(void)
{
	if (drawn)
		log_stderr("\r\033[K");
	drawn = false;
}

/* A new label starts the clock of the plain lines anew. */
static void note_epoch(const struct progress *p, double now)
{
	const char *label = p->label ? p->label : "";
	if (strncmp(label, last_label, sizeof last_label - 1)) {
		snprintf(last_label, sizeof last_label, "%s", label);
		last_plain = now;
		ended_epoch = -1;
		last_draw = -1e9;
	} else if (last_plain < 0) {
		last_plain = now;
	}
	if (p->epoch != last_epoch)
		ended_epoch = -1;
	last_epoch = p->epoch;
}

void progress_show(const struct progress *p)
{
	log_lock();
	const double now = time_now();
	const bool shown = log_level_now() >= LOG_INFO, terminal = is_terminal();
	note_epoch(p, now);
	const bool at_end = p->steps > 0 && p->step >= p->steps;
	const bool first_end = at_end && ended_epoch != p->epoch;
	if (shown && terminal && (first_end || now - last_draw >= redraw_s)) {
		draw(p);
		last_draw = now;
	}
	if (first_end || (!at_end && now - last_plain >= plain_s)) {
		plain_line(p, shown && !terminal);
		last_plain = now;
	}
	if (at_end)
		ended_epoch = p->epoch;
	log_unlock();
}

void progress_end(void)
{
	log_lock();
	progress_clear();
	last_label[0] = 0;
	last_epoch = ended_epoch = -1;
	last_plain = -1;
	last_draw = -1e9;
	log_unlock();
}

double time_now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}
