/* CIFAR-10 and CIFAR-100 in their binary layout: a record is labels, then the planes R, G and B. */
#include "data/source.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cpu_clones.h"
#include "base/file.h"
#include "base/str.h"
#include "data/cifar_names.h"

enum { SIDE = 32, PLANE = SIDE * SIDE, PICTURE = 3 * PLANE, RECORDS = 128, FILES_MAX = 6 };

/* One of the two layouts. */
struct layout {
	const char *kind;
	const char *file[FILES_MAX];
	int files, train_files;       /* the last one holds the test pictures */
	int label_bytes, label_at;
	int classes;
	const char *how;
};

struct cifar {
	struct held held[2]; /* first: a pictures' own is a struct held */
	uint8_t *pixels;     /* all files' */
	int32_t *label;
	int n[FILES_MAX];
	const char *path[FILES_MAX];
};

static int record_bytes(const struct layout *l)
{
	return l->label_bytes + PICTURE;
}

/* Number of records by the file's size. */
static enum status count_records(const struct layout *l, const char *dir, const char *path, const char *file,
                                 struct where at, int *n, struct err *e)
{
	struct stat st;
	char size[32], whole[32];
	if (stat(path, &st) && (errno == ENOENT || errno == ENOTDIR))
		return err_user(e, at, "'%s' has no file '%s': %s", dir, file, l->how);
	if (stat(path, &st))
		return err_env(e, "stat '%s': %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return err_env(e, "'%s' is not a regular file", path);
	const long long record = record_bytes(l), records = st.st_size / record;
	if (!st.st_size || st.st_size % record)
		return err_env(
			e, "'%s' ends at byte %s, inside record %lld, which starts at byte %s (a record has %lld bytes)",
			path, str_count(size, st.st_size), records, str_count(whole, records * record), record);
	if (records > INT_MAX / 8)
		return err_env(e, "'%s' holds %lld records, at most %d are allowed", path, records, INT_MAX / 8);
	*n = (int)records;
	return OK;
}

/* CIFAR-10's batches are of one size: one that lost whole records shows by that. */
static enum status check_equal(const struct layout *l, const struct cifar *c, struct err *e)
{
	char a[32], b[32];
	for (int i = 1; i < l->train_files; i++)
		if (c->n[i] != c->n[0])
			return err_env(e, "'%s' ends at byte %s, but '%s' at byte %s: the batches must be of one size",
			               c->path[i], str_count(a, (long long)c->n[i] * record_bytes(l)), c->path[0],
			               str_count(b, (long long)c->n[0] * record_bytes(l)));
	return OK;
}

CPU_CLONES
static void interleave(const uint8_t *restrict plane, uint8_t *restrict out)
{
	for (int i = 0; i < PLANE; i++, out += 3) {
		out[0] = plane[i];
		out[1] = plane[PLANE + i];
		out[2] = plane[2 * PLANE + i];
	}
}

static enum status take_records(const struct layout *l, const char *path, const uint8_t *in, int first, int n,
                                uint8_t *pixels, int32_t *label, struct err *e)
{
	for (int i = 0; i < n; i++, in += record_bytes(l)) {
		char at[32];
		label[i] = in[l->label_at];
		if (label[i] >= l->classes)
			return err_env(e, "label %d at byte %s of '%s': allowed 0 to %d", (int)label[i],
			               str_count(at, (long long)(first + i) * record_bytes(l) + l->label_at), path,
			               l->classes - 1);
		interleave(in + l->label_bytes, pixels + (size_t)i * PICTURE);
	}
	return OK;
}

/* A few records at a time: they are turned while they are still in the cache. */
static enum status load_file(const struct layout *l, const char *path, int n, uint8_t *pixels, int32_t *label,
                             uint8_t *buffer, struct err *e)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_env(e, "open '%s': %s", path, strerror(errno));
	enum status st = OK;
	for (int done = 0; done < n && st == OK;) {
		const int now = n - done < RECORDS ? n - done : RECORDS;
		const size_t want = (size_t)now * (size_t)record_bytes(l);
		size_t got = 0;
		ssize_t r = 1;
		while (got < want && (r > 0 || (r < 0 && errno == EINTR))) {
			r = read(fd, buffer + got, want - got);
			got += r > 0 ? (size_t)r : 0;
		}
		if (got < want)
			st = err_env(e, "read '%s' at byte %zu: %s", path, (size_t)done * (size_t)record_bytes(l) + got,
			             r < 0 ? strerror(errno) : "the file became shorter");
		else
			st = take_records(l, path, buffer, done, now, pixels + (size_t)done * PICTURE, label + done, e);
		done += now;
	}
	close(fd);
	return st;
}

static enum status load_all(const struct layout *l, struct cifar *c, struct err *e)
{
	size_t all = 0;
	for (int i = 0; i < l->files; i++)
		all += (size_t)c->n[i];
	uint8_t *buffer = mem_new((size_t)RECORDS * (size_t)record_bytes(l));
	c->pixels = mem_new(all * PICTURE);
	c->label = mem_new(all * sizeof *c->label);
	enum status st = OK;
	if (!buffer || !c->pixels || !c->label) {
		char size[32];
		st = err_nomem(e, "too little memory for the pictures of '%s' (%s)", l->kind,
		               str_bytes(size, all * PICTURE));
	}
	size_t at = 0;
	for (int i = 0; i < l->files && st == OK; at += (size_t)c->n[i++])
		st = load_file(l, c->path[i], c->n[i], c->pixels + at * PICTURE, c->label + at, buffer, e);
	mem_free(buffer);
	return st;
}

static void release(struct cifar *c)
{
	mem_free(c->pixels);
	mem_free(c->label);
}

