/* Shared by the op families, private to engine/ops/ and the plan. */
#ifndef ENGINE_OPS_OPS_H
#define ENGINE_OPS_OPS_H

#include "engine/build.h"

static inline bool class_real(enum tclass c)
{
	return c == CLASS_ACT || c == CLASS_WIDE;
}

/* Class of a result made of two: wide over act over integers; of two different integers, i32. */
static inline enum tclass class_common(enum tclass a, enum tclass b)
{
	if (a == b)
		return a;
	if (a == CLASS_WIDE || b == CLASS_WIDE)
		return CLASS_WIDE;
	return a == CLASS_ACT || b == CLASS_ACT ? CLASS_ACT : CLASS_I32;
}

/* E_USER at the call unless every present input is act or wide. */
enum status infer_real(const struct call *c, struct err *e);

/* x and w of a call whose conf begins with struct conv_conf fit each other; y becomes the result's shape. Else
   E_USER at the call. */
enum status infer_conv_shape(const struct call *c, const char *name, const struct shape *x,
                             const struct shape *w, struct shape *y, struct err *e);

/* dx brought to exactly this type: summed over what was broadcast, cast, in its layout; itself if it fits. */
struct node *fit_to(struct graph *g, struct node *dx, struct type to);

/* Whether a reshape's output has the bytes of its input in the same order. */
bool reshape_is_view(const struct call *c);

#endif
