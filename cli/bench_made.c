#include "cli/bench_made.h"

#include <stdio.h>

#include "base/file.h"
#include "base/log.h"
#include "base/rng.h"
#include "base/str.h"
#include "stages/run.h"

const char *const made_part_name[MADE_PARTS] = {"data", "teacher", "student forward", "losses", "backward", "optimiser, commit", "other"};
const char *const made_part_key[MADE_PARTS] = {"data", "teacher", "student", "losses", "backward", "commit", "other"};

static const char default_losses[] = "{kind: ce, weight: 0.1}, {kind: kd, weight: 0.9, tau: 4}";

/* ---- the experiment ---- */

/* A word alone is a loss with its defaults, on the last blocks' features if it reads any. */
static void loss_text(const char *word, const struct net *student, const struct net *teacher, struct str *s)
{
	const struct loss *l = loss_find(word);
	if (*word == '{')
		str_add(s, word);
	else if (l && l->needs & NEED_TAPS)
		str_printf(s, "{kind: %s, student: block%d, teacher: block%d}", word, student->B, teacher->B);
	else
		str_printf(s, "{kind: %s}", word);
}

/* What is wrong with them is told of --loss, not of a file that nobody wrote. */
static enum status losses_check(const struct made *m, const char *text, struct err *e)
{
	struct conf *root = NULL;
	struct term *terms = NULL;
	int n = 0;
	const enum status st = conf_parse(m->arena, arena_printf(m->arena, "losses: [%s]", text), "--loss", &root, e);
	return st == OK ? terms_read(m->arena, conf_find(root, "losses"), "the step", &terms, &n, e) : st;
}

static enum status losses_text(const struct made *m, struct str *s, struct err *e)
{
	const struct made_conf *c = &m->conf;
	struct net *student = NULL, *teacher = NULL;
	enum status st = net_named(m->arena, "teacher", c->teacher, 3, c->size, c->size, c->classes, &teacher, e);
	if (st == OK)
		st = net_named(m->arena, "student", c->student, 3, c->size, c->size, c->classes, &student, e);
	for (int i = 0; i < c->loss.n && st == OK; i++) {
		str_add(s, i ? ", " : "");
		loss_text(c->loss.word[i], student, teacher, s);
	}
	if (!c->loss.n)
		str_add(s, default_losses);
	return st == OK ? losses_check(m, str_text(s), e) : st;
}

/* Plain momentum, as the peers time it. */
static void experiment_text(const struct made *m, const char *losses, struct str *s)
{
	const struct made_conf *c = &m->conf;
	str_printf(s, "name: bench\nprecision: %s\ndeterministic: %s\n", c->precision, c->any_order ? "false" : "true");
	str_printf(s, "data: {kind: synth, n_train: %d, n_test: %d, classes: %d, size: %d, batch: %d, held_out: 0, crop: 4, flip: true%s}\n",
	           4 * c->batch > c->classes ? 4 * c->batch : c->classes, c->classes, c->classes, c->size, c->batch, str_eq(c->pictures, "host") ? ", device_share: 0" : "");
	str_printf(s, "networks: {teacher: {model: %s}, student: {model: %s}}\nstages:\n", c->teacher, c->student);
	str_add(s, "  - {name: teach, kind: supervise, train: teacher, epochs: 1}\n");
	str_printf(s, "  - {name: student, kind: distill, train: student, teacher: teach.last, epochs: 1, lr: 0.05, momentum: 0.9, nesterov: false, "
	              "weight_decay: 5e-4, teacher_precision: %s, int8_floor: 0, teacher_cache: %s, losses: [%s]}\n", c->teacher_precision, c->cache, losses);
	if (c->arms < 2)
		return;
	str_add(s, "arms: [{stages: [student], seeds: [");
	for (int i = 1; i < c->arms; i++)
		str_printf(s, "%s%d", i > 1 ? ", " : "", i + 1);
	str_add(s, "]}]\n");
}

static enum status experiment_write(const struct made *m, const char *path, struct err *e)
{
	struct str losses = {0}, text = {0};
	struct file *f = NULL;
	enum status st = losses_text(m, &losses, e);
	if (st == OK)
		st = file_create(&f, path, e);
	if (st == OK) {
		experiment_text(m, str_text(&losses), &text);
		file_write(f, str_text(&text), text.len);
		st = file_commit(f, e);
	}
	str_release(&losses);
	str_release(&text);
	return st;
}

/* ---- plans and memory ---- */

static enum status place(struct device *dev, struct net *net, uint64_t seed, struct err *e)
{
	const enum status st = params_place(net->params, dev, e);
	return st == OK ? net_init(net, seed, NULL, e) : st;
}

