#!/bin/sh
# The filesystems that the page-cache tests need beside tmpfs.
# tiers: any
# disk: ext4:64

. /guest/tap.sh

module() { # NAME: whether this kernel has it, built in or to be loaded
	grep -qw "$1" /proc/filesystems || modprobe "$1" 2>/dev/null
}

mkdir -p /mnt/ext4 /mnt/overlay /mnt/loop
check "ext4 on the disk" mount -t ext4 /dev/disk /mnt/ext4
check "it takes a file" dd if=/dev/zero of=/mnt/ext4/file bs=1M count=4

if module overlay; then
	mkdir -p /mnt/ext4/lower /mnt/ext4/upper /mnt/ext4/work
	check "overlay on ext4" mount -t overlay overlay \
		-o lowerdir=/mnt/ext4/lower,upperdir=/mnt/ext4/upper,workdir=/mnt/ext4/work /mnt/overlay
else
	skip "overlay on ext4" "Debian offers no modules of this kernel"
fi

if module loop; then
	dd if=/dev/zero of=/mnt/ext4/image bs=1M count=8 2>/dev/null
	losetup /dev/loop0 /mnt/ext4/image
	mke2fs /dev/loop0 >/dev/null
	check "ext2 on a loop device" mount -t ext4 /dev/loop0 /mnt/loop
else
	skip "ext2 on a loop device" "Debian offers no modules of this kernel"
fi

if module zram; then
	echo 33554432 >/sys/block/zram0/disksize
	mkswap /dev/zram0 >/dev/null
	check "swap on zram" swapon /dev/zram0
else
	skip "swap on zram" "Debian offers no modules of this kernel"
fi

done_testing
