#!/bin/sh
# The core of the live tests, for `make test`.
# when: quick
# disk: ext4:256
# timeout: 900
# needs: /pagetide /helpers/pageops /usr/bin/python3

. /guest/live.sh
live --core tmpfs cache process cold_start bomb fuzz limits oom
