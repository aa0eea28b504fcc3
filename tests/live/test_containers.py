"""Containers as runtimes make them, runc, crun and podman: their names, their /dev/shm, their memory, warnings before
it is full, pods, restarts, the kills of one that is gone; and podman without root."""

import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.dont_write_bytecode = True
from commands import end_is, pagetide, wait_until  # noqa: E402
from containers import SHM_BYTES, Container, Podman, tool  # noqa: E402
from harness import V1_MEMORY, main, remove_cgroup  # noqa: E402
from limits import ready  # noqa: E402
from serving import Serve, no_series_twice, promtool  # noqa: E402
from tap import Skip, test  # noqa: E402

MIB = 1 << 20
LIMIT = 128 * MIB
B = "/bin/busybox"
WAIT = f"while [ ! -e /%s ]; do {B} sleep 0.05; done"
# 8 MiB of its own, 40 of 64 MiB of its /dev/shm; then 56, which is beyond the first level; then all
FILL = (f"x=$({B} head -c {8 * MIB} /dev/zero | {B} tr '\\0' x); cd /dev/shm; "
        f"{B} dd if=/dev/zero of=fill bs=1M count=40 2>/dev/null && echo filled; {WAIT % 'go'}; "
        f"{B} dd if=/dev/zero of=more bs=1M count=16 2>/dev/null && echo nearly; {WAIT % 'on'}; "
        f"{B} dd if=/dev/zero of=rest bs=1M count=16 2>/dev/null || echo ENOSPC; {B} sleep 1000")
SLEEP = f"echo up; exec {B} sleep 1000"


def rows(view, *words):
    """What a snapshot has in that table."""
    done = pagetide("snapshot", "--json", "--by", view, *words)
    return json.loads(done.out)["processes" if view == "process" else f"{view}s"]


def books_are_right(t, serve, box, limit=LIMIT):
    """What serve tells of a container that has filled 40 MiB of its /dev/shm."""
    wait_until(lambda: box.said("filled"), "the container has filled its /dev/shm")
    shm = {"container": box.name, "mount": "/dev/shm"}
    wait_until(lambda: serve.value("pagetide_tmpfs_owned_bytes", comm="busybox", **shm) == 40 * MIB, "40 MiB are its own")
    t.equal(serve.value("pagetide_tmpfs_used_bytes", **shm), 40 * MIB, "used of its mount")
    t.equal(serve.value("pagetide_tmpfs_limit_bytes", **shm), SHM_BYTES, "its mount's limit")
    own = {"container": box.name}
    t.equal(serve.value("pagetide_container_limit_bytes", **own), limit, "its limit")
    t.equal(serve.value("pagetide_container_owned_bytes", kind="tmpfs", **own), 40 * MIB, "what it owns on tmpfs")
    t.equal(serve.value("pagetide_container_memory_bytes", kind="shmem", **own) >= 40 * MIB, True, "shmem charged to it")
    t.equal(serve.value("pagetide_container_memory_bytes", kind="anon", **own) >= 8 * MIB, True, "its own memory")
    t.equal(serve.value("pagetide_container_usage_bytes", **own) >= 48 * MIB, True, "all that is charged to it")
    t.equal(serve.value("pagetide_container_processes", **own) >= 1, True, "its processes")


def commands_know_it(t, serve, box):
    """--by container and --container NAME."""
    for words in (("--standalone",), ("--socket", serve.socket)):
        row, = rows("container", "--container", box.name, *words)
        t.equal((row["container"], row["limit_bytes"]), (box.name, LIMIT), f"the container in snapshot {words}")
        t.equal(row["usage_bytes"] >= 48 * MIB and row["rss_bytes"] >= 8 * MIB, True, f"its memory: {row}")
        shm = [row for row in rows("mount", "--container", box.name, *words) if row["path"] == "/dev/shm"]
        t.equal([(row["container"], row["used_bytes"]) for row in shm], [(box.name, 40 * MIB)], f"its mount {words}")
        files = {row["path"]: row for row in rows("file", "--container", box.name, *words)}
        t.equal(files["/dev/shm/fill"]["bytes"], 40 * MIB, f"its file {words}")
    t.equal([owner["comm"] for owner in files["/dev/shm/fill"]["owners"]], ["busybox"], "its owner, as serve knows it")
    top = json.loads(pagetide("top", "--json", "--count", "1", "--by", "container", "--container", box.name).out)
    t.equal([row["container"] for row in top["containers"]], [box.name], "containers that top shows")
    t.equal(rows("container", "--container", f"not-{box.name}", "--standalone"), [], "of a container that is none")


