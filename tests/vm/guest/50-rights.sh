#!/bin/sh
# A user without rights, root without capabilities as in a container, no BPF file system, a kernel without BTF.
# tiers: any
# cgroups: v2
# timeout: 180
# needs: /pagetide /usr/bin/python3

. /guest/tap.sh
. /guest/refuse.sh

chmod 755 / /pagetide
refused "as nobody" "permi|right|CAP_|root" python3 /guest/drop.py nobody
refused "in a container without capabilities" "permi|right|CAP_|root" python3 /guest/drop.py all
# CAP_SYS_ADMIN and CAP_BPF (the latter is new in 5.8).
refused "without CAP_SYS_ADMIN and CAP_BPF" "permi|right|CAP_|root" python3 /guest/drop.py 21,39
umount /sys/fs/bpf
check "no bpffs is needed" /pagetide probes
# A kernel without BTF shows no such file; an empty folder over it does the same.
mount -t tmpfs none /sys/kernel/btf
refused "no BTF" "BTF"
umount /sys/kernel/btf
check "and with it all is well again" /pagetide probes
done_testing
