/* Weights of pictures of another size: what pools over places takes any. */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "runs/safetensors.h"
#include "stages/stage.h"

/* The line "input=1x28x28" of what a file says of its network. */
static bool read_input(const char *network, int *C, int *H, int *W)
{
	static const char key[] = "input=";
	const char *p = network;
	while (p && strncmp(p, key, strlen(key)) != 0)
		p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL;
	return p && sscanf(p, "input=%dx%dx%d", C, H, W) == 3;
}

enum status weights_fit(const struct net *net, const char *path, enum status loaded, struct err *e)
{
	struct arena *a = arena_open("size");
	int C, H, W;
	const char *network = weights_meta(a, path, "network");
	if (read_input(network, &C, &H, &W) && (C != net->C || H != net->H || W != net->W)) {
		const char *text = arena_printf(a, "'%s' was trained on pictures of %d x %d (wide, high) in %d channel%s, network '%s' is given %d x %d in %d", path, W, H, C,
		                                C == 1 ? "" : "s", net->name, net->W, net->H, net->C);
		if (loaded == OK)
			log_line(LOG_WARN, "%s: it takes them, but what it has learned may be worth less there", text);
		else
			err_note(e, "%s", text);
	}
	arena_close(a);
	return loaded;
}
