/* Devices, their properties, errors and versions. A function that is missing is a link error: add it to the file of its subject. */
#include "tests/cusim/runtime.h"

#include "tests/cusim/fakes.h"
#include "tests/cusim/settings.h"

namespace cusim {

thread_local int current_device;
static thread_local cudaError_t last_error;

cudaError_t error_keep(cudaError_t error)
{
	if (error)
		last_error = error;
	return error;
}

static uint64_t bit_of_device(void)
{
	return (uint64_t)1 << current_device % 64;
}

cudaError_t device_fault(void)
{
	return setting.lost_devices & bit_of_device() ? error_keep(cudaErrorIllegalAddress) : cudaSuccess;
}

bool kernel_faults(void)
{
	if (setting.failing_kernel && --setting.failing_kernel == 0)
		setting.lost_devices |= bit_of_device();
	return device_fault() != cudaSuccess;
}

/* What every GPU of the last years has at least; the multiprocessors are few, so that loops over a grid go round more than once. */
constexpr int multiprocessors = 4, compute_minor = 0, shared_bytes = 48 << 10, shared_bytes_most = 99 << 10;

} // namespace cusim

using namespace cusim;
#define API extern "C" cudaError_t CUDARTAPI

API cudaGetDeviceCount(int *count)
{
	if (!setting.devices)
		return error_keep(cudaErrorInsufficientDriver); /* as without a driver: *count is not written */
	*count = setting.devices;
	return cudaSuccess;
}

API cudaSetDevice(int device)
{
	if (device < 0 || device >= setting.devices)
		return error_keep(cudaErrorInvalidDevice);
	current_device = device;
	return device_fault();
}

API cudaGetDevice(int *device)
{
	*device = current_device;
	return cudaSuccess;
}

API cudaGetDeviceProperties(cudaDeviceProp *p, int device)
{
	if (device < 0 || device >= setting.devices)
		return error_keep(cudaErrorInvalidDevice);
	memset(p, 0, sizeof *p);
	snprintf(p->name, sizeof p->name, "cusim (CPU)");
	p->major = setting.compute_major;
	p->minor = compute_minor;
	p->totalGlobalMem = setting.device_bytes;
	p->multiProcessorCount = multiprocessors;
	p->warpSize = warpSize;
	p->maxThreadsPerBlock = 1024;
	p->maxThreadsPerMultiProcessor = 1536;
	p->regsPerBlock = 65536;
	p->sharedMemPerBlock = shared_bytes;
	p->sharedMemPerBlockOptin = shared_bytes_most;
	p->maxGridSize[0] = 0x7fffffff;
	p->maxGridSize[1] = p->maxGridSize[2] = 65535;
	p->maxThreadsDim[0] = p->maxThreadsDim[1] = 1024;
	p->maxThreadsDim[2] = 64;
	return cudaSuccess;
}

API cudaDeviceGetAttribute(int *value, cudaDeviceAttr attribute, int device)
{
	if (device < 0 || device >= setting.devices)
		return error_keep(cudaErrorInvalidDevice);
	switch (attribute) {
	case cudaDevAttrMultiProcessorCount:
		*value = multiprocessors;
		break;
	case cudaDevAttrComputeCapabilityMajor:
		*value = setting.compute_major;
		break;
	case cudaDevAttrComputeCapabilityMinor:
		*value = compute_minor;
		break;
	case cudaDevAttrMaxSharedMemoryPerBlock:
		*value = shared_bytes;
		break;
	case cudaDevAttrMaxSharedMemoryPerBlockOptin:
		*value = shared_bytes_most;
		break;
	case cudaDevAttrMaxThreadsPerBlock:
		*value = 1024;
		break;
	case cudaDevAttrWarpSize:
		*value = warpSize;
		break;
	default:
		fail("cudaDeviceGetAttribute: attribute %d is not simulated: add it to runtime.cc", (int)attribute);
	}
	return cudaSuccess;
}

API cudaRuntimeGetVersion(int *version)
{
	*version = CUDART_VERSION;
	return cudaSuccess;
}

API cudaDriverGetVersion(int *version)
{
	return cudaRuntimeGetVersion(version);
}

API cudaGetLastError(void)
{
	const cudaError_t error = last_error;
	last_error = device_fault();
	return error;
}

API cudaPeekAtLastError(void)
{
	return last_error;
}

extern "C" const char *CUDARTAPI cudaGetErrorName(cudaError_t error)
{
	switch (error) {
#define NAME(x)    \
	case x: \
		return #x
		NAME(cudaSuccess);
		NAME(cudaErrorCapturedEvent);
		NAME(cudaErrorIllegalAddress);
		NAME(cudaErrorIllegalState);
		NAME(cudaErrorInsufficientDriver);
		NAME(cudaErrorInvalidConfiguration);
		NAME(cudaErrorInvalidDevice);
		NAME(cudaErrorInvalidResourceHandle);
		NAME(cudaErrorInvalidValue);
		NAME(cudaErrorLaunchFailure);
		NAME(cudaErrorMemoryAllocation);
		NAME(cudaErrorNoKernelImageForDevice);
		NAME(cudaErrorNotReady);
		NAME(cudaErrorNotSupported);
		NAME(cudaErrorStreamCaptureImplicit);
		NAME(cudaErrorStreamCaptureInvalidated);
		NAME(cudaErrorStreamCaptureIsolation);
		NAME(cudaErrorStreamCaptureMerge);
		NAME(cudaErrorStreamCaptureUnjoined);
		NAME(cudaErrorStreamCaptureUnmatched);
		NAME(cudaErrorStreamCaptureUnsupported);
		NAME(cudaErrorStreamCaptureWrongThread);
#undef NAME
	default:
		return "unrecognized error code";
	}
}

extern "C" const char *CUDARTAPI cudaGetErrorString(cudaError_t error)
{
	return cudaGetErrorName(error);
}
