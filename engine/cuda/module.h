/* What the module with the CUDA back end shows to the program that loads it. */
#ifndef ENGINE_CUDA_MODULE_H
#define ENGINE_CUDA_MODULE_H

#include "base/log.h"
#include "engine/device.h"

/* The one symbol of the module. Both sides are built of one source tree: what differs is told, and nothing of it is used. */
#define CUDA_MODULE_SYMBOL "limbeck_cuda_module"
typedef void log_writer(enum log_level level, const char *fmt, ...);
struct cuda_module {
	const char *version; /* PACKAGE_VERSION */
	int n_op;
	size_t size;         /* of this and of struct backend */
	const struct backend *backend;
	void (*log_to)(log_writer *line); /* before the first use: what the back end says goes to the program's log, which alone has its lock and its file */
};
#define CUDA_MODULE_SIZE (sizeof(struct cuda_module) + sizeof(struct backend))

#endif
