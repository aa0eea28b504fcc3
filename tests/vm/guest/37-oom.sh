#!/bin/sh
# Told of after it: kills; the findings of now; output that nobody reads.
# tiers: any
# when: full
# disk: ext4:512
# timeout: 1800
# needs: /pagetide /helpers/pageops /usr/bin/python3

. /guest/live.sh
live oom explain blocked
