/*
 * Pictures in. A data set is a kind of thing: one file, one descriptor, one line in datasets.def.
 *
 * Pictures are bytes, channels-last (H,W,C), all of one size within a data set (a folder's are resized by a stated rule).
 * Normalisation happens in the graph (ops normalize and pictures), so a picture stays bytes until a device has it.
 */
#ifndef DATA_DATASET_H
#define DATA_DATASET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/opt.h"

enum split { SPLIT_TRAIN, SPLIT_TEST };

struct device; /* engine/device.h */
struct source; /* a descriptor's own */

/* One of the two files of pictures that a data set has. */
struct pictures {
	int n, C, H, W;
	const int32_t *label;    /* [n], 0..classes-1 */
	/* Picture i into out[H*W*C]; thread-safe. A damaged one is an error that names the file and offset. */
	enum status (*read)(const struct pictures *p, int i, uint8_t *out, struct err *e);
	/* Where picture i is, for messages: "train-images-idx3-ubyte.gz, picture 17". */
	const char *(*place)(const struct pictures *p, int i, char *buf, size_t n);
	void *own;
	int skipped;             /* broken ones left out by on_error: skip */
	bool decodes;            /* read decodes a file each time: the loader takes a thread for each core */
};

struct dataset_info {
	int classes;
	const char *const *class_name; /* [classes] */
	float mean[4], std[4];         /* of the training pictures, per channel, in 0..1 */
	char hash[65];                 /* SHA-256 of the content (file bytes in a stated order) */
	struct pictures train, test;
	int n_valid; /* the last so many of train are held-out ones that the data set names; 0: data_open draws them */
};

/* Of a set that was published and is the same everywhere. */
struct dataset_shape {
	int n_train, n_test, classes, C, H, W;
	bool parts; /* a folder may have a part of it */
};

struct dataset {
	const char *name;       /* "fashion_mnist", "idx", "cifar10", "cifar100", "folder", "synth" */
	const char *help;
	bool black_ground;      /* what is not the object is 0, as in the sets of single things on black that IDX files hold */
	size_t conf_size;
	const struct opt *opts;
	const struct dataset_shape *whole; /* NULL: its files say what it is */
	/* Opens and checks everything that can be checked without reading each picture. at: the YAML's data entry. */
	enum status (*open)(const void *conf, struct where at, struct arena *a, struct dataset_info *out, struct err *e);
	void (*close)(struct dataset_info *d);
};

#define DATASET(x) extern const struct dataset dataset_##x;
#include "data/datasets.def"
#undef DATASET
extern const struct dataset *const dataset_all[];
extern const int dataset_count;
const struct dataset *dataset_find(const char *name); /* NULL: none */

/* ---- what an experiment makes of it: data.c ---- */

/* Options of `data:` that every kind has. */
struct data_conf {
	int batch, eval_batch;     /* 128, 500 */
	int held_out;              /* training pictures kept for validation, drawn by seed.split, balanced over classes; 0 allowed;
	                              -1 (default): a tenth, at most 5,000; data_open puts the number here. Of a data set that names
	                              its held-out pictures: how many of these are used, -1: all */
	int limit;                 /* 0: all; else this many training pictures (after held_out), balanced over classes, drawn by seed.split */
	int limit_test;            /* 0: all; the first so many of a fixed draw */
	double share, share_test;  /* of what the options above leave; data_open puts the numbers into those, and 1 here */
	int crop;                  /* zero padding of pad-crop; 0: off */
	bool flip;                 /* horizontal, probability 1/2 */
	struct reals mean, std;    /* empty: the data set's recorded ones */
	bool drop_last;
	int workers;               /* loader threads; 0: chosen */
	int queue;                 /* batches made ahead, at most */
	double device_share;       /* of a GPU's free memory that the pictures may take, to be held there; 0: they come from the host */
};
extern const struct opt data_opts[];

struct data {
	const struct dataset *kind;
	const void *kind_conf;
	struct data_conf conf;
	struct dataset_info info;
	float mean[4], std[4];
	int threads;                     /* the device's: loaders that decode take no more; 0: not known */
	int n_train, n_valid, n_test;
	const int *train, *valid, *test; /* indices into info.train, info.train, info.test */
	struct device *dev;              /* data_place's; NULL: nobody asked for a place */
	void *store;                     /* dev's: all pictures, training ones first; NULL: it does not hold them */
	size_t store_bytes;
	bool away;                       /* its files are not here: numbers, shapes and identity alone, no labels and no pictures */
	const char *identity;            /* canonical text: kind, options that change results, hash, split seed */
};

/* Reads the map `data:` (kind + the kind's options + data_opts), opens, splits. */
enum status data_open(struct arena *a, const struct conf *map, uint64_t seed_split, struct data **d, struct err *e);
/* For who only asks what was or would be trained: a set whose folder or files are not there is what the memory says of it, a line for each place
   that was trained from. Nothing was trained yet: a published set is the whole of it, its content unknown. */
struct data_memory {
	const char *path;                /* the file; it may be missing */
	bool untouched;                  /* nothing was trained beside it */
	const char *told;                /* the folder that was said to be missing last; NULL at first */
};
enum status data_open_away(struct arena *a, const struct conf *map, uint64_t seed_split, struct data_memory *m, struct data **d, struct err *e);
/* Adds to the file what data_open_away would ask, unless it is there. A set without files (synth) needs none. */
enum status data_remember(const struct data *d, const char *path, struct err *e);
void data_close(struct data *d); /* NULL allowed; before its device is closed */
/* Training pictures of an epoch's last batch where it is smaller than the others; 0: none is. */
int data_rest(const struct data *d);
/* Batches of training pictures in an epoch. */
int data_batches(const struct data *d);

