"""Output that nobody takes makes nobody wait: the hook and the log are told, what found no room is counted. Nor does a
storm of events."""

import json
import mmap
import os
import subprocess
import sys
import threading
import time
from collections import deque

from children import EMULATED, PAGETIDE, PATIENCE_SECONDS, TIER, Process, die_with_parent
from commands import processor_seconds, wait_until
from harness import Failure, main
from limits import MIB, write_file
from tap import test


def full_pipe():
    """A pipe that takes nothing any more."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    try:
        while True:
            os.write(writing, b"\n" * 4096)
    except BlockingIOError:
        os.set_blocking(writing, True)
    return reading, writing


class Blocked:
    """A pagetide whose output goes into full pipes, and whose hook says which mounts it was called for."""

    def __init__(self, t, *arguments):
        self.told = os.path.join(t.temp(), "told")
        hook = os.path.join(t.temp(), "hook")
        with open(hook, "w", encoding="ascii") as out:
            out.write(f'#!/bin/sh\necho "$PAGETIDE_TARGET" >> {self.told}\n')
        os.chmod(hook, 0o755)
        self.out, writing = full_pipe()
        self.errors, errors = full_pipe()
        command = [PAGETIDE, arguments[0], *TIER, "--on-warn", hook, *arguments[1:]]
        self.child = subprocess.Popen(command, stdout=writing, stderr=errors, preexec_fn=die_with_parent)
        os.close(writing)
        os.close(errors)
        t.start(self)

    def targets(self):
        if not os.path.exists(self.told):
            return []
        with open(self.told, encoding="utf-8") as told:
            return told.read().split()

    def read_rest(self):
        """All that comes when it is read at last."""
        with os.fdopen(os.dup(self.out), "rb") as out:
            return out.read()

    def close(self):
        self.child.kill()
        self.child.wait()
        os.close(self.out)
        os.close(self.errors)


def wait_for_warning(t, blocked):
    """Of a mount made and filled now; until it traces, again."""
    def told():
        mount = t.tmpfs("16M")
        write_file(os.path.join(mount, "f"), 15 * MIB)
        return within(0.5, lambda: mount in blocked.targets())

    wait_until(told, "the hook", 60)


def within(seconds, condition):
    try:
        return wait_until(condition, "", seconds)
    except Failure:
        return False


for command in ("top --json", "trace --json", "run sleep 1000"):

    @test(f"{command.split()[0]}, standard output and error full from the start: the hook is called, each time")
    def _(t, words=command.split()):
        blocked = Blocked(t, *words)
        wait_for_warning(t, blocked)
        wait_for_warning(t, blocked)


@test("what found no room is counted, and what comes is whole lines")
def _(t):
    blocked = Blocked(t, "trace", "--json", "--events", "mmap,munmap,warning,lost")
    wait_for_warning(t, blocked)
    for _ in range(30000):
        mmap.mmap(-1, 16 * MIB).close()
    wait_for_warning(t, blocked)
    taken = []
    reader = threading.Thread(target=lambda: taken.append(blocked.read_rest()))
    reader.start()
    wait_for_warning(t, blocked)
    blocked.child.terminate()
    t.equal(blocked.child.wait(60), 0, "exit status")
    reader.join(60)
    events = [json.loads(line) for line in taken[0].decode().splitlines() if line]
    lost = sum(e["count"] for e in events if e["type"] == "lost" and e["kind"] == "output_dropped")
    maps = sum(e["type"] == "mmap" and e["pid"] == os.getpid() for e in events)
    if not lost or not maps or maps >= 30000:
        raise Failure(f"{lost} lost, {maps} mmap of 30000 told")


class Storm(Process):
    """Maps and unmaps as fast as it can."""

    def __init__(self):
        super().__init__([sys.executable, "-c", f"import mmap\nwhile True: mmap.mmap(-1, {16 * MIB}).close()"])

    def close(self):
        self.kill()


@test("events that come faster than they are written: a signal ends it all the same")
def _(t):
    for _ in range(2 * os.cpu_count()):
        t.start(Storm())
    traced = t.start(Process([PAGETIDE, "trace", *TIER, "--json", "--events", "mmap,munmap"]))
    json.loads(traced.child.stdout.readline())  # it has begun
    reader = threading.Thread(target=lambda: deque(traced.child.stdout, 0))
    reader.start()
    os.setpriority(os.PRIO_PROCESS, traced.pid, 5)  # where nothing else runs, the ring is never empty from now on
    busy = processor_seconds(traced.pid) + 0.3
    wait_until(lambda: processor_seconds(traced.pid) > busy, "it to be busy with them", 3 * PATIENCE_SECONDS)
    traced.child.terminate()
    begin = time.monotonic()
    t.equal(traced.child.wait(6 * PATIENCE_SECONDS if EMULATED else PATIENCE_SECONDS), 0, "exit status")
    print(f"# it ended {time.monotonic() - begin:.1f} s after the signal, of {2 * os.cpu_count()} that go on")
    reader.join(PATIENCE_SECONDS)


if __name__ == "__main__":
    main()
