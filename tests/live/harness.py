"""What the live tests stand on: pagetide and pageops as processes, tmpfs mounts and cgroups of one's own.
Whatever a test makes goes when its context closes, after a failure or Ctrl-C too. Waits are for a state, never
for a time."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True
import tap  # noqa: E402
from children import (  # noqa: E402
    PAGETIDE, PATIENCE_SECONDS, ROOT, START_SECONDS, TIER, Helper, Pagetide, Top, Worker, die_with_parent)
from tap import SKIPPED_EXIT, Failure, Skip  # noqa: E402
from views import LRU_BATCH, SLACK, Snapshot  # noqa: E402

V1_MEMORY = Path("/sys/fs/cgroup/memory")
SHARED = []  # what lives until the program ends: the built pageops, the shared top


def boot_seconds():
    """When the machine booted, in seconds since the epoch."""
    return time.clock_gettime(time.CLOCK_REALTIME) - time.clock_gettime(time.CLOCK_BOOTTIME)


def statfs_used(path):
    fs = os.statvfs(path)
    return (fs.f_blocks - fs.f_bfree) * fs.f_frsize


def dev_of(path):
    dev = os.stat(path).st_dev
    return f"{os.major(dev)}:{os.minor(dev)}"


def proc_status(pid):
    """The fields of /proc/PID/status that are in kB, as bytes."""
    found = {}
    for line in Path(f"/proc/{pid}/status").read_text(errors="replace").splitlines():
        words = line.split()
        if len(words) == 3 and words[2] == "kB":
            found[words[0].rstrip(":")] = int(words[1]) * 1024
    return found


def build_pageops():
    """$PAGEOPS, or what make built if it is not older than the source, or compiled once into a folder of its own."""
    if os.environ.get("PAGEOPS"):
        return os.environ["PAGEOPS"]
    built = ROOT / "build" / "helpers" / "pageops"
    written = max(source.stat().st_mtime for source in (ROOT / "tests" / "helpers").glob("*.[ch]"))
    if built.exists() and built.stat().st_mtime >= written:
        return str(built)
    if not SHARED or not isinstance(SHARED[0], tempfile.TemporaryDirectory):
        SHARED.insert(0, tempfile.TemporaryDirectory(prefix="pageops-"))
    program = Path(SHARED[0].name, "pageops")
    if not program.exists():
        sources = sorted(map(str, (ROOT / "tests" / "helpers").glob("*.c")))
        flags = "-std=gnu11 -O1 -g -Wall -Wextra -Wshadow -Werror -static".split()
        subprocess.run(["gcc", *flags, "-o", str(program), *sources, "-lpthread"], check=True)
    return str(program)


class Context:
    """What one test made, undone in the opposite order when it ends."""

    def __init__(self):
        self.undo = []
        self.folder = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        before = signal.pthread_sigmask(signal.SIG_BLOCK, tap.ENDING)
        while self.undo:
            step = self.undo.pop()
            try:
                step()
            except Exception as error:  # the others must still go
                tap.diagnostics(f"cleaning up: {error!r}")
        signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def temp(self):
        if not self.folder:
            self.folder = tempfile.mkdtemp(prefix="pagetide-test-", dir=os.environ.get("PAGETIDE_TEST_DIR", "/var/tmp"))
            self.undo.append(lambda: shutil.rmtree(self.folder))
        return self.folder

    def disk(self):
        """A folder on a filesystem that is no tmpfs."""
        folder = Path(self.temp(), "disk")
        if not folder.exists():
            folder.mkdir()
        kind = subprocess.run(["stat", "-f", "-c", "%T", folder], capture_output=True, text=True, check=True).stdout
        if kind.strip() in ("tmpfs", "ramfs", "overlayfs"):
            raise Skip(f"{folder} is on {kind.strip()}: PAGETIDE_TEST_DIR must name a folder on a disk")
        return str(folder)

    def tmpfs(self, size="64M", options=""):
        """A mount of our own."""
        return self.mount("tmpfs", f"size={size}{options}")

    def mount(self, kind, options):
        path = tempfile.mkdtemp(prefix=f"{kind}-", dir=self.temp())
        done = subprocess.run(["mount", "-t", kind, "-o", options, "pagetide-test", path], capture_output=True,
                              text=True)
        if done.returncode:
            raise Skip(f"cannot mount {kind} {options}: {done.stderr}")
        self.undo.append(lambda: subprocess.run(["umount", "-l", path], check=True))
        return path

    def cgroup(self, version=1, **limits):
        """A memory cgroup of our own; limits are file name (dots as __) = value."""
        if version == 1:
            base, controllers = V1_MEMORY, "memory"
            usable = (base / "memory.usage_in_bytes").exists()
        else:
            mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
            base = Path(next((m[1] for m in mounts if m[2] == "cgroup2"), "/nonexistent"))
            controllers = base / "cgroup.controllers"
            usable = controllers.exists() and "memory" in controllers.read_text().split()
        if not usable:
            raise Skip(f"no cgroup v{version} with the memory controller")
        path = base / f"pagetide-test-{os.getpid()}-{len(self.undo)}"
        path.mkdir()
        self.undo.append(lambda: remove_cgroup(path))
        for name, value in limits.items():
            (path / name.replace("__", ".")).write_text(str(value))
        return path

    def start(self, thing):
        self.undo.append(thing.close)
        return thing

    def helper(self, *arguments, **options):
        return self.start(Helper([build_pageops(), *arguments], **options))

    def worker(self, folder, *scripts, cgroup=None, wrap=()):
        return self.start(Worker([*wrap, build_pageops(), "do", folder, *scripts], cgroup))

    def top(self, *arguments):
        return self.start(Top(*arguments))

    def shared_top(self):
        """One top for all tests of a program: it lives through all that they do."""
        alive = [thing for thing in SHARED if isinstance(thing, Top) and not thing.ended]
        if not alive:
            alive = [Top()]
            SHARED.append(alive[0])
        return alive[0]

    def end_shared_top(self):
        """For a test that reads much by itself; the next one that wants it starts it again."""
        for thing in SHARED:
            if isinstance(thing, Top) and not thing.ended:
                thing.close()

    def trace(self, *arguments, wrap=()):
        return self.start(Pagetide(["trace", "--json", *arguments], wrap=wrap))

    def snapshot(self, *arguments):
        done = subprocess.run([PAGETIDE, "snapshot", "--json", *TIER, *arguments], capture_output=True,
                              timeout=START_SECONDS, preexec_fn=die_with_parent)
        if done.returncode == SKIPPED_EXIT:
            raise Skip(done.stderr.decode("utf-8", "backslashreplace"))
        if done.returncode:
            raise Failure(f"pagetide snapshot: exit status {done.returncode}: {done.stderr!r}")
        try:
            return Snapshot(json.loads(done.stdout.decode("utf-8")))
        except ValueError as error:
            raise Failure(f"pagetide snapshot: no JSON in UTF-8: {error}: {done.stdout[:300]!r}") from error

    @staticmethod
    def equal(shown, expected, what):
        if shown != expected:
            raise Failure(f"{what}: {shown!r} shown, {expected!r} expected")

    @staticmethod
    def agree(complaint):
        if complaint:
            raise Failure(complaint)


def remove_cgroup(path):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while path.exists():
        try:
            path.rmdir()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def close_shared():
    while SHARED:
        thing = SHARED.pop()
        thing.cleanup() if isinstance(thing, tempfile.TemporaryDirectory) else thing.close()


def way_of(name):
    """How pagetide takes a fact, such as who brings a tmpfs page in; empty if it cannot."""
    done = subprocess.run([PAGETIDE, "probes", "--json", *TIER], capture_output=True, check=False)
    facts = json.loads(done.stdout)["facts"] if done.returncode == 0 else []
    return next((fact.get("way") or "" for fact in facts if fact["fact"] == name), "")


def main():
    unavailable = None
    if os.geteuid():
        unavailable = "needs root"
    elif "--list" not in sys.argv and not os.access(PAGETIDE, os.X_OK):
        print(f"Bail out! no pagetide at {PAGETIDE}: build it, or name one in $PAGETIDE")
        sys.exit(1)
    if not unavailable and "--list" not in sys.argv and way_of("tmpfs pages in").endswith("mm_lru_insertion"):
        SLACK["lru_pages"] = LRU_BATCH * os.cpu_count()
    try:
        tap.run(Context, unavailable)
    finally:
        close_shared()
