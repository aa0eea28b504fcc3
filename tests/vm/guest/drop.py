#!/usr/bin/env python3
"""Runs a command with fewer rights: drop.py nobody|all|NUMBER,... COMMAND...

As the user 65534, or as root without all or some capabilities, as containers do.
"""

import ctypes
import os
import sys
from pathlib import Path

PR_CAPBSET_DROP = 24


def drop(what):
    if what == "nobody":
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
        return
    last = int(Path("/proc/sys/kernel/cap_last_cap").read_text(encoding="ascii"))
    wanted = range(last + 1) if what == "all" else [int(word) for word in what.split(",")]
    libc = ctypes.CDLL(None, use_errno=True)
    for capability in wanted:
        if libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) and capability <= last:
            sys.exit(f"drop: capability {capability}: {os.strerror(ctypes.get_errno())}")


def main():
    drop(sys.argv[1])
    os.execv(sys.argv[2], sys.argv[2:])


if __name__ == "__main__":
    main()
