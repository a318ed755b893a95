/* limbeck eval: what a trained network does on a part of the data. */
#include <math.h>
#include <stdio.h>

#include "base/file.h"
#include "base/str.h"
#include "cli/eval_target.h"
#include "report/confusion.h"

extern const struct command cmd_eval;

static enum status read_part(const char *word, enum part *part, struct err *e)
{
	static const char *const words[] = {[PART_TRAIN] = "train", [PART_VALID] = "valid", [PART_TEST] = "test"};
	for (int i = 0; i < 3; i++)
		if (str_eq(word, words[i])) {
			*part = (enum part)i;
			return OK;
		}
	return err_user(e, (struct where){0}, "--part is '%s', allowed test, valid, train", word);
}

/* ---- what is printed ---- */

static int cell_width(int least, const char *text)
{
	int n = 0; /* characters: bytes that do not go on with one */
	for (const char *p = text; *p; p++)
		n += (*p & 0xc0) != 0x80;
	return n > least ? n : least;
}

static void print_left(const char *text, int width)
{
	printf("%s%*s", text, width - cell_width(0, text), "");
}

static void print_class(const struct evaluation *v, const char *const *name, int k, int width)
{
	const long *row = v->confusion + (size_t)k * (size_t)v->classes;
	long n = 0;
	int other = -1; /* the class that it is taken for most often */
	for (int i = 0; i < v->classes; i++) {
		n += row[i];
		if (i != k && row[i] > 0 && (other < 0 || row[i] > row[other]))
			other = i;
	}
	print_left(name[k], width);
	printf("  %8ld  %8ld  ", n, row[k]);
	if (n)
		printf("%6.2f %%", 100.0 * (double)row[k] / (double)n);
	else
		printf("%8s", "-");
	if (other >= 0)
		printf("  %s (%ld)", name[other], row[other]);
	putchar('\n');
}

static void print_evaluation(const struct evaluation *v, const char *const *name)
{
	int width = cell_width(0, "class");
	for (int k = 0; k < v->classes; k++)
		width = cell_width(width, name[k]);
	printf("top-1  %.2f %%\n", v->top1);
	if (isnan(v->top5))
		printf("top-5  - (%d classes)\n", v->classes);
	else
		printf("top-5  %.2f %%\n", v->top5);
	printf("loss   %.4f\n\n", v->loss);
	print_left("class", width);
	printf("  %8s  %8s  %8s  most often taken for\n", "pictures", "right", "accuracy");
	for (int k = 0; k < v->classes; k++)
		print_class(v, name, k, width);
}

static enum status write_confusion(const struct eval_target *t, const char *part, const struct evaluation *v,
                                   const char *out, struct err *e)
{
	struct arena *a = t->x->arena;
	const struct confusion c = {
		.classes = v->classes, .count = v->confusion, .name = t->x->data->info.class_name,
		.title = arena_printf(a, "%s on %ld %s pictures of %s: top-1 %.2f %%", t->label, v->n, part,
		                      t->x->data->kind->name, v->top1),
	};
	/* of the test pictures the plain name: no other part's numbers take their place */
	const char *name = str_eq(part, "test") ? "confusion" : arena_printf(a, "confusion-%s", part);
	enum status st = dir_make(out, e);
	if (st == OK)
		st = confusion_csv(&c, path_join(a, out, arena_printf(a, "%s.csv", name)), e);
	if (st == OK)
		st = confusion_png(&c, path_join(a, out, arena_printf(a, "%s.png", name)), e);
	if (st == OK)
		printf("\n%s/%s.csv and %s.png\n", out, name, name);
	return st;
}

/* ---- the network ---- */

static enum status measure(const struct eval_target *t, struct evaluator *ev, enum part part,
                           struct evaluation *v, struct err *e)
{
	struct device *dev = t->x->dev;
	const size_t bytes = evaluator_workspace(ev);
	void *workspace = NULL;
	enum status st = params_place(t->net->params, dev, e);
	if (st == OK)
		st = weights_fit(t->net, t->weights, weights_load(t->net->params, t->weights, e), e);
	if (st == OK)
		st = device_alloc(dev, bytes, &workspace, e);
	if (st == OK)
		st = evaluator_prepare(ev, workspace, e);
	if (st == OK)
		st = evaluator_run(ev, part, v, e);
	device_free(dev, workspace, bytes);
	return st;
}

static enum status eval(struct eval_args *args, enum part part, const char *part_name, struct err *e)
{
	struct arena *a = arena_open("eval");
	struct eval_target t = {0};
	struct evaluator *ev = NULL;
	struct evaluation v = {0};
	enum status st = eval_target_open(a, args, &t, e);
	if (st == OK && part == PART_VALID && t.x->data->n_valid == 0)
		st = err_user(e, (struct where){0},
		              "--part is 'valid', but 'data.held_out' is 0: no picture was held out");
	if (st == OK)
		st = evaluator_open(a, t.x->data, t.net, t.x->dev, t.x->precision, &ev, e);
	if (st == OK)
		st = measure(&t, ev, part, &v, e);
	if (st == OK) {
		printf("%s (%s) on %ld %s pictures of %s\n", t.label, t.weights, v.n, part_name,
		       t.x->data->kind->name);
		print_evaluation(&v, t.x->data->info.class_name);
	}
	const char *out = args->out ? args->out : t.folder;
	if (st == OK && out)
		st = write_confusion(&t, part_name, &v, out, e);
	evaluator_close(ev);
	if (t.net)
		params_release(t.net->params);
	experiment_close(t.x);
	arena_close(a);
	return st;
}

static int run(int argc, char **argv)
{
	struct eval_args args = {.rule = "last"};
	const char *part_name = "test";
	const struct flag flags[] = {
		{.name = "--stage", .value = "NAME", .text = &args.stage,
		 .help = "of a run: the stage, default the last one"},
		{.name = "--rule", .value = "last|best", .text = &args.rule,
		 .help = "of a run: last epoch (default), or the one the held-out split chose"},
		{.name = "--part", .value = "test|valid|train", .text = &part_name,
		 .help = "of the data, default test; train is not augmented"},
		{.name = "--experiment", .value = "FILE.yaml", .text = &args.experiment,
		 .help = "of weights: names the data and the network"},
		{.name = "--network", .value = "NAME", .text = &args.network,
		 .help = "of weights: the network in that file; of a run: its last stage that trained it"},
		{.name = "--out", .value = "DIR", .text = &args.out,
		 .help = "for confusion.csv and .png (confusion-valid, confusion-train), default the run's folder"},
		EXPERIMENT_FLAGS(args.open),
		{0},
	};
	struct err e = {0};
	struct positional p = {0};
	bool help = false;
	enum part part = PART_TEST;
	enum status st = options_read(argc, argv, flags, 1, 1, &p, &help, &e);
	if (help) {
		options_help(&cmd_eval, flags, "limbeck eval runs/quickstart-1a2b3c4d --stage student --rule best");
		return 0;
	}
	args.path = p.word[0];
	if (st == OK)
		st = read_part(part_name, &part, &e);
	if (st == OK)
		st = eval(&args, part, part_name, &e);
	return command_end(st, &e);
}

const struct command cmd_eval = {
	.name = "eval",
	.args = "RUN | WEIGHTS.safetensors --experiment FILE.yaml --network NAME",
	.help = "measures a trained network: top-1, top-5, loss, each class; writes confusion.csv and confusion.png",
	.run = run,
};
