"""Every way to bring a page into tmpfs or to take it out: the file's bytes, the mount's and the owner's are exact."""

import os
import subprocess

from expect import file_complaint, file_is, file_is_gone, mount_complaint, segment_pages, segment_reply
from harness import Skip, dev_of, main, statfs_used
from tap import test
from views import PAGE, SLACK, Ledger, owners, to_bytes

# name, what the worker does to the file `f`; {disk} is a file on disk of 300,000 bytes, {tmpfs} one on the same mount
ONE_OWNER = [
    ("write", ["write path=f len=200000"]),
    ("write, one byte", ["write path=f len=1"]),
    ("write, 31 pages", ["write path=f len=124K"]),
    ("write, 1000 pages in odd chunks", ["write path=f len=4000K chunk=7001"]),
    ("write twice over the same pages", ["write path=f len=200000", "write path=f len=200000"]),
    ("pwrite into holes", ["pwrite path=f off=1M len=5000", "pwrite path=f off=100000 len=9000"]),
    ("writev", ["writev path=f len=100000"]),
    ("pwritev2", ["pwritev2 path=f len=100000"]),
    ("io_uring write", ["uring_write path=f len=100000"]),
    ("io_uring write in chunks", ["uring_write path=f len=1M chunk=10000"]),
    ("threads write", ["threads_write path=f len=2M arg=8 chunk=9000"]),
    ("shared mapping, write touch", ["mmap_write path=f off=8K len=400K"]),
    ("shared mapping, read touch of a hole", ["mmap_read path=f len=100K"]),
    ("MAP_POPULATE", ["mmap_populate path=f len=300K"]),
    ("MADV_POPULATE_WRITE", ["populate_write path=f len=300K"]),
    ("MADV_POPULATE_READ", ["populate_read path=f len=300K"]),
    ("mlock", ["mlock path=f len=300K"]),
    ("fallocate", ["fallocate path=f len=300K"]),
    ("fallocate beyond the end of the file", ["write path=f len=5000", "fallocate_keep path=f off=64K len=300K"]),
    ("sendfile from disk", ["sendfile path=f path2={disk} len=300000"]),
    ("sendfile from tmpfs", ["sendfile path=f path2={tmpfs} len=300000"]),
    ("splice from disk", ["splice path=f path2={disk} len=300000"]),
    ("splice from tmpfs", ["splice path=f path2={tmpfs} len=300000"]),
    ("copy_file_range from tmpfs", ["copy_range path=f path2={tmpfs} len=300000"]),
    ("read(2) of a disk file into the mapping", ["read_into path=f path2={disk} len=300000"]),
    ("read(2) of a pipe into the mapping", ["pipe_into path=f len=300000"]),
    ("O_DIRECT read into the mapping", ["direct_read_into path=f path2={disk} len=294912"]),
    ("O_DIRECT write", ["direct_write path=f len=256K"]),
    ("read(2) of a hole brings nothing in", ["truncate path=f len=1M", "read path=f", "write path=f len=1"]),
    ("truncate down", ["write path=f len=300000", "truncate path=f len=100001"]),
    ("truncate up", ["write path=f len=30000", "truncate path=f len=3000000"]),
    ("truncate down and up", ["write path=f len=300000", "truncate path=f len=1", "pwrite path=f off=20K len=9K"]),
    ("O_TRUNC", ["write path=f len=300000", "open_trunc path=f", "write path=f len=20000"]),
    ("punch hole", ["write path=f len=300000", "punch path=f off=10000 len=100000"]),
    ("MADV_REMOVE", ["write path=f len=300000", "madv_remove path=f off=8K len=100K"]),
    ("O_TMPFILE", ["tmpfile slot=1 path=.", "write slot=1 len=100000"]),
    ("O_TMPFILE and linkat", ["tmpfile slot=1 path=.", "write slot=1 len=100000", "linkat slot=1 path=f"]),
    ("hard link: one file", ["write path=f len=100000", "link path=f path2=g", "write path=g off=200K len=10000"]),
    ("written through a hard link after the other name went",
     ["write path=f len=100000", "link path=f path2=g", "unlink path=f", "write path=g off=100K len=10000"]),
    ("unlinked while open", ["create path=f slot=1", "write slot=1 len=100000", "unlink path=f slot=1",
                             "write slot=1 off=100K len=100000"]),
    ("unlinked while mapped", ["write path=f len=100000", "map path=f slot=1 len=200K", "unlink path=f slot=1",
                               "mmap_write slot=1 off=150K len=20K"]),
]

