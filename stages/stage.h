/*
 * Stages: who teaches whom, when. A stage trains one network in a row of lessons and leaves artefacts: `last`, `best` (on the
 * held-out split), `anchors`. References to artefacts are the edges of a DAG. An artefact is stored under the hash of all that produced
 * it, so a stage that was finished once is never trained again.
 *
 * A kind of stage is one file with one descriptor and one line in stages.def. It reads its options, says which networks move and gives the
 * list of lessons; the trainer (train.c) runs lessons and does not know which kind they are of.
 */
#ifndef STAGES_STAGE_H
#define STAGES_STAGE_H

#include "data/dataset.h"
#include "engine/plan.h"
#include "engine/plan_chain.h"
#include "stages/feed.h"
#include "losses/loss.h"
#include "runs/predictions.h"

struct experiment;
struct stage_run;
struct lesson;
struct step;

/* ---- what the file says ---- */

/* "teach.last", "teach.best", "teach.anchors", "teach.anchors[1]", {file: PATH, network: NAME}, or {anchors: ..., order: reversed}. */
struct reference {
	int stage;               /* index in the experiment; -1: a file */
	const char *artefact;    /* "last", "best", "anchor-2"; NULL with a file */
	const char *path;        /* the file; for a stage's artefact filled when the stage is done */
	const char *network;     /* of `networks`, whose weights they are; NULL: a file of `from` */
	char identity[65 + 24];  /* "HASH/anchor-2", or the file's SHA-256 */
	struct where at;
};

/* Options that every stage has. */
struct train_conf {
	const char *name, *kind, *train, *teacher_network;
	int epochs;
	const struct conf *from;      /* reference: where the weights start; absent: He initialisation */
	const struct conf *anchors;   /* list of epochs, or {count: M, rule: equal|plateau} */
	double save_minutes;          /* between checkpoints inside an epoch */
	int eval_every;               /* epochs between evaluations on the held-out split */
	int rollbacks;                /* steps that may be undone before the stage fails */
	bool watch_test;              /* the test pictures too, at the same epochs; they choose no weights */
};
extern const struct opt train_opts[], anchor_opts[]; /* anchor_opts: of `anchors` as a map */

/* How a stage wants its teacher's forward pass on the pictures: options of every kind that needs a teacher. */
struct teacher_conf {
	int teacher_precision, teacher_cache, cache_fill; /* teacher.h */
	int int8_batches;
	double int8_floor;
	const char *cache_dir;
};
extern const struct opt teacher_opts[];

enum anchors_rule { ANCHORS_LIST, ANCHORS_EQUAL, ANCHORS_PLATEAU };

struct stage {
	const struct stage_kind *kind;
	const char *name;
	const struct conf *map;
	struct train_conf train;
	struct optim_conf optim;
	struct schedule_conf schedule;
	void *conf;                   /* the kind's own */
	void *own;                    /* what the kind made of its nested options (terms, ...) */
	const struct conf *network;   /* the map of `train:` */
	bool has_from;
	struct reference from;
	int n_teacher;
	struct reference *teacher;    /* in the order in which they are met */
	struct teacher_conf teacher_conf;
	int epochs_asked;             /* before a smaller budget scaled them */
	enum anchors_rule anchors_rule;
	int n_anchor;
	int *anchor;                  /* epochs, ascending */
	bool has_temperature;         /* its steps' temperatures are kept: STAGE.temperature */
	bool has_course;
	struct reference course;      /* of the stage, or the file of another run's, whose temperatures or phases it repeats */
	uint64_t seed_data;           /* of the order and the views of the pictures: the experiment's, or that of teachers */
	uint64_t seed_init;           /* of weights: the same, or an arm's own */
	int arms;                     /* which entry of the experiment's `arms` it runs in, from 1; 0: alone */
	bool is_copy;                 /* of the stage before it, for another seed.init: made by `arms` */
	bool is_control;              /* of the stage before it, without what that one is to be compared with: stage_kind.control */
	char identity[65];
};

/* Whether a later stage learns from what the stage of this map leaves; one that a teacher goes on from (`from`) counts, the first part of a student's
   own training does not. */
bool stage_teaches(const struct experiment *x, const struct conf *map);
/* Reference number k of a stage: where its weights start, its teachers, the course that it repeats; NULL after the last one. */
const struct reference *stage_use(const struct stage *s, int k);
/* Whether weights of a file are in it: its own first ones, a teacher's, or what these were made of. What a file's weights were trained on nobody knows. */
bool stage_imports(const struct experiment *x, const struct stage *s);

