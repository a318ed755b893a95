#include <stdio.h>

#include "base/file.h"
#include "base/log.h"
#include "cli/report_target.h"

void report_leave(struct arena *a, const char *folder)
{
	struct report r;
	struct err e = {0};
	const char *path = path_join(a, folder, "report.html");
	enum status st = report_target(a, &folder, 1, &r, &e);
	if (st == OK)
		st = pages_write(r.title, r.page, r.n, NULL, path, &e);
	if (st == OK)
		printf("%s\n", path);
	else
		log_line(LOG_WARN, "there is no page: %s", e.text);
}
