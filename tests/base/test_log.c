#include "base/log_int.h"

#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "tests/base/suites.h"

/* What the functions under test write to stderr goes to a file or a terminal of our own; each test is a process. */
static int err_fd = -1, saved_fd;

static void to_file(void)
{
	saved_fd = dup(2);
	err_fd = open(scratch_path("stderr"), O_RDWR | O_CREAT | O_APPEND, 0600);
	ck_assert_int_ge(dup2(err_fd, 2), 0);
}

static const char *written(void)
{
	char *text = NEW_ARRAY(life, char, 20001);
	const ssize_t n = pread(err_fd, text, 20000, 0);
	ck_assert_int_ge(n, 0);
	dup2(saved_fd, 2);
	return text;
}

static void to_terminal(int columns)
{
	const int master = posix_openpt(O_RDWR | O_NOCTTY);
	ck_assert(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
	const int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	struct termios t;
	ck_assert(slave >= 0 && tcgetattr(slave, &t) == 0);
	cfmakeraw(&t);
	tcsetattr(slave, TCSANOW, &t);
	const struct winsize w = {.ws_col = (unsigned short)columns, .ws_row = 24};
	ioctl(slave, TIOCSWINSZ, &w);
	setenv("TERM", "xterm", 1);
	saved_fd = dup(2);
	err_fd = master;
	ck_assert_int_ge(dup2(slave, 2), 0);
}

static const char *shown(void)
{
	char *text = NEW_ARRAY(life, char, 20001);
	size_t n = 0;
	struct pollfd p = {.fd = err_fd, .events = POLLIN};
	while (n < 20000 && poll(&p, 1, 100) > 0) {
		const ssize_t got = read(err_fd, text + n, 20000 - n);
		if (got <= 0)
			break;
		n += (size_t)got;
	}
	return text;
}

static int times(const char *text, const char *part)
{
	int n = 0;
	for (const char *p = text; (p = strstr(p, part)); p++)
		n++;
	return n;
}

static struct progress example(void)
{
	return (struct progress){
		.label = "kd", .epoch = 3, .epochs = 10, .step = 52, .steps = 100, .loss = 0.5123, .accuracy = 81.2,
		.lr = 0.05, .images_per_s = 3120, .wait_share = 0.02, .memory = 310u << 20, .left_s = 130,
	};
}

START_TEST(levels)
{
	to_file();
	log_line(LOG_DEBUG, "hidden");
	log_line(LOG_INFO, "info %d", 1);
	log_line(LOG_WARN, "odd");
	log_set_level(LOG_ERROR);
	log_line(LOG_WARN, "hidden");
	log_line(LOG_ERROR, "bad");
	log_set_level(LOG_DEBUG);
	log_line(LOG_DEBUG, "detail");
	ck_assert_str_eq(written(), "info 1\nwarning: odd\nerror: bad\ndebug: detail\n");
}
END_TEST

START_TEST(the_file_has_every_line_and_the_time)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	to_file();
	log_set_file(f);
	log_set_level(LOG_ERROR);
	log_line(LOG_INFO, "quiet");
	log_line(LOG_DEBUG, "not asked for");
	log_set_file(NULL);
	log_line(LOG_ERROR, "later");
	fclose(f);
	ck_assert_str_eq(written(), "error: later\n");
	ck_assert_int_eq(text[4], '-');
	ck_assert_int_eq(text[13], ':');
	ck_has(text, "  quiet\n");
	ck_has_not(text, "asked");
	ck_has_not(text, "later");
	free(text);
}
END_TEST

START_TEST(long_lines_are_cut)
{
	char *big = NEW_ARRAY(life, char, 30001);
	memset(big, 'x', 30000);
	to_file();
	log_line(LOG_INFO, "%s", big);
	const char *text = written();
	ck_assert_uint_gt(strlen(text), 16000);
	ck_assert_uint_lt(strlen(text), 16385);
	ck_assert_int_eq(text[strlen(text) - 1], '\n');
}
END_TEST

/* A bare root folder has no /dev/pts. */
static bool has_terminals(void)
{
	const int master = posix_openpt(O_RDWR | O_NOCTTY);
	const bool there = master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0;
	if (master >= 0)
		close(master);
	return there;
}

START_TEST(a_terminal_gets_a_bar)
{
	to_terminal(200);
	const struct progress p = example();
	progress_show(&p);
	ck_assert_str_eq(shown(), "\rkd  epoch 3/10 [#####.....] 52%  loss 0.5123  acc 81.2%  lr 0.05  3,120 img/s  "
	                          "wait 2%  310 MiB  left 2 min 10 s\033[K");
	/* a line clears the bar first, and once */
	log_line(LOG_INFO, "note");
	log_line(LOG_INFO, "note");
	ck_assert_str_eq(shown(), "\r\033[Knote\nnote\n");
	progress_end();
	ck_assert_str_eq(shown(), "");
	progress_show(&p);
	ck_has(shown(), "\rkd  epoch 3/10");
	progress_end();
	ck_assert_str_eq(shown(), "\r\033[K");
	dup2(saved_fd, 2);
}
END_TEST

START_TEST(the_bar_is_redrawn_ten_times_a_second)
{
	to_terminal(200);
	struct progress p = example();
	const double start = time_now();
	for (p.step = 0; time_now() - start < 0.35; p.step = (p.step + 1) % 99)
		progress_show(&p);
	const int drawn = times(shown(), "\rkd");
	ck_assert_int_ge(drawn, 2);
	ck_assert_int_le(drawn, 4);
	/* the end of an epoch always */
	p.step = 100;
	progress_show(&p);
	progress_show(&p);
	const char *text = shown();
	ck_assert_int_eq(times(text, "[##########] 100%"), 1);
	dup2(saved_fd, 2);
}
END_TEST

