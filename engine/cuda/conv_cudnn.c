#include "engine/cuda/conv_cudnn.h"

#include <cudnn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"

enum { UID_X = 1, UID_W, UID_Y, UID_BIAS, UID_RESIDUAL, UID_INSIDE }; /* from the last on: values inside of a plan, sums in f32 */

enum { MAX_ENGINE = 32, MAX_MADE = 32, MAX_OP = 4 };

/* Compared as bytes: numbers of one size. */
struct problem {
	struct cu_conv conv;
	int kind, bias, residual, relu, act, any_order;
};

/* A handle is one thread's at a time: each thread that makes plans has one, and a plan is run by the one that it was made with. */
struct seat {
	cudnnHandle_t handle;
	cudaStream_t stream; /* that the handle has */
	bool tried;
};

struct cudnn_plan {
	struct cudnn_plan *next;
	struct problem problem;
	bool chosen;
	bool wanted_memory; /* an engine that might have done it found none */
	struct seat *seat;
	cudnnBackendDescriptor_t plan, config; /* NULL: the library has none */
	int64_t scratch;
};

enum { MAX_SEAT = 8 };

static struct {
	struct seat seat[MAX_SEAT]; /* the first is the caller's own */
	struct cudnn_plan *plans;
	int threads, n_open;        /* n_open: not chosen yet */
	int device;                 /* that handles and plans are of: the first that was current; -1: none yet */
	pthread_mutex_t lock;       /* of what is chosen next */
} library = {.threads = 1, .device = -1, .lock = PTHREAD_MUTEX_INITIALIZER};

/* ---- descriptors ---- */

/* Descriptors of one graph, destroyed together; after a failure nothing more is done. */
struct desk {
	cudnnStatus_t st;
	int n;
	cudnnBackendDescriptor_t made[MAX_MADE];
};

typedef cudnnBackendDescriptor_t desc_t;

static desc_t make(struct desk *k, cudnnBackendDescriptorType_t type)
{
	desc_t d = NULL;
	BUG_IF(k->n == MAX_MADE, "too many descriptors");
	if (k->st == CUDNN_STATUS_SUCCESS)
		k->st = cudnnBackendCreateDescriptor(type, &d);
	if (d)
		k->made[k->n++] = d;
	return d;
}

static void set(struct desk *k, desc_t d, cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, int64_t n, const void *values)
{
	if (k->st == CUDNN_STATUS_SUCCESS)
		k->st = cudnnBackendSetAttribute(d, name, type, n, values);
}

static void set_desc(struct desk *k, desc_t d, cudnnBackendAttributeName_t name, desc_t value)
{
	set(k, d, name, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &value);
}

static void set_float(struct desk *k, desc_t d, cudnnBackendAttributeName_t name, float value)
{
	set(k, d, name, CUDNN_TYPE_FLOAT, 1, &value);
}

static void set_type(struct desk *k, desc_t d, cudnnBackendAttributeName_t name, cudnnDataType_t value)
{
	set(k, d, name, CUDNN_TYPE_DATA_TYPE, 1, &value);
}

static void set_pair(struct desk *k, desc_t d, cudnnBackendAttributeName_t name, int value)
{
	const int64_t both[2] = {value, value};
	set(k, d, name, CUDNN_TYPE_INT64, 2, both);
}

static desc_t seal(struct desk *k, desc_t d)
{
	if (k->st == CUDNN_STATUS_SUCCESS)
		k->st = cudnnBackendFinalize(d);
	return d;
}

static void clear(struct desk *k)
{
	while (k->n)
		cudnnBackendDestroyDescriptor(k->made[--k->n]);
}

/* ---- one problem as a graph ---- */

