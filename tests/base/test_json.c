#include "base/json.h"

#include "tests/base/suites.h"

static struct err e;

static struct json *parse(const char *text)
{
	struct json *root;
	e = (struct err){0};
	const enum status st = json_parse(text, strlen(text), "a.safetensors header", &root, &e);
	ck_assert_int_eq(st, root ? OK : E_ENV);
	return root;
}

START_TEST(values)
{
	struct json *root = parse("{\"i\": -9007199254740993, \"r\": 0.25, \"t\": \"\\u00e4\\n\\\"\", \"a\": [1, [2], {}],"
	                          " \"o\": {\"x\": null}, \"b\": true}   ");
	ck_assert_ptr_nonnull(root);
	int64_t i;
	double r;
	ck_assert(json_int(json_get(root, "i"), &i) && i == -9007199254740993);
	ck_assert(json_real(json_get(root, "r"), &r) && r == 0.25);
	struct json *a = json_get(root, "a");
	ck_assert(json_real(json_at(a, 0), &r) && r == 1);
	ck_assert_str_eq(json_text(json_get(root, "t")), "\xC3\xA4\n\"");
	ck_assert_int_eq(json_size(root), 6);
	ck_assert_int_eq(json_size(a), 3);
	ck_assert_int_eq(json_size(json_at(a, 2)), 0);
	json_close(root);
}
END_TEST

START_TEST(wrong_types)
{
	struct json *root = parse("{\"r\": 0.25, \"t\": \"x\", \"a\": [1]}"), *v;
	int64_t i = 7;
	double r = 7;
	ck_assert(!json_int(json_get(root, "r"), &i) && i == 7);
	ck_assert(!json_int(json_get(root, "t"), &i) && !json_real(json_get(root, "t"), &r) && r == 7);
	ck_assert_ptr_null(json_text(json_get(root, "r")));
	ck_assert_ptr_null(json_get(root, "missing"));
	ck_assert_ptr_null(json_get(json_get(root, "a"), "x"));
	ck_assert_ptr_null(json_at(json_get(root, "a"), 1));
	ck_assert_ptr_null(json_at(json_get(root, "a"), -1));
	ck_assert_ptr_null(json_at(root, 0));
	ck_assert_int_eq(json_size(json_get(root, "t")), 0);
	ck_assert_ptr_null(json_key(json_get(root, "a"), 0, &v));
	ck_assert_ptr_null(v);
	/* nothing at all is no type either */
	ck_assert(!json_int(NULL, &i) && !json_real(NULL, &r) && !json_text(NULL) && !json_get(NULL, "x"));
	json_close(root);
	json_close(NULL);
}
END_TEST

START_TEST(objects_keep_their_order)
{
	struct json *root = parse("{\"z\": 0, \"a\": 1, \"m\": 2}"), *v;
	static const char *const keys[] = {"z", "a", "m"};
	for (int i = 0; i < 3; i++) {
		int64_t n;
		ck_assert_str_eq(json_key(root, i, &v), keys[i]);
		ck_assert(json_int(v, &n) && n == i);
	}
	ck_assert_ptr_null(json_key(root, 3, &v));
	ck_assert_ptr_null(json_key(root, -1, &v));
	json_close(root);
}
END_TEST

START_TEST(damage_is_named)
{
	static const char *const bad[] = {
		"", "{", "{\"a\": 1, \"a\": 2}", "{\"a\": }", "[1, 2,]", "{} x", "\"\\u0000\"", "\"\xFF\"", "nan",
		"99999999999999999999", "{'a': 1}", "\"a\nb\"",
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		ck_assert_msg(!parse(bad[i]), "'%s' was read", bad[i]);
		ck_has(e.text, "'a.safetensors header' is damaged at byte ");
	}
	parse("{\"a\": 1, \"a\": 2}");
	ck_has(e.text, "duplicate");
	/* far too deep */
	char *deep = NEW_ARRAY(life, char, 100001);
	memset(deep, '[', 100000);
	ck_assert_ptr_null(parse(deep));
}
END_TEST

START_TEST(quoting)
{
	struct str s = {0};
	json_quote(&s, "a\"b\\c\n\t\r\x01\x7F \xC3\xA4\xF0\x9F\x98\x80");
	ck_assert_str_eq(s.text, "\"a\\\"b\\\\c\\n\\t\\r\\u0001\\u007f \xC3\xA4\xF0\x9F\x98\x80\"");
	struct json *root = parse(s.text);
	ck_assert_str_eq(json_text(root), "a\"b\\c\n\t\r\x01\x7F \xC3\xA4\xF0\x9F\x98\x80");
	json_close(root);
	s.len = 0;
	json_quote(&s, "\xFF\xC3");
	ck_assert_str_eq(s.text, "\"\\ufffd\\ufffd\"");
	str_release(&s);
}
END_TEST

Suite *json_suite(void)
{
	Suite *s = suite_create("json");
	TCase *tc = life_case(s, "json");
	tcase_add_test(tc, values);
	tcase_add_test(tc, wrong_types);
	tcase_add_test(tc, objects_keep_their_order);
	tcase_add_test(tc, damage_is_named);
	tcase_add_test(tc, quoting);
	return s;
}
