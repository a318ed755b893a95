/* A kernel's launch and its grid: block after block, a few at a time. */
#include "tests/cusim/block.h"

#include <algorithm>
#include <map>

#include "tests/cusim/fakes.h"
#include "tests/cusim/runtime.h"
#include "tests/cusim/stream.h"

namespace cusim {

static std::vector<block> &resident = *new std::vector<block>;

/*
 * TSan's threads are kept: making one costs 2 ms. Blocks in turn use two sets of them, so that a thread of one block and the same
 * thread of the next are not taken for one thread that may do what it likes.
 */
struct tsan_thread {
	void *fiber;
	stack *own;
};
static std::map<std::pair<size_t, unsigned>, tsan_thread> &tsan_threads = *new std::map<std::pair<size_t, unsigned>, tsan_thread>;
static bool second_set;

static void name_for_tsan(block *b, size_t slot, unsigned long block_number)
{
	for (fiber &f : b->fibers) {
		tsan_thread &t = tsan_threads[{slot + (second_set ? setting.resident_blocks : 0), f.number}];
		char name[64];
		if (!t.fiber)
			t = {tsan_fiber_new(), stack_take()};
		f.tsan = t.fiber;
		f.own = t.own;
		snprintf(name, sizeof name, "block %lu thread %u", block_number, f.number);
		__tsan_set_fiber_name(f.tsan, name);
	}
}

static std::vector<unsigned long> block_order(unsigned long blocks)
{
	std::vector<unsigned long> order(blocks);
	for (unsigned long i = 0; i < blocks; i++)
		order[i] = setting.threads == thread_order::lifo ? blocks - 1 - i : i;
	if (setting.threads == thread_order::random)
		for (unsigned long i = blocks; i > 1; i--)
			std::swap(order[i - 1], order[random_next() % i]);
	return order;
}

static void run_blocks(const unsigned long *numbers, size_t count)
{
	second_set = !second_set;
	running_grid.unfinished = 0;
	{
		tsan_ignore ignore;
		for (size_t i = 0; i < count; i++) {
			const unsigned long n = numbers[i];
			const unsigned x = (unsigned)(n % gridDim.x), y = (unsigned)(n / gridDim.x % gridDim.y);
			block_begin(&resident[i], {x, y, (unsigned)(n / gridDim.x / gridDim.y)});
			if (with_tsan())
				name_for_tsan(&resident[i], i, n);
			for (fiber &f : resident[i].fibers)
				fiber_queue(&f);
		}
	}
	fibers_run();
	for (size_t i = 0; i < count; i++)
		block_end(&resident[i]);
}

static void run_grid(const char *name, const launch_shape &shape, const std::function<void()> &body)
{
	const unsigned long blocks = (unsigned long)shape.grid.x * shape.grid.y * shape.grid.z;
	std::vector<unsigned long> order;
	{
		tsan_ignore ignore;
		running_grid.order = (char *)malloc(16);
		order = block_order(blocks);
		if (resident.size() != setting.resident_blocks)
			resident = std::vector<block>(setting.resident_blocks);
	}
	running_grid.name = name;
	running_grid.body = &body;
	running_grid.dynamic_bytes = shape.shared_bytes;
	gridDim = shape.grid;
	blockDim = shape.block;
	counted.launches++;
	counted.blocks += (long)blocks;
	counted.threads += (long)(blocks * shape.block.x * shape.block.y * shape.block.z);
	tsan_release(running_grid.order);
	for (unsigned long i = 0; i < blocks; i += setting.resident_blocks)
		run_blocks(&order[i], std::min<size_t>(setting.resident_blocks, blocks - i));
	tsan_acquire(running_grid.order + 8);
	tsan_ignore ignore;
	free(running_grid.order);
	block_release_arenas();
}

/* ---- launches ---- */

/* What every GPU since 2018 takes, so that nothing passes here that fails there. */
constexpr size_t shared_bytes_usual = 48 << 10, shared_bytes_most = 99 << 10, argument_bytes_most = 4096;
static std::map<const void *, size_t> &shared_bytes_allowed = *new std::map<const void *, size_t>;

static bool shape_is_valid(const launch_shape &s)
{
	const unsigned long threads = (unsigned long)s.block.x * s.block.y * s.block.z;
	return threads && threads <= 1024 && s.block.z <= 64 && s.grid.x && s.grid.y && s.grid.z && s.grid.x <= 0x7fffffffu && s.grid.y <= 65535 &&
	       s.grid.z <= 65535;
}

cudaError_t launch(const char *name, const void *kernel, const launch_shape &shape, size_t argument_bytes, std::function<void()> body)
{
	ENTER_RUNTIME;
	const auto allowed = shared_bytes_allowed.find(kernel);
	if (!shape_is_valid(shape))
		return error_keep(cudaErrorInvalidConfiguration);
	if (stream_get(shape.stream)->device != current_device)
		return error_keep(cudaErrorInvalidResourceHandle);
	if (shape.shared_bytes > (allowed == shared_bytes_allowed.end() ? shared_bytes_usual : allowed->second))
		return error_keep(cudaErrorInvalidValue);
	if (argument_bytes > argument_bytes_most)
		fail("kernel %s: %zu bytes of arguments (%zu are portable)", name, argument_bytes, argument_bytes_most);
	return enqueue(shape.stream, [name, shape, body = std::move(body)]() {
		if (!kernel_faults())
			run_grid(name, shape, body);
	}, name);
}

} // namespace cusim

extern "C" cudaError_t CUDARTAPI cudaFuncSetAttribute(const void *kernel, cudaFuncAttribute attribute, int value)
{
	using namespace cusim;
	inside runtime;
	if (attribute != cudaFuncAttributeMaxDynamicSharedMemorySize)
		return cudaSuccess; /* hints */
	if (value < 0 || (size_t)value > shared_bytes_most)
		return error_keep(cudaErrorInvalidValue);
	shared_bytes_allowed[kernel] = std::max((size_t)value, shared_bytes_usual);
	return cudaSuccess;
}
