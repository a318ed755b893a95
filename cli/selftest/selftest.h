/* The engine's tests on one device, in this process. */
#ifndef CLI_SELFTEST_SELFTEST_H
#define CLI_SELFTEST_SELFTEST_H

#include "engine/device.h"

struct selftest_case {
	const char *name; /* of the group */
	int passed, failed;
};

struct selftest_failure {
	const char *test, *text; /* "against_ref_bf16 17", "cases_a.c:12: ..." */
};

struct selftest {
	int n_case, n_failure;
	struct selftest_case *group;
	struct selftest_failure *failure;
};

/* Runs them all on a device (a name of device_open), saying on stderr how far it is where that is a terminal. */
struct selftest *selftest_run(struct arena *a, const char *device);

/* What the tests open as device "selftest" is the one that selftest_run was given. */
enum status selftest_device_open(struct arena *a, const char *name, int threads, struct device **dev, struct err *e);
void selftest_device_close(struct device *dev); /* NULL allowed */

/* Whether that device takes a precision; if not, the tests of it are left out. */
bool selftest_takes(enum precision p);

#endif
