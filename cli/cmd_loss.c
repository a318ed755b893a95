/* limbeck loss: a loss alone, on numbers from a file, so that another program can check it. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "cli/loss_trial.h"
#include "cli/options.h"
#include "runs/safetensors.h"

extern const struct command cmd_loss;

static const struct where nowhere = {0};

struct loss_args {
	const char *name, *in, *out, *precision;
	int seed;
	struct many set;
};

static enum status unknown_loss(const char *name, struct err *e)
{
	const char *words[64];
	for (int i = 0; i < loss_count && i < 64; i++)
		words[i] = loss_all[i]->name;
	const char *near = str_nearest(name, words, loss_count < 64 ? loss_count : 64);
	return err_user(e, nowhere, "unknown loss '%s'%s%s%s; 'limbeck list losses' shows all", name,
	                near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static enum status read_conf(struct loss_trial *t, const struct many *set, struct err *e)
{
	struct conf *root = NULL;
	enum status st = conf_parse(t->arena, "", "--set", &root, e);
	for (int i = 0; i < set->n && st == OK; i++)
		st = conf_set(t->arena, root, set->word[i], e);
	if (st != OK)
		return st;
	static const struct opt none[] = {{0}};
	void *conf = arena_alloc(t->arena, t->loss->conf_size);
	const struct opt *tables[] = {t->loss->opts ? t->loss->opts : none};
	void *outs[] = {conf};
	t->conf = conf;
	return opts_read_all(tables, outs, 1, root, arena_printf(t->arena, "loss '%s'", t->loss->name), t->arena,
	                     e);
}

/* ---- from the file ---- */

static double *values(struct arena *a, const struct st_tensor *t)
{
	const int64_t n = shape_count(&t->shape);
	double *v = NEW_ARRAY(a, double, n);
	if (!t->is_i64)
		elements_to_f64(v, t->data, t->dtype, n);
	for (int64_t i = 0; i < n && t->is_i64; i++)
		v[i] = (double)((const int64_t *)t->data)[i];
	return v;
}

static bool is_real(const struct st_tensor *t)
{
	return !t->is_i64 && (t->dtype == F64 || t->dtype == F32 || t->dtype == BF16);
}

static enum status read_features(struct loss_trial *t, const struct st_file *f, const char *name,
                                 struct shape *s, const double **x, struct err *e)
{
	const struct where at = {.file = f->path};
	const struct st_tensor *tensor = st_find(f, name);
	if (!tensor)
		return err_user(e, at, "no tensor '%s', which loss '%s' needs", name, t->loss->name);
	if (!is_real(tensor) || (tensor->shape.n_dim != 2 && tensor->shape.n_dim != 4))
		return err_user(e, at,
		                "tensor '%s' is %s of %s, allowed are (N,K) or (N,C,H,W) of f64, f32, f16, bf16", name,
		                shape_str(&tensor->shape), tensor->is_i64 ? "i64" : dtype_name(tensor->dtype));
	*s = tensor->shape;
	*x = values(t->arena, tensor);
	return OK;
}

static enum status read_label(struct loss_trial *t, const struct st_file *f, struct err *e)
{
	const struct where at = {.file = f->path};
	const struct st_tensor *tensor = st_find(f, "label");
	const int N = t->shape_s.d[0];
	if (!tensor)
		return err_user(e, at, "no tensor 'label', which loss '%s' needs", t->loss->name);
	if ((!tensor->is_i64 && tensor->dtype != I32) || tensor->shape.n_dim != 1 || tensor->shape.d[0] != N)
		return err_user(e, at, "tensor 'label' is %s of %s, allowed is (%d) of i32 or i64",
		                shape_str(&tensor->shape), tensor->is_i64 ? "i64" : dtype_name(tensor->dtype), N);
	const double *v = values(t->arena, tensor);
	int32_t *label = NEW_ARRAY(t->arena, int32_t, N);
	for (int i = 0; i < N; i++) {
		if (v[i] < 0 || v[i] > INT32_MAX || (t->K && v[i] >= t->K))
			return err_user(e, at, "label %d is %.0f, allowed 0 to %d", i, v[i], t->K ? t->K - 1 : INT32_MAX);
		label[i] = (int32_t)v[i];
	}
	t->label = label;
	return OK;
}

static enum status read_inputs(struct loss_trial *t, const struct st_file *f, struct err *e)
{
	enum status st = read_features(t, f, "student", &t->shape_s, &t->student, e);
	if (st == OK && t->loss->needs & NEED_TEACHER)
		st = read_features(t, f, "teacher", &t->shape_t, &t->teacher, e);
	if (st != OK)
		return st;
	t->K = t->shape_s.n_dim == 2 ? t->shape_s.d[1] : 0;
	if (t->teacher && t->shape_t.d[0] != t->shape_s.d[0])
		return err_user(e, (struct where){.file = f->path},
		                "student is %s but teacher is %s: one number of samples is wanted",
		                shape_str(&t->shape_s), shape_str(&t->shape_t));
	return t->loss->needs & NEED_LABEL ? read_label(t, f, e) : OK;
}

