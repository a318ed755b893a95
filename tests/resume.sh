#!/bin/bash
# A run that is killed, interrupted or refused goes on, or says why not; the bits are those of a run that nobody disturbed.
limbeck=${LIMBECK_BUILDDIR:-build}/limbeck
dir=$(mktemp -d "${TMPDIR:-/tmp}/limbeck-resume-XXXXXX") || exit 99
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 99
export OMP_WAIT_POLICY=passive
n=0
KILLS=20
echo 1..34

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
start() { "$limbeck" train x.yaml --threads 1 --out "$@" > out 2> err; }
behind() { # the same in the background, as process $pid
	(exec "$limbeck" train x.yaml --threads 1 --out "$@" > out 2> err) &
	pid=$!
}

rows() { grep -v -e ,time/ -e ,memory/ "$1"/tiny-*/metrics.csv; }

# Every file of weights and every row but those of time.
same() # OUT
{
	local f want=0 got=0
	for f in whole/tiny-*/stages/*/*.safetensors; do
		cmp -- "$f" "$1/${f#whole/}" || return 1
		want=$((want + 1))
	done
	for f in "$1"/tiny-*/stages/*/*.safetensors; do got=$((got + 1)); done
	test "$want" -gt 8 && test "$want" = "$got" && rows whole > want.csv && rows "$1" > got.csv && diff want.csv got.csv > diff.txt && return 0
	head -5 diff.txt | sed 's/^/# /'
	return 1
}

# How many rows the run into OUT has.
rows_in() # OUT
{
	local f n=0 line
	for f in "$1"/tiny-*/metrics.csv; do while read -r line; do n=$((n + 1)); done 2> /dev/null < "$f"; done
	echo $n
}

# Sends SIGNAL once the run into OUT has so many rows more; its exit status. A run that ends before the signal comes is put back and tried again, sooner.
send() # SIGNAL OUT ROWS
{
	local more=$3 before status try
	rm -rf before; test ! -e "$2" || cp -r "$2" before
	for ((try = 0; try < 8; try++)); do
		before=$(rows_in "$2" 2> /dev/null)
		behind "$2"
		for ((i = 0; i < 1000; i++)); do
			test "$(rows_in "$2" 2> /dev/null)" -gt $((before + more)) && break
			kill -0 $pid 2> /dev/null || break
			sleep 0.005
		done
		kill -"$1" $pid 2> /dev/null
		wait $pid; status=$?
		test $status = 0 || break
		more=$((more / 2))
		rm -rf "$2"; test ! -e before || cp -r before "$2"
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
  - {name: teach, kind: supervise, train: teacher, epochs: 16, anchors: {count: 2, rule: equal}}
  - {name: kd, kind: distill, train: student, teacher: teach.anchors, epochs: 4, losses: [{kind: kd, tau: 4}, {kind: hint, student: block2, teacher: block2}]}
  - {name: msmgan, kind: blocks, train: student, teacher: teach.anchors, epochs: 2, head_epochs: 1, polish_epochs: 2, critic_every: 2, critic: {kind: small, width: 8, depth: 2}}
  - {name: e2e, kind: blocks, greedy: false, train: student, teacher: teach.last, epochs: 1, polish_epochs: 2, optimizer: adam, lr: 0.001}
Y

begin=$EPOCHREALTIME
start whole; result $? "a run that nobody disturbs"
took=$(((${EPOCHREALTIME/./} - ${begin/./}) / 1000)) # milliseconds
start twice && same twice; result $? "the same again: the same bits"

# ---- killed at any moment ----
RANDOM=7 kills=0 part=1 right=1
while test $kills -lt $KILLS; do
	behind part$part
	sleep "$(printf '0.%03d' $((20 + RANDOM % (took < 900 ? took : 900))))"
	kill -KILL $pid
	wait $pid
	case $? in
	137) kills=$((kills + 1)) ;;
	0) same part$part || right=0 # it was done before its turn
		part=$((part + 1)) ;;
	*) right=0 kills=$((kills + 1)) ;;
	esac
done 2> /dev/null
test $right = 1; result $? "each was killed or ended well, with the same bits"
start part$part; result $? "after $kills kills it ends"
same part$part; result $? "the same bits and rows as without"
! ls part*/tiny-*/*.tmp-* part*/tiny-*/stages/*/resume.safetensors 2> /dev/null | grep -q 'resume.safetensors$'; result $? "no state is left behind"
start part$part && has err "teach: trained before" "e2e: trained before" && ! grep -q "goes on" err; result $? "once more: nothing is trained"
same part$part; result $? "and nothing is changed"

# ---- killed between a stage's last rows and its end: as if the store had not learnt of it ----
cp -r whole late
rm -f late/tiny-*/stages/e2e/best.safetensors
start late; result $? "a file that is gone is made again"
same late; result $? "the same bits, no row twice"

