#!/usr/bin/env python3
"""Runs the guest tests on many kernels, each in a machine of its own, and prints TAP.

Every executable tests/vm/guest/NAME.sh is a test; it runs once for each
kernel, cgroup version and tier (see cells.Test for what its head may ask for).
In the machine: PAGETIDE=/pagetide, TIER, CGROUP, KERNEL, HELPERS=/helpers.
Exit status: 0 nothing failed, 1 something did, 2 usage, 77 no machine can run.
"""

import argparse
import fnmatch
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cells
import guestpython
import vm
from cells import Cell, Report, Result

ROOT = vm.HERE.parent.parent
GUEST = vm.HERE / "guest"
QUICK = ("5.10", "6.1", "6.12", vm.kernels.SERIES[-1], "6.12-arm64")
PATIENCE = {"amd64": 1, "arm64": 3}  # how much longer a cell may take


def parse_arguments() -> argparse.Namespace:
    def words(text: str) -> list[str]:
        return text.split(",")

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help=f"only {' '.join(QUICK)}, and the core of the live tests")
    parser.add_argument("--kernels", type=words, metavar="LIST", help="such as 6.1,7.3,6.12-arm64")
    parser.add_argument("--arch", choices=vm.kernels.ARCHES, help="only these kernels (default: both)")
    parser.add_argument("--cgroups", type=words, default=["v1", "v2"], metavar="LIST")
    parser.add_argument("--tiers", type=words, default=[*cells.TIERS, cells.ANY_TIER], metavar="LIST")
    parser.add_argument("--binary", type=Path, default=ROOT / "build/static/pagetide", metavar="PATH")
    parser.add_argument("--helpers", type=Path, metavar="DIR", help="static binaries, /helpers in the machine")
    parser.add_argument("--arm64", type=Path, default=ROOT / "build/arm64", metavar="DIR",
                        help="what `make static helpers ARCH=arm64` built")
    parser.add_argument("--jobs", "-j", type=int, default=os.cpu_count() or 1, metavar="N",
                        help="machines at a time, of one thread each; more than processors take longer in all")
    parser.add_argument("--timeout", type=float, default=120, metavar="SECONDS", help="of one cell")
    parser.add_argument("--table", type=Path, metavar="FILE.md", help="what docs/kernels.md is")
    parser.add_argument("--of", type=Path, action="append", default=[], metavar="TAP",
                        help="boot nothing: the table is made of what earlier runs printed, of a cell the last")
    parser.add_argument("--logs", type=Path, metavar="DIR", help="each cell's output, console and /out")
    parser.add_argument("--no-fetch", action="store_true", help="only kernels that are in the cache")
    parser.add_argument("tests", nargs="*", metavar="TEST", help="names, may hold * and ?")
    args = parser.parse_args()
    if args.of and not args.table:
        parser.error("--of needs --table")
    return args


def discover(wanted: list[str]) -> list[cells.Test]:
    """All tests, or those that are named."""
    scripts = sorted(path for path in GUEST.glob("*.sh") if os.access(path, os.X_OK))
    return [cells.parse_test(path.stem, path.read_text()) for path in scripts
            if not wanted or any(fnmatch.fnmatch(path.stem, pattern) for pattern in wanted)]


def quick_cgroup(test: cells.Test, kernel: vm.kernels.Kernel, tier: str) -> str | None:
    """With which cgroup version a test of several tiers is run where time is short: each is met, not with each tier."""
    if len(test.tiers) == 1:
        return None
    return "v1" if tier == "tracepoint" and kernel.cached() and kernel.has_memcg_v1() else "v2"


def short_of_time(kernel: vm.kernels.Kernel, args: argparse.Namespace) -> bool:
    return args.quick or kernel.arch != "amd64" and not args.tests


def choose_kernels(args: argparse.Namespace) -> list[vm.kernels.Kernel]:
    names = args.kernels or (QUICK if args.quick else [kernel.name for kernel in vm.kernels.MATRIX])
    return [kernel for kernel in map(vm.kernels.Kernel.named, names) if args.arch in (None, kernel.arch)]


