"""What the fuzz helper says of itself, compared with a snapshot: files, their owners, mounts. No test of its own."""

import os

from harness import boot_seconds
from views import PAGE, SLACK, TMPFS_KINDS, owners, owners_complaint, same_start

KERNEL = tuple(map(int, os.uname().release.split(".")[:2]))
HALF_PAGES = 8
JSON_KIND = {"symlink": "tmpfs"}


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
    if kind in TMPFS_KINDS and 0 < truth["resident_pages"] <= SLACK["lru_pages"]:
        shown = {}  # the file is smaller than what the processors keep back: any worker may stand for any other
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
