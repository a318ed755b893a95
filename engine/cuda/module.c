#include "engine/cuda/module.h"

#include <stdarg.h>

#include "config.h"
#include "engine/cuda/cuda.h"

static log_writer *program_log;

static void log_to(log_writer *line)
{
	program_log = line;
}

/* The module has no base/log.c: this stands in its place. */
void log_line(enum log_level level, const char *fmt, ...)
{
	char text[1024];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	program_log(level, "%s", text);
}

extern const struct cuda_module limbeck_cuda_module __attribute__((visibility("default")));
const struct cuda_module limbeck_cuda_module = {PACKAGE_VERSION, OP_COUNT, CUDA_MODULE_SIZE, &cuda_backend, log_to};
