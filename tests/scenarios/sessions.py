#!/usr/bin/env python3
"""A server that keeps bytes for each session, with scratch memory that comes and goes around it.
usage: sessions.py SESSIONS MiB_each seconds_between"""

import mmap
import sys

from say import hold, say, touch

BASELINE, SCRATCH = 30 << 20, 5 << 20
count, each, pause = int(sys.argv[1]), int(sys.argv[2]) << 20, float(sys.argv[3])


def block(size):
    memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    touch(memory)
    return memory


baseline, cache = block(BASELINE), []
hold(pause)
for _ in range(count):
    with block(SCRATCH):
        cache.append(block(each))
    hold(pause)
say(baseline_bytes=BASELINE, bytes_per_session=each, sessions=count)
