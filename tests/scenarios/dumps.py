#!/usr/bin/env python3
"""A parallel library that hands each task's slice to its workers through a file on a tmpfs, and knows a slice again
only by its identity: views made anew for every task become one more file each, until the tmpfs is full.
usage: dumps.py new|same FOLDER KiB_each TASKS [keep]"""

import errno
import os
import shutil
import sys

from say import say

mode, base, each, tasks = sys.argv[1], sys.argv[2], int(sys.argv[3]) << 10, int(sys.argv[4])
folder = os.path.join(base, f"dumps_{os.getpid()}")
os.mkdir(folder)
data = bytearray(os.urandom(4096)) * (each // 4096)
slices = [memoryview(data) for _ in range(8)]
dumped = {}  # identity -> file; a slice that is kept has one identity
error = None


def dump(part):
    if id(part) not in dumped:
        path = os.path.join(folder, f"{len(dumped)}.pkl")
        with open(path, "wb", buffering=0) as out:
            rest = memoryview(part)
            while rest:
                rest = rest[out.write(rest):]
        dumped[id(part)] = (path, part)
    return dumped[id(part)][0]


def work(path):
    """What a worker does: it reads its slice."""
    pid = os.fork()
    if pid == 0:
        with open(path, "rb") as part:
            os._exit(0 if len(part.read(4096)) == 4096 else 1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


try:
    for task in range(tasks):
        status = work(dump(slices[task % 8] if mode == "same" else memoryview(data)))
        if status:
            sys.exit(status)
except OSError as failure:
    error = errno.errorcode[failure.errno]
    print(f"dumps.py: task {task}: {failure}", file=sys.stderr)
space = os.statvfs(base)
truth = {"folder": folder, "file_bytes": each, "files": len(os.listdir(folder)), "whole_files": len(dumped),
         "bytes": sum(os.stat(os.path.join(folder, name)).st_blocks * 512 for name in os.listdir(folder)),
         "used_bytes": (space.f_blocks - space.f_bfree) * space.f_frsize, "error": error, "descendants": len(dumped)}
if mode == "same":
    truth["descendants"] = tasks
if "keep" not in sys.argv:
    shutil.rmtree(folder)
say(**truth)
sys.exit(3 if error else 0)
