# SPDX-License-Identifier: MIT
# Disks: --disk, --swap, what is on the host's side of them, and errors of the host's file.

refused() {
	local option=$1 value=$2
	expect "125 for: $option $value" 125 "$(status "$QUIRE" run "$option" "$value" true)"
	expect_match "... with a message" "quire: $option*$3*" "$(cat status.err)"
}

truncate -s 4M disk
: >empty
mkdir directory
refused --disk /no/such/file "No such file"
refused --disk directory "neither a file nor a block device"
refused --disk empty "empty"
refused --disk disk,rw "No such file"
refused --swap 1K "too small"
refused --swap lots "not a size"
refused --swap 0 "not a size"
expect "125 for too many disks" 125 "$(status "$QUIRE" run --swap 1M --disk disk --disk disk --disk disk \
	--disk disk --disk disk --disk disk --disk disk true)"
if [ "$(id -u)" != 0 ]; then
	cp disk readable
	chmod a-w readable
	refused --disk readable "Permission denied; write --disk FILE,ro"
fi
# What comes after needs a kernel with the driver in it.
if quire --disk disk -- test -b /dev/vda </dev/null; then

head -c 3000000 /dev/urandom >input
head -c 1048576 /dev/urandom >second
expect "--disk of a file with a comma in its name" 8192 \
	"$(truncate -s 4M 'a,b' && quire --disk 'a,b' -- cat /sys/block/vda/size </dev/null)"
expect "disks come in the order given" "8192 0 2048 1" "$(quire --disk disk --disk second,ro -- sh -c \
	'echo $(cat /sys/block/vda/size /sys/block/vda/ro /sys/block/vdb/size /sys/block/vdb/ro)' </dev/null)"
quire --disk disk -- dd of=/dev/vda bs=64k <input 2>/dev/null
expect "what the guest writes is in the file" same "$(cmp -n 3000000 disk input && echo same)"
expect "... which keeps its size" 4194304 "$(stat -c %s disk)"
quire --disk disk,ro -- head -c 3000000 /dev/vda >output </dev/null
expect "what is in the file the guest reads" same "$(cmp output input && echo same)"
cp second before
expect "a disk with ,ro cannot be written" 1 \
	"$(status quire --disk second,ro -- dd if=/dev/zero of=/dev/vda bs=512 count=1)"
expect "... and is as it was" same "$(cmp second before && echo same)"
quire --disk disk -- sh -c '(exec 3>/dev/vda; echo tail >&3; exec sleep 1000) & sleep 0.2' </dev/null
expect "what a process that is left behind wrote is in the file" tail "$(head -n 1 disk)"

expect "--swap SIZE" "/dev/vda 32764" \
	"$(quire --swap 32M -- awk 'NR == 2 { print $1, $3 }' /proc/swaps </dev/null)"
expect "the swap comes after the disks" "/dev/vdb" \
	"$(quire --swap 64K --disk disk -- awk 'NR == 2 { print $1 }' /proc/swaps </dev/null)"
TMPDIR=$PWD/directory quire --swap 16M -- true </dev/null
expect "the swap's file leaves nothing behind" "" "$(ls directory)"
expect "... and must have a place" 125 "$(TMPDIR=/no/such/place status quire --swap 16M -- true)"

# Errors of the host's, by QEMU's blkdebug: sector 100 cannot be read, 200 not written.
truncate -s 1M faulty
cat >rules <<'END'
[inject-error]
event = "none"
iotype = "read"
errno = "5"
sector = "100"
[inject-error]
event = "none"
iotype = "write"
errno = "5"
sector = "200"
END
with_errors() {
	quire --qemu-arg -blockdev --qemu-arg "driver=blkdebug,node-name=faulty,config=$PWD/rules,image.driver=file,image.filename=$PWD/faulty" \
		--qemu-arg -device --qemu-arg virtio-blk-device,drive=faulty,rerror=report,werror=report "$@"
}
expect "a bad sector is an error of its page" "96 104 1" "$(with_errors -- sh -c '
	dd if=/dev/vda of=/tmp/a bs=512 2>/dev/null
	echo $(($(stat -c %s /tmp/a) / 512)) $(dd if=/dev/vda of=/dev/null bs=512 skip=104 count=104 2>&1 |
		sed -n "s/+0 records in//p") $(dd if=/dev/vda of=/dev/null bs=512 skip=100 count=1 2>/dev/null; echo $?)' </dev/null)"
expect "a write that fails is told by fsync" "0 1" "$(with_errors -- sh -c '
	dd if=/dev/zero of=/dev/vda bs=4096 count=1 conv=fsync 2>/dev/null; echo -n "$? "
	dd if=/dev/zero of=/dev/vda bs=4096 seek=25 count=1 conv=fsync 2>/dev/null; echo $?' </dev/null)"

fi
