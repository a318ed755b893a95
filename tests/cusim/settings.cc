#include "tests/cusim/settings.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/cusim/control.h"
#include "tests/cusim/memory.h"

namespace cusim {

settings setting;
counters counted;
lock runtime_lock;
static uint64_t random_state;

static const char *text(const char *name, const char *otherwise)
{
	const char *value = getenv(name);
	return value && *value ? value : otherwise;
}

static long number(const char *name, long otherwise)
{
	const char *value = text(name, nullptr);
	return value ? strtol(value, nullptr, 10) : otherwise;
}

/* The place of a value in a list that NULL ends. A word that is not in it would silently test less. */
static int choice(const char *name, const char *const *allowed)
{
	const char *value = text(name, allowed[0]);
	for (int i = 0; allowed[i]; i++)
		if (!strcmp(value, allowed[i]))
			return i;
	fprintf(stderr, "CUSIM ERROR: %s is '%s', allowed", name, value);
	for (int i = 0; allowed[i]; i++)
		fprintf(stderr, " %s", allowed[i]);
	fputc('\n', stderr);
	abort();
}

static void configure(void)
{
	static const char *const orders[] = {"fifo", "lifo", "random", nullptr};
	static const char *const streams[] = {"eager", "lazy", "random", nullptr};

	setting.threads = (thread_order)choice("CUSIM_ORDER", orders);
	setting.streams = (stream_order)choice("CUSIM_STREAMS", streams);
	const long blocks = number("CUSIM_BLOCKS", 1);
	setting.resident_blocks = blocks < 1 ? 1 : (size_t)blocks;
	setting.devices = (int)number("CUSIM_GPUS", 1);
	setting.compute_major = (int)number("CUSIM_MAJOR", 8);
	setting.device_bytes = (size_t)number("CUSIM_MEM_MB", 1024) << 20;
	setting.failing_malloc = number("CUSIM_FAIL_MALLOC", 0);
	setting.failing_again = number("CUSIM_FAIL_AGAIN", 0);
	setting.failing_kernel = number("CUSIM_FAULT", 0);
	setting.lost_devices = 0;
	setting.host_poison = number("CUSIM_HOSTPOISON", 0) != 0;
	setting.leak_check = number("CUSIM_LEAK", 0) != 0;
	setting.print_counters = number("CUSIM_STATS", 0) != 0;
	random_state = (uint64_t)number("CUSIM_SEED", 1) * 0x9E3779B97F4A7C15u + 1;
}

/* A leak is an error of its own only where all else went well: status 99 would hide another one. */
static void at_exit(int status, void *)
{
	if (setting.print_counters)
		fprintf(stderr, "cusim: %ld launches, %ld blocks, %ld threads, %ld switches, %ld barriers, %ld warp operations\n", counted.launches,
		        counted.blocks, counted.threads, counted.switches, counted.barriers, counted.warp_operations);
	if (setting.leak_check && memory_report_leaks() && status == 0)
		_exit(99);
}

static struct start {
	start(void)
	{
		configure();
		on_exit(at_exit, nullptr);
	}
} started;

uint32_t random_next(void)
{
	uint64_t x = random_state += 0x9E3779B97F4A7C15u;
	x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
	x = (x ^ x >> 27) * 0x94D049BB133111EBu;
	return (uint32_t)(x >> 32);
}

void lock::take(void)
{
	const int self = (int)syscall(SYS_gettid);
	if (__atomic_load_n(&owner, __ATOMIC_RELAXED) == self) {
		depth++;
		return;
	}
	for (int nobody = 0; !__atomic_compare_exchange_n(&owner, &nobody, self, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED); nobody = 0)
		sched_yield();
	depth = 1;
}

void lock::give(void)
{
	if (--depth == 0)
		__atomic_store_n(&owner, 0, __ATOMIC_RELEASE);
}

} // namespace cusim

/* TSan waits for a second at every exit, for reports of threads that still run; here none does. */
extern "C" const char *__tsan_default_options(void)
{
	return "atexit_sleep_ms=0";
}

void cusim_configure(void)
{
	cusim::configure();
}
