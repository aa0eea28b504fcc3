#!/usr/bin/env python3
"""Failures that real people met, as programs that know the truth of themselves, under `pagetide run`: what the
report says of each is compared with that truth."""

import os
import statistics
import sys
from pathlib import Path

from running import (
    MIB, PAGETIDE, Failure, close, in_cgroup, is_common, is_owned_by, needs, scenario, start, under_run, under_trace)
from harness import dev_of, main  # its folder is on the path since running was imported
from tap import test
from views import PAGE

SKEW = 0.15  # seconds that a busy machine takes from the time of a reading to its last figure
SLACK = 2 * MIB  # what an interpreter takes beside what the program says


# ---- many files of one size on a small tmpfs ----

def dumps_complaint(t, report, truth, mount, gone):
    """The process, the mount, its limit, the number of files and their common size."""
    row = report.mount(dev_of(mount), mount)
    t.equal(row["path"], mount, "the mount")
    t.equal(row["limit_bytes"], os.statvfs(mount).f_blocks * os.statvfs(mount).f_frsize, "limit_bytes")
    t.equal(row["peak_bytes"], truth["used_bytes"], "peak_bytes of the mount")
    rows = [row for row in report.below(truth["folder"]) if row.get("peak_bytes")]
    # the write that failed had its page in for a moment
    close(t, sum(row["peak_bytes"] for row in rows), truth["bytes"], "peak_bytes of all files", over=PAGE)
    whole = [row for row in rows if row.get("bytes_each", row["peak_bytes"]) == truth["file_bytes"]]
    t.equal(sum(row.get("count", 1) for row in whole), truth["whole_files"], "files of the common size")
    t.equal({row["deleted"] for row in rows}, {gone}, "deleted")
    for row in rows:
        t.equal(row["kind"], "tmpfs", f"kind of {row}")
        t.equal(row["mount"], mount, f"mount of {row}")
        t.equal(row["owners"][0]["pid"], truth["pid"], f"owner of {row}")
    t.equal(sum(row["bytes"] for row in rows), 0 if gone else truth["bytes"], "bytes of all files")
    return whole


def dumps_case(mode, tasks, kib, keep):
    def case(t):
        mount = t.tmpfs(size="8M")
        report, run = under_run(t, scenario("dumps.py", mode, mount, kib, tasks, *(["keep"] if keep else [])))
        truth = run.truth()
        is_common(t, report, run, truth)
        t.equal("No space left on device" in run.errors, bool(truth["error"]), "the command's own words")
        t.equal(run.status, 3 if truth["error"] else 0, "exit status")
        t.equal(report["descendants"], truth["descendants"], "descendants")
        whole = dumps_complaint(t, report, truth, mount, not keep)
        if truth["whole_files"] > 100:
            t.equal([row.get("count") for row in whole], [truth["whole_files"]], "one row for all of them")
            t.equal(whole[0]["path"], truth["folder"], "path of the row for all of them")
            t.equal(whole[0]["bytes_each"], truth["file_bytes"], "bytes_each")
        close(t, report["tmpfs_added_bytes"], truth["bytes"], "tmpfs_added_bytes", over=4 * PAGE)
        left = truth["bytes"] if keep else 0
        t.equal(report["tmpfs_left_bytes"], left, "tmpfs_left_bytes")
        t.equal(report.process(truth["pid"])["tmpfs_bytes"], left, "tmpfs_bytes of the command")

    return case


test("dumps: the tmpfs is full of files of one size, then they are removed")(dumps_case("new", 1000, 64, False))
test("dumps: the tmpfs is full, and stays so")(dumps_case("new", 1000, 64, True))
test("dumps: fewer than a hundred files")(dumps_case("new", 1000, 256, False))
test("dumps: fewer than a hundred files, kept")(dumps_case("new", 1000, 256, True))
test("dumps: slices that are known again fill nothing")(dumps_case("same", 80, 64, False))


@test("dumps: as text, the report names the process, the mount, its limit, the files and their size")
def dumps_text(t):
    mount = t.tmpfs(size="8M")
    out = Path(t.temp(), "report.txt")
    done = start([PAGETIDE, "run", "-o", out, "--",
                  *scenario("dumps.py", "new", mount, 64, 1000)], cwd=t.temp())
    text = out.read_text(encoding="utf-8")
    for word in ("python3", mount, "8.00 MiB", "64.0 KiB", "128 files", "dumps_"):
        t.equal(word in text, True, f"{word!r} in the report:\n{text}")
    t.equal(done.returncode, 3, "exit status")


