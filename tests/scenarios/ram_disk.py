#!/usr/bin/env python3
"""A file that is mapped and written, then dropped from the caches, then read by half: the cache of a disk goes, a RAM
disk stays. usage: ram_disk.py FOLDER MiB [keep]"""

import mmap
import os
import sys

from say import say, touch

folder, size = sys.argv[1], int(sys.argv[2]) << 20
path = os.path.join(folder, f"data_{os.getpid()}.mmap")
fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
os.ftruncate(fd, size)
with mmap.mmap(fd, size) as block:
    touch(block)
    block.flush()
os.sync()
with open("/proc/sys/vm/drop_caches", "w", encoding="ascii") as caches:
    caches.write("1")
with mmap.mmap(fd, size, prot=mmap.PROT_READ) as block:
    block.madvise(mmap.MADV_RANDOM)  # no more than what is asked for
    total = sum(block[at] for at in range(0, size // 2, 4096))
ino = os.fstat(fd).st_ino
os.close(fd)
if "keep" not in sys.argv:
    os.unlink(path)
say(path=path, ino=ino, file_bytes=size, pages_read=total)
