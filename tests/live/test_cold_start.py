"""What was there before pagetide started is found: bytes, kind and holders, the owner unknown."""

import json
import os
import shutil
import subprocess
from pathlib import Path

from children import PAGETIDE
from expect import file_complaint, file_is_gone, mount_complaint, segment_pages, segment_reply
from harness import Failure, Skip, dev_of, main, statfs_used
from tap import test
from views import PAGE, SLACK, Ledger, Snapshot, owners, same_text

ODD_NAMES = [b"with space", b"two\nlines", b"caf\xc3\xa9 \xe6\x97\xa5\xe6\x9c\xac", b"esc\x1b[31mred",
             b"bad\xff\xfe\xc3", b"quote\"back\\slash", b"tab\there", b"-rf", b"a) R 1 (b", b"%s%n",
             b"x" * 255, b"\x01\x7f"]


def cold_complaint(snapshot, reply, kind, holders=(), path=None):
    """The bytes are all there, nobody owns them, and whoever holds it is told."""
    row = snapshot.file(reply["dev"], reply["ino"], kind)
    wrong = file_complaint(snapshot, reply, Ledger(), kind)
    if wrong:
        return wrong
    missing = [pid for pid in holders if pid not in row.get("holders", [])]
    if missing:
        return f"{kind} {reply['path']!r}: holders {row.get('holders')}, {missing} missing; row {row}"
    if path is not None and not same_text(row.get("path"), path):
        return f"{kind}: path {row.get('path')!r} shown, {path!r} expected"
    return None


def cold_case(kind, script, held, path=None):
    """held: whether the worker still holds the object."""

    def case(t):
        mount = t.tmpfs()
        worker = t.worker(mount)
        for line in script:
            reply = worker.do(line)
        holders = [worker.pid] if held else []
        expected = os.fsencode(path.format(mount=mount)) if path else None
        snapshot = t.snapshot()
        t.agree(cold_complaint(snapshot, reply, kind, holders, expected))
        if kind == "tmpfs":
            t.agree(mount_complaint(snapshot, reply["dev"], mount))
        top = t.top()
        top.wait_until(lambda shown: cold_complaint(shown, reply, kind, (), expected))
        # a page more has an owner, those from before still have none
        grown = reply
        if kind in ("tmpfs", "memfd") and held:
            grown = worker.do(f"write slot=1 off={reply['size'] + 1048576} len=8K")
            top.wait_until(lambda shown: one_owner_complaint(shown, grown, kind, worker.pid, grown["pages_added"]))
        worker.do("unlink path=f", may_fail=True)
        worker.do("close slot=1")
        file_is_gone(top, grown, kind=kind)

    return case


def one_owner_complaint(snapshot, reply, kind, pid, pages):
    row = snapshot.file(reply["dev"], reply["ino"], kind) or {}
    right = SLACK["lru_pages"] or owners(row) == {pid: pages * PAGE}  # two pages are within what processors keep back
    if row.get("bytes") != reply["resident_pages"] * PAGE or not right:
        return f"{reply['resident_pages']} pages and of them {pages} of {pid} expected; row {row}"
    return None


COLD = [
    ("a file, closed", "tmpfs", ["write path=f len=300000"], False, "{mount}/f"),
    ("a file, open", "tmpfs", ["write path=f len=300000", "open path=f slot=1"], True, "{mount}/f"),
    ("a file, mapped", "tmpfs", ["write path=f len=300000", "map path=f slot=1 len=300000",
                                 "mmap_read slot=1 len=4K"], False, "{mount}/f"),
    ("a file with pages that nobody wrote", "tmpfs", ["fallocate path=f len=300000"], False, None),
    ("a file with pages beyond its end", "tmpfs", ["write path=f len=10", "fallocate_keep path=f off=64K len=100K"],
     False, None),
    ("a file with holes", "tmpfs", ["write path=f off=10M len=10000", "truncate path=f len=40M"], False, None),
    ("deleted, open", "tmpfs", ["create path=f slot=1", "write slot=1 len=300000", "unlink path=f slot=1"], True, None),
    ("deleted, mapped", "tmpfs", ["write path=f len=300000", "map path=f slot=1 len=300000", "unlink path=f slot=1"],
     False, None),
    ("O_TMPFILE", "tmpfs", ["tmpfile path=. slot=1", "write slot=1 len=300000"], True, None),
    ("memfd", "memfd", ["memfd slot=1 path=m", "write slot=1 len=300000"], True, None),
    ("memfd, mapped", "memfd", ["memfd slot=1 path=m", "mmap_write slot=1 len=300000"], True, None),
    ("shared anonymous mapping", "shared_anon", ["shared_anon slot=1 len=1M", "mmap_write slot=1 len=300000"], True,
     None),
]
for title, what, lines, held_, path_ in COLD:
    test(f"cold start: {title}")(cold_case(what, lines, held_, path_))


