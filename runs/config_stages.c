#include "runs/config_stages.h"

#include <math.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"

/* A comment is no part of what the YAML says, so lines are read: "    # identity HEX", then "    name: kd   # where from". */
static const char *value_of(struct arena *a, const char *line, const char *key)
{
	const size_t n = strlen(key);
	if (strncmp(line, key, n) != 0)
		return NULL;
	const char *text = line + n;
	return arena_strn(a, text, strcspn(text, " \n"));
}

void config_stages(struct arena *a, const char *folder, int more, struct note_stage **stage, int *n)
{
	static const char mark[] = "    # identity ";
	char *text = NULL;
	size_t size = 0;
	int room = more;
	*n = 0;
	if (file_read(a, path_join(a, folder, "config.yaml"), false, &text, &size, NULL) != OK)
		text = arena_str(a, "");
	for (const char *at = text; (at = strstr(at, mark)); at++)
		room++;
	*stage = NEW_ARRAY(a, struct note_stage, room);
	struct note_stage *s = NULL;
	for (const char *line = text; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		const char *identity = value_of(a, line, mark), *name = value_of(a, line, "    name: "), *kind = value_of(a, line, "    kind: ");
		if (identity) {
			s = &(*stage)[(*n)++];
			*s = (struct note_stage){.name = "", .kind = "", .identity = identity, .state = "", .begun = "", .seconds = NAN};
		} else if (*line && *line != ' ') {
			s = NULL; /* the list is over */
		}
		if (s && name && !*s->name)
			s->name = name;
		if (s && kind && !*s->kind)
			s->kind = kind;
	}
}
