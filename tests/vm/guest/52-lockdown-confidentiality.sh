#!/bin/sh
# lockdown=confidentiality refuses BPF programs that read the kernel's memory: one line, and /proc.
# tiers: any
# cgroups: v2
# append: lockdown=confidentiality lsm=lockdown,capability
# needs: /pagetide

. /guest/tap.sh
. /guest/refuse.sh

grep -q '\[confidentiality\]' /sys/kernel/security/lockdown 2>/dev/null ||
	skip_all "this kernel is built without lockdown"
refused "lockdown=confidentiality" "lockdown|confidentiality"
done_testing
