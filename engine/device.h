/*
 * A back end is a folder behind one struct. `ref` is the specification (double, plain loops), `cpu` is oneDNN and OpenMP,
 * `cuda` a module found at run time, `late` ref's kernels queued on a thread and delayed, so that code which reads without
 * device_wait fails in the tests and not on the first GPU.
 *
 * Memory belongs to the device. put, get, copy, fill and kernels are queued in order on the device's one stream; put has
 * read the host's bytes when it returns; get's bytes are there after device_wait.
 */
#ifndef ENGINE_DEVICE_H
#define ENGINE_DEVICE_H

#include <stdio.h>

#include "base/arena.h"
#include "base/err.h"
#include "engine/op.h"
#include "engine/tensor.h"

/* The numbers are in identities. TF32 is stored as f32. */
enum precision { PRECISION_F32, PRECISION_BF16, PRECISION_F16, PRECISION_TF32, PRECISION_COUNT };
enum { MAX_KERNEL_IN = 8 }; /* concat alone may have more; its kernels need no forms */

/* How the plan may widen one kernel's work; the results are the same bits. */
enum fuse {
	FUSE_RELU = 1, /* out[0] = max(0, out[0]) before it is stored */
	FUSE_MASK = 2, /* in[0] (dy) is first multiplied by (in[n_in-1] > 0): a relu_dx swallowed; its y is appended as the last input.
	                  If out[MAX_OUT-1].data is set the masked dy is also stored there */
};

/* What a kernel may do that its types don't say. */
enum freedom {
	FREE_TF32 = 1, /* operands of products are rounded from f32 to 10 bits of fraction; sums stay f32 */
	FREE_ORDER = 2, /* sums in another order each time, so that the last bits of results differ from run to run */
};

/* What describe sees and answers. Tensors have no data. */
struct kernel_case {
	const struct call *call;
	const struct tensor *in, *out; /* absent inputs: shape.n_dim -1; outputs nobody reads: unused bit set */
	unsigned unused;               /* bit i: output i is not needed */
	unsigned fuse;
	unsigned free;                 /* enum freedom */
	unsigned constant;             /* bit i: input i changes only with a network's version */
	int threads;
};
struct form {
	size_t bytes; /* 0: the input is read as it is */
	uint64_t tag; /* equal tags of equal sources are the same bytes */
};
struct kernel_plan {
	char name[48];        /* implementation, for people: "jit_bf16:avx512_core_bf16" */
	size_t scratch;       /* bytes, during run only */
	struct form form[MAX_KERNEL_IN]; /* wanted packed forms of inputs that are parameters or derived from them */
	unsigned fuse_ok;     /* which of enum fuse this kernel can do for this call */
	int inplace;          /* input whose memory out[0] may take (same bytes), or -1 */
};

/* What run gets. */
struct kernel_run {
	const struct call *call;
	const void *conf;
	const struct tensor *in, *out; /* absent: data NULL */
	int n_in, n_out;
	unsigned fuse, free;
	const void *const *packed;     /* per input; NULL: read in[i] */
	void *scratch, *state;
	struct device *dev;
};

struct kernel {
	/* NULL: nothing takes long. Told of the cases of a plan that describe will be asked about, before it is, so that what takes long for each is
	   done for all together. Answers don't depend on it. */
	void (*foresee)(const struct kernel_case *c);
	/* NULL: no scratch, no forms, no fusion, in place as the op's flags allow. Needs no device memory. */
	enum status (*describe)(const struct kernel_case *c, struct kernel_plan *p, struct err *e);
	/* NULL: no state. Creates primitives; freed by release. */
	enum status (*prepare)(const struct kernel_case *c, struct device *dev, void **state, struct err *e);
	void (*release)(void *state);
	/* Writes the form of input i that describe asked for. */
	void (*pack)(void *state, int i, const struct tensor *src, void *dst, struct device *dev);
	void (*run)(const struct kernel_run *r);
	/* The same of several runs that do not read each other's results, in fewer launches; NULL: one by one. */
	void (*run_many)(const struct kernel_run *const r[], int n);
};

