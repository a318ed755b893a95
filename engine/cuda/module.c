#include "engine/cuda/module.h"

#include "config.h"
#include "engine/cuda/cuda.h"

extern const struct cuda_module limbeck_cuda_module __attribute__((visibility("default")));
const struct cuda_module limbeck_cuda_module = {PACKAGE_VERSION, OP_COUNT, sizeof(struct backend), &cuda_backend};
