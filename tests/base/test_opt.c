#include "base/opt.h"

#include <limits.h>
#include <math.h>

#include "tests/base/suites.h"

struct at_conf {
	double p, lr, any;
	int epochs, steps;
	bool on, off;
	const char *name, *path;
	int rule, mode;
	struct ints milestones, none;
	struct reals mean;
	const struct conf *arms;
};

static const struct opt rows[] = {
	REAL(at_conf, p, 2.0, 1.0, 8.0, "-", "power of |activation|"),
	REAL(at_conf, lr, 0.1, 0, INFINITY, "-", "learning rate"),
	REAL(at_conf, any, -0.5, -INFINITY, INFINITY, "-", "anything"),
	INT(at_conf, epochs, 30, 1, 1000, "epochs", "how long"),
	INT(at_conf, steps, 0, INT_MIN, INT_MAX, "-", "any"),
	BOOL(at_conf, on, true, "a switch"),
	BOOL(at_conf, off, false, "another"),
	TEXT(at_conf, name, "kd", "a name"),
	TEXT(at_conf, path, NULL, "a path"),
	CHOICE(at_conf, rule, "adam", "sgd|adam|adamw", "rule"),
	CHOICE(at_conf, mode, NULL, "first|second", "mode"),
	INTS(at_conf, milestones, "16 32 64", 1, 100, "epochs", "when the rate falls"),
	INTS(at_conf, none, NULL, 0, 9, "-", "none"),
	REALS(at_conf, mean, "0.5 0.25", 0, 1, "-", "mean"),
	NODE(at_conf, arms, "students"),
	{0}
};

static struct err e;
static struct at_conf c;
static struct conf *root;

static enum status read(const char *text)
{
	e = (struct err){0};
	c = (struct at_conf){0};
	ck_assert_msg(conf_parse(life, text, "a.yaml", &root, &e) == OK, "%s", e.text);
	const struct opt *tables[] = {rows};
	void *outs[] = {&c};
	return opts_read_all(tables, outs, 1, root, "loss 'at'", life, &e);
}

START_TEST(defaults)
{
	for (int i = 0; i < 2; i++) {
		if (i)
			ck_assert_int_eq(read(""), OK);
		else
			ck_assert_int_eq(opts_read(rows, &c, NULL, "loss 'at'", life, &e), OK);
		ck_assert(c.p == 2 && c.lr == 0.1 && c.any == -0.5 && c.epochs == 30 && c.steps == 0);
		ck_assert(c.on && !c.off);
		ck_assert_str_eq(c.name, "kd");
		ck_assert_str_eq(c.path, "");
		ck_assert(c.rule == 1 && c.mode == 0);
		ck_assert(c.milestones.n == 3 && c.milestones.v[0] == 16 && c.milestones.v[2] == 64);
		ck_assert_int_eq(c.none.n, 0);
		ck_assert(c.mean.n == 2 && c.mean.v[0] == 0.5 && c.mean.v[1] == 0.25);
		ck_assert_ptr_null(c.arms);
	}
}
END_TEST

START_TEST(each_type_is_read)
{
	ck_assert_msg(read("p: 1e0\nlr: .5\nany: -1e-300\nepochs: 1e2\nsteps: -2147483648\non: Off\noff: YES\n"
	                   "name: 'no'\npath: a b\nrule: adamw\nmode: second\nmilestones: 7\nnone: [0, 9]\n"
	                   "mean: []\narms: [a, {b: c}]\n") == OK, "%s", e.text);
	ck_assert(c.p == 1 && c.lr == 0.5 && c.any == -1e-300 && c.epochs == 100 && c.steps == INT_MIN);
	ck_assert(!c.on && c.off);
	ck_assert_str_eq(c.name, "no");
	ck_assert_str_eq(c.path, "a b");
	ck_assert(c.rule == 2 && c.mode == 1);
	ck_assert(c.milestones.n == 1 && c.milestones.v[0] == 7);
	ck_assert(c.none.n == 2 && c.none.v[1] == 9);
	ck_assert_int_eq(c.mean.n, 0);
	ck_assert(c.arms && c.arms->n == 2);
	ck_assert_int_eq(read("milestones:\n"), OK);
	ck_assert_int_eq(c.milestones.n, 0);
}
END_TEST

static void refused(const char *text, const char *message)
{
	ck_assert_int_eq(read(text), E_USER);
	ck_assert_str_eq(e.text, message);
	ck_assert_int_eq(e.count, 1);
}

