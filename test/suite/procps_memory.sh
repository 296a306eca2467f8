#!/bin/bash
# SPDX-License-Identifier: MIT
# What procps says of memory, slabs and processes, against the files it is to come from. Only verdicts are
# printed: the figures differ from machine to machine.

export TERM=dumb
# near WHAT A B TOLERANCE
near() {
	local d=$(($2 - $3))
	if [ "${d#-}" -le "$4" ]; then echo "$1: agrees"; else echo "$1: $2 and $3"; fi
}
meminfo() { awk -v key="$1:" '$1 == key { print $2 }' /proc/meminfo; }
# Sum of a field of smaps
smaps() { awk -v key="$2:" '$1 == key { n += $2 } END { print n + 0 }' "/proc/$1/smaps"; }

sleep 60 & p=$!
sleep 0.3

echo "== pmap"
pmap -x $p | sed -n 2p | tr -s ' '
pmap -x $p | tail -n 1 | {
	read -r _ _ size rss dirty
	near size "$size" "$(($(smaps $p Size) - $(grep -c vsyscall /proc/$p/maps) * 4))" 4
	near rss "$rss" "$(smaps $p Rss)" 0
	near dirty "$dirty" "$(($(smaps $p Shared_Dirty) + $(smaps $p Private_Dirty)))" 0
}
pmap -X $p | sed -n 2p | tr -s ' '
pmap -X $p | awk -v p=$p 'NR == 2 { for (i = 1; i <= NF; i++) name[i] = $i } NR > 2 && /sleep$/ && $2 ~ /x/ { print $2, $NF, (NF == 0) }
	/^ *=+/ { rule++ } END { print rule }' | sed 's/.*sleep/text: sleep/'
pmap -XX $p | sed -n 2p | tr -s ' '
pmap -X $p | tail -n 1 | {
	read -r size rss pss rest
	near "-X size" "$size" "$(smaps $p Size)" 0
	near "-X rss" "$rss" "$(smaps $p Rss)" 0
	near "-X pss" "$pss" "$(smaps $p Pss)" 600
}
pmap -XX $p | grep -c '\[stack\]'
pmap -d $p | tail -n 1 | sed 's/[0-9]*K/NK/g' | tr -s ' '

echo "== free"
free | head -n 1 | tr -s ' '
free -w | head -n 1 | tr -s ' '
free | awk 'NR == 2 { print $2, $4, $5, $6, $7 }' | {
	read -r total free shared cache available
	near total "$total" "$(meminfo MemTotal)" 0
	near free "$free" "$(meminfo MemFree)" 40000
	near shared "$shared" "$(meminfo Shmem)" 2000
	near cache "$cache" "$(($(meminfo Buffers) + $(meminfo Cached) + $(meminfo SReclaimable)))" 40000
	near available "$available" "$(meminfo MemAvailable)" 40000
}
free -h | awk 'END { print NR, NF }'; free -m -t | tail -n 1 | awk '{ print $1, NF }'; free -b -s 1 -c 1 | wc -l

echo "== vmstat"
vmstat | head -n 2 | tr -s ' -'
vmstat | awk 'NR == 3 { print NF; print $4 > "free" }'; near free "$(cat free)" "$(meminfo MemFree)" 40000
vmstat -s | sed 's/^ *[0-9]* //'
vmstat -s | awk '/total memory/ { print $1 > "total" }'; near total "$(cat total)" "$(meminfo MemTotal)" 0
vmstat -a | sed -n 2p | tr -s ' '; vmstat 1 2 | wc -l
vmstat -m | head -n 1 | tr -s ' '; vmstat -m | awk 'NR > 1 && NF != 5 { bad++ } NR > 1 && $2 > $3 { bad++ } END { print (NR > 10), bad + 0 }'

echo "== slabtop"
slabtop -o | sed -n 's/^ *\(Active[^:]*\|Minimum[^:]*\).*/\1/p'
slabtop -o | sed -n 7p | tr -s ' '
slabtop -o -s c | awk 'NR > 7 && NF == 8 { n++; if (last && $7 + 0 > last) wrong++; last = $7 + 0 } END { print (n > 5), wrong + 0 }'
slabtop -o | sed -n 's/.*Slabs (% used) *: *\([0-9]*\) .*/\1/p' >slabs
near slabs "$(cat slabs)" "$(awk 'NR > 2 { n += $15 } END { print n }' /proc/slabinfo)" 400

echo "== ps"
ps aux | head -n 1 | tr -s ' '; ps -eLf | head -n 1 | tr -s ' '
ps -o rss= -p $p | { read -r rss; near rss "$rss" "$(awk '{ print $2 * 4 }' /proc/$p/statm)" 600; }
ps -o vsz= -p $p | { read -r vsz; near vsz "$vsz" "$(awk '{ print $1 * 4 }' /proc/$p/statm)" 0; }
ps -o pss= -p $p 2>/dev/null | { read -r pss; near pss "$pss" "$(smaps $p Pss)" 600; }
ps aux | awk -v p=$p '$2 == p { print NF, $8, $11, $12 }'; ps -eLf | awk -v p=$p '$2 == p { print NF, $4 == p, $6, $10, $11 }'
ps -eo pid,ppid,min_flt,maj_flt,sz,size,drs,trs,pmem,args | awk -v p=$p '$1 == p { print NF, ($3 > 0), ($5 > 0), $10, $11 }'

echo "== top"
top -b -n1 >top
sed -n '1s/.*\(load average\).*/\1/p; 2s/[0-9]\+/N/gp; 7p' top | tr -s ' '
sed -n 's/[0-9.]\+/N/g; s/\([:,]\) */\1 /g; 3p; 4p; 5p' top | tr -s ' '
awk '/^MiB Mem/ { print int($4) }' top | { read -r total; near total "$total" "$(($(meminfo MemTotal) / 1024))" 1; }
awk -v p=$p '$1 == p { print NF, $8, $12, int($6 / 4) * 4 == $6 }' top; top -b -n1 -H | grep -c '^Threads:'; top -b -n2 -d 0.2 -p $p | grep -c ' sleep$'

kill $p
