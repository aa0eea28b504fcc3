"""What the tests of limits share."""

import errno
import os

from harness import V1_MEMORY
from tap import Failure, Skip, diagnostics

MIB = 1 << 20
LIMITS = "warning,enospc,sigbus,oom"
HUGE = 2 * MIB
MAP_HUGETLB = 0x40000
POOL = "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages"


def version():
    """Of the memory controller of this machine."""
    return 1 if (V1_MEMORY / "memory.usage_in_bytes").exists() else 2


def limited(t, size, parent=None):
    """A cgroup with a limit on its memory; below another where one is given."""
    if parent is None:
        path = t.cgroup(version())
    else:
        path = parent / "inner"
        if version() == 2:
            (parent / "cgroup.subtree_control").write_text("+memory")
        elif (parent / "memory.use_hierarchy").exists():  # to be asked for before 5.11
            (parent / "memory.use_hierarchy").write_text("1")
        path.mkdir()
        t.undo.append(lambda: path.rmdir() if path.exists() else None)
    limit(path, size)
    return path


def limit(path, size):
    (path / ("memory.limit_in_bytes" if version() == 1 else "memory.max")).write_text(str(size))


def write_file(path, size, piece=64 * 1024):
    """Page after page, as a program does, and no faster than that."""
    with open(path, "wb", buffering=0) as out:
        for _ in range(size // piece):
            out.write(b"x" * piece)


def ready(t, *arguments, wrap=()):
    """A trace that has told of one fill already: what comes from now on is seen."""
    traced = t.trace("--events", LIMITS, *arguments, wrap=wrap)
    mount = t.tmpfs("1M")
    for number in range(100):
        try:
            with open(os.path.join(mount, f"f{number}"), "wb") as out:
                out.write(b"x" * (1000 * 1024))
        except OSError as error:  # the one before is still looked at: its pages go with the last who holds it
            if error.errno != errno.ENOSPC:
                raise
        try:
            traced.wait_for(lambda e: e.get("target") == mount, "the first warning", timeout=0.3)
            return traced
        except Failure:
            os.unlink(os.path.join(mount, f"f{number}"))
            if traced.ended:
                raise
    raise Failure("no warning within 30 s")


def of(traced, mount):
    """The events of one target, in the order in which they were printed."""
    with traced.changed:
        return [e for _, e in traced.objects if mount in (e.get("target"), e.get("mount"))]


def warned_before(traced, target, what):
    """The warnings of a target; the first must be earlier than what is told to have gone wrong."""
    events = of(traced, target)
    warnings = [e for e in events if e["type"] == "warning"]
    failures = [e for e in events if e["type"] in ("enospc", "sigbus", "oom")]
    if not warnings:
        raise Failure(f"{what}: no warning; {events}")
    if failures and warnings[0]["time_ns"] >= failures[0]["time_ns"]:
        raise Failure(f"{what}: the warning came {warnings[0]['time_ns'] - failures[0]['time_ns']} ns after")
    if failures:
        diagnostics(f"{what}: warned {(failures[0]['time_ns'] - warnings[0]['time_ns']) / 1e6:.1f} ms before")
    return warnings, failures


def ticks(t, count):
    """So many seconds, as the readings of another pagetide count them."""
    top = t.shared_top()
    begin = top.wait_until(lambda snapshot: None).seconds()
    top.wait_until(lambda snapshot: None if snapshot.seconds() - begin >= count else "too early", timeout=count + 20)


def pool(t, pages):
    """Of huge pages: the machine's, so that one that is there already is somebody's."""
    try:
        with open(POOL, encoding="ascii") as said:
            if said.read() != "0\n":
                raise Skip("this machine has a pool of huge pages")
        with open(POOL, "w", encoding="ascii") as out:
            out.write(str(pages))
    except OSError as error:
        raise Skip(f"no pool of huge pages can be made: {error}") from error
    t.undo.append(lambda: open(POOL, "w", encoding="ascii").write("0"))
    with open(POOL, encoding="ascii") as said:
        if int(said.read()) != pages:
            raise Skip("memory is too fragmented for a pool of huge pages")
