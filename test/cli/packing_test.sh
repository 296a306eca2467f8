# SPDX-License-Identifier: MIT
# Programs that are brought along, and --root.

cat >hello.c <<'C'
#include <stdio.h>
int answer(void);
int main(int argc, char **argv)
{
	return printf("%s %d\n", argv[0], answer()) < 0;
}
C
echo 'int answer(void) { return 42; }' >answer.c
mkdir -p lib other
gcc -shared -fPIC -o lib/libanswer.so answer.c
gcc -o hello hello.c -Llib -lanswer "-Wl,-rpath,\$ORIGIN/lib,--enable-new-dtags"
gcc -o hello-rpath hello.c -Llib -lanswer "-Wl,-rpath,\${ORIGIN}/lib,--disable-new-dtags"
gcc -o hello-bare hello.c -Llib -lanswer
gcc -static -o hello-static hello.c answer.c

expect "a program of the current directory, library by RUNPATH" "./hello 42" "$(quire -- ./hello </dev/null)"
expect "library by RPATH" "./hello-rpath 42" "$(quire -- ./hello-rpath </dev/null)"
expect "library by LD_LIBRARY_PATH" "./hello-bare 42" \
	"$(LD_LIBRARY_PATH=$PWD/lib quire -- ./hello-bare </dev/null)"
expect "a missing library is the linker's error, as outside" 127 "$(status quire -- ./hello-bare)"
expect "a static program" "./hello-static 42" "$(quire -- ./hello-static </dev/null)"
expect "an absolute path" "$PWD/hello 42" "$(quire -- "$PWD/hello" </dev/null)"
ln -s ../hello other/link
expect "a symbolic link" "other/link 42" "$(quire -- other/link </dev/null)"
expect "a program found in PATH" "hello 42" "$(PATH=$PWD:$PATH quire -- hello </dev/null)"
if command -v musl-gcc >/dev/null; then
	echo 'int puts(const char *); int main(void) { return puts("musl") < 0; }' >musl.c
	musl-gcc -o musl musl.c
	musl-gcc -static -o musl-static musl.c
	expect "a dynamic musl program" "musl" "$(quire -- ./musl </dev/null)"
	expect "a static musl program" "musl" "$(quire -- ./musl-static </dev/null)"
fi
expect "a program of this machine" "6" "$(quire -- /bin/bash -c 'echo $((2 * 3))' </dev/null)"
expect "... by its name" "bash" "$(quire -- bash -c 'echo ${BASH##*/}' </dev/null)"
expect "what the root has is not replaced" "busybox" \
	"$(quire -- sh -c 'readlink /usr/bin/ls' </dev/null)"

printf '#!/bin/sh\necho script "$@"\n' >script
printf '#!/usr/bin/env bash\necho "bash $1"\n' >env-script
printf '#!%s/script -x\n' "$PWD" >nested
chmod +x script env-script nested
expect "a script" "script a b" "$(quire -- ./script a b </dev/null)"
expect "a script whose interpreter is found by env" "bash a" "$(quire -- ./env-script a </dev/null)"
expect "a script whose interpreter is a script" "script -x ./nested a" "$(quire -- ./nested a </dev/null)"

mkdir -p root/bin root/etc root/deep/er
cp /bin/busybox root/bin/busybox
ln -s busybox root/bin/sh
ln root/bin/busybox root/bin/cat
echo content >root/deep/er/file
chmod 640 root/deep/er/file
ln root/deep/er/file root/deep/hard
ln -s er/file root/deep/soft
mkfifo root/fifo
touch "root/with space" root/empty
head -c 4096 /dev/urandom >root/page
head -c 4097 /dev/urandom >root/page1
expect "--root: contents" "content" "$(quire --root root -- cat /deep/er/file </dev/null)"
expect "--root: symbolic link" "content" "$(quire --root root -- cat /deep/soft </dev/null)"
expect "--root: modes, owners, links" "640 $(id -u) $(id -g) 2" \
	"$(quire --root root -- /bin/busybox stat -c '%a %u %g %h' /deep/hard </dev/null)"
expect "--root: a fifo" "fifo" "$(quire --root root -- /bin/busybox stat -c %F /fifo </dev/null)"
expect "--root: sizes at page boundaries" "$(cat root/page root/page1 root/empty | sha256sum)" \
	"$(quire --root root -- sh -c 'cat /page /page1 /empty | busybox sha256sum' </dev/null)"
expect "--root: nothing of Quire's is left in it" "bin deep dev empty etc fifo page page1 proc sys tmp with space" \
	"$(quire --root root --cwd / -- /bin/busybox ls / </dev/null | grep -v "^root$" | xargs)" # Linux adds /root
expect "--root: a program that it lacks" "./hello 42" "$(quire --root root -- ./hello </dev/null)"
if [ "$(id -u)" != 0 ]; then
	mkdir -p locked/in
	chmod 000 locked/in
	expect "--root: what cannot be read is an error" 125 "$(status quire --root locked -- true)"
fi
expect "--root larger than --mem" 125 "$(status quire --root root --mem 1M -- true)"
expect_match "... with a message" "quire: the root takes *" "$(cat status.err)"
expect "/tmp can be written to by all" 1777 "$(quire --root root -- /bin/busybox stat -c %a /tmp </dev/null)"
