/* For what stands in for a library of NVIDIA's (fake_*.cc): queue work on a stream, check its memory, know about captures. */
#pragma once

#include "tests/cusim/cusim.h"

namespace cusim {

/*
 * Queues work, or adds it to the graph that the stream captures. what: a literal, for messages. NULL is the legacy default stream.
 * Errors are those of a launch; they are also kept for cudaGetLastError.
 */
cudaError_t enqueue(cudaStream_t stream, std::function<void()> work, const char *what);

/* Dies unless the bytes lie in one buffer of device memory. For inside work: a buffer is judged when it is used. */
void need_device(const void *p, size_t bytes, bool write, const char *what);

/* For work that stands for a kernel, before it begins: whether it faults instead (CUSIM_FAULT). */
bool kernel_faults(void);

bool is_device(const void *p);
bool is_pinned(const void *p);

void stream_finish(cudaStream_t stream); /* all that is queued on it */

/* For a call that CUDA forbids while a stream captures: the error, and the capture is broken. */
cudaError_t capture_forbids(void);

} // namespace cusim
