#!/bin/sh
# lockdown=integrity refuses neither tracing programs nor kprobes to these kernels: all goes on as without it.
# tiers: any
# cgroups: v2
# quick: 6.12=any
# append: lockdown=integrity lsm=lockdown,capability
# disk: ext4:256
# timeout: 420
# needs: /pagetide /helpers/pageops /usr/bin/python3

. /guest/live.sh
if ! grep -q '\[integrity\]' /sys/kernel/security/lockdown 2>/dev/null; then
	echo "1..0 # SKIP this kernel is built without lockdown"
	exit 0
fi
TIER=auto
live --of-core tmpfs cache
