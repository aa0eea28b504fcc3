"""A snapshot as the tests read it, and the comparisons of its values with the kernel's. Pure: no I/O."""

import datetime
import os

PAGE = 4096
TMPFS_KINDS = ("tmpfs", "memfd", "sysv", "shared_anon")
LRU_BATCH = 31  # pages that a processor keeps back: PAGEVEC_SIZE, 15 until 6.11
SLACK = {
    "lru_pages": 0,  # set where tmpfs pages are seen only when they reach the LRU lists: one batch a processor
    "refused_pages": 0,  # what a full tmpfs took back so late that it counts as any removal
}


class Snapshot(dict):
    """One object of `snapshot --json` or `top --json`."""

    def files(self, dev=None, ino=None, kind=None):
        return [
            row
            for row in self.get("files", [])
            if (dev is None or same_dev(row.get("dev"), dev))
            and (ino is None or row.get("ino") == ino)
            and (kind is None or row.get("kind") == kind)
        ]

    def file(self, dev, ino, kind=None):
        """The row of this file or None; more than one is an error of the snapshot."""
        rows = [row for row in self.files(dev, ino, kind) if row.get("bytes") or not row.get("deleted")]
        rows = rows or self.files(dev, ino, kind)
        if len(rows) > 1 and sum(1 for row in rows if row.get("bytes")) > 1:
            raise ValueError(f"{len(rows)} rows for dev {dev} ino {ino}: {rows}")
        rows.sort(key=lambda row: -row.get("bytes", 0))
        return rows[0] if rows else None

    def process(self, pid):
        rows = [row for row in self.get("processes", []) if row.get("pid") == pid]
        rows.sort(key=lambda row: bool(row.get("exited")))
        return rows[0] if rows else None

    def mount(self, dev, path=None):
        rows = [row for row in self.get("mounts", []) if same_dev(row.get("dev"), dev)]
        rows = [row for row in rows if path is None or row.get("path") == path] or rows
        return rows[0] if rows else None

    def cgroup(self, path, version=None):
        rows = [row for row in self.get("cgroups", []) if row.get("path") == path]
        rows = [row for row in rows if version is None or row.get("version") == version]
        return rows[0] if rows else None

    def seconds(self):
        """When it was taken, in seconds since the epoch, or None when it does not say."""
        return to_seconds(self.get("time"))


def owners(row):
    """pid -> bytes of the known owners that own something."""
    found = {}
    for owner in row.get("owners", []):
        pid = owner.get("pid")
        if pid and owner.get("bytes", 0):
            found[pid] = found.get(pid, 0) + owner["bytes"]
    return found


def to_seconds(value):
    if isinstance(value, (int, float)):
        return float(value)
    try:
        return datetime.datetime.fromisoformat(value).timestamp()
    except (TypeError, ValueError):
        return None


def same_dev(shown, dev):
    """dev is "major:minor"; what is shown may be that, the kernel's number or st_dev."""
    major, minor = (int(part) for part in dev.split(":"))
    if isinstance(shown, str) and ":" in shown:
        return shown == dev
    return shown in (os.makedev(major, minor), major << 20 | minor)


def same_start(shown, ticks, boot_seconds, ticks_per_second=100):
    """ticks is field 22 of /proc/PID/stat; shown may be that, seconds, or a time of day."""
    if shown is None:
        return True
    since_boot = ticks / ticks_per_second
    seconds = to_seconds(shown)
    if isinstance(shown, (int, float)):
        return shown == ticks or abs(shown - since_boot) < 0.02 or abs(shown - boot_seconds - since_boot) < 2
    return seconds is not None and abs(seconds - boot_seconds - since_boot) < 2


def forms(raw):
    """The ways in which bytes of unknown quality may stand in JSON: control bytes as they are or escaped,
    invalid ones as \\xNN or U+FFFD."""
    names = {"\n": "\\n", "\t": "\\t", "\r": "\\r", "\033": "\\e"}

    def hexed(character):
        return f"\\x{ord(character):02x}" if ord(character) < 32 or ord(character) == 127 else character

    def octal(character):
        return f"\\{ord(character):03o}" if ord(character) < 32 or ord(character) == 127 else character

    texts = {raw.decode("utf-8", "replace"), raw.decode("utf-8", "backslashreplace")}
    texts |= {text.replace("\\", "\\\\") for text in texts} | {
        raw.replace(b"\\", b"\\\\").decode("utf-8", "backslashreplace")
    }
    found = set(texts)
    for text in texts:
        found.add("".join(map(hexed, text)))
        found.add("".join(map(octal, text)))
        found.add("".join(names.get(c, hexed(c)) for c in text))
    return found


def same_text(shown, raw):
    return shown in forms(raw)


def to_bytes(text):
    """What json.loads made of bytes that were decoded with surrogateescape."""
    return text.encode("utf-8", "surrogateescape")


class Ledger:
    """Who owns what of one file, from what pageops said that each operation did: the contract's arithmetic."""

    def __init__(self):
        self.pages = {}  # pid -> pages, fractions when pages of several owners went
        self.exact = True
        self.reply = None

    def apply(self, reply):
        self.reply = reply
        change = reply.get("pages_added", 0)
        if change < 0:
            self.remove(-change)
        elif change:
            pid = reply["actor_pid"]
            self.pages[pid] = self.pages.get(pid, 0) + change
        return reply

    def remove(self, count):
        total = sum(self.pages.values())
        if count >= total:
            self.pages, self.exact = {}, True
            return
        if len(self.pages) > 1:
            self.exact = False
        self.pages = {pid: pages * (total - count) / total for pid, pages in self.pages.items()}

    def bytes(self):
        return round(sum(self.pages.values())) * PAGE

    def complaint(self, row):
        """What is wrong with a row's owners, or None."""
        return owners_complaint(row, {pid: (pages, self.exact) for pid, pages in self.pages.items()})


def owners_complaint(row, expected):
    """expected: pid -> (pages, exact). Inexact ones may be off by a page and 2 %; where tmpfs pages are seen when
    they reach the LRU lists, by what every processor keeps back; by what SLACK allows else."""
    shown, kept_back = owners(row), sum(SLACK.values()) * PAGE if row.get("kind") in TMPFS_KINDS else 0
    for pid, (pages, exact) in expected.items():
        slack = kept_back + (0 if exact else PAGE + 0.02 * pages * PAGE)
        if abs(shown.get(pid, 0) - pages * PAGE) > slack + 0.01:
            return f"owner {pid}: {shown.get(pid, 0)} bytes shown, {pages * PAGE:.0f} expected (slack {slack:.0f})"
    for pid, count in shown.items():
        if pid not in expected and count > kept_back:
            return f"owner {pid} shown with {count} bytes, but it brought nothing in"
    if sum(shown.values()) > row["bytes"]:
        return f"the owners have {sum(shown.values())} of {row['bytes']} bytes"
    return None