START_TEST(what_is_refused)
{
	refused("x: 0\nname: a\n", "a.yaml:1:1: unknown key 'x' in loss 'at', allowed 'p', 'lr', 'any', 'epochs', 'steps', "
	                           "'on', 'off', 'name', 'path', 'rule', 'mode', 'milestones', 'none', 'mean', 'arms'");
	refused("\n  p: 0.5\n", "a.yaml:2:6: 'p' is 0.5, allowed 1 to 8 (default 2)");
	refused("p: nan\n", "a.yaml:1:4: 'p' is nan, allowed 1 to 8 (default 2)");
	refused("lr: inf\n", "a.yaml:1:5: 'lr' is inf, allowed at least 0 (default 0.1)");
	refused("lr: 1e999\n", "a.yaml:1:5: 'lr' is 1e999, allowed at least 0 (default 0.1)");
	refused("lr: nan\n", "a.yaml:1:5: 'lr' is nan, allowed at least 0 (default 0.1)");
	refused("any: nan\n", "a.yaml:1:6: 'any' is nan, allowed any number (default -0.5)");
	refused("p: two\n", "a.yaml:1:4: 'p' is two, not a number, allowed 1 to 8 (default 2)");
	refused("p: 2x\n", "a.yaml:1:4: 'p' is 2x, not a number, allowed 1 to 8 (default 2)");
	refused("p: 0x2\n", "a.yaml:1:4: 'p' is 0x2, not a number, allowed 1 to 8 (default 2)");
	refused("p:\n", "a.yaml:1:3: 'p' has no value, allowed 1 to 8 (default 2)");
	refused("p: [2]\n", "a.yaml:1:4: 'p' is a list, allowed 1 to 8 (default 2)");
	refused("epochs: 2.5\n", "a.yaml:1:9: 'epochs' is 2.5, not a whole number, allowed 1 to 1000 epochs (default 30)");
	refused("epochs: 0\n", "a.yaml:1:9: 'epochs' is 0, allowed 1 to 1000 epochs (default 30)");
	refused("steps: 2147483648\n", "a.yaml:1:8: 'steps' is 2147483648, allowed any whole number (default 0)");
	refused("on: 1\n", "a.yaml:1:5: 'on' is 1, allowed true, false, yes, no, on, off (default true)");
	refused("name: {a: 1}\n", "a.yaml:1:7: 'name' is a map, allowed a text (default kd)");
	refused("rule: adm\n", "a.yaml:1:7: 'rule' is adm (did you mean 'adam'?), allowed sgd, adam, adamw (default adam)");
	refused("rule: xyz123\n", "a.yaml:1:7: 'rule' is xyz123, allowed sgd, adam, adamw (default adam)");
	refused("milestones: [5, 0]\n",
	        "a.yaml:1:17: item 2 of 'milestones' is 0, allowed 1 to 100 epochs (default [16, 32, 64])");
	refused("milestones: {}\n", "a.yaml:1:13: 'milestones' is a map, allowed 1 to 100 epochs (default [16, 32, 64])");
	refused("mean: [[0]]\n", "a.yaml:1:8: item 1 of 'mean' is a list, allowed 0 to 1 (default [0.5, 0.25])");
	refused("epoch: 3\n", "a.yaml:1:1: unknown key 'epoch' in loss 'at'; did you mean 'epochs'?");
}
END_TEST

START_TEST(all_errors_come_at_once)
{
	ck_assert_int_eq(read("p: 9\nepochs: x\nmilestones: [0, 1, 101]\nrul: sgd\non: maybe\n"), E_USER);
	ck_assert_int_eq(e.count, 6);
	/* what is wrong keeps its default */
	ck_assert(c.p == 2 && c.epochs == 30 && c.on && c.milestones.n == 3);
}
END_TEST

START_TEST(required_ones)
{
	static const struct opt strict[] = {
		{.name = "path", .type = OPT_TEXT, .offset = offsetof(struct at_conf, path), .unit = "-",
		 .help = "a weights file", .flags = OPT_REQUIRED},
		{0}
	};
	ck_assert_int_eq(read(""), OK);
	ck_assert_int_eq(opts_read(strict, &c, root, "stage 'kd'", life, &e), E_USER);
	ck_assert_str_eq(e.text, "a.yaml:1:1: stage 'kd' lacks 'path' (a weights file)");
	e = (struct err){0};
	ck_assert_int_eq(opts_read(strict, &c, NULL, "stage 'kd'", life, &e), E_USER);
	ck_assert_str_eq(e.text, "stage 'kd' lacks 'path' (a weights file)");
	ck_assert_int_eq(read("path: x\n"), OK);
	ck_assert_int_eq(opts_read(strict, &c, root, "stage 'kd'", life, &e), OK);
}
END_TEST

