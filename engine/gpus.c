#include "engine/gpus.h"

#include "base/str.h"

/* A kernel of a captured graph takes about this long from its start to the next one's, however little it does: on an H100 a scale of a single number 2.4 microseconds. */
static const double LAUNCH = 2e-6;

/* Half of the makers' floating-point operations a second; dense, of the fastest board of that name. Columns: f32, tf32, bf16, f16, memory and how much of it. */
const struct gpu gpu_all[] = {
	{"h100", "NVIDIA H100 SXM", 67e12 / 2, 494.5e12 / 2, 989e12 / 2, 989e12 / 2, 3.35e12, 80e9, "NVIDIA H100 data sheet (989 and 494.5 are half of its figures with sparsity)"},
	{"h200", "NVIDIA H200 SXM", 67e12 / 2, 494.5e12 / 2, 989e12 / 2, 989e12 / 2, 4.8e12, 141e9, "NVIDIA H200 data sheet (989 and 494.5 are half of its figures with sparsity)"},
	{"a100", "NVIDIA A100 SXM 80 GB", 19.5e12 / 2, 156e12 / 2, 312e12 / 2, 312e12 / 2, 2.039e12, 80e9, "NVIDIA A100 data sheet"},
	{"v100", "NVIDIA V100 SXM2 16 or 32 GB", 15.7e12 / 2, 0, 0, 125e12 / 2, 0.9e12, 16e9, "NVIDIA V100 data sheet"},
	{"l4", "NVIDIA L4", 30.3e12 / 2, 60e12 / 2, 121e12 / 2, 121e12 / 2, 0.3e12, 24e9, "NVIDIA L4 data sheet (60 and 121 are half of its figures with sparsity)"},
	{"t4", "NVIDIA T4", 8.1e12 / 2, 0, 0, 65e12 / 2, 0.32e12, 16e9, "NVIDIA Turing architecture white paper, Tesla T4"},
	{"rtx4090", "NVIDIA GeForce RTX 4090", 82.6e12 / 2, 82.6e12 / 2, 165.2e12 / 2, 165.2e12 / 2, 1.008e12, 24e9, "NVIDIA Ada architecture white paper, appendix A"},
	{"rtx3090", "NVIDIA GeForce RTX 3090", 35.6e12 / 2, 35.6e12 / 2, 71e12 / 2, 71e12 / 2, 0.936e12, 24e9, "NVIDIA Ampere GA102 architecture white paper, appendix A"},
	{"rtx2080ti", "NVIDIA GeForce RTX 2080 Ti Founders Edition", 14.2e12 / 2, 0, 0, 56.9e12 / 2, 0.616e12, 11e9, "NVIDIA Turing architecture white paper, appendix A"},
};
const int gpu_count = sizeof gpu_all / sizeof *gpu_all;

const struct gpu *gpu_find(const char *name)
{
	for (int i = 0; i < gpu_count; i++)
		if (str_eq(gpu_all[i].name, name))
			return &gpu_all[i];
	return NULL;
}

enum precision gpu_precision(const struct gpu *g)
{
	return g->bf16 > 0 ? PRECISION_BF16 : PRECISION_F16;
}

enum status gpu_takes(const struct gpu *g, enum precision p, struct err *e)
{
	if ((p == PRECISION_TF32 && !(g->tf32 > 0)) || (p == PRECISION_BF16 && !(g->bf16 > 0)))
		return err_user(e, (struct where){0}, "%s has no %s: take precision f16 or f32", g->title, p == PRECISION_TF32 ? "TF32" : "bf16");
	return OK;
}

struct rates gpu_rates(const struct gpu *g, enum precision precision)
{
	const double macs = precision == PRECISION_F32 ? g->f32 : precision == PRECISION_TF32 ? g->tf32 : precision == PRECISION_BF16 ? g->bf16 : g->f16;
	return (struct rates){.conv = macs, .matmul = macs, .copy = g->memory, .launch = LAUNCH};
}
