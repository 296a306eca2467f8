#!/bin/bash
# SPDX-License-Identifier: MIT
# C programs in four linkings: 64 threads on a mutex and a condition variable; a tree of 1,000 processes.

for way in glibc-static glibc-dynamic musl-static musl-dynamic; do
	echo "== threads, $way"
	/suite/bin/threads-$way
	echo "status $?"
done
for way in glibc-dynamic musl-static; do
	echo "== fork tree, $way"
	/suite/bin/fork_tree-$way 10 1000
	echo "status $?"
	/suite/bin/fork_tree-$way 1 100
done
/suite/bin/fork_tree-musl-static 999 1000
for i in {1..5}; do /suite/bin/fork_tree-musl-static 3 120 & done | sort; wait
echo "== the loaders by hand"
/lib64/ld-linux-x86-64.so.2 /suite/bin/fork_tree-glibc-dynamic 2 3 | head -n 1
/lib/ld-musl-x86_64.so.1 /suite/bin/threads-musl-dynamic | tail -n 1
LD_PRELOAD=/nosuch.so /suite/bin/fork_tree-glibc-dynamic 2 3 | head -n 1
LD_BIND_NOW=1 /suite/bin/fork_tree-glibc-dynamic 2 3 | head -n 1
LD_TRACE_LOADED_OBJECTS=1 /bin/cat | sed 's/ (0x.*//; s/^\t//'
grep -c '^Threads:' /proc/self/status
