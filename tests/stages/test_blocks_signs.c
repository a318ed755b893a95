/* Which way the main method's own steps go: the student's against a critic that stands still, the critic's against a student that does, the penalties,
   what a copy of the teacher learns from the student. */
#include "tests/stages/blocks.h"

#include <math.h>

#include "engine/build.h"
#include "stages/blocks.h"

/* The adversarial loss alone, and plain steps. */
#define ALONE LAST "feature: 0, kd: 0, ce: 0, peer: 0, momentum: 0, nesterov: false, weight_decay: 0, copy_ce: 0, head_epochs: 0, polish_epochs: 0, instruments: 0, adversarial: 1, "
#define TAIL(options) "critic: {kind: teacher_tail, " options "}"

static const char *const adversaries[] = {"non_saturating", "least_squares", "hinge", "wasserstein"};
enum { ADVERSARIES = sizeof adversaries / sizeof *adversaries };

/* lesson: of the stage; trains: something of the critic moves; falls: the critic's own bias lowers its score. */
static const struct { const char *options; int lesson; bool trains, falls; } critics[] = {
	{SMALL, 1, true, false},
	{"critic: {kind: small, width: 4, depth: 2, spectral: true}", 0, true, false},
	{TAIL("head: scalar"), 1, true, false},
	{TAIL("head: class_plus_one"), 2, true, true},
	{TAIL("head: none"), 1, false, false},
	{TAIL("mutual: true"), 0, true, false},
	{TAIL("mutual: true, head: none"), 1, true, false},
	{"critic: {kind: teacher_block}, blocks: [1, 2]", 1, true, false},
	{SMALL ", generators: 2", 1, true, false},
	{SMALL ", greedy: false, head_ce: 0, head_kd: 0", 0, true, false},
	{SMALL ", normalise: true", 1, true, false},
};
enum { CRITICS = sizeof critics / sizeof *critics };

/* Every n-th step has what others have in each: step 0 has both segments, step 1 one of them. */
enum { BOTH = 0, ONE = 1 };

static struct duel open_of(int critic, const char *adversary, const char *more)
{
	struct duel d = duel_open(arena_printf(life, NETS3 STAGES TEACH3 BLOCKS ALONE "%s, adversary: %s%s}\n", critics[critic].options, adversary, more),
	                          critics[critic].lesson);
	ck_assert_ptr_eq(d.lesson.build, blocks_build);
	duel_build(&d);
	for (int i = 0; i < d.lesson.n_optim; i++)
		duel_rate(&d, i, 0);
	for (int k = 0; k < 50 && strstr(critics[critic].options, "spectral"); k++) /* until power iteration has found the norm */
		duel_step(&d);
	return d;
}

static void all_rates(struct duel *d, double student, double critic)
{
	for (int i = 0; i < d->lesson.n_optim; i++)
		duel_rate(d, i, i ? critic : student);
}

/* One or, with all blocks at once, several: the metrics of the k-th pair. */
static const char *name_of(const struct duel *d, int pair, const char *what)
{
	const struct blocks_lesson *bl = d->lesson.own;
	return bl->n_pair > 1 ? arena_printf(life, "critic%d/%s", bl->pair[pair].block, what) : arena_printf(life, "critic/%s", what);
}

/* The mean over the pairs of a metric, of the networks as they are: nothing moves. */
static double look(struct duel *d, const char *what)
{
	const struct blocks_lesson *bl = d->lesson.own;
	double sum = 0;
	all_rates(d, 0, 0);
	d->number = BOTH;
	duel_step(d);
	for (int i = 0; i < bl->n_pair; i++)
		sum += duel_metric(d, name_of(d, i, what)) / bl->n_pair;
	return sum;
}

/* Weights of the students and their adapters, or of critics and their copies; of nothing else. */
static struct bytes weights(struct duel *d, bool critics_too)
{
	struct str s = {0};
	for (int i = 0; i < d->r->n_net; i++) {
		const struct bytes b = duel_bytes(d->r->net[i], false, 0, MAX_BLOCK + 1);
		if ((strstr(d->r->net[i]->params->name, "/critic") != NULL) == critics_too)
			str_addn(&s, b.data, b.n);
	}
	const struct bytes all = {s.len, memcpy(arena_alloc(life, s.len + 1), str_text(&s), s.len)};
	str_release(&s);
	return all;
}

