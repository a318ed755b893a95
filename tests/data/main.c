#include <stdlib.h>

#include "tests/data/trial.h"

int main(void)
{
	SRunner *r = srunner_create(idx_suite());
	srunner_add_suite(r, cifar_suite());
	srunner_add_suite(r, image_suite());
	srunner_add_suite(r, folder_suite());
	srunner_add_suite(r, list_suite());
	srunner_add_suite(r, ships_suite());
	srunner_add_suite(r, split_suite());
	srunner_add_suite(r, data_suite());
	srunner_add_suite(r, loader_suite());
	srunner_run_all(r, CK_ENV);
	const int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
