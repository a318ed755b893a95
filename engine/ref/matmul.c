/* Matrix products in double. */
#include "engine/ref/ref.h"

#include "engine/build.h"

static void run(const struct kernel_run *r)
{
	const struct matmul_conf *k = r->conf;
	const struct tensor *a = &r->in[0], *b = &r->in[1], *y = &r->out[0];
	const struct tensor *bias = r->n_in > 2 && r->in[2].data ? &r->in[2] : NULL;
	const int q = y->shape.n_dim, B = q == 3 ? y->shape.d[0] : 1, M = y->shape.d[q - 2],
	K = y->shape.d[q - 1];
	const int D = a->shape.d[q - (k->ta ? 2 : 1)];
	/* Steps along (row, column) of op(a) and op(b). */
	const int64_t a_row = a->stride[q - (k->ta ? 1 : 2)], a_column = a->stride[q - (k->ta ? 2 : 1)];
	const int64_t b_row = b->stride[q - (k->tb ? 1 : 2)], b_column = b->stride[q - (k->tb ? 2 : 1)];
	for (int n = 0; n < B; n++) {
		const double *pa = f64(a) + (q == 3 ? n * a->stride[0] : 0);
		const double *pb = f64(b) + (q == 3 ? n * b->stride[0] : 0);
		double *py = f64(y) + (q == 3 ? n * y->stride[0] : 0);
		for (int i = 0; i < M; i++)
			for (int j = 0; j < K; j++) {
				double sum = 0;
				for (int d = 0; d < D; d++)
					sum += pa[i * a_row + d * a_column] * pb[d * b_row + j * b_column];
				if (bias)
					sum += f64(bias)[j * bias->stride[0]];
				py[i * y->stride[q - 2] + j * y->stride[q - 1]] = sum;
			}
	}
}

const struct kernel ref_matmul = {.run = run};
