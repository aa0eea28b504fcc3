#!/bin/sh
# Every way to bring a page into tmpfs or to take it out.
# when: full
# arm64: never
# disk: ext4:256
# timeout: 1200
# needs: /pagetide /helpers/pageops /usr/bin/python3

. /guest/live.sh
live tmpfs
