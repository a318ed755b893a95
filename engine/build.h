/*
 * One function per op: checks at build, gives a node. Shapes in comments; `act or wide` inputs of two classes are
 * brought to wide by a cast that the builder places. All are differentiable unless they say otherwise.
 */
#ifndef ENGINE_BUILD_H
#define ENGINE_BUILD_H

#include "engine/graph.h"

/* ---- element by element, any shape (ops/unary.c) ---- */
struct scale_conf { double a, b; };
struct node *graph_scale(struct graph *g, struct node *x, double a, double b); /* a x + b */
struct node *graph_relu(struct graph *g, struct node *x);
struct node *graph_relu_dx(struct graph *g, struct node *dy, struct node *y);  /* dy where y > 0, else 0; inputs (dy, y) */
struct slope_conf { double slope; };
struct node *graph_leaky_relu(struct graph *g, struct node *x, double slope);  /* 0 < slope < 1 */
struct node *graph_leaky_relu_dx(struct graph *g, struct node *dy, struct node *y, double slope);
struct node *graph_logistic(struct graph *g, struct node *x);
struct node *graph_tanh(struct graph *g, struct node *x);
struct node *graph_softplus(struct graph *g, struct node *x); /* log(1 + e^x), without overflow */
struct node *graph_exp(struct graph *g, struct node *x);
struct node *graph_log(struct graph *g, struct node *x);
struct node *graph_sqrt(struct graph *g, struct node *x);
struct pow_conf { double p; };
struct node *graph_pow(struct graph *g, struct node *x, double p); /* x^p, x >= 0 or p an integer */
struct node *graph_abs(struct graph *g, struct node *x);          /* derivative sign(x), 0 at 0 */
struct clamp_conf { double lo, hi; };
struct node *graph_clamp(struct graph *g, struct node *x, double lo, double hi); /* derivative 1 inside and on the bounds */
struct node *graph_clamp_dx(struct graph *g, struct node *dy, struct node *x, double lo, double hi);
struct node *graph_sign(struct graph *g, struct node *x);  /* -1, 0, 1; gradient stops */
struct node *graph_floor(struct graph *g, struct node *x); /* gradient stops */

/* ---- broadcasting, NumPy's rule, act or wide (ops/binary.c) ---- */
struct node *graph_add(struct graph *g, struct node *a, struct node *b);
struct node *graph_sub(struct graph *g, struct node *a, struct node *b);
struct node *graph_mul(struct graph *g, struct node *a, struct node *b);
struct node *graph_div(struct graph *g, struct node *a, struct node *b);
struct node *graph_minimum(struct graph *g, struct node *a, struct node *b); /* at a tie the gradient goes to a */
struct node *graph_maximum(struct graph *g, struct node *a, struct node *b); /* at a tie the gradient goes to a */
struct node *graph_less(struct graph *g, struct node *a, struct node *b);    /* 1 or 0 in the operands' class; gradient stops */
struct node *graph_less_equal(struct graph *g, struct node *a, struct node *b);
struct node *graph_equal(struct graph *g, struct node *a, struct node *b);
struct node *graph_where(struct graph *g, struct node *cond, struct node *a, struct node *b); /* cond != 0 ? a : b; all broadcast; no gradient to cond */

/* ---- over axes (ops/reduce.c); a reduced axis keeps extent 1 if keep, else goes. f32 accumulates in f32 by chunks of fixed size;
        an act input gives a WIDE result for sum and mean, its own class for max ---- */
