#!/bin/sh
# Function tracing is switched off, so fexit and kprobes attach and never fire: auto notices, takes the tracepoints,
# and the books are right.
# tiers: any
# cgroups: v2
# quick: 5.10=any
# disk: ext4:256
# timeout: 420
# needs: /pagetide /helpers/pageops /usr/bin/python3

. /guest/live.sh
if ! echo 0 >/proc/sys/kernel/ftrace_enabled; then
	echo "# SKIP this kernel does not let function tracing be switched off"
	exit 77
fi
echo 0 >/sys/kernel/debug/kprobes/enabled
if ! /pagetide probes --json | grep -q '"tier": *"tracepoint"'; then
	printf '1..1\nnot ok 1 - auto takes the tracepoints\n# %s\n' "$(/pagetide probes 2>&1 | head -n 1)"
	exit 1
fi
TIER=auto
live --of-core tmpfs cache
