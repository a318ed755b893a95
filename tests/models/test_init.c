/* Initial weights: their distributions, and that they are named by seed, network and parameter alone. */
#include "models.h"

#include <math.h>

static double *values(struct net *net, const char *name, int64_t *n)
{
	bool is_state;
	const int i = params_find(net->params, name, &is_state);
	ck_assert_msg(i >= 0, "no '%s'", name);
	*n = shape_count(&(is_state ? net->params->state : net->params->param)[i].shape);
	double *v = NEW_ARRAY(arena, double, *n);
	ASSERT_OK(params_get(net->params, i, is_state, v, &err));
	return v;
}

static void check_all(struct net *net, const char *name, double want)
{
	int64_t n;
	const double *v = values(net, name, &n);
	for (int64_t i = 0; i < n; i++)
		ck_assert_double_eq(v[i], want);
}

START_TEST(distributions)
{
	struct device *dev = device_of("ref");
	struct net *net = net_on("resnet8", 32, 100, dev), *vgg = net_on("vgg8", 32, 100, dev);
	int64_t n;
	const double *v = values(net, "layer3.0.conv2.weight", &n);
	double sum = 0, square = 0, most = 0;
	for (int64_t i = 0; i < n; i++)
		sum += v[i], square += v[i] * v[i];
	ck_assert_int_eq(n, 36864);
	ck_assert_double_eq_tol(sum / (double)n, 0, 1.5e-3);
	ck_assert_double_eq_tol(sqrt(square / (double)n), sqrt(2.0 / 576), 0.001);

	v = values(net, "fc.weight", &n);
	for (int64_t i = 0; i < n; i++)
		most = fmax(most, fabs(v[i]));
	ck_assert(most <= 0.125 && most > 0.12);
	v = values(net, "fc.bias", &n);
	for (int64_t i = 0; i < n; i++)
		ck_assert(fabs(v[i]) <= 0.125 && v[i] != 0);

	check_all(net, "bn1.weight", 1);
	check_all(net, "bn1.bias", 0);
	check_all(net, "bn1.running_mean", 0);
	check_all(net, "bn1.running_var", 1);
	check_all(net, "bn1.num_batches_tracked", 0);
	check_all(vgg, "block0.0.bias", 0);
	params_release(net->params);
	params_release(vgg->params);
	device_close(dev);
}
END_TEST

START_TEST(names)
{
	struct device *dev = device_of("ref");
	struct net *net = net_on("resnet8", 32, 10, dev), *twin = net_twin(arena, net, "anchor");
	const double first = net_get(net, "conv1.weight", 5);
	ASSERT_OK(params_place(twin->params, dev, &err));
	ASSERT_OK(net_init(twin, 1, NULL, &err));
	ck_assert_double_ne(net_get(twin, "conv1.weight", 5), first);
	ASSERT_OK(net_init(twin, 1, "student", &err));
	ck_assert_double_eq(net_get(twin, "conv1.weight", 5), first);
	ASSERT_OK(net_init(twin, 2, "student", &err));
	ck_assert_double_ne(net_get(twin, "conv1.weight", 5), first);

	/* States go back to their initial values too. */
	const double moved[16] = {1, 2, 3};
	net_set(net, "bn1.running_mean", moved);
	ASSERT_OK(net_init(net, 1, NULL, &err));
	ck_assert_double_eq(net_get(net, "bn1.running_mean", 1), 0);
	ck_assert_double_ne(net_get(net, "layer1.0.conv1.weight", 5),
	                    net_get(net, "layer1.0.conv2.weight", 5));
	params_release(net->params);
	params_release(twin->params);
	device_close(dev);
}
END_TEST

TCase *tcase_init(void)
{
	TCase *tc = tcase_create("init");
	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, distributions);
	tcase_add_test(tc, names);
	return tc;
}
