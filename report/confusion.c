#include "report/confusion.h"

#include <string.h>

#include "base/file.h"

static void csv_field(FILE *f, const char *text)
{
	if (!strpbrk(text, ",\"\r\n")) {
		fputs(text, f);
		return;
	}
	fputc('"', f);
	for (const char *p = text; *p; p++) {
		if (*p == '"')
			fputc('"', f);
		fputc(*p, f);
	}
	fputc('"', f);
}

enum status confusion_csv(const struct confusion *c, const char *path, struct err *e)
{
	struct file *file = NULL;
	const enum status st = file_create(&file, path, e);
	if (st != OK)
		return st;
	FILE *f = file_stream(file);
	fputs("label \\ answer", f);
	for (int k = 0; k < c->classes; k++) {
		fputc(',', f);
		csv_field(f, c->name[k]);
	}
	for (int i = 0; i < c->classes; i++) {
		fputc('\n', f);
		csv_field(f, c->name[i]);
		for (int k = 0; k < c->classes; k++)
			fprintf(f, ",%ld", c->count[(size_t)i * (size_t)c->classes + (size_t)k]);
	}
	fputc('\n', f);
	return file_commit(file, e);
}
