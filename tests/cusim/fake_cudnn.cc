/*
 * The part of cuDNN's graph API that the project calls: descriptors with typed attributes, which are judged when they are set and sealed, heuristics
 * that offer engines of every kind, and plans that sum in double and round once. A plan lives without the graph that it was made of. A handle that two threads
 * use at the same time, or that runs another's plan, ends the program.
 *
 * The engines offered are, in this order: one that is not deterministic; one that refuses every problem when its plan is sealed; one with a workspace of
 * a terabyte; one that adds parts in bf16; one that takes f32 as f16; three that go by way of transforms, whose errors are as large as here a sixteenth; and one that will do, which takes f32 as TF32. That one, as the real ones, takes a problem
 * only if channels of a group are even in number, and does relu only of even outputs: so each way out of a missing plan is taken by some test.
 */
#include <cudnn.h>
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <atomic>
#include <cmath>
#include <map>
#include <memory>
#include <thread>
#include <vector>

#include "tests/cusim/control.h"
#include "tests/cusim/fakes.h"
#include "tests/cusim/runtime.h"

using namespace cusim;

struct cudnnContext {
	uint32_t magic;
	cudaStream_t stream;
	std::atomic<int> users;
	int device; /* that was current when it was made */
};

namespace {

const uint32_t magic = 0xCD990001;

struct attribute {
	cudnnBackendAttributeType_t type;
	int64_t n;
	std::vector<char> bytes;

	template <class T> const T *as() const { return (const T *)bytes.data(); }
};

struct tensor {
	int64_t uid, dim[4], stride[4], alignment;
	cudnnDataType_t type;
	bool inside;
};

/* A tensor is added, or relu is done. */
struct step {
	bool relu;
	bool keeps_nan; /* by relu, which else makes 0 of it */
	tensor added;
};

/* Everything that a sealed graph says. */
struct problem {
	int kind = -1; /* 0 forward, 1 data */
	tensor x, w, y; /* y: of the convolution, maybe inside */
	int64_t pad[2], stride[2];
	float alpha, beta;
	std::vector<step> then; /* done with y, in this order */
	tensor result;
	cudnnHandle_t handle;
};

struct descriptor {
	cudnnBackendDescriptorType_t type;
	bool sealed = false;
	std::map<int, attribute> set;
	std::shared_ptr<problem> graph; /* graphs, and what is made of one */
	int engine = -1;
};

std::atomic<int> seal_ms, sealing, most_sealing, heuristics, hungry;

/* While a handle is used. */
struct use {
	cudnnHandle_t handle;

