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
# as in a container; what is loaded there only must be taken by every kernel
inside() { # SCRIPT
	unshare -p -f --mount-proc sh -c "$1"
}
found() {
	inside 'sleep 1234 & /pagetide snapshot --by process --csv --pid $!' | grep -q ',sleep 1234,'
}
followed() {
	inside '/pagetide run -- sh -c "sleep 1; exit 0" 2>&1' >/tmp/run && grep -q '; 1 descendant' /tmp/run &&
		! grep -q 'Peak resident memory  *0 B' /tmp/run
}
check "in a pid namespace --pid takes its numbers" found
check "in a pid namespace run follows its command" followed
umount /sys/kernel/debug
check "auto takes $best, with debugfs mounted nowhere" sh -c "/pagetide probes --json | grep -q '\"tier\":\"$best\"'"
done_testing
