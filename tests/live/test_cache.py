"""The page cache of files on disk: who brought the pages in owns them, and what goes is taken away."""

import os

from expect import file_is, file_is_gone
from harness import Skip, main
from tap import test
from views import PAGE, Ledger, owners

# name, what the worker does to the file `f`; with a second list, `f` was written by another process, synced and
# dropped from the cache before. {other} is one more file on the disk, {tmpfs} one on a tmpfs.
WRITTEN = [
    ("write", ["write path=f len=300000"]),
    ("write, one page", ["write path=f len=4096"]),
    ("write, 1000 pages in odd chunks", ["write path=f len=4000K chunk=7001"]),
    ("write, then fsync", ["write path=f len=300000", "fsync path=f"]),
    ("writev", ["writev path=f len=300000"]),
    ("pwritev2", ["pwritev2 path=f len=300000"]),
    ("io_uring write", ["uring_write path=f len=300000"]),
    ("threads write", ["threads_write path=f len=2M arg=6"]),
    ("forked child writes", ["fork_write path=f len=300000"]),
    ("forked child writes the inherited mapping", ["fork_touch path=f len=300000"]),
    ("mapping, write touch", ["mmap_write path=f len=300000"]),
    ("mapping, read touch of a hole", ["mmap_read path=f len=300000"]),
    ("MAP_POPULATE", ["mmap_populate path=f len=300000"]),
    ("MADV_POPULATE_WRITE", ["populate_write path=f len=300000"]),
    ("sendfile from disk", ["sendfile path=f path2={other} len=300000"]),
    ("sendfile from tmpfs", ["sendfile path=f path2={tmpfs} len=300000"]),
    ("splice from tmpfs", ["splice path=f path2={tmpfs} len=300000"]),
    ("copy_file_range", ["copy_range path=f path2={other} len=300000"]),
    ("read(2) of tmpfs into the mapping", ["read_into path=f path2={tmpfs} len=300000"]),
    ("fallocate brings nothing in, the write does", ["fallocate path=f len=1M", "write path=f off=64K len=10000"]),
    ("truncate down", ["write path=f len=300000", "truncate path=f len=100001"]),
    ("truncate up of an unaligned end", ["write path=f len=30001", "fsync path=f", "truncate path=f len=3000000"]),
    ("the end of a hole: in the cache and not up to date", ["truncate path=f len=100001", "truncate path=f len=90001"]),
    ("punch hole", ["write path=f len=300000", "fsync path=f", "punch path=f off=10000 len=100000"]),
    ("MADV_REMOVE", ["write path=f len=300000", "madv_remove path=f off=8K len=100K"]),
    ("O_TRUNC", ["write path=f len=300000", "open_trunc path=f", "write path=f len=20000"]),
    ("fadvise DONTNEED", ["write path=f len=300000", "dontneed path=f"]),
    ("fadvise DONTNEED of a part", ["write path=f len=300000", "dontneed path=f off=64K len=64K"]),
    ("O_DIRECT write drops what it overwrites", ["write path=f len=300000", "fsync path=f",
                                                 "direct_write path=f off=64K len=64K"]),
    ("O_TMPFILE", ["tmpfile slot=1 path=.", "write slot=1 len=300000"]),
    ("unlinked while open", ["create path=f slot=1", "write slot=1 len=300000", "unlink path=f slot=1",
                             "write slot=1 off=300K len=100K"]),
    ("hard link: one file", ["write path=f len=100000", "link path=f path2=g", "write path=g off=200K len=10000"]),
]

READ = [
    ("read", ["read path=f"]),
    ("read of a part", ["read path=f off=400K len=64K"]),
    ("read of the end in small chunks", ["read path=f off=900K chunk=100"]),
    ("mapping, read touch", ["mmap_read path=f len=1M"]),
    ("mapping, one page", ["mmap_read path=f off=512K len=4K"]),
    ("mapping, write touch", ["mmap_write path=f off=512K len=100K"]),
    ("MADV_POPULATE_READ", ["populate_read path=f len=1M"]),
    ("readahead", ["readahead path=f len=512K"]),
    ("fadvise WILLNEED", ["willneed path=f len=512K"]),
    ("overwrite of a part of a page", ["pwrite path=f off=500001 len=10"]),
    ("read, drop, read again", ["read path=f", "dontneed path=f", "read path=f len=64K"]),
    ("unaligned truncate reads the last page", ["truncate path=f len=500001"]),
]


# what brings pages in that are not up to date: mincore, the truth before cachestat(2) came with 6.5, leaves them out
PARTIAL = {"the end of a hole: in the cache and not up to date", "readahead", "fadvise WILLNEED",
           "unaligned truncate reads the last page"}


def cold_file(t, folder, size="1M", name="f"):
    """A file on the disk with nothing of it in the cache."""
    maker = t.worker(folder)
    maker.do(f"write path={name} len={size}")
    maker.do(f"fsync path={name}")
    reply = maker.do(f"dontneed path={name}")
    maker.end()
    if reply["resident_pages"]:
        raise Skip(f"the cache of a file cannot be dropped here: {reply}")
    return reply


