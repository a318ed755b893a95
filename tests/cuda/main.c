/* The engine's tests on a simulated GPU: the text of the kernels, executed. tests/cusim/README.md says how. */
#include "tests/engine/cases.h"

TCase *tcase_align(void);
TCase *tcase_chain(void);
TCase *tcase_data(void);
TCase *tcase_device(void);
TCase *tcase_failure(void);
TCase *tcase_gpus(void);
TCase *tcase_index(void);
TCase *tcase_record(void);
TCase *tcase_conv(void);
TCase *tcase_half(void);
TCase *tcase_tf32(void);
TCase *tcase_bytes(void);
TCase *tcase_product(void);

int main(void)
{
	Suite *const suite = suite_create("cuda");

	suite_add_tcase(suite, tcase_against_ref());
	suite_add_tcase(suite, tcase_wide());
	suite_add_tcase(suite, tcase_hand());
	suite_add_tcase(suite, tcase_int8());
	suite_add_tcase(suite, tcase_largest());
	suite_add_tcase(suite, tcase_optim());
	suite_add_tcase(suite, tcase_loss());
	suite_add_tcase(suite, tcase_pick());
	suite_add_tcase(suite, tcase_commit());
	suite_add_tcase(suite, tcase_align());
	suite_add_tcase(suite, tcase_chain());
	suite_add_tcase(suite, tcase_data());
	suite_add_tcase(suite, tcase_device());
	suite_add_tcase(suite, tcase_failure());
	suite_add_tcase(suite, tcase_gpus());
	suite_add_tcase(suite, tcase_index());
	suite_add_tcase(suite, tcase_record());
	suite_add_tcase(suite, tcase_conv());
	suite_add_tcase(suite, tcase_half());
	suite_add_tcase(suite, tcase_tf32());
	suite_add_tcase(suite, tcase_bytes());
	suite_add_tcase(suite, tcase_product());
	SRunner *const runner = srunner_create(suite);

	srunner_run_all(runner, CK_ENV);
	const int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed != 0;
}
