/* What varies: the points of a file, their names, and what is refused. */
#include "tests/stages/suites.h"

#include <math.h>
#include <stdlib.h>

#include "stages/vary.h"

#define FILE_TOP \
	"name: tiny\n" \
	"data: {kind: synth, batch: 16}\n" \
	"networks: {student: {model: cnn, widths: [2, 4]}}\n" \
	"stages:\n" \
	"  - {name: a, lr: 0.1, epochs: 3, critic: true, losses: [{kind: ce}, {kind: kd, tau: 4}]}\n" \
	"  - {name: b, lr: 0.2, losses: [{kind: kd, weight: 0.9}]}\n"

static struct conf *root;
static struct vary v;

static enum status read(const char *text)
{
	err_clear(&e);
	ck_ok(conf_parse(life, arena_printf(life, FILE_TOP "%s", text), "f.yaml", &root, &e));
	return vary_read(life, root, false, &v, &e);
}

static void read_ok(const char *text)
{
	ck_assert_msg(read(text) == OK, "%s", e.text);
}

/* All names, with blanks between. */
static const char *all_names(void)
{
	const char *s = "";
	for (int i = 0; i < v.n_point; i++)
		s = arena_printf(life, "%s%s%s", s, i ? " " : "", v.point[i].name);
	return s;
}

/* The text at a path of the point's file; "-": nothing is there. */
static const char *put(int point, int seed, const char *path)
{
	struct conf *x = NULL;
	ck_ok(point_apply(life, root, &v, &v.point[point], seed, &x, &e));
	const struct conf *c = conf_at(x, path);
	return c && c->text ? c->text : "-";
}

START_TEST(grid)
{
	read_ok("vary: {grid: {stages.a.lr: [0.5, 0.25], stages.a.losses.kd.tau: [1, 2, 8]}}\n");
	ck_assert_str_eq(all_names(), "lr=0.5,tau=1 lr=0.5,tau=2 lr=0.5,tau=8 lr=0.25,tau=1 lr=0.25,tau=2 lr=0.25,tau=8");
	ck_assert_double_eq(v.n_all, 6);
	ck_assert_str_eq(put(4, -1, "stages.a.lr"), "0.25");
	ck_assert_str_eq(put(4, -1, "stages.a.losses.1.tau"), "2");
	ck_assert_str_eq(put(4, -1, "stages.b.lr"), "0.2");
	ck_assert_str_eq(conf_at(root, "stages.a.lr")->text, "0.1"); /* the file itself stays */
	ck_assert_str_eq(put(4, -1, "name"), "tiny-lr_0.25_tau_2");
	ck_assert_str_eq(put(4, 3, "name"), "tiny-lr_0.25_tau_2-s3");
}
END_TEST

START_TEST(nothing_varies)
{
	read_ok("");
	ck_assert_int_eq(v.n_point, 1);
	ck_assert_str_eq(v.point[0].name, "");
	ck_assert_str_eq(put(0, -1, "name"), "tiny");
	ck_assert_str_eq(put(0, -1, "seed"), "-");
}
END_TEST

/* The shortest end that no other path has. */
START_TEST(names_are_of_what_differs)
{
	read_ok("vary: {grid: {stages.a.lr: [1], stages.b.lr: [2], stages.0.epochs: [4], data.batch: [8], networks.student.widths: [[1, 2]], seedling: [{x: 1}]}}\n");
	ck_assert_str_eq(all_names(), "a.lr=1,b.lr=2,epochs=4,batch=8,widths=1-2,seedling=x:1");
	read_ok("vary: {grid: {stages.a.losses.0.weight: [3], stages.a.losses.1.weight: [5]}}\n");
	ck_assert_str_eq(all_names(), "losses.0.weight=3,losses.1.weight=5");
	read_ok("vary: {list: [{name: \"a\\nb\\tc\", stages.a.lr: 1}]}\n");
	ck_assert_str_eq(all_names(), "a b c"); /* one line */
	ck_assert_str_eq(put(0, -1, "name"), "tiny-a_b_c");
	const char *text = arena_printf(life, "vary: {list: [{name: '%0200d', stages.a.lr: 1}]}\n", 7);
	read_ok(text);
	ck_assert_uint_le(strlen(put(0, 1234567890, "name")), 100); /* what an experiment's name may have */
}
END_TEST

