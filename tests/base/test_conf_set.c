#include "base/conf.h"

#include "tests/base/suites.h"

static struct err e;
static struct conf *root;

static void begin(void)
{
	e = (struct err){0};
	ck_assert_int_eq(conf_parse(life,
	                            "seed: 1\n"
	                            "empty:\n"
	                            "stages:\n"
	                            "- {name: teach, epochs: 3}\n"
	                            "- {name: kd, loss: [{kind: kd, tau: 4}, {kind: at}]}\n",
	                            "a.yaml", &root, &e), OK);
}

static struct conf *at(const char *first, int item, const char *key)
{
	return conf_find(conf_find(root, first)->item[item], key);
}

static void set(const char *assignment)
{
	ck_assert_msg(conf_set(life, root, assignment, &e) == OK, "%s", e.text);
}

START_TEST(values_are_replaced_and_added)
{
	begin();
	set("seed=7");
	set("data.batch=64");
	set("data.mean=[0.5, 0.25]");
	set("empty.x.y=a=b");
	set("name=");
	ck_assert_str_eq(conf_find(root, "seed")->text, "7");
	ck_assert_int_eq(root->n, 5);
	const struct conf *data = conf_find(root, "data");
	ck_assert_str_eq(conf_find(data, "batch")->text, "64");
	ck_assert_str_eq(conf_find(data, "mean")->item[1]->text, "0.25");
	ck_assert_str_eq(conf_find(conf_find(conf_find(root, "empty"), "x"), "y")->text, "a=b");
	ck_assert_str_eq(conf_find(root, "name")->text, "");
	const struct where w = conf_where(root, "seed");
	ck_assert_str_eq(w.file, "--set seed=7");
	ck_assert_int_eq(w.line, 0);
	err_user(&e, conf_find(data, "mean")->item[0]->at, "'mean' is odd");
	ck_assert_str_eq(e.text, "--set data.mean=[0.5, 0.25]: 'mean' is odd");
}
END_TEST

START_TEST(list_items_by_number_and_by_name)
{
	begin();
	set("stages.0.epochs=5");
	ck_assert_str_eq(at("stages", 0, "epochs")->text, "5");
	set("stages.kd.epochs=9");
	ck_assert_str_eq(at("stages", 1, "epochs")->text, "9");
	set("stages.kd.loss.1={kind: sp}");
	ck_assert_str_eq(conf_find(at("stages", 1, "loss")->item[1], "kind")->text, "sp");
	set("stages.1.loss.0.tau=2");
	ck_assert_str_eq(conf_find(at("stages", 1, "loss")->item[0], "tau")->text, "2");
}
END_TEST

static void refused(const char *assignment, const char *part)
{
	begin();
	ck_assert_int_eq(conf_set(life, root, assignment, &e), E_USER);
	ck_assert_int_eq(e.count, 1);
	ck_has(e.text, arena_printf(life, "--set %s: %s", assignment, part));
}

START_TEST(what_cannot_be_set)
{
	refused("seed", "no '=' in it, allowed 'name=value'");
	refused("=1", "each name before '=' must have 1 to 200 bytes");
	refused("a..b=1", "each name before '='");
	refused("a.=1", "each name before '='");
	refused("seed.x=1", "'seed' is the value '1', neither a map nor a list");
	refused("stages.2.x=1", "there is no item 2, allowed 0 to 1");
	refused("stages.kdd.x=1", "no item of the list has the name 'kdd'; did you mean 'kd'?");
	refused("stages.nobody.x=1", "no item of the list has the name 'nobody', nor is it a number");
	refused("stages.kd.loss.sp.x=1", "no item of the list has the name 'sp'");
	refused("seed=[1", "did not find expected ',' or ']'");
	refused("seed={a: 1, a: 2}", "key 'a' is given twice");
	refused("seed=*x", "alias '*x' has no anchor");
	refused("a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a=1", "nested deeper than 32 levels");
	refused("a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a=[[[[1]]]]", "nested deeper than 32 levels");
}
END_TEST

