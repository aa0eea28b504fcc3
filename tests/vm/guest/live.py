#!/usr/bin/env python3
"""Runs programs of tests/live in a test machine, as one TAP program that shares one top.

    live.py [--core|--of-core] PROGRAM...

--core: only the tests that core.txt lists, and each must be in one of the programs; --of-core: those of them that are.

A machine is booted for a tier that its kernel must allow: what the programs
skip elsewhere because pagetide says that it cannot run is a failure here.
"""

import importlib
import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, "/tests/live")
import tap  # noqa: E402  pylint: disable=wrong-import-position
import children  # noqa: E402  pylint: disable=wrong-import-position
import harness  # noqa: E402  pylint: disable=wrong-import-position

START_SECONDS = 120  # the verifier under emulation, beside other machines
CORE = Path(__file__).with_name("core.txt")


def keep_core(whole):
    """Only the listed tests; of a whole core, one that is listed and does not exist would be lost in silence."""
    wanted = [line for line in CORE.read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]
    unknown = set(wanted) - {name for name, _ in tap.TESTS}
    if unknown and whole:
        print(f"Bail out! {CORE} names tests that do not exist: {', '.join(sorted(unknown))}")
        sys.exit(1)
    tap.TESTS[:] = [(name, function) for name, function in tap.TESTS if name in wanted]


def main():
    tier = os.environ["PAGETIDE_TIER"]
    tried = subprocess.run([children.PAGETIDE, "probes", "--tier", tier], capture_output=True, text=True, check=False)
    if tried.returncode:
        print(f"1..1\nnot ok 1 - pagetide probes --tier {tier}\n# exit status {tried.returncode}: {tried.stderr}")
        sys.exit(1)
    if children.TIER != ["--tier", tier]:
        sys.exit("live: tests/live does not force the tier that PAGETIDE_TIER names")
    tap.ATTEMPTS = 3
    children.START_SECONDS = harness.START_SECONDS = START_SECONDS
    children.SKIPPED_EXIT = harness.SKIPPED_EXIT = None
    for program in [word for word in sys.argv[1:] if not word.startswith("--")]:
        importlib.import_module(f"test_{program}")
    if "--core" in sys.argv or "--of-core" in sys.argv:
        keep_core(whole="--core" in sys.argv)
    sys.argv[1:] = []
    harness.main()


if __name__ == "__main__":
    main()
