/* The rows of parameters and states that a layer is made of, and how a builder adds or finds them; for
   block.c. */
#ifndef MODELS_BLOCK_ROWS_H
#define MODELS_BLOCK_ROWS_H

#include "models/model.h"

/* Rows of a batch norm. */
enum { NORM_GAMMA, NORM_BETA, NORM_MEAN, NORM_VAR, NORM_COUNT, NORM_ROWS };

/* The parameters and states of one layer, in state_dict order. */
struct row {
	bool state;
	char name[160];
	struct param p;
	double initial; /* of a state */
};
struct rows {
	int n;
	struct row row[NORM_ROWS];
};

/* Weight and, where there is one, bias. */
void rows_conv(struct rows *r, const char *name, int in, int out, int k, int groups, bool bias);
void rows_linear(struct rows *r, const char *name, int in, int out);
void rows_norm(struct rows *r, const char *name, int channels);
/* Nodes of the first n rows; false and a noted error where an input asks for another shape. */
bool rows_take(struct builder *b, const struct rows *r, int n, struct node *out[]);
/* Adds them ahead of their use; nothing after the first pass. */
void rows_declare(struct builder *b, const struct rows *r);

#endif
