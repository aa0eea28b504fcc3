# SPDX-License-Identifier: GPL-2.0-only
"""How much slower work gets while pagetide runs: pairs with and without it, turn by turn,
by the processor's time of the work itself. The processor's own speed changes with what
others do on it: each measurement is taken relative to a loop of arithmetic beside it."""

import statistics

from machine import Worker, stop
from table import Section, Spread


def workloads(machine):
    """figure -> (commands timed together, commands to tidy up, units)"""
    quick = 2 if machine.quick else 1
    shm, disk, pages = f"{machine.shm}/s", f"{machine.disk}/s", 4000 // quick
    calls, forks = 100000 // quick, 40 // quick
    return {
        "tmpfs write, 4 KiB": ([("write", shm, pages)], [("unlink", shm, 0)], pages),
        "tmpfs touch of a mapping": ([("touch", shm, pages)], [("unlink", shm, 0)], pages),
        "anonymous memory touch": ([("anon", "-", pages)], [], pages),
        "file write, 4 KiB": ([("write", disk, pages)], [("unlink", disk, 0)], pages),
        "file read, cold, in order (sparse)": ([("read", disk, pages)], [("unlink", disk, 0)], pages),
        "file read, cold, random (sparse)": ([("read-random", disk, pages)], [("unlink", disk, 0)], pages),
        "unlink of a tmpfs file": ([("unlink", shm, pages)], [], pages),
        "fork + exec + exit": ([("processes", "-", forks)], [], forks),
        "system call that does nothing": ([("syscalls", "-", calls)], [], calls),
    }


SPINS, SPIN_NS = 200000, 2.0  # a spin is taken to last this long: any constant would do


def one_side(machine, work, repeats):
    """figure -> nanoseconds a unit at the nominal speed, the median of the repeats"""
    worker, taken = Worker(machine, work), {}
    for _ in range(repeats):
        for figure, (timed, tidy, units) in workloads(machine).items():
            if figure.startswith("unlink"):
                worker.run("write", timed[0][1], units)
            spin = worker.run("spin", count=SPINS)
            nanoseconds = sum(worker.run(*command) for command in timed)
            spin = (spin + worker.run("spin", count=SPINS)) / 2 / SPINS
            for command in tidy:
                worker.run(*command)
            taken.setdefault(figure, []).append(nanoseconds / units / spin * SPIN_NS)
    stop(worker.process)
    return {figure: statistics.median(values) for figure, values in taken.items()}


def pair(machine, work, repeats, with_first):
    sides = {}
    for traced in (True, False) if with_first else (False, True):
        tracer = machine.start_pagetide("top", "--json", "--interval", "1") if traced else None
        sides[traced] = one_side(machine, work, repeats)
        if tracer:
            stop(tracer)
    return sides


def run(machine):
    section = Section("Slowdown while `pagetide top --json` runs (median [min max] over the pairs)")
    work = machine.compile("work", static=True)
    repeats = machine.rounds(20, 8)
    pairs = [pair(machine, work, repeats, turn % 2) for turn in machine.turns(11, 4, 90)]
    for figure in workloads(machine):
        slower = Spread([(p[True][figure] / p[False][figure] - 1) * 100 for p in pairs])
        bare = Spread([p[False][figure] for p in pairs])
        traced = Spread([p[True][figure] for p in pairs])
        nothing = figure.startswith("system call")
        section.add(figure, slower.text("% slower"),
                    f"{traced.middle:.0f} ns with, {bare.text('ns')} without",
                    goal="0" if nothing else "",
                    met=slower.middle < 1 or slower.low <= 0 <= slower.high if nothing else None)
    return section
