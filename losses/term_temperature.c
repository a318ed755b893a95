/* The temperature of a term, in a step's graph. */
#include "losses/loss.h"

static struct temperature_site temperature_site_of(const struct term *t, const struct loss_site *site, struct node *given)
{
	struct graph *g = site->g;
	return (struct temperature_site){
		.g = g, .z_s = graph_stop_gradient(g, site->s->logits), .z_t = site->t ? graph_stop_gradient(g, site->t->logits) : NULL,
		.label = site->label, .given = given, .own = t->temperature_own ? t->temperature_own->params : NULL, .weight = t->weight,
	};
}

struct node *term_temperature(const struct term *t, const struct loss_site *site, struct node *given)
{
	const struct temperature *kind = t->temperature.kind;
	if (!kind || graph_status(site->g) != OK)
		return NULL;
	site->g->at = t->temperature.at;
	if (kind->needs_teacher && !site->t)
		return graph_fail(site->g, "temperature '%s' needs a teacher", kind->name);
	const struct temperature_site own = temperature_site_of(t, site, given);
	return kind->build ? kind->build(t->temperature.conf, &own) : given;
}

void term_temperature_move(const struct term *t, const struct loss_site *site, struct node *given, struct node *tau, struct node *value)
{
	const struct temperature *kind = t->temperature.kind;
	if (!kind || !kind->move || graph_status(site->g) != OK)
		return;
	const struct temperature_site own = temperature_site_of(t, site, given);
	kind->move(t->temperature.conf, &own, tau, value);
}

void term_temperature_define(struct arena *a, struct term *t, const char *name)
{
	const char *own = arena_printf(a, "%s/temperature", name);
	struct params *p = temperature_define(a, &t->temperature, own);
	if (!p)
		return;
	t->temperature_own = NEW(a, struct net);
	t->temperature_own->name = own;
	t->temperature_own->params = p;
}

static struct node *centred(struct graph *g, struct node *z)
{
	struct node *wide = graph_stop_gradient(g, graph_cast(g, z, CLASS_WIDE));
	return graph_sub(g, wide, graph_mean(g, wide, 2, true));
}

struct node *term_alignment(struct graph *g, struct node *z_s, struct node *z_t)
{
	struct node *s = centred(g, z_s), *t = centred(g, z_t);
	return graph_mean_all(g, graph_mul(g, s, graph_sub(g, graph_scale(g, t, 2, 0), s)));
}
