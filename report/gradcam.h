/*
 * Grad-CAM: where networks look for a class (Selvaraju et al., ICCV 2017, eq. 1 and 2), and how a student's maps differ from its teacher's.
 *
 * Of a layer with features A (C,h,w) after their activation and the raw logit z_k, the network applied frozen:
 *
 *     alpha_c = mean over h, w of dz_k / dA_c          map = relu(sum over c of alpha_c A_c), bilinear to the picture (half-pixel centres)
 *
 * A picture's gradient is its own, because a frozen network treats each alone; so one gradient of the sum over a batch is that of all.
 */
#ifndef REPORT_GRADCAM_H
#define REPORT_GRADCAM_H

#include "data/dataset.h"
#include "engine/plan.h"
#include "models/model.h"

enum { GRADCAM_LAYERS = MAX_BLOCK + 2 }; /* the stem, blocks, and "last" */

/* ---- gradcam.c: the maps of one network ---- */

/* The layers of a network that have maps: "stem" where it has one, then "block1" and so on. "last" is its last block, and not among them. */
int gradcam_layers(struct arena *a, const struct net *net, const char *name[GRADCAM_LAYERS]);

struct gradcam_map {
	int h, w;            /* of the layer; 0: the network has no such layer */
	bool raw;            /* its features are a sum before the activation, since what follows reads that too (the stem of wrn_d_1) */
	double *own;         /* [n][h*w] */
	double *wide;        /* [n][H*W] the same, as large as the picture */
};

struct gradcam;
/* For n pictures at a time; normalised by mean and std. Describes only: no device memory. */
enum status gradcam_open(struct arena *a, struct net *net, const float mean[4], const float std[4], const char *const layer[], int n_layer, int n,
                         struct device *dev, enum precision p, struct gradcam **out, struct err *e);
size_t gradcam_workspace(const struct gradcam *c);
/* The network placed and its weights loaded. The workspace may be shared by all whose runs are not at the same time. */
enum status gradcam_prepare(struct gradcam *c, void *workspace, struct err *e);
/* image [count][H*W*C] bytes, class [count], count <= n; a class of -1 has a map of zeros. E_RUN where a value is not finite. */
enum status gradcam_run(struct gradcam *c, const uint8_t *image, const int32_t *class, int count, struct err *e);
/* Of the last run. */
int gradcam_answer(const struct gradcam *c, int i); /* the class with the largest logit, the first at a tie */
const struct gradcam_map *gradcam_map(const struct gradcam *c, int layer);
void gradcam_close(struct gradcam *c); /* NULL allowed */

/* ---- gradcam_study.c: networks compared ---- */

struct gradcam_column {
	const char *name, *weights; /* "kd.last", its file or "random, seed 1" */
	struct net *net;            /* placed, with its weights */
	const float *mean, *std;
	struct gradcam *cam;
};

struct gradcam_shot {
	const uint8_t *pixels;      /* (H,W,C) */
	const uint8_t *object;      /* [H*W], not 0 where it is, which is somewhere; NULL: not known */
	int32_t class;              /* of all networks; -1: what the first one answers, put here by the run */
	const char *name;           /* for people */
};

struct gradcam_study {
	struct device *dev;
	enum precision precision;
	int C, H, W, batch;
	int n_column, n_layer;
	struct gradcam_column *column; /* the others are compared with the first */
	const char *const *layer;
	/* the study's own */
	size_t bytes;
	void *workspace;
	uint8_t *image;
	int32_t *class;
};

/* Sums over pictures for a column and a layer; a figure is a sum over its number. */
struct gradcam_figures {
	int h, w;                   /* of the layer; 0: none of that name, and nothing is counted */
	int h_rank, w_rank;         /* size at which ranks are compared with the first column's */
	int n, zero;                /* pictures; of these, maps that are all zero: they are in no other figure */
	int n_object, n_rank;       /* pictures with an object; those where both maps have ranks */
	double inside, hit, rank;
};

/* Plans and prepares every column; the fields above are set. To be closed after a failure too. */
enum status study_open(struct arena *a, struct gradcam_study *s, struct err *e);
/* Maps of n <= batch shots in all columns. */
enum status study_run(struct gradcam_study *s, struct gradcam_shot *shot, int n, struct err *e);
/* Adds the n shots of the last run to figures [column * n_layer + layer]. */
void study_count(const struct gradcam_study *s, const struct gradcam_shot *shot, int n, struct gradcam_figures *figures);
void study_close(struct gradcam_study *s);

#endif
