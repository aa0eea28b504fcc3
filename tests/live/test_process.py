"""What a process has, compared with /proc/PID/status while it is at rest, and what is known of it after its end."""

import json
import os
import subprocess
import sys
from pathlib import Path

from children import PAGETIDE, TIER
from harness import Failure, Skip, boot_seconds, main, proc_status
from limits import MIB
from tap import test
from views import PAGE, same_start, same_text, to_bytes

FIELDS = [  # JSON, /proc/PID/status
    ("anon_bytes", "RssAnon"),
    ("file_bytes", "RssFile"),
    ("shmem_bytes", "RssShmem"),
    ("swap_bytes", "VmSwap"),
    ("page_tables_bytes", "VmPTE"),
    ("locked_bytes", "VmLck"),
    ("virtual_bytes", "VmSize"),
    ("peak_rss_bytes", "VmHWM"),
]


# The kernel counts in batches, 64 faults a thread until 6.1, then 32 pages or more a processor, and /proc/PID/status
# shows what is counted; since 6.16 it sums exactly.
KERNEL = tuple(map(int, os.uname().release.split(".")[:2]))
NOT_YET_COUNTED = 64 * os.cpu_count() * PAGE if KERNEL < (6, 16) else 0


def status_complaint(row, pid):
    if not row:
        return f"process {pid} is not in the snapshot"
    status = proc_status(pid)
    for key, name in FIELDS:
        if row.get(key) != status[name]:
            return f"process {pid}: {key} {row.get(key)} shown, {name} is {status[name]}"
    return None


def at_rest(t, pids):
    """A snapshot in which every process is as /proc says, by `snapshot` and by `top`."""
    for _ in range(5):  # the page tables of a process that was just forked may still change
        shown = t.snapshot()
        wrong = [c for c in (status_complaint(shown.process(pid), pid) for pid in pids) if c]
        if not wrong:
            break
    t.agree("\n".join(wrong))
    t.shared_top().wait_until(lambda snapshot: next(
        (c for c in (status_complaint(snapshot.process(pid), pid) for pid in pids) if c), None))
    return shown


def anon_case(*arguments):
    def case(t):
        helper = t.helper("anon", *arguments, "--hold")
        said = helper.read()
        row = at_rest(t, [helper.pid]).process(helper.pid)
        least = said["bytes"] + said["locked"] - NOT_YET_COUNTED
        t.equal(row["anon_bytes"] >= least, True, f"anon_bytes {row['anon_bytes']} holds what was touched, {said}")
        t.equal(row["locked_bytes"], said["locked"], "locked_bytes")
        t.equal(row["peak_rss_bytes"] >= said["freed"], True, "peak_rss_bytes holds what was freed")
        t.equal(same_start(row.get("start_time"), said["start_time"], boot_seconds()), True,
                f"start_time {row.get('start_time')}, /proc says {said['start_time']} ticks")

    return case


test("process: anonymous memory")(anon_case("--bytes", "50M"))
test("process: one page more")(anon_case("--bytes", "4096"))
test("process: locked")(anon_case("--bytes", "1M", "--locked", "5M"))
test("process: virtual, nothing touched")(anon_case("--bytes", "1M", "--virtual", "1G"))
test("process: the peak is above what is left")(anon_case("--bytes", "1M", "--freed", "80M"))


@test("process: file and shmem resident, of what others brought in too")
def shared_parts(t):
    mount, folder = t.tmpfs(), t.disk()
    maker = t.worker(mount)
    maker.do("write path=f len=3M")
    worker = t.worker(mount)
    worker.do("map path=f slot=1 len=3M")
    worker.do("mmap_read slot=1 len=3M")
    worker.do("shared_anon slot=2 len=1M")
    worker.do("mmap_write slot=2 len=200K")
    worker.do(f"map path={folder}/d slot=3 len=2M")
    worker.do("mmap_write slot=3 len=700K")
    row = at_rest(t, [worker.pid, maker.pid]).process(worker.pid)
    t.equal(row["shmem_bytes"], (3 << 20) + 200 * 1024, "shmem_bytes")


@test("process: many processes, odd names")
def many(t):
    helper = t.helper("spawn", "--count", "150")
    said = [helper.read() for _ in range(151)]
    children = [child for child in said if "comm" in child]
    snapshot = at_rest(t, [child["pid"] for child in children])
    for child in children:
        row = snapshot.process(child["pid"])
        if not same_text(row["comm"], to_bytes(child["comm"])):
            raise Failure(f"comm {row['comm']!r} shown, {to_bytes(child['comm'])!r} expected")
        t.equal(row.get("ppid"), helper.pid, f"ppid of {child}")
        t.equal(row.get("uid"), 0, f"uid of {child}")
        t.equal(same_start(row.get("start_time"), child["start_time"], boot_seconds()), True, f"start_time in {row}")


