#!/usr/bin/env bash
# What is done with runs that are there: listing, choosing, making the store again.
set -u
program=${LIMBECK_BUILDDIR:-build}/limbeck
case $program in /*) ;; *) program=$PWD/$program ;; esac
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 99
export OMP_NUM_THREADS=1 TZ=UTC
n=0 failed=0 status=0

# verdict STATUS NAME: one test.
verdict() {
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		echo "# status $status"
		tail -n 20 out err 2>/dev/null | sed 's/^/# /'
		failed=1
	fi
}
call() {
	"$program" "$@" >out 2>err </dev/null
	status=$?
}
says() {
	local text
	for text in "$@"; do
		grep -qF -e "$text" out err || { echo "# lacks: $text"; return 1; }
	done
}
# t NAME STATUS WORD... [-- TEXT...]: the call ends with the status and says each text.
t() {
	local name=$1 want=$2 words=()
	shift 2
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		words+=("$1")
		shift
	done
	[ $# -gt 0 ] && shift
	call "${words[@]}"
	[ "$status" = "$want" ] && says "$@"
	verdict $? "$name"
}
# without its times, which differ from run to run
table() { sed 's/  *[0-9.]* \(ms\|s\|min\)\( (trained before)\)\{0,1\}$//' "$1" | sed '/^$/d; /^\//d'; }

cat >tiny.yaml <<'END'
name: tiny
seed: 1
precision: f32
data: {kind: synth, n_train: 240, n_test: 80, classes: 4, size: 8, batch: 40, eval_batch: 40, held_out: 40}
networks:
  big: {model: cnn, widths: [8, 12]}
  small: {model: cnn, widths: [4, 6]}
stages:
  - {name: teach, kind: supervise, train: big, epochs: 2, anchors: {count: 2, rule: equal}}
  - {name: kd, kind: distill, train: small, teacher: teach.last, epochs: 2}
  - {name: steps, kind: blocks, train: small, teacher: teach.anchors, epochs: 1, head_epochs: 1, polish_epochs: 1}
END

# ---- nothing there ----

t "runs of a folder that is not there" 2 runs -- "there is no folder 'runs'"
# Where there are no pseudo-terminals, what happens on a terminal is not looked at.
terminal=no
[ "$(script -qec 'echo is there' /dev/null </dev/null 2>/dev/null | tr -d '\r')" = "is there" ] && terminal=yes
mkdir empty
t "runs of a folder without runs" 2 runs --out empty -- "'empty' holds no runs"
[ -z "$(ls -A empty)" ]
verdict $? "and nothing is made in it"
t "a store of no run is not made again" 2 runs --rebuild --out empty -- "no folder in it has a config.yaml"

# ---- two runs: the second trains kd alone ----

call train tiny.yaml --quiet
first=$(basename runs/tiny-*)
cp out first.txt
call train tiny.yaml --quiet --set stages.kd.epochs=1 --set stages.kd.losses='[{kind: kd, tau: 3}]'
second=$(ls runs | grep '^tiny' | grep -v "$first")
grep -q '"state": "done"' "runs/$first/run.json" && [ ! -e "runs/$first/progress.json" ]
verdict $? "a run leaves run.json, and no progress.json at its end"

t "runs lists both" 0 runs -- "$first" "$second" "done" "3/3" "of stage"
best=$(awk '/^(teach|kd|steps) / && $4 > b { b = $4 } END { print b }' first.txt)
grep "$first" out | grep -qF "  $best  "
verdict $? "with the table's best test accuracy"
# only NAME CONDITION...: the conditions leave this run alone.
only() {
	local want=$1 words=()
	shift
	for c; do words+=(--where "$c"); done
	call runs "${words[@]}"
	[ "$status" = 0 ] && [ "$(grep -c '^tiny' out)" = 1 ] && says "$want"
	verdict $? "only one run has: $*"
}
only "$second" stages.kd.epochs=1
only "$first" 'stages.kd.epochs>1' name=tiny
only "$second" stages.kd.losses.0.tau=3
only "$second" 'stages.kd.losses.0.tau<3.5' state=done
only "$first" "folder=$first"
only "$first" stage=kd 'images>300'
only "$second" kind=distill 'images<300'
t "conditions on stages are about one stage" 0 runs --where stage=kd --where 'images>900' -- "no run is like that"
t "runs that are not like that" 0 runs --where state=failed -- "no run is like that"
t "a key that no run has" 2 runs --where stat=done -- "no run has 'stat'; did you mean 'state'?"
t "a condition that is none" 2 runs --where state -- "allowed KEY=VALUE, KEY<VALUE, KEY>VALUE"
t "a number beside what is none" 2 runs --where 'images>abc' -- "--where is 'images>abc', and 'abc' is no number"
t "and so of a run's own" 2 runs --where 'seconds<soon' -- "'soon' is no number"
t "and one of two signs" 2 runs --where 'seconds<=3' -- "allowed KEY=VALUE"
t "runs as JSON" 0 runs --json -- '"trained_before": true' '"test_top1": ' '"machine": "'
if command -v python3 >/dev/null; then
	python3 -c 'import json, sys; d = json.load(open("out")); sys.exit(len(d) != 2 or len(d[1]["stages"]) != 3)'
	verdict $? "which a reader of JSON takes"
fi

# ---- the store again ----

all_rows() { "$program" runs --json; }
all_rows >before.json
mv runs/limbeck.db lost.db
t "a lost store is told" 2 runs -- "has 2 run folders and no store" "--rebuild"
: >runs/limbeck.db
t "so is an empty one" 2 runs -- "has 2 run folders and no store" "--rebuild"
rm runs/limbeck.db
t "runs --rebuild" 0 runs --rebuild -- "$first" "$second" "holds 2 runs"
all_rows >after.json
cmp -s before.json after.json
verdict $? "gives all rows of before"
ls runs/limbeck.db.old-* >/dev/null 2>&1
[ $? != 0 ] && ! ls runs/limbeck.db.tmp-* >/dev/null 2>&1
verdict $? "and leaves nothing else"
t "train after it trains nothing" 0 train tiny.yaml --quiet -- "trained before"
[ "$(grep -c 'trained before' out)" = 3 ] && [ "$(table out)" = "$(table first.txt)" ]
verdict $? "and prints the table of before"
all_rows >before.json
head -c 5000 runs/limbeck.db | tr '\0' '\7' >damaged.db
cp damaged.db runs/limbeck.db
t "a damaged store is told" 1 runs -- "limbeck.db' is damaged" "'limbeck runs --rebuild' moves it away"
t "train on it too" 1 train tiny.yaml --quiet -- "limbeck.db' is damaged"
t "and it is moved aside" 0 runs --rebuild -- "the store of before is $PWD/runs/limbeck.db.old-1"
cmp -s damaged.db runs/limbeck.db.old-1
verdict $? "whole"
t "as often as wanted" 0 runs --rebuild -- "limbeck.db.old-2"
call train tiny.yaml --quiet
[ "$(grep -c 'trained before' out)" = 3 ] && [ "$(table out)" = "$(table first.txt)" ]
verdict $? "the same table again"

# Rows that were cut off: what has no result is not done, and is trained again.
cp "runs/$first/metrics.csv" whole.csv
grep -v '^kd,end,' whole.csv >"runs/$first/metrics.csv"
t "the last rows of a stage are lost" 0 runs --rebuild -- "'kd' has no result in metrics.csv, so it is to be trained again"
call train tiny.yaml --quiet
[ "$(grep -c 'trained before' out)" = 2 ] && [ "$(table out)" = "$(table first.txt)" ] && [ "$(grep -c '^kd,end,.*,test_top1,' "runs/$first/metrics.csv")" = 1 ]
verdict $? "it is trained again, to the same"
cp "runs/$first/metrics.csv" whole.csv
grep -v '^kd,end,.*,test_top1,' whole.csv >"runs/$first/metrics.csv"
t "so is one without its accuracy" 0 runs --rebuild -- "'kd' has no result in metrics.csv"
call train tiny.yaml --quiet
[ "$(grep -c 'trained before' out)" = 2 ] && [ "$(table out)" = "$(table first.txt)" ]
verdict $? "and has it again"

# A folder of an earlier version: no run.json. One whose weights are damaged: they are named, the rest is taken.
rm runs/*/run.json
t "folders without run.json" 0 runs --rebuild -- "$first" "$second"
call train tiny.yaml --quiet
[ "$(grep -c 'trained before' out)" = 3 ] && [ "$(table out)" = "$(table first.txt)" ]
verdict $? "give the table too"
truncate -s 1000 "runs/$first/stages/steps/last.safetensors"
printf 'steps,polish,4,20,lo' >>"runs/$first/metrics.csv"
t "weights and rows that are cut" 0 runs --rebuild -- "steps/last.safetensors: offset 1000" "1 lines of metrics.csv are no rows"
call train tiny.yaml --quiet
[ "$(grep -c 'trained before' out)" = 2 ] && [ "$(table out)" = "$(table first.txt)" ]
verdict $? "cost that stage alone"
echo '{"name": "tiny"' >"runs/$second/run.json"
t "a damaged run.json is named" 0 runs --rebuild -- "$second/run.json' is damaged"
t "diff tells what is not known" 0 diff "runs/$first" "runs/$second" -- "threads   1  " "versions: 4 differ, 1 equal"
call train tiny.yaml --quiet --set stages.kd.epochs=1 --set stages.kd.losses='[{kind: kd, tau: 3}]'

