"""OOM kills of a cgroup: warned of before, and told whole: whose limit, how full, who, what was charged; each victim,
however many there are, whatever becomes of the cgroup, and pagetide is none of them."""

import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

from children import PAGETIDE, Pagetide, join_then_die_with_parent
from commands import wait_until
from harness import Failure, Skip, main, remove_cgroup
from limits import LIMITS, MIB, limit, limited, ready, version, warned_before
from tap import diagnostics, test

GROW = "b=[]\nfor i in range(400): b.append(bytearray(b'x')*(1<<20))\n"
# the first of a namespace of pids, as in a container: its child is killed, it lives on and says so
FIRST = f"""
import ctypes, os, subprocess, sys
if ctypes.CDLL(None).unshare(0x20000000): sys.exit(77)  # CLONE_NEWPID
pid = os.fork()
if pid: sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
killed = subprocess.run([sys.executable, '-c', {GROW!r}]).returncode
sys.exit(5 if (os.getpid(), killed) == (1, -9) else 6)
"""
# how a cgroup of 64 MiB is filled until the kernel kills; many processes of which none has much, too
FILLS = {
    "at once, by one system call": "import mmap\nmmap.mmap(-1, 100 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x8000)\n",
    "as fast as memory goes": GROW,
    "at 128 MiB/s": "import time\n" + GROW.replace("b.append", "time.sleep(1 / 128); b.append"),
    "at 20 MiB/s": "import time\n" + GROW.replace("b.append", "time.sleep(1 / 20); b.append"),
    "by many processes": """
import ctypes, os, signal
first, prctl = os.getpid(), ctypes.CDLL(None).prctl
for _ in range(40):
    if os.fork() == 0:
        prctl(1, 9)  # PR_SET_PDEATHSIG; it may be too late
        if os.getppid() == first:
            block = bytearray(b'x') * (3 << 20)
            signal.pause()
        os._exit(0)
os.wait()
os.kill(first, 9)
"""}
CAP_SYS_RESOURCE = 24


def grow_in(cgroup, script=GROW, **options):
    """A Python that takes memory until the kernel ends it."""
    return subprocess.run(["/usr/bin/python3", "-c", script], capture_output=True, timeout=60,
                          preexec_fn=join_then_die_with_parent(cgroup), **options).returncode


class Growing:
    """The same, which begins when it is told to."""

    def __init__(self, cgroup, mib):
        script = f"input()\nb=bytearray(b'x')*({mib}<<20)\ninput()\n"
        self.child = subprocess.Popen(["/usr/bin/python3", "-c", script], stdin=subprocess.PIPE,
                                      stderr=subprocess.DEVNULL, preexec_fn=join_then_die_with_parent(cgroup))
        self.pid = self.child.pid

    def begin(self):
        self.child.stdin.write(b"\n")
        self.child.stdin.flush()

    def close(self):
        self.child.kill()
        self.child.wait()
        self.child.stdin.close()


def kill_of(traced, comm="python3", target=None):
    return traced.wait_for(lambda e: e["type"] == "oom" and e["comm"] == comm and (not target or e["target"] == target),
                           "an OOM kill")


def kills(traced, pids):
    """Of each of these, in the order in which they were told."""
    with traced.changed:
        return [e for _, e in traced.objects if e["type"] == "oom" and e["pid"] in pids]


def all_are_told(t, traced, pids):
    wait_until(lambda: {e["pid"] for e in kills(traced, pids)} == {*pids}, f"a kill of each of {pids}")
    found = kills(traced, pids)
    t.equal(sorted(e["pid"] for e in found), sorted(pids), "each is told once")
    return found


@test("a kill by a limit far above its victim is told with that limit")
def _(t):
    top = limited(t, 64 * MIB)
    if (top / "memory.use_hierarchy").exists():
        (top / "memory.use_hierarchy").write_text("1")
    path = top
    for _ in range(20):
        if version() == 2:
            (path / "cgroup.subtree_control").write_text("+memory")
        path /= "a"
        path.mkdir()
        t.undo.append(lambda each=path: each.rmdir())
    traced = ready(t)
    t.equal(grow_in(path), -signal.SIGKILL, "how it ended")
    told = kill_of(traced)
    t.equal((told["target"], told["limit_bytes"]), (f"/{top.name}", 64 * MIB), "whose limit it was")


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


