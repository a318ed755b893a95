/* Values of a resolved config.yaml by their paths, as '--set' names them: "stages.kd.tau". */
#ifndef CLI_RUN_CONFIG_H
#define CLI_RUN_CONFIG_H

#include "base/conf.h"

struct config_value {
	const char *path, *text;
};

/* Every scalar, in the file's order. An item of a list has its 'name', or its number where it has none; an empty list or map is "[]" or "{}". */
void config_values(struct arena *a, const struct conf *root, struct config_value **v, int *n);
const char *config_find(const struct config_value *v, int n, const char *path); /* NULL: none */
/* FOLDER/config.yaml. */
enum status config_read(struct arena *a, const char *folder, struct config_value **v, int *n, struct err *e);

#endif
