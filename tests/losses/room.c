#include "tests/losses/room.h"

#include <string.h>

#include "base/str.h"

static struct node *leaf_for(struct leaf *leaf[], int *n, const char *net, const char *tap,
                             const struct node *like)
{
	struct leaf *l = leaf[(*n)++] =
		leaf_input(arena_printf(arena, "%s/%s", net, tap), like->type.shape, like->type.cls);
	leaf_draw(l, -1.6, 1.9, net);
	return l->node;
}

/* Leaves of the types that the network's own taps have. */
static void room_taps(struct taps *out, struct leaf *leaf[], int *n, struct net *net, int N)
{
	struct taps real = {0};
	struct graph *scratch = graph_new(arena, &err);
	struct node *x = graph_input(scratch, "x", shape4(N, net->C, net->H, net->W), CLASS_ACT);
	model_apply(scratch, net, 0, net_part_all(net), x, MODE_FROZEN, net->name, &real);
	ASSERT_OK(graph_status(scratch));
	for (int b = 1; b <= net->B; b++) {
		out->block[b] =
			leaf_for(leaf, n, net->name, arena_printf(arena, "block%d", b), real.block[b]);
		out->block_pre[b] = leaf_for(leaf, n, net->name, arena_printf(arena, "block%d.pre", b),
		                             real.block_pre[b]);
	}
	out->pooled = leaf_for(leaf, n, net->name, "pooled", real.pooled);
	out->logits = leaf_for(leaf, n, net->name, "logits", real.logits);
}

static void room_leaves(struct room *r)
{
	room_taps(&r->s, r->leaf_s, &r->n_s, r->net_s, r->N);
	room_taps(&r->t, r->leaf_t, &r->n_t, r->net_t, r->N);
	r->label = leaf_input("label", shape1(r->N), CLASS_I32);
	r->sample = leaf_input("sample", shape1(r->N), CLASS_I32);
	for (int i = 0; i < r->N; i++) {
		r->label->value[i] = (3 * i + 2) % ROOM_K;
		r->sample->value[i] = 5 * i + 1;
	}
}

struct room *room_new(int N)
{
	struct room *r = NEW(arena, struct room);
	r->N = N;
	r->net_s = bench_net("student", "{model: cnn, widths: [3, 5], convs: 1}", 2, 6, ROOM_K);
	r->net_t = bench_net("teacher", "{model: cnn, widths: [4, 6, 5], convs: 1}", 2, 8, ROOM_K);
	room_leaves(r);
	return r;
}

static void repeat(struct leaf *to, const struct leaf *from)
{
	ck_assert(to->n == 2 * from->n);
	memcpy(to->value, from->value, (size_t)from->n * sizeof(double));
	memcpy(to->value + from->n, from->value, (size_t)from->n * sizeof(double));
}

struct room *room_twice(const struct room *one)
{
	struct room *r = NEW(arena, struct room);
	r->N = 2 * one->N;
	r->net_s = one->net_s;
	r->net_t = one->net_t;
	room_leaves(r);
	for (int i = 0; i < r->n_s; i++)
		repeat(r->leaf_s[i], one->leaf_s[i]);
	for (int i = 0; i < r->n_t; i++)
		repeat(r->leaf_t[i], one->leaf_t[i]);
	repeat(r->label, one->label);
	repeat(r->sample, one->sample);
	return r;
}

struct loss_site room_site(const struct room *r, enum mode mode)
{
	return (struct loss_site){.g = g,
	                          .label = r->label->node,
	                          .sample = r->sample->node,
	                          .N = r->N,
	                          .K = ROOM_K,
	                          .n_train = 60,
	                          .s = &r->s,
	                          .t = &r->t,
	                          .net_s = r->net_s,
	                          .net_t = r->net_t,
	                          .mode = mode};
}

struct term *term_of(const char *yaml)
{
	struct conf *root;
	struct term *t;
	int n;
	ASSERT_OK(conf_parse(arena, arena_printf(arena, "losses: [%s]\n", yaml), "test.yaml", &root, &err));
	ASSERT_OK(terms_read(arena, conf_find(root, "losses"), "stage 'kd'", &t, &n, &err));
	ck_assert_int_eq(n, 1);
	return t;
}

bool term_ready(struct term *t, const struct room *r)
{
	if (term_define(arena, t, r->net_s, r->net_t, "kd/own", &err) != OK) {
		ck_assert_int_eq(err.status, E_USER);
		err_clear(&err);
		return false;
	}
	if (t->own) {
		bench_place(t->own->params);
		bench_stir(t->own->params, t->own->name);
	}
	return true;
}

struct loss_site site_of(struct node *x_s, struct node *x_t, struct node *label)
{
	return (struct loss_site){.g = g,
	                          .x_s = x_s,
	                          .x_t = x_t,
	                          .label = label,
	                          .N = x_s->type.shape.d[0],
	                          .mode = MODE_TRAIN};
}
