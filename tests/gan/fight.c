#include "tests/gan/fight.h"

#include <math.h>
#include <string.h>

#include "base/str.h"

/* So small that a step is of first order: it moves scores by less than 0.1. */
static const double LR = 2e-4;

static const struct critic_setup setups[SETUPS] = {
	{&critic_teacher_tail, "{}"},
	{&critic_teacher_tail, "{head: class_plus_one}"},
	{&critic_teacher_tail, "{head: none}"},
	{&critic_teacher_tail, "{mutual: true}"},
	{&critic_teacher_tail, "{mutual: true, head: class_plus_one}"},
	{&critic_teacher_tail, "{mutual: true, head: none}"},
	{&critic_teacher_block, "{}"},
	{&critic_small, "{width: 6, depth: 2, slope: 0.3}"},
	{&critic_small, "{width: 5, depth: 2, slope: 0.3, spectral: true}"},
};

struct critic_setup critic_setup(int i)
{
	return setups[i];
}

bool judge_is_adversary(const struct judge *j)
{
	return !j->critic->is_adversary || j->critic->is_adversary(j->conf);
}

static struct net *copy_of(struct net *teacher)
{
	struct net *copy = net_twin(arena, teacher, "copy");
	bench_place(copy->params);
	ASSERT_OK(params_copy(copy->params, teacher->params, &err));
	return copy;
}

struct judge judge_new(const struct critic_setup *s, struct net *teacher, const struct type *features)
{
	struct judge j = {.critic = s->critic, .teacher = teacher};
	struct conf *map;
	ASSERT_OK(conf_parse(arena, s->yaml, "critic.yaml", &map, &err));
	j.conf = arena_alloc(arena, s->critic->conf_size);
	if (s->critic->opts)
		ASSERT_OK(opts_read(s->critic->opts, j.conf, map, "critic", arena, &err));
	ASSERT_OK(critic_define(arena, s->critic, j.conf, teacher, STUDENT_PART, features, "critic", &j.own, &err));
	bench_place(j.own->params);
	ASSERT_OK(net_init(j.own, 3, NULL, &err));
	j.falls = strstr(s->yaml, "class_plus_one") != NULL;
	j.copied = s->critic->copies && s->critic->copies(j.conf, STUDENT_PART, teacher->B, &j.from, &j.to);
	if (j.copied)
		j.teacher = copy_of(teacher);
	return j;
}

struct node *judge_score(const struct judge *j, struct node *h, struct node *label, enum mode mode, struct taps *taps)
{
	const struct critic_site site = {.g = g,
	                                 .own = j->own,
	                                 .teacher = j->teacher,
	                                 .block = STUDENT_PART,
	                                 .mode = mode,
	                                 .name = "critic",
	                                 .label = label,
	                                 .taps = taps};
	return j->critic->score(j->conf, &site, h);
}

static struct node *adapter_apply(struct net *own, struct graph *on, struct node *u, const struct type *to,
                                  enum mode mode, bool defining)
{
	struct builder b = {.g = on, .net = own, .mode = mode, .defining = defining};
	return adapt(&b, u, to, true, ADAPTER_AUTO, "adapt");
}

static void define_adapter(struct fight *f, const struct type *from, const struct type *to)
{
	struct graph *scratch = graph_new(arena, &err);
	f->adapter = NEW(arena, struct net);
	f->adapter->name = "adapter";
	f->adapter->params = params_new(arena, "adapter");
	adapter_apply(f->adapter, scratch, graph_input(scratch, "u", from->shape, CLASS_ACT), to, MODE_TRAIN,
	              true);
	ASSERT_OK(err.status);
	bench_place_net(f->adapter);
}

struct sides {
	struct node *real, *fake, *real_score, *fake_score;
};

static struct leaf *labels(void)
{
	struct leaf *l = leaf_input("label", shape1(FIGHT_N), CLASS_I32);
	for (int n = 0; n < FIGHT_N; n++)
		l->value[n] = LABEL;
	return l;
}

