#include "tests/losses/room.h"

int main(void)
{
	Suite *suite = suite_create("losses");
	suite_add_tcase(suite, tcase_adapt());
	suite_add_tcase(suite, tcase_ce());
	suite_add_tcase(suite, tcase_every());
	suite_add_tcase(suite, tcase_fsp());
	suite_add_tcase(suite, tcase_hint());
	suite_add_tcase(suite, tcase_irg());
	suite_add_tcase(suite, tcase_kd());
	suite_add_tcase(suite, tcase_temperature());
	suite_add_tcase(suite, tcase_terms());
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	const int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
