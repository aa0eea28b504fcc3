"""A terminal that tmux makes, with `top` on it, for the tests of its screen. With TOP_FAKE=1 the program is
tests/live/top_fake.c, which needs no rights; TOP_FAKE_SANITIZE=1 builds it with the sanitizers."""

import contextlib
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True
import tap  # noqa: E402
from tap import Failure  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent.parent
PAGETIDE = os.environ.get("PAGETIDE", str(ROOT / "build" / "pagetide"))
FAKE = os.environ.get("TOP_FAKE", "") not in ("", "0")
SANITIZE = os.environ.get("TOP_FAKE_SANITIZE", "") not in ("", "0")
PATIENCE_SECONDS = float(os.environ.get("PAGETIDE_TEST_PATIENCE", "10"))
POLL_SECONDS = 0.02
NUMBERS = itertools.count()


def build_fake(folder):
    program = Path(folder, "top_fake")
    patterns = ["top*.c", "columns*.c", "select*.c", "escape.c", "units.c", "names.c", "outbox.c", "thread.c",
                "snapshot_copy.c"]
    sources = [str(p) for pattern in patterns for p in sorted((ROOT / "user").glob(pattern))]
    flags = "-D_GNU_SOURCE -std=gnu11 -O1 -g -Wall -Wextra -Wconversion -Wshadow -Werror".split()
    if SANITIZE:
        flags += ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined"]
    subprocess.run(["gcc", *flags, f"-I{ROOT}/include", f"-I{ROOT}/user", "-o", str(program),
                    str(ROOT / "tests/live/top_fake.c"), *sources, "-lncursesw", "-ltinfo", "-lm"], check=True)
    return str(program)


class Screen:
    """`pagetide top` in a tmux of its own; the shell around it tells how it ended."""

    def __init__(self, program, columns=80, lines=24, environment="", arguments="--interval 0.2", shell=""):
        self.socket = f"pagetide-{os.getpid()}-{next(NUMBERS)}"
        self.folder = tempfile.TemporaryDirectory(prefix="top-")
        before, after = Path(self.folder.name, "before"), Path(self.folder.name, "after")
        self.modes = before, after
        script = shell or (f"stty -g > {before}; env {environment} {program} top {arguments}; echo ended with $?; "
                           f"stty -g > {after}.new; mv {after}.new {after}; exec cat")
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(lines),
                  "env", "LC_ALL=C.UTF-8", "sh", "-c", script, ";", "set", "-g", "status", "off")

    def tmux(self, *words):
        done = subprocess.run(["tmux", "-u", "-L", self.socket, *words], capture_output=True, timeout=60)
        if done.returncode:
            raise Failure(f"tmux {' '.join(words)}: {done.stderr.decode(errors='replace')}")
        return done.stdout.decode("utf-8", "replace")

    def close(self):
        subprocess.run(["tmux", "-L", self.socket, "kill-server"], capture_output=True, timeout=60)
        self.folder.cleanup()

    def text(self, *options):
        return self.tmux("capture-pane", "-p", *options)

    def ask(self, what):
        return self.tmux("display-message", "-p", f"#{{{what}}}").strip()

    def keys(self, *keys):
        self.tmux("send-keys", *keys)

    def wait(self, what, condition, *options):
        """Polls the screen until condition(its text) is true, and returns what that was."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            text = self.text(*options)
            found = condition(text)
            if found:
                return found
            if time.monotonic() > deadline:
                raise Failure(f"{what}: not on the screen:\n{text}")
            time.sleep(POLL_SECONDS)

    def see(self, *words):
        return self.wait(" and ".join(words), lambda text: all(word in text for word in words) and text)

    def see_not(self, word):
        return self.wait(f"no {word}", lambda text: word not in text and text)

    def program_pid(self):
        shell = self.ask("pane_pid")
        return int(Path(f"/proc/{shell}/task/{shell}/children").read_text().split()[0])

    def check_given_back(self):
        """The modes of the terminal are as before, the first screen is back, the cursor is seen."""
        self.see("ended with ")
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self.modes[1].exists() and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
        before, after = (mode.read_text() for mode in self.modes)
        if before != after:
            raise Failure(f"terminal modes before: {before}after: {after}")
        if (self.ask("alternate_on"), self.ask("cursor_flag")) != ("0", "1"):
            raise Failure(f"alternate screen {self.ask('alternate_on')}, cursor {self.ask('cursor_flag')}")
        self.wait("no rest of the view", lambda text: "PID" not in text and "h help" not in text)


class Context:
    """Screens that one test opened."""

    program = PAGETIDE

    def __enter__(self):
        self.stack = contextlib.ExitStack()
        return self

    def __exit__(self, *error):
        self.stack.close()

    def enter(self, manager):
        return self.stack.enter_context(manager)

    def open(self, *arguments, **options):
        screen = Screen(self.program, *arguments, **options)
        self.stack.callback(screen.close)
        return screen

    def start(self, *arguments, **options):
        screen = self.open(*arguments, **options)
        screen.see("COMMAND", "rows", "h help")
        return screen


def unavailable():
    if not shutil.which("tmux"):
        return "tmux is not installed"
    if not FAKE and os.geteuid() != 0:
        return "not root"
    return None


def main():
    with tempfile.TemporaryDirectory(prefix="top-fake-") as build:
        if FAKE and "--list" not in sys.argv:
            Context.program = build_fake(build)
            os.environ["ASAN_OPTIONS"] = "detect_leaks=0"  # its search can hang without a terminal
        tap.run(Context, unavailable())
