#!/usr/bin/env bash
# Real training: the quickstart's experiment on Fashion-MNIST, with a floor on the student's accuracy.
#
# The floor is above what the best linear classifier reaches (84 to 85 %). LIMBECK_FLOOR and LIMBECK_SLOW_ARGS (more words
# for 'limbeck train') change what is asked.
set -u
program=${LIMBECK_BUILDDIR:-build}/limbeck
experiment=${LIMBECK_SRCDIR:-.}/experiments/quickstart.yaml
floor=${LIMBECK_FLOOR:-86}
read -r -a more <<<"${LIMBECK_SLOW_ARGS-}"

if [ ! -e /usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz ]; then
	echo "1..0 # SKIP Fashion-MNIST is not installed (Debian: apt-get install dataset-fashion-mnist)"
	exit 0
fi
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
echo 1..4
bad=0
# check NUMBER NAME: the status of the command before it is the verdict.
check() {
	local status=$?
	if [ $status = 0 ]; then
		echo "ok $1 - $2"
	else
		echo "not ok $1 - $2"
		bad=1
	fi
}
comment() { sed 's/^/# /' "$@"; }

start=$SECONDS
"$program" train "$experiment" --out "$work/run" ${more[@]+"${more[@]}"} >"$work/first" 2>"$work/messages"
check 1 "training ends with status 0 (after $((SECONDS - start)) s)"
tail -5 "$work/messages" | comment
comment "$work/first"

"$program" eval "$work/run" >"$work/eval" 2>"$work/messages"
check 2 "the run can be evaluated"
comment "$work/eval" "$work/messages"

top1=$(sed -n 's/.*top-1[^0-9]*\([0-9][0-9.]*\).*/\1/p' "$work/eval" | head -1)
awk -v a="${top1:-0}" -v floor="$floor" 'BEGIN { exit !(a >= floor) }'
check 3 "top-1 accuracy is ${top1:-unknown} %, at least $floor %"

start=$SECONDS
"$program" train "$experiment" --out "$work/run" ${more[@]+"${more[@]}"} >"$work/second" 2>"$work/messages" &&
	[ $((SECONDS - start)) -le 20 ]
check 4 "the same call again trains nothing ($((SECONDS - start)) s)"
exit $bad
