/* IDX files with the names of MNIST, plain or gzip: data sets idx and fashion_mnist. */
#include "data/source.h"

#include <limits.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"

enum { SIDE_MAX = 16384, PICTURES = 0x803, LABELS = 0x801 };

struct idx_conf {
	const char *dir;
	int classes;
};

struct idx_file {
	const char *name, *path; /* name: without the folder */
	bool gz;
	const uint8_t *data;
	size_t size;
	uint32_t n, H, W;
};

/* The own of training pictures; the pixels of all files lie in the arena. */
struct idx {
	struct held held[2]; /* first: a pictures' own is a struct held */
	struct arena *memory;
	struct idx_file picture[2], label[2];
	const char *name[2];
};

static const char *const part_name[2] = {"train", "t10k"};

/* Both spellings that are about, and gzip's ending. */
static bool file_find(struct arena *a, const char *dir, const char *part, const char *what, int dims,
                      struct idx_file *f)
{
	for (int i = 0; i < 4; i++) {
		f->gz = i & 1;
		f->name =
			arena_printf(a, "%s-%s%cidx%d-ubyte%s", part, what, i & 2 ? '.' : '-', dims, f->gz ? ".gz" : "");
		f->path = path_join(a, dir, f->name);
		if (file_exists(f->path))
			return true;
	}
	return false;
}

