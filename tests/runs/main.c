#include "tests/runs/suites.h"

#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"

struct arena *life;
char scratch[256];
struct err e;

static void life_begin(void)
{
	const char *tmp = getenv("TMPDIR");
	life = arena_open("test");
	err_clear(&e);
	snprintf(scratch, sizeof scratch, "%s/limbeck-runs-XXXXXX", tmp ? tmp : "/tmp");
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
	tcase_set_timeout(tc, 30);
	suite_add_tcase(s, tc);
	return tc;
}

const char *scratch_path(const char *name)
{
	return path_join(life, scratch, name);
}

const char *scratch_file(const char *name, const void *data, size_t n)
{
	const char *path = scratch_path(name);
	FILE *f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(data, 1, n, f), n);
	ck_assert_int_eq(fclose(f), 0);
	return path;
}

const char *content(const char *path, size_t *n)
{
	char *data;
	ck_ok(file_read(life, path, false, &data, n, &e));
	return data;
}

int entries(void)
{
	DIR *d = opendir(scratch);
	int n = 0;
	for (struct dirent *x; (x = readdir(d));)
		n += x->d_name[0] != '.';
	closedir(d);
	return n;
}

const char *st_file_of(const char *name, const char *header, size_t n)
{
	const uint64_t len = strlen(header);
	char *bytes = arena_alloc(life, 8 + len + n);
	memcpy(bytes, &len, 8);
	memcpy(bytes + 8, header, len);
	for (size_t i = 0; i < n; i++)
		bytes[8 + len + i] = (char)i;
	return scratch_file(name, bytes, 8 + len + n);
}

void disk_full_at(rlim_t bytes)
{
	const struct rlimit small = {bytes, RLIM_INFINITY};
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
}

struct device *device_of(const char *name)
{
	struct device *dev = NULL;
	ck_ok(device_open(life, name, 1, &dev, &e));
	return dev;
}

struct params *network(struct device *dev, const char *name, double base)
{
	struct params *p = params_new(life, name);
	params_add(p, (struct param){.name = "conv.weight", .shape = shape4(2, 3, 1, 1), .role = ROLE_WEIGHT});
	params_add(p, (struct param){.name = "conv.bias", .shape = shape1(2), .role = ROLE_BIAS});
	params_add_state(p, (struct param){.name = "bn.running_mean", .shape = shape1(2), .role = STATE_MEAN}, 0);
	params_add_state(p, (struct param){.name = "bn.running_var", .shape = shape1(2), .role = STATE_VAR}, 1);
	params_add_state(p, (struct param){.name = "bn.num_batches_tracked", .role = STATE_COUNT}, 0);
	params_add(p, (struct param){.name = "fc.weight", .shape = shape2(5, 2), .role = ROLE_WEIGHT});
	ck_ok(params_place(p, dev, &e));
	fill(p, base);
	return p;
}

void fill(struct params *p, double base)
{
	double value[16];
	for (int i = 0; i < p->n_param + p->n_state; i++) {
		const bool state = i >= p->n_param;
		const int index = state ? i - p->n_param : i;
		const int64_t n = shape_count(state ? &p->state[index].shape : &p->param[index].shape);
		for (int k = 0; k < n; k++)
			value[k] = 10 * base + i + k;
		ck_ok(params_put(p, index, state, value, &e));
	}
	ck_ok(device_wait(p->dev, &e));
}

bool same_bytes(struct params *a, struct params *b)
{
	for (int state = 0; state < 2; state++) {
		const size_t n = params_bytes(a, state);
		char *x = arena_alloc(life, n), *y = arena_alloc(life, n);
		ck_assert_uint_eq(params_bytes(b, state), n);
		ck_ok(params_read(a, state, x, &e));
		ck_ok(params_read(b, state, y, &e));
		if (memcmp(x, y, n))
			return false;
	}
	return true;
}

int main(void)
{
	SRunner *sr = srunner_create(safetensors_suite());
	srunner_add_suite(sr, weights_suite());
	srunner_add_suite(sr, resume_suite());
	srunner_add_suite(sr, store_suite());
	srunner_add_suite(sr, origin_suite());
	srunner_add_suite(sr, cache_suite());
	srunner_add_suite(sr, events_suite());
	srunner_add_suite(sr, lock_suite());
	srunner_add_suite(sr, predictions_suite());
	srunner_add_suite(sr, live_suite());
	srunner_run_all(sr, CK_ENV);
	const int failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