/* With weights that nobody trained. The graph of an int8 pass holds the scales that are found here. */
static enum status make_teacher(struct made *m, struct err *e)
{
	enum status st = teacher_new(m->arena, m->x, &m->x->stage[1], 0, &m->teacher, e);
	if (st == OK)
		st = place(m->x->dev, m->teacher->net, 1, e);
	if (st == OK && m->teacher->scales)
		st = teacher_calibrate(m->teacher, e);
	return st;
}

static enum status plan_all(struct made *m, struct err *e)
{
	struct stage *student = &m->x->stage[1];
	enum status st = pass_new(m->teacher, m->conf.batch, m->arena, &m->pass, e);
	m->run = NEW_ARRAY(m->arena, struct stage_run *, m->conf.arms);
	m->step = NEW_ARRAY(m->arena, struct step *, m->conf.arms);
	for (int i = 0; i < m->conf.arms && st == OK; i++) {
		st = stage_run_open(m->x, student + i, &m->run[i], e);
		if (st != OK)
			break;
		m->n_arm++;
		m->run[i]->teacher = m->teacher->net;
		if (m->conf.arms > 1)
			st = device_lane(m->x->dev, i, &m->run[i]->dev, e);
		if (st == OK)
			st = step_new(m->run[i], &m->run[i]->lesson[0], m->conf.batch, m->pass, m->arena, &m->step[i], e);
	}
	if (st == OK)
		st = pass_plan(m->pass, e);
	return st;
}

/* Those that run in every step: with a full cache the teacher's does not. */
static void list_plans(struct made *m)
{
	m->plan = NEW_ARRAY(m->arena, struct made_plan, m->n_arm + MAX_PART);
	for (int i = 0; i < m->pass->n_part && !m->pass->cached; i++)
		m->plan[m->n_plan++] = (struct made_plan){m->pass->part[i]->plan, NULL, &m->pass->part[i]->feed, parts_runs(m->pass, i)};
	for (int i = 0; i < m->n_arm; i++)
		m->plan[m->n_plan++] = (struct made_plan){step_plan(m->step[i], 0), m->step[i], &m->step[i]->feed, 1};
}

static enum status place_students(struct made *m, struct err *e)
{
	enum status st = OK;
	for (int i = 0; i < m->n_arm; i++) {
		const struct lesson *l = &m->run[i]->lesson[0];
		for (int k = 0; k < m->run[i]->n_net && st == OK; k++)
			st = place(m->run[i]->dev, m->run[i]->net[k], m->run[i]->stage->seed_init, e);
		for (int k = 0; k < l->n_optim && st == OK; k++) {
			st = optim_place(l->optim[k].optim, m->run[i]->dev, e);
			if (st == OK)
				optim_set_lr(l->optim[k].optim, l->optim[k].optim->conf.lr);
		}
	}
	return st;
}

static enum status prepare_all(struct made *m, struct err *e)
{
	m->workspace_bytes = pass_workspace(m->pass);
	for (int i = 0; i < m->n_arm; i++)
		if (step_workspace(m->step[i]) > m->workspace_bytes)
			m->workspace_bytes = step_workspace(m->step[i]);
	enum status st = device_alloc(m->x->dev, m->workspace_bytes, &m->workspace, e);
	if (st == OK)
		st = pass_prepare(m->pass, m->folder, m->workspace, e);
	m->chain = NEW_ARRAY(m->arena, struct chain *, m->n_arm);
	m->beside = NEW_ARRAY(m->arena, void *, m->n_arm);
	for (int i = 0; i < m->n_arm && st == OK; i++) {
		struct device *dev = m->run[i]->dev;
		const bool beside = dev != m->x->dev; /* then the others have this one's workspace at the same time */
		if (beside)
			st = device_alloc(dev, step_workspace(m->step[i]), &m->beside[i], e);
		if (st == OK)
			st = step_prepare(m->step[i], beside ? m->beside[i] : m->workspace, e);
		if (st == OK)
			st = chain_open(m->arena, dev, MAX_METRIC, &m->chain[i], e);
	}
	return st;
}

/* Noise, or views of what the device holds. */
static void make_batch(struct made *m)
{
	const struct made_conf *c = &m->conf;
	const struct data *d = m->x->data;
	const size_t bytes = (size_t)c->batch * 3 * (size_t)c->size * (size_t)c->size;
	struct rng r = rng_stream(1, (struct rng_name){.purpose = "bench"});
	m->batch = batch_new(m->arena, d, c->batch);
	for (size_t i = 0; m->batch.image && i < bytes; i++)
		m->batch.image[i] = (uint8_t)(rng_u32(&r) >> 24);
	for (int i = 0; i < c->batch; i++) {
		const struct draw how = augment_draw(d->conf.crop, d->conf.flip, 1, 0, i);
		m->batch.label[i] = (int32_t)rng_below(&r, (uint32_t)c->classes);
		m->batch.sample[i] = i;
		if (m->batch.view)
			batch_view(d, &d->info.train, i, &how, &m->batch, i);
	}
}

