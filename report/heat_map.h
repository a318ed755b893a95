/* Heat maps as numbers: what can be said of one, and of two. A map is h rows of w values from 0; the first row is the picture's top. */
#ifndef REPORT_HEAT_MAP_H
#define REPORT_HEAT_MAP_H

#include <stdbool.h>
#include <stdint.h>

/* Scales it so that it sums to 1. false: it is all zero, and stays so. */
bool map_to_one(double *map, int n);
/* What share of a map's sum lies where object is not 0; NaN for an all-zero map. */
double map_inside(const double *map, const uint8_t *object, int n);
/* 1 where the map's maximum lies inside the object, 0 where it does not; of several equal maxima the share that does. NaN for an all-zero map. */
double map_hit(const double *map, const uint8_t *object, int n);
/* Means over equal areas: out (h2,w2) with h2 <= h and w2 <= w; a value that two areas cut counts in each by its share. */
void map_average(const double *in, int h, int w, double *out, int h2, int w2);
/* Spearman's rank correlation: Pearson's of the ranks, equal values having the mean of their ranks. NaN where all of x or of y are equal. */
double rank_correlation(const double *x, const double *y, int n);
/* The same of two maps, both shrunk to the smaller height and the smaller width of the two. */
double map_correlation(const double *a, int ha, int wa, const double *b, int hb, int wb);

#endif
