/* What the environment says (README.md has the list), random numbers, counters, and the simulator's one lock. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "tests/cusim/sanitizer.h"

namespace cusim {

enum class thread_order { fifo, lifo, random };
enum class stream_order { eager, lazy, random };

struct settings {
	thread_order threads;
	stream_order streams;
	size_t resident_blocks; /* whose threads take turns */
	int devices, compute_major;
	size_t device_bytes;
	long failing_malloc; /* the how manieth from here; 0: none */
	long failing_again;  /* and the how manieth after that, each time; 0: no other */
	long failing_kernel; /* the same */
	uint64_t lost_devices; /* a bit for each on which it failed */
	bool host_poison, leak_check, print_counters;
};
extern settings setting;

uint32_t random_next(void); /* repeatable: from CUSIM_SEED */

struct counters {
	long launches, blocks, threads, switches, barriers, warp_operations;
};
extern counters counted;

/* Several threads of the host may call the runtime; one at a time is inside. Recursive; TSan must not take it for order. */
struct lock {
	int owner = 0, depth = 0;

	void take(void);
	void give(void);
};
extern lock runtime_lock;

/* At the head of every function that the host calls. */
struct inside {
	inside(void)
	{
		runtime_lock.take();
	}

	~inside(void)
	{
		runtime_lock.give();
	}
	tsan_ignore ignore;
};

} // namespace cusim
