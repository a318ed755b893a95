#include "base/conf.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "tests/base/suites.h"

static struct err e;

static struct conf *parse(const char *text)
{
	struct conf *root;
	e = (struct err){0};
	conf_parse(life, text, "a.yaml", &root, &e);
	return root;
}

/* Refused with a message that has this part. */
static void refused(const char *text, const char *part)
{
	struct conf *root;
	e = (struct err){0};
	ck_assert_int_eq(conf_parse(life, text, "a.yaml", &root, &e), E_USER);
	ck_assert_int_eq(e.status, E_USER);
	ck_has(e.text, part);
}

static const char *value(const struct conf *map, const char *key)
{
	const struct conf *c = conf_find(map, key);
	ck_assert_msg(c && c->kind == CONF_SCALAR, "no value of '%s'", key);
	return c->text;
}

START_TEST(values_know_their_place)
{
	const struct conf *root = parse("name: kd\n"
	                                "data:\n"
	                                "  batch: 64\n"
	                                "  mean: [0.5, 'a b']\n"
	                                "stages:\n"
	                                "- name: x\n"
	                                "  off: no\n");
	ck_assert_str_eq(e.text, "");
	ck_assert_int_eq(root->kind, CONF_MAP);
	ck_assert_int_eq(root->n, 3);
	ck_assert_str_eq(root->key[1], "data");
	ck_assert_str_eq(value(root, "name"), "kd");
	const struct conf *data = conf_find(root, "data"), *mean = conf_find(data, "mean");
	ck_assert_int_eq(mean->kind, CONF_LIST);
	ck_assert_str_eq(mean->item[1]->text, "a b");
	ck_assert_str_eq(mean->item[1]->at.file, "a.yaml");
	ck_assert_int_eq(mean->item[1]->at.line, 4);
	ck_assert_int_eq(mean->item[1]->at.col, 15);
	ck_assert_int_eq(data->key_at[0].line, 3);
	ck_assert_int_eq(data->key_at[0].col, 3);
	ck_assert_int_eq(conf_where(data, "batch").col, 10);
	ck_assert_int_eq(conf_where(data, "missing").line, 3);
	ck_assert_ptr_null(conf_where(NULL, "x").file);
	/* YAML's words are text */
	const struct conf *stage = conf_find(root, "stages")->item[0];
	ck_assert_str_eq(value(stage, "off"), "no");
	ck_assert_ptr_null(conf_find(root, "absent"));
	ck_assert_ptr_null(conf_find(NULL, "absent"));
	ck_assert_ptr_null(conf_find(mean, "absent"));
}
END_TEST

START_TEST(empty_files_are_empty_maps)
{
	static const char *const texts[] = {"", "# nothing\n", "---\n", "---\n...\n", "{}", "\xEF\xBB\xBF# mark\n"};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		const struct conf *root = parse(texts[i]);
		ck_assert_msg(root && root->kind == CONF_MAP && !root->n && !e.count, "text %zu: %s", i, e.text);
	}
	refused("- a\n", "a.yaml:1:1: this is a list, but the file must be a map");
	refused("hello\n", "a.yaml:1:1: this is a single value, but the file must be a map");
	refused("a: 1\n---\nb: 2\n", "a.yaml:2:1: a second document begins here");
}
END_TEST

START_TEST(duplicates_are_errors)
{
	refused("p: 1\nq: 2\np: 3\n", "a.yaml:3:1: key 'p' is given twice, first in line 1");
	refused("a: {x: 1, \"x\": 2}\n", "a.yaml:1:11: key 'x' is given twice");
}
END_TEST

START_TEST(aliases_are_copies)
{
	const struct conf *root = parse("base: &b {lr: 0.1, list: [1, 2]}\none: *b\ntwo: *b\nname: &n x\nsame: *n\n");
	ck_assert_str_eq(e.text, "");
	const struct conf *one = conf_find(root, "one"), *two = conf_find(root, "two");
	ck_assert_str_eq(value(one, "lr"), "0.1");
	ck_assert_str_eq(value(root, "same"), "x");
	ck_assert_ptr_ne(one, two);
	ck_assert_ptr_ne(conf_find(one, "list"), conf_find(two, "list"));
	ck_assert_int_eq(conf_where(one, "lr").line, 1);
	/* marks of use are each copy's own */
	conf_use(one, "lr");
	ck_assert(one->used[0] && !two->used[0]);
	/* a second anchor of a name */
	root = parse("a: &x 1\nb: &x 2\nc: *x\n");
	ck_assert_str_eq(value(root, "c"), "2");
	refused("a: *nobody\n", "a.yaml:1:4: alias '*nobody' has no anchor '&nobody' before it");
	refused("a: &a [1, *a]\n", "a.yaml:1:11: alias '*a' stands inside its own anchor");
}
END_TEST

