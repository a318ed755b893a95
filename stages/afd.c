/*
 * Feature-map-level online adversarial distillation: peers from scratch, no teacher. Each learns labels and the logits of the peer before it
 * (around a circle), and by a second update its map fools a critic that calls that peer's maps real and its own fake.
 */
#include "stages/adversary_step.h"

struct afd_conf {
	const struct conf *peers, *critic;
	int block, adapter;
	double kd, tau, adversarial_lr, critic_lr;
	bool adversarial;
	int critic_every;
};
enum { MOST_PEER = 8 };

static const struct opt opts[] = {
	NODE(afd_conf, peers, "list of the networks that learn beside `train`, names of `networks`; absent: the same network once more"),
	REAL(afd_conf, kd, 1, 0, 1e9, "-", "weight of tau^2 KL between a peer's logits and one's own"),
	REAL(afd_conf, tau, 3, 0.001, 1000, "-", "temperature of the KL"),
	BOOL(afd_conf, adversarial, true, "the second update, by critics; false: none, as mutual learning around a circle"),
	INT(afd_conf, block, 0, 0, MAX_BLOCK, "-", "whose map the critics judge; 0: each network's last"),
	CHOICE(afd_conf, adapter, "auto", "auto|always", "transfer layers; auto: where a map isn't of the widest peer's type"),
	REAL(afd_conf, adversarial_lr, 1e-4, 0, 10, "-", "second update: Adam's learning rate (betas .5 and .999), by the stage's schedule"),
	REAL(afd_conf, critic_lr, 1e-4, 0, 10, "-", "critics: Adam's learning rate, by the stage's schedule"),
	INT(afd_conf, critic_every, 1, 1, 1000, "steps", "critics move on steps divisible by it"),
	NODE(afd_conf, critic, "{width: 64, depth: 3, ...}: options of the critic small"),
	{0},
};

/* What read makes of the nested options; the first peer is the stage's own network. */
struct afd_own {
	int n;
	const char *network[MOST_PEER], *identity[MOST_PEER];
	void *critic_conf;
};

struct peer {
	struct net *net, *transfer, *critic; /* transfer NULL: the map as it is; critic NULL: no adversary */
	struct optim *optim, *critic_optim, *adversarial_optim;
	int block;
	const char *name, *mark;             /* "", "peer2/"; "critic1" */
};

struct afd_lesson {
	const struct afd_conf *conf;
	const void *critic_conf;
	int n;
	struct peer peer[MOST_PEER];
	struct type common;                  /* of the maps behind their transfer layers */
	bool relu;
};

/* ---- options ---- */

static enum status add_peer(struct experiment *x, struct stage *s, struct afd_own *own, const char *network, struct where at, struct err *e)
{
	struct net *net = NULL;
	if (own->n == MOST_PEER)
		return err_user(e, at, "stage '%s' has more than %d peers", s->name, MOST_PEER);
	const enum status st = experiment_net(x, x->arena, network, network, &net, e);
	if (st != OK)
		return st;
	own->network[own->n] = network;
	own->identity[own->n++] = net->identity;
	return OK;
}

static enum status read_peers(struct experiment *x, struct stage *s, struct afd_own *own, const struct conf *c, struct err *e)
{
	enum status st = OK;
	if (!c)
		return add_peer(x, s, own, s->train.train, s->map->at, e);
	if (c->kind != CONF_LIST || !c->n)
		return err_user(e, c->at, "'peers' of stage '%s' is a list of networks that is not empty", s->name);
	for (int i = 0; i < c->n && st == OK; i++)
		st = c->item[i]->kind == CONF_SCALAR ? add_peer(x, s, own, c->item[i]->text, c->item[i]->at, e)
		                                     : err_user(e, c->item[i]->at, "a peer of stage '%s' is the name of a network", s->name);
	return st;
}

static enum status read_own(struct experiment *x, struct stage *s, struct err *e)
{
	const struct afd_conf *c = s->conf;
	struct afd_own *own = NEW(x->arena, struct afd_own);
	s->own = own;
	enum status st = s->train.train ? add_peer(x, s, own, s->train.train, s->map->at, e) : E_USER; /* told */
	if (st == OK)
		st = read_peers(x, s, own, c->peers, e);
	const enum status critic = small_critic_read(x, s, c->critic, &own->critic_conf, e);
	return st == OK ? critic : st;
}

static void canonical(const struct stage *s, struct str *text)
{
	const struct afd_conf *c = s->conf;
	const struct afd_own *own = s->own;
	for (int i = 1; i < own->n; i++)
		str_printf(text, "peer=%s %s\n", own->network[i], own->identity[i]);
	if (c->adversarial)
		small_critic_canonical(own->critic_conf, text);
}

/* ---- the step ---- */

static struct node *transfer_layers(struct builder *b, struct node *x, const void *conf)
{
	const struct afd_lesson *al = conf;
	struct type to = al->common;
	if (x)
		to.shape.d[0] = x->type.shape.d[0];
	return adapt(b, x, &to, al->relu, ADAPTER_ALWAYS, "transfer");
}

