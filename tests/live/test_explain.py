"""explain: what is wrong is found, named and ordered; where nothing is, it says so."""

import json
import mmap
import os
import subprocess
import sys
import time

from children import PAGETIDE
from harness import Failure, Skip, main
from limits import HUGE, MAP_HUGETLB, MIB, limited, pool
from tap import test


def explain(*arguments):
    done = subprocess.run([PAGETIDE, "explain", "--json", *arguments], capture_output=True, text=True, timeout=60)
    if done.returncode:
        raise Failure(f"exit status {done.returncode}: {done.stderr}")
    return json.loads(done.stdout)


def finding(found, kind, target=None):
    rows = [f for f in found["findings"] if f["kind"] == kind and (not target or f["target"].startswith(target))]
    if not rows:
        raise Failure(f"no finding {kind} of {target}: {found}")
    return rows[0]


@test("a full tmpfs is found, first, with who filled it")
def _(t):
    mount = t.tmpfs("16M")
    with open(os.path.join(mount, "f"), "wb") as out:
        out.write(b"x" * (16 * MIB))
    found = explain("--duration", "1")
    row = finding(found, "tmpfs_full", mount)
    t.equal((row["evidence"]["used_bytes"], row["evidence"]["percent"]), (16 * MIB, 100), "the evidence")
    if not row["advice"] or row["urgency"] != max(f["urgency"] for f in found["findings"]):
        raise Failure(str(found))


@test("a pool of huge pages: kept for nobody, then promised to the last page")
def _(t):
    pool(t, 4)
    row = finding(explain("--standalone", "--duration", "1"), "hugetlb_unused")
    t.equal((row["evidence"]["unused_bytes"], row["evidence"]["page_bytes"]), (4 * HUGE, HUGE), "the evidence")
    with mmap.mmap(-1, 4 * HUGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | MAP_HUGETLB) as pages:
        pages[0] = 1
        found = explain("--standalone", "--duration", "1")
    row = finding(found, "hugetlb_exhausted")
    t.equal((row["evidence"]["total_bytes"], row["evidence"]["reserved_bytes"]), (4 * HUGE, 3 * HUGE), "the evidence")
    if any(f["kind"] == "hugetlb_unused" for f in found["findings"]):
        raise Failure(str(found))


@test("a removed file that is still open: its bytes and its holder")
def _(t):
    mount = t.tmpfs("64M")
    worker = t.worker(mount)
    worker.do("create path=f slot=1")
    worker.do("write slot=1 len=8M")
    worker.do("unlink path=f slot=1")
    row = finding(explain("--duration", "1"), "deleted_but_open", mount)
    t.equal((row["evidence"]["bytes"], row["evidence"]["pid"]), (8 * MIB, worker.pid), "the evidence")


@test("anonymous memory that only grows: slope and time to the limit")
def _(t):
    script = "import time\nb=[]\nfor i in range(1000): b.append(bytearray(b'x')*(1<<20)); time.sleep(0.05)\n"
    child = t.start(_Child([sys.executable, "-c", script]))
    found = explain("--duration", "8")
    rows = [f for f in found["findings"] if f["kind"] == "process_only_grows" and f["evidence"]["pid"] == child.pid]
    if not rows:
        raise Failure(f"{child.pid} is not among the findings: {found}")
    row = rows[0]
    if not MIB * 3600 < row["evidence"]["bytes_per_hour"] < 40 * MIB * 3600 or row["evidence"]["fit"] < 0.9:
        raise Failure(str(row))


class _Child:
    def __init__(self, command):
        self.child = subprocess.Popen(command)
        self.pid = self.child.pid

    def close(self):
        self.child.kill()
        self.child.wait()


def dying(parent):
    """Removed cgroups below it that still have something; None: it does not say."""
    stat = parent / "cgroup.stat"
    figures = dict(line.split() for line in stat.read_text().splitlines()) if stat.exists() else {}
    return int(figures["nr_dying_descendants"]) if "nr_dying_descendants" in figures else None


def goes_to_parent(parent, before):
    """Whether what a removed cgroup had is its parent's soon (7.3): elsewhere the removed one stays with its pages."""
    deadline = time.monotonic() + 3
    while before is not None and time.monotonic() < deadline:
        if dying(parent) <= before:
            return True
        time.sleep(0.05)
    return False


@test("tmpfs files that outlived their cgroup, and files that count in a cgroup of nobody of theirs")
def _(t):
    mount, left, foreign = t.tmpfs("64M"), limited(t, 64 * MIB), limited(t, 64 * MIB)
    before = dying(left.parent)
    gone = t.worker(mount, cgroup=left)
    gone.do("write path=left len=9M")
    gone.end()
    left.rmdir()
    worker = t.worker(mount, cgroup=foreign)
    worker.do("create path=f slot=1")
    worker.do("write slot=1 len=5M")
    (foreign.parent / "cgroup.procs").write_text(str(worker.pid))
    found = explain("--duration", "1")
    row = finding(found, "tmpfs_of_foreign_cgroup", f"/{foreign.name}")
    t.equal((row["evidence"]["bytes"], row["evidence"]["files"]), (5 * MIB, 1), "of the foreign one")
    kinds = {f["kind"] for f in found["findings"]}
    if "tmpfs_of_removed_cgroup" not in kinds and goes_to_parent(left.parent, before):
        raise Skip("this kernel gives what a removed cgroup had to its parent")
    row = finding(found, "tmpfs_of_removed_cgroup", os.path.join(mount, "left"))
    t.equal((row["evidence"]["bytes"], row["evidence"]["files"]), (9 * MIB, 1), "of the removed one")


@test("it says what it could not see, in text too")
def _(t):
    done = subprocess.run([PAGETIDE, "explain", "--duration", "1"], capture_output=True, text=True, timeout=60)
    t.equal(done.returncode, 0, "exit status")
    if "not seen:" not in done.stdout:
        raise Failure(done.stdout)
    found = explain("--duration", "1")
    if not found["not_seen"] or ("nothing found" in done.stdout) != (not found["findings"]):
        raise Failure(f"{done.stdout} {found}")


if __name__ == "__main__":
    main()
