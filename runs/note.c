#include "runs/note.h"

#include <math.h>

#include "base/file.h"
#include "base/json.h"

/* ---- writing ---- */

static void add_text(struct str *s, const char *key, const char *value)
{
	str_printf(s, "\"%s\": ", key);
	json_quote(s, value ? value : "");
}

static void add_stage(struct str *s, const struct note_stage *t)
{
	str_add(s, "  {");
	add_text(s, "name", t->name);
	str_add(s, ", ");
	add_text(s, "kind", t->kind);
	str_add(s, ", ");
	add_text(s, "identity", t->identity);
	str_add(s, ", ");
	add_text(s, "state", t->state);
	str_add(s, ", ");
	add_text(s, "begun", t->begun);
	str_add(s, ", \"seconds\": ");
	json_number(s, t->seconds);
	str_add(s, "}");
}

enum status note_write(const char *folder, const struct note *n, struct err *e)
{
	const struct { const char *key, *value; } row[] = {
		{"name", n->name}, {"config", n->config}, {"identity", n->identity}, {"program", n->program}, {"machine", n->machine},
		{"device", n->device}, {"precision", n->precision}, {"data", n->data}, {"state", n->state}, {"begun", n->begun},
	};
	struct str s = {0};
	str_add(&s, "{");
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		add_text(&s, row[i].key, row[i].value);
		str_add(&s, ",\n ");
	}
	str_printf(&s, "\"run\": %lld,\n \"threads\": %d,\n \"seconds\": ", (long long)n->run, n->threads);
	json_number(&s, n->seconds);
	str_add(&s, ",\n \"stages\": [\n");
	for (int i = 0; i < n->n_stage; i++) {
		add_stage(&s, &n->stage[i]);
		str_add(&s, i + 1 < n->n_stage ? ",\n" : "\n");
	}
	str_add(&s, " ]}\n");
	struct arena *a = arena_open("run.json");
	struct file *f = NULL;
	enum status st = file_create(&f, path_join(a, folder, "run.json"), e);
	if (st == OK) {
		file_write(f, s.text, s.len);
		st = file_commit(f, e);
	}
	arena_close(a);
	str_release(&s);
	return st;
}

/* ---- reading ---- */

static const char *get_text(struct arena *a, struct json *object, const char *key)
{
	const char *t = json_text(json_get(object, key));
	return t ? arena_str(a, t) : "";
}

static double get_real(struct json *object, const char *key)
{
	double x;
	return json_real(json_get(object, key), &x) ? x : NAN;
}

static void read_stages(struct arena *a, struct json *list, struct note *n)
{
	n->n_stage = json_size(list);
	n->stage = NEW_ARRAY(a, struct note_stage, n->n_stage);
	for (int i = 0; i < n->n_stage; i++) {
		struct json *s = json_at(list, i);
		n->stage[i] = (struct note_stage){
			.name = get_text(a, s, "name"), .kind = get_text(a, s, "kind"), .identity = get_text(a, s, "identity"),
			.state = get_text(a, s, "state"), .begun = get_text(a, s, "begun"), .seconds = get_real(s, "seconds"),
		};
	}
}

enum status note_read(struct arena *a, const char *folder, struct note *n, bool *found, struct err *e)
{
	const char *path = path_join(a, folder, "run.json");
	struct json *root = NULL;
	char *text = NULL;
	size_t size = 0;
	int64_t threads = 0, run = 0;
	*n = (struct note){.seconds = NAN};
	*found = false;
	if (!file_exists(path))
		return OK;
	enum status st = file_read(a, path, false, &text, &size, e);
	if (st == OK)
		st = json_parse(text, size, path, &root, e);
	if (st == OK && (!json_text(json_get(root, "name")) || !json_text(json_get(root, "state"))))
		st = err_env(e, "'%s' is damaged: it has no 'name' or no 'state'", path);
	if (st == OK) {
		json_int(json_get(root, "threads"), &threads);
		json_int(json_get(root, "run"), &run);
		*n = (struct note){
			.name = get_text(a, root, "name"), .config = get_text(a, root, "config"), .identity = get_text(a, root, "identity"),
			.program = get_text(a, root, "program"), .machine = get_text(a, root, "machine"), .device = get_text(a, root, "device"),
			.precision = get_text(a, root, "precision"), .state = get_text(a, root, "state"), .begun = get_text(a, root, "begun"),
			.data = get_text(a, root, "data"), .run = run, .threads = (int)threads, .seconds = get_real(root, "seconds"),
		};
		read_stages(a, json_get(root, "stages"), n);
		*found = true;
	}
	json_close(root);
	return st;
}