HUGE = [
    ("write", ["write path=f len=3M"]),
    ("write, small", ["write path=f len=100000"]),
    ("mapping", ["mmap_write path=f len=5M"]),
    ("fallocate", ["fallocate path=f len=4M"]),
    ("punch hole in the middle of a huge page", ["write path=f len=4M", "punch path=f off=1M len=100K"]),
    ("truncate in the middle of a huge page", ["write path=f len=4M", "truncate path=f len=2500K"]),
    ("truncate between two huge pages", ["write path=f len=4M", "truncate path=f len=2M"]),
]


def sources(t, mount):
    """A file on disk and one on the mount, the latter made by another process."""
    disk = os.path.join(t.disk(), "source")
    with open(disk, "wb") as out:
        out.write(os.urandom(300000))
    os.sync()
    other = t.worker(mount)
    other.do("write path=source len=300000")
    return {"disk": disk, "tmpfs": os.path.join(mount, "source")}


def run_script(t, script, options=""):
    top, mount = t.shared_top(), t.tmpfs(options=options)
    names = sources(t, mount)
    worker, ledger, replies = t.worker(mount), Ledger(), []
    for line in script:
        replies.append(ledger.apply(worker.do(line.format(**names))))
    snapshot = file_is(t, top, ledger, mount=mount, replies=replies)
    row = snapshot.file(ledger.reply["dev"], ledger.reply["ino"], "tmpfs")
    if row:
        corrected = abs(row["added_bytes"] - row["removed_bytes"] - row["bytes"])
        t.equal(corrected <= SLACK["lru_pages"] * PAGE, True, f"told by events, {corrected} bytes by a correction: {row}")
    return top, mount, worker, ledger, snapshot


def one_owner_case(script, options=""):
    def case(t):
        top, mount, worker, ledger, _ = run_script(t, script, options)
        # and all of it goes
        for name in ("f", "g"):
            worker.do(f"unlink path={name}", may_fail=True)
        worker.do("close slot=1")
        file_is_gone(top, ledger.reply, mount=mount)

    return case


for title, lines in ONE_OWNER:
    test(f"tmpfs: {title}")(one_owner_case(lines))
for title, lines in HUGE:
    test(f"tmpfs, huge=always: {title}")(one_owner_case(lines, ",huge=always"))


def child_case(line):
    def case(t):
        top, mount, ledger = t.shared_top(), t.tmpfs(), Ledger()
        worker = t.worker(mount)
        reply = ledger.apply(worker.do(line))
        t.equal(reply["actor_pid"] != worker.pid, True, "a child did it")
        snapshot = file_is(t, top, ledger, mount=mount, replies=[reply])
        row = snapshot.process(reply["actor_pid"])
        t.equal((row or {}).get("exited"), True, "the child's row is marked as exited")
        t.equal(row.get("tmpfs_bytes"), ledger.bytes(), "tmpfs_bytes of the child that has exited")

    return case


test("tmpfs: a forked child writes through the inherited descriptor")(child_case("fork_write path=f len=300000"))
test("tmpfs: a forked child writes the inherited mapping")(child_case("fork_touch path=f len=300000"))


@test("tmpfs: process_vm_writev into another's mapping: the writer owns")
def remote_write(t):
    remote(t, "vm_writev")


@test("tmpfs: /proc/PID/mem into another's mapping: the writer owns")
def remote_mem(t):
    remote(t, "proc_mem")


def remote(t, operation):
    top, mount, ledger = t.shared_top(), t.tmpfs(), Ledger()
    target, writer = t.worker(mount), t.worker(mount)
    mapped = target.do("map path=f slot=1 len=1M")
    ledger.apply(target.do("mmap_write slot=1 path=f len=40K"))
    # the reply describes the file by its path
    reply = ledger.apply(writer.do(f"{operation} pid={target.pid} addr={mapped['addr']} off=200K len=100K path=f"))
    t.equal(reply["pages_added"], 25, "pages that the remote write brought in")
    file_is(t, top, ledger, mount=mount)


@test("tmpfs: two owners, exact while nothing goes")
def two_owners(t):
    top, mount, ledger = t.shared_top(), t.tmpfs(), Ledger()
    first, second = t.worker(mount), t.worker(mount)
    replies = [ledger.apply(w.do(line)) for w, line in [
        (first, "write path=f len=100000"), (second, "write path=f off=50000 len=200000"),
        (first, "mmap_write path=f off=1M len=64K"), (second, "fallocate path=f off=1M len=128K")]]
    snapshot = file_is(t, top, ledger, mount=mount, replies=replies)
    row = snapshot.file(replies[0]["dev"], replies[0]["ino"], "tmpfs")
    t.equal(len(owners(row)), 2, "owners")
    for worker in (first, second):
        t.equal(snapshot.process(worker.pid).get("tmpfs_bytes"), owners(row)[worker.pid], "tmpfs_bytes of an owner")


