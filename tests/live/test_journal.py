"""--log journal: a warning arrives where the journal or syslog listens, whole, and a log that takes nothing, goes or
comes back neither holds anything up nor is forgotten."""

import os
import subprocess

from children import LIBC, PAGETIDE, TIER, Process
from commands import wait_until
from harness import Failure, main
from limits import MIB, write_file
from syslogs import SystemLog
from tap import test

SAMPLE = "sample of a warning"
MNT_DETACH = 2


class Logging:
    """A trace that logs, and whose hook says which targets it was called for."""

    def __init__(self, t, log):
        self.told = os.path.join(t.temp(), "told")
        hook = os.path.join(t.temp(), "hook")
        with open(hook, "w", encoding="ascii") as out:
            out.write(f'#!/bin/sh\necho "$PAGETIDE_TARGET" >> {self.told}\n')
        os.chmod(hook, 0o755)
        self.process = t.start(Process([*log.wrap, PAGETIDE, "trace", *TIER, "--events", "oom", "--log", "journal",
                                        "--on-warn", hook, "--on-warn-test"]))
        wait_until(lambda: "/dev/shm" in self.targets(), "the sample has come to the hook", 30)

    def targets(self):
        if not os.path.exists(self.told):
            return []
        with open(self.told, encoding="utf-8") as told:
            return told.read().split()

    def errors(self):
        return self.process.error_text()


def fill(t, mount=None):
    """A tmpfs of 16 MiB that is nearly full."""
    mount = mount or t.tmpfs("16M")
    write_file(os.path.join(mount, "f"), 15 * MIB)
    return mount


def fields_of(message):
    """{key: value}; a line that is none is a failure, and so is a key that comes twice."""
    if not message.endswith("\n"):
        raise Failure(f"no end of the last field: {message!r}")
    lines = message[:-1].split("\n")
    fields = dict(line.split("=", 1) for line in lines if "=" in line)
    if len(fields) != len(lines):
        raise Failure(f"not a field a line: {message!r}")
    return fields


@test("the journal gets the message with its fields")
def _(t):
    log = SystemLog(t)
    Logging(t, log)
    t.equal(fields_of(log.read(SAMPLE))["PAGETIDE_REASON"], "sample", "the reason of the sample")
    mount = fill(t)
    fields = fields_of(log.read(mount))
    message = fields.pop("MESSAGE")
    if not message.startswith(f"tmpfs {mount} is ") or "remove" not in message:
        raise Failure(message)
    used = int(fields.pop("PAGETIDE_USED"))
    if not 12 * MIB < used <= 16 * MIB:
        raise Failure(f"PAGETIDE_USED={used}")
    t.equal(fields, {"PRIORITY": "4", "SYSLOG_IDENTIFIER": "pagetide", "PAGETIDE_LIMIT": "tmpfs",
                     "PAGETIDE_REASON": "level", "PAGETIDE_TARGET": mount, "PAGETIDE_LIMIT_VALUE": str(16 * MIB)},
            "the other fields")


@test("a name with line ends forges no field")
def _(t):
    mount = os.path.join(t.temp(), "two\nPRIORITY=0\nlines\x1b[2J")
    os.mkdir(mount)
    if LIBC.mount(b"pagetide-test", mount.encode(), b"tmpfs", 0, b"size=16M"):
        raise Failure("cannot mount a tmpfs")
    t.undo.append(lambda: LIBC.umount2(mount.encode(), MNT_DETACH))
    log = SystemLog(t)
    Logging(t, log)
    fill(t, mount)
    fields = fields_of(log.read("lines"))
    shown = mount.replace("\n", "\\n").replace("\x1b", "\\x1b")
    t.equal((fields["PRIORITY"], fields["PAGETIDE_TARGET"]), ("4", shown), "priority and target")
    if f"tmpfs {shown} is " not in fields["MESSAGE"]:
        raise Failure(str(fields))


@test("syslog gets it where there is no journal")
def _(t):
    log = SystemLog(t, "syslog")
    logging = Logging(t, log)
    mount = fill(t)
    begin = f"<28>pagetide[{logging.process.pid}]: tmpfs {mount} is "
    message = log.read(mount)
    if not message.startswith(begin) or "\n" in message:
        raise Failure(f"{message!r} does not start with {begin!r}")


@test("a log that nobody reads holds nothing up, and what it did not take is told")
def _(t):
    log = SystemLog(t)
    logging = Logging(t, log)
    t.equal(log.fill() > 0, True, "it was filled")
    mounts = [fill(t) for _ in range(2)]
    wait_until(lambda: {*mounts} <= {*logging.targets()}, "the hook is called all the same")
    wait_until(lambda: "does not take a warning" in logging.errors(), "the first that was lost is told")
    log.drain()
    log.read(fill(t))
    wait_until(lambda: " warnings are not in the system's log" in logging.errors(), "how many were lost is told")


@test("a log that begins anew is found again")
def _(t):
    log = SystemLog(t)
    logging = Logging(t, log)
    log.read(SAMPLE)
    log.close()
    log.listen()
    log.read(fill(t))
    t.equal("log" in logging.errors(), False, f"nothing was lost: {logging.errors()!r}")


@test("where there is no log, a line says so; one that comes later is taken")
def _(t):
    log = SystemLog(t, None)
    done = subprocess.run([*log.wrap, PAGETIDE, "trace", *TIER, "--events", "oom", "--log", "journal", "--duration",
                           "0.1"], capture_output=True, text=True, timeout=60)
    t.equal((done.returncode, "neither a journal nor a syslog" in done.stderr), (0, True), f"{done.stderr!r}")
    logging = Logging(t, log)
    log.listen()
    log.read(fill(t))
    if "does not take a warning" not in logging.errors():  # the sample was lost
        raise Failure(logging.errors())


if __name__ == "__main__":
    main()
