/* Accuracy and loss against a count by hand. */
#include "tests/stages/suites.h"

#include <math.h>

#include "engine/build.h"

/* 30 test pictures, evaluated by 7: the last batch is of 2. */
#define FILE_OF(classes) "name: a\nprecision: f32\ndata: {kind: synth, n_train: 40, n_test: 30, held_out: 10, size: 8, eval_batch: 7, classes: " classes "}\n" \
	"networks:\n  s: {model: cnn, widths: [4, 8], convs: 1}\nstages:\n  - {name: a, kind: supervise, train: s}\n"

static struct net *net_of(struct experiment *x)
{
	struct net *net = NULL;
	ck_ok(experiment_net(x, life, "s", "s", &net, &e));
	ck_ok(params_place(net->params, x->dev, &e));
	ck_ok(net_init(net, 1, NULL, &e));
	return net;
}

static struct evaluation measure(struct experiment *x, struct net *net, enum part part, struct evaluator **ev)
{
	struct evaluation out;
	void *workspace = NULL;
	ck_ok(evaluator_open(life, x->data, net, x->dev, PRECISION_F32, ev, &e));
	ck_ok(device_alloc(x->dev, evaluator_workspace(*ev), &workspace, &e));
	ck_ok(evaluator_prepare(*ev, workspace, &e));
	ck_ok(evaluator_run(*ev, part, &out, &e));
	const struct evaluation first = out;
	ck_ok(evaluator_run(*ev, part, &out, &e)); /* and again */
	ck_assert_double_eq(first.top1, out.top1);
	ck_assert_double_eq(first.loss, out.loss);
	device_free(x->dev, workspace, evaluator_workspace(*ev));
	return out;
}

/* All logits of the test pictures at once. */
static void all_logits(struct experiment *x, struct net *net, double *z)
{
	struct data *d = x->data;
	const struct pictures *p = &d->info.test;
	const size_t one = (size_t)(p->C * p->H * p->W);
	uint8_t *bytes = arena_alloc(life, one * (size_t)d->n_test);
	for (int i = 0; i < d->n_test; i++)
		ck_ok(p->read(p, d->test[i], bytes + one * (size_t)i, &e));
	struct graph *g = graph_new(life, &e);
	struct node *image = graph_input(g, "image", shape4(d->n_test, p->C, p->H, p->W), CLASS_U8);
	struct node *logits = model_apply(g, net, 0, net_part_all(net), graph_normalize(g, image, d->mean, d->std), MODE_FROZEN, "s", NULL);
	ck_ok(graph_status(g));
	struct segment only = {.name = "all", .every = 1};
	const struct step_desc desc = {.g = g, .n_segment = 1, .segment = &only, .n_keep = 1, .keep = &logits};
	struct plan *plan = NULL;
	void *workspace = NULL;
	ck_ok(plan_new(life, &desc, x->dev, 1, &plan, &e));
	ck_ok(device_alloc(x->dev, plan_workspace(plan), &workspace, &e));
	ck_ok(plan_prepare(plan, workspace, &e));
	plan_put(plan, image, bytes);
	ck_ok(plan_run(plan, &e));
	ck_ok(plan_get(plan, logits, z, &e));
	device_free(x->dev, workspace, plan_workspace(plan));
	plan_release(plan);
}

