/* Ends that critics share. Every function takes NULL nodes (an error has been noted) and then gives NULL. */
#ifndef GAN_HEAD_H
#define GAN_HEAD_H

#include "gan/critic.h"
#include "models/block.h"

/* A builder of the critic's own layers. */
struct builder critic_builder(const struct critic_site *s);
/* pooled (N,D): (N) wide, w . pooled + c, a trained linear layer "head". */
struct node *head_scalar(struct builder *b, struct node *pooled);
/* logits (N,K) of the teacher, K >= 2: (N) wide, log sum over k of e^logit_k. */
struct node *head_log_sum(struct graph *g, struct node *logits);
/* The same and label (N) i32: logit_y - log sum over k != y of e^logit_k, the log odds of the label. */
struct node *head_log_odds(struct graph *g, struct node *logits, struct node *label);

#endif