enum status made_open(struct arena *a, const struct made_conf *c, struct made *m, struct err *e)
{
	const struct experiment_options o = {.precision = c->precision, .device = c->device, .threads = c->threads};
	*m = (struct made){.arena = a, .conf = *c};
	enum status st = bench_precision(c->precision, &m->precision, e);
	if (st == OK)
		st = bench_folder_make(a, &m->folder, e);
	const char *path = m->folder ? path_join(a, m->folder, "bench.yaml") : NULL;
	if (st == OK)
		st = experiment_write(m, path, e);
	if (st == OK)
		st = experiment_open(a, path, &o, &m->x, e);
	if (st == OK)
		st = data_place(m->x->data, m->x->dev, e);
	if (st == OK)
		st = make_teacher(m, e);
	if (st == OK)
		st = plan_all(m, e);
	if (st == OK)
		st = place_students(m, e);
	if (st == OK)
		st = prepare_all(m, e);
	if (st == OK) {
		list_plans(m);
		make_batch(m);
	}
	return st;
}

/* ---- a step ---- */

void made_put(struct made *m)
{
	for (int i = 0; i < m->n_plan; i++) {
		const struct step *s = m->plan[i].step;
		for (int k = 0; k < m->plan[i].runs; k++)
			feed_put(m->plan[i].feed, m->plan[i].plan, &m->batch, k * m->plan[i].feed->n);
		if (!s)
			continue;
		plan_put(m->plan[i].plan, s->label, m->batch.label);
		plan_put(m->plan[i].plan, s->sample, m->batch.sample);
	}
}

/* What was not good is done again by a step that is waited for: it says what is wrong, or halves the loss scale. */
static enum status take(struct made *m, int arm, struct err *e)
{
	double value[MAX_METRIC];
	bool good = true;
	const enum status st = chain_take(m->chain[arm], &good, value, e);
	m->waits |= !good;
	return st;
}

static enum status settle(struct made *m, int arm, struct err *e)
{
	enum status st = OK;
	while (st == OK && chain_length(m->chain[arm]))
		st = take(m, arm, e);
	return st;
}

enum status made_settle(struct made *m, struct err *e)
{
	enum status st = OK;
	for (int i = 0; i < m->n_arm && st == OK; i++)
		st = settle(m, i, e);
	return st;
}

static enum status run_arm(struct made *m, int arm, long number, struct err *e)
{
	double value[MAX_METRIC];
	struct step *s = m->step[arm];
	if (!m->waits && step_can_queue(s, number, m->chain[arm])) {
		step_queue(s, &m->batch, number, 0, m->chain[arm]);
		return chain_length(m->chain[arm]) == CHAIN_ROOM ? take(m, arm, e) : OK;
	}
	enum status st = settle(m, arm, e);
	m->waits = false;
	if (st == OK)
		st = step_run(s, &m->batch, number, 0, e);
	return st == OK ? plan_metrics(step_plan(s, number), value, e) : st;
}

enum status made_run(struct made *m, long number, double *pass_s, struct err *e)
{
	const double start = time_now();
	enum status st = pass_run(m->pass, &m->batch, 0, e);
	if (st == OK && m->pass->cached) /* no kernels whose own times are known */
		st = device_wait(m->x->dev, e);
	*pass_s = time_now() - start;
	for (int i = 0; i < m->n_arm; i++)
		device_fork(m->run[i]->dev);
	for (int i = 0; i < m->n_arm && st == OK; i++)
		st = run_arm(m, i, number, e);
	for (int i = 0; i < m->n_arm; i++)
		device_join(m->run[i]->dev);
	return st;
}

enum made_part made_part_of(const struct made_plan *p, const struct node *n)
{
	if (!p->step)
		return MADE_TEACHER;
	if (n->id >= p->step->first_backward)
		return MADE_BACKWARD;
	return str_starts(n->name, "student/") || n == p->step->x ? MADE_STUDENT : MADE_LOSS;
}

void made_close(struct made *m)
{
	pass_release(m->pass);
	for (int i = 0; i < m->n_arm; i++) {
		chain_close(m->chain ? m->chain[i] : NULL);
		if (m->beside)
			device_free(m->run[i]->dev, m->beside[i], step_workspace(m->step[i]));
		step_release(m->step[i]);
		stage_run_close(m->run[i]);
	}
	if (m->workspace)
		device_free(m->x->dev, m->workspace, m->workspace_bytes);
	if (m->teacher)
		teacher_release(m->teacher);
	experiment_close(m->x);
	bench_folder_remove(m->folder);
}