# ---- moved, gone, killed ----

mv runs moved
t "runs that were moved" 0 runs --out moved --where state=done -- "$first" "$second"
call train tiny.yaml --quiet --out moved
[ "$(grep -c 'trained before' out)" = 3 ] && [ "$("$program" runs --out moved | grep -c '^tiny')" = 2 ]
verdict $? "go on in their new place"
mv "moved/$second" elsewhere
t "a folder that is gone" 0 runs --out moved -- "gone"
mv elsewhere "moved/$second"
t "a run in place of its folder of runs" 2 runs --out "moved/$first" -- "is a run; the folder wanted"

sed 's/name: tiny/name: long/; s/train: big, epochs: 2/train: big, epochs: 20000/' tiny.yaml >long.yaml
"$program" train long.yaml --out moved >/dev/null 2>&1 </dev/null &
pid=$!
for _ in $(seq 400); do
	grep -q '"stage": "teach"' moved/long-*/progress.json 2>/dev/null && break
	sleep 0.05
done
grep -q "\"pid\": $pid, .*\"host\"" moved/long-*/progress.json && grep -q '"stage": "teach", .*"epochs": 20000, .*"loss": [0-9]' moved/long-*/progress.json
verdict $? "a run that is under way says what it does"
t "and is listed so" 0 runs --out moved --where state=running -- "long" "0/3"
t "the store is not moved from under it" 2 runs --rebuild --out moved -- "run 'long-" "is under way (process $pid)"
t "top shows it" 0 top moved --once -- "moved: 3 runs, 1 under way" "long-" "running"
awk '/^long-/ { if ($4 == "teach" && $5 ~ /^[0-9]+\/20000$/ && $6 ~ /^[0-9]+\/5$/ && $7 > 0 && $8 >= 0 && $9 > 0) good = 1 } END { exit !good }' out &&
	[ "$(sed -n 's/^\(long\|tiny\)-.*/\1/p' out | head -1)" = long ]