/* ---- place.c: pictures on a device ---- */

/* Before batches are made for a device, and graphs that take them: one with memory of its own takes all pictures as they are, if they lie in the host's
   memory and are no more than device_share of what it has free. A batch is then no bytes, but which pictures, and how each is shown. Says where they are.
   Once; later calls do nothing. What does not fit is no error: loaders then send their batches while the device works. */
enum status data_place(struct data *d, struct device *dev, struct err *e);
int data_rows(const struct data *d); /* pictures of the store */

/* ---- loader.c: batches, made ahead by threads ---- */

struct batch {
	int n;             /* pictures in it; the last of an epoch may have fewer */
	uint8_t *image;    /* (n,H,W,C); NULL where the device holds the pictures */
	const void *there; /* the device's memory that has those bytes, or will when what is queued from now on reads it; NULL: they are to be put there */
	int32_t *view;     /* (n,4) row of the store, dy, dx, flip: what graph_pictures reads; NULL where it holds none */
	int32_t *label;    /* [n] */
	int32_t *sample;   /* [n] the picture's number in its file: names its random numbers */
};

enum view { VIEW_TRAIN, VIEW_EVAL }; /* augmented, shuffled; or plain, in order */
enum part { PART_TRAIN, PART_VALID, PART_TEST };
int data_count(const struct data *d, enum part part); /* pictures in it */

struct loader;
/* Order and augmentation depend on (seed_data, epoch, sample) alone, whatever the number of workers. */
enum status loader_open(struct data *d, enum part part, enum view view, uint64_t seed_data, struct loader **l, struct err *e);
/* Of the device's memory, where pictures are sent to it; what data_place does comes before. */
size_t loader_device_bytes(const struct data *d, enum part part, enum view view);
/* From batch number first (0-based) of an epoch; what was queued is dropped. */
enum status loader_start(struct loader *l, int epoch, int first, struct err *e);
int loader_batches(const struct loader *l); /* per epoch */
/* The next batch, or *b NULL at the end of the epoch. Valid until the next call. Adds the seconds waited to *waited. */
enum status loader_next(struct loader *l, const struct batch **b, double *waited, struct err *e);
void loader_close(struct loader *l); /* NULL allowed; joins the threads */

/* Room for n pictures, as they are where the data lie. */
struct batch batch_new(struct arena *a, const struct data *d, int n);
/* Place `at` of a batch becomes a picture of one of the two sets, as an evaluation sees it. */
enum status batch_show(const struct data *d, const struct pictures *p, int sample, struct batch *b, int at, struct err *e);
/* Where the device holds the pictures: the same, shown as drawn. */
struct draw;
void batch_view(const struct data *d, const struct pictures *p, int sample, const struct draw *how, struct batch *b, int at);
/* Picture `from` of another batch. */
void batch_take(const struct data *d, const struct batch *of, int from, struct batch *b, int at);

/* ---- augment.c ---- */
/* Which view a picture is shown in; its number counts dy, then dx, then flip, from 0 to augment_views - 1. */
struct draw {
	int dy, dx; /* -pad..pad */
	bool flip;
};
struct draw augment_draw(int pad, bool flip, uint64_t seed, int epoch, int sample);
int augment_views(int pad, bool flip);
int augment_view(int pad, bool flip, struct draw d);
struct draw augment_draw_of(int pad, bool flip, int view); /* the other way */
void augment_as(const uint8_t *in, uint8_t *out, int H, int W, int C, struct draw d);
/* Pad by zeros, crop back to (H,W) at offset 0..2*pad, flip. Streams "crop" and "flip" of (seed, view, epoch, sample). */
void augment(const uint8_t *in, uint8_t *out, int H, int W, int C, int pad, bool flip, uint64_t seed, int epoch, int sample);

/* ---- image.c: PNG and JPEG, the only users of libpng and libjpeg for input ---- */
/* Decodes to 1 (grey) or 3 channels, as C asks: palette, alpha (over black), 16 bit, CMYK are converted. Truncated or damaged: an error with the offset. */
enum status image_read(const char *path, int C, uint8_t **pixels, int *H, int *W, struct err *e); /* mem_free(pixels) */
/* The same, but a JPEG is decoded at 1/8, 1/4 or 1/2 of its size where both sides still have at least `least` pixels then; 0: never.
   Its pixels are then nearly, not exactly, means of the full picture's. */
enum status image_read_near(const char *path, int C, int least, uint8_t **pixels, int *H, int *W, struct err *e);
/* Resize by area averaging when it shrinks, bilinear (half-pixel centres) when it grows; keeps the aspect: shorter side to size, centre crop. */
void image_fit(const uint8_t *in, int H, int W, int C, uint8_t *out, int H2, int W2);
/* quality 1 to 100; colours at half the resolution, as cameras write them. C 1 or 3. */
enum status image_write_jpeg(const char *path, const uint8_t *pixels, int H, int W, int C, int quality, struct err *e);
enum status image_write_png(const char *path, const uint8_t *pixels, int H, int W, int C, struct err *e);

#endif
