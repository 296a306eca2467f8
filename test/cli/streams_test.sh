# SPDX-License-Identifier: MIT
# Standard input, output and error.

sum() {
	sha256sum | cut -d' ' -f1
}

printf 'a\0b' >bytes
expect "binary input and output" "$(od -c <bytes)" "$(quire -- cat <bytes | od -c)"
quire -- sh -c 'echo out; echo err >&2; exit 42' </dev/null >out 2>err
expect "output and error are apart, and the status is kept" "42 out err" "$? $(cat out) $(cat err)"
expect "output and error to one place keep their order" "1 2 3 4 5 6" \
	"$(quire -- sh -c 'for i in 1 3 5; do echo $i; echo $((i + 1)) >&2; done' </dev/null 2>&1 | xargs)"
head -c 5000000 /dev/urandom >random
expect "5 MB through cat" "$(sum <random)" "$(quire -- cat <random | sum)"
expect "5 MB on standard error" "$(sum <random)" "$(quire -- sh -c 'cat >&2' <random 2>&1 >/dev/null | sum)"
expect "empty input" "0" "$(quire -- wc -c </dev/null | xargs)"
expect "input that comes slowly" "a b" "$( (echo a; sleep 3; echo b) | quire -- cat | xargs)"
expect "end of file is passed on while the program runs" "end after" \
	"$(echo x | quire -- sh -c 'cat >/dev/null; echo end; sleep 0.2; echo after' | xargs)"
expect "endless input, finite program" "1000" "$(yes | quire -- head -c 1000 | wc -c)"
expect "a program that does not read its input" "0" "$(yes | status quire -- true)"

quire -- yes </dev/null | head -c 10 >/dev/null
expect "a reader that goes away ends the program by SIGPIPE" 141 "${PIPESTATUS[0]}"
quire -- sh -c 'trap "" PIPE; yes 2>/dev/null; exit 7' </dev/null | head -c 10 >/dev/null
expect "... unless the program ignores SIGPIPE" 7 "${PIPESTATUS[0]}"
quire -- sh -c 'echo x >&2; yes' </dev/null 2>err | head -c 1 >/dev/null
expect "... and standard error still works" "x" "$(cat err)"
expect "a slow reader loses nothing" "$(sum <random)" \
	"$(quire -- cat <random | (sleep 4; cat) | sum)"
expect "standard error flows while nobody reads standard output" "$(seq 1 5)" \
	"$( (quire -- sh -c 'yes & for i in 1 2 3 4 5; do echo $i >&2; done; sleep 1' </dev/null |
		(sleep 4; cat >/dev/null)) 2>&1)"
expect "output written just before the end is not lost" "$(seq 1 3000 | sum)" \
	"$(quire -- seq 1 3000 </dev/null | sum)"
expect "a closed standard input" "closed" \
	"$(quire -- sh -c '[ -e /proc/self/fd/0 ] || echo closed' <&-)"
expect "a program that closes its output ends its reader's input" "early" \
	"$("$QUIRE" run -q --accel "${QUIRE_ACCEL:-tcg}" --timeout 50 -- sh -c "exec >&- 2>&-; sleep 3" </dev/null | (cat; date +%s >reader_end); date +%s >end
		[ $(($(cat end) - $(cat reader_end))) -ge 2 ] && echo early)"
expect "a full disk is reported" 125 "$(quire -- seq 1 10 </dev/null >/dev/full 2>/dev/null; echo $?)"
expect "none is a terminal" "no no no" \
	"$(quire -- sh -c 'for i in 0 1 2; do test -t $i && echo yes || echo no; done' </dev/null 2>/dev/null | xargs)"
