/* Private to engine/cuda: the device, and what the host's halves of the kernels share. */
#ifndef ENGINE_CUDA_CUDA_H
#define ENGINE_CUDA_CUDA_H

#include <cublas_v2.h>

#include "engine/cuda/conv_kernels.h"
#include "engine/cuda/kernels.h"
#include "engine/device.h"

/* staging.c: pinned memory that puts go through. */
struct cuda_staging {
	char *memory;
	size_t used; /* of the half that is being filled */
	int half;
	cudaEvent_t read[2]; /* what was queued out of each is done */
};

/* Bytes. cuBLAS takes its own unless it is given one, and then results could depend on what else runs. */
enum { BLAS_WORKSPACE = 32 << 20 };

struct cuda {
	int index;
	cudaStream_t stream;
	cudaEvent_t reached;   /* where the stream was when another began to wait for it */
	cublasHandle_t blas;
	void *blas_workspace;  /* of cuBLAS and cuBLASLt, one after the other on the stream */
	float *part;           /* CU_PARTS partial sums of square_sum */
	bool sync;             /* LIMBECK_SYNC: wait after each kernel, so that a failure is named by its op */
	bool recording;
	struct cuda_staging staging;
	struct cu_form_list forms; /* of weights, that wait for pack_end: the first n_form */
	int n_form;
	struct cuda_lap *lap;  /* lap.c: [n_lap] of [max_lap] */
	int n_lap, max_lap;
	cudaError_t failure;   /* the first that a call gave */
	char failed[64];       /* which: an op's name, where it was queued for one */
};

#define OP(x) extern const struct kernel cuda_##x;
#include "engine/ops.def"
#undef OP

extern const struct backend cuda_backend;

static inline struct cuda *cuda_of(const struct kernel_run *r)
{
	return (struct cuda *)r->dev->impl;
}
static inline cudaStream_t stream_of(const struct kernel_run *r)
{
	return cuda_of(r)->stream;
}

/* Keeps the first failure, with the name of the op; device_wait reports it: as the op's, or where it is the device's (a kernel's, of any before) as that. */
void cuda_done(const struct kernel_run *r, cudaError_t status);
void cuda_note(struct cuda *c, const char *what, cudaError_t status);
/* Tells of one at once: E_NOMEM where there was no memory, else E_ENV. what: that could not be done. */
enum status cuda_failed(const struct cuda *c, struct err *e, const char *what, cudaError_t status);

/* Form waits to be launched with others, as the op's; by pack_end at the latest. */
void cuda_form(struct cuda *c, const char *op, struct cu_form form);

/* ---- lap.c ---- */
/* struct backend's. Places are written by cuda_laps_read, once the stream was waited for. */
void cuda_lap(void *impl, double *place);
void cuda_laps_read(struct cuda *c);
void cuda_laps_close(struct cuda *c);

/* ---- staging.c ---- */
/* cuda_put is struct backend's. Close once the stream was waited for; also what was opened in part. */
cudaError_t cuda_staging_open(struct cuda *c);
void cuda_staging_close(struct cuda *c);
void cuda_put(void *impl, void *dst, const void *host, size_t bytes);

/* ---- ferry.c: struct backend's ---- */
enum status cuda_host_alloc(void *impl, size_t bytes, void **mem, struct err *e);
void cuda_host_free(void *impl, void *mem);
enum status cuda_ferry_open(void *impl, void *const place[2], void **ferry, struct err *e);
void cuda_ferry_close(void *impl, void *ferry);
const void *cuda_ferry_send(void *impl, void *ferry, const void *host, size_t bytes);
void cuda_ferry_rest(void *impl, void *ferry);

static inline struct cu_array array_of(const struct tensor *t)
{
	return (struct cu_array){t->data, (int)t->dtype};
}

/* ---- view.c ---- */
/* stride[a] for each logical axis a of `as`, taken in the memory order of `as`; offset in elements. */
struct cu_view cuda_view_strided(const struct tensor *as, const struct tensor *t, int64_t offset, const int64_t stride[]);
/* t broadcast to `as`, in the memory order of `as`. */
struct cu_view cuda_view_of(const struct tensor *t, const struct tensor *as);
/* t in its own logical order. */
struct cu_view cuda_view_logical(const struct tensor *t);

#endif
