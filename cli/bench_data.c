/* limbeck bench data: how many pictures a second the loader gives, by kind, beside what a training step consumes. */
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/log.h"
#include "base/str.h"
#include "cli/bench.h"
#include "data/dataset.h"

static const double SECONDS_EACH = 0.5;
enum { FILES = 48, CLASSES = 2, JPEG_QUALITY = 90 };

struct bench_data_args {
	int images_per_s, size, side, workers;
	bool json;
};

struct bench_data {
	const struct bench_data_args *args;
	struct arena *arena;
	const char *folder;
	int printed;
};

/* ---- what is printed ---- */

static void print_head(const struct bench_data *b)
{
	const struct bench_data_args *a = b->args;
	if (a->json) {
		printf("{\"size\": %d, \"side\": %d, \"images_per_s\": %d, \"kinds\": [", a->size, a->side, a->images_per_s);
		return;
	}
	printf("pictures of 3x%dx%d, crop 4 and flip; a step that consumes %d pictures/s\n\n", a->size, a->size, a->images_per_s);
	printf("%14s %8s %14s %12s   %s\n", "pictures/s", "workers", "a worker", "times a step", "kind");
}

static void print_row(struct bench_data *b, const char *kind, double per_s, int workers)
{
	const struct bench_data_args *a = b->args;
	const double times = per_s / a->images_per_s;
	char all[32], each[32];
	if (a->json)
		printf("%s{\"kind\": \"%s\", \"workers\": %d, \"pictures_per_s\": %.1f, \"per_worker\": %.1f, \"times\": %.3f}", b->printed ? ", " : "",
		       kind, workers, per_s, per_s / workers, times);
	else
		printf("%14s %8d %14s %12.1f   %s\n", str_count(all, (long long)per_s), workers, str_count(each, (long long)(per_s / workers)),
		       times, kind);
	b->printed++;
}

/* ---- measuring ---- */

static enum status open_data(struct arena *a, const char *text, struct data **d, struct err *e)
{
	struct conf *root = NULL;
	const enum status st = conf_parse(a, text, "made data", &root, e);
	return st == OK ? data_open(a, root, 1, d, e) : st;
}

/* Whole batches for a while, by a consumer that has nothing else to do. */
static enum status load(struct data *d, double *per_s, struct err *e)
{
	struct loader *l = NULL;
	const struct batch *batch = NULL;
	double waited = 0;
	long pictures = 0;
	enum status st = loader_open(d, PART_TRAIN, VIEW_TRAIN, 1, &l, e);
	const double start = time_now();
	for (int epoch = 0; st == OK && time_now() < start + SECONDS_EACH; epoch++) {
		st = loader_start(l, epoch, 0, e);
		do {
			if (st == OK)
				st = loader_next(l, &batch, &waited, e);
			pictures += batch ? batch->n : 0;
		} while (st == OK && batch && time_now() < start + SECONDS_EACH);
	}
	*per_s = (double)pictures / (time_now() - start);
	loader_close(l);
	return st;
}

static enum status load_row(struct bench_data *b, const char *kind, const char *text, int workers, struct err *e)
{
	struct arena *a = arena_open("bench data");
	struct data *d = NULL;
	double per_s = 0;
	enum status st = open_data(a, arena_printf(a, "{%s, crop: 4, flip: true, held_out: 0, workers: %d}", text, workers), &d, e);
	if (st == OK)
		st = load(d, &per_s, e);
	if (st == OK)
		print_row(b, kind, per_s, workers);
	data_close(d);
	arena_close(a);
	return st;
}

/* The function alone, on one core, over pictures that do not all fit into its caches. */
static enum status augment_row(struct bench_data *b, struct err *e)
{
	enum { PICTURES = 2048 };
	const int S = b->args->size;
	const size_t one = 3 * (size_t)S * (size_t)S;
	uint8_t *in = mem_new(PICTURES * one), *out = mem_new(PICTURES * one);
	long done = 0;
	if (!in || !out) {
		mem_free(in);
		mem_free(out);
		return err_nomem(e, "no memory for %d pictures", PICTURES);
	}
	const double start = time_now();
	for (int epoch = 0; time_now() < start + SECONDS_EACH; epoch++, done += PICTURES)
		for (size_t i = 0; i < PICTURES; i++)
			augment(in + i * one, out + i * one, S, S, 3, 4, true, 1, epoch, (int)i);
	print_row(b, "augmentation alone", (double)done / (time_now() - start), 1);
	mem_free(in);
	mem_free(out);
	return OK;
}

/* ---- files ---- */

