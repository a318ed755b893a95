#include "models/residual.h"

/* The last convolution and norm of a block with what is added to them. The shortcut is applied first and
   registered last. */
static struct node *close_block(struct builder *b, struct node *y, struct node *x, const char *name, int last,
                                const char *shortcut, int k, int out, int stride, struct node **pre)
{
	*pre = NULL;
	if (!y)
		return NULL;
	const char *conv = block_name(b, "%s.conv%d", name, last);
	const char *norm = block_name(b, "%s.bn%d", name, last);
	if (stride != 1 || x->type.shape.d[1] != out) {
		block_declare_conv(b, conv, y->type.shape.d[1], out, k, 1, false);
		block_declare_norm(b, norm, out);
		x = block_conv_norm(b, x, block_name(b, "%s.%s.0", name, shortcut),
		                    block_name(b, "%s.%s.1", name, shortcut), out, 1, stride, 0, false, NULL);
	}
	*pre = block_conv_norm(b, y, conv, norm, out, k, 1, k / 2, false, x);
	return block_relu(b, *pre);
}

struct node *residual_basic(struct builder *b, struct node *x, const char *name, const char *shortcut,
                            int width, int stride, struct node **pre)
{
	struct node *y = block_conv_norm(b, x, block_name(b, "%s.conv1", name), block_name(b, "%s.bn1", name),
	                                 width, 3, stride, 1, false, NULL);
	return close_block(b, block_relu(b, y), x, name, 2, shortcut, 3, width, stride, pre);
}

struct node *residual_bottleneck(struct builder *b, struct node *x, const char *name, const char *shortcut,
                                 int width, int stride, struct node **pre)
{
	struct node *y = block_conv_norm(b, x, block_name(b, "%s.conv1", name), block_name(b, "%s.bn1", name),
	                                 width, 1, 1, 0, false, NULL);
	y = block_conv_norm(b, block_relu(b, y), block_name(b, "%s.conv2", name),
	                    block_name(b, "%s.bn2", name), width, 3, stride, 1, false, NULL);
	return close_block(b, block_relu(b, y), x, name, 3, shortcut, 1, 4 * width, stride, pre);
}
