#!/usr/bin/env bash
# The module for CUDA needs nothing of the program but what it has taken itself: the program's names are hidden, and the module would not load.
# Shown on the back end's objects of the tests, so without nvcc.
set -u
source=${LIMBECK_SRCDIR:-.}
build=${LIMBECK_BUILDDIR:-build}
# shellcheck source=tests/tap.sh
. "$source/tests/tap.sh" || exit 99
shopt -s nullglob
objects=("$build"/engine/cuda/tests_check_cuda-*.o "$build"/engine/cuda/tests_check_cudnn-*.o)
if [ ${#objects[@]} = 0 ] || [ ! -f "$build/.libs/liblimbeck-core.a" ]; then
	echo "1..0 # SKIP the back end for CUDA was not built for the simulator"
	exit 0
fi
# Words: the compiler and its flags.
# shellcheck disable=SC2086
(cd "$build" && $LIMBECK_COMPILE -c "$source/engine/cuda/module.c" -o "$work/module.o") || exit 99
objects+=("$work/module.o")
shared=$(sed -n 's/^CUDA_SHARED = //p' "$build/Makefile")
for file in $shared; do
	objects+=("$build/${file%/*}/.libs/$(basename "$file" .c).o")
done
names() { nm -P "$@" 2>/dev/null | awk 'NF > 1 { print $1 }' | LC_ALL=C sort -u; }

report "the module has what it needs of the program's code" < <(
	[ "$(names -u "${objects[@]}" | grep -c '^cublas')" -gt 0 ] || echo "the objects need nothing of cuBLAS: nm did not read them"
	LC_ALL=C comm -23 <(names -u "${objects[@]}") <(names -g --defined-only "${objects[@]}") | LC_ALL=C comm -12 - <(names -g --defined-only "$build/.libs/liblimbeck-core.a")
)
echo "1..$n"
exit "$failed"
