#include "runs/safetensors.h"

#include <math.h>
#include <unistd.h>

#include "base/file.h"
#include "base/rng.h"
#include "tests/runs/suites.h"

static const double f64[] = {1.0 / 3, -0.0};
static const float f32[] = {1.5f, -2, 3.25f};
static const uint16_t bf16[] = {0x3f80, 0xc000, 0x4040};
static const int32_t i32[] = {-7};
static const uint8_t u8[] = {0, 127, 255};
static const int8_t s8[] = {-128, 127};
static const int64_t i64[] = {-1, 1LL << 40};

/* One of each type, sizes mixed, so that the order in the file is not the order given. */
static const struct st_tensor all[] = {
	{.name = "u8", .dtype = U8, .shape = {1, {3}}, .data = u8, .bytes = sizeof u8},
	{.name = "a \"quoted\"\n\xc3\xa9", .dtype = F32, .shape = {2, {3, 1}}, .data = f32, .bytes = sizeof f32},
	{.name = "bf16", .dtype = BF16, .shape = {3, {1, 3, 1}}, .data = bf16, .bytes = sizeof bf16},
	{.name = "i64", .is_i64 = true, .shape = {1, {2}}, .data = i64, .bytes = sizeof i64},
	{.name = "scalar", .dtype = I32, .shape = {0, {0}}, .data = i32, .bytes = sizeof i32},
	{.name = "s8", .dtype = S8, .shape = {6, {1, 1, 2, 1, 1, 1}}, .data = s8, .bytes = sizeof s8},
	{.name = "f64", .dtype = F64, .shape = {1, {2}}, .data = f64, .bytes = sizeof f64},
};
enum { N_ALL = sizeof all / sizeof *all };
static const struct st_meta meta[] = {{"format", "pt"},
                                      {"text", "two\nlines, \"quotes\", \\ and \xe2\x82\xac"}};

static const char *all_file(void)
{
	const char *path = scratch_path("all.safetensors");
	ck_ok(st_write(path, all, N_ALL, meta, 2, &e));
	return path;
}

START_TEST(what_is_written_is_read)
{
	struct st_file f;
	ck_ok(st_read(life, all_file(), &f, &e));
	ck_assert_int_eq(f.n, N_ALL);
	for (int i = 0; i < N_ALL; i++) {
		const struct st_tensor *t = st_find(&f, all[i].name);
		ck_assert_msg(t == &f.tensor[i], "'%s' is not number %d", all[i].name, i);
		ck_assert_int_eq(t->is_i64, all[i].is_i64);
		if (!t->is_i64)
			ck_assert_int_eq(t->dtype, all[i].dtype);
		ck_assert(shape_eq(&t->shape, &all[i].shape));
		ck_assert_uint_eq(t->bytes, all[i].bytes);
		ck_assert_mem_eq(t->data, all[i].data, t->bytes);
		ck_assert_uint_eq((uintptr_t)t->data % (t->is_i64 ? 8 : dtype_size(t->dtype)), 0);
	}
	ck_assert_ptr_null(st_find(&f, "nothing"));
	ck_assert_int_eq(f.n_meta, 2);
	ck_assert_str_eq(st_meta(&f, "text"), meta[1].value);
	ck_assert_ptr_null(st_meta(&f, "other"));
	ck_assert_int_eq(entries(), 1);
}
END_TEST

START_TEST(the_bytes_are_those_of_the_format)
{
	const float x[] = {1};
	const struct st_tensor t = {.name = "w", .dtype = F32, .shape = {1, {1}}, .data = x, .bytes = 4};
	const char *path = scratch_path("one");
	const char header[] = "{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}";
	size_t n;
	ck_ok(st_write(path, &t, 1, NULL, 0, &e));
	const char *bytes = content(path, &n);
	const size_t len = (sizeof header - 1 + 7) / 8 * 8;
	ck_assert_uint_eq(n, 8 + len + 4);
	ck_assert_uint_eq((unsigned char)bytes[0], len);
	ck_assert_mem_eq(bytes + 1, "\0\0\0\0\0\0\0", 7);
	ck_assert_mem_eq(bytes + 8, header, sizeof header - 1);
	ck_assert_mem_eq(bytes + 8 + len, "\0\0\x80\x3f", 4);
}
END_TEST

