/* Names, order and shapes against the state_dicts of published CIFAR networks with 100 classes
   (state_dict_names.tsv). */
#include "models.h"

#include <stdio.h>
#include <string.h>

static void shape_text(const struct shape *s, char *out, size_t size)
{
	if (s->n_dim == 0) {
		snprintf(out, size, "scalar");
		return;
	}
	size_t at = 0;
	for (int i = 0; i < s->n_dim; i++)
		at += (size_t)snprintf(out + at, size - at, "%s%d", i ? "x" : "", s->d[i]);
}

static void finish(const struct net *net, const int seen[2])
{
	if (!net)
		return;
	ck_assert_msg(net->params->n_param == seen[0], "%s has %d parameters, expected %d", net->model_name,
	              net->params->n_param, seen[0]);
	ck_assert_msg(net->params->n_state == seen[1], "%s has %d states, expected %d", net->model_name,
	              net->params->n_state, seen[1]);
}

static void check_row(const struct net *net, int i, bool state, const char *name, const char *shape)
{
	const struct params *p = net->params;
	ck_assert_msg(i < (state ? p->n_state : p->n_param), "%s lacks '%s'", net->model_name, name);
	const struct param *row = state ? &p->state[i] : &p->param[i];
	char text[64];
	shape_text(&row->shape, text, sizeof text);
	ck_assert_msg(strcmp(row->name, name) == 0, "%s: '%s' where '%s' is expected", net->model_name,
	              row->name, name);
	ck_assert_msg(strcmp(text, shape) == 0, "%s: '%s' is %s, expected %s", net->model_name, name, text,
	              shape);
	if (state && strstr(name, "num_batches_tracked"))
		ck_assert_int_eq(row->role, STATE_COUNT);
}

START_TEST(state_dicts)
{
	FILE *f = fopen(TEST_SRCDIR "/tests/models/state_dict_names.tsv", "r");
	ck_assert_ptr_nonnull(f);
	struct net *net = NULL;
	int seen[2] = {0, 0}, models = 0;
	char line[256], model[64], name[128], shape[64], kind;
	while (fgets(line, sizeof line, f)) {
		ck_assert_int_eq(sscanf(line, "%63s %127s %63s %c", model, name, shape, &kind), 4);
		if (!net || strcmp(net->model_name, model) != 0) {
			finish(net, seen);
			net = net_on(model, 32, 100, NULL);
			seen[0] = seen[1] = 0;
			models++;
		}
		const bool state = kind == 'b';
		check_row(net, seen[state]++, state, name, shape);
	}
	finish(net, seen);
	ck_assert_int_eq(models, 19);
	fclose(f);
}
END_TEST

START_TEST(counts)
{
	static const struct {
		const char *model;
		int64_t n;
	} want[] = {
		{"resnet20", 278324},
		{"resnet8x4", 1233540},
		{"resnet32x4", 7433860},
	};
	for (size_t i = 0; i < sizeof want / sizeof *want; i++)
		ck_assert_int_eq(params_count(net_on(want[i].model, 32, 100, NULL)->params), want[i].n);
}
END_TEST

START_TEST(blocks)
{
	static const struct {
		const char *name;
		int block;
	} want[] = {
		{"conv1.weight", 0},          {"layer1.0.bn1.bias", 1}, {"layer2.0.downsample.0.weight", 2},
		{"layer3.2.conv2.weight", 3}, {"fc.bias", 4},           {"layer3.2.bn2.running_var", 3},
	};
	const struct net *net = net_on("resnet20", 32, 100, NULL);
	ck_assert_int_eq(net->B, 3);
	for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
		bool state;
		const int k = params_find(net->params, want[i].name, &state);
		ck_assert_int_ge(k, 0);
		ck_assert_int_eq((state ? net->params->state : net->params->param)[k].block, want[i].block);
	}
}
END_TEST

/* torchvision's names with its stem; by height, or because the option says so. */
START_TEST(large_pictures)
{
	struct net *by_height = net_on("resnet18", 64, 10, NULL);
	struct net *by_option = net_yaml("model: resnet18\nstem: imagenet\n", 3, 32, 32, 10);
	struct net *small = net_yaml("model: resnet18\nstem: cifar\n", 3, 64, 64, 10);
	bool state;
	ck_assert_ptr_nonnull(by_option);
	ck_assert_ptr_nonnull(small);
	ck_assert_int_eq(by_height->params->param[0].shape.d[2], 7);
	ck_assert_int_ge(params_find(by_height->params, "layer2.0.downsample.0.weight", &state), 0);
	ck_assert_int_ge(params_find(by_option->params, "fc.weight", &state), 0);
	ck_assert_int_eq(small->params->param[0].shape.d[2], 3);
	ck_assert_int_ge(params_find(small->params, "linear.weight", &state), 0);
	/* torchvision's resnet18 with 1000 classes has 11,689,512. */
	ck_assert_int_eq(params_count(net_on("resnet18", 224, 1000, NULL)->params), 11689512);
	ck_assert_int_eq(params_count(net_on("resnet50", 224, 1000, NULL)->params), 25557032);
}
END_TEST

TCase *tcase_names(void)
{
	TCase *tc = tcase_create("names");
	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, state_dicts);
	tcase_add_test(tc, counts);
	tcase_add_test(tc, blocks);
	tcase_add_test(tc, large_pictures);
	return tc;
}
