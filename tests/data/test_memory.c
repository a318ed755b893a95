/* What is known of data whose files are not here: lines written by hand, with numbers that no set has. */
#include "tests/data/trial.h"

#include <string.h>

#define LINE(kind, dir, letter, train, classes) \
	"{\"kind\": \"" kind "\\n\", \"place\": \"dir=" dir "\\n\", \"sha256\": \"" letter \
	"123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\", \"classes\": " classes ", \"train\": " train \
	", \"test\": 31, \"valid\": 0, \"channels\": 3, \"height\": 9, \"width\": 11}\n"

static struct data_memory memory;

static enum status recall(const char *yaml, const char *lines, struct data **d)
{
	struct conf *map;
	memory = (struct data_memory){.path = trial_path("data.jsonl"), .untouched = memory.untouched};
	if (lines)
		trial_write(memory.path, lines, strlen(lines));
	err_clear(&trial_err);
	ck_assert_int_eq(conf_parse(trial_arena, yaml, "test.yaml", &map, &trial_err), OK);
	return data_open_away(trial_arena, map, 5, &memory, d, &trial_err);
}

static void is_hash(const struct data *d, char letter)
{
	ck_assert_msg(d->info.hash[0] == letter && strlen(d->info.hash) == 64, "%s", d->info.hash);
}

START_TEST(a_line_stands_for_the_files)
{
	struct data *d;
	struct loader *l;
	ck_assert_int_eq(recall("{kind: idx, dir: /no/where, held_out: 12, limit: 40, limit_test: 7, batch: 8}\n",
	                        LINE("idx", "/no/other", "a", "80", "3") LINE("idx", "/no/where", "b", "70", "4") LINE("idx", "/no/where", "c", "90", "5"), &d), OK);
	ck_assert(d->away);
	is_hash(d, 'c'); /* the last of its place */
	ck_assert(d->info.classes == 5 && d->info.train.n == 90 && d->info.train.C == 3 && d->info.train.H == 9 && d->info.train.W == 11);
	ck_assert(d->n_train == 40 && d->n_valid == 12 && d->n_test == 7);
	ck_assert_ptr_nonnull(strstr(d->identity, "hash=c123"));
	ck_assert_ptr_nonnull(strstr(d->identity, "seed.split=5"));
	ck_assert_str_eq(memory.told, "/no/where");
	trial_message(loader_open(d, PART_TRAIN, VIEW_TRAIN, 1, &l, &trial_err), E_ENV, "the data set 'idx' is not on this machine", NULL);
	data_close(d);
	ck_assert_int_eq(recall("{kind: idx, dir: /no/where}\n", NULL, &d), OK);
	ck_assert(d->n_train == 81 && d->n_valid == 9 && d->n_test == 31);
	/* what the numbers forbid is told as with the files */
	trial_message(recall("{kind: idx, dir: /no/where, limit: 95}\n", NULL, &d), E_USER, "'limit' is 95, but training pictures that held_out leaves: 81", NULL);
}
END_TEST

START_TEST(what_no_line_is_of)
{
	struct data *d;
	const char *lines = LINE("idx", "/no/where", "a", "80", "3") LINE("idx\\nclasses=9", "/no/else", "b", "80", "9") "{\"kind\": \"idx\\n\", \"place\"\n"
	                    LINE("idx", "/no/one", "c", "80", "1") LINE("idx", "/no/hex", "", "80", "3");
	trial_message(recall("{kind: idx, dir: /no/else}\n", lines, &d), E_USER, "'/no/else' has no file", "it is known from the first 'train' or 'sweep' on", NULL);
	trial_message(recall("{kind: idx, dir: /no/one}\n", NULL, &d), E_USER, "'/no/one' has no file", NULL); /* of one class */
	trial_message(recall("{kind: idx, dir: /no/hex}\n", NULL, &d), E_USER, "'/no/hex' has no file", NULL);
	trial_message(recall("{kind: cifar10, dir: /no/where}\n", NULL, &d), E_USER, "'/no/where'", NULL);
	ck_assert_int_eq(recall("{kind: idx, dir: /no/else, classes: 9}\n", NULL, &d), OK);
	is_hash(d, 'b');
	ck_assert_int_eq(recall("{kind: synth, n_train: 50, n_test: 20}\n", NULL, &d), OK); /* it has no files */
	ck_assert(!d->away);
	data_close(d);
}
END_TEST

