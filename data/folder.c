/* PNG and JPEG files in train/CLASS/ and test/CLASS/, or named by lists, fitted to one size. */
#include "data/folder_int.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/str.h"

enum { SAMPLE_MAX = 5000, SKIP = 1, SCALED = 1 };
/* A scaled JPEG is at least so many times as high and wide as what it is fitted to: the rest of the shrinking is image_fit's. */
enum { SCALED_TIMES = 2 };

static const struct opt opts[] = {
	{.name = "dir", .type = OPT_TEXT, .offset = offsetof(struct folder_conf, dir), .unit = "-",
	 .help = "folder that has train/CLASS/ and test/CLASS/, or what the lists name", .flags = OPT_REQUIRED | OPT_NEUTRAL},
	{.name = "train", .type = OPT_TEXT, .offset = offsetof(struct folder_conf, train), .def_text = "train",
	 .unit = "-", .help = "training pictures, below dir: a folder of class folders, or a list of lines PATH LABEL", .flags = OPT_NEUTRAL},
	{.name = "valid", .type = OPT_TEXT, .offset = offsetof(struct folder_conf, valid), .unit = "-",
	 .help = "held-out pictures in the same way; empty: they are drawn from the training pictures", .flags = OPT_NEUTRAL},
	{.name = "test", .type = OPT_TEXT, .offset = offsetof(struct folder_conf, test), .def_text = "test",
	 .unit = "-", .help = "test pictures in the same way", .flags = OPT_NEUTRAL},
	{.name = "classes", .type = OPT_TEXT, .offset = offsetof(struct folder_conf, classes), .unit = "-",
	 .help = "with lists: a file of class names, one a line, below dir; empty: the training list's labels, sorted", .flags = OPT_NEUTRAL},
	INT(folder_conf, size, 0, 0, 4096, "pixels",
	    "height and width of all; 0: as the first training picture"),
	CHOICE(folder_conf, channels, "3", "1|3", "1: grey, 3: colour"),
	CHOICE(folder_conf, on_error, "stop", "stop|skip", "a broken picture stops the run or is left out"),
	CHOICE(folder_conf, jpeg, "full", "full|scaled",
	       "scaled: JPEG files are decoded at 1/2, 1/4 or 1/8 of their size where both sides keep twice 'size' or more; faster, other pixels"),
	{.name = "cache_mib", .type = OPT_INT, .offset = offsetof(struct folder_conf, cache_mib), .def = 1024,
	 .min = 0, .max = 1 << 24, .unit = "MiB",
	 .help = "decoded pictures are kept in memory if all take at most this", .flags = OPT_NEUTRAL},
	{0}
};

/* A note of who names picture i, where a list does. */
static enum status named(const struct folder_part *t, int i, enum status st, struct err *e)
{
	const struct origin *o = &t->origin[i];
	if (st != OK && o->list)
		err_note(e, "line %d of '%s' names it", o->line, o->list);
	return st;
}

/* Picture i, fitted into out. */
static enum status read_file(const struct pictures *p, int i, uint8_t *out, struct err *e)
{
	const struct folder_part *t = p->own;
	const int longer = p->H > p->W ? p->H : p->W;
	uint8_t *pixels;
	int H, W;
	const enum status st = image_read_near(t->path[i], p->C, t->scaled ? SCALED_TIMES * longer : 0, &pixels, &H, &W, e);
	if (st != OK)
		return named(t, i, st, e);
	image_fit(pixels, H, W, p->C, out, p->H, p->W);
	mem_free(pixels);
	return OK;
}

static void part_release(struct folder_part *t)
{
	mem_free(t->pixels);
	t->pixels = NULL;
}

/* ---- what can be read ---- */

/* A link to nothing, a folder, a pipe or a file that may not be read. */
static enum status check_readable(const char *path, struct err *e)
{
	struct stat info;
	if (stat(path, &info))
		return err_env(e, "stat '%s': %s", path, strerror(errno));
	if (!S_ISREG(info.st_mode))
		return err_env(e, "'%s' is not a regular file", path);
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_env(e, "open '%s': %s", path, strerror(errno));
	close(fd);
	return OK;
}

