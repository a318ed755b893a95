/* The second of two taps: losses that compare how one feature becomes the next. */
#include <stdio.h>
#include <string.h>

#include "losses/loss.h"

static const char *following(struct arena *a, const char *tap)
{
	int block = 0, used = 0;
	if (str_eq(tap, "stem") || str_eq(tap, "stem.pre"))
		return arena_printf(a, "block1%s", tap + strlen("stem"));
	if (sscanf(tap, "block%d%n", &block, &used) != 1 || (tap[used] && !str_eq(tap + used, ".pre")))
		return NULL;
	return arena_printf(a, "block%d%s", block + 1, tap + used);
}

struct node *tap_after(const struct taps *t, const struct net *net, const char *tap, const char *named, struct where at, struct err *e)
{
	struct arena *a = arena_open("tap");
	const char *name = *named ? named : following(a, tap);
	struct node *found = NULL;
	if (!name)
		err_user(e, at, "no block follows tap '%s' of '%s': name a block, or the second tap", tap, net->name);
	else
		found = taps_find(t, net, name, at, e);
	arena_close(a);
	return found;
}
