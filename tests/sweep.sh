#!/bin/bash
# A sweep that is killed, interrupted, shared by processes or done run by run ends as one that nobody disturbed.
limbeck=${LIMBECK_BUILDDIR:-build}/limbeck
dir=$(mktemp -d "${TMPDIR:-/tmp}/limbeck-sweep-XXXXXX") || exit 99
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 99
export OMP_WAIT_POLICY=passive
n=0
echo 1..80

result() # STATUS TEXT
{
	n=$((n + 1))
	if test "$1" = 0; then echo "ok $n - $2"; else echo "not ok $n - $2"; sed 's/^/# /' err 2> /dev/null | tail -15; fi
}

has() # FILE WORDS...
{
	local f=$1; shift
	for word; do grep -qF -- "$word" "$f" || { echo "# '$word' is not in $f"; return 1; }; done
}

# --threads 1: the machine's other work should not make this slow.
start() { "$limbeck" sweep x.yaml --no-estimate --threads 1 --out "$@" > out 2> err; }
behind() { # the same in the background, as process $pid, with files of its own
	(exec "$limbeck" sweep x.yaml --no-estimate --threads 1 --out "$@" > "out$1" 2> "err$1") &
	pid=$!
}
trained() { cat "$@" | grep -c 'parameters moved'; }

# Every file that the stages left, in the folder where it was left.
same_files() # OUT
{
	local f want=0 got=0
	for f in whole/tiny-tau*/stages/*/*.safetensors; do
		cmp -- "$f" "$1/${f#whole/}" || return 1
		want=$((want + 1))
	done
	for f in "$1"/tiny-tau*/stages/*/*.safetensors; do got=$((got + 1)); done
	test "$want" = 36 && test "$got" = 36
}

rows() { grep -v -e ,time/ -e ,memory/ /dev/null "$1"/tiny-tau*/metrics.csv | sed "s,^$1/,," | sort; } # who trained a stage first is nobody's business

same() # OUT
{
	same_files "$1" && rows whole > want.csv && rows "$1" > got.csv && cmp want.csv got.csv && cmp whole/tiny.sweep/table.csv "$1/tiny.sweep/table.csv"
}

# Waits until OUT has so many rows.
await_rows() # OUT ROWS
{
	for ((i = 0; i < 1000; i++)); do
		test "$(cat "$1"/tiny-*/metrics.csv 2> /dev/null | wc -l)" -gt "$2" && break
		kill -0 $pid 2> /dev/null || break
		sleep 0.01
	done
}

# Sends SIGNAL to a sweep into OUT once it has 60 rows; its exit status. One that ends before the signal comes is tried again, sooner.
send() # SIGNAL OUT ARGUMENTS...
{
	local rows status signal=$1 out=$2; shift 2
	for rows in 60 30 15 7 3; do
		behind "$out" "$@"; await_rows "$out" $rows
		kill -"$signal" $pid 2> /dev/null; wait $pid; status=$?
		test $status = 0 || break
		rm -rf "$out"
	done
	return $status
}

cat > x.yaml <<'Y'
name: tiny
precision: f32
data: {kind: synth, batch: 32, n_train: 460, n_test: 100, held_out: 60, crop: 1, flip: true, eval_batch: 50}
networks:
  teacher: {model: cnn, widths: [8, 16], convs: 1}
  student: {model: cnn, widths: [4, 8], convs: 1}
stages:
  - {name: teach, kind: supervise, train: teacher, epochs: 5}
  - {name: kd, kind: distill, train: student, teacher: teach.last, epochs: 6, losses: [{kind: ce, weight: 0.1}, {kind: kd, tau: 4}]}
  - {name: labels, kind: supervise, train: student, epochs: 6}
vary: {grid: {stages.kd.losses.kd.tau: [1, 4, 16]}, seeds: 2}
table: {control: labels}
Y

begin=$EPOCHREALTIME
start whole; result $? "a sweep that nobody disturbs"
took=$(((${EPOCHREALTIME/./} - ${begin/./}) / 1000)) # milliseconds
has out "6 runs, 18 stages, of which 9 are unlike and 9 are to be trained" "tau=16" && test "$(trained err)" = 9
result $? "the plan, and each unlike stage once"
start whole && has out "0 are to be trained" && ! grep -q epoch err; result $? "once more: nothing is trained"

