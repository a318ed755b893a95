/*
 * Stream capture and graphs: the queued functions are kept with what each follows, and queued again by every launch. What CUDA
 * forbids during a capture is refused with its error, and breaks the capture as there.
 */
#include "tests/cusim/stream.h"

#include <algorithm>
#include <thread>

#include "tests/cusim/fakes.h"
#include "tests/cusim/handles.h"
#include "tests/cusim/runtime.h"
#include "tests/cusim/settings.h"

namespace cusim {

struct node {
	std::function<void()> run;
	const char *what;
	std::vector<size_t> after; /* of smaller numbers */
	void *tsan;                /* of the stream that it was captured on */
};

/* A graph, or one made ready for launches. */
struct graph {
	std::vector<node> nodes;
	work_ref last; /* the end of the last launch: the next waits for it */
	bool destroyed;
};

struct capture {
	unsigned long id;
	cudaStreamCaptureMode mode;
	std::thread::id thread;
	stream *origin;
	std::vector<stream *> streams; /* origin too */
	std::vector<node> nodes;
	bool broken;
};

static handles<graph> &graphs = *new handles<graph>;
static std::vector<std::unique_ptr<capture>> &captures = *new std::vector<std::unique_ptr<capture>>; /* that last */

unsigned long capture_id(const capture *c)
{
	return c->id;
}

static capture *capture_find(unsigned long id)
{
	for (const auto &c : captures)
		if (c->id == id)
			return c.get();
	return nullptr;
}

void capture_break(unsigned long id)
{
	capture *const c = capture_find(id);
	if (c)
		c->broken = true;
}

cudaError_t capture_add(stream *s, std::function<void()> run, const char *what)
{
	capture *const c = s->captured_by;
	if (c->broken)
		return error_keep(cudaErrorStreamCaptureInvalidated);
	c->nodes.push_back({std::move(run), what, s->last_nodes, s->tsan});
	s->last_nodes = {c->nodes.size() - 1};
	return cudaSuccess;
}

cudaError_t capture_joins(stream *s, unsigned long id, const std::vector<size_t> &nodes)
{
	capture *const c = capture_find(id);
	if (!c)
		return error_keep(cudaErrorStreamCaptureIsolation); /* it is over */
	if (c->broken)
		return error_keep(cudaErrorStreamCaptureInvalidated);
	if (s->captured_by && s->captured_by != c) {
		c->broken = s->captured_by->broken = true;
		return error_keep(cudaErrorStreamCaptureMerge);
	}
	if (stream_is_default(s)) {
		c->broken = true;
		return error_keep(cudaErrorStreamCaptureImplicit);
	}
	if (!s->captured_by) {
		s->captured_by = c;
		c->streams.push_back(s);
	}
	for (const size_t n : nodes)
		if (std::find(s->last_nodes.begin(), s->last_nodes.end(), n) == s->last_nodes.end())
			s->last_nodes.push_back(n);
	return cudaSuccess;
}

/* ---- what is forbidden ---- */

template <class Concerns> static cudaError_t forbid(cudaError_t error, Concerns concerns)
{
	bool found = false;
	for (const auto &c : captures)
		if (concerns(c.get()))
			c->broken = found = true;
	return found ? error_keep(error) : cudaSuccess;
}

cudaError_t capture_forbids(void)
{
	inside runtime;
	return forbid(cudaErrorStreamCaptureUnsupported, [](const capture *c) {
		return c->mode == cudaStreamCaptureModeGlobal ||
		       (c->mode == cudaStreamCaptureModeThreadLocal && c->thread == std::this_thread::get_id());
	});
}

cudaError_t capture_forbids_all(void)
{
	return forbid(cudaErrorStreamCaptureUnsupported, [](const capture *) { return true; });
}

cudaError_t capture_forbids_default_stream(int device)
{
	return forbid(cudaErrorStreamCaptureImplicit, [device](const capture *c) {
		return std::any_of(c->streams.begin(), c->streams.end(), [device](const stream *s) { return s->device == device && s->blocking; });
	});
}

/* ---- the end of a capture ---- */

/* Whether the last work of the origin waits, through others, for every node. */
static bool all_joined(const capture *c)
{
	std::vector<bool> reached(c->nodes.size(), false);
	for (const size_t n : c->origin->last_nodes)
		reached[n] = true;
	for (size_t n = c->nodes.size(); n-- > 0;)
		for (const size_t before : c->nodes[n].after)
			reached[before] = reached[before] || reached[n];
	return std::all_of(reached.begin(), reached.end(), [](bool r) { return r; });
}

static cudaError_t capture_end(capture *c, cudaGraph_t *handle)
{
	const cudaError_t error = c->broken ? cudaErrorStreamCaptureInvalidated : all_joined(c) ? cudaSuccess : cudaErrorStreamCaptureUnjoined;
	*handle = error ? nullptr : (cudaGraph_t)graphs.add(new graph{std::move(c->nodes), nullptr, false});
	for (stream *s : c->streams) {
		s->captured_by = nullptr;
		s->last_nodes.clear();
	}
	captures.erase(std::find_if(captures.begin(), captures.end(), [c](const auto &other) { return other.get() == c; }));
	return error_keep(error);
}

static void graph_destroy(graph *g)
{
	g->destroyed = true;
	g->nodes.clear();
	g->last = nullptr;
}

} // namespace cusim

