#!/usr/bin/env python3
"""An object that keeps its input alive in a reference cycle: what each step made stays.
usage: cycle.py STEPS MiB_each [collect]"""

import gc
import mmap
import sys
import time

from say import hold, say, touch

steps, each = int(sys.argv[1]), int(sys.argv[2]) << 20
gc.disable()  # the collector counts objects, and these are few: it would not come in time


class Matrix:
    def __init__(self):
        self.data = mmap.mmap(-1, each, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        touch(self.data)
        self.view = self.again

    def again(self):
        return self.data


for _ in range(steps):
    Matrix()
    if "collect" in sys.argv:
        gc.collect()
    hold(0.05)
say(time=time.time(), bytes_per_step=each, steps=steps, kept_bytes=0 if "collect" in sys.argv else steps * each)