static struct sides sides_build(struct fight *f, const struct critic_setup *s, struct node *x, enum mode mode)
{
	struct taps ts = {0}, tt = {0};
	struct sides y;
	model_apply(g, f->student, 0, STUDENT_PART, x, mode, "student", &ts);
	model_apply(g, f->teacher, 0, net_part_all(f->teacher), x, MODE_FROZEN, "teacher", &tt);
	ASSERT_BUILT();
	y.real = tt.block[STUDENT_PART];
	if (!f->adapter)
		define_adapter(f, &ts.block[STUDENT_PART]->type, &y.real->type);
	if (!f->judge.own)
		f->judge = judge_new(s, f->teacher, &y.real->type);
	if (f->mistake == ORIGINAL_MOVES)
		f->judge.teacher = f->teacher;
	y.fake = adapter_apply(f->adapter, g, ts.block[STUDENT_PART], &y.real->type, mode, false);
	struct node *label = labels()->node;
	y.real_score = judge_score(&f->judge, y.real, label, mode, NULL);
	y.fake_score = judge_score(&f->judge, y.fake, label, mode, NULL);
	ASSERT_BUILT();
	return y;
}

static struct optim *optim_of(const char *name, enum optim_kind kind)
{
	const struct optim_conf conf = {.kind = (int)kind, .beta1 = 0.8, .beta2 = 0.95, .eps = 1e-6};
	return optim_new(arena, name, &conf);
}

static void moves(struct optim *o, struct net *net, int from, int to)
{
	for (int i = 0; i < net->params->n_param; i++)
		if (net->params->param[i].block >= from && net->params->param[i].block <= to)
			optim_add(o, arena, net->params, i);
}

static void judge_moves(struct optim *o, const struct judge *j)
{
	moves(o, j->own, 0, MAX_BLOCK);
	if (j->copied)
		moves(o, j->teacher, j->from, j->to);
}

static void minimise(struct segment *s, const char *name, struct node *loss, struct optim *o, double lr)
{
	struct node **wrt = NEW_ARRAY(arena, struct node *, o->n),
		    **d = NEW_ARRAY(arena, struct node *, o->n);
	ASSERT_OK(optim_place(o, dev, &err));
	optim_set_lr(o, lr);
	for (int i = 0; i < o->n; i++)
		wrt[i] = graph_param(g, o->item[i].set, o->item[i].index);
	graph_grad(g, loss, NULL, wrt, o->n, d);
	ASSERT_BUILT();
	*s = (struct segment){.name = name, .every = 1, .n_root = 1, .n_optim = 1, .n_grad = o->n};
	s->root = NEW(arena, struct node *);
	s->root[0] = loss;
	s->optim = NEW(arena, struct optim *);
	s->optim[0] = o;
	s->grad = NEW_ARRAY(arena, struct grad_item, o->n);
	for (int i = 0; i < o->n; i++)
		s->grad[i] = (struct grad_item){o, i, d[i]};
}

static void losses_build(struct fight *f, const struct adversary *adv, enum mistake mistake)
{
	f->critic_loss = adv->critic(g, f->real_score, f->fake_score, 0);
	f->student_loss = mistake == HELPS_CRITIC ? f->critic_loss : adv->student(g, f->fake_score);
	if (mistake == SIGN_FLIPPED)
		f->student_loss = graph_scale(g, f->student_loss, -1, 0);
	struct node *margin = graph_log(g, f->margin->node);
	graph_name(margin, "student/margin");
	f->student_loss = graph_add(g, f->student_loss, graph_scale(g, margin, 1, -0.6931471805599453));
	ASSERT_BUILT();
}

static void networks(struct fight *f)
{
	f->student = bench_net("student", "{model: cnn, widths: [3, 5], convs: 1}", 2, 6, CLASSES);
	f->teacher = bench_net("teacher", "{model: cnn, widths: [4, 6], convs: 2}", 2, 6, CLASSES);
	bench_place_net(f->student);
	bench_place_net(f->teacher);
	bench_stir(f->teacher->params, "teacher");
}

static void shrink(struct params *p, const char *name, double factor)
{
	bool is_state;
	double w[64];
	const int i = params_find(p, name, &is_state);
	ck_assert(i >= 0 && shape_count(&p->param[i].shape) <= 64);
	ASSERT_OK(params_get(p, i, false, w, &err));
	for (int k = 0; k < shape_count(&p->param[i].shape); k++)
		w[k] *= factor;
	ASSERT_OK(params_put(p, i, false, w, &err));
}

/*
 * A critic that can't tell yet: every score lies near the middle, where raising real and lowering fake have
 * one weight in its loss. Elsewhere a sound step may do otherwise: least squares pulls real scores above 1
 * down.
 */
