"""pagetide as a command: run to its end, its streams and its status kept; what it left in the kernel."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from children import PAGETIDE, PATIENCE_SECONDS, START_SECONDS, die_with_parent
from tap import SKIPPED_EXIT, Failure, Skip


class Done:
    def __init__(self, done):
        self.status, self.out = done.returncode, done.stdout
        self.errors = done.stderr.decode("utf-8", "backslashreplace")

    def __str__(self):
        return f"exit status {self.status}; standard error {self.errors!r}; standard output {self.out[:500]!r}"


def pagetide(*words, wrap=(), given=None, **options):
    """Runs it to its end."""
    command = [*wrap, PAGETIDE, *map(os.fsencode, map(str, words))]
    try:
        return Done(subprocess.run(command, capture_output=True, input=given, timeout=2 * START_SECONDS,
                                   stdin=None if given is not None else subprocess.DEVNULL,
                                   preexec_fn=die_with_parent, **options))
    except subprocess.TimeoutExpired as late:
        raise Failure(f"not done: {command}; {late.stderr!r}") from late


def start(*words, wrap=(), **options):
    """Starts it; the caller ends it."""
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL, **options}
    return subprocess.Popen([*wrap, PAGETIDE, *map(str, words)], preexec_fn=die_with_parent, **options)


def ignoring(*signals):
    """What starts a command, for `wrap`, as nohup does: the signals ignored."""
    script = ("import os, signal, sys\n"
              "for number in sys.argv[1].split(): signal.signal(int(number), signal.SIG_IGN)\n"
              "os.execvp(sys.argv[2], sys.argv[2:])")
    return [sys.executable, "-c", script, " ".join(str(int(each)) for each in signals)]


def processor_seconds(pid):
    """What a process has used, in user space and in the kernel; in whole ticks."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def wait_until(condition, what, seconds=PATIENCE_SECONDS):
    """The first true value of condition()."""
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > deadline:
            raise Failure(f"{what}: not within {seconds} s")
        time.sleep(0.01)


def is_allowed(done):
    if done.status == 77:
        raise Skip(done.errors)
    return done


def is_printable(text, what):
    odd = {c for c in text if c != "\n" and (ord(c) < 32 or 0x7f <= ord(c) < 0xa0 or c in "\u202e\u2028\u2029")}
    if odd:
        raise Failure(f"{what} has {odd}")


def complaints(errors):
    """What was said beside warnings, which the machine itself may be the reason of."""
    return [line for line in errors.splitlines(True) if not line.startswith("pagetide: warning: ")]


def one_line(t, done, *words):
    """An error is one line that names what was wrong, and nothing else was said, but that a limit is near."""
    lines = complaints(done.errors)
    if len(lines) != 1 or not lines[0].startswith("pagetide: ") or not lines[0].endswith("\n"):
        raise Failure(f"not one line of pagetide's: {done}")
    if any(ord(character) < 32 for character in lines[0][:-1]) or "\x7f" in lines[0]:
        raise Failure(f"control characters in {done.errors!r}")
    for word in words:
        t.equal(word in done.errors, True, f"{word!r} in {done}")


def lines(done):
    """Objects of `--json` streams."""
    if done.status == SKIPPED_EXIT:
        raise Skip(done.errors)
    try:
        return [json.loads(line) for line in done.out.decode("utf-8").splitlines()]
    except ValueError as error:
        raise Failure(f"no JSON in UTF-8: {error}: {done}") from error


def held_objects(pid):
    """(kind, id) of the BPF programs, maps and links that a process has descriptors of."""
    found = set()
    for entry in Path(f"/proc/{pid}/fdinfo").iterdir():
        try:
            text = entry.read_text()
        except OSError:
            continue
        for line in text.splitlines():
            key, _, value = line.partition(":")
            if key in ("prog_id", "map_id", "link_id") and value.strip() != "0":
                found.add((key.removesuffix("_id"), int(value)))
    return found


def bpftool(*words):
    """What it prints as JSON."""
    tool = next((path for path in ("/usr/sbin/bpftool", "/usr/bin/bpftool") if os.access(path, os.X_OK)), None)
    if not tool:
        raise Skip("no bpftool")
    done = subprocess.run([tool, "--json", *map(str, words)], capture_output=True, text=True)
    if done.returncode:
        raise Skip(f"bpftool {words}: {done.stderr}")
    return json.loads(done.stdout)


def kernel_objects():
    """What bpftool lists: {(kind, id): name}."""
    return {(kind, row["id"]): row.get("name", row.get("type"))
            for kind in ("prog", "map", "link") for row in bpftool(kind, "list")}


def pinned():
    """Everything below /sys/fs/bpf."""
    return {str(path) for path in Path("/sys/fs/bpf").rglob("*")}


def none_left(held):
    """Waits until the kernel has freed these objects: it does so after a grace period."""
    if not held:
        raise Failure("it held no BPF object at all")

    def gone():
        left = {key: name for key, name in kernel_objects().items() if key in held}
        return not left

    wait_until(gone, f"the kernel frees {len(held)} BPF objects", 2 * PATIENCE_SECONDS)


def read_proc(pid, name):
    try:
        return Path(f"/proc/{pid}/{name}").read_text(encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        return f"({name}: {error.strerror})"


def with_descendants(pid):
    """Its pid and theirs, of those that live."""
    children = read_proc(pid, f"task/{pid}/children")
    return [pid] + [each for child in children.split() if child.isdigit() for each in with_descendants(int(child))]


def what_it_waits_for(pid):
    wanted = ("Name", "State", "SigPnd", "ShdPnd", "SigBlk", "SigIgn", "SigCgt")
    status = [line.replace("\t", " ") for line in read_proc(pid, "status").splitlines() if line.split(":")[0] in wanted]
    stack = [line.rpartition(" ")[2] for line in read_proc(pid, "stack").splitlines()]
    return f"{pid}: {', '.join(status)}; in {', '.join(stack)}"


def end_is(t, child, status, seconds=PATIENCE_SECONDS):
    """It ends by itself, with this status; else what it and its descendants wait for is the diagnostic."""
    try:
        t.equal(child.wait(seconds), status, "exit status")
    except subprocess.TimeoutExpired:
        living = with_descendants(child.pid)
        waits = "\n".join(map(what_it_waits_for, living))
        for pid in living:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        child.wait()
        raise Failure(f"it did not end within {seconds} s\n{waits}") from None
