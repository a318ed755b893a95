#include "tests/engine/cases.h"

int main(void)
{
	Suite *const suite = suite_create("engine");

	suite_add_tcase(suite, tcase_grad());
	suite_add_tcase(suite, tcase_hand());
	suite_add_tcase(suite, tcase_against_ref());
	suite_add_tcase(suite, tcase_wide());
	suite_add_tcase(suite, tcase_optim());
	suite_add_tcase(suite, tcase_largest());
	suite_add_tcase(suite, tcase_late());
	suite_add_tcase(suite, tcase_int8());
	suite_add_tcase(suite, tcase_loss());
	suite_add_tcase(suite, tcase_pick());
	suite_add_tcase(suite, tcase_commit());
	suite_add_tcase(suite, tcase_pool());
	suite_add_tcase(suite, tcase_threads());
	suite_add_tcase(suite, tcase_profile());
	SRunner *const runner = srunner_create(suite);

	srunner_run_all(runner, CK_ENV);
	const int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed != 0;
}
