#include "tests/gan/fight.h"

#include <string.h>

#include "base/str.h"

/* So small that a step is of first order: it moves scores by less than 0.1. */
static const double LR = 2e-4;

/* A critic of the list without a row has its defaults. */
struct critic_setup critic_setup(int i)
{
	struct critic_setup s = {critic_all[i], "{}"};
	if (str_eq(s.critic->name, "small"))
		s.yaml = "{width: 6, depth: 2, slope: 0.3}";
	return s;
}

struct net *critic_new(const struct critic_setup *s, struct net *teacher, const struct type *features,
                       void **conf)
{
	struct conf *map;
	struct net *own;
	ASSERT_OK(conf_parse(arena, s->yaml, "critic.yaml", &map, &err));
	*conf = arena_alloc(arena, s->critic->conf_size);
	if (s->critic->opts)
		ASSERT_OK(opts_read(s->critic->opts, *conf, map, "critic", arena, &err));
	ASSERT_OK(critic_define(arena, s->critic, *conf, teacher, STUDENT_PART, features, "critic", &own,
	                        &err));
	ck_assert_int_gt(own->params->n_param, 0);
	bench_place(own->params);
	ASSERT_OK(net_init(own, 3, NULL, &err));
	return own;
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

static struct sides sides_build(struct fight *f, const struct critic_setup *s, void **conf, struct node *x,
                                enum mode mode)
{
	struct taps ts = {0}, tt = {0};
	struct sides y;
	model_apply(g, f->student, 0, STUDENT_PART, x, mode, "student", &ts);
	model_apply(g, f->teacher, 0, net_part_all(f->teacher), x, MODE_FROZEN, "teacher", &tt);
	ASSERT_BUILT();
	y.real = tt.block[STUDENT_PART];
	if (!f->adapter)
		define_adapter(f, &ts.block[STUDENT_PART]->type, &y.real->type);
	if (!f->critic)
		f->critic = critic_new(s, f->teacher, &y.real->type, conf);
	y.fake = adapter_apply(f->adapter, g, ts.block[STUDENT_PART], &y.real->type, mode, false);
	struct critic_site site = {.g = g,
	                           .own = f->critic,
	                           .teacher = f->teacher,
	                           .block = STUDENT_PART,
	                           .name = "critic/real"};
	y.real_score = s->critic->score(*conf, &site, y.real);
	site.name = "critic/fake";
	y.fake_score = s->critic->score(*conf, &site, y.fake);
	ASSERT_BUILT();
	return y;
}

static struct optim *optim_of(const char *name, enum optim_kind kind)
{
	const struct optim_conf conf = {.kind = (int)kind, .beta1 = 0.8, .beta2 = 0.95, .eps = 1e-6};
	return optim_new(arena, name, &conf);
}

static void moves(struct optim *o, struct net *net, int to)
{
	for (int i = 0; i < net->params->n_param; i++)
		if (net->params->param[i].block <= to)
			optim_add(o, arena, net->params, i);
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
	f->student = bench_net("student", "{model: cnn, widths: [3, 5], convs: 1}", 2, 6, 7);
	f->teacher = bench_net("teacher", "{model: cnn, widths: [4, 6], convs: 2}", 2, 6, 7);
	bench_place_net(f->student);
	bench_place_net(f->teacher);
	bench_stir(f->teacher->params, "teacher");
}

/*
 * A critic that can't tell yet: every score lies near the middle, where raising real and lowering fake have
 * one weight in its loss. Elsewhere a sound step may do otherwise: least squares pulls real scores above 1
 * down.
 */
static void undecided(struct fight *f, double middle)
{
	struct params *p = f->critic->params;
	bool is_state;
	double w[64], real, fake;
	const int i = params_find(p, "head.weight", &is_state);
	ck_assert(i >= 0 && shape_count(&p->param[i].shape) <= 64);
	ASSERT_OK(params_get(p, i, false, w, &err));
	for (int k = 0; k < shape_count(&p->param[i].shape); k++)
		w[k] *= 0.1;
	ASSERT_OK(params_put(p, i, false, w, &err));
	fight_scores(f, &real, &fake);
	const double bias = bench_get(p, "head.bias") + middle - (real + fake) / 2;
	bench_put(p, "head.bias", &bias);
}

struct fight *fight_new(const struct critic_setup *s, const struct adversary *adv, enum mistake mistake,
                        enum optim_kind kind)
{
	struct fight *f = NEW(arena, struct fight);
	void *conf;
	networks(f);
	struct leaf *x = leaf_input("x", shape4(FIGHT_N, 2, 6, 6), CLASS_ACT);
	leaf_draw(x, -1.5, 1.5, "pictures");
	f->margin = leaf_input("margin", shape0(), CLASS_WIDE);
	*f->margin->value = 2;
	const struct sides y = sides_build(f, s, &conf, x->node, MODE_TRAIN);
	f->real = y.real;
	f->fake = y.fake;
	f->real_score = y.real_score;
	f->fake_score = y.fake_score;
	losses_build(f, adv, mistake);
	f->critic_optim = optim_of("critic", kind);
	f->student_optim = optim_of("student", kind);
	moves(f->critic_optim, f->critic, MAX_BLOCK);
	moves(f->student_optim, f->student, STUDENT_PART);
	moves(f->student_optim, f->adapter, MAX_BLOCK);
	if (mistake == NOT_DETACHED)
		moves(f->critic_optim, f->student, STUDENT_PART);
	if (mistake == CRITIC_GIVES_IN)
		moves(f->student_optim, f->critic, MAX_BLOCK);
	minimise(&f->segment[SEGMENT_CRITIC], "critic", f->critic_loss, f->critic_optim, LR);
	minimise(&f->segment[SEGMENT_STUDENT], "student", f->student_loss, f->student_optim, LR);
	f->critic_step = run_open_step(f->segment, 2, 1u << SEGMENT_CRITIC, NULL, 0);
	f->student_step = run_open_step(f->segment, 2, 1u << SEGMENT_STUDENT, NULL, 0);
	f->step = run_open_step(f->segment, 2, 3, NULL, 0);
	g = graph_new(arena, &err);
	struct leaf *again = leaf_input("x", shape4(FIGHT_N, 2, 6, 6), CLASS_ACT);
	leaf_set(again, x->value);
	const struct sides seen = sides_build(f, s, &conf, again->node, MODE_BATCH);
	f->view_real = graph_mean_all(g, seen.real_score);
	f->view_fake = graph_mean_all(g, seen.fake_score);
	f->view = run_open((struct node *const[]){f->view_real, f->view_fake}, 2);
	undecided(f, adv->middle);
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