verdict $? "with its stage, epoch, step, loss, accuracy and rate, before those at rest"
if [ $terminal = yes ]; then
	TERM=xterm script -qec "stty rows 9 cols 60; timeout --foreground -s INT 1.6 $program top moved --every 1" /dev/null >out 2>err </dev/null
	tr -d '\r' <out | sed 's/\x1b\[[0-9;?]*[A-Za-z]/\n/g' | awk 'length > 60 { bad = 1 } END { exit bad }' &&
		grep -q $'\x1b\\[?1049h' out && [ "$(grep -o $'\x1b\\[H' out | wc -l)" -ge 2 ] && [ "$(tail -c 8 out)" = $'\x1b[?1049l' ]
	verdict $? "top draws again and again, within the window, and gives the terminal back on Ctrl-C"
fi
kill -KILL $pid
wait $pid 2>/dev/null
t "when it is killed it is stopped" 0 runs --out moved --where state=stopped -- "long"
before=$(grep -c . moved/long-*/metrics.csv)
t "top tells how far it was" 0 top moved -- "0 under way" "stopped" "teach"
t "and what it left is taken in" 0 runs --rebuild --out moved -- "long-"
call runs --out moved --where state=stopped --json
says '"kind": "supervise"' '"state": "running"' '"loss": ' && [ "$before" -gt 10 ]
verdict $? "with its metrics so far"