	explicit use(cudnnHandle_t h) : handle(h)
	{
		if (handle->users.fetch_add(1))
			fail("cuDNN: a handle is used by two threads at the same time");
		if (handle->device != current_device)
			fail("cuDNN: a handle of device %d is used where device %d is current", handle->device, current_device);
	}
	~use() { handle->users--; }
};

/* Compiling, as it were. */
void take_time()
{
	const int n = ++sealing;
	for (int most = most_sealing; n > most && !most_sealing.compare_exchange_weak(most, n);)
		;
	if (seal_ms)
		std::this_thread::sleep_for(std::chrono::milliseconds(seal_ms));
	sealing--;
}

enum { NOT_REPEATABLE, REFUSES, GREEDY, ROUNDS, HALVES, FOURIER, TILES_6, TILES_13, GOOD, ENGINES };
const int MANY = 40; /* engines, of which the last alone will do */
const int64_t workspace = 1024;

size_t size_of(cudnnBackendAttributeType_t type)
{
	switch (type) {
	case CUDNN_TYPE_INT64:
	case CUDNN_TYPE_VOID_PTR:
	case CUDNN_TYPE_BACKEND_DESCRIPTOR:
	case CUDNN_TYPE_HANDLE:
		return 8;
	case CUDNN_TYPE_BOOLEAN:
		return 1;
	default:
		return 4;
	}
}

/* The type and the largest number of elements of each attribute that may be set. */
struct rule {
	int name;
	cudnnBackendDescriptorType_t of;
	cudnnBackendAttributeType_t type;
	int64_t most;
	bool needed;
};
#define FORWARD CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR
#define DATA CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR
#define DESC CUDNN_TYPE_BACKEND_DESCRIPTOR
const rule rules[] = {
	{CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, CUDNN_BACKEND_TENSOR_DESCRIPTOR, CUDNN_TYPE_INT64, 1, true},
	{CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_BACKEND_TENSOR_DESCRIPTOR, CUDNN_TYPE_DATA_TYPE, 1, true},
	{CUDNN_ATTR_TENSOR_DIMENSIONS, CUDNN_BACKEND_TENSOR_DESCRIPTOR, CUDNN_TYPE_INT64, 4, true},
	{CUDNN_ATTR_TENSOR_STRIDES, CUDNN_BACKEND_TENSOR_DESCRIPTOR, CUDNN_TYPE_INT64, 4, true},
	{CUDNN_ATTR_TENSOR_UNIQUE_ID, CUDNN_BACKEND_TENSOR_DESCRIPTOR, CUDNN_TYPE_INT64, 1, true},
	{CUDNN_ATTR_TENSOR_IS_VIRTUAL, CUDNN_BACKEND_TENSOR_DESCRIPTOR, CUDNN_TYPE_BOOLEAN, 1, false},
	{CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR, CUDNN_TYPE_DATA_TYPE, 1, true},
	{CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR, CUDNN_TYPE_CONVOLUTION_MODE, 1, true},
	{CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR, CUDNN_TYPE_INT64, 1, true},
	{CUDNN_ATTR_CONVOLUTION_DILATIONS, CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR, CUDNN_TYPE_INT64, 2, true},
	{CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR, CUDNN_TYPE_INT64, 2, true},
	{CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR, CUDNN_TYPE_INT64, 2, true},
	{CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR, CUDNN_TYPE_INT64, 2, true},
	{CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X, FORWARD, DESC, 1, true},
	{CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W, FORWARD, DESC, 1, true},
	{CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y, FORWARD, DESC, 1, true},
	{CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC, FORWARD, DESC, 1, true},
	{CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA, FORWARD, CUDNN_TYPE_FLOAT, 1, true},
	{CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA, FORWARD, CUDNN_TYPE_FLOAT, 1, true},
	{CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX, DATA, DESC, 1, true},
	{CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W, DATA, DESC, 1, true},
	{CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY, DATA, DESC, 1, true},
	{CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC, DATA, DESC, 1, true},
	{CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA, DATA, CUDNN_TYPE_FLOAT, 1, true},
	{CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA, DATA, CUDNN_TYPE_FLOAT, 1, true},
	{CUDNN_ATTR_POINTWISE_MODE, CUDNN_BACKEND_POINTWISE_DESCRIPTOR, CUDNN_TYPE_POINTWISE_MODE, 1, true},
	{CUDNN_ATTR_POINTWISE_NAN_PROPAGATION, CUDNN_BACKEND_POINTWISE_DESCRIPTOR, CUDNN_TYPE_NAN_PROPOGATION, 1, false},
	{CUDNN_ATTR_POINTWISE_MATH_PREC, CUDNN_BACKEND_POINTWISE_DESCRIPTOR, CUDNN_TYPE_DATA_TYPE, 1, true},
	{CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR, DESC, 1, true},
	{CUDNN_ATTR_OPERATION_POINTWISE_XDESC, CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR, DESC, 1, true},
	{CUDNN_ATTR_OPERATION_POINTWISE_BDESC, CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR, DESC, 1, false},
	{CUDNN_ATTR_OPERATION_POINTWISE_YDESC, CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR, DESC, 1, true},
	{CUDNN_ATTR_OPERATIONGRAPH_HANDLE, CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR, CUDNN_TYPE_HANDLE, 1, true},
	{CUDNN_ATTR_OPERATIONGRAPH_OPS, CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR, DESC, 4, true},
	{CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR, CUDNN_TYPE_HEUR_MODE, 1, true},
	{CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR, DESC, 1, true},
	{CUDNN_ATTR_EXECUTION_PLAN_HANDLE, CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR, CUDNN_TYPE_HANDLE, 1, true},
	{CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR, DESC, 1, true},
	{CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR, CUDNN_TYPE_INT64, 8, true},
	{CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR, CUDNN_TYPE_VOID_PTR, 8, true},
	{CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR, CUDNN_TYPE_VOID_PTR, 1, true},
};

descriptor *of(cudnnBackendDescriptor_t d)
{
	return (descriptor *)d;
}

const descriptor *part(const descriptor *d, int name)
{
	return *d->set.at(name).as<const descriptor *>();
}

template <class T> T value(const descriptor *d, int name)
{
	return *d->set.at(name).as<T>();
}

tensor tensor_of(const descriptor *d)
{
	tensor t = {};
	t.uid = value<int64_t>(d, CUDNN_ATTR_TENSOR_UNIQUE_ID);
	t.alignment = value<int64_t>(d, CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT);
	t.type = value<cudnnDataType_t>(d, CUDNN_ATTR_TENSOR_DATA_TYPE);
	t.inside = d->set.count(CUDNN_ATTR_TENSOR_IS_VIRTUAL) && value<bool>(d, CUDNN_ATTR_TENSOR_IS_VIRTUAL);
	memcpy(t.dim, d->set.at(CUDNN_ATTR_TENSOR_DIMENSIONS).bytes.data(), sizeof t.dim);
	memcpy(t.stride, d->set.at(CUDNN_ATTR_TENSOR_STRIDES).bytes.data(), sizeof t.stride);
	return t;
}

bool same_shape(const tensor &a, const tensor &b)
{
	return memcmp(a.dim, b.dim, sizeof a.dim) == 0;
}

/* ---- sealing a graph ---- */

struct names {
	int kind;
	cudnnBackendDescriptorType_t type;
	int x, w, y, conv, alpha, beta;
};
const names convolutions[] = {
	{0, FORWARD, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y,
	 CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA},
	{1, DATA, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY,
	 CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA},
};

bool read_convolution(const descriptor *op, problem *p)
{
	for (const names &n : convolutions) {
		if (op->type != n.type)
			continue;
		const descriptor *conv = part(op, n.conv);
		p->kind = n.kind;
		p->x = tensor_of(part(op, n.x));
		p->w = tensor_of(part(op, n.w));
		p->y = tensor_of(part(op, n.y));
		p->alpha = value<float>(op, n.alpha);
		p->beta = value<float>(op, n.beta);
		memcpy(p->stride, conv->set.at(CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES).bytes.data(), sizeof p->stride);
		memcpy(p->pad, conv->set.at(CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS).bytes.data(), sizeof p->pad);
		const int64_t *after = conv->set.at(CUDNN_ATTR_CONVOLUTION_POST_PADDINGS).as<int64_t>();
		const int64_t *dilation = conv->set.at(CUDNN_ATTR_CONVOLUTION_DILATIONS).as<int64_t>();
		if (value<cudnnConvolutionMode_t>(conv, CUDNN_ATTR_CONVOLUTION_CONV_MODE) != CUDNN_CROSS_CORRELATION ||
		    value<cudnnDataType_t>(conv, CUDNN_ATTR_CONVOLUTION_COMP_TYPE) != CUDNN_DATA_FLOAT ||
		    value<int64_t>(conv, CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS) != 2)
			return false;
		for (int i = 0; i < 2; i++)
			if (dilation[i] != 1 || p->y.dim[2 + i] != (p->x.dim[2 + i] + p->pad[i] + after[i] - p->w.dim[2 + i]) / p->stride[i] + 1)
				return false;
		const int64_t groups = p->x.dim[1] / p->w.dim[1];
		return p->x.dim[0] == p->y.dim[0] && p->w.dim[0] == p->y.dim[1] && groups * p->w.dim[1] == p->x.dim[1] && p->w.dim[0] % groups == 0;
	}
	return false;
}

cudnnStatus_t read_graph(descriptor *d)
{
	const attribute &ops = d->set.at(CUDNN_ATTR_OPERATIONGRAPH_OPS);
	auto p = std::make_shared<problem>();
	p->handle = value<cudnnHandle_t>(d, CUDNN_ATTR_OPERATIONGRAPH_HANDLE);
	if (!p->handle || p->handle->magic != magic || !read_convolution(ops.as<const descriptor *>()[0], p.get()))
		return CUDNN_STATUS_BAD_PARAM;
	p->result = p->kind == 0 ? p->y : p->x;
	for (int64_t i = 1; i < ops.n; i++) {
		const descriptor *op = ops.as<const descriptor *>()[i];
		if (op->type != CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR || p->kind)
			return CUDNN_STATUS_NOT_SUPPORTED_GRAPH_PATTERN;
		const descriptor *how = part(op, CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR);
		const tensor from = tensor_of(part(op, CUDNN_ATTR_OPERATION_POINTWISE_XDESC)), to = tensor_of(part(op, CUDNN_ATTR_OPERATION_POINTWISE_YDESC));
		const cudnnPointwiseMode_t mode = value<cudnnPointwiseMode_t>(how, CUDNN_ATTR_POINTWISE_MODE);
		if (from.uid != p->result.uid || !p->result.inside || p->result.type != CUDNN_DATA_FLOAT || !same_shape(from, to))
			return CUDNN_STATUS_NOT_SUPPORTED_GRAPH_PATTERN;
		if (mode == CUDNN_POINTWISE_RELU_FWD) {
			const bool keeps = how->set.count(CUDNN_ATTR_POINTWISE_NAN_PROPAGATION) &&
			                   value<cudnnNanPropagation_t>(how, CUDNN_ATTR_POINTWISE_NAN_PROPAGATION) == CUDNN_PROPAGATE_NAN;
			p->then.push_back({true, keeps, {}});
		} else {
			const tensor more = tensor_of(part(op, CUDNN_ATTR_OPERATION_POINTWISE_BDESC));
			const bool channel = more.dim[0] == 1 && more.dim[2] == 1 && more.dim[3] == 1 && more.dim[1] == to.dim[1];
			if (mode != CUDNN_POINTWISE_ADD || (!channel && !same_shape(more, to)))
				return CUDNN_STATUS_NOT_SUPPORTED_GRAPH_PATTERN;
			p->then.push_back({false, false, more});
		}
		p->result = to;
	}
	if (p->result.inside)
		return CUDNN_STATUS_BAD_PARAM;
	d->graph = p;
	return CUDNN_STATUS_SUCCESS;
}

bool takes(const problem &p)
{
	const tensor &map = p.kind == 0 ? p.x : p.y;
	if (map.type != p.w.type || (map.type != CUDNN_DATA_BFLOAT16 && map.type != CUDNN_DATA_HALF && map.type != CUDNN_DATA_FLOAT))
		return false;
	for (const step &s : p.then)
		if (s.relu && p.w.dim[0] % 2)
			return false;
	return p.w.dim[1] % 2 == 0;
}

/* ---- executing ---- */

size_t bytes_of(const tensor &t)
{
	int64_t last = 0;
	for (int i = 0; i < 4; i++)
		last += (t.dim[i] - 1) * t.stride[i];
	return (size_t)(last + 1) * (t.type == CUDNN_DATA_FLOAT ? 4 : 2);
}

int64_t at(const tensor &t, int64_t a, int64_t b, int64_t c, int64_t d)
{
	return a * t.stride[0] + b * t.stride[1] + c * t.stride[2] + d * t.stride[3];
}

double load(const tensor &t, const void *p, int64_t i)
{
	if (t.type == CUDNN_DATA_FLOAT)
		return ((const float *)p)[i];
	return t.type == CUDNN_DATA_HALF ? __half2float(((const __half *)p)[i]) : __bfloat162float(((const __nv_bfloat16 *)p)[i]);
}

/* An operand as it is multiplied: what is f32 keeps 10 bits of fraction (the rest is cut off, which is enough to be seen), 8 by the engine that halves. */
double operand(int engine, const tensor &t, const void *p, int64_t i)
{
	float value = (float)load(t, p, i);
	uint32_t bits;
	if (t.type != CUDNN_DATA_FLOAT)
		return value;
	memcpy(&bits, &value, sizeof bits);
	bits &= engine == HALVES ? ~0x7FFFu : ~0x1FFFu;
	memcpy(&value, &bits, sizeof bits);
	return value;
}

/* The engine that rounds has sums of bf16. */
double plus(int engine, double sum, double term)
{
	return engine == ROUNDS ? __bfloat162float(__float2bfloat16_rn((float)(sum + term))) : sum + term;
}

/* By how much engines are beside the sum: the one that is not deterministic, otherwise each time, and those that transform. */
double disorder(int engine)
{
	static int runs;
	if (engine == FOURIER || engine == TILES_6 || engine == TILES_13)
		return 0x1p-4;
	return engine == NOT_REPEATABLE ? (++runs % 2 ? 0x1p-6 : -0x1p-6) : 0;
}

void store(const tensor &t, void *p, int64_t i, double v)
{
	if (t.type == CUDNN_DATA_FLOAT)
		((float *)p)[i] = (float)v;
	else if (t.type == CUDNN_DATA_HALF)
		((__half *)p)[i] = __float2half_rn((float)v);
	else
		((__nv_bfloat16 *)p)[i] = __float2bfloat16_rn((float)v);
}

void compute(const problem &p, int engine, std::map<int64_t, void *> memory, void *scratch)
{
	const double beside = disorder(engine);
	const int64_t groups = p.x.dim[1] / p.w.dim[1], C = p.w.dim[1], O = p.w.dim[0] / groups;
	std::vector<double> sum((size_t)(p.result.dim[0] * p.result.dim[1] * p.result.dim[2] * p.result.dim[3]));
	need_device(scratch, workspace, true, "cuDNN's workspace");
	memset(scratch, 0xA5, workspace);
	const auto need = [&](const tensor &t, bool write) {
		need_device(memory.at(t.uid), bytes_of(t), write, write ? "cuDNN's result" : "cuDNN's input");
		if ((uintptr_t)memory.at(t.uid) % (uintptr_t)t.alignment)
			fail("cuDNN: memory of tensor %d is not aligned to %d bytes as promised", (int)t.uid, (int)t.alignment);
	};
	if (p.kind != 1)
		need(p.x, false);
	need(p.w, false);
	if (p.kind != 0)
		need(p.y, false);
	for (const step &s : p.then)
		if (!s.relu)
			need(s.added, false);
	need(p.result, true);
	const void *x = memory.count(p.x.uid) ? memory.at(p.x.uid) : nullptr, *w = memory.at(p.w.uid), *y = p.kind ? memory.at(p.y.uid) : nullptr;
	const tensor &r = p.result;
	const auto place = [&](int64_t a, int64_t b, int64_t c, int64_t d) { return (size_t)(((a * r.dim[1] + b) * r.dim[2] + c) * r.dim[3] + d); };
	for (int64_t n = 0; n < p.y.dim[0]; n++)
		for (int64_t o = 0; o < p.y.dim[1]; o++)
			for (int64_t i = 0; i < p.y.dim[2]; i++)
				for (int64_t j = 0; j < p.y.dim[3]; j++)
					for (int64_t c = 0; c < C; c++)
						for (int64_t a = 0; a < p.w.dim[2]; a++)
							for (int64_t b = 0; b < p.w.dim[3]; b++) {
								const int64_t h = i * p.stride[0] + a - p.pad[0], q = j * p.stride[1] + b - p.pad[1], k = o / O * C + c;
								if (h < 0 || h >= p.x.dim[2] || q < 0 || q >= p.x.dim[3])
									continue;
								const bool forward = p.kind == 0;
								double &to = sum[forward ? place(n, o, i, j) : place(n, k, h, q)];
								const double from = forward ? operand(engine, p.x, x, at(p.x, n, k, h, q)) : operand(engine, p.y, y, at(p.y, n, o, i, j));
								to = plus(engine, to, from * operand(engine, p.w, w, at(p.w, o, c, a, b)));
							}
	for (int64_t a = 0; a < r.dim[0]; a++)
		for (int64_t b = 0; b < r.dim[1]; b++)
			for (int64_t c = 0; c < r.dim[2]; c++)
				for (int64_t d = 0; d < r.dim[3]; d++) {
					double v = p.alpha * sum[place(a, b, c, d)] + beside;
					for (const step &s : p.then) {
						const tensor &t = s.added;
						if (!s.relu)
							v += load(t, memory.at(t.uid), at(t, t.dim[0] == 1 ? 0 : a, b, t.dim[2] == 1 ? 0 : c, t.dim[3] == 1 ? 0 : d));
						else if (std::isnan(v) ? !s.keeps_nan : v < 0)
							v = 0;
					}
					store(r, memory.at(r.uid), at(r, a, b, c, d), v);
				}
}

} // namespace

