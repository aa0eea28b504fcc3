"""What the matrix runs and what came of it: pure, no machine and no file is touched here.

A cell is one guest test on one kernel, cgroup version and tier. Its TAP
becomes results; results become TAP lines and the table of docs/kernels.md.
"""

import re
from dataclasses import dataclass, field

TIERS = ("tracepoint", "fentry", "kprobe")
ANY_TIER = "any"
CGROUPS = ("v1", "v2")
ALWAYS, QUICK, FULL, NEVER = "always", "quick", "full", "never"
MATRICES = (ALWAYS, QUICK, FULL, NEVER)
PASS, FAIL, SKIP = "pass", "fail", "skip"
LINE = re.compile(r"^(not )?ok\b[ \t]*\d*[ \t]*(?:-[ \t]*)?(.*?)(?:[ \t]*#[ \t]*(SKIP|TODO)\b[ \t]*(.*))?$", re.I)
PLAN = re.compile(r"^1\.\.(\d+)(?:[ \t]*#[ \t]*SKIP\b[ \t]*(.*))?$", re.I)


@dataclass(frozen=True)
class Test:
    """A guest test and what its head asks for: `# tiers: any`, `# disk: ext4:64`, `# memory: 512`,
    `# cpus: 1`, `# timeout: 300`, `# append: lockdown=integrity` (for the kernel's command line),
    `# needs: /pagetide /helpers/fill`, `# cgroups: v2`, `# when: quick` (only in the quick matrix, or only in the
    full one, or never), and the same for arm64, which is slow to emulate: `# arm64: never`; `# quick: 5.10=tracepoint,kprobe
    6.12=fentry`: in the quick matrix only there and in these tiers."""
    name: str  # the file's name without .sh
    tiers: tuple[str, ...] = TIERS
    disk: str = ""
    memory_mib: int = 1024
    cpus: int = 2
    timeout_seconds: float | None = None
    append: str = ""
    needs: tuple[str, ...] = ()
    cgroups: tuple[str, ...] = CGROUPS
    when: str = ALWAYS
    arm64: str = FULL
    quick: tuple[tuple[str, tuple[str, ...]], ...] = ()  # kernel and its tiers; empty: all

    def is_quick(self, kernel: str, tier: str) -> bool:
        """Whether the quick matrix has it there."""
        return not self.quick or tier in dict(self.quick).get(kernel, ())

    def belongs(self, quick: bool, arch: str = "amd64") -> bool:
        """Whether it is part of the quick matrix, or of the full one."""
        return (self.arm64 if arch == "arm64" else self.when) in (ALWAYS, QUICK if quick else FULL)


def parse_test(name: str, text: str) -> Test:
    head = {}
    for line in text.splitlines():
        match = re.match(r"#\s*(tiers|disk|memory|cpus|timeout|append|needs|cgroups|when|arm64|quick):\s*(.+)$", line)
        if match:
            head[match[1]] = match[2].strip()
        elif not line.startswith("#"):
            break
    tiers = tuple(head.get("tiers", " ".join(TIERS)).split())
    unknown = set(tiers) - {*TIERS, ANY_TIER}
    if unknown:
        raise ValueError(f"{name}: no such tier: {' '.join(sorted(unknown))}")
    quick = tuple((kernel, tuple(some.split(","))) for kernel, _, some in
                  (word.partition("=") for word in head.get("quick", "").split()))
    if any(set(some) - set(tiers) for _, some in quick):
        raise ValueError(f"{name}: quick: KERNEL=TIER,TIER of its tiers, {' '.join(tiers)}")
    cgroups = tuple(head.get("cgroups", " ".join(CGROUPS)).split())
    when, arm64 = head.get("when", ALWAYS), head.get("arm64", FULL)
    if set(cgroups) - {*CGROUPS} or {when, arm64} - {*MATRICES}:
        raise ValueError(f"{name}: cgroups are {' '.join(CGROUPS)}, when and arm64 {', '.join(MATRICES)}")
    return Test(name, tiers, disk=head.get("disk", ""), memory_mib=int(head.get("memory", 1024)),
                cpus=int(head.get("cpus", 2)), append=head.get("append", ""),
                timeout_seconds=float(head["timeout"]) if "timeout" in head else None,
                needs=tuple(head.get("needs", "").split()), cgroups=cgroups, when=when,
                arm64=arm64, quick=quick)


@dataclass(frozen=True)
class Cell:
    kernel: str
    cgroup: str
    tier: str
    test: Test

    @property
    def name(self) -> str:
        return f"vm/{self.kernel}/{self.cgroup}/{self.tier}/{self.test.name}"

    @property
    def row(self) -> tuple[str, str, int]:
        """Of the table, to sort by: test, cgroup version, number of the tier."""
        return self.test.name, self.cgroup, (*TIERS, ANY_TIER).index(self.tier)


@dataclass
class Result:
    kind: str  # PASS, FAIL or SKIP
    name: str  # empty: the whole test
    why: str = ""