/* One update of a contiguous range of parameters. Values are wide. */
enum optim_kind { OPTIM_SGD, OPTIM_ADAM, OPTIM_ADAMW };
struct optim_run {
	enum optim_kind kind;
	int64_t n;
	void *w;               /* in, out */
	const void *g;
	void *m, *v;           /* momentum / moments; v NULL for SGD; m NULL without momentum */
	double momentum, beta1, beta2, eps, weight_decay;
	bool nesterov, first;  /* first: SGD's buffer starts as g (PyTorch) */
	double correct1, correct2; /* Adam's 1 - beta^t, computed by the host */
	const double *correct; /* device: the same two, for a back end that records steps; NULL else */
	const void *lr;        /* device: wide scalar */
	const void *clip;      /* device: wide scalar multiplied onto g, or NULL */
	const int *ok;         /* device: nothing is written unless *ok */
};

struct backend {
	const char *name;      /* "ref", "cpu", "late", "cuda" */
	bool fuses;
	enum dtype wide;       /* F64 on ref and late, else F32 */
	int (*count)(struct err *why); /* 0: not built, or no device; why says which */
	enum status (*open)(int index, int threads, void **impl, struct err *e);
	void (*close)(void *impl);
	enum status (*alloc)(void *impl, size_t bytes, void **mem, struct err *e); /* zeroed, 64-byte aligned */
	void (*free)(void *impl, void *mem);
	void (*put)(void *impl, void *dst, const void *host, size_t bytes);
	void (*get)(void *impl, void *host, const void *src, size_t bytes);
	void (*copy)(void *impl, void *dst, const void *src, size_t bytes);
	void (*copy_if)(void *impl, void *dst, const void *src, size_t bytes, const int *ok);
	void (*fill)(void *impl, void *dst, enum dtype d, double value, int64_t n);
	enum status (*wait)(void *impl, struct err *e);
	/* Queued: by the next wait *place has grown by the seconds that the device took since the lap before; place NULL begins. NULL: the host's clock will do. */
	void (*lap)(void *impl, double *place);
	size_t (*free_memory)(void *impl);
	bool own_memory; /* that is not the host's */
	bool f16;        /* takes PRECISION_F16: stores activations so, or all that is real as f64 */
	/* Of the caches that its threads have to themselves. 0: not known, or a picture's result depends on how many there are beside it; NULL: none. */
	size_t (*cache_bytes)(void *impl);
	bool (*bf16_native)(void *impl);
	bool (*tf32_native)(void *impl); /* takes PRECISION_TF32; NULL: no */
	bool (*int8_native)(void *impl); /* u8 x s8 into 32 bits by one instruction (VNNI, AMX); NULL: no */
	void (*launch)(void *impl, const struct kernel *k, const struct kernel_run *r); /* queues run; r and what it points to outlive it */
	void (*launch_many)(void *impl, const struct kernel *k, const struct kernel_run *const r[], int n); /* of a kernel with run_many; NULL: there is no gain */
	void (*pack)(struct device *dev, const struct kernel *k, void *state, int i, const struct tensor *src, void *dst);
	void (*pack_end)(struct device *dev); /* behind packs that nothing came between: may have waited for each other until now; NULL: never do */
	/* *ok = *ok && every element is finite. */
	void (*finite)(void *impl, const void *x, enum dtype d, int64_t n, int *ok);
	/* *sum += sum of squares of a wide buffer, in chunks of fixed size added in order. */
	void (*square_sum)(void *impl, const void *x, int64_t n, void *sum);
	/* *clip = min(1, limit / (sqrt(*sum) + 1e-6)) (PyTorch's clip_grad_norm_). unscale, a wide scalar: of gradients that are to be multiplied by it
	   (loss_scale's inverse): the norm is multiplied by it, and so is the result. NULL: 1. */
	void (*clip_factor)(void *impl, const void *sum, double limit, const void *unscale, void *clip);
	void (*optim)(void *impl, const struct optim_run *r);
	/* Recording what is queued, to queue it again at once (a CUDA graph): between begin and end nothing runs. What was recorded reads its numbers from
	   device memory; puts, gets and waits are not recorded and are not allowed meanwhile. E_ENV: it could not be recorded, and nothing ran; of begin: there is
	   no end. What failed before is still told by the next wait. All NULL where there is no gain. */
	enum status (*record_begin)(void *impl, struct err *e);
	enum status (*record_end)(void *impl, void **record, struct err *e);
	void (*replay)(void *impl, void *record);
	void (*record_free)(void *impl, void *record);
	/* A mark behind what is queued (*mark NULL: a new one), that is waited for without what is queued later. What was got into memory of host_alloc before it is
	   there then. NULL where nothing goes on beside the host. */
	void (*mark)(void *impl, void **mark);
	enum status (*reach)(void *impl, void *mark, struct err *e);
	void (*mark_free)(void *impl, void *mark); /* NULL allowed */
	/* Bytes from the host that come beside the work that is queued: a ferry has two places of the device's memory, filled in turn. All NULL where put will do.
	   send: they lie in memory of host_alloc and stay as they are until ferry_rest; gives their place: what is queued from now on until the next send finds
	   them there. rest: waits until what was sent has been read from the host's memory. */
	enum status (*host_alloc)(void *impl, size_t bytes, void **mem, struct err *e);
	void (*host_free)(void *impl, void *mem); /* NULL allowed; nothing that is queued reads or writes it */
	enum status (*ferry_open)(void *impl, void *const place[2], void **ferry, struct err *e);
	void (*ferry_close)(void *impl, void *ferry); /* after a rest; places are the caller's to free */
	const void *(*ferry_send)(void *impl, void *ferry, const void *host, size_t bytes);
	void (*ferry_rest)(void *impl, void *ferry);
	/* A further queue of the same device, whose work runs beside that of the others in no order but `after`'s. Its memory is the device's. Closed by close,
	   before the device is. NULL: there is no gain. */
	enum status (*lane)(void *impl, void **lane, struct err *e);
	size_t lane_bytes; /* of device memory that each takes */
	/* What impl is given from here on comes after all that `before` was given until now. */
	void (*after)(void *impl, void *before);
	const struct kernel *const *kernels; /* [OP_COUNT] */
	/* Libraries and instruction sets that results depend on, "oneDNN 2.6.3 (AVX-512 ...)"; NULL: none. */
	const char *(*version)(void);
};