struct axes_conf { unsigned axes; int keep; }; /* bit i: axis i */
struct node *graph_sum(struct graph *g, struct node *x, unsigned axes, bool keep);
struct node *graph_mean(struct graph *g, struct node *x, unsigned axes, bool keep);
struct node *graph_max(struct graph *g, struct node *x, unsigned axes, bool keep); /* ties: the first in logical order */
struct node *graph_max_dx(struct graph *g, struct node *dy, struct node *x, unsigned axes);   /* dy (kept or not) to the place of the maximum */
struct node *graph_max_pick(struct graph *g, struct node *v, struct node *x, unsigned axes, bool keep); /* v, of x's shape, at x's maximum */
struct expand_conf { struct shape shape; int layout, cls; }; /* layout and class of the result */
struct node *graph_expand(struct graph *g, struct node *x, struct type to); /* repeat to a broadcast shape */
struct node *graph_sum_to(struct graph *g, struct node *x, struct shape s);  /* sum and reshape back to a shape that was broadcast; x itself if equal */
struct node *graph_sum_all(struct graph *g, struct node *x);  /* () */
struct node *graph_mean_all(struct graph *g, struct node *x); /* () */

/* ---- memory (ops/shape.c) ---- */
struct reshape_conf { struct shape shape; };
struct node *graph_reshape(struct graph *g, struct node *x, struct shape s); /* keeps the logical order: over channels-last memory a copy unless H W = 1 or C = 1 */
struct transpose_conf { int perm[MAX_DIM]; };
struct node *graph_transpose(struct graph *g, struct node *x, const int perm[]); /* y.d[i] = x.d[perm[i]] */
struct slice_conf { int start[MAX_DIM], step[MAX_DIM]; struct shape shape; }; /* shape: of y (slice) or of x (slice_dx) */
struct node *graph_slice(struct graph *g, struct node *x, int axis, int start, int stop, int step);
struct pad_conf { int before[MAX_DIM], after[MAX_DIM]; double value; };
struct node *graph_pad(struct graph *g, struct node *x, const int before[], const int after[], double value);
struct concat_conf { int axis; };
struct node *graph_concat(struct graph *g, struct node *const x[], int n, int axis);

/* ---- networks ---- */
/* x (N,C,H,W) act, w (O,C/groups,R,S) wide or act, bias (O) wide or NULL, residual (N,O,H',W') act or NULL, all summed before one rounding.
   H' = (H + 2 pad - R) / stride + 1. The three convolutions are closed under differentiation. conv2d_dw is wide and ROW_MAJOR. */
struct conv_conf { int stride, pad, groups; int kh, kw; int has_bias, has_residual; struct shape x; }; /* kh, kw: R, S; x: of the input (for dx) */
struct node *graph_conv2d(struct graph *g, struct node *x, struct node *w, struct node *bias, struct node *residual, int stride, int pad, int groups);
struct node *graph_conv2d_dx(struct graph *g, struct node *dy, struct node *w, const struct conv_conf *conf); /* inputs (dy, w); act, conf->x's shape */
struct node *graph_conv2d_dw(struct graph *g, struct node *x, struct node *dy, const struct conv_conf *conf); /* inputs (x, dy); (O,C/groups,R,S) */
/* op(a) op(b) [+ bias over columns]: a (..,M,D), b (..,D,K) or their transposes by ta, tb; rank 2, or 3 with equal leading extent. Result class: wide if either is wide. */
struct matmul_conf { int ta, tb, has_bias; };
struct node *graph_matmul(struct graph *g, struct node *a, struct node *b, struct node *bias, bool ta, bool tb);
struct node *graph_linear(struct graph *g, struct node *x, struct node *w, struct node *bias); /* x (N,D), w (K,D), bias (K) or NULL: x w' + bias, wide */
struct pool_conf { int kernel, stride, pad; int ceil; struct shape x; };
struct node *graph_max_pool(struct graph *g, struct node *x, int kernel, int stride, int pad); /* act, wide or u8; padding never wins; ties: the first in (h,w) order */
struct node *graph_max_pool_dx(struct graph *g, struct node *dy, struct node *x, const struct pool_conf *conf);
struct node *graph_max_pool_pick(struct graph *g, struct node *v, struct node *x, const struct pool_conf *conf);
struct node *graph_avg_pool(struct graph *g, struct node *x, int kernel, int stride, int pad); /* divisor kernel^2, padding counted (PyTorch's default) */
struct node *graph_avg_pool_dx(struct graph *g, struct node *dy, const struct pool_conf *conf);
struct resize_conf { int bilinear; int h, w; struct shape x; }; /* half-pixel centres (PyTorch align_corners=False); nearest: floor((i) * in / out) */
struct node *graph_resize(struct graph *g, struct node *x, int h, int w, bool bilinear);
struct node *graph_resize_dx(struct graph *g, struct node *dy, const struct resize_conf *conf);
/* Batch statistics over N,H,W (or N for rank 2). x act (rank 4) or wide/act (rank 2); gamma, beta (C) wide; residual like x or NULL, added before one rounding.
   out[0] y, class of x; out[1] mean (C) wide; out[2] biased variance (C) wide. Gradient to x, gamma, beta, residual; no gradient is defined through out[1], out[2]
   nor a second one: an error at build. */