@test("process: the command line is in the snapshot")
def cmdline(t):
    helper = t.helper("anon", "--bytes", "1M", "--hold")
    helper.read()
    row = t.snapshot().process(helper.pid)
    for word in helper.command:
        t.equal(word in str(row.get("cmdline")), True, f"{word!r} in cmdline {row.get('cmdline')!r}")


@test("process: one that lives five milliseconds is in the trace, with its peak")
def short(t):
    trace = t.trace("--events", "exit")
    # the trace says nothing before the first event: short ones are made until the first one is seen
    for attempt in range(30):
        said = t.helper("short", "--bytes", "8M").read_all()[0]
        try:
            trace.wait_for(lambda line: line.get("pid") == said["pid"] and line.get("type") == "exit",
                           f"exit of {said['pid']}", timeout=1)
            break
        except Failure:
            if trace.ended:
                raise
    said = t.helper("short", "--bytes", "8M", "--count", "20").read_all()
    for child in said:
        line = trace.wait_for(lambda line: line.get("pid") == child["pid"] and line.get("type") == "exit",
                              f"exit of {child['pid']}, which lived {child['lived_ns'] / 1e6:.1f} ms")
        # the kernel's peak is of counts that each processor may hold 32 pages of back
        apart = abs(line.get("peak_rss_bytes", 0) - child["peak_rss_bytes"])
        t.equal(apart <= 32 * os.cpu_count() * PAGE, True, f"peak {child['peak_rss_bytes']} in {line}")
        t.equal(line.get("comm"), "pageops-short", "comm")


PEAKS = """
import mmap, os, subprocess, sys
taken = mmap.mmap(-1, 200 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | mmap.MAP_POPULATE)
for number, prepare in enumerate((None, lambda: None)):  # vfork(2), and a copy of all of that
    with open(f"{sys.argv[1]}/{number}", "wb") as out:
        subprocess.run(["/bin/cat", "/proc/self/status"], stdout=out, preexec_fn=prepare)
if os.fork() == 0:
    taken.close()
    more = mmap.mmap(-1, 300 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | mmap.MAP_POPULATE)
    os._exit(0)
os.wait()
os.execlp("tail", "tail", "-c", "1", f"{sys.argv[1]}/0")
"""


@test("process: the peak is the program's own, not that of who started it or of what it was before")
def own_peak(t):
    folder = t.temp()
    done = subprocess.run([PAGETIDE, "trace", *TIER, "--json", "--events", "exit", "--", sys.executable, "-c", PEAKS,
                           folder], stdin=subprocess.DEVNULL, capture_output=True, check=False)
    told = [json.loads(line) for line in done.stdout.splitlines() if line.startswith(b'{"')]
    for number, line in enumerate(e for e in told if e["comm"] == "cat"):
        status = Path(f"{folder}/{number}").read_text().split()
        peak = int(status[status.index("VmHWM:") + 1]) << 10
        # where the kernel tells of an exit when the memory is gone, so small a peak is not known
        shown = line.get("peak_rss_bytes", peak)
        t.equal(abs(shown - peak) <= 2 * 32 * os.cpu_count() * PAGE, True, f"VmHWM was {peak}, in {line}")
    t.equal([e["comm"] for e in told].count("cat"), 2, f"exits of cat in {done}")
    forked = next(e for e in told if e["comm"] not in ("cat", "tail"))
    t.equal(forked["peak_rss_bytes"] >= 300 * MIB, True, f"what a process without exec took: {forked}")
    last = next(e for e in told if e["comm"] == "tail")
    t.equal(last.get("peak_rss_bytes", 0) < 32 * MIB, True, f"what was before its exec: {last}")