static uint32_t big_endian(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static enum status wrong_size(const struct idx_file *f, uint64_t expected, struct err *e)
{
	char a[32], b[32];
	return err_env(e, "'%s' ends at byte %s, %s expected%s", f->path, str_count(a, (long long)f->size),
	               str_count(b, (long long)expected), f->gz ? " (counted after gunzip)" : "");
}

/* The header: a magic number, then the sizes, each 4 bytes, highest first. */
static enum status file_check(struct idx_file *f, uint32_t magic, struct err *e)
{
	const size_t head = magic == PICTURES ? 16 : 8;
	if (f->size < 4)
		return wrong_size(f, head, e);
	if (big_endian(f->data) != magic)
		return err_env(e, "'%s' is no IDX file of %s: 0x%08x at byte 0, 0x%08x expected", f->path,
		               magic == PICTURES ? "pictures" : "labels", (unsigned)big_endian(f->data),
		               (unsigned)magic);
	if (f->size < head)
		return wrong_size(f, head, e);
	f->n = big_endian(f->data + 4);
	f->H = f->W = 1;
	if (magic == PICTURES) {
		f->H = big_endian(f->data + 8);
		f->W = big_endian(f->data + 12);
	}
	if (f->n < 1 || f->n > INT_MAX)
		return err_env(e, "'%s' says at byte 4 that it holds %u items, allowed 1 to %d", f->path,
		               (unsigned)f->n, INT_MAX);
	if (f->H < 1 || f->W < 1 || f->H > SIDE_MAX || f->W > SIDE_MAX)
		return err_env(
			e, "'%s' says at byte 8 that its pictures have %u x %u pixels, allowed are 1 to %d on a side",
			f->path, (unsigned)f->W, (unsigned)f->H, SIDE_MAX);
	const uint64_t expected = head + (uint64_t)f->n * f->H * f->W;
	return f->size == expected ? OK : wrong_size(f, expected, e);
}

static enum status file_load(struct idx *x, struct idx_file *f, uint32_t magic, struct err *e)
{
	char *data;
	const enum status st = file_read(x->memory, f->path, f->gz, &data, &f->size, e);
	if (st != OK)
		return st;
	f->data = (const uint8_t *)data;
	return file_check(f, magic, e);
}

static enum status part_load(struct idx *x, int part, struct err *e)
{
	struct idx_file *p = &x->picture[part], *l = &x->label[part];
	enum status st = file_load(x, p, PICTURES, e);
	if (st == OK)
		st = file_load(x, l, LABELS, e);
	if (st != OK)
		return st;
	if (p->n != l->n)
		return err_env(e, "'%s' holds %u pictures (byte 4), but '%s' holds %u labels (byte 4)", p->path,
		               (unsigned)p->n, l->path, (unsigned)l->n);
	return OK;
}

static enum status labels_get(const struct idx_file *f, int classes, int32_t *label, struct err *e)
{
	for (uint32_t i = 0; i < f->n; i++) {
		char at[32];
		label[i] = f->data[8 + i];
		if (label[i] >= classes)
			return err_env(e, "label %d at byte %s of '%s'%s: allowed 0 to %d", (int)label[i],
			               str_count(at, 8LL + i), f->path, f->gz ? " (after gunzip)" : "", classes - 1);
	}
	return OK;
}

static int classes_of(const struct idx *x)
{
	int most = 0;
	for (int part = 0; part < 2; part++)
		for (uint32_t i = 0; i < x->label[part].n; i++)
			most = x->label[part].data[8 + i] > most ? x->label[part].data[8 + i] : most;
	return most + 1;
}

static enum status part_show(struct idx *x, int part, int classes, struct arena *a, struct pictures *out,
                             struct err *e)
{
	const struct idx_file *f = &x->picture[part];
	int32_t *label = NEW_ARRAY(a, int32_t, f->n);
	x->name[part] = f->name;
	x->held[part] = (struct held){f->data + 16, &x->name[part], (int)f->n > 1 ? (int)f->n : 2};
	*out = (struct pictures){
		.n = (int)f->n, .C = 1, .H = (int)f->H, .W = (int)f->W, .label = label,
		.read = held_read, .place = held_place, .own = &x->held[part],
	};
	return labels_get(&x->label[part], classes, label, e);
}

static enum status load(struct idx *x, int classes, struct arena *a, struct dataset_info *out, struct err *e)
{
	enum status st = OK;
	struct content files[4];
	for (int part = 0; part < 2 && st == OK; part++) {
		st = part_load(x, part, e);
		files[2 * part] = (struct content){.path = x->picture[part].path};
		files[2 * part + 1] = (struct content){.path = x->label[part].path};
	}
	if (st != OK)
		return st;
	const struct idx_file *p = x->picture;
	if (p[0].H != p[1].H || p[0].W != p[1].W)
		return err_env(e, "'%s' has pictures of %u x %u, but '%s' of %u x %u", p[0].path, (unsigned)p[0].W,
		               (unsigned)p[0].H, p[1].path, (unsigned)p[1].W, (unsigned)p[1].H);
	out->classes = classes ? classes : classes_of(x);
	st = part_show(x, 0, out->classes, a, &out->train, e);
	if (st == OK)
		st = part_show(x, 1, out->classes, a, &out->test, e);
	return st == OK ? content_hash(files, 4, out->hash, e) : st;
}

/* how: what to do when a file is missing. */
static enum status idx_open(const struct idx_conf *c, const char *how, struct where at, struct arena *a,
                            struct dataset_info *out, struct err *e)
{
	struct idx *x = NEW(a, struct idx);
	for (int part = 0; part < 2; part++)
		if (!file_find(a, c->dir, part_name[part], "images", 3, &x->picture[part])
		    || !file_find(a, c->dir, part_name[part], "labels", 1, &x->label[part])) {
			const char *what = x->label[part].name ? "labels-idx1" : "images-idx3";
			return err_user(e, at, "'%s' has no file '%s-%s-ubyte' or '%s-%s-ubyte.gz': %s", c->dir,
			                part_name[part], what, part_name[part], what, how);
		}
	x->memory = arena_open("idx pictures");
	const enum status st = load(x, c->classes, a, out, e);
	if (st != OK) {
		arena_close(x->memory);
		memset(out, 0, sizeof *out);
	}
	return st;
}

static void idx_close(struct dataset_info *d)
{
	struct idx *x = d->train.own;
	if (x)
		arena_close(x->memory);
	memset(d, 0, sizeof *d);
}

/* ---- idx ---- */

static const struct opt idx_opts[] = {
	{.name = "dir", .type = OPT_TEXT, .offset = offsetof(struct idx_conf, dir), .unit = "-",
	 .help = "folder of train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-... (or .gz)",
	 .flags = OPT_REQUIRED | OPT_NEUTRAL},
	INT(idx_conf, classes, 0, 0, 256, "classes", "number of classes; 0: the largest label + 1"),
	{0}
};

static enum status open_idx(const void *conf, struct where at, struct arena *a, struct dataset_info *out,
                            struct err *e)
{
	enum status st = idx_open(conf, "set 'dir' to the folder that has it", at, a, out, e);
	if (st != OK)
		return st;
	struct moments m = {0};
	const struct held *h = out->train.own;
	moments_add(&m, h->pixels, (size_t)out->train.n * picture_bytes(&out->train), 1);
	moments_get(&m, 1, out->mean, out->std);
	out->class_name = class_numbers(a, out->classes);
	return OK;
}

const struct dataset dataset_idx = {
	.name = "idx", .help = "grey pictures in IDX files with MNIST's names", .black_ground = true,
	.conf_size = sizeof(struct idx_conf), .opts = idx_opts, .open = open_idx, .close = idx_close,
};

/* ---- fashion_mnist ---- */

static const struct opt fashion_opts[] = {
	{.name = "dir", .type = OPT_TEXT, .offset = offsetof(struct idx_conf, dir),
	 .def_text = "/usr/share/datasets/fashion-mnist", .unit = "-",
	 .help = "folder of the four IDX files (Debian: dataset-fashion-mnist)", .flags = OPT_NEUTRAL},
	{0}
};

static enum status open_fashion(const void *conf, struct where at, struct arena *a, struct dataset_info *out,
                                struct err *e)
{
	static const char *const names[10] = {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
	                                      "Sandal",      "Shirt",   "Sneaker",  "Bag",   "Ankle boot"};
	const struct idx_conf c = {.dir = ((const struct idx_conf *)conf)->dir, .classes = 10};
	const enum status st =
		idx_open(&c, "install Debian's dataset-fashion-mnist, or set 'dir'", at, a, out, e);
	if (st != OK)
		return st;
	out->class_name = names;
	out->mean[0] = 0.2860f;
	out->std[0] = 0.3530f;
	return OK;
}

static const struct dataset_shape whole = {60000, 10000, 10, 1, 28, 28, false};

const struct dataset dataset_fashion_mnist = {
	.whole = &whole,
	.name = "fashion_mnist",
	.help = "Fashion-MNIST: 60,000 + 10,000 grey pictures of clothes, 28 x 28, 10 classes",
	.black_ground = true,
	.conf_size = sizeof(struct idx_conf), .opts = fashion_opts, .open = open_fashion, .close = idx_close,
};
