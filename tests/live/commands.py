"""pagetide as a command: run to its end, its streams and its status kept; what it left in the kernel."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

from children import PAGETIDE, PATIENCE_SECONDS, START_SECONDS, die_with_parent
from tap import SKIPPED_EXIT, Failure, Skip

OUR_MAPS = "files"  # the table of files: every session that has BPF has it


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


def one_line(t, done, *words):
    """An error is one line that names what was wrong, and nothing else was said."""
    if not done.errors.startswith("pagetide: ") or done.errors.count("\n") != 1 or not done.errors.endswith("\n"):
        raise Failure(f"not one line of pagetide's: {done}")
    if any(ord(character) < 32 for character in done.errors[:-1]) or "\x7f" in done.errors:
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


def links_of(pid):
    """Descriptors of BPF links, maps and programs that a process holds."""
    found = []
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = os.readlink(entry)
        except OSError:
            continue
        if "bpf" in target:
            found.append(target)
    return found


def program_names(build_object):
    """The names of the programs in the BPF object, as the kernel cuts them."""
    done = subprocess.run(["llvm-nm", "--defined-only", str(build_object)], capture_output=True, text=True)
    words = [line.split() for line in done.stdout.splitlines()]
    return {word[2][:15] for word in words if len(word) == 3 and word[1] == "T"}


def bpf_objects():
    """What bpftool lists: (kind, id, name, pids)."""
    found = []
    for kind in ("prog", "map", "link"):
        done = subprocess.run(["bpftool", "--json", kind, "list"], capture_output=True, text=True,
                              env={**os.environ, "PATH": f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"})
        if done.returncode:
            raise Skip(f"bpftool {kind} list: {done.stderr}")
        found += [(kind, row.get("id"), row.get("name", row.get("type")), row.get("pids", []))
                  for row in json.loads(done.stdout)]
    return found


def of_process(pid, objects):
    return [row for row in objects if any(holder.get("pid") == pid for holder in row[3])]


def end_is(t, child, status, seconds=PATIENCE_SECONDS):
    try:
        t.equal(child.wait(seconds), status, "exit status")
    except subprocess.TimeoutExpired:
        child.send_signal(signal.SIGKILL)
        child.wait()
        raise Failure(f"it did not end within {seconds} s") from None
