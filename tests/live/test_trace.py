"""`pagetide trace`: what it tells and leaves out, in each format, and how it ends."""

import csv
import io
import json
import os
import random
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

from children import PAGETIDE, die_with_parent
from commands import (
    bpftool, end_is, held_objects, is_allowed, is_printable, kernel_objects, lines, one_line, pagetide, start,
    wait_until)
from harness import main
from tap import Skip, test


@test("trace: --count ends it, --events and --pid choose")
def trace_count(t):
    child = start("trace", "--json", "--events", "exit", "--count", "3")
    t.undo.append(child.kill)
    wait_until(lambda: subprocess.run(["true"]) and child.poll() is not None, "three exits", 30)
    out, errors = child.communicate()
    if child.returncode == 77:
        raise Skip(errors.decode())
    told = [json.loads(line) for line in out.splitlines()]
    t.equal((child.returncode, [event["type"] for event in told]), (0, ["exit"] * 3), "exit status and types")
    for event in told:
        missing = {"type", "time", "time_ns", "pid", "tid", "comm"} - set(event)
        t.equal(missing, set(), f"keys that are missing in {event}")


@test("trace: --duration ends it")
def trace_duration(t):
    done = is_allowed(pagetide("trace", "--json", "--duration", "0.3"))
    t.equal((done.status, done.errors), (0, ""), "exit status and errors")


GROWTH = """
import mmap, sys
small = [mmap.mmap(-1, 64 << 10) for _ in range(5)]
big = mmap.mmap(-1, 8 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
big.close()
"""


@test("trace: --min-bytes leaves out what is smaller")
def trace_min_bytes(t):
    for size, fits in (("4M", lambda b: b >= 4 << 20), ("64K", lambda b: b >= 64 << 10)):
        told = lines(pagetide("trace", "--json", "--events", "mmap,munmap,brk,mremap", "--min-bytes", size, "--",
                              "/usr/bin/python3", "-c", GROWTH))
        for kind in ("mmap", "munmap"):
            t.equal(any(e["type"] == kind and e["length_bytes"] == 8 << 20 for e in told), True,
                    f"{kind} of 8 MiB with {size}")
        t.equal([event for event in told if not fits(abs(event.get("change_bytes", event["length_bytes"])))
                 and not fits(event["length_bytes"])], [], f"smaller ones with {size}")
        small = sum(event["type"] == "mmap" and event["length_bytes"] == 64 << 10 for event in told)
        t.equal(small >= 5, size == "64K", f"{small} mappings of 64 KiB with {size}")


@test("trace: with a command, of it and its descendants only, and its exit status")
def trace_command(t):
    mount = t.tmpfs()
    other = t.worker(mount)  # brings pages in and removes them all the while
    child = start("trace", "--json", "--interval", "0.05", "--", "/bin/sh", "-c",
                  f"head -c 100000 /dev/zero > {mount}/mine; (sleep 0.5; exit 4) & wait $!; exit 3")
    t.undo.append(child.kill)
    number = 0
    while child.poll() is None:
        number += 1
        other.do(f"write path=f{number % 5} len=64K")
        other.do(f"unlink path=f{number % 5}")
        subprocess.run(["true"])
    out, errors = child.communicate()
    if child.returncode == 77:
        raise Skip(errors.decode())
    told = [json.loads(line) for line in out.splitlines()]
    t.equal(child.returncode, 3, "exit status")
    family = {event["pid"] for event in told if event["type"] == "exec"}
    forked = {event["pid"]: event.get("ppid") for event in told if event["type"] == "fork"}
    strangers = [event for event in told if event["type"] != "lost" and event["pid"] not in family | set(forked)]
    t.equal(strangers, [], "events of others")
    mine = [event for event in told if event.get("path") == f"{mount}/mine"]
    t.equal(sum(event["added_bytes"] for event in mine), 102400, "added_bytes of the file")


