#!/bin/sh
# Warned of before a limit, told of after it: tmpfs mounts, cgroups of either version, kills, findings.
# when: full
# disk: ext4:512
# timeout: 1500
# needs: /pagetide /helpers/pageops /usr/bin/python3

. /guest/live.sh
live limits oom explain
