#!/bin/sh
# Seeded sequences of all operations, compared with the truth after each batch.
# when: full
# arm64: never
# disk: ext4:256
# timeout: 1200
# needs: /pagetide /helpers/pageops /usr/bin/python3

. /guest/live.sh
live fuzz