@test("trace: a file of two owners: each is told of what it brought in and of its part of what went")
def trace_shared(t):
    chosen = random.Random(4711)
    mount = t.tmpfs("256M")
    first, second, other = (t.worker(mount) for _ in range(3))
    child = start("trace", "--json", "--interval", "0.1", "--events", "tmpfs")
    t.undo.append(child.kill)
    wait_until(lambda: [other.do(word) for word in ("write path=other len=4K", "unlink path=other")]
               and select.select([child.stdout], [], [], 0.1)[0], "an event")
    brought = {first.pid: 0, second.pid: 0}
    pages = 0  # of the file

    for _ in range(60):
        worker, more = chosen.choice((first, second)), chosen.randrange(1, 300)
        worker.do(f"write path=f off={pages * 4}K len={more * 4}K")
        brought[worker.pid] += more * 4096
        pages += more
        if chosen.random() < 0.3:
            pages = chosen.randrange(pages)
            first.do(f"truncate path=f len={pages * 4}K")
        if chosen.random() < 0.1:
            second.do("unlink path=f")
            pages = 0
        if chosen.random() < 0.2:
            time.sleep(0.1)  # now and then a reading comes in between
    if pages:
        second.do("unlink path=f")
    child.send_signal(signal.SIGTERM)
    told = [json.loads(line) for line in child.stdout.read().splitlines()]
    end_is(t, child, 0)
    for what in ("added_bytes", "removed_bytes"):
        sums = {pid: sum(event[what] for event in told if event["pid"] == pid) for pid in brought}
        t.equal(sums, brought, f"{what} of each, as all is gone in the end")
    t.equal({event["path"] for event in told if event["pid"] in brought}, {f"{mount}/f"}, "path")


HEAPS = """
import ctypes, os, sys
libc = ctypes.CDLL(None)
libc.sbrk.restype = ctypes.c_void_p
libc.sbrk(ctypes.c_long(8 << 20))  # before it is traced
print("ready", flush=True)
sys.stdin.readline()
if os.fork() == 0:
    libc.syscall(12 if os.uname().machine == "x86_64" else 214, ctypes.c_long(0))  # brk(0) asks
    libc.sbrk(ctypes.c_long(16 << 20))
    libc.sbrk(ctypes.c_long(-(16 << 20)))
    os._exit(0)
os.wait()
libc.syscall(12 if os.uname().machine == "x86_64" else 214, ctypes.c_long(0))
libc.sbrk(ctypes.c_long(32 << 20))
"""


@test("trace: a heap that was there before, or before a fork, is not told as new")
def trace_heaps(t):
    heaps = subprocess.Popen([sys.executable, "-c", HEAPS], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             preexec_fn=die_with_parent)
    t.undo.append(heaps.kill)
    t.equal(heaps.stdout.readline(), b"ready\n", "the heaps")
    child = start("trace", "--json", "--interval", "0.1", "--events", "brk,fork")
    t.undo.append(child.kill)
    wait_until(lambda: subprocess.run(["true"], check=True) and select.select([child.stdout], [], [], 0.1)[0], "an event")
    heaps.communicate(b"go\n")
    child.send_signal(signal.SIGTERM)
    told = [json.loads(line) for line in child.stdout.read().splitlines()]
    end_is(t, child, 0)
    family = {heaps.pid} | {event["pid"] for event in told if event["type"] == "fork" and event.get("ppid") == heaps.pid}
    changes = [event["change_bytes"] >> 20 for event in told if event["type"] == "brk" and event["pid"] in family]
    t.equal(changes, [16, -16, 32], "MiB that the heaps changed by")


LEADERLESS = """
import ctypes, os, threading, time
libc, first = ctypes.CDLL(None), threading.main_thread().native_id
def heap():
    while open(f"/proc/self/task/{first}/stat").read().split()[2] != "Z":
        time.sleep(0.001)
    libc.sbrk(ctypes.c_long(8 << 20))
    libc.sbrk(ctypes.c_long(8 << 20))
    os._exit(0)
threading.Thread(target=heap).start()
libc.syscall(60 if os.uname().machine == "x86_64" else 93, ctypes.c_long(0))  # exit(2): this thread alone
"""


def kept_heaps(pid):
    """The processes whose heaps that pagetide knows."""
    names = kernel_objects()
    table = next(number for kind, number in held_objects(pid) if (kind, names[kind, number]) == ("map", "heaps"))
    return {row["formatted"]["key"] for row in bpftool("map", "dump", "id", table)}


