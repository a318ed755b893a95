/* A folder of pictures: train/CLASS/ and test/CLASS/ with PNG and JPEG files, fitted to one size. */
#include "data/source.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/str.h"
#include "data/folder_list.h"

enum { SAMPLE_MAX = 5000, SKIP = 1, SCALED = 1 };
/* A scaled JPEG is at least so many times as high and wide as what it is fitted to: the rest of the shrinking is image_fit's. */
enum { SCALED_TIMES = 2 };

struct folder_conf {
	const char *dir, *train, *test;
	int size, channels, on_error, cache_mib, jpeg;
};

/* One part. held.pixels is NULL where pictures are decoded when they are asked for. */
struct folder_part {
	struct held held; /* first: a pictures' own is a struct held */
	const char *dir;
	struct file_list files;
	const char **path, **shown; /* [n] to open; "train/cat/001.png" */
	int32_t *label;
	uint8_t *pixels;
	bool scaled;     /* JPEG files are decoded at a part of their size */
	char first[512]; /* what is wrong with the first broken one; "": none is */
};

static const struct opt opts[] = {
	{.name = "dir", .type = OPT_TEXT, .offset = offsetof(struct folder_conf, dir), .unit = "-",
	 .help = "folder that has train/CLASS/ and test/CLASS/", .flags = OPT_REQUIRED | OPT_NEUTRAL},
	{.name = "train", .type = OPT_TEXT, .offset = offsetof(struct folder_conf, train), .def_text = "train",
	 .unit = "-", .help = "folder of the training pictures, below dir", .flags = OPT_NEUTRAL},
	{.name = "test", .type = OPT_TEXT, .offset = offsetof(struct folder_conf, test), .def_text = "test",
	 .unit = "-", .help = "folder of the test pictures, below dir", .flags = OPT_NEUTRAL},
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

/* Picture at path, fitted into out. */
static enum status decode(const struct pictures *p, const char *path, uint8_t *out, struct err *e)
{
	const struct folder_part *t = p->own;
	const int longer = p->H > p->W ? p->H : p->W;
	uint8_t *pixels;
	int H, W;
	const enum status st = image_read_near(path, p->C, t->scaled ? SCALED_TIMES * longer : 0, &pixels, &H, &W, e);
	if (st != OK)
		return st;
	image_fit(pixels, H, W, p->C, out, p->H, p->W);
	mem_free(pixels);
	return OK;
}

static enum status read_file(const struct pictures *p, int i, uint8_t *out, struct err *e)
{
	const struct folder_part *t = p->own;
	return decode(p, t->path[i], out, e);
}

static void part_release(struct folder_part *t)
{
	file_list_release(&t->files);
	mem_free(t->pixels);
	t->pixels = NULL;
}

/* ---- what files there are ---- */

/* name: how the part is called in messages and in the hash, whatever the folder's name is. */
static void part_show(struct folder_part *t, const char *name, int C, struct arena *a, struct pictures *out)
{
	const int n = t->files.n;
	t->path = NEW_ARRAY(a, const char *, n);
	t->shown = NEW_ARRAY(a, const char *, n);
	t->label = NEW_ARRAY(a, int32_t, n);
	for (int i = 0; i < n; i++) {
		t->path[i] = path_join(a, t->dir, t->files.name[i]);
		t->shown[i] = arena_printf(a, "%s/%s", name, t->files.name[i]);
		t->label[i] = t->files.label[i];
	}
	t->held = (struct held){.file = t->shown, .per_file = 1};
	*out = (struct pictures){.n = n,
	                         .C = C,
	                         .label = t->label,
	                         .read = read_file,
	                         .place = held_place,
	                         .own = t,
	                         .decodes = true};
	file_list_release(&t->files);
}

static enum status list(const struct folder_conf *c, struct folder_part *train, struct folder_part *test,
                        struct where at, struct arena *a, struct dataset_info *out, struct err *e)
{
	struct class_list k1, k2;
	train->dir = path_join(a, c->dir, c->train);
	test->dir = path_join(a, c->dir, c->test);
	enum status st = folder_classes(a, train->dir, at, &k1, e);
	if (st == OK)
		st = folder_classes(a, test->dir, at, &k2, e);
	if (st == OK)
		st = classes_compare(train->dir, &k1, test->dir, &k2, at, e);
	if (st == OK)
		st = folder_files(a, train->dir, &k1, true, at, &train->files, e);
	if (st == OK)
		st = folder_files(a, test->dir, &k2, false, at, &test->files, e);
	if (st != OK)
		return st;
	const int C = c->channels ? 3 : 1;
	part_show(train, "train", C, a, &out->train);
	part_show(test, "test", C, a, &out->test);
	out->classes = k1.n;
	out->class_name = k1.name;
	return OK;
}

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

static void note_first(struct folder_part *t, const struct err *why)
{
	if (!*t->first)
		snprintf(t->first, sizeof t->first, "%.500s", why->text);
}

/* Picture i becomes number n: those before it that are broken are left out. */
static void move_up(struct folder_part *t, int i, int n)
{
	t->path[n] = t->path[i];
	t->shown[n] = t->shown[i];
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
		const enum status st = check_readable(t->path[i], c->on_error == SKIP ? &why : e);
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
			return st;
	}
	d->train.H = d->test.H = H;
	d->train.W = d->test.W = W;
	return OK;
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
	int n = 0;
	for (int i = 0; i < p->n; i++) {
		err_clear(&why);
		const enum status st = decode(p, t->path[i], t->pixels + (keep ? (size_t)n * size : 0),
		                              c->on_error == SKIP ? &why : e);
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

/* Of all files that can be read, broken ones too: they are part of what is on the disk. */
static enum status hash(struct dataset_info *d, struct err *e)
{
	const struct pictures *p[2] = {&d->train, &d->test};
	const int n = p[0]->n + p[1]->n;
	struct content *files = mem_new((size_t)n * sizeof *files);
	if (!files)
		return err_nomem(e, "too little memory for a list of %d files", n);
	int at = 0;
	for (int k = 0; k < 2; k++) {
		const struct folder_part *t = p[k]->own;
		for (int i = 0; i < p[k]->n; i++)
			files[at++] = (struct content){t->path[i], t->shown[i]};
	}
	const enum status st = content_hash(files, n, d->hash, e);
	mem_free(files);
	return st;
}

static enum status open_folder(const void *conf, struct where at, struct arena *a, struct dataset_info *out,
                               struct err *e)
{
	const struct folder_conf *c = conf;
	struct folder_part *train = NEW(a, struct folder_part), *test = NEW(a, struct folder_part);
	train->scaled = test->scaled = c->jpeg == SCALED;
	enum status st = list(c, train, test, at, a, out, e);
	if (st == OK)
		st = readable(c, &out->train, e);
	if (st == OK)
		st = readable(c, &out->test, e);
	if (st == OK)
		st = hash(out, e);
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
	.name = "folder", .help = "PNG and JPEG files in train/CLASS/ and test/CLASS/",
	.conf_size = sizeof(struct folder_conf), .opts = opts, .open = open_folder, .close = close_folder,
};
