#include "engine/cpu/dnn.h"

#include <stdio.h>
#include <string.h>

static dnnl_engine_t engine;
static dnnl_stream_t stream;

enum status dnn_error(struct err *e, dnnl_status_t st, const char *what)
{
	if (st == dnnl_success)
		return OK;
	if (st == dnnl_out_of_memory)
		return err_nomem(e, "oneDNN: %s: out of memory", what);
	return err_env(e, "oneDNN %d.%d.%d: %s: %s", DNNL_VERSION_MAJOR, DNNL_VERSION_MINOR, DNNL_VERSION_PATCH,
		what, st == dnnl_unimplemented ? "not implemented" : "refused");
}

enum status dnn_open(struct err *e)
{
	if (stream)
		return OK;
	dnnl_status_t st = engine ? dnnl_success : dnnl_engine_create(&engine, dnnl_cpu, 0);
	if (st == dnnl_success)
		st = dnnl_stream_create(&stream, engine, dnnl_stream_default_flags);
	return dnn_error(e, st, "making an engine");
}

/* ---- implementations ---- */

const char *dnn_impl(const_dnnl_primitive_desc_t pd)
{
	const char *name = NULL;
	if (dnnl_primitive_desc_query(pd, dnnl_query_impl_info_str, 0, &name) != dnnl_success || !name)
		return "oneDNN";
	return name;
}

bool dnn_impl_is_loops(const_dnnl_primitive_desc_t pd)
{
	return !strncmp(dnn_impl(pd), "ref", 3);
}

/* Some tap of the kernel meets only padding. */
static bool has_idle_tap(const struct dnn_desc *d)
{
	const struct dnn_mem *w = &d->mem[DNN_WEIGHTS];
	for (int i = 0; i < 2; i++)
		for (dnnl_dim_t tap = 0; tap < w->dim[w->n_dim - 2 + i]; tap++) {
			bool used = false;
			for (dnnl_dim_t o = 0; o < d->mem[DNN_DST].dim[2 + i] && !used; o++) {
				const dnnl_dim_t at = o * d->stride[i] + tap - d->pad_before[i];
				used = at >= 0 && at < d->mem[DNN_SRC].dim[2 + i];
			}
			if (!used)
				return true;
		}
	return false;
}

/*
 * Implementations found wrong by comparison with plain loops on thousands of random shapes, channels-last:
 * - 2.6.3: a residual added after a gemm or a depthwise brgemm convolution; sums in the brgemm ones (a crash for
 *   1x5 kernels); bf16 1x1 with an odd number of channels (it also writes past the end); 1x1 gradients of weights
 *   with strides where channels don't fill vectors (a race)
 * - 2.6.3 and 3.7: bf16 gradients of weights with strides where a tap of the kernel meets only padding (NaN)
 * - 2.6.3: bytes by gemm, and depthwise or grouped in the code for AVX2; nothing without VNNI or AMX is exact
 */
static bool int8_is_wrong(const struct dnn_desc *d, const char *impl)
{
	if (!strstr(impl, "vnni") && !strstr(impl, "amx"))
		return true;
	return d->mem[DNN_WEIGHTS].n_dim == 5 && (!strncmp(impl, "brdgmm", 6) || strstr(impl, "avx2"));
}

static bool impl_is_wrong(const struct dnn_desc *d, const char *impl)
{
	if (d->kind == DNN_MATMUL)
		return false;
	if (d->mem[DNN_SRC].type == dnnl_u8)
		return int8_is_wrong(d, impl);
	const struct dnn_mem *w = &d->mem[DNN_WEIGHTS];
	/* of outputs and inputs per group; only the low bits count */
	const dnnl_dim_t channels = w->dim[w->n_dim - 4] | w->dim[w->n_dim - 3];
	const bool gemm = strstr(impl, "gemm:") != NULL, strided = d->stride[0] > 1;
	if (d->sum && !gemm && strncmp(impl, "ref", 3))
		return true;
	if (d->mem[DNN_ADD].n_dim && (gemm || !strncmp(impl, "brdgmm", 6)))
		return true;
	if (!strncmp(impl, "jit_bf16_1x1", 12) && channels % 2)
		return true;
	if (d->kind != DNN_CONV_DW || !strided)
		return false;
	if (!strncmp(impl, "jit", 3) && strstr(impl, "1x1") && channels % 16)
		return true;
	return !strncmp(impl, "jit_bf16", 8) && has_idle_tap(d);
}

