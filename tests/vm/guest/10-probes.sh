#!/bin/sh
# `pagetide probes` takes the forced tier, and by itself the best one.
# needs: /pagetide

. /guest/tap.sh
. /guest/tier.sh

check "probes --tier $TIER" sh -c "/pagetide probes --tier $TIER >/tmp/probes"
check "it names the tier" grep -q "tier $TIER\$" /tmp/probes
check "tmpfs pages have a way" grep -Eq '^tmpfs pages in +(fexit|kretprobe|tracepoint) ' /tmp/probes
check "nothing else is missing" sh -c 'test -s /tmp/probes && ! grep -E "all of it\$" /tmp/probes'
best=$(best_tier)
check "auto takes $best" sh -c "/pagetide probes --json | grep -q '\"tier\":\"$best\"'"
check "auto loses no page that comes in" sh -c "/pagetide probes | grep -Eq '^tmpfs pages in .* nothing\$'"
umount /sys/kernel/debug
check "auto takes $best, with debugfs mounted nowhere" sh -c "/pagetide probes --json | grep -q '\"tier\":\"$best\"'"
done_testing