# ---- killed at any moment ----
RANDOM=5 kills=0 right=1
while test $kills -lt 3; do
	behind killed
	sleep "$(printf '0.%03d' $((20 + RANDOM % (took < 900 ? took : 900))))"
	kill -KILL $pid
	wait $pid
	case $? in
	137) kills=$((kills + 1)) ;;
	0) kills=9 ;; # it was done before its turn
	*) right=0 kills=9 ;;
	esac
done 2> /dev/null
test $right = 1 && start killed; result $? "after three kills it ends"
same killed; result $? "the same files, rows and table"

# ---- interrupted ----
send INT stopped; test $? = 130; result $? "SIGINT: exit status 130"
has errstopped "stopped; the same command goes on from here"; result $? "SIGINT: says so"
start stopped && same stopped; result $? "then to the end: the same"
send TERM both -j 2 --threads 2; test $? = 130 && has errboth "stopped"; result $? "a signal to the parent of -j 2 alone is passed on: exit status 130"
start both -j 2 --threads 2 && same both; result $? "-j 2 to the end: the same, on a thread each"
# Processes look for their parent from time to time; on a busy machine all may be done before the next look, and then it is tried again.
orphans() # NAME
{
	send KILL "$1" -j 2 --threads 2; test $? = 137 || return
	for ((i = 0; i < 500; i++)); do grep -lzx "$1" /proc/[0-9]*/cmdline > /dev/null 2>&1 || break; sleep 0.01; done
	test $i -lt 500 && has "err$1" ", which started this one, is gone: stopping as by SIGTERM" "stopped; the same command goes on" &&
		"$limbeck" sweep x.yaml --list --out "$1" 2> err | grep -v $'\t0 of 3 stages left$' > /dev/null
}
for ((try = 0; try < 5; try++)); do
	name=orphans$$-$try
	orphans "$name" > orphans.txt && break
done
test $try -lt 5 || cat orphans.txt
test $try -lt 5
result $? "the parent of -j 2 is killed: its processes save and end, before all is done"
start $name && same $name; result $? "then to the end: the same"

# ---- two processes ----
behind two; one=$pid
start two; status=$?
wait $one && test $status = 0; result $? "two processes at once"
same two && test "$(trained errtwo err)" = 9; result $? "the same, and no stage twice"
has out "tau=16 kd" && ! grep -q "not run" out outtwo; result $? "each waits for the other and prints the whole table"
behind orphan; one=$pid; await_rows orphan 40
start orphan & other=$!
kill -KILL $one; wait $one 2> /dev/null
wait $other && same orphan; result $? "one of two is killed: the other does its part too"

# ---- a store that is held ----
hold() # OUT SECONDS: another process has the store
{
	python3 -c 'import sqlite3, sys, time
db = sqlite3.connect(sys.argv[1] + "/limbeck.db", timeout=20, isolation_level=None)
db.execute("BEGIN IMMEDIATE")
print("held", flush=True)
time.sleep(float(sys.argv[2]))' "$1" "$2" > held &
	holder=$!
	for ((i = 0; i < 500; i++)); do test -s held && break; sleep 0.01; done
}
if python3 -c 'import sqlite3' 2> /dev/null; then
	for rows in 60 30 15 7 3; do # held before all is done
		rm -rf held held.out
		behind held.out; await_rows held.out $rows
		hold held.out 3.6; wait $pid; status=$?; wait $holder
		grep -q 'waiting for it' errheld.out && break
	done
	test $status = 0 && has errheld.out "held.out/limbeck.db' is locked by another process: waiting for it, 10 min 00 s at most"
	result $? "a store that another process holds for seconds is waited for, which is said"
	same held.out; result $? "and all is as if it had not been"
	for rows in 60 30 15 7 3; do
		rm -rf held locked
		LIMBECK_STORE_WAIT=0.3 behind locked; await_rows locked $rows
		hold locked 60; wait $pid; status=$?; kill $holder; wait $holder 2> /dev/null
		test $status = 0 || break
	done
	test $status = 1 && has errlocked "is locked by another process, and was for" "Nothing that was trained is lost" "the same command records them" && ! grep -q transaction errlocked
	result $? "one that stays locked ends the sweep with what to do"
	start locked && same locked; result $? "and the same command records what was trained: the same"
else
	for what in 1 2 3 4; do result 0 "a store that another process holds # SKIP no python3 with sqlite3"; done
fi

