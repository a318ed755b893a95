/* Between folder_find.c, which finds out what pictures a folder data set has, and folder.c, which reads them. */
#ifndef DATA_FOLDER_INT_H
#define DATA_FOLDER_INT_H

#include "data/source.h"

struct folder_conf {
	const char *dir, *train, *valid, *test, *classes;
	int size, channels, on_error, cache_mib, jpeg;
};

/* Where a picture was found. */
struct origin {
	const char *list; /* the list that names it; NULL: a class folder has it */
	int line;
	bool valid; /* one of those that 'valid' holds out */
};

/* Training pictures, with those of 'valid' behind them, or test pictures. held.pixels is NULL where pictures are decoded when they
   are asked for. */
struct folder_part {
	struct held held; /* first: a pictures' own is a struct held */
	const char *dir;  /* or list: as messages call it */
	/* [n], by picture */
	const char **path, **shown; /* to open; "train/cat/001.png", or "train.txt, line 7: cat/001.png" */
	const char **hashed;        /* what the data set's hash calls it */
	struct origin *origin;
	int32_t *label;
	uint8_t *pixels;
	bool scaled;     /* JPEG files are decoded at a part of their size */
	char first[512]; /* what is wrong with the first broken one; "": none is */
};

/* Fills parts, pictures (without their size) and classes of out from folders or lists. *class_file: the file of 'classes', or NULL. */
enum status folder_find(const struct folder_conf *c, struct folder_part *train, struct folder_part *test, struct where at,
                        struct arena *a, struct dataset_info *out, const char **class_file, struct err *e);

#endif
