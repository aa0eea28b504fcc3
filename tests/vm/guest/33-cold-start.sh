#!/bin/sh
# What was there before pagetide started.
# tiers: any
# when: full
# arm64: never
# disk: ext4:256
# timeout: 900
# needs: /pagetide /helpers/pageops /usr/bin/python3

. /guest/live.sh
live cold_start
