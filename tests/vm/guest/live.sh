# Runs live tests of tests/live in this machine, as they run on any other, in one tier:
# `live PROGRAM...` is all of them, `live --core` those that /guest/core.txt lists.

live() { # PROGRAM...
	mkdir /disk
	mount -t ext4 /dev/disk /disk || exit 125
	# What a machine of 1 GiB would refuse for its size alone.
	echo 1 >/proc/sys/vm/overcommit_memory
	# Under emulation tests last long enough for khugepaged to fill the holes of their files.
	never=4294967295
	echo $never >/sys/kernel/mm/transparent_hugepage/khugepaged/scan_sleep_millisecs
	# The root of this machine is a tmpfs: a program that runs from there has its own pages counted as shmem.
	cp /helpers/pageops /disk/pageops
	export PAGEOPS=/disk/pageops PAGETIDE_TEST_DIR=/disk PAGETIDE_TIER="$TIER"
	# Crowds are smaller, and what depends on time of its own is not judged (tests/live/children.py).
	export PAGETIDE_TEST_SECONDS=240 PAGETIDE_TEST_MAPPINGS=2000 PAGETIDE_TEST_EMULATED=1
	export PAGETIDE_TEST_PATIENCE=20 PAGETIDE_FUZZ_SEEDS="${PAGETIDE_FUZZ_SEEDS:-1}" PYTHONDONTWRITEBYTECODE=1
	exec python3 /guest/live.py "$@"
}
