/*
 * Memory by lifetime. Things in an arena are never freed one by one; the arena ends and all of it goes.
 *
 * Arenas hold structure (graphs, options, text). Tensors' memory comes from a device (engine/device.h)
 * and is checked there, because it is what can really run out. An arena that can't grow leaves through
 * the program's out-of-memory hook and does not return, so callers need no check.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>
#include <stdint.h>

struct arena;

struct arena *arena_open(const char *name);
void arena_close(struct arena *a); /* NULL is allowed */

/* Zeroed, aligned to 16 bytes. size 0 gives a valid pointer. */
void *arena_alloc(struct arena *a, size_t size) __attribute__((malloc, returns_nonnull));
void *arena_array(struct arena *a, size_t n, size_t size) __attribute__((malloc, returns_nonnull));
char *arena_str(struct arena *a, const char *s) __attribute__((returns_nonnull));
char *arena_strn(struct arena *a, const char *s, size_t n) __attribute__((returns_nonnull));
char *arena_printf(struct arena *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3), returns_nonnull));
size_t arena_bytes(const struct arena *a); /* taken from the system so far */

#define NEW(arena, type) ((type *)arena_alloc((arena), sizeof(type)))
#define NEW_ARRAY(arena, type, n) ((type *)arena_array((arena), (size_t)(n), sizeof(type)))

/* Number of allocations that went through base/ since the start: a step must not raise it. */
uint64_t alloc_count(void);
/* Plain heap memory for what outgrows an arena (buffers that are reallocated, tensors on the host).
   Counted. mem_new gives zeroed memory aligned to 64 bytes or NULL; mem_free takes NULL. */
void *mem_new(size_t size);
void mem_free(void *p);
/* Changes the size of plain heap memory (NULL: new, not zeroed); leaves through the hook on failure. Counted. */
void *mem_resize(void *p, size_t size) __attribute__((returns_nonnull));
/* Doubles *items (capacity *cap, element size bytes) when n == *cap; leaves through the hook on failure.
   The new part is zeroed. */
void mem_grow(void **items, int n, int *cap, size_t size);

/* Called when an arena can't grow; must not return. The default prints and aborts. */
void arena_set_oom(void (*hook)(const char *arena, size_t size));
/* Tests: let n more allocations succeed, then fail one; -1 switches it off. */
void fault_alloc_after(long n);

#endif
