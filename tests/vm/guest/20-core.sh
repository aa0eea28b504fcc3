#!/bin/sh
# The core of the live tests, for `make test`.
# when: quick
# quick: 5.10=tracepoint 6.1=fentry 6.12=kprobe 7.3=tracepoint
# disk: ext4:256
# timeout: 900
# needs: /pagetide /helpers/pageops /usr/bin/python3

. /guest/live.sh
live --core tmpfs cache process cold_start bomb fuzz limits refused oom warnings
