#include "cli/threads.h"

#include <stdlib.h>
#include <unistd.h>

/* See docs/ARCHITECTURE.md, Threads, for how this number was chosen. */
static const char SPINS[] = "10000";

void threads_calm(char **argv)
{
	char path[4096];
	if (getenv("OMP_WAIT_POLICY") || getenv("GOMP_SPINCOUNT"))
		return;
	/* The link itself would give the process the name "exe". */
	const ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
	if (n <= 0 || setenv("GOMP_SPINCOUNT", SPINS, 1) != 0)
		return;
	path[n] = '\0';
	execv(path, argv);
	unsetenv("GOMP_SPINCOUNT"); /* still here: it was read long ago */
}
