/*
 * The sanitizers' entries that a scheduler of fibers needs. The library itself is never instrumented; the entries are weak, so that
 * the same object file serves programs without a sanitizer, with ASan and with TSan.
 */
#pragma once

#include <stddef.h>

extern "C" {
#define CUSIM_WEAK __attribute__((weak))
void __sanitizer_start_switch_fiber(void **save, const void *bottom, size_t size) CUSIM_WEAK;
void __sanitizer_finish_switch_fiber(void *saved, const void **bottom_from, size_t *size_from) CUSIM_WEAK;
void __asan_poison_memory_region(const volatile void *p, size_t size) CUSIM_WEAK;
void __asan_unpoison_memory_region(const volatile void *p, size_t size) CUSIM_WEAK;
void *__tsan_create_fiber(unsigned flags) CUSIM_WEAK;
void *__tsan_get_current_fiber(void) CUSIM_WEAK;
void __tsan_switch_to_fiber(void *fiber, unsigned flags) CUSIM_WEAK;
void __tsan_set_fiber_name(void *fiber, const char *name) CUSIM_WEAK;
void __tsan_acquire(void *address) CUSIM_WEAK;
void __tsan_release(void *address) CUSIM_WEAK;
void __tsan_read_range(void *address, unsigned long size) CUSIM_WEAK;
void __tsan_write_range(void *address, unsigned long size) CUSIM_WEAK;
void AnnotateIgnoreReadsBegin(const char *file, int line) CUSIM_WEAK;
void AnnotateIgnoreReadsEnd(const char *file, int line) CUSIM_WEAK;
void AnnotateIgnoreWritesBegin(const char *file, int line) CUSIM_WEAK;
void AnnotateIgnoreWritesEnd(const char *file, int line) CUSIM_WEAK;
#undef CUSIM_WEAK
}

namespace cusim {

inline bool with_tsan(void)
{
	return __tsan_create_fiber != nullptr;
}

inline bool with_asan(void)
{
	return !with_tsan() && __sanitizer_start_switch_fiber != nullptr && __asan_poison_memory_region != nullptr;
}

/* ---- ASan: which stack is in use ---- */

inline void asan_leaves(void **fake_stack, const void *bottom, size_t size)
{
	if (with_asan())
		__sanitizer_start_switch_fiber(fake_stack, bottom, size);
}

inline void asan_arrives(void *fake_stack, const void **bottom_from, size_t *size_from)
{
	if (with_asan())
		__sanitizer_finish_switch_fiber(fake_stack, bottom_from, size_from);
}

/* ---- TSan: every CUDA thread and every stream is a fiber of its own, and a switch orders nothing ---- */

inline void *tsan_fiber_new(void)
{
	return with_tsan() ? __tsan_create_fiber(0) : nullptr;
}

inline void *tsan_fiber(void)
{
	return with_tsan() ? __tsan_get_current_fiber() : nullptr;
}

inline void tsan_switch(void *fiber)
{
	const unsigned no_order = 1;
	if (with_tsan() && fiber)
		__tsan_switch_to_fiber(fiber, no_order);
}

/* Only these order: what was before a release of an address is before what follows its acquire. */
inline void tsan_release(void *address)
{
	if (with_tsan())
		__tsan_release(address);
}

inline void tsan_acquire(void *address)
{
	if (with_tsan())
		__tsan_acquire(address);
}

/* The simulator's own malloc and memmove are not the program's; without this they are reported as its races. */
struct tsan_ignore {
	tsan_ignore(void)
	{
		if (with_tsan()) {
			AnnotateIgnoreReadsBegin("", 0);
			AnnotateIgnoreWritesBegin("", 0);
		}
	}

	~tsan_ignore(void)
	{
		if (with_tsan()) {
			AnnotateIgnoreWritesEnd("", 0);
			AnnotateIgnoreReadsEnd("", 0);
		}
	}
};

} // namespace cusim