/* In one line, a note of who names the picture included. */
static void note_first(struct folder_part *t, const struct err *why)
{
	const char *note = strchr(why->text, '\n');
	const int n = note ? (int)(note - why->text) : (int)strlen(why->text);
	if (!*t->first)
		snprintf(t->first, sizeof t->first, "%.*s%s%s", n, why->text, note ? "; " : "", note ? note + 1 : "");
}

/* Picture i becomes number n: those before it that are broken are left out. */
static void move_up(struct folder_part *t, int i, int n)
{
	t->path[n] = t->path[i];
	t->shown[n] = t->shown[i];
	t->hashed[n] = t->hashed[i];
	t->origin[n] = t->origin[i];
	t->label[n] = t->label[i];
}

static enum status all_broken(const struct pictures *p, struct err *e)
{
	const struct folder_part *t = p->own;
	return err_env(e, "'%s': all %d pictures are broken; the first: %s", t->dir, p->skipped, t->first);
}

/* What can't be hashed and decoded at all stops or is left out now. */
static enum status readable(const struct folder_conf *c, struct pictures *p, struct err *e)
{
	struct folder_part *t = p->own;
	struct err why = {0};
	int n = 0;
	for (int i = 0; i < p->n; i++) {
		err_clear(&why);
		struct err *to = c->on_error == SKIP ? &why : e;
		const enum status st = named(t, i, check_readable(t->path[i], to), to);
		if (st == OK)
			move_up(t, i, n++);
		else if (c->on_error == SKIP)
			note_first(t, &why);
		else
			return st;
	}
	p->skipped = p->n - n;
	p->n = n;
	return n ? OK : all_broken(p, e);
}

/* ---- decoding ---- */

/* H and W of all: as asked, or those of the first training picture that can be read. */
static enum status find_size(const struct folder_conf *c, struct dataset_info *d, struct err *e)
{
	int H = c->size, W = c->size;
	const struct folder_part *t = d->train.own;
	for (int i = 0; !H && i < d->train.n; i++) {
		uint8_t *pixels;
		const bool last = c->on_error != SKIP || i == d->train.n - 1;
		const enum status st = image_read(t->path[i], d->train.C, &pixels, &H, &W, last ? e : NULL);
		mem_free(pixels);
		if (st != OK && last)
			return named(t, i, st, e);
	}
	d->train.H = d->test.H = H;
	d->train.W = d->test.W = W;
	return OK;
}

/* Large pictures take their time: a line every ten seconds. */
static void tell(const struct folder_part *t, int i, int n, double *told)
{
	enum { EVERY_S = 10 };
	char done[32], all[32];
	if (time_now() < *told + EVERY_S)
		return;
	log_line(LOG_INFO, "'%s': %s of %s pictures are decoded", t->dir, str_count(done, i), str_count(all, n));
	*told = time_now();
}

/* Each picture once: broken ones stop or are left out; kept in memory where there is room for it. */
static enum status decode_all(const struct folder_conf *c, bool keep, struct pictures *p, struct err *e)
{
	struct folder_part *t = p->own;
	const size_t size = picture_bytes(p);
	struct err why = {0};
	t->pixels = mem_new(keep ? (size_t)p->n * size : size);
	if (!t->pixels)
		return err_nomem(e, "too little memory for the pictures of '%s'", t->dir);
	double told = time_now();
	int n = 0;
	for (int i = 0; i < p->n; i++) {
		tell(t, i, p->n, &told);
		err_clear(&why);
		const enum status st = read_file(p, i, t->pixels + (keep ? (size_t)n * size : 0), c->on_error == SKIP ? &why : e);
		if (st != OK && c->on_error != SKIP)
			return st;
		if (st == E_NOMEM) /* says nothing about the picture */
			return err_nomem(e, "%s", why.text);
		if (st == OK)
			move_up(t, i, n++);
		else
			note_first(t, &why);
	}
	p->skipped += p->n - n;
	p->n = n;
	if (p->skipped)
		log_line(LOG_WARN, "'%s': %d of %d pictures are broken and left out; the first: %s", t->dir,
		         p->skipped, n + p->skipped, t->first);
	if (!n)
		return all_broken(p, e);
	if (keep) {
		t->held.pixels = t->pixels;
		p->read = held_read;
		p->decodes = false;
	} else {
		mem_free(t->pixels);
		t->pixels = NULL;
	}
	return OK;
}