extern "C" void cusim_cudnn_heuristics(int how)
{
	heuristics = how;
}

extern "C" void cusim_cudnn_hungry(int on)
{
	hungry = on;
}

extern "C" int cusim_cudnn_seal_ms(int ms)
{
	seal_ms = ms;
	return most_sealing;
}

extern "C" size_t CUDNNWINAPI cudnnGetVersion(void)
{
	return CUDNN_VERSION;
}

#define API extern "C" cudnnStatus_t CUDNNWINAPI

API cudnnCreate(cudnnHandle_t *h)
{
	*h = new cudnnContext{magic, nullptr, {0}, current_device};
	return CUDNN_STATUS_SUCCESS;
}

API cudnnDestroy(cudnnHandle_t h)
{
	if (!h || h->magic != magic)
		return CUDNN_STATUS_NOT_INITIALIZED;
	stream_finish(h->stream);
	h->magic = 0;
	delete h;
	return CUDNN_STATUS_SUCCESS;
}

API cudnnSetStream(cudnnHandle_t h, cudaStream_t stream)
{
	if (!h || h->magic != magic)
		return CUDNN_STATUS_NOT_INITIALIZED;
	h->stream = stream;
	return CUDNN_STATUS_SUCCESS;
}

API cudnnBackendCreateDescriptor(cudnnBackendDescriptorType_t type, cudnnBackendDescriptor_t *d)
{
	descriptor *const made = new descriptor;
	made->type = type;
	*d = made;
	return CUDNN_STATUS_SUCCESS;
}

