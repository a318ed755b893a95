/* A made set in the layout in which HRSC2016 is distributed, its pictures already as PNG. */
#ifndef TESTS_DATA_SHIPS_H
#define TESTS_DATA_SHIPS_H

#include "base/err.h"

/*
 * DIR/FullDataSet/AllImages/NUMBER.png and Annotations/NUMBER.xml, DIR/ImageSets/train.txt, val.txt and test.txt (48, 12 and 24 names).
 * Pictures of 40 to 130 pixels a side, every fifth grey, with a ship of four kinds in the middle. In the test part the first picture has
 * no ship, the second a ship of no known kind, the third a smaller ship of another kind beside the one in the middle.
 */
enum status ships_draw(const char *dir, struct err *e);

#endif
