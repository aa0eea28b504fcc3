"""Refusals and kills that are told while a reading is under way: whom they name is looked up at once, and the reading
that waits for it stays as it was read."""

import itertools
import os
import shutil
import signal
import subprocess
import threading
import time

from children import Pagetide, die_with_parent
from harness import Failure, Skip, main
from limits import limited
from tap import diagnostics, test

SECONDS = 8
FILES = 150000
PROGRAMS = 100


class Repeat:
    """Something that a thread does until it is to end."""

    def __init__(self, action):
        self.over, self.action, self.count = threading.Event(), action, 0
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.over.is_set():
            self.action()
            self.count += 1

    def close(self):
        self.over.set()
        self.thread.join()


@test("refusals while many files come: the file table grows under the reading, which stays where it is")
def _(t):
    full, many = t.tmpfs("1M"), t.mount("tmpfs", "size=4G,nr_inodes=0")
    with open(os.path.join(full, "filler"), "wb") as out:
        out.truncate(1 << 20)
        os.posix_fallocate(out.fileno(), 0, 1 << 20)
    traced = t.trace("--events", "enospc", "--interval", "0.1", "--max-files", "200000")
    # one process is told once a second: each of these is another
    script = f"head -c 8192 /dev/zero 2>/dev/null >{full}/more"
    t.start(Repeat(lambda: subprocess.run(["sh", "-c", script], stderr=subprocess.DEVNULL, check=False,
                                          preexec_fn=die_with_parent)))
    traced.wait_for(lambda e: e["type"] == "enospc" and e["mount"] == full, "the first refusal")
    end, made = time.monotonic() + SECONDS * 2, 0
    while made < FILES and time.monotonic() < end and not traced.ended:
        fd = os.open(os.path.join(many, f"f{made}"), os.O_CREAT | os.O_WRONLY)
        os.write(fd, b"x")
        os.close(fd)
        made += 1
    diagnostics(f"{made} files")
    told = traced.count
    traced.wait_for(lambda _: traced.count > told, "a refusal after all of that")


class CommandLines(Pagetide):
    """Whether each process of ours has its own command line; what was shown is not kept."""

    def __init__(self, folder):
        self.folder, self.seen, self.wrong = folder, set(), {}
        super().__init__(["top", "--json", "--by", "process", "--interval", "0.1"])

    def keep(self, item):
        self.objects = [item]
        for row in item[1].get("processes", []):
            line = row.get("cmdline")
            if not line or not row["comm"].startswith("program"):
                continue
            self.seen.add(row["pid"])
            if line.split()[0] != f"{self.folder}/{row['comm']}":
                self.wrong[row["pid"]] = (row["comm"], line)


@test("kills while processes come and go: each has its own command line")
def _(t):
    cgroup, folder = limited(t, 4 << 20), t.temp()
    if not shutil.which("tail"):
        raise Skip("no tail")
    programs = [os.path.join(folder, f"program{number}") for number in range(PROGRAMS)]
    for program in programs:
        shutil.copy("/usr/bin/sleep", program)
    top = t.start(CommandLines(folder))
    top.wait_for(lambda _: True, "the first reading", timeout=30)
    script = f"echo $$ >{cgroup}/cgroup.procs; exec tail /dev/zero"
    killer = t.start(Repeat(lambda: subprocess.run(["sh", "-c", script], stderr=subprocess.DEVNULL, check=False,
                                                   preexec_fn=die_with_parent)))
    alive, end = [], time.monotonic() + SECONDS
    t.undo.append(lambda: [(child.send_signal(signal.SIGKILL), child.wait()) for child in alive])
    for number in itertools.count():
        if time.monotonic() > end:
            break
        alive.append(subprocess.Popen([programs[number % PROGRAMS], "60"], preexec_fn=die_with_parent))
        if len(alive) > 40:
            child = alive.pop(number * 7 % 40)
            child.kill()
            child.wait()
    diagnostics(f"{len(top.seen)} processes, {killer.count} kills, {len(top.wrong)} of another's command line")
    if len(top.seen) < PROGRAMS or killer.count < 10:
        raise Failure("too little happened")
    t.equal(top.wrong, {}, "command lines")


if __name__ == "__main__":
    main()
