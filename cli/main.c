/* The program: the library's one entry, and the only exit. */
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "cli/threads.h"
#include "limbeck.h"

static void out_of_memory(const char *arena, size_t size)
{
	fprintf(stderr, "out of memory: '%s' can't grow by %zu bytes\n", arena, size);
	exit(EXIT_FAILURE);
}

int main(int argc, char **argv)
{
	threads_calm(argv); /* before anything else: it may start the program anew */
	arena_set_oom(out_of_memory);
	mallopt(M_MMAP_THRESHOLD, 1 << 20); /* what a stage held goes back to the system, which is asked how much there is for the next */
	signal(SIGXFSZ, SIG_IGN); /* then a write past the limit fails, and is told with the file's name */
	return limbeck_main(argc, argv);
}
