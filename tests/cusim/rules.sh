#!/usr/bin/env bash
# CUDA kernels keep to what nvcc and the simulator understand alike (README.md says why).
set -u
cd "${LIMBECK_SRCDIR:-.}" || exit 99
# shellcheck source=tests/tap.sh
. tests/tap.sh || exit 99

# code FILE...: the files without comments, as "file:line: text". Strings stay, since includes are strings.
code() {
	awk '
	FNR == 1 { inside = 0 }
	{
		rest = $0; text = ""
		for (;;) {
			if (inside) {
				i = index(rest, "*/")
				if (!i) break
				rest = substr(rest, i + 2); inside = 0
				continue
			}
			if (!match(rest, /\/\*|\/\//)) { text = text rest; break }
			text = text substr(rest, 1, RSTART - 1)
			if (substr(rest, RSTART, 2) == "//") break
			rest = substr(rest, RSTART + 2); inside = 1
		}
		if (text ~ /[^ \t]/) print FILENAME ":" FNR ": " text
	}' /dev/null "$@"
}

# violations FILE...: a line for each, with the rule's word.
violations() {
	local word
	while read -r word pattern; do
		code "$@" | grep -E "^[^:]+:[0-9]+:.*($pattern)" | sed "s/^/$word: /"
	done <<'RULES'
launch <<<
shared (^|[^A-Za-z0-9_])__shared__([^A-Za-z0-9_]|$)
assembly (^|[^A-Za-z0-9_])(asm|__asm|__asm__)[[:blank:]]*(volatile|__volatile__)?[[:blank:]]*[({]
mask __activemask|__(shfl|shfl_up|shfl_down|shfl_xor|any|all|ballot)[[:blank:]]*\(
architecture __CUDA_ARCH__
namespace (^|[^A-Za-z0-9_])(cub|thrust|cooperative_groups|nvcuda)[[:blank:]]*(::|;)
RULES
	code "$@" | grep -E '^[^:]+:[0-9]+:[[:blank:]]*#[[:blank:]]*include' | grep -vE '"engine/cuda/([a-z_]*\.cuh|[a-z_]*kernels\.h)"|<(string|math|stdint)\.h>' | sed 's/^/include: /'
}

# ---- the rules notice what they forbid ----

# planted WORD LINE: a kernel file with the line breaks that rule.
planted() {
	printf '%s\n' '#include "engine/cuda/device.cuh"' "$2" >"$work/planted.cu"
	violations "$work/planted.cu" | grep -q "^$1: " || echo "$1: not noticed: $2"
}
report "the rules notice what they forbid" < <(
	planted launch 'k<<<1, 32>>>(x);'
	planted shared '__shared__ float tile[32];'
	planted shared 'extern __shared__ float tile[];'
	planted assembly 'asm("mov.u32 %0, %laneid;" : "=r"(lane));'
	planted assembly 'asm volatile("bar.sync 0;");'
	planted mask 'unsigned m = __activemask();'
	planted mask 'v += __shfl_down(v, 1);'
	planted mask 'if (__any(v > 0))'
	planted architecture '#if __CUDA_ARCH__ >= 800'
	planted namespace 'cub::BlockReduce<float, 32> reduce;'
	planted namespace 'using namespace cooperative_groups;'
	planted include '#include <cuda_runtime.h>'
	planted include '#include "engine/cuda/cu_portable.h"'
)
report "and nothing else" < <(
	printf '%s\n' '#include "engine/cuda/device.cuh"' '/* not k<<<1, 32>>>, __shared__ or' 'asm("") */ // __activemask()' \
		'CU_SHARED(float, tile, [32]);' 'int my__shared__x = a << b;' 'v += __shfl_down_sync(0xffffffffu, v, 1);' \
		'if (__any_sync(mask, v > 0))' 'unsigned ballot = __ballot_sync(~0u, v);' 'float cubic = 1;' >"$work/clean.cu"
	violations "$work/clean.cu"
)

# ---- the kernels ----

shopt -s nullglob
kernels=(engine/cuda/*.cu)
report "kernels keep the rules (${#kernels[@]} files)" < <([ ${#kernels[@]} = 0 ] || violations "${kernels[@]}")
report "every kernel file is distributed" < <(
	for f in "${kernels[@]}" engine/cuda/*.cuh; do
		grep -qF -e "%D%/${f##*/}" engine/cuda/local.mk || echo "$f: not in engine/cuda/local.mk"
	done
	for f in tests/cusim/*; do
		grep -qF -e "%D%/${f##*/}" tests/cusim/local.mk || [ "${f##*/}" = local.mk ] || echo "$f: not in tests/cusim/local.mk"
	done
)

echo "1..$n"
exit $failed
