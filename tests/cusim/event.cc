/* Events: a place in a stream, or in a graph that is being captured. */
#include "tests/cusim/stream.h"

#include <chrono>

#include "tests/cusim/fakes.h"
#include "tests/cusim/handles.h"
#include "tests/cusim/runtime.h"
#include "tests/cusim/settings.h"

namespace cusim {

struct event {
	bool timing, destroyed;
	work_ref recorded;               /* NULL: never, or in a capture */
	std::shared_ptr<double> seconds; /* when that ran */
	unsigned long capture;           /* 0: not recorded in one */
	std::vector<size_t> nodes;
};

static handles<event> &events = *new handles<event>;

static event *event_get(cudaEvent_t handle)
{
	return events.get(handle, "event");
}

static double now(void)
{
	return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/* A captured event has no time and no end. */
static cudaError_t captured(const event *e)
{
	if (!e->capture)
		return cudaSuccess;
	capture_break(e->capture);
	return error_keep(cudaErrorCapturedEvent);
}

} // namespace cusim

using namespace cusim;
#undef cudaEventCreate
#define API extern "C" cudaError_t CUDARTAPI

API cudaEventCreateWithFlags(cudaEvent_t *handle, unsigned flags)
{
	ENTER_RUNTIME;
	*handle = (cudaEvent_t)events.add(new event{!(flags & cudaEventDisableTiming), false, nullptr, nullptr, 0, {}});
	return cudaSuccess;
}

API cudaEventCreate(cudaEvent_t *handle)
{
	return cudaEventCreateWithFlags(handle, cudaEventDefault);
}

API cudaEventDestroy(cudaEvent_t handle)
{
	ENTER_RUNTIME;
	event_get(handle)->destroyed = true;
	return cudaSuccess;
}

API cudaEventRecord(cudaEvent_t handle, cudaStream_t on)
{
	ENTER_RUNTIME;
	event *const e = event_get(handle);
	stream *const s = stream_get(on);
	e->recorded = nullptr;
	e->capture = 0;
	if (s->captured_by) {
		e->capture = capture_id(s->captured_by);
		e->nodes = s->last_nodes;
		return cudaSuccess;
	}
	const std::shared_ptr<double> seconds = std::make_shared<double>(0);
	const cudaError_t error = enqueue(on, [seconds]() { *seconds = now(); }, "cudaEventRecord");
	if (!error) {
		e->seconds = seconds;
		e->recorded = s->last;
	}
	return error;
}

API cudaStreamWaitEvent(cudaStream_t waiting, cudaEvent_t handle, unsigned)
{
	ENTER_RUNTIME;
	const event *const e = event_get(handle);
	stream *const s = stream_get(waiting);
	if (e->capture)
		return capture_joins(s, e->capture, e->nodes);
	if (!e->recorded)
		return cudaSuccess;
	if (s->captured_by)
		return stream_refuses(waiting, cudaErrorStreamCaptureIsolation);
	stream_append(s, []() {}, "cudaStreamWaitEvent", {e->recorded});
	return cudaSuccess;
}

API cudaEventSynchronize(cudaEvent_t handle)
{
	ENTER_RUNTIME;
	const event *const e = event_get(handle);
	const cudaError_t error = captured(e);
	if (error)
		return error;
	work_finish(e->recorded);
	return device_fault();
}

API cudaEventQuery(cudaEvent_t handle)
{
	ENTER_RUNTIME;
	const event *const e = event_get(handle);
	const cudaError_t error = captured(e);
	return error ? error : work_poll(e->recorded) ? device_fault() : cudaErrorNotReady;
}

API cudaEventElapsedTime(float *ms, cudaEvent_t from, cudaEvent_t to)
{
	ENTER_RUNTIME;
	const event *const a = event_get(from), *const b = event_get(to);
	if (!a->recorded || !b->recorded || !a->timing || !b->timing)
		return error_keep(cudaErrorInvalidResourceHandle);
	if (!a->recorded->done || !b->recorded->done)
		return error_keep(cudaErrorNotReady);
	*ms = (float)((*b->seconds - *a->seconds) * 1e3);
	return cudaSuccess;
}
