#!/usr/bin/env bash
# The pages that describe the program say what it is: reference, manual, completion.
set -u
source=${LIMBECK_SRCDIR:-.}
program=${LIMBECK_BUILDDIR:-build}/limbeck
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
n=0 failed=0

# report NAME: one test; its findings, one a line, are on stdin.
report() {
	local found
	found=$(cat)
	n=$((n + 1))
	if [ -z "$found" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		printf '%s\n' "$found" | head -40 | sed 's/^/# /'
		failed=1
	fi
}
commands() { "$program" list commands | sed 's/ .*//'; }
options() { "$program" help "$1" | sed -n 's/^  \(--[a-z-]*\).*/\1/p'; }

report "docs/CONFIG.md is what 'limbeck info --markdown' prints" < <(
	"$program" info --markdown >"$work/CONFIG.md" || echo "status $?"
	diff -u "$source/docs/CONFIG.md" "$work/CONFIG.md" || echo "make it again: build/limbeck info --markdown >docs/CONFIG.md"
)

report "the manual tells of every command and every option" < <(
	sed 's/\\-/-/g; s/\\f.//g' "$source/docs/limbeck.1" >"$work/manual"
	for c in $(commands); do
		grep -qE "^\.BI? $c\b" "$work/manual" || echo "command $c"
		for o in $(options "$c"); do
			grep -qE -e "$o\b" "$work/manual" || echo "option $o of $c"
		done
	done
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
	offers losses list lo
	offers resnet20 info resnet
	offers kd loss k
	offers best eval run --rule be
	offers bf16 train x.yaml --precision b
	offers wrn_16_2 bench step --teacher wrn
)

echo "1..$n"
exit $failed