struct stage_kind {
	const char *name, *help, *formula, *paper, *differs;
	int revision;                 /* raised when results or defaults change */
	size_t conf_size;
	const struct opt *opts;
	bool needs_teacher;
	bool several_networks;        /* its teachers may be of several networks; else that is an error */
	bool no_anchors;              /* `anchors` means nothing here: an error */
	/* Reads what the option rows leave to it (teacher lists, terms); s->conf is filled. NULL: nothing more. */
	enum status (*read)(struct experiment *x, struct stage *s, struct err *e);
	/* Turns a copy of s->conf into that of the control that the stage asks for, which then runs as NAME-control; false: it asks for none.
	   NULL: never. */
	bool (*control)(const struct stage *s, void *conf);
	/* Adds to the identity what read made. NULL: nothing. */
	void (*canonical)(const struct stage *s, struct str *text);
	/* Defines networks, optimisers and lessons of r; no device memory. */
	enum status (*define)(struct stage_run *r, struct err *e);
	/* Before it is trained or goes on: what it refers to is there, and lessons may be laid out by it. NULL: nothing. */
	enum status (*ready)(struct stage_run *r, struct err *e);
};

#define STAGE(x) extern const struct stage_kind stage_##x;
#include "stages/stages.def"
#undef STAGE
extern const struct stage_kind *const stage_all[];
extern const int stage_count;
const struct stage_kind *stage_kind_find(const char *name);

/* ---- experiment.c: the whole file ---- */

extern const struct opt experiment_opts[], seed_opts[], report_opts[], arms_opts[];

/* A share of the work that the file asks for: `sweep --budget`. All 1: the file as it is. */
struct budget {
	double epochs;                /* factor of every number of epochs; rounded up, at least 1 (and one for each anchor or teacher) */
	double data, test;            /* share of the training and held-out, and of the test pictures */
};

/* In figures: "0.1 of the epochs (rounded up), 0.2 of the training and held-out and 1 of the test pictures". */
const char *budget_text(struct arena *a, const struct budget *b);

/* What experiments of one sweep have in common: the device, and data that are read once. */
struct experiment_pool;
struct experiment_pool *experiment_pool_new(struct arena *a);
void experiment_pool_close(struct experiment_pool *p); /* after its experiments; NULL allowed */

struct arms; /* arms.h */

struct experiment {
	struct arena *arena;
	const char *name, *path;
	const char *had_name;         /* of a folder that an earlier version may have left of it: that is gone on with; NULL: none */
	struct conf *root;
	uint64_t seed_split, seed_data, seed_init;
	uint64_t seed_teacher;        /* data and init of stages that teach (stage_teaches), where has_seed_teacher */
	bool has_seed_teacher;
	struct budget budget;
	struct experiment_pool *pool; /* what it shares with others; NULL: nothing */
	const char *precision_text;   /* f32, bf16, f16, tf32, auto */
	enum precision precision;
	enum precision there;         /* on the GPU that it is planned for without having it (experiment_options.on); else the same */
	bool any_order;               /* deterministic: false: training steps may sum so (step_desc.any_order) */
	struct device *dev;
	struct data *data;
	const struct conf *networks, *report; /* networks: NULL when the file's are no map */
	struct net **shape;           /* per key of networks, as the file has it; NULL: what is wrong with it has been told */
	bool unplanned;
	bool timed;
	int n_stage;
	struct stage *stage;
	int n_arms;
	struct arms *arms;
};

struct experiment_options {
	struct data_memory *memory;   /* the data need not be here, for nothing is trained; NULL: they must */
	struct experiment_pool *pool; /* NULL: none */
	struct budget budget;         /* zeroed: all of it */
	const char *precision;        /* over the file's; NULL: the file's */
	const char *device;           /* NULL: auto */
	const struct gpu *on;         /* to be planned, here, for that GPU: its precisions are allowed; NULL: for the device */
	bool timed;                   /* each stage is trained alone in its process, so that its time may be compared */
	bool unplanned;               /* stages are read and not planned: the caller does it, where it is needed */
	int threads;                  /* 0: as many as cores */
	int n_set;
	const char *const *set;       /* "a.b=c" */
};
/* Parses, opens the data, plans every stage unless said: every error of the file is collected. Identities are known afterwards. *x is for
   experiment_close also after an error. */
