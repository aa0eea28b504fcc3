"""When a limit that comes near is news: by time, by which of a cgroup's limits, once however it goes up and down, not by
what can be taken back, whoever is left to reach it through; and what a hook that hangs keeps from nobody."""

import os
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

from children import Process, join_then_die_with_parent
from harness import Failure, Skip, main, statfs_used
from limits import MIB, limited, of, ready, ticks, version, write_file
from tap import test

GENTLE = {1: ("memory.soft_limit_in_bytes", "soft"), 2: ("memory.high", "high")}


def warnings_of(traced, target):
    return [e for e in of(traced, target) if e["type"] == "warning"]


def warning_of(traced, target, **fields):
    """The first warning of this target in which these are so."""
    return traced.wait_for(lambda e: e["type"] == "warning" and e["target"] == target and
                           all(e.get(key) == value for key, value in fields.items()), f"a warning of {target}: {fields}")


def cold_file(t, size):
    """On a disk, and nothing of it in memory."""
    path = os.path.join(t.disk(), f"cold-{size}")
    with open(path, "wb") as out:
        out.write(os.urandom(size))
        out.flush()
        os.fsync(out.fileno())
        os.posix_fadvise(out.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    return path


def read_within(cgroup, path):
    subprocess.run(["cat", path], stdout=subprocess.DEVNULL, check=True, preexec_fn=join_then_die_with_parent(cgroup))


def only_cache(t, traced, cgroup, path):
    """Clean page cache fills a cgroup: that is no news."""
    read_within(cgroup, path)
    used = int((cgroup / ("memory.usage_in_bytes" if version() == 1 else "memory.current")).read_text())
    if used < 55 * MIB:
        raise Skip(f"the file is not in memory: {used} bytes")
    ticks(t, 3)
    with traced.changed:
        told = [e for _, e in traced.objects if e["type"] == "warning" and cgroup.name in e["target"]]
    t.equal(told, [], "warnings")


@test("page cache that came since the last full reading, among many cgroups, is no use that nobody can take back")
def _(t):
    for _ in range(40):
        t.cgroup(version())
    cgroup, path = limited(t, 64 * MIB), cold_file(t, 59 * MIB)
    traced = ready(t, "--interval", "0.2")
    only_cache(t, traced, cgroup, path)


@test("page cache where only a part of the hierarchy is mounted, as in a container, can be taken back too")
def _(t):
    above = t.cgroup(version())
    cgroup, path = limited(t, 64 * MIB, above), cold_file(t, 59 * MIB)
    script = (f"mount --make-rprivate / && mkdir -p {t.temp()}/part && mount --bind {above} {t.temp()}/part && "
              f"umount {above.parent} && exec \"$@\"")
    traced = ready(t, wrap=["unshare", "-m", "sh", "-c", script, "sh"])
    only_cache(t, traced, cgroup, path)
    t.worker(t.tmpfs("128M"), cgroup=cgroup).do("fallocate path=f len=59M")
    warning_of(traced, f"/{above.name}/{cgroup.name}")


# the first process of a mount namespace makes the mount and fills a part; another goes on when the first has ended
SPACE = """
import os, subprocess, sys
path, later, given = sys.argv[1], sys.argv[2] == 'later', int(sys.argv[3])
subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=16M', 'space', path], check=True)
def write(name, mib):
    with open(os.path.join(path, name), 'wb', buffering=0) as out:
        for _ in range(mib * 16):
            out.write(bytes(65536))
def other():
    if os.fork() == 0:
        os.read(given, 1)
        write('more', 7)
        os.read(given, 1)
        os._exit(0)
later or other()
write('first', 8)
os.read(0, 1)
not later or other()
"""

for space_name, order in [("one that was there before", "before"), ("one that came later", "later")]:

    @test(f"a tmpfs of another mount namespace, whose first process has ended: filled by {space_name}")
    def _(t, when=order):
        path, (given, go) = os.path.join(t.temp(), "space"), os.pipe()
        os.mkdir(path)
        t.undo.append(lambda: (os.close(given), os.close(go)))
        traced = ready(t, "--warn-at", "40,80")
        first = t.start(Process(["unshare", "-m", sys.executable, "-c", SPACE, path, when, given], pass_fds=[given]))
        warning_of(traced, path, level_percent=40)
        first.child.stdin.close()
        t.equal(first.child.wait(30), 0, "the first process")
        os.write(go, b"x")
        traced.wait_for(lambda e: e["type"] == "warning" and e["target"] == path and e.get("level_percent") == 80,
                        "the warning that it is nearly full", timeout=4)


@test("the limit before the one that kills, soft in v1, high in v2, is warned of by its name")
def _(t):
    file, name = GENTLE[version()]
    cgroup = limited(t, 512 * MIB)
    (cgroup / file).write_text(str(64 * MIB))
    traced = ready(t)
    worker = t.worker(t.tmpfs("256M"), cgroup=cgroup)
    worker.do("fallocate path=f len=56M")
    warning = warning_of(traced, f"/{cgroup.name}", limit_name=name)
    t.equal((warning["limit"], warning["reason"], warning["limit_bytes"]), ("cgroup", "level", 64 * MIB), "the limit")
    if warning["used_bytes"] < 51 * MIB or f"its {name} limit kills nothing" not in warning["advice"]:
        raise Failure(str(warning))
    t.equal(warning["culprits"][0]["pid"], worker.pid, "the culprit")
    t.equal({w["limit_name"] for w in warnings_of(traced, f"/{cgroup.name}")}, {name}, "limits that were warned of")


class Growth:
    """How fast a mount fills, as statfs has it, while something else is waited for."""

    def __init__(self, mount):
        self.samples, self.mount, self.over = [], mount, threading.Event()
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()

    def watch(self):
        while not self.over.wait(0.1):
            self.samples.append((time.monotonic(), statfs_used(self.mount)))

    def rates(self):
        """The slowest and the fastest of all stretches of at least a second in which it grew, in bytes a second."""
        self.over.set()
        self.thread.join()
        stretches = [(later - sooner) / (end - begin) for begin, sooner in self.samples for end, later in self.samples
                     if end - begin >= 1 and later > sooner > 0]
        return min(stretches), max(stretches)


@test("by time: warned before the first level, with a rate and a time that are right")
def _(t):
    mount, traced = t.tmpfs("24M"), ready(t)
    patient = t.trace("--events", "warning", "--warn-eta", "0", "--warn-at", "50")
    growth = Growth(mount)
    filler = t.helper("fill", "--dir", mount, "--rate", "3M", "--bytes", str(16 * MIB))
    warning = warning_of(traced, mount)
    slowest, fastest = growth.rates()
    t.equal((warning["reason"], warning.get("level_percent")), ("eta", None), "the reason")
    used, rate = warning["used_bytes"], warning["rate_bytes_per_second"]
    if not 24 * MIB * 0.2 <= used < 24 * MIB * 0.8 or not slowest * 0.7 < rate < fastest * 1.3:
        raise Failure(f"it grew by {slowest:.0f} to {fastest:.0f} B/s: {warning}")
    if abs(warning["eta_seconds"] - (24 * MIB - used) / rate) > 0.2 or not warning["advice"]:
        raise Failure(f"the time is not that of its own figures: {warning}")
    t.equal(warning["culprits"][0]["comm"], "pageops", "the culprit")
    filler.read_all()
    t.equal([w["reason"] for w in warnings_of(traced, mount)], ["eta"], "two thirds full: nothing else was news")
    warning_of(patient, mount)
    t.equal([(w["reason"], w["level_percent"]) for w in warnings_of(patient, mount)], [("level", 50)],
            "with --warn-eta 0 --warn-at 50")


@test("a minute of a sawtooth from 70 to 85 %, beside a full but flat mount: one warning each")
def _(t):
    mount, flat = t.tmpfs("40M"), t.tmpfs("16M")
    tooth = os.path.join(mount, "tooth")
    write_file(os.path.join(mount, "base"), 28 * MIB)
    write_file(os.path.join(flat, "f"), 15 * MIB)
    traced = ready(t, "--interval", "0.2")
    begin = time.monotonic()
    while time.monotonic() - begin < float(os.environ.get("PAGETIDE_SAWTOOTH_SECONDS", "60")):
        write_file(tooth, 6 * MIB)
        ticks(t, 0.4)
        os.unlink(tooth)
        ticks(t, 0.4)  # it is read at 70 %, too
    t.equal([(w["reason"], w.get("level_percent")) for w in of(traced, mount)], [("level", 80)], "of the sawtooth")
    t.equal([(w["reason"], w.get("level_percent")) for w in of(traced, flat)], [("level", 90)], "of the flat one")


@test("a file that a full tmpfs cuts short is told, with what was written of what was wanted")
def _(t):
    mount, traced = t.tmpfs("16M"), ready(t)
    write_file(os.path.join(mount, "before"), 13 * MIB)
    warning_of(traced, mount)
    fd = os.open(os.path.join(mount, "short"), os.O_CREAT | os.O_WRONLY)
    written = os.write(fd, b"x" * (8 * MIB))
    os.close(fd)
    t.equal(written, 3 * MIB, "what the kernel took")
    told = traced.wait_for(lambda e: e["type"] == "enospc" and e.get("mount") == mount, "the short write")
    t.equal((told["pid"], told["call"], told["written_bytes"], told["wanted_bytes"], told["limit"]),
            (os.getpid(), "write", 3 * MIB, 8 * MIB, "size"), "what is told")


@test("while a hook hangs, warnings are told all the same")
def _(t):
    begun, hook = Path(t.temp(), "begun"), Path(t.temp(), "hook")
    hook.write_text(f"#!/bin/sh\necho begun >> {begun}\nexec sleep 1000\n")
    hook.chmod(stat.S_IRWXU)
    traced = ready(t, "--on-warn", str(hook))
    for _ in range(3):
        mount = t.tmpfs("16M")
        write_file(os.path.join(mount, "f"), 15 * MIB)
        warning_of(traced, mount)
    t.equal(begun.read_text().splitlines(), ["begun"], "one at a time, and it hangs")


if __name__ == "__main__":
    main()
