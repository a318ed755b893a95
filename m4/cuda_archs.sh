#!/bin/sh
# Which compute capabilities kernels are compiled for. configure asks where it builds the module for CUDA.
#
#   cuda_archs.sh NVCC WHICH WORDS   WORDS is CUDA_ARCHS; where it has no word, WHICH is here (this machine's GPUs) or all
#
# Prints the list, and below it a line for each thing that configure has to say. Status 1: a line says why there is no list.
set -uf
LC_ALL=C
export LC_ALL
default="75 80 86 89 90 100 120"
nvcc=$1 which=$2 words=$3

fail() {
	printf '%s\n' "$1"
	exit 1
}
# One line of lines.
flat() { tr '\n' ' ' | sed 's/ *$//'; }
has() {
	case " $1 " in *" $2 "*) return 0 ;; esac
	return 1
}

# Words of NVCC are split, as make does: it may be "ccache nvcc".
# shellcheck disable=SC2086
release=$($nvcc --version 2>/dev/null | sed -n 's/.*release \([0-9.]*\).*/\1/p')
# shellcheck disable=SC2086
known=$($nvcc --list-gpu-arch 2>/dev/null | sed -n 's/^compute_\([0-9][0-9]*\)$/\1/p' | sort -un | flat)
compiler="nvcc${release:+ $release}"
[ -n "$known" ] || fail "$nvcc does not say which GPUs it knows (--list-gpu-arch): CUDA 12 or later is needed (CUDA_HOME says where; --with-cuda=no builds without)"
[ "${release%%.*}" -ge 12 ] 2>/dev/null || [ -z "$release" ] ||
	fail "$nvcc is of CUDA $release: CUDA 12 or later is needed (CUDA_HOME says where; --with-cuda=no builds without)"

# What the user named is taken as it is, or not at all.
list=''
for word in $words; do
	case $word in
	*[!0-9]*) fail "CUDA_ARCHS has '$word', which is no number: compute capability 9.0 is 90. $compiler knows $known" ;;
	esac
	has "$known" "$word" || fail "CUDA_ARCHS has $word, which $compiler does not know: it knows $known. Name some of these, or another toolkit (CUDA_HOME, NVCC)"
	list="$list $word"
done

# nvidia-smi prints its errors where answers go.
gpus=''
remark=''
if [ -z "$list" ] && [ "$which" = here ]; then
	said=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader 2>&1)
	gpus=$(printf '%s\n' "$said" | sed -n 's/^\([0-9][0-9]*\)\.\([0-9][0-9]*\)$/\1\2/p' | sort -un | flat)
	[ -n "$gpus" ] || remark="nvidia-smi names no compute capability ($(printf '%s\n' "$said" | sed 1q)): kernels are compiled for all GPUs"
fi
# A GPU runs the PTX of an older one, so nvcc's next older stands in for what it does not know.
for gpu in $gpus; do
	best=''
	for arch in $known; do
		[ "$arch" -gt "$gpu" ] || best=$arch
	done
	[ -n "$best" ] || fail "there is a GPU of compute capability ${gpu%?}.${gpu#"${gpu%?}"} here, too old for $compiler, which knows $known. \
Take an older toolkit (CUDA_HOME, NVCC; CUDA 12 begins with 50), or name the other GPUs (CUDA_ARCHS), or build without (--with-cuda=no)"
	[ "$best" = "$gpu" ] ||
		remark="$remark${remark:+
}$compiler does not know the GPU of compute capability ${gpu%?}.${gpu#"${gpu%?}"} here: it gets PTX of $best, which the driver compiles at the first start"
	has "$list" "$best" || list="$list $best"
done

if [ -z "$list" ]; then
	for arch in $default; do
		! has "$known" "$arch" || list="$list $arch"
	done
	[ -n "$list" ] || fail "$compiler knows none of $default, but $known: name some of these with CUDA_ARCHS"
fi
printf '%s\n' "${list# }"
[ -z "$remark" ] || printf '%s\n' "$remark"
