#!/usr/bin/env python3
"""Loads fast, works slowly, frees at the end. usage: phases.py load_MiB work_MiB work_seconds"""

import mmap
import sys
import time

from say import hold, say, touch

load, work, seconds = int(sys.argv[1]) << 20, int(sys.argv[2]) << 20, float(sys.argv[3])
STEPS = 20
held, times = [], {"start": time.time()}


def grow(size):
    block = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    touch(block)
    held.append(block)


grow(load)
times["loaded"] = time.time()
for _ in range(STEPS):
    grow(work // STEPS)
    hold(seconds / STEPS)
times["worked"] = time.time()
for block in held:
    block.close()
hold(0.5)
times["freed"] = time.time()
say(load_bytes=load, work_bytes=work // STEPS * STEPS, times=times)
