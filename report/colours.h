/* Colours for numbers. */
#ifndef REPORT_COLOURS_H
#define REPORT_COLOURS_H

#include <stdint.h>

/* 0 to 1: black, violet, red, orange, pale yellow; lightness rises evenly, so that it is right in grey too (matplotlib's inferno). */
void colour_heat(double t, uint8_t rgb[3]);
/* -1 to 1: blue, white at 0, red (ColorBrewer's RdBu with pure white). Values outside are the ends. */
void colour_signed(double t, uint8_t rgb[3]);

#endif
