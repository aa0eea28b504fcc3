#!/bin/sh
# A user without rights, root without capabilities as in a container, a user namespace, no BPF file system, a kernel
# without BTF.
# tiers: any
# cgroups: v2
# timeout: 300
# needs: /pagetide /usr/bin/python3

. /guest/tap.sh
. /guest/refuse.sh

chmod 755 / /pagetide
refused "as nobody" "without CAP_BPF and CAP_PERFMON" python3 /guest/drop.py nobody
refused "in a container without capabilities" "without CAP_BPF and CAP_PERFMON" python3 /guest/drop.py all
# CAP_SYS_ADMIN and CAP_BPF, or CAP_PERFMON (both are new in 5.8).
refused "without CAP_SYS_ADMIN and CAP_BPF" "without CAP_BPF[;:]" python3 /guest/drop.py 21,39
refused "without CAP_SYS_ADMIN and CAP_PERFMON" "without CAP_PERFMON[;:]" python3 /guest/drop.py 21,38
refused "in a user namespace, with all capabilities" "kernel or container" unshare -U -r
case "$(uname -r)" in
6.1.*) one_line "without CAP_SYS_ADMIN" "without CAP_SYS_ADMIN" python3 /guest/drop.py 21 /pagetide probes ;;
*) check "root without CAP_SYS_ADMIN is enough" python3 /guest/drop.py 21 /pagetide probes ;;
esac
umount /sys/fs/bpf
check "no bpffs is needed" /pagetide probes
# A kernel without BTF shows no such file; an empty folder over it does the same.
mount -t tmpfs none /sys/kernel/btf
refused "no BTF" "BTF"
umount /sys/kernel/btf
check "and with it all is well again" /pagetide probes
done_testing