@test("dumps: traced, every page is told once, of this process")
def dumps_trace(t):
    mount = t.tmpfs(size="8M")
    run = under_trace(t, scenario("dumps.py", "new", mount, 64, 1000))
    truth = run.truth()
    t.equal(run.status, 3, "exit status")
    pages = [event for event in run.told if event["type"] == "tmpfs"]
    t.equal({event["pid"] for event in pages}, {truth["pid"]}, "pids of tmpfs events")
    close(t, sum(event["added_bytes"] for event in pages), truth["bytes"], "added_bytes of all", over=4 * PAGE)
    t.equal(sum(event["removed_bytes"] for event in pages), sum(event["added_bytes"] for event in pages),
            "removed_bytes of all")
    t.equal(sum(event["type"] == "exit" for event in run.told), 1 + truth["descendants"], "exits")
    end = next(event for event in run.told if event["type"] == "exit" and event["pid"] == truth["pid"])
    close(t, end["peak_rss_bytes"], truth["peak_rss_bytes"], "peak_rss_bytes of the exit", over=SLACK)
    t.equal(end["tmpfs_bytes"], 0, "left in tmpfs")


# ---- growth over time ----

@test("cycle: what each step made stays, and the peak is their sum")
def cycle(t):
    report, run = under_run(t, scenario("cycle.py", 12, 8))
    truth = run.truth()
    is_common(t, report, run, truth)
    close(t, report["peak_rss_bytes"], truth["peak_rss_bytes"], "peak_rss_bytes", over=SLACK)
    grown = [row["anon_bytes"] for time, row in report.moments() if time <= truth["time"]]
    t.equal(grown, sorted(grown), "anon_bytes never falls")
    if max(grown) < truth["kept_bytes"] * 0.7:
        raise Failure(f"the timeline has {max(grown)} anon bytes at most, {truth['kept_bytes']} were kept")


@test("cycle: collected, it stays at one step")
def cycle_collected(t):
    report, run = under_run(t, scenario("cycle.py", 12, 8, "collect"))
    truth = run.truth()
    is_common(t, report, run, truth)
    if report["peak_rss_bytes"] > 4 * truth["bytes_per_step"]:
        raise Failure(f"peak_rss_bytes {report['peak_rss_bytes']} of steps of {truth['bytes_per_step']}")


