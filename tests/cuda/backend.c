/* The back end without its module: linked into the test, on the simulated device. */
#include "engine/cuda/cuda.h"

const struct backend *backend_cuda(struct err *why)
{
	(void)why;
	return &cuda_backend;
}
