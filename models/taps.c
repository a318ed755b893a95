#include "models/model.h"

#include <stdio.h>
#include <string.h>

/* The slot of a tap's name; NULL: the network can't have it. */
static struct node *const *slot(const struct taps *t, const struct net *net, const char *name)
{
	const struct {
		const char *name;
		struct node *const *at;
	} single[] = {
		{"stem", &t->stem},
		{"stem.pre", &t->stem_pre},
		{"pooled", &t->pooled},
		{"logits", &t->logits},
	};
	for (size_t i = 0; i < sizeof single / sizeof *single; i++)
		if (strcmp(name, single[i].name) == 0)
			return single[i].at;
	for (int i = 1; i <= net->B; i++) {
		char block[32];
		snprintf(block, sizeof block, "block%d", i);
		if (strcmp(name, block) == 0)
			return &t->block[i];
		snprintf(block, sizeof block, "block%d.pre", i);
		if (strcmp(name, block) == 0)
			return &t->block_pre[i];
	}
	return NULL;
}

static void list_one(struct str *s, const struct node *tap, const char *name)
{
	if (tap)
		str_printf(s, "%s%s", s->len ? ", " : "", name);
}

/* "block1..block3": runs of taps that are there. */
static void list_blocks(struct str *s, struct node *const tap[], int B, const char *suffix)
{
	for (int i = 1; i <= B; i++) {
		if (!tap[i])
			continue;
		int last = i;
		while (last < B && tap[last + 1])
			last++;
		str_printf(s, "%sblock%d%s", s->len ? ", " : "", i, suffix);
		if (last > i)
			str_printf(s, "..block%d%s", last, suffix);
		i = last;
	}
}

struct node *taps_find(const struct taps *t, const struct net *net, const char *name, struct where at,
                       struct err *e)
{
	struct node *const *tap = slot(t, net, name);
	if (tap && *tap)
		return *tap;

	struct str there = {0};
	list_one(&there, t->stem, "stem");
	list_one(&there, t->stem_pre, "stem.pre");
	list_blocks(&there, t->block, net->B, "");
	list_blocks(&there, t->block_pre, net->B, ".pre");
	list_one(&there, t->pooled, "pooled");
	list_one(&there, t->logits, "logits");
	err_user(e, at, "network '%s' (%s) has no tap '%s' here; there is %s", net->name, net->model_name,
	         name, there.len ? str_text(&there) : "none");
	str_release(&there);
	return NULL;
}

struct node *taps_active(const struct taps *t, int part)
{
	if (part == 0)
		return t->stem_act ? t->stem_act : t->stem;
	return t->block_act[part] ? t->block_act[part] : t->block[part];
}
