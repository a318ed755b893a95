#!/usr/bin/env bash
# What ptxas said of the kernels of the module: nothing is spilled to memory. With --table prints registers and shared memory of each kernel on one architecture.
set -u
build=${LIMBECK_BUILDDIR:-.}
shopt -s nullglob
logs=("$build"/engine/cuda/*.nvcc.log)
if [ ${#logs[@]} = 0 ]; then
	echo "1..0 # SKIP no module for CUDA was built"
	exit 0
fi
# KERNEL ARCHITECTURE REGISTERS SHARED SPILLED, a line each.
read_logs() {
	awk '
		/Compiling entry function/ { split($0, part, "\047"); name = part[2]; arch = part[4]; spilled = 0 }
		/bytes spill stores/ { for (i = 2; i <= NF; i++) if ($i == "bytes" && $(i + 1) == "spill") spilled += $(i - 1) }
		/Used [0-9]+ registers/ {
			shared = 0; registers = 0
			for (i = 2; i <= NF; i++) {
				if ($i ~ /^registers/) registers = $(i - 1)
				if ($i == "bytes" && $(i + 1) ~ /^smem/) shared = $(i - 1)
			}
			print name, arch, registers, shared, spilled
		}' "${logs[@]}"
}
if [ "${1:-}" = --table ]; then
	arch=${2:-sm_90}
	echo "| kernel | registers | shared memory, bytes |"
	echo "| --- | ---: | ---: |"
	read_logs | awk -v arch="$arch" '$2 == arch { print $1, $3, $4 }' | c++filt -p | sort | awk '{ shared = $NF; registers = $(NF - 1); NF -= 2; print "| `" $0 "` | " registers " | " shared " |" }'
	exit
fi
n=$(read_logs | wc -l)
spilled=$(read_logs | awk '$5 > 0 { print $1, $2, $5 " bytes" }')
echo "1..1"
if [ "$n" -gt 0 ] && [ -z "$spilled" ]; then
	echo "ok 1 - no kernel of $n spills registers"
else
	echo "not ok 1 - no kernel of $n spills registers"
	printf '%s\n' "$spilled" | c++filt | sed 's/^/# /'
	exit 1
fi
