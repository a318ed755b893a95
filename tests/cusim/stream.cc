#include "tests/cusim/stream.h"

#include <algorithm>
#include <deque>
#include <map>

#include "tests/cusim/fakes.h"
#include "tests/cusim/handles.h"
#include "tests/cusim/memory.h"
#include "tests/cusim/runtime.h"
#include "tests/cusim/settings.h"

namespace cusim {

static handles<stream> &streams = *new handles<stream>;
static std::map<int, stream *> &default_streams = *new std::map<int, stream *>;
static std::deque<work_ref> &queued = *new std::deque<work_ref>;

static stream *stream_new(int device, bool blocking)
{
	return streams.add(new stream{device, blocking, false, tsan_fiber_new(), nullptr, nullptr, {}});
}

stream *stream_get(cudaStream_t handle)
{
	if (handle != nullptr && handle != cudaStreamLegacy && handle != cudaStreamPerThread)
		return streams.get(handle, "stream");
	stream *&s = default_streams[current_device];
	if (!s)
		s = stream_new(current_device, true);
	return s;
}

bool stream_is_default(const stream *s)
{
	const auto found = default_streams.find(s->device);
	return found != default_streams.end() && found->second == s;
}

/* ---- which work runs when ---- */

static bool can_run(const work_ref &w)
{
	return std::all_of(w->after.begin(), w->after.end(), [](const work_ref &before) { return before->done; });
}

static void run(const work_ref &w)
{
	const int device = current_device;
	void *const self = tsan_fiber();
	current_device = w->on->device;
	{
		device_at_work visible;
		tsan_switch(w->tsan);
		tsan_acquire(&w->order);
		for (const work_ref &before : w->after)
			tsan_acquire(&before->order);
		if (!device_fault())
			w->run();
		{
			tsan_ignore ignore;
			w->run = nullptr;
		}
		tsan_release(&w->order);
		tsan_switch(self);
	}
	current_device = device;
	w->done = true;
	w->after.clear();
	queued.erase(std::find(queued.begin(), queued.end(), w));
}

/* A piece of work that can run and that target waits for. */
static work_ref needed_by(const work_ref &target)
{
	std::vector<work_ref> todo{target}, seen;
	while (!todo.empty()) {
		const work_ref w = todo.back();
		todo.pop_back();
		if (w->done || std::find(seen.begin(), seen.end(), w) != seen.end())
			continue;
		if (can_run(w))
			return w;
		seen.push_back(w);
		todo.insert(todo.end(), w->after.begin(), w->after.end());
	}
	return nullptr;
}

static work_ref any(void)
{
	std::vector<work_ref> candidates;
	std::copy_if(queued.begin(), queued.end(), std::back_inserter(candidates), can_run);
	if (candidates.empty())
		return nullptr;
	return candidates[setting.streams == stream_order::random ? random_next() % candidates.size() : 0];
}

/* target: lazy streams do only what it needs; NULL: anything. False: nothing can run. */
static bool run_one(const work_ref &target)
{
	const work_ref w = target && setting.streams == stream_order::lazy ? needed_by(target) : any();
	if (w)
		run(w);
	return w != nullptr;
}

static void run_some(void)
{
	if (setting.streams == stream_order::eager)
		while (run_one(nullptr))
			;
	else if (setting.streams == stream_order::random)
		while ((random_next() & 1) && run_one(nullptr))
			;
}

void work_finish(const work_ref &w)
{
	if (!w)
		return;
	while (!w->done)
		if (!run_one(w))
			fail("nothing can run, and '%s' has not", w->what);
	tsan_acquire(&w->order);
}

bool work_poll(const work_ref &w)
{
	if (w && !w->done)
		run_one(w);
	if (w && !w->done)
		return false;
	if (w)
		tsan_acquire(&w->order);
	return true;
}

work_ref work_queue(stream *on, void *tsan, std::function<void()> run, const char *what, const std::vector<work_ref> &after)
{
	const work_ref w = std::make_shared<work>();
	w->run = std::move(run);
	w->on = on;
	w->tsan = tsan;
	w->what = what;
	std::copy_if(after.begin(), after.end(), std::back_inserter(w->after), [](const work_ref &before) { return before != nullptr; });
	tsan_release(&w->order);
	queued.push_back(w);
	run_some();
	return w;
}

work_ref stream_append(stream *s, std::function<void()> run, const char *what, const std::vector<work_ref> &after)
{
	std::vector<work_ref> before = after;
	before.push_back(s->last);
	if (stream_is_default(s)) {
		for (const auto &other : streams.all)
			if (other.get() != s && other->device == s->device && other->blocking)
				before.push_back(other->last);
	} else if (s->blocking && default_streams[s->device]) {
		before.push_back(default_streams[s->device]->last);
	}
	return s->last = work_queue(s, s->tsan, std::move(run), what, before);
}

cudaError_t enqueue(cudaStream_t handle, std::function<void()> run, const char *what)
{
	ENTER_RUNTIME;
	stream *const s = stream_get(handle);
	if (s->captured_by)
		return capture_add(s, std::move(run), what);
	if (stream_is_default(s)) {
		const cudaError_t forbidden = capture_forbids_default_stream(s->device);
		if (forbidden)
			return forbidden;
	}
	stream_append(s, std::move(run), what);
	return cudaSuccess;
}

void stream_finish(cudaStream_t handle)
{
	inside runtime;
	work_finish(stream_get(handle)->last);
}

void device_finish(void)
{
	inside runtime;
	for (const auto &s : streams.all)
		if (s->device == current_device)
			work_finish(s->last);
}

bool stream_captures(cudaStream_t handle)
{
	inside runtime;
	return stream_get(handle)->captured_by != nullptr;
}

cudaError_t stream_refuses(cudaStream_t handle, cudaError_t error)
{
	inside runtime;
	if (stream_get(handle)->captured_by)
		capture_break(capture_id(stream_get(handle)->captured_by));
	return error_keep(error);
}

} // namespace cusim

