#!/bin/bash
# SPDX-License-Identifier: MIT
# Debian's bash: coprocesses, job control, wait -n, traps.

echo "== coprocesses"
coproc bc_like { while read -r a op b; do echo $((a $op b)); done; }
for e in "1 + 2" "6 * 7" "100 - 1"; do echo "$e" >&"${bc_like[1]}"; read -r r <&"${bc_like[0]}"; echo "$e = $r"; done
pid=$bc_like_PID; exec {bc_like[1]}>&-; wait "$pid"; echo "ended $?"
coproc cat; echo hello >&"${COPROC[1]}"; read -r line <&"${COPROC[0]}"; echo "$line"; kill "$COPROC_PID"; wait "$COPROC_PID" 2>/dev/null; echo $?
coproc sed -u 's/a/b/g'
pid=$COPROC_PID
for i in {1..50}; do echo "banana $i" >&"${COPROC[1]}"; read -r line <&"${COPROC[0]}"; done; echo "$line"
eval "exec ${COPROC[1]}>&-"; wait "$pid"; echo "ended $?"

echo "== wait -n"
(sleep 0.05; exit 5) & (sleep 0.25; exit 6) & (sleep 0.45; exit 7) &
wait -n; echo $?; wait -n; echo $?; wait -n; echo $?; wait -n; echo "none left $?"
(sleep 0.1; exit 3) & a=$!; sleep 5 & b=$!
wait -n -p which "$a" "$b"; echo "$? $([[ $which == "$a" ]] && echo the first)"; kill $b; wait $b 2>/dev/null; echo $?

echo "== job control"
set -m
sleep 30 & job=$!
[[ $(ps -o pgid= -p $job | tr -d ' ') == "$job" ]] && echo "a job is a process group"
jobs | sed 's/  */ /g'
kill -STOP %1; sleep 0.1; ps -o stat= -p $job | cut -c 1; jobs | sed 's/  */ /g'
bg %1 >/dev/null; sleep 0.1; ps -o stat= -p $job | cut -c 1
kill %1; wait %1 2>/dev/null; echo "status $?"
sleep 0.1 | sleep 0.1 & wait; echo "pipeline $?"
(kill -STOP $BASHPID; echo continued; exit 8) & job=$!
sleep 0.2; ps -o stat= -p $job | cut -c 1
kill -CONT $job; sleep 0.1; wait $job; echo "status $?"
bash -c 'kill -TSTP $$; echo resumed' & job=$!
sleep 0.2; kill -CONT -$job; sleep 0.2; wait $job; echo "status $?"
(set -m; sleep 30 | sleep 30 | sleep 30 & kill -- -$(jobs -p); wait; sleep 0.1; jobs) >/dev/null 2>&1
disown -a; sleep 0.01 & fg %1 2>/dev/null; echo "fg $?"
set +m

echo "== traps"
trap 'echo "USR1 in $BASHPID"' USR1
sub() { trap 'echo sub; exit 4' TERM; kill -TERM $BASHPID; }
(sub); echo "$?"
trap 'count=$((count + 1))' USR1
for i in {1..20}; do kill -USR1 $$; done; echo "$count"
trap - USR1
bash -c 'trap "echo debug >/dev/null" DEBUG; trap "echo ret" RETURN; f() { :; }; f; . /dev/null; echo end' 
bash -c 'trap "echo exit \$?" EXIT; exit 9'; echo $?
bash -c 'trap "echo chld" CHLD; sleep 0.01; sleep 0.01; :' | sort | uniq -c | sed 's/^ *//'
bash -c 'trap "echo 34" RTMIN; trap "echo 64" RTMAX; kill -RTMIN $$; kill -RTMAX $$; echo end'
bash -c 'kill -RTMIN+5 $$'; echo "status $?"
trap -p; trap 'echo leaving' EXIT; trap -p
(sleep 0.1; kill -ALRM $$) & trap 'echo alarm' ALRM; wait; echo "interrupted $?"; wait
cat >nested <<'END'
trap 'echo outer' INT
bash -c 'trap "echo inner; exit 1" INT; kill -INT $$; sleep 1'
echo "child $?"
END
bash nested

echo "== sessions and signals"
setsid bash -c 'echo "$(ps -o sid= -p $$ | tr -d " ")" >sid; echo $$ >>sid'; sleep 0.1; uniq sid | wc -l
timeout 0.2 bash -c 'trap "echo terminated; exit 2" TERM; sleep 5 & wait'; echo $?
timeout --preserve-status 0.2 sleep 5; echo $?
timeout -k 0.1 0.1 bash -c 'trap "" TERM; while :; do sleep 0.05; done'; echo $?
(trap '' PIPE; yes 2>/dev/null; echo "yes failed: $?" >pipe_status) | head -n 2; sleep 0.1; cat pipe_status
bash -c 'kill -SEGV $$'; echo $?; bash -c 'ulimit -c 0; kill -ABRT $$'; echo $?
nohup bash -c 'kill -HUP $$; echo survived' 2>/dev/null
exec 2>&1
bash -c 'sleep 0.1 & exec sleep 0.2'; echo $?