# ---- diff ----

t "diff tells options and results" 0 diff "moved/$first" "moved/$second" -- "stages.kd.epochs" "stages.kd.losses.0.tau" \
	"data: 0 differ, 2 equal" "versions: 0 differ, 5 equal"
awk -v a="$(awk '$1 == "kd" { print $4 + 0 }' first.txt)" '
	/^kd: test %/ { test = $4 == a }
	/^stages.kd.epochs / { epochs = $2 == 2 && $3 == 1 }
	/^(teach|steps|data|networks)/ { other = other || !/^data: / }
	END { exit !(test && epochs && !other) }' out
verdict $? "as they are, and nothing that is equal"
t "diff of a run and itself" 0 diff --out moved "$first" "$first" -- "options: 0 differ" "results: 0 differ"
call train tiny.yaml --quiet --out else --threads 2 --set data.n_train=200
t "diff of runs in two folders" 0 diff "moved/$first" else/tiny-* -- "content, SHA-256" "160 training, 40 held-out, 80" "data: 2 differ, 0 equal" "threads   1  " \
	"versions: 2 differ, 3 equal"
t "diff of one run" 2 diff "moved/$first" -- "an argument is missing"
t "diff of runs that are not there" 2 diff --out moved nothing "$first" -- "there is no run 'nothing'"
mkdir moved/norun
t "diff of a folder that is no run" 2 diff moved/norun "moved/$first" --out moved -- "'moved/norun' is no run: it has no config.yaml"
rmdir moved/norun

# ---- top ----

t "top of a folder that is not there" 2 top nowhere -- "there is no folder 'nowhere'"
t "top of a folder without runs" 2 top empty --once -- "'empty' holds no runs"
t "top of a run" 2 top "moved/$first" -- "is a run; the folder wanted"
t "top at another pace" 2 top moved --every 0 -- "--every is '0'"
t "top of runs that are done" 0 top moved -- "0 under way" "$first" "done"
cp -r moved broken
cp damaged.db broken/limbeck.db
t "top of a damaged store" 1 top broken -- "is damaged"

# ---- a folder that can't be written to ----

# Root may write anywhere, so it becomes somebody else; where that can't be, or the program is not everybody's, nothing is looked at.
reader=()
[ "$(id -u)" = 0 ] && reader=(setpriv --reuid=65534 --regid=65534 --clear-groups)
cp -r moved read
chmod 755 "$work"
chmod -R a-w,a+rX read
cp tiny.yaml read.yaml
if "${reader[@]}" env HOME=/nowhere "$program" --version >/dev/null 2>&1; then
	read_only() {
		"${reader[@]}" env HOME=/nowhere XDG_CACHE_HOME=/nowhere "$program" "$@" >out 2>err </dev/null
		status=$?
	}
	all_ok=0
	read_only runs --out read && says "$first" "done" || all_ok=1
	read_only top read --once && says "0 under way" "$first" || all_ok=1
	read_only diff "read/$first" "read/$second" && says "stages.kd.epochs" || all_ok=1
	read_only table read.yaml --out read && says "teach (teacher)  $(awk '$1 == "teach" { print $4 }' first.txt)" || all_ok=1
	[ $all_ok = 0 ]
	verdict $? "runs, top, diff and table of a folder that can't be written to"
	mkdir open && chmod 777 open
	read_only report "read/$first" -o open/page.html && grep -q "kd" open/page.html && [ -z "$(find read -newer open -type f)" ]
	verdict $? "and its page, elsewhere; nothing in it is changed"
	read_only report "read/$first"
	[ $status = 1 ] && says "report.html"
	verdict $? "a page that can't be written is named"
	read_only train tiny.yaml --out read
	[ $status = 1 ] && says "folder 'read' cannot be written"
	verdict $? "and nothing is trained into it"