/* ---- what differs: 3.x hides its descriptions of memory and has no descriptors of operations ---- */

#if DNNL_VERSION_MAJOR >= 3

static dnn_md md_ref(const dnnl_memory_desc_t *md)
{
	return *md;
}

static dnnl_status_t md_make(dnnl_memory_desc_t *md, const struct dnn_mem *m)
{
	if (m->tag == dnnl_format_tag_undef)
		return dnnl_memory_desc_create_with_strides(md, m->n_dim, m->dim, m->type, m->stride);
	return dnnl_memory_desc_create_with_tag(md, m->n_dim, m->dim, m->type, m->tag);
}

static void md_free(dnnl_memory_desc_t *md)
{
	if (*md)
		dnnl_memory_desc_destroy(*md);
}

static dnnl_status_t pd_make(dnnl_primitive_desc_t *pd, const struct dnn_desc *d,
	const dnnl_memory_desc_t md[], dnnl_primitive_attr_t attr)
{
	const dnnl_dims_t dilate = {0};
	switch (d->kind) {
	case DNN_CONV:
		return dnnl_convolution_forward_primitive_desc_create(pd, engine, dnnl_forward_training,
			dnnl_convolution_direct, md[DNN_SRC], md[DNN_WEIGHTS], md[DNN_BIAS], md[DNN_DST], d->stride,
			dilate, d->pad_before, d->pad_after, attr);
	case DNN_CONV_DX:
		return dnnl_convolution_backward_data_primitive_desc_create(pd, engine, dnnl_convolution_direct,
			md[DNN_SRC], md[DNN_WEIGHTS], md[DNN_DST], d->stride, dilate, d->pad_before, d->pad_after,
			NULL, attr);
	case DNN_CONV_DW:
		return dnnl_convolution_backward_weights_primitive_desc_create(pd, engine, dnnl_convolution_direct,
			md[DNN_SRC], md[DNN_WEIGHTS], NULL, md[DNN_DST], d->stride, dilate, d->pad_before,
			d->pad_after, NULL, attr);
	case DNN_MATMUL:
		return dnnl_matmul_primitive_desc_create(pd, engine, md[DNN_SRC], md[DNN_WEIGHTS], md[DNN_BIAS],
			md[DNN_DST], attr);
	}
	return dnnl_invalid_arguments;
}

static dnnl_status_t pd_search(dnnl_primitive_desc_t *pd, const struct dnn_desc *d,
	const dnnl_memory_desc_t md[], dnnl_primitive_attr_t attr)
{
	dnnl_status_t st = pd_make(pd, d, md, attr);
	while (st == dnnl_success && impl_is_wrong(d, dnn_impl(*pd)))
		st = dnnl_primitive_desc_next_impl(*pd);
	return st;
}

static dnnl_status_t append_sum(dnnl_post_ops_t ops)
{
	return dnnl_post_ops_append_sum(ops, 1, 0, dnnl_data_type_undef);
}

static dnnl_status_t append_eltwise(dnnl_post_ops_t ops, dnnl_alg_kind_t kind, float alpha)
{
	return dnnl_post_ops_append_eltwise(ops, kind, alpha, 0);
}