API cudnnBackendDestroyDescriptor(cudnnBackendDescriptor_t d)
{
	delete of(d);
	return CUDNN_STATUS_SUCCESS;
}

API cudnnBackendSetAttribute(cudnnBackendDescriptor_t to, cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, int64_t n, const void *values)
{
	descriptor *d = of(to);
	if (!d || d->sealed)
		return CUDNN_STATUS_BAD_PARAM;
	for (const rule &r : rules) {
		if (r.name != (int)name || r.of != d->type)
			continue;
		if (r.type != type)
			return CUDNN_STATUS_BAD_PARAM_ATTRIBUTE_TYPE;
		if (n < 1 || n > r.most)
			return CUDNN_STATUS_BAD_PARAM_OUT_OF_BOUND;
		for (int64_t i = 0; type == DESC && i < n; i++) {
			const descriptor *value = ((const descriptor *const *)values)[i];
			if (!value || (!value->sealed && value->type != CUDNN_BACKEND_ENGINECFG_DESCRIPTOR))
				return CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED;
		}
		attribute &a = d->set[name];
		a.type = type;
		a.n = n;
		a.bytes.assign((const char *)values, (const char *)values + (size_t)n * size_of(type));
		return CUDNN_STATUS_SUCCESS;
	}
	return CUDNN_STATUS_NOT_SUPPORTED;
}