for fill_how, fill_script in FILLS.items():

    @test(f"a cgroup filled {fill_how}: warned before the kill")
    def _(t, how=fill_how, script=fill_script):
        cgroup, traced = limited(t, 64 * MIB), ready(t)
        t.equal(grow_in(cgroup, script), -9, "how it ended")
        kill_of(traced, target=f"/{cgroup.name}")
        warnings, _ = warned_before(traced, f"/{cgroup.name}", how)
        # also who is killed half a millisecond later, and has no memory any more when it is looked for
        if not all(w["culprits"] for w in warnings):
            raise Failure(f"nobody was named: {warnings}")
        t.equal({c["comm"] for w in warnings for c in w["culprits"]}, {"python3"}, "the culprits")


@test("whoever is killed before pagetide comes to look is named by the warning all the same")
def _(t):
    cgroup, traced = limited(t, 64 * MIB), ready(t)
    os.kill(traced.pid, signal.SIGSTOP)
    try:
        t.equal(grow_in(cgroup), -9, "how it ended")
    finally:
        os.kill(traced.pid, signal.SIGCONT)
    kill = kill_of(traced, target=f"/{cgroup.name}")
    warning = traced.wait_for(lambda e: e["type"] == "warning" and e["target"] == f"/{cgroup.name}", "a warning")
    t.equal([(c["pid"], c["comm"]) for c in warning["culprits"]], [(kill["pid"], "python3")], "whom the warning named")
    held = warning["culprits"][0]["bytes"]
    if not 48 * MIB <= held <= 64 * MIB:
        raise Failure(f"what it held when it met the limit: {warning}")


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


@test("a child is killed while PID 1 of its namespace lives, and the cgroup is removed right after")
def _(t):
    cgroup, traced = limited(t, 64 * MIB), ready(t)
    inner = limited(t, 32 * MIB, cgroup)
    ended = grow_in(inner, FIRST)
    inner.rmdir()
    if ended == 77:
        raise Skip("no namespace of pids can be made here")
    t.equal(ended, 5, "PID 1's own end")
    kill = kill_of(traced)
    t.equal((kill["target"], kill["limit_bytes"]), (f"/{cgroup.name}/inner", 32 * MIB), "whose limit")
    if not 16 * MIB < kill["anon_bytes"] <= 32 * MIB or kill["consumers"][0]["pid"] != kill["pid"]:
        raise Failure(str(kill))


@test("many kills in a second, each by a limit of its own: all are told")
def _(t):
    top, traced = limited(t, 1024 * MIB), ready(t)
    cgroups = [top / f"c{number}" for number in range(12)]
    if version() == 2:
        (top / "cgroup.subtree_control").write_text("+memory")
    for cgroup in cgroups:
        cgroup.mkdir()
        t.undo.append(cgroup.rmdir)
        limit(cgroup, 24 * MIB)
    growing = [t.start(Growing(cgroup, 40)) for cgroup in cgroups]
    for one in growing:
        one.begin()
    t.equal([one.child.wait(60) for one in growing], [-9] * len(growing), "how they ended")
    found = all_are_told(t, traced, [one.pid for one in growing])
    t.equal({e["pid"]: e["target"] for e in found},
            {one.pid: f"/{top.name}/{cgroup.name}" for one, cgroup in zip(growing, cgroups)}, "whose limits")
    for cgroup in cgroups:
        warned_before(traced, f"/{top.name}/{cgroup.name}", "many at once")
    times = sorted(e["time_ns"] for e in found)
    diagnostics(f"{len(times)} kills within {(times[-1] - times[0]) / 1e6:.0f} ms")


ID, POD = "0123456789abcdef" * 4, "kubepods-burstable-pod01234567_89ab_cdef_0123_456789abcdef.slice"
KUBELET = f"kubepods.slice/kubepods-burstable.slice/{POD}"
# as runtimes name them, on systemd and without it; the last of a node that is a container itself
NAMED = {
    "docker": f"system.slice/docker-{ID}.scope",
    "cri-containerd": f"{KUBELET}/cri-containerd-{ID}.scope",
    "crio": f"{KUBELET}/crio-{ID}.scope/container",
    "the longest name": "n" * 255,
    "a node in a container": f"docker/{ID}/kubelet.slice/{KUBELET}/cri-containerd-{ID}.scope"}


