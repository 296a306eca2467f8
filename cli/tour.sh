# SPDX-License-Identifier: MIT
# A short tour from inside Quire: run by `make run` in a shell of the virtual machine.
say() { printf '\n\033[1m%s\033[0m\n' "$*"; }

say '$ uname -a'
uname -a

say '$ seq 1 1000 | grep 7 | wc -l        # a pipeline: three processes'
seq 1 1000 | grep 7 | wc -l

say '$ (sleep 0.1; echo "the job says: my pid is $(exec sh -c "echo \$PPID")") & wait'
(sleep 0.1; echo "the job says: my pid is $(exec sh -c 'echo $PPID')") &
echo "started job $!, waiting"
wait

say '$ cat /proc/self/maps                # an address space, from low addresses to high'
cat /proc/self/maps | awk '
	function name() {
		if ($6 == "[heap]") return "heap: grows up by brk(2)"
		if ($6 == "[stack]") return "stack: grows down"
		if ($6 == "[vdso]") return "vDSO: the kernel'\''s code in user mode"
		if ($6 == "[vvar]") return "vDSO data: the clock"
		if ($6 == "" && !heap) return "bss: zeroed data of the program"
		if ($6 == "") return "anonymous mapping"
		if ($2 ~ /x/) return "text: code of the program"
		if ($2 ~ /w/) return "data: initialised variables"
		return "read-only data"
	}
	{ if ($6 == "[heap]") heap = 1; printf "%-34s %-5s %s%s\n", $1, $2, name(), $6 ~ /^\// ? " (" $6 ")" : "" }'
echo "(above that: the canonical hole and the kernel's half of the address space)"