static bool of_fallback(const descriptor *d)
{
	return value<cudnnBackendHeurMode_t>(d, CUDNN_ATTR_ENGINEHEUR_MODE) == CUDNN_HEUR_MODE_FALLBACK;
}

API cudnnBackendFinalize(cudnnBackendDescriptor_t which)
{
	descriptor *d = of(which);
	if (!d || d->sealed)
		return CUDNN_STATUS_BAD_PARAM;
	for (const rule &r : rules)
		if (r.needed && r.of == d->type && !d->set.count(r.name))
			return CUDNN_STATUS_BAD_PARAM;
	if (d->type == CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR) {
		const cudnnStatus_t st = read_graph(d);
		if (st != CUDNN_STATUS_SUCCESS)
			return st;
	}
	if (d->type == CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR) {
		if (heuristics == CUSIM_HEURISTICS_REFUSED && !of_fallback(d))
			return CUDNN_STATUS_NOT_SUPPORTED;
		d->graph = part(d, CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH)->graph;
	}
	if (d->type == CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR) {
		const descriptor *config = part(d, CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG);
		if (!config->graph)
			return CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED;
		if (config->engine == REFUSES || !takes(*config->graph))
			return CUDNN_STATUS_NOT_SUPPORTED;
		if (hungry)
			return CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED;
		const cudnnHandle_t handle = value<cudnnHandle_t>(d, CUDNN_ATTR_EXECUTION_PLAN_HANDLE);
		if (!handle || handle->magic != magic || handle != config->graph->handle)
			return CUDNN_STATUS_BAD_PARAM;
		const use used(handle);
		take_time();
		d->graph = config->graph;
		d->engine = config->engine;
	}
	d->sealed = true;
	return CUDNN_STATUS_SUCCESS;
}