enum status experiment_open(struct arena *a, const char *path, const struct experiment_options *o, struct experiment **x, struct err *e);
/* The same from a tree that is there; it becomes the experiment's. path: what it came from, for messages. */
enum status experiment_open_conf(struct arena *a, const char *path, struct conf *root, const struct experiment_options *o, struct experiment **x, struct err *e);
void experiment_close(struct experiment *x); /* NULL allowed */
/* Hash over every stage's identity and the report: names the run's folder. */
void experiment_identity(const struct experiment *x, char hex[65]);
/* A reference as the YAML has it; a list expands `STAGE.anchors`, {anchors: REFERENCES, order: reversed} turns them round. Only stages before s. */
enum status references_read(struct experiment *x, const struct stage *s, const struct conf *c, bool several, struct reference **r, int *n, struct err *e);
/* The network of an experiment by name, with the data's pictures and classes. as: its params' name. Silent where the network's own error
   has been told. */
enum status experiment_net(struct experiment *x, struct arena *a, const char *network, const char *as, struct net **net, struct err *e);
/* The same without memory of its own, for who asks what it is like. */
enum status experiment_shape(struct experiment *x, const char *network, struct net **net, struct err *e);
/* After weights of a file were loaded, or were not: warns, or adds to the error, where the file says that they were trained on pictures of another size than
   the network is given. Gives `loaded`. */
enum status weights_fit(const struct net *net, const char *path, enum status loaded, struct err *e);
/* resolved config, each value with its origin */
void experiment_resolved(const struct experiment *x, FILE *f);

/* ---- a stage while it is planned or run ---- */

/* All pairs of a network of MAX_BLOCK blocks at once: a critic each, the instruments and the student; nine metrics a pair and a few of the whole.
   A variant is a set of segments that run in one step: every critic, instrument and student step may be rarer than a batch. */
enum { MAX_SEGMENT = MAX_BLOCK + 2, MAX_METRIC = 160, MAX_VARIANT = 8, MAX_GIVEN = 8 };

struct lesson_optim {
	struct optim *optim;
	struct schedule_conf schedule;
	double from, epochs;          /* position in its schedule: from + epochs done in the lesson, of epochs in all */
};

/* A critic that is watched: names of two metrics of the step, its accuracy on real and on fake features. */
struct watch { const char *label, *real, *fake; };

struct course;
struct aside; /* aside.h: what can be done beside the steps */

struct lesson {
	const char *label;            /* "", "anchor 2/3 block 1/3", "polish" */
	const char *note;             /* what is to be known before it runs: `check` prints it, its start warns of it; NULL: nothing */
	int epochs;
	int teacher;                  /* index into stage->teacher that the teacher network holds in this lesson; -1: none */
	bool takes_rest;              /* the epochs that an earlier lesson leaves are its own */
	bool selects;                 /* its epochs compete for `best`; the student's logits mean something */
	int selects_after;            /* epochs of it before the first of which that holds: until then no step has reached the head */
	int n_optim;
	struct lesson_optim *optim;
	/* Builds the step's graph: st->g, st->x, st->label ... are there; adds segments and metrics. */
	enum status (*build)(const struct lesson *l, struct step *st, struct err *e);
	/* Which teacher it has, where that is not known before: asked once, when the lesson is reached; kept by resume. NULL: `teacher`. */
	enum status (*choose)(const struct lesson *l, struct aside *a, int *teacher, struct err *e);
	/* Before its first step, the teacher's weights in place; not where a resume goes on in its midst. NULL: nothing. */
	enum status (*begin)(const struct lesson *l, struct aside *a, struct err *e);
	/* After its last step, everything still in place. Changes nothing of the run's state: after a kill it may come twice. NULL: nothing. */
	enum status (*end)(const struct lesson *l, struct aside *a, struct err *e);
	/* Whether it ends with the epoch that has just ended, before its last one: what it leaves goes to the next lesson that takes_rest, else to the last.
	   NULL: never. */
	enum status (*over)(const struct lesson *l, struct aside *a, bool *is_over, struct err *e);
	/* What is measured on the held-out pictures after every evaluated epoch: a graph like build's without segments, whose metrics are means
	   over the pictures, recorded as "valid/NAME". NULL: nothing. */
	enum status (*exam)(const struct lesson *l, struct step *st, struct err *e);
	double tau_from, tau_epochs;  /* of temperatures: tau_from + epochs done in the lesson, of tau_epochs in all; 0: as optim[0] */
	int n_watch;
	const struct watch *watch;    /* critics whose accuracy gives an alarm */
	const void *own;
};

