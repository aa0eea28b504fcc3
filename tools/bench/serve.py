# SPDX-License-Identifier: GPL-2.0-only
"""What a scrape of `pagetide serve` costs with 1,000 containers and 5,000 processes, beside process-exporter."""

import hashlib
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request

from footprint import cpu_ns
from machine import BenchError, read_text, stop
from sleepers import Sleepers
from table import Section, Spread

CONTAINERS, PROCESSES = 1000, 5000
GOAL_MS, GOAL_MIB = 20, 2
START_SECONDS = 120
PEER = "prometheus-process-exporter"
PAGES = [("/metrics", "text/plain"), ("/metrics", "application/openmetrics-text"), ("/api/snapshot", "application/json")]


class Containers:
    """Memory cgroups with docker's names, the processes shared out among them; gone when the block ends."""

    def __init__(self, count, pids):
        base = "/sys/fs/cgroup/memory" if os.path.isdir("/sys/fs/cgroup/memory") else "/sys/fs/cgroup"
        self.top = os.path.join(base, f"pagetide-bench-{os.getpid()}")
        self.count, self.pids, self.folders = count, pids, []

    def __enter__(self):
        os.makedirs(os.path.join(self.top, "docker"))
        for number in range(self.count):
            folder = os.path.join(self.top, "docker", hashlib.sha256(str(number).encode()).hexdigest())
            os.mkdir(folder)
            self.folders.append(folder)
            for pid in self.pids[number::self.count]:
                with open(os.path.join(folder, "cgroup.procs"), "w", encoding="ascii") as procs:
                    procs.write(str(pid))
        return self

    def __exit__(self, *_):
        home = os.path.dirname(self.top)
        for pid in self.pids:
            try:
                with open(os.path.join(home, "cgroup.procs"), "w", encoding="ascii") as procs:
                    procs.write(str(pid))
            except ProcessLookupError:
                pass  # it has ended, as they all do
        for folder in [*self.folders, os.path.join(self.top, "docker"), self.top]:
            os.rmdir(folder)


def children(pid):
    return [int(word) for word in read_text(f"/proc/{pid}/task/{pid}/children").split()]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def fetch(port, path, accept):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Accept": accept})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.read()


def wait_for(process, port, name):
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            raise BenchError(f"{name} ended: {process.stderr.read().decode(errors='replace').strip()[-300:]}")
        try:
            return fetch(port, "/metrics", "text/plain")
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise BenchError(f"{name} did not answer in {START_SECONDS} s")


def cost(machine, process, port, path, accept):
    """Milliseconds of the processor, MiB."""
    spent, size = [], 0
    for _ in machine.turns(20, 5, 60):
        before = cpu_ns(process.pid)
        size = len(fetch(port, path, accept))
        spent.append((cpu_ns(process.pid) - before) / 1e6)
    return Spread(spent), size / (1 << 20)


def of_serve(machine, section, peer):
    port = free_port()
    process = machine.start([machine.pagetide, "serve", "--listen", f"127.0.0.1:{port}", "--interval", "3600",
                             "--socket", os.path.join(machine.build, f"socket-{os.getpid()}")],
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    page = wait_for(process, port, "serve").decode()
    seen = sum(line.startswith("pagetide_container_usage_bytes{") for line in page.splitlines())
    for path, accept in PAGES:
        spent, size = cost(machine, process, port, path, accept)
        scrape = path == "/metrics"
        section.add(f"{path}, {accept.split('/')[1]}", spent.text("ms"), peer if accept == "text/plain" else "",
                    f"{GOAL_MS} ms" if scrape else "", met=spent.middle <= GOAL_MS if scrape else None)
        section.add("  its size", f"{size:.2f} MiB", "", f"{GOAL_MIB} MiB" if scrape else "",
                    met=size <= GOAL_MIB if scrape else None)
    stop(process)
    section.note(f"a scrape: the processor's time of all of serve's threads; {seen} containers had a row of their own, "
                 f"{page.count(chr(10))} lines")


def of_peer(machine):
    """Its scrape, as a cell."""
    if not shutil.which(PEER):
        return "not installed"
    port, config = free_port(), os.path.join(machine.build, "process-exporter.yml")
    with open(config, "w", encoding="ascii") as file:
        file.write("process_names:\n  - name: \"{{.Comm}}\"\n    cmdline: [\".+\"]\n")
    process = machine.start([PEER, "-config.path", config, "-web.listen-address", f"127.0.0.1:{port}"],
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    wait_for(process, port, PEER)
    spent, _ = cost(machine, process, port, "/metrics", "text/plain")
    stop(process)
    return spent.text("ms")


def run(machine):
    section = Section(f"A scrape with {CONTAINERS} containers and {PROCESSES} processes (peer: process-exporter)")
    with Sleepers(machine, PROCESSES) as sleepers:
        with Containers(CONTAINERS, children(sleepers.worker.process.pid)):
            of_serve(machine, section, of_peer(machine))
    return section
