#!/usr/bin/env bash
# Each planted mistake of mutants.txt must fail the tests that are named beside it, which pass without it. Called by `make check-mutants` in the build folder, which says by MUTANT_* how files are compiled and
# the tests linked: those of tests/check_cuda, or of the program whose name comes first in the last field. MUTANTS=REGEX: those alone
# whose name or file it fits.
set -u
source=${LIMBECK_SRCDIR:-.} list=${LIMBECK_SRCDIR:-.}/tests/cuda/mutants.txt
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
export CK_TAP_LOG_FILE_NAME=-
n=0 alive=0 passed=0
declare -A sound

# mutant FILE PROGRAM: its tests with that file's object from the tree.
mutant() {
	local old=() o objects=$MUTANT_OBJECTS
	[ "$2" = check_cuda ] || objects=$MUTANT_OBJECTS_CUDNN
	case $1 in
	*.cu) $MUTANT_CXX -I"$work/tree" -I"$source" -x c++ -c "$work/tree/$1" -o "$work/mutant.o" || return 1 ;;
	*) $MUTANT_CC -I"$work/tree" -c "$work/tree/$1" -o "$work/mutant.o" || return 1 ;;
	esac
	for o in $objects; do
		case $o in
		engine/cuda/tests_"$2"-"$(basename "$1" .c)".o | "${1%.cu}".cusim.o) ;;
		*) old+=("$o") ;;
		esac
	done
	$MUTANT_LINK -o "$work/check" "${old[@]}" "$work/mutant.o" $MUTANT_LIBS
}

echo "| mistake | file | noticed by |"
echo "| --- | --- | --- |"
while IFS='|' read -r name file from to settings; do
	[[ $name == \#* || -z ${name// /} ]] && continue
	[[ $name$file =~ ${MUTANTS:-} ]] || continue
	read -r name <<<"$name"
	read -r file _ unit <<<"$file"
	unit=${unit:-$file} program=check_cuda
	[[ $settings != *check_cudnn\ * ]] || { program=check_cudnn settings=${settings#*check_cudnn}; }
	if [ $program = check_cudnn ] && [ -z "$MUTANT_OBJECTS_CUDNN" ]; then
		passed=$((passed + 1))
		continue
	fi
	rm -rf "$work/tree"
	mkdir -p "$work/tree/engine/cuda"
	cp "$source"/engine/cuda/* "$work/tree/engine/cuda/"
	FROM=${from# } TO=${to# } perl -0pe '
		BEGIN { for ($ENV{FROM}, $ENV{TO}) { s/ $//; s/\\n/\n/g; s/\\t/\t/g } }
		$found = () = /\Q$ENV{FROM}\E/g;
		s/\Q$ENV{FROM}\E/$ENV{TO}/;
		END { exit($found != 1) }' "$source/$file" >"$work/tree/$file" || { echo "'$name' fits no more: its text is not once in $file" >&2; exit 1; }
	mutant "$unit" $program >"$work/log" 2>&1 || { cat "$work/log" >&2; echo "'$name' does not compile" >&2; exit 1; }
	n=$((n + 1))
	# shellcheck disable=SC2086
	if [ -z "${sound[$program$settings]-}" ]; then
		env $settings timeout 300 tests/$program >"$work/log" 2>&1 || { cat "$work/log" >&2; echo "$program fails without a mistake ($settings)" >&2; exit 1; }
		sound[$program$settings]=yes
	fi
	# shellcheck disable=SC2086
	if env $settings timeout 300 "$work/check" >"$work/log" 2>&1; then
		echo "NOT NOTICED: $name ($settings)" >&2
		alive=$((alive + 1))
	else
		echo "| $name | \`${file##*/}\` | $(grep -m1 -oE "^not ok [0-9]+ - [^:]*:[^:]*:[a-z_0-9]+" "$work/log" | sed 's/.*://') ($(echo $settings)) |"
	fi
done <"$list"
echo "$n mistakes, $((n - alive)) noticed" >&2
[ $passed = 0 ] || echo "$passed left out: no header of cuDNN was found" >&2
[ "$alive" = 0 ]