static enum status write_picture(const struct pictures *p, const char *dir, bool jpeg, int i, uint8_t *pixels, struct err *e)
{
	char path[512];
	snprintf(path, sizeof path, "%.400s/%d/%d.%s", dir, p->label[i], i, jpeg ? "jpg" : "png");
	const enum status st = p->read(p, i, pixels, e);
	if (st != OK)
		return st;
	return jpeg ? image_write_jpeg(path, pixels, p->H, p->W, 3, JPEG_QUALITY, e) : image_write_png(path, pixels, p->H, p->W, 3, e);
}

static enum status write_part(const struct pictures *p, const char *dir, bool jpeg, struct err *e)
{
	char path[512];
	enum status st = OK;
	uint8_t *pixels = mem_new((size_t)p->H * (size_t)p->W * 3);
	if (!pixels)
		return err_nomem(e, "no memory for a picture");
	for (int k = 0; k < CLASSES && st == OK; k++) {
		snprintf(path, sizeof path, "%.400s/%d", dir, k);
		st = dir_make(path, e);
	}
	for (int i = 0; i < p->n && st == OK; i++)
		st = write_picture(p, dir, jpeg, i, pixels, e);
	mem_free(pixels);
	return st;
}

static enum status folder_rows(struct bench_data *b, bool jpeg, struct err *e)
{
	const struct bench_data_args *args = b->args;
	struct arena *a = b->arena;
	const char *name = jpeg ? "JPEG" : "PNG", *dir = path_join(a, b->folder, name);
	struct data *d = NULL;
	const char *made = arena_printf(a, "{kind: synth, n_train: %d, n_test: %d, classes: %d, size: %d, noise: 0.03, held_out: 0}", FILES, CLASSES,
	                                CLASSES, args->side);
	enum status st = open_data(a, made, &d, e);
	if (st == OK)
		st = write_part(&d->info.train, path_join(a, dir, "train"), jpeg, e);
	if (st == OK)
		st = write_part(&d->info.test, path_join(a, dir, "test"), jpeg, e);
	data_close(d);
	for (int scaled = 0; scaled <= jpeg && st == OK; scaled++) {
		const char *text = arena_printf(a, "kind: folder, dir: '%s', size: %d, cache_mib: 0, batch: 8, jpeg: %s", dir, args->size,
		                                scaled ? "scaled" : "full");
		const char *kind = arena_printf(a, "%s files of %dx%d%s", name, args->side, args->side, scaled ? ", jpeg: scaled" : "");
		st = load_row(b, kind, text, 1, e);
		if (st == OK && args->workers > 1)
			st = load_row(b, kind, text, args->workers, e);
	}
	return st;
}

/* ---- the command ---- */

static enum status rows(struct bench_data *b, struct err *e)
{
	const char *held = arena_printf(b->arena, "kind: synth, n_train: 8192, n_test: 10, size: %d, noise: 0, batch: 128", b->args->size);
	enum status st = augment_row(b, e);
	if (st == OK)
		st = load_row(b, "held in memory", held, 1, e);
	if (st == OK)
		st = folder_rows(b, false, e);
	return st == OK ? folder_rows(b, true, e) : st;
}

static enum status bench_data_run(const struct bench_data_args *args, struct err *e)
{
	struct bench_data b = {.args = args, .arena = arena_open("bench data")};
	enum status st = bench_folder_make(b.arena, &b.folder, e);
	if (st == OK) {
		/* The hashes of these files are nobody's business later. */
		setenv("XDG_CACHE_HOME", b.folder, 1);
		print_head(&b);
		st = rows(&b, e);
		printf(args->json ? "]}\n" : "");
	}
	bench_folder_remove(b.folder);
	arena_close(b.arena);
	return st;
}

extern const struct command bench_data;

static int run(int argc, char **argv)
{
	struct bench_data_args args = {.images_per_s = 4000, .size = 32, .side = 256, .workers = 2};
	const struct flag flags[] = {
		{.name = "--images-per-s", .value = "N", .number = &args.images_per_s, .lo = 1, .hi = 1 << 30,
		 .help = "what a training step consumes, default 4000"},
		{.name = "--size", .value = "N", .number = &args.size, .lo = 8, .hi = 512, .help = "height and width in training, default 32"},
		{.name = "--side", .value = "N", .number = &args.side, .lo = 8, .hi = 512, .help = "height and width of the files, default 256"},
		{.name = "--workers", .value = "N", .number = &args.workers, .lo = 1, .hi = 256, .help = "that decode files, beside one alone, default 2"},
		{.name = "--json", .on = &args.json, .help = "one line of JSON"},
		{0},
	};
	struct err e = {0};
	enum status st = OK;
	if (bench_options(&bench_data, argc, argv, flags, "limbeck bench data --images-per-s 6000", &st, &e))
		st = bench_data_run(&args, &e);
	return command_end(st, &e);
}

const struct command bench_data = {
	.name = "bench data",
	.args = "[OPTION ...]",
	.help = "pictures a second that loading and augmentation give, by kind of data",
	.run = run,
};