struct stage_run {
	struct experiment *x;
	struct stage *stage;
	struct device *dev;           /* where its networks, optimisers and plans are: x's, or a lane of it */
	struct arena *arena;
	struct net *student;
	struct net *teacher;          /* NULL without; in define the structure of the first, in a lesson that of the lesson's, with its weights */
	struct net **teacher_net;     /* run_teacher_net */
	int n_net, cap_net;
	struct net **net;             /* everything that may move, the student first: initialised, saved by resume, released together */
	int n_lesson, cap_lesson;
	struct lesson *lesson;
	struct loss_scale *scale;     /* of its gradients, in f16; NULL in other precisions */
	struct course *course;        /* temperatures.h: what the stage's `course` had, while it is trained; NULL: it repeats none */
	void *own;                    /* the kind's */
};

/* What its kind adds to a stage's identity: options of the teacher, its own options, what it says itself. */
void stage_canonical(const struct stage *s, struct str *text);

/* What kinds use in define. */
void run_add_net(struct stage_run *r, struct net *net); /* NULL: nothing */
struct lesson *run_add_lesson(struct stage_run *r, const char *label, int epochs); /* zeroed but for these */
/* The structure of stage->teacher[m], without memory; the same for teachers of one network. */
struct net *run_teacher_net(const struct stage_run *r, int m);
struct optim *run_optim(struct stage_run *r, const char *name, const struct optim_conf *conf);
/* lesson l moves o by a schedule that spans the lesson. */
void lesson_moves(struct stage_run *r, struct lesson *l, struct optim *o, const struct schedule_conf *schedule);
/* Terms of the run, with networks of their own where they have parameters or states. Those of several teachers must be alike. */
enum status run_define_terms(struct stage_run *r, const struct term *from, int n, struct term **terms, struct err *e);
/* Their own parameters into the optimiser that moves the student. */
void optim_add_terms(struct optim *o, struct arena *a, const struct term *terms, int n);
/* Numbers of epochs, one after the other out of `from`, as the same shares of `to`: at least one each, and `after` are left behind the last. */
const int *epochs_scaled(struct arena *a, const struct ints *asked, int from, int to, int after);
/* Lesson k is over after so many epochs, fewer than it has. Schedules that began before a later lesson go on where this one stops. */
void run_end_lesson(struct stage_run *r, int k, int epochs);
/* What the lesson moves beside critics, for people: "1,234 of 5,678 parameters, 910 of adapters and 1,234 of other networks".
   Other networks are those of `networks`, peers for instance. */
const char *lesson_moved(const struct stage_run *r, const struct lesson *l, struct arena *a);
/* Parameters of the student and of its adapters that the lesson moves. */
long long lesson_moved_count(const struct stage_run *r, const struct lesson *l);
/* Parameters of blocks from..to (all: 0..B+1) of a network into an optimiser. */
void optim_add_net(struct optim *o, struct arena *a, struct net *net, int from, int to);

/* ---- step.c: one batch size of a lesson, planned ---- */

struct pass; /* teacher.h: the teacher's forward pass on a batch */

struct step {
	struct stage_run *run;
	const struct lesson *lesson;
	struct arena *arena;
	int n;                        /* pictures */
	struct pass *pass;            /* of the lesson's teacher; NULL without */
	struct node **given;          /* its taps in this graph */
	struct taps taps_t;
	struct graph *g;
	struct feed feed;             /* its pictures */
	struct node *x;               /* normalised, act */
	struct node *label, *sample, *epoch;
	struct segment segment[MAX_SEGMENT];
	struct node *metric[MAX_METRIC];
	const char *metric_name[MAX_METRIC];
	int metric_segment[MAX_METRIC]; /* of what is observed; -1: of every step */
	struct node *tau;             /* the temperature of the first term that has one; NULL: none has */
	int n_given;
	struct { struct node *node; const struct term *term; } of_host[MAX_GIVEN]; /* what temperatures take from the host */
	struct temperature_place place; /* set before each step that has any */
	int first_backward;           /* id of the first node that a gradient made; 0: none yet */
	struct step_desc desc;
	int n_variant;
	struct { unsigned active; struct plan *plan; } variant[MAX_VARIANT];
};