@test("phases: the share of each in the growth, and when the peak was")
def phases(t):
    report, run = under_run(t, scenario("phases.py", 60, 40, 2))
    truth = run.truth()
    is_common(t, report, run, truth)
    times = truth["times"]
    loaded = report.at(times["loaded"] + 2 * 0.1)["anon_bytes"]
    worked = report.at(times["worked"] - SKEW)["anon_bytes"]
    freed = report.at(times["freed"])["anon_bytes"]
    base = loaded - truth["load_bytes"]
    close(t, base, 4 * MIB, "what the interpreter has besides", under=4 * MIB, over=16 * MIB)
    close(t, worked - loaded, truth["work_bytes"], "growth while working", under=truth["work_bytes"] // 3)
    close(t, freed, base, "after all was freed", under=4 * SLACK, over=SLACK)
    if report["peak_seconds"] < 1.5:
        raise Failure(f"the peak was after {report['peak_seconds']} s, the work took from {times}")
    close(t, report["at_peak"]["anon_bytes"], base + truth["load_bytes"] + truth["work_bytes"], "anon at the peak",
          under=SLACK + truth["work_bytes"] // 10, over=SLACK)


def levels(report, moments, key):
    """anon_bytes just before each moment, less the first one."""
    rows = [report.at(moment["time"] - SKEW)["anon_bytes"] for moment in moments]
    return [row - rows[0] for row in rows], [moment[key] - moments[0][key] for moment in moments]


@test("cells: the bytes that each cell keeps")
def cells(t):
    report, run = under_run(t, scenario("cells.py", 8, 0.4))
    truth = run.truth()
    is_common(t, report, run, truth)
    shown, expected = levels(report, truth["cells"], "kept_bytes")
    for number, (level, kept) in enumerate(zip(shown, expected)):
        close(t, level, kept, f"kept after cell {number}", under=SLACK, over=SLACK)


@test("allocator: freed memory stays until it is given back")
def allocator(t):
    report, run = under_run(t, scenario("allocator.py", 64, 0.4))
    truth = run.truth()
    is_common(t, report, run, truth)
    shown, expected = levels(report, truth["steps"], "resident_bytes")
    for number, (level, resident) in enumerate(zip(shown, expected)):
        close(t, level, resident, f"resident after step {number}", under=SLACK, over=SLACK)
    close(t, report["peak_rss_bytes"], truth["size_bytes"], "peak", over=16 * MIB)


# ---- a limit ----

@test("sessions: baseline, growth per session, and the limit of the cgroup")
def sessions(t):
    cgroup = t.cgroup(memory__limit_in_bytes=256 * MIB)
    report, run = under_run(t, in_cgroup(cgroup, scenario("sessions.py", 6, 10, 0.3)))
    truth = run.truth()
    is_common(t, report, run, truth)
    t.equal(report.process(truth["pid"])["cgroup"], "/" + cgroup.name, "cgroup of the process")
    row = report.cgroup("/" + cgroup.name)
    t.equal(row and row["limit_bytes"], 256 * MIB, "limit_bytes of its cgroup")
    close(t, row["peak_bytes"], truth["baseline_bytes"] + 60 * MIB, "peak of the cgroup", over=40 * MIB)
    # every session is a step of its size
    rows = [row["anon_bytes"] for row in report["timeline"] if row["anon_bytes"] > truth["baseline_bytes"]]
    steps = [b - a for a, b in zip(rows, rows[1:]) if b - a > MIB]
    close(t, round(statistics.median(steps)), truth["bytes_per_session"], "growth per session", under=SLACK, over=6 * MIB)


@test("sessions: above the limit it is killed, and the report says so")
def sessions_killed(t):
    cgroup = t.cgroup(memory__limit_in_bytes=64 * MIB)
    report, run = under_run(t, in_cgroup(cgroup, scenario("sessions.py", 20, 10, 0.1)))
    t.equal(run.status, 128 + 9, "exit status")
    t.equal(report["exit_status"], 128 + 9, "exit_status")
    t.equal(report["signal"], 9, "signal")
    t.equal(report["events"]["oom"], 1, "oom events")
    kill, = report["failures"]
    t.equal((kill["type"], kill["comm"], kill["target"], kill["limit_bytes"]),
            ("oom", "python3", f"/{cgroup.name}", 64 * MIB), f"the kill in the report: {kill}")
    close(t, report["peak_rss_bytes"], 64 * MIB, "peak_rss_bytes", under=12 * MIB, over=12 * MIB)


@test("sessions: above the limit, the trace names the victim and what it had")
def sessions_traced(t):
    cgroup = t.cgroup(memory__limit_in_bytes=64 * MIB)
    run = under_trace(t, in_cgroup(cgroup, scenario("sessions.py", 20, 10, 0.1)))
    t.equal(run.status, 128 + 9, "exit status")
    kills = [event for event in run.told if event["type"] == "oom"]
    t.equal(len(kills), 1, f"oom events of {[event['type'] for event in run.told]}")
    end = next(event for event in run.told if event["type"] == "exit" and event["pid"] == kills[0]["pid"])
    t.equal(kills[0]["comm"], "python3", "comm of the victim")
    close(t, kills[0]["anon_bytes"], end["peak_rss_bytes"], "anon_bytes of the victim", under=20 * MIB)


# ---- whose cache, and what is left ----

@test("ram disk: on a tmpfs all of it stays when caches are dropped")
def ram_disk(t):
    mount = t.tmpfs(size="64M")
    report, run = under_run(t, scenario("ram_disk.py", mount, 16, "keep"))
    truth = run.truth()
    is_common(t, report, run, truth)
    row = report.path(truth["path"])
    t.equal(row["kind"], "tmpfs", "kind")
    t.equal(row["bytes"], truth["file_bytes"], "bytes")
    is_owned_by(t, row, truth["pid"])
    t.equal(report.process(truth["pid"])["tmpfs_bytes"], truth["file_bytes"], "tmpfs_bytes of the process")
    t.equal(report["tmpfs_left_bytes"], truth["file_bytes"], "tmpfs_left_bytes")
    t.equal(row["removed_bytes"], 0, "removed_bytes")


@test("ram disk: on a disk only what was read again is there")
def ram_disk_on_disk(t):
    report, run = under_run(t, scenario("ram_disk.py", t.disk(), 16, "keep"))
    truth = run.truth()
    is_common(t, report, run, truth)
    row = report.path(truth["path"])
    t.equal(row["kind"], "file", "kind")
    t.equal(row["bytes"], truth["file_bytes"] // 2, "bytes")
    t.equal(row["removed_bytes"], truth["file_bytes"], "removed_bytes")
    t.equal(row["peak_bytes"], truth["file_bytes"], "peak_bytes")
    is_owned_by(t, row, truth["pid"])
    t.equal(report.process(truth["pid"])["tmpfs_bytes"], 0, "tmpfs_bytes of the process")


@test("ram disk: removed, it stays listed as deleted")
def ram_disk_removed(t):
    mount = t.tmpfs(size="64M")
    report, run = under_run(t, scenario("ram_disk.py", mount, 16))
    truth = run.truth()
    is_common(t, report, run, truth)
    row = report.path(truth["path"])
    t.equal((row["deleted"], row["bytes"], row["peak_bytes"]), (True, 0, truth["file_bytes"]), "deleted, bytes, peak")
    t.equal(report["tmpfs_left_bytes"], 0, "tmpfs_left_bytes")


@test("tree: every generation, how each ended, and what each left")
def tree(t):
    mount = t.tmpfs(size="64M")
    report, run = under_run(t, scenario("tree.py", mount, 1))
    truth = run.truth()
    is_common(t, report, run, truth)
    family = truth["family"]
    t.equal(report["descendants"], len(family), "descendants")
    rows = {name: report.process(pid) for name, pid in family.items()}
    t.equal([name for name, row in rows.items() if not row or not row["exited"]], [], "not listed as exited")
    close(t, rows["big"]["peak_rss_bytes"], truth["big_bytes"], "peak of the biggest", over=16 * MIB)
    t.equal(rows["big"]["exit_status"], 7, "exit_status of the biggest")
    t.equal(rows["killed"].get("exit_status", rows["killed"].get("signal")) in (137, 9), True,
            f"end of the killed one: {rows['killed']}")
    t.equal(rows["execs"]["comm"], "true", "comm after exec")
    t.equal({row["ppid"] for name, row in rows.items() if name not in ("orphan", "execs")}, {truth["pid"]}, "ppid")
    for name, owner, count in (("left", "writer", 300 << 10), ("orphan", "orphan", 100 << 10)):
        row = report.path(f"{mount}/{name}")
        t.equal(row["bytes"], count, f"bytes of {name}")
        is_owned_by(t, row, family[owner])
        t.equal(row["owners"][0]["exited"], True, "exited")
    if report["wall_seconds"] < 1:
        raise Failure(f"it did not wait for the one whose parent had gone: {report['wall_seconds']} s")


@test("tree: traced, every generation and no one else")
def tree_traced(t):
    mount = t.tmpfs(size="64M")
    run = under_trace(t, scenario("tree.py", mount, 1), "--events", "fork,exec,exit,tmpfs")
    truth = run.truth()
    everyone = {truth["pid"], *truth["family"].values()}
    t.equal({event["pid"] for event in run.told if event["type"] == "exit"}, everyone, "exits")
    t.equal({event.get("pid") for event in run.told if event["type"] != "lost"} <= everyone, True,
            f"no one else: {[event for event in run.told if event.get('pid') not in everyone]}")
    t.equal({event["type"] for event in run.told}, {"fork", "exec", "exit", "tmpfs"}, "types")


# ---- the libraries themselves ----

def joblib_case(mode):
    def case(t):
        needs("numpy", "joblib")
        mount = t.tmpfs(size="64M")
        report, run = under_run(t, scenario("joblib_dumps.py", mode, mount))
        truth = run.truth()
        is_common(t, report, run, truth)
        row = report.mount(dev_of(mount), mount)
        t.equal(row["limit_bytes"], 64 * MIB, "limit_bytes")
        rows = [row for row in report["files"] if row.get("mount") == mount and row.get("peak_bytes")]
        sizes = {}
        for file in rows:
            each = file.get("bytes_each", file["peak_bytes"])
            sizes[each] = sizes.get(each, 0) + file.get("count", 1)
        common = max(sizes, key=sizes.get)
        # a pickle is its array and a header
        close(t, common, truth["array_bytes"], "the common size", over=2 * PAGE)
        t.equal(bool(truth["error"]), mode == "new", f"its error: {truth['error']}")
        if mode == "new":
            close(t, row["peak_bytes"], 64 * MIB, "peak_bytes of the mount", under=truth["array_bytes"] + MIB)
            close(t, sizes[common], 64 * MIB // truth["array_bytes"], "files of one size", under=1)
        else:
            t.equal(sizes[common], truth["slices"], "files of one size")
        t.equal({file["owners"][0]["pid"] for file in rows if file["owners"]}, {truth["pid"]}, "who brought them in")

    return case


test("joblib: views made anew fill the tmpfs")(joblib_case("new"))
test("joblib: slices that it knows again do not")(joblib_case("same"))


@test("xgboost: each QuantileDMatrix keeps its input, until the collector comes")
def xgboost_cycle(t):
    needs("numpy", "xgboost")
    kept, collected = (under_run(t, scenario("xgboost_cycle.py", 8, *more)) for more in ((), ("collect",)))
    for report, run in (kept, collected):
        is_common(t, report, run, run.truth())
    truth = kept[1].truth()
    grown = kept[0]["peak_rss_bytes"] - collected[0]["peak_rss_bytes"]
    close(t, grown, (truth["steps"] - 1) * truth["bytes_per_step"], "what was kept", under=8 * MIB, over=32 * MIB)
    if max(row["anon_bytes"] for row in kept[0]["timeline"]) < grown:
        raise Failure("the timeline does not show it as anonymous memory")


if __name__ == "__main__":
    sys.exit(main())