def warned_before_it_is_full(t, serve, box):
    trace = ready(t, "--events", "tmpfs,warning,enospc", "--container", box.name, "--min-bytes", "1M", "--interval", "0.2")
    box.go("go")
    event = trace.wait_for(lambda e: e["type"] == "tmpfs" and e.get("path") == "/dev/shm/more", "its event")
    t.equal((event["container"], event["mount"]), (box.name, "/dev/shm"), "whose event it is")
    told = f"tmpfs /dev/shm ({box.name}) is "
    wait_until(lambda: told in serve.process.error_text(), f"serve warns: {told}")
    trace.wait_for(lambda e: e["type"] == "warning" and (e["target"], e.get("target_container")) == ("/dev/shm", box.name),
                   "trace warns")
    wait_until(lambda: box.said("nearly"), "it has written what fits")
    t.equal(box.said("ENOSPC"), False, "it is full before the warning")
    box.go("on")
    wait_until(lambda: box.said("ENOSPC"), "it is full in the end")
    wait_until(lambda: serve.value("pagetide_enospc_total", container=box.name), "the refused write is counted")
    trace.wait_for(lambda e: e["type"] == "enospc" and e.get("container") == box.name, "trace tells of it")
    others = {e.get("container") for _, e in trace.objects if e["type"] == "tmpfs"} - {box.name}
    t.equal(others, set(), "containers that were not asked for")


def whole_story(t, serve, box, runtime):
    books_are_right(t, serve, box)
    info, = serve.samples("pagetide_container_info", container=box.name)
    t.equal(info[0]["runtime"], runtime, "its runtime")
    commands_know_it(t, serve, box)
    warned_before_it_is_full(t, serve, box)
    page = serve.get("/metrics")[2]
    no_series_twice(page)
    promtool(page)
    box.delete()
    wait_until(lambda: not serve.samples("pagetide_container_usage_bytes", container=box.name), "it is gone")
    t.equal(serve.value("pagetide_enospc_total", container=box.name) >= 1, True, "its count outlives it")


@test("runc and crun by hand")
def by_hand(t):
    for runtime in ("runc", "crun"):
        serve = Serve(t)
        name = f"pagetide-test-{runtime}-{os.getpid()}"
        whole_story(t, serve, Container(t, name, FILL, LIMIT, runtime), runtime)


@test("podman with runc")
def podman_with_runc(t):
    podman, serve = Podman(t, "runc"), Serve(t)
    whole_story(t, serve, podman.start(f"pagetide-test-{os.getpid()}", FILL), "podman")


@test("podman with crun")
def podman_with_crun(t):
    podman, serve = Podman(t, "crun"), Serve(t)
    whole_story(t, serve, podman.start(f"pagetide-test-{os.getpid()}", FILL), "podman")


def scrapes(serve, count):
    """So many pages, one after another reading; each is whole and has no series twice."""
    first = serve.value("pagetide_readings_total")
    for number in range(count):
        wait_until(lambda number=number: serve.value("pagetide_readings_total") > first + number, "another reading")
        no_series_twice(serve.get("/metrics")[2])


@test("podman: a pod's containers, and whose /dev/shm they share")
def pod(t):
    podman, serve = Podman(t), Serve(t)
    name = f"pagetide-test-{os.getpid()}"
    podman.run("pod", "create", "--name", name, "--network", "none")
    boxes = [podman.start(f"{name}-{letter}", script, "--pod", name)
             for letter, script in (("a", f"{B} dd if=/dev/zero of=/dev/shm/a bs=1M count=8 2>/dev/null; {SLEEP}"),
                                    ("b", f"{B} dd if=/dev/zero of=/dev/shm/b bs=1M count=4 2>/dev/null; {SLEEP}"))]
    for box, share in zip(boxes, (8, 4)):
        wait_until(lambda box=box: box.said("up"), "it is up")
        wait_until(lambda box=box, share=share: serve.value("pagetide_tmpfs_owned_bytes", container=box.name,
                                                            mount="/dev/shm") == share * MIB, f"{share} MiB of {box.name}")
        t.equal(serve.value("pagetide_container_limit_bytes", container=box.name), LIMIT, f"the limit of {box.name}")
    infra = podman.run("ps", "--filter", f"pod={name}", "--filter", "name=-infra$", "--format", "{{.Names}}")
    used = serve.value("pagetide_tmpfs_used_bytes", container=infra, mount="/dev/shm")
    t.equal(used, 12 * MIB, "one mount, of the pod's own container")
    t.equal([labels for labels, _ in serve.samples("pagetide_tmpfs_used_bytes") if "userdata" in labels["mount"]], [],
            "mounts in podman's own folders")
    scrapes(serve, 2)


