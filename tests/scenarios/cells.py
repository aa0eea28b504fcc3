#!/usr/bin/env python3
"""Notebook cells that define, overwrite and delete values; one private name is never freed.
usage: cells.py MiB seconds_a_cell"""

import mmap
import sys
import time

from say import hold, say, touch

unit, pause = int(sys.argv[1]) << 20, float(sys.argv[2])
space, ends = {}, []


def value(units):
    memory = mmap.mmap(-1, units * unit, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    touch(memory)
    return memory


def end_of_cell(kept_units):
    hold(pause)
    ends.append({"time": time.time(), "kept_bytes": kept_units * unit})


end_of_cell(0)
space["frame"] = value(6)
end_of_cell(6)
space["_copy"] = value(6)
end_of_cell(12)
scratch = value(2)
scratch.close()
end_of_cell(12)
space["frame"].close()
space["frame"] = value(1)
end_of_cell(7)
say(cells=ends)
