#include "tests/gan/fight.h"

int main(void)
{
	Suite *suite = suite_create("gan");
	suite_add_tcase(suite, tcase_adversaries());
	suite_add_tcase(suite, tcase_critics());
	suite_add_tcase(suite, tcase_finite());
	suite_add_tcase(suite, tcase_penalty());
	suite_add_tcase(suite, tcase_signs());
	suite_add_tcase(suite, tcase_spectral());
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	const int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
