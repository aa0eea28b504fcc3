#!/bin/sh
# Of the core what a tier changes, for `make test`: how pages come into tmpfs. In each kernel another tier than 20-core.
# when: quick
# quick: 5.10=kprobe 6.1=tracepoint 6.12=tracepoint 7.3=fentry
# arm64: never
# disk: ext4:256
# timeout: 900
# needs: /pagetide /helpers/pageops /usr/bin/python3

. /guest/live.sh
live --of-core tmpfs bomb fuzz
