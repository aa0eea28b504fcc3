"""The processes that a test starts: pageops, which causes memory, and pagetide, whose lines are read as they come.
Each dies with the test program; its standard error is kept for the diagnostics."""

import ctypes
import json
import os
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from tap import SKIPPED_EXIT, Failure, Skip
from views import Snapshot

ROOT = Path(__file__).resolve().parent.parent.parent
PAGETIDE = os.environ.get("PAGETIDE", str(ROOT / "build" / "pagetide"))
TIER = ["--tier", os.environ["PAGETIDE_TIER"]] if os.environ.get("PAGETIDE_TIER") else []
PATIENCE_SECONDS = float(os.environ.get("PAGETIDE_TEST_PATIENCE", "10"))
# Each instruction takes many times its time, and a processor stands still for as long as the others have their slices.
EMULATED = bool(os.environ.get("PAGETIDE_TEST_EMULATED"))
START_SECONDS = 30
INTERVAL_SECONDS = 0.2
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None, use_errno=True)


def parse_line(line):
    """pageops prints names as the bytes they are; pagetide's output must be valid UTF-8, see Pagetide."""
    return json.loads(line.decode("utf-8", "surrogateescape"))


def die_with_parent():
    """Before exec. What nohup or a shell's & lets the tests ignore would be ignored by what they start."""
    for number in signal.valid_signals():
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def join_then_die_with_parent(cgroup):
    def before_exec():
        die_with_parent()
        if cgroup:
            Path(cgroup, "cgroup.procs").write_text(str(os.getpid()))

    return before_exec


def written_to(file):
    """All of a file that a child writes to. Its offset is the child's too: moved, the next line would go over the first."""
    return os.pread(file.fileno(), os.fstat(file.fileno()).st_size, 0)


class Process:
    """A child that dies with us and prints lines; its standard error is kept for the diagnostics."""

    def __init__(self, command, cgroup=None, cwd=None, pass_fds=()):
        self.command = [str(word) for word in command]
        self.errors = tempfile.TemporaryFile()
        try:
            self.child = subprocess.Popen(
                self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, cwd=cwd,
                pass_fds=pass_fds,
                preexec_fn=join_then_die_with_parent(cgroup))
        except OSError as error:
            raise Failure(f"cannot start {' '.join(self.command)}: {error}") from error
        self.pid = self.child.pid

    def error_text(self):
        return written_to(self.errors).decode("utf-8", "backslashreplace")[-2000:]

    def describe(self):
        return f"{' '.join(self.command)}: exit status {self.child.poll()}; standard error: {self.error_text()!r}"

    def close(self):
        """Ends it: by the end of its input, so that it takes away what it made, then by force."""
        try:
            self.child.stdin.close()
            self.child.wait(PATIENCE_SECONDS)
        except (OSError, ValueError, subprocess.TimeoutExpired):
            pass  # it is stuck, or was ended before
        self.kill()

    def kill(self, sig=signal.SIGKILL):
        if self.child.poll() is None:
            self.child.send_signal(sig)
        try:
            self.child.wait(START_SECONDS)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        self.child.stdout.close()
        self.errors.close()


class Helper(Process):
    """pageops in any mode. read() gives its next JSON line."""

    def read(self):
        line = self.child.stdout.readline()
        if not line:
            self.child.wait()
            raise Failure(f"no more output from {self.describe()}")
        return parse_line(line)

    def read_all(self):
        return [parse_line(line) for line in self.child.stdout]

    def next(self):
        """Lets it go on; a helper waits for a line between its steps."""
        self.child.stdin.write(b"\n")
        self.child.stdin.flush()

    def again(self):
        """The truth of a fuzz helper once more, as it is now."""
        self.child.stdin.write(b"again\n")
        self.child.stdin.flush()
        return self.read()

    def end(self):
        """Lets it end by itself, and waits until it has."""
        self.child.stdin.close()
        if self.child.wait(START_SECONDS):
            raise Failure(self.describe())