def plan(kernels: list[vm.kernels.Kernel], tests: list[cells.Test], args: argparse.Namespace) -> list[Cell]:
    """Of all tests those of the quick or the full matrix, of named ones each."""
    return [Cell(kernel.name, cgroup, tier, test) for kernel in kernels for test in tests
            if args.tests or test.belongs(args.quick, kernel.arch)
            for cgroup in test.cgroups if cgroup in args.cgroups for tier in test.tiers if tier in args.tiers
            if not short_of_time(kernel, args) or quick_cgroup(test, kernel, tier) in (cgroup, None)
            if not args.quick or args.tests or test.is_quick(kernel.name, tier)]


def fill_payload(payload: Path, arch: str, args: argparse.Namespace) -> None:
    binary, helpers, sysroot = args.binary, args.helpers, None
    if arch != "amd64":
        binary, helpers, sysroot = args.arm64 / "static/pagetide", args.arm64 / "helpers", vm.kernels.sysroot(arch)
    shutil.copytree(GUEST, payload / "guest")
    shutil.copytree(ROOT / "tests/live", payload / "tests/live", ignore=shutil.ignore_patterns("__pycache__"))
    if not sysroot or sysroot.exists():
        guestpython.pack(payload, sysroot)
    if binary.exists():
        shutil.copy(binary, payload / "pagetide")
    if helpers and helpers.exists():
        shutil.copytree(helpers, payload / "helpers")


def cannot_boot(kernel: vm.kernels.Kernel) -> str:
    try:
        vm.check(kernel)
    except vm.Unavailable as error:
        return str(error)
    return ""


def why_not(cell: Cell, kernel: vm.kernels.Kernel, payload: Path) -> str:
    """Why this cell cannot run; empty if it can."""
    if cannot_boot(kernel):
        return cannot_boot(kernel)
    if cell.cgroup == "v1" and not kernel.has_memcg_v1():
        return "this kernel has no v1 memory controller (CONFIG_MEMCG_V1)"
    missing = [need for need in cell.test.needs if not (payload / need.lstrip("/")).exists()]
    given = "--binary, --helpers" if kernel.arch == "amd64" else "make static helpers ARCH=arm64"
    return f"{' '.join(missing)} not given ({given})" if missing else ""


def run_cell(cell: Cell, kernel: vm.kernels.Kernel, payload: Path, args: argparse.Namespace) -> Report:
    why = why_not(cell, kernel, payload)
    if why:
        return Report(cell, [Result(cells.SKIP, "", why)])
    logs = args.logs / cell.name if args.logs else None
    if logs:
        logs.mkdir(parents=True, exist_ok=True)
    machine = vm.Machine(
        kernel=kernel, cgroup=cell.cgroup, memory_mib=cell.test.memory_mib, cpus=cell.test.cpus,
        timeout_seconds=(cell.test.timeout_seconds or args.timeout) * PATIENCE[kernel.arch], append=cell.test.append,
        payload=payload, disk=cell.test.disk,
        files_into=logs / "out" if logs else None, console=logs / "console" if logs else None)
    tier = "auto" if cell.tier == cells.ANY_TIER else cell.tier
    sha256 = hashlib.sha256(kernel.btf.read_bytes()).hexdigest()
    command = (f"export PAGETIDE=/pagetide HELPERS=/helpers TIER={tier} BTF_SHA256={sha256}\n"
               f"exec sh /guest/{cell.test.name}.sh")
    try:
        outcome = vm.boot(machine, command)
    except vm.Unavailable as error:
        return Report(cell, [Result(cells.SKIP, "", str(error))])
    output = outcome.output.decode(errors="replace")
    if logs:
        (logs / "output").write_text(output)
    report = Report(cell, cells.judge(outcome.status, outcome.problem, output),
                    [f"{cell.name} took {outcome.seconds:.1f} s"])
    if outcome.retried:
        report.notes.append(f"booted twice, since at first: {outcome.retried}")
    if any(result.kind == cells.FAIL for result in report.results):
        report.notes += [f"| {line}" for line in output.splitlines()[-40:]]
        if outcome.problem:
            report.notes += [f"console| {line}" for line in outcome.console_tail]
    return report


