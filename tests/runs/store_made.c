#include "tests/runs/store_made.h"

#include "base/log.h"

struct store *s;
const char *path;
const struct store_run run = {
	.name = "kd", .folder = "runs/kd-1234", .config = "name: kd\n", .identity = "id",
	.program = "limbeck 0.1.0", .machine = "m", .device = "cpu", .precision = "f32", .threads = 2,
};

static void begin(void)
{
	log_set_level(LOG_ERROR);
	path = scratch_path("limbeck.db");
	ck_ok(store_open(path, &s, &e));
}

static void end(void)
{
	store_close(s);
	s = NULL;
}

void again(void)
{
	store_close(s);
	ck_ok(store_open(path, &s, &e));
}

int64_t stage_of(const char *name, const char *identity)
{
	int64_t r = 0, stage = 0;
	ck_ok(store_run_begin(s, &run, &r, &e));
	ck_ok(store_stage_begin(s, r, name, "distill", identity, &stage, &e));
	ck_assert_int_gt(stage, 0);
	return stage;
}

Suite *store_suite(void)
{
	Suite *suite = suite_create("store");
	TCase *tc = life_case(suite, "store");
	tcase_add_checked_fixture(tc, begin, end);
	store_add_rows(tc);
	store_add_files(tc);
	store_add_open(tc);
	return suite;
}
