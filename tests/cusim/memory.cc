/* What a pointer points to: asked by kernels' launches, copies and the stand-ins of libraries. */
#include "tests/cusim/memory.h"

#include "tests/cusim/fakes.h"
#include "tests/cusim/runtime.h"
#include "tests/cusim/settings.h"

namespace cusim {

std::map<uintptr_t, allocation> &allocations = *new std::map<uintptr_t, allocation>;
static int working_depth;

static allocation *find(const void *p, uintptr_t *start = nullptr)
{
	auto next = allocations.upper_bound((uintptr_t)p);
	if (next == allocations.begin())
		return nullptr;
	--next;
	if ((uintptr_t)p >= next->first + next->second.bytes)
		return nullptr;
	if (start)
		*start = next->first;
	return &next->second;
}

static bool is_kind(const void *p, memory_kind kind)
{
	inside runtime;
	const allocation *a = find(p);
	return a && a->kind == kind;
}

bool is_device(const void *p)
{
	return is_kind(p, memory_kind::device);
}

bool is_pinned(const void *p)
{
	return is_kind(p, memory_kind::pinned);
}

/* ---- host poison ---- */

static void poison(uintptr_t start, size_t bytes, bool on)
{
	(on ? __asan_poison_memory_region : __asan_unpoison_memory_region)((void *)start, bytes);
}

static void poison_all(bool on)
{
	if (with_asan() && setting.host_poison)
		for (const auto &a : allocations)
			if (a.second.kind == memory_kind::device)
				poison(a.first, a.second.bytes, on);
}

void memory_guard(uintptr_t start, size_t bytes)
{
	if (with_asan() && setting.host_poison && !working_depth)
		poison(start, bytes, true);
}

device_at_work::device_at_work(void)
{
	if (working_depth++ == 0)
		poison_all(false);
}

device_at_work::~device_at_work(void)
{
	if (--working_depth == 0)
		poison_all(true);
}

/* ---- checks ---- */

void need_device(const void *p, size_t bytes, bool write, const char *what)
{
	if (!bytes)
		return;
	{
		inside runtime;
		uintptr_t start;
		const allocation *a = find(p, &start);
		if (!a || a->kind != memory_kind::device)
			fail("%s: %p is not device memory", what, p);
		const size_t left = start + a->bytes - (uintptr_t)p;
		if (bytes > left)
			fail("%s: needs %zu bytes at %p, but its device buffer of %zu bytes has only %zu left: out of bounds by %zu", what, bytes, p,
			     a->bytes, left, bytes - left);
	}
	if (with_tsan())
		(write ? __tsan_write_range : __tsan_read_range)((void *)p, bytes);
}

void check_argument(const char *kernel, int index, const void *p)
{
	inside runtime;
	if (!p)
		return;
	const allocation *a = find(p);
	if (!a) {
		a = find((const char *)p - 1); /* the end of a buffer is legal */
		if (a && a->kind == memory_kind::device)
			return;
		fail("kernel %s: pointer argument %d (%p) is not device memory (of the host, or freed)", kernel, index, p);
	}
	if (a->kind == memory_kind::device && a->device != current_device)
		fail("kernel %s: pointer argument %d belongs to device %d, and the current one is %d", kernel, index, a->device, current_device);
}

int memory_report_leaks(void)
{
	inside runtime;
	for (const auto &a : allocations)
		fprintf(stderr, "CUSIM ERROR: leak of %zu bytes of %s memory\n", a.second.bytes,
		        a.second.kind == memory_kind::device ? "device" : "pinned");
	return (int)allocations.size();
}

} // namespace cusim
