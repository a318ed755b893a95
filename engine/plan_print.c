#include "engine/plan_int.h"

#include "base/str.h"

static const char *value_text(const struct plan *p, int v)
{
	return v < 0 ? "-" : p->value[v].node->name;
}

static void print_step(const struct plan *p, FILE *f, int i)
{
	const struct step *s = &p->step[i];
	char bytes[32];
	if (s->kind == STEP_PACK) {
		fprintf(f, "%5d  pack %-22s %s\n", i, value_text(p, s->in[0]), str_bytes(bytes, p->buffer[s->pack_to].bytes));
		return;
	}
	const struct tensor *t = s->out[0] >= 0 ? &p->value[s->out[0]].tensor : NULL;
	fprintf(f, "%5d  %-14s%s %-18s %-5s %8.2f M  %-40s %s\n", i, s->call->op->name,
	        s->fuse & FUSE_RELU ? "+relu" : s->fuse & FUSE_MASK ? "+mask" : "     ", t ? shape_str(&t->shape) : "",
	        t ? dtype_name(t->dtype) : "", s->call->op->macs ? s->call->op->macs(s->call) / 1e6 : 0.0,
	        value_text(p, s->out[0]), s->plan.name);
}

void plan_print(const struct plan *p, FILE *f, bool steps)
{
	char a[32], b[32];
	fprintf(f, "%d steps, %d before the first (once per version), %.1f M multiply-adds, workspace %s, own %s\n", p->n_step - p->n_prologue,
	        p->n_prologue, p->macs / 1e6, str_bytes(a, p->workspace_bytes), str_bytes(b, plan_own_bytes(p)));
	for (int i = 0, s = -1; steps && i < p->n_step; i++) {
		if (i == 0 && p->n_prologue)
			fprintf(f, "  once per version:\n");
		if (i >= p->n_prologue && p->step[i].segment != s) {
			s = p->step[i].segment;
			fprintf(f, "  segment '%s':\n", p->desc->segment[s].name);
		}
		print_step(p, f, i);
	}
}