/* Scores around the loss's middle, where raising real ones and lowering fake ones are worth the same: least squares pulls those above 1 down. */
static void undecided(struct duel *d, int critic, const char *adversary)
{
	const struct blocks_lesson *bl = d->lesson.own;
	const double middle = str_eq(adversary, "least_squares") ? 0.5 : 0;
	if (critics[critic].falls)
		duel_set(d->r->teacher, "fc.weight", 0.01); /* its classes tell little */
	look(d, "loss");
	double up[MAX_BLOCK];
	for (int i = 0; i < bl->n_pair; i++)
		up[i] = middle - (duel_metric(d, name_of(d, i, "real_mean")) + duel_metric(d, name_of(d, i, "fake_mean"))) / 2;
	for (int i = 0; i < bl->n_pair; i++)
		if (bl->pair[i].critic->params->n_param)
			duel_set(bl->pair[i].critic, "head.bias", critics[critic].falls ? -up[i] : up[i]);
}

static struct bytes teacher_of(struct duel *d)
{
	return duel_bytes(d->r->teacher, false, 0, MAX_BLOCK + 1);
}

/* Steps of the student alone raise the score of its features, and move nothing of the critic at any rate. */
START_TEST(student_raises_its_score)
{
	const int c = _i / ADVERSARIES;
	const char *adversary = adversaries[_i % ADVERSARIES];
	struct duel d = open_of(c, adversary, critics[c].trains ? ", critic_every: 2" : "");
	undecided(&d, c, adversary);
	const double fake = look(&d, "fake_mean"), real = look(&d, "real_mean");
	const struct bytes critic = weights(&d, true), student = weights(&d, false), teacher = teacher_of(&d);
	all_rates(&d, 1e-3, 1e-3);
	d.number = ONE;
	for (int k = 0; k < 3; k++)
		duel_step(&d);
	ck_assert(bytes_same(critic, weights(&d, true)) && bytes_same(teacher, teacher_of(&d)));
	ck_assert(!bytes_same(student, weights(&d, false)));
	ck_assert_msg(look(&d, "fake_mean") > fake, "'%s' with '%s': the score of the student's features goes from %.9g to %.9g", critics[c].options, adversary, fake,
	              look(&d, "fake_mean"));
	if (!strstr(critics[c].options, "spectral")) /* a norm that is still being estimated */
		ck_assert_double_eq(look(&d, "real_mean"), real);
	duel_close(&d);
}
END_TEST

/* Steps of the critic alone raise real over fake, and move nothing of student, adapter or teacher at any rate. */
START_TEST(critic_raises_real_over_fake)
{
	const int c = _i / ADVERSARIES;
	const char *adversary = adversaries[_i % ADVERSARIES];
	if (!critics[c].trains)
		return;
	struct duel d = open_of(c, adversary, ", critic_steps: 2, gradient_penalty: 0");
	undecided(&d, c, adversary);
	const double gap = look(&d, "real_mean") - look(&d, "fake_mean");
	const struct bytes critic = weights(&d, true), student = weights(&d, false), teacher = teacher_of(&d);
	all_rates(&d, 0.1, 1e-3);
	d.number = ONE;
	for (int k = 0; k < 3; k++)
		duel_step(&d);
	ck_assert(bytes_same(student, weights(&d, false)) && bytes_same(teacher, teacher_of(&d)));
	ck_assert(!bytes_same(critic, weights(&d, true)));
	const double after = look(&d, "real_mean") - look(&d, "fake_mean");
	ck_assert_msg(after > gap, "'%s' with '%s': real over fake goes from %.9g to %.9g", critics[c].options, adversary, gap, after);
	duel_close(&d);
}
END_TEST

/* ---- penalties ---- */

static const struct { const char *options, *metric; } penalties[] = {{"gradient_penalty: 1000000", "penalty"}, {"r1: 1000000", "r1"}};

/* A weight beside which the adversarial loss is nothing: the critic's steps lower what is punished, and leave the student as it is. */
START_TEST(penalty_falls)
{
	const int c = _i / 2, p = _i % 2;
	if (!critics[c].trains)
		return;
	struct duel d = open_of(c, "wasserstein", arena_printf(life, ", critic_steps: 2, %s", penalties[p].options));
	const double before = look(&d, penalties[p].metric);
	const struct bytes student = weights(&d, false);
	ck_assert_double_gt(before, 0);
	d.number = ONE;
	for (int i = 1; i < d.lesson.n_optim; i++) /* Adam's step has the size of its rate, SGD's that of the gradient */
		duel_rate(&d, i, d.lesson.optim[i].optim->conf.kind == OPTIM_ADAM ? 1e-3 : 1e-12);
	duel_rate(&d, 0, 0.1);
	for (int k = 0; k < 3; k++)
		duel_step(&d);
	ck_assert(bytes_same(student, weights(&d, false)));
	ck_assert_msg(look(&d, penalties[p].metric) < before, "'%s': '%s' goes from %.9g to %.9g", critics[c].options, penalties[p].metric, before,
	              look(&d, penalties[p].metric));
	duel_close(&d);
}
END_TEST

/* ---- copy_kd ---- */