static void undecided(struct fight *f, double middle)
{
	struct params *own = f->judge.own->params, *teacher = f->judge.teacher->params;
	double bias[CLASSES] = {0}, real, fake;
	shrink(teacher, "fc.weight", 0.01);
	bench_put(teacher, "fc.bias", bias);
	if (own->n_param)
		shrink(own, "head.weight", 0.1);
	fight_scores(f, &real, &fake);
	const double up = middle - (real + fake) / 2;
	if (!own->n_param) { /* log odds of the label */
		bias[LABEL] = up;
		bench_put(teacher, "fc.bias", bias);
		return;
	}
	/* The logit of class_plus_one is that of fake: it lowers the score. */
	bias[0] = bench_get(own, "head.bias") + (f->judge.falls ? -up : up);
	bench_put(own, "head.bias", bias);
}

struct fight *fight_new(const struct critic_setup *s, const struct adversary *adv, enum mistake mistake,
                        enum optim_kind kind)
{
	struct fight *f = NEW(arena, struct fight);
	f->mistake = mistake;
	networks(f);
	struct leaf *x = leaf_input("x", shape4(FIGHT_N, 2, 6, 6), CLASS_ACT);
	leaf_draw(x, -1.5, 1.5, "pictures");
	f->margin = leaf_input("margin", shape0(), CLASS_WIDE);
	*f->margin->value = 2;
	const struct sides y = sides_build(f, s, x->node, MODE_TRAIN);
	f->real = y.real;
	f->fake = y.fake;
	f->real_score = y.real_score;
	f->fake_score = y.fake_score;
	losses_build(f, adv, mistake);
	f->critic_optim = optim_of("critic", kind);
	f->student_optim = optim_of("student", kind);
	judge_moves(f->critic_optim, &f->judge);
	moves(f->student_optim, f->student, 0, STUDENT_PART);
	moves(f->student_optim, f->adapter, 0, MAX_BLOCK);
	if (mistake == NOT_DETACHED)
		moves(f->critic_optim, f->student, 0, STUDENT_PART);
	if (mistake == CRITIC_GIVES_IN)
		judge_moves(f->student_optim, &f->judge);
	minimise(&f->segment[SEGMENT_CRITIC], "critic", f->critic_loss, f->critic_optim, LR);
	minimise(&f->segment[SEGMENT_STUDENT], "student", f->student_loss, f->student_optim, LR);
	f->critic_step = run_open_step(f->segment, 2, 1u << SEGMENT_CRITIC, NULL, 0);
	f->student_step = run_open_step(f->segment, 2, 1u << SEGMENT_STUDENT, NULL, 0);
	f->step = run_open_step(f->segment, 2, 3, NULL, 0);
	g = graph_new(arena, &err);
	struct leaf *again = leaf_input("x", shape4(FIGHT_N, 2, 6, 6), CLASS_ACT);
	leaf_set(again, x->value);
	const struct sides seen = sides_build(f, s, again->node, MODE_BATCH);
	f->view_real = graph_mean_all(g, seen.real_score);
	f->view_fake = graph_mean_all(g, seen.fake_score);
	f->view = run_open((struct node *const[]){f->view_real, f->view_fake}, 2);
	undecided(f, adv->middle ? adv->middle(0) : 0);
	return f;
}

/* Their memory is the device's: before bench_close. */
void fight_close(struct fight *f)
{
	optim_release(f->critic_optim);
	optim_release(f->student_optim);
}

void fight_scores(struct fight *f, double *real, double *fake)
{
	run_go(f->view);
	*real = run_scalar(f->view, f->view_real);
	*fake = run_scalar(f->view, f->view_fake);
}

struct image image_of(struct net *net)
{
	struct image m;
	for (int s = 0; s < 2; s++) {
		m.bytes[s] = params_bytes(net->params, s);
		m.data[s] = arena_alloc(arena, m.bytes[s]);
		ASSERT_OK(params_read(net->params, s, m.data[s], &err));
	}
	return m;
}

bool image_same(const struct image *a, const struct image *b, bool states)
{
	for (int s = 0; s <= states; s++)
		if (a->bytes[s] != b->bytes[s] || memcmp(a->data[s], b->data[s], a->bytes[s]) != 0)
			return false;
	return true;
}
