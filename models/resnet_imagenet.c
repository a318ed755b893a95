/*
 * Residual networks with four groups: 64, 128, 256, 512 channels (times 4 behind bottlenecks).
 *
 * stem: cifar is a 3x3 convolution of stride 1 without pooling, with the names of the CIFAR checkpoints
 * (shortcut.0, linear); imagenet is 7x7 of stride 2 and a 3x3 max pool of stride 2, with torchvision's names
 * (downsample.0, fc). The pool belongs to block 1, as all pools belong to the block after them.
 */
#include "base/str.h"
#include "models/residual.h"

struct resnet_conf {
	int stem;
	int depth;
};

enum { STEM_AUTO, STEM_CIFAR, STEM_IMAGENET };

static const char *const names[] = {"resnet18", "resnet34", "resnet50", NULL};
static const int depths[] = {18, 34, 50};

static const struct opt opts[] = {
	CHOICE(resnet_conf, stem, "auto", "auto|cifar|imagenet",
	       "cifar: 3x3, stride 1, no pooling; imagenet: 7x7, stride 2, max pool; auto: imagenet for "
	       "pictures of height 64 and up"),
	{.name = NULL},
};

static bool parse(const char *name, void *conf)
{
	for (int i = 0; names[i]; i++)
		if (str_eq(name, names[i])) {
			((struct resnet_conf *)conf)->depth = depths[i];
			return true;
		}
	return false;
}

static int blocks(const void *conf)
{
	(void)conf;
	return 4;
}

static struct node *part(struct builder *b, const void *conf, int part, struct node *x)
{
	static const int shallow[] = {0, 2, 2, 2, 2}, deep[] = {0, 3, 4, 6, 3};
	const struct resnet_conf *c = conf;
	const bool imagenet = c->stem == STEM_IMAGENET || (c->stem == STEM_AUTO && b->net->H >= 64);
	const int k = imagenet ? 7 : 3;

	if (part > 4)
		return block_head(b, x, imagenet ? "fc" : "linear");
	if (part == 0) {
		b->taps->stem_pre =
			block_conv_norm(b, x, "conv1", "bn1", 64, k, imagenet ? 2 : 1, k / 2, false, NULL);
		return b->taps->stem = block_relu(b, b->taps->stem_pre);
	}
	if (part == 1 && imagenet)
		x = block_max_pool(b, x, 3, 2, 1);
	for (int i = 0; i < (c->depth == 18 ? shallow : deep)[part]; i++) {
		const char *name = block_name(b, "layer%d.%d", part, i);
		const char *shortcut = imagenet ? "downsample" : "shortcut";
		const int width = 32 << part, stride = i == 0 && part > 1 ? 2 : 1;
		struct node **pre = &b->taps->block_pre[part];
		x = c->depth == 50 ? residual_bottleneck(b, x, name, shortcut, width, stride, pre)
		                   : residual_basic(b, x, name, shortcut, width, stride, pre);
	}
	return b->taps->block[part] = x;
}

const struct model model_resnet_imagenet = {
	.name = "resnet_imagenet",
	.help = "residual networks of 64 to 512 channels in 4 blocks, for small and for large pictures",
	.paper = "He et al., Deep Residual Learning for Image Recognition, CVPR 2016, arXiv 1512.03385",
	.conf_size = sizeof(struct resnet_conf),
	.opts = opts,
	.names = names,
	.parse = parse,
	.blocks = blocks,
	.part = part,
};