extern const struct backend backend_ref, backend_cpu, backend_late;
/* The module of CUDA, loaded when it is asked for the first time (cuda/loader.c). NULL: there is none, or it can't be loaded; why says which. */
const struct backend *backend_cuda(struct err *why);

struct rates; /* rates.h */
enum { MAX_LANE = 16 }; /* of a device; as many arms run together unless told otherwise */

struct device {
	const struct backend *backend;
	void *impl;
	int threads;
	const struct rates *rates; /* for plan_print's estimates: what somebody measured; NULL: nobody did */
	size_t cache_bytes; /* what passes over a batch may be cut to; 0: they are not. No result depends on it */
	size_t used, peak; /* bytes given out; of a lane: the device's */
	struct err failure; /* the first asynchronous failure */
	struct device *root; /* of a lane: the device; NULL: this is no lane */
	void *queue;         /* of a lane: its own, which is impl between fork and join; else impl is the device's */
	struct device *lane[MAX_LANE];
};

/* name: "cpu", "ref", "late", "cuda", "cuda:NUMBER", or "auto": the first GPU if there is one that can be used, else cpu. threads 0: as many as cores given to the process. */
enum status device_open(struct arena *a, const char *name, int threads, struct device **dev, struct err *e);
void device_close(struct device *dev);
enum status device_alloc(struct device *dev, size_t bytes, void **mem, struct err *e); /* E_NOMEM names the size */
void device_free(struct device *dev, void *mem, size_t bytes);
enum status device_wait(struct device *dev, struct err *e);
/* Lane k of a device, for work that is independent of the others' but reads what they have in common: opened when it is asked for the first time, closed with
   the device. The device itself where its back end has none. Between fork and join what is queued on it runs beside the other lanes, after all that was
   queued on the device before the fork; what the device is given after the join comes after it. Outside of the two it is the device under another
   name. Memory is neither taken nor given back between them. Both do nothing to a device that is no lane. */
static inline struct device *device_root(struct device *dev)
{
	return dev->root ? dev->root : dev;
}
enum status device_lane(struct device *dev, int k, struct device **lane, struct err *e);
void device_fork(struct device *lane);
void device_join(struct device *lane);
/* What can still be had: of a device with memory of its own, or of the host's as memory_available says. 0: not known. */
size_t device_memory(const struct device *dev);
const char *precision_name(enum precision p); /* "f32", "bf16", "f16", "tf32" */
/* What `auto` stands for: bf16 where it is multiplied natively, else f16 on a GPU and f32 on a CPU. */
enum precision device_precision(const struct device *dev);
/* E_USER: the device has no such activations, or no such products; says which it has. */
enum status device_takes(const struct device *dev, enum precision p, struct err *e);
bool device_int8_native(const struct device *dev); /* else conv2d_int8 gives the same at the speed of f32 */
enum dtype device_dtype(const struct device *dev, enum precision p, enum tclass cls);

#endif
