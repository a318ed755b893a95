/*
 * A plain convolutional network of any width and depth. There is no stem: part 0 passes the pictures on and
 * taps.stem is NULL. Every block but the first begins with a 2x2 max pool. A tap is the block's last
 * activation.
 */
#include "models/block.h"

struct cnn_conf {
	struct ints widths;
	int convs, kernel;
};

static const char *const names[] = {"cnn", NULL};

static const struct opt opts[] = {
	INTS(cnn_conf, widths, "16 32 64", 1, 4096, "channels",
	     "channels of each block; as many blocks as numbers, at most 16"),
	INT(cnn_conf, convs, 2, 1, 16, "-", "convolutions in each block"),
	CHOICE(cnn_conf, kernel, "3", "1|3|5|7", "height and width of every convolution"),
	{.name = NULL},
};

static int blocks(const void *conf)
{
	return ((const struct cnn_conf *)conf)->widths.n;
}

static struct node *part(struct builder *b, const void *conf, int part, struct node *x)
{
	const struct cnn_conf *c = conf;
	const int k = 2 * c->kernel + 1;

	if (part == 0)
		return x;
	if (part > c->widths.n)
		return block_head(b, x, "fc");
	if (part > 1)
		x = block_max_pool(b, x, 2, 2, 0);
	for (int i = 0; i < c->convs; i++) {
		b->taps->block_pre[part] = block_conv_norm(b, x, block_name(b, "block%d.%d.conv", part, i),
		                                           block_name(b, "block%d.%d.norm", part, i),
		                                           c->widths.v[part - 1], k, 1, k / 2, false, NULL);
		x = block_relu(b, b->taps->block_pre[part]);
	}
	return b->taps->block[part] = x;
}

const struct model model_cnn = {
	.name = "cnn",
	.help = "plain network: blocks of convolution, batch norm and ReLU, a 2x2 max pool between blocks, "
		"no stem",
	.paper = "-",
	.conf_size = sizeof(struct cnn_conf),
	.opts = opts,
	.names = names,
	.blocks = blocks,
	.part = part,
};
