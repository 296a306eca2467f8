# SPDX-License-Identifier: MIT
# For the tests of the quire command: sourced by run.sh, once for each file of tests.
#
# QUIRE is the command; QUIRE_KERNEL and QUIRE_QEMU work as always, QUIRE_ACCEL is passed to --accel (tcg).

passed=0
failed=0
scratch=$(mktemp -d "${TMPDIR:-/tmp}/quire-test.XXXXXX")
trap 'rm -rf "$scratch"' EXIT

# expect NAME EXPECTED ACTUAL
expect() {
	if [ "$2" = "$3" ]; then
		passed=$((passed + 1))
		echo "ok      $1"
	else
		failed=$((failed + 1))
		printf 'FAILED  %s\n        expected: %q\n        got:      %q\n' "$1" "$2" "$3"
	fi
}

# expect_match NAME PATTERN ACTUAL: a pattern of the shell
expect_match() {
	# shellcheck disable=SC2254
	case $3 in
	$2) expect "$1" same same ;;
	*) expect "$1" "$2" "$3" ;;
	esac
}

# quire OPTIONS... -- PROGRAM...
quire() {
	timeout --foreground 60 "$QUIRE" run -q --accel "${QUIRE_ACCEL:-tcg}" "$@"
}

# status COMMAND...: what it exits with, on standard output; what it prints is dropped
status() {
	"$@" >"$scratch/status.out" 2>"$scratch/status.err" </dev/null
	echo $?
}

# eventually SECONDS COMMAND...: true as soon as COMMAND is, false if it never is
eventually() {
	local tries=$(($1 * 20))
	shift
	while ! "$@" >/dev/null 2>&1; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		sleep 0.05
	done
}

# qemu_of PID: the QEMU that quire process PID started
qemu_of() {
	pgrep -P "$1"
}
