#!/usr/bin/env bash
# Which GPUs configure compiles kernels for, with stand-ins for nvcc and nvidia-smi.
set -u
source=${LIMBECK_SRCDIR:-.}
# shellcheck source=tests/tap.sh
. "$source/tests/tap.sh" || exit 99
mkdir "$work/bin" || exit 99
PATH=$work/bin:$PATH

# nvcc RELEASE ARCH...: the stand-in is of this release and knows these; with none, it is too old to say.
nvcc() {
	local release=$1
	shift
	cat >"$work/bin/nvcc" <<END
#!/bin/sh
case \$1 in
--version) echo "Cuda compilation tools, release $release, V$release.1" ;;
--list-gpu-arch) [ $# = 0 ] && { echo "nvcc fatal   : Unknown option '--list-gpu-arch'" >&2; exit 1; }; printf 'compute_%s\n' $* ;;
esac
END
	chmod +x "$work/bin/nvcc"
}
# smi STATUS LINE...: nvidia-smi prints the lines, errors too on its stdout, and ends so.
smi() {
	local status=$1
	shift
	printf '%s\n' "$@" >"$work/smi"
	printf '#!/bin/sh\ncat "%s"\nexit %s\n' "$work/smi" "$status" >"$work/bin/nvidia-smi"
	chmod +x "$work/bin/nvidia-smi"
}
# t NAME STATUS WHICH CUDA_ARCHS FIRST TEXT...: the first line is FIRST, or anything where that is empty, and what is printed has the texts. Without TEXT there is one line alone.
t() {
	local name=$1 want=$2 first=$5 status text
	sh "$source/m4/cuda_archs.sh" "$work/bin/nvcc" "$3" "$4" >"$work/out" 2>&1
	status=$?
	shift 5
	report "$name" < <(
		[ $status = "$want" ] || echo "status $status"
		[ -z "$first" ] || [ "$(head -n 1 "$work/out")" = "$first" ] || echo "first line '$(head -n 1 "$work/out")', not '$first'"
		[ $# -gt 0 ] || [ "$(wc -l <"$work/out")" = 1 ] || sed 1d "$work/out"
		for text; do
			grep -qF -e "$text" "$work/out" || { echo "lacks: $text"; cat "$work/out"; }
		done
	)
}

cuda12=(50 52 53 60 61 62 70 72 75 80 86 87 89 90)
cuda13=(75 80 86 87 88 89 90 100 110 103 120 121)

nvcc 12.4 "${cuda12[@]}"
smi 0 9.0
t "nvcc 12.4 compiles for all it knows of the default" 0 all "" "75 80 86 89 90"
t "a GPU at hand alone" 0 here "" 90
t "a word of space is no CUDA_ARCHS" 0 here " " 90
t "CUDA_ARCHS comes before the GPU at hand" 0 here " 80  70 " "80 70"
smi 0 8.9 7.0 8.9
t "two kinds of GPU, each once, rising" 0 here "" "70 89"
smi 0 12.0
t "a GPU newer than nvcc gets PTX of the newest" 0 here "" 90 "nvcc 12.4 does not know the GPU of compute capability 12.0 here: it gets PTX of 90"
smi 0 9.0 12.0 "[N/A]"
t "beside one that it knows" 0 here "" 90 "compute capability 12.0"
smi 0 8.8
t "one between those it knows gets PTX of the next older" 0 here "" 87 "8.8 here: it gets PTX of 87"
smi 9 "Failed to initialize NVML: Driver/library version mismatch" "NVML library version: 550.54"
t "an error of nvidia-smi is no architecture" 0 here "" "75 80 86 89 90" "nvidia-smi names no compute capability (Failed to initialize NVML: Driver/library version mismatch)"
smi 2 'Field "compute_cap" is not a valid field to query.'
t "nor are a field's digits and dots" 0 here "" "75 80 86 89 90" 'Field "compute_cap" is not a valid field'
smi 6
t "nor is silence" 0 here "" "75 80 86 89 90" "nvidia-smi names no compute capability ()"

nvcc 13.0 "${cuda13[@]}"
t "nvcc 13.0 compiles for the whole default" 0 all "" "75 80 86 89 90 100 120"
smi 0 7.0
t "a GPU at hand that nvcc has dropped is an error" 1 here "" "" "a GPU of compute capability 7.0 here, too old for nvcc 13.0, which knows 75 80 86 87 88 89 90 100 103 110 120 121" "CUDA_HOME" "--with-cuda=no"
t "but not where all are compiled for" 0 all "" "75 80 86 89 90 100 120"
t "nor where the user names others" 0 here "103 80" "103 80"
t "a word that nvcc does not know" 1 here "80 70" "" "CUDA_ARCHS has 70, which nvcc 13.0 does not know: it knows 75 80"
t "a part of a number is not the number" 1 all "12" "" "CUDA_ARCHS has 12,"
for word in 9.0 90a sm_90 "80,90" '*'; do
	t "no number: $word" 1 all "75 $word" "" "CUDA_ARCHS has '$word', which is no number" "nvcc 13.0 knows 75"
done

nvcc 14.0 130 140
t "none of the default" 1 all "" "" "nvcc 14.0 knows none of 75 80 86 89 90 100 120, but 130 140"
nvcc 10.1
t "an nvcc that does not say what it knows" 1 all "" "" "nvcc does not say which GPUs it knows" "CUDA 12 or later is needed" "--with-cuda=no"
nvcc 11.8 "${cuda12[@]}"
t "nvcc of CUDA 11" 1 all "80" "" "nvcc is of CUDA 11.8: CUDA 12 or later is needed"
rm "$work/bin/nvcc"
t "no nvcc" 1 all "" "" "CUDA 12 or later is needed"

echo "1..$n"
exit $failed