START_TEST(what_is_not_supported)
{
	refused("a: &a {x: 1}\nb:\n  <<: *a\n  y: 2\n", "a.yaml:3:3: '<<' (merging of maps) is not supported");
	refused("a: !!int 3\n", "a.yaml:1:4: tag 'tag:yaml.org,2002:int' is not supported");
	refused("a: !x {b: 1}\n", "tag '!x' is not supported");
	refused("[a, b]: 3\n", "a.yaml:1:1: a key must be text");
	refused("? {a: 1}\n: 3\n", "a key must be text");
	refused("'': 3\n", "a key must be text");
	refused("a: \"x\\0y\"\n", "a.yaml:1:4: a text with a NUL character");
}
END_TEST

START_TEST(depth_is_limited)
{
	char text[2000] = "";
	/* the root, 30 lists and a value: 32 levels */
	snprintf(text, sizeof text, "a: %.*s1%.*s\n", 30, "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", 30,
	         "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]");
	ck_assert_ptr_nonnull(parse(text));
	ck_assert_str_eq(e.text, "");
	snprintf(text, sizeof text, "a: [%.*s1%.*s]\n", 30, "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", 30,
	         "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]");
	refused(text, "nested deeper than 32 levels");
	/* by an alias below the anchor's own depth */
	snprintf(text, sizeof text, "a: &a %.*s1%.*s\nb: [*a]\nc: [[[[*a]]]]\n", 28,
	         "[[[[[[[[[[[[[[[[[[[[[[[[[[[[", 28, "]]]]]]]]]]]]]]]]]]]]]]]]]]]]");
	refused(text, "a.yaml:3:8: nested deeper than 32 levels");
	/* a hundred thousand brackets */
	char *deep = NEW_ARRAY(life, char, 100001);
	memset(deep, '[', 100000);
	ck_assert_ptr_null(parse(deep));
	ck_assert_int_eq(e.status, E_USER);
}
END_TEST

