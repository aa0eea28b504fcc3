# SPDX-License-Identifier: GPL-2.0-only
"""Nanoseconds per event of each always-on program, by the kernel's own clock around it, net of an
empty program that runs at the same events, beside bpftrace keeping accounts by pid, likewise net."""

import statistics

from machine import BenchError, Stats, Worker, bpftool, program_times, stop
from table import Quartiles, Section

PROBES = {  # our program -> bpftrace's probe and the accounts that it keeps
    "cache_add": ("filemap:mm_filemap_add_to_page_cache", "@cache[pid] = sum(1 << args->order);"),
    "page_remove": ("filemap:mm_filemap_delete_from_page_cache",
                    "@removed[pid] = sum(1 << args->order);"),
    "tmpfs_add": ("memcg:mod_memcg_lruvec_state",
                  "if (args->item == SHMEM && args->val > 0) { @tmpfs[pid] = sum(args->val); }"),
    # a record each, as ours send
    "fork": ("sched:sched_process_fork",
             'printf("fork %d %d %d %s\\n", args->child_pid, pid, uid, comm);'),
    "exec": ("sched:sched_process_exec",
             'printf("exec %d %d %s %s\\n", pid, uid, comm, str(args->filename));'),
    "exit": ("sched:sched_process_exit", 'printf("exit %d %d %s\\n", pid, uid, comm);'),
}
THIRD = 1 / 3


class Step:
    """One workload: commands before the clock, the command inside, which programs it feeds."""

    def __init__(self, figure, programs, before, command, per_unit=False, goal=True):
        self.figure, self.programs, self.before, self.command = figure, programs, before, command
        self.per_unit = per_unit  # the cost of all events, by page; else by event
        self.goal = goal


def steps(machine):
    pages, files = 5000, 500
    shm, disk = machine.shm, machine.disk
    return [
        Step("tmpfs page in, 4 KiB writes", ["tmpfs_add"], [],
             ("write", f"{shm}/a", pages), per_unit=True),
        Step("tmpfs page out, unlink", ["page_remove"], [], ("unlink", f"{shm}/a", pages)),
        Step("tmpfs page in, mmap", ["tmpfs_add"], [],
             ("touch", f"{shm}/a", pages), per_unit=True),
        # neither keeps an account here, both only pass the event over: no goal
        Step("memcg statistics of no tmpfs page: anon faults", ["tmpfs_add"],
             [("unlink", f"{shm}/a", 0)], ("anon", "-", pages), goal=False),
        Step("disk page in, 4 KiB random reads", ["cache_add"], [],
             ("read-random", f"{disk}/a", pages)),
        Step("disk page out, unlink", ["page_remove"], [], ("unlink", f"{disk}/a", pages)),
        Step("tmpfs, first page of a new file", ["tmpfs_add"], [], ("make-files", shm, files),
             per_unit=True, goal=False),
        Step("tmpfs: last page of a file", ["page_remove"], [], ("remove-files", shm, files),
             goal=False),
        Step("disk: first page of a new file", ["cache_add"], [], ("make-files", disk, files),
             goal=False),
        Step("disk: last page of a file", ["page_remove"], [], ("remove-files", disk, files),
             goal=False),
        Step("fork, exec, exit", ["fork", "exec", "exit"], [],
             ("processes", "-", 60)),
    ]


def our_programs(process):
    """'cache_add' -> prog_id, of the programs of the plan's ways that are attached."""
    named, found = bpftool("prog"), {}
    for ident in program_times(process.pid):
        name = named.get(ident, {}).get("name", "")
        for prefix in PROBES:
            if name.startswith(prefix + "_"):
                found[prefix] = ident
    return found


def bpftrace_programs(process):
    """bpftrace names its programs too short: they are loaded in the script's order."""
    idents = sorted(program_times(process.pid))
    if len(idents) != len(PROBES):
        raise BenchError(f"bpftrace holds {len(idents)} programs, not {len(PROBES)}")
    return dict(zip(PROBES, idents))


class Tracer:
    """A process that holds programs, and which of them is which."""

    def __init__(self, process, programs):
        self.process, self.programs = process, programs

    def times(self):
        """program -> (nanoseconds run, times run)"""
        found = program_times(self.process.pid)
        return {name: found[ident] for name, ident in self.programs.items()}


def spent(before, after, program):
    """(nanoseconds an event, events) between two times()."""
    ran, events = (now - then for now, then in zip(after[program], before[program]))
    return (ran / events if events else None), events