@test("cold start: a mapped file's holder is told")
def mapped_holder(t):
    mount = t.tmpfs()
    worker = t.worker(mount)
    worker.do("map path=f slot=1 len=100K")
    reply = worker.do("mmap_write slot=1 path=f len=100K")
    t.agree(cold_complaint(t.snapshot(), reply, "tmpfs", [worker.pid]))


def cold_segment(attached):
    def case(t):
        worker = t.worker(t.tmpfs())
        shmid = worker.do("shmget len=1M")["shmid"]
        t.undo.append(lambda: worker.do(f"shmrm arg={shmid}", may_fail=True))
        reply = worker.do(f"shmtouch arg={shmid} len=300000")
        if attached:
            worker.do(f"shmat slot=1 arg={shmid} len=1M")
        reply = segment_reply(reply, shmid, segment_pages(shmid))
        snapshot = t.snapshot()
        t.agree(cold_complaint(snapshot, reply, "sysv", [worker.pid] if attached else []))
        t.equal(snapshot.file(reply["dev"], reply["ino"], "sysv")["deleted"], False, "deleted")
        top = t.top()
        top.wait_until(lambda shown: cold_complaint(shown, reply, "sysv"))
        worker.do("close slot=1")
        worker.do(f"shmrm arg={shmid}")
        file_is_gone(top, reply, kind="sysv")

    return case


test("cold start: System V segment, attached")(cold_segment(True))
test("cold start: System V segment, attached nowhere")(cold_segment(False))


@test("cold start: a memfd that only a process that is stopped holds")
def stopped(t):
    worker = t.worker(t.tmpfs())
    worker.do("memfd slot=1 path=m")
    reply = worker.do("write slot=1 len=300000")
    os.kill(worker.pid, 19)
    try:
        t.agree(cold_complaint(t.snapshot(), reply, "memfd", [worker.pid]))
    finally:
        os.kill(worker.pid, 18)


def private_worker(t, name):
    """A worker in a mount namespace of its own, in a tmpfs that no other one sees."""
    folder = Path(t.temp(), name)
    folder.mkdir()
    script = f"mount -t tmpfs -o size=8M private {folder} && cd / && exec \"$0\" \"$@\""
    worker = t.worker(folder, wrap=["unshare", "-m", "--propagation", "private", "sh", "-c", script])
    reply = worker.do("write path=f len=300000")
    if os.stat(folder).st_dev == os.stat(folder.parent).st_dev and not Path(folder, "f").exists():
        return worker, reply, folder
    raise Skip("a private mount namespace cannot be made here")


@test("cold start: a tmpfs in another mount namespace")
def private(t):
    worker, reply, folder = private_worker(t, "one")
    for snapshot in (t.snapshot(), t.top().wait_until(
            lambda shown: cold_complaint(shown, reply, "tmpfs") or private_complaint(shown, reply, worker))):
        t.agree(cold_complaint(snapshot, reply, "tmpfs") or private_complaint(snapshot, reply, worker))


def private_complaint(snapshot, reply, worker):
    row = snapshot.mount(reply["dev"])
    used = statfs_used(f"/proc/{worker.pid}/cwd")
    if not row:
        return f"the private mount {reply['dev']} is not in the snapshot"
    if (row.get("used_bytes"), row.get("limit_bytes")) != (used, 8 << 20):
        return f"private mount: {used} used of {8 << 20} expected; row {row}"
    return None


@test("cold start: two private mounts at the same path are two mounts")
def two_private(t):
    first, one, folder = private_worker(t, "same")
    script = f"mount -t tmpfs -o size=4M private {folder} && exec \"$0\" \"$@\""
    second = t.worker(folder, wrap=["unshare", "-m", "--propagation", "private", "sh", "-c", script])
    two = second.do("write path=f len=100000")
    t.equal(one["dev"] != two["dev"], True, "two devices")
    snapshot = t.snapshot()
    for reply in (one, two):
        t.agree(cold_complaint(snapshot, reply, "tmpfs"))