struct norm_conf { double eps; int has_residual; };
struct node *graph_batch_norm(struct graph *g, struct node *x, struct node *gamma, struct node *beta, struct node *residual, double eps, struct node **mean, struct node **var);
/* inputs (dy, x, gamma, mean, var): out[0] dx, out[1] dgamma, out[2] dbeta */
struct node *graph_batch_norm_dx(struct graph *g, struct node *dy, struct node *x, struct node *gamma, struct node *mean, struct node *var, double eps);
/* y = x s + b over channels (axis 1), s, b (C) wide, residual like x or NULL: what frozen batch norm is */
struct affine_conf { int has_residual; };
struct node *graph_affine(struct graph *g, struct node *x, struct node *s, struct node *b, struct node *residual);
/* (1 - momentum) old + momentum factor new; gradient stops */
struct running_conf { double momentum, factor; };
struct node *graph_running_update(struct graph *g, struct node *old, struct node *value, double momentum, double factor);
struct node *graph_softmax(struct graph *g, struct node *x);     /* over the last axis; wide */
struct node *graph_log_softmax(struct graph *g, struct node *x); /* over the last axis; wide */
/* Losses whose gradient is made in the same pass (ops/loss.c). Both give () wide, nats, the mean over N; call->out[1] is (N,K) wide, the
   derivative by the logits. Differentiable any number of times. NaN in gives NaN, finite logits never do.
   cross_entropy: logits (N,K) act or wide, label (N) i32: -sum over k of q_k log softmax(z)_k, q = (1 - smoothing) onehot(label) + smoothing / K,
   0 <= smoothing < 1. A label that is no class makes its row's q and derivative 0; N counts it still. */
struct cross_entropy_conf { double smoothing; };
struct node *graph_cross_entropy(struct graph *g, struct node *logits, struct node *label, double smoothing);
/* z_s, z_t (N,K) act or wide: KL(softmax(z_t / tau) || softmax(z_s / tau)), tau > 0, without a factor tau^2. Gradient to both. */
struct kl_divergence_conf { double tau; };
struct node *graph_kl_divergence(struct graph *g, struct node *z_s, struct node *z_t, double tau);
/* Means over all elements and their gradients, each in one pass (ops/means.c). The means are () wide; a gradient is rounded once, to the type of its first input,
   and is itself differentiable. dy () wide.
   mean_square: (a - b)^2 of a and b of one shape, each act or wide. mean_square_dx: 2/n (a - b) dy; by b it is that of (b, a, dy).
   mean_softplus: log(1 + e^(factor x)), without overflow. mean_softplus_dx: factor/n dy / (1 + e^(-factor x)). */
struct mean_softplus_conf { double factor; };
struct node *graph_mean_square(struct graph *g, struct node *a, struct node *b);
struct node *graph_mean_square_dx(struct graph *g, struct node *a, struct node *b, struct node *dy);
struct node *graph_mean_softplus(struct graph *g, struct node *x, double factor);
struct node *graph_mean_softplus_dx(struct graph *g, struct node *x, struct node *dy, double factor);
/* Keeps an element with probability 1-p and divides it by 1-p. Element i of sample n in an epoch: word i%4 of Philox(key, ctr {i/4, 0, sample, epoch}) as rng_uniform, dropped where <= p.
   i counts in logical order within the sample. inputs (x, sample (N) i32, epoch () i32). The gradient uses the same op. */