START_TEST(no_tensor_is_a_file_too)
{
	struct st_file f;
	const char *path = scratch_path("none");
	ck_ok(st_write(path, NULL, 0, NULL, 0, &e));
	ck_ok(st_read(life, path, &f, &e));
	ck_assert_int_eq(f.n, 0);
	ck_assert_int_eq(f.n_meta, 0);
}
END_TEST

START_TEST(f16_becomes_f32)
{
	static const uint16_t half[] = {0x3c00, 0xc000, 0x7bff, 0x0001, 0x8001, 0x03ff,
	                                0x0400, 0x8000, 0x7c00, 0xfc00, 0x7e00, 0x3555};
	static const float want[] = {1,        -2,    65504,    0x1p-24f,  -0x1p-24f, 1023 * 0x1p-24f,
	                             0x1p-14f, -0.0f, INFINITY, -INFINITY, NAN,       0x1.554p-2f};
	enum { N = sizeof half / sizeof *half };
	const char *header = "{\"h\":{\"dtype\":\"F16\",\"shape\":[3,4],\"data_offsets\":[0,24]}}";
	const char *path = st_file_of("half", header, 24);
	size_t n;
	char *bytes = arena_alloc(life, 200);
	const char *old = content(path, &n);
	memcpy(bytes, old, n);
	memcpy(bytes + n - 24, half, 24);
	struct st_file f;
	ck_ok(st_read(life, scratch_file("half", bytes, n), &f, &e));
	ck_assert_int_eq(f.tensor[0].dtype, F32);
	ck_assert_uint_eq(f.tensor[0].bytes, 4 * N);
	const float *x = f.tensor[0].data;
	for (int i = 0; i < N; i++)
		ck_assert_msg(isnan(want[i]) ? isnan(x[i]) : !memcmp(&x[i], &want[i], 4), "%d: %a, not %a", i,
		              (double)x[i], (double)want[i]);
}
END_TEST

/* Other programs neither pad the header nor order by size. */
START_TEST(a_header_of_odd_length_gives_aligned_tensors)
{
	static const char *const pad[] = {"", " ", "  ", "   ", "    ", "     ", "      ", "       "};
	for (int i = 0; i < 8; i++) {
		const char *header = arena_printf(life,
		                                  "{\"b\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
		                                  "\"d\":{\"dtype\":\"F64\",\"shape\":[],\"data_offsets\":[1,9]}}%s",
		                                  pad[i]);
		struct st_file f;
		ck_ok(st_read(life, st_file_of("odd", header, 9), &f, &e));
		ck_assert_uint_eq((uintptr_t)f.tensor[1].data % 8, 0);
		ck_assert_mem_eq(f.tensor[1].data, "\1\2\3\4\5\6\7\10", 8);
	}
}
END_TEST

#define T(name, dtype, shape, a, b) \
	"\"" name "\":{\"dtype\":\"" dtype "\",\"shape\":[" shape "],\"data_offsets\":[" #a "," #b "]}"

