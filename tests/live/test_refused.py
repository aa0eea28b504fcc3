"""What a limit refused is told: each refusal, by every pagetide that runs, with the process and the limit."""

import errno
import mmap
import os
import subprocess
import sys

from harness import Failure, Skip, main, way_of
from limits import HUGE, MAP_HUGETLB, MIB, pool, ready
from tap import test


def sigbus_of(traced, pid, mount):
    return traced.wait_for(lambda e: e["type"] == "sigbus" and e["pid"] == pid and e["mount"] == mount,
                           f"the SIGBUS of {pid}")


def touch(t, path, *arguments):
    """The process that touched a page which its full tmpfs could not give."""
    done = t.helper("crowd", "--path", path, "--bytes", str(4 * MIB), *arguments).read()
    if not done["sigbus"]:
        raise Failure(f"there was room: {done}")
    return done["pid"]


MANY = os.environ.get("PAGETIDE_TEST_MAPPINGS", "20000")

for crowd_name, crowd in [("alone", ()), ("among many mappings", ("--mappings", MANY)),
                          ("while threads map and unmap", ("--mappings", "2000", "--threads", "4"))]:

    @test(f"SIGBUS, {crowd_name}: three pagetides at once tell each of 20")
    def _(t, arguments=crowd):
        mount, traces = t.tmpfs("1M"), [ready(t), ready(t), ready(t)]
        path = os.path.join(mount, "f")
        touched = [touch(t, path, *arguments) for _ in range(20)]
        for traced in traces:
            for pid in touched:
                told = sigbus_of(traced, pid, mount)
                t.equal((told["path"], told["limit_bytes"], told["used_bytes"], told["limit"]), (path, MIB, MIB, "size"),
                        "what was told of the file and its mount")


def pinned(t, mount, processor):
    worker = t.worker(mount)
    os.sched_setaffinity(worker.pid, {processor})
    return worker


for early, late in [(0, 1), (1, 0)]:

    @test(f"a write cut short, where processor {early} counts a part of what is used and {late} fills the rest")
    def _(t, first=early, then=late):
        if os.cpu_count() < 2:
            raise Skip("needs two processors")
        mount, traced = t.tmpfs("4M"), ready(t)
        # fewer pages than a processor counts by itself: include/linux/percpu_counter.h
        pinned(t, mount, first).do("write path=early len=64K")
        late = pinned(t, mount, then)
        late.do("pwrite path=late len=8M", may_fail=True)
        cut = traced.wait_for(lambda e: e["type"] == "enospc" and e["mount"] == mount and e["short"], "the short write")
        t.equal((cut["pid"], cut["call"], cut["wanted_bytes"], cut["written_bytes"]),
                (late.pid, "pwrite64", 8 * MIB, 4 * MIB - 65536), "what was told")


@test("a copy that ends where its source does, in the last of a tmpfs, was not refused; one that goes on is")
def _(t):
    mount, traced, source = t.tmpfs("8M"), ready(t), os.path.join(t.disk(), "source")
    with open(source, "wb") as out:
        out.write(bytes(4 * MIB))
    with open(os.path.join(mount, "filler"), "wb") as out:
        out.write(bytes(4 * MIB))
    sizes = {}
    for name, copy in [("sendfile", lambda out, come: os.sendfile(out, come, 0, 32 * MIB)),
                       ("copy_file_range", lambda out, come: os.copy_file_range(come, out, 32 * MIB))]:
        path = os.path.join(mount, "copy")
        with open(source, "rb") as come, open(path, "wb") as out:
            try:
                sizes[name] = copy(out.fileno(), come.fileno())
            except OSError as error:
                if error.errno != errno.EXDEV:  # of another filesystem: 5.3 to 5.18 only
                    raise
            if name == "sendfile":
                t.equal(sizes[name], 4 * MIB, "what was copied")
        os.unlink(path)
    with open(os.path.join(mount, "copy"), "wb") as out:
        out.write(bytes(4 * MIB))
        try:
            with open(source, "rb") as come:
                os.sendfile(out.fileno(), come.fileno(), 0, MIB)
        except OSError as error:
            t.equal(error.errno, errno.ENOSPC, "the refusal")
    traced.wait_for(lambda e: e["type"] == "enospc" and e["mount"] == mount and not e["short"], "the refusal")
    with traced.changed:
        told = [(e["call"], e["short"]) for _, e in traced.objects if e["type"] == "enospc" and e["mount"] == mount]
    t.equal(told, [("sendfile", False)], "refusals that were told")


