/* The figures of 'gradcam' on the screen: a table, or JSON. */
#ifndef CLI_GRADCAM_PRINT_H
#define CLI_GRADCAM_PRINT_H

#include "cli/gradcam_nets.h"
#include "report/gradcam_objects.h"

struct gradcam_result {
	const struct data *data;
	const struct gradcam_study *study;
	const struct gradcam_figures *figures; /* [column * n_layer + layer] */
	const char *class;                     /* "label", "predicted", "3 (Dress)" */
	const struct objects *objects;
	int n;                                 /* test pictures */
	double area;                           /* mean share of a picture that is object, where one is known; NaN: nowhere */
	const char *const *sheet;              /* [n_layer] files */
};

void gradcam_print(struct arena *a, const struct gradcam_result *r);
void gradcam_json(const struct gradcam_result *r);

#endif