START_TEST(zip)
{
	read_ok("vary: {zip: {stages.a.lr: [1, 2], stages.b.lr: [3, 4]}, grid: {data.batch: [8, 32]}}\n");
	ck_assert_str_eq(all_names(), "a.lr=1,b.lr=3,batch=8 a.lr=1,b.lr=3,batch=32 a.lr=2,b.lr=4,batch=8 a.lr=2,b.lr=4,batch=32");
	ck_assert_str_eq(put(3, -1, "stages.b.lr"), "4");
	read_ok("vary: {zip: {name: [small, large], networks.student.widths: [[1, 2], [8, 16]]}}\n");
	ck_assert_str_eq(all_names(), "small large");
	ck_assert_str_eq(put(1, -1, "networks.student.widths.1"), "16");
}
END_TEST

START_TEST(list)
{
	read_ok("vary: {list: [{name: plain}, {name: hot, stages.a.losses.kd.tau: 20, stages.a.lr: 1}], grid: {data.batch: [8, 32]}}\n");
	ck_assert_str_eq(all_names(), "plain,batch=8 plain,batch=32 hot,batch=8 hot,batch=32");
	ck_assert_str_eq(put(0, -1, "stages.a.losses.kd.tau"), "4");
	ck_assert_str_eq(put(2, -1, "stages.a.losses.kd.tau"), "20");
	ck_assert_str_eq(put(2, -1, "stages.a.lr"), "1");
}
END_TEST

static double number(int point, const char *path)
{
	return strtod(put(point, -1, path), NULL);
}

/* Within the range, spread over it, the same for the same seed, and no draw depends on what else is drawn. */
START_TEST(random_draws)
{
#define DRAWS(seed, more) "vary: {random: {n: 200, seed: " seed ", stages.a.lr: {from: 0.001, to: 10, scale: log}, stages.b.lr: {from: -2, to: 6}, " \
	"stages.a.epochs: {from: 2, to: 5, whole: yes}, data.batch: [8, 32, 64]" more "}}\n"
	double lr[200];
	int below = 0, low = 0, epochs[8] = {0}, batch[65] = {0};
	read_ok(DRAWS("3", ""));
	ck_assert_int_eq(v.n_point, 200);
	ck_assert_str_eq(v.point[0].had, "draw1");
	ck_assert_str_eq(v.point[199].had, "draw200");
	for (int i = 0; i < 200; i++) {
		lr[i] = number(i, "stages.a.lr");
		const double b = number(i, "stages.b.lr"), n = number(i, "stages.a.epochs");
		ck_assert(lr[i] >= 0.001 && lr[i] <= 10 && b >= -2 && b <= 6 && n >= 2 && n <= 5 && n == floor(n));
		below += lr[i] < 0.1; /* half of the factors */
		low += b < 0;         /* a quarter of the range */
		epochs[(int)n]++;
		batch[(int)number(i, "data.batch")]++;
	}
	ck_assert(below > 70 && below < 130);
	ck_assert(low > 30 && low < 70);
	ck_assert(epochs[2] && epochs[3] && epochs[4] && epochs[5]);
	ck_assert(batch[8] > 40 && batch[32] > 40 && batch[64] > 40 && batch[8] + batch[32] + batch[64] == 200);
	read_ok(DRAWS("3", ", stages.b.epochs: [1, 2]"));
	for (int i = 0; i < 200; i++)
		ck_assert_double_eq(number(i, "stages.a.lr"), lr[i]);
	read_ok(DRAWS("4", ""));
	int same = 0;
	for (int i = 0; i < 200; i++)
		same += number(i, "stages.a.lr") == lr[i];
	ck_assert_int_lt(same, 3);
}
END_TEST

