/* The pass that meets every layer for the first time; net.c is its only caller. */
#ifndef MODELS_APPLY_H
#define MODELS_APPLY_H

#include "models/model.h"

/* Builds the whole network once on a graph that is thrown away and adds its parameters in that order. A
   picture that is too small for it is an error at the place at. */
enum status model_define(struct net *net, struct where at, struct err *e);

#endif