API cudnnBackendGetAttribute(cudnnBackendDescriptor_t from, cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, int64_t most, int64_t *n,
                             void *values)
{
	const descriptor *d = of(from);
	if (name == CUDNN_ATTR_ENGINEHEUR_RESULTS && d->sealed && type == DESC) {
		/* How many there are, of which no more are written than were asked for. */
		const bool many = heuristics == CUSIM_HEURISTICS_MANY && !of_fallback(d);
		*n = many ? MANY : heuristics == CUSIM_HEURISTICS_USUAL && of_fallback(d) ? 0 : (int64_t)ENGINES;
		for (int64_t i = 0; i < *n && i < most; i++) {
			descriptor *config = ((descriptor **)values)[i];
			config->graph = d->graph;
			config->engine = many ? (i == MANY - 1 ? GOOD : NOT_REPEATABLE) : (int)i;
		}
		return CUDNN_STATUS_SUCCESS;
	}
	if (name == CUDNN_ATTR_ENGINECFG_ENGINE && d->graph && type == DESC && most == 1) {
		(*(descriptor **)values)->engine = d->engine;
		*n = 1;
		return CUDNN_STATUS_SUCCESS;
	}
	if (name == CUDNN_ATTR_ENGINE_NUMERICAL_NOTE && d->engine >= 0 && type == CUDNN_TYPE_NUMERICAL_NOTE) {
		cudnnBackendNumericalNote_t *note = (cudnnBackendNumericalNote_t *)values;
		static const cudnnBackendNumericalNote_t bad[] = {CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC, CUDNN_NUMERICAL_NOTE_TYPE_COUNT, CUDNN_NUMERICAL_NOTE_TYPE_COUNT,
		                                                  CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION, CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS, CUDNN_NUMERICAL_NOTE_FFT,
		                                                  CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_6x6, CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_13x13, CUDNN_NUMERICAL_NOTE_TYPE_COUNT};
		if (most < 2)
			return CUDNN_STATUS_BAD_PARAM;
		note[0] = CUDNN_NUMERICAL_NOTE_TENSOR_CORE;
		note[1] = bad[d->engine];
		*n = bad[d->engine] == CUDNN_NUMERICAL_NOTE_TYPE_COUNT ? 1 : 2;
		return CUDNN_STATUS_SUCCESS;
	}
	if (name == CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE && d->sealed && type == CUDNN_TYPE_INT64 && most == 1) {
		*(int64_t *)values = d->engine == GREEDY ? (int64_t)1 << 40 : workspace;
		*n = 1;
		return CUDNN_STATUS_SUCCESS;
	}
	return CUDNN_STATUS_BAD_PARAM;
}

