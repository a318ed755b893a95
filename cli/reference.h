/* The reference of experiment files, made from the option rows. */
#ifndef CLI_REFERENCE_H
#define CLI_REFERENCE_H

#include <stdio.h>

/* docs/CONFIG.md, whole. */
void reference_markdown(FILE *f);

#endif
