#!/bin/sh
# Warned of before a limit, told of after it: tmpfs mounts, cgroups of either version, kills, findings.
# tiers: any
# when: full
# disk: ext4:512
# timeout: 2400
# needs: /pagetide /helpers/pageops /usr/bin/python3

. /guest/live.sh
export PAGETIDE_SAWTOOTH_SECONDS=6
live limits refused warnings oom explain blocked