else
	verdict 0 "a folder that can't be written to # SKIP the program is not everybody's"
fi
chmod -R u+w read

# ---- progress that can't be written ----

long=$(echo moved/long-*)
rm -f "$long/progress.json"
mkdir "$long/progress.json"
timeout --foreground -s INT 2.6 "$program" train long.yaml --out moved >out 2>err </dev/null
status=$?
[ "$(grep -c "can't write '.*progress.json'.*changes nothing else" err)" = 1 ] && says "goes on at lesson 1" "the same command goes on from here"
verdict $? "is told once, and the run goes on"
rmdir "$long/progress.json"
! ls "$long"/progress.json* >/dev/null 2>&1
verdict $? "and leaves nothing"

# ---- rm ----

# ask ANSWER WORD...: on a terminal.
ask() {
	local answer=$1
	shift
	printf '%s\n' "$answer" | script -qec "$(printf '%q ' "$program" "$@")" /dev/null >out 2>err
	status=$?
}
size=$(ls -A moved | wc -l)
t "rm of nothing" 2 rm -- "rm wants the name of a run, or --unused"
t "rm of a run that is not there" 2 rm --out moved tinny -- "there is no run 'tinny'; did you mean 'tiny'?"
t "rm of an experiment with two runs" 2 rm --out moved tiny --yes -- "may be 2 runs" "$first" "$second"
mv "moved/$second/run.json" note
t "rm of a run that another needs, which has lost its run.json" 2 rm --out moved "$first" --yes -- "'$first' is needed: its stage 'teach' is stage 'teach' of '$second'"
mv note "moved/$second/run.json"
t "rm without a terminal" 2 rm "moved/$second" -- "--yes is wanted" "$second" "KiB"
[ "$(ls -A moved | wc -l)" = "$size" ]
verdict $? "all that is kept is there"
call train tiny.yaml --quiet --out moved --set stages.kd.epochs=3 --set "stages.kd.teacher={file: moved/$second/stages/kd/best.safetensors}" --set stages.kd.teacher_network=small
third=$(ls -t moved | grep '^tiny' | head -1)
t "rm of a run of which a file is needed" 2 rm --out moved "$second" --yes -- "'$second' is needed: stages.kd.teacher.file of '$third' is "
if [ $terminal = yes ]; then
	ask n rm "moved/$third"
	says "remove 1 run, " "nothing was removed" && [ -d "moved/$third" ]
	verdict $? "rm asks on a terminal"
	ask y rm "moved/$third"
	[ "$status" = 0 ] && says "removed $third" && [ ! -e "moved/$third" ]
	verdict $? "and removes after a yes"
else
	call rm "moved/$third" --yes
fi
mkdir outside
echo precious >outside/file
ln -s "$PWD/outside" "moved/$second/out"
ln -s "$PWD/outside/file" "moved/$second/stages/file"
ln -s "$second" moved/link
t "rm of a link to a run" 2 rm moved/link --yes -- "'moved/link' is a link"
rm moved/link
t "rm of a run" 0 rm --out moved "${second:0:8}" --yes -- "removed $second"
[ ! -e "moved/$second" ] && [ "$(cat outside/file)" = precious ]
verdict $? "removes its folder and not what links lead to"
"$program" runs --out moved >out
! grep -q "$second" out
verdict $? "and its rows"
mv moved/long-* long-gone
t "rm of a run whose folder is gone" 0 rm --out moved long --yes -- "gone: only what the store has of it" "removed long-"

t "nothing is left over" 0 rm --unused --out moved -- "nothing is left over"
kd=moved/$first/stages/kd
cp "$kd/last.safetensors" "$kd/resume.safetensors"
sleep 0.01 & gone=$!
wait $gone
for file in "$kd/last.safetensors.tmp-$gone" "moved/limbeck.db.tmp-$gone-wal" "moved/$first/config.yaml.tmp-$$" "moved/$first/notes.tmp-x"; do
	echo x >"$file"
	touch -d '1 hour ago' "$file"
done
echo x >"$kd/young.tmp-$gone"
ln -s "$PWD/outside/file" "$kd/link.tmp-$gone"
touch -hd '1 hour ago' "$kd/link.tmp-$gone"
t "rm --unused tells what there is" 2 rm --unused --out moved -- "resume state of a finished stage" "of process $gone, which is gone" "--yes is wanted"
t "rm --unused" 0 rm --unused --out moved --yes -- "removed 3 files"
[ ! -e "$kd/resume.safetensors" ] && [ ! -e "$kd/last.safetensors.tmp-$gone" ] && [ ! -e "moved/limbeck.db.tmp-$gone-wal" ] &&
	[ -e "$kd/young.tmp-$gone" ] && [ -e "moved/$first/config.yaml.tmp-$$" ] && [ -e "moved/$first/notes.tmp-x" ] && [ -L "$kd/link.tmp-$gone" ]
verdict $? "and nothing that may be somebody's"

# ---- teacher caches ----
cat >cached.yaml <<'END'
name: cached
precision: f32
data: {kind: synth, batch: 32, n_train: 160, n_test: 40, held_out: 32, classes: 4, size: 8, crop: 0, flip: true, eval_batch: 40}
networks: {big: {model: cnn, widths: [4, 8], convs: 1}, small: {model: cnn, widths: [2, 4], convs: 1}}
stages:
  - {name: teach, kind: supervise, train: big, epochs: 1}
  - {name: kd, kind: distill, train: small, teacher: teach.last, epochs: 1, teacher_cache: f32}
END
run_cached() { "$program" train cached.yaml --out caches --threads 1 --quiet "$@" >out 2>err; }
run_cached && run_cached --set stages.teach.lr=0.01 --set name=other
[ "$(ls caches/cache/teacher-*.cache | wc -l)" = 2 ] && used=$(cat caches/cached-*/stages/kd/caches) && [ -e "caches/cache/$used" ] && other=$(cat caches/other-*/stages/kd/caches) && [ "$used" != "$other" ]
verdict $? "each stage notes which cache it reads"
t "caches of runs that are there are used" 0 rm --unused --out caches -- "nothing is left over"
call rm --out caches other --yes
t "a cache of a run that is gone is listed with its size" 2 rm --unused --out caches -- "caches/cache/$other" "KiB" "teacher cache that no run reads" "--yes is wanted"
grep -qF "$used" out
[ $? = 1 ]
verdict $? "and that of a run that is there is not"
exec 8<"caches/cache/$other"
flock -s 8
t "a cache that a process holds is kept" 0 rm --unused --out caches --yes -- "nothing is left over"
exec 8<&-
mv "caches/cached-"*/stages/kd/caches note
t "where a stage does not say which cache it reads, all are kept" 0 rm --unused --out caches --yes -- "teacher caches are kept: a stage of 'cached-" "nothing is left over"
mv note "$(echo caches/cached-*/stages/kd)/caches"
t "and then it is removed" 0 rm --unused --out caches --yes -- "removed 1 file"
[ -e "caches/cache/$used" ] && [ ! -e "caches/cache/$other" ]
verdict $? "the other one stays"

echo "1..$n"
exit $failed