@test("podman: a restart, and another container of the same name, make no series twice")
def restart(t):
    podman, serve = Podman(t), Serve(t)
    name = f"pagetide-test-{os.getpid()}"
    fill = f"{B} dd if=/dev/zero of=/dev/shm/f bs=1M count=%d 2>/dev/null; {SLEEP}"
    box = podman.start(name, fill % 4)
    own = {"container": name, "mount": "/dev/shm"}

    def lives(what, mebibytes):
        pid = box.pid()
        wait_until(lambda: pid in [row["pid"] for row in rows("process", "--container", name, "--socket", serve.socket)],
                   f"{what} is seen")
        wait_until(lambda: serve.value("pagetide_tmpfs_used_bytes", **own) == mebibytes * MIB, f"the mount of {what}")
        t.equal(serve.value("pagetide_container_processes", container=name), 1, f"processes of {what}")
        t.equal(serve.value("pagetide_container_limit_bytes", container=name), LIMIT, f"the limit of {what}")
        scrapes(serve, 2)

    lives("the first", 4)
    first = box.id
    podman.run("restart", "-t", "0", name)
    lives("the first again", 4)
    box.delete()
    scrapes(serve, 1)
    box = podman.start(name, fill % 6)
    t.equal(box.id != first, True, "it is another one")
    lives("the second", 6)
    row, = rows("container", "--container", name, "--socket", serve.socket)
    t.equal(row["container_id"], box.id, "the id of the one that lives")


@test("podman: a container that is killed and removed at once is counted by its name")
def killed(t):
    podman, serve = Podman(t), Serve(t)
    name = f"pagetide-test-{os.getpid()}"
    box = podman.start(name, f"echo up; {WAIT % 'go'}; {B} dd if=/dev/zero of=/dev/null bs=200M count=1; {B} sleep 1000",
                       "--rm", limit=32 * MIB)
    wait_until(lambda: serve.samples("pagetide_container_usage_bytes", container=name), "the container is seen")
    box.go()
    wait_until(lambda: serve.value("pagetide_oom_kills_total", container=name), "the kill is counted")
    box.delete()
    wait_until(lambda: not serve.samples("pagetide_container_usage_bytes", container=name), "it is gone")
    t.equal(serve.value("pagetide_oom_kills_total", container=name), 1, "the last scrape has it")


def place_for(t, path):
    """The well-known path of a daemon's socket, if no daemon has it; what is made for it goes again."""
    if path.exists():
        raise Skip(f"there is a {path} already")
    if not path.parent.exists():
        path.parent.mkdir()
        t.undo.append(path.parent.rmdir)
    t.undo.append(lambda: path.unlink(missing_ok=True))
    return path


@test("podman's daemon is asked for the names that no file tells")
def daemon(t):
    podman = Podman(t, hidden=True)
    name, pod_name = f"pagetide-test-{os.getpid()}", f"pagetide-test-pod-{os.getpid()}"
    box = podman.start(name, f"{WAIT % 'begin'}; {FILL}")
    podman.run("pod", "create", "--name", pod_name, "--network", "none")
    podman.start(f"{pod_name}-a", SLEEP, "--pod", pod_name)
    serve = Serve(t)
    wait_until(lambda: serve.samples("pagetide_container_usage_bytes", container=box.id[:12]), "only its id is known")
    box.go("begin")
    podman.serve(place_for(t, Path("/run/podman/podman.sock")))
    row, = rows("container", "--container", name, "--standalone")
    t.equal((row["container"], row["runtime"]), (name, "podman"), "one that reads once has its name")
    wait_until(lambda: serve.samples("pagetide_container_usage_bytes", container=name), "serve has its name", 70)
    books_are_right(t, serve, box)
    wait_until(lambda: rows("container", "--container", pod_name, "--socket", serve.socket), "the pod has its name", 70)
    no_series_twice(serve.get("/metrics")[2])
    t.equal(serve.samples("pagetide_container_usage_bytes", container=box.id[:12]), [], "rows of its id")


class Deaf(threading.Thread):
    """A daemon that takes what comes, and never answers."""

    def __init__(self, t, path):
        super().__init__(daemon=True)
        self.socket, self.peers = socket.socket(socket.AF_UNIX), []
        self.socket.bind(str(path))
        self.socket.listen()
        self.start()
        t.undo.append(self.close)

    def run(self):
        try:
            while True:
                self.peers.append(self.socket.accept()[0])
        except OSError:
            pass  # closed

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.join(10)
        for peer in [self.socket, *self.peers]:
            peer.close()


