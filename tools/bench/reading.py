# SPDX-License-Identifier: GPL-2.0-only
"""Reading the memory of every process: pagetide's iterator beside /proc/PID/statm,
/proc/PID/smaps_rollup (both read in C and not even parsed) and smem."""

import os
import subprocess
import time

from machine import ROOT, BenchError, Stats, program_times, stop
from sleepers import Forks, Sleepers
from table import Section, Spread

OBJECTS = ["tracer", "tracer_read", "books", "plan", "kernel", "file"]
GOALS = {"statm": 8, "smaps_rollup": 60}


def compile_read_tasks(machine):
    built = os.path.dirname(machine.pagetide)
    objects = [os.path.join(built, "user", name + ".o") for name in OBJECTS]
    for path in objects:
        if not os.path.exists(path):
            raise BenchError(f"{path} is not there; run: make")
    return machine.compile("read_tasks", "-D_GNU_SOURCE", "-I" + os.path.join(ROOT, "include"),
                           "-I" + os.path.join(ROOT, "user"), *objects, "-lbpf", "-lelf", "-lz")


def passes(command):
    """Milliseconds of each pass, the first (cold) left out, and the processes read."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = [line.split() for line in done.stdout.splitlines()]
    if done.returncode or not lines:
        raise BenchError(f"{os.path.basename(command[0])}: {done.stderr.strip()[-200:]}")
    return [int(line[0]) / 1e6 for line in lines[1:] or lines], int(lines[-1][1])


def processor_seconds(command):
    """Runs it; the processor's time that it took, kernel included: others may run beside it."""
    before = os.times()
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    after = os.times()
    return done, (after.children_user + after.children_system - before.children_user
                  - before.children_system)


def smem_ms():
    done, seconds = processor_seconds(["smem"])
    if done.returncode:
        raise BenchError(f"smem: {done.stderr.decode().strip()[-200:]}")
    return seconds * 1e3


def in_program(machine, read_tasks, count):
    """Nanoseconds a process inside the program itself; the rest is the walk and the copy."""
    with Stats():
        process = machine.start([read_tasks, "100000"], stdout=subprocess.DEVNULL)
        deadline, idents = time.monotonic() + 10, None
        while not idents and time.monotonic() < deadline and process.poll() is None:
            idents = {i for i, (_, ran) in program_times(process.pid).items() if ran > 2 * count}
            time.sleep(0.02)
        times = program_times(process.pid) if idents else {}
        stop(process)
    ran = sum(times[i][0] for i in idents or [])
    runs = sum(times[i][1] for i in idents or [])
    return ran / runs if runs else None


def rows_for(machine, section, kind, count, read_tasks, read_proc):
    """`kind` of sleepers; the smallest possible ones are told without a goal."""
    ours, peers, found = [], {name: [] for name in GOALS}, 0
    with kind(machine, count):
        for _ in machine.turns(5, 2, 30):
            mine, found = passes([read_tasks, "9"])
            ours += mine
            for name in GOALS:
                theirs, seen = passes([read_proc, name, "9" if name == "statm" else "4"])
                peers[name] += theirs
                if seen < count:
                    raise BenchError(f"{name}: only {seen} processes could be read")
        smem = smem_ms() if count <= 2000 else None  # many seconds above
        inside = in_program(machine, read_tasks, found)
    ours, what = Spread(ours), f"{found} processes{'' if kind is Sleepers else ', static forks'}"
    for name, goal in GOALS.items():
        theirs = Spread(peers[name])
        ratio = theirs.middle / ours.middle
        asked = kind is Sleepers
        section.add(what, ours.text("ms"), f"{name} {theirs.text('ms')}  {ratio:.1f} times",
                    goal=f">= {goal} times" if asked else "", met=ratio >= goal if asked else None)
    if smem:
        section.add(what, ours.text("ms"), f"smem {smem:.0f} ms  {smem / ours.middle:.0f} times")
    clock = f", of these {inside:.0f} ns in the program (with the kernel's clock around it)" if inside else ""
    section.note(f"{what}: {ours.middle * 1e6 / found:.0f} ns a process{clock}")


def whole_reading(machine, section):
    """`top` itself: processor time a reading, start-up taken off by the difference of two counts."""
    def seconds(count):
        return processor_seconds([machine.pagetide, "top", "--interval", "0.1", "--count", str(count)])[1]
    few, many = 2, 22
    values = [(seconds(many) - seconds(few)) / (many - few) * 1e3 for _ in machine.turns(5, 5, 20)]
    section.add("one whole reading of `top` (all tables)", Spread(values).text("ms of processor"))


def run(machine):
    section = Section("Reading all processes, processor time (median [min max])")
    read_tasks = compile_read_tasks(machine)
    read_proc = machine.compile("read_proc", static=True)
    whole = [] if machine.quick else [(Forks, 2000)]
    for kind, count in [(Sleepers, 2000), (Sleepers, 10000)] + whole:
        rows_for(machine, section, kind, count, read_tasks, read_proc)
    if not machine.quick:
        with Sleepers(machine, 2000):
            whole_reading(machine, section)
    return section
