"""What the books must say of one file or mount, compared with the kernel at the time of each snapshot."""

from harness import boot_seconds, statfs_used
from views import PAGE, owners, same_start


def mount_complaint(snapshot, dev, path):
    row = snapshot.mount(dev, path)
    if not row:
        return f"mount {path} ({dev}) is not in the snapshot"
    if row.get("used_bytes") != statfs_used(path):
        return f"mount {path}: used_bytes {row.get('used_bytes')} shown, statfs says {statfs_used(path)}"
    return None


def start_complaint(row, replies):
    """The owners' start times, where the snapshot gives them."""
    ticks = {reply["actor_pid"]: reply["actor_start_time"] for reply in replies}
    for owner in row.get("owners", []):
        pid = owner.get("pid")
        if pid in ticks and not same_start(owner.get("start_time"), ticks[pid], boot_seconds()):
            return f"owner {pid}: start_time {owner['start_time']}, /proc/PID/stat said {ticks[pid]} ticks"
    return None


def file_complaint(snapshot, reply, ledger, kind, replies=()):
    row = snapshot.file(reply["dev"], reply["ino"], kind)
    expected = reply["resident_pages"] * PAGE
    where = f"{kind} {reply['path']!r} (dev {reply['dev']} ino {reply['ino']})"
    if not row:
        return None if not expected else f"{where} is not in the snapshot, {expected} bytes expected"
    if row.get("bytes") != expected:
        return f"{where}: {row.get('bytes')} bytes shown, {expected} expected; row {row}"
    wrong = ledger.complaint(row) or start_complaint(row, replies)
    return f"{where}: {wrong}; row {row}" if wrong else None


def file_is(t, top, ledger, kind="tmpfs", mount=None, reply=None, replies=(), timeout=None):
    """Waits until the file's bytes and owners and its mount are what the kernel and the contract say."""
    reply = reply or ledger.reply
    if kind == "tmpfs":
        t.equal(reply["resident_pages"] * PAGE, reply["st_blocks"] * 512, "the helper's own count and st_blocks")

    def judge(snapshot):
        complaint = file_complaint(snapshot, reply, ledger, kind, replies)
        if not complaint and mount:
            complaint = mount_complaint(snapshot, reply["dev"], mount)
        return complaint

    return top.wait_until(judge, **({"timeout": timeout} if timeout else {}))


def file_is_gone(top, reply, kind="tmpfs", mount=None):
    """No byte of it is left in anyone's books."""

    def judge(snapshot):
        for row in snapshot.files(reply["dev"], reply["ino"], kind):
            if row.get("bytes") or owners(row):
                return f"still there: {row}"
        return mount_complaint(snapshot, reply["dev"], mount) if mount else None

    return top.wait_until(judge)


def segment_reply(reply, shmid, pages):
    """A detached segment cannot be opened: the helper does not see it, /proc/sysvipc/shm does."""
    return dict(reply, dev="0:1", ino=shmid, resident_pages=pages, path=f"sysv {shmid}")


def segment_pages(shmid):
    with open("/proc/sysvipc/shm", encoding="ascii") as table:
        for line in table:
            words = line.split()
            if words[1] == str(shmid):
                return int(words[14]) // PAGE
    return 0
