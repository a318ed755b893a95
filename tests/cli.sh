#!/usr/bin/env bash
# The program as a person meets it: every command, every kind of mistake, a tiny training, an interruption.
set -u
program=${LIMBECK_BUILDDIR:-build}/limbeck
case $program in /*) ;; *) program=$PWD/$program ;; esac
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 99
export OMP_NUM_THREADS=1
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
# call WORD...: runs the program; out, err and status are left.
call() {
	"$program" "$@" >out 2>err </dev/null
	status=$?
}
# says TEXT...: whether out or err hold each text.
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

# ---- help, lists ----

t "help lists the commands" 0 help -- "usage: limbeck" "  train " "  check " "  eval " "  gradcam " "  report " "  plot " "  list " "  info " "  loss " "  bench "
t "--version" 0 --version -- "limbeck " ", build "
t "no word at all is wrong usage" 2 -- "usage: limbeck"
t "an unknown command names the nearest" 2 trian -- "unknown command 'trian'; did you mean 'train'?"
for c in $("$program" list commands | sed 's/ .*//'); do
	t "help $c" 0 help "$c" -- "usage: limbeck $c" "--help" "example: limbeck $c"
	t "$c refuses an unknown option" 2 "$c" --nonsense -- "unknown option '--nonsense'"
done
t "list counts the kinds" 0 list -- "losses" "datasets" "commands"
t "list refuses an unknown kind" 2 list loses -- "did you mean 'losses'?"
bad=
for kind in ops models losses temperatures critics adversaries stages datasets; do
	for name in $("$program" list "$kind" | sed 's/ .*//'); do
		call info "$name"
		[ "$status" = 0 ] && [ -s out ] && [ ! -s err ] && says "$name" || bad="$bad $name"
	done
done
[ -z "$bad" ]
verdict $? "info of everything that list names$bad"
t "info of one loss" 0 info kd -- "formula" "paper" "tau" "0.001 to 1000"
t "info of an unknown name" 2 info hnt -- "did you mean 'hint'?"
t "info wants a name" 2 info -- "wants a name"
t "an argument is missing" 2 train -- "an argument is missing"
t "an option's number is out of range" 2 train x.yaml --threads 0 -- "--threads is '0', allowed are whole numbers from 1 to 4096"

# ---- wrong experiments ----

cat >good.yaml <<'END'
name: tiny
seed: 1
precision: f32
data: {kind: synth, n_train: 240, n_test: 80, classes: 4, size: 8, batch: 40, eval_batch: 40, held_out: 40}
networks:
  big: {model: cnn, widths: [8, 12]}
  small: {model: cnn, widths: [4, 6]}
  deep: {model: cnn, widths: [4, 4, 4]}
stages:
  - {name: teach, kind: supervise, train: big, epochs: 2, anchors: {count: 2, rule: equal}}
  - {name: kd, kind: distill, train: small, teacher: teach.last, epochs: 2}
  - {name: steps, kind: blocks, train: small, teacher: teach.anchors, epochs: 1, head_epochs: 1, polish_epochs: 1}
