"""A limit that comes near is told before it is reached: at every rate, however it is filled, once."""

import ctypes
import json
import os
import subprocess
import sys
import time

from children import EMULATED, LIBC, PAGETIDE
from commands import kernel_objects, processor_seconds, wait_until
from harness import Failure, Skip, main, remove_cgroup
from limits import MIB, limit, limited, of, ready, ticks, version, warned_before
from tap import test

MNT_DETACH = 2
# what fills, how fast, how large the mount is: none takes more than a few seconds
FILLS = [
    ("write", "max", 64), ("write", "512M", 64), ("write", "64M", 64), ("write", "16M", 32), ("write", "4M", 12),
    ("mmap", "max", 64), ("mmap", "32M", 32), ("fallocate", "max", 64), ("fallocate", "32M", 32),
    ("many-processes", "64M", 64), ("small-files", "max", 32),
]


def fill(t, mount, how, rate, size):
    done = t.helper("fill", "--dir", mount, "--how", how, "--rate", rate, "--bytes", str(size))
    return done.read_all()


for fill_how, fill_rate, fill_mib in FILLS:

    @test(f"tmpfs filled by {fill_how} at {fill_rate}/s: warned before, refused after, the process named")
    def _(t, how=fill_how, rate=fill_rate, mib=fill_mib):
        mount, traced = t.tmpfs(f"{mib}M"), ready(t)
        last = fill(t, mount, how, rate, (mib + 4) * MIB)[-1]
        kind = "sigbus" if last["sigbus"] else "enospc"
        traced.wait_for(lambda e: e["type"] == kind and e.get("mount") == mount, f"{kind} at {mount}")
        warnings, _ = warned_before(traced, mount, f"{how} at {rate}")
        names = {c["comm"] for w in warnings for c in w["culprits"]}
        if "pageops" not in names:
            raise Failure(f"the culprits are {names}: {warnings}")
        for w in warnings:
            if w["limit_bytes"] != mib * MIB or w["used_bytes"] > mib * MIB or not w["advice"]:
                raise Failure(str(w))


@test("inodes run out before bytes do: warned of as inodes")
def _(t):
    mount, traced = t.tmpfs("64M", ",nr_inodes=400"), ready(t)
    fill(t, mount, "small-files", "max", 32 * MIB)
    failed = traced.wait_for(lambda e: e["type"] == "enospc", "ENOSPC for want of inodes")
    t.equal(failed["limit"], "inodes", "the limit that was met")
    warning = traced.wait_for(lambda e: e.get("limit") == "tmpfs_inodes" and e.get("target") == mount, "a warning")
    if warning["time_ns"] > failed["time_ns"] or warning["limit_inodes"] != 400:
        raise Failure(f"{warning} {failed}")


@test("a tmpfs that another one covers: warned of, with the process that fills it")
def _(t):
    mount = t.tmpfs("16M")
    below = t.worker(mount)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1M", "cover", mount], check=False).returncode:
        raise Skip("no mount over a mount")
    t.undo.append(lambda: subprocess.run(["umount", mount], check=True))
    traced = ready(t)
    below.do("write path=f len=14M")
    warning = traced.wait_for(lambda e: e.get("target") == mount, "a warning")
    t.equal((warning["limit"], warning["limit_bytes"]), ("tmpfs", 16 * MIB), "the limit")
    t.equal(warning["culprits"][0]["pid"], below.pid, "the culprit")


@test("a tmpfs in a mount namespace of its own, 64 MiB as a container's /dev/shm: warned of")
def _(t):
    traced = ready(t)
    script = (f"mkdir -p {t.temp()}/inner && mount -t tmpfs -o size=64M inner {t.temp()}/inner && "
              f"exec dd if=/dev/zero of={t.temp()}/inner/f bs=64K")
    subprocess.run(["unshare", "-m", "sh", "-c", script], capture_output=True, timeout=60)
    warning = traced.wait_for(lambda e: e.get("target") == f"{t.temp()}/inner", "a warning")
    t.equal(warning["culprits"][0]["comm"], "dd", "the culprit")


@test("nested cgroups, the parent the tightest: the parent is named, with the process below it")
def _(t):
    parent = limited(t, 128 * MIB)
    child = limited(t, 1024 * MIB, parent)
    traced = ready(t)
    mount = t.tmpfs("200M")
    worker = t.worker(mount, cgroup=child)
    worker.do("fallocate path=f len=108M")
    warning = traced.wait_for(lambda e: e.get("target") == f"/{parent.name}", "a warning")
    t.equal(warning["limit"], "cgroup", "the limit")
    t.equal(warning["culprits"][0]["pid"], worker.pid, "the culprit")


def usage(cgroup):
    return int((cgroup / ("memory.usage_in_bytes" if version() == 1 else "memory.current")).read_text())