# ---- interrupted ----
send INT stop 20
test $? = 130; result $? "SIGINT: exit status 130"
has err "stopped; the same command goes on from here"; result $? "SIGINT: says so"
ls stop/tiny-*/stages/*/resume.safetensors > /dev/null 2>&1; result $? "SIGINT: the state is saved"
cp -r stop version; cp -r stop damaged; cp -r stop cut
send TERM stop 10
test $? = 130 && has err "goes on at lesson"; result $? "SIGTERM: went on, and exit status 130"
start stop && same stop; result $? "then to the end: the same bits and rows"

send INT folder 20
set -- folder/tiny-*
"$limbeck" train "$1" --threads 1 > out 2> err; test $? = 0 && has err "goes on at lesson" && test "$(echo folder/tiny-*)" = "$1" && test ! -e runs
result $? "a run's folder in place of the file: that run goes on"
same folder; result $? "the same bits and rows"

# ---- two at once ----
await_lock() { for ((i = 0; i < 1000; i++)); do ls two/locks/run-tiny-* > /dev/null 2>&1 && break; sleep 0.01; done; }
behind two; one=$pid; await_lock
"$limbeck" train x.yaml --threads 1 --out two > out2 2> err2 && has err2 "'tiny' is being trained by another process: waiting for it" "e2e: trained before"
result $? "a second process waits for the run's folder, and finds all of it trained"
wait $one && same two && ! ls two/locks/* > /dev/null 2>&1; result $? "the same bits and rows, and no lock is left"
rm err2 # what the one before said
behind two --set seed=2; one=$pid; await_lock
(exec "$limbeck" train x.yaml --threads 1 --out two --set seed=2 > out2 2> err2) & other=$!
for ((i = 0; i < 1000; i++)); do grep -q "waiting for it" err2 2> /dev/null && break; sleep 0.01; done
kill -INT $other; wait $other; status=$?
kill -INT $one; wait $one; test $? = 130 && test $status = 130; result $? "who waits can be interrupted"

# ---- a state that can't be used ----
LC_ALL=C sed -i 's/"program":"limbeck/"program":"lumbeck/' version/tiny-*/stages/*/resume.safetensors
start version; test $? = 2 && has err "resume.safetensors" "written by 'lumbeck" "remove the file to start the stage again"
result $? "another version's state is refused"
state=$(ls damaged/tiny-*/stages/*/resume.safetensors)
truncate -s $(($(stat -c %s "$state") / 2)) "$state"
start damaged; test $? = 1 && has err "resume.safetensors" "to start the stage anew"
result $? "a damaged state is refused"
rm -f "$state"; start damaged && same damaged; result $? "without it the stage starts anew: the same bits"
printf 'teach,,9,1,lo' >> cut/tiny-*/metrics.csv
start cut && same cut; result $? "a row cut by a kill does not stay"

send INT foreign 20
cp whole/tiny-*/stages/teach/last.safetensors "$(ls foreign/tiny-*/stages/*/resume.safetensors)"
start foreign; test $? = 2 && has err "no resume state, but a file of the form 'pt'" "remove the file to start the stage anew"
result $? "a foreign file in its place is refused"
send INT flip 20
state=$(ls flip/tiny-*/stages/*/resume.safetensors); size=$(stat -c %s "$state")
byte=$(od -An -tu1 -j $((size - 9)) -N1 "$state")
printf "\\x$(printf %x $((byte ^ 1)))" | dd of="$state" bs=1 conv=notrunc seek=$((size - 9)) 2> /dev/null
start flip; test $? = 1 && has err "resume.safetensors: damaged: its checksum differs" "to start the stage anew"
result $? "a state with a flipped bit is refused"

# ---- failures ----
cat > big.yaml <<'Y'
name: big
precision: f32
data: {kind: synth, batch: 32, n_train: 460, n_test: 100, held_out: 60, eval_batch: 50}
networks: {net: {model: cnn, widths: [64, 160], convs: 1}}
stages:
  - {name: teach, kind: supervise, train: net, epochs: 40}
Y
(exec "$limbeck" train big.yaml --threads 1 --out full > out 2> err) &
pid=$!
for ((i = 0; i < 1000; i++)); do
	ls full/big-*/stages/*/resume.safetensors > /dev/null 2>&1 && break
	sleep 0.01
done
kill -INT $pid; wait $pid
test $? = 130; result $? "a larger run is interrupted"
set -- full/big-*/stages/*/resume.safetensors
cp "$1" before.safetensors
(ulimit -f 500; exec "$limbeck" train big.yaml --threads 1 --out full > out 2> err); test $? = 1 && has err "resume.safetensors': File too large"
result $? "a limit on files' sizes: exit status 1, and the file is named"
cmp -s "$1" before.safetensors && ! ls full/big-*/*.tmp-* > /dev/null 2>&1; result $? "the state of before is whole"
"$limbeck" train big.yaml --threads 1 --out full > out 2> err && has err "goes on at lesson"; result $? "without the limit it goes on"
cp whole/tiny-*/stages/teach/last.safetensors huge.safetensors
at=$((8 + $(od -An -tu8 -N8 huge.safetensors) + 64)) # in the first convolution, behind the few whole numbers
for i in {1..16}; do printf '\377\377\177\177'; done | dd of=huge.safetensors bs=1 conv=notrunc seek=$at 2> /dev/null
start nan --set 'stages.teach.from={file: huge.safetensors}'; test $? = 1 && has err "not finite" "nothing of that step was kept"
result $? "a value that is not finite: exit status 1"
ls nan/tiny-*/stages/*/resume.safetensors > /dev/null && ! ls nan/tiny-*/stages/teach/*.safetensors | grep -qv resume; result $? "its state is saved and nothing else"
if (ulimit -v 3000000 && "$limbeck" --version) > /dev/null 2>&1; then # not with sanitizers
	(ulimit -v 3000000; start small --set data.n_train=3000 --set data.size=32 --set data.batch=2900 --set stages.e2e.critic.width=512 \
		--set stages.e2e.critic.kind=small)
	test $? = 1 && has err "stage 'e2e' needs" "are available" && ! ls small/tiny-*/stages/teach/*.safetensors > /dev/null 2>&1
	result $? "too little memory is told before anything is trained"
else
	result 0 "too little memory is told # SKIP no ulimit -v"
fi
start wrong --set stages.teach.lr=x; test $? = 2 && test ! -e wrong; result $? "a wrong option: exit status 2, no folder"