START_TEST(expansion_is_limited)
{
	struct str s = {0};
	str_add(&s, "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
	for (int i = 1; i < 12; i++) {
		str_printf(&s, "a%d: &a%d [", i, i);
		for (int k = 0; k < 10; k++)
			str_printf(&s, "%s*a%d", k ? ", " : "", i - 1);
		str_add(&s, "]\n");
	}
	refused(s.text, "more than 100,000 values, aliases expanded");
	ck_assert_int_eq(e.count, 1);
	ck_assert_uint_lt(arena_bytes(life), 100u << 20);
	str_release(&s);
}
END_TEST

START_TEST(syntax_errors_name_their_line)
{
	refused("a: 1\nb: [1, 2\nc: 3\n", "a.yaml:3:2: ");
	refused("a: 1\n b: 2\n", "a.yaml:2:3: mapping values are not allowed in this context");
	refused("a:\n\tb: 1\n", "a.yaml:2:1: a tab indents this line; YAML allows only spaces there");
	refused("a:\n  b: 1\n \tc: 1\n", "a.yaml:3:");
	ck_has(e.text, "tab");
	refused("a: 'x\n", "a.yaml:2:1: found unexpected end of stream (while scanning a quoted scalar that begins in line 1)");
	refused("a: 1\nb: \x01\n", "a.yaml:2:4: control characters are not allowed (0x01)");
	refused("a: \xFF\n", "a.yaml:1:4: invalid leading UTF-8 octet (0xff)");
	refused("a: @x\n", "a.yaml:1:4: ");
	ck_assert_ptr_null(parse("a: [\n"));
}
END_TEST

START_TEST(all_errors_come_at_once)
{
	const struct conf *root = parse("p: 1\np: 2\nq: !!str 3\nr: *none\n<<: 4\ns: {x: 1, x: 2}\nt: 5\n");
	ck_assert_int_eq(e.count, 5);
	ck_has(e.text, "a.yaml:2:1: ");
	ck_has(e.text, "\na.yaml:3:4: ");
	ck_has(e.text, "\na.yaml:4:4: ");
	ck_has(e.text, "\na.yaml:5:1: ");
	ck_has(e.text, "\na.yaml:6:11: ");
	/* and the rest can be read for further ones */
	ck_assert_str_eq(value(root, "t"), "5");
	ck_assert_str_eq(value(root, "p"), "1");
	/* up to the syntax error */
	ck_assert_ptr_null(parse("p: 1\np: 2\nq: ]\n"));
	ck_assert_int_eq(e.count, 2);
}
END_TEST

START_TEST(files)
{
	struct conf *root;
	e = (struct err){0};
	const char *path = scratch_text("a.yaml", "data:\n  p: 1\n  p: 2\n");
	ck_assert_int_eq(conf_read(life, path, &root, &e), E_USER);
	ck_assert_str_eq(e.text, arena_printf(life, "%s:3:3: key 'p' is given twice, first in line 2\n"
	                                            "    3 |   p: 2\n"
	                                            "      |   ^", path));
	e = (struct err){0};
	ck_assert_int_eq(conf_read(life, scratch_path("missing.yaml"), &root, &e), E_USER);
	ck_assert_ptr_null(root);
	ck_has(e.text, "/missing.yaml'");
	e = (struct err){0};
	ck_assert_int_eq(conf_read(life, scratch_file("nul.yaml", "a: 1\nb\0: 2\n", 11), &root, &e), E_USER);
	ck_has(e.text, "nul.yaml:2:2: control characters are not allowed");
	e = (struct err){0};
	path = scratch_text("big.yaml", "a: 1\n");
	ck_assert_int_eq(truncate(path, 17 << 20), 0);
	ck_assert_int_eq(conf_read(life, path, &root, &e), E_USER);
	ck_has(e.text, "a configuration file has at most");
}
END_TEST

START_TEST(unread_keys_are_errors)
{
	static const char *const names[] = {"tau", "weight", "kind"};
	const struct conf *root = parse("kind: kd\ntua: 4\nmomentum: 1\nweight: 2\n");
	conf_use(root, "kind");
	conf_use(root, "weight");
	ck_assert_int_eq(conf_unused(root, "loss 'kd'", names, 3, &e), E_USER);
	ck_assert_str_eq(e.text, "a.yaml:2:1: unknown key 'tua' in loss 'kd'; did you mean 'tau'?\n"
	                         "a.yaml:3:1: unknown key 'momentum' in loss 'kd', allowed 'tau', 'weight', 'kind'");
	conf_use(root, "tua");
	conf_use(root, "momentum");
	ck_assert_int_eq(conf_unused(root, "loss 'kd'", names, 3, &e), OK);
	ck_assert_int_eq(conf_unused(NULL, "loss 'kd'", names, 3, &e), OK);
	root = parse("x: 1\n");
	ck_assert_int_eq(conf_unused(root, "data", NULL, 0, &e), E_USER);
	ck_has(e.text, "unknown key 'x' in data, which has no options");
}
END_TEST

static void print(FILE *f, const void *c)
{
	conf_print(f, c, 0);
}

static bool same(const struct conf *a, const struct conf *b)
{
	if (a->kind != b->kind || a->n != b->n || !str_eq(a->text, b->text))
		return false;
	for (int i = 0; i < a->n; i++)
		if ((a->kind == CONF_MAP && strcmp(a->key[i], b->key[i])) || !same(a->item[i], b->item[i]))
			return false;
	return true;
}

START_TEST(printing_and_reading_gives_the_same)
{
	const struct conf *root = parse(
		"a: 1\nempty:\nmap: {}\nlist: []\nflow: [1, -2.5e-3, \"x, y\", '']\n"
		"'key: odd': '- x'\n'#': '# no comment'\n\"\\n\": ' lead and trail '\n"
		"text: |\n  two\n  lines \\ \"quoted\"\ntail: 'x:'\ncolon: a:b\nurl: http://x.y/z\n"
		"nested:\n- - a: 1\n    b: [1, [2, 3]]\n  - {}\n- {x: {y: [{}, [], '']}}\n- [[a], [b, {c: d}]]\n"
		"odd: [\"\\x85\", \" \\u2028 x\", \"\\uFEFF\", \"\\x7F\", \"\\e\", \"\xC3\xA4\", \"\\t\", '...', '---', '-', '?', "
		"'*a', '&a', '!x', '%x', '@x', '`x', '<<', '~', 'null', '{', 'a]', \"'\", '\"', 'x #y', '= 1', '|', '>']\n"
		"long: [aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb, cccccccccccccccccccccccccc]\n");
	ck_assert_str_eq(e.text, "");
	const char *text = printed(print, root);
	const struct conf *again = parse(text);
	ck_assert_msg(again && !e.count, "%s\n%s", e.text, text);
	ck_assert_msg(same(root, again), "%s", text);
	ck_assert_str_eq(printed(print, again), text);
	ck_has(text, "\nflow: [1, -2.5e-3, \"x, y\", \"\"]\n");
	ck_has(text, "\nurl: http://x.y/z\n");
	ck_has(text, "\nmap: {}\n");
	/* a copy as well */
	ck_assert(same(root, conf_copy(life, root)));
}
END_TEST

static void out_of_memory(const char *arena, size_t size)
{
	(void)arena, (void)size;
	_exit(7);
}

/* Each allocation fails once, in a process of its own, as the program ends there too. */
START_TEST(reading_leaves_through_the_hook)
{
	const char *path = scratch_text("a.yaml", "a: &a {b: [1, 2, 3, 4, 5], c: x}\nd: *a\nd: 3\ne: {f: {g: 'h'}}\n");
	long n = 0;
	for (int status = 7; status == 7; n++) {
		ck_assert_int_lt(n, 1000);
		const pid_t child = fork();
		if (!child) {
			struct conf *root;
			struct err why = {0};
			arena_set_oom(out_of_memory);
			fault_alloc_after(n);
			const enum status st = conf_read(life, path, &root, &why);
			_exit(st == E_USER && why.count == 1 ? 0 : 1);
		}
		ck_assert_int_eq(waitpid(child, &status, 0), child);
		ck_assert(WIFEXITED(status));
		status = WEXITSTATUS(status);
		ck_assert_msg(status == 7 || status == 0, "allocation %ld: status %d", n, status);
	}
	ck_assert_int_gt(n, 20);
}
END_TEST

/* Damaged text gives an error or a tree, never a crash; the sanitizers watch. */
START_TEST(damage_is_survived)
{
	static const char good[] = "a: &a {b: [1, 'x', \"y\\n\"], c: |\n  t\n}\nd: *a\n- e\n? f\n: !!str g\n# h\n";
	char text[sizeof good];
	unsigned x = 12345;
	for (int i = 0; i < 20000; i++) {
		struct arena *a = arena_open("damage");
		struct conf *root;
		memcpy(text, good, sizeof good);
		for (int k = 0; k < 1 + i % 3; k++) {
			x = x * 1664525u + 1013904223u;
			text[(x >> 8) % (sizeof good - 1)] = "\t\n :-[]{}&*!'\"|?#a\xFF\x01"[(x >> 20) % 20];
		}
		e = (struct err){0};
		const enum status st = conf_parse(a, text, "a.yaml", &root, &e);
		ck_assert(st == OK ? root && !e.count : st == E_USER && e.count);
		arena_close(a);
	}
}
END_TEST

Suite *conf_suite(void)
{
	Suite *s = suite_create("conf");
	TCase *tc = life_case(s, "conf");
	tcase_add_test(tc, values_know_their_place);
	tcase_add_test(tc, empty_files_are_empty_maps);
	tcase_add_test(tc, duplicates_are_errors);
	tcase_add_test(tc, aliases_are_copies);
	tcase_add_test(tc, what_is_not_supported);
	tcase_add_test(tc, depth_is_limited);
	tcase_add_test(tc, expansion_is_limited);
	tcase_add_test(tc, syntax_errors_name_their_line);
	tcase_add_test(tc, all_errors_come_at_once);
	tcase_add_test(tc, files);
	tcase_add_test(tc, unread_keys_are_errors);
	tcase_add_test(tc, printing_and_reading_gives_the_same);
	tcase_add_test(tc, reading_leaves_through_the_hook);
	tcase_add_test(tc, damage_is_survived);
	return s;
}
