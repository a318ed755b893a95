#!/usr/bin/env bash
# Whichever piece of the device's memory is not to be had, the run says so before an epoch is trained, or goes on from it, or does without: none is lost. Pictures come from the host, which takes the most pieces.
set -u
program=$(realpath -m "${LIMBECK_BUILDDIR:-.}/tests/limbeck_cusim")
source "${LIMBECK_SRCDIR:-.}/tests/tap.sh"
if [ ! -x "$program" ]; then
	echo "1..0 # SKIP no simulator"
	exit 0
fi
cd "$work" || exit 99
cat >tiny.yaml <<'Y1'
name: tiny
seed: 1
precision: f32
data: {kind: synth, batch: 16, n_train: 72, n_test: 32, held_out: 24, classes: 4, size: 8, crop: 1, eval_batch: 20, device_share: 0}
networks: {net: {model: cnn, widths: [4, 8], convs: 1}}
stages: [{name: teach, kind: supervise, train: net, epochs: 2, watch_test: true}]
Y1
epochs() { grep -c '^teach,.*,loss,' "$1"/tiny-*/metrics.csv 2>/dev/null; }
# Opening and placing are 4 kernels, a step is some dozens.
launches() { sed -n 's/^cusim: \([0-9]*\) launches.*/\1/p' "$1"; }
late() {
	local k status done=0
	for ((k = 1; k < 100 && done < 3; k++)); do
		CUSIM_STATS=1 CUSIM_FAIL_MALLOC=$k "$program" train tiny.yaml --device cuda --out "out$k" >"out$k.txt" 2>&1
		status=$?
		case $status in
		0) grep -q 'others took its memory' "out$k.txt" || done=$((done + 1)) ;;
		1)
			grep -qE 'no (pinned )?memory|cudaErrorMemoryAllocation' "out$k.txt" || echo "piece $k: no word of memory: $(tail -1 "out$k.txt")"
			case $(epochs "out$k") in
			'' | 0) [ "$(launches "out$k.txt")" -lt 20 ] || echo "piece $k: an epoch was trained and is lost" ;;
			2) # measured behind the training, whose weights are there
				"$program" train tiny.yaml --device cuda --out "out$k" >"again$k.txt" 2>&1 && grep -q "'teach' goes on at lesson 1 of 1, epoch 3, batch 0" "again$k.txt" ||
					echo "piece $k: what was trained does not go on: $(tail -1 "again$k.txt")"
				;;
			*) echo "piece $k: failed between the epochs" ;;
			esac
			;;
		*) echo "piece $k: status $status" ;;
		esac
	done
	[ $k -gt 30 ] || echo "only $k pieces were tried"
	[ $done -ge 3 ] || echo "there seems to be no last one"
}
report "no epoch is lost, whichever piece of memory there is not" < <(late)
# A failure of selftest is one failure: what its test had open takes no memory from the tests behind it. Each has two devices, of 32 MiB and more.
counted() {
	LIMBECK_TEST_CASES=mul CUSIM_MEM_MB=220 CUSIM_FAIL_MALLOC=200 CUSIM_FAIL_AGAIN=97 "$program" selftest --device cuda --steps 0 >selftest.txt 2>&1
	local passed failed
	read -r passed failed < <(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed in .*/\1 \2/p' selftest.txt)
	[ "${failed:-0}" -ge 10 ] && [ "$passed" -gt $((40 * failed)) ] || tail -15 selftest.txt
}
report "tests that fail leave selftest its memory" < <(counted)
echo "1..$n"
exit $failed
