/* Device and pinned memory: what is allocated, and where a pointer points. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <map>

namespace cusim {

enum class memory_kind { device, pinned };

struct allocation {
	size_t bytes;
	memory_kind kind;
	int device;
	char *mapped; /* NULL: from malloc */
	size_t mapped_bytes;
};
extern std::map<uintptr_t, allocation> &allocations; /* by address */

/* Prints what is still allocated; how many. */
int memory_report_leaks(void);

/* CUSIM_HOSTPOISON: device memory can be touched only while such an object lives. ASan only. */
struct device_at_work {
	device_at_work(void);
	~device_at_work(void);
};
void memory_guard(uintptr_t start, size_t bytes); /* new device memory: from here on so */

} // namespace cusim
