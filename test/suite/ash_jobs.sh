#!/bin/busybox ash
# SPDX-License-Identifier: MIT
# busybox ash: background jobs, wait, signals and traps.

echo "== wait"
sleep 0.1 & wait $!; echo "status $?"
(exit 11) & wait $!; echo "status $?"
(sleep 0.05; exit 1) & a=$!
(exit 2) & b=$!
(sleep 0.1; exit 3) & c=$!
wait $b; echo $?; wait $a; echo $?; wait $c; echo $?
for i in 1 2 3 4 5 6 7 8 9 10; do (sleep 0.0$((10 - i)); echo "$i" >>order) & done
wait; sort -n order | tr '\n' ' '; echo
wait 1 2>/dev/null; echo "not a child: $?"

echo "== many jobs"
i=0
while [ $i -lt 60 ]; do (exit $((i % 5))) & i=$((i + 1)); done
wait; echo "all ended: $?"
i=0; while [ $i -lt 100 ]; do : | : ; i=$((i + 1)); done; echo "100 pipelines"
i=0; n=0; while [ $i -lt 50 ]; do n=$((n + $(echo 2))); i=$((i + 1)); done; echo $n

echo "== kill and status"
for signal in HUP INT QUIT KILL TERM USR1 PIPE ALRM; do
	ash -c "kill -$signal \$\$" 2>/dev/null; echo "$signal $?"
done
sleep 30 & kill $!; wait $! 2>/dev/null; echo "sleep $?"
sleep 30 & kill -9 $!; wait $! 2>/dev/null; echo "sleep $?"
kill -0 $$ && echo alive
kill -0 999999 2>/dev/null || echo "no such process"
kill -l 9; kill -l 15

echo "== traps"
ash -c 'trap "echo got USR1" USR1; kill -USR1 $$; echo after'
ash -c 'trap "echo got TERM; exit 3" TERM; kill $$; echo not reached'; echo "status $?"
ash -c 'trap "" TERM; kill $$; echo ignored; trap - TERM; kill $$; echo no'; echo "status $?"
ash -c 'trap "echo exit trap \$?" EXIT; (exit 4)'
ash -c 'trap "echo int" INT; (kill -INT $PPID); kill -INT $$; echo end'
ash -c 'trap "echo parent" USR1; (trap - USR1; kill -USR1 $(ash -c "echo \$PPID"); echo not) ; echo "sub $?"' 2>/dev/null
cat >waiter <<'END'
trap 'echo trapped; n=$((n + 1))' USR1
n=0
(sleep 0.1; kill -USR1 $$; sleep 0.1; kill -USR1 $$; sleep 0.1) &
p=$!
wait $p; echo "interrupted $?"
wait $p; echo "interrupted $?"
wait $p; echo "ended $?"
echo $n
END
ash waiter
cat >child_trap <<'END'
trap 'echo chld' CHLD
sleep 0.01 &
wait
trap - CHLD
echo done
END
ash child_trap | tail -n 1
trap 'echo "last words"' EXIT

echo "== signals to a pipeline"
yes | head -n 1
(yes; echo "yes ended $?" >&2) 2>&1 | head -n 1
ash -c 'yes | (sleep 0.05; exit 6)'; echo "status $?"
cat /dev/zero | head -c 100000 | wc -c
timeout 0.2 sleep 10; echo "timeout $?"
timeout -s KILL 0.2 sleep 10; echo "timeout $?"

echo "== processes"
ash -c 'echo $PPID' >ppid; [ "$(cat ppid)" = $$ ] && echo "the parent is this shell"
a=$(ash -c 'echo $$'); b=$(ash -c 'echo $$'); [ "$a" -lt "$b" ] && echo "pids grow"
(sleep 0.1; echo orphan >orphan) & sleep 0.3; cat orphan
ash -c '(sleep 0.15; ps -o ppid,comm | grep -c "^ *1 .*sleep" >adopted) & sleep 0.02'; 
ash -c 'sleep 0.4 & exit' ; ps -o ppid,args | grep -c '^ *1 sleep 0.4'
mkfifo fifo; (echo through the fifo >fifo) & cat fifo; wait
(cat fifo; cat fifo) & echo 1 >fifo; sleep 0.1; echo 2 >fifo; wait
