#include "models/model.h"

#include <stdalign.h>
#include <stddef.h>

const struct model *const model_all[] = {
#define MODEL(x) &model_##x,
#include "models/models.def"
#undef MODEL
};
const int model_count = (int)(sizeof model_all / sizeof *model_all);

static bool is_one_of(const struct model *m, const char *name)
{
	alignas(max_align_t) char scratch[256];
	if (m->parse) {
		BUG_IF(m->conf_size > sizeof scratch, "options of model '%s' are %zu bytes", m->name,
		       m->conf_size);
		return m->parse(name, scratch);
	}
	for (int i = 0; m->names[i]; i++)
		if (str_eq(m->names[i], name))
			return true;
	return false;
}

const struct model *model_named(const char *name)
{
	for (int i = 0; i < model_count; i++)
		if (is_one_of(model_all[i], name))
			return model_all[i];
	return NULL;
}
