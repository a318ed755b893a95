/*
 * Fibers: a thread that blocks gives its processor to another by a change of stacks. A thread that never blocks never changes one:
 * the next begins on the same stack, which is why kernels without barriers run at the speed of a loop.
 */
#include "tests/cusim/block.h"

#include <stdarg.h>
#include <sys/mman.h>

uint3 threadIdx, blockIdx;
dim3 blockDim, gridDim;

extern "C" void cusim_switch(void **save, void *to);

#if defined(__x86_64__)
/* Keeps what a call preserves on the old stack, and goes on where the new stack was left. */
asm(R"(
.text
.globl cusim_switch
.type cusim_switch,@function
cusim_switch:
	pushq %rbp
	pushq %rbx
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
	movq %rsp,(%rdi)
	movq %rsi,%rsp
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %rbx
	popq %rbp
	ret
.size cusim_switch,.-cusim_switch
)");
constexpr int pushed_registers = 6;
#else
#error "a change of stacks is written for x86-64 only"
#endif

namespace cusim {

fiber *running;
grid running_grid;

/* Never freed: it is in use until the program ends. */
static std::vector<stack *> &idle_stacks = *new std::vector<stack *>;
static std::vector<fiber *> &ready = *new std::vector<fiber *>;
static size_t ready_first;

/* The host's thread while fibers run. */
static struct {
	void *stack_pointer, *fake;
	const void *bottom;
	size_t bytes;
	void *tsan;
} host;

void fail(const char *format, ...)
{
	va_list arguments;
	fflush(stdout);
	fprintf(stderr, "CUSIM ERROR: ");
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	if (running)
		fprintf(stderr, "\n  in kernel %s, block (%u,%u,%u), thread (%u,%u,%u)", running_grid.name, blockIdx.x, blockIdx.y, blockIdx.z,
		        threadIdx.x, threadIdx.y, threadIdx.z);
	fputc('\n', stderr);
	fflush(stderr);
	abort();
}

/* Everybody waits: for a lane or a thread that will never come. */
[[noreturn]] static void deadlock(void)
{
	int shown = 0;
	fflush(stdout);
	fprintf(stderr, "CUSIM ERROR: deadlock in kernel %s: %u threads wait\n", running_grid.name, running_grid.unfinished);
	for (const fiber &f : running->home->fibers)
		if (f.state != thread_state::done && shown++ < 8)
			fprintf(stderr, "  block (%u,%u,%u) thread (%u,%u,%u) waits in %s at %s:%d\n", f.home->index.x, f.home->index.y,
			        f.home->index.z, f.index.x, f.index.y, f.index.z,
			        f.state == thread_state::at_barrier ? "__syncthreads" : "a warp operation", f.at.file, f.at.line);
	fflush(stderr);
	abort();
}

stack *stack_take(void)
{
	const size_t guard = 4096;
	if (!idle_stacks.empty()) {
		stack *s = idle_stacks.back();
		idle_stacks.pop_back();
		return s;
	}
	void *memory = mmap(nullptr, guard + stack_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED || mprotect(memory, guard, PROT_NONE))
		fail("no memory for another fiber's stack");
	return new stack{(char *)memory + guard, nullptr};
}

/* Under TSan a stack belongs to a thread for ever: its frames are that thread's memory. */
static void stack_leave(fiber *f)
{
	f->stack_pointer = nullptr;
	if (with_tsan())
		return;
	idle_stacks.push_back(f->own);
	f->own = nullptr;
}

void fiber_queue(fiber *f)
{
	f->state = thread_state::ready;
	ready.push_back(f);
}

static fiber *next(void)
{
	fiber *f = nullptr;
	if (ready_first < ready.size()) {
		if (setting.threads == thread_order::fifo) {
			f = ready[ready_first++];
		} else {
			if (setting.threads == thread_order::random)
				std::swap(ready[ready_first + random_next() % (ready.size() - ready_first)], ready.back());
			f = ready.back();
			ready.pop_back();
		}
	}
	if (ready_first == ready.size()) {
		ready.clear();
		ready_first = 0;
	}
	return f;
}

static void become(fiber *f)
{
	if (!running || running->home != f->home)
		blockIdx = f->home->index;
	running = f;
	threadIdx = f->index;
	counted.switches++;
}

static void thread_main(void);

/* Gives a fiber that has not begun a stack on which cusim_switch returns into thread_main. */
static void prepare(fiber *f)
{
	if (!f->own)
		f->own = stack_take();
	if (f->stack_pointer)
		return;
	void **top = (void **)(f->own->base + stack_bytes);
	*--top = nullptr; /* keeps the alignment that a called function expects */
	*--top = (void *)thread_main;
	for (int i = 0; i < pushed_registers; i++)
		*--top = nullptr;
	f->stack_pointer = top;
	f->own->fake = nullptr;
}

/* fake: where ASan keeps what belongs to the stack that is left; NULL: it is left for ever. */
static void switch_to(fiber *to, void **save, void **fake)
{
	asan_leaves(fake, to->own->base, stack_bytes);
	become(to);
	tsan_switch(to->tsan);
	cusim_switch(save, to->stack_pointer);
}

void fiber_suspend(void)
{
	fiber *const self = running, *to;
	{
		tsan_ignore ignore;
		to = next();
		if (!to)
			deadlock();
		if (to != self)
			prepare(to);
	}
	if (to == self) {
		become(self);
		return;
	}
	switch_to(to, &self->stack_pointer, &self->own->fake);
	asan_arrives(self->own->fake, nullptr, nullptr);
}

void fiber_yield(void)
{
	{
		tsan_ignore ignore;
		fiber_queue(running);
	}
	fiber_suspend();
}

static void back_to_host(fiber *last)
{
	void *unused;
	stack_leave(last);
	running = nullptr;
	asan_leaves(nullptr, host.bottom, host.bytes);
	tsan_switch(host.tsan);
	cusim_switch(&unused, host.stack_pointer);
}

/* On every fiber's stack: runs one thread after the other until one of them has to go on elsewhere. */
static void thread_main(void)
{
	const void *bottom;
	size_t bytes;
	asan_arrives(nullptr, &bottom, &bytes);
	if (with_asan() && !host.bottom) { /* the first comes from the host's stack, whose place only this call tells */
		host.bottom = bottom;
		host.bytes = bytes;
	}
	for (;;) {
		fiber *const self = running, *to;
		tsan_acquire(running_grid.order);
		(*running_grid.body)();
		tsan_release(running_grid.order + 8);
		{
			tsan_ignore ignore;
			block_thread_done(self);
			to = next();
			if (!to && running_grid.unfinished)
				deadlock();
		}
		if (!to) {
			back_to_host(self);
			__builtin_unreachable();
		}
		if (!to->stack_pointer && !with_tsan()) { /* it can begin here */
			to->own = self->own;
			self->own = nullptr;
			become(to);
			continue;
		}
		void *unused;
		stack_leave(self);
		prepare(to);
		switch_to(to, &unused, nullptr);
		__builtin_unreachable();
	}
}

void fibers_run(void)
{
	fiber *first;
	{
		tsan_ignore ignore;
		first = next();
		prepare(first);
	}
	host.tsan = tsan_fiber();
	host.bottom = nullptr;
	switch_to(first, &host.stack_pointer, &host.fake);
	asan_arrives(host.fake, nullptr, nullptr);
}

} // namespace cusim
