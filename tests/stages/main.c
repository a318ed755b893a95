#include "tests/stages/suites.h"

#include <dirent.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "runs/events.h"

struct arena *life;
char scratch[256];
struct err e;

static void life_begin(void)
{
	const char *tmp = getenv("TMPDIR");
	life = arena_open("test");
	err_clear(&e);
	log_set_level(LOG_ERROR);
	snprintf(scratch, sizeof scratch, "%s/limbeck-stages-XXXXXX", tmp ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(scratch));
}

static void remove_tree(const char *path)
{
	DIR *d = opendir(path);
	if (!d) {
		unlink(path);
		return;
	}
	for (struct dirent *x; (x = readdir(d));)
		if (strcmp(x->d_name, ".") && strcmp(x->d_name, "..")) {
			char sub[1024];
			snprintf(sub, sizeof sub, "%s/%s", path, x->d_name);
			if (unlink(sub))
				remove_tree(sub);
		}
	closedir(d);
	rmdir(path);
}

static void life_end(void)
{
	remove_tree(scratch);
	arena_close(life);
	life = NULL;
}

TCase *life_case(Suite *s, const char *name)
{
	TCase *tc = tcase_create(name);
	tcase_add_checked_fixture(tc, life_begin, life_end);
	tcase_set_timeout(tc, 120);
	suite_add_tcase(s, tc);
	return tc;
}

const char *scratch_path(const char *name)
{
	return path_join(life, scratch, name);
}

const char *text_file(const char *name, const char *text)
{
	const char *path = scratch_path(name);
	FILE *f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	ck_assert_int_eq(fclose(f), 0);
	return path;
}

enum status open_text(struct experiment **x, const char *device, const char *text, ...)
{
	const char *set[8];
	struct experiment_options o = {.device = device, .threads = 1, .set = set};
	va_list ap;
	va_start(ap, text);
	while (o.n_set < 8 && (set[o.n_set] = va_arg(ap, const char *)))
		o.n_set++;
	va_end(ap);
	err_clear(&e);
	return experiment_open(life, text_file("x.yaml", text), &o, x, &e);
}

struct experiment *open_ok(const char *text)
{
	struct experiment *x = NULL;
	ck_ok(open_text(&x, "cpu", text, NULL));
	return x;
}

enum status train(struct experiment *x, const char *out, struct trained *t)
{
	t->result = NEW_ARRAY(life, struct stage_result, x->n_stage);
	t->folder = NULL;
	err_clear(&e);
	return experiment_run(x, scratch_path(out), t->result, &t->folder, &e);
}

struct trained train_ok(const char *out, const char *text)
{
	struct trained t;
	struct experiment *x = open_ok(text);
	ck_ok(train(x, out, &t));
	experiment_close(x);
	return t;
}

static enum status (*read_picture)(const struct pictures *p, int i, uint8_t *out, struct err *e);
static atomic_int reads_left;

static enum status read_and_stop(const struct pictures *p, int i, uint8_t *out, struct err *err)
{
	if (atomic_fetch_sub(&reads_left, 1) == 1)
		kill(getpid(), SIGINT);
	return read_picture(p, i, out, err);
}

void stop_after(struct experiment *x, int reads)
{
	read_picture = x->data->info.train.read;
	x->data->info.train.read = read_and_stop;
	reads_left = reads;
}

/* One row of metrics.csv into its parts. */
struct row {
	char stage[64], lesson[64], name[64];
	int epoch;
	double value;
};

static bool read_row(char *line, struct row *r)
{
	char *part[6], *p = line;
	for (int i = 0; i < 6; i++) {
		part[i] = p;
		p += strcspn(p, ",");
		if (*p)
			*p++ = 0;
	}
	snprintf(r->stage, sizeof r->stage, "%s", part[0]);
	snprintf(r->lesson, sizeof r->lesson, "%s", part[1]);
	snprintf(r->name, sizeof r->name, "%s", part[4]);
	r->epoch = (int)strtol(part[2], NULL, 10);
	r->value = strtod(part[5], NULL);
	return *part[5];
}

static int find_rows(const char *folder, const char *stage, int epoch, const char *name, double *last)
{
	char *text, *save = NULL;
	size_t size;
	int n = 0;
	struct row r;
	ck_ok(file_read(life, path_join(life, folder, "metrics.csv"), false, &text, &size, &e));
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (read_row(line, &r) && !strcmp(r.stage, stage) && (epoch < 0 || r.epoch == epoch) && (!name || !strcmp(r.name, name))) {
			n++;
			*last = r.value;
		}
	return n;
}

double metric(const char *folder, const char *stage, int epoch, const char *name)
{
	double last = NAN;
	find_rows(folder, stage, epoch, name, &last);
	return last;
}

void same_events(const char *folder)
{
	struct metric_row *r;
	struct event *x;
	int n, m, bad;
	const char *path = events_path(life, folder);
	ck_assert_ptr_nonnull(path);
	ck_ok(metrics_read(life, path_join(life, folder, "metrics.csv"), &r, &n, &bad, &e));
	ck_ok(events_read(life, path, &x, &m, &e));
	ck_assert_int_eq(bad, 0);
	ck_assert_int_eq(m, n);
	for (int i = 0; i < n; i++) {
		ck_assert_str_eq(x[i].tag, arena_printf(life, "%s/%s", r[i].stage, r[i].name));
		ck_assert_int_eq(x[i].step, r[i].step);
		ck_assert(x[i].value == (float)r[i].value);
	}
}

int rows(const char *folder, const char *stage, int epoch, const char *name)
{
	double last;
	return find_rows(folder, stage, epoch, name, &last);
}

struct st_file weights_of(const char *folder, const char *stage, const char *name)
{
	struct st_file f;
	ck_ok(st_read(life, arena_printf(life, "%s/stages/%s/%s.safetensors", folder, stage, name), &f, &e));
	return f;
}

bool same_tensors(const struct st_file *a, const struct st_file *b)
{
	bool same = a->n == b->n && a->n > 0;
	for (int i = 0; i < a->n && same; i++)
		same = !strcmp(a->tensor[i].name, b->tensor[i].name) && a->tensor[i].bytes == b->tensor[i].bytes &&
		       !memcmp(a->tensor[i].data, b->tensor[i].data, a->tensor[i].bytes);
	return same;
}

int main(void)
{
	SRunner *r = srunner_create(experiment_suite());
	srunner_add_suite(r, identity_suite());
	srunner_add_suite(r, order_suite());
	srunner_add_suite(r, step_suite());
	srunner_add_suite(r, stagewise_suite());
	srunner_add_suite(r, peers_suite());
	srunner_add_suite(r, train_suite());
	srunner_add_suite(r, arms_suite());
	srunner_add_suite(r, aside_suite());
	srunner_add_suite(r, assistants_suite());
	srunner_add_suite(r, blocks_suite());
	srunner_add_suite(r, teacher_suite());
	srunner_add_suite(r, pass_suite());
	srunner_add_suite(r, evaluate_suite());
	srunner_add_suite(r, vary_suite());
	srunner_add_suite(r, sweep_suite());
	srunner_add_suite(r, watch_suite());
	srunner_run_all(r, CK_ENV);
	const int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
