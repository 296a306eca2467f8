#!/bin/sh
# SPDX-License-Identifier: MIT
# Prepares the suite's run on Linux: prepare.sh DIRECTORY
# Fetches Debian's cloud kernel into DIRECTORY and makes what qemu.sh adds to each guest: the virtio modules and an
# init that loads them before Quire's.
set -eu

dir=$1
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$dir"
cd "$dir"
if ! [ -e vmlinuz ]; then
	package=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p')
	[ -e "$package"*.deb ] || apt-get download "$package"
	dpkg -x "$package"*.deb unpacked
	cp unpacked/boot/vmlinuz-* vmlinuz
fi
rm -rf extra
mkdir -p extra/.linux
for module in virtio/virtio virtio/virtio_ring virtio/virtio_mmio char/virtio_console; do
	cp unpacked/lib/modules/*/kernel/drivers/$module.ko extra/.linux/
done
gcc -O2 -Wall -static -o extra/.linux/init "$here/modules_init.c"
(cd extra && find .linux | busybox cpio -o -H newc 2>/dev/null) >extra.cpio
