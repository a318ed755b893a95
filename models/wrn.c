/*
 * Wide residual networks: wrn_d_k with depth d = 6n + 4 and width factor k; norm and ReLU stand before the
 * convolutions.
 *
 * The stem is the first convolution alone. Blocks 1..3 are the three groups; their output is the raw sum, and
 * so are stem and block taps, with .pre the same node. The last norm and ReLU are the head's, as are pooling
 * and the linear layer. Published initial weights differ from net_init's in the linear bias, which is 0
 * there.
 */
#include "base/str.h"
#include "models/block.h"

struct wrn_conf {
	int depth, k;
};

static const char *const names[] = {"wrn_16_1", "wrn_16_2", "wrn_16_4", "wrn_28_10",
                                    "wrn_40_1", "wrn_40_2", "wrn_40_4", NULL};
static const struct opt opts[] = {{.name = NULL}};

/* Decimal digits from *s, at most 3, without a leading zero; -1: none. */
static int digits(const char **s)
{
	int value = 0, n = 0;
	if (**s == '0')
		return -1;
	for (; **s >= '0' && **s <= '9' && n < 3; ++*s, n++)
		value = value * 10 + (**s - '0');
	return n ? value : -1;
}

static bool parse(const char *name, void *conf)
{
	if (!str_starts(name, "wrn_"))
		return false;
	const char *s = name + 4;
	const int depth = digits(&s);
	if (depth < 10 || depth > 82 || (depth - 4) % 6 || *s++ != '_')
		return false;
	const int k = digits(&s);
	if (k < 1 || k > 20 || *s)
		return false;
	*(struct wrn_conf *)conf = (struct wrn_conf){depth, k};
	return true;
}

static int blocks(const void *conf)
{
	(void)conf;
	return 3;
}

/* Where channels change, the shortcut reads the activated input, which is then all that is read of x: *active. Else the raw one is
   added. The convolution before bn2 is read by it alone, so frozen they are one. */
static struct node *layer(struct builder *b, struct node *x, const char *name, int out, int stride, struct node **active)
{
	const char *conv2 = block_name(b, "%s.conv2", name);
	struct node *sum = x, *y = block_relu(b, block_norm(b, x, block_name(b, "%s.bn1", name)));
	if (!y)
		return NULL;
	struct node *mid = block_relu(b, block_conv_norm(b, y, block_name(b, "%s.conv1", name),
	                                                    block_name(b, "%s.bn2", name), out, 3, stride, 1,
	                                                    false, NULL));
	if (x->type.shape.d[1] != out) {
		block_declare_conv(b, conv2, out, out, 3, 1, false);
		*active = y;
		sum = block_conv(b, y, block_name(b, "%s.convShortcut", name), out, 1, stride, 0, 1, false);
	}
	return block_conv_add(b, mid, conv2, out, 3, 1, 1, sum);
}

static struct node *part(struct builder *b, const void *conf, int part, struct node *x)
{
	const struct wrn_conf *c = conf;
	if (part == 0)
		return b->taps->stem = b->taps->stem_pre = block_conv(b, x, "conv1", 16, 3, 1, 1, 1, false);
	struct taps *t = b->taps;
	if (part > 3) /* b->part: of a network that is cut short */
		return block_head(b, t->block_act[b->part - 1] = graph_relu(b->g, block_norm(b, x, "bn1")), "fc");
	for (int i = 0; i < (c->depth - 4) / 6; i++)
		x = layer(b, x, block_name(b, "block%d.layer.%d", part, i), (8 << part) * c->k,
		          i == 0 && part > 1 ? 2 : 1, part > 1 ? &t->block_act[part - 1] : &t->stem_act);
	return t->block[part] = t->block_pre[part] = x;
}

const struct model model_wrn = {
	.name = "wrn",
	.help = "wide residual networks wrn_d_k: depth d = 6n+4 from 10 to 82, width factor k from 1 to 20; "
		"3 blocks, raw sums as taps",
	.paper = "Zagoruyko and Komodakis, Wide Residual Networks, BMVC 2016, arXiv 1605.07146",
	.conf_size = sizeof(struct wrn_conf),
	.opts = opts,
	.names = names,
	.parse = parse,
	.blocks = blocks,
	.part = part,
};
