/* The CUDA runtime's state of a thread of the host. */
#pragma once

#include <cuda_runtime_api.h>

namespace cusim {

extern thread_local int current_device;

cudaError_t error_keep(cudaError_t error); /* as the last error, unless it is none; returns it */

} // namespace cusim