START_TEST(maps_that_are_none)
{
	static const struct opt one[] = {REAL(at_conf, p, 2, 1, 8, "-", "x"), {0}};
	static const struct opt two[] = {REAL(at_conf, lr, 3, 1, 8, "-", "x"), {0}};
	const struct opt *tables[] = {one, two};
	ck_assert_int_eq(read("name: x\npath: y\n"), OK);
	struct conf *parsed;
	ck_assert_int_eq(conf_parse(life, "a: 5\nb: [1]\nc:\nd: {p: 3, lr: 4, q: 1}\n", "b.yaml", &parsed, &e), OK);
	void *outs[] = {&c, &c};
	ck_assert_int_eq(opts_read_all(tables, outs, 2, conf_find(parsed, "a"), "data", life, &e), E_USER);
	ck_assert_str_eq(e.text, "b.yaml:1:4: data is a single value, but must be a map of options ('name: value')");
	ck_assert(c.p == 2 && c.lr == 3);
	e = (struct err){0};
	ck_assert_int_eq(opts_read(one, &c, conf_find(parsed, "b"), "data", life, &e), E_USER);
	ck_has(e.text, "data is a list");
	e = (struct err){0};
	ck_assert_int_eq(opts_read_all(tables, outs, 2, conf_find(parsed, "c"), "data", life, &e), OK);
	/* several tables share a map */
	ck_assert_int_eq(opts_read_all(tables, outs, 2, conf_find(parsed, "d"), "data", life, &e), E_USER);
	ck_assert(c.p == 3 && c.lr == 4);
	ck_has(e.text, "b.yaml:4:18: unknown key 'q' in data");
	ck_assert_int_eq(e.count, 1);
}
END_TEST

static const char *canonical(const struct opt *table)
{
	struct str s = {0};
	opts_canonical(table, &c, &s);
	const char *copy = arena_str(life, str_text(&s));
	str_release(&s);
	return copy;
}

START_TEST(the_canonical_text)
{
	ck_assert_int_eq(read("p: 2.0\nepochs: 30\nrule: adam\nmilestones: [16, 32, 64]\nmean: [0.5, 0.25]\n"), OK);
	ck_assert_str_eq(canonical(rows), "");
	ck_assert_int_eq(read("mean: [0.1]\nnone: 3\nmilestones: []\nmode: second\nname: \"a\\nb\\\\\"\noff: on\n"
	                      "steps: -1\nlr: 0.3\narms: [1]\n"), OK);
	ck_assert_str_eq(canonical(rows), "lr=0.29999999999999999\nsteps=-1\noff=true\nname=a\\nb\\\\\nmode=second\n"
	                                  "milestones=\nnone=3\nmean=0.10000000000000001\n");
	const struct opt neutral[] = {
		{.name = "lr", .type = OPT_REAL, .offset = offsetof(struct at_conf, lr), .def = 1, .flags = OPT_NEUTRAL},
		{.name = "steps", .type = OPT_INT, .offset = offsetof(struct at_conf, steps), .def = -1,
		 .flags = OPT_REQUIRED},
		{0}
	};
	ck_assert_str_eq(canonical(neutral), "steps=-1\n");
	/* the smallest difference shows */
	ck_assert_int_eq(read("lr: 0.10000000000000002\n"), OK);
	ck_assert_str_eq(canonical(rows), "lr=0.10000000000000002\n");
}
END_TEST

static void print_resolved(FILE *f, const void *map)
{
	opts_resolved(f, rows, &c, map, 2);
}

START_TEST(the_resolved_file)
{
	ck_assert_int_eq(read("p: 3\nname: 'x: y'\narms:\n- {a: 1}\nmean: 0.1\n"), OK);
	ck_assert_int_eq(conf_set(life, root, "lr=0.3", &e), OK);
	ck_assert_int_eq(opts_read(rows, &c, root, "x", life, &e), OK);
	const char *text = printed(print_resolved, root);
	ck_has(text, "  p: 3   # a.yaml:1\n");
	ck_has(text, "  lr: 0.3   # --set\n");
	ck_has(text, "  epochs: 30   # default\n");
	ck_has(text, "  name: \"x: y\"   # a.yaml:2\n");
	ck_has(text, "  path: \"\"   # default\n");
	ck_has(text, "  milestones: [16, 32, 64]   # default\n");
	ck_has(text, "  mean: [0.1]   # a.yaml:5\n");
	ck_has(text, "  none: []   # default\n");
	ck_has(text, "  arms:\n    - a: 1\n");
	/* it reads back as the same options */
	const struct at_conf before = c;
	ck_assert_int_eq(read(text), OK);
	ck_assert(c.p == before.p && c.lr == before.lr && c.any == before.any && c.rule == before.rule);
	ck_assert_str_eq(c.name, before.name);
	ck_assert_str_eq(canonical(rows), "p=3\nlr=0.29999999999999999\nname=x: y\nmean=0.10000000000000001\n");
}
END_TEST

