#include "base/arena.h"

#include <limits.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

enum { ALIGN = 16, CHUNK_MIN = 16 << 10, CHUNK_MAX = 1 << 20, HEAP_ALIGN = 64 };

/* Chunks come zeroed from calloc and are used once, so what an arena hands out needs no clearing. */
struct chunk {
	alignas(ALIGN) struct chunk *next;
	size_t size, used; /* of data */
	alignas(ALIGN) char data[];
};

struct arena {
	struct chunk *chunks; /* the first is the one being filled */
	size_t bytes, next_size;
	char name[48];
};

static atomic_uint_least64_t count;
static atomic_long fault = -1;

static void oom_default(const char *arena, size_t size)
{
	fprintf(stderr, "out of memory: '%s' asked for %zu bytes\n", arena, size);
	abort();
}

static void (*oom_hook)(const char *arena, size_t size) = oom_default;

void arena_set_oom(void (*hook)(const char *arena, size_t size))
{
	oom_hook = hook ? hook : oom_default;
}

_Noreturn static void oom(const char *name, size_t size)
{
	oom_hook(name, size);
	BUG("the out-of-memory hook returned ('%s', %zu bytes)", name, size);
}

void fault_alloc_after(long n)
{
	atomic_store(&fault, n);
}

uint64_t alloc_count(void)
{
	return atomic_load_explicit(&count, memory_order_relaxed);
}

/* Counts one allocation; false when this is the one that a test wants to fail. */
static bool allowed(void)
{
	atomic_fetch_add_explicit(&count, 1, memory_order_relaxed);
	return atomic_load_explicit(&fault, memory_order_relaxed) < 0 || atomic_fetch_sub(&fault, 1) != 0;
}

struct arena *arena_open(const char *name)
{
	struct arena *a = allowed() ? calloc(1, sizeof *a) : NULL;
	if (!a)
		oom(name, sizeof *a);
	snprintf(a->name, sizeof a->name, "%s", name);
	a->next_size = CHUNK_MIN;
	return a;
}

void arena_close(struct arena *a)
{
	if (!a)
		return;
	for (struct chunk *c = a->chunks, *next; c; c = next) {
		next = c->next;
		free(c);
	}
	free(a);
}

static struct chunk *chunk_add(struct arena *a, size_t size)
{
	const bool large = size > a->next_size / 4;
	const size_t room = large ? size : a->next_size;
	struct chunk *c = calloc(1, sizeof *c + room);
	if (!c)
		oom(a->name, size);
	c->size = room;
	a->bytes += sizeof *c + room;
	if (large && a->chunks) {
		/* a chunk of its own, behind the one being filled, whose rest stays in use */
		c->next = a->chunks->next;
		a->chunks->next = c;
		return c;
	}
	if (!large && a->next_size < CHUNK_MAX)
		a->next_size *= 2;
	c->next = a->chunks;
	a->chunks = c;
	return c;
}

void *arena_alloc(struct arena *a, size_t size)
{
	if (!allowed() || size > PTRDIFF_MAX - 4096)
		oom(a->name, size);
	size = size ? (size + ALIGN - 1) / ALIGN * ALIGN : ALIGN;
	struct chunk *c = a->chunks;
	if (!c || c->size - c->used < size)
		c = chunk_add(a, size);
	void *p = c->data + c->used;
	c->used += size;
	return p;
}

void *arena_array(struct arena *a, size_t n, size_t size)
{
	size_t bytes;
	if (__builtin_mul_overflow(n, size, &bytes))
		oom(a->name, SIZE_MAX);
	return arena_alloc(a, bytes);
}

char *arena_strn(struct arena *a, const char *s, size_t n)
{
	const size_t len = strnlen(s, n);
	char *t = arena_alloc(a, len + 1);
	memcpy(t, s, len);
	return t;
}

char *arena_str(struct arena *a, const char *s)
{
	return arena_strn(a, s, strlen(s));
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	BUG_IF(!fmt, "arena_printf: no format");
	va_list ap, again;
	va_start(ap, fmt);
	va_copy(again, ap);
	const int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	BUG_IF(n < 0, "arena_printf: bad format");
	char *t = arena_alloc(a, (size_t)n + 1);
	vsnprintf(t, (size_t)n + 1, fmt, again);
	va_end(again);
	return t;
}

size_t arena_bytes(const struct arena *a)
{
	return a->bytes;
}

void *mem_new(size_t size)
{
	if (!allowed() || size > PTRDIFF_MAX - 4096)
		return NULL;
	size = size ? (size + HEAP_ALIGN - 1) / HEAP_ALIGN * HEAP_ALIGN : HEAP_ALIGN;
	void *p = aligned_alloc(HEAP_ALIGN, size);
	if (p)
		memset(p, 0, size);
	return p;
}

void mem_free(void *p)
{
	free(p);
}

void *mem_resize(void *p, size_t size)
{
	void *q = allowed() ? realloc(p, size ? size : 1) : NULL;
	if (!q)
		oom("heap", size);
	return q;
}

void mem_grow(void **items, int n, int *cap, size_t size)
{
	if (n < *cap)
		return;
	BUG_IF(n > *cap, "mem_grow: %d items in room for %d", n, *cap);
	size_t bytes;
	const int more = *cap ? *cap : 8;
	if (*cap > INT_MAX / 2 || __builtin_mul_overflow((size_t)*cap + (size_t)more, size, &bytes))
		oom("heap", SIZE_MAX);
	char *p = mem_resize(*items, bytes);
	memset(p + (size_t)*cap * size, 0, (size_t)more * size);
	*items = p;
	*cap += more;
}
