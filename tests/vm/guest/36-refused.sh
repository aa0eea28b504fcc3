#!/bin/sh
# Told of after it: what a full tmpfs, a pool of huge pages or a limit of locks refused.
# tiers: any
# when: full
# disk: ext4:512
# timeout: 1200
# needs: /pagetide /helpers/pageops /usr/bin/python3

. /guest/live.sh
live refused
