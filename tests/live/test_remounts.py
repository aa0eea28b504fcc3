"""A tmpfs that is umounted, or detached while a file of it is held: its figures are not those of what is mounted next."""

import ctypes
import os
import shutil
import subprocess

from children import PAGETIDE, START_SECONDS, TIER, die_with_parent
from harness import Skip, dev_of, main
from tap import test

LIBC = ctypes.CDLL(None, use_errno=True)
MNT_DETACH = 2
MIB = 1 << 20


def folder(t, name):
    path = os.path.join(t.temp(), name)
    os.mkdir(path)
    t.undo.append(lambda: LIBC.umount2(path.encode(), MNT_DETACH))
    return path


def mount(path):
    """Without a process that does it: no reading is likely to come in between."""
    if LIBC.mount(b"pagetide-test", path.encode(), b"tmpfs", 0, b"size=64M"):
        raise Skip(f"cannot mount a tmpfs: {os.strerror(ctypes.get_errno())}")


def write(path, size):
    with open(path, "wb") as out:
        out.write(bytes(size))


def figures_are(dev, path, used, peak):
    def judge(snapshot):
        row = snapshot.mount(dev, path)
        if not row or row["path"] != path:
            return f"{path} is not shown"
        if (row.get("used_bytes"), row.get("peak_bytes")) != (used, peak):
            return f"{path}: {row.get('used_bytes')} bytes used, peak {row.get('peak_bytes')}; {used}, {peak} expected"
        return None

    return judge


@test("a tmpfs mounted at once after another one was umounted, with its device number: its peak is its own")
def device_number_again(t):
    first, second, top = folder(t, "first"), folder(t, "second"), t.top()
    mount(first)
    dev = dev_of(first)
    write(os.path.join(first, "f"), 8 * MIB)
    top.wait_until(figures_are(dev, first, 8 * MIB, 8 * MIB))
    LIBC.umount2(first.encode(), 0)
    mount(second)
    write(os.path.join(second, "g"), 4096)
    if dev_of(second) != dev:
        raise Skip("another mount took the device number")
    top.wait_until(figures_are(dev, second, 4096, 4096))


@test("a tmpfs that is detached while a file is held: what is written then is not another mount's")
def detached(t):
    first, second, top = folder(t, "first"), folder(t, "second"), t.top()
    mount(first)
    with open(os.path.join(first, "f"), "wb", buffering=0) as held:
        held.write(bytes(4096))
        top.wait_until(figures_are(dev_of(first), first, 4096, 4096))
        LIBC.umount2(first.encode(), MNT_DETACH)
        top.wait_until(lambda shown: any(row["path"] == first for row in shown["mounts"]) and f"{first} is shown")
        mount(second)
        write(os.path.join(second, "g"), 4096)
        top.wait_until(figures_are(dev_of(second), second, 4096, 4096))
        held.write(bytes(32 * MIB))
        held.truncate(4096)
        top.wait_until(figures_are(dev_of(second), second, 4096, 4096), timeout=3)


def tables_read(t, name):
    """How often a top of a few readings opens a mount table."""
    out = os.path.join(t.temp(), name)
    subprocess.run(["strace", "-f", "-e", "trace=openat", "-o", out, PAGETIDE, "top", "--json", *TIER, "--interval",
                    "1.1", "--count", "6"], stdout=subprocess.DEVNULL, check=True, timeout=START_SECONDS,
                   preexec_fn=die_with_parent)
    with open(out, encoding="utf-8", errors="replace") as text:
        return text.read().count("/mountinfo")


@test("a detached tmpfs does not have all mount tables read at every reading")
def tables(t):
    if not shutil.which("strace"):
        raise Skip("strace is not installed")
    path, before = folder(t, "first"), tables_read(t, "before")
    mount(path)
    with open(os.path.join(path, "f"), "wb", buffering=0) as held:
        held.write(bytes(4096))
        LIBC.umount2(path.encode(), MNT_DETACH)
        read = tables_read(t, "with")
    t.equal(read <= 2 * before, True, f"{read} times, {before} without it: at most twice as often")


if __name__ == "__main__":
    main()
