/* What 'gradcam' does once its words are read. */
#ifndef CLI_GRADCAM_RUN_H
#define CLI_GRADCAM_RUN_H

#include "cli/gradcam_nets.h"

/* Finds the networks and the pictures, computes, writes the sheets, prints the figures. */
enum status gradcam_compare(struct gradcam_args *args, struct err *e);

#endif
