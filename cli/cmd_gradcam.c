/* limbeck gradcam: where networks look, side by side. */
#include "cli/gradcam_run.h"

extern const struct command cmd_gradcam;

static int run(int argc, char **argv)
{
	struct gradcam_args args = {.rule = "last", .layer = "last", .count = 500, .seed = 1};
	const struct flag flags[] = {
		{.name = "--images", .value = "LIST|FILE", .many = &args.images,
		 .help = "of the sheets: numbers of test pictures (0,5,17 or 0-7), or a PNG or JPEG of their size; may be given several times; default: the "
		         "first of each class, at most 8"},
		{.name = "--layer", .value = "NAME", .text = &args.layer,
		 .help = "stem, block1, block2, ..., last (each network's last block, default), or all: a sheet each"},
		{.name = "--class", .value = "label|predicted|K", .text = &args.class,
		 .help = "whose logit: the label's (default), what the first network answers (a FILE's default), or of class K; one for all networks"},
		{.name = "--count", .value = "N", .number = &args.count, .lo = 1, .hi = 1000000000,
		 .help = "test pictures for the figures, spread evenly, default 500"},
		{.name = "--object", .value = "nonzero|none", .text = &args.object,
		 .help = "where the object is: pixels above 0 (default for data on black), or not known"},
		{.name = "--boxes", .value = "FILE", .text = &args.boxes,
		 .help = "the same from lines INDEX X0 Y0 X1 Y1, X1 and Y1 not included; INDEX counts test pictures from 0"},
		{.name = "--masks", .value = "DIR", .text = &args.masks, .help = "the same from INDEX.png, lighter than half in the object"},
		{.name = "--stage", .value = "NAME", .many = &args.stage,
		 .help = "of a run: a stage, the first the one to compare with; may be given several times; default: all, teachers first"},
		{.name = "--beside", .value = "NAME", .text = &args.beside,
		 .help = "of a run: the stage that all others are compared with; default: the last teacher, which is the one to be explained; of several chains "
		         "the longest one's"},
		{.name = "--rule", .value = "last|best", .text = &args.rule,
		 .help = "of a run: last epoch (default), or the one the held-out split chose"},
		{.name = "--experiment", .value = "FILE.yaml", .text = &args.experiment, .help = "of weights: names the data and the networks"},
		{.name = "--network", .value = "NAME", .many = &args.network,
		 .help = "of weights: the network in that file; once for each file of weights, in their order"},
		{.name = "--seed", .value = "N", .number = &args.seed, .lo = 0, .hi = 1000000000, .help = "of the random weights, default 1"},
		{.name = "--out", .value = "DIR", .text = &args.out, .help = "for LAYER.png, default gradcam in the first run's folder, or here"},
		{.name = "--json", .on = &args.json, .help = "the figures as JSON"},
		EXPERIMENT_FLAGS(args.open),
		{0},
	};
	struct err e = {0};
	bool help = false;
	enum status st = options_read(argc, argv, flags, 1, MAX_POSITIONAL, &args.words, &help, &e);
	if (help) {
		options_help(&cmd_gradcam, flags, "limbeck gradcam runs/first-1a2b3c4d --layer all");
		return 0;
	}
	if (st == OK)
		st = gradcam_compare(&args, &e);
	return command_end(st, &e);
}

const struct command cmd_gradcam = {
	.name = "gradcam",
	.args = "RUN | RUN/STAGE | WEIGHTS.safetensors ... [--images ...] [--layer NAME] [--class K]",
	.help = "draws where networks look, a student beside its teacher, and says how far their maps agree",
	.run = run,
};
