/* How parts are put together, for net.c, which meets every layer for the first time, and int8.c. */
#ifndef MODELS_APPLY_H
#define MODELS_APPLY_H

#include "models/model.h"

/* model_apply with a builder of the caller's. */
struct node *parts_apply(struct builder *b, int from, int to, struct node *x, const char *name);

/* Builds the whole network once on a graph that is thrown away and adds its parameters in that order. A
   picture that is too small for it is an error at the place at. */
enum status model_define(struct net *net, struct where at, struct err *e);

#endif