enum { HAND_RIGHT, HAND_ATTACHED, HAND_SWAPPED };
static int hand;

static struct node *probabilities(struct graph *g, struct node *z, double tau, bool logarithm)
{
	struct node *scaled = graph_scale(g, z, 1 / tau, 0);
	return logarithm ? graph_log_softmax(g, scaled) : graph_softmax(g, scaled);
}

/* .7 tau^2 / N sum p(k(u)) (log p(k(u)) - log p(k(v))) at tau 3, of plain parts. Right: k(u) is a constant; attached: neither is; swapped: k(v) is. */
static enum status copy_by_hand(const struct lesson *l, struct step *st, struct err *err)
{
	(void)err;
	const double tau = 3;
	const struct blocks_lesson *bl = l->own;
	const struct pair *p = &bl->pair[0];
	struct graph *g = st->g;
	struct taps s = {0};
	struct pair_nodes n = {0};
	blocks_features(st, bl, 0, MODE_TRAIN, &s, &n);
	struct node *u = tail_logits(st, p->copy, p->block, n.fake, "hand/fake"), *v = tail_logits(st, p->copy, p->block, n.real, "hand/real");
	if (hand == HAND_RIGHT)
		u = graph_stop_gradient(g, u);
	if (hand == HAND_SWAPPED)
		v = graph_stop_gradient(g, v);
	struct node *gap = graph_sub(g, probabilities(g, u, tau, true), probabilities(g, v, tau, true));
	struct node *kl = graph_sum_all(g, graph_mul(g, probabilities(g, u, tau, false), gap));
	step_minimise(st, "critic", 1, graph_scale(g, kl, 0.7 * tau * tau / st->n, 0), p->copy_optim);
	return graph_status(g);
}

static const double *numbers(struct bytes b)
{
	return (const double *)(const void *)b.data;
}

/* How the copy's weights move in one plain step of rate 1, with copy_kd at this weight; hand: by the graph above. */
static double *copy_moves(const char *copy_kd, bool by_hand, int64_t *n)
{
	struct duel d = duel_open(arena_printf(life, NETS3 STAGES TEACH3 BLOCKS ALONE TAIL("mutual: true") ", tau: 3, copy_kd: %s}\n", copy_kd), 0);
	const struct blocks_lesson *bl = d.lesson.own;
	struct net *copy = bl->pair[0].copy;
	if (by_hand)
		d.lesson.build = copy_by_hand;
	duel_build(&d);
	for (int i = 0; i < d.lesson.n_optim; i++)
		duel_rate(&d, i, d.lesson.optim[i].optim == bl->pair[0].copy_optim ? 1 : 0);
	ck_ok(params_copy(copy->params, d.r->teacher->params, &e));
	const struct bytes before = duel_bytes(copy, false, 0, MAX_BLOCK + 1);
	duel_step(&d);
	const struct bytes after = duel_bytes(copy, false, 0, MAX_BLOCK + 1);
	*n = (int64_t)(before.n / sizeof(double));
	double *moved = NEW_ARRAY(life, double, *n);
	for (int64_t i = 0; i < *n; i++)
		moved[i] = numbers(after)[i] - numbers(before)[i];
	duel_close(&d);
	return moved;
}

/* What copy_kd adds to the copy's step is the gradient through k(v) alone; graphs with another stop are told apart. */
START_TEST(copy_learns_through_real)
{
	int64_t n;
	double *with = copy_moves("0.7", false, &n), *without = copy_moves("0", false, &n);
	for (int64_t i = 0; i < n; i++)
		with[i] -= without[i];
	double most = 0;
	const double *by_hand[3];
	for (hand = HAND_RIGHT; hand <= HAND_SWAPPED; hand++)
		by_hand[hand] = copy_moves("0", true, &n);
	for (int64_t i = 0; i < n; i++)
		most = fmax(most, fabs(by_hand[HAND_RIGHT][i]));
	ck_assert_double_gt(most, 1e-4);
	ck_assert_double_lt(duel_distance(with, by_hand[HAND_RIGHT], n), 1e-9 * most);
	ck_assert_double_gt(duel_distance(with, by_hand[HAND_ATTACHED], n), 1e-2 * most);
	ck_assert_double_gt(duel_distance(with, by_hand[HAND_SWAPPED], n), 1e-2 * most);
}
END_TEST

void blocks_signs_cases(Suite *s)
{
	TCase *tc = life_case(s, "signs");
	tcase_add_loop_test(tc, student_raises_its_score, 0, CRITICS * ADVERSARIES);
	tcase_add_loop_test(tc, critic_raises_real_over_fake, 0, CRITICS * ADVERSARIES);
	tcase_add_loop_test(tc, penalty_falls, 0, 2 * CRITICS);
	tcase_add_test(tc, copy_learns_through_real);
}