START_TEST(the_bar_fits_the_terminal)
{
	to_terminal(40);
	struct progress p = example();
	p.label = "\xC3\xA4\xC3\xA4\xC3\xA4";
	progress_show(&p);
	ck_assert_str_eq(shown(), "\r\xC3\xA4\xC3\xA4\xC3\xA4  epoch 3/10 [#####.....] 52%  loss \033[K");
	dup2(saved_fd, 2);
}
END_TEST

START_TEST(elsewhere_plain_lines)
{
	to_file();
	struct progress p = example();
	p.accuracy = p.left_s = NAN;
	p.loss = 0.00012345;
	for (int epoch = 1; epoch <= 3; epoch++)
		for (int step = 0; step <= 100; step++) {
			p.epoch = epoch;
			p.step = step;
			progress_show(&p);
			if (step == 100)
				progress_show(&p);
		}
	progress_end();
	const char *text = written();
	ck_assert_int_eq(times(text, "\n"), 3);
	ck_assert_int_eq(times(text, "100%"), 3);
	ck_has(text, "kd  epoch 1/10 100%  loss 0.000123  lr 0.05  3,120 img/s  wait 2%  310 MiB\n");
	ck_has_not(text, "\r");
	ck_has_not(text, "\033");
}
END_TEST

START_TEST(a_quiet_program_shows_no_progress)
{
	to_file();
	log_set_level(LOG_WARN);
	struct progress p = example();
	p.step = 100;
	progress_show(&p);
	ck_assert_str_eq(written(), "");
}
END_TEST

START_TEST(odd_numbers_do_no_harm)
{
	to_file();
	const struct progress p = {.label = NULL, .epoch = 1, .step = 1, .steps = 1, .loss = NAN, .accuracy = INFINITY,
	                           .lr = NAN, .images_per_s = INFINITY, .wait_share = NAN, .left_s = INFINITY};
	progress_show(&p);
	ck_has(written(), "epoch 1/0 100%");
}
END_TEST

START_TEST(time_and_memory)
{
	const double start = time_now();
	const struct timespec ms = {.tv_nsec = 2000000};
	nanosleep(&ms, NULL);
	ck_assert_double_ge(time_now() - start, 0.002);
	ck_assert_uint_gt(memory_resident(), 100000);
	ck_assert_uint_ge(memory_peak() + (1u << 20), memory_resident());
	ck_assert_uint_gt(memory_available(), 1u << 20);
	const uint64_t before = alloc_count();
	memory_resident();
	ck_assert_uint_eq(alloc_count(), before);
}
END_TEST

/* Pages of files can be given up; those of file_mapped, of swap and so on are counted elsewhere. */
START_TEST(pages_of_files_can_be_given_up)
{
	ck_assert_uint_eq(memory_reclaimable("anon 5\nfile 900\nfile_mapped 7\ninactive_anon 3\nactive_anon 2\n"
	                                     "inactive_file 600\nactive_file 300\nunevictable 0\n"), 900);
	ck_assert_uint_eq(memory_reclaimable("active_file 8589934592"), (size_t)1 << 33);
	ck_assert_uint_eq(memory_reclaimable("file 1\nxactive_file 2\nactive_files 3\n"), 0);
	ck_assert_uint_eq(memory_reclaimable(""), 0);
}
END_TEST

#ifndef __SANITIZE_ADDRESS__ /* which reserves terabytes of addresses */
START_TEST(the_address_limit_counts)
{
	struct rlimit r;
	getrlimit(RLIMIT_AS, &r);
	r.rlim_cur = 600u << 20;
	ck_assert_int_eq(setrlimit(RLIMIT_AS, &r), 0);
	ck_assert_uint_lt(memory_available(), 600u << 20);
	r.rlim_cur = 1u << 20;
	ck_assert_int_eq(setrlimit(RLIMIT_AS, &r), 0);
	const size_t left = memory_available();
	r.rlim_cur = r.rlim_max;
	setrlimit(RLIMIT_AS, &r);
	ck_assert_uint_eq(left, 0);
}
END_TEST
#endif

Suite *log_suite(void)
{
	Suite *s = suite_create("log");
	TCase *tc = life_case(s, "log");
	tcase_add_test(tc, levels);
	tcase_add_test(tc, the_file_has_every_line_and_the_time);
	tcase_add_test(tc, long_lines_are_cut);
	if (has_terminals()) {
		tcase_add_test(tc, a_terminal_gets_a_bar);
		tcase_add_test(tc, the_bar_is_redrawn_ten_times_a_second);
		tcase_add_test(tc, the_bar_fits_the_terminal);
	} else {
		fputs("no pseudo-terminal is to be had here: the three tests of the bar are left out\n", stderr);
	}
	tcase_add_test(tc, elsewhere_plain_lines);
	tcase_add_test(tc, a_quiet_program_shows_no_progress);
	tcase_add_test(tc, odd_numbers_do_no_harm);
	tcase_add_test(tc, time_and_memory);
	tcase_add_test(tc, pages_of_files_can_be_given_up);
#ifndef __SANITIZE_ADDRESS__
	tcase_add_test(tc, the_address_limit_counts);
#endif
	return s;
}