/* Who a peer learns from: the one before it, around the circle. */
static int before(const struct afd_lesson *al, int k)
{
	return (k + al->n - 1) % al->n;
}

static const char *label_of(const struct step *st, const struct peer *p, const char *what)
{
	return arena_printf(st->arena, "%s%s", p->name, what);
}

static void logit_segment(struct step *st, const struct afd_lesson *al, const struct taps *t)
{
	struct node *loss[MOST_PEER] = {NULL};
	struct optim *o[MOST_PEER];
	for (int k = 0; k < al->n; k++) {
		const struct peer *p = &al->peer[k];
		o[k] = p->optim;
		step_weigh(st, &loss[k], label_of(st, p, "loss/ce"), 1, graph_cross_entropy(st->g, t[k].logits, st->label, 0));
		step_weigh(st, &loss[k], label_of(st, p, "loss/kd"), al->conf->kd, kd_divergence(st->g, t[k].logits, t[before(al, k)].logits, al->conf->tau));
		step_metric(st, label_of(st, p, "loss"), loss[k]);
		step_hits(st, label_of(st, p, "train_top1_running"), t[k].logits);
	}
	step_minimise_each(st, "logits", 1, al->n, loss, o);
}

/* Critics first, then the maps against critics that have moved. Both see what the first update has made of the peers. */
static void map_segments(struct step *st, const struct afd_lesson *al, const struct taps *t)
{
	const struct adversary *adv = &adversary_least_squares;
	struct node *map[MOST_PEER], *fake[MOST_PEER], *loss[MOST_PEER];
	struct optim *o[MOST_PEER];
	for (int k = 0; k < al->n; k++) {
		const struct peer *p = &al->peer[k];
		map[k] = t[k].block[p->block];
		if (p->transfer)
			map[k] = own_net_apply(st, p->transfer, transfer_layers, al, map[k], MODE_TRAIN);
	}
	for (int k = 0; k < al->n && graph_status(st->g) == OK; k++) {
		const struct peer *p = &al->peer[k];
		struct node *real = small_critic_score(st, p->critic, al->critic_conf, map[before(al, k)], arena_printf(st->arena, "%s/real", p->mark));
		fake[k] = small_critic_score(st, p->critic, al->critic_conf, map[k], arena_printf(st->arena, "%s/fake", p->mark));
		if (real && fake[k])
			critic_step(st, p->mark, al->conf->critic_every, adversary_middle(adv, 0), adv->critic(st->g, real, fake[k], 0), real, fake[k], p->critic_optim);
	}
	if (graph_status(st->g) != OK)
		return;
	for (int k = 0; k < al->n; k++) {
		o[k] = al->peer[k].adversarial_optim;
		loss[k] = adv->student(st->g, fake[k]);
		step_metric(st, label_of(st, &al->peer[k], "loss/adversarial"), loss[k]);
	}
	step_minimise_each(st, "maps", 1, al->n, loss, o);
}

static void apply_peers(struct step *st, const struct afd_lesson *al, enum mode mode, struct taps *t)
{
	for (int k = 0; k < al->n; k++) {
		struct net *net = al->peer[k].net;
		model_apply(st->g, net, 0, net_part_all(net), st->x, mode, k ? arena_printf(st->arena, "peer%d", k + 1) : "student", &t[k]);
	}
}

static enum status build(const struct lesson *l, struct step *st, struct err *e)
{
	(void)e;
	const struct afd_lesson *al = l->own;
	struct taps t[MOST_PEER] = {{0}};
	apply_peers(st, al, MODE_TRAIN, t);
	if (graph_status(st->g) == OK)
		logit_segment(st, al, t);
	if (graph_status(st->g) == OK && al->conf->adversarial)
		map_segments(st, al, t);
	return graph_status(st->g);
}

/* The others' accuracy on the held-out pictures: the stage's artefact is the first. */
static enum status exam(const struct lesson *l, struct step *st, struct err *e)
{
	(void)e;
	const struct afd_lesson *al = l->own;
	struct taps t[MOST_PEER] = {{0}};
	apply_peers(st, al, MODE_FROZEN, t);
	for (int k = 1; k < al->n && graph_status(st->g) == OK; k++)
		step_hits(st, label_of(st, &al->peer[k], "top1"), t[k].logits);
	return graph_status(st->g);
}

/* ---- definition ---- */

/* Every network's map, and the type that they are brought to: that of the one with the most channels. */
static enum status find_common(struct stage_run *r, struct afd_lesson *al, struct type *type, struct err *e)
{
	int widest = 0;
	for (int k = 0; k < al->n; k++) {
		struct peer *p = &al->peer[k];
		if (al->conf->block > p->net->B)
			return err_user(e, conf_where(r->stage->map, "block"), "block %d does not exist: '%s' has blocks 1 to %d", al->conf->block, p->net->model_name, p->net->B);
		p->block = al->conf->block ? al->conf->block : p->net->B;
		const enum status st = tap_type(p->net, arena_printf(r->arena, "block%d", p->block), r->stage->map->at, &type[k], e);
		if (st != OK)
			return st;
		if (type[k].shape.d[1] > type[widest].shape.d[1])
			widest = k;
	}
	al->common = type[widest];
	struct taps taps = {0};
	struct net *net = al->peer[widest].net;
	struct graph *g = graph_new(r->arena, e);
	model_apply(g, net, 0, net_part_all(net), graph_input(g, "x", shape4(2, net->C, net->H, net->W), CLASS_ACT), MODE_FROZEN, net->name, &taps);
	al->relu = tap_has_relu(&taps, net, arena_printf(r->arena, "block%d", al->peer[widest].block));
	return graph_status(g);
}