# ---- a run at a time ----
"$limbeck" sweep x.yaml --list --out array > list 2> err && test "$(wc -l < list)" = 6 && test ! -e array && grep -q $'^4\ttiny-tau_4-s2\ttau=4\t3 of 3 stages left$' list
result $? "--list: a line for each run, and nothing is made"
start array --run 4 && ! grep -q unlike out && test "$(trained err)" = 3; result $? "--run 4: its stages and their teacher"
"$limbeck" sweep x.yaml --list --out array | cut -f 4 | tr '\n' , > list; test "$(cat list)" = "2 of 3 stages left,1 of 3 stages left,2 of 3 stages left,0 of 3 stages left,2 of 3 stages left,1 of 3 stages left,"
result $? "--list says what is left of each"
right=0
for k in 1 2 3 5 6; do start array --run $k || right=1; done
test $right = 0 && same_files array; result $? "all runs, one by one: the same files"
start array --run 7; test $? = 2 && has err "--run is 7, there are 6"; result $? "a run that is not there"
start some --only '*tau_4*' && test "$(ls -d some/tiny-*_4-*/ | wc -l)" = 2 && test "$(ls -d some/tiny-*/ | wc -l)" = 2 && has out "2 runs, 6 stages"
result $? "--only: the runs of that name"
start some --only nobody; test $? = 2 && has err "is the name of no run"; result $? "--only: no run of that name"

