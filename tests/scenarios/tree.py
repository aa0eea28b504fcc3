#!/usr/bin/env python3
"""A command of several generations: children that exec, a grandchild that outlives its parent, one that is killed.
usage: tree.py FOLDER seconds"""

import mmap
import os
import signal
import sys

from say import hold, say, touch

folder, pause = sys.argv[1], float(sys.argv[2])
family = {}


def child(name, do):
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read)
        os._exit(do(write) or 0)
    os.close(write)
    family[name] = pid
    return pid, read


def big(_write):
    block = mmap.mmap(-1, 40 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    touch(block)
    return 7


def writer(_write):
    with open(os.path.join(folder, "left"), "wb") as out:
        out.write(bytes(300 << 10))
    return 0


def parent_of_orphan(write):
    pid = os.fork()
    if pid == 0:
        hold(pause)  # its parent has gone by now
        with open(os.path.join(folder, "orphan"), "wb") as out:
            out.write(bytes(100 << 10))
        return 0
    os.write(write, str(pid).encode())
    return 0


def killed(_write):
    os.kill(os.getpid(), signal.SIGKILL)


def execs(_write):
    os.execv("/bin/true", ["a) R 1 (x", "with\nnewline"])


for name, do in (("big", big), ("writer", writer), ("parent", parent_of_orphan), ("killed", killed), ("execs", execs)):
    pid, read = child(name, do)
    os.waitpid(pid, 0)
    if name == "parent":
        family["orphan"] = int(os.read(read, 20))
    os.close(read)
say(family=family, folder=folder, big_bytes=40 << 20)
