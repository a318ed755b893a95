#!/bin/bash
# A sweep of 24 runs that is killed three times, and one that two processes share until one of them is killed, against one that nobody disturbs:
# the tables must be equal, byte for byte. For hand: minutes.
#   tests/kills.sh [DATA [FOLDER [PART ...]]]
# DATA: synth (default), fashion_mnist, or what stands behind 'data:' in an experiment. FOLDER: where the runs are left; default: a scratch one.
# PART: whole, killed, two; default: all of them, in this order. SEED=N draws the moments of the kills again; EPOCHS=N is the length of each stage.
limbeck=${LIMBECK_BUILDDIR:-build}/limbeck
test "${limbeck:0:1}" = / || limbeck=$PWD/$limbeck
data=${1:-synth} folder=${2:-} epochs=${EPOCHS:-}
shift $(($# < 2 ? $# : 2))
parts=("$@")
test $# = 0 && parts=(whole killed two)
case $data in
synth) data='{kind: synth, batch: 32, n_train: 960, n_test: 400, held_out: 160, crop: 1, flip: true}' epochs=${epochs:-8} ;;
fashion_mnist) data='{kind: fashion_mnist, batch: 50, limit: 2000, held_out: 500, limit_test: 2000, flip: true}' epochs=${epochs:-60} ;;
esac
if test -z "$folder"; then
	folder=$(mktemp -d "${TMPDIR:-/tmp}/limbeck-kills-XXXXXX") || exit 99
	trap 'rm -rf "$folder"' EXIT
fi
mkdir -p "$folder" && cd "$folder" || exit 99
export OMP_WAIT_POLICY=passive
seed=${SEED:-$$} n=0 failed=0
RANDOM=$seed

result() # STATUS TEXT
{
	n=$((n + 1))
	if test "$1" = 0; then echo "ok $n - $2"; else echo "not ok $n - $2"; failed=1; fi
}

seconds() { printf '%d.%03d' $(($1 / 1000)) $(($1 % 1000)); } # of milliseconds
now() { echo $((${EPOCHREALTIME/./} / 1000)); }
say() { echo "# $*"; }

cat > x.yaml <<Y
name: kills
precision: f32
data: $data
networks:
  teacher: {model: cnn, widths: [8, 16, 32], convs: 1}
  student: {model: cnn, widths: [4, 8, 16], convs: 1}
stages:
  - {name: teach, kind: supervise, train: teacher, epochs: ${epochs:=10}}
  - {name: kd, kind: distill, train: student, teacher: teach.last, epochs: $epochs, losses: [{kind: ce, weight: 0.1}, {kind: kd, tau: 4}]}
  - {name: labels, kind: supervise, train: student, epochs: $epochs}
vary: {grid: {stages.kd.losses.kd.tau: [1, 4, 16]}, seeds: 8}
table: {control: labels}
claims: [{better: kd, than: labels}]
Y

# Bits are equal at equal numbers of threads: one in every process.
sweep() { "$limbeck" sweep x.yaml --no-estimate --out "$@"; }
behind() # OUT ARGUMENTS...: as the group $pid
{
	setsid "$limbeck" sweep x.yaml --no-estimate --out "$@" > out 2> err &
	pid=$!
}
left() { "$limbeck" sweep x.yaml --list --out "$1" 2> /dev/null | awk -F '\t' '{ split($4, w, " "); done += w[1] == 0; left += w[1] } END { print done " runs done, " left " stages of runs left" }'; }
# Sleeps for a share of the undisturbed sweep, FROM to TO thousandths; kills the group; 0 if it was at work until then.
kill_at() # FROM TO
{
	local wait=$((took * ($1 + RANDOM % ($2 - $1)) / 1000))
	sleep "$(seconds $wait)"
	kill -KILL -- -$pid 2> /dev/null
	wait $pid 2> /dev/null
	local status=$?
	say "killed (SIGKILL to the whole group) after $(seconds $wait) s: $(left "$out")"
	test $status = 137
}
same() # OUT: the files of the table, and every metric that is no time or memory
{
	cmp "whole/kills.sweep/table.csv" "$1/kills.sweep/table.csv" && cmp "whole/kills.sweep/table.txt" "$1/kills.sweep/table.txt" || return 1
	for out in whole "$1"; do
		cat "$out"/kills-*/metrics.csv | grep -v -e ,time/ -e ,memory/ | sort > "rows-$(basename "$out")"
	done
	cmp rows-whole "rows-$1"
}

for part in "${parts[@]}"; do
	rm -rf "$part"
	begin=$(now)
	case $part in
	whole)
		sweep whole -j 2 --threads 2 > out 2> err; result $? "a sweep that nobody disturbs"
		took=$(($(now) - begin))
		echo $took > took
		say "$(grep -m 1 'runs, ' out); $(seconds $took) s; SEED=$seed"
		;;
	killed)
		took=$(cat took) kills=0 out=killed
		for _ in 1 2 3; do
			behind killed -j 2 --threads 2
			kill_at 80 360 && kills=$((kills + 1))
		done
		test $kills = 3; result $? "killed three times at random, with its processes, while it was at work"
		sweep killed -j 2 --threads 2 > out 2> err; result $? "then to the end"
		same killed; result $? "the same table and the same rows"
		say "$(seconds $(($(now) - begin))) s"
		;;
	two)
		took=$(cat took) out=two
		sweep two --threads 1 > out.other 2> err.other & other=$!
		behind two --threads 1
		kill_at 150 700; result $? "one of two processes on one store is killed at random"
		wait $other; result $? "the other one does its part too"
		same two; result $? "the same table and the same rows"
		say "$(seconds $(($(now) - begin))) s"
		;;
	*)
		echo "there is no part '$part': whole, killed, two" >&2
		exit 2
		;;
	esac
done
echo "1..$n"
exit $failed
