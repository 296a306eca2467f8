#!/bin/sh
# SPDX-License-Identifier: MIT
# Makes the file tree that guests get without --root: builtin_root.sh DIRECTORY
# It is Debian's static busybox with a link for each of its programs, and the few files that programs expect.
set -eu

root=$1
busybox=${BUSYBOX:-/bin/busybox}

if ! [ -x "$busybox" ]; then
	echo "builtin_root.sh: $busybox not found: install the package busybox-static" >&2
	exit 1
fi

rm -rf "$root.new"
mkdir -p "$root.new"
(
	cd "$root.new"
	mkdir -p usr/bin usr/sbin usr/lib usr/lib64 usr/local/bin etc root home tmp var/tmp run dev proc sys mnt
	chmod 1777 tmp var/tmp
	chmod 700 root
	# As Debian has it: one place for programs, whatever path they are called by.
	ln -s usr/bin bin
	ln -s usr/sbin sbin
	ln -s usr/lib lib
	ln -s usr/lib64 lib64
	ln -s ../run var/run
	cp "$busybox" usr/bin/busybox
	chmod 755 usr/bin/busybox
	"$busybox" --list-full | while read -r path; do
		case $path in
		usr/*) ;;
		*) path=usr/$path ;;
		esac
		[ -e "$path" ] || ln -s "$(case $path in usr/sbin/*) echo ../bin/ ;; esac)busybox" "$path"
	done
	echo 'root:x:0:0:root:/root:/bin/sh' >etc/passwd
	printf 'root:x:0:\ntty:x:5:\n' >etc/group
	printf '127.0.0.1\tlocalhost quire\n' >etc/hosts
	echo quire >etc/hostname
	printf 'passwd: files\ngroup: files\nhosts: files dns\n' >etc/nsswitch.conf
	echo /bin/sh >etc/shells
)
rm -rf "$root"
mv "$root.new" "$root"
