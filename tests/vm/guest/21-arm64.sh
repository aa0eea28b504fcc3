#!/bin/sh
# Another architecture in less than a minute, for `make test`: each tier takes its way, and its figures are right.
# tiers: any
# cgroups: v2
# when: never
# arm64: quick
# needs: /pagetide

. /guest/tap.sh
. /guest/tier.sh

report() { # TIER: of a command that brings 100 pages into tmpfs and leaves them
	rm -f /dev/shm/file /tmp/report
	/pagetide run --tier "$1" --json -o /tmp/report -- dd if=/dev/zero of=/dev/shm/file bs=4096 count=100
}

says() { # WORDS...: about the file, in the report
	grep -o '"path":"/dev/shm/file"[^]]*' /tmp/report | grep -q "$@"
}

check "probes finds a way for every fact" sh -c '/pagetide probes >/tmp/probes && ! grep -E "all of it\$" /tmp/probes'
best=$(best_tier)
check "auto takes $best" grep -q "tier $best\$" /tmp/probes
for tier in tracepoint fentry kprobe; do
	check "run --tier $tier" report $tier
	check "the file has its 100 pages, $tier" says '"bytes":409600'
	check "they are dd's, $tier" says '"owners":.*"comm":"dd","bytes":409600'
done
done_testing
