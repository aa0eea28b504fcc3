#!/usr/bin/env python3
"""The same failures under a limit that ends them: warned of in time, by time where they take some, and what is said
before, at the end and in the report names the process and the cause."""

import sys
from pathlib import Path

from running import MIB, PAGETIDE, Failure, close, in_cgroup, last_line, needs, scenario, start
from harness import main  # its folder is on the path since running was imported
from limits import limited, ready, warned_before
from tap import test
from views import PAGE

SECOND_NS = 1_000_000_000


class Ended:
    """A scenario under `pagetide run`, which writes its report as text, while a trace looks on."""

    def __init__(self, t, command, target):
        self.t, self.target, self.traced = t, target, ready(t)
        report = Path(t.temp(), "report.txt")
        self.done = start([PAGETIDE, "run", "-o", report, "--", *command], cwd=t.temp())
        self.errors = self.done.stderr.decode("utf-8", "backslashreplace")
        self.report = report.read_text(encoding="utf-8")

    def truth(self):
        return last_line(self.done.stdout, self.done.returncode, self.errors)

    def first_line(self):
        return self.done.stdout.decode().splitlines()[0]

    def failure(self, kind):
        """What was told to have failed."""
        return self.traced.wait_for(lambda e: e["type"] == kind and self.target in (e.get("target"), e.get("mount")), kind)

    def warned(self, seconds_before=0.0):
        """Its warnings: the first came so much earlier than the failure, and who ran the command was told the same."""
        warnings, failures = warned_before(self.traced, self.target, "the scenario")
        lead = (failures[0]["time_ns"] - warnings[0]["time_ns"]) / SECOND_NS
        if lead < seconds_before:
            raise Failure(f"warned {lead} s before, {seconds_before} are wanted: {warnings}")
        self.says(self.errors, "pagetide: warning: ", self.target)
        return warnings

    def says(self, text, *words):
        for word in words:
            self.t.equal(str(word) in text, True, f"{word!r} in:\n{text}")


def names(t, warnings, pid):
    """Each warning that names someone names this process first; at least one does."""
    t.equal({w["culprits"][0]["pid"] for w in warnings if w["culprits"]}, {pid}, f"whom the warnings name: {warnings}")


def files_of_one_size(t, ended, truth, slack):
    """Many files of one size under one folder come from one process, which met the end of the mount."""
    failed = ended.failure("enospc")
    t.equal((failed["pid"], failed["limit"]), (truth["pid"], "size"), "who was refused, and by which limit")
    warnings = ended.warned()
    names(t, warnings, truth["pid"])
    last = warnings[-1]
    close(t, last["culprits"][0]["bytes_each"], truth["file_bytes"], "the size of each", under=PAGE, over=slack)
    if f"come from python3[{truth['pid']}]: one more for each piece of work" not in last["advice"]:
        raise Failure(f"the cause: {last}")
    ended.says(ended.report, ended.target, f"python3[{truth['pid']}] write failed: No space left on device: ",
               f"{ended.target} is at the limit of its size", " each ", "was full",
               "one more for each piece of work")


def killed_while_it_grows(t, ended, cgroup, limit_bytes):
    """One process whose memory only grows met the limit of its cgroup."""
    pid, kill = int(ended.first_line()), ended.failure("oom")
    t.equal(ended.done.returncode, 128 + 9, "exit status")
    t.equal((kill["pid"], kill["comm"], kill["limit_bytes"]), (pid, "python3", limit_bytes), "the victim and its limit")
    t.equal(kill["consumers"][0]["pid"], pid, "the largest consumer")
    if kill["consumers"][0]["growth_bytes"] < limit_bytes // 4:
        raise Failure(f"what it grew by before: {kill}")
    ended.says(ended.report, "killed by signal 9", "1 process was killed: out of memory",
               f"python3[{pid}] killed, out of memory: anon ", f"cgroup /{cgroup.name} was at its limit: ",
               "at the limit the kernel kills")
    return pid


@test("dumps: files of one size on a tmpfs that is full of them")
def dumps(t):
    mount = t.tmpfs(size="8M")
    ended = Ended(t, scenario("dumps.py", "new", mount, 64, 1000), mount)
    files_of_one_size(t, ended, ended.truth(), 0)


@test("joblib itself: files of one size on a tmpfs that is full of them")
def joblib(t):
    needs("numpy", "joblib")
    mount = t.tmpfs(size="64M")
    ended = Ended(t, scenario("joblib_dumps.py", "new", mount), mount)
    truth = ended.truth()
    files_of_one_size(t, ended, {**truth, "file_bytes": truth["array_bytes"]}, 2 * PAGE)


@test("cycle: each step's memory stays, until the limit of the cgroup")
def cycle(t):
    cgroup = limited(t, 160 * MIB)
    ended = Ended(t, in_cgroup(cgroup, scenario("cycle.py", 1000, 2)), f"/{cgroup.name}")
    pid = killed_while_it_grows(t, ended, cgroup, 160 * MIB)
    names(t, ended.warned(0.5), pid)


@test("xgboost itself: each QuantileDMatrix's memory stays, until the limit of the cgroup")
def xgboost_cycle(t):
    needs("numpy", "xgboost")
    cgroup = limited(t, 128 * MIB)
    ended = Ended(t, in_cgroup(cgroup, scenario("xgboost_cycle.py", 1000)), f"/{cgroup.name}")
    pid = killed_while_it_grows(t, ended, cgroup, 128 * MIB)
    names(t, ended.warned(), pid)


@test("sessions: each is a step towards the limit of the cgroup, warned of by time")
def sessions(t):
    cgroup = limited(t, 160 * MIB)
    # slow enough: where a reading meets the scratch memory of a session, the rise begins anew behind it
    ended = Ended(t, in_cgroup(cgroup, scenario("sessions.py", 100, 10, 0.8)), f"/{cgroup.name}")
    pid = killed_while_it_grows(t, ended, cgroup, 160 * MIB)
    warnings = ended.warned(1)
    names(t, warnings, pid)
    first = warnings[0]
    t.equal(first["reason"], "eta", "the reason of the first")
    close(t, first["rate_bytes_per_second"], 12.5 * MIB, "the rate", under=6 * MIB, over=6 * MIB)


if __name__ == "__main__":
    sys.exit(main())