@test("tmpfs: two owners, removals are proportional and the sum is exact")
def two_owners_removal(t):
    top, mount, ledger = t.shared_top(), t.tmpfs(), Ledger()
    first, second = t.worker(mount), t.worker(mount)
    ledger.apply(first.do("write path=f len=300K"))
    ledger.apply(second.do("write path=f off=300K len=100K"))
    file_is(t, top, ledger, mount=mount)
    ledger.apply(first.do("truncate path=f len=200K"))
    row = file_is(t, top, ledger, mount=mount).file(ledger.reply["dev"], ledger.reply["ino"], "tmpfs")
    ownerless = row["bytes"] - sum(owners(row).values())
    t.equal(0 <= ownerless <= SLACK["lru_pages"] * PAGE, True, f"the owners have all but {ownerless} bytes")
    t.equal(row.get("shared"), True, "shared")
    ledger.apply(second.do("truncate path=f len=0"))
    ledger.apply(second.do("write path=f len=50K"))
    file_is(t, top, ledger, mount=mount)


@test("tmpfs: a page that stands for all that went, and a huge page of a third owner's")
def many_shares(t):
    """Each time all but a page go, what is left is worth as many shares as there were pages."""
    top, mount, ledger = t.shared_top(), t.tmpfs(options=",huge=never"), Ledger()
    first, second, third = t.worker(mount), t.worker(mount), t.worker(mount)
    ledger.apply(first.do("write path=f len=4K"))
    for pages in (1023, 1023, 1023, 127):
        ledger.apply(second.do(f"write path=f off=4K len={4 * pages}K"))
        ledger.apply(second.do("truncate path=f len=4K"))
    subprocess.run(["mount", "-o", "remount,huge=always", mount], check=True)
    ledger.apply(third.do("write path=f off=2M len=2M"))
    file_is(t, top, ledger, mount=mount)


@test("tmpfs: the second writer of pages that are there owns nothing")
def no_new_owner(t):
    top, mount, ledger = t.shared_top(), t.tmpfs(), Ledger()
    first, second = t.worker(mount), t.worker(mount)
    ledger.apply(first.do("write path=f len=300K"))
    for line in ("write path=f len=300K", "mmap_write path=f len=300K", "fallocate path=f len=300K"):
        ledger.apply(second.do(line))
    file_is(t, top, ledger, mount=mount)


@test("tmpfs: rename keeps the owner, the path follows")
def rename(t):
    top, mount, ledger = t.shared_top(), t.tmpfs(), Ledger()
    worker = t.worker(mount)
    worker.do("mkdir path=d")
    ledger.apply(worker.do("write path=f len=100000"))
    file_is(t, top, ledger, mount=mount)
    ledger.apply(worker.do("rename path=f path2=d/new"))

    def judge(snapshot):
        row = snapshot.file(ledger.reply["dev"], ledger.reply["ino"], "tmpfs")
        if row and not row.get("path", "").endswith("/d/new"):
            return f"path {row.get('path')!r} shown, one that ends in /d/new expected"
        return file_complaint(snapshot, ledger.reply, ledger, "tmpfs")

    top.wait_until(judge)


@test("tmpfs: renamed over another file, the other's pages go")
def rename_over(t):
    top, mount, ledger = t.shared_top(), t.tmpfs(), Ledger()
    worker = t.worker(mount)
    victim = worker.do("write path=g len=200000")
    ledger.apply(worker.do("write path=f len=100000"))
    ledger.apply(worker.do("rename path=f path2=g"))
    file_is(t, top, ledger, mount=mount)
    file_is_gone(top, victim, mount=mount)


@test("tmpfs: unlinked while open is marked as deleted, and goes at the close")
def deleted(t):
    top, mount, ledger = t.shared_top(), t.tmpfs(), Ledger()
    worker = t.worker(mount)
    for line in ("create path=f slot=1", "write slot=1 len=100000", "unlink path=f slot=1"):
        ledger.apply(worker.do(line))
    snapshot = file_is(t, top, ledger, mount=mount)
    row = snapshot.file(ledger.reply["dev"], ledger.reply["ino"], "tmpfs")
    t.equal(row.get("deleted"), True, "deleted")
    worker.do("close slot=1")
    file_is_gone(top, ledger.reply, mount=mount)


