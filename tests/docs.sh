#!/usr/bin/env bash
# The pages that describe the program say what it is: reference, manual, completion.
set -u
source=${LIMBECK_SRCDIR:-.}
program=${LIMBECK_BUILDDIR:-build}/limbeck
# shellcheck source=tests/tap.sh
. "$source/tests/tap.sh" || exit 99

commands() { "$program" list commands | sed 's/ .*//'; }
benchmarks() { "$program" bench --help | sed -n 's/^  \([a-z]*\) .*/bench \1/p'; }
# options COMMAND, which may be two words
options() {
	local -a words
	read -ra words <<<"$1"
	"$program" "${words[@]}" --help | sed -n 's/^  \(--[a-z-]*\).*/\1/p'
}

report "docs/CONFIG.md is what 'limbeck info --markdown' prints" < <(
	"$program" info --markdown >"$work/CONFIG.md" || echo "status $?"
	diff -u "$source/docs/CONFIG.md" "$work/CONFIG.md" || echo "make it again: build/limbeck info --markdown >docs/CONFIG.md"
)

report "'limbeck list readings' prints each under the words that it rests on" < <(
	file=$source/stages/readings.c
	"$program" list readings >"$work/readings" || echo "status $?"
	sed -n 's/^\t{"\([a-z0-9_]*\)", \([A-Z]*\), .*/\1 \2/p' "$file" >"$work/names"
	[ "$(wc -l <"$work/names")" -ge 20 ] || echo "too few readings in $file"
	while read -r name macro; do
		words=$(sed -n "s/^#define $macro \(\".*\"\)$/\1/p" "$file")
		awk -v name="$name" -v words="$words" '/^"/ { under = $0 == words } under && $1 == name { n++ } END { exit n != 1 }' "$work/readings" ||
			echo "$name is not under $words"
	done <"$work/names"
	for part in '{kind: blocks, ' 'tested'; do
		[ "$(grep -cF "$part" "$work/readings")" = "$(wc -l <"$work/names")" ] || echo "not every reading has '$part'"
	done
)

report "a table knows every metric that the stages record by a name of its own" < <(
	{
		# measured on held-out pictures alone, as valid/NAME: the files of what stands beside a lesson
		grep -L 'enum status blocks_exam\|enum status fresh_exam\|copies_exam(struct' "$source"/stages/*.c | xargs sed -n 's/.*\(step_metric\|step_hits\|aside_metric\)([a-z]*, "\([a-z0-9_/]*\)".*/\2/p'
		sed -n '/isnan(more/q; s/^\t\t{"\([a-z0-9_/]*\)", .*/\1/p' "$source/stages/epoch.c"
		sed -n '/^static enum status put_result/,/^}/p' "$source/stages/train.c" | grep -o '{"[a-z0-9_/]*", ' | tr -d '{", '
		grep -o '{"[a-z0-9_/]*", [a-z]' "$source/stages/assistants.c" | sed 's/{"\([^"]*\)".*/\1/'
	} | sort -u >"$work/metrics"
	[ "$(wc -l <"$work/metrics")" -ge 45 ] || echo "too few metrics were found in the stages: $(wc -l <"$work/metrics")"
	"$program" table "$source/experiments/first.yaml" --out "$work/none" --metric "$(paste -sd, "$work/metrics")" >"$work/table" 2>&1 || cat "$work/table"
)

report "the manual tells of every command and every option" < <(
	sed 's/\\-/-/g; s/\\f.//g' "$source/docs/limbeck.1" >"$work/manual"
	{ commands; benchmarks; } | while read -r c; do
		grep -qE "^\.BI? \"?$c\b" "$work/manual" || echo "command $c"
		for o in $(options "$c"); do
			grep -qE -e "$o\b" "$work/manual" || echo "option $o of $c"
		done
	done
	[ "$(benchmarks | wc -l)" -ge 1 ] || echo "no benchmark"
)

# complete WORD...: what completion offers for the last one.
complete_words() {
	env PATH="${program%/*}:$PATH" bash -c '
		source "$0" || exit 1
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		_limbeck
		printf "%s\n" "${COMPREPLY[@]}"' "$source/cli/limbeck.bash-completion" limbeck "$@"
}
# offers WORD FOR...: completion of the words offers WORD.
offers() {
	local want=$1
	shift
	complete_words "$@" 2>&1 | grep -qxF -e "$want" || echo "no $want for: limbeck $*"
}
report "completion offers commands, options, names and values" < <(
	for c in $(commands); do
		offers "$c" "${c:0:2}"
		for o in $(options "$c"); do
			offers "$o" "$c" "${o:0:4}"
		done
	done
	benchmarks | while read -r c; do
		offers "${c#* }" bench "${c:6:2}"
		for o in $(options "$c"); do
			offers "$o" bench "${c#* }" "${o:0:4}"
		done
	done
	offers losses list lo
	offers resnet20 info resnet
	offers kd loss k
	offers best eval run --rule be
	offers bf16 train x.yaml --precision b
	offers wrn_16_2 bench step --teacher wrn
	offers bf16 bench step --precision b
	offers hint bench step --loss h
)

