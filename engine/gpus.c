#include "engine/gpus.h"

#include "base/str.h"

/* A kernel of a captured graph takes about this long from its start to the next one's, however little it does. Of our own guess: no machine is at hand. */
static const double LAUNCH = 2e-6;

/* Half of the makers' floating-point operations a second; dense, of the fastest board of that name. */
const struct gpu gpu_all[] = {
	{"h100", "NVIDIA H100 SXM", 67e12 / 2, 989e12 / 2, 3.35e12, "NVIDIA H100 data sheet (989 is half of its figure with sparsity)"},
	{"h200", "NVIDIA H200 SXM", 67e12 / 2, 989e12 / 2, 4.8e12, "NVIDIA H200 data sheet (989 is half of its figure with sparsity)"},
	{"a100", "NVIDIA A100 SXM 80 GB", 19.5e12 / 2, 312e12 / 2, 2.039e12, "NVIDIA A100 data sheet"},
	{"l4", "NVIDIA L4", 30.3e12 / 2, 121e12 / 2, 0.3e12, "NVIDIA L4 data sheet (121 is half of its figure with sparsity)"},
	{"rtx4090", "NVIDIA GeForce RTX 4090", 82.6e12 / 2, 165.2e12 / 2, 1.008e12, "NVIDIA Ada architecture white paper, appendix A"},
};
const int gpu_count = sizeof gpu_all / sizeof *gpu_all;

const struct gpu *gpu_find(const char *name)
{
	for (int i = 0; i < gpu_count; i++)
		if (str_eq(gpu_all[i].name, name))
			return &gpu_all[i];
	return NULL;
}

struct rates gpu_rates(const struct gpu *g, enum precision precision)
{
	const double macs = precision == PRECISION_F32 ? g->f32 : g->bf16;
	return (struct rates){.conv = macs, .matmul = macs, .copy = g->memory, .launch = LAUNCH};
}
