#!/bin/sh
# Warned of before a limit: tmpfs mounts and cgroups of either version.
# tiers: any
# when: full
# disk: ext4:512
# timeout: 1800
# needs: /pagetide /helpers/pageops /usr/bin/python3

. /guest/live.sh
export PAGETIDE_SAWTOOTH_SECONDS=6
live limits warnings
