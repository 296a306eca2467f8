# SPDX-License-Identifier: MIT
# Signals, and that nothing outlives the command.

start() {
	: >out # or what is in it from the last time would be taken for this
	"$QUIRE" run -q --accel "${QUIRE_ACCEL:-tcg}" "$@" </dev/null >out 2>err &
	pid=$!
}

runs() {
	kill -0 "$1" 2>/dev/null && ! grep -q '^State:.*Z' "/proc/$1/status"
}

for signal in KILL TERM INT HUP QUIT; do
	# A shell starts what is in the background with SIGINT and SIGQUIT ignored.
	start --env A=b -- sh -c 'echo started; exec sleep 100'
	eventually 10 qemu_of $pid
	qemu=$(qemu_of $pid)
	case $signal in INT | QUIT) kill -TERM $pid ;; *) kill -$signal $pid ;; esac
	wait $pid 2>/dev/null
	expect "SIG$signal while it boots leaves no QEMU" gone "$(eventually 3 eval "! runs $qemu" && echo gone)"
	start -- sh -c 'echo started; exec sleep 100'
	eventually 30 grep started out
	qemu=$(qemu_of $pid)
	case $signal in INT | QUIT) kill -TERM $pid ;; *) kill -$signal $pid ;; esac
	wait $pid 2>/dev/null
	expect "SIG$signal while it runs leaves no QEMU" gone "$(eventually 3 eval "! runs $qemu" && echo gone)"
done

start -- sh -c 'trap "echo got; exit 9" TERM; echo started; while :; do sleep 0.1; done'
eventually 30 grep started out
kill -TERM $pid
wait $pid
expect "SIGTERM reaches the program" "9 started got" "$? $(xargs <out)"

start -- sh -c 'trap "echo got; exit 9" USR1; echo started; while :; do sleep 0.1; done'
eventually 30 grep started out
kill -USR1 $pid
wait $pid
expect "SIGUSR1 reaches the program" "9 started got" "$? $(xargs <out)"

start -- sh -c 'echo started; exec sleep 100'
eventually 30 grep started out
kill -TERM $pid
wait $pid
expect "SIGTERM ends a program that does not handle it" 143 $?

(trap '' HUP; start -- sh -c 'echo started; sleep 1.5; exit 6'
	eventually 30 grep started out; kill -HUP $pid; wait $pid; echo $? >status)
expect "an ignored signal stays ignored (nohup)" 6 "$(cat status)"

start -- sh -c 'echo started; exec sleep 100'
eventually 30 grep started out
qemu=$(qemu_of $pid)
kill -KILL $qemu
wait $pid
expect "QEMU ended by a signal" 125 $?
expect_match "... with a message" "*quire: QEMU was ended by signal 9*" "$(cat err)"

start -- sh -c 'echo started; while :; do sleep 0.2; echo tick; done'
eventually 30 grep started out
kill -TSTP $pid
eventually 5 grep -q 'State:.*T' /proc/$pid/status
qemu=$(qemu_of $pid)
expect_match "SIGTSTP stops quire and the machine" "*T (stopped)*T (stopped)*" \
	"$(grep State /proc/$pid/status /proc/$qemu/status | xargs)"
ticks=$(grep -c tick out)
sleep 1
expect "... which makes no progress" "$ticks" "$(grep -c tick out)"
kill -CONT $pid
expect "... and SIGCONT continues both" goes "$(eventually 5 eval "[ \$(grep -c tick out) -gt $ticks ]" && echo goes)"
kill -TERM $pid
wait $pid

expect "no file is left behind" "" "$(ls /tmp | grep -i 'quire-initramfs')"
expect "descriptors of the caller do not reach the program" "0 1 2 3" \
	"$(quire -- sh -c 'ls /proc/self/fd' 7</dev/null </dev/null 2>&1 | xargs)"
