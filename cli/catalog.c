#include "cli/catalog.h"

#include <stdio.h>

#include "cli/command.h"
#include "engine/op.h"
#include "gan/critic.h"
#include "stages/readings.h"
#include "stages/stage.h"

static int ops_count(void)
{
	return OP_COUNT;
}

static struct entry ops_get(int i)
{
	return (struct entry){.name = op_all[i]->name, .formula = op_all[i]->help};
}

static int models_count(void)
{
	return model_count;
}

static struct entry models_get(int i)
{
	const struct model *m = model_all[i];
	return (struct entry){.name = m->name, .help = m->help, .paper = m->paper, .opts = m->opts,
	                      .names = m->names};
}

static int losses_count(void)
{
	return loss_count;
}

static struct entry losses_get(int i)
{
	const struct loss *l = loss_all[i];
	return (struct entry){l->name, l->help, l->formula, l->paper, l->differs, l->opts, l->revision, NULL};
}

static int critics_count(void)
{
	return critic_count;
}

static struct entry critics_get(int i)
{
	const struct critic *c = critic_all[i];
	return (struct entry){c->name, c->help, c->formula, c->paper, c->differs, c->opts, c->revision, NULL};
}

static int adversaries_count(void)
{
	return adversary_count;
}

static struct entry adversaries_get(int i)
{
	const struct adversary *a = adversary_all[i];
	return (struct entry){a->name, a->help, a->formula, a->paper, a->differs, NULL, a->revision, NULL};
}

static int temperatures_count(void)
{
	return temperature_count;
}

static struct entry temperatures_get(int i)
{
	const struct temperature *t = temperature_all[i];
	return (struct entry){t->name, t->help, t->formula, t->paper, t->differs, t->opts, t->revision, NULL};
}

static int stages_count(void)
{
	return stage_count;
}

static struct entry stages_get(int i)
{
	const struct stage_kind *s = stage_all[i];
	return (struct entry){s->name, s->help, s->formula, s->paper, s->differs, s->opts, s->revision, NULL};
}

static int datasets_count(void)
{
	return dataset_count;
}

static struct entry datasets_get(int i)
{
	return (struct entry){.name = dataset_all[i]->name, .help = dataset_all[i]->help,
	                      .opts = dataset_all[i]->opts};
}

static int commands_count(void)
{
	int n = 0;
	while (command_all[n])
		n++;
	return n;
}

static struct entry commands_get(int i)
{
	return (struct entry){.name = command_all[i]->name, .help = command_all[i]->help};
}

static int readings_count(void)
{
	return reading_count;
}

static struct entry readings_get(int i)
{
	return (struct entry){.name = reading_all[i].name, .help = reading_all[i].says};
}

/* Under the words of the abstract that they rest on. */
static void readings_list(void)
{
	const char *words = "";
	for (int i = 0; i < reading_count; i++) {
		const struct reading *r = &reading_all[i];
		if (!str_eq(words, r->words))
			printf("%s\"%s\"\n", i ? "\n" : "", r->words);
		words = r->words;
		printf("  %-18s %s\n", r->name, r->says);
		printf("  %-18s {kind: blocks, %s}\n", "", r->options);
		printf("  %-18s %s%s\n", "", *r->tested ? "tested: " : "not tested here", r->tested);
	}
}

static const struct shared_opts loss_shared[] = {{"every entry of 'losses'", term_opts}, {0}};
static const struct shared_opts model_shared[] = {{"every network", net_opts}, {0}};
static const struct shared_opts dataset_shared[] = {{"every data set", data_opts}, {0}};
static const struct shared_opts stage_shared[] = {
	{"every stage", train_opts},
	{"every stage: `anchors` as a map", anchor_opts},
	{"every stage: the optimiser", optim_opts},
	{"every stage: the schedule", schedule_opts},
	{"every stage with a teacher", teacher_opts},
	{0},
};

const struct kind kind_all[] = {
	{"ops", "op", "what graphs are made of", true, ops_count, ops_get, NULL, NULL},
	{"models", "model", "recipes of networks", true, models_count, models_get, model_shared, NULL},
	{"losses", "loss", "between a student and its teacher or the labels", true, losses_count, losses_get,
	 loss_shared, NULL},
	{"temperatures", "temperature", "what logits are divided by before the softmax, step by step", true, temperatures_count, temperatures_get, NULL, NULL},
	{"critics", "critic", "tell the teacher's features from the student's", true, critics_count, critics_get,
	 NULL, NULL},
	{"adversaries", "adversary", "losses of a critic and of the student against it", true, adversaries_count,
	 adversaries_get, NULL, NULL},
	{"stages", "stage", "kinds of training", true, stages_count, stages_get, stage_shared, NULL},
	{"datasets", "data set", "sources of pictures", true, datasets_count, datasets_get, dataset_shared, NULL},
	{"readings", "reading", "of the main method's abstract: its words, the options, what was tested", false, readings_count, readings_get, NULL,
	 readings_list},
	{"commands", "command", "words behind 'limbeck'", false, commands_count, commands_get, NULL, NULL},
};
const int kind_count = sizeof kind_all / sizeof *kind_all;

const struct kind *kind_find(const char *name)
{
	for (int i = 0; i < kind_count; i++)
		if (str_eq(kind_all[i].name, name))
			return &kind_all[i];
	return NULL;
}

const char *const *entry_names(const struct entry *e, int *n)
{
	if (!e->names) {
		*n = 1;
		return &e->name;
	}
	for (*n = 0; e->names[*n]; ++*n)
		;
	return e->names;
}

bool entry_named(const struct kind *k, const struct entry *e, const char *name)
{
	if (str_eq(e->name, name))
		return true;
	const struct model *m = k->get == models_get ? model_named(name) : NULL;
	return m && str_eq(m->name, e->name);
}