/* Layout of md as plain numbers; gives how many. */
static int md_numbers(dnn_md md, int64_t v[])
{
	const dnnl_dims_t *row[5] = {0};
	int n_dim = 0, n_block = 0, n = 0;
	dnnl_data_type_t type = dnnl_data_type_undef;
	dnnl_format_kind_t kind = dnnl_format_kind_undef;
	dnnl_memory_desc_query(md, dnnl_query_ndims_s32, &n_dim);
	dnnl_memory_desc_query(md, dnnl_query_data_type, &type);
	dnnl_memory_desc_query(md, dnnl_query_format_kind, &kind);
	dnnl_memory_desc_query(md, dnnl_query_dims, &row[0]);
	dnnl_memory_desc_query(md, dnnl_query_padded_dims, &row[1]);
	if (kind == dnnl_blocked) {
		dnnl_memory_desc_query(md, dnnl_query_strides, &row[2]);
		dnnl_memory_desc_query(md, dnnl_query_inner_nblks_s32, &n_block);
		dnnl_memory_desc_query(md, dnnl_query_inner_blks, &row[3]);
		dnnl_memory_desc_query(md, dnnl_query_inner_idxs, &row[4]);
	}
	const int64_t head[] = {DNNL_VERSION_MAJOR, n_dim, type, (int64_t)kind, n_block};
	for (size_t i = 0; i < sizeof head / sizeof head[0]; i++)
		v[n++] = head[i];
	for (int r = 0; r < 5; r++)
		for (int i = 0; row[r] && i < (r < 3 ? n_dim : n_block); i++)
			v[n++] = (*row[r])[i];
	return n;
}

#else

static dnn_md md_ref(const dnnl_memory_desc_t *md)
{
	return md->ndims ? md : NULL;
}

static dnnl_status_t md_make(dnnl_memory_desc_t *md, const struct dnn_mem *m)
{
	if (m->tag == dnnl_format_tag_undef)
		return dnnl_memory_desc_init_by_strides(md, m->n_dim, m->dim, m->type, m->stride);
	return dnnl_memory_desc_init_by_tag(md, m->n_dim, m->dim, m->type, m->tag);
}

static void md_free(dnnl_memory_desc_t *md)
{
	(void)md;
}

union op_desc {
	dnnl_convolution_desc_t conv;
	dnnl_matmul_desc_t matmul;
};

static dnnl_status_t op_make(union op_desc *op, const struct dnn_desc *d, const dnnl_memory_desc_t md[])
{
	switch (d->kind) {
	case DNN_CONV:
		return dnnl_convolution_forward_desc_init(&op->conv, dnnl_forward_training, dnnl_convolution_direct,
			&md[DNN_SRC], &md[DNN_WEIGHTS], md_ref(&md[DNN_BIAS]), &md[DNN_DST], d->stride, d->pad_before,
			d->pad_after);
	case DNN_CONV_DX:
		return dnnl_convolution_backward_data_desc_init(&op->conv, dnnl_convolution_direct, &md[DNN_SRC],
			&md[DNN_WEIGHTS], &md[DNN_DST], d->stride, d->pad_before, d->pad_after);
	case DNN_CONV_DW:
		return dnnl_convolution_backward_weights_desc_init(&op->conv, dnnl_convolution_direct, &md[DNN_SRC],
			&md[DNN_WEIGHTS], NULL, &md[DNN_DST], d->stride, d->pad_before, d->pad_after);
	case DNN_MATMUL:
		return dnnl_matmul_desc_init(&op->matmul, &md[DNN_SRC], &md[DNN_WEIGHTS], md_ref(&md[DNN_BIAS]),
			&md[DNN_DST]);
	}
	return dnnl_invalid_arguments;
}

/*
 * What 2.6 likes best and is slow at (measured with AVX-512, 2 to 512 channels, maps of 2 to 32; GFLOP/s of this and of the
 * jit one that comes after it): its brgemm convolutions multiply one row of the result at a time, so narrow maps leave
 * vectors empty: bf16 512 channels 4x4 814 and 1425, 7x7 1104 and 1199, but 8x8 1159 and 1061. In f32 the turn is at 4
 * and needs weights that don't stay in a cache: 256 channels 524 and 570, 512 channels 311 and 578, but 128 channels 741
 * and 573. 1x1 with strides gathers its input: bf16 128 channels 8x8 to 4x4 281 and 824.
 */
static bool impl_is_slow(const struct dnn_desc *d, const char *impl)
{
	const dnnl_dim_t width = d->mem[DNN_DST].dim[3], channels = d->mem[DNN_SRC].dim[1];
	const bool low = d->mem[DNN_SRC].type == dnnl_bf16, strided = d->stride[1] > 1;
	if (d->kind != DNN_CONV || !strstr(impl, ":avx512_core") || strstr(impl, "amx"))
		return false;
	if (!strncmp(impl, "brgconv_1x1:", 12))
		return strided;
	return !strncmp(impl, "brgconv:", 8) && (low ? width < 8 : width <= 4 && (strided || channels > 128));
}

