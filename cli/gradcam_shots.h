/* The pictures of 'gradcam': test pictures by number, or files. */
#ifndef CLI_GRADCAM_SHOTS_H
#define CLI_GRADCAM_SHOTS_H

#include "data/dataset.h"
#include "report/gradcam.h"
#include "report/gradcam_objects.h"

enum { CLASS_OF_LABEL = -2, CLASS_PREDICTED = -1, SHEET_ROWS = 64 };

/* The word of --class: a class's number, CLASS_OF_LABEL or CLASS_PREDICTED. NULL: the label. */
enum status class_read(const char *word, int classes, int *class, struct err *e);

struct shots {
	int n;
	struct gradcam_shot *shot;
	int *index; /* of test pictures; -1: a file */
};

/* One word "0,5,17" or "0-7", or a PNG or JPEG of the pictures' size, which has no label: its class is what the first network answers, unless
   class is a number; it is an error where the label was asked for. No word: the first test picture of each class, at most 8. Reads no pixels of
   test pictures (shot_load). */
enum status shots_choose(struct arena *a, const struct data *d, const char *const word[], int n, int class, bool asked, struct shots *s, struct err *e);
/* count test pictures at equal distances, or all where there are not so many. */
void shots_spread(struct arena *a, const struct data *d, int count, int class, struct shots *s);
/* Pixels of a test picture and its object into memory of the shot's size: [H*W*C] and [H*W]. A file has its own pixels and no object. */
enum status shot_load(const struct data *d, const struct objects *o, int index, struct gradcam_shot *shot, uint8_t *pixels, uint8_t *mask, struct err *e);

#endif