/* A published set is the same in every folder, unless two of them say otherwise; where a folder may have a part of it, each is its own. */
START_TEST(published_sets)
{
	struct data *d;
	const char *one = LINE("fashion_mnist", "/no/where", "a", "60000", "10") LINE("cifar100", "/no/where", "b", "10000", "100");
	ck_assert_int_eq(recall("{kind: fashion_mnist, dir: /no/else}\n", one, &d), OK);
	is_hash(d, 'a');
	trial_message(recall("{kind: cifar100, dir: /no/else}\n", NULL, &d), E_USER, "'/no/else'", NULL);
	trial_message(recall("{kind: fashion_mnist, dir: /no/else}\n", arena_printf(trial_arena, "%s%s", one, LINE("fashion_mnist", "/no/third", "c", "60000", "10")), &d),
	              E_USER, "'/no/else'", NULL);
	/* before anything was trained it is the whole of it */
	memory.untouched = true;
	ck_assert_int_eq(recall("{kind: cifar100, dir: /no/else}\n", NULL, &d), OK);
	ck_assert(d->away && d->info.classes == 100 && d->n_train == 45000 && d->n_valid == 5000 && d->n_test == 10000);
	ck_assert_str_eq(d->info.hash, "unknown");
	ck_assert_int_eq(recall("{kind: fashion_mnist, dir: /no/where}\n", NULL, &d), OK);
	is_hash(d, 'a');
	trial_message(recall("{kind: idx, dir: /no/else}\n", NULL, &d), E_USER, "'/no/else'", NULL);
	memory.untouched = false;
}
END_TEST

/* What is written is what is read, and once; damage is no reason to remember. */
START_TEST(written_once)
{
	static const unsigned char images[16 + 24] = {0, 0, 8, 3, 0, 0, 0, 6, 0, 0, 0, 2, 0, 0, 0, 2, 9, 8, 7}, labels[8 + 6] = {0, 0, 8, 1, 0, 0, 0, 6, 2, 1, 0, 2, 1, 0};
	static const char *const part[] = {"train", "t10k"};
	struct data *d, *there;
	char *text;
	size_t n;
	for (int i = 0; i < 2; i++) {
		trial_write(trial_path("m/%s-images-idx3-ubyte", part[i]), images, sizeof images);
		trial_write(trial_path("m/%s-labels-idx1-ubyte", part[i]), labels, sizeof labels);
	}
	const char *path = trial_path("data.jsonl"), *yaml = arena_printf(trial_arena, "{kind: idx, dir: %s/m, held_out: 1}\n", trial_dir);
	there = trial_open("kind: idx, dir: '%s/m', held_out: 1", 5);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(data_remember(there, path, &trial_err), OK);
	ck_assert_int_eq(file_read(trial_arena, path, false, &text, &n, &trial_err), OK);
	ck_assert_ptr_eq(strchr(text, '\n'), text + n - 1);
	ck_assert_int_eq(recall(yaml, NULL, &d), OK);
	ck_assert(!d->away);
	ck_assert_str_eq(d->identity, there->identity);
	data_close(d);
	trial_poke(trial_path("m/train-labels-idx1-ubyte"), 3, 7);
	trial_message(recall(yaml, NULL, &d), E_ENV, "is no IDX file of labels", NULL);
	ck_assert_int_eq(rename(trial_path("m"), trial_path("gone")), 0);
	ck_assert_int_eq(recall(yaml, NULL, &d), OK);
	ck_assert(d->away && d->n_train == there->n_train && d->n_valid == there->n_valid && d->n_test == there->n_test);
	ck_assert_str_eq(d->identity, there->identity);
}
END_TEST

Suite *memory_suite(void)
{
	Suite *s = suite_create("memory");
	TCase *tc = tcase_create("memory");
	tcase_add_checked_fixture(tc, trial_setup, trial_teardown);
	tcase_add_test(tc, a_line_stands_for_the_files);
	tcase_add_test(tc, what_no_line_is_of);
	tcase_add_test(tc, published_sets);
	tcase_add_test(tc, written_once);
	suite_add_tcase(s, tc);
	return s;
}
