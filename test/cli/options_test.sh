# SPDX-License-Identifier: MIT
# The command line.

usage() {
	local got
	got=$(status "$QUIRE" "$@")
	expect "125 for: quire $*" 125 "$got"
	expect_match "... with a message" "quire: *" "$(cat status.err)"
}

usage
usage walk
usage run --no-such-option
usage run --mem
usage run --mem lots
usage run --mem 0
usage run --mem 64X
usage run --mem -5
usage run --cpus 0
usage run --cpus 9
usage run --cpus two
usage run --timeout 0
usage run --timeout soon
usage run --accel magic
usage run --env NOVALUE
usage run --root /no/such/root true
usage run --root /etc/passwd true
usage run --kernel /no/such/kernel true
usage run --kernel / true
usage run --kernel /bin/true --debug-kernel true
expect "125 without QEMU" 125 "$(PATH=/no QUIRE_QEMU='' && unset QUIRE_QEMU && status "$QUIRE" run --kernel /bin/true true)"
expect_match "... says which package to install" "*qemu-system-x86*" "$(cat status.err)"
expect "125 for a kernel that is none" 125 "$(status quire --kernel /etc/passwd --timeout 30 -- true)"
expect_match "... and QEMU's reason is shown" "*" "$(cat status.err)"

expect_match "--version" "quire [0-9]*" "$("$QUIRE" --version)"
expect_match "--help" "Usage: quire run *" "$("$QUIRE" --help)"
expect "run --help exits 0" 0 "$(status "$QUIRE" run --help)"

expect "--env sets a variable" "two words" "$(quire --env 'V=two words' -- sh -c 'echo "$V"' </dev/null)"
expect "--env replaces a variable" "new" "$(V=old quire --env V=new -- sh -c 'echo "$V"' </dev/null)"
expect "--env=... works too" "x=y" "$(quire --env=V=x=y -- sh -c 'echo "$V"' </dev/null)"
expect "the caller's environment is inside" "here" "$(V=here quire -- sh -c 'echo "$V"' </dev/null)"
expect "arguments arrive as they are" "[a b][][-q][*]" \
	"$(quire -- sh -c 'printf "[%s]" "$@"' sh 'a b' '' -q '*' </dev/null)"
expect "-- may be left out" "hello -q" "$(quire echo hello -q </dev/null)"
expect "the program starts in the caller's directory" "$PWD" "$(quire pwd </dev/null)"
mkdir -p "a dir"
expect "--cwd" "$PWD/a dir" "$(quire --cwd "a dir" -- pwd </dev/null)"
expect "--cwd creates what is not there" "/not/there yet" "$(quire --cwd "/not/there yet" -- pwd </dev/null)"
expect "--cwd that is a file" 125 "$(status quire --cwd /etc/passwd -- pwd)"
expect "--cpus 2" 2 "$(quire --cpus 2 -- grep -c ^processor /proc/cpuinfo </dev/null)"
expect "the caller's umask" 0027 "$(umask 027; quire -- sh -c umask </dev/null)"
expect "the caller's ids" "$(id -u) $(id -g)" "$(quire -- sh -c 'echo $(id -u) $(id -g)' </dev/null)"
memory=$(quire --mem 200M -- awk '/MemTotal/ { print $2 }' /proc/meminfo </dev/null)
expect "--mem 200M is at most that, and most of it" yes \
	"$([ "$memory" -gt 120000 ] && [ "$memory" -le 204800 ] && echo yes || echo "no: $memory")"
expect_match "--dry-run prints QEMU's command line" "*-kernel *-append *" "$(quire --dry-run -- true)"
expect_match "--append comes last on the kernel's command line" "*quiet some words*" \
	"$(quire --dry-run --append 'some words' -- true)"
expect_match "--qemu-arg comes last" "* -some 'thing else'" \
	"$(quire --dry-run --qemu-arg -some --qemu-arg 'thing else' -- true)"
expect_match "--gdb" "*-gdb tcp:127.0.0.1:1234 -S*" "$(quire --dry-run --gdb -- true)"
quire --dmesg -- true </dev/null >out 2>err
expect "--dmesg shows the kernel's log" yes "$([ -s err ] && [ ! -s out ] && echo yes)"
