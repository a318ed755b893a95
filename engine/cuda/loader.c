/* Finds the module with the CUDA back end when a GPU is asked for. The program starts without it and without any library of CUDA. */
#include "config.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "engine/cuda/module.h"

/* Beside the program, where `make` leaves it, or where `make install` puts it, also when the whole was moved. */
static const char *const beside[] = {"limbeck_cuda.so", ".libs/limbeck_cuda.so", "../lib/limbeck/limbeck_cuda.so"};

static bool is_file(const char *path)
{
	return access(path, R_OK) == 0;
}

static bool find_beside(char path[PATH_MAX])
{
	char own[PATH_MAX];
	const ssize_t n = readlink("/proc/self/exe", own, sizeof own - 1);
	own[n > 0 ? n : 0] = 0;
	char *end = strrchr(own, '/');
	for (size_t i = 0; end && i < sizeof beside / sizeof *beside; i++)
		if (snprintf(path, PATH_MAX, "%.*s/%s", (int)(end - own), own, beside[i]) < PATH_MAX && is_file(path))
			return true;
	return snprintf(path, PATH_MAX, "%s/%s", LIMBECK_PKGLIBDIR, beside[0]) < PATH_MAX && is_file(path);
}

static bool find(char path[PATH_MAX], struct err *why)
{
	const char *told = getenv("LIMBECK_CUDA_MODULE");
	if (told && *told) {
		/* Of a name without a slash dlopen would look among the system's libraries. */
		const bool fits = snprintf(path, PATH_MAX, "%s%s", strchr(told, '/') ? "" : "./", told) < PATH_MAX;
		if (fits && is_file(path))
			return true;
		err_env(why, "LIMBECK_CUDA_MODULE names a module for CUDA that can't be opened (%s): %s", strerror(fits ? errno : ENAMETOOLONG), told);
		return false;
	}
	if (find_beside(path))
		return true;
	err_env(why, "this limbeck has no module for CUDA: it was built without, or limbeck_cuda.so is neither beside it nor in %s "
	        "(LIMBECK_CUDA_MODULE=PATH says where)", LIMBECK_PKGLIBDIR);
	return false;
}

static const struct backend *load(struct err *why)
{
	char path[PATH_MAX];
	if (!find(path, why))
		return NULL;
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!library) {
		err_env(why, "the module for CUDA can't be loaded: %s", dlerror());
		return NULL;
	}
	const struct cuda_module *m = dlsym(library, CUDA_MODULE_SYMBOL);
	if (m && str_eq(m->version, PACKAGE_VERSION) && m->n_op == OP_COUNT && m->size == CUDA_MODULE_SIZE) {
		m->log_to(log_line);
		return m->backend; /* stays loaded: its code runs until the program ends */
	}
	err_env(why, "%s is of another limbeck%s%s than this %s: build both together", path, m ? " " : "", m ? m->version : "", PACKAGE_VERSION);
	dlclose(library);
	return NULL;
}

const struct backend *backend_cuda(struct err *why)
{
	static const struct backend *found;
	if (!found)
		found = load(why);
	return found;
}
