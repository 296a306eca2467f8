#!/bin/bash
# SPDX-License-Identifier: MIT
# coreutils about processes and streams: timeout, env, nohup, nice, tee, tail -f, fifos, stdbuf.

echo "== timeout, env, nice, nohup, chroot"
timeout 5 true; echo $?; timeout 0.1 sleep 5; echo $?; timeout -s INT 0.1 sleep 5; echo $?; timeout 5 nosuch; echo $?; timeout 5 /tmp; echo $?; timeout -v 0.1 sleep 3; timeout 0.1 sh -c 'sleep 3 | sleep 3'; echo $?
env -i A=b C=d env; env -u HOME sh -c 'echo ${HOME-unset}'; env -C / pwd; env -S 'printf %s\n a b'; env nosuch; echo $?; env -0 -i X=1 | od -c | head -n 1; env --default-signal=PIPE sh -c 'yes | head -n 1'; env --ignore-signal=TERM sh -c 'kill $$; echo ignored'; printenv PATH
nice; nice -n 5 nice; nice -n 5 nice -n 7 nice; nice -n 40 nice; nice -n -5 nice; nohup echo out 2>/dev/null; nohup nosuch; echo $?; chroot / pwd; chroot /nosuch x; echo $?
id -u; id -un; groups; whoami; logname 2>/dev/null || echo "no login"; uname -s -m; nproc >/dev/null && echo nproc; hostname 2>/dev/null; arch; tty; echo $?; test -t 0 || echo "not a terminal"; sleep 0.01 0.01; sleep inf 2>/dev/null & kill $!; wait $!; echo $?; usleep 1 2>/dev/null; date +%s | grep -c '^1'

echo "== tee, tail -f, pipes, fifos"
seq 3 | tee a b >c; cat a b c | wc -l; seq 3 | tee -a a | tail -n 1; wc -l <a; seq 100000 | tee /dev/null | tail -n 1; seq 5 | tee /dev/full 2>&1 >/dev/null; echo $?; tee -p /nosuch/x </dev/null; seq 200000 | tee -p x | head -n 1; tail -n 1 x
echo start >log; timeout 1.5 tail -s 0.1 -f log >followed 2>/dev/null & sleep 0.2; echo second >>log; sleep 0.2; echo third >>log; wait; cat followed; timeout 0.6 tail -F -s 0.1 later >later.out 2>/dev/null & sleep 0.2; echo appeared >later; wait; cat later.out; sleep 0.4 & timeout 5 tail --pid=$! -s 0.1 -f log >/dev/null 2>&1; echo "tail --pid $?"
mkfifo f; cat <f >got & seq 1 50000 >f; wait; tail -n 1 got; mkfifo g h; (while read -r x; do echo $((x * 2)); done <g >h) & (seq 1 5 >g) & cat h; wait; timeout 0.1 cat f; echo $?; timeout 0.1 sh -c 'echo x >f'; echo $?; mkfifo f; dd if=f iflag=nonblock status=none; echo $?; dd of=f oflag=nonblock if=/dev/null; 
exec 3<>f; echo data >&3; head -n 1 <&3; exec 3>&-; (sleep 0.1; echo late) | cat; (echo early; sleep 0.2) | head -n 1; seq 1000000 | head -n 1; echo "${PIPESTATUS[@]}"; head -c 3000000 /dev/zero | cat | cat | wc -c; (trap '' PIPE; seq 1 100000 2>&1 >&3 | true) 3>&1 | head -n 1; for i in {1..20}; do echo $i | cat; done | md5sum; cat <(cat <(cat <(echo deep))); : | cat -; exec 5< <(seq 3); read -r -u 5 x; cat <&5; 

echo "== many descriptors, deep pipelines, big environments"
for i in {10..200}; do eval "exec $i</dev/null"; done; ls /proc/self/fd | wc -l; for i in {10..200}; do eval "exec $i<&-"; done; cmd="cat"; for i in {1..60}; do cmd="$cmd | cat"; done; echo "through 61 cats" | eval "$cmd"
big=$(head -c 100000 /dev/zero | tr '\0' e); BIG=$big env | wc -c; /bin/echo $(seq 1 30000) | wc -c; X=$(head -c 131072 /dev/zero | tr '\0' e) env; echo $?; echo "$big" | wc -c; (export A1=$big A2=$big A3=$big; env | wc -c); /bin/true $(seq 1 600000); echo $?
exec >closed.out; echo visible; exec >&-; echo hidden; echo $? >&2; cat closed.out >&2; exec >/dev/null; cat <&- ; echo x | cat >&-; ls >&-; true