/* A loss has no name: its kind is enough where one alone has it. A name comes before a kind. */
START_TEST(list_items_by_kind)
{
	begin();
	set("stages.kd.loss.at.p=3");
	ck_assert_str_eq(conf_find(at("stages", 1, "loss")->item[1], "p")->text, "3");
	set("stages.kd.loss.0={kind: at}");
	ck_assert_int_eq(conf_set(life, root, "stages.kd.loss.at.p=4", &e), E_USER); /* two of them */
	ck_has(e.text, "'at' is ambiguous: it is the kind of items 0, 1; a number says which");
	ck_assert(conf_is_ambiguous(root, "stages.kd.loss.at.p") && conf_is_ambiguous(root, "stages.kd.loss.at"));
	ck_assert(!conf_is_ambiguous(root, "stages.kd.loss.1.p") && !conf_is_ambiguous(root, "stages.kd.loss.sp.p") && !conf_is_ambiguous(root, "nothing.at"));
	e = (struct err){0};
	set("stages.kd.loss.0={name: at, kind: sp}");
	set("stages.kd.loss.at.p=5");
	ck_assert_str_eq(conf_find(at("stages", 1, "loss")->item[0], "p")->text, "5");
}
END_TEST

START_TEST(values_are_found)
{
	begin();
	ck_assert_str_eq(conf_at(root, "seed")->text, "1");
	ck_assert_str_eq(conf_at(root, "stages.1.name")->text, "kd");
	ck_assert_str_eq(conf_at(root, "stages.kd.loss.kd.tau")->text, "4");
	ck_assert_int_eq(conf_at(root, "stages.kd.loss")->n, 2);
	static const char *const not_there[] = {"", ".", "seed.x", "stages.2", "stages.kdd", "stages.kd.tau", "stages..name", "stages.", "stages.99999999999"};
	for (size_t i = 0; i < sizeof not_there / sizeof *not_there; i++)
		ck_assert_msg(!conf_at(root, not_there[i]), "'%s'", not_there[i]);
}
END_TEST

START_TEST(a_value_is_put_as_a_copy)
{
	begin();
	struct conf *other = NULL;
	ck_assert_int_eq(conf_parse(life, "x:\n  a: [1, {b: 2}]\n", "b.yaml", &other, &e), OK);
	ck_assert_int_eq(conf_put(life, root, "stages.kd.loss.kd.tau", conf_at(other, "x.a"), &e), OK);
	ck_assert_int_eq(conf_put(life, root, "new.map", conf_at(other, "x"), &e), OK);
	struct conf *put = conf_at(root, "stages.kd.loss.kd.tau");
	ck_assert_str_eq(put->item[1]->item[0]->text, "2");
	ck_assert_str_eq(put->item[0]->at.file, "b.yaml"); /* errors are at its own place */
	ck_assert_int_eq(put->item[0]->at.line, 2);
	put->item[0]->text = "changed";
	ck_assert_str_eq(conf_at(other, "x.a.0")->text, "1");
	ck_assert_str_eq(conf_at(root, "new.map.a.0")->text, "1");
	ck_assert_int_eq(conf_put(life, root, "stages.nobody.x", put, &e), E_USER);
	ck_has(e.text, "b.yaml:2:6: no item of the list has the name 'nobody'");
}
END_TEST

START_TEST(a_value_is_dropped)
{
	begin();
	ck_assert(conf_drop(root, "stages.kd.loss.kd"));
	ck_assert_int_eq(conf_at(root, "stages.kd.loss")->n, 1);
	ck_assert_str_eq(conf_at(root, "stages.kd.loss.0.kind")->text, "at");
	ck_assert(conf_drop(root, "stages.teach.epochs"));
	ck_assert_ptr_null(conf_at(root, "stages.teach.epochs"));
	ck_assert_str_eq(conf_at(root, "stages.teach.name")->text, "teach");
	ck_assert(conf_drop(root, "stages.0"));
	ck_assert_str_eq(conf_at(root, "stages.0.name")->text, "kd");
	ck_assert(conf_drop(root, "seed"));
	ck_assert_int_eq(root->n, 2);
	static const char *const not_there[] = {"", "seed", "stages.teach", "stages.kd.", "stages.kd.loss.kd", "empty.x", "a.b.c"};
	for (size_t i = 0; i < sizeof not_there / sizeof *not_there; i++)
		ck_assert_msg(!conf_drop(root, not_there[i]), "'%s'", not_there[i]);
	ck_assert_int_eq(root->n, 2);
	set("seed=5"); /* where one was taken out there is room */
	ck_assert_str_eq(conf_at(root, "seed")->text, "5");
}
END_TEST

Suite *conf_set_suite(void)
{
	Suite *s = suite_create("conf_set");
	TCase *tc = life_case(s, "conf_set");
	tcase_add_test(tc, values_are_replaced_and_added);
	tcase_add_test(tc, list_items_by_number_and_by_name);
	tcase_add_test(tc, what_cannot_be_set);
	tcase_add_test(tc, list_items_by_kind);
	tcase_add_test(tc, values_are_found);
	tcase_add_test(tc, a_value_is_put_as_a_copy);
	tcase_add_test(tc, a_value_is_dropped);
	return s;
}
