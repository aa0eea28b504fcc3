"""The screen of `top`: what each key shows, every size, and that the terminal is given back however it ends."""

import contextlib
import os
import random
import re
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from screens import FAKE, PATIENCE_SECONDS, POLL_SECONDS, main
from tap import Failure, test

WORD = "postgres" if FAKE else "tmux"  # in the name of some processes, not of all
TITLES = {"1": "PID", "2": "CONTAINER", "3": "CGROUP", "4": "MOUNT", "5": "PATH", "6": "PART"}


def row_count(text):
    found = re.search(r" (\d+) rows", text)
    return int(found.group(1)) if found else None


def first_figures(text):
    """The numbers that lines begin with: pids, in the view of processes."""
    return [int(line.split()[0]) for line in text.splitlines() if re.match(r" *\d+ +\S.*(B|-)", line)
            and "process" not in line]


def clock(text):
    found = re.search(r"\b\d\d:\d\d:\d\d\b", text)
    return found and found.group(0)


@test("top starts: the machine's bar, its legend, the views, the processes")
def starts(context):
    screen = context.start()
    screen.see("RAM [", "available of", "#anon", "=cache", "%tmpfs", ".free", "1 process", "6 system", "RSS", "TMPFS")
    if not first_figures(screen.text()):
        raise Failure(screen.text())


@test("digits and Tab switch the view")
def views(context):
    screen = context.start()
    for key in "234561":
        screen.keys(key)
        screen.wait(f"view {key}", lambda text, k=key: any(line.lstrip(" ↑↓").startswith(TITLES[k])
                                                          for line in text.splitlines()))
    screen.keys("Tab")
    screen.wait("the second view", lambda text: "CONTAINER" in text and "COMMAND" not in text)
    screen.keys("BTab")
    screen.see("COMMAND")


@test("the sort column is chosen, marked and reversed")
def sorts(context):
    screen = context.start()
    screen.keys(">")  # the order to start with is no column: the next one is the first
    screen.see("↑PID")
    pids = first_figures(screen.wait("rows", lambda text: "↑PID" in text and first_figures(text) and text))
    if pids != sorted(pids):
        raise Failure(f"not ascending: {pids}")
    screen.keys("r")
    pids = first_figures(screen.wait("rows", lambda text: "↓PID" in text and first_figures(text) and text))
    if pids != sorted(pids, reverse=True):
        raise Failure(f"not descending: {pids}")
    screen.keys("Right")
    screen.see("COMMAND↑")
    screen.keys("Left", "Left")  # round to the order of the beginning
    screen.see("rows by size")


@test("the filter narrows while it is typed, Enter keeps it, Esc clears it")
def filters(context):
    screen = context.start()
    everything = row_count(screen.text())
    screen.keys("/")
    screen.see("Filter:")
    screen.keys("-l", WORD)
    some = screen.wait("fewer rows", lambda text: f"Filter: {WORD}" in text and row_count(text))
    if not 0 < some < everything:
        raise Failure(f"{some} of {everything} rows")
    screen.keys("Enter")
    screen.see("h help", f"/{WORD}")
    screen.keys("/")
    screen.keys("-l", "zzqx")
    screen.see("nothing matches")
    screen.keys("Escape")
    screen.wait("all rows", lambda text: "h help" in text and (row_count(text) or 0) > some)


@test("a pause holds the reading, going on reads at once")
def pauses(context):
    screen = context.start()
    screen.keys("p")
    held = clock(screen.see("PAUSED"))
    second = int(time.time())
    screen.wait("two seconds", lambda _: time.time() >= second + 3)
    if clock(screen.see("PAUSED")) != held:
        raise Failure(f"read while paused: {held}, {clock(screen.text())}")
    screen.keys("Space")
    screen.wait("a new reading", lambda text: "PAUSED" not in text and clock(text) != held)


