#include "base/sha256.h"

#include "tests/base/suites.h"

/* FIPS 180-2, appendix B, and the empty text. */
START_TEST(published_digests)
{
	char hex[65];
	sha256_text("abc", hex);
	ck_assert_str_eq(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	sha256_text("", hex);
	ck_assert_str_eq(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	struct sha256 *s = sha256_open();
	for (int i = 0; i < 1000; i++) {
		char thousand[1000];
		memset(thousand, 'a', sizeof thousand);
		sha256_add(s, thousand, sizeof thousand);
	}
	sha256_hex(s, hex);
	ck_assert_str_eq(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}
END_TEST

START_TEST(pieces_make_the_whole)
{
	char whole[65], pieces[65];
	sha256_text("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", whole);
	ck_assert_str_eq(whole, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	struct sha256 *s = sha256_open();
	sha256_add(s, "abcdbcdecdefdefgefghf", 21);
	sha256_add(s, "", 0);
	sha256_add(s, "ghighijhijkijkljklmklmnlmnomnopnopq", 35);
	sha256_hex(s, pieces);
	ck_assert_str_eq(whole, pieces);
}
END_TEST

Suite *sha256_suite(void)
{
	Suite *s = suite_create("sha256");
	TCase *tc = life_case(s, "sha256");
	tcase_add_test(tc, published_digests);
	tcase_add_test(tc, pieces_make_the_whole);
	return s;
}
