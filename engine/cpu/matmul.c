/* matmul: transposes are strides, nothing is copied or packed. */
#include "engine/build.h"
#include "engine/cpu/dnn_kernel.h"

/* t as matrices of rows x cols, stored the other way round if transposed. */
static struct dnn_mem matrix(const struct tensor *t, bool transposed)
{
	const int n = t->shape.n_dim, r = n - 2, c = n - 1;
	const dnnl_dim_t rows = t->shape.d[transposed ? c : r], cols = t->shape.d[transposed ? r : c];
	/* a single row or column is the same memory either way, and plain strides are mistaken by no kernel */
	const bool swap = transposed && rows > 1 && cols > 1;
	struct dnn_mem m = {.n_dim = n, .tag = dnnl_format_tag_undef};
	m.dim[0] = t->shape.d[0];
	m.stride[0] = rows * cols;
	m.dim[r] = rows;
	m.dim[c] = cols;
	m.stride[r] = swap ? 1 : cols;
	m.stride[c] = swap ? rows : 1;
	return m;
}

static struct dnn_case matmul_case(const struct kernel_case *c)
{
	const struct matmul_conf *conf = c->call->conf;
	const int n = c->out[0].shape.n_dim;
	struct dnn_case d = {.desc.kind = DNN_MATMUL};
	d.desc.mem[DNN_SRC] = matrix(&c->in[0], conf->ta);
	d.desc.mem[DNN_WEIGHTS] = matrix(&c->in[1], conf->tb);
	d.desc.mem[DNN_DST] = matrix(&c->out[0], false);
	d.tensor[DNN_SRC] = 0;
	d.tensor[DNN_WEIGHTS] = 1;
	d.tensor[DNN_DST] = DNN_OUT;
	if (conf->has_bias) {
		struct dnn_mem *b = &d.desc.mem[DNN_BIAS];
		const dnnl_dim_t cols = c->out[0].shape.d[n - 1];
		*b = (struct dnn_mem){.n_dim = n, .tag = dnnl_format_tag_undef};
		for (int i = 0; i < n; i++) {
			b->dim[i] = i == n - 1 ? cols : 1;
			b->stride[i] = i == n - 1 ? 1 : cols;
		}
		d.tensor[DNN_BIAS] = 2;
	}
	return d;
}

static enum status describe(const struct kernel_case *c, struct kernel_plan *p, struct err *e)
{
	const struct dnn_case d = matmul_case(c);
	return dnn_kernel_describe(&d, c, p, e);
}

static enum status prepare(const struct kernel_case *c, struct device *dev, void **state, struct err *e)
{
	(void)dev;
	const struct dnn_case d = matmul_case(c);
	return dnn_kernel_prepare(&d, c, state, e);
}

extern const struct kernel cpu_matmul;
const struct kernel cpu_matmul = {
	.describe = describe,
	.prepare = prepare,
	.release = dnn_kernel_release,
	.run = dnn_kernel_run,
};
