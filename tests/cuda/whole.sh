#!/usr/bin/env bash
# usage: whole.sh [PROGRAM]
# A whole experiment on the simulated device, or on that of PROGRAM: a teacher with anchors, distillation, adversarial blocks, stopped and gone on with. The same bits as without the stop, and within
# rounding what the CPU gives.
set -u
program=$(realpath -m "${1:-${LIMBECK_BUILDDIR:-.}/tests/limbeck_cusim}")
if [ ! -x "$program" ]; then
	echo "1..0 # SKIP no simulator"
	exit 0
fi
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 99
n=0 failed=0
# verdict STATUS NAME
verdict() {
	n=$((n + 1))
	if [ "$1" = 0 ]; then echo "ok $n - $2"; else
		echo "not ok $n - $2"
		tail -20 out | sed 's/^/# /'
		failed=1
	fi
}
cat >tiny.yaml <<'Y'
name: tiny
seed: 1
precision: f32
data: {kind: synth, batch: 16, n_train: 72, n_test: 32, held_out: 24, classes: 4, size: 8, crop: 1, flip: true, eval_batch: 20}
networks:
  teacher: {model: cnn, widths: [4, 8], convs: 1}
  student: {model: cnn, widths: [2, 4], convs: 1}
stages:
  - {name: teach, kind: supervise, train: teacher, epochs: 2, lr: 0.05, anchors: {count: 2, rule: equal}}
  - {name: kd, kind: distill, train: student, teacher: teach.last, epochs: 2, lr: 0.05}
  - {name: cached, kind: distill, train: student, teacher: teach.last, epochs: 2, lr: 0.05, teacher_cache: f32, cache_fill: before, teacher_precision: int8, int8_floor: 0}
  - {name: m, kind: blocks, train: student, teacher: teach.anchors, epochs: 1, head_epochs: 1, polish_epochs: 1, lr: 0.05, instruments: 3, critic: {kind: small, width: 4, depth: 2}}
Y
run() { "$program" train tiny.yaml "$@" >out 2>&1; }

run --device cuda --out whole
verdict $? "an experiment runs on the device"
grep -q 'the device holds all 104 pictures' out
verdict $? "its pictures are on the device"
run --device cpu --threads 1 --out cpu
verdict $? "and on the CPU"
# The losses of every epoch: relative to 1 at least.
# far OUT ROOM [OTHER]: those that are further apart
far() {
	join <(losses "$1") <(losses "${3:-cpu}") | awk -v room="$2" '{ d = $2 - $3; d = d < 0 ? -d : d; m = $3 < 0 ? -$3 : $3; if (d > room * (m > 1 ? m : 1)) print; n++ } END { if (n < 10) print "only " n " rows" }'
}
overflows() { awk -F, '$5 == "overflows" || $5 == "loss_scale" { print $1, $2, $3, $6 }' "$1"/tiny-*/metrics.csv; }
losses() { awk -F, '$5 ~ /loss/ { print $1 "/" $2 "/" $3 "/" $5, $6 }' "$1"/tiny-*/metrics.csv | tr ' ' '_' | sed 's/_\([^_]*\)$/ \1/' | sort -k1,1; }
far whole 1e-3 >out
[ ! -s out ]
verdict $? "its losses are the CPU's within rounding"
grep -q ',memory/device_mib,[0-9]' whole/tiny-*/metrics.csv && ! grep -q device_mib cpu/tiny-*/metrics.csv
verdict $? "it says what memory it took there"

# same OUT WHOLE: both left the same weights
same() {
	local weights status=0
	for weights in "$2"/tiny-*/stages/*/last.safetensors; do
		cmp "$weights" "$1"/"${weights#"$2"/}" >>out || status=1
	done
	return $status
}
run --device cuda --set data.device_share=0 --out from_host && grep -q 'pictures come from the host' out
verdict $? "or they come from the host"
same from_host whole
verdict $? "which gives the same weights"

LIMBECK_SYNC=1 run --device cuda --out waited
same waited whole
verdict $? "as when the host waits for each kernel"

# stop_and_go OUT WHOLE OPTIONS: what was stopped in the second stage and went on leaves the weights of WHOLE
stop_and_go() {
	local out=$1 whole=$2 pid status
	shift 2
	"$program" train tiny.yaml --quiet --device cuda "$@" --out "$out" >out 2>&1 &
	pid=$!
	for _ in $(seq 600); do
		ls "$out"/tiny-*/stages/kd/resume.safetensors >/dev/null 2>&1 && break
		ls "$out"/tiny-*/stages/kd >/dev/null 2>&1 && break
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.1
	done
	kill -INT "$pid" 2>/dev/null
	wait "$pid"
	status=$?
	[ "$status" = 130 ] || [ "$status" = 0 ]
	verdict $? "it stops when asked"
	run --device cuda "$@" --out "$out"
	verdict $? "and goes on"
	same "$out" "$whole"
	verdict $? "and leaves the same weights"
}
stop_and_go stopped whole

run --device cuda --precision f16 --out half
verdict $? "in f16 it runs"
far half 1e-2 >out
[ ! -s out ]
verdict $? "its losses are near"
awk -F, '$5 == "loss_scale" { if ($6 < 1 || $6 > 16777216) print; n++ } $5 == "overflows" { if ($6 > 12) print } /nan|inf|rollbacks/ { print } END { if (n < 5) print "only " n " rows" }' \
	half/tiny-*/metrics.csv >out