/* Of at most SAMPLE_MAX pictures, evenly drawn. */
static enum status measure(struct dataset_info *d, struct err *e)
{
	const struct pictures *p = &d->train;
	const int m = p->n < SAMPLE_MAX ? p->n : SAMPLE_MAX;
	uint8_t *pixels = mem_new(picture_bytes(p));
	if (!pixels)
		return err_nomem(e, "too little memory for a picture of %d x %d", p->W, p->H);
	struct moments sums = {0};
	enum status st = OK;
	for (int i = 0; i < m && st == OK; i++) {
		st = p->read(p, (int)((long long)i * p->n / m), pixels, e);
		if (st == OK)
			moments_add(&sums, pixels, (size_t)p->H * (size_t)p->W, p->C);
	}
	mem_free(pixels);
	moments_get(&sums, p->C, d->mean, d->std);
	return st;
}

/* Of all files that can be read, broken ones too: they are part of what is on the disk. Of the file of class names as well: it may
   name classes that no picture has. */
static enum status hash(struct dataset_info *d, const char *class_file, struct err *e)
{
	const struct pictures *p[2] = {&d->train, &d->test};
	const int n = p[0]->n + p[1]->n + (class_file ? 1 : 0);
	struct content *files = mem_new((size_t)n * sizeof *files);
	if (!files)
		return err_nomem(e, "too little memory for a list of %d files", n);
	int at = 0;
	for (int k = 0; k < 2; k++) {
		const struct folder_part *t = p[k]->own;
		for (int i = 0; i < p[k]->n; i++)
			files[at++] = (struct content){t->path[i], t->hashed[i]};
	}
	if (class_file)
		files[at++] = (struct content){class_file, "classes"};
	const enum status st = content_hash(files, n, d->hash, e);
	mem_free(files);
	return st;
}

static void show(const struct folder_conf *c, struct folder_part *t, struct pictures *p)
{
	t->scaled = c->jpeg == SCALED;
	p->C = c->channels ? 3 : 1;
	p->label = t->label;
	p->read = read_file;
	p->place = held_place;
	p->own = t;
	p->decodes = true;
}

/* After broken ones are left out. */
static enum status count_valid(const struct folder_conf *c, struct dataset_info *d, struct err *e)
{
	const struct folder_part *t = d->train.own;
	for (int i = 0; i < d->train.n; i++)
		d->n_valid += t->origin[i].valid;
	if (d->n_valid == d->train.n || (*c->valid && !d->n_valid))
		return err_env(e, "all pictures of '%s' are broken; the first: %s", d->n_valid ? c->train : c->valid, t->first);
	return OK;
}

static enum status open_folder(const void *conf, struct where at, struct arena *a, struct dataset_info *out,
                               struct err *e)
{
	const struct folder_conf *c = conf;
	struct folder_part *train = NEW(a, struct folder_part), *test = NEW(a, struct folder_part);
	const char *class_file;
	enum status st = folder_find(c, train, test, at, a, out, &class_file, e);
	show(c, train, &out->train);
	show(c, test, &out->test);
	if (st == OK)
		st = readable(c, &out->train, e);
	if (st == OK)
		st = readable(c, &out->test, e);
	if (st == OK)
		st = hash(out, class_file, e);
	if (st == OK)
		st = find_size(c, out, e);
	if (st == OK) {
		const double bytes = ((double)out->train.n + out->test.n) * (double)picture_bytes(&out->train);
		const bool keep = bytes <= c->cache_mib * 1048576.0;
		if (keep || c->on_error == SKIP)
			st = decode_all(c, keep, &out->train, e);
		if (st == OK && (keep || c->on_error == SKIP))
			st = decode_all(c, keep, &out->test, e);
	}
	if (st == OK)
		st = count_valid(c, out, e);
	if (st == OK)
		st = measure(out, e);
	if (st != OK) {
		part_release(train);
		part_release(test);
		memset(out, 0, sizeof *out);
	}
	return st;
}

static void close_folder(struct dataset_info *d)
{
	if (d->train.own) {
		part_release(d->train.own);
		part_release(d->test.own);
	}
	memset(d, 0, sizeof *d);
}

const struct dataset dataset_folder = {
	.name = "folder", .help = "PNG and JPEG files in train/CLASS/ and test/CLASS/, or named by lists",
	.conf_size = sizeof(struct folder_conf), .opts = opts, .open = open_folder, .close = close_folder,
};