@test("a name that openat2 could not make is told as one that openat could not")
def _(t):
    mount, traced = t.tmpfs("4M", ",nr_inodes=8"), ready(t)
    for number in range(10):
        try:
            open(os.path.join(mount, str(number)), "wb").close()
        except OSError as error:
            t.equal(error.errno, errno.ENOSPC, "why no more")
            break
    path = os.path.join(mount, "new")
    script = ("import ctypes, os, struct, sys\n"
              "how = ctypes.create_string_buffer(struct.pack('QQQ', os.O_CREAT | os.O_WRONLY, 0o600, 0))\n"
              "libc = ctypes.CDLL(None, use_errno=True)\n"
              "done = libc.syscall(437, -100, sys.argv[1].encode(), how, 24)\n"
              "sys.exit(ctypes.get_errno() if done < 0 else 0)")  # a process of its own: each is told once a second
    status = subprocess.run([sys.executable, "-c", script, path], check=False).returncode
    if status != errno.ENOSPC:
        raise Skip(f"no openat2: {os.strerror(status)}")
    told = traced.wait_for(lambda e: e["type"] == "enospc" and e.get("path") == path, "the refusal")
    t.equal((told["call"], told["limit"]), ("openat2", "inodes"), "what was told")


def refused_uring(traced, mount, short):
    return traced.wait_for(lambda e: e["type"] == "enospc" and e["mount"] == mount and e["short"] == short and
                           e["call"].startswith("io_uring"), f"{'short' if short else 'failed'} io_uring operation")


def is_uring_seen():
    if way_of("io_uring") == "not seen":
        raise Skip("this kernel's io_uring does not tell which request completes")


for uring_name, uring in [("write", "uring_write"), ("write that a thread of the kernel submits", "uring_poll_write")]:

    @test(f"io_uring {uring_name}: cut short, then refused")
    def _(t, operation=uring):
        is_uring_seen()
        mount, traced = t.tmpfs("4M"), ready(t)
        worker = t.worker(mount)
        done = worker.do(f"{operation} path=f len=7M", may_fail=True)
        t.equal((done["errno"], done["bytes"]), (errno.ENOSPC, 4 * MIB), "what was written")
        for short, wanted, written in [(True, 7 * MIB, 4 * MIB), (False, 3 * MIB, None)]:
            told = refused_uring(traced, mount, short)
            t.equal([told.get(key) for key in ("pid", "comm", "call", "path", "wanted_bytes", "written_bytes",
                                               "used_bytes", "limit_bytes", "limit")],
                    [worker.pid, "pageops", "io_uring write", os.path.join(mount, "f"), wanted, written, 4 * MIB,
                     4 * MIB, "size"], "what was told")
            t.equal(told["culprits"][0]["pid"], worker.pid, "whose bytes they are")
            if operation == "uring_write":  # a worker thread did it
                t.equal(told["tid"], worker.pid, "the thread that handed it in")


@test("io_uring fallocate: refused")
def _(t):
    is_uring_seen()
    mount, traced = t.tmpfs("4M"), ready(t)
    worker = t.worker(mount)
    worker.do("write path=f len=1M")
    worker.do("uring_fallocate path=f off=1M len=4M", may_fail=True)
    told = refused_uring(traced, mount, False)
    t.equal((told["pid"], told["call"], told["wanted_bytes"]), (worker.pid, "io_uring fallocate", 4 * MIB), "what was told")


def begun(traced):
    """It tells of processes that end, so it tells of all."""
    for _ in range(100):
        pid = subprocess.Popen(["true"])
        pid.wait()
        try:
            traced.wait_for(lambda e, pid=pid.pid: e["type"] == "exit" and e["pid"] == pid, "an exit", timeout=0.3)
            return
        except Failure:
            if traced.ended:
                raise
    raise Failure("no exit was told within 30 s")


@test("io_uring write: refused on a mount that came near its limit, which nobody asked to watch")
def _(t):
    is_uring_seen()
    mount, traced = t.tmpfs("16M"), t.trace("--min-bytes", "1G")
    worker = t.worker(mount)
    begun(traced)
    worker.do("write path=f len=15M")
    traced.wait_for(lambda e: e["type"] == "warning" and e["target"] == mount, "a warning")
    worker.do("uring_write path=g len=4M", may_fail=True)
    t.equal(refused_uring(traced, mount, False)["pid"], worker.pid, "who was refused")