/* By what was drawn, in as few digits as tell draws apart; the same for every seed, a name for a folder, and no other draw's. */
START_TEST(draws_are_named_by_their_values)
{
	read_ok("vary: {random: {n: 3, seed: 2, stages.a.lr: {from: 0.001, to: 10, scale: log}, stages.a.epochs: {from: 1000, to: 9000, whole: yes}}, seeds: 2}\n");
	ck_assert_int_eq(v.n_point, 3);
	for (int i = 0; i < 3; i++) {
		const double lr = number(i, "stages.a.lr");
		const char *epochs = put(i, -1, "stages.a.epochs"), *want = arena_printf(life, "lr=%.3g,epochs=%s", lr, epochs);
		ck_assert_str_eq(v.point[i].name, want); /* four digits are no longer than 1.23e+03 */
		ck_assert_str_eq(put(i, 7, "name"), arena_printf(life, "tiny-lr_%.3g_epochs_%s-s7", lr, epochs));
		ck_assert_str_eq(point_had_name(life, root, &v.point[i], 7), arena_printf(life, "tiny-draw%d-s7", i + 1));
	}
	/* 400 values in [0.5, 0.51] have 11 names of three digits, and 101 of four */
	read_ok("vary: {random: {n: 400, seed: 2, stages.a.lr: {from: 0.5, to: 0.51}}, grid: {data.batch: [8]}}\n");
	ck_assert(v.n_point > 380 && v.n_point < 400); /* of the ten thousand values in six digits a few are drawn twice */
	for (int i = 0; i < v.n_point; i++)
		for (int k = 0; k < i; k++)
			ck_assert_str_ne(put(i, -1, "name"), put(k, -1, "name"));
	ck_assert_ptr_null(strstr(v.point[0].name, "draw"));
	ck_assert_str_eq(v.point[0].had, "batch=8,draw1");
	/* equal draws are one point, and names that are cut stay unlike */
	read_ok("vary: {random: {n: 50, seed: 1, stages.a.critic: [true, false], stages.a.lr: [1, 2]}}\n");
	ck_assert_int_eq(v.n_point, 4);
	read_ok("vary: {random: {n: 9, seed: 1, stages.a.a_long_name_of_an_option: {from: 0, to: 1}, stages.a.another_long_name_of_an_option: {from: 0, to: 1}, "
	        "stages.a.the_last: {from: 0, to: 1}}}\n");
	for (int i = 0; i < 9; i++) {
		ck_assert_uint_eq(strlen(put(i, -1, "name")), 80);
		for (int k = 0; k < i; k++)
			ck_assert_str_ne(put(i, -1, "name"), put(k, -1, "name"));
	}
	read_ok("vary: {grid: {stages.a.lr: [0.123456]}}\n");
	ck_assert_str_eq(v.point[0].name, "lr=0.123456"); /* what the file says stays */
	ck_assert_ptr_null(v.point[0].had);
}
END_TEST

START_TEST(drop)
{
	read_ok("drop: [stages.a.losses.ce, stages.a.losses.kd, stages.b.losses.kd, stages.a.lr, stages.a.critic, stages.b]\n");
	ck_assert_int_eq(v.n_point, 7);
	ck_assert_str_eq(all_names(), "all no ce no kd no stages.b.losses.kd no lr no critic no b");
	ck_assert_str_eq(put(0, -1, "stages.a.losses.ce.kind"), "ce");
	ck_assert_str_eq(put(1, -1, "stages.a.losses.ce.kind"), "-");
	ck_assert_str_eq(put(1, -1, "stages.a.losses.0.kind"), "kd");
	ck_assert_str_eq(put(2, -1, "stages.b.losses.kd.kind"), "kd");
	ck_assert_str_eq(put(3, -1, "stages.b.losses.kd.kind"), "-");
	ck_assert_str_eq(put(4, -1, "stages.a.lr"), "0");
	ck_assert_str_eq(put(5, -1, "stages.a.critic"), "false");
	ck_assert_str_eq(put(6, -1, "stages.b.name"), "-");
	read_ok("vary: {grid: {data.batch: [8, 32]}}\ndrop: [stages.a.losses.ce]\n");
	ck_assert_str_eq(all_names(), "batch=8,all batch=8,no ce batch=32,all batch=32,no ce");
}
END_TEST

