#include "cli/run_out.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

const char *run_out(struct arena *a, const char *out, const struct positional *words)
{
	char real[PATH_MAX];
	if (out || !words->n || !realpath(words->word[0], real) || !file_exists(path_join(a, real, "config.yaml")))
		return out ? out : "runs";
	char *slash = strrchr(real, '/');
	slash[slash == real] = 0;
	return arena_str(a, real);
}
