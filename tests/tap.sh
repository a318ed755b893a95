# shellcheck shell=bash disable=SC2034
# What the shell tests of text and pages share; read by them, never run. A folder of their own, $work, is gone when they end.
# The test that reads it ends with: echo "1..$n"; exit $failed
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