/* Its own parameters that the file names; a name that is nothing here is an error. */
static enum status read_own(struct loss_trial *t, const struct st_file *f, struct err *e)
{
	const struct where at = {.file = f->path};
	enum status st = OK;
	for (int i = 0; i < f->n && st == OK; i++) {
		const struct st_tensor *tensor = &f->tensor[i];
		bool is_state = false;
		if (str_eq(tensor->name, "student") || str_eq(tensor->name, "teacher") ||
		    str_eq(tensor->name, "label"))
			continue;
		const int k = t->own.params ? params_find(t->own.params, tensor->name, &is_state) : -1;
		if (k < 0)
			return err_user(e, at,
			                "tensor '%.80s': loss '%s' reads student, teacher, label and its own parameters",
			                tensor->name, t->loss->name);
		const struct param *row = is_state ? &t->own.params->state[k] : &t->own.params->param[k];
		if (!is_real(tensor) || !shape_eq(&tensor->shape, &row->shape))
			return err_user(e, at, "tensor '%s' is %s, allowed is %s of f64, f32, f16, bf16", tensor->name,
			                shape_str(&tensor->shape), shape_str(&row->shape));
		st = params_put(t->own.params, k, is_state, values(t->arena, tensor), e);
	}
	return st;
}

/* ---- to the file ---- */

static struct st_tensor made(struct arena *a, const char *name, struct shape s, const double *x, enum dtype d)
{
	const int64_t n = shape_count(&s);
	void *data = arena_alloc(a, (size_t)n * dtype_size(d));
	elements_from_f64(data, d, x, n);
	return (struct st_tensor){.name = name, .dtype = d, .shape = s, .data = data,
	                          .bytes = (size_t)n * dtype_size(d)};
}

static enum status write_results(struct loss_trial *t, const char *path, struct err *e)
{
	struct arena *a = t->arena;
	const enum dtype d = t->dev->backend->wide;
	const int n_own = t->own.params ? t->own.params->n_param : 0;
	struct st_tensor *out = NEW_ARRAY(a, struct st_tensor, 2 + 2 * n_own);
	const struct st_meta meta[] = {{"loss", t->loss->name}};
	enum status st = OK;
	int n = 0;
	out[n++] = made(a, "value", shape0(), &t->value, d);
	out[n++] = made(a, "grad_student", t->shape_s, t->grad_student, d);
	for (int i = 0; i < n_own && st == OK; i++) {
		const struct param *row = &t->own.params->param[i];
		double *v = NEW_ARRAY(a, double, shape_count(&row->shape));
		st = params_get(t->own.params, i, false, v, e);
		out[n++] = made(a, row->name, row->shape, v, d);
		out[n++] = made(a, arena_printf(a, "grad_%s", row->name), row->shape, t->grad_own[i], d);
	}
	return st == OK ? st_write(path, out, n, meta, 1, e) : st;
}

static enum status loss(const struct loss_args *args, struct err *e)
{
	struct arena *a = arena_open("loss");
	struct loss_trial t = {.arena = a, .loss = loss_find(args->name), .seed = (uint64_t)args->seed};
	struct st_file f = {0};
	enum status st = t.loss ? read_conf(&t, &args->set, e) : unknown_loss(args->name, e);
	if (st == OK)
		st = st_read(a, args->in, &f, e);
	if (st == OK)
		st = read_inputs(&t, &f, e);
	if (st == OK)
		st = device_open(a, str_eq(args->precision, "f64") ? "ref" : "cpu", 0, &t.dev, e);
	if (st == OK)
		st = loss_trial_define(&t, e);
	if (st == OK)
		st = read_own(&t, &f, e);
	if (st == OK)
		st = loss_trial_run(&t, e);
	if (st == OK)
		st = write_results(&t, args->out, e);
	if (st == OK)
		printf("%s  %.*g\n", t.loss->name, t.dev->backend->wide == F64 ? 17 : 9, t.value);
	loss_trial_release(&t);
	if (t.dev)
		device_close(t.dev);
	arena_close(a);
	return st;
}

static int run(int argc, char **argv)
{
	struct loss_args args = {.precision = "f64", .seed = 1};
	const struct flag flags[] = {
		{.name = "--in", .value = "FILE", .text = &args.in,
		 .help = "safetensors with student, teacher (N,K) or (N,C,H,W), label (N)"},
		{.name = "--out", .value = "FILE", .text = &args.out,
		 .help = "safetensors for value, grad_student and, of its own parameters, NAME and grad_NAME"},
		{.name = "--set", .value = "KEY=VALUE", .many = &args.set,
		 .help = "an option of the loss; may be given several times"},
		{.name = "--precision", .value = "f64|f32", .text = &args.precision,
		 .help = "f64: reference back end (default); f32: CPU back end"},
		{.name = "--seed", .value = "N", .number = &args.seed, .lo = 0, .hi = INT32_MAX,
		 .help = "of its own parameters that the input does not name, default 1"},
		{0},
	};
	struct err e = {0};
	struct positional p = {0};
	bool help = false;
	enum status st = options_read(argc, argv, flags, 1, 1, &p, &help, &e);
	if (help) {
		options_help(&cmd_loss, flags, "limbeck loss kd --in a.safetensors --out b.safetensors --set tau=2");
		return 0;
	}
	if (st == OK && (!args.in || !args.out))
		st = err_user(&e, nowhere, "%s is missing: limbeck loss %s", args.in ? "--out" : "--in",
		              cmd_loss.args);
	if (st == OK && !str_eq(args.precision, "f64") && !str_eq(args.precision, "f32"))
		st = err_user(&e, nowhere, "--precision is '%s', allowed f64, f32", args.precision);
	args.name = p.word[0];
	if (st == OK)
		st = loss(&args, &e);
	return command_end(st, &e);
}

const struct command cmd_loss = {
	.name = "loss",
	.args = "NAME --in FILE --out FILE [--set KEY=VALUE ...] [OPTION ...]",
	.help = "computes a loss and its gradients on tensors from a file",
	.run = run,
};