class Worker(Helper):
    """pageops do: one process that does what it is told, one operation at a time, and says what it did."""

    def __init__(self, command, cgroup=None):
        super().__init__(command, cgroup)
        try:
            self.read()  # it is in its folder
        except Failure:
            self.close()
            raise

    def do(self, text, may_fail=False):
        raw = text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")
        self.child.stdin.write(raw + b"\n")
        self.child.stdin.flush()
        reply = self.read()
        if reply.get("skip"):
            raise Skip(f"{reply['op']}: {reply['skip']}")
        if reply["errno"] and not may_fail:
            raise Failure(f"the helper could not do {text!r}: {reply}")
        return reply


class Pagetide(Process):
    """A pagetide that prints one JSON object a line, read in a thread as they come."""

    def __init__(self, arguments, cgroup=None, wrap=()):
        self.changed = threading.Condition()
        self.objects = []  # (monotonic time of arrival, object)
        self.count = 0
        self.problem = None
        self.ended = False
        super().__init__([*wrap, PAGETIDE, arguments[0], *TIER, *arguments[1:]], cgroup)
        self.thread = threading.Thread(target=self.follow, daemon=True)
        self.thread.start()

    def keep(self, item):
        self.objects.append(item)

    def follow(self):
        try:
            for line in self.child.stdout:
                item = (time.monotonic(), json.loads(line.decode("utf-8")))
                with self.changed:
                    self.keep(item)
                    self.count += 1
                    self.changed.notify_all()
        except (ValueError, OSError) as error:
            self.problem = f"a line that is no JSON in UTF-8: {error}: {line[:300]!r}"
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def raise_if_ended(self, last):
        if not self.ended:
            return
        if not self.problem and self.child.wait() == SKIPPED_EXIT:
            raise Skip(self.error_text())
        raise Failure(f"{self.problem or 'ended'}: {self.describe()}\nlast state: {last}")

    def wait_for(self, predicate, what, timeout=PATIENCE_SECONDS):
        """The first object, of those read and of those to come, that satisfies the predicate."""
        deadline, seen = time.monotonic() + timeout, 0
        with self.changed:
            while True:
                while seen < len(self.objects):
                    item = self.objects[seen][1]
                    seen += 1
                    if predicate(item):
                        return item
                self.raise_if_ended(what)
                if not self.changed.wait(deadline - time.monotonic()) and time.monotonic() >= deadline:
                    last = self.objects[-1][1] if self.objects else None
                    raise Failure(f"{what}: not within {timeout} s, {seen} lines, the last: {last}")

    def close(self):
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
            try:
                self.child.wait(PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                self.child.kill()
        self.thread.join(PATIENCE_SECONDS)
        super().close()


class Top(Pagetide):
    """`pagetide top --json`: keeps only the last snapshot."""

    def __init__(self, *arguments):
        super().__init__(["top", "--json", "--interval", str(INTERVAL_SECONDS), *arguments])
        self.wait_until(lambda snapshot: None, timeout=START_SECONDS)

    def keep(self, item):
        self.objects = [item]

    def wait_until(self, judge, timeout=PATIENCE_SECONDS):
        """The first snapshot taken from now on in which judge(snapshot) finds nothing to complain of.
        judge returns a text, or None when all is well; ValueError is a complaint too."""
        asked, asked_clock = time.time(), time.monotonic()
        deadline, done, arrived = asked_clock + timeout, self.count, 0
        complaint = "no snapshot came"
        with self.changed:
            while True:
                if self.count > done:
                    done = self.count
                    snapshot = Snapshot(self.objects[-1][1])
                    taken = snapshot.seconds()
                    arrived += 1
                    # one that was under way when we asked may not have seen what happened before
                    if taken is not None and taken != int(taken):
                        fresh = taken >= asked
                    else:
                        fresh = arrived > 1
                    if fresh:
                        try:
                            complaint = judge(snapshot)
                        except ValueError as error:
                            complaint = str(error)
                        if not complaint:
                            return snapshot
                self.raise_if_ended(complaint)
                if not self.changed.wait(max(0, deadline - time.monotonic())) and time.monotonic() >= deadline:
                    raise Failure(f"after {timeout} s and {arrived} snapshots: {complaint}")