static const struct damage {
	const char *header;
	size_t n;
	const char *message;
} damages[] = {
	{"[1,2]", 0, "not a JSON object"},
	{"{\"w\":", 0, "offset 8: 'header' is damaged"},
	{"{" T("w", "F32", "1", 0, 4) "," T("w", "F32", "1", 4, 8) "}", 8, "duplicate"},
	{"{" T("w", "F8_E4M3", "4", 0, 4) "}", 4,
	 "unknown dtype 'F8_E4M3', known: F64 F32 F16 BF16 I64 I32 U8 I8"},
	{"{\"w\":{\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "has no 'dtype'"},
	{"{\"w\":7}", 4, "has no 'dtype'"},
	{"{\"w\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", 4, "has no list 'shape'"},
	{"{\"w\":{\"dtype\":\"F32\",\"shape\":1,\"data_offsets\":[0,4]}}", 4, "has no list 'shape'"},
	{"{\"w\":{\"dtype\":\"F32\",\"shape\":{\"a\":1},\"data_offsets\":[0,4]}}", 4, "has no list 'shape'"},
	{"{" T("w", "F32", "1.5", 0, 4) "}", 4, "numbers from 1 to"},
	{"{" T("w", "F32", "-1", 0, 4) "}", 4, "numbers from 1 to"},
	{"{" T("w", "F32", "0", 0, 0) "}", 0, "numbers from 1 to"},
	{"{" T("w", "F32", "4294967297", 0, 4) "}", 4, "numbers from 1 to"},
	{"{" T("w", "F32", "99999999999999999999", 0, 4) "}", 4, "damaged"},
	{"{" T("w", "F32", "2147483647,2147483647,4", 0, 4) "}", 4, "larger than any file"},
	{"{" T("w", "F32", "65536,65536,65536,65536", 0, 0) "}", 0, "larger than any file"},
	{"{" T("w", "F32", "1,1,1,1,1,1,1", 0, 4) "}", 4, "has 7 dimensions, allowed at most 6"},
	{"{\"w\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4, "no 'data_offsets'"},
	{"{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0]}}", 4, "no 'data_offsets'"},
	{"{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[\"0\",4]}}", 4, "no 'data_offsets'"},
	{"{" T("w", "F32", "1", 0, 8) "}", 4, "0 to 8 of the 4 bytes"},
	{"{" T("w", "F32", "1", -4, 0) "}", 4, "-4 to 0"},
	{"{" T("w", "F32", "1", 4, 0) "}", 4, "4 to 0"},
	{"{" T("w", "F32", "2", 0, 4) "}", 4, "(2) of F32 needs 8 bytes but has 4"},
	{"{" T("w", "F32", "1", 0, 4) "," T("v", "F32", "1", 2, 6) "}", 6, "'w' and 'v' overlap"},
	{"{" T("w", "F32", "1", 0, 4) "," T("v", "F32", "1", 0, 4) "}", 4, "overlap"},
	{"{" T("w", "F32", "1", 4, 8) "}", 8, "4 bytes before tensor 'w' belong to no tensor"},
	{"{" T("w", "F32", "1", 0, 4) "}", 9, "5 bytes behind the last tensor"},
	{"{\"__metadata__\":{\"a\":1}}", 0, "'__metadata__' is not an object of texts"},
	{"{\"__metadata__\":[\"a\"]}", 0, "'__metadata__' is not an object of texts"},
	{"{\"__metadata__\":\"a\"}", 0, "'__metadata__' is not an object of texts"},
};

START_TEST(damage_is_named_with_its_offset)
{
	const struct damage *d = &damages[_i];
	struct st_file f;
	const char *path = st_file_of("bad.safetensors", d->header, d->n);
	ck_assert_int_eq(st_read(life, path, &f, &e), E_ENV);
	ck_assert_int_eq(e.count, 1);
	ck_assert_int_eq(f.n, 0);
	const char *begin = arena_printf(life, "%s: offset ", path);
	ck_assert_msg(!strncmp(e.text, begin, strlen(begin)), "%s", e.text);
	ck_assert_msg(strstr(e.text, d->message) != NULL, "'%s' is not in:\n%s", d->message, e.text);
}
END_TEST

START_TEST(the_offset_is_that_of_the_name)
{
	struct st_file f;
	const char *path = st_file_of("bad", "{" T("w", "F32", "1", 0, 4) "," T("v", "F32", "1", 4, 99) "}", 8);
	ck_fails(st_read(life, path, &f, &e), E_ENV,
	         arena_printf(life, "offset %zu: tensor 'v'", 8 + strlen("{" T("w", "F32", "1", 0, 4) ",")));
}
END_TEST

START_TEST(foreign_files_are_refused)
{
	struct st_file f;
	unsigned char long_header[16] = {0, 0, 0, 0, 1};
	ck_fails(st_read(life, scratch_file("a", "", 0), &f, &e), E_ENV, "offset 0: a file of 0 bytes");
	ck_fails(st_read(life, scratch_file("a", "{\"w\":", 5), &f, &e), E_ENV, "offset 0: a file of 5 bytes");
	ck_fails(st_read(life, scratch_file("a", "PK\3\4\0\0\0\0\0\0\0\0", 12), &f, &e), E_ENV, "PyTorch's .pth");
	ck_fails(st_read(life, scratch_file("a", long_header, 16), &f, &e), E_ENV, "allowed at most 100000000");
	ck_fails(st_read(life, scratch_file("a", "\0\1\0\0\0\0\0\0{}", 10), &f, &e), E_ENV,
	         "ends within its header");
	ck_fails(st_read(life, scratch_file("a", "\0\0\0\0\0\0\0\0{}", 10), &f, &e), E_ENV, "header is empty");
	ck_fails(st_read(life, scratch_file("a", "name: x\nseed: 1\nstages:\n", 24), &f, &e), E_ENV,
	         "offset 0: the header");
	ck_fails(st_read(life, scratch_path("none"), &f, &e), E_ENV, "No such file");
	ck_fails(st_read(life, scratch, &f, &e), E_ENV, "directory");
}
END_TEST

START_TEST(a_file_cut_anywhere_is_refused)
{
	size_t n;
	const char *path = all_file(), *whole = content(path, &n);
	for (size_t cut = 0; cut < n; cut += cut + 40 < n ? 7 : 1) {
		struct arena *a = arena_open("cut");
		struct st_file f;
		path = scratch_file("cut", whole, cut);
		ck_fails(st_read(a, path, &f, &e), E_ENV, "cut: offset ");
		arena_close(a);
	}
}
END_TEST

/* Whatever is changed, the answer is a file or a message, never a crash. */
START_TEST(a_file_changed_anywhere_is_safe)
{
	struct rng r = rng_stream(1, (struct rng_name){.purpose = "damage"});
	size_t n;
	const char *whole = content(all_file(), &n);
	char *bytes = arena_alloc(life, n);
	int refused = 0;
	for (int i = 0; i < 2000; i++) {
		struct arena *a = arena_open("changed");
		struct st_file f;
		memcpy(bytes, whole, n);
		for (uint32_t k = rng_below(&r, 3) + 1; k; k--)
			bytes[rng_below(&r, (uint32_t)n)] = (char)rng_u32(&r);
		const enum status st = st_read(a, scratch_file("changed", bytes, n), &f, &e);
		ck_assert(st == OK || st == E_ENV);
		ck_assert_int_eq(st == OK, e.count == 0);
		refused += st != OK;
		err_clear(&e);
		arena_close(a);
	}
	ck_assert_int_gt(refused, 1000);
}
END_TEST

START_TEST(a_full_disk_leaves_the_old_file)
{
	static const uint8_t much[100000];
	const struct st_tensor t = {
		.name = "w", .dtype = U8, .shape = {1, {sizeof much}}, .data = much, .bytes = sizeof much};
	const char *path = all_file();
	size_t n, m;
	const char *old = content(path, &n);
	disk_full_at(50000);
	const enum status st = st_write(path, &t, 1, NULL, 0, &e);
	disk_full_at(RLIM_INFINITY);
	ck_fails(st, E_ENV, "File too large");
	const char *now = content(path, &m);
	ck_assert_uint_eq(n, m);
	ck_assert_mem_eq(old, now, n);
	ck_assert_int_eq(entries(), 1);
}
END_TEST

START_TEST(a_folder_that_is_not_there_is_named)
{
	const char *path = scratch_path("no/such/file");
	ck_fails(st_write(path, all, N_ALL, NULL, 0, &e), E_ENV, path);
}
END_TEST

Suite *safetensors_suite(void)
{
	Suite *s = suite_create("safetensors");
	TCase *tc = life_case(s, "round trip");
	tcase_add_test(tc, what_is_written_is_read);
	tcase_add_test(tc, the_bytes_are_those_of_the_format);
	tcase_add_test(tc, no_tensor_is_a_file_too);
	tcase_add_test(tc, f16_becomes_f32);
	tcase_add_test(tc, a_header_of_odd_length_gives_aligned_tensors);
	tc = life_case(s, "damage");
	tcase_add_loop_test(tc, damage_is_named_with_its_offset, 0, sizeof damages / sizeof *damages);
	tcase_add_test(tc, the_offset_is_that_of_the_name);
	tcase_add_test(tc, foreign_files_are_refused);
	tcase_add_test(tc, a_file_cut_anywhere_is_refused);
	tcase_add_test(tc, a_file_changed_anywhere_is_safe);
	tcase_add_test(tc, a_full_disk_leaves_the_old_file);
	tcase_add_test(tc, a_folder_that_is_not_there_is_named);
	return s;
}