@test("cold start: a mount that comes while pagetide runs, in another namespace")
def later(t):
    top = t.top()
    worker, reply, _ = private_worker(t, "later")
    ledger = Ledger()
    ledger.apply(reply)
    top.wait_until(lambda shown: file_complaint(shown, reply, ledger, "tmpfs")
                   or private_complaint(shown, reply, worker))


@test("cold start: a tmpfs under another mount is found")
def covered(t):
    for size, options, limit, inodes in ("16M", ",nr_inodes=99", 16 << 20, 99), ("50%", "", None, None):
        mount = t.tmpfs(size, options)
        whole = os.statvfs(mount)
        reply = t.worker(mount).do("write path=f len=300000")
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1M", "cover", mount], capture_output=True, text=True)
        if done.returncode:
            raise Skip(done.stderr)
        t.undo.append(lambda mount=mount: subprocess.run(["umount", mount], check=True))
        row = t.snapshot().mount(reply["dev"])
        t.equal((row["path"], row.get("limit_bytes"), row.get("limit_inodes")),
                (mount, limit or whole.f_blocks * whole.f_frsize, inodes or whole.f_files), "the covered mount's limits")


@test("cold start: odd names, and the JSON stays valid")
def odd_names(t):
    mount = t.tmpfs()
    worker, replies = t.worker(mount), {}
    for name in ODD_NAMES:
        path = name.replace(b"\\", b"\\\\").replace(b" ", b"\\ ").replace(b"\n", b"\\n")
        replies[name] = worker.do(b"write len=5000 path=" + path)
    for snapshot in (t.snapshot(), t.top().objects[0][1]):
        snapshot = type(t.snapshot())(snapshot)
        for name, reply in replies.items():
            t.agree(cold_complaint(snapshot, reply, "tmpfs", (), os.fsencode(mount) + b"/" + name))
    memfd = worker.do(b"memfd slot=1 path=bad\xffname\\n\\ x")
    memfd = worker.do("write slot=1 len=5000")
    t.agree(cold_complaint(t.snapshot(), memfd, "memfd", [worker.pid]))


@test("cold start: a thousand files in folders")
def many_files(t):
    mount = t.tmpfs()
    worker, replies = t.worker(mount), []
    for folder in range(20):
        worker.do(f"mkdir path=d{folder}")
        replies += [worker.do(f"write path=d{folder}/f{i} len={1 + 1000 * i}") for i in range(50)]
    snapshot = t.snapshot()
    rows = snapshot.files(replies[0]["dev"])
    t.equal(sum(row["bytes"] for row in rows), sum(r["resident_pages"] for r in replies) * PAGE, "the sum of the files")
    t.agree(mount_complaint(snapshot, replies[0]["dev"], mount))
    if len(rows) < 1000 and not any("count" in row for row in rows):
        raise Failure(f"{len(rows)} rows, 1000 files")


@test("cold start: ten thousand files all have their names at the first reading")
def names_of_many(t):
    mount, count = t.tmpfs("200M", ",nr_inodes=0"), 10000
    for i in range(count):
        Path(mount, f"file-{i:05d}").write_bytes(b"x")
    many = ("--max-files", "65536")
    for shown in t.snapshot(*many), Snapshot(t.top(*many).objects[0][1]):
        paths = [row["path"] for row in shown.files(dev_of(mount))]
        t.equal((len(paths), len(set(paths)), sum(path.startswith(mount) for path in paths)), (count,) * 3,
                "files, different names, names in the mount")
        lost = shown["lost"].get("records_file", 0)
        if lost > count / 10:  # others' files come and go
            raise Failure(f"{lost} names lost")


@test("cold start: with the documented capabilities, of another user, the same files are found")
def four_capabilities(t):
    mount = t.tmpfs()
    worker = t.worker(mount)
    worker.do("mkdir path=d")
    replies = [worker.do(f"write path={name} len=300000") for name in ("f", "d/f")]
    Path(t.temp()).chmod(0o755)
    binary = shutil.copy(PAGETIDE, Path(t.temp(), "pagetide"))
    rights = "-all,+bpf,+perfmon,+sys_ptrace,+dac_read_search"
    done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", f"--inh-caps={rights}",
                           f"--ambient-caps={rights}", f"--bounding-set={rights}", str(binary), "snapshot", "--json"],
                          capture_output=True, timeout=60)
    shown = Snapshot(json.loads(done.stdout or "{}"))
    if shown.get("tier", "proc") == "proc":
        raise Skip(f"these rights are not enough here: {done.stderr!r}")
    for reply in replies:
        t.agree(cold_complaint(shown, reply, "tmpfs"))


if __name__ == "__main__":
    main()