# ---- draws ----
path=stages.kd.losses.kd.tau drawn="vary={random: {n: 2, seed: 4, stages.kd.losses.kd.tau: {from: 1, to: 90, whole: true}}, seeds: 2}"
start drawn --set "$drawn"; result $? "random draws"
one=$("$limbeck" sweep x.yaml --list --out drawn --set "$drawn" | sed -n '1s/.*\ttau=\([0-9]*\)\t.*/\1/p') two=$("$limbeck" sweep x.yaml --list --out drawn --set "$drawn" | sed -n '3s/.*\ttau=\([0-9]*\)\t.*/\1/p')
test -n "$one" && test -n "$two" && has out "  tau=$one" "tau=$one kd" "tau=$two kd" && test -d drawn/tiny-tau_$one-s1-* && test -d drawn/tiny-tau_$two-s2-* && ! ls drawn | grep -q draw1
result $? "have their values in the names of points, rows and folders"
start drawn --set "$drawn" --only "*tau_$two-*" && has out "2 runs" "0 are to be trained" && ! grep -q "tau=$one" out; result $? "which --only knows them by"
send INT earlier --set "vary={list: [{name: draw1, $path: $one}, {name: draw2, $path: $two}], seeds: 2}"; test $? = 130 && ls -d earlier/tiny-draw*/ > was
start earlier --set "$drawn" && ls -d earlier/tiny-*/ > is && ! comm -23 was is | grep . && for d in $(cat was); do test "$(ls -d earlier/tiny-*-"${d##*-}" | wc -l)" = 1 || exit 1; done && cmp drawn/tiny.sweep/table.csv earlier/tiny.sweep/table.csv
result $? "a folder that had an earlier version's name for a draw is gone on with"
start earlier --set "$drawn" && has out "0 are to be trained"; result $? "and then nothing is left"

# ---- what is refused ----
start none --set 'vary.grid={stages.kd.lr: []}'; test $? = 2 && has err "a grid of nothing is no run at all" && test ! -e none; result $? "an empty list"
start none --set vary.seeds=400; test $? = 2 && has err "that is 1200 runs; if so many are meant, say --yes" && test ! -e none; result $? "more than a thousand runs are asked about"
start none --set vary.seeds=400 --yes --list && test "$(wc -l < out)" = 1200; result $? "and done with --yes"
huge='vary.grid={stages.kd.lr: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 2]}'
start none --set vary.seeds=10000 --set "$huge"; test $? = 2 && has err "that is 110000 runs; if so many are meant, say --yes" && test ! -e none; result $? "and a hundred thousand"
start none --budget nonsense; test $? = 2 && has err "--budget is 'nonsense', allowed full, quick, smoke" && test ! -e none; result $? "a budget that is none"
cp -r whole damaged; printf 'nothing of a store' | dd of=damaged/limbeck.db conv=notrunc 2> /dev/null; rm -f damaged/limbeck.db-*
start damaged; test $? = 1 && has err "damaged/limbeck.db" "is damaged"; result $? "a damaged store is named"
rm damaged/limbeck.db; cp -r damaged emptied; : > emptied/limbeck.db
for out in damaged emptied; do
	start $out; test $? = 2 && has err "'$out' has folders of these runs and no store: 'limbeck runs --rebuild --out $out' reads them, and nothing is lost; --yes trains them anew" && test ! -s $out/limbeck.db
	result $? "$out: without it nothing is trained again unasked"
done
start emptied --plan && has out "9 are to be trained" && has err "training makes them anew"; result $? "a plan says so too"
"$limbeck" train x.yaml --quiet --threads 1 --out emptied --set name=tiny-tau_1-s1 --set stages.kd.losses.kd.tau=1 > out 2> err; test $? = 2 && has err "'emptied' has this run's folder and no store" "--yes trains it anew"
result $? "and train"
"$limbeck" runs --rebuild --out emptied > out 2> err && start emptied && has out "0 are to be trained"; result $? "made again it knows them"
start damaged --yes && has err "'limbeck runs --rebuild --out damaged' reads them" && same_files damaged; result $? "with --yes everything is made anew, over what is there"
start x.yaml/out; test $? = 1 && has err "x.yaml/out"; result $? "a folder that can't be made"

start none --set table.control=nobody; test $? = 2 && has err "the control 'nobody' is no row of the table" && test ! -e none
result $? "a control that is not there is told before anything is trained"
start none --set 'claims=[{better: kb, than: labels}]'; test $? = 2 && has err "a claim names 'kb'" && test ! -e none; result $? "and a claim's row"

# ---- when claims were written ----
first='claims=[{better: kd, than: labels}]' more='claims=[{better: kd, than: labels}, {better: labels, than: kd}]'
claimed() { start claimed --set vary.seeds=1 --set 'vary.grid={data.batch: [32]}' --set "$@"; }
claimed "$first" && grep -q "^batch=32 kd better than batch=32 labels  undecided  before the first run" out &&
	head -2 claimed/tiny.sweep/claims.csv | tail -1 | grep -q "^batch=32 kd better than batch=32 labels,undecided,before the first run,test_top1,last,full,batch=32 kd,batch=32 labels,shared,0,0,1,"
result $? "a claim that the sweep begins with"
claimed "$first" --plan --set name=planned && ! grep -q planned claimed/claims.jsonl; result $? "a plan dates none"
claimed "$more"; has out "before the first run" "after runs existed (20"; result $? "and one that was thought of later"
mv claimed/limbeck.db lost.db; rm -f claimed/limbeck.db-*
"$limbeck" runs --rebuild --out claimed > out 2> err; claimed "$more"; has out "before the first run" "after runs existed (20"; result $? "the store made again knows both"
"$limbeck" train x.yaml --quiet --threads 1 --out trained --set "$first" > out 2> err && grep -q '"sweep": "tiny", "says": "kd better than labels by test_top1' trained/claims.jsonl
result $? "train dates them too"
later() { claimed "claims=[{better: kd, than: labels}, {better: $1, than: $2}]" "${@:3}"; }
"$limbeck" rm $(cd claimed && ls -d tiny-*) --out claimed --yes > out 2> err && later teach kd && grep -q "^batch=32 teach better than batch=32 kd *undecided  after runs existed (20" out
result $? "removing the runs makes no claim one of before them"
"$limbeck" rm $(cd claimed && ls -d tiny-*) --out claimed --yes > out 2> err && rm -f claimed/limbeck.db* && later teach labels && grep -q "^batch=32 teach better than batch=32 labels  undecided  after runs existed (20" out && has out "before the first run"
result $? "nor does losing the store too"
rm claimed/limbeck.db* claimed/claims.jsonl; later teach kd --yes && ! has out "before the first run" > /dev/null && test "$(grep -c '  undecided  not known  ' out)" = 2
result $? "when all that dated them is lost, it is not known"

# ---- failed stages ----
bad='vary.grid={stages.teach.lr: [0.05, 100]}' worse=stages.teach.momentum=0.999 longer=stages.teach.epochs=40
start bad --quiet -j 2 --threads 2 --set "$bad" --set "$worse" --set "$longer"; test $? = 1 && has out "0, 1 failed" "0, 2 failed" "FAILED" && ! grep -qE 'epoch [0-9]+/' err
result $? "-j 2: failed stages are in the table; --quiet is for its processes too"
"$limbeck" table x.yaml --out bad --threads 1 --set "$bad" --set "$worse" --set "$longer" > out 2> err
test "$(grep -c '^FAILED ' out)" = 3 && ! grep '^FAILED ' out | grep -q -e 'log.txt' -e ': *$'; result $? "table has their reasons, as their runs' logs tell them"
start alone --quiet --set timing=true --set "$bad" --set "$worse" --set "$longer"; test $? = 1 && has out "0, 1 failed" "0, 2 failed" "FAILED"; result $? "timing: as well"

# ---- without the data ----
mkdir pictures other
idx() # NAME PICTURES: grey ones of 8 x 8 in four classes
{
	{ printf '\0\0\10\3\0\0\0'; printf "\\x$(printf %02x "$2")"; printf '\0\0\0\10\0\0\0\10'; seq 1 9999 | head -c $((64 * $2)); } > "pictures/$1-images-idx3-ubyte"
	{ printf '\0\0\10\1\0\0\0'; printf "\\x$(printf %02x "$2")"; for ((i = 0; i < $2; i++)); do printf "\\x0$((i % 4))"; done; } > "pictures/$1-labels-idx1-ubyte"
}
idx train 120 && idx t10k 40
idx_data='data={kind: idx, dir: pictures, batch: 16, held_out: 24, limit: 80, eval_batch: 20}'
start idx --set "$idx_data" && test "$(wc -l < idx/data.jsonl)" = 1; result $? "what was trained on is written down, once"
show() { "$limbeck" "$1" x.yaml --out idx --threads 1 --set "$idx_data" "${@:2}" 2> err; }
show table > table.here && show sweep --list > list.here && show sweep --plan > plan.here && mv pictures gone
show table > table.gone && cmp table.here table.gone && has table.gone "80 training, 24 held-out, 40 test pictures" && has err "the data set 'idx' is not in '$PWD/pictures': what is known of it is from 'idx/data.jsonl'"
result $? "table without the data: the same, and it says what it is of"
show sweep --list > list.gone && cmp list.here list.gone && show sweep --plan > plan.gone && cmp plan.here plan.gone; result $? "--list and --plan too"
show sweep --plan --set stages.kd.epochs=7 > out && has out "6 are to be trained" "no estimate: that takes a step of each, and the data are not here"; result $? "a plan of what is not trained has no estimate"
show sweep --set stages.kd.epochs=7 > out; test $? = 2 && has err "'pictures' has no file" && ! has err "data.jsonl" > /dev/null; result $? "and nothing can be trained"
show table --set data.dir=other > out; test $? = 2 && has err "'other' has no file 'train-images-idx3-ubyte'" "it is known from the first 'train' or 'sweep' on, which writes it into 'idx/data.jsonl'"
result $? "another folder that is empty is not taken for it"
sed 's/"classes": 4/"classes": 1/' idx/data.jsonl > line && cp line idx/data.jsonl && show table > out; test $? = 2 && has err "'pictures' has no file"; result $? "a line that can't be is none"
"$limbeck" sweep x.yaml --list --out none --set 'data={kind: fashion_mnist, dir: nowhere}' > out 2> err && test "$(wc -l < out)" = 6 && has err "nothing was trained here: it is taken for the whole of it" && test ! -e none
result $? "before anything is trained a published set is known"

# ---- budgets and times ----
build=$(sed -n 's/.*"program": *"\([^"]*\)".*/\1/p' whole/tiny-tau_1-s1-*/run.json)
case $build in *", build "????????????) has whole/tiny.sweep/table.txt "Trained by $build." ;; *) false ;; esac
result $? "the table says which build trained it"
cp "$limbeck" other && if command -v objcopy > /dev/null 2>&1 && objcopy --remove-section .note.gnu.build-id other 2> /dev/null && ./other --version > /dev/null 2>&1; then
	cp -r whole mixed && rm -rf mixed/tiny-tau_4-s1-*/stages/kd
	./other sweep x.yaml --no-estimate --threads 1 --out mixed > out 2> err && has out "MARKED: these runs are of 2 versions or builds of the program: limbeck" "$build"
	result $? "two builds of one version are told apart"