static bool impl_is_fast(const char *impl)
{
	return !strncmp(impl, "jit", 3) && strstr(impl, ":avx512_core");
}

/* The first that is not wrong; a slow one only if no fast one follows it. */
static dnnl_status_t pd_first(dnnl_primitive_desc_t *pd, const struct dnn_desc *d, dnnl_primitive_desc_iterator_t it)
{
	dnnl_primitive_desc_t slow = NULL;
	dnnl_status_t st = dnnl_success;
	while (st == dnnl_success) {
		*pd = dnnl_primitive_desc_iterator_fetch(it);
		if (!*pd)
			st = dnnl_out_of_memory;
		else if (impl_is_wrong(d, dnn_impl(*pd)))
			dnnl_primitive_desc_destroy(*pd);
		else if (!slow && impl_is_slow(d, dnn_impl(*pd)))
			slow = *pd;
		else
			break;
		*pd = NULL;
		if (st == dnnl_success)
			st = dnnl_primitive_desc_iterator_next(it);
	}
	if (!slow)
		return st;
	dnnl_primitive_desc_t other = *pd && impl_is_fast(dnn_impl(*pd)) ? slow : *pd;
	*pd = other == slow ? *pd : slow;
	if (other)
		dnnl_primitive_desc_destroy(other);
	return dnnl_success;
}

static dnnl_status_t pd_search(dnnl_primitive_desc_t *pd, const struct dnn_desc *d,
	const dnnl_memory_desc_t md[], dnnl_primitive_attr_t attr)
{
	union op_desc op;
	dnnl_primitive_desc_iterator_t it = NULL;
	dnnl_status_t st = op_make(&op, d, md);
	if (st == dnnl_success)
		st = dnnl_primitive_desc_iterator_create(&it, &op, attr, engine, NULL);
	if (st == dnnl_success)
		st = pd_first(pd, d, it);
	if (it)
		dnnl_primitive_desc_iterator_destroy(it);
	return st;
}

static dnnl_status_t append_sum(dnnl_post_ops_t ops)
{
	return dnnl_post_ops_append_sum(ops, 1);
}

static dnnl_status_t append_eltwise(dnnl_post_ops_t ops, dnnl_alg_kind_t kind, float alpha)
{
	return dnnl_post_ops_append_eltwise(ops, 1, kind, alpha, 0);
}

static int md_numbers(dnn_md md, int64_t v[])
{
	const dnnl_blocking_desc_t *b = &md->format_desc.blocking;
	const bool blocked = md->format_kind == dnnl_blocked;
	const int n_block = blocked ? b->inner_nblks : 0;
	const int64_t head[] = {DNNL_VERSION_MAJOR, md->ndims, md->data_type, md->format_kind, n_block};
	const int64_t *const row[] = {md->dims, md->padded_dims, blocked ? b->strides : NULL, b->inner_blks,
		b->inner_idxs};
	int n = 0;
	for (size_t i = 0; i < sizeof head / sizeof head[0]; i++)
		v[n++] = head[i];
	for (int r = 0; r < 5; r++)
		for (int i = 0; row[r] && i < (r < 3 ? md->ndims : n_block); i++)
			v[n++] = row[r][i];
	return n;
}

#endif

/* ---- the same in both ---- */

uint64_t dnn_md_hash(dnn_md md)
{
	int64_t v[5 + 5 * DNNL_MAX_NDIMS];
	const int n = md_numbers(md, v);
	uint64_t h = 14695981039346656037u; /* FNV-1a, a number at a time */
	for (int i = 0; i < n; i++) {
		h = (h ^ (uint64_t)v[i]) * 1099511628211u;
		h ^= h >> 29;
	}
	return h;
}

bool dnn_md_is(dnn_md md, const struct dnn_mem *plain)
{
	dnnl_memory_desc_t other = {0};
	const bool same = md_make(&other, plain) == dnnl_success && dnnl_memory_desc_equal(md, md_ref(&other));
	md_free(&other);
	return same;
}

