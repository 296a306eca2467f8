# SPDX-License-Identifier: MIT
# What quire exits with.

expect "0 for a program that succeeds" 0 "$(status quire -- true)"
expect "the program's own status" 42 "$(status quire -- sh -c 'exit 42')"
expect "255 is passed on" 255 "$(status quire -- sh -c 'exit 255')"
expect "128+9 for a program that SIGKILL ended" 137 "$(status quire -- sh -c 'kill -9 $$')"
expect "128+15 for a program that SIGTERM ended" 143 "$(status quire -- sh -c 'kill -TERM $$')"
expect "128+11 for a program that SIGSEGV ended" 139 "$(status quire -- sh -c 'kill -SEGV $$')"

expect "127 for a name that is nowhere" 127 "$(status quire -- no-such-program)"
expect "... with a message" "quire: no-such-program: program not found" "$(cat status.err)"
expect "127 for a path that does not exist" 127 "$(status quire -- ./no-such-program)"
expect "... with Linux's error" "quire: ./no-such-program: No such file or directory" "$(cat status.err)"
expect "127 for an empty name" 127 "$(status quire -- '')"
echo data >plain
expect "126 for a file without x" 126 "$(status quire -- ./plain)"
expect "... with Linux's error" "quire: ./plain: Permission denied" "$(cat status.err)"
expect "126 for a directory" 126 "$(status quire -- /usr)"
head -c 100 /bin/true >truncated
chmod +x truncated
expect "126 for a truncated ELF file" 126 "$(status quire -- ./truncated)"
expect "... with Linux's error" "quire: ./truncated: Exec format error" "$(cat status.err)"
printf '#!/no/such/interpreter\n' >lost
chmod +x lost
expect "127 for a script whose interpreter does not exist" 127 "$(status quire -- ./lost)"
printf '#!%s/loop\n' "$PWD" >loop
chmod +x loop
expect "126 for a script that is its own interpreter" 126 "$(status quire -- ./loop)"
expect "... with Linux's error" "quire: ./loop: Too many levels of symbolic links" "$(cat status.err)"

expect "124 when --timeout passes" 124 "$(status quire --timeout 2 -- sleep 100)"
expect "--timeout lets the program clean up" "cleaned"$'\n'124 \
	"$(quire --timeout 8 -- sh -c 'trap "echo cleaned; exit 3" TERM; while :; do sleep 0.1; done' </dev/null
		echo $?)"
expect "--timeout ends a program that ignores SIGTERM" 124 \
	"$(status quire --timeout 3 -- sh -c 'trap "" TERM; while :; do sleep 1; done')"
expect "a program that is faster than --timeout is not touched" 3 "$(status quire --timeout 50 -- sh -c 'exit 3')"
expect "120 when the program switches the machine off" 120 "$(status quire -- poweroff -f)"
expect "processes left behind end with the program" 5 "$(status quire -- sh -c 'sleep 100 & exit 5')"
expect "orphans are reaped" "0" \
	"$(quire -- sh -c '(sh -c "sleep 0.1 & exit" &) ; sleep 0.5; ps -o stat | grep -c Z' </dev/null)"

# Kernels of a few instructions, started as Quire is (PVH), that end the machine before any program runs.
tiny_kernel() {
	cat >tiny.S <<S
.section .note.pvh, "a", @note
.align 4
.long 4, 4, 18
.asciz "Xen"
.long start
.text
.code32
.globl start
start:
$1
1:	jmp 1b
S
	gcc -c -o tiny.o tiny.S && ld -Ttext=0x100000 -e start -N -o tiny tiny.o 2>/dev/null
}

tiny_kernel 'mov $0x3f8, %dx
	mov $0x21, %al
	out %al, %dx
	mov $0xf4, %dx
	mov $0x3d, %al
	out %al, %dx'
expect "121 when the kernel panics" 121 "$(status quire --kernel ./tiny -- true)"
expect_match "... with its last words" "*!*quire: the guest's kernel panicked" "$(cat status.err)"
tiny_kernel 'lidt 1f
	ud2'
expect "125 when the machine resets while it boots" 125 "$(status quire --kernel ./tiny -- true)"
expect "... with a message" "quire: the machine went off before the program could start" "$(cat status.err)"
tiny_kernel ''
expect "124 when the kernel hangs" 124 "$(status quire --timeout 1 --kernel ./tiny -- true)"
