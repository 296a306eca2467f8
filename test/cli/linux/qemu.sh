#!/bin/bash
# SPDX-License-Identifier: MIT
# A QEMU for QUIRE_QEMU that makes Debian's kernel usable as Quire's: its virtio drivers are modules and find their
# devices through ACPI. LINUX_DIR is what prepare.sh made.
# Its calibration of the clock fails now and then under emulation on a busy machine.
khz=$(awk "/cpu MHz/ { print int(\$4 * 1000); exit }" /proc/cpuinfo)
arguments=()
while [ $# -gt 0 ]; do
	case $1 in
	-initrd)
		initrd=$(mktemp)
		cat "$2" "$LINUX_DIR/extra.cpio" >"$initrd"
		exec {fd}<"$initrd"
		rm "$initrd"
		arguments+=(-initrd "/dev/fd/$fd")
		shift
		;;
	-append)
		arguments+=(-append "$2 rdinit=/.linux/init panic=-1 mitigations=off tsc_early_khz=$khz")
		shift
		;;
	*) arguments+=("$1") ;;
	esac
	shift
done
exec qemu-system-x86_64 "${arguments[@]}" -machine acpi=on
