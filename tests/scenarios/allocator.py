#!/usr/bin/env python3
"""An allocator that keeps freed memory for reuse, then gives it back: lazily (MADV_FREE), then at once.
usage: allocator.py MiB seconds_a_step"""

import mmap
import sys
import time

from say import hold, say, touch

size, pause = int(sys.argv[1]) << 20, float(sys.argv[2])
block = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
steps = []


def step(resident):
    hold(pause)
    steps.append({"time": time.time(), "resident_bytes": resident})


touch(block)
step(size)  # in use
step(size)  # freed by the program, kept by the allocator
block.madvise(mmap.MADV_FREE)
step(size)  # resident until someone needs it
block.madvise(mmap.MADV_DONTNEED)
step(0)
say(size_bytes=size, steps=steps)
