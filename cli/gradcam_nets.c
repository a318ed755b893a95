#include "cli/gradcam_nets.h"

#include <string.h>

#include "base/file.h"

static const struct where nowhere = {0};

struct data *nets_data(const struct gradcam_nets *nets)
{
	return nets->experiment[0]->data;
}

/* One more network; the same weights a second time are passed over. */
static enum status add(struct arena *a, struct gradcam_nets *nets, struct experiment *x, const char *network, const char *name, const char *weights,
                       struct err *e)
{
	for (int i = 0; i < nets->n; i++) {
		if (str_eq(nets->column[i].weights, weights))
			return OK;
		if (str_eq(nets->column[i].name, name))
			name = arena_printf(a, "%s (%s)", name, weights);
	}
	if (nets->n == GRADCAM_NETS)
		return err_user(e, nowhere, "there are more than %d networks to compare: --stage NAME, which may be given several times, chooses", GRADCAM_NETS);
	struct gradcam_column *c = &nets->column[nets->n];
	*c = (struct gradcam_column){.name = name, .weights = weights, .mean = x->data->mean, .std = x->data->std};
	const enum status st = experiment_net(x, a, network, name, &c->net, e);
	nets->n += st == OK;
	return st;
}

/* ---- of a run ---- */

static enum status add_stage(struct arena *a, const struct gradcam_args *args, struct gradcam_nets *nets, struct experiment *x, const char *folder,
                             const struct stage *s, struct err *e)
{
	const char *weights = NULL, *name = arena_printf(a, "%s.%s", s->name, args->rule);
	if (!str_eq(folder, nets->folder))
		name = arena_printf(a, "%s of %s", name, strrchr(folder, '/') ? strrchr(folder, '/') + 1 : folder);
	const enum status st = stage_weights_find(a, folder, s, args->rule, &weights, e);
	return st == OK ? add(a, nets, x, s->train.train, name, weights, e) : st;
}

static enum status add_teacher(struct arena *a, const struct gradcam_args *args, struct gradcam_nets *nets, struct experiment *x, const char *folder,
                               const struct reference *r, bool *added, struct err *e)
{
	if (r->stage < 0)
		return add(a, nets, x, r->network, r->network, r->path, e);
	if (added[r->stage])
		return OK;
	added[r->stage] = true;
	return add_stage(a, args, nets, x, folder, &x->stage[r->stage], e);
}

static bool same_teacher(const struct reference *a, const struct reference *b)
{
	return a->stage == b->stage && (a->stage >= 0 || str_eq(a->path, b->path));
}

/* How many networks a stage learns from; anchors are of one. */
static int count_teachers(const struct stage *s)
{
	int n = 0;
	for (int i = 0; i < s->n_teacher; i++) {
		bool had = false;
		for (int k = 0; k < i; k++)
			had |= same_teacher(&s->teacher[i], &s->teacher[k]);
		n += !had;
	}
	return n;
}

/* The network that is to be explained: in a chain of teachers the last one, which the smaller ones before it lead to; where several stages learn, that of
   the longest chain. NULL: nobody learns from a network. */
static const struct reference *find_explained(const struct experiment *x)
{
	const struct stage *longest = NULL;
	for (int i = 0; i < x->n_stage; i++)
		if (count_teachers(&x->stage[i]) > (longest ? count_teachers(longest) : 0))
			longest = &x->stage[i];
	return longest ? &longest->teacher[longest->n_teacher - 1] : NULL;
}

/* What others are compared with stands first. */
static enum status add_first(struct arena *a, const struct gradcam_args *args, struct gradcam_nets *nets, struct experiment *x, const char *folder,
                             bool *added, struct err *e)
{
	const struct stage *s = NULL;
	const struct reference *r = find_explained(x);
	if (!args->beside || nets->n)
		return r ? add_teacher(a, args, nets, x, folder, r, added, e) : OK;
	const enum status st = stage_find(x, args->beside, &s, e);
	if (st != OK)
		return st;
	added[s - x->stage] = true;
	return add_stage(a, args, nets, x, folder, s, e);
}

/* All of a run's networks, without an arm's copies for other seeds: what they are compared with, teachers (from files, and stages that others learn from),
   then who learns. */
static enum status add_all(struct arena *a, const struct gradcam_args *args, struct gradcam_nets *nets, struct experiment *x, const char *folder,
                           struct err *e)
{
	bool *added = NEW_ARRAY(a, bool, x->n_stage);
	enum status st = add_first(a, args, nets, x, folder, added, e);
	for (int i = 0; i < x->n_stage; i++)
		for (int k = 0; k < x->stage[i].n_teacher && st == OK; k++)
			st = add_teacher(a, args, nets, x, folder, &x->stage[i].teacher[k], added, e);
	for (int i = 0; i < x->n_stage && st == OK; i++)
		if (!added[i] && !x->stage[i].is_copy)
			st = add_stage(a, args, nets, x, folder, &x->stage[i], e);
	return st;
}

/* "RUN/STAGE": the run's folder; *stage NULL where the word is a run's alone. */
static const char *split(struct arena *a, const char *word, const char **stage)
{
	const char *slash = strrchr(word, '/');
	*stage = NULL;
	if (file_exists(word) || !slash || slash == word || !slash[1])
		return word;
	const char *folder = arena_strn(a, word, (size_t)(slash - word));
	if (!is_folder(folder))
		return word;
	*stage = slash + 1;
	return folder;
}

