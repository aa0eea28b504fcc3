# SPDX-License-Identifier: GPL-2.0-only
"""From a crossing in the kernel to the line of `trace`, and how long before the failure the first warning came,
over fills of a tmpfs at several rates; beside a poller that looks once a second."""

import json
import os
import subprocess
import tempfile
import threading
import time

from machine import BenchError
from table import Section, Spread

MIB = 1 << 20
# bytes a second, size of the mount in MiB, fills; the slow ones take as long as they take
FILLS = [("1M", 4, 2), ("16M", 32, 3), ("128M", 64, 5), ("1G", 128, 6), ("max", 256, 6)]
LEVEL = 0.8
GOALS_MS = (1, 10)  # p50 and p99, on an idle machine


class Trace:
    def __init__(self, machine):
        self.rows, self.changed = [], threading.Condition()  # (arrival, event)
        self.child = machine.start_pagetide("trace", "--json", "--events", "warning,enospc,tmpfs", stdout=subprocess.PIPE)
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.child.stdout:
            with self.changed:
                self.rows.append((time.clock_gettime_ns(time.CLOCK_REALTIME), json.loads(line)))
                self.changed.notify_all()

    def of(self, mount, kind):
        return [(at, e) for at, e in self.rows if e["type"] == kind and mount in (e.get("target"), e.get("mount"))]

    def wait_for(self, mount, kind, seconds):
        with self.changed:
            return self.changed.wait_for(lambda: self.of(mount, kind), seconds)


class Poller:
    """What most monitors do."""

    def __init__(self, mount):
        self.mount, self.seen, self.over = mount, None, threading.Event()
        self.thread = threading.Thread(target=self.look, daemon=True)
        self.thread.start()

    def look(self):
        while not self.over.wait(1):
            fs = os.statvfs(self.mount)
            if not self.seen and fs.f_blocks - fs.f_bfree >= LEVEL * fs.f_blocks:
                self.seen = time.clock_gettime_ns(time.CLOCK_REALTIME)

    def stop(self):
        self.over.set()
        self.thread.join()


def meet(trace, mount):
    """Until a reading has told of the mount: this measures crossings, not new mounts."""
    path = os.path.join(mount, "meet")
    with open(path, "wb") as file:
        file.write(bytes(65536))
    if not trace.wait_for(mount, "tmpfs", 30):
        raise BenchError("a file in a new tmpfs was not told of")
    os.unlink(path)


def fill(machine, trace, folder, rate, mib):
    """Lateness of each crossing's line, lead of the first warning and of the poller in ms, whether ENOSPC was told."""
    mount = tempfile.mkdtemp(dir=folder)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mib}M", "bench", mount], check=True)
    poller = None
    try:
        meet(trace, mount)
        begun = time.clock_gettime_ns(time.CLOCK_REALTIME)
        poller = Poller(mount)
        done = subprocess.run([machine.pageops, "fill", "--dir", mount, "--rate", rate, "--bytes", str((mib + 1) * MIB)],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
        end = json.loads(done.stdout.splitlines()[-1])["realtime_ns"]
        trace.wait_for(mount, "enospc", 3)
        warned = [(at, e) for at, e in trace.of(mount, "warning") if e["time_ns"] >= begun]
        late = [(at - e["time_ns"]) / 1e6 for at, e in warned if e["reason"] == "level"]
        lead = (end - warned[0][0]) / 1e6 if warned else None
        polled = (end - poller.seen) / 1e6 if poller.seen and poller.seen < end else None
        return late, lead, polled, bool(trace.of(mount, "enospc"))
    finally:
        if poller:
            poller.stop()
        subprocess.run(["umount", "-l", mount], check=False)
        os.rmdir(mount)


def part(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def add_rate(section, rate, results):
    leads = [lead for _, lead, _, _ in results if lead is not None]
    polled = [lead for _, _, lead, _ in results if lead is not None]
    warned = f"{len(leads)} of {len(results)} warned, {Spread(leads).text('ms')} before" if leads else "never warned"
    section.add(f"filled at {rate}/s: before ENOSPC", warned,
                f"1 s poller: {len(polled)} of {len(results)}" + (f", {Spread(polled).text('ms')}" if polled else ""),
                goal="all, before", met=len(leads) == len(results) and min(leads) > 0)
    if not all(told for _, _, _, told in results):
        section.note(f"{rate}/s: ENOSPC was told of {sum(told for _, _, _, told in results)} of {len(results)} fills")


def run(machine):
    section, late = Section("A tmpfs fills: from the crossing to the line, and the warning before the failure"), []
    trace = Trace(machine)
    with tempfile.TemporaryDirectory(dir=machine.build) as folder:
        for rate, mib, fills in FILLS:
            results = [fill(machine, trace, folder, rate, mib) for _ in machine.turns(fills, min(fills, 2), 20)]
            late += [ms for each, _, _, _ in results for ms in each]
            add_rate(section, rate, results)
    if not late:
        raise BenchError("no level was told")
    for name, share, goal in (("p50", 0.5, GOALS_MS[0]), ("p99", 0.99, GOALS_MS[1])):
        ms = part(late, share)
        section.add(f"crossing to line, {name} of {len(late)}", f"{ms:.2f} ms", "1 s poller: up to 1000 ms",
                    goal=f"<= {goal} ms, idle", met=ms <= goal)
    return section