@test("the interval is typed; a bad one is refused")
def intervals(context):
    screen = context.start()
    screen.see("every 0.2 s")
    screen.keys("i")
    screen.see("now 0.2")
    screen.keys("0", ".", "5", "Enter")
    screen.see("every 0.5 s")
    screen.keys("i", "x", "Enter")
    screen.see("from 0.1 to 3600", "every 0.5 s")


@test("the cursor moves, scrolls and opens details; a file's have holders")
def details(context):
    screen = context.start()
    with owned_file():
        look_at_details(screen)


@contextlib.contextmanager
def owned_file():
    """A file of ours in the cache, whatever else the machine caches."""
    with tempfile.NamedTemporaryFile(dir="/var/tmp") as file:
        file.write(bytes(1 << 20))
        file.flush()
        yield


def look_at_details(screen):
    screen.keys(">")
    screen.see("↑PID")
    screen.keys("End")
    screen.keys("Enter")
    screen.see("Esc back", "start time", "Files that it brought in")
    screen.keys("Escape")
    screen.see("COMMAND")
    screen.keys("5")
    screen.see("PATH", "OWNER")
    if row_count(screen.text()):
        screen.keys("Enter")
        screen.see("Owners, who brought it in")
        screen.wait("holders", lambda text: re.search(r"open or mapped: \d", text))
        screen.keys("q")
        screen.see("OWNER", "q quit")


@test("any size of terminal, any number of times")
def resizes(context):
    screen = context.start()
    for columns, lines in ((200, 60), (20, 5), (80, 24), (7, 2), (1, 1), (40, 10), (300, 100), (80, 24)):
        screen.tmux("resize-window", "-x", str(columns), "-y", str(lines))
        if columns >= 20 and lines >= 5:
            screen.wait(f"{columns}x{lines}", lambda text, n=lines: "h help" in (text.split("\n") + [""] * n)[n - 1])
    screen.see("COMMAND")
    screen.keys("h")
    screen.tmux("resize-window", "-x", "30", "-y", "6")
    screen.see("Esc back")


@test("every view, help and details at every size")
def sizes(context):
    screen = context.start()
    for columns, lines in ((20, 5), (40, 10), (1, 1), (200, 60)):
        screen.tmux("resize-window", "-x", str(columns), "-y", str(lines))
        for key in "123456":
            screen.keys(key, "Enter", "NPage", "Down", "Escape", "h", "End", "Escape", "/", "a", "Enter", "Escape")
    screen.tmux("resize-window", "-x", "80", "-y", "24")
    screen.keys("1")
    screen.see("COMMAND", "h help")


@test("details are all there on 20 columns")
def narrow_details(context):
    screen = context.open(columns=20, lines=40)
    screen.see("RAM [")
    screen.keys("3", "Enter")
    screen.see("Esc", "usage")
    text = screen.text().split("\n")
    found = [line for line in text if re.match(r"version +[12]$", line)]
    if not found or any("…" in line for line in text if line.startswith(("id", "usage", "peak", "anon"))):
        raise Failure("figures are cut:\n" + "\n".join(text))


@test("random keys leave it alive")
def random_keys(context):
    screen = context.start()
    seed = int(os.environ.get("TOP_SEED", "1"))
    keys = random.Random(seed)
    names = ["Up", "Down", "Left", "Right", "NPage", "PPage", "Home", "End", "Enter", "Escape", "Tab", "BTab",
             "C-l", "BSpace", "Space", "é", "日", *"123456hjkrpi/<>?gGxyz.0"]
    for _ in range(60):
        screen.keys(*keys.choices(names, k=15))
    screen.keys("Escape", "Escape", "Escape", "1")
    screen.wait(f"alive after seed {seed}", lambda text: "COMMAND" in text and "ended with" not in text)


@test("what others write on the screen goes with Ctrl-L")
def redraws(context):
    screen = context.start()
    screen.keys("p")
    screen.see("PAUSED")
    Path(screen.ask("pane_tty")).write_text("\x1b[12;1Hgarbage on the screen")
    screen.see("garbage on")
    screen.keys("C-l")
    screen.see_not("garbage on")