using namespace cusim;
#define API extern "C" cudaError_t CUDARTAPI

API cudaStreamBeginCapture(cudaStream_t handle, cudaStreamCaptureMode mode)
{
	ENTER_RUNTIME;
	static unsigned long last_id;
	stream *const s = stream_get(handle);
	if (stream_is_default(s))
		return error_keep(cudaErrorStreamCaptureUnsupported);
	if (s->captured_by)
		return error_keep(cudaErrorIllegalState);
	captures.emplace_back(new capture{++last_id, mode, std::this_thread::get_id(), s, {s}, {}, false});
	s->captured_by = captures.back().get();
	return cudaSuccess;
}

API cudaStreamEndCapture(cudaStream_t handle, cudaGraph_t *result)
{
	ENTER_RUNTIME;
	stream *const s = stream_get(handle);
	capture *const c = s->captured_by;
	*result = nullptr;
	if (!c)
		return error_keep(cudaErrorIllegalState);
	if (c->origin != s)
		return stream_refuses(handle, cudaErrorStreamCaptureUnmatched);
	if (c->mode != cudaStreamCaptureModeRelaxed && c->thread != std::this_thread::get_id())
		return stream_refuses(handle, cudaErrorStreamCaptureWrongThread);
	return capture_end(c, result);
}

API cudaStreamIsCapturing(cudaStream_t handle, cudaStreamCaptureStatus *status)
{
	ENTER_RUNTIME;
	const capture *const c = stream_get(handle)->captured_by;
	*status = !c ? cudaStreamCaptureStatusNone : c->broken ? cudaStreamCaptureStatusInvalidated : cudaStreamCaptureStatusActive;
	return cudaSuccess;
}

API cudaGraphInstantiate(cudaGraphExec_t *executable, cudaGraph_t handle, unsigned long long)
{
	ENTER_RUNTIME;
	const graph *const g = graphs.get(handle, "graph");
	*executable = (cudaGraphExec_t)graphs.add(new graph{g->nodes, nullptr, false});
	return cudaSuccess;
}

/* Nodes that follow nothing of each other may run in any order: CUSIM_STREAMS=random does that. */
API cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t handle)
{
	ENTER_RUNTIME;
	graph *const g = graphs.get(executable, "graph");
	stream *const s = stream_get(handle);
	if (s->captured_by)
		fail("a graph that is launched into a capture is not simulated");
	const work_ref begin = stream_append(s, []() {}, "cudaGraphLaunch", {g->last});
	std::vector<work_ref> done;
	for (const node &n : g->nodes) {
		std::vector<work_ref> after{begin};
		for (const size_t before : n.after)
			after.push_back(done[before]);
		done.push_back(work_queue(s, n.tsan, n.run, n.what, after));
	}
	done.push_back(begin);
	g->last = s->last = work_queue(s, s->tsan, []() {}, "end of cudaGraphLaunch", done);
	return cudaSuccess;
}

API cudaGraphDestroy(cudaGraph_t handle)
{
	ENTER_RUNTIME;
	graph_destroy(graphs.get(handle, "graph"));
	return cudaSuccess;
}

API cudaGraphExecDestroy(cudaGraphExec_t executable)
{
	ENTER_RUNTIME;
	graph_destroy(graphs.get(executable, "graph"));
	return cudaSuccess;
}