/* (a,b,c,d) in logical order, in memory a, c, d, b; both maps and weights are such. */
static desc_t tensor(struct desk *k, int64_t uid, cudnnDataType_t type, int a, int b, int c, int d)
{
	const int64_t dims[4] = {a, b, c, d}, strides[4] = {(int64_t)b * c * d, 1, (int64_t)b * d, b}, align = uid == UID_BIAS ? 4 : 16;
	const bool inside = uid >= UID_INSIDE;
	const desc_t t = make(k, CUDNN_BACKEND_TENSOR_DESCRIPTOR);
	set_type(k, t, CUDNN_ATTR_TENSOR_DATA_TYPE, type);
	set(k, t, CUDNN_ATTR_TENSOR_DIMENSIONS, CUDNN_TYPE_INT64, 4, dims);
	set(k, t, CUDNN_ATTR_TENSOR_STRIDES, CUDNN_TYPE_INT64, 4, strides);
	set(k, t, CUDNN_ATTR_TENSOR_UNIQUE_ID, CUDNN_TYPE_INT64, 1, &uid);
	set(k, t, CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, CUDNN_TYPE_INT64, 1, &align);
	set(k, t, CUDNN_ATTR_TENSOR_IS_VIRTUAL, CUDNN_TYPE_BOOLEAN, 1, &inside);
	return seal(k, t);
}

static desc_t convolution(struct desk *k, const struct cu_conv *v)
{
	const cudnnConvolutionMode_t mode = CUDNN_CROSS_CORRELATION;
	const int64_t axes = 2;
	const desc_t c = make(k, CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR);
	set_type(k, c, CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_DATA_FLOAT);
	set(k, c, CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_TYPE_CONVOLUTION_MODE, 1, &mode);
	set(k, c, CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, CUDNN_TYPE_INT64, 1, &axes);
	set_pair(k, c, CUDNN_ATTR_CONVOLUTION_DILATIONS, 1);
	set_pair(k, c, CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, v->stride);
	set_pair(k, c, CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, v->pad_h);
	set_pair(k, c, CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, v->pad_h);
	return seal(k, c);
}

/* What differs between the two: the descriptor and the names of its attributes. */
static const struct {
	cudnnBackendDescriptorType_t type;
	cudnnBackendAttributeName_t conv, x, w, y, alpha, beta;
} operation[] = {
	[CONV_FORWARD] = {CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC,
	                  CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W,
	                  CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA,
	                  CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA},
	[CONV_DX] = {CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC,
	             CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W,
	             CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA,
	             CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA},
};

/* The operations of a graph; the value that the last of them gives. */
struct chain {
	int n;
	desc_t op[MAX_OP], value;
};

/* value = value + b, where b may be one value a channel, or relu of it (b NULL; a value that is no number stays one). to: the result. */
static void then(struct desk *k, struct chain *c, desc_t b, desc_t to)
{
	const cudnnPointwiseMode_t mode = b ? CUDNN_POINTWISE_ADD : CUDNN_POINTWISE_RELU_FWD;
	const cudnnNanPropagation_t nan = CUDNN_PROPAGATE_NAN;
	const desc_t how = make(k, CUDNN_BACKEND_POINTWISE_DESCRIPTOR);
	set(k, how, CUDNN_ATTR_POINTWISE_MODE, CUDNN_TYPE_POINTWISE_MODE, 1, &mode);
	set_type(k, how, CUDNN_ATTR_POINTWISE_MATH_PREC, CUDNN_DATA_FLOAT);
	if (!b)
		set(k, how, CUDNN_ATTR_POINTWISE_NAN_PROPAGATION, CUDNN_TYPE_NAN_PROPOGATION, 1, &nan);
	seal(k, how);
	const desc_t op = make(k, CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR);
	set_desc(k, op, CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, how);
	set_desc(k, op, CUDNN_ATTR_OPERATION_POINTWISE_XDESC, c->value);
	if (b)
		set_desc(k, op, CUDNN_ATTR_OPERATION_POINTWISE_BDESC, b);
	set_desc(k, op, CUDNN_ATTR_OPERATION_POINTWISE_YDESC, to);
	c->op[c->n++] = seal(k, op);
	c->value = to;
}

/* The next value on the way to y, which is the last. */
static desc_t next(struct desk *k, const struct problem *p, const struct chain *c, desc_t y)
{
	const struct cu_conv *v = &p->conv;
	const int last = p->bias + p->residual + p->relu;
	return c->n == last ? y : tensor(k, UID_INSIDE + c->n, CUDNN_DATA_FLOAT, v->N, v->O, v->OH, v->OW);
}

static cudnnDataType_t type_of_maps(const struct problem *p)
{
	return p->act == F32 ? CUDNN_DATA_FLOAT : p->act == F16 ? CUDNN_DATA_HALF : CUDNN_DATA_BFLOAT16;
}