@dataclass
class Report:
    cell: Cell
    results: list[Result] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def judge(status: int, problem: str, output: str) -> list[Result]:
    """From what a guest test printed and how it ended to results; never empty."""
    results: list[Result] = []
    planned, skipped = None, None
    for line in output.splitlines():
        line = line.rstrip()
        plan, match = PLAN.match(line), LINE.match(line)
        if plan:
            planned = int(plan[1])
            skipped = plan[2] or "no reason given" if planned == 0 else None
        elif match:
            directive = (match[3] or "").upper()
            kind = SKIP if directive else FAIL if match[1] else PASS
            results.append(Result(kind, match[2] or f"test {len(results) + 1}", (match[4] or "").strip()))
        elif results and results[-1].kind == FAIL and line.startswith("#"):
            results[-1].why = (results[-1].why + " " + line.lstrip("# ")).strip()
    if problem:
        return results + [Result(FAIL, "", problem)]
    if status == 77 and not results:
        lines = [line for line in output.splitlines() if line.startswith("# SKIP ")]
        return [Result(SKIP, "", lines[-1][7:] if lines else "exit status 77")]
    if skipped is not None and not results and status == 0:
        return [Result(SKIP, "", skipped)]
    if planned is None:
        results.append(Result(FAIL, "", f"ended early, with status {status}: no plan"))
    elif planned != len(results):
        results.append(Result(FAIL, "", f"planned {planned}, ran {len(results)}"))
    elif not results:
        results.append(Result(FAIL, "", "planned nothing and gave no reason"))
    elif status and all(result.kind != FAIL for result in results):
        results.append(Result(FAIL, "", f"ended with status {status}, though nothing failed"))
    return results


def tap_line(number: int, cell: Cell, result: Result) -> str:
    name = cell.name + (f": {result.name}" if result.name else "")
    name = name.replace("#", "\\#")
    if result.kind == FAIL:
        return f"not ok {number} - {name}" + (f"\n# {result.why}" if result.why else "")
    return f"ok {number} - {name}" + (f" # SKIP {result.why}" if result.kind == SKIP else "")


def from_tap(text: str) -> list[Report]:
    """The reports behind what tap_line() printed, in an earlier run."""
    reports: dict[str, Report] = {}
    for line in text.splitlines():
        match = LINE.match(line.rstrip())
        where, _, name = match[2].partition(": ") if match else ("", "", "")
        parts = where.split("/")
        if len(parts) != 5 or parts[0] != "vm":
            continue
        kind = SKIP if match[3] else FAIL if match[1] else PASS
        report = reports.setdefault(where, Report(Cell(*parts[1:4], Test(parts[4]))))
        report.results.append(Result(kind, name.replace("\\#", "#"), (match[4] or "").strip()))
    return list(reports.values())


def summary(report: Report, footnotes: dict[str, int]) -> str:
    """One cell of the table; what is not a plain pass gets a footnote."""
    said = []
    for kind, word in ((FAIL, "**FAIL**"), (PASS, "pass"), (SKIP, "skip")):
        of_kind = [result for result in report.results if result.kind == kind]
        if not of_kind:
            continue
        if kind == PASS:
            said.append(word)
            continue
        notes = [": ".join(filter(None, (result.name, result.why))) or "no reason given" for result in of_kind]
        numbers = sorted({footnotes.setdefault(note, len(footnotes) + 1) for note in notes})
        said.append(f"{word} [{', '.join(map(str, numbers))}]")
    return ", ".join(said)


def table(reports: list[Report], kernels: dict[str, str], planned: list[Cell]) -> str:
    """Markdown: one row a test, tier and cgroup version, one column a kernel (KERNELS: name to exact version).
    A cell that is PLANNED and of which there is no report says so; one that is neither is empty."""
    footnotes: dict[str, int] = {}
    rows: dict[tuple[str, str, int], dict[str, str]] = {}
    known = [(cell, None) for cell in planned] + [(report.cell, report) for report in reports]
    for cell, report in sorted(known, key=lambda each: each[0].row):
        found = rows.setdefault(cell.row, {})
        found[cell.kernel] = summary(report, footnotes) if report else "not run"
    heads = [f"{name} ({version})" if version else name for name, version in kernels.items()]
    lines = ["| test | tier | cgroup | " + " | ".join(heads) + " |", "|---" * (3 + len(heads)) + "|"]
    for row, found in rows.items():
        lines.append("| " + " | ".join([row[0], (*TIERS, ANY_TIER)[row[2]], row[1], *(found.get(kernel, "") for kernel in kernels)]) + " |")
    if footnotes:
        lines += [""] + [f"{number}. {note}" for note, number in footnotes.items()]
    return "\n".join(lines) + "\n"


def counted(results: list[Result]) -> str:
    counts = {kind: sum(result.kind == kind for result in results) for kind in (PASS, FAIL, SKIP)}
    said = [f"**{counts[FAIL]} failed**"] if counts[FAIL] else []
    said += [f"{counts[kind]} {word}" for kind, word in ((PASS, "passed"), (SKIP, "skipped")) if counts[kind]]
    return ", ".join(said) or "not run"


def short_table(reports: list[Report], kernels: dict[str, str]) -> str:
    """Markdown: one row a kernel, one column a tier, how many tests passed, failed and were skipped."""
    tiers = [tier for tier in (*TIERS, ANY_TIER) if any(report.cell.tier == tier for report in reports)]
    lines = ["| kernel | " + " | ".join(tiers) + " |", "|---" * (1 + len(tiers)) + "|"]
    for name, version in kernels.items():
        said = [counted([result for report in reports for result in report.results
                         if report.cell.kernel == name and report.cell.tier == tier]) for tier in tiers]
        lines.append(f"| {version or name} | " + " | ".join(said) + " |")
    return "\n".join(lines) + "\n"


WHOLE = "30-tmpfs"  # of the live tests, the first that only the full matrix has


def document(reports: list[Report], kernels: dict[str, str], planned: list[Cell]) -> str:
    core = "" if any(report.cell.test.name == WHOLE for report in reports) else (
        "20-core has the core of the tests of accuracy and of limits; `make test-kernels` runs all of them.\n")
    return ("# The kernels that pagetide is tested on\n\n"
            "Written by tests/vm/matrix.py; edits are lost. One static binary, each cell a machine of its own with a\n"
            f"Debian kernel under QEMU. `any`: the test does not force a tier. Empty: no part of the matrix.\n{core}\n"
            + short_table(reports, kernels) + "\n## Each test\n\n" + table(reports, kernels, planned))
