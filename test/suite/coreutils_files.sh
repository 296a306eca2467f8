#!/bin/bash
# SPDX-License-Identifier: MIT
# coreutils on files: links, copies, modes, times, names, directories, and the errors of each.

echo "== links"
echo one >a; ln a b; ln -s a c; ln -s nowhere dangling; stat -c '%n %h %s %F' a b c dangling; [ a -ef b ] && echo same; readlink c; readlink -f c; realpath dangling nosuch/x; cat dangling; ln a b; ln -f c b; ln -sfn / c; readlink c
ln -s loop loop; cat loop; ln -s loop2 loop1; ln -s loop1 loop2; ls loop1/; mkdir d; ln d hard; ln -r -s d/x rel; readlink rel
i=0; ln -s a l0; while [ $i -lt 39 ]; do ln -s l$i l$((i + 1)); i=$((i + 1)); done; cat l39 | head -n 1; ln -s l39 l40; ln -s l40 l41; cat l41

echo "== cp, mv, rm, mkdir, rmdir"
rm -f *; mkdir -p t/u/v t/w; for i in 1 2 3; do echo "file $i" >t/u/f$i; done; ln -s ../u/f1 t/w/link; ln t/u/f2 t/w/hard; mkfifo t/fifo; chmod 640 t/u/f3; chmod 2755 t/w; touch -d '2001-02-03 04:05:06.789' t/u/f1 t/u
cp -a t copy; (cd t; find . | sort | xargs stat -c '%n %F %a %h %Y') >s1; (cd copy; find . | sort | xargs stat -c '%n %F %a %h %Y') >s2; diff s1 s2 | grep -v ' \./* '; stat -c %y copy/u/f1; diff -r --no-dereference t/u copy/u && echo equal
cp t nothere; cp -r t t/u; cp nosuch x; cp t/u/f1 t/u/f1; cp -n t/u/f1 t/u/f2; cp -u t/u/f2 t/u/f3; cat t/u/f3; cp --parents t/u/f1 copy; ls copy copy/t/u; cp -l t/u/f1 linked; stat -c %h linked; cp -s t/u/f1 sym; cp --sparse=always /dev/null empty; cp --preserve=mode t/u/f3 p; stat -c %a p; cp -b t/u/f1 p; ls p~
mv copy moved; mv moved/u/f1 moved/g1; mv nosuch x; mv t/u t/u/v; mkdir e; mv moved e; ls -R e | head -n 12; mv -n linked sym; mv -T e/moved t; mkdir full; touch full/x; mv -T e full; rmdir full; rmdir nosuch; rm d; rm nosuch; rm -r e t full; ls
mkdir a/b; mkdir -p a/b; mkdir -p a/b; mkdir a; mkdir -m 700 m; stat -c %a m; touch a/file; mkdir a/file/x; rmdir -p a/b; rm -r a m; unlink nosuch; link linked link2; unlink link2

echo "== modes and owners"
touch f; chmod 0 f; stat -c %A f; chmod u=rwx,g=rx,o= f; stat -c '%a %A' f; chmod a+t,u+s,g+s f; stat -c '%a %A' f; chmod -R go-w .; chmod 777 nosuch; chmod +x f; mkdir -m 1777 sticky; stat -c %A sticky; (umask 077; touch u; stat -c %a u)
chown 1000:1000 f; stat -c '%u %g %U %G %a' f; chown root f; chgrp user f; stat -c '%U %G' f; install -m 751 -D f deep/er/file; stat -c %a deep/er/file
chmod 600 u; setpriv --reuid=1000 --regid=1000 --clear-groups cat u; setpriv --reuid=1000 --regid=1000 --clear-groups sh -c 'echo x >u; rm -f u; mkdir no; touch sticky/mine; rm sticky/mine; id -u; cd /root'

echo "== times"
touch -d '1999-12-31 23:59:59 UTC' f; stat -c '%Y %X' f; touch -a -d @5 f; stat -c '%Y %X' f; touch -r f g; stat -c %Y g; touch -c nosuch; date -u -r f +%F; [ f -ot u ] && echo older; touch -d '1960-01-01 UTC' f; stat -c %Y f; touch -t 203801190314.08 f; [ "$(stat -c %Y f)" -gt 2000000000 ] && echo 2038; touch new; [ new -nt f ] || echo "not newer"; touch -m -d @1.5 f; stat -c %y f; touch nosuch/f

echo "== ls, du, stat, mktemp, names"
mkdir l; cd l; touch .h b a 'sp ace' $'new\nline' z.txt; mkdir dir; ln -s b s; ls; ls -a; ls -A1 | wc -l; ls -F; ls -Q; ls -b; ls -r; ls -d */; ls -p; printf %10000s >big; ls -S | head -n 1; ls -l big | cut -d ' ' -f 1,2,5; ls -s --block-size=1 big | cut -d ' ' -f 2; ls -i a >/dev/null && echo inode; touch -d @0 b; ls -t | tail -n 1; cd ..
du --apparent-size -b l/big; du -sb --apparent-size l/b; mkdir du; head -c 5000 /dev/zero >du/x; head -c 3000 /dev/zero >du/y; du --apparent-size -B1 du/x du/y; du -a --apparent-size du | wc -l
t=$(mktemp XXXXXX.tmp); [ ${#t} = 10 ] && [ "$(stat -c %a "$t")" = 600 ] && echo mktemp; t=$(mktemp -d); rmdir "$t" && echo mktempdir; basename /a/b.c .c; dirname /a/b/c; pathchk -p 'a b'; n=$(printf 'n%.0s' {1..255}); touch "$n" && echo 255; touch "${n}n"; p=$(printf 'x/%.0s' {1..2100}); cat "$p"; mkdir -p "$(printf 'dd/%.0s' {1..100})" && find dd | wc -l; rm -r dd; cat f/x; cat ''; test -d l -a ! -d f && echo test; stat -c '%F' /dev/null /dev/zero / /dev/tty; stat -c '%t,%T' /dev/null /dev/zero /dev/full /dev/random
cat /dev/full | head -c 3 | od -An -tx1; echo x >/dev/full; echo x >/dev/null; : </dev/null; head -c 10 /dev/urandom | wc -c; cat /dev/stdin <<< in; echo out >/dev/stdout; ls /dev/fd/ >/dev/null && echo fd; sync; shred -u -n 1 g; ls g; mknod p2 p; test -p p2 && echo fifo; mknod null c 1 3 2>/dev/null || echo "mknod $?" >/dev/null; fallocate -l 100000 fa; stat -c %s fa; flock -n fa echo locked; (flock 9; echo "lock held"; flock -n fa echo no || echo busy) 9>fa; mkdir q; cd q; rmdir ../q; touch x; pwd -P 2>/dev/null; cd /tmp; ls /proc/self/cwd >/dev/null && echo cwd; getconf PAGESIZE 2>/dev/null; pwd
mkdir many; cd many; seq 1 2000 | xargs touch; ls | wc -l; ls -f | sort -n | tail -n 1; rm -r ../many && echo removed; cd ..
