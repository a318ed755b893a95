/* The resolved configuration: every option, each with where it came from. Reading it again gives the same experiment. */
#include "stages/stage.h"

const char *budget_text(struct arena *a, const struct budget *b)
{
	const char *epochs = b->epochs < 1e-6 ? "one epoch of each kind" : arena_printf(a, "%.3g of the epochs (rounded up)", b->epochs);
	return arena_printf(a, "%s, %.3g of the training and held-out and %.3g of the test pictures", epochs, b->data, b->test);
}

static void print_data(const struct experiment *x, FILE *f)
{
	const struct conf *map = conf_find(x->root, "data");
	fprintf(f, "data:\n  kind: %s\n", x->data->kind->name);
	opts_resolved(f, x->data->kind->opts, x->data->kind_conf, map, 2);
	opts_resolved(f, data_opts, &x->data->conf, map, 2);
	fprintf(f, "  # %d training, %d held-out, %d test pictures, SHA-256 %s\n", x->data->n_train, x->data->n_valid, x->data->n_test,
	        x->data->info.hash);
}

static void print_stage(const struct stage *s, FILE *f)
{
	fprintf(f, "  -\n    # identity %s\n", s->identity);
	opts_resolved(f, train_opts, &s->train, s->map, 4);
	opts_resolved(f, optim_opts, &s->optim, s->map, 4);
	opts_resolved(f, schedule_opts, &s->schedule, s->map, 4);
	if (s->kind->needs_teacher)
		opts_resolved(f, teacher_opts, &s->teacher_conf, s->map, 4);
	if (s->kind->opts)
		opts_resolved(f, s->kind->opts, s->conf, s->map, 4);
}

void experiment_resolved(const struct experiment *x, FILE *f)
{
	fprintf(f, "# resolved from %s: every option, and where its value came from\n", x->path);
	if (x->budget.epochs != 1 || x->budget.data != 1 || x->budget.test != 1) /* the options below have it already */
		fprintf(f, "# budget: %s\n", budget_text(x->arena, &x->budget));
	fprintf(f, "name: %s\n", x->name);
	fprintf(f, "seed: {split: %llu, data: %llu, init: %llu", (unsigned long long)x->seed_split, (unsigned long long)x->seed_data,
	        (unsigned long long)x->seed_init);
	if (x->has_seed_teacher)
		fprintf(f, ", teacher: %llu", (unsigned long long)x->seed_teacher);
	fputs("}\n", f);
	fprintf(f, "precision: %s   # asked: %s\n", precision_name(x->precision), x->precision_text);
	fprintf(f, "deterministic: %s\n", x->any_order ? "false" : "true");
	print_data(x, f);
	fputs("networks:\n", f);
	conf_print(f, x->networks, 2);
	fputs("stages:\n", f);
	for (int i = 0; i < x->n_stage; i++)
		if (x->stage[i].is_copy || x->stage[i].is_control)
			fprintf(f, "  # identity %s of '%s'\n", x->stage[i].identity, x->stage[i].name);
		else
			print_stage(&x->stage[i], f);
	const struct conf *arms = conf_find(x->root, "arms");
	if (arms) {
		fputs("arms:\n", f);
		conf_print(f, arms, 2);
	}
	if (x->report) {
		fputs("report:\n", f);
		conf_print(f, x->report, 2);
	}
}
