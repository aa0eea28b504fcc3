# SPDX-License-Identifier: GPL-2.0-only
"""Nanoseconds per event of each always-on program, by the kernel's own clock around it,
net of an empty program on the same tracepoint, beside bpftrace keeping accounts by pid.
One tracer is attached at a time; every round attaches each of them once."""

from machine import BenchError, Stats, Worker, bpftool, program_times, stop
from table import Section, Spread

PROBES = {  # our program -> bpftrace's probe and the accounts that it keeps
    "cache_add": ("filemap:mm_filemap_add_to_page_cache", "@cache[pid] = sum(1 << args->order);"),
    "page_remove": ("filemap:mm_filemap_delete_from_page_cache",
                    "@removed[pid] = sum(1 << args->order);"),
    "tmpfs_add": ("memcg:mod_memcg_lruvec_state",
                  "if (args->item == SHMEM && args->val > 0) { @tmpfs[pid] = sum(args->val); }"),
    "fork": ("sched:sched_process_fork", "@born[args->child_pid] = nsecs;"),
    "exec": ("sched:sched_process_exec", "@name[pid] = comm;"),
    "exit": ("sched:sched_process_exit",
             "@lived[pid] = nsecs - @born[pid]; delete(@born[pid]); delete(@name[pid]);"),
}
THIRD = 1 / 3


class Step:
    """One workload: commands before the clock, the command inside, which programs it feeds."""

    def __init__(self, figure, programs, before, command, per_unit=False, goal=True):
        self.figure, self.programs, self.before, self.command = figure, programs, before, command
        self.per_unit = per_unit  # the cost of all events, by page; else by event
        self.goal = goal


def steps(machine):
    pages, files = machine.rounds(20000, 10000), machine.rounds(2000, 1000)
    shm, disk = machine.shm, machine.disk
    return [
        Step("tmpfs page in, 4 KiB writes (all its events)", ["tmpfs_add"], [],
             ("write", f"{shm}/a", pages), per_unit=True),
        Step("tmpfs page out, unlink", ["page_remove"], [], ("unlink", f"{shm}/a", pages)),
        Step("tmpfs page in, mmap (all its events)", ["tmpfs_add"], [],
             ("touch", f"{shm}/a", pages), per_unit=True),
        Step("tmpfs statistics that are no tmpfs page: anon faults", ["tmpfs_add"],
             [("unlink", f"{shm}/a", 0)], ("anon", "-", pages)),
        Step("disk page in, 4 KiB random reads", ["cache_add"], [],
             ("read-random", f"{disk}/a", pages)),
        Step("disk page out, unlink", ["page_remove"], [], ("unlink", f"{disk}/a", pages)),
        Step("tmpfs: first page of a new file", ["tmpfs_add"], [], ("make-files", shm, files),
             per_unit=True, goal=False),
        Step("tmpfs: last page of a file", ["page_remove"], [], ("remove-files", shm, files),
             goal=False),
        Step("disk: first page of a new file", ["cache_add"], [], ("make-files", disk, files),
             goal=False),
        Step("disk: last page of a file", ["page_remove"], [], ("remove-files", disk, files),
             goal=False),
        Step("fork, exec, exit", ["fork", "exec", "exit"], [],
             ("processes", "-", machine.rounds(300, 200))),
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


def measure(process, programs, worker, all_steps):
    """(step, program) -> (nanoseconds, events, units)"""
    result = {}
    for step in all_steps:
        for command in step.before:
            worker.run(*command)
        before = program_times(process.pid)
        worker.run(*step.command)
        after = program_times(process.pid)
        for program in step.programs:
            ident = programs.get(program)
            if ident is None:
                continue
            ran = after[ident][0] - before[ident][0]
            result[step, program] = (ran, after[ident][1] - before[ident][1], step.command[2])
    return result


def scripts(shmem_item):
    books = " ".join(f"tracepoint:{probe} {{ {body.replace('SHMEM', str(shmem_item))} }}"
                     for probe, body in PROBES.values())
    empty = " ".join(f"tracepoint:{probe} {{ }}" for probe, _ in PROBES.values())
    return books, empty


def one_round(machine, load_empty, work, all_steps):
    """tracer -> what measure() returns"""
    results = {}

    def take(tracer, process, programs):
        worker = Worker(machine, work)
        results[tracer] = measure(process, programs, worker, all_steps)
        stop(worker.process)
        stop(process)

    process = machine.start_pagetide("top", "--json", "--interval", "1")
    take("ours", process, our_programs(process))
    process = machine.start(load_empty, stdin=-1, stdout=-1, text=True)
    ready = process.stdout.readline().split()
    if len(ready) != 2:
        raise BenchError("the empty programs could not be attached")
    take("floor", process, our_programs(process))
    books, empty = scripts(ready[1])
    for tracer, script in (("bpftrace", books), ("bpftrace floor", empty)):
        process = machine.start_bpftrace(script)
        take(tracer, process, bpftrace_programs(process))
    return results


def net(result, floor, key, per_unit):
    """Nanoseconds above the empty program's, by event or (all events together) by unit."""
    if key not in result or key not in floor:
        return None
    ran, events, units = result[key]
    empty_ran, empty_events, _ = floor[key]
    if not events or not empty_events:
        return None
    above = ran - events * (empty_ran / empty_events)
    return above / (units if per_unit else events)


def add_row(section, step, program, rounds):
    ours = [net(r["ours"], r["floor"], (step, program), step.per_unit) for r in rounds]
    theirs = [net(r["bpftrace"], r["bpftrace floor"], (step, program), step.per_unit)
              for r in rounds]
    figure = step.figure if len(step.programs) == 1 else program
    if None in ours or None in theirs:
        section.add(figure, "not measured: this program did not run")
        return
    ours, theirs = Spread(ours), Spread(theirs)
    ratio = ours.middle / theirs.middle if theirs.middle > 0 else float("inf")
    goal = "<= 1/3" if step.goal else ""
    section.add(figure, ours.text("ns"), f"bpftrace {theirs.text('ns')}  ratio {ratio:.2f}",
                goal=goal, met=ratio <= THIRD if step.goal else None)


def run(machine):
    section = Section("Nanoseconds per event, net of an empty program (median [min max])")
    work = machine.compile("work", static=True)
    load_empty = [machine.compile("load_empty", "-lbpf"), machine.compile_bpf("empty")]
    all_steps = steps(machine)
    with Stats():
        rounds = [one_round(machine, load_empty, work, all_steps)
                  for _ in range(machine.rounds(5, 3))]
    for step in all_steps:
        for program in step.programs:
            add_row(section, step, program, rounds)
    for tracer, name in (("floor", "empty tp_btf program"), ("bpftrace floor", "empty bpftrace program")):
        floors = [ran / events for r in rounds for ran, events, _ in r[tracer].values() if events]
        section.note(f"taken off: {name} {Spread(floors).text('ns')} an event")
    return section