START_TEST(by_hand)
{
	struct experiment *x = open_ok(FILE_OF("9"));
	struct net *net = net_of(x);
	struct evaluator *ev = NULL;
	const struct evaluation got = measure(x, net, PART_TEST, &ev);
	double z[30][9], loss = 0;
	int top1 = 0, top5 = 0;
	long confusion[9][9] = {0};
	all_logits(x, net, z[0]);
	for (int i = 0; i < 30; i++) {
		const int y = x->data->info.test.label[x->data->test[i]];
		int better = 0, best = 0;
		double sum = 0;
		for (int k = 0; k < 9; k++) {
			better += z[i][k] > z[i][y];
			best = z[i][k] > z[i][best] ? k : best;
			sum += exp(z[i][k]);
		}
		top1 += better == 0;
		top5 += better < 5;
		loss += log(sum) - z[i][y];
		confusion[y][best]++;
	}
	ck_assert_int_eq(got.n, 30);
	ck_assert_double_eq_tol(got.top1, 100.0 * top1 / 30, 1e-9);
	ck_assert_double_eq_tol(got.top5, 100.0 * top5 / 30, 1e-9);
	ck_assert_double_eq_tol(got.loss, loss / 30, 1e-5);
	ck_assert(top5 > top1 && top5 < 30);
	ck_assert(!memcmp(got.confusion, confusion, sizeof confusion));
	evaluator_close(ev);
	params_release(net->params);
	experiment_close(x);
}
END_TEST

START_TEST(few_classes)
{
	struct experiment *x = open_ok(FILE_OF("5"));
	struct net *net = net_of(x);
	struct evaluator *ev = NULL;
	const struct evaluation got = measure(x, net, PART_VALID, &ev);
	ck_assert_int_eq(got.n, 10);
	ck_assert(isnan(got.top5));
	evaluator_close(ev);
	params_release(net->params);
	experiment_close(x);
}
END_TEST

/* All scores equal: the first class is the answer, and five are better than a label further behind. */
START_TEST(ties)
{
	struct experiment *x = open_ok(FILE_OF("9"));
	struct net *net = net_of(x);
	for (int i = 0; i < net->params->n_param; i++) {
		double *zero = NEW_ARRAY(life, double, shape_count(&net->params->param[i].shape));
		if (net->params->param[i].block == net_part_all(net))
			ck_ok(params_put(net->params, i, false, zero, &e));
	}
	struct evaluator *ev = NULL;
	const struct evaluation got = measure(x, net, PART_TEST, &ev);
	int first = 0, five = 0;
	for (int i = 0; i < 30; i++) {
		first += x->data->info.test.label[x->data->test[i]] == 0;
		five += x->data->info.test.label[x->data->test[i]] < 5;
	}
	ck_assert_double_eq_tol(got.top1, 100.0 * first / 30, 1e-9);
	ck_assert_double_eq_tol(got.top5, 100.0 * five / 30, 1e-9);
	ck_assert_double_eq_tol(got.loss, log(9), 1e-6);
	evaluator_close(ev);
	params_release(net->params);
	experiment_close(x);
}
END_TEST

/* What a stage says of the training pictures is what its weights give them in an evaluation, not what was counted while the weights moved. */
START_TEST(training_pictures)
{
	const struct trained t = train_ok("out", FILE_OF("9"));
	struct experiment *x = open_ok(FILE_OF("9"));
	struct net *net = net_of(x);
	struct evaluator *ev = NULL;
	static const char *const files[] = {"last", "best"}, *const names[][2] = {{"train_top1_clean", "train_top5_clean"}, {"train_top1_clean_best", "train_top5_clean_best"}};
	for (int i = 0; i < 2; i++) {
		ck_ok(weights_load(net->params, arena_printf(life, "%s/stages/a/%s.safetensors", t.folder, files[i]), &e));
		const struct evaluation got = measure(x, net, PART_TRAIN, &ev);
		evaluator_close(ev);
		ck_assert_double_eq(metric(t.folder, "a", -1, names[i][0]), got.top1);
		ck_assert_double_eq(metric(t.folder, "a", -1, names[i][1]), got.top5);
		ck_assert_int_eq(got.n, 30);
	}
	params_release(net->params);
	experiment_close(x);
}
END_TEST

Suite *evaluate_suite(void)
{
	Suite *s = suite_create("evaluate");
	TCase *tc = life_case(s, "evaluate");
	tcase_add_test(tc, by_hand);
	tcase_add_test(tc, few_classes);
	tcase_add_test(tc, ties);
	tcase_add_test(tc, training_pictures);
	return s;
}