# ---- experiments and the README ----

# The data sets in little (CIFAR, as many as a limit asks for) or with the right number of black pictures (Fashion-MNIST): only labels of class 0.
mkdir "$work/cifar" "$work/cifar100" "$work/fashion"
for name in train test; do head -c $((3074 * 200)) /dev/zero >"$work/cifar100/$name.bin"; done
for name in data_batch_{1..5} test_batch; do head -c $((3073 * 1600)) /dev/zero >"$work/cifar/$name.bin"; done
# u32 NUMBER...: highest byte first.
u32() { local v; for v; do printf "\\x$(printf %02x $((v >> 24)))\\x$(printf %02x $((v >> 16 & 255)))\\x$(printf %02x $((v >> 8 & 255)))\\x$(printf %02x $((v & 255)))"; done; }
for part in train:60000 t10k:10000; do
	many=${part#*:}
	{ u32 $((0x803)) "$many" 28 28; head -c $((many * 784)) /dev/zero; } >"$work/fashion/${part%:*}-images-idx3-ubyte"
	{ u32 $((0x801)) "$many"; head -c "$many" /dev/zero; } >"$work/fashion/${part%:*}-labels-idx1-ubyte"
done
# Class folders whose pictures are all the same one pixel.
png=iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR42mMQUDAAAACkAGEKm67eAAAAAElFTkSuQmCC
for class in {train,val,test}/{barge,tug}; do
	mkdir -p "$work/folder/$class"
	for i in {1..60}; do echo $png | base64 -d >"$work/folder/$class/$i.png"; done
done
report "every experiment passes 'limbeck check', every sweep is planned at the smallest budget" < <(
	export XDG_CACHE_HOME=$work/cache
	found=0
	while IFS= read -r file; do
		found=$((found + 1))
		case $(sed -n 's/.*kind: *\([a-z0-9_]*\).*/\1/p' "$file" | head -1) in
		cifar10) dir=$work/cifar ;;
		cifar100) dir=$work/cifar100 ;;
		fashion_mnist) dir=$work/fashion ;;
		folder) dir=$work/folder ;;
		*) echo "$file: data of an unknown kind"; continue ;;
		esac
		words=(check "$file")
		if grep -q '^vary:' "$file"; then words=(sweep "$file" --plan --no-estimate --budget smoke --out "$work/runs"); fi
		"$program" "${words[@]}" --set "data.dir=$dir" >"$work/out" 2>&1 || { echo "$file: status $?"; tail -3 "$work/out"; }
	done < <(find "$source/experiments" -name tables -prune -o -name '*.yaml' -print | sort)
	[ $found -ge 5 ] || echo "$found experiments"
)

# fenced LANGUAGE: the lines of README's blocks of it.
fenced() { awk -v want="$1" '/^```/ { on = !inside && substr($0, 4) == want; inside = !inside; next } on' "$source/README.md"; }
report "README's commands name what is there" < <(
	[ -n "$(fenced sh)" ] || echo "no block of sh"
	fenced sh | while read -r word _; do
		[[ $word != ./* ]] || [ -x "$source/$word" ] || echo "no script $word"
	done
	{ fenced sh; fenced ""; } | grep -oE '(experiments|bench|docs|tests)/[A-Za-z0-9_./-]+' | while read -r path; do
		[ -e "$source/$path" ] || echo "no $path"
	done
	fenced "" | sed -n 's|^build/limbeck \([a-z]*\).*|\1|p' | while read -r word; do
		commands | grep -qx "$word" || echo "no command $word"
	done
)
report "README's experiment is experiments/first.yaml" < <(fenced yaml | diff - "$source/experiments/first.yaml")
report "quickstart names the run's files where they are" < <(
	grep -n 'report\.html\|\$out/log\.txt' "$source/quickstart"
	grep -q '\$out/quickstart-\*/log\.txt' "$source/quickstart" || echo "no log"
)

echo "1..$n"
exit $failed