def measure(tracer, floor, worker, all_steps, repeats):
    """(step, program) -> [(net nanoseconds an event, the floor's, events a unit)], one a repeat. Both run at every
    event, so what the machine does meanwhile is in both."""
    seen = {}
    for _ in range(repeats):
        for step in all_steps:
            for command in step.before:
                worker.run(*command)
            before = tracer.times(), floor.times()
            worker.run(*step.command)
            after = tracer.times(), floor.times()
            for program in step.programs:
                if not all(program in times for times in after):
                    continue
                taken, events = spent(before[0], after[0], program)
                empty, _ = spent(before[1], after[1], program)
                if taken is not None and empty is not None:
                    seen.setdefault((step, program), []).append((taken - empty, empty, events / step.command[2]))
    return seen


def scripts(shmem_item):
    books = " ".join(f"tracepoint:{probe} {{ {body.replace('SHMEM', str(shmem_item))} }}"
                     for probe, body in PROBES.values())
    empty = " ".join(f"tracepoint:{probe} {{ }}" for probe, _ in PROBES.values())
    return books, empty


def start_ours(machine):
    process = machine.start_pagetide("top", "--json", "--interval", "1")
    return Tracer(process, our_programs(process))


def start_empty(machine, load_empty):
    """The empty programs, and this kernel's number of the statistic of shmem pages."""
    process = machine.start(load_empty, stdin=-1, stdout=-1, text=True)
    ready = process.stdout.readline().split()
    if len(ready) != 2:
        raise BenchError("the empty programs could not be attached")
    return Tracer(process, our_programs(process)), ready[1]


def start_bpftrace(machine, script):
    process = machine.start_bpftrace(script)
    return Tracer(process, bpftrace_programs(process))


def pair(machine, work, all_steps, repeats, starts, turn):
    """Starts (tracer, its floor) in the order of the turn, for whoever comes first runs first; measures; stops."""
    order = [0, 1] if turn % 2 else [1, 0]
    running = {which: starts[which]() for which in order}
    worker = Worker(machine, work)
    try:
        return measure(running[0], running[1], worker, all_steps, repeats)
    finally:
        for process in (worker.process, running[0].process, running[1].process):
            stop(process)


def one_round(machine, load_empty, work, all_steps, repeats, turn):
    """tracer -> what measure() returns"""
    item = []

    def empty():
        floor, shmem = start_empty(machine, load_empty)
        item.append(shmem)
        return floor

    results = {"ours": pair(machine, work, all_steps, repeats, (lambda: start_ours(machine), empty), turn)}
    books, nothing = scripts(item[0])
    results["bpftrace"] = pair(machine, work, all_steps, repeats,
                               (lambda: start_bpftrace(machine, books), lambda: start_bpftrace(machine, nothing)), turn)
    return results


def net(rounds, tracer, key, per_unit):
    """Nanoseconds above the empty program's, by event or (all events together) by unit."""
    taken = [one for r in rounds for one in r[tracer].get(key, [])]
    if not taken:
        return None
    spread = Quartiles([above * (events if per_unit else 1) for above, _, events in taken])
    spread.events = statistics.median(events for _, _, events in taken)
    return spread


def add_row(section, step, program, rounds):
    ours = net(rounds, "ours", (step, program), step.per_unit)
    theirs = net(rounds, "bpftrace", (step, program), step.per_unit)
    figure = step.figure if len(step.programs) == 1 else program
    if not ours or not theirs:
        section.add(figure, "not measured: this program did not run")
        return
    if step.per_unit:
        figure += f", {ours.events:.1f} a page"
    ratio = ours.middle / theirs.middle if theirs.middle > 0 else float("inf")
    section.add(figure, ours.text("ns"), f"bpftrace {theirs.text('ns')}  ratio {ratio:.2f}",
                goal="<= 1/3" if step.goal else "", met=ratio <= THIRD if step.goal else None)


def run(machine):
    section = Section("Nanoseconds per event, net of an empty program at the same events (median [quartiles])")
    work = machine.compile("work", static=True)
    load_empty = [machine.compile("load_empty", "-lbpf"), machine.compile_bpf("empty")]
    all_steps = steps(machine)
    with Stats():
        rounds = [one_round(machine, load_empty, work, all_steps, machine.rounds(6, 4), turn)
                  for turn in machine.turns(8, 2, 90)]
    for step in all_steps:
        for program in step.programs:
            add_row(section, step, program, rounds)
    for tracer, name in (("ours", "empty tp_btf program"), ("bpftrace", "empty bpftrace program")):
        floors = [floor for r in rounds for values in r[tracer].values() for _, floor, _ in values]
        section.note(f"taken off: {name} {Quartiles(floors).text('ns')} an event, measured beside it")
    return section
