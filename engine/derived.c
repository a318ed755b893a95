#include "engine/derived.h"

#include "base/arena.h"

enum status derived_hold(struct params *owner, const uint64_t key[2], size_t bytes, struct derived **out, struct err *e)
{
	for (struct derived *d = owner->derived; d; d = d->next)
		if (d->key[0] == key[0] && d->key[1] == key[1] && d->bytes == bytes) {
			d->users++;
			*out = d;
			return OK;
		}
	void *mem;
	const enum status st = device_alloc(owner->dev, bytes, &mem, e);
	if (st != OK)
		return st;
	struct derived *d = mem_new(sizeof *d);
	if (!d) {
		device_free(owner->dev, mem, bytes);
		return err_nomem(e, "no memory for a derived weight of '%s'", owner->name);
	}
	*d = (struct derived){.key = {key[0], key[1]}, .bytes = bytes, .mem = mem, .users = 1, .next = owner->derived};
	owner->derived = d;
	*out = d;
	return OK;
}

void derived_drop(struct params *owner, struct derived *d)
{
	if (!d || --d->users > 0)
		return;
	struct derived **at = &owner->derived;
	while (*at != d)
		at = &(*at)->next;
	*at = d->next;
	device_free(owner->dev, d->mem, d->bytes);
	mem_free(d);
}
