/* What the module with the CUDA back end shows to the program that loads it. */
#ifndef ENGINE_CUDA_MODULE_H
#define ENGINE_CUDA_MODULE_H

#include "engine/device.h"

/* The one symbol of the module. Both sides are built of one source tree: what differs is told, and nothing of it is used. */
#define CUDA_MODULE_SYMBOL "limbeck_cuda_module"
struct cuda_module {
	const char *version; /* PACKAGE_VERSION */
	int n_op;
	size_t backend_size;
	const struct backend *backend;
};

#endif
