#include "base/names.h"

#include "base/err.h"
#include "base/str.h"

struct slot {
	const char *text; /* NULL: empty */
	int number;
};

struct names {
	size_t n, used, most; /* n: a power of two, above twice the texts */
	struct slot *slot;
};

struct names *names_new(struct arena *a, size_t most)
{
	struct names *t = NEW(a, struct names);
	t->most = most;
	for (t->n = 8; t->n < 2 * most;)
		t->n *= 2;
	t->slot = NEW_ARRAY(a, struct slot, t->n);
	return t;
}

/* Where the text is, or would be. */
static struct slot *find(const struct names *t, const char *text)
{
	uint64_t h = 14695981039346656037u;
	for (const char *c = text; *c; c++)
		h = (h ^ (unsigned char)*c) * 1099511628211u;
	size_t i = (size_t)h & (t->n - 1);
	while (t->slot[i].text && !str_eq(t->slot[i].text, text))
		i = (i + 1) & (t->n - 1);
	return &t->slot[i];
}

int names_find(const struct names *t, const char *text)
{
	const struct slot *s = find(t, text);
	return s->text ? s->number : -1;
}

int names_put(struct names *t, const char *text, int number)
{
	struct slot *s = find(t, text);
	if (s->text)
		return s->number;
	BUG_IF(t->used++ == t->most || number < 0, "text %zu of %zu, number %d", t->used, t->most, number);
	*s = (struct slot){text, number};
	return number;
}