START_TEST(conditions)
{
	read_ok("vary: {grid: {data.batch: [8, 32], stages.a.lr: [1, 2]}, when: {stages.a.lr: {data.batch: 8}}}\n");
	ck_assert_str_eq(all_names(), "batch=8,lr=1 batch=8,lr=2 batch=32");
	ck_assert_double_eq(v.n_all, 4);
	ck_assert_str_eq(put(2, -1, "stages.a.lr"), "0.1");
	read_ok("vary: {grid: {data.batch: [8, 16, 32], stages.a.lr: [1, 2]}, when: {stages.a.lr: {data.batch: [8, 32], stages.b.lr: 0.2}}}\n");
	ck_assert_str_eq(all_names(), "batch=8,lr=1 batch=8,lr=2 batch=16 batch=32,lr=1 batch=32,lr=2");
	read_ok("vary: {grid: {data.batch: [8, 32], stages.a.lr: [1, 2]}, when: {stages.a.lr: {stages.b.lr: 7}}}\n");
	ck_assert_str_eq(all_names(), "batch=8 batch=32");
	read_ok("vary: {grid: {data.batch: [8, 32], stages.a.lr: [1, 2]}, skip: [{data.batch: 32, stages.a.lr: 1}, {stages.a.lr: [2, 3], data.batch: 8}]}\n");
	ck_assert_str_eq(all_names(), "batch=8,lr=1 batch=32,lr=2");
	/* What is left out takes no other's name with it. */
	read_ok("vary: {zip: {stages.a.lr: [1, 2], stages.b.lr: [3, 4]}, grid: {data.batch: [8, 32]}, when: {stages.a.lr: {stages.b.lr: 3}}}\n");
	ck_assert_str_eq(all_names(), "a.lr=1,b.lr=3,batch=8 a.lr=1,b.lr=3,batch=32 b.lr=4,batch=8 b.lr=4,batch=32");
	read_ok("vary: {list: [{name: x, stages.a.lr: 1}, {name: y, stages.b.lr: 2}], grid: {data.batch: [8, 32]}, when: {data.batch: {stages.a.lr: 1}}}\n");
	ck_assert_str_eq(all_names(), "x,batch=8 x,batch=32 y");
}
END_TEST

static void seeds_are(int point, int seed, const char *split, const char *data, const char *init, const char *teacher)
{
	const char *const keys[] = {"seed.split", "seed.data", "seed.init", "seed.teacher"}, *const want[] = {split, data, init, teacher};
	for (int i = 0; i < 4; i++)
		ck_assert_str_eq(put(point, seed, keys[i]), want[i]);
}

START_TEST(seeds)
{
	read_ok("vary: {seeds: 3}\n");
	ck_assert(v.seeds.n == 3 && v.seeds.v[0] == 1 && v.seeds.v[2] == 3 && v.n_all == 3);
	seeds_are(0, 3, "1", "3", "3", "1");
	read_ok("seed: 5\nvary: {seeds: [7, 0], grid: {stages.a.lr: [1, 2]}}\n");
	ck_assert(v.seeds.n == 2 && v.seeds.v[0] == 7 && v.seeds.v[1] == 0 && v.n_all == 4);
	seeds_are(0, 7, "5", "7", "7", "5");
	read_ok("seed: {split: 2, init: 9, teacher: 4}\nvary: {seeds: {n: 2, of: init}}\n");
	seeds_are(0, 2, "2", "1", "2", "4");
	read_ok("seed: {init: 9}\nvary: {seeds: {list: [6], of: [split, data]}}\n");
	seeds_are(0, 6, "6", "6", "9", "9");
	read_ok("seed: {teacher: 4}\nvary: {seeds: {n: 2, teachers: per_seed}}\n");
	ck_assert(v.seeds.per_seed);
	seeds_are(0, 2, "1", "2", "2", "-1");
	/* The teacher's alone, and with others; a student's is that of init. */
	read_ok("seed: 3\nvary: {seeds: {n: 2, of: [teacher]}}\n");
	ck_assert(!v.seeds.init && !v.seeds.data && v.seeds.teacher && seeds_have_teachers(&v.seeds));
	seeds_are(0, 2, "3", "3", "3", "2");
	ck_assert_str_eq(put(0, 2, "name"), "tiny-s2");
	read_ok("seed: {data: 4, teacher: 8}\nvary: {seeds: {list: [6], of: [student, teacher], teachers: per_seed}}\n");
	seeds_are(0, 6, "1", "4", "6", "6");
	read_ok("vary: {seeds: {n: 2, of: [split, data, student]}}\n");
	ck_assert(seeds_have_teachers(&v.seeds)); /* of other pictures */
	seeds_are(0, 2, "2", "2", "2", "1");
	/* What is wrong in the file's own is left for the experiment to say. */
	read_ok("seed: {splitt: 2}\nvary: {seeds: 2}\n");
	ck_assert_str_eq(put(0, 2, "seed.splitt"), "2");
	read_ok("seed: x\nvary: {seeds: 2}\n");
	seeds_are(0, 2, "x", "2", "2", "x");
}
END_TEST

