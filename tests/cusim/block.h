/* What runs: a grid, its blocks, their warps, and a fiber for each thread. Shared by fiber.cc, block.cc and grid.cc. */
#pragma once

#include <vector>

#include "tests/cusim/cusim.h"
#include "tests/cusim/settings.h"

extern uint3 threadIdx, blockIdx; /* const for everyone else */
extern dim3 blockDim, gridDim;

namespace cusim {

struct block;

/* Memory of a fiber, with a guard page below. */
constexpr size_t stack_bytes = 256 << 10;
struct stack {
	char *base;
	void *fake; /* ASan's */
};

enum class thread_state : uint8_t { ready, at_barrier, at_warp, done };

struct fiber {
	void *stack_pointer; /* NULL: not started */
	block *home;
	stack *own;
	void *tsan;
	uint3 index;
	unsigned number; /* in its block */
	thread_state state;
	site at; /* where it waits */
};

/*
 * Where the lanes of one mask meet. Values have two generations: a lane that is slow to read the last meeting's is not disturbed by
 * those who already came to the next.
 */
struct meeting {
	unsigned mask = 0, arrived = 0, generation = 0;
	unsigned took_part[2] = {0, 0};
	uint64_t value[2][32];
	site at{};
	char *order = nullptr; /* TSan: an address for each generation */
};

struct warp {
	unsigned born, alive; /* lanes */
	std::vector<meeting> meetings;
};

struct shared_copy {
	void *memory;
	size_t bytes;
};

struct block {
	uint3 index;
	unsigned live, exited, arrived, generation; /* threads; barriers so far */
	unsigned votes[2];                          /* of block_count, by generation */
	site at;                                    /* the barrier that somebody waits at */
	char *order;                                /* as in meeting */
	std::vector<fiber> fibers;
	std::vector<warp> warps;
	std::vector<shared_copy> shared; /* by shared_variable's number */
	void *dynamic;
	char *arena; /* TSan's blocks take memory from here */
	size_t arena_used;
};

struct grid {
	const char *name = "?";
	const std::function<void()> *body;
	size_t dynamic_bytes;
	unsigned unfinished; /* threads of the resident blocks */
	char *order;         /* TSan: address 0 from the launch to the threads, 8 from the threads to the end */
};
extern grid running_grid;

/* ---- fiber.cc ---- */

extern fiber *running; /* NULL: host code */
stack *stack_take(void);
void fiber_queue(fiber *f);
void fiber_yield(void);   /* queues the running fiber behind the others */
void fiber_suspend(void); /* the running fiber waits: runs others until somebody queues it */
void fibers_run(void);    /* all that are queued, and whom they queue */

/* ---- block.cc ---- */

void block_begin(block *b, uint3 index);
void block_end(block *b);
void *block_memory(block *b, size_t bytes, size_t align);
void block_release_arenas(void); /* after the grid */
void block_thread_done(fiber *f);

} // namespace cusim
