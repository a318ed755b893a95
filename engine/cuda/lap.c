/* The device's own clock: events between the kernels of a plan, read once all of them ran, so that no kernel waits for the host. */
#include "base/arena.h"
#include "engine/cuda/cuda.h"

struct cuda_lap {
	cudaEvent_t at;
	double *place;
};

void cuda_lap(void *impl, double *place)
{
	struct cuda *c = impl;
	if (!place)
		c->n_lap = 0;
	mem_grow((void **)&c->lap, c->n_lap, &c->max_lap, sizeof *c->lap);
	struct cuda_lap *l = &c->lap[c->n_lap++];
	l->place = place;
	if (!l->at)
		cuda_note(c, "clock", cudaEventCreate(&l->at));
	if (l->at)
		cuda_note(c, "clock", cudaEventRecord(l->at, c->stream));
}

void cuda_laps_read(struct cuda *c)
{
	float ms = 0;
	for (int i = 1; i < c->n_lap && c->failure == cudaSuccess; i++) {
		cuda_note(c, "clock", cudaEventElapsedTime(&ms, c->lap[i - 1].at, c->lap[i].at));
		*c->lap[i].place += 1e-3 * (double)ms;
	}
	if (c->n_lap > 1) { /* the next one counts from here */
		const struct cuda_lap last = c->lap[c->n_lap - 1];
		c->lap[c->n_lap - 1] = c->lap[0];
		c->lap[0] = last;
		c->n_lap = 1;
	}
}

void cuda_laps_close(struct cuda *c)
{
	for (int i = 0; i < c->max_lap; i++)
		if (c->lap[i].at)
			cudaEventDestroy(c->lap[i].at);
	mem_free(c->lap);
}