static dnnl_status_t attr_make(dnnl_primitive_attr_t *attr, const struct dnn_desc *d,
	const dnnl_memory_desc_t md[])
{
	dnnl_post_ops_t ops = NULL;
	dnnl_status_t st = dnnl_primitive_attr_create(attr);
	if (st == dnnl_success)
		st = dnnl_primitive_attr_set_scratchpad_mode(*attr, dnnl_scratchpad_mode_user);
	if (st == dnnl_success)
		st = dnnl_post_ops_create(&ops);
	/* dnn_arg names the operands' places in this list: the scale is the first, the addend follows it */
	if (st == dnnl_success && d->mem[DNN_SCALE].n_dim)
		st = dnnl_post_ops_append_binary(ops, dnnl_binary_mul, md_ref(&md[DNN_SCALE]));
	if (st == dnnl_success && d->mem[DNN_ADD].n_dim)
		st = dnnl_post_ops_append_binary(ops, dnnl_binary_add, md_ref(&md[DNN_ADD]));
	if (st == dnnl_success && d->sum)
		st = append_sum(ops);
	if (st == dnnl_success && d->relu)
		st = append_eltwise(ops, dnnl_eltwise_relu, 0);
	if (st == dnnl_success && d->factor != 0)
		st = append_eltwise(ops, dnnl_eltwise_linear, d->factor);
	if (st == dnnl_success)
		st = dnnl_primitive_attr_set_post_ops(*attr, ops);
	if (ops)
		dnnl_post_ops_destroy(ops);
	return st;
}

dnnl_status_t dnn_find(const struct dnn_desc *d, dnnl_primitive_desc_t *pd)
{
	dnnl_memory_desc_t md[DNN_ROLE_COUNT];
	dnnl_primitive_attr_t attr = NULL;
	dnnl_status_t st = dnnl_success;
	memset(md, 0, sizeof md);
	*pd = NULL;
	for (int i = 0; i < DNN_ROLE_COUNT && st == dnnl_success; i++)
		if (d->mem[i].n_dim)
			st = md_make(&md[i], &d->mem[i]);
	if (st == dnnl_success)
		st = attr_make(&attr, d, md);
	if (st == dnnl_success)
		st = pd_search(pd, d, md, attr);
	if (attr)
		dnnl_primitive_attr_destroy(attr);
	for (int i = 0; i < DNN_ROLE_COUNT; i++)
		md_free(&md[i]);
	if (st != dnnl_success && *pd) {
		dnnl_primitive_desc_destroy(*pd);
		*pd = NULL;
	}
	return st;
}

int dnn_arg(const struct dnn_desc *d, enum dnn_role role)
{
	const bool dx = d->kind == DNN_CONV_DX, dw = d->kind == DNN_CONV_DW, scaled = d->mem[DNN_SCALE].n_dim > 0;
	switch (role) {
	case DNN_SRC:
		return dx ? DNNL_ARG_DIFF_SRC : DNNL_ARG_SRC;
	case DNN_WEIGHTS:
		return dw ? DNNL_ARG_DIFF_WEIGHTS : DNNL_ARG_WEIGHTS;
	case DNN_BIAS:
		return DNNL_ARG_BIAS;
	case DNN_DST:
		return dx || dw ? DNNL_ARG_DIFF_DST : DNNL_ARG_DST;
	case DNN_SCALE:
		return DNNL_ARG_ATTR_MULTIPLE_POST_OP(0) | DNNL_ARG_SRC_1;
	default:
		return (scaled ? DNNL_ARG_ATTR_MULTIPLE_POST_OP(1) : DNNL_ARG_ATTR_MULTIPLE_POST_OP(0)) | DNNL_ARG_SRC_1;
	}
}

dnn_md dnn_arg_md(const_dnnl_primitive_desc_t pd, int arg)
{
	return dnnl_primitive_desc_query_md(pd, dnnl_query_exec_arg_md, arg);
}