def make_all(t, path):
    """The cgroups down to that one, which may have limits; a path from the first."""
    above = t.cgroup(version())
    first = above.parent
    for name in path.split("/"):
        if version() == 2:
            (above / "cgroup.subtree_control").write_text("+memory")
        elif (above / "memory.use_hierarchy").exists():
            (above / "memory.use_hierarchy").write_text("1")
        above /= name
        above.mkdir()
        t.undo.append(lambda gone=above: remove_cgroup(gone))
    return above, f"/{above.relative_to(first)}"


for runtime_name, runtime_path in NAMED.items():

    @test(f"a cgroup named as by runtimes is named whole, by warning, kill and explain: {runtime_name}")
    def _(t, path=runtime_path):
        cgroup, named = make_all(t, path)
        limit(cgroup, 64 * MIB)
        traced, one = ready(t), t.start(Growing(cgroup, 58))
        one.begin()
        warning = traced.wait_for(lambda e: e["type"] == "warning" and e.get("limit") == "cgroup", "a warning")
        t.equal(warning["target"], named, "whom it warned of")
        done = subprocess.run([PAGETIDE, "explain", "--json", "--duration", "1"], capture_output=True, check=True)
        found = [f for f in json.loads(done.stdout)["findings"] if f["kind"] == "cgroup_full"]
        t.equal([(f["target"], named in f["text"]) for f in found], [(named, True)], f"what is found: {found}")
        t.equal(grow_in(cgroup), -9, "how it ended")
        kill = kill_of(traced)
        t.equal((kill["target"], kill["limit_bytes"]), (named, 64 * MIB), "whose limit")


@test("a cgroup that is deeper than what is kept of a path: its end, with a mark before it")
def _(t):
    (cgroup, named), traced = make_all(t, "/".join(["n" * 255] * 3)), ready(t)
    limit(cgroup, 32 * MIB)
    t.equal(grow_in(cgroup), -9, "how it ended")
    t.equal(kill_of(traced)["target"], "…" + named[-512:], "whose limit")


@test("memory.oom.group: a kill of all that are in the cgroup tells each of them")
def _(t):
    if version() == 1:
        raise Skip("memory.oom.group is of cgroup v2 alone")
    cgroup, traced = limited(t, 96 * MIB), ready(t)
    (cgroup / "memory.oom.group").write_text("1")
    waiting = [t.start(Growing(cgroup, 1)) for _ in range(7)]
    one = t.start(Growing(cgroup, 200))
    one.begin()
    everyone = [*waiting, one]
    t.equal([each.child.wait(60) for each in everyone], [-9] * len(everyone), "how they ended")
    found = all_are_told(t, traced, [each.pid for each in everyone])
    t.equal({(e["target"], e["limit_bytes"], e["trigger_pid"]) for e in found},
            {(f"/{cgroup.name}", 96 * MIB, one.pid)}, "whose limit, and who asked for the page")
    largest = next(e for e in found if e["pid"] == one.pid)
    if largest["anon_bytes"] < 32 * MIB or found[0]["consumers"][0]["pid"] != one.pid:
        raise Failure(f"the one that grew: {largest}, the first: {found[0]}")


@test("pagetide survives a kill in its own cgroup, and tells it")
def _(t):
    cgroup = limited(t, 200 * MIB)
    traced = t.start(Pagetide(["trace", "--json", "--events", LIMITS], cgroup))
    adjusted, status = Path(f"/proc/{traced.pid}/oom_score_adj"), Path(f"/proc/{traced.pid}/status")
    wait_until(lambda: "VmLck:\t       0 kB" not in status.read_text(), "it is locked in memory", 30)
    rights = int(re.search(r"CapEff:\s+(\w+)", status.read_text())[1], 16)
    if rights >> CAP_SYS_RESOURCE & 1:
        wait_until(lambda: adjusted.read_text().strip() == "-900", "its oom_score_adj")
    for _ in range(3):
        begin, script = time.time_ns(), "b=[]\nwhile 1: b.append(bytearray(b'x')*(1<<20))\n"
        t.equal(grow_in(cgroup, script), -9, "how it ended")
        kill = traced.wait_for(lambda e: e["type"] == "oom" and e["time_ns"] > begin, "the kill", 30)
        t.equal((kill["comm"], kill["target"]), ("python3", f"/{cgroup.name}"), "whom, and whose limit")
    t.equal(traced.child.poll(), None, "it lives")


if __name__ == "__main__":
    main()
