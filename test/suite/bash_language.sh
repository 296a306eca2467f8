#!/bin/bash
# SPDX-License-Identifier: MIT
# Debian's bash, dynamically linked: the language and what it asks of the kernel.

echo "== command substitution"
echo "$(echo a; echo b)" `echo old style`
echo "$(echo "$(echo "$(echo nested)")")"
x=$(exit 3); echo "status $?"
echo "$(</etc/group)"
lines=$(seq 1 20000); echo ${#lines}
a=$(printf 'x%.0s' {1..70000}); echo ${#a}

echo "== here-documents and here-strings"
cat <<END
$((1 + 1)) $(echo two) ${BASH_VERSINFO[0]}
END
cat <<< "a here-string"
read -r a b <<< "one two three"; echo "$b"
big=$(seq 1 30000); wc -c <<< "$big"
tr a-z A-Z <<'END' | rev
$not expanded
END

echo "== process substitution"
diff <(seq 1 5) <(seq 2 6)
cat <(echo first) <(echo second) <(echo third)
seq 1 10 | tee >(sort -rn | head -n 1 >max) >(wc -l >count) >/dev/null; sleep 0.2; cat max count
while read -r n; do sum=$((sum + n)); done < <(seq 1 100); echo $sum
join <(printf 'a 1\nb 2\n') <(printf 'a x\nb y\n')
paste <(seq 3) <(seq 4 6) <(seq 7 9)

echo "== pipefail and PIPESTATUS"
set -o pipefail
false | true; echo "$?"
(exit 2) | (exit 3) | true; echo "$? ${PIPESTATUS[*]}"
(exit 2) | (exit 3) | true; echo "${PIPESTATUS[*]}"
yes | head -n 1; echo "${PIPESTATUS[*]}"
set +o pipefail
false | true; echo "$?"
shopt -s lastpipe; echo value | read -r v; echo "lastpipe $v"; shopt -u lastpipe

echo "== arrays"
declare -a l=(one two "three four" five); echo "${#l[@]} ${l[2]} ${l[-1]} ${l[@]:1:2}"
l+=(six); unset 'l[1]'; echo "${!l[@]}"
declare -A m=([red]=1 [green]=2 [blue]=3); for k in $(printf '%s\n' "${!m[@]}" | sort); do echo "$k=${m[$k]}"; done
mapfile -t rows < <(seq 5 9); echo "${#rows[@]} ${rows[3]}"
mapfile -d '' -t zeros < <(printf 'a\0b c\0d'); echo "${#zeros[@]} ${zeros[1]}"
readarray -s 2 -n 2 part < <(seq 1 9); printf '%s' "${part[@]}"
IFS=, read -ra fields <<< "a,b,,d"; echo "${#fields[@]} ${fields[3]}"
declare -n ref=l; echo "${ref[0]}"
s=({1..1000}); echo "${#s[@]} $(IFS=+; echo "${s[*]}" | cut -c 1-20)"

echo "== strings"
v="Hello, World"; echo "${v^^} ${v,,} ${v/o/0} ${v//o/0} ${v: -5} ${v:0:5} ${v@Q}"
printf '%q %s %05d %x %e %b\n' "a b" str 42 255 12345.678 'tab\there'
printf -v out '%03d-%s' 7 x; echo "$out"
printf '%(%Y-%m-%d %H:%M:%S)T\n' 1000000000
[[ "abc123" =~ ^([a-z]+)([0-9]+)$ ]] && echo "${BASH_REMATCH[1]} ${BASH_REMATCH[2]}"
[[ file.txt == *.txt && ! -e file.txt ]] && echo pattern
echo {a,b}{1..3} {10..0..5}
shopt -s extglob nullglob; mkdir g; touch g/{a,b,c}.{c,h}; echo g/!(*.h) g/*.none; shopt -u nullglob
shopt -s globstar; mkdir -p g/x/y; touch g/x/y/z.c; printf '%s\n' g/**/*.c
echo $((2 ** 62)) $((16#ff)) $((x = 5, x * 2)) $((RANDOM >= 0))
for ((i = 0, j = 10; i < j; i += 3, j--)); do echo -n "$i,$j "; done; echo
select_case() { case $1 in a) echo A ;;& [a-z]) echo letter ;; b) echo no ;& *) echo other ;; esac; }
select_case a; select_case b; select_case 1

echo "== functions and scopes"
f() { local -i n=$1; ((n <= 0)) && return; echo -n "$n "; f $((n - 1)); }
f 200 | wc -w
g() { echo "${FUNCNAME[0]} ${FUNCNAME[1]} $#"; }; h() { g a b; }; h
export EXPORTED=yes; bash -c 'echo "$EXPORTED"'
exported() { echo "an exported function"; }; export -f exported; bash -c exported
env -i A=1 /bin/bash -c 'echo "$A"; echo "${HOME-unset}"'

echo "== redirections"
exec {fd}>named; echo "to a named descriptor" >&"$fd"; exec {fd}>&-; cat named
{ echo out; echo err >&2; } 2>&1 >/dev/null | sed 's/^/piped /'
echo both &>all; echo more &>>all; cat all
exec 5<>rw; echo line >&5; exec 5>&-; cat rw
echo "to stderr" >&2
read -r -t 0.1 x </dev/zero; echo "read timed out: $(($? > 128))"
read -r -N 3 x <<< abcdef; echo "$x"
ls /proc/self/fd | wc -l
(exec 9</dev/null; ls -l /proc/self/fd/9 | sed 's/.*-> //')

echo "== limits and options"
ulimit -n 64; ulimit -n; (exec 70>x) 2>/dev/null || echo "descriptor 70 refused"
(ulimit -f 10; head -c 100000 /dev/zero >toobig; echo "$?") 2>/dev/null; stat -c %s toobig
(ulimit -t 1; while :; do :; done) 2>/dev/null; echo "CPU limit $?"
ulimit -c 0; ulimit -c; ulimit -S -s
bash -c 'set -e; trap "echo ERR at \$LINENO" ERR; false; echo no'; echo $?
bash -uc 'echo $undefined' 2>&1 | sed 's/.*: line/line/'
bash -c 'exit 300'; echo $?
bash -n <<< 'if then' 2>/dev/null; echo $?
umask 027; touch masked; mkdir maskeddir; stat -c %a masked maskeddir; umask 022
pushd /usr >/dev/null; pushd bin >/dev/null; dirs; popd; popd >/dev/null
time_output=$( { time sleep 0.05; } 2>&1 ); [[ $time_output == *real*user*sys* ]] && echo "time keyword"
echo "$SHLVL $BASH_SUBSHELL $(echo $BASH_SUBSHELL)"
[[ $EPOCHSECONDS -gt 1600000000 ]] && echo "the clock is set"
exit 17