static dnnl_status_t prim_bind(struct dnn_prim *p, int arg, dnn_md md)
{
	dnnl_memory_t m = NULL;
	const dnnl_status_t st = dnnl_memory_create(&m, md, engine, DNNL_MEMORY_NONE);
	if (st == dnnl_success)
		p->arg[p->n++] = (dnnl_exec_arg_t){arg, m};
	return st;
}

enum status dnn_prim_init(struct dnn_prim *p, const_dnnl_primitive_desc_t pd, const int *arg, int n,
	struct err *e)
{
	BUG_IF(n > DNN_MAX_ARG, "%d arguments", n);
	dnnl_status_t st = dnnl_primitive_create(&p->prim, pd);
	for (int i = 0; i < n && st == dnnl_success; i++)
		st = prim_bind(p, arg[i], dnn_arg_md(pd, arg[i]));
	return dnn_error(e, st, dnn_impl(pd));
}

enum status dnn_prim_init_reorder(struct dnn_prim *p, const struct dnn_mem *plain, dnn_md md, bool to_plain,
	struct err *e)
{
	dnnl_memory_desc_t other;
	dnnl_primitive_desc_t pd = NULL;
	memset(&other, 0, sizeof other);
	dnnl_status_t st = md_make(&other, plain);
	const dnn_md from = to_plain ? md : md_ref(&other), to = to_plain ? md_ref(&other) : md;
	if (st == dnnl_success)
		st = dnnl_reorder_primitive_desc_create(&pd, from, engine, to, engine, NULL);
	if (st == dnnl_success)
		st = dnnl_primitive_create(&p->prim, pd);
	if (st == dnnl_success)
		st = prim_bind(p, DNNL_ARG_FROM, from);
	if (st == dnnl_success)
		st = prim_bind(p, DNNL_ARG_TO, to);
	if (pd)
		dnnl_primitive_desc_destroy(pd);
	md_free(&other);
	return dnn_error(e, st, "reordering weights");
}

void dnn_prim_set(struct dnn_prim *p, int arg, const void *data)
{
	for (int i = 0; i < p->n; i++) {
		if (p->arg[i].arg != arg)
			continue;
		void *old = NULL;
		/* 2.x clears the padding of memory whenever a pointer is given, the same one too */
		dnnl_memory_get_data_handle(p->arg[i].memory, &old);
		if (old != data)
			dnnl_memory_set_data_handle(p->arg[i].memory, (void *)data);
		return;
	}
	BUG("no argument %d", arg);
}

dnnl_status_t dnn_prim_run(struct dnn_prim *p)
{
	const dnnl_status_t st = dnnl_primitive_execute(p->prim, stream, p->n, p->arg);
	return st == dnnl_success ? dnnl_stream_wait(stream) : st;
}

void dnn_prim_release(struct dnn_prim *p)
{
	for (int i = 0; i < p->n; i++)
		dnnl_memory_destroy(p->arg[i].memory);
	if (p->prim)
		dnnl_primitive_destroy(p->prim);
	*p = (struct dnn_prim){0};
}

bool dnn_has_bf16(void)
{
	const unsigned isa = (unsigned)dnnl_get_effective_cpu_isa(), need = (unsigned)dnnl_cpu_isa_avx512_core_bf16;
	return (isa & need) == need; /* a newer ISA has the bits of the older ones */
}

bool dnn_rows_alike(void)
{
	const unsigned isa = (unsigned)dnnl_get_effective_cpu_isa(), need = (unsigned)dnnl_cpu_isa_avx512_core;
	return (isa & need) == need;
}

/* AVX2 has an instruction of its own; every newer ISA has the bits of the older ones of its line. */
bool dnn_has_int8(void)
{
	const unsigned isa = (unsigned)dnnl_get_effective_cpu_isa();
	const unsigned wide = (unsigned)dnnl_cpu_isa_avx512_core_vnni, narrow = (unsigned)dnnl_cpu_isa_avx2_vnni;
	return (isa & wide) == wide || (isa & narrow) == narrow;
}

const char *dnn_version(void)
{
	static char text[96];
	const dnnl_version_t *v = dnnl_version();
	snprintf(text, sizeof text, "oneDNN %d.%d.%d, ISA %#x", v->major, v->minor, v->patch, (unsigned)dnnl_get_effective_cpu_isa());
	return text;
}
