"""What a program's output and end are taken for. Pure: lines in, results out.

A program that dies, says no plan, says another number of tests than it planned, or ends with a status that its
results do not explain has failed, whatever else it said."""

import re
from dataclasses import dataclass, field

PASS, FAIL, SKIP = "passed", "failed", "skipped"
SKIPPED_EXIT = 77
PROGRAM = "(the program)"  # the name of a failure that no test told

LINE = re.compile(r"(not )?ok\b *(\d+)? *(?:- *)?(.*)")
DIRECTIVE = re.compile(r"\s*#\s*(SKIP|TODO)\b\S*\s*(.*)", re.IGNORECASE)
PLAN = re.compile(r"1\.\.(\d+)\s*(?:#\s*SKIP\S*\s*(.*))?$", re.IGNORECASE)
COUNTED = re.compile(r"(\d+) \w+ not run\b")


@dataclass
class Result:
    kind: str
    name: str
    why: str = ""  # of a skip
    diagnostics: list = field(default_factory=list)
    count: int = 1  # tests that it stands for: a whole matrix can be skipped in one line


def parse_result(line):
    """The result in a line of TAP, or None."""
    found = LINE.match(line)
    if not found:
        return None
    name, why, kind = found[3], "", FAIL if found[1] else PASS
    directive = DIRECTIVE.search(name)
    if directive:
        name = name[:directive.start()]
        why = directive[2].strip()
        if directive[1].upper() == "SKIP":
            kind = SKIP
        elif kind == FAIL:  # TODO: known not to work
            kind, why = SKIP, f"TODO {why}"
    return Result(kind, name.strip() or f"test {found[2] or ''}".strip(), why.strip())


class Stream:
    """Fed with the lines of one program as they come; take() gives a result when the next one has begun, so that it
    has its diagnostics; end() gives what is left, and the failures that no line told."""

    def __init__(self):
        self.plan = None
        self.seen = 0
        self.failed = 0
        self.bailed = None
        self.skipped = None
        self.open = None

    def take(self, line):
        line = line.rstrip("\n")
        plan = PLAN.match(line)
        if plan:
            self.plan = int(plan[1])
            if not self.plan and plan[2] is not None:
                self.skipped = plan[2] or "no reason told"
            return None
        if line.startswith("Bail out!"):
            self.bailed = line[len("Bail out!"):].strip() or "no reason told"
            return None
        result = parse_result(line)
        if result:
            self.seen += 1
            self.failed += result.kind == FAIL
            done, self.open = self.open, result
            return done
        if line.startswith("#") and self.open:
            self.open.diagnostics.append(line[1:].removeprefix(" "))
        return None

    def end(self, status, problem=""):
        """status: as subprocess has it, negative when a signal ended it; problem: why it was ended, if it was."""
        left = [self.open] if self.open else []
        self.open = None
        left += [Result(FAIL, PROGRAM, diagnostics=[why]) for why in self.complaints(status, problem)]
        if not left and not self.seen and self.skipped is not None:
            counted = COUNTED.match(self.skipped)
            left.append(Result(SKIP, "(all of it)", self.skipped, count=int(counted[1]) if counted else 1))
        return left

    def complaints(self, status, problem):
        if problem:
            return [problem]
        if status < 0:
            return [f"signal {-status} ended it after {self.seen} tests"]
        if self.bailed is not None:
            return [f"it gave up: {self.bailed}"]
        if self.plan is None:
            return [f"it said no plan; exit status {status}"]
        if self.plan != self.seen:
            return [f"it planned {self.plan} tests and told of {self.seen}; exit status {status}"]
        if not self.plan and self.skipped is None:
            return ["it has no tests"]
        if status and not self.failed and not (status == SKIPPED_EXIT and self.skipped is not None):
            return [f"exit status {status}, though no test failed"]
        if not status and self.failed:
            return ["exit status 0, though a test failed"]
        return []


class Totals:
    def __init__(self):
        self.counts = {PASS: 0, FAIL: 0, SKIP: 0}

    def add(self, result):
        self.counts[result.kind] += result.count

    def line(self):
        return ", ".join(f"{count} {kind}" for kind, count in self.counts.items())

    def status(self):
        return int(bool(self.counts[FAIL]) or not self.counts[PASS])
