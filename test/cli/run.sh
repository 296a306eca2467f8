#!/bin/bash
# SPDX-License-Identifier: MIT
# Tests of the quire command: run.sh [FILE...] (default: all). QUIRE names the command (build/quire).
# They say the same of any kernel that gives init what Linux gives it: see linux/ for a run on Debian's kernel.
here=$(cd "$(dirname "$0")" && pwd)
export QUIRE=${QUIRE:-$here/../../build/quire}
QUIRE=$(realpath "$QUIRE") || exit 1
total_passed=0
total_failed=0

[ $# -gt 0 ] || set -- "$here"/*_test.sh
for file in "$@"; do
	echo "== $(basename "$file" _test.sh)"
	bash -n "$file" || { total_failed=$((total_failed + 1)); continue; }
	result=$(mktemp)
	(
		. "$here/lib.sh"
		cd "$scratch" || exit 1
		. "$file"
		echo "$passed $failed" >"$result"
	)
	read -r passed failed <"$result" || { passed=0 failed=1; echo "FAILED  $file did not end"; }
	rm -f "$result"
	total_passed=$((total_passed + passed))
	total_failed=$((total_failed + failed))
done
echo "$total_passed passed, $total_failed failed"
[ $total_failed = 0 ]
