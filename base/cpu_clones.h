/*
 * CPU_CLONES before a function: the compiler emits it for three levels of x86-64 and the loader picks one when the
 * program starts. Only on static functions that are called from the same file (clang 14 emits no plain symbol for
 * others). The macro is empty where configure's link-and-run test failed, and under ThreadSanitizer, where the
 * resolver runs before the sanitizer is ready and crashes.
 *
 * All clones give the same bits: the build forbids contraction (-ffp-contract=off), so a clone with fused
 * multiply-add rounds as the others do, and sums stay in the order in which they are written.
 */
#ifndef BASE_CPU_CLONES_H
#define BASE_CPU_CLONES_H

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define CPU_CLONES_TSAN 1
#endif
#endif
#ifdef __SANITIZE_THREAD__
#define CPU_CLONES_TSAN 1
#endif

#if defined(HAVE_TARGET_CLONES) && !defined(CPU_CLONES_TSAN)
#define CPU_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CPU_CLONES
#endif

#endif