struct dropout_conf { double p; unsigned key[2]; };
struct node *graph_dropout(struct graph *g, struct node *x, double p, const unsigned key[2]);

/* ---- eight bits (ops/quant.c): a network that nothing trains. No gradients: asking for one through them is an error ---- */
struct quantize_conf { double scale; }; /* what one unit is worth, above 0 */
struct node *graph_quantize(struct graph *g, struct node *x, double scale);   /* act or wide to u8: x / scale to the nearest (even at a tie) of 0..255, NaN 0 */
struct node *graph_dequantize(struct graph *g, struct node *x, double scale); /* u8 to act: x scale */
/* w (O,C,R,S) to s8: w / scale[o] to the nearest (even at a tie), scale (O) wide: the largest |w| of output o over 127, at least 1e-20. */
struct node *graph_quantize_weights(struct graph *g, struct node *w, struct node **scale);
/* x (N,C,H,W) u8, w (O,C/groups,R,S) s8 and scale (O) wide of graph_quantize_weights, bias (O) wide or NULL, residual (N,O,H',W') u8, act or NULL:
   y = sum(x w) x_scale scale[o] + bias[o] + residual (u8: times residual_scale), max(0, y) with relu; act, or with to_u8 u8 as graph_quantize(y, y_scale).
   conf: the caller sets what stands before the colon, the builder the rest. */
struct conv_int8_conf {
	struct conv_conf conv; /* stride, pad, groups: others as in conv2d */
	double x_scale, residual_scale, y_scale;
	int relu, to_u8;
};
struct node *graph_conv2d_int8(struct graph *g, struct node *x, struct node *w, struct node *scale, struct node *bias, struct node *residual,
                               const struct conv_int8_conf *conf);

/* ---- by index (ops/index.c) ---- */
struct node *graph_gather(struct graph *g, struct node *x, struct node *index);      /* x (M,...), index (R) i32: (R,...); gradient by scatter_add */
struct scatter_conf { int rows; };
struct node *graph_scatter_add(struct graph *g, struct node *v, struct node *index, int rows); /* v (R,...): (rows,...), added in order of R; wide */
struct one_hot_conf { int classes; };
struct node *graph_one_hot(struct graph *g, struct node *index, int classes);        /* index (N) i32: (N,K) wide; no gradient */
struct node *graph_arg_max(struct graph *g, struct node *x);                         /* (N,K): (N) i32, first at a tie; no gradient */
struct top_k_conf { int k; };
struct node *graph_top_k(struct graph *g, struct node *x, int k, struct node **index); /* (N,K): values (N,k) descending, index i32; gradient to x by index */
struct node *graph_sort(struct graph *g, struct node *x, struct node **index);         /* (N,K) ascending, stable */

/* ---- the rest (ops/misc.c) ---- */
struct cast_conf { int cls; };
struct node *graph_cast(struct graph *g, struct node *x, enum tclass cls); /* x itself if equal; gradient cast back; from or to integers: gradient stops */
struct node *graph_stop_gradient(struct graph *g, struct node *x);
struct reverse_conf { double factor; };
struct node *graph_reverse_gradient(struct graph *g, struct node *x, double factor); /* y = x, dx = -factor dy */
/* u8 picture (N,C,H,W) to act: (x / 255 - mean[c]) / std[c]; C <= 4; no gradient to the bytes */
struct normalize_conf { float mean[4], std[4]; };
struct node *graph_normalize(struct graph *g, struct node *x, const float mean[4], const float std[4]);
/* The same of rows of a store of pictures (M,C,H,W) u8, each as its view shows it: view (N,4) i32 is row, dy, dx, flip. The picture is moved by (dy, dx), zeros
   come in from outside, then it is mirrored where flip is not 0: (N,C,H,W) act. Rows are 0..M-1, which nobody checks; no gradient */
struct node *graph_pictures(struct graph *g, struct node *store, struct node *view, const float mean[4], const float std[4]);

#endif
