#!/bin/sh
# The kernel preempts tasks within it (preempt=full), and skips fexit programs meanwhile: auto takes another way, and
# the books are right.
# tiers: any
# cgroups: v2
# quick: 6.12=any
# append: preempt=full
# disk: ext4:256
# timeout: 420
# needs: /pagetide /helpers/pageops /usr/bin/python3

. /guest/live.sh
if ! grep -q '(full)' /sys/kernel/debug/sched/preempt; then
	echo "1..0 # SKIP this kernel does not let the start choose its preemption"
	exit 0
fi
TIER=auto
live --of-core bomb fuzz