@test("process: what one leaves behind in tmpfs and in the cache is told at its exit")
def left_behind(t):
    mount, folder = t.tmpfs(), t.disk()
    trace = t.trace("--events", "exit")
    for _ in range(30):
        worker = t.worker(mount)
        tmpfs = worker.do("write path=f len=300K")
        cache = worker.do(f"write path={folder}/f len=200K")
        worker.end()
        try:
            line = trace.wait_for(lambda line: line.get("pid") == worker.pid, f"exit of {worker.pid}", timeout=1)
            break
        except Failure:
            if trace.ended:
                raise
            os.unlink(f"{mount}/f")
            os.unlink(f"{folder}/f")
    else:
        raise Failure("no exit was traced")
    t.equal(line.get("tmpfs_bytes"), tmpfs["pages_added"] * PAGE, f"tmpfs_bytes in {line}")
    t.equal(line.get("cache_bytes", 0) >= cache["pages_added"] * PAGE, True, f"cache_bytes in {line}")


@test("process: gone ones that own nothing do not count")
def sums(t):
    top, mount = t.shared_top(), t.tmpfs()
    worker = t.worker(mount)
    worker.do("write path=f len=1M")
    worker.do("unlink path=f")
    worker.end()

    def judge(snapshot):
        row = snapshot.process(worker.pid)
        wrong = row and (not row.get("exited") or row.get("tmpfs_bytes"))
        return f"row of one that has exited and owns nothing: {row}" if wrong else None

    top.wait_until(judge)


@test("cgroup v1: limit, usage and peak as the kernel has them")
def cgroup_v1(t):
    cgroup_case(t, 1, {"memory__limit_in_bytes": 64 << 20}, "memory.usage_in_bytes", "memory.max_usage_in_bytes")


@test("cgroup v2: limit, usage and peak as the kernel has them")
def cgroup_v2(t):
    cgroup_case(t, 2, {"memory__max": 64 << 20}, "memory.current", "memory.peak")


def cgroup_case(t, version, limits, usage_file, peak_file):
    cgroup, mount = t.cgroup(version, **limits), t.tmpfs()
    worker = t.worker(mount, cgroup=cgroup)
    worker.do("write path=f len=5M")
    shown_path = "/" + cgroup.name

    def complaint(snapshot):
        row = snapshot.cgroup(shown_path, version) or snapshot.cgroup(str(cgroup), version)
        if not row:
            return f"cgroup {shown_path} is not in the snapshot"
        expected = {"limit_bytes": 64 << 20, "usage_bytes": int(Path(cgroup, usage_file).read_text())}
        if Path(cgroup, peak_file).exists():  # memory.peak: Linux 5.19
            expected["peak_bytes"] = int(Path(cgroup, peak_file).read_text())
        shown = {key: row.get(key) for key in expected}
        process = snapshot.process(worker.pid) or {}
        if shown != expected:
            return f"cgroup {shown_path}: {shown} shown, {expected} expected"
        if process.get("cgroup") not in (shown_path, str(cgroup)):
            return f"cgroup of the process {process.get('cgroup')!r}, {shown_path!r} expected"
        return None

    t.agree(complaint(t.snapshot()))
    t.shared_top().wait_until(complaint)


@test("process: a child within vfork shows its parent's memory, and says so")
def lent(t):
    helper = t.helper("lend", "--bytes", "64M")
    child = helper.read()
    shown = at_rest(t, [child["pid"], child["parent"]])
    t.equal([shown.process(child[who])["shares_memory"] for who in ("parent", "pid")], [False, True], "shares_memory")
    t.equal(shown.process(child["pid"])["anon_bytes"] >= 64 * MIB - NOT_YET_COUNTED, True, "the figures are /proc's")


LEADERLESS = """
import ctypes, pathlib, sys, threading
kept = bytearray(b"x") * (64 << 20)
last = pathlib.Path("/proc/sys/kernel/ns_last_pid")
before = last.read_text()
last.write_text("300")  # the iterator meets the threads before their leader
for _ in range(4):
    threading.Thread(target=sys.stdin.read).start()
last.write_text(before)
print(flush=True)
ctypes.CDLL(None).syscall(60, 0)
"""


@test("a process whose first thread has ended has one row, with the memory of the others")
def leaderless(t):
    if os.uname().machine != "x86_64":
        raise Skip("the number of exit(2) is x86's")
    child = subprocess.Popen([sys.executable, "-c", LEADERLESS], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    t.undo.append(child.wait)
    t.undo.append(child.kill)
    child.stdout.readline()
    while "Z (zombie)" not in Path(f"/proc/{child.pid}/status").read_text():
        os.sched_yield()
    rows = [row for row in t.snapshot()["processes"] if row["pid"] == child.pid]
    t.equal([row.get("anon_bytes", 0) >= 64 << 20 for row in rows], [True], f"rows with the memory: {rows}")


if __name__ == "__main__":
    main()
