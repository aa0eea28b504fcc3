#!/bin/sh
# What processes and cgroups have.
# tiers: any
# when: full
# arm64: never
# disk: ext4:256
# timeout: 900
# needs: /pagetide /helpers/pageops /usr/bin/python3

. /guest/live.sh
live process
