#include "engine/op.h"

const struct op *const op_all[OP_COUNT] = {
#define OP(x) [OP_##x] = &op_##x,
#include "engine/ops.def"
#undef OP
};

int op_index(const struct op *op)
{
	for (int i = 0; i < OP_COUNT; i++)
		if (op_all[i] == op)
			return i;
	BUG("op '%s' is not in ops.def", op->name);
}
