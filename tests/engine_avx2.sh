#!/usr/bin/env bash
# The engine's tests with oneDNN held to AVX2, where it has no bf16 kernels.
set -u
program=${LIMBECK_BUILDDIR:-.}/tests/check_engine
if [ ! -x "$program" ]; then
	echo "1..0 # SKIP $program was not built"
	exit 0
fi
export DNNL_MAX_CPU_ISA=AVX2 CK_TAP_LOG_FILE_NAME=-
exec "$program"