/* A seed as a path: what the file has of others stays, and the teacher with it unless it is what varies. */
START_TEST(seeds_as_paths)
{
	read_ok("vary: {grid: {seed.teacher: [5, 6], stages.a.lr: [1]}}\n");
	ck_assert_str_eq(all_names(), "teacher=5,lr=1 teacher=6,lr=1");
	seeds_are(1, -1, "1", "1", "1", "6");
	ck_assert_str_eq(put(1, -1, "name"), "tiny-teacher_6_lr_1");
	read_ok("seed: 7\nvary: {grid: {seed.teacher: [5, 6]}, seeds: 2}\n");
	seeds_are(0, 2, "7", "2", "2", "5");
	read_ok("seed: {init: 9, split: 2}\nvary: {list: [{name: x, seed.init: 4}], seeds: {n: 2, of: [teacher]}}\n");
	seeds_are(0, 2, "2", "1", "4", "2");
	read_ok("seed: {init: 9}\nvary: {zip: {seed.init: [4, 3], seed.data: [2, 1]}}\n");
	seeds_are(1, -1, "1", "1", "3", "9"); /* the file's own teacher */
}
END_TEST

/* line: of the file, FILE_TOP has six. */
static const struct { const char *text; int line; const char *says; } wrong[] = {
	{"vary: 3\n", 7, "vary is a single value, but must be a map"},
	{"vary: {gird: {}}\n", 7, "unknown key 'gird' in vary; did you mean 'grid'?"},
	{"vary:\n  grid: [1]\n", 8, "'grid' is {PATH: [VALUE, ...], ...}"},
	{"vary:\n  grid: {}\n", 8, "'grid' is {PATH: [VALUE, ...], ...}"},
	{"vary:\n  grid: {stages.a.lr: []}\n", 8, "'stages.a.lr' has no list of values: a grid of nothing is no run at all"},
	{"vary:\n  grid: {stages.a.lr: 1}\n", 8, "'stages.a.lr' has no list of values"},
	{"vary:\n  grid: {stages.c.lr: [1]}\n", 8, "there is no 'stages.c' in the file: a path is as for --set"},
	{"vary:\n  grid: {stages.a.lr.x: [1]}\n", 8, "there is no 'stages.a.lr' in the file"},
	{"vary:\n  grid: {stages.9: [1]}\n", 8, "there is no 'stages' in the file"},
	{"vary:\n  grid: {seed: [1]}\n", 8, "'seed' can't vary: seeds are 'vary.seeds'"},
	{"vary:\n  grid: {seed.inits: [1]}\n", 8, "'seed.inits' can't vary: seeds are 'vary.seeds', and one of them is seed.split, seed.data, seed.init or seed.teacher"},
	{"vary:\n  grid: {seed.init: [1]}\n  seeds: 2\n", 8, "'seed.init' varies in two ways at once: 'vary.seeds' moves it too"},
	{"vary:\n  grid: {seed.teacher: [1]}\n  seeds: {n: 2, of: [teacher]}\n", 8, "'seed.teacher' varies in two ways at once"},
	{"vary:\n  grid: {seed.teacher: [1]}\n  seeds: {n: 2, teachers: per_seed}\n", 8, "'seed.teacher' varies in two ways at once"},
	{"vary:\n  seeds: {n: 2, of: [teacher],\n    teachers: shared}\n", 9, "'teachers' is shared, and 'of' moves the teacher's seed"},
	{"vary:\n  grid: {name: [x]}\n", 8, "'name' can't vary"},
	{"vary:\n  grid: {budget.quick.data: [1]}\n", 8, "'budget.quick.data' can't vary"},
	{"vary:\n  zip: {stages.a.lr: [1, 2],\n    stages.b.lr: [1]}\n", 9, "'stages.b.lr' must be a list of 2, as 'stages.a.lr' is"},
	{"vary:\n  zip: {stages.a.lr: []}\n", 8, "'zip' is {PATH: [VALUE, ...], ...} with lists of one length"},
	{"vary:\n  zip: [1]\n", 8, "'zip' is {PATH"},
	{"vary:\n  zip: {name: [x, x], stages.a.lr: [1, 2]}\n", 8, "two points that differ would both be named 'x'"},
	{"vary:\n  list: []\n", 8, "'list' is [{name: NAME, PATH: VALUE, ...}, ...]"},
	{"vary:\n  list:\n    - {stages.a.lr: 1}\n", 9, "an entry of 'list' is {name: NAME, PATH: VALUE, ...}"},
	{"vary:\n  list: [{name: x}, {name: x, stages.a.lr: 1}]\n", 8, "two points are named 'x'"},
	{"vary:\n  list: [{name: x, stages.a.lr: 1}]\n  grid: {stages.a.lr: [1, 2]}\n", 8, "'stages.a.lr' varies in two ways at once"},
	{"vary: {grid: {stages.a.lr: [0.1, 2, 0.10]}}\n", 7, "'stages.a.lr' has the value 0.10 twice"},
	{"vary: {grid: {data.crop: [on, off, on]}}\n", 7, "'data.crop' has the value on twice"},
	{"vary: {grid: {stages.a.lr: [1, 2]}}\ndrop: [stages.a.lr]\n", 7, "'stages.a.lr' varies in two ways at once"},
	{"vary:\n  grid: {data.batch: [[1, 2], 1-2]}\n", 8, "two points that differ would both be named 'batch=1-2'"},
	{"vary:\n  random: {stages.a.lr: [1]}\n", 8, "'random' needs 'n', the number of draws"},
	{"vary:\n  random: {n: 3, seed: 2}\n", 8, "'random' draws nothing"},
	{"vary:\n  random: {n: 0, stages.a.lr: [1]}\n", 8, "'n' is 0"},
	{"vary:\n  random: {n: 3, stages.a.lr: 1}\n", 8, "'stages.a.lr' of 'random' is a list or {from: A, to: B}"},
	{"vary:\n  random: {n: 3, stages.a.lr: {from: 2, to: 1}}\n", 8, "'from' must be below 'to'"},
	{"vary:\n  random: {n: 3, stages.a.lr: {from: 0, to: 1, scale: log}}\n", 8, "and above 0 where the scale is log"},
	{"vary:\n  random: {n: 3, stages.a.lr: {from: nan, to: 1}}\n", 8, "'from' is nan"},
	{"vary:\n  random: {n: 3, stages.a.lr: {form: 0, to: 1}}\n", 8, "did you mean 'from'?"},
	{"drop: stages.a\n", 7, "'drop' is a list of paths"},
	{"drop: [stages.a.losses.at]\n", 7, "there is no 'stages.a.losses.at' in the file, so it can't be dropped"},
	{"drop: [{x: 1}]\n", 7, "there is no '?' in the file"},
	{"drop: [networks.student]\n", 7, "'networks.student' is neither an item of a list nor a number"},
	{"vary:\n  grid: {stages.a.lr: [1]}\n  when: {stages.b.lr: {stages.a.lr: 1}}\n", 9, "'stages.b.lr' has a condition and does not vary"},
	{"vary:\n  grid: {stages.a.lr: [1]}\n  when: {stages.a.lr: {stages.b.tau: 1}}\n", 9, "nothing is at 'stages.b.tau': the condition could never hold"},
	{"vary:\n  grid: {stages.a.lr: [1]}\n  when: {stages.a.lr: 1}\n", 9, "a condition is {PATH: VALUE, ...}"},
	{"vary:\n  grid: {stages.a.lr: [1]}\n  when: [1]\n", 9, "'when' is {PATH: {OTHER: VALUE, ...}, ...}"},
	{"vary:\n  grid: {stages.a.lr: [1]}\n  skip: {stages.a.lr: 1}\n", 9, "'skip' is a list of {PATH: VALUE, ...}"},
	{"vary:\n  grid: {stages.a.lr: [1]}\n  skip: [{stages.a.lr: 1}]\n", 8, "'skip' leaves no run of 1"},
	{"vary:\n  seeds: 0\n", 8, "'seeds' is 0, allowed a number of 1 to 10000, a list, or {n: 5, ...}"},
	{"vary:\n  seeds: five\n", 8, "'seeds' is five"},
	{"vary:\n  seeds: []\n", 8, "'seeds' needs 'n' or a list"},
	{"vary:\n  seeds: [1, 2, 1]\n", 8, "seed 1 is given twice"},
	{"vary:\n  seeds: [-1]\n", 8, "-1"},
	{"vary:\n  seeds: {n: 2, list: [1]}\n", 8, "'seeds' needs 'n' or a list"},
	{"vary:\n  seeds: {n: 2, of: [order]}\n", 8, "'of' is a list of split, data, init (or student), teacher"},
	{"vary:\n  seeds: {n: 2, of: []}\n", 8, "'of' names no seed"},
	{"vary:\n  seeds: {n: 2, teachers: some}\n", 8, "'teachers' is some"},
	{"vary:\n  seeds: 10000\n  random: {n: 100000, stages.a.lr: [1]}\n", 8, "that is 1000000000 runs, at most 10000000 are allowed: use 'random' to draw some of them"},
	{"vary:\n  seeds: 2\n  random: {n: 100000, stages.a.lr: [1]}\n", 8, "that is 200000 runs; if so many are meant, say --yes; 'random' draws some of them"},
};