def sources(t, folder):
    mount = t.tmpfs()
    other = t.worker(folder)
    other.do("write path=other len=300000")
    t.worker(mount).do("write path=source len=300000")
    return {"other": os.path.join(folder, "other"), "tmpfs": os.path.join(mount, "source")}


def cache_case(title, script, cold):
    def case(t):
        top, folder, ledger = t.shared_top(), t.disk(), Ledger()
        names = sources(t, folder)
        if cold:
            cold_file(t, folder)
        worker = t.worker(folder)
        replies = [ledger.apply(worker.do(line.format(**names))) for line in script]
        if title in PARTIAL and not ledger.reply["sees_all"]:
            raise Skip("this kernel does not tell of pages that are in the cache and not up to date")
        snapshot = file_is(t, top, ledger, kind="file", replies=replies)
        owned = sum(owners(row).get(worker.pid, 0) for row in snapshot.files(kind="file"))
        if not any(row.get("count", 1) > 1 for row in snapshot.files()):
            t.equal((snapshot.process(worker.pid) or {}).get("cache_bytes"), owned, "cache_bytes of the worker")
        for name in ("f", "g"):
            worker.do(f"unlink path={name}", may_fail=True)
        worker.do("close slot=1")
        file_is_gone(top, ledger.reply, kind="file")

    return case


for title, lines in WRITTEN:
    test(f"cache: {title}")(cache_case(title, lines, cold=False))
for title, lines in READ:
    test(f"cache of a file on disk: {title}")(cache_case(title, lines, cold=True))


@test("cache: two readers, each owns what it read first")
def two_readers(t):
    top, folder, ledger = t.shared_top(), t.disk(), Ledger()
    cold_file(t, folder, "32M")
    first, second = t.worker(folder), t.worker(folder)
    ledger.apply(first.do("mmap_write path=f off=20M len=64K"))
    ledger.apply(second.do("read path=f"))
    ledger.apply(first.do("read path=f"))
    row = file_is(t, top, ledger, kind="file").file(ledger.reply["dev"], ledger.reply["ino"], "file")
    t.equal(sum(owners(row).values()), row["bytes"], "the sum over the owners")
    t.equal(len(owners(row)), 2, "owners")


@test("cache: a removed file's inode number, used again, is another file")
def inode_again(t):
    top, folder = t.shared_top(), t.disk()
    worker, other = t.worker(folder), t.worker(folder)
    for attempt in range(20):
        old = worker.do(f"write path=old{attempt} len=300000")
        file_is(t, top, ledger_of(old), kind="file")
        worker.do(f"unlink path=old{attempt}")
        ledger = Ledger()
        reply = ledger.apply(other.do(f"write path=new{attempt} len=40000"))
        if reply["ino"] == old["ino"]:
            file_is(t, top, ledger, kind="file")
            return
    raise Skip("this filesystem did not use the inode number again")


def ledger_of(reply):
    ledger = Ledger()
    ledger.apply(reply)
    return ledger


@test("cache: pages from before are nobody's, and their going takes nothing from who comes later")
def from_before(t):
    folder, ledger = t.disk(), Ledger()
    before, after = t.worker(folder), t.worker(folder)
    old = before.do("write path=f len=400K")
    before.do("fsync path=f")
    top = t.top()
    added = ledger.apply(after.do("write path=f off=400K len=100K"))

    def judge(snapshot):
        row = snapshot.file(added["dev"], added["ino"], "file")
        shown = owners(row) if row else {}
        if shown != {after.pid: added["pages_added"] * PAGE}:
            return f"owners {shown}, only {after.pid} with {added['pages_added']} pages expected; row {row}"
        return None

    top.wait_until(judge)
    after.do("truncate path=f len=0")
    file_is_gone(top, old, kind="file")


@test("cache: drop_caches takes clean pages from their owners")
def drop(t):
    top, folder, ledger = t.shared_top(), t.disk(), Ledger()
    worker = t.worker(folder)
    ledger.apply(worker.do("write path=f len=2M"))
    file_is(t, top, ledger, kind="file")
    worker.do("fsync path=f")
    with open("/proc/sys/vm/drop_caches", "w", encoding="ascii") as knob:
        knob.write("1")
    left = worker.do("fsync path=f")  # the reply counts what is left
    ledger.remove(ledger.bytes() // PAGE - left["resident_pages"])
    file_is(t, top, ledger, kind="file", reply=left)


@test("cache: who has exited keeps what it left")
def exited(t):
    top, folder, ledger = t.shared_top(), t.disk(), Ledger()
    worker = t.worker(folder)
    ledger.apply(worker.do("write path=f len=1M"))
    worker.end()
    snapshot = file_is(t, top, ledger, kind="file")
    row = snapshot.process(worker.pid) or {}
    # it may own more: parts of its own binary that it had to read again
    t.equal((row.get("exited"), row.get("cache_bytes", 0) >= ledger.bytes()), (True, True), f"exited, cache_bytes in {row}")


if __name__ == "__main__":
    main()
