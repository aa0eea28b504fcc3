"""OOM kills of a cgroup: warned of before, and told whole: whose limit, how full, who, what was charged."""

import subprocess

from children import join_then_die_with_parent
from harness import Failure, main
from limits import MIB, limited, ready
from tap import test

GROW = "b=[]\nfor i in range(400): b.append(bytearray(b'x')*(1<<20))\n"


def grow_in(cgroup, script=GROW, **options):
    """A Python that takes memory until the kernel ends it."""
    return subprocess.run(["/usr/bin/python3", "-c", script], capture_output=True, timeout=60,
                          preexec_fn=join_then_die_with_parent(cgroup), **options).returncode


def kill_of(traced, comm="python3", target=None):
    return traced.wait_for(lambda e: e["type"] == "oom" and e["comm"] == comm and (not target or e["target"] == target),
                           "an OOM kill")


@test("a kill by a cgroup's limit: warned before, scope, usage and limit, the consumers at the kill")
def _(t):
    cgroup, traced = limited(t, 64 * MIB), ready(t)
    t.equal(grow_in(cgroup), -9, "how it ended")
    kill = kill_of(traced)
    t.equal((kill["target"], kill["limit_bytes"]), (f"/{cgroup.name}", 64 * MIB), "whose limit")
    if not 60 * MIB <= kill["used_bytes"] <= 64 * MIB:
        raise Failure(f"used_bytes: {kill}")
    with open("/proc/swaps", encoding="ascii") as swaps:
        if len(swaps.readlines()) == 1:
            t.equal(kill.get("target_swap_bytes", 0), 0, "swap of the cgroup, where there is none")
    if not 50 * MIB <= kill["anon_bytes"] <= 72 * MIB or kill["trigger_pid"] != kill["pid"]:
        raise Failure(f"the victim: {kill}")
    if kill["consumers"][0]["pid"] != kill["pid"] or kill["consumers"][0]["growth_bytes"] < 40 * MIB:
        raise Failure(f"the consumers: {kill}")
    warning = traced.wait_for(lambda e: e["type"] == "warning" and e["target"] == f"/{cgroup.name}", "a warning")
    if warning["time_ns"] >= kill["time_ns"]:
        raise Failure(f"the warning came after the kill: {warning} {kill}")
    t.equal(warning["culprits"][0]["pid"], kill["pid"], "whom the warning named")


@test("tmpfs pages that are charged to the cgroup are told with the kill")
def _(t):
    cgroup, traced = limited(t, 64 * MIB), ready(t)
    mount = t.tmpfs("64M")
    worker = t.worker(mount, cgroup=cgroup)
    worker.do("write path=f len=30M")
    grow_in(cgroup)
    kill = kill_of(traced, target=f"/{cgroup.name}")
    if abs(kill["charged_tmpfs_bytes"] - 30 * MIB) > MIB:
        raise Failure(f"charged_tmpfs_bytes: {kill}")


@test("a child is killed while its parent lives, and the cgroup is removed right after")
def _(t):
    cgroup, traced = limited(t, 64 * MIB), ready(t)
    inner = limited(t, 32 * MIB, cgroup)
    script = f"import subprocess, sys\nsys.exit(subprocess.run([sys.executable, '-c', {GROW!r}]).returncode == -9 and 5)"
    t.equal(grow_in(inner, script), 5, "the parent's own end")
    inner.rmdir()
    kill = kill_of(traced)
    t.equal(kill["target"], f"/{cgroup.name}/inner", "whose limit")


@test("many kills in a second: all are told")
def _(t):
    cgroup, traced = limited(t, 24 * MIB), ready(t)
    count = sum(grow_in(cgroup, "b=bytearray(b'x')*(40<<20)") == -9 for _ in range(8))
    t.equal(count, 8, "killed")
    kill_of(traced)
    traced.wait_for(lambda _: sum(1 for _, e in traced.objects if e["type"] == "oom") >= 8, "eight kills")


if __name__ == "__main__":
    main()
