# SPDX-License-Identifier: GPL-2.0-only
"""From the command to the first byte of its output."""

import os
import subprocess
import time

from machine import BenchError, stop
from table import Section, Spread

GOAL_MS = 250


def first_output_ms(machine, command):
    """(wall, processor) milliseconds; a pipe is no terminal: it comes when the program flushes it."""
    before = os.times()
    began = time.monotonic()
    process = machine.start(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL)
    first = os.read(process.stdout.fileno(), 65536)
    took = (time.monotonic() - began) * 1e3
    while first and os.read(process.stdout.fileno(), 65536):
        pass
    process.wait()
    after = os.times()
    processor = (after.children_user + after.children_system - before.children_user
                 - before.children_system) * 1e3
    if not first or process.returncode:
        raise BenchError(f"{command[0]} printed nothing (status {process.returncode})")
    stop(process)
    return took, processor


def run(machine):
    section = Section("Start to the first table (median [min max])")
    bpftrace = ["bpftrace", "-e", "BEGIN { printf(\"x\\n\"); exit(); }"]
    commands = [("top --count 1", [machine.pagetide, "top", "--count", "1"]),
                ("snapshot", [machine.pagetide, "snapshot"]), ("bpftrace", bpftrace)]
    took = {name: [] for name, _ in commands}
    for _ in machine.turns(9, 5, 20):
        for name, command in commands:
            took[name].append(first_output_ms(machine, command))
    peer = Spread([wall for wall, _ in took["bpftrace"]])
    for name in ("top --count 1", "snapshot"):
        ours = Spread([wall for wall, _ in took[name]])
        processor = Spread([processor for _, processor in took[name]])
        section.add(name, ours.text("ms"), f"bpftrace BEGIN {peer.text('ms')}", goal=f"<= {GOAL_MS} ms",
                    met=ours.middle <= GOAL_MS)
        section.note(f"{name}: {processor.text('ms')} of processor; the rest it waits for its turn")
    return section
