#!/usr/bin/env bash
# usage: quickstart.sh [--table] [PROGRAM]
# The main job, experiments/quickstart.yaml with all of its stages, at a size that the simulated device bears (or on the device of PROGRAM): killed in its midst and gone on with, the same bits; and beside
# the CPU, number by number. With --table prints what each stage ended with on both.
set -u
table=no
if [ "${1-}" = --table ]; then
	table=yes
	shift
fi
program=$(realpath -m "${1:-${LIMBECK_BUILDDIR:-.}/tests/limbeck_cusim}")
source "${LIMBECK_SRCDIR:-.}/tests/tap.sh"
if [ ! -x "$program" ]; then
	echo "1..0 # SKIP no simulator"
	exit 0
fi
job=$(cd "${LIMBECK_SRCDIR:-.}" && pwd)/experiments/quickstart.yaml
if [ ! -e /usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz ]; then
	echo "1..0 # SKIP Fashion-MNIST is not installed (Debian: apt-get install dataset-fashion-mnist)"
	exit 0
fi
cd "$work" || exit 99
smoke=(
	data.limit=192 data.held_out=64 data.limit_test=200 data.batch=32 'networks.teacher.widths=[4, 8, 8]' 'networks.student.widths=[3, 4, 4]'
	stages.teach.epochs=3 stages.labels.epochs=1 stages.kd.epochs=2 stages.kd_short.epochs=1 stages.msmgan.polish_epochs=1 stages.msmgan_no_critic.polish_epochs=1
)
# run OUT OPTIONS
run() {
	local out=$1
	shift
	"$program" train "$job" --quiet --precision f32 "${smoke[@]/#/--set=}" --out "$out" "$@" >"$out.txt" 2>&1
}
# numbers OUT: stage/lesson/epoch/step/metric value, but for times and memory.
numbers() { awk -F, 'NR > 1 && $5 !~ /^(time|memory)\// { print $1 "/" $2 "/" $3 "/" $4 "/" $5, $6 }' "$1"/quickstart-*/metrics.csv | tr -d '"' | sed 's/ \([^ ]*\)$/\t\1/; s/ /_/g' | sort; }

run whole --device cuda || tail -5 whole.txt >failed.txt
run cpu --device cpu --threads 1 || tail -5 cpu.txt >>failed.txt
report "quickstart runs on the device and on the CPU, each stage to its end" < <(cat failed.txt 2>/dev/null)
numbers whole >whole.tsv
numbers cpu >cpu.tsv
# Both have the same rows. Losses, norms and means agree to a thousandth of theirs, or of 1, on the simulator (seen: 0.00006), whose libraries sum as ours do, and to a hundredth on a GPU (seen: 0.0034, in the
# deepest blocks, which learn from critics that learn from them). What counts pictures agrees to two of the smallest split.
room=0.01
[ -n "${1-}" ] || room=0.001
{
	diff <(cut -f1 whole.tsv) <(cut -f1 cpu.tsv)
	[ "$(grep -c /loss whole.tsv)" -ge 60 ] || echo "only $(grep -c /loss whole.tsv) losses"
	join -t "$(printf '\t')" whole.tsv cpu.tsv | awk -F '\t' -v part=$room '{ d = $2 - $3; if (d < 0) d = -d; m = $3 < 0 ? -$3 : $3; room = $1 ~ /top[15]|accuracy|gap|graft/ ? 3.2 : part * (m > 1 ? m : 1); if (d > room) print }'
} >found.txt
report "its numbers are the CPU's within rounding" <found.txt
if [ $table = yes ]; then
	echo "| stage | metric | CPU | device |"
	echo "| --- | --- | ---: | ---: |"
	join -t "$(printf '\t')" cpu.tsv whole.tsv | awk -F '\t' '
		{ split($1, name, "/"); metric = substr($1, length(name[1] name[2] name[3] name[4]) + 5) }
		metric ~ /^(loss|valid_loss|test_top1)$/ {
			key = name[1] " | " metric
			if (!(key in step)) order[++n] = key
			if (name[4] >= step[key]) { step[key] = name[4] + 0; last[key] = sprintf("%.5f | %.5f", $2, $3) }
		}
		END { for (i = 1; i <= n; i++) print "| " order[i] " | " last[order[i]] " |" }'
fi

# Killed once the greedy blocks have begun; the checkpoint is the last epoch's.
"$program" train "$job" --quiet --precision f32 "${smoke[@]/#/--set=}" --out killed --device cuda >killed.txt 2>&1 &
pid=$!
for _ in $(seq 1200); do
	ls killed/quickstart-*/stages/msmgan/resume.safetensors >/dev/null 2>&1 && break
	kill -0 $pid 2>/dev/null || break
	sleep 0.05
done
kill -KILL $pid 2>/dev/null
wait $pid 2>/dev/null
[ $? = 137 ] || echo "it ended before it was killed" >>killed.txt
{
	grep 'it ended before' killed.txt
	run killed --device cuda || tail -5 killed.txt
	for weights in whole/quickstart-*/stages/*/*.safetensors; do
		cmp "$weights" "killed/${weights#whole/}" 2>&1
	done
	diff <(numbers whole) <(numbers killed)
} >found.txt
report "killed in its midst and gone on with: the same bits" <found.txt
echo "1..$n"
exit $failed
