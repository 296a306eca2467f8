#!/bin/bash
# SPDX-License-Identifier: MIT
# A server that forks a child to save its memory while it changes it: one, then three at once.
# options: --mem 512M

/suite/bin/snapshot-glibc-dynamic 96
echo "status $?"
for n in 1 2 3; do
	/suite/bin/snapshot-musl-static $((n * 8)) /tmp/snapshot.$n &
done | sort
wait
echo /tmp/snapshot*
