/*
 * Residual networks for pictures of about 32x32: 3x3 stem, three groups of n basic blocks, depth 6n + 2. "x4"
 * are the wide ones of the distillation literature (32, 64, 128, 256 channels). Names: conv1, bn1,
 * layer1.0.conv1, ..., downsample, fc.
 */
#include "base/str.h"
#include "models/residual.h"

struct resnet_conf {
	int depth;
	bool x4;
};

static const struct {
	const char *name;
	struct resnet_conf conf;
} family[] = {
	{"resnet8", {8, false}},     {"resnet14", {14, false}}, {"resnet20", {20, false}},
	{"resnet32", {32, false}},   {"resnet44", {44, false}}, {"resnet56", {56, false}},
	{"resnet110", {110, false}}, {"resnet8x4", {8, true}},  {"resnet32x4", {32, true}},
};
static const char *const names[] = {
	"resnet8",  "resnet14",  "resnet20",  "resnet32",   "resnet44",
	"resnet56", "resnet110", "resnet8x4", "resnet32x4", NULL,
};
static const struct opt opts[] = {{.name = NULL}};

static bool parse(const char *name, void *conf)
{
	for (size_t i = 0; i < sizeof family / sizeof *family; i++)
		if (str_eq(name, family[i].name)) {
			*(struct resnet_conf *)conf = family[i].conf;
			return true;
		}
	return false;
}

static int blocks(const void *conf)
{
	(void)conf;
	return 3;
}

static struct node *part(struct builder *b, const void *conf, int part, struct node *x)
{
	static const int widths[2][4] = {{16, 16, 32, 64}, {32, 64, 128, 256}};
	const struct resnet_conf *c = conf;
	const int width = widths[c->x4][part < 4 ? part : 3], depth = (c->depth - 2) / 6;

	if (part > 3)
		return block_head(b, x, "fc");
	if (part == 0) {
		b->taps->stem_pre = block_conv_norm(b, x, "conv1", "bn1", width, 3, 1, 1, false, NULL);
		return b->taps->stem = block_relu(b, b->taps->stem_pre);
	}
	for (int i = 0; i < depth; i++)
		x = residual_basic(b, x, block_name(b, "layer%d.%d", part, i), "downsample", width,
		                   i == 0 && part > 1 ? 2 : 1, &b->taps->block_pre[part]);
	return b->taps->block[part] = x;
}

const struct model model_resnet_cifar = {
	.name = "resnet_cifar",
	.help = "residual networks for small pictures: 3x3 stem, 3 blocks, depth 6n+2; x4: four times the "
		"width",
	.paper = "He et al., Deep Residual Learning for Image Recognition, CVPR 2016 (section 4.2), arXiv "
		 "1512.03385",
	.conf_size = sizeof(struct resnet_conf),
	.opts = opts,
	.names = names,
	.parse = parse,
	.blocks = blocks,
	.part = part,
};