@test("trace: a heap is forgotten with its process, also where the leader ends first")
def trace_leaderless(t):
    child = start("trace", "--json", "--interval", "0.1", "--events", "brk")
    t.undo.append(child.kill)
    wait_until(lambda: subprocess.run([sys.executable, "-c", HEAPS], stdin=subprocess.DEVNULL, capture_output=True,
                                      check=True) and select.select([child.stdout], [], [], 0.1)[0], "an event")
    gone = [subprocess.Popen([sys.executable, "-c", LEADERLESS]) for _ in range(5)]
    t.equal([one.wait(30) for one in gone], [0] * 5, "how they ended")
    t.equal(kept_heaps(child.pid) & {one.pid for one in gone}, set(), "heaps of processes that are gone")


SHORT_FILES = """
import ctypes, os, sys
ctypes.CDLL(None).prctl(15, b"renamed", 0, 0, 0)  # PR_SET_NAME
for name in sys.argv[1:]:
    with open(name, "wb") as file:
        file.write(bytes(20 << 10))
    os.unlink(name)
"""


@test("trace: files that came and went between readings have their mount, and the name that their owner had")
def trace_short_files(t):
    mount = t.tmpfs()
    os.mkdir(f"{mount}/d")
    names = {f"{mount}/f", f"{mount}/d/g", f"{t.disk()}/h"}
    for choose in ([], ["--comm", "renamed"]):
        done = is_allowed(pagetide("trace", "--json", "--min-bytes", "0", *choose, "--events", "tmpfs,cache", "--",
                                   sys.executable, "-c", SHORT_FILES, *names))
        told = [event for event in lines(done) if event.get("path") in names]
        t.equal([(event["comm"], event["added_bytes"], event["removed_bytes"]) for event in told],
                [("renamed", 20 << 10, 20 << 10)] * 3, f"of three files, with {choose}: {done}")


@test("trace: as text and CSV, a line an event")
def trace_formats(t):
    command = ["--", "/bin/sh", "-c", "/bin/true; /bin/true"]
    text = is_allowed(pagetide("trace", "--events", "exec,exit", *command)).out.decode()
    is_printable(text, "text")
    t.equal(text.count("exit") >= 3, True, f"exits in {text!r}")
    text = pagetide("trace", "--csv", "--events", "exec,exit", *command).out.decode()
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    t.equal({len(row) for row in rows}, {len(rows[0])}, "columns")


@test("trace: a command that cannot be run")
def trace_cannot_run(t):
    for path, status in (("/no/such/command", 127), (t.temp(), 126)):
        done = is_allowed(pagetide("trace", "--json", "-o", f"{t.temp()}/out", "--", path))
        t.equal(done.status, status, f"exit status for {path}: {done}")
        one_line(t, done, path)
        t.equal(os.listdir(t.temp()), [], "files left behind")


STEPS = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>
#include <unistd.h>
int clock_gettime(clockid_t clock, struct timespec *t)
{
	int (*real)(clockid_t, struct timespec *) = dlsym(RTLD_NEXT, "clock_gettime");
	int err = real(clock, t);
	if (clock == CLOCK_REALTIME && access(MARK, F_OK) == 0)
		t->tv_sec += 86400;
	return err;
}
"""


@test("trace: events have the new date after the clock was set")
def clock_set(t):
    mark, library = Path(t.temp(), "mark"), Path(t.temp(), "steps.so")
    done = subprocess.run(["gcc", "-shared", "-fPIC", "-xc", "-", f'-DMARK="{mark}"', "-o", str(library), "-ldl"],
                          input=STEPS, text=True, capture_output=True)
    if done.returncode:
        raise Skip(done.stderr)
    script = f"touch {mark}; sleep 2.5; exec /bin/true"
    done = subprocess.run([PAGETIDE, "trace", "--json", "--events", "exec", "--interval", "1", "--", "sh", "-c", script],
                          capture_output=True, text=True, timeout=60, env={**os.environ, "LD_PRELOAD": str(library)})
    events = [json.loads(line) for line in done.stdout.splitlines()]
    told = [event["time"] for event in events if event.get("comm") == "true"]
    t.equal([time[:10] > event_day() for time in told], [True], f"the new date: {told}; {done.stderr}")


def event_day():
    return time.strftime("%Y-%m-%d", time.gmtime())


if __name__ == "__main__":
    main()