static desc_t graph_of(struct desk *k, const struct problem *p, cudnnHandle_t handle)
{
	const struct cu_conv *v = &p->conv;
	const cudnnDataType_t act = type_of_maps(p);
	const desc_t x = tensor(k, UID_X, act, v->N, v->C, v->H, v->W), y = tensor(k, UID_Y, act, v->N, v->O, v->OH, v->OW);
	struct chain c = {0};
	c.value = next(k, p, &c, y);
	const desc_t op = make(k, operation[p->kind].type);
	set_desc(k, op, operation[p->kind].conv, convolution(k, v));
	set_desc(k, op, operation[p->kind].x, x);
	set_desc(k, op, operation[p->kind].w, tensor(k, UID_W, act, v->O, v->C / v->groups, v->R, v->S));
	set_desc(k, op, operation[p->kind].y, c.value);
	set_float(k, op, operation[p->kind].alpha, 1);
	set_float(k, op, operation[p->kind].beta, 0);
	c.op[c.n++] = seal(k, op);
	if (p->bias)
		then(k, &c, tensor(k, UID_BIAS, CUDNN_DATA_FLOAT, 1, v->O, 1, 1), next(k, p, &c, y));
	if (p->residual)
		then(k, &c, tensor(k, UID_RESIDUAL, act, v->N, v->O, v->OH, v->OW), next(k, p, &c, y));
	if (p->relu)
		then(k, &c, NULL, y);
	const desc_t graph = make(k, CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR);
	set(k, graph, CUDNN_ATTR_OPERATIONGRAPH_HANDLE, CUDNN_TYPE_HANDLE, 1, &handle);
	set(k, graph, CUDNN_ATTR_OPERATIONGRAPH_OPS, CUDNN_TYPE_BACKEND_DESCRIPTOR, c.n, c.op);
	return seal(k, graph);
}

/* ---- choosing ---- */

/* Sums in f32, the same bits every time unless the problem leaves that open; and f32 maps are rounded to no less than TF32. */
static bool exact(cudnnBackendDescriptor_t config, const struct problem *p)
{
	const unsigned never = 1u << CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION | 1u << CUDNN_NUMERICAL_NOTE_FFT |
	                       1u << CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_6x6 | 1u << CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_13x13 |
	                       (p->any_order ? 0 : 1u << CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC) | (p->act == F32 ? 1u << CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS : 0);
	cudnnBackendNumericalNote_t note[CUDNN_NUMERICAL_NOTE_TYPE_COUNT];
	struct desk k = {0};
	desc_t engine = make(&k, CUDNN_BACKEND_ENGINE_DESCRIPTOR);
	int64_t n = 0;
	unsigned notes = 0;
	if (k.st == CUDNN_STATUS_SUCCESS)
		k.st = cudnnBackendGetAttribute(config, CUDNN_ATTR_ENGINECFG_ENGINE, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &n, &engine);
	if (k.st == CUDNN_STATUS_SUCCESS)
		k.st = cudnnBackendGetAttribute(engine, CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, CUDNN_TYPE_NUMERICAL_NOTE, CUDNN_NUMERICAL_NOTE_TYPE_COUNT, &n,
		                                note);
	const bool known = k.st == CUDNN_STATUS_SUCCESS;
	for (int64_t i = 0; known && i < n && i < CUDNN_NUMERICAL_NOTE_TYPE_COUNT; i++)
		notes |= 1u << note[i];
	clear(&k);
	return known && !(notes & never);
}

/* The plan of one configuration, if the engine takes the problem and little enough scratch. */
static bool take(cudnnBackendDescriptor_t config, struct cudnn_plan *p)
{
	struct desk k = {0};
	int64_t n = 0;
	const desc_t plan = make(&k, CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR);
	set(&k, plan, CUDNN_ATTR_EXECUTION_PLAN_HANDLE, CUDNN_TYPE_HANDLE, 1, &p->seat->handle);
	set_desc(&k, plan, CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, config);
	seal(&k, plan);
	if (k.st == CUDNN_STATUS_SUCCESS)
		k.st = cudnnBackendGetAttribute(plan, CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE, CUDNN_TYPE_INT64, 1, &n, &p->scratch);
	if (k.st == CUDNN_STATUS_SUCCESS && p->scratch <= (int64_t)conv_scratch_limit) {
		p->plan = plan;
		return true;
	}
	p->wanted_memory |= k.st == CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED || k.st == CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED;
	clear(&k);
	return false;
}

