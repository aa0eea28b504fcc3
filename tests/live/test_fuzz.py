"""Seeded sequences of all operations by several processes: after every batch the books are compared with the truth
that the helper checked against st_blocks, mincore and statfs. A failure tells the seed and the batch's operations;
PAGETIDE_FUZZ_SEEDS=7,8 runs other seeds, PAGETIDE_FUZZ_WITHOUT=splice,sysv leaves operations or kinds out."""

import contextlib
import os

from harness import Failure, boot_seconds, main
from tap import test
from views import PAGE, SLACK, TMPFS_KINDS, owners, owners_complaint, same_start

SEEDS = [int(word) for word in os.environ.get("PAGETIDE_FUZZ_SEEDS", "1,2,3,4,5,6").split(",")]
WITHOUT = os.environ.get("PAGETIDE_FUZZ_WITHOUT", "")
KERNEL = tuple(map(int, os.uname().release.split(".")[:2]))
HALF_PAGES = 8
JSON_KIND = {"symlink": "tmpfs"}
# name: mount options, then the helper's
SHAPES = {
    "one operation at a time": ("size=64M", ["--ops", "60", "--batch", "1", "--workers", "2", "--files", "6"]),
    "batches of 20": ("size=64M", ["--ops", "400", "--batch", "20", "--workers", "4", "--files", "16"]),
    "one worker, all exact": ("size=64M", ["--ops", "200", "--batch", "20", "--workers", "1", "--files", "10",
                                           "--without", "fork_write,fork_touch,respawn"]),
    "huge pages": ("size=256M,huge=always", ["--ops", "200", "--batch", "20", "--workers", "3", "--files", "8",
                                             "--max-pages", "1500"]),
    # fallocate brings pages in and takes them out again when the next is refused: in proportion, as all that go
    "a full mount": ("size=1M", ["--ops", "200", "--batch", "20", "--workers", "3", "--files", "16",
                                 "--max-pages", "150", "--without", "fallocate,fallocate_keep"]),
}


def holds_half_pages(kind, row, expected):
    """Before cachestat(2) of Linux 6.5 only mincore tells, and leaves out what is not up to date: the pages on which
    a hole of a file on disk begins and ends."""
    return kind == "file" and KERNEL < (6, 5) and expected < row["bytes"] <= expected + HALF_PAGES * PAGE


def blocks_now(truth):
    """What the kernel says after the fact: did the file change, or what is told of it?"""
    try:
        return f", st_blocks now {os.stat(truth['path']).st_blocks * 512}"
    except OSError:
        return ""


def row_complaint(snapshot, truth):
    kind = JSON_KIND.get(truth["kind"], truth["kind"])
    expected = truth["resident_pages"] * PAGE
    row = snapshot.file(truth["dev"], truth["ino"], kind)
    where = f"{truth['kind']} {truth['path']!r} (dev {truth['dev']} ino {truth['ino']})"
    if not row:
        return f"{where} is not in the snapshot, {truth['resident_pages']} pages expected" if expected else None
    if row.get("bytes") != expected and not holds_half_pages(kind, row, expected):
        return f"{where}: {row.get('bytes')} bytes shown, {expected} expected{blocks_now(truth)}; row {row}"
    if kind == "file" and KERNEL < (6, 5):
        return None  # whose half pages and pages under read-ahead are, mincore cannot tell
    shown = {owner["pid"]: (owner["pages"], owner["exact"]) for owner in truth["owners"]}
    if SLACK["lru_pages"] and kind in TMPFS_KINDS:
        shown = {}  # these files are smaller than what the processors keep back: any worker may stand for any other
    wrong = owners_complaint(row, shown)
    if wrong:
        return f"{where}: {wrong}; truth {truth['owners']}; row {row}"
    ticks = {owner["pid"]: owner["start_time"] for owner in truth["owners"]}
    for owner in row.get("owners", []):
        if owner["pid"] in ticks and not same_start(owner.get("start_time"), ticks[owner["pid"]], boot_seconds()):
            return f"{where}: owner {owner}, started at {ticks[owner['pid']]} ticks"
    if truth["deleted"] and expected and row.get("deleted") is not True:
        return f"{where} is deleted; row {row}"
    return None


def gone_complaint(snapshot, truth):
    alive = {(row["dev"], row["ino"], row["kind"]) for row in truth["files"]}
    for file in truth["gone"]:
        if (file["dev"], file["ino"], file["kind"]) in alive:
            continue  # the number was used again
        for row in snapshot.files(file["dev"], file["ino"], JSON_KIND.get(file["kind"], file["kind"])):
            if row.get("bytes") or owners(row):
                return f"{file} is gone; row {row}"
    return None


def batch_complaints(snapshot, truth):
    found = [row_complaint(snapshot, file) for file in truth["files"]] + [gone_complaint(snapshot, truth)]
    for mount in truth["mounts"]:
        row = snapshot.mount(mount["dev"], mount["path"])
        if not row or row.get("used_bytes") != mount["used_bytes"]:
            found.append(f"mount: {mount} expected; row {row}")
    return "\n".join(complaint for complaint in found if complaint)


class Batch:
    """The truth after a batch. The kernel may take clean pages at any time (DAMON's reclaim counts nowhere): what is
    complained of is compared with the truth of after the complaint."""

    def __init__(self, helper):
        self.helper, self.truth = helper, helper.read()
        self.log = self.truth["log"]

    def complaints(self, snapshot):
        found = batch_complaints(snapshot, self.truth)
        if found:
            self.truth = self.helper.again()
        return found


def joined(arguments):
    """--without of the shape and of the environment, in one."""
    arguments = list(arguments)
    if "--without" in arguments:
        at = arguments.index("--without") + 1
        arguments[at] = ",".join(filter(None, [arguments[at], WITHOUT]))
    elif WITHOUT:
        arguments += ["--without", WITHOUT]
    return arguments


KHUGEPAGED = "/sys/kernel/mm/transparent_hugepage/khugepaged/max_ptes_none"


@contextlib.contextmanager
def holes_stay_holes(options):
    """khugepaged fills holes of huge-page files whenever it likes; the truth cannot know when."""
    if "huge" not in options or not os.path.exists(KHUGEPAGED):
        yield
        return
    with open(KHUGEPAGED) as file:
        before = file.read()
    try:
        with open(KHUGEPAGED, "w") as file:
            file.write("0")
        yield
    finally:
        with open(KHUGEPAGED, "w") as file:
            file.write(before)


def fuzz_case(seed, options, arguments):
    def case(t):
        with holes_stay_holes(options):
            sequence(t)

    def sequence(t):
        top, mount = t.shared_top(), t.tmpfs(options.split(",", 1)[0].split("=")[1],
                                             "," + options.split(",", 1)[1] if "," in options else "")
        ops = int(arguments[arguments.index("--ops") + 1])
        helper = t.helper("fuzz", "--seed", seed, "--dir", mount, "--disk", t.disk(), *joined(arguments))
        done = 0
        while done < ops:
            batch = Batch(helper)
            done = batch.truth["ops_done"]
            try:
                top.wait_until(batch.complaints)
            except Failure as failure:
                log = "\n".join(f"  {line}" for line in batch.log)
                raise Failure(f"seed {seed}, batch {batch.truth['batch']}: {failure}\n"
                              f"the batch's operations:\n{log}") from None
            helper.next()
        helper.end()

    return case


for name, (mount_options, words) in SHAPES.items():
    for number in SEEDS:
        test(f"fuzz: {name}, seed {number}")(fuzz_case(number, mount_options, words))


if __name__ == "__main__":
    main()
