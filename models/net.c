#include "models/model.h"

#include "base/str.h"
#include "models/apply.h"

/* The keys of a network's map that are no options of the model. */
struct net_keys {
	const char *model;
	int cut;
};
const struct opt net_opts[] = {
	TEXT(net_keys, model, NULL, "name of the model, as 'limbeck list models' shows it"),
	INT(net_keys, cut, 0, 0, MAX_BLOCK - 1, "-",
	    "the last block that is kept: those after it are dropped, and the head stands on its output; 0: the whole network"),
	{.name = NULL},
};

static enum status model_unknown(const char *text, const char *net, struct where at, struct arena *a,
                                 struct err *e)
{
	int n = 0;
	for (int i = 0; i < model_count; i++)
		for (int j = 0; model_all[i]->names[j]; j++)
			n++;
	const char **all = NEW_ARRAY(a, const char *, n);
	n = 0;
	for (int i = 0; i < model_count; i++)
		for (int j = 0; model_all[i]->names[j]; j++)
			all[n++] = model_all[i]->names[j];

	const char *near = str_nearest(text, all, n);
	if (near)
		return err_user(e, at, "unknown model '%s' of network '%s'; the nearest is '%s'", text, net,
		                near);
	struct str list = {0};
	for (int i = 0; i < n; i++)
		str_printf(&list, "%s%s", i ? ", " : "", all[i]);
	err_user(e, at, "unknown model '%s' of network '%s'; allowed are %s", text, net, str_text(&list));
	str_release(&list);
	return E_USER;
}

/* "model=resnet20\nstem=cifar\ninput=3x32x32\nclasses=100\n" */
static const char *identity_of(struct arena *a, const struct net *net)
{
	struct str s = {0};
	str_printf(&s, "model=%s\n", net->model_name);
	opts_canonical(net->model->opts, net->conf, &s);
	if (net->head > net->B + 1)
		str_printf(&s, "cut=%d\n", net->B);
	str_printf(&s, "input=%dx%dx%d\nclasses=%d\n", net->C, net->H, net->W, net->classes);
	const char *text = arena_str(a, str_text(&s));
	str_release(&s);
	return text;
}

static enum status net_cut(struct net *net, int cut, const struct conf *map, struct err *e)
{
	net->head = net->B + 1;
	if (cut >= net->B && net->B == 1)
		return err_user(e, conf_where(map, "cut"), "network '%s' (%s) has one block: it can't be cut", net->name,
		                net->model_name);
	if (cut >= net->B)
		return err_user(e, conf_where(map, "cut"),
		                "network '%s' (%s) has %d blocks: 'cut' is %d, allowed 1 to %d, or 0 for the whole network",
		                net->name, net->model_name, net->B, cut, net->B - 1);
	if (cut)
		net->B = cut;
	return OK;
}

/* Options first, then what the name says: the two fill different fields of conf. */
static enum status net_read(struct arena *a, struct net *net, const struct conf *map, struct where at,
                            struct err *e)
{
	const struct model *m = net->model;
	void *conf = arena_alloc(a, m->conf_size);
	struct net_keys keys = {0};
	const enum status st =
		opts_read_all((const struct opt *const[]){net_opts, m->opts}, (void *const[]){&keys, conf}, 2,
	                      map, arena_printf(a, "network '%s' (%s)", net->name, net->model_name), a, e);
	if (st != OK)
		return st;
	if (m->parse)
		m->parse(net->model_name, conf);
	net->conf = conf;
	net->B = m->blocks(conf);
	if (net->B < 1 || net->B > MAX_BLOCK)
		return err_user(e, at, "network '%s' (%s) has %d blocks; allowed are 1 to %d", net->name,
		                net->model_name, net->B, MAX_BLOCK);
	return net_cut(net, keys.cut, map, e);
}

static enum status net_make(struct arena *a, const struct net *start, const struct conf *map, struct where at,
                            struct net **out, struct err *e)
{
	struct net *net = NEW(a, struct net);
	*net = *start;
	BUG_IF(net->C < 1 || net->H < 1 || net->W < 1 || net->classes < 1,
	       "network '%s': %dx%dx%d, %d classes", net->name, net->C, net->H, net->W, net->classes);
	net->name = arena_str(a, start->name);
	net->model_name = arena_str(a, start->model_name);
	net->model = model_named(net->model_name);
	if (!net->model)
		return model_unknown(net->model_name, net->name, at, a, e);
	enum status st = net_read(a, net, map, at, e);
	if (st != OK)
		return st;
	net->params = params_new(a, net->name);
	st = model_define(net, at, e);
	if (st != OK)
		return st;
	net->identity = identity_of(a, net);
	*out = net;
	return OK;
}

enum status net_new(struct arena *a, const char *name, const struct conf *map, int C, int H, int W,
                    int classes, struct net **net, struct err *e)
{
	const struct where at = map ? map->at : (struct where){0};
	const struct conf *model = map && map->kind == CONF_MAP ? conf_find(map, "model") : NULL;

	if (map && map->kind == CONF_MAP && !model)
		return err_user(e, at, "network '%s' lacks 'model' (%s)", name, net_opts[0].help);
	if (!model || model->kind != CONF_SCALAR)
		return err_user(e, model ? model->at : at, "network '%s' needs a map with 'model: NAME' (%s)",
		                name, net_opts[0].help);
	const struct net start = {
		.name = name, .model_name = model->text, .C = C, .H = H, .W = W, .classes = classes};
	return net_make(a, &start, map, model->at, net, e);
}

enum status net_named(struct arena *a, const char *name, const char *model, int C, int H, int W, int classes,
                      struct net **net, struct err *e)
{
	const struct net start = {
		.name = name, .model_name = model, .C = C, .H = H, .W = W, .classes = classes};
	return net_make(a, &start, NULL, (struct where){0}, net, e);
}

struct net *net_twin(struct arena *a, const struct net *net, const char *name)
{
	struct net *twin = NEW(a, struct net);
	*twin = *net;
	twin->name = arena_str(a, name);
	twin->params = params_new(a, name);
	for (int i = 0; i < net->params->n_param; i++)
		params_add(twin->params, net->params->param[i]);
	for (int i = 0; i < net->params->n_state; i++)
		params_add_state(twin->params, net->params->state[i], params_initial(net->params, i));
	return twin;
}

/* The next row of the stem or a block, as far as block B; NULL: no more. */
static const struct param *body_next(const struct param *row, int n, int B, int *i)
{
	while (*i < n && row[*i].block > B)
		++*i;
	return *i < n ? &row[(*i)++] : NULL;
}

static bool same_rows(const struct param *a, int n_a, const struct param *b, int n_b, int B)
{
	for (int i = 0, k = 0;;) {
		const struct param *x = body_next(a, n_a, B, &i), *y = body_next(b, n_b, B, &k);
		if (!x || !y)
			return !x && !y;
		if (!str_eq(x->name, y->name) || !shape_eq(&x->shape, &y->shape))
			return false;
	}
}

bool net_has_body(const struct net *of, const struct net *net)
{
	const struct params *p = of->params, *q = net->params;
	return of->B >= net->B && same_rows(p->param, p->n_param, q->param, q->n_param, net->B) &&
	       same_rows(p->state, p->n_state, q->state, q->n_state, net->B);
}
