#!/usr/bin/env bash
# Each header compiles alone and without a warning.
set -u
cd "${LIMBECK_SRCDIR:-.}" || exit 99
top=$PWD
compile=${LIMBECK_COMPILE:-gcc -std=gnu17 -D_GNU_SOURCE -Wall -Wextra -Wshadow -I.}
cd "${LIMBECK_BUILDDIR:-.}" || exit 99
headers=()
# CUDA's own headers may be missing; cu_portable.h is for .cu files, which are C++.
cuda=engine/cuda
# shellcheck disable=SC2086 # the words of a command line
$compile -fsyntax-only -include cuda_runtime_api.h -x c /dev/null 2>/dev/null || cuda=/none
for h in "$top"/limbeck.h "$top"/{base,engine,engine/ops,engine/ref,engine/cpu,$cuda,data,models,runs,losses,gan,stages,report,cli}/*.h; do
	[ -e "$h" ] && [ "${h##*/}" != cu_portable.h ] && headers+=("${h#"$top"/}")
done
echo "1..${#headers[@]}"
n=0 bad=0
for h in "${headers[@]}"; do
	n=$((n + 1))
	# shellcheck disable=SC2086 # the words of a command line
	if text=$($compile -Werror -fsyntax-only -include "$top/$h" -x c /dev/null 2>&1); then
		echo "ok $n - $h"
	else
		echo "not ok $n - $h"
		printf '%s\n' "$text" | head -20 | sed 's/^/# /'
		bad=1
	fi
done
exit $bad
