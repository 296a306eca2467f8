#!/bin/bash
# SPDX-License-Identifier: MIT
# What procps and util-linux say of swap before, while and after memory is short, against the files it is to come from and
# against each other. Only verdicts are printed. A machine that is not Quire is not made short of memory, and others use it.
# options: --mem 112M --swap 192M

# near WHAT A B TOLERANCE
near() {
	local d=$(($2 - $3))
	if [ ! -e /proc/quire ] || [ "${d#-}" -le "$4" ]; then echo "$1: agrees"; else echo "$1: $2 and $3"; fi
}
meminfo() { awk -v key="$1:" '$1 == key { print $2 }' /proc/meminfo; }
vmstat_of() { awk -v key="$1" '$1 == key { print $2 }' /proc/vmstat; }
# Slots that /proc/quire/memory counts, in KiB
slots() { awk -v key="$1" 'index($0, "  " key " ") == 1 { print $NF * 4 }' /proc/quire/memory 2>/dev/null || echo 0; }

# Pages come and go while the figures are read, KiB. (The guest test swap_truth reads them when none does, and compares exactly.)
moving=4096

check() {
	local total used
	echo "== $1"
	total=$(meminfo SwapTotal) used=$(($(meminfo SwapTotal) - $(meminfo SwapFree)))
	head -n 1 /proc/swaps
	near "/proc/swaps total" "$(awk 'NR > 1 { n += $3 } END { print n + 0 }' /proc/swaps)" "$total" 0
	near "/proc/swaps used" "$(awk 'NR > 1 { n += $4 } END { print n + 0 }' /proc/swaps)" "$used" $moving
	swapon --show=NAME,TYPE,SIZE,USED,PRIO | head -n 1 | tr -s ' ' >shown
	[ "$total" = 0 ] || [ "$(cat shown)" = "NAME TYPE SIZE USED PRIO" ] || cat shown
	near "swapon used" "$(swapon --show=USED --bytes --noheadings | awk '{ n += $1 } END { print n / 1024 }')" "$used" $moving
	near "swapon size" "$(swapon --show=SIZE --bytes --noheadings | awk '{ n += $1 } END { print n / 1024 }')" "$total" 0
	free | awk 'NR == 3 { print $2, $3, $4 }' >free
	read -r free_total free_used free_free <free
	near "free total" "$free_total" "$total" 0
	near "free used" "$free_used" "$used" $moving
	near "free sum" $((free_used + free_free)) "$total" 0
	vmstat -s | awk '/total swap/ { t = $1 } /used swap/ { u = $1 } /pages swapped in/ { i = $1 } /pages swapped out/ { o = $1 } END { print t, u, i, o }' >s
	read -r s_total s_used s_in s_out <s
	near "vmstat -s total" "$s_total" "$total" 0
	near "vmstat -s used" "$s_used" "$used" $moving
	near "vmstat -s in" "$s_in" "$(vmstat_of pswpin)" 1024
	near "vmstat -s out" "$s_out" "$(vmstat_of pswpout)" 1024
	near "vmstat swpd" "$(vmstat | awk 'NR == 3 { print $3 }')" "$used" $moving
	# What each process has, and what each has of what it shares.
	near "VmSwap" "$(cat /proc/[0-9]*/status /proc/[0-9]*/smaps_rollup 2>/dev/null |
		awk '$1 == "VmSwap:" { n += $2 } $1 == "SwapPss:" { n -= $2 } END { print (n > -4096) }')" 1 0
	near "SwapPss" "$(($(cat /proc/[0-9]*/smaps_rollup 2>/dev/null | awk '$1 == "SwapPss:" { n += $2 } END { print n + 0 }') +
		$(slots 'memory files') + $(slots 'for the cache')))" "$used" $moving
	near "slots" "$(slots sum)" "$total" 0
	near "Pss" "$(cat /proc/[0-9]*/smaps_rollup 2>/dev/null | awk '$1 == "Pss:" { n += $2 } END { print n + 0 }')" \
		$(($(meminfo AnonPages) + $(meminfo Mapped))) $moving
}

bytes=1000
[ -e /proc/quire ] && bytes=120000000
check before
out=$(vmstat_of pswpout)
# tail keeps all it has read until it is asked for it.
head -c $bytes /dev/zero | tail -c $bytes | {
	dd bs=1 count=1 2>/dev/null | wc -c
	check during
	if [ -e /proc/quire ]; then
		[ $((($(vmstat_of pswpout) - out) * 4)) -ge 30000 ] || echo "only $(vmstat_of pswpout) pages went to swap"
		[ "$(vmstat_of pgscan_anon)" -ge "$(vmstat_of pgsteal_anon)" ] || echo "more was taken than looked at"
		[ "$(vmstat_of pgpgout)" -ge $((4 * $(vmstat_of pswpout))) ] || echo "not all that was swapped was written"
	fi
	in=$(vmstat_of pswpin)
	vmstat 1 3 >rows &
	wc -c | awk -v all=$bytes '{ print all - $1 }'
	wait
	if [ -e /proc/quire ]; then
		[ $((($(vmstat_of pswpin) - in) * 4)) -ge 30000 ] || echo "only $(($(vmstat_of pswpin) - in)) pages came back"
		awk 'NR > 2 { si += $7; so += $8 } END { if (si == 0) print "vmstat saw nothing come in" }' rows
	fi
	awk 'NR > 2 { print NF }' rows
}
check after
near "left" "$(cat /proc/[0-9]*/smaps_rollup 2>/dev/null | awk '$1 == "SwapPss:" { n += $2 } END { print (n < 20000) }')" 1 0
