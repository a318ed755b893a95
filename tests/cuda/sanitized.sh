#!/usr/bin/env bash
# usage: sanitized.sh CONFIGURE "WAY..." PROGRAM...
# The back end's own tests with kernels, host code and all of the program instrumented: by ASan and UBSan in each order of work, by TSan where blocks are small. Called by
# `make check-sanitized` in the build folder; each sanitizer has a build of its own in sanitized/, with the options of this one. WAY: asan, tsan.
set -u
configure=$1 ways=$2
shift 2
programs=("$@")
jobs=$(nproc 2>/dev/null || echo 2)
options=$(./config.status --config) || exit 99
failed=0
export CK_TAP_LOG_FILE_NAME=- OMP_WAIT_POLICY=passive CK_TIMEOUT_MULTIPLIER=20
export LSAN_OPTIONS="suppressions=${LIMBECK_SRCDIR:-.}/tests/lsan.supp:print_suppressions=0" UBSAN_OPTIONS=print_stacktrace=1

# build WAY OPTION. What a sanitizer adds to the code misleads warnings.
build() {
	local words
	eval "words=($options)"
	mkdir -p "sanitized/$1"
	if [ ! -e "sanitized/$1/Makefile" ]; then
		(cd "sanitized/$1" && "$configure" "${words[@]}" "$2" --disable-werror) >"sanitized/$1.log" 2>&1 || return
	fi
	make -C "sanitized/$1" -j"$jobs" --no-print-directory "${programs[@]}" >>"sanitized/$1.log" 2>&1
}

# try WAY VARIABLE=VALUE...: every program so.
try() {
	local way=$1 program status begin log
	shift
	for program in "${programs[@]}"; do
		begin=$SECONDS
		log=sanitized/$way-${program##*/}.log
		env "$@" "sanitized/$way/$program" >"$log" 2>&1
		status=$?
		printf '%s, %s, %s: %d passed, %d failed, status %d, %d s\n' "$way" "${program##*/}" "$*" "$(grep -c '^ok' "$log")" "$(grep -c '^not ok' "$log")" \
			$status $((SECONDS - begin))
		if [ $status != 0 ] || ! grep -q '^ok' "$log"; then
			grep -vE '^ok|^$' "$log" | head -60
			failed=1
		fi
	done
}

for way in $ways; do
	case $way in
	asan) build asan --enable-sanitizers ;;
	tsan) build tsan --enable-tsan ;;
	*) false ;;
	esac || { tail -20 "sanitized/$way.log" >&2; echo "no build for $way" >&2; exit 1; }
	case $way in
	asan)
		try asan CUSIM_STREAMS=eager CUSIM_HOSTPOISON=1
		try asan CUSIM_STREAMS=lazy CUSIM_ORDER=lifo CUSIM_HOSTPOISON=1
		try asan CUSIM_STREAMS=random CUSIM_ORDER=random CUSIM_BLOCKS=2 CUSIM_HOSTPOISON=1
		;;
	tsan)
		try tsan OMP_NUM_THREADS=1 CUSIM_STREAMS=eager CUSIM_ORDER=fifo
		;;
	esac
done
exit $failed