static struct pictures show(const struct layout *l, struct cifar *c, int part)
{
	size_t before = 0;
	for (int i = 0; part && i < l->train_files; i++)
		before += (size_t)c->n[i];
	const int first = part ? l->train_files : 0, files = part ? 1 : l->train_files;
	const int per_file = c->n[first] > 1 ? c->n[first] : 2;
	c->held[part] =
		(struct held){c->pixels + before * PICTURE, l->file + first, files > 1 ? c->n[0] : per_file};
	return (struct pictures){
		.n = c->n[first] * files, .C = 3, .H = SIDE, .W = SIDE, .label = c->label + before,
		.read = held_read, .place = held_place, .own = &c->held[part],
	};
}

static enum status cifar_open(const struct layout *l, const char *dir, struct where at, struct arena *a,
                              struct dataset_info *out, struct err *e)
{
	struct cifar *c = NEW(a, struct cifar);
	struct content files[FILES_MAX];
	enum status st = OK;
	for (int i = 0; i < l->files && st == OK; i++) {
		c->path[i] = path_join(a, dir, l->file[i]);
		files[i] = (struct content){.path = c->path[i]};
		st = count_records(l, dir, c->path[i], l->file[i], at, &c->n[i], e);
	}
	if (st == OK)
		st = check_equal(l, c, e);
	if (st == OK)
		st = load_all(l, c, e);
	if (st == OK)
		st = content_hash(files, l->files, out->hash, e);
	if (st != OK) {
		release(c);
		return st;
	}
	out->classes = l->classes;
	out->train = show(l, c, 0);
	out->test = show(l, c, 1);
	return OK;
}

static void cifar_close(struct dataset_info *d)
{
	if (d->train.own)
		release(d->train.own);
	memset(d, 0, sizeof *d);
}

/* ---- cifar10 ---- */

struct cifar_conf {
	const char *dir;
	int labels;
};

#define DIR_ROW(text) \
	{.name = "dir", .type = OPT_TEXT, .offset = offsetof(struct cifar_conf, dir), .unit = "-", .help = text, \
	 .flags = OPT_REQUIRED | OPT_NEUTRAL}

static const struct opt cifar10_opts[] = {
	DIR_ROW("folder of data_batch_1.bin to data_batch_5.bin and test_batch.bin"),
	{0}
};

static enum status open_cifar10(const void *conf, struct where at, struct arena *a, struct dataset_info *out,
                                struct err *e)
{
	static const struct layout layout = {
		"cifar10", {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin",
		            "data_batch_5.bin", "test_batch.bin"}, 6, 5, 1, 0, 10,
		"'dir' must be the unpacked binary version of CIFAR-10 (cifar-10-batches-bin)",
	};
	static const float mean[3] = {0.4914f, 0.4822f, 0.4465f}, std[3] = {0.2470f, 0.2435f, 0.2616f};
	const struct cifar_conf *c = conf;
	const enum status st = cifar_open(&layout, c->dir, at, a, out, e);
	if (st != OK)
		return st;
	memcpy(out->mean, mean, sizeof mean);
	memcpy(out->std, std, sizeof std);
	out->class_name = class_names_read(a, c->dir, "batches.meta.txt", 10);
	if (!out->class_name)
		out->class_name = cifar10_names;
	return OK;
}

static const struct dataset_shape whole10 = {50000, 10000, 10, 3, 32, 32, false};

const struct dataset dataset_cifar10 = {
	.whole = &whole10,
	.name = "cifar10", .help = "CIFAR-10: 50,000 + 10,000 colour pictures, 32 x 32, 10 classes",
	.conf_size = sizeof(struct cifar_conf), .opts = cifar10_opts, .open = open_cifar10, .close = cifar_close,
};

/* ---- cifar100 ---- */

static const struct opt cifar100_opts[] = {
	DIR_ROW("folder of train.bin and test.bin"),
	CHOICE(cifar_conf, labels, "fine", "fine|coarse", "the 100 classes, or the 20 groups of them"),
	{0}
};

static enum status open_cifar100(const void *conf, struct where at, struct arena *a, struct dataset_info *out,
                                 struct err *e)
{
	static const float mean[3] = {0.5071f, 0.4867f, 0.4408f}, std[3] = {0.2675f, 0.2565f, 0.2761f};
	const struct cifar_conf *c = conf;
	const bool coarse = c->labels == 1;
	/* the names of the files outlive this call: place() shows them */
	static const struct layout layouts[2] = {
		{"cifar100", {"train.bin", "test.bin"}, 2, 1, 2, 1, 100,
		 "'dir' must be the unpacked binary version of CIFAR-100 (cifar-100-binary)"},
		{"cifar100", {"train.bin", "test.bin"}, 2, 1, 2, 0, 20,
		 "'dir' must be the unpacked binary version of CIFAR-100 (cifar-100-binary)"},
	};
	const enum status st = cifar_open(&layouts[coarse], c->dir, at, a, out, e);
	if (st != OK)
		return st;
	memcpy(out->mean, mean, sizeof mean);
	memcpy(out->std, std, sizeof std);
	out->class_name = class_names_read(a, c->dir, coarse ? "coarse_label_names.txt" : "fine_label_names.txt",
	                                   out->classes);
	if (!out->class_name)
		out->class_name = coarse ? cifar100_coarse : cifar100_fine;
	return OK;
}

static const struct dataset_shape whole100 = {50000, 10000, 100, 3, 32, 32, true};

const struct dataset dataset_cifar100 = {
	.whole = &whole100,
	.name = "cifar100",
	.help = "CIFAR-100 (or a part of it): 50,000 + 10,000 colour pictures, 32 x 32, 100 classes",
	.conf_size = sizeof(struct cifar_conf), .opts = cifar100_opts, .open = open_cifar100,
	.close = cifar_close,
};
