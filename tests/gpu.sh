#!/usr/bin/env bash
# The tests that need a GPU. Status 77: nothing to test on.
set -u
[ "${LIMBECK_CUDA_MODULE-}" != none ] || unset LIMBECK_CUDA_MODULE # as the other tests have it
program=${LIMBECK_BUILDDIR:-.}/limbeck
if [ ! -e /dev/nvidiactl ]; then
	echo "no NVIDIA GPU on this machine: nothing was tested"
	exit 77
fi
"$program" selftest --device cuda || exit 1
# A whole experiment, twice: the same bits.
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 99
for out in one two; do
	"$program" train "${LIMBECK_SRCDIR:-.}/experiments/first.yaml" --device cuda --set 'data={kind: synth, n_train: 2000, n_test: 500, classes: 10, size: 28, batch: 64}' --out "$out" --quiet || exit 1
done
for weights in one/*/stages/*/last.safetensors; do
	cmp "$weights" two/"${weights#one/}" || exit 1
done
echo "the same experiment twice: the same weights"
bash "${LIMBECK_SRCDIR:-.}/tests/cuda/whole.sh" "$program" || exit 1
bash "${LIMBECK_SRCDIR:-.}/tests/cuda/quickstart.sh" "$program"
