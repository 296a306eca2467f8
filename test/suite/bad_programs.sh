#!/bin/bash
# SPDX-License-Identifier: MIT
# Programs that cannot be run, and those that go too far: each gets Linux's error, and what follows runs as if nothing had been.

run() { "$@"; echo "status $?"; }
bytes() { printf "$1" | dd of="$2" bs=1 seek="$3" conv=notrunc status=none; }
copy() { cp /suite/bin/fork_tree-musl-static "$1"; }
echo "== not found, not executable"
run nosuch; run ./nosuch; run /tmp; run /etc/passwd; touch empty; chmod +x empty; run ./empty; run /etc/passwd/x; run ''; echo 'echo run by the shell' >text; chmod +x text; run ./text; run env ./text; run env ./nosuch; run env /tmp; chmod 0 text; run ./text; run env "./$(printf 'n%.0s' {1..300})"; ln -s self self; run ./self; mkfifo fifo; chmod +x fifo; run env ./fifo; run env /dev/null
echo "== #!"
script() { printf "$1" >script; chmod +x script; run env ./script a b; }
script '#!/bin/echo\n'; script '#!/bin/echo one two\n'; script '#! \t /bin/echo  x  \n'; script '#!/nosuch\n'; script '#!\n'; script '#!   \n'; script '#!/tmp\n'; script '#!/bin/ech'; script '#!/bin/echo'; script "#!/$(printf 'x%.0s' {1..300})\n"; script "#!/bin/echo $(printf 'x%.0s' {1..300})\n"; script '#!./script\n'; for i in 1 2 3 4 5 6 7; do printf '#!./s%d\n' $((i + 1)) >s$i; chmod +x s$i; done; printf '#!/bin/echo deep\n' >s5; run env ./s1; run env ./s2; printf '#!./s7\n' >s6; printf '#!./s6\n' >s7; run env ./s7; printf '#!/bin/sh\necho "$0 $#"\n' >noexec; run env ./noexec; chmod +x noexec; run env ./noexec 'a b' c; printf '#!/bin/sh\r\n' >crlf; chmod +x crlf; run env ./crlf
echo "== ELF"
size=$(stat -c %s /suite/bin/fork_tree-musl-static); copy whole; run ./whole 2 3
for n in 1 4 16 63 64 100 119 120 200; do copy cut; truncate -s $n cut; echo "cut at $n"; run env ./cut 2 3 2>&1 | sed 's/.*: //'; done
mutate() { copy bad; bytes "$2" bad "$3"; echo "$1"; (run env ./bad 2 3) 2>&1 | sed 's/.*: //; s/^ *[0-9]* Seg/Seg/'; }
mutate magic '\177ELG' 0; mutate 'class 32' '\1' 4; mutate 'big endian' '\2' 5; mutate 'a core file' '\4\0' 16; mutate 'an object' '\1\0' 16; mutate 'machine' '\267\0' 18; mutate 'no program headers' '\0\0' 56; mutate 'too many program headers' '\377\377' 56; mutate 'program headers beyond the end' '\0\0\0\177' 32; mutate 'size of a program header' '\70\1' 54; mutate 'size 0' '\0\0' 54; mutate 'entry' '\0\0\0\0\0\0\0\0' 24
head=64
dynamic() { cp /suite/bin/fork_tree-glibc-dynamic bad; }
interp=$(grep -abo /lib64/ld-linux-x86-64.so.2 /suite/bin/fork_tree-glibc-dynamic | head -n 1 | cut -d : -f 1)
dynamic; bytes /lib64/ld-nosuch-x86-64 bad $interp; run ./bad 2 3; run env ./bad; dynamic; bytes '/etc/passwd\0' bad $interp; run env ./bad 2 3; dynamic; bytes '/tmp\0' bad $interp; run env ./bad 2 3; dynamic; bytes '\377' bad $((interp + 27)); run env ./bad 2 3 2>&1 | sed 's/.*: //'; cp /lib64/ld-linux-x86-64.so.2 loader; chmod +x loader; run ./loader --verify ./bad
echo "== the limit of arguments"
long=$(head -c 131071 /dev/zero | tr '\0' x); run env true "$long"; run env true "$long"x 2>&1 | sed 's/.*: //'; many() { seq 1 $1 | xargs -s 4000000 env true; }; args=(); for i in {1..15}; do args+=("$long"); done; run env true "${args[@]}"; for i in {1..2}; do args+=("$long"); done; run env true "${args[@]}" 2>&1 | sed 's/.*: //'; (ulimit -s 256; run env true "$long" 2>&1 | sed 's/.*: //'; run env true "${long:0:60000}"; run env true "${long:0:1000}" "$long" "$long" 2>&1 | sed 's/.*: //')
echo "== a full tmpfs"
mkdir full; if busybox mount -t tmpfs -o size=1m,nr_inodes=20 tmpfs full 2>/dev/null; then head -c 2000000 /dev/zero >full/big; echo "status $?"; stat -c %s full/big; echo more >full/more; cat full/more; rm -f full/*; for i in {1..30}; do : >full/$i || break; done; ls full | wc -l; mkdir full/d; ln -s x full/l; rm -f full/*; head -c 1000000 /dev/zero >full/again; echo "status $?"; cp full/again full/twice; mv full/again moved; stat -c %s moved; fallocate -l 2m full/f; truncate -s 100m full/sparse; dd if=/dev/zero of=full/sparse bs=1M seek=50 count=1 conv=notrunc status=none; df --output=size,iused full | tail -n 1; busybox umount full; fi
echo "== too many processes"
run setpriv --reuid=1000 --regid=1000 --clear-groups bash -c 'ulimit -u 20; exec busybox sh -c "for i in $(seq -s \  1 30); do sleep 5 & done"' 2>/dev/null; setpriv --reuid=1000 --regid=1000 --clear-groups bash -c 'ulimit -u 30; bomb() { bomb | bomb & }; bomb; sleep 0.5; kill -9 -1' >/dev/null 2>&1; sleep 0.3; pkill -9 -u 1000; sleep 0.2; echo "after the bomb: $(pgrep -u 1000 | wc -l)"; run env true
echo "== too many descriptors, too big files, too much stack, no memory"
(ulimit -n 10; exec 9</dev/null; cat <(cat <(cat /etc/group)) 2>&1 | head -n 1 | grep -c .); (ulimit -f 1; run sh -c 'head -c 10000 /dev/zero >limited') 2>/dev/null; (ulimit -c 0; recursion() { recursion; }; ulimit -s 256; run bash -c 'f() { f; }; f') 2>/dev/null; (ulimit -v 50000; gawk 'BEGIN { s = "x"; while (1) s = s s }' 2>/dev/null; echo "status $?"); (ulimit -d 5000; gawk 'BEGIN { s = "x"; while (1) s = s s }' 2>/dev/null; echo "status $?")