def end_cleanly_on_signals(folder: str) -> None:
    """The machines die with this process; what they have on disk is all in FOLDER."""
    def end(number: int, _frame) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(128 + number)

    tempfile.tempdir = folder
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)


def print_tap(reports, total: int) -> list[Report]:
    """Prints each cell's results as it comes, then the plan and the counts."""
    began = time.monotonic()
    done, number = [], 0
    counts = {cells.PASS: 0, cells.FAIL: 0, cells.SKIP: 0}
    for report in reports:
        done.append(report)
        for result in report.results:
            number += 1
            counts[result.kind] += 1
            print(cells.tap_line(number, report.cell, result))
        for note in report.notes:
            print(f"# {note}")
        sys.stdout.flush()
    print(f"1..{number}")
    print(f"# {total} cells in {time.monotonic() - began:.0f} s: {counts[cells.PASS]} passed, "
          f"{counts[cells.FAIL]} failed, {counts[cells.SKIP]} skipped", flush=True)
    return done


def fetch_missing(kernels: list[vm.kernels.Kernel]) -> None:
    for arch in vm.kernels.ARCHES:
        missing = [kernel.series for kernel in kernels if kernel.arch == arch and not kernel.cached()]
        if missing and shutil.which(vm.QEMU[arch]):
            subprocess.run([ROOT / "tools/kernels/fetch", "--arch", arch, *missing], check=False)


def version(kernel: vm.kernels.Kernel) -> str:
    if not kernel.cached():
        return ""
    return kernel.version if kernel.arch == "amd64" else f"{kernel.version} {kernel.arch}"


def write_table(args: argparse.Namespace, reports: list[Report], kernels: list[vm.kernels.Kernel],
                planned: list[Cell]) -> None:
    args.table.write_text(cells.document(reports, {kernel.name: version(kernel) for kernel in kernels}, planned))


def tabulate(args: argparse.Namespace) -> int:
    last = {report.cell.name: report for tap in args.of for report in cells.from_tap(tap.read_text())}
    reports = list(last.values())
    names = {report.cell.kernel for report in reports}
    kernels = [kernel for kernel in vm.kernels.MATRIX if kernel.name in names]
    write_table(args, reports, kernels, plan(kernels, discover(args.tests), args))
    return 0


def main() -> int:
    args = parse_arguments()
    if args.of:
        return tabulate(args)
    tests = discover(args.tests)
    if not tests:
        print(f"matrix: no test in {GUEST} is named {' '.join(args.tests)}", file=sys.stderr)
        return 2
    kernels = choose_kernels(args)
    planned = plan(kernels, tests, args)
    by_name = {kernel.name: kernel for kernel in kernels}
    if not args.no_fetch:
        fetch_missing(kernels)
    reasons = [reason for kernel in kernels if (reason := cannot_boot(kernel))]
    if len(reasons) == len(kernels):
        print(f"1..0 # SKIP {len(planned)} cells not run: {reasons[0] if reasons else 'no such kernel'}")
        return vm.SKIPPED
    with tempfile.TemporaryDirectory(prefix="pagetide-matrix-") as folder:
        end_cleanly_on_signals(folder)
        payloads = {arch: Path(folder) / arch for arch in {kernel.arch for kernel in kernels}}
        for arch, payload in payloads.items():
            fill_payload(payload, arch, args)

        def run(cell: Cell) -> Report:
            kernel = by_name[cell.kernel]
            return run_cell(cell, kernel, payloads[kernel.arch], args)

        with ThreadPoolExecutor(args.jobs) as pool:
            reports = print_tap(pool.map(run, planned), len(planned))
    if args.table:
        write_table(args, reports, kernels, planned)
    return int(any(result.kind == cells.FAIL for report in reports for result in report.results))


if __name__ == "__main__":
    sys.exit(main())
