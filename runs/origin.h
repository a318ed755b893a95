/* Where results come from: program, libraries, machine. */
#ifndef RUNS_ORIGIN_H
#define RUNS_ORIGIN_H

#include "base/err.h"
#include "base/str.h"

/* "limbeck 0.1.0". */
const char *origin_program(void);
/* "limbeck 0.1.0, build 1a2b3c4d5e6f": two programs of one version that were not built from the same have other builds. backend, which may be NULL: where
   that lies in a module of its own, as CUDA's does, ", module 6f5e4d3c2b1a" follows; hashes are the linker's, so nothing is read for them. Valid until
   the next call. */
const char *origin_build(const void *backend);
/* One line that bits depend on: processor model, effective ISA, oneDNN's version and ISA, libc, threads. Appended to s. */
void origin_machine(struct str *s, int threads, const char *engine);
/* SHA-256 of a file's bytes. */
enum status origin_file_hash(const char *path, char hex[65], struct err *e);

#endif
