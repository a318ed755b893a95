#include "cli/run_when.h"

#include <string.h>
#include <time.h>

const char *run_when(struct arena *a, const char *begun)
{
	struct tm utc = {0}, local;
	char text[32];
	const char *end = strptime(begun, "%Y-%m-%d %H:%M:%S", &utc);
	if (end && *end == '.')
		end += 1 + strspn(end + 1, "0123456789");
	if (!end || *end)
		return begun;
	const time_t t = timegm(&utc);
	if (!localtime_r(&t, &local) || !strftime(text, sizeof text, "%Y-%m-%d %H:%M", &local))
		return begun;
	return arena_str(a, text);
}
