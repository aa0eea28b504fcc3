"""What a limit refused is told: each refusal, by every pagetide that runs, with the process and the limit."""

import os

from harness import Failure, Skip, main
from limits import MIB, ready
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


for crowd_name, crowd in [("alone", ()), ("among 20,000 mappings", ("--mappings", "20000")),
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


if __name__ == "__main__":
    main()
