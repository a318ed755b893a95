/*
 * cudaMalloc and its kin. Device memory is memory of the host with a guard behind it, all bits 1 at first: NaN to a reader of any
 * float.
 */
#include <sys/mman.h>

#include <set>

#include "tests/cusim/fakes.h"
#include "tests/cusim/memory.h"
#include "tests/cusim/runtime.h"
#include "tests/cusim/settings.h"
#include "tests/cusim/stream.h"

namespace cusim {

static std::set<uintptr_t> &freed = *new std::set<uintptr_t>; /* for messages; without those in use again */
static std::map<int, size_t> &used_bytes = *new std::map<int, size_t>;

constexpr size_t page = 4096, alignment = 256; /* what cudaMalloc promises */

static size_t rounded(size_t n, size_t to)
{
	return (n + to - 1) / to * to;
}

/* With a sanitizer: its own blocks, exact to the byte. Without: pages whose last byte is before one that nobody may touch. */
static bool device_memory(allocation *a, void **p)
{
	if (with_asan() || with_tsan())
		return !posix_memalign(p, alignment, a->bytes);
	const size_t tail = rounded(a->bytes, alignment), pages = rounded(tail, page);
	a->mapped_bytes = page + pages + page;
	a->mapped = (char *)mmap(nullptr, a->mapped_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (a->mapped == MAP_FAILED)
		return false;
	mprotect(a->mapped, page, PROT_NONE);
	mprotect(a->mapped + page + pages, page, PROT_NONE);
	*p = a->mapped + page + pages - tail;
	memset(*p, 0xFF, tail);
	return true;
}

/* Up to the next multiple of the alignment no guard page protects, so what was written there shows when the buffer is freed. */
static void check_tail(uintptr_t start, const allocation &a)
{
	const unsigned char *end = (const unsigned char *)start + rounded(a.bytes, alignment);
	for (const unsigned char *q = (const unsigned char *)start + a.bytes; a.mapped && q < end; q++)
		if (*q != 0xFF)
			fail("cudaFree: something wrote %zu bytes behind the end of a device buffer of %zu bytes", (size_t)((uintptr_t)q - start - a.bytes),
			     a.bytes);
}

static cudaError_t allocate(void **p, size_t bytes)
{
	*p = nullptr;
	if (!bytes)
		return cudaSuccess;
	if (setting.failing_malloc && --setting.failing_malloc == 0) {
		setting.failing_malloc = setting.failing_again;
		return error_keep(cudaErrorMemoryAllocation);
	}
	allocation a{bytes, memory_kind::device, current_device, nullptr, 0};
	if (used_bytes[current_device] + bytes > setting.device_bytes || !device_memory(&a, p))
		return error_keep(cudaErrorMemoryAllocation);
	memset(*p, 0xFF, bytes);
	allocations[(uintptr_t)*p] = a;
	freed.erase((uintptr_t)*p);
	used_bytes[current_device] += bytes;
	memory_guard((uintptr_t)*p, bytes);
	return cudaSuccess;
}

/* The buffer of the kind that begins at p. */
static std::map<uintptr_t, allocation>::iterator owned(void *p, memory_kind kind, const char *call)
{
	const auto found = allocations.find((uintptr_t)p);
	if (found == allocations.end())
		fail(freed.count((uintptr_t)p) ? "%s: %p was freed before" : "%s: no buffer begins at %p", call, p);
	if (found->second.kind != kind)
		fail("%s: %p is %s memory", call, p, kind == memory_kind::device ? "pinned host" : "device");
	return found;
}

static void release(void *p)
{
	const auto found = owned(p, memory_kind::device, "cudaFree");
	const allocation a = found->second;
	check_tail(found->first, a);
	used_bytes[a.device] -= a.bytes;
	allocations.erase(found);
	freed.insert((uintptr_t)p);
	if (a.mapped) {
		munmap(a.mapped, a.mapped_bytes);
		return;
	}
	if (with_asan())
		__asan_unpoison_memory_region(p, a.bytes);
	free(p);
}

} // namespace cusim

using namespace cusim;
#define API extern "C" cudaError_t CUDARTAPI

API cudaMalloc(void **p, size_t bytes)
{
	ENTER_RUNTIME;
	const cudaError_t forbidden = capture_forbids();
	if (forbidden)
		return forbidden;
	return p ? allocate(p, bytes) : error_keep(cudaErrorInvalidValue);
}

API cudaFree(void *p)
{
	ENTER_RUNTIME;
	if (!p)
		return cudaSuccess;
	const cudaError_t forbidden = capture_forbids();
	if (forbidden)
		return forbidden;
	device_finish();
	release(p);
	return device_fault();
}

/* Memory of a stream's own order: here it is there at once, and goes when the stream's work is done. */
API cudaMallocAsync(void **p, size_t bytes, cudaStream_t)
{
	return cudaMalloc(p, bytes);
}

API cudaFreeAsync(void *p, cudaStream_t stream)
{
	ENTER_RUNTIME;
	const cudaError_t forbidden = capture_forbids();
	if (forbidden || !p)
		return forbidden;
	stream_finish(stream);
	release(p);
	return device_fault();
}

API cudaMallocHost(void **p, size_t bytes)
{
	ENTER_RUNTIME;
	const cudaError_t forbidden = capture_forbids();
	if (forbidden)
		return forbidden;
	*p = malloc(bytes ? bytes : 1);
	if (!*p)
		return error_keep(cudaErrorMemoryAllocation);
	allocations[(uintptr_t)*p] = {bytes ? bytes : 1, memory_kind::pinned, current_device, nullptr, 0};
	freed.erase((uintptr_t)*p);
	return cudaSuccess;
}

API cudaHostAlloc(void **p, size_t bytes, unsigned)
{
	return cudaMallocHost(p, bytes);
}

API cudaFreeHost(void *p)
{
	ENTER_RUNTIME;
	if (!p)
		return cudaSuccess;
	const cudaError_t forbidden = capture_forbids();
	if (forbidden)
		return forbidden;
	device_finish();
	allocations.erase(owned(p, memory_kind::pinned, "cudaFreeHost"));
	freed.insert((uintptr_t)p);
	free(p);
	return device_fault();
}

API cudaMemGetInfo(size_t *free_bytes, size_t *total_bytes)
{
	ENTER_RUNTIME;
	*total_bytes = setting.device_bytes;
	*free_bytes = setting.device_bytes - used_bytes[current_device];
	return cudaSuccess;
}
