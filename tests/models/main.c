#include "models.h"

#include <string.h>

#include "base/rng.h"

struct arena *arena;
struct err err;

void setup(void)
{
	arena = arena_open("test");
	err_clear(&err);
}

void teardown(void)
{
	arena_close(arena);
}

struct net *net_yaml(const char *yaml, int C, int H, int W, int classes)
{
	struct conf *map;
	struct net *net = NULL;
	ASSERT_OK(conf_parse(arena, yaml, "test.yaml", &map, &err));
	const enum status st = net_new(arena, "student", map, C, H, W, classes, &net, &err);
	ck_assert_int_eq(st == OK, net != NULL);
	ck_assert_msg(st == err.status, "status %d, but: %s", st, err.text);
	return net;
}

struct net *net_on(const char *model, int size, int classes, struct device *dev)
{
	struct net *net;
	ASSERT_OK(net_named(arena, "student", model, 3, size, size, classes, &net, &err));
	if (dev) {
		ASSERT_OK(params_place(net->params, dev, &err));
		ASSERT_OK(net_init(net, 1, NULL, &err));
	}
	return net;
}

struct device *device_of(const char *name)
{
	struct device *dev;
	ASSERT_OK(device_open(arena, name, 1, &dev, &err));
	return dev;
}

void net_set(struct net *net, const char *name, const double *v)
{
	bool is_state;
	const int i = params_find(net->params, name, &is_state);
	ck_assert_msg(i >= 0, "no '%s'", name);
	ASSERT_OK(params_put(net->params, i, is_state, v, &err));
}

double net_get(struct net *net, const char *name, int64_t i)
{
	bool is_state;
	const int index = params_find(net->params, name, &is_state);
	ck_assert_msg(index >= 0, "no '%s'", name);
	const struct param *row = is_state ? &net->params->state[index] : &net->params->param[index];
	double *v = NEW_ARRAY(arena, double, shape_count(&row->shape));
	ASSERT_OK(params_get(net->params, index, is_state, v, &err));
	return v[i];
}

struct session *session_open(struct device *dev, struct graph *g, struct node **keep, int n)
{
	ASSERT_OK(graph_status(g));
	struct session *s = NEW(arena, struct session);
	s->dev = dev;
	s->segment = (struct segment){.name = "all", .every = 1};
	s->desc = (struct step_desc){
		.g = g,
		.n_segment = 1,
		.segment = &s->segment,
		.n_keep = n,
		.keep = keep,
	};
	ASSERT_OK(plan_new(arena, &s->desc, dev, 1, &s->plan, &err));
	s->size = plan_workspace(s->plan);
	ASSERT_OK(device_alloc(dev, s->size, &s->workspace, &err));
	ASSERT_OK(plan_prepare(s->plan, s->workspace, &err));
	return s;
}

void session_run(struct session *s, const struct node *input, const float *host)
{
	plan_put(s->plan, input, host);
	ASSERT_OK(plan_run(s->plan, &err));
}

double *session_read(struct session *s, const struct node *n)
{
	double *v = NEW_ARRAY(arena, double, shape_count(&n->type.shape));
	ASSERT_OK(plan_get(s->plan, n, v, &err));
	return v;
}

void session_close(struct session *s)
{
	plan_release(s->plan);
	device_free(s->dev, s->workspace, s->size);
}

float *pictures(int64_t n)
{
	float *v = NEW_ARRAY(arena, float, n);
	struct rng r = rng_stream(7, (struct rng_name){.purpose = "pictures"});
	for (int64_t i = 0; i < n; i++)
		v[i] = (float)((int)rng_below(&r, 257) - 128) / 64;
	return v;
}

bool is_huge(const char *name)
{
	return strcmp(name, "wrn_28_10") == 0;
}

const char *name_number(int i)
{
	for (int m = 0; m < model_count; m++)
		for (int j = 0; model_all[m]->names[j]; j++)
			if (i-- == 0)
				return model_all[m]->names[j];
	return NULL;
}

int name_count(void)
{
	int n = 0;
	while (name_number(n))
		n++;
	return n;
}

int main(void)
{
	Suite *suite = suite_create("models");
	suite_add_tcase(suite, tcase_names());
	suite_add_tcase(suite, tcase_net());
	suite_add_tcase(suite, tcase_forward());
	suite_add_tcase(suite, tcase_modes());
	suite_add_tcase(suite, tcase_init());
	suite_add_tcase(suite, tcase_int8());
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	const int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
