#!/bin/sh
# Many short processes and files.
# tiers: any
# when: full
# arm64: never
# disk: ext4:256
# timeout: 1200
# needs: /pagetide /helpers/pageops /usr/bin/python3

. /guest/live.sh
live bomb
