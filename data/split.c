#include "data/split.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/rng.h"

struct classes {
	int n;
	int *start;    /* [n+1] where each begins in order */
	int *order;    /* pictures by class, each class in its drawn order */
	int *turn;     /* [n] the order of classes in which pictures left over are given */
};

static int count(const struct classes *c, int k)
{
	return c->start[k + 1] - c->start[k];
}

static struct classes sort_by_class(struct arena *a, const int32_t *label, int n, int classes, uint64_t seed)
{
	struct classes c = {.n = classes, .start = NEW_ARRAY(a, int, classes + 1), .order = NEW_ARRAY(a, int, n),
	                    .turn = NEW_ARRAY(a, int, classes)};
	int *next = NEW_ARRAY(a, int, classes);
	for (int i = 0; i < n; i++)
		c.start[label[i] + 1]++;
	for (int k = 0; k < classes; k++) {
		c.start[k + 1] += c.start[k];
		next[k] = c.start[k];
		c.turn[k] = k;
	}
	for (int i = 0; i < n; i++)
		c.order[next[label[i]]++] = i;
	for (int k = 0; k < classes; k++) {
		struct rng r = rng_stream(seed, (struct rng_name){.purpose = "split", .sample = (uint32_t)k});
		rng_permute(&r, c.order + c.start[k], count(&c, k));
	}
	struct rng r = rng_stream(seed, (struct rng_name){.purpose = "split", .view = 1});
	rng_permute(&r, c.turn, classes);
	return c;
}

struct rest {
	long long part; /* what rounding down took from the class, times n */
	int turn, k;
};

static int by_part(const void *a, const void *b)
{
	const struct rest *x = a, *y = b;
	if (x->part != y->part)
		return x->part < y->part ? 1 : -1;
	return x->turn < y->turn ? -1 : x->turn > y->turn;
}

/* quota[k]: how many of want class k gives, at most room[k]. By class size, largest remainder first. */
static int *share_out(struct arena *a, const struct classes *c, int n, int want, const int *room)
{
	int *quota = NEW_ARRAY(a, int, c->n), left = want;
	struct rest *rest = NEW_ARRAY(a, struct rest, c->n);
	for (int i = 0; i < c->n; i++) {
		const int k = c->turn[i];
		const long long exact = (long long)want * count(c, k);
		const int whole = (int)(exact / n);
		rest[i] = (struct rest){exact % n, i, k};
		quota[k] = whole < room[k] ? whole : room[k];
		left -= quota[k];
	}
	qsort(rest, (size_t)c->n, sizeof *rest, by_part);
	while (left > 0)
		for (int i = 0; i < c->n && left > 0; i++) {
			const int k = rest[i].k;
			if (quota[k] < room[k]) {
				quota[k]++;
				left--;
			}
		}
	return quota;
}

static int *marked(struct arena *a, const uint8_t *mark, int n, uint8_t what, int *found)
{
	*found = 0;
	for (int i = 0; i < n; i++)
		*found += mark[i] == what;
	int *list = NEW_ARRAY(a, int, *found), at = 0;
	for (int i = 0; i < n; i++)
		if (mark[i] == what)
			list[at++] = i;
	return list;
}

struct split_lists split_draw(struct arena *a, const int32_t *label, int n, int classes, int held_out,
                              int limit, uint64_t seed)
{
	enum { UNUSED, TRAIN, VALID };
	BUG_IF(held_out < 0 || limit < 0 || held_out + limit > n, "split_draw: %d + %d of %d", held_out, limit,
	       n);
	struct arena *work = arena_open("split");
	const struct classes c = sort_by_class(work, label, n, classes, seed);
	uint8_t *mark = NEW_ARRAY(work, uint8_t, n);
	memset(mark, limit ? UNUSED : TRAIN, (size_t)n);
	int *room = NEW_ARRAY(work, int, classes);
	for (int k = 0; k < classes; k++)
		room[k] = count(&c, k);
	const int *valid = share_out(work, &c, n, held_out, room);
	for (int k = 0; k < classes; k++) {
		room[k] -= valid[k];
		for (int i = 0; i < valid[k]; i++)
			mark[c.order[c.start[k] + i]] = VALID;
	}
	const int *train = share_out(work, &c, n, limit, room);
	for (int k = 0; k < classes; k++)
		for (int i = 0; i < train[k]; i++)
			mark[c.order[c.start[k + 1] - 1 - i]] = TRAIN;
	struct split_lists s;
	s.train = marked(a, mark, n, TRAIN, &s.n_train);
	s.valid = marked(a, mark, n, VALID, &s.n_valid);
	arena_close(work);
	return s;
}

const int *split_fixed(struct arena *a, int n, int k)
{
	struct arena *work = arena_open("split");
	int *order = NEW_ARRAY(work, int, n), found;
	uint8_t *mark = NEW_ARRAY(work, uint8_t, n);
	for (int i = 0; i < n; i++)
		order[i] = i;
	struct rng r = rng_stream(0, (struct rng_name){.purpose = "limit_test"});
	rng_permute(&r, order, n);
	for (int i = 0; i < k; i++)
		mark[order[i]] = 1;
	const int *list = marked(a, mark, n, 1, &found);
	arena_close(work);
	return list;
}
