/* Copies and fills, on streams and at once. */

#include "tests/cusim/fakes.h"
#include "tests/cusim/runtime.h"
#include "tests/cusim/settings.h"
#include "tests/cusim/stream.h"

namespace cusim {

static bool kind_fits(const void *to, const void *from, cudaMemcpyKind kind)
{
	const bool to_device = kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
	const bool from_device = kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
	return kind == cudaMemcpyDefault || (is_device(to) == to_device && is_device(from) == from_device);
}

/* Sizes are checked when the copy runs: a buffer that was freed in between is found out. */
static void copy_now(void *to, const void *from, size_t bytes, bool to_device, bool from_device)
{
	if (to_device)
		need_device(to, bytes, true, "cudaMemcpy destination");
	if (from_device)
		need_device(from, bytes, false, "cudaMemcpy source");
	memcpy(to, from, bytes);
}

/*
 * An asynchronous copy from pageable memory takes its bytes when its turn comes: CUDA says that it may be at the call, and that nobody should count on it. One
 * to pageable memory ends before the call does.
 * In a capture both are refused; what a driver makes of them differs.
 */
static cudaError_t copy(void *to, const void *from, size_t bytes, cudaMemcpyKind kind, cudaStream_t stream, bool asynchronous)
{
	if (!bytes)
		return cudaSuccess;
	if (!kind_fits(to, from, kind))
		return error_keep(cudaErrorInvalidValue);
	const bool to_device = is_device(to), from_device = is_device(from);
	const bool pageable_source = !from_device && !is_pinned(from), pageable_target = !to_device && !is_pinned(to);
	if ((pageable_source || pageable_target) && stream_captures(stream))
		return stream_refuses(stream, cudaErrorStreamCaptureUnsupported);
	const cudaError_t error = enqueue(stream, [=]() { copy_now(to, from, bytes, to_device, from_device); }, "cudaMemcpy");
	if (error || !(asynchronous ? pageable_target : !(to_device && from_device)))
		return error;
	stream_finish(stream);
	return device_fault();
}

} // namespace cusim

using namespace cusim;
#define API extern "C" cudaError_t CUDARTAPI

API cudaMemcpy(void *to, const void *from, size_t bytes, cudaMemcpyKind kind)
{
	ENTER_RUNTIME;
	const cudaError_t forbidden = capture_forbids();
	return forbidden ? forbidden : copy(to, from, bytes, kind, nullptr, false);
}

API cudaMemcpyAsync(void *to, const void *from, size_t bytes, cudaMemcpyKind kind, cudaStream_t stream)
{
	ENTER_RUNTIME;
	return copy(to, from, bytes, kind, stream, true);
}

API cudaMemcpyPeerAsync(void *to, int, const void *from, int, size_t bytes, cudaStream_t stream)
{
	ENTER_RUNTIME;
	return copy(to, from, bytes, cudaMemcpyDeviceToDevice, stream, true);
}

API cudaMemsetAsync(void *p, int value, size_t bytes, cudaStream_t stream)
{
	ENTER_RUNTIME;
	if (!bytes)
		return cudaSuccess;
	return enqueue(
	        stream,
	        [=]() {
		        need_device(p, bytes, true, "cudaMemset");
		        memset(p, value, bytes);
	        },
	        "cudaMemset");
}

API cudaMemset(void *p, int value, size_t bytes)
{
	ENTER_RUNTIME;
	const cudaError_t forbidden = capture_forbids();
	return forbidden ? forbidden : cudaMemsetAsync(p, value, bytes, nullptr);
}

/* A __constant__ or __device__ variable is one of the host's. */
API cudaMemcpyToSymbol(const void *symbol, const void *from, size_t bytes, size_t offset, cudaMemcpyKind)
{
	ENTER_RUNTIME;
	const cudaError_t forbidden = capture_forbids();
	if (forbidden)
		return forbidden;
	device_finish();
	memcpy((char *)symbol + offset, from, bytes);
	return cudaSuccess;
}
