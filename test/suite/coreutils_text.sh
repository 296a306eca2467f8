#!/bin/bash
# SPDX-License-Identifier: MIT
# coreutils on text and bytes: what they print is a function of what they read.

seq 1 5000 | awk '{ print ($1 * 7919) % 5003, "word" $1 % 17, $1 }' >data

echo "== sort, uniq, cut, join, comm"
sort -n data | head -n 3; sort -k2,2 -k1,1nr data | sha256sum; sort -R --random-source=/bin/ls data | sort -n | cmp - <(sort -n data) && echo same
sort -u -k2,2 data | cut -d ' ' -f 2 | wc -l; cut -d ' ' -f 2 data | sort | uniq -c | sort -rn | head -n 3
sort -S 64K -T . --parallel=2 data | sha256sum; sort -c data 2>/dev/null; echo "sorted $?"
sort -m <(sort -n data) <(seq 10) -n | wc -l; sort -t: -k3n /etc/passwd; sort -V <<< $'v1.10\nv1.9'; sort -h <<< $'2K\n1M\n3'
join <(sort -k1,1 data | head -n 20) <(sort -k1,1 data | head -n 10) | wc -l
comm -12 <(seq 1 20 | sort) <(seq 10 30 | sort) | tr '\n' ' '; echo; comm -3 <(printf 'a\nb\n') <(printf 'b\nc\n')
uniq -d <<< $'a\na\nb'; uniq -u <<< $'a\na\nb'; tsort <<< $'a b\nb c'

echo "== tr, paste, fold, fmt, nl, expand, column"
tr -d aeiou <<< "hello quire"; tr -s ' ' <<< "a   b"; tr -c 'a-z\n' . <<< "Ab1c"; tr '[:lower:]' '[:upper:]' <<< abc
seq 6 | paste -sd+; seq 6 | paste - - -; fold -w 10 <<< "a long line that is folded"; fmt -w 20 <<< "one two three four five six seven"
nl <<< $'x\ny'; expand <<< $'a\tb' ; unexpand -a <<< "        x"; column -t <<< $'a bb\nccc d'; pr -t -2 <(seq 4); tac <(seq 3); rev <<< abc

echo "== head, tail, split, csplit"
seq 100 | head -n -97; seq 100 | tail -n 2; seq 100 | tail -n +99; head -c 5 data; tail -c 6 data; seq 10 | head -q -n 1 - data
split -l 1000 data part.; ls part.*; cat part.* | cmp - data && echo joined
split -n 4 -d data n.; wc -c n.* | tail -n 1; split -b 10K --filter='wc -c' data | sort -n | uniq -c
csplit -s data /word0/ '{2}'; ls xx*; cat xx* | cmp - data && echo joined

echo "== sums and encodings"
md5sum data; sha1sum data; sha256sum data; sha512sum data | cut -c 1-32; b2sum data | cut -c 1-32; cksum data; sum data
sha256sum data >sums; sha256sum -c sums; echo "changed" >>data; sha256sum -c sums 2>/dev/null; echo "status $?"
base64 <<< "binary safe" ; base64 -w 0 data | base64 -d | cmp - data && echo base64; base32 <<< x; printf 'a\0\377' | od -An -tx1; od -A d -t x2z -N 32 data
printf 'abc' | xxd 2>/dev/null || hexdump -C <<< "abc"; od -tf8 -N 8 <(printf '\0\0\0\0\0\0\360\77'); basenc --base16 <<< hi

echo "== dd, truncate, wc, cat"
dd if=data of=copy bs=1000 status=none; cmp data copy && echo dd
dd if=data bs=1 skip=10 count=5 status=none; echo; dd if=/dev/zero of=sparse bs=1M seek=8 count=0 status=none; stat -c %s sparse
dd if=/dev/zero bs=64K count=64 2>/dev/null | dd of=/dev/null bs=100 iflag=fullblock 2>&1 | head -n 2; printf abcdef | dd conv=swab,ucase status=none; echo
dd if=data of=copy bs=10 seek=3 count=1 conv=notrunc status=none; cmp data copy | sed 's/,.*//'; dd if=/dev/zero of=/dev/full bs=10 count=1 2>&1 | head -n 1
truncate -s 5 copy; stat -c %s copy; truncate -s +10 copy; od -c copy | head -n 2; wc /etc/passwd; wc -L data; cat -A <<< $'\ttab\x01'; cat -n <<< a; cat -s <<< $'\n\n\nx'

echo "== shuf, seq, numbers"
shuf --random-source=/bin/bash -i 1-100 | head -n 5 | tr '\n' ' '; shuf -n 3 --random-source=data data | wc -l; seq -s, 1 2 9; seq -w 8 11; seq 1 -0.5 0
factor 1234567890 18446744073709551615; numfmt --to=iec 1048576; numfmt --from=si 5K; expr 6 \* 7; expr length abc; printf '%d %s\n' 1 a 2 b; echo -e 'a\tb\\n'
yes quire | head -n 100000 | sha256sum; seq 1 300000 | sort -rn | tail -n 1; head -c 1000000 /dev/zero | tr '\0' x | wc -c; date -u -d @1000000000 +%FT%TZ; date -d 2020-02-29 +%j
cat nosuch; head nosuch; sort nosuch; cat /; wc /; echo x >/nosuch/x; true