@test("tmpfs: a file of five pages that is gone at once leaves nothing")
def short_file(t):
    top, mount = t.shared_top(), t.tmpfs()
    worker = t.worker(mount)
    replies = []
    for i in range(50):
        replies.append(worker.do(f"write path=s{i} len=20K"))
        worker.do(f"unlink path=s{i}")

    def judge(snapshot):
        row = snapshot.process(worker.pid) or {}
        if row.get("tmpfs_bytes"):
            return f"tmpfs_bytes of the writer: {row['tmpfs_bytes']}, 0 expected"
        left = [row for row in snapshot.files(replies[0]["dev"]) if row.get("bytes")]
        return f"left: {left}" if left else mount_complaint(snapshot, replies[0]["dev"], mount)

    top.wait_until(judge)


@test("tmpfs: the target of a long symbolic link takes a page")
def long_symlink(t):
    top, mount = t.shared_top(), t.tmpfs()
    worker = t.worker(mount)
    t.equal(worker.do("symlink path=short arg=127")["st_blocks"], 0, "blocks of a short one")
    t.equal(worker.do("symlink path=long arg=128")["st_blocks"], 8, "blocks of a long one")
    t.equal(statfs_used(mount), PAGE, "statfs")
    top.wait_until(lambda snapshot: mount_complaint(snapshot, dev_of(mount), mount))
    right = (PAGE, 0) if SLACK["lru_pages"] else (PAGE,)  # a page is within what a processor keeps back
    top.wait_until(lambda snapshot: None if (snapshot.process(worker.pid) or {}).get("tmpfs_bytes") in right
                   else f"tmpfs_bytes of its maker: {(snapshot.process(worker.pid) or {}).get('tmpfs_bytes')}")


@test("tmpfs: pages that only a read touch brought in are clean, and the kernel may drop them")
def clean_pages(t):
    top, mount, read, written = t.shared_top(), t.tmpfs(), Ledger(), Ledger()
    worker = t.worker(mount)
    read.apply(worker.do("mmap_read path=f len=400K"))
    written.apply(worker.do("mmap_write path=g len=400K"))
    file_is(t, top, read, mount=mount)
    with open("/proc/sys/vm/drop_caches", "w", encoding="ascii") as knob:
        knob.write("1")
    left = worker.do("read path=f")  # statfs counts them until someone looks at the file, as the helper does
    read.remove(100 - left["resident_pages"])
    file_is(t, top, read, mount=mount, reply=left)
    file_is(t, top, written, mount=mount)


def full_case(how, line):
    def case(t):
        top, mount, ledger = t.shared_top(), t.tmpfs(size="1M"), Ledger()
        worker = t.worker(mount)
        reply = ledger.apply(worker.do(line, may_fail=True))
        t.equal(bool(reply["errno"]), True, f"{how} failed")
        snapshot = file_is(t, top, ledger, mount=mount)
        t.equal(snapshot.mount(reply["dev"], mount).get("limit_bytes"), 1 << 20, "limit_bytes")

    return case


for title, lines in (("write", "write path=f len=3M"), ("mapping", "mmap_write path=f len=3M"),
                     ("fallocate, which takes all back", "fallocate path=f len=3M"),
                     ("io_uring", "uring_write path=f len=3M chunk=100K")):
    test(f"tmpfs: full, by {title}")(full_case(title, lines))


# the kernel's own mount: kind, what makes it, what goes on; the reply of an operation on a slot describes its object
INTERNAL = [
    ("memfd, write", "memfd", ["memfd slot=1 path=m", "write slot=1 len=300000"]),
    ("memfd, mapping", "memfd", ["memfd slot=1 path=m", "mmap_write slot=1 off=64K len=300000"]),
    ("memfd, fallocate and punch", "memfd",
     ["memfd slot=1 path=m", "fallocate slot=1 len=300K", "punch slot=1 off=40K len=80K"]),
    ("memfd, sendfile from disk", "memfd", ["memfd slot=1 path=m", "sendfile slot=1 path2={disk} len=300000"]),
    ("shared anonymous mapping", "shared_anon", ["shared_anon slot=1 len=1M", "mmap_write slot=1 off=64K len=300000"]),
    ("shared anonymous mapping, child", "shared_anon",
     ["shared_anon slot=1 len=1M", "mmap_write slot=1 len=40K", "fork_touch slot=1 off=100K len=200K"]),
    ("shared anonymous mapping, MADV_REMOVE", "shared_anon",
     ["shared_anon slot=1 len=1M", "populate_write slot=1 len=400K", "madv_remove slot=1 off=40K len=80K"]),
    ("shared anonymous mapping, read(2) into it", "shared_anon",
     ["shared_anon slot=1 len=1M", "read_into slot=1 path2={disk} len=300000"]),
]