using namespace cusim;
#define API extern "C" cudaError_t CUDARTAPI

API cudaStreamCreateWithFlags(cudaStream_t *handle, unsigned flags)
{
	ENTER_RUNTIME;
	*handle = (cudaStream_t)stream_new(current_device, !(flags & cudaStreamNonBlocking));
	return cudaSuccess;
}

API cudaStreamCreate(cudaStream_t *handle)
{
	return cudaStreamCreateWithFlags(handle, cudaStreamDefault);
}

API cudaStreamCreateWithPriority(cudaStream_t *handle, unsigned flags, int)
{
	return cudaStreamCreateWithFlags(handle, flags);
}

API cudaStreamDestroy(cudaStream_t handle)
{
	ENTER_RUNTIME;
	stream *const s = stream_get(handle);
	if (stream_is_default(s))
		return error_keep(cudaErrorInvalidResourceHandle);
	if (s->captured_by)
		return stream_refuses(handle, cudaErrorStreamCaptureUnsupported);
	work_finish(s->last);
	s->destroyed = true;
	return device_fault();
}

API cudaStreamSynchronize(cudaStream_t handle)
{
	ENTER_RUNTIME;
	if (stream_captures(handle))
		return stream_refuses(handle, cudaErrorStreamCaptureUnsupported);
	stream_finish(handle);
	return device_fault();
}

API cudaStreamQuery(cudaStream_t handle)
{
	ENTER_RUNTIME;
	if (stream_captures(handle))
		return stream_refuses(handle, cudaErrorStreamCaptureUnsupported);
	return work_poll(stream_get(handle)->last) ? device_fault() : cudaErrorNotReady;
}

API cudaDeviceSynchronize(void)
{
	ENTER_RUNTIME;
	const cudaError_t forbidden = capture_forbids_all();
	if (forbidden)
		return forbidden;
	device_finish();
	return device_fault();
}
