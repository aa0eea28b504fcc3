# SPDX-License-Identifier: GPL-2.0-only
"""What pagetide itself takes: memory with 2,000 processes and 10,000 files in its books,
and the processor's time at an interval of one second, by way of output."""

import os
import pty
import re
import threading
import time

from machine import Worker, bpftool, fdinfo, map_bytes, read_text, stop
from sleepers import Sleepers
from table import Section, Spread

PROCESSES, FILES = 2000, 10000
GOAL_RSS_MIB, GOAL_MAPS_MIB, GOAL_CPU_PERCENT = 12, 16, 0.5
MIB = 1 << 20


def kib(text, name):
    found = re.search(rf"^{name}:\s+(\d+) kB", text, re.M)
    return int(found.group(1)) if found else 0


def memory(pid):
    status, rollup = read_text(f"/proc/{pid}/status"), read_text(f"/proc/{pid}/smaps_rollup")
    figures = {name: kib(status, name) / 1024 for name in ("VmRSS", "VmHWM", "RssAnon", "RssFile")}
    figures["Pss"] = kib(rollup, "Pss") / 1024
    figures["private"] = (kib(rollup, "Private_Clean") + kib(rollup, "Private_Dirty")) / 1024
    return figures


def mapped_parts(pid):
    """MiB resident by what is mapped, largest first."""
    parts, name = {}, ""
    for line in read_text(f"/proc/{pid}/smaps").splitlines():
        words = line.split()
        if re.match(r"[0-9a-f]+-[0-9a-f]+$", words[0]):
            name = os.path.basename(words[5]) if len(words) > 5 else "anonymous"
        elif words[0] == "Rss:":
            parts[name] = parts.get(name, 0) + int(words[1]) / 1024
    return sorted(parts.items(), key=lambda part: -part[1])


def named_maps(pid):
    """(name, MiB) of the maps that the process holds, largest first, one line a name."""
    named, sizes = bpftool("map"), {}
    for ident, (_, size) in map_bytes(pid).items():
        name = named.get(ident, {}).get("name", str(ident))
        sizes[name] = sizes.get(name, 0) + size / MIB
    return sorted(sizes.items(), key=lambda one: -one[1])


def program_bytes(pid):
    return sum({f["prog_id"]: int(f["memlock"]) for f in fdinfo(pid, "prog_id") if "memlock" in f}.values())


def cpu_ns(pid):
    """Of all its threads, user and kernel; schedstat counts nanoseconds where the kernel has it."""
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            total += int(read_text(f"/proc/{pid}/task/{task}/schedstat").split()[0])
        except (OSError, IndexError):
            fields = read_text(f"/proc/{pid}/task/{task}/stat").rpartition(")")[2].split()
            total += (int(fields[11]) + int(fields[12])) * 10**9 // os.sysconf("SC_CLK_TCK")
    return total


def ticks(pid):
    """(user, kernel)"""
    fields = read_text(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return int(fields[11]), int(fields[12])


def percent_of_core(pid, seconds, parts):
    """One figure for each of `parts` spans."""
    values = []
    for _ in range(parts):
        began, before = time.monotonic(), cpu_ns(pid)
        time.sleep(seconds / parts)
        values.append((cpu_ns(pid) - before) / (time.monotonic() - began) / 1e7)
    return values


class Screen:
    """A terminal of 120 x 40 that somebody reads."""

    def __enter__(self):
        self.master, self.slave = pty.openpty()
        os.environ.setdefault("TERM", "xterm-256color")
        import fcntl
        import struct
        import termios
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        return self

    def _read(self):
        try:
            while os.read(self.master, 65536):
                pass
        except OSError:
            pass

    def __exit__(self, *_):
        os.close(self.slave)
        os.close(self.master)


def idle(machine, section, what, arguments, stdin, stdout, goal):
    seconds = machine.rounds(20, 5)
    process = machine.start_pagetide("top", "--interval", "1", *arguments, stdin=stdin, stdout=stdout)
    time.sleep(2)  # the first readings are not idle
    before = ticks(process.pid)
    spread = Spread(percent_of_core(process.pid, seconds, 5))
    user, kernel = (now - then for now, then in zip(ticks(process.pid), before))
    section.add(what, spread.text("% of a core"),
                f"of it {user / max(user + kernel, 1) * 100:.0f} % in user space",
                goal=f"<= {GOAL_CPU_PERCENT} %" if goal else "",
                met=spread.middle <= GOAL_CPU_PERCENT if goal else None)
    stop(process)


def idle_rows(machine, section, where, goal):
    with Screen() as screen:
        idle(machine, section, f"idle, {where}: top on a terminal", [], screen.slave, screen.slave, goal)
    if machine.quick:
        return
    idle(machine, section, f"idle, {where}: top > /dev/null", [], -3, -3, False)
    idle(machine, section, f"idle, {where}: top --json > /dev/null", ["--json"], -3, -3, False)


def memory_rows(section, pid, where):
    """Over three readings: while one is written out, its text is in memory."""
    samples = []
    for _ in range(15):
        samples.append(memory(pid))
        time.sleep(0.2)
    samples.sort(key=lambda sample: sample["VmRSS"])
    figures = samples[len(samples) // 2]
    section.add(f"resident memory, {where}", Spread([sample["VmRSS"] for sample in samples]).text("MiB"),
                f"anon {figures['RssAnon']:.1f}, file {figures['RssFile']:.1f}, Pss {figures['Pss']:.1f},"
                f" private {figures['private']:.1f}, peak {figures['VmHWM']:.1f}",
                goal=f"<= {GOAL_RSS_MIB} MiB", met=figures["VmRSS"] <= GOAL_RSS_MIB)
    parts = ", ".join(f"{name} {size:.1f}" for name, size in mapped_parts(pid)[:6])
    maps = named_maps(pid)
    total = sum(size for _, size in maps)
    section.add(f"maps in the kernel, {where}", f"{total:.1f} MiB",
                ", ".join(f"{name} {size:.1f}" for name, size in maps[:6]),
                goal=f"<= {GOAL_MAPS_MIB} MiB", met=total <= GOAL_MAPS_MIB)
    section.note(f"{where}: resident by mapping (MiB): {parts}")
    section.note(f"{where}: programs {program_bytes(pid) / MIB:.2f} MiB")


def run(machine):
    section = Section("pagetide's own memory and idle time")
    work = machine.compile("work", static=True)
    idle_rows(machine, section, "as the machine is", True)
    with Sleepers(machine, PROCESSES):
        process = machine.start_pagetide("top", "--json", "--interval", "1")
        worker = Worker(machine, work)
        worker.run("make-files", machine.shm, FILES)
        time.sleep(3)  # the files' names are read and the model has grown
        memory_rows(section, process.pid, f"{PROCESSES} processes, {FILES} files, --json")
        stop(process)
        with Screen() as screen:
            process = machine.start_pagetide("top", "--interval", "1", stdin=screen.slave,
                                             stdout=screen.slave)
            time.sleep(3)
            memory_rows(section, process.pid, f"{PROCESSES} processes, {FILES} files, on a terminal")
            stop(process)
        idle_rows(machine, section, f"{PROCESSES} processes, {FILES} files", False)
        worker.run("remove-files", machine.shm, FILES)
        stop(worker.process)
    return section