END
# w NAME SED-PROGRAM TEXT...: the experiment, so changed, is refused by check with status 2 and the texts.
w() {
	local name=$1 change=$2
	shift 2
	sed "$change" good.yaml >wrong.yaml
	t "$name" 2 check wrong.yaml -- "$@"
}
t "a file that is not there" 2 check nowhere.yaml -- "there is no file 'nowhere.yaml'"
t "an experiment that is not there" 2 train nowhere.yaml -- "there is no file 'nowhere.yaml'"
mkdir empty
t "a folder that is no run" 2 train empty -- "'empty' is no run: it has no config.yaml"
w "a tab in YAML" 's/^  big: /\tbig: /' "wrong.yaml:" "tab"
w "an unknown key" 's/epochs: 2, anchors/epoch: 2, anchors/' "wrong.yaml:10:" "'epoch'" "did you mean 'epochs'?"
w "an unknown key of data" 's/eval_batch/eval_bach/' "wrong.yaml:4:" "did you mean 'eval_batch'?"
w "an unknown key at the top" 's/^seed:/sed:/' "wrong.yaml:2:" "'sed'" "'seed'"
w "an unknown key of the report" '$a report: {titel: x}' "'titel'" "'title'"
w "a word for a number" 's/epochs: 2, anchors/epochs: two, anchors/' "wrong.yaml:10:" "'epochs' is two, not a"
w "a list for a number" 's/epochs: 2, anchors/epochs: [2], anchors/' "'epochs' is a list"
w "a broken number" 's/epochs: 2, anchors/epochs: 2.5, anchors/' "2.5"
w "a number out of range" 's/epochs: 2, anchors/epochs: 0, anchors/' "'epochs' is 0, allowed 1 to 100000"
w "nan" 's/epochs: 2}/epochs: 2, lr: .nan}/' "'lr' is .nan"
w "a choice that is none" 's/epochs: 2}/epochs: 2, optimizer: adem}/' "adem" "adam"
w "a duplicate key" 's/epochs: 2}/epochs: 2, epochs: 3}/' "epochs"
w "an unknown model" 's/model: cnn, widths: \[8/model: cn, widths: [8/' "unknown model 'cn'" "cnn"
w "an unknown network" 's/train: big/train: bigg/' "no network is named 'bigg'; did you mean 'big'?"
w "an unknown kind of stage" 's/kind: distill/kind: distil/' "unknown stage kind 'distil'; did you mean 'distill'?"
w "an unknown loss" 's/epochs: 2}/epochs: 2, losses: [{kind: kdd}]}/' "unknown loss 'kdd'; did you mean 'kd'?"
w "an unknown tap" 's/epochs: 2}/epochs: 2, losses: [{kind: hint, student: block7, teacher: block1}]}/' "block7" "block1"
w "an unknown critic" 's/head_epochs/critic: {kind: smal}, head_epochs/' "unknown critic 'smal'; did you mean 'small'?"
w "a stage that is not there" 's/teacher: teach.last/teacher: tech.last/' "no stage has that name; did you mean 'teach'?"
w "a cycle of stages" 's/train: big,/train: big, from: kd.last,/' "'kd', which does not come before it" "no cycle"
w "a stage that uses itself" 's/train: big,/train: big, from: teach.last,/' "does not come before it"
w "two stages of one name" 's/name: kd/name: teach/' "two stages are named 'teach'"
w "an anchor that is not there" 's/teach.last/"teach.anchors[2]"/' "keeps 2 anchors, [0] to [1]"
w "a block that is not there" 's/head_epochs/blocks: [1, 3], head_epochs/' "block 3 does not exist: 'cnn' has blocks 1 to 2"
w "networks of other numbers of blocks" 's/kind: blocks, train: small/kind: blocks, train: deep/' "3 blocks" "2"
w "several mistakes are all told" 's/epochs: 2, anchors/epochs: 0, lrr: 1, anchors/; s/teach.last/tech.last/' "'epochs' is 0" "'lrr'" "3 errors"
t "--set names a key that is not there" 2 check good.yaml --set stages.kd.epoch=3 -- "--set stages.kd.epoch=3" "did you mean 'epochs'?"
t "--set names a stage that is not there" 2 check good.yaml --set stages.kq.epochs=3 -- "'kq'"
t "a data set that is not there" 2 check good.yaml --set 'data={kind: fashion_mnist, dir: /nowhere}' -- "/nowhere" "dataset-fashion-mnist"
t "an unknown data set" 2 check good.yaml --set data.kind=synht -- "did you mean 'synth'?"
t "a precision that is none" 2 check good.yaml --precision f8 -- "--precision is 'f8', allowed f32, bf16, f16, tf32, auto"
t "a precision that a CPU does not have" 2 check good.yaml --device cpu --precision f16 -- "device 'cpu' stores nothing as f16: take precision bf16 or f32"
t "products that a CPU does not have" 2 check good.yaml --device cpu --precision tf32 -- "device 'cpu' has no TF32, which GPUs of compute capability 8.0 and later have: take precision bf16 or f32"

# ---- check ----

t "check says what it would take" 0 check good.yaml -- "big: cnn," "parameters" "multiply-adds" "2 blocks" "taps block1 (1,8,8,8)" \
	"stage steps: blocks of small" "anchor 2/2 block 1/2" "in all: 3 stages" "optimiser steps"
t "check --on says what a GPU would take" 0 check good.yaml --precision f32 --on h100 -- "NVIDIA H100 SXM: 67.0 TFLOP/s" "kernels," "ms by the roofs" "nothing was run there"
t "check --on a GPU that nobody knows" 2 check good.yaml --on h1000 -- "unknown GPU 'h1000', there is h100, h200, a100, v100, l4, t4, rtx4090, rtx3090, rtx2080ti"
t "check --on one without bf16 takes f16 by itself" 0 check good.yaml --precision auto --on t4 -- "precision f16" "NVIDIA T4: 65.0 TFLOP/s, memory 16 GB of 320 GB/s" "Turing"
t "and not bf16" 2 check good.yaml --precision bf16 --on v100 -- "NVIDIA V100 SXM2 16 or 32 GB has no bf16: take precision f16 or f32"
t "check --on holds the plan against that GPU's memory" 0 check good.yaml --precision f32 --on l4 --set data.batch=4096 --set networks.big.widths=[512,512] -- ", 22.4 GiB are there"
t "check --on one that has bf16 takes it by itself" 0 check good.yaml --precision auto --on rtx3090 -- "precision bf16" "NVIDIA GeForce RTX 3090: 71.0 TFLOP/s, memory 24 GB of 936 GB/s"
t "check --on in f16, which this processor does not store" 0 check good.yaml --device cpu --precision f16 --on rtx2080ti -- "precision f16" "RTX 2080 Ti Founders Edition: 56.9 TFLOP/s, memory 11 GB of 616 GB/s"
t "check --on in TF32" 0 check good.yaml --device cpu --precision tf32 --on a100 -- "precision tf32" "NVIDIA A100 SXM 80 GB: 156.0 TFLOP/s"
t "check --on one that has no TF32" 2 check good.yaml --precision tf32 --on t4 -- "NVIDIA T4 has no TF32: take precision f16 or f32"
t "check --plan prints steps" 0 check good.yaml --plan -- "segment 'student'" "conv2d" "segment 'critic'" "M mul-adds  MiB moved  ms, about" "GFLOP/s, memory"
awk '$1 ~ /^[0-9]+$/ && /conv2d/ { rows++ } $1 == "sum" && $4 > 0 && $5 > 0 && $6 > 0 { sums++ } END { exit !(rows > 20 && sums > 5) }' out
verdict $? "with sums of arithmetic, memory and time"
OMP_NUM_THREADS=3 t "OMP_NUM_THREADS is the number of threads" 0 check good.yaml -- ", 3 threads"
OMP_NUM_THREADS=2,5 t "the first of a list is" 0 check good.yaml -- ", 2 threads"
OMP_NUM_THREADS=3 t "--threads goes before it" 0 check good.yaml --threads 1 -- ", 1 threads"
cores=$(env -u OMP_NUM_THREADS nproc)
OMP_NUM_THREADS=many t "a word is none: one a core" 0 check good.yaml -- ", $cores threads"
t "more threads than cores work, and the program says so" 0 check good.yaml --threads $((cores + 1)) -- \
	"$((cores + 1)) threads on $cores cores will be slower than $cores" ", $((cores + 1)) threads"
