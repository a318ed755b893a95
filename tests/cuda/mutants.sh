#!/usr/bin/env bash
# Each planted mistake of mutants.txt must fail the tests that are named beside it, which pass without it. Called by `make check-mutants` in the build folder, which says by MUTANT_* how files are compiled and
# the tests linked: those of tests/check_cuda, or of the program whose name comes first in the last field. MUTANTS=REGEX: those alone
# whose name or file it fits. As many at a time as there are processors.
set -u
source=${LIMBECK_SRCDIR:-.} list=${LIMBECK_SRCDIR:-.}/tests/cuda/mutants.txt
jobs=$(nproc 2>/dev/null || echo 2)
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
export CK_TAP_LOG_FILE_NAME=-
n=0 passed=0
declare -A sound

# tests_run PROGRAM SETTINGS LOG: cases of ops are those that are compared with `ref`.
tests_run() {
	local more=()
	[[ $2 != *LIMBECK_TEST_CASES* || $2 == *CK_RUN_CASE* ]] || more=(CK_RUN_CASE='against ref')
	# shellcheck disable=SC2086
	env ${more[@]+"${more[@]}"} $2 timeout 300 "$1" >"$3" 2>&1
}

# build PLACE FILE PROGRAM: its tests with that file's object from PLACE/tree.
build() {
	local old=() o objects=$MUTANT_OBJECTS
	[ "$3" = check_cuda ] || objects=$MUTANT_OBJECTS_CUDNN
	case $2 in
	*.cu) $MUTANT_CXX -I"$1/tree" -I"$source" -x c++ -c "$1/tree/$2" -o "$1/mutant.o" || return 1 ;;
	*) $MUTANT_CC -I"$1/tree" -c "$1/tree/$2" -o "$1/mutant.o" || return 1 ;;
	esac
	for o in $objects; do
		case $o in
		engine/cuda/tests_"$3"-"$(basename "$2" .c)".o | "${2%.cu}".cusim.o) ;;
		*) old+=("$o") ;;
		esac
	done
	$MUTANT_LINK -o "$1/check" "${old[@]}" "$1/mutant.o" $MUTANT_LIBS
}

# mutant PLACE NAME FILE UNIT PROGRAM SETTINGS: its row of the table in PLACE/row, or why there is none in PLACE/error.
mutant() {
	if ! build "$1" "$4" "$5" >"$1/log" 2>&1; then
		{ cat "$1/log"; echo "'$2' does not compile"; } >"$1/error"
	elif tests_run "$1/check" "$6" "$1/log"; then
		echo "NOT NOTICED: $2 ($6)" >"$1/error"
	else
		echo "| $2 | \`${3##*/}\` | $(grep -m1 -oE "^not ok [0-9]+ - [^:]*:[^:]*:[a-z_0-9]+" "$1/log" | sed 's/.*://') ($(echo $6)) |" >"$1/row"
	fi
	rm -rf "$1/tree" "$1/check" "$1/mutant.o"
}

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
	n=$((n + 1))
	place=$work/$n
	mkdir -p "$place/tree/engine/cuda"
	cp "$source"/engine/cuda/* "$place/tree/engine/cuda/"
	FROM=${from# } TO=${to# } perl -0pe '
		BEGIN { for ($ENV{FROM}, $ENV{TO}) { s/ $//; s/\\n/\n/g; s/\\t/\t/g } }
		$found = () = /\Q$ENV{FROM}\E/g;
		s/\Q$ENV{FROM}\E/$ENV{TO}/;
		END { exit($found != 1) }' "$source/$file" >"$place/tree/$file" || { echo "'$name' fits no more: its text is not once in $file" >&2; exit 1; }
	if [ -z "${sound[$program$settings]-}" ]; then
		tests_run "tests/$program" "$settings" "$work/log" || { cat "$work/log" >&2; echo "$program fails without a mistake ($settings)" >&2; exit 1; }
		sound[$program$settings]=yes
	fi
	while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do
		wait -n
	done
	mutant "$place" "$name" "$file" "$unit" "$program" "$settings" &
done <"$list"
wait
echo "| mistake | file | noticed by |"
echo "| --- | --- | --- |"
alive=0
for k in $(seq 1 $n); do
	if [ -e "$work/$k/row" ]; then
		cat "$work/$k/row"
	else
		alive=$((alive + 1))
		cat "$work/$k/error" >&2
	fi
done
echo "$n mistakes, $((n - alive)) noticed" >&2
[ $passed = 0 ] || echo "$passed left out: no header of cuDNN was found" >&2
[ "$alive" = 0 ]
