#include <check.h>

Suite *options_suite(void);
Suite *report_suite(void);

int main(void)
{
	SRunner *r = srunner_create(options_suite());
	srunner_add_suite(r, report_suite());
	srunner_run_all(r, CK_ENV);
	const int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