@test("a daemon that hangs delays no reading, no warning and no end")
def hanging(t):
    deaf = Deaf(t, place_for(t, Path("/run/docker.sock")))
    memory = V1_MEMORY if V1_MEMORY.is_dir() else Path("/sys/fs/cgroup")
    above = memory / f"pagetide-test-{os.getpid()}" / "docker"
    ids = [f"{number:064x}" for number in range(3)]
    for folder in (above.parent, above, *(above / number for number in ids)):
        folder.mkdir()
        t.undo.append(lambda folder=folder: remove_cgroup(folder))
    serve = Serve(t, interval=0.1)
    wait_until(lambda: deaf.peers, "it is asked")
    times, mount = set(), t.tmpfs("8M")
    wait_until(lambda: times.add(serve.value("pagetide_reading_timestamp_seconds")) or len(times) > 30, "thirty readings", 30)
    times = sorted(times)
    longest = max(later - earlier for earlier, later in zip(times, times[1:]))
    t.equal(longest < 0.5, True, f"{longest:.3f} s between two readings")
    t.equal(all(peer.fileno() >= 0 for peer in deaf.peers) and len(deaf.peers) <= 2, True, f"asked {len(deaf.peers)} times")
    began = time.monotonic()
    Path(mount, "fill").write_bytes(bytes(7 * MIB))
    wait_until(lambda: f"tmpfs {mount} is" in serve.process.error_text(), "the warning")
    t.equal(time.monotonic() - began < 1, True, "a warning in time")
    began = time.monotonic()
    done = pagetide("snapshot", "--json", "--by", "cgroup", "--standalone")
    t.equal((done.status, 0.9 < time.monotonic() - began < 5), (0, True), "a snapshot waits for a second, not longer")
    os.kill(serve.process.pid, signal.SIGTERM)
    end_is(t, serve.process.child, 0, 2)


def account(t):
    """A user who is thrown away, with a home and ids of its own."""
    if not Path("/sys/fs/cgroup/memory").is_dir():
        raise Skip("where root gives it a cgroup: on cgroup v1 only, v2 takes systemd for that")
    tool("newuidmap")
    name, home = f"pagetide{os.getpid()}", tempfile.mkdtemp(prefix="pagetide-home-", dir="/var/tmp")
    t.undo.append(lambda: shutil.rmtree(home, ignore_errors=True))
    done = subprocess.run([tool("useradd"), "-d", home, "-s", "/bin/sh", name], capture_output=True, text=True)
    if done.returncode:
        raise Skip(f"useradd: {done.stderr}")
    t.undo.append(lambda: subprocess.run(["userdel", name], check=True, capture_output=True))
    user = pwd.getpwnam(name)
    os.chown(home, user.pw_uid, user.pw_gid)
    return user


@test("podman without root: its name is in a home, its cgroup below its user's")
def rootless(t):
    user = account(t)
    podman, serve = Podman(t, "runc", user), Serve(t)
    name = f"pagetide-test-{os.getpid()}"
    box = podman.start(name, f"echo up; {WAIT % 'go'}; {B} dd if=/dev/zero of=/dev/shm/f bs=1M count=8 2>/dev/null; {SLEEP}")
    wait_until(lambda: box.said("up"), "it is up")
    # v1 has no cgroup for it: it gets the one that systemd makes on v2
    parts = f"user.slice/user-{user.pw_uid}.slice/user@{user.pw_uid}.service/user.slice/libpod-{box.id}.scope/container"
    folder = V1_MEMORY
    for part in parts.split("/"):
        folder = folder / part
        if not folder.exists():
            folder.mkdir()
            t.undo.append(lambda folder=folder: remove_cgroup(folder))
    t.undo.append(box.delete)
    (folder / "cgroup.procs").write_text(str(box.pid()))
    box.go()
    own = {"container": name, "mount": "/dev/shm"}
    wait_until(lambda: serve.value("pagetide_tmpfs_owned_bytes", **own) == 8 * MIB, "8 MiB are its own")
    wait_until(lambda: serve.value("pagetide_tmpfs_used_bytes", **own) == 8 * MIB, "its mount is used")
    t.equal(serve.value("pagetide_tmpfs_limit_bytes", **own), SHM_BYTES, "the mount's limit")
    t.equal(serve.value("pagetide_container_info", container=name, runtime="podman"), 1, "its runtime")
    t.equal(serve.value("pagetide_container_memory_bytes", container=name, kind="shmem") >= 8 * MIB, True, "charged to it")


if __name__ == "__main__":
    main()
