/* Stands where the CUDA module's loader will be, and says so. */
#include "engine/device.h"

static int count(struct err *why)
{
	err_env(why, "this limbeck was built without CUDA");
	return 0;
}

const struct backend backend_cuda = {.name = "cuda", .wide = F32, .count = count};
