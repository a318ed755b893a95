/*
 * VGG with batch norm, cut for small pictures: five blocks of 3x3 convolutions, one linear layer.
 *
 * Blocks 1..5 here are block0..block4 of the state_dict. There is no stem: part 0 passes the pictures on and
 * taps.stem is NULL. A 2x2 max pool stands before blocks 2, 3 and 4, and before block 5 only for pictures of
 * height 64 and up (published code: at exactly 64), so that 32x32 ends in 4x4. Published initial weights
 * differ from net_init's: linear weights normal with standard deviation 0.01, its bias 0.
 */
#include "base/str.h"
#include "models/block.h"

struct vgg_conf {
	int n[5]; /* convolutions of each block */
};

static const struct {
	const char *name;
	struct vgg_conf conf;
} family[] = {
	{"vgg8", {{1, 1, 1, 1, 1}}},  {"vgg11", {{1, 1, 2, 2, 2}}}, {"vgg13", {{2, 2, 2, 2, 2}}},
	{"vgg16", {{2, 2, 3, 3, 3}}}, {"vgg19", {{2, 2, 4, 4, 4}}},
};
static const char *const names[] = {"vgg8", "vgg11", "vgg13", "vgg16", "vgg19", NULL};
static const struct opt opts[] = {{.name = NULL}};

static bool parse(const char *name, void *conf)
{
	for (size_t i = 0; i < sizeof family / sizeof *family; i++)
		if (str_eq(name, family[i].name)) {
			*(struct vgg_conf *)conf = family[i].conf;
			return true;
		}
	return false;
}

static int blocks(const void *conf)
{
	(void)conf;
	return 5;
}

static struct node *part(struct builder *b, const void *conf, int part, struct node *x)
{
	static const int widths[] = {64, 128, 256, 512, 512};
	const struct vgg_conf *c = conf;

	if (part == 0)
		return x;
	if (part > 5)
		return block_head(b, x, "classifier");
	if (part > 1 && (part < 5 || b->net->H >= 64))
		x = block_max_pool(b, x, 2, 2, 0);
	/* A Sequential of convolution, norm and ReLU: numbers 0, 1, (2), 3, 4, (5), ... */
	for (int i = 0; i < c->n[part - 1]; i++) {
		b->taps->block_pre[part] = block_conv_norm(b, x, block_name(b, "block%d.%d", part - 1, 3 * i),
		                                           block_name(b, "block%d.%d", part - 1, 3 * i + 1),
		                                           widths[part - 1], 3, 1, 1, true, NULL);
		x = block_relu(b, b->taps->block_pre[part]);
	}
	return b->taps->block[part] = x;
}

const struct model model_vgg = {
	.name = "vgg",
	.help = "VGG with batch norm for small pictures: 5 blocks, no stem, one linear layer",
	.paper = "Simonyan and Zisserman, Very Deep Convolutional Networks, ICLR 2015, arXiv 1409.1556",
	.conf_size = sizeof(struct vgg_conf),
	.opts = opts,
	.names = names,
	.parse = parse,
	.blocks = blocks,
	.part = part,
};
