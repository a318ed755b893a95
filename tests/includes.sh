#!/usr/bin/env bash
# The architecture and the house rules, as far as text can show them.
set -u
cd "${LIMBECK_SRCDIR:-.}" || exit 99
order="base engine data models runs losses gan stages report experiments cli"
# shellcheck source=tests/tap.sh
. tests/tap.sh || exit 99

# Existing folders of the order, and their files.
folders=()
for d in $order; do
	[ -d "$d" ] && folders+=("$d")
done
mapfile -t files < <(find "${folders[@]}" -name '*.[ch]' ! -name '*.pb-c.[ch]' -type f | LC_ALL=C sort)
mapfile -t lists < <(find "${folders[@]}" -name '*.def' -type f | LC_ALL=C sort)

# The files without comments, strings and character constants, as "file:line:text".
awk '
FNR == 1 { inside = 0 }
{
	rest = $0; text = ""
	for (;;) {
		if (inside) {
			i = index(rest, "*/")
			if (!i) break
			rest = substr(rest, i + 2); inside = 0
			continue
		}
		if (!match(rest, /\/\*|\/\/|"([^"\\]|\\.)*"|\047([^\047\\]|\\.)*\047/)) { text = text rest; break }
		text = text substr(rest, 1, RSTART - 1)
		token = substr(rest, RSTART, 2)
		rest = substr(rest, RSTART + RLENGTH)
		if (token == "/*") inside = 1
		else if (token == "//") break
		else if (substr(token, 1, 1) == "\"") text = text "\"\""
		else text = text "0"
	}
	if (text ~ /[^ \t]/) print FILENAME ":" FNR ":" text
}' /dev/null "${files[@]}" >"$work/code"

# code PATTERN: lines of code that match.
code() {
	grep -E "^[^:]+:[0-9]+.*($1)" "$work/code"
}
# outside PATTERN: drops the findings in files that match.
outside() {
	grep -vE "^($1)"
}
word='(^|[^A-Za-z0-9_.>])'

report "includes point down only" < <(
	for d in "${folders[@]}"; do
		allow=
		for below in $order; do
			allow="$allow|$below"
			[ "$below" = "$d" ] && break
		done
		grep -rnE --include='*.[ch]' --include='*.def' '^[[:blank:]]*#[[:blank:]]*include[[:blank:]]*"[^"]*/' "$d" |
			grep -vE "include[[:blank:]]*\"(${allow#|})/"
	done
)

report "quoted includes are written from the top" < <(
	grep -nE '^[[:blank:]]*#[[:blank:]]*include[[:blank:]]*"[^"/]*"' /dev/null "${files[@]}" | grep -vE '"(config|limbeck)\.h"'
)

report "each .c file includes its own header first" < <(
	for f in "${files[@]}"; do
		case $f in
		*.c)
			h=${f%.c}.h
			[ -e "$h" ] || continue
			first=$(grep -m1 -nE '^[[:blank:]]*#[[:blank:]]*include' "$f")
			[[ $first == *"\"$h\""* ]] || echo "$f:${first:-no include}"
			;;
		esac
	done
)

# owner FOLDERS HEADERS: a library is used in one folder.
owner() {
	grep -nE "^[[:blank:]]*#[[:blank:]]*include[[:blank:]]*<($2)>" /dev/null "${files[@]}" | outside "$1"
}
report "a library is included by the folder that owns it" < <(
	owner 'engine/cpu/' '(oneapi/dnnl/)?dnnl[a-z_]*\.h'
	owner '(base|engine)/' 'omp\.h'
	owner 'base/' 'yaml\.h|jansson\.h|nettle/.*|zlib\.h'
	owner 'data/' 'jpeglib\.h|turbojpeg\.h'
	owner '(data|report)/' '(libpng[0-9]*/)?png\.h'
	owner 'runs/' 'sqlite3\.h|protobuf-c/.*'
	owner 'report/' '(cairo/)?cairo[a-z-]*\.h'
	owner 'tests/' 'check\.h'
	owner 'engine/cuda/' 'cuda.*|cublas.*|cudnn.*|curand.*'
)

report "no banned calls" < <(
	code "${word}(ato(i|l|ll|f)|strcpy|strcat|stpcpy|v?sprintf|strtok|gets|rand|srand|random|drand48|alloca|tmpnam|mktemp|fork|vfork|system) *\\("
)

report "exit only in cli/main.c" < <(
	code "${word}(exit|_exit|_Exit|quick_exit) *\\(" | outside 'cli/main\.c:'
)

report "printing only in cli, report and base/log.c" < <(
	code "${word}(v?printf|puts|putchar|perror) *\\(" | outside '(cli|report)/|base/(log|progress)\.c:'
	code "${word}(fprintf|vfprintf|fputs|fputc|putc|fwrite) *\\(.*(stdout|stderr)" |
		outside '(cli|report)/|base/(log|progress|err|arena)\.c:'
)

report "heap memory only through base/arena.c and base/str.c" < <(
	code "${word}(malloc|calloc|realloc|reallocarray|aligned_alloc|posix_memalign|memalign|strn?dup|v?asprintf) *\\(" |
		outside 'base/(arena|str)\.c:'
)

# Sums of floats in an order that depends on threads are not repeatable. A line on integers says so.
report "no sum or schedule depends on the timing of threads" < <(
	grep -nE '#[[:blank:]]*pragma[[:blank:]]+omp.*(reduction[[:blank:]]*\([[:blank:]]*[-+*]|[[:blank:]]atomic)' /dev/null "${files[@]}" |
		grep -vF '/* integers */'
	code '_Atomic *\(? *(float|double|long double)'
	grep -nE '#[[:blank:]]*pragma[[:blank:]]+omp.*schedule[[:blank:]]*\([[:blank:]]*(dynamic|guided|auto|runtime)' /dev/null "${files[@]}"
)

report "target_clones only through CPU_CLONES" < <(
	code 'target_clones' | outside 'base/cpu_clones\.h:'
)

report "no work is left for later in a comment" < <(
	grep -nwE 'TODO|FIXME|XXX' /dev/null "${files[@]}" "${lists[@]}"
)

report "every source file is built and distributed" < <(
	for f in "${files[@]}" "${lists[@]}"; do
		d=${f%%/*}
		[ "$f" = cli/main.c ] && continue
		grep -qsF -e "%D%/${f#"$d"/}" "$d/local.mk" || grep -qsF -e "%D%/${f##*/}" "${f%/*}/local.mk" || grep -qwF -e "$f" Makefile.am || echo "$f: not in $d/local.mk"
	done
)

report "every experiment is distributed" < <(
	find experiments -name '*.yaml' -type f 2>/dev/null | LC_ALL=C sort | while read -r f; do
		grep -qF -e "%D%/${f#experiments/}" experiments/local.mk || echo "$f: not in experiments/local.mk"
	done
)

report "every test file is built and distributed" < <(
	find tests \( -name '*.[ch]' -o -name '*.cc' -o -name '*.cu' \) -type f | LC_ALL=C sort | while read -r f; do
		d=${f#tests/}
		d=tests/${d%%/*}
		grep -qsF -e "%D%/${f#"$d"/}" "$d/local.mk" || echo "$f: not in $d/local.mk"
	done
)

echo "1..$n"
for f in "${files[@]}"; do
	lines=$(wc -l <"$f")
	[ "$lines" -le 500 ] || echo "# warning: $f has $lines lines (think again at 200, split by subject before 500)"
done
echo "# ${#files[@]} files, $(cat /dev/null "${files[@]}" | wc -l) lines"
exit $failed