/* The first configuration, in the order in which the library thinks them fast, that will do. */
static bool choose_by(desc_t graph, cudnnBackendHeurMode_t mode, struct cudnn_plan *p)
{
	struct desk asked = {0}, results = {0};
	int64_t n = 0;
	const desc_t heur = make(&asked, CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR);
	set_desc(&asked, heur, CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, graph);
	set(&asked, heur, CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE, 1, &mode);
	seal(&asked, heur);
	for (int i = 0; i < MAX_ENGINE; i++)
		make(&results, CUDNN_BACKEND_ENGINECFG_DESCRIPTOR);
	if (asked.st != CUDNN_STATUS_SUCCESS || results.st != CUDNN_STATUS_SUCCESS ||
	    cudnnBackendGetAttribute(heur, CUDNN_ATTR_ENGINEHEUR_RESULTS, CUDNN_TYPE_BACKEND_DESCRIPTOR, MAX_ENGINE, &n, results.made) !=
	            CUDNN_STATUS_SUCCESS)
		n = 0;
	bool found = false;
	for (int64_t i = 0; i < n && i < MAX_ENGINE && !found; i++) { /* n: of all that there are, also where fewer were asked for */
		found = exact(results.made[i], &p->problem) && take(results.made[i], p);
		if (found) { /* kept with the plan that is made of it */
			p->config = results.made[i];
			results.made[i] = results.made[--results.n];
		}
	}
	clear(&results);
	clear(&asked);
	return found;
}

static void choose(struct cudnn_plan *p, struct seat *seat)
{
	struct desk k = {0};
	p->seat = seat;
	const desc_t graph = graph_of(&k, &p->problem, seat->handle);
	if (k.st == CUDNN_STATUS_SUCCESS && !choose_by(graph, CUDNN_HEUR_MODE_A, p))
		choose_by(graph, CUDNN_HEUR_MODE_FALLBACK, p);
	clear(&k);
}

/* ---- choosing for all problems that are known ---- */

static cudnnHandle_t handle_of(struct seat *s)
{
	if (!s->tried && cudnnCreate(&s->handle) != CUDNN_STATUS_SUCCESS)
		s->handle = NULL;
	s->tried = true;
	return s->handle;
}

/* One that nobody has taken yet. */
static struct cudnn_plan *next_open(void)
{
	pthread_mutex_lock(&library.lock);
	struct cudnn_plan *p = library.plans;
	while (p && p->chosen)
		p = p->next;
	if (p) {
		p->chosen = true;
		library.n_open--;
	}
	pthread_mutex_unlock(&library.lock);
	return p;
}

static void choose_some(struct seat *seat)
{
	struct cudnn_plan *p = NULL;
	while (handle_of(seat) && (p = next_open()))
		choose(p, seat);
}

struct helper {
	pthread_t thread;
	struct seat *seat;
};

static void *help(void *given)
{
	const struct helper *h = given;
	if (cudaSetDevice(library.device) == cudaSuccess) /* a thread begins with the first */
		choose_some(h->seat);
	return NULL;
}

/* Helpers live for as long as this takes, so that what runs plans has their handles to itself. */
static void choose_all(void)
{
	struct helper helper[MAX_SEAT];
	int n = 1;
	for (const int open = library.n_open; n < open && n < library.threads && n < MAX_SEAT; n++) {
		helper[n] = (struct helper){.seat = &library.seat[n]};
		if (pthread_create(&helper[n].thread, NULL, help, &helper[n]) != 0)
			break;
	}
	choose_some(&library.seat[0]);
	while (--n > 0)
		pthread_join(helper[n].thread, NULL);
}

static struct problem problem_of(const struct conv_work *w, bool relu)
{
	return (struct problem){w->conv, (int)w->kind, w->finished && w->has_bias, w->finished && w->has_residual, relu, (int)w->act, w->any_order};
}

