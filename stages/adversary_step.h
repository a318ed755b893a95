/* What kinds of stage with a critic share: networks of their own, a critic's segment and optimiser, sums of weighted losses. */
#ifndef STAGES_ADVERSARY_STEP_H
#define STAGES_ADVERSARY_STEP_H

#include "gan/critic.h"
#include "models/block.h"
#include "stages/stage.h"

/* Layers on x, made of b->net's parameters: a critic, an adapter, a map. conf: what else they depend on. */
typedef struct node *(*layers_build)(struct builder *b, struct node *x, const void *conf);
/* A network that is none of `networks`: its parameters by a defining pass on an input of type x. It becomes one of the run's. */
enum status own_net_define(struct stage_run *r, const char *name, layers_build layers, const void *conf, const struct type *x, struct net **net, struct err *e);
/* Its layers on a node of a step's graph. */
struct node *own_net_apply(struct step *st, struct net *net, layers_build layers, const void *conf, struct node *x, enum mode mode);

/* The type of a tap of a network on a batch of two pictures; E_USER at `at` where it has no such tap. */
enum status tap_type(struct net *net, const char *tap, struct where at, struct type *out, struct err *e);
/* Whether two types are of the same shape but for the number of pictures. */
bool type_fits(const struct type *a, const struct type *b);

/* All parameters of a network into an optimiser. */
void optim_add_all(struct optim *o, struct arena *a, struct net *net);
/* Adam with the betas of adversarial training (.5 and .999) over all of a critic. */
struct optim *critic_optim(struct stage_run *r, struct net *critic, double lr);

/* The critic `small` on maps: its options {width: 64, depth: 3, ...} (NULL: defaults), its own network, its score (N) of a map. */
enum status small_critic_read(struct experiment *x, const struct stage *s, const struct conf *map, void **conf, struct err *e);
void small_critic_canonical(const void *conf, struct str *text);
enum status small_critic_define(struct stage_run *r, const char *name, const void *conf, const struct type *map, struct net **critic, struct err *e);
struct node *small_critic_score(struct step *st, struct net *critic, const void *conf, struct node *h, const char *name);

/* A lesson's loss so far: adds weight * value and logs value under name. NULL or weight 0: nothing. */
void step_weigh(struct step *st, struct node **sum, const char *name, double weight, struct node *value);
/* A segment of several losses, each over an optimiser of its own: all updates are computed before any is made. */
void step_minimise_each(struct step *st, const char *name, int every, int n, struct node *const loss[], struct optim *const o[]);
/* Logs MARK/loss, MARK/real_accuracy, /fake_accuracy, /real_mean, /fake_mean. real, fake (N): scores; middle: as critic_report's. */
void critic_metrics(struct step *st, const char *mark, double middle, struct node *loss, struct node *real, struct node *fake);
/* The critic's segment: the same, and loss is minimised over o alone. */
void critic_step(struct step *st, const char *mark, int every, double middle, struct node *loss, struct node *real, struct node *fake,
                 struct optim *o);
/* The lesson's alarms watch what critic_step logs under these marks. */
void critic_watch(struct stage_run *r, struct lesson *l, int n, const char *const mark[]);

#endif
