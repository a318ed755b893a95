/* Losses of logits and their gradients, one number a sample. */
#ifndef ENGINE_CUDA_LOSS_KERNELS_H
#define ENGINE_CUDA_LOSS_KERNELS_H

#include "engine/cuda/kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Logits (N,K), F32, BF16 or F16. loss[n] is sample n's, gradient (N,K) that of their mean by the first logits; either may be NULL.
   NaN in gives NaN in both. */

/* loss = - sum over k of q[k] log softmax(z)[k], q = (1 - smoothing) (k = label) + smoothing / K, or 0 for a label of no class. */
cudaError_t cu_cross_entropy(struct cu_array z, const int32_t *label, int64_t N, int64_t K, double smoothing, float *loss, float *gradient,
			     cudaStream_t stream);
/* loss = sum over k of p[k] (log p[k] - log q[k]), q = softmax(z_s / tau), p = softmax(z_t / tau). */
cudaError_t cu_kl_divergence(struct cu_array z_s, struct cu_array z_t, int64_t N, int64_t K, double tau, float *loss, float *gradient,
			     cudaStream_t stream);

#ifdef __cplusplus
}
#endif

#endif