/* NULL: there is no memory for it. */
static struct cudnn_plan *entry_of(const struct problem *problem)
{
	struct cudnn_plan *p = library.plans;
	while (p && memcmp(&p->problem, problem, sizeof *problem))
		p = p->next;
	if (p)
		return p;
	p = mem_new(sizeof *p);
	if (!p)
		return NULL;
	*p = (struct cudnn_plan){.next = library.plans, .problem = *problem};
	library.plans = p;
	library.n_open++;
	return p;
}

void conv_cudnn_foresee(const struct conv_work *w, bool relu, int threads)
{
	const struct problem problem = problem_of(w, relu);
	library.threads = threads;
	entry_of(&problem);
}

/* Handles and plans are those of one device; a process that opens a second one makes products there. */
static bool at_home(void)
{
	int device = 0;
	if (cudaGetDevice(&device) != cudaSuccess)
		return false;
	if (library.device < 0)
		library.device = device;
	return device == library.device;
}

struct cudnn_plan *conv_cudnn_plan(const struct conv_work *w, bool relu)
{
	const struct problem problem = problem_of(w, relu);
	struct cudnn_plan *p = at_home() && handle_of(&library.seat[0]) ? entry_of(&problem) : NULL;
	if (p && !p->chosen)
		choose_all();
	if (p && !p->plan && p->wanted_memory) {
		log_line(LOG_WARN, "cuDNN had no memory for a plan of a convolution of %d to %d channels, %dx%d; cuBLAS does it, which rounds otherwise", w->conv.C, w->conv.O,
		         w->conv.H, w->conv.W);
		p->wanted_memory = false;
	}
	return p && p->plan ? p : NULL;
}

void conv_cudnn_forget(cudaStream_t stream)
{
	for (int i = 0; i < MAX_SEAT; i++)
		if (library.seat[i].stream == stream)
			library.seat[i].stream = NULL;
}

size_t conv_cudnn_scratch(const struct cudnn_plan *p)
{
	return (size_t)p->scratch;
}

/* ---- running ---- */

static cudaError_t error_of(cudnnStatus_t st)
{
	switch (CUDNN_STATUS_CATEGORY(st)) {
	case CUDNN_STATUS_SUCCESS:
		return cudaSuccess;
	case CUDNN_STATUS_BAD_PARAM:
		return cudaErrorInvalidValue;
	case CUDNN_STATUS_NOT_SUPPORTED:
		return cudaErrorNotSupported;
	case CUDNN_STATUS_EXECUTION_FAILED:
		return cudaErrorLaunchFailure;
	default:
		return cudaErrorUnknown;
	}
}

cudaError_t conv_cudnn_run(struct cudnn_plan *p, const struct cudnn_memory *m, cudaStream_t stream)
{
	const int64_t uid[] = {UID_X, UID_W, UID_Y, UID_BIAS, UID_RESIDUAL};
	const void *all[] = {m->x, m->w, m->y, m->bias, m->residual};
	const bool use[] = {true, true, true, p->problem.bias, p->problem.residual};
	int64_t used[5];
	const void *pointer[5];
	int n = 0;
	for (int i = 0; i < 5; i++)
		if (use[i]) {
			used[n] = uid[i];
			pointer[n++] = all[i];
		}
	struct desk k = {0};
	struct seat *seat = p->seat;
	if (seat->stream != stream)
		k.st = cudnnSetStream(seat->handle, stream);
	seat->stream = stream;
	const desc_t pack = make(&k, CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR);
	set(&k, pack, CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, CUDNN_TYPE_INT64, n, used);
	set(&k, pack, CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR, n, pointer);
	set(&k, pack, CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR, 1, &m->scratch);
	seal(&k, pack);
	if (k.st == CUDNN_STATUS_SUCCESS)
		k.st = cudnnBackendExecute(seat->handle, p->plan, pack);
	const cudaError_t st = error_of(k.st);
	clear(&k);
	return st;
}

const char *conv_cudnn_version(void)
{
	static char text[32];
	const size_t v = cudnnGetVersion();
	snprintf(text, sizeof text, "cuDNN %zu.%zu.%zu", v / 10000, v / 100 % 100, v % 100);
	return text;
}
