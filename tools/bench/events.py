# SPDX-License-Identifier: GPL-2.0-only
"""Nanoseconds per event of each always-on program, by the kernel's own clock around it,
net of an empty program on the same tracepoint, beside bpftrace keeping accounts by pid.
One tracer is attached at a time; every round attaches each of them once."""

import statistics

from machine import BenchError, Stats, Worker, bpftool, program_times, stop
from table import Section, Spread

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
        Step("memcg statistics of no tmpfs page: anon faults", ["tmpfs_add"],
             [("unlink", f"{shm}/a", 0)], ("anon", "-", pages)),
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


def measure(process, programs, worker, all_steps, repeats):
    """(step, program) -> (nanoseconds an event, events a unit), the medians of the repeats"""
    seen = {}
    for _ in range(repeats):
        for step in all_steps:
            for command in step.before:
                worker.run(*command)
            before = program_times(process.pid)
            worker.run(*step.command)
            after = program_times(process.pid)
            for program in step.programs:
                ident = programs.get(program)
                events = after[ident][1] - before[ident][1] if ident else 0
                if events:
                    ran = after[ident][0] - before[ident][0]
                    seen.setdefault((step, program), []).append((ran / events, events / step.command[2]))
    return {key: tuple(statistics.median(column) for column in zip(*values))
            for key, values in seen.items()}


def scripts(shmem_item):
    books = " ".join(f"tracepoint:{probe} {{ {body.replace('SHMEM', str(shmem_item))} }}"
                     for probe, body in PROBES.values())
    empty = " ".join(f"tracepoint:{probe} {{ }}" for probe, _ in PROBES.values())
    return books, empty


def one_round(machine, load_empty, work, all_steps, repeats):
    """tracer -> what measure() returns"""
    results = {}

    def take(tracer, process, programs):
        worker = Worker(machine, work)
        results[tracer] = measure(process, programs, worker, all_steps, repeats)
        stop(worker.process)
        stop(process)

    process = machine.start_pagetide("top", "--json", "--interval", "1")
    take("ours", process, our_programs(process))
    process = machine.start(load_empty, stdin=-1, stdout=-1, text=True)
    ready = process.stdout.readline().split()
    if len(ready) != 2:
        raise BenchError("the empty programs could not be attached")
    take("ours floor", process, our_programs(process))
    books, empty = scripts(ready[1])
    for tracer, script in (("bpftrace", books), ("bpftrace floor", empty)):
        process = machine.start_bpftrace(script)
        take(tracer, process, bpftrace_programs(process))
    return results


def net(rounds, tracer, key, per_unit):
    """Nanoseconds above the empty program's, by event or (all events together) by unit."""
    floors = [r[tracer + " floor"][key][0] for r in rounds if key in r[tracer + " floor"]]
    taken = [r[tracer][key] for r in rounds if key in r[tracer]]
    if not floors or not taken:
        return None
    floor = statistics.median(floors)
    spread = Spread([(by_event - floor) * (events if per_unit else 1) for by_event, events in taken])
    spread.events = statistics.median(events for _, events in taken)
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
    section = Section("Nanoseconds per event, net of an empty program (median [min max])")
    work = machine.compile("work", static=True)
    load_empty = [machine.compile("load_empty", "-lbpf"), machine.compile_bpf("empty")]
    all_steps = steps(machine)
    with Stats():
        rounds = [one_round(machine, load_empty, work, all_steps, machine.rounds(5, 3))
                  for _ in machine.turns(6, 2, 90)]
    for step in all_steps:
        for program in step.programs:
            add_row(section, step, program, rounds)
    for tracer, name in (("ours", "empty tp_btf program"), ("bpftrace", "empty bpftrace program")):
        floors = [by_event for r in rounds for by_event, _ in r[tracer + " floor"].values()]
        section.note(f"taken off: {name} {Spread(floors).text('ns')} an event, each by its own workload")
    return section