def internal_case(kind, script):
    def case(t):
        top, mount, ledger = t.shared_top(), t.tmpfs(), Ledger()
        names = sources(t, mount)
        worker = t.worker(mount)
        replies = [ledger.apply(worker.do(line.format(**names))) for line in script]
        t.equal(ledger.reply["resident_pages"] * PAGE, ledger.reply["st_blocks"] * 512, "pages and st_blocks")
        file_is(t, top, ledger, kind=kind, replies=replies)
        worker.do("close slot=1")
        file_is_gone(top, ledger.reply, kind=kind)

    return case


for title, what, lines in INTERNAL:
    test(f"internal: {title}")(internal_case(what, lines))


@test("internal: System V segment: create, attach, touch, detach, remove")
def sysv(t):
    top, mount, ledger = t.shared_top(), t.tmpfs(), Ledger()
    first, second = t.worker(mount), t.worker(mount)
    shmid = first.do("shmget len=1M")["shmid"]
    t.undo.append(lambda: first.do(f"shmrm arg={shmid}", may_fail=True))
    for worker, off, pages in ((first, 0, 10), (second, 65536, 5)):
        reply = worker.do(f"shmtouch arg={shmid} off={off} len={pages * PAGE}")
        ledger.apply(dict(reply, pages_added=pages))
    t.equal(segment_pages(shmid), 15, "pages by /proc/sysvipc/shm")
    file_is(t, top, ledger, kind="sysv", reply=segment_reply(ledger.reply, shmid, 15))
    first.do(f"shmat slot=1 arg={shmid} len=1M")
    first.do(f"shmrm arg={shmid}")  # it lives on while it is attached
    ledger.apply(dict(first.do("mmap_write slot=1 off=512K len=8K"), pages_added=2))
    file_is(t, top, ledger, kind="sysv", reply=segment_reply(ledger.reply, shmid, 17))
    first.do("close slot=1")
    file_is_gone(top, segment_reply(ledger.reply, shmid, 0), kind="sysv")


@test("internal: a System V segment and a memfd of the same inode number are two files")
def same_number(t):
    top, mount, memfd, segment = t.shared_top(), t.tmpfs(), Ledger(), Ledger()
    worker, other = t.worker(mount), t.worker(mount)
    worker.do("memfd slot=1 path=m")
    reply = memfd.apply(worker.do("write slot=1 len=40K"))
    number = reply["ino"]
    try:
        with open("/proc/sys/kernel/shm_next_id", "w", encoding="ascii") as knob:
            knob.write(str(number))
    except OSError as error:
        raise Skip(f"the next System V id cannot be set: {error}") from error
    shmid = other.do("shmget len=1M")["shmid"]
    t.undo.append(lambda: other.do(f"shmrm arg={shmid}"))
    if shmid != number:
        raise Skip(f"the kernel gave the id {shmid}, not {number}")
    touched = segment.apply(dict(other.do(f"shmtouch arg={shmid} len=80K"), pages_added=20))
    file_is(t, top, memfd, kind="memfd")
    file_is(t, top, segment, kind="sysv", reply=segment_reply(touched, shmid, 20))


@test("tmpfs: who has exited keeps what it left")
def exited_owner(t):
    top, mount, ledger = t.shared_top(), t.tmpfs(), Ledger()
    worker = t.worker(mount)
    ledger.apply(worker.do("write path=f len=300000"))
    worker.end()

    def judge(snapshot):
        row = snapshot.process(worker.pid)
        if not row or not row.get("exited"):
            return f"the writer's row has no \"exited\": {row}"
        if row.get("tmpfs_bytes") != ledger.bytes():
            return f"tmpfs_bytes {row.get('tmpfs_bytes')}, {ledger.bytes()} expected"
        return file_complaint(snapshot, ledger.reply, ledger, "tmpfs")

    top.wait_until(judge)
    os.unlink(to_bytes(ledger.reply["path"]))
    file_is_gone(top, ledger.reply, mount=mount)


@test("tmpfs: more mounts than one, each has its own bytes")
def two_mounts(t):
    top, mounts = t.shared_top(), [t.tmpfs(), t.tmpfs(size="8M")]
    ledgers = [Ledger(), Ledger()]
    workers = [t.worker(mount) for mount in mounts]
    for i, worker in enumerate(workers):
        ledgers[i].apply(worker.do(f"write path=f len={(i + 1) * 100000}"))
    for mount, ledger in zip(mounts, ledgers):
        row = file_is(t, top, ledger, mount=mount).file(ledger.reply["dev"], ledger.reply["ino"], "tmpfs")
        t.equal(row.get("path"), f"{mount}/f", "path")


if __name__ == "__main__":
    main()
