#!/usr/bin/env python3
"""How long from a crossing in the kernel to the line of `pagetide trace`, and how long before the failure
the first warning came, over fills of a tmpfs at several rates; beside a poller that looks once a second."""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PAGETIDE = os.environ.get("PAGETIDE", str(ROOT / "build" / "pagetide"))
PAGEOPS = os.environ.get("PAGEOPS", str(ROOT / "build" / "helpers" / "pageops"))
MIB = 1 << 20
RATES = [("1M", 4), ("16M", 32), ("128M", 64), ("1G", 128), ("max", 256)]  # bytes a second, size of the mount in MiB
LEVEL = 0.8


class Trace:
    def __init__(self):
        self.rows = []  # (arrival, event)
        self.child = subprocess.Popen([PAGETIDE, "trace", "--json", "--events", "warning,enospc"],
                                      stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.child.stdout:
            self.rows.append((time.clock_gettime_ns(time.CLOCK_REALTIME), json.loads(line)))

    def of(self, mount, kind):
        return [(at, e) for at, e in self.rows if e["type"] == kind and mount in (e.get("target"), e.get("mount"))]


class Poller:
    """What most monitors do."""

    def __init__(self, mount):
        self.mount, self.seen, self.over = mount, None, threading.Event()
        threading.Thread(target=self.look, daemon=True).start()

    def look(self):
        while not self.over.wait(1):
            fs = os.statvfs(self.mount)
            if not self.seen and fs.f_blocks - fs.f_bfree >= LEVEL * fs.f_blocks:
                self.seen = time.clock_gettime_ns(time.CLOCK_REALTIME)


def fill(trace, folder, rate, mib):
    mount = tempfile.mkdtemp(dir=folder)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mib}M", "bench", mount], check=True)
    poller = Poller(mount)
    try:
        time.sleep(1.2)  # its mount is known by then: this measures crossings, not new mounts
        done = subprocess.run([PAGEOPS, "fill", "--dir", mount, "--rate", rate, "--bytes", str((mib + 1) * MIB)],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
        end = json.loads(done.stdout.splitlines()[-1])["realtime_ns"]
        deadline = time.monotonic() + 3
        while not trace.of(mount, "enospc") and time.monotonic() < deadline:
            time.sleep(0.01)
        warned = trace.of(mount, "warning")
        levels = [(at - e["time_ns"]) / 1e6 for at, e in warned if e["reason"] == "level"]
        lead = (end - warned[0][0]) / 1e6 if warned else None
        polled = (end - poller.seen) / 1e6 if poller.seen and poller.seen < end else None
        return levels, lead, polled, bool(trace.of(mount, "enospc"))
    finally:
        poller.over.set()
        subprocess.run(["umount", "-l", mount], check=False)
        os.rmdir(mount)


def part(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else float("nan")


def main():
    rounds, every = int(sys.argv[1]) if len(sys.argv) > 1 else 5, []
    trace = Trace()
    time.sleep(2)
    print(f"{'rate':>6} {'fills':>5} {'told':>5} {'line p50 ms':>11} {'p99 ms':>8} {'first warning before failure, least ms':>39} "
          f"{'1 s poller: before failure':>27} {'ENOSPC told':>11}")
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        for rate, mib in RATES:
            results = [fill(trace, folder, rate, mib) for _ in range(rounds)]
            levels = [ms for r in results for ms in r[0]]
            leads = [r[1] for r in results if r[1] is not None]
            polled = [r[2] for r in results if r[2] is not None]
            every += levels
            print(f"{rate:>6} {len(results):>5} {len(leads):>5} {part(levels, .5):>11.2f} {part(levels, .99):>8.2f} "
                  f"{min(leads, default=float('nan')):>39.1f} {f'{len(polled)} of {len(results)}':>27} "
                  f"{sum(r[3] for r in results):>11}")
    print(f"all: {len(every)} crossings, p50 {part(every, .5):.2f} ms, p99 {part(every, .99):.2f} ms")
    trace.child.terminate()


if __name__ == "__main__":
    main()