/* The taps of the lesson's teacher on this batch: what a pass of its own has left. */
struct taps *step_teacher(struct step *st);
/* A segment that minimises loss over the optimiser's parameters; the same over those of several. */
void step_minimise(struct step *st, const char *name, int every, struct node *loss, struct optim *o);
void step_minimise_all(struct step *st, const char *name, int every, struct node *loss, struct optim *const o[], int n);
/* A segment that moves nothing: scalars that are computed on steps divisible by every alone, and averaged over these. */
void step_observe(struct step *st, const char *segment, int every, int n, const char *const name[], struct node *const value[]);
/* A scalar that is averaged over the pictures of an epoch: "loss", "loss/kd", "critic/real_accuracy". */
void step_metric(struct step *st, const char *name, struct node *value);
/* Share of the batch whose arg-max is the label, in percent; NULL logits: nothing. The student's running accuracy is "train_top1_running"; where its head is
   not trained yet "train_graft", since these logits are not its own. */
void step_hits(struct step *st, const char *name, struct node *logits);
/* The sum of weighted terms, each logged as "loss/NAME"; NULL terms are skipped. Temperatures are logged as "tau/NAME" and move with the step. */
struct node *step_terms(struct step *st, const struct term *terms, int n, const struct taps *s, const struct taps *t, struct net *net_s, struct net *net_t);

/* pass: made for n pictures, or NULL where the lesson has no teacher. It learns which taps the step reads. A graph without a segment becomes an
   evaluation: its metrics are computed and nothing moves. */
enum status step_new(struct stage_run *r, const struct lesson *l, int n, struct pass *pass, struct arena *a, struct step **st, struct err *e);
size_t step_workspace(const struct step *st);
/* After the pass was prepared. */
enum status step_prepare(struct step *st, void *workspace, struct err *e);
void step_release(struct step *st);
/* Multiply-adds of a step in the mean over steps; what is only observed is not counted. The teacher's pass is not in it. */
double step_macs(const struct step *st);
struct plan_roof step_roof(const struct step *st); /* the mean step's, by the device's rates; the teacher's pass is not in it */
struct plan *step_plan(const struct step *st, long number); /* the variant for step number */
/* After the pass was run with the same batch. */
enum status step_run(struct step *st, const struct batch *b, long number, int epoch, struct err *e);
/* Whether that step can be queued in a chain (NULL: no), and not waited for; then step_queue does it. */
bool step_can_queue(const struct step *st, long number, const struct chain *c);
void step_queue(struct step *st, const struct batch *b, long number, int epoch, struct chain *c);
bool step_skipped(const struct step *st, long number); /* step number, which was the last to run, was not taken: plan_skipped */

/* ---- evaluate.c ---- */

struct evaluation {
	long n;
	double loss;                  /* mean cross-entropy */
	double top1, top5;            /* percent; top5 NaN with fewer than 6 classes */
	int classes;
	long *confusion;              /* [label * classes + answer] */
};
struct evaluator; /* a frozen network planned for the evaluation batch; kept from epoch to epoch */
enum status evaluator_open(struct arena *a, struct data *d, struct net *net, struct device *dev, enum precision p, struct evaluator **ev, struct err *e);
size_t evaluator_workspace(const struct evaluator *ev);
size_t evaluator_own_bytes(const struct evaluator *ev);
enum status evaluator_prepare(struct evaluator *ev, void *workspace, struct err *e);
/* Takes what evaluations of the part need, which the first does else: after an epoch is too late to find that it is not there. */
enum status evaluator_ready(struct evaluator *ev, enum part part, struct err *e);
enum status evaluator_run(struct evaluator *ev, enum part part, struct evaluation *out, struct err *e);
/* The same, and what was answered to each picture, in their order. */
enum status evaluator_predict(struct evaluator *ev, enum part part, struct arena *a, struct predictions *p, struct evaluation *out, struct err *e);
void evaluator_close(struct evaluator *ev); /* NULL allowed */

/* ---- stop.c: SIGINT and SIGTERM finish the step, save, leave with E_STOP ---- */
void stop_install(void);
/* From here on it stops as well when that process is its parent no more: nobody would wait for it, and a signal may not have been possible (SIGKILL). */
void stop_with_parent(int pid);
bool stop_asked(void);

#endif
