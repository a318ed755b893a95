/* Streams: queues of work with what each piece of it follows. When it really runs is CUSIM_STREAMS' choice. */
#pragma once

#include <cuda_runtime_api.h>

#include <functional>
#include <memory>
#include <vector>

namespace cusim {

struct capture;
struct stream;
struct work;
using work_ref = std::shared_ptr<work>;

struct work {
	std::function<void()> run;
	std::vector<work_ref> after; /* empty when done */
	stream *on;
	void *tsan; /* whose it is, for TSan */
	const char *what;
	bool done = false;
	char order; /* TSan: an address, released when queued and when done */
};

struct stream {
	int device;
	bool blocking; /* work of the legacy default stream and its own wait for each other */
	bool destroyed;
	void *tsan;
	work_ref last;
	capture *captured_by;           /* NULL: none; graph.cc */
	std::vector<size_t> last_nodes; /* of the capture: what the next node follows */
};

stream *stream_get(cudaStream_t handle); /* NULL and the two special ones: the device's default stream. Dies if there is none */
bool stream_is_default(const stream *s);

/* Queues work after the last of the stream and whatever the default stream's rules add; then some of what is queued may run. */
work_ref stream_append(stream *s, std::function<void()> run, const char *what, const std::vector<work_ref> &after = {});
/* The same after these alone, as part of the stream. */
work_ref work_queue(stream *on, void *tsan, std::function<void()> run, const char *what, const std::vector<work_ref> &after);

void work_finish(const work_ref &w); /* NULL: nothing to wait for */
bool work_poll(const work_ref &w);   /* runs one piece of work if there is need; whether w is done */
void device_finish(void);            /* all streams of the current device */

bool stream_captures(cudaStream_t handle);
cudaError_t stream_refuses(cudaStream_t handle, cudaError_t error); /* breaks its capture; the error */

/* ---- graph.cc ---- */

cudaError_t capture_add(stream *s, std::function<void()> run, const char *what);
cudaError_t capture_joins(stream *s, unsigned long id, const std::vector<size_t> &nodes); /* s waits for an event of capture id */
unsigned long capture_id(const capture *c);                                               /* never 0 */
void capture_break(unsigned long id); /* if it lasts: no graph will come of it */
cudaError_t capture_forbids_all(void);                   /* the modes that allow other calls too */
cudaError_t capture_forbids_default_stream(int device); /* that would wait for streams which capture */

} // namespace cusim