OMP_NUM_THREADS=$((cores + 2)) t "by the environment too" 0 check good.yaml -- "$((cores + 2)) threads on $cores cores will be slower"
[ ! -e runs ]
verdict $? "check writes nothing"

# ---- how long idle threads spin: the library prints what it read, before main ----

if OMP_DISPLAY_ENV=verbose GOMP_SPINCOUNT=77 "$program" --version 2>&1 | grep -q "GOMP_SPINCOUNT = '77'"; then
	spins() { env -u GOMP_SPINCOUNT -u OMP_WAIT_POLICY OMP_DISPLAY_ENV=verbose "$@" "$program" --version 2>&1 | grep GOMP_SPINCOUNT; }
	[ "$(spins env | tail -n 1 | tr -dc 0-9)" = 10000 ]
	verdict $? "idle threads soon sleep"
	[ "$(spins env GOMP_SPINCOUNT=77 | tr -dc 0-9)" = 77 ]
	verdict $? "unless the environment says how soon"
	[ "$(spins env OMP_WAIT_POLICY=active | wc -l)" = 1 ]
	verdict $? "or whether"
fi

# ---- a folder that cannot be written ----

echo >file
t "a file in place of the folder" 1 train good.yaml --out file -- "file"
t "a folder in which nothing can be made" 1 train good.yaml --out /proc/limbeck -- "/proc/limbeck"

# ---- training ----

t "a tiny training" 0 train good.yaml --out runs --quiet -- "teach" "kd" "steps" "One seed proves nothing" "1,200" "runs/tiny-"
run=$(echo runs/tiny-*)
[ -s "$run/config.yaml" ] && [ -s "$run/metrics.csv" ] && [ -s "$run/log.txt" ] && [ -s runs/limbeck.db ] &&
	[ -s "$run/stages/teach/anchor-2.safetensors" ] && [ -s "$run/stages/kd/best.safetensors" ] &&
	[ "$(tail -n +2 out | sed '$d' | sed '$d' | sed '$d')" = "$(cat "$run/table.txt")" ]
verdict $? "the run's folder holds config, metrics, log, table and weights"
[ "$(tail -n 1 out)" = "$PWD/$run/report.html" ] && head -n 1 "$run/report.html" | grep -qx '<!DOCTYPE html>'
verdict $? "and its page, whose name is printed last"
cp out first
start=$SECONDS
t "the same again trains nothing" 0 train good.yaml --out runs --quiet -- "trained before"
[ $((SECONDS - start)) -le 5 ] && [ "$(grep -c 'trained before' out)" = 3 ]
verdict $? "and is quick"
t "the resolved file is the same experiment" 0 train "$run/config.yaml" --out runs --quiet -- "$run"
[ "$(grep -c 'trained before' out)" = 3 ]
verdict $? "and nothing of it is trained"
t "another option trains its stage alone" 0 train good.yaml --out runs --quiet --set stages.kd.epochs=1
[ "$(grep -c 'trained before' out)" = 2 ]
verdict $? "the other two were trained before"

# ---- report, plot ----

