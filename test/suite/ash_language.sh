#!/bin/busybox ash
# SPDX-License-Identifier: MIT
# busybox ash: the language, with the pipes, subshells and files it is made of.

echo "== pipelines"
echo one two three | tr ' ' '\n' | sort -r | while read -r word; do echo "<$word>"; done
seq 1 1000 | grep 7 | wc -l
yes | head -n 5 | tr -d '\n'; echo
false | true; echo "status $?"
true | false; echo "status $?"
! true; echo "status $?"
seq 1 200 | cat | cat | cat | cat | cat | cat | cat | cat | tail -n 1

echo "== subshells"
x=outer
(x=inner; cd /; echo "$x $(pwd)")
echo "$x $(pwd)"
(exit 7); echo "status $?"
( (exit 3); echo "inner $?"; exit 4 ); echo "status $?"
{ echo group; echo of; } | cat
y=$( (echo a; echo b >&2; echo c) 2>/dev/null ); echo "$y"

echo "== here-documents"
name=quire
cat <<END
name is $name
sum is $((2 + 3)), command $(echo substituted)
END
cat <<'END'
name is $name
END
cat <<-END
	tabs are
		stripped
	END
while read -r line; do echo "[$line]"; done <<END
first
  second   third
END
i=0
while [ $i -lt 2000 ]; do echo "line $i of a long here-document"; i=$((i + 1)); done >long
{ echo "cat <<END"; cat long; echo END; } >script
ash ./script | cmp - long && echo "long here-document equal"

echo "== arithmetic"
echo $((7 / 2)) $((-7 / 2)) $((7 % 3)) $((1 << 40)) $((0x7fffffffffffffff)) $((0755)) $((5 > 3 && 2 < 1))
i=0; while [ $((i += 1)) -lt 5 ]; do printf '%d ' "$i"; done; echo
echo $(( (1 + 2) * 3 - 4 / 2 )) $((~5)) $((5 ^ 3)) $((i ? 10 : 20))

echo "== functions"
factorial() { if [ "$1" -le 1 ]; then echo 1; else echo $(($1 * $(factorial $(($1 - 1))))); fi; }
factorial 10
locals() { local v=in; echo $v; return 9; }
v=out; locals; echo "$? $v"
fibonacci() { [ "$1" -lt 2 ] && { echo "$1"; return; }; echo $(($(fibonacci $(($1 - 1))) + $(fibonacci $(($1 - 2))))); }
fibonacci 7

echo "== getopts"
parse() {
	OPTIND=1
	while getopts "ab:c" option "$@"; do
		case $option in
		a | c) echo "flag $option" ;;
		b) echo "b is $OPTARG" ;;
		*) echo "unknown" ;;
		esac
	done
	shift $((OPTIND - 1))
	echo "rest: $*"
}
parse -a -b value -c x y
parse -bvalue -- -a
parse -z 2>&1

echo "== expansion"
p=/usr/lib/thing.tar.gz
echo "${p##*/} ${p%/*} ${p%%.*} ${p#*.} ${#p} ${unset:-default} ${p:5:3} ${p/lib/LIB}"
set -- a "b c" d; echo "$# $2"; for a in "$@"; do echo "($a)"; done
IFS=:; set -- a:b:c; echo "$1"; w=a:b:c; set -- $w; echo "$# $3"; unset IFS
mkdir glob; cd glob; touch a1 a2 b1 .hidden; echo * a? [ab]1 nomatch*; cd ..
case "hello.c" in *.h) echo header ;; *.c) echo source ;; esac

echo "== read loops"
printf 'a b c\nd e f\n' | while read -r x y; do echo "$y-$x"; done
printf 'no newline' | { read -r x; echo "$? $x"; }
printf '1\n2\n3\n' >numbers
sum=0; while read -r n; do sum=$((sum + n)); done <numbers; echo $sum
exec 3<numbers; read -r x <&3; read -r y <&3; echo "$x $y"; exec 3<&-
read -r x </dev/null; echo "status $?"

echo "== redirections"
{ echo out; echo err >&2; } >both 2>&1; cat both
echo more >>both; wc -l <both
ls /nonexistent 2>/dev/null; echo "status $?"
exec 4>four; echo to four >&4; exec 4>&-; cat four
echo data 1<>rw; cat rw
set -C; echo no >four 2>/dev/null; echo "noclobber $?"; echo yes >|four; cat four; set +C
cat <numbers - </dev/null | wc -l
{ echo a >&3; } 3>&1 | cat

echo "== set -e, set -u, exit"
ash -c 'set -e; false; echo not reached'; echo "status $?"
ash -c 'set -u; echo $undefined' 2>/dev/null; echo "status $?"
ash -c 'trap "echo bye" EXIT; exit 5'; echo "status $?"
ash -c 'exec nosuchprogram' 2>/dev/null; echo "status $?"
ash -c 'exec /tmp' 2>/dev/null; echo "status $?"
eval 'e=1; echo eval $e'
printf '. ./sourced; echo "$FROM"\n' >main; echo 'FROM=sourced' >sourced; ash ./main
printf '%s|%5d|%-5s|%05.1f|%x|%o|%c\n' str 42 ab 3.14159 255 8 z
test -f main -a -d glob && echo files
[ -s /dev/null ] || echo empty
[ -x /bin/busybox ] && [ ! -e nothing ] && echo tests
command -v cat; type cd | head -n 1