static enum status open_run(struct arena *a, struct gradcam_args *args, struct gradcam_nets *nets, const char *word, const char *stage, struct err *e)
{
	const char *folder = NULL;
	const struct stage *s = NULL;
	enum status st = run_folder_find(a, word, &folder, e);
	struct experiment **x = &nets->experiment[nets->n_experiment];
	if (st == OK) {
		st = experiment_args_open(a, path_join(a, folder, "config.yaml"), &args->open, x, e);
		nets->n_experiment += *x != NULL;
	}
	if (st != OK)
		return st;
	if (!nets->folder)
		nets->folder = folder;
	nets->whole |= !stage && !args->stage.n && !nets->n;
	if (!stage && !args->stage.n)
		return add_all(a, args, nets, *x, folder, e);
	for (int i = 0; i < (stage ? 1 : args->stage.n) && st == OK; i++) {
		st = stage_find(*x, stage ? stage : args->stage.word[i], &s, e);
		if (st == OK)
			st = add_stage(a, args, nets, *x, folder, s, e);
	}
	return st;
}

/* ---- of files ---- */

/* number: which of the files it is, and so which --network is its. */
static enum status open_weights(struct arena *a, struct gradcam_args *args, struct gradcam_nets *nets, const char *word, int number, struct err *e)
{
	if (!args->experiment || number >= args->network.n)
		return err_user(e, nowhere, "'%s' is a file: --experiment FILE.yaml and a --network NAME for each file, in their order, say what it is the weights of",
		                word);
	const char *network = args->network.word[number];
	struct experiment **x = &nets->experiment[nets->n_experiment];
	const enum status st = experiment_args_open(a, args->experiment, &args->open, x, e);
	nets->n_experiment += *x != NULL;
	return st == OK ? add(a, nets, *x, network, network, word, e) : st;
}

/* ---- all ---- */

/* The last one opened has the first one's pictures. */
static enum status same_pictures(const struct gradcam_nets *nets, const char *word, struct err *e)
{
	const struct data *a = nets_data(nets), *b = nets->experiment[nets->n_experiment - 1]->data;
	const struct pictures *p = &a->info.test, *q = &b->info.test;
	if (p->C != q->C || p->H != q->H || p->W != q->W || a->info.classes != b->info.classes)
		return err_user(e, nowhere, "'%s' is for pictures of %d x %d x %d in %d classes, the first network for %d x %d x %d in %d", word, q->C, q->H, q->W,
		                b->info.classes, p->C, p->H, p->W, a->info.classes);
	if (!str_eq(a->info.hash, b->info.hash) || a->n_test != b->n_test)
		return err_user(e, nowhere, "'%s' has other pictures than the first network: one set is needed to compare them", word);
	return OK;
}

static enum status open_word(struct arena *a, struct gradcam_args *args, struct gradcam_nets *nets, const char *word, int *files, struct err *e)
{
	const char *stage, *path = split(a, word, &stage);
	if (!file_exists(path))
		return err_user(e, nowhere, "there is no '%s'", word);
	const enum status st = is_folder(path) ? open_run(a, args, nets, path, stage, e) : open_weights(a, args, nets, path, (*files)++, e);
	return st == OK ? same_pictures(nets, word, e) : st;
}

enum status nets_open(struct arena *a, struct gradcam_args *args, struct gradcam_nets *nets, struct err *e)
{
	int files = 0;
	enum status st = rule_check(args->rule, e);
	args->open.options.pool = nets->pool = experiment_pool_new(a);
	args->open.options.unplanned = true;
	if (!args->open.options.precision)
		args->open.options.precision = "f32";
	for (int i = 0; i < args->words.n && st == OK; i++)
		st = open_word(a, args, nets, args->words.word[i], &files, e);
	if (st == OK && args->network.n > files)
		st = err_user(e, nowhere, "--network is given %d times for %d file%s of weights", args->network.n, files, files == 1 ? "" : "s");
	if (st == OK && args->experiment && !files)
		st = err_user(e, nowhere, "--experiment is for files of weights, and there is none");
	if (st == OK && args->beside && (args->stage.n || !nets->whole))
		st = err_user(e, nowhere, "--beside is for a whole run: of stages that are named, the first is the one to compare with");
	if (st == OK && args->stage.n && !nets->folder)
		st = err_user(e, nowhere, "--stage is for a run, and there is none");
	if (st == OK) {
		struct gradcam_column *c = &nets->column[nets->n++];
		*c = nets->column[0];
		c->name = "random";
		c->weights = arena_printf(a, "random weights, seed %d", args->seed);
		c->net = net_twin(a, c->net, "random");
	}
	return st;
}

enum status nets_load(struct gradcam_nets *nets, int seed, struct err *e)
{
	enum status st = OK;
	for (int i = 0; i < nets->n && st == OK; i++) {
		const struct gradcam_column *c = &nets->column[i];
		st = params_place(c->net->params, nets->experiment[0]->dev, e);
		if (st == OK)
			st = i == nets->n - 1 ? net_init(c->net, (uint64_t)seed, NULL, e)
			                      : weights_fit(c->net, c->weights, weights_load(c->net->params, c->weights, e), e);
	}
	return st;
}

void nets_close(struct gradcam_nets *nets)
{
	for (int i = 0; i < nets->n; i++)
		params_release(nets->column[i].net->params);
	for (int i = 0; i < nets->n_experiment; i++)
		experiment_close(nets->experiment[i]);
	experiment_pool_close(nets->pool);
}