sed 's/^name: tiny/name: arms/; $a arms: [{stages: [kd], seeds: [1, 2, 3]}]' good.yaml >arms.yaml
t "a training with three seeds" 0 train arms.yaml --out runs --quiet -- "report.html"
arms=$(echo runs/arms-*)
t "report of a run" 0 report "$arms" -o page.html -- "page.html"
grep -qF 'kd</th><td>3</td>' page.html && grep -qF 'kd, 3 seeds' page.html
verdict $? "has the seeds of a stage in one series"
! grep -qE '<script|(src|href)="?(https?:|//)' page.html
verdict $? "and nothing from elsewhere"
t "report of two runs" 0 report "$arms" "$run" --out both.html
grep -qF 'steps' both.html
verdict $? "has the stages of both"
t "report of no run" 2 report empty -- "'empty' is no run"
t "report of nothing" 2 report nowhere -- "there is no 'nowhere'"
t "report wants a run" 2 report -- "an argument is missing"
mkdir -p sweep
printf '{"series": [' >sweep/sweep.json
t "report of a sweep that was cut off" 1 report sweep -- "sweep/sweep.json" "is damaged at byte"
printf '{"title": "Two", "series": [{"label": "one", "items": [{"folder": "../%s", "stage": "kd", "seed": 1}]}]}' "$arms" >sweep/sweep.json
t "report of a sweep" 0 report sweep -- "sweep/report.html"
grep -qF '<h1>Two</h1>' sweep/report.html
verdict $? "is in its folder"
t "report of two sweeps and a run" 0 report sweep "$run" sweep -o three.html -- "three.html"
[ "$(grep -c '<h2 id="part' three.html)" = 3 ] && grep -qF '<h2 id="part1-h">Two (sweep)</h2>' three.html && grep -qF '; budget: full</h2>' three.html
verdict $? "has a part for each"
sed 's/^name: tiny/name: fewer/; s/n_train: [0-9]*/n_train: 160/' good.yaml >fewer.yaml
t "a training on fewer pictures" 0 train fewer.yaml --out fewer --quiet -- "report.html"
t "report of unlike data" 0 report "$run" fewer/fewer-* -o unlike.html -- "unlike.html"
[ "$(grep -c '<h2 id="part' unlike.html)" = 2 ] && [ "$(grep -c '<table>' unlike.html)" -ge 4 ] && ! grep -A30 'id="part1-table"' unlike.html | grep -q fewer
verdict $? "has a table for each"
t "report into a folder that is not there" 1 report "$run" -o nowhere/x.html -- "nowhere/x.html"
t "plot of a metric" 0 plot "$arms" --metric loss -- "loss.svg"
grep -q '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 800 500"' "$arms/loss.svg"
verdict $? "is an SVG"
t "plot as PNG over pictures" 0 plot "$arms" "$run" --metric valid_top1,train_top1_running --x images -o curves.png --width 640 --height 400
[ "$(head -c 24 curves.png | tail -c 8 | od -An -tx1 | tr -d ' ')" = 0000028000000190 ]
verdict $? "has the size that was asked for"
t "plot over seconds" 0 plot "$arms" --metric critic/loss,loss --x seconds -o seconds.svg
grep -v ',images,' "$arms/metrics.csv" >cut.csv
mkdir -p moved/cut && cp "$arms/config.yaml" moved/cut/ && mv cut.csv moved/cut/metrics.csv
t "plot from a folder that was moved" 0 plot moved/cut --metric loss -o moved.svg
t "plot over pictures that were not counted" 1 plot moved/cut --metric loss --x images -o moved.svg -- "no images are recorded"
t "plot of what is measured once" 0 plot "$arms" --metric test_top1 -o once.svg
t "plot of an unknown metric" 2 plot "$arms" --metric los -- "no stage has a metric 'los'; did you mean 'loss'?" "valid_top1"
t "plot without a metric" 2 plot "$arms" -- "--metric"
t "plot over an unknown axis" 2 plot "$arms" --metric loss --x step -- "--x is 'step', allowed epoch, images, seconds"
t "plot to an unknown kind of file" 2 plot "$arms" --metric loss -o x.pdf -- "'x.pdf' ends in neither .svg nor .png"
rm -r "$arms"

# ---- eval ----

t "eval of the last stage" 0 eval "$run" -- "steps.last" "top-1" "top-5" "loss" "most often taken for" "confusion.csv"
[ "$(wc -l <"$run/confusion.csv")" = 5 ] && [ "$(head -c 8 "$run/confusion.png" | od -An -tx1 | tr -d ' ')" = 89504e470d0a1a0a ]
verdict $? "confusion.csv has a row for each class, confusion.png is a PNG"
t "eval of a stage" 0 eval "$run" --stage teach --out eval -- "teach.last" "80 test pictures"
[ "$(sed -n 's/^top-1  \([0-9.]*\) %$/\1/p' out)" = "$(awk '$1 == "teach" { print $4 }' first)" ]
verdict $? "gives the accuracy of the table"
cp eval/confusion.csv test.csv
t "eval of the held-out part by the other rule" 0 eval "$run" --stage kd --rule best --part valid --out eval -- "kd.best" "40 valid pictures" \
	"eval/confusion-valid.csv and confusion-valid.png"
[ -s eval/confusion-valid.csv ] && [ -s eval/confusion-valid.png ] && cmp -s eval/confusion.csv test.csv
verdict $? "leaves the test pictures' confusion as it was"
other=$(for r in runs/tiny-*; do [ "$r" != "$run" ] && echo "$r"; done)
t "eval finds weights that an earlier run left" 0 eval "$other" --stage teach --out eval -- "$(basename "$run")/stages/teach/last"
t "eval of a folder with two runs names them" 2 eval runs -- "2 runs"
t "eval of a stage that is not there" 2 eval "$run" --stage tech -- "no stage is named 'tech'; did you mean 'teach'?"
t "eval of a part that is none" 2 eval "$run" --part tset -- "allowed test, valid, train"
t "eval of nothing" 2 eval nowhere -- "there is no 'nowhere'"
t "eval of no run" 2 eval eval -- "is no run"
weights=$run/stages/teach/last.safetensors
t "eval of weights" 0 eval "$weights" --experiment good.yaml --network big --out eval -- "top-1" "80 test pictures"
t "eval of weights wants the experiment" 2 eval "$weights" -- "--experiment FILE.yaml and --network NAME"
t "weights of another network" 2 eval "$weights" --experiment good.yaml --network small -- "last.safetensors" "(8,3,3,3)" "(4,3,3,3)"
t "weights of other classes" 2 eval "$weights" --experiment good.yaml --network big --set data.classes=5 -- "fc.weight" "(4,12)" "(5,12)"
t "weights of pictures of another size" 0 eval "$weights" --experiment good.yaml --network big --set data.size=12 --out eval -- "top-1" \
	"teach/last.safetensors' was trained on pictures of 8 x 8 (wide, high) in 3 channels, network 'big' is given 12 x 12 in 3: it takes them"
head -c 1000 "$weights" >short.safetensors
t "weights that were cut off" 1 eval short.safetensors --experiment good.yaml --network big -- "short.safetensors"
printf 'not weights, but a text' >text.safetensors
t "a file that is no safetensors" 1 eval text.safetensors --experiment good.yaml --network big -- "text.safetensors"
# ---- gradcam ----

t "gradcam of a run" 0 gradcam "$run" --layer all --count 30 -- "teach.last" "kd.last" "steps.last" "random" "no object is known" \
	"class: the label" "on 30 test pictures" "$run/gradcam/block2.png"
[ "$(awk '$1 ~ /^block[12]$/ && $NF == 30 { n++ } END { print n }' out)" = 8 ] && awk '$1 == "block2" { print $2; exit }' out | grep -qx teach.last &&
	[ "$(head -c 8 "$run/gradcam/block1.png" | od -An -tx1 | tr -d ' ')" = 89504e470d0a1a0a ]
verdict $? "has the teacher first, four networks a layer and a PNG of each"
t "gradcam of stages, with pixels as the object" 0 gradcam "$run/kd" "$run/teach" --object nonzero --class 3 --images 0-2,7 --out cam -- "inside %" "class: 3 " "cam/last.png"
printf '0 1 2 5 8\n3 0 0 4 4\n' >boxes.txt
t "gradcam with boxes, as JSON, in double" 0 gradcam "$run" --stage teach --stage kd --boxes boxes.txt --count 80 --class predicted --json --device ref --out cam -- \
	'"objects": 2' '"class": "what teach.last answers"' '"sheets": ["cam/last.png"]'
t "gradcam of weights" 0 gradcam "$weights" "$run/stages/kd/last.safetensors" --experiment good.yaml --network big --network small --count 9 --out cam -- "big" "small"
t "gradcam of weights of pictures of another size" 0 gradcam "$weights" --experiment good.yaml --network big --set data.size=12 --count 9 --out cam -- \
	"was trained on pictures of 8 x 8 (wide, high)"
t "gradcam of weights of another network" 2 gradcam "$weights" --experiment good.yaml --network small --out cam -- "last.safetensors" "(8,3,3,3)" "(4,3,3,3)"
t "gradcam of weights wants the experiment" 2 gradcam "$weights" "$run" -- "--experiment FILE.yaml and a --network NAME for each file"
t "gradcam of a layer that is not there" 2 gradcam "$run" --layer blok2 -- "has no layer 'blok2'; did you mean 'block2'?" "block1, block2, last and all"
t "gradcam of a class that is none" 2 gradcam "$run" --class 4 -- "--class is '4', allowed are label, predicted and 0 to 3"
t "gradcam of a picture that is not there" 2 gradcam "$run" --images 3,80 -- "there is no test picture 80, allowed are 0 to 79"
t "gradcam of no list" 2 gradcam "$run" --images 3- -- "'3-' is neither a file nor numbers of test pictures"
t "gradcam of a stage that is not there" 2 gradcam "$run/tech" -- "no stage is named 'tech'; did you mean 'teach'?"
t "gradcam of a picture of another size" 2 gradcam "$run" --images curves.png -- "'curves.png' is 640 x 400 (wide, high), the networks take pictures of 8 x 8"
printf '0 1 2 9 8\n' >boxes.txt
t "gradcam with a box beside the picture" 2 gradcam "$run" --boxes boxes.txt -- "boxes.txt:1: " "8 wide and 8 high"
t "gradcam with two kinds of object" 2 gradcam "$run" --boxes boxes.txt --object none -- "one of them"
t "gradcam of weights that were cut off" 1 gradcam short.safetensors --experiment good.yaml --network big --out cam -- "short.safetensors"
sed '/^stages:/,$d' good.yaml >chain.yaml
cat >>chain.yaml <<'END'
stages:
  - {name: little, kind: supervise, train: small, epochs: 1}
  - {name: large, kind: supervise, train: big, epochs: 1}
  - {name: one, kind: distill, train: deep, teacher: little.last, epochs: 1}
  - {name: chain, kind: assistants, train: deep, teacher: [little.last, large.last], epochs: 3}
END
call train chain.yaml --out chains --quiet
t "gradcam of a chain" 0 gradcam chains/tiny-* --count 9 --out cam -- "with that of large.last," "random: large.last with random weights"
[ "$(awk '$1 == "last" { printf "%s ", $2 }' out)" = "large.last little.last one.last chain.last random " ]
verdict $? "is beside the last teacher, the one to be explained"
t "gradcam beside another stage" 0 gradcam chains/tiny-* --beside chain --count 9 --out cam -- "with that of chain.last," "random: chain.last"
[ "$(awk '$1 == "last" { printf "%s ", $2 }' out)" = "chain.last little.last large.last one.last random " ]
verdict $? "has that one first"
t "gradcam beside a stage that is not there" 2 gradcam chains/tiny-* --beside lage -- "no stage is named 'lage'; did you mean 'large'?"
t "gradcam of chosen stages beside another" 2 gradcam chains/tiny-* --stage chain --beside large -- "--beside is for a whole run"
rm -r chains

# ---- weights from elsewhere ----

t "a teacher of other classes is refused before anything is trained" 2 train good.yaml --out none --set data.classes=5 \
	--set "stages.kd.teacher={file: $weights}" --set stages.kd.teacher_network=big -- "last.safetensors" "(4,12)"
[ ! -e none ]
verdict $? "and nothing was written"
t "a teacher from a file" 0 train good.yaml --out runs --quiet --set "stages.kd.teacher={file: $weights}" --set stages.kd.teacher_network=big -- "MARKED: weights that 'kd' begins or learns from come from a file"
t "a teacher of pictures of another size is told" 0 check good.yaml --set data.size=12 --set "stages.kd.teacher={file: $weights}" \
	--set stages.kd.teacher_network=big -- "was trained on pictures of 8 x 8 (wide, high) in 3 channels, network 'big (teacher)' is given 12 x 12"
t "a teacher's file that is not there" 2 check good.yaml --set 'stages.kd.teacher={file: nowhere.safetensors}' -- "nowhere.safetensors"
printf 'x' | dd of="$weights" bs=1 seek=2000 conv=notrunc 2>/dev/null
t "weights that were changed since are not used" 0 train good.yaml --out runs --quiet
[ "$(grep -c 'trained before' out)" -lt 3 ]
verdict $? "their stage is trained again"

# ---- relative paths: the resolved file holds from every folder ----

mkdir pictures elsewhere
for name in data_batch_{1..5} test_batch; do head -c $((3073 * 8)) /dev/zero >pictures/$name.bin; done
cat >paths.yaml <<'END'
name: paths
precision: f32
data: {kind: cifar10, dir: pictures, batch: 20, eval_batch: 8, held_out: 0}
networks:
  big: {model: cnn, widths: [4, 6]}
stages:
  - {name: teach, kind: supervise, train: big, epochs: 1}
END
t "a training with a relative folder of data" 0 train paths.yaml --out paths --quiet
cp paths/paths-*/stages/teach/last.safetensors teacher.safetensors
cat >paths.yaml <<'END'
name: files
precision: f32
data: {kind: cifar10, dir: pictures, batch: 20, eval_batch: 8, held_out: 0}
networks:
  big: {model: cnn, widths: [4, 6]}
stages:
  - {name: on, kind: supervise, train: big, from: {file: teacher.safetensors}, epochs: 1}
  - {name: kd, kind: distill, train: big, teacher: [{file: teacher.safetensors}], teacher_network: big, epochs: 1}
END
t "a training with files by relative paths" 0 train paths.yaml --out paths --quiet
cd elsewhere || exit 99
t "eval works from another folder" 0 eval ../paths/files-* --out here -- "kd.last" "8 test pictures"
t "and so does going on" 0 train ../paths/files-* -- "on: trained before" "kd: trained before"
[ ! -e runs ] && [ "$(ls -d ../paths/files-* | wc -l)" = 1 ]
verdict $? "in the folder of before"
cd .. || exit 99

# ---- loss: tau 2, p_t = (3/4, 1/4), p_s = (1/2, 1/2): 4 (3/4 ln 3/2 + 1/4 ln 1/2); gradient 2 (p_s - p_t) ----

# safetensors HEADER FILE: the header padded to 8 bytes, then what stdin holds.
safetensors() {
	local header=$1
	while [ $((${#header} % 8)) -ne 0 ]; do header="$header "; done
	{
		printf "\\x$(printf %x $((${#header} % 256)))\\x$(printf %x $((${#header} / 256)))\\0\\0\\0\\0\\0\\0"
		printf '%s' "$header"
		cat
	} >"$2"
}
# student (0,0), teacher (2 ln 3, 0), label 1
printf '\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x0b\x03\xad\x7a\xea\x93\x01\x40\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0' >numbers
safetensors '{"student":{"dtype":"F64","shape":[1,2],"data_offsets":[0,16]},"teacher":{"dtype":"F64","shape":[1,2],"data_offsets":[16,32]},"label":{"dtype":"I64","shape":[1],"data_offsets":[32,40]}}' in.safetensors <numbers
# near WANT GOT TOLERANCE
near() { awk -v a="$1" -v b="$2" -v t="$3" 'BEGIN { d = a - b; exit !(b != "" && (d < 0 ? -d : d) <= t) }'; }
t "the kd loss" 0 loss kd --in in.safetensors --out out.safetensors --set tau=2
near 0.52324814376454787 "$(sed -n 's/^kd  //p' out)" 1e-15
verdict $? "is the value worked out by hand"
skip=$((8 + $(od -An -t u4 -N 4 out.safetensors)))
read -r value left right < <(od -An -w24 -t f8 -j $skip out.safetensors)
near 0.52324814376454787 "$value" 1e-15 && near -0.5 "$left" 1e-15 && near 0.5 "$right" 1e-15
verdict $? "the file has the value and the gradient"
t "the kd loss in f32" 0 loss kd --in in.safetensors --out out.safetensors --set tau=2 --precision f32
near 0.52324814376454787 "$(sed -n 's/^kd  //p' out)" 1e-6
verdict $? "is the same to f32's precision"
t "the ce loss" 0 loss ce --in in.safetensors --out out.safetensors
near 0.69314718055994531 "$(sed -n 's/^ce  //p' out)" 1e-15
verdict $? "is ln 2"
printf '\0\0\0\0\0\0\xf0\x3f\0\0\0\0\0\0\xf0\x3f\0\0\0\0\0\0\x08\x40\0\0\0\0\0\0\x10\x40\0\0\0\0\0\0\x08\x40\0\0\0\0\0\0\x10\x40' >numbers
safetensors '{"student":{"dtype":"F64","shape":[2,1,1,1],"data_offsets":[0,16]},"teacher":{"dtype":"F64","shape":[2,2,1,1],"data_offsets":[16,48]}}' maps.safetensors <numbers
# Both pictures are the same, so batch norm gives 0, and what is left is (3^2 + 4^2) / 2.
t "a loss with parameters of its own" 0 loss hint --in maps.safetensors --out out.safetensors -- "hint  12.5"
grep -aq '"grad_adapt.conv.weight"' out.safetensors && grep -aq '"adapt.norm.bias"' out.safetensors
verdict $? "writes them and their gradients"
t "maps for a loss of logits" 2 loss kd --in maps.safetensors --out out.safetensors -- "(2,1,1,1)" "(2,2,1,1)"
t "a tensor that is nothing to the loss" 2 loss ce --in out.safetensors --out x.safetensors -- "no tensor 'student'"
t "a loss's option out of range" 2 loss kd --in in.safetensors --out out.safetensors --set tau=0 -- "'tau' is 0, allowed 0.001 to 1000"
t "a loss's option that is none" 2 loss kd --in in.safetensors --out out.safetensors --set ta=2 -- "did you mean 'tau'?"
t "an unknown loss" 2 loss dk --in in.safetensors --out out.safetensors -- "unknown loss 'dk'"
t "a loss without input" 2 loss kd --out out.safetensors -- "--in is missing"
head -c 100 in.safetensors >short.safetensors
t "a damaged input" 1 loss kd --in short.safetensors --out out.safetensors -- "short.safetensors"
t "an output that cannot be written" 1 loss kd --in in.safetensors --out /proc/out.safetensors -- "/proc/out.safetensors"

# ---- interruption: the same bits as a run that was not interrupted ----

cat >long.yaml <<'END'
name: long
seed: 1
precision: f32
data: {kind: synth, n_train: 1040, n_test: 80, classes: 4, size: 16, batch: 40, eval_batch: 40, held_out: 40, flip: true}
networks: {net: {model: cnn, widths: [8, 12]}}
stages:
  - {name: teach, kind: supervise, train: net, epochs: 30}
END
t "a run that is not interrupted" 0 train long.yaml --out whole --quiet --threads 1
"$program" train long.yaml --out cut --threads 1 >out 2>err </dev/null &
pid=$!
for _ in $(seq 600); do
	[ "$(grep -c valid_top1 cut/long-*/metrics.csv 2>/dev/null)" -ge 2 ] 2>/dev/null && break
	sleep 0.05
done
kill -INT $pid
wait $pid
status=$?
[ "$status" = 130 ] && says "the same command goes on from here"
verdict $? "SIGINT ends a run with status 130"
t "the same command goes on" 0 train long.yaml --out cut --threads 1 -- "goes on at lesson 1 of 1"
cmp -s whole/long-*/stages/teach/last.safetensors cut/long-*/stages/teach/last.safetensors
verdict $? "and ends with the same bits"
cut -d, -f1-5 cut/long-*/metrics.csv >rows_cut
cut -d, -f1-5 whole/long-*/metrics.csv | cmp -s - rows_cut
verdict $? "and with the same rows of metrics"

# ---- bench ----

small=(--teacher resnet14 --student resnet8 --size 8 --batch 4 --steps 3)
t "selftest" 0 selftest --device cpu --steps 0 -- "device cpu: " "matrix products" "against ref: " ", 0 failed in "
t "selftest of a device that is none" 2 selftest --device tpu -- "unknown device 'tpu'"
LIMBECK_CUDA_MODULE=/nonexistent/m.so t "a module for CUDA that is not there is named" 1 selftest --device cuda -- \
	"LIMBECK_CUDA_MODULE names a module for CUDA that can't be opened (No such file or directory): /nonexistent/m.so"
LIMBECK_CUDA_MODULE=good.yaml t "and a file beside that is none" 1 selftest --device cuda -- "the module for CUDA can't be loaded: ./good.yaml: "
t "bench lists the benchmarks" 0 bench --help -- "  step " "example: limbeck bench"
t "bench alone is wrong usage" 2 bench -- "bench --help"
t "bench of what is none names the nearest" 2 bench stap -- "did you mean 'step'?" "allowed step"
t "bench step" 0 bench step "${small[@]}" -- "resnet14 -> resnet8, batch 4, 8x8, 100 classes, 0.1 ce + 0.9 kd, f32, 1 threads" "pictures/s" \
	"teacher" "student forward" "backward" "optimiser, commit" "convolutions take"
awk '/optimiser, commit$/ || /teacher$/ || /backward$/ { if ($1 + 0 > 0 || $5 + 0 > 0) n++ } / all$/ { all = $2 } END { exit !(n == 3 && all == 100) }' out
verdict $? "its parts have times"
t "bench step of other losses" 0 bench step "${small[@]}" --loss ce --loss hint --loss '{kind: kd, weight: 0.5, tau: 2}' -- "ce + hint + {kind: kd, weight: 0.5, tau: 2}"
t "bench step of a loss that is none" 2 bench step --loss kdd -- "--loss:1:" "unknown loss 'kdd'; did you mean 'kd'?"
t "bench step of a loss's option that is none" 2 bench step --loss '{kind: kd, taux: 2}' -- "did you mean 'tau'?"
t "bench step of an unknown model" 2 bench step --teacher resnet21 -- "resnet21"
t "bench step in bf16 as JSON" 0 bench step "${small[@]}" --precision bf16 --json --profile -- '"mode": "limbeck bf16"' '"step_ms": ' '"first_step_s": ' \
	'"peak_mib": ' '"images_per_s": ' '"teacher": {"ms": ' '"kernels": [{"what": "' '"conv_share": ' '"limit_share": '
[ "$(wc -l <out)" = 1 ]
verdict $? "is one line"
t "bench step whose sums may be in any order" 0 bench step "${small[@]}" --any-order -- "f32, not deterministic, "
t "and as JSON" 0 bench step "${small[@]}" --any-order --json -- '"deterministic": false'
t "bench step of arms, an int8 teacher and a cache" 0 bench step "${small[@]}" --arms 3 --teacher-precision int8 --cache f16 -- "teacher in int8, every view in a cache of f16, 3 arms" \
	"step of all arms"
t "bench step of a teacher in a precision that is none" 2 bench step --teacher-precision f8 -- "allowed same, f32, bf16, f16, tf32, int8"
t "bench step on a device that is none" 2 bench step --device tpu -- "tpu"
t "bench step in a precision that is none" 2 bench step --precision f8 -- "allowed f32, bf16, f16, tf32"
t "bench step in a precision that a CPU does not have" 2 bench step --precision f16 -- "device 'cpu' stores nothing as f16"
t "bench op in one" 2 bench op --precision f16 -- "device 'cpu' stores nothing as f16"

t "bench op" 0 bench op --op conv2d --op batch_norm_dx --shape 2,4,8,8 --out 6 -- "limits: a matrix product runs at" "3x3 stride 1 to 6" "(2,4,8,8)"
awk '/^conv2d / && $8 > 0 && $9 > 0 { n++ } /^batch_norm_dx / && $4 == "-" && $5 > 0 { n++ } END { exit !(n == 2) }' out
verdict $? "its ops have times and rates"
t "bench op of vectors and optimisers as JSON" 0 bench op --op log_softmax --op sgd --json -- '"matmul_gflops": ' '"op": "log_softmax", "of": "(64,1000)"' \
	'"op": "sgd", "of": "1,233,540"' '"limit_share": '
[ "$(wc -l <out)" = 1 ]
verdict $? "is one line"
t "bench op of what is not timed" 2 bench op --op relo -- "did you mean 'relu'?"
t "bench op of a shape that is none" 2 bench op --shape 2,4,8 -- "--shape is '2,4,8'"
t "bench op of a shape that the op does not take" 2 bench op --op softmax --shape 2,4,8,8 -- "--shape is '2,4,8,8', which none of the ops takes"
t "bench op of a map that is too small" 2 bench op --op max_pool --shape 1,1,2,2 --kernel 5 -- "kernel (5,5) is larger"

mkdir made
TMPDIR=$PWD/made t "bench data" 0 bench data --side 16 --size 8 --images-per-s 1000 -- "a step that consumes 1000 pictures/s" \
	"augmentation alone" "held in memory" "PNG files of 16x16" "JPEG files of 16x16"
[ "$(awk '$2 == 1 && $1 + 0 > 0 { n++ } END { print n }' out)" = 5 ] && [ "$(ls made | wc -l)" = 0 ]
verdict $? "has a rate for each kind and leaves nothing"
TMPDIR=$PWD/nowhere t "bench data without a place for files" 1 bench data -- "nowhere/limbeck-"
TMPDIR=$PWD/made t "bench start" 0 bench start --teacher resnet14 --student resnet8 --size 8 --batch 4 --json -- '"teacher": "resnet14"' '"all_s": ' '"plan": ' '"first_step": '
[ "$(wc -l <out)" = 1 ] && [ "$(ls made | wc -l)" = 0 ]
verdict $? "is one line and leaves nothing"
t "bench start as text" 0 bench start --teacher resnet14 --student resnet8 --size 8 --batch 4 -- "memory and kernels" "100.0   all"
t "bench start of an unknown model" 2 bench start --student resnet9 -- "resnet9"

# ---- standard output ----

"$program" list ops >/dev/full 2>err
status=$?
[ "$status" = 1 ] && grep -q "standard output" err
verdict $? "a full disk behind standard output is a failure"

echo "1..$n"
exit $failed