def coloured(text):
    return re.search(r"\x1b\[[0-9;]*3[0-7]m", text) is not None


@test("colours where the terminal has them and NO_COLOR is unset")
def colours(context):
    context.start().wait("colours", coloured, "-e")
    for environment in ("NO_COLOR=1", "TERM=vt100"):
        screen = context.start(environment=environment)
        if coloured(screen.text("-e")):
            raise Failure(f"colours with {environment}")


@test("a locale without UTF-8 gets ASCII only")
def ascii_only(context):
    screen = context.start(environment="LC_ALL=C")
    for key in "15":
        screen.keys(key)
        screen.wait("ASCII", lambda text, k=key: TITLES[k] in text and text.isascii())
    screen.keys("1", ">")
    screen.see("^PID")


@test("q gives the terminal back")
def quits(context):
    screen = context.start(environment="ASAN_OPTIONS=detect_leaks=1")
    screen.keys("q")
    screen.see("ended with 0")
    screen.check_given_back()


@test("SIGTERM and SIGINT give the terminal back, whatever is on the screen")
def signals(context):
    for number, keys in (("TERM", []), ("INT", ["h"]), ("TERM", ["/", "x"]), ("TERM", ["Enter"])):
        screen = context.start()
        if keys:
            screen.keys(*keys)
            screen.see_not("q quit")
        subprocess.run(["kill", f"-{number}", str(screen.program_pid())], check=True)
        screen.check_given_back()


@test("it ends when its terminal goes away, with SIGHUP or without")
def hangs_up(context):
    for environment in ("", "setsid -w"):  # SIGHUP is for the session of the terminal
        screen = context.start(environment=environment)
        pid = screen.program_pid()
        screen.tmux("kill-server")
        deadline = time.monotonic() + PATIENCE_SECONDS
        while Path(f"/proc/{pid}").exists():
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGKILL)
                raise Failure(f"{pid} ({environment}) lives on without a terminal")
            time.sleep(POLL_SECONDS)


def message(context):
    screen = context.start(environment="TOP_FAKE_MESSAGE=1")
    screen.see("/dev/shm is full in 2 min: joblib-worker[4074] +2.1 MiB/s \\x1b[31m")
    screen.keys("h")
    screen.see("reverse the order")
    screen.keys("Escape")  # seen, so it goes
    screen.see("COMMAND", "h help")


def hostile_names(context):
    screen = context.start()
    for typed, shown in (("1 (x", "a) R 1 (x"), ("evil", "evil\\x1b[2J\\x1b[Hx"), ("two", "two\\nlines"),
                         ("inv", "inv\\xff\\xfealid"), ("日本", "日本語プロセス  "), ("assi", "un?assigned"), ("fam", "? 👩👩fam  ")):
        screen.keys("/")
        screen.see("Filter:")
        screen.keys("-l", typed)
        screen.see(f"Filter: {typed}", shown, "RAM [", "1 process")
        screen.keys("Escape")
        screen.see("60 rows")


if FAKE:
    test("names cannot move the cursor, forge a line or break a column")(hostile_names)
    test("a message stands in place of the hints, escaped, until Esc")(message)


@test("a terminal type that cannot do it is one line and status 1")
def unknown_terminal(context):
    for name in ("no-such-terminal", "dumb"):
        screen = context.open(environment=f"TERM={name}")
        screen.see("ended with 1")
        screen.check_given_back()


@test("help opens and closes")
def helps(context):
    screen = context.start()
    screen.keys("h")
    screen.see("reverse the order", "Esc back")
    screen.keys("Escape")
    screen.see("COMMAND")
    screen.keys("?")
    screen.see("reverse the order")
    screen.keys("q")
    screen.see("COMMAND", "q quit")


if __name__ == "__main__":
    main()