/* The map's own parameters: parts up to the block, and the transfer layer. */
static enum status define_adversary(struct stage_run *r, struct afd_lesson *al, struct err *e)
{
	struct type type[MOST_PEER];
	enum status st = find_common(r, al, type, e);
	for (int k = 0; k < al->n && st == OK; k++) {
		struct peer *p = &al->peer[k];
		const char *name = arena_printf(r->arena, "%s/adversarial%d", r->student->name, k + 1);
		const struct optim_conf adam = {.kind = OPTIM_ADAM, .lr = al->conf->adversarial_lr, .beta1 = 0.5, .beta2 = 0.999, .eps = 1e-8};
		if (al->conf->adapter == ADAPTER_ALWAYS || !type_fits(&type[k], &al->common))
			st = own_net_define(r, arena_printf(r->arena, "%s/transfer%d", r->student->name, k + 1), transfer_layers, al, &type[k], &p->transfer, e);
		if (st == OK)
			st = small_critic_define(r, arena_printf(r->arena, "%s/critic%d", r->student->name, k + 1), al->critic_conf, &al->common, &p->critic, e);
		if (st != OK)
			return st;
		p->critic_optim = critic_optim(r, p->critic, al->conf->critic_lr);
		p->adversarial_optim = run_optim(r, name, &adam);
		optim_add_net(p->adversarial_optim, r->arena, p->net, 0, p->block);
		optim_add_all(p->adversarial_optim, r->arena, p->transfer);
	}
	return st;
}

static enum status define_peers(struct stage_run *r, struct afd_lesson *al, struct err *e)
{
	const struct afd_own *own = r->stage->own;
	for (int k = 0; k < own->n; k++) {
		struct peer *p = &al->peer[al->n++];
		const char *name = k ? arena_printf(r->arena, "%s/peer%d", own->network[k], k + 1) : r->student->name;
		p->net = r->student;
		if (k) { /* a name of its own: other initial weights than its twin */
			const enum status st = experiment_net(r->x, r->arena, own->network[k], name, &p->net, e);
			if (st != OK)
				return st;
			run_add_net(r, p->net);
		}
		p->name = k ? arena_printf(r->arena, "peer%d/", k + 1) : "";
		p->mark = arena_printf(r->arena, "critic%d", k + 1);
		p->optim = run_optim(r, name, &r->stage->optim);
		optim_add_all(p->optim, r->arena, p->net);
	}
	return OK;
}

static enum status define(struct stage_run *r, struct err *e)
{
	const struct stage *s = r->stage;
	const struct afd_own *own = s->own;
	struct afd_lesson *al = NEW(r->arena, struct afd_lesson);
	al->conf = s->conf;
	al->critic_conf = own->critic_conf;
	enum status st = define_peers(r, al, e);
	if (st == OK && al->conf->adversarial)
		st = define_adversary(r, al, e);
	if (st != OK)
		return st;
	struct lesson *l = run_add_lesson(r, "", s->train.epochs);
	const char *mark[MOST_PEER];
	for (int k = 0; k < al->n; k++)
		lesson_moves(r, l, al->peer[k].optim, &s->schedule);
	for (int k = 0; k < al->n && al->conf->adversarial; k++) {
		mark[k] = al->peer[k].mark;
		lesson_moves(r, l, al->peer[k].critic_optim, &s->schedule);
		lesson_moves(r, l, al->peer[k].adversarial_optim, &s->schedule);
	}
	if (al->conf->adversarial)
		critic_watch(r, l, al->n, mark);
	l->selects = true;
	l->build = build;
	l->exam = exam;
	l->own = al;
	return OK;
}

const struct stage_kind stage_afd = {
	.name = "afd",
	.help = "peers learn online from scratch: labels, a peer's logits, and a critic on maps; the first is what the stage leaves",
	.formula = "j: the peer before k around the circle; u: a block's map behind its transfer layer\n"
	           "first update, peer k: CE(z_k, y) + kd * tau^2 KL(p_j || p_k)\n"
	           "critic k: E (D_k(u_j) - 1)^2 + E D_k(u_k)^2; second update, maps of k: E (D_k(u_k) - 1)^2",
	.paper = "Chung, Park, Kim, Kwak, ICML 2020",
	.differs = "peers move at once, by each other's logits before the step; a peer learns from one other alone, logits too; critics and second update have rates of "
	           "our own; transfer layers are 1x1, and there is none where maps agree",
	.revision = 1,
	.conf_size = sizeof(struct afd_conf),
	.opts = opts,
	.read = read_own,
	.canonical = canonical,
	.define = define,
};
