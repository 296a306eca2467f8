# SPDX-License-Identifier: MIT
# Terminals. `script` gives quire one, whose keyboard is the file descriptor 7.

command -v script >/dev/null || { echo "skipped: no script(1)"; return; }

# on_terminal COMMAND: start COMMAND on a new terminal; what it shows is in screen
on_terminal() {
	rm -f keys screen
	: >screen
	mkfifo keys
	# What runs in the background of a script has SIGINT ignored.
	env --default-signal script -qfec "$1" screen.log <keys >screen 2>&1 &
	script_pid=$!
	exec 7>keys
}

type_keys() {
	printf "$1" >&7
}

# shows PATTERN: wait until the screen shows it
shows() {
	eventually 30 grep -qa -- "$1" screen && echo shown || echo "not shown: $(tail -c 300 screen)"
}

# quire_showing WORD: the quire process that has WORD on its command line
quire_showing() {
	pgrep -f "^$QUIRE run -q .*$1" | head -1
}

leave() {
	exec 7>&-
	wait $script_pid
}

Q="$QUIRE run -q --accel ${QUIRE_ACCEL:-tcg} --timeout 50"

on_terminal "$Q -- sh -c 'for i in 0 1 2; do test -t \$i && echo yes \$i; done; tty; stty size'"
wait $script_pid
expect "all three are terminals" "yes 0 yes 1 yes 2" "$(grep -a yes screen | tr -d '\r' | xargs)"
expect_match "it has a name" "*/dev/pts/0*" "$(cat screen)"
leave 2>/dev/null

on_terminal "stty rows 33 cols 77; $Q -- sh -c 'stty size; echo \$TERM; exit 4'; echo status \$?"
wait $script_pid
expect_match "the size is passed on" "*33 77*" "$(cat screen)"
expect_match "the exit status too" "*status 4*" "$(cat screen)"
leave 2>/dev/null

on_terminal "$Q -- sh -c 'test -t 0 || echo no 0; test -t 1 && echo yes 1; test -t 2 && echo yes 2' </dev/null"
wait $script_pid
expect "only input is no terminal" "no 0 yes 1 yes 2" "$(tr -d '\r' <screen | xargs)"
expect "lines end as outside" "yes 1" "$(grep -a 'yes 1' screen | sed 's/\r$//' | tail -1)"
leave 2>/dev/null

on_terminal "$Q -- sh -c 'test -t 0 && echo yes 0 >&2; test -t 1 || echo no 1 >&2; test -t 2 && echo yes 2 >&2; echo out' | cat"
wait $script_pid
expect "only output is no terminal" "no 1 out yes 0 yes 2" "$(tr -d '\r' <screen | sort | xargs)"
leave 2>/dev/null

on_terminal "stty -a >before; $Q -- sh -c 'echo ready; read x; echo got \$x'; stty -a >after"
expect "the program starts" shown "$(shows ready)"
type_keys 'hello\r'
expect "a line that is typed arrives" shown "$(shows 'got hello')"
wait $script_pid
expect "it is echoed once" 2 "$(grep -ac hello screen)"
expect "the terminal's modes are restored" "$(cat before)" "$(cat after)"
leave 2>/dev/null

on_terminal "$Q -- sh -c 'stty raw -echo; echo ready; dd bs=1 count=1 2>/dev/null | od -c'"
shows ready >/dev/null
type_keys '\003'
expect "raw mode inside: Ctrl-C is a character" shown "$(shows '003')"
wait $script_pid
leave 2>/dev/null

on_terminal "$Q -- sh -c 'echo ready; sleep 100'; echo status \$?"
shows ready >/dev/null
type_keys '\003'
expect "Ctrl-C interrupts the program" shown "$(shows 'status 130')"
leave

on_terminal "$Q -- sh -c 'trap \"echo caught; exit 5\" INT; echo ready; while :; do sleep 0.1; done'; echo status \$?"
shows ready >/dev/null
type_keys '\003'
expect "... which may catch it" shown "$(shows 'status 5')"
leave

on_terminal "$Q -- sh -c 'echo ready; exec cat'; echo status \$?"
shows ready >/dev/null
type_keys 'line\r'
shows line >/dev/null
type_keys '\004'
expect "Ctrl-D ends the input" shown "$(shows 'status 0')"
leave

on_terminal "$Q; echo status \$?"
expect "without a program there is a shell" shown "$(shows '[#$] ')"
type_keys 'sleep 100\r'
sleep 1
type_keys '\032'
expect "Ctrl-Z stops the shell's job" shown "$(shows 'Stopped')"
type_keys 'jobs\rkill %%1\rexit 3\rexit 3\r'
expect "... and the shell goes on" shown "$(shows 'status 3')"
leave

on_terminal "stty rows 20 cols 50; $Q -- sh -c 'trap \"stty size; exit\" WINCH; echo ready; while :; do sleep 0.1; done'"
shows ready >/dev/null
stty rows 44 cols 99 <"$(readlink "/proc/$(quire_showing ready)/fd/0")"
expect "a new size is passed on" shown "$(shows '44 99')"
leave

on_terminal "stty -a >before; $Q -- sh -c 'echo ready; sleep 100'; stty -a >after; echo restored"
shows ready >/dev/null
kill -TERM "$(quire_showing ready)"
shows restored >/dev/null
expect "the terminal's modes are restored after a signal" "$(cat before)" "$(cat after)"
leave
