#!/usr/bin/env bash
# The planted bugs that only a sanitizer sees: ASan with UBSan for addresses, TSan for races. The simulator's library is the one of
# the build, which is never instrumented; the programs are compiled here. Arguments: bugs to try, instead of all.
set -u
source=${LIMBECK_SRCDIR:-.}
# shellcheck source=tests/tap.sh
. "$source/tests/tap.sh" || exit 99
build=${LIMBECK_BUILDDIR:-build}
kernels=${LIMBECK_CUSIM_COMPILE:-g++ -std=c++17 -DCUSIM -I$source -isystem /usr/local/cuda/include}
host=${LIMBECK_COMPILE:-gcc -std=gnu17 -I$source -isystem /usr/local/cuda/include}
cd "$build" || exit 99
# Without the sanitizers of the build: the two exclude each other.
host=$(printf '%s\n' "$host" | sed -E 's/ -f(no-)?sanitize[^ ]*//g')
export ASAN_OPTIONS=exitcode=55:detect_leaks=0 UBSAN_OPTIONS= TSAN_OPTIONS=exitcode=66
# The suite's own settings stand in the way.
unset LSAN_OPTIONS

# compile WAY FLAG...: the program $work/WAY.
# shellcheck disable=SC2086 # the words of a command line
compile() {
	local way=$1 f objects=()
	shift
	for f in planted_races.cu planted_addresses.cu planted_host.c planted_main.c; do
		objects+=("$work/$way-${f%.*}.o")
		case $f in
		*.cu) $kernels "$@" -x c++ -c "$source/tests/cusim/$f" -o "${objects[-1]}" || return ;;
		*.c) $host "$@" -c "$source/tests/cusim/$f" -o "${objects[-1]}" || return ;;
		esac
	done
	${kernels%% -*} "$@" -pthread "${objects[@]}" "$build/tests/cusim/libcusim.a" -o "$work/$way"
}

# try WAY VARIABLE=VALUE...: what each program must do.
try() {
	local way=$1 name what status
	shift
	"$work/$way" --list "$way" >"$work/list" || { echo "no list"; return; }
	[ "$(wc -l <"$work/list")" -gt 10 ] || echo "the list is too short"
	while read -r name what; do
		[ -z "$only" ] || [[ " $only " = *" $name "* ]] || continue
		env "$@" timeout 60 "$work/$way" "$name" >"$work/out" 2>&1
		status=$?
		case $what in
		bug) [ $status != 0 ] && [ $status != 124 ] || { echo "$name: not noticed (status $status)"; head -3 "$work/out"; } ;;
		right) [ $status = 0 ] || { echo "$name is right, but: status $status"; head -20 "$work/out"; } ;;
		esac
	done <"$work/list"
}

only="$*"
report "ASan and UBSan: wrong addresses, host code in device memory, leaks" < <(
	compile asan -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer 2>&1 &&
		try asan CUSIM_STREAMS=lazy CUSIM_HOSTPOISON=1 CUSIM_LEAK=1
)
report "TSan: races in a block, between blocks, streams and the host" < <(
	compile tsan -O1 -g -fsanitize=thread 2>&1 && try tsan CUSIM_ORDER=fifo
)
report "the same with two blocks at a time, in random order" < <(try tsan CUSIM_ORDER=random CUSIM_BLOCKS=2)

echo "1..$n"
exit $failed