@test("a cgroup that clean cache fills, and keeps at its limit: no warning, by time neither")
def _(t):
    cgroup = limited(t, 64 * MIB)
    path = os.path.join(t.disk(), "large")
    with open(path, "wb") as out:
        for _ in range(200):
            out.write(b"x" * MIB)
        out.flush()
        os.fsync(out.fileno())
        os.posix_fadvise(out.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    traced = ready(t)
    worker = t.worker(t.disk(), cgroup=cgroup)
    for at in range(0, 96, 6):  # so slowly that a rise in anonymous memory would be believed
        worker.do(f"read path=large off={at * MIB} len={6 * MIB}")
        ticks(t, 0.2)
    worker.do("read path=large")
    if usage(cgroup) < 60 * MIB:
        raise Failure(f"it is not at its limit: {usage(cgroup)}")
    ticks(t, 2)
    t.equal(of(traced, f"/{cgroup.name}"), [], "warnings")


def mount_at_once(t, number):
    """A tmpfs of 1 MiB without a process that mounts it: there are many."""
    path = os.path.join(t.temp(), f"small{number}")
    os.mkdir(path)
    if LIBC.mount(b"pagetide-test", path.encode(), b"tmpfs", 0, b"size=1M"):
        raise Skip(f"cannot mount a tmpfs: {os.strerror(ctypes.get_errno())}")
    t.undo.append(lambda: LIBC.umount2(path.encode(), MNT_DETACH))
    return path


def armed():
    """The cgroups that the kernel side watches, of every pagetide."""
    maps = [number for (kind, number), name in kernel_objects().items() if (kind, name) == ("map", "armed")]
    dumps = [subprocess.run(["bpftool", "-j", "map", "dump", "id", str(number)], capture_output=True, text=True)
             for number in maps]
    return {int.from_bytes(bytes(int(byte, 16) for byte in entry["key"]), sys.byteorder)
            for dump in dumps if dump.returncode == 0 for entry in json.loads(dump.stdout)}


@test("a cgroup that was removed is watched no more")
def removed(t):
    path = limited(t, 40 * MIB)
    number = path.stat().st_ino
    traced = ready(t)
    worker = t.worker(t.tmpfs("64M"), cgroup=path)
    worker.do("fallocate path=f len=26M")
    wait_until(lambda: number in armed(), "the cgroup is watched", 20)
    worker.do("unlink path=f")
    worker.end()
    remove_cgroup(path)
    wait_until(lambda: number not in armed(), "the cgroup is watched no more", 20)
    t.equal(bool(traced.ended), False, "pagetide ended")


CGROUPS, MOUNTS = (100, 20) if EMULATED else (1000, 200)


@test("1,000 cgroups and 200 tmpfs mounts: the ones that fill are warned of, and the rest costs little")
def _(t):
    top = t.cgroup(version())
    if version() == 2:
        (top / "cgroup.subtree_control").write_text("+memory")
    for number in range(CGROUPS):
        path = top / f"c{number}"
        path.mkdir()
        t.undo.append(path.rmdir)
        limit(path, 32 * MIB)
    mounts = [mount_at_once(t, number) for number in range(MOUNTS)]
    traced = ready(t)
    before, begin = processor_seconds(traced.pid), time.monotonic()
    ticks(t, 3)
    part = (processor_seconds(traced.pid) - before) / (time.monotonic() - begin)
    if part > 0.2 and not EMULATED:
        raise Failure(f"it takes {part:.2f} of a processor where nothing happens")
    full, near = mounts[-3], f"c{CGROUPS - 89}"
    fill(t, full, "write", "max", 2 * MIB)
    t.worker(t.tmpfs("128M"), cgroup=top / near).do("fallocate path=f len=28M")
    for target in (full, f"/{top.name}/{near}"):
        traced.wait_for(lambda e, target=target: e["type"] == "warning" and e["target"] == target, target)
    told = {e["target"] for _, e in traced.objects if e["type"] == "warning"}
    others = told & ({*mounts} | {f"/{top.name}/c{number}" for number in range(CGROUPS)}) - {full, f"/{top.name}/{near}"}
    t.equal(others, set(), "others that were warned of")


def hook(t, text):
    path = os.path.join(t.temp(), "hook")
    with open(path, "w", encoding="ascii") as out:
        out.write("#!/bin/sh\n" + text)
    os.chmod(path, 0o755)
    return path


def run_sample(t, command, seconds="1"):
    return subprocess.run([PAGETIDE, "trace", "--json", "--events", "warning", "--duration", seconds, "--on-warn", command,
                           "--on-warn-test"], capture_output=True, text=True, timeout=60)


@test("--on-warn: JSON on standard input, PAGETIDE_* variables, no shell")
def _(t):
    out = os.path.join(t.temp(), "out")
    # another mount of this machine may be warned of beside it
    command = hook(t, f'[ $PAGETIDE_REASON = sample ] || exit 0; cat > {out}; echo "$PAGETIDE_LIMIT $PAGETIDE_TARGET $PAGETIDE_USED_BYTES $1" >> {out}\n')
    done = run_sample(t, f"{command} 'a $HOME'")
    t.equal(done.returncode, 0, f"exit status ({done.stderr})")
    with open(out, encoding="utf-8") as text:
        lines = text.read().splitlines()
    sample = json.loads(lines[0])
    t.equal((sample["type"], sample["reason"], lines[1]), ("warning", "sample", f"tmpfs /dev/shm {52 * MIB} a $HOME"),
            "what the hook got")


for hook_name, hook_text, expected in [
        ("fails", "echo why >&2; exit 3\n", "failed with status 3: why"),
        ("floods", "exec dd if=/dev/zero bs=64K count=2000 2>/dev/null\n", None),
        ("hangs", "sleep 100\n", None),
        ("does not exist", None, "No such file or directory")]:

    @test(f"--on-warn: a hook that {hook_name} is reported and ends nothing")
    def _(t, text=hook_text, wanted=expected):
        done = run_sample(t, hook(t, text) if text else "/nonexistent/hook")
        t.equal(done.returncode, 0, f"exit status ({done.stderr})")
        if wanted and wanted not in done.stderr:
            raise Failure(f"{wanted!r} is not in {done.stderr!r}")


if __name__ == "__main__":
    main()