START_TEST(said)
{
	ck_assert_int_eq(read(wrong[_i].text), E_USER);
	ck_has(e.text, wrong[_i].says);
	ck_has(e.text, arena_printf(life, "f.yaml:%d:", wrong[_i].line));
	ck_assert_int_eq(e.count, 1);
}
END_TEST

/* A point that names an item which another of its assignments has taken away. */
START_TEST(a_point_that_cannot_be)
{
	struct conf *x = NULL;
	read_ok("vary:\n  grid: {stages.a.losses: [[{kind: ce}]], stages.a.losses.kd.tau: [3]}\n");
	ck_assert_int_eq(point_apply(life, root, &v, &v.point[0], -1, &x, &e), E_USER);
	ck_has(e.text, "f.yaml:8:");
	ck_has(e.text, "no item of the list has the name 'kd'");
}
END_TEST

/* As many as are made without a yes, and more. */
START_TEST(many)
{
	const char *numbers = "0";
	for (int i = 1; i < 316; i++)
		numbers = arena_printf(life, "%s, %d", numbers, i);
	read_ok(arena_printf(life, "vary: {grid: {stages.a.lr: [%s], stages.a.epochs: [%s]}}\n", numbers, numbers));
	ck_assert_int_eq(v.n_point, 316 * 316);
	ck_assert_str_eq(v.point[316 * 316 - 1].name, "lr=315,epochs=315");
	ck_ok(conf_parse(life, arena_printf(life, "stages: [{name: a, lr: 1, epochs: 1}]\nvary: {grid: {stages.a.lr: [%s], stages.a.epochs: [%s, 316]}}\n", numbers, numbers),
	                 "f.yaml", &root, &e));
	ck_assert_int_eq(vary_read(life, root, false, &v, &e), E_USER);
	err_clear(&e);
	ck_ok(vary_read(life, root, true, &v, &e));
	ck_assert_int_eq(v.n_point, 316 * 317);
}
END_TEST

Suite *vary_suite(void)
{
	Suite *s = suite_create("vary");
	TCase *tc = life_case(s, "vary");
	tcase_add_test(tc, grid);
	tcase_add_test(tc, nothing_varies);
	tcase_add_test(tc, names_are_of_what_differs);
	tcase_add_test(tc, zip);
	tcase_add_test(tc, list);
	tcase_add_test(tc, random_draws);
	tcase_add_test(tc, draws_are_named_by_their_values);
	tcase_add_test(tc, drop);
	tcase_add_test(tc, conditions);
	tcase_add_test(tc, seeds);
	tcase_add_test(tc, seeds_as_paths);
	tcase_add_loop_test(tc, said, 0, sizeof wrong / sizeof *wrong);
	tcase_add_test(tc, a_point_that_cannot_be);
	tcase_add_test(tc, many);
	return s;
}
