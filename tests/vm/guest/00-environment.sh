#!/bin/sh
# What every other test here leans on: the machine is as tests/vm promises it.
# tiers: any

. /guest/tap.sh

check "the BTF is there" test -s /sys/kernel/btf/vmlinux
if [ -n "$BTF_SHA256" ]; then
	check "the cached BTF is this kernel's" test "$(sha256sum </sys/kernel/btf/vmlinux)" = "$BTF_SHA256  -"
else
	skip "the cached BTF is this kernel's" "BTF_SHA256 is not given"
fi
check "tracefs has the oom events" test -r /sys/kernel/tracing/events/oom/mark_victim/id
check "bpffs is there" mkdir /sys/fs/bpf/test

if [ "$CGROUP" = v1 ]; then
	root=/sys/fs/cgroup/memory limit=memory.limit_in_bytes usage=memory.usage_in_bytes
	check "the v2 hierarchy has no memory controller" \
		sh -c '! grep -qw memory /sys/fs/cgroup/unified/cgroup.controllers'
else
	root=/sys/fs/cgroup limit=memory.max usage=memory.current
fi
check "a memory cgroup can be made" mkdir "$root/test"
check "it takes a limit" sh -c "echo 33554432 >$root/test/$limit && grep -qx 33554432 $root/test/$limit"

check "/dev/shm is a tmpfs of 64 MiB" \
	test "$(df -k /dev/shm | awk 'NR == 2 { print $2 }')" = 65536
sh -c "echo \$\$ >$root/test/cgroup.procs && exec dd if=/dev/zero of=/dev/shm/test bs=1M count=8" 2>/dev/null
check "tmpfs pages are charged to the cgroup" test "$(cat "$root/test/$usage")" -ge 8388608
rm /dev/shm/test

mkdir /tmp/small
check "a tmpfs can be mounted" mount -t tmpfs -o size=1m small /tmp/small
check "a full tmpfs says so" \
	sh -c 'dd if=/dev/zero of=/tmp/small/test bs=1M count=2 2>&1 | grep -q "No space left on device"'

done_testing