else
	result 0 "two builds of one version are told apart # SKIP no objcopy"
fi
start whole --budget smoke && has out "budget 'smoke'" "of the test pictures, the first 2 seeds at most" "These are not the numbers of the file's full budget" && same whole && ls -d whole/tiny-smoke-tau_1-s1-*/ > /dev/null
result $? "a smaller budget beside it: other runs, another table"
"$limbeck" table x.yaml --out whole --threads 1 --metric time_seconds > out 2> err && has out "not timed alone" "Not timed alone:" && ! grep -q "kd .*0\.[0-9]" out
result $? "no time of arms is shown"
"$limbeck" table x.yaml --out whole --threads 1 --control nobody > out 2> err; test $? = 2 && has err "the control 'nobody' is no row of the table"; result $? "a control that is not there"
"$limbeck" table x.yaml --out whole --threads 1 --set vary.seeds=1 --only 'tiny-tau_4*' > out 2> err && has out "MARKED: the runs were chosen by --set vary.seeds=1 --only 'tiny-tau_4*'" &&
	"$limbeck" table x.yaml --out whole --threads 1 > out 2> err && ! grep -q "were chosen by" out
result $? "runs that were chosen by hand are marked"
cp -r whole bare && rm -f bare/tiny-tau*/stages/*/last.safetensors && "$limbeck" table x.yaml --out whole --threads 1 --form csv > want.csv 2> err &&
	"$limbeck" table x.yaml --out bare --threads 1 --form csv > got.csv 2> err && cmp want.csv got.csv && ! has err "made again" &&
	"$limbeck" sweep x.yaml --plan --no-estimate --out bare > out 2> err && ! has out "0 are to be trained"
result $? "results stand in tables where the weights are gone"
start single --arms 1 --set 'vary.grid={stages.kd.losses.kd.tau: [1]}' && "$limbeck" table x.yaml --out single --threads 1 --set 'vary.grid={stages.kd.losses.kd.tau: [1]}' --metric time_seconds > out 2> err &&
	has out "not timed alone" && ! grep -q "kd .*0\.[0-9]" out
result $? "a time without 'timing' is refused also where a stage was by itself"
start timed --set timing=true --set 'vary.grid={stages.kd.losses.kd.tau: [1]}' --set 'table={metrics: [time_seconds]}' && has out "each stage alone in a process" &&
	grep -q '^tau=1 kd  *[0-9.]*e*-*[0-9]*  .* 2 *$' out && ! grep -q "not timed" out && has err "5 of 5, alone: labels"
result $? "timing: each alone, and its time is shown"

# A process that holds the lock of timed stages, and dies when it is told to.
timing=(--set timing=true --set 'vary.grid={stages.kd.losses.kd.tau: [1]}')
hold() { (exec 9> "$1/locks/timing" && flock 9 && touch held && exec sleep 60 < /dev/null > /dev/null 2>&1) & holder=$!; disown $holder; for ((i = 0; i < 500; i++)); do test -e held && break; sleep 0.01; done; rm -f held; }
await() { for ((i = 0; i < 1000; i++)); do grep -q "$2" "$1" && return; sleep 0.01; done; echo "# no '$2' in $1"; return 1; }
mkdir -p turns/locks
hold turns
behind turns "${timing[@]}"
await errturns "'a timed stage' is being trained by another process: waiting" && sleep 0.3 && ! grep -q "epoch" errturns && kill -KILL $holder && wait $pid && test "$(trained errturns)" = 5
result $? "timing: waits for a timed stage of another process, and a killed one holds up nobody"
hold turns
"$limbeck" sweep x.yaml --plan --threads 1 --out turns "${timing[@]}" --set stages.labels.epochs=7 > plan 2> errplan & pid=$!
await errplan "'a timed stage' is being trained by another process: waiting" && ! grep -q estimated plan && kill -KILL $holder && wait $pid && grep -q estimated plan
result $? "timing: an estimate waits for it as well"
"$limbeck" sweep x.yaml --plan --threads 1 --out nothing "${timing[@]}" > plan 2> err && grep -q estimated plan && test ! -e nothing; result $? "and makes no folder"
behind turns "${timing[@]}" --set stages.kd.epochs=25 --set name=other; one=$pid
start turns "${timing[@]}" --set stages.kd.epochs=27 && wait $one
result $? "timing: two sweeps at once"
sed -n 's/.*"kind".*"begun": "\(20[0-9-]* [0-9:.]*\)", "seconds": \([0-9.e-]*\)}.*/\1 \2/p' turns/*/run.json | sort > spans
awk '{ split($2, t, ":"); at = t[1] * 3600 + t[2] * 60 + t[3]; if (NR > 1 && at > 60 && at < end - 0.002) { print "# begun", $2, "before the one before ended"; bad = 1 } end = at + $3 } END { exit bad || NR < 9 }' spans
result $? "never time two stages at once"
