#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/data/ships.h"
#include "tests/data/trial.h"

/* --ships DIR: draws the set that tests/ships.sh works with. */
static int draw_ships(const char *dir)
{
	static struct err e;
	if (ships_draw(dir, &e) == OK)
		return 0;
	fprintf(stderr, "%s\n", e.text);
	return 1;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "--ships"))
		return draw_ships(argv[2]);
	SRunner *r = srunner_create(idx_suite());
	srunner_add_suite(r, cifar_suite());
	srunner_add_suite(r, image_suite());
	srunner_add_suite(r, folder_suite());
	srunner_add_suite(r, list_suite());
	srunner_add_suite(r, ships_suite());
	srunner_add_suite(r, split_suite());
	srunner_add_suite(r, data_suite());
	srunner_add_suite(r, loader_suite());
	srunner_add_suite(r, memory_suite());
	srunner_run_all(r, CK_ENV);
	const int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