API cudnnBackendExecute(cudnnHandle_t h, cudnnBackendDescriptor_t which, cudnnBackendDescriptor_t pack)
{
	const descriptor *plan = of(which), *v = of(pack);
	if (!h || h->magic != magic || !plan->sealed || !v->sealed || plan->type != CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR)
		return CUDNN_STATUS_BAD_PARAM;
	if (plan->graph->handle != h)
		fail("cuDNN: a plan is run by another handle than it was made with");
	const use used(h);
	const attribute &uid = v->set.at(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS), &pointer = v->set.at(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS);
	std::map<int64_t, void *> memory;
	if (uid.n != pointer.n)
		return CUDNN_STATUS_BAD_PARAM;
	for (int64_t i = 0; i < uid.n; i++)
		memory[uid.as<int64_t>()[i]] = pointer.as<void *>()[i];
	void *const scratch = value<void *>(v, CUDNN_ATTR_VARIANT_PACK_WORKSPACE);
	const std::shared_ptr<problem> p = plan->graph;
	const int engine = plan->engine;
	const cudaError_t error = enqueue(h->stream, [=]() { kernel_faults() ? void() : compute(*p, engine, memory, scratch); }, "cudnnBackendExecute");
	return error ? CUDNN_STATUS_EXECUTION_FAILED : CUDNN_STATUS_SUCCESS;
}