@test("io_uring write to a disk, and over what a full tmpfs has already: nothing is told")
def _(t):
    is_uring_seen()
    mount, traced = t.tmpfs("4M"), ready(t)
    worker = t.worker(mount)
    worker.do("uring_write path=f len=4M")
    worker.do("uring_write path=f len=2M")
    t.worker(t.disk()).do("uring_write path=f len=1M")
    worker.do("write path=g len=1M", may_fail=True)
    traced.wait_for(lambda e: e["type"] == "enospc" and e["mount"] == mount, "the refusal that came after it")
    told = [e for _, e in traced.objects if e["type"] == "enospc" and e.get("call", "").startswith("io_uring")]
    t.equal(told, [], "what was told of io_uring")


def asked(t, *arguments):
    traced = t.trace(*(arguments or ("--events", "hugetlb,memlock,exit")))
    begun(traced)
    return traced


def deny(t, how, *arguments):
    done = t.helper("deny", "--how", how, *arguments).read()
    if not done["errno"]:
        raise Failure(f"{how} was not refused")
    return done["pid"]


def denied(traced, kind, pid):
    return traced.wait_for(lambda e: e["type"] == kind and e["pid"] == pid, f"the {kind} of {pid}")


for huge_how, huge_call, huge_wanted, huge_used in [("mmap", "mmap", 6, 0), ("file", "mmap", 6, 0),
                                                    ("shmget", "shmget", 6, 0), ("touch", None, 1, 2)]:

    @test(f"a pool of huge pages refuses: {huge_how}")
    def _(t, how=huge_how, call=huge_call, wanted=huge_wanted, used=huge_used):
        pool(t, 2)
        folder, traced = t.mount("hugetlbfs", "pagesize=2M"), asked(t)
        pid = deny(t, how, "--bytes", "12M", "--path", os.path.join(folder, "f"))
        told = denied(traced, "hugetlb", pid)
        t.equal([told.get(key) for key in ("comm", "call", "limit", "wanted_bytes", "used_bytes", "limit_bytes",
                                           "page_bytes", "reserved_bytes")],
                ["pageops", call, "pool", wanted * HUGE, used * HUGE, 2 * HUGE, HUGE, 0], "what was told")
        if "nr_hugepages" not in told["advice"]:
            raise Failure(str(told))


@test("a pool of huge pages that is promised to another, where nobody asked for the event: the pool is enough")
def _(t):
    pool(t, 2)
    traced = asked(t, "--min-bytes", "1G")
    # promised, and not touched
    with mmap.mmap(-1, 2 * HUGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | MAP_HUGETLB):
        told = denied(traced, "hugetlb", deny(t, "mmap", "--bytes", "2M"))
    t.equal((told["used_bytes"], told["reserved_bytes"], told["limit_bytes"]), (2 * HUGE, 2 * HUGE, 2 * HUGE),
            "what the pool had")


@test("a huge page that is refused where there is no pool")
def _(t):
    traced = asked(t)
    told = denied(traced, "hugetlb", deny(t, "mmap", "--bytes", "2M"))
    t.equal((told["limit"], told["used_bytes"], told["limit_bytes"]), ("pool", 0, 0), "what the pool had")


for lock_how, lock_call in [("mlock", "mlock"), ("mmap-locked", "mmap"), ("mlockall", "mlockall"),
                            ("uring", "io_uring_register")]:

    @test(f"RLIMIT_MEMLOCK refuses: {lock_how}")
    def _(t, how=lock_how, call=lock_call):
        traced = asked(t)
        told = denied(traced, "memlock", deny(t, how, "--bytes", "192K", "--memlock", "64K"))
        t.equal((told["call"], told["limit"], told["limit_bytes"]), (call, "RLIMIT_MEMLOCK", 65536), "what was told")
        if how in ("mlock", "mmap-locked"):
            t.equal((told["wanted_bytes"], told["used_bytes"]), (192 << 10, 0), "what it wanted, and had")
        if "ulimit -l" not in told["advice"]:
            raise Failure(str(told))


@test("RLIMIT_MEMLOCK of 0 refuses any lock; a lock within the limit, and what CAP_IPC_LOCK allows, is not told")
def _(t):
    traced = asked(t)
    for arguments in [("--memlock", "512K"), ()]:
        done = t.helper("deny", "--how", "mlock", "--bytes", "192K", *arguments).read()
        t.equal(done["errno"], 0, "the error")
    told = denied(traced, "memlock", deny(t, "mlock", "--bytes", "4K", "--memlock", "0"))
    t.equal((told["limit_bytes"], told["wanted_bytes"]), (0, 4096), "what was told")
    t.equal(len([e for _, e in traced.objects if e["type"] == "memlock"]), 1, "how many were told")


if __name__ == "__main__":
    main()
