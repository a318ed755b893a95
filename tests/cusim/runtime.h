/* The CUDA runtime's state of a thread of the host. */
#pragma once

#include <cuda_runtime_api.h>

#include "tests/cusim/settings.h"

namespace cusim {

extern thread_local int current_device;

cudaError_t error_keep(cudaError_t error); /* as the last error, unless it is none; returns it */

/* After a fault of a kernel (CUSIM_FAULT) every call gives its error, as CUDA does: what was queued on that device does not run any more. Of the current one. */
cudaError_t device_fault(void);

/* At the head of what the host calls. */
#define ENTER_RUNTIME \
	inside runtime; \
	if (device_fault()) \
	return device_fault()

} // namespace cusim