[ ! -s out ]
verdict $? "with a loss scale in its metrics, and no roll-back"
LIMBECK_SYNC=1 run --device cuda --precision f16 --out half_waited
same half_waited half && cmp <(overflows half) <(overflows half_waited) >>out && overflows half | grep -q '[1-9]$'
verdict $? "the same when the host waits for each kernel, also where gradients overflow"
stop_and_go half_stopped half --precision f16

# In bf16, which is what GPUs take by themselves, with cuDNN where it was found; on the simulator in other orders of work too.
run --device cuda --precision bf16 --out brief && run --device cpu --threads 1 --precision bf16 --out brief_cpu
verdict $? "in bf16 it runs, and on the CPU"
far brief 3e-2 brief_cpu >out
[ ! -s out ]
verdict $? "its losses are near"
CUSIM_STREAMS=random CUSIM_ORDER=random CUSIM_BLOCKS=2 run --device cuda --precision bf16 --out brief_random
same brief_random brief
verdict $? "in any order of work the same weights"

run --device cuda --precision tf32 --out rounded
status=$?
if grep -q "has no TF32" out; then
	verdict 0 "in TF32 it does not run here # SKIP the device has none"
else
	verdict $status "in TF32 it runs"
	far rounded 1e-2 >out
	[ ! -s out ] && ! cmp -s rounded/tiny-*/stages/kd/last.safetensors whole/tiny-*/stages/kd/last.safetensors
	verdict $? "its losses are near, and its weights others"
fi
# As arms, on lanes of the device, they learn what each learns alone; critics that are copies of one teacher are copied to their lanes.
sed 's/^stages:/arms: [{stages: [kd, m]}, {stages: [mutual], seeds: [1, 2]}]\n&/; s/^name: tiny/name: arms/' tiny.yaml >arms.yaml
cat >>arms.yaml <<'Y'
  - {name: mutual, kind: blocks, train: student, teacher: teach.last, epochs: 1, head_epochs: 1, polish_epochs: 1, lr: 0.05, critic: {mutual: true}}
Y
"$program" train arms.yaml --quiet --device cuda --out arms >out 2>&1
verdict $? "as arms they run, also two whose critics are copies of one teacher"
same=0
for weights in whole/tiny-*/stages/*/last.safetensors; do
	cmp "$weights" arms/arms-*/stages/"${weights#*/stages/}" >>out || same=1
done
verdict $same "with the weights of each alone"
CUSIM_STREAMS=lazy "$program" train arms.yaml --quiet --device cuda --precision bf16 --out brief_arms >out 2>&1
same=$?
for weights in brief/tiny-*/stages/*/last.safetensors; do
	cmp "$weights" brief_arms/arms-*/stages/"${weights#*/stages/}" >>out || same=1
done
verdict $same "in bf16 too"
# And beside an arm whose queued steps overflow: the stream comes again for that one alone.
sed '/^  - {name: [^tk]/d; s/n_train: 72/n_train: 136/; s/^name: tiny/name: fall/' tiny.yaml >fall.yaml
cat >>fall.yaml <<'Y'
  - {name: bad, kind: distill, train: student, teacher: teach.last, epochs: 3, losses: [{kind: kd, weight: 3000}], lr: 0.0003}
Y
sed 's/^stages:/arms: [{stages: [bad, kd]}]\n&/' fall.yaml >beside.yaml
"$program" train fall.yaml --quiet --device cuda --precision f16 --out fall >out 2>&1 && "$program" train beside.yaml --quiet --device cuda --precision f16 --out beside >>out 2>&1 &&
	cmp fall/fall-*/stages/kd/last.safetensors beside/fall-*/stages/kd/last.safetensors >>out && cmp fall/fall-*/stages/bad/last.safetensors beside/fall-*/stages/bad/last.safetensors >>out &&
	grep -q '^bad,.*,overflows,[1-9]' beside/fall-*/metrics.csv
verdict $? "and beside one whose steps are taken back"

# Weights are ordered for their kernels before all else of a segment, in one launch.
"$program" check tiny.yaml --device cuda --plan >plan.txt 2>&1
awk '/segment .*:$/ { others = 0; next } /once per version/ { others = -1 } /^ +[0-9]+  / && others >= 0 { if ($2 != "pack") others = 1; else { packs++; if (others) print } } END { if (packs < 20) print "only " packs }' plan.txt >out
[ ! -s out ]
verdict $? "weights are ordered for their kernels at the begin of a segment"

"$program" bench step --device cuda --teacher resnet8 --student resnet8 --size 8 --batch 4 --steps 1 --profile >out 2>&1 && grep -q "f32, .* CUDA" out && grep -q "on the GPU [1-9][0-9]* MiB" out && grep -q "x conv2d.*im2col, cuBLAS" out
verdict $? "a step of it is timed, kernel by kernel"
"$program" bench op --device cuda --op relu --shape 2,4,4,4 --json >out 2>&1 && grep -q '{"device": "cuda", .*"op": "relu"' out
verdict $? "and an op alone"
echo "1..$n"
exit $failed