static void print_help(FILE *f, const void *table)
{
	opts_help(f, table, "  ");
}

static void print_markdown(FILE *f, const void *table)
{
	opts_markdown(f, table);
}

START_TEST(help)
{
	static const struct opt few[] = {
		REAL(at_conf, p, 2.0, 1.0, 8.0, "-", "power of |activation|"),
		CHOICE(at_conf, rule, "adam", "sgd|adam", "rule"),
		{.name = "path", .type = OPT_TEXT, .offset = 0, .unit = "-", .help = "weights", .flags = OPT_REQUIRED},
		{0}
	};
	ck_assert_str_eq(printed(print_help, few),
	                 "  p     real    2         1 to 8     -  power of |activation|\n"
	                 "  rule  choice  adam      sgd, adam  -  rule\n"
	                 "  path  text    required  -          -  weights\n");
	ck_assert_str_eq(printed(print_markdown, few),
	                 "| `p` | real | 2 | 1 to 8 | - | power of \\|activation\\| |\n"
	                 "| `rule` | choice | adam | sgd, adam | - | rule |\n"
	                 "| `path` | text | required | - | - | weights |\n");
	ck_has(printed(print_help, rows), "structure");
}
END_TEST

START_TEST(words_of_choices)
{
	ck_assert_str_eq(opt_choice(rows, "rule", 2), "adamw");
	ck_assert_str_eq(opt_choice(rows, "mode", 0), "first");
	ck_assert_ptr_eq(opt_choice(rows, "rule", 1), opt_choice(rows, "rule", 1));
}
END_TEST

struct scaled_conf {
	int epochs, head, kept, other;
	double warmup, least;
	struct ints list;
};
static const struct opt scaled_rows[] = {
	INT(scaled_conf, epochs, 0, 1, 1000, "epochs", "at least 1"),
	INT(scaled_conf, head, 0, 0, 1000, "epochs", "may be none"),
	INT(scaled_conf, kept, 0, 4, 1000, "epochs", "at least 4"),
	INT(scaled_conf, other, 0, 0, 1000, "steps", "of another unit"),
	REAL(scaled_conf, warmup, 0, 0, 1000, "epochs", "any"),
	REAL(scaled_conf, least, 0, 0.5, 1000, "epochs", "at least a half"),
	INTS(scaled_conf, list, "10 20", 1, 100, "epochs", "not a number"),
	{0}
};

START_TEST(numbers_of_a_unit_are_scaled)
{
	static const int twice[] = {10, 20};
	static const struct { double factor; int epochs, head, kept; double warmup, least; } want[] = {
		{0.1, 3, 1, 4, 0.25, 0.5}, {1e-9, 1, 1, 4, 2.5e-9, 0.5}, {1, 30, 2, 8, 2.5, 4}, {0.11, 4, 1, 4, 0.275, 0.5},
	};
	for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
		struct scaled_conf s = {30, 2, 8, 100, 2.5, 4, {2, twice}};
		opts_scale(scaled_rows, &s, "epochs", want[i].factor);
		ck_assert_int_eq(s.epochs, want[i].epochs);
		ck_assert_int_eq(s.head, want[i].head);
		ck_assert_int_eq(s.kept, want[i].kept);
		ck_assert_int_eq(s.other, 100);
		ck_assert_double_eq_tol(s.warmup, want[i].warmup, 1e-15);
		ck_assert_double_eq(s.least, want[i].least);
		ck_assert(s.list.n == 2 && s.list.v == twice);
	}
	struct scaled_conf none = {.epochs = 1};
	opts_scale(scaled_rows, &none, "epochs", 0.1);
	ck_assert_int_eq(none.head, 0); /* none stays none */
	ck_assert_double_eq(none.warmup, 0);
}
END_TEST

Suite *opt_suite(void)
{
	Suite *s = suite_create("opt");
	TCase *tc = life_case(s, "opt");
	tcase_add_test(tc, defaults);
	tcase_add_test(tc, each_type_is_read);
	tcase_add_test(tc, what_is_refused);
	tcase_add_test(tc, all_errors_come_at_once);
	tcase_add_test(tc, required_ones);
	tcase_add_test(tc, maps_that_are_none);
	tcase_add_test(tc, the_canonical_text);
	tcase_add_test(tc, the_resolved_file);
	tcase_add_test(tc, help);
	tcase_add_test(tc, words_of_choices);
	tcase_add_test(tc, numbers_of_a_unit_are_scaled);
	return s;
}
