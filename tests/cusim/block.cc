/* Where threads of a block meet: barriers, warps, shared memory; and what is wrong with how they meet. */
#include "tests/cusim/block.h"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace cusim {

static bool same_place(site a, site b)
{
	return a.line == b.line && !strcmp(a.file, b.file);
}

/* ---- memory ---- */

/*
 * TSan remembers what was done to an address. So each of its blocks gets fresh ones, by a bare system call that TSan does not see,
 * and they go back when the grid has ended.
 */
constexpr size_t arena_bytes = 256 << 10;
static std::vector<void *> &arenas = *new std::vector<void *>;

static void arena_begin(block *b)
{
	const long address = syscall(SYS_mmap, nullptr, arena_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (address == -1)
		fail("no memory for a block");
	b->arena = (char *)address;
	b->arena_used = 0;
	arenas.push_back(b->arena);
}

void *block_memory(block *b, size_t bytes, size_t align)
{
	void *p = nullptr;
	if (align < 16)
		align = 16;
	if (!with_tsan()) {
		if (posix_memalign(&p, align, bytes ? bytes : 1))
			fail("no memory for a block");
		return p;
	}
	if (bytes > arena_bytes)
		fail("%zu bytes of shared memory", bytes);
	b->arena_used = (b->arena_used + align - 1) / align * align;
	if (!b->arena || b->arena_used + bytes > arena_bytes)
		arena_begin(b);
	p = b->arena + b->arena_used;
	b->arena_used += bytes;
	return p;
}

void block_release_arenas(void)
{
	for (void *arena : arenas)
		munmap(arena, arena_bytes); /* which TSan sees: it forgets the addresses */
	arenas.clear();
}

/* All bits 1: NaN in every type of float, -1 in whole numbers. A loop, since memset would be an access that TSan sees. */
static void fill_unset(void *memory, size_t bytes)
{
	volatile unsigned char *p = (volatile unsigned char *)memory;
	for (size_t i = 0; i < bytes; i++)
		p[i] = 0xFF;
}

static int shared_variables;

void *shared_variable::of_block(void)
{
	tsan_ignore ignore;
	block *const b = running->home;
	if (number < 0)
		number = shared_variables++;
	if (b->shared.size() <= (size_t)number)
		b->shared.resize((size_t)number + 1);
	shared_copy &copy = b->shared[(size_t)number];
	if (!copy.memory) {
		copy = {block_memory(b, bytes, align), bytes};
		fill_unset(copy.memory, bytes);
	}
	return copy.memory;
}

void *dynamic_shared(void)
{
	tsan_ignore ignore;
	block *const b = running->home;
	if (!b->dynamic) {
		b->dynamic = block_memory(b, running_grid.dynamic_bytes, 128);
		fill_unset(b->dynamic, running_grid.dynamic_bytes);
	}
	return b->dynamic;
}

/* ---- begin and end ---- */

void block_begin(block *b, uint3 index)
{
	const unsigned threads = blockDim.x * blockDim.y * blockDim.z;
	b->index = index;
	b->live = threads;
	b->exited = b->arrived = b->generation = b->votes[0] = b->votes[1] = 0;
	b->at = {};
	b->arena = nullptr;
	b->arena_used = 0;
	b->order = with_tsan() ? (char *)block_memory(b, 16, 8) : nullptr;
	b->fibers.resize(threads);
	b->warps.resize((threads + 31) / 32);
	for (warp &w : b->warps) {
		w.meetings.clear();
		w.born = w.alive = 0;
	}
	for (unsigned i = 0; i < threads; i++) {
		const uint3 thread = {i % blockDim.x, i / blockDim.x % blockDim.y, i / blockDim.x / blockDim.y};
		b->fibers[i] = fiber{nullptr, b, nullptr, nullptr, thread, i, thread_state::ready, {}};
		b->warps[i / 32].born |= 1u << (i & 31);
	}
	for (warp &w : b->warps)
		w.alive = w.born;
	running_grid.unfinished += threads;
}

void block_end(block *b)
{
	for (shared_copy &copy : b->shared) {
		if (!with_tsan()) /* ASan: a kernel that kept the address is found out */
			free(copy.memory);
		copy.memory = nullptr;
	}
	if (!with_tsan())
		free(b->dynamic);
	b->dynamic = nullptr;
}

void block_thread_done(fiber *f)
{
	block *const b = f->home;
	warp &w = b->warps[f->number / 32];
	const unsigned bit = 1u << (f->number & 31);
	f->state = thread_state::done;
	w.alive &= ~bit;
	b->live--;
	b->exited++;
	running_grid.unfinished--;
	for (const meeting &m : w.meetings)
		if (m.arrived && (m.mask & bit))
			fail("%s:%d: lanes wait in a warp operation for lane %u, which has returned (mask %08x)", m.at.file, m.at.line,
			     f->number & 31, m.mask);
	if (b->arrived)
		fail("%s:%d: __syncthreads() that some threads of the block never reach (this thread returned)", b->at.file, b->at.line);
}

/* ---- barriers ---- */

static void barrier_open(block *b)
{
	tsan_ignore ignore;
	counted.barriers++;
	b->arrived = 0;
	b->generation++;
	b->votes[b->generation & 1] = 0; /* the last but one: everybody has read it */
	b->at = {};
	for (fiber &f : b->fibers)
		if (f.state == thread_state::at_barrier)
			fiber_queue(&f);
}

unsigned block_count(bool predicate, site at)
{
	block *const b = running->home;
	const unsigned generation = b->generation & 1;
	running->at = at;
	if (b->exited)
		fail("%s:%d: __syncthreads() after %u threads of the block have returned", at.file, at.line, b->exited);
	if (b->arrived == 0)
		b->at = at;
	else if (!same_place(b->at, at))
		fail("threads of one block meet at different __syncthreads(): %s:%d and %s:%d", b->at.file, b->at.line, at.file, at.line);
	tsan_release(b->order + generation * 8);
	b->votes[generation] += predicate;
	running->state = thread_state::at_barrier;
	if (++b->arrived == b->live)
		barrier_open(b);
	fiber_suspend();
	tsan_acquire(b->order + generation * 8);
	return b->votes[generation];
}

void block_barrier(site at)
{
	block_count(false, at);
}

/* ---- warps ---- */

static size_t meeting_find(block *b, warp *w, unsigned mask)
{
	size_t i = 0;
	while (i < w->meetings.size() && w->meetings[i].mask != mask)
		i++;
	if (i == w->meetings.size()) {
		tsan_ignore ignore;
		w->meetings.emplace_back();
		w->meetings[i].mask = mask;
		if (with_tsan())
			w->meetings[i].order = (char *)block_memory(b, 16, 8);
	}
	return i;
}

static void meeting_ends(block *b, unsigned first_thread, meeting *m)
{
	tsan_ignore ignore;
	counted.warp_operations++;
	m->took_part[m->generation & 1] = m->arrived;
	for (unsigned lane = 0; lane < 32; lane++)
		if ((m->arrived >> lane & 1u) && b->fibers[first_thread + lane].state == thread_state::at_warp)
			fiber_queue(&b->fibers[first_thread + lane]);
	m->generation++;
	m->arrived = 0;
	m->at = {};
}

warp_values warp_exchange(unsigned mask, uint64_t bits, site at)
{
	block *const b = running->home;
	const unsigned own = lane();
	warp *const w = &b->warps[running->number / 32];
	running->at = at;
	if (!(mask >> own & 1u))
		fail("%s:%d: lane %u is not in its own mask %08x", at.file, at.line, own, mask);
	if (mask & w->born & ~w->alive)
		fail("%s:%d: mask %08x names lanes that have returned (alive: %08x)", at.file, at.line, mask, w->alive);
	const size_t i = meeting_find(b, w, mask);
	meeting *m = &w->meetings[i];
	if (!m->arrived)
		m->at = at;
	else if (!same_place(m->at, at))
		fail("lanes of one warp meet at different warp operations: %s:%d and %s:%d", m->at.file, m->at.line, at.file, at.line);
	const unsigned generation = m->generation & 1;
	m->value[generation][own] = bits;
	m->arrived |= 1u << own;
	tsan_release(m->order + generation * 8);
	running->state = thread_state::at_warp;
	if (!(mask & w->alive & ~m->arrived))
		meeting_ends(b, running->number - own, m);
	fiber_suspend();
	m = &w->meetings[i]; /* another mask may have moved them */
	tsan_acquire(m->order + generation * 8);
	return {m->value[generation], m->took_part[generation]};
}

unsigned lane(void)
{
	return running->number & 31;
}

/* ---- the rest of what kernels call ---- */

/* One address for all fences: more order than a GPU gives, so a race that a fence elsewhere hides is missed. */
void memory_fence(void)
{
	static char order;
	tsan_acquire(&order);
	tsan_release(&order);
}

void atomic_point(void)
{
	if (setting.threads == thread_order::random && running && (random_next() & 3) == 0)
		fiber_yield();
}

} // namespace cusim
