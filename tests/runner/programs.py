"""What there is to run: each program with its group, its command, its environment and how long it may take."""

import os
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
TESTS = ROOT / "tests"
BUILD = Path(os.environ.get("BUILD", ROOT / "build")).resolve()
PYTHON = sys.executable
GROUPS = ("unit", "python", "lint", "fuzz", "live", "scenarios", "vm")
ALONE = ("live", "scenarios", "vm")  # they move the machine's memory: one at a time, and nothing beside them

NOT_LIVE = ("top_fake",)
LIVE_SECONDS = {"test_fuzz": 900, "test_bomb": 900}
QUICK_SEEDS, SOAK_SEEDS = (1, 2), range(101, 141)
FUZZ_SECONDS = {"quick": 5, "normal": 20, "soak": 600}


@dataclass
class Program:
    group: str
    stem: str
    command: list
    seconds: int
    env: dict = field(default_factory=dict)
    takes_filter: bool = False  # --list and --filter, as tests/live/tap.py has them

    @property
    def name(self):
        return f"{self.group}/{self.stem}"


def unit(_mode):
    env = {"CMOCKA_MESSAGE_OUTPUT": "TAP", "PAGETIDE_FIXTURES": str(TESTS / "fixtures"),
           "PAGETIDE_GOLDEN": str(TESTS / "golden"), "UBSAN_OPTIONS": "print_stacktrace=1"}
    for source in sorted((TESTS / "unit").glob("test_*.c")):
        yield Program("unit", source.stem, [str(BUILD / "unit" / source.stem)], 120, env)


def python(_mode):
    for path in sorted([*(TESTS / "runner").glob("test_*.py"), TESTS / "vm" / "test_cells.py", TESTS / "vm" / "test_types.py"]):
        yield Program("python", path.stem, [PYTHON, str(TESTS / "runner" / "unittest_tap.py"), str(path)], 120)


def lint(_mode):
    # a minute or two; what was clean is known again, but the first time on a busy machine takes long
    yield Program("lint", "lint", [PYTHON, str(TESTS / "lint")], 2400, takes_filter=True)


def fuzz(mode):
    for path in sorted((TESTS / "fuzz").glob("*.c")):
        yield Program("fuzz", path.stem, [PYTHON, str(TESTS / "fuzz" / "run"), path.stem, str(FUZZ_SECONDS[mode])],
                      300 + FUZZ_SECONDS[mode])


def on_this_kernel(group, mode):
    env = {}
    if mode == "quick":
        env["PAGETIDE_FUZZ_SEEDS"] = ",".join(map(str, QUICK_SEEDS))
    for path in sorted((TESTS / group).glob("test_*.py")):
        if path.stem not in NOT_LIVE and not (mode == "quick" and path.stem == "test_bomb"):
            yield Program(group, path.stem, [PYTHON, str(path)], LIVE_SECONDS.get(path.stem, 600), env, True)


def vm(mode):
    if mode == "quick":
        return
    yield Program("vm", "test_boot", [PYTHON, str(TESTS / "runner" / "unittest_tap.py"),
                                      str(TESTS / "vm" / "test_boot.py")], 600)
    yield Program("vm", "matrix", [PYTHON, str(TESTS / "vm" / "matrix.py"), "--quick", "--jobs", str(os.cpu_count() or 1),
                                   "--binary", str(BUILD / "static" / "pagetide"),
                                   "--helpers", str(BUILD / "helpers"), "--logs", str(BUILD / "test-logs" / "vm")], 3600)


def soak():
    env = {"PAGETIDE_FUZZ_SEEDS": ",".join(map(str, SOAK_SEEDS)), "PAGETIDE_TEST_SECONDS": "600"}
    yield Program("live", "test_fuzz", [PYTHON, str(TESTS / "live" / "test_fuzz.py")], 8 * 3600, env, True)
    yield from fuzz("soak")


def everything(mode):
    """mode: normal, quick (what is slow is left out) or soak (only what finds more with more time)."""
    if mode == "soak":
        return list(soak())
    return [*lint(mode), *unit(mode), *python(mode), *fuzz(mode), *on_this_kernel("live", mode),
            *on_this_kernel("scenarios", mode), *vm(mode)]


def environment(program):
    """Nothing of the caller's shell changes what a test sees."""
    env = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "LINES", "LC_ALL", "UPDATE_GOLDEN")}
    env.update({"LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}, **program.env)
    env.setdefault("PAGETIDE", str(BUILD / "pagetide"))
    pageops = BUILD / "helpers" / "pageops"
    if pageops.exists():
        env.setdefault("PAGEOPS", str(pageops))
    return env


def clear_logs():
    shutil.rmtree(BUILD / "test-logs", ignore_errors=True)
    (BUILD / "test-logs").mkdir(parents=True)
    return BUILD / "test-logs"
