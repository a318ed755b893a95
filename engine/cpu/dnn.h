/*
 * oneDNN behind one interface. Its C functions differ between 2.x and 3.x in how descriptors are made; those calls
 * are in dnn.c alone. One engine and one stream for the process; all calls come from one thread.
 */
#ifndef ENGINE_CPU_DNN_H
#define ENGINE_CPU_DNN_H

#include <oneapi/dnnl/dnnl.h>
#include <oneapi/dnnl/dnnl_version.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* A borrowed description of memory. */
#if DNNL_VERSION_MAJOR >= 3
typedef const_dnnl_memory_desc_t dnn_md;
#else
typedef const dnnl_memory_desc_t *dnn_md;
#endif

enum dnn_kind { DNN_CONV, DNN_CONV_DX, DNN_CONV_DW, DNN_MATMUL };

/* Operands by their part in the forward operation: dx writes DNN_SRC, dw writes DNN_WEIGHTS. DNN_SCALE (1,O,1,1) is
   multiplied onto the result, the bias included; then DNN_ADD, of DNN_DST's shape, is added. */
enum dnn_role { DNN_SRC, DNN_WEIGHTS, DNN_BIAS, DNN_DST, DNN_SCALE, DNN_ADD, DNN_ROLE_COUNT };

struct dnn_mem {
	int n_dim; /* 0: absent */
	dnnl_dims_t dim, stride;
	dnnl_data_type_t type;
	dnnl_format_tag_t tag; /* dnnl_format_tag_any: the library's choice; _undef: by the strides */
};

struct dnn_desc {
	enum dnn_kind kind;
	struct dnn_mem mem[DNN_ROLE_COUNT];
	dnnl_dims_t stride, pad_before, pad_after; /* convolution: h, w */
	/* before the one rounding: + DNN_ADD, or + what DNN_DST held; then max(0, result), 0 for NaN */
	bool sum, relu;
	float factor; /* then times factor; 0: as it is */
};

/* Makes engine and stream at the first call. */
enum status dnn_open(struct err *e);

/* The library's first choice for d that is not known to be wrong, nor to be slower than its next one; scratch memory is given by the caller. After
   dnn_open. *pd is the caller's (dnnl_primitive_desc_destroy); NULL where the status is not dnnl_success. */
dnnl_status_t dnn_find(const struct dnn_desc *d, dnnl_primitive_desc_t *pd);
const char *dnn_impl(const_dnnl_primitive_desc_t pd); /* "brgconv:avx512_core"; lives as long as pd */
bool dnn_impl_is_loops(const_dnnl_primitive_desc_t pd); /* hundreds of times slower than the others */
int dnn_arg(const struct dnn_desc *d, enum dnn_role role); /* its DNNL_ARG_ number */
dnn_md dnn_arg_md(const_dnnl_primitive_desc_t pd, int arg);
uint64_t dnn_md_hash(dnn_md md); /* equal descriptions, equal numbers, in every run */
enum status dnn_error(struct err *e, dnnl_status_t st, const char *what);

/* A primitive and its arguments. Zero-initialise it; dnn_prim_release takes one half made too. */
enum { DNN_MAX_ARG = DNN_ROLE_COUNT + 1 };
struct dnn_prim {
	dnnl_primitive_t prim;
	int n;
	dnnl_exec_arg_t arg[DNN_MAX_ARG];
};
enum status dnn_prim_init(struct dnn_prim *p, const_dnnl_primitive_desc_t pd, const int *arg, int n,
	struct err *e);
/* Copies between plain and md, in the direction asked for; arguments DNNL_ARG_FROM, DNNL_ARG_TO. */
enum status dnn_prim_init_reorder(struct dnn_prim *p, const struct dnn_mem *plain, dnn_md md, bool to_plain,
	struct err *e);
bool dnn_md_is(dnn_md md, const struct dnn_mem *plain);
void dnn_prim_set(struct dnn_prim *p, int arg, const void *data);
dnnl_status_t dnn_prim_run(struct dnn_prim *p);
void dnn_prim_release(struct dnn_prim *p);

/* Whether oneDNN multiplies u8 by s8 into 32 bits in one instruction (VNNI, AMX). Its code for older processors sums
   pairs of products in 16 bits, which overflow: not used. */
bool dnn_has_int8(void);
/* Whether oneDNN multiplies bf16 natively: the processor can and DNNL_MAX_CPU_ISA allows it. */
bool dnn_has_bf16(void);
/* Whether a row of oneDNN's matrix product is the same bits however many rows there are. Without AVX-512 its last rows, and products of few rows,
   are summed in another order. */
bool dnn_rows_alike(void);
/* "oneDNN 2.6.3, ISA 255": what results depend on besides our own code. */
const char *dnn_version(void);

#endif
