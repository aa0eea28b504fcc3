"""A `pagetide serve` of our own, and its pages."""

import re
import socket
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

from children import PAGETIDE, TIER, Process
from commands import complaints, wait_until
from containers import tool
from tap import Failure, Skip

SAMPLE = re.compile(r'^([a-z_]+)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\]|\\.)*)"')


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Serve:
    def __init__(self, t, *options, env=None, interval=0.2, local=True, wrap=()):
        self.port = free_port()
        self.socket = str(Path(t.temp(), f"socket-{self.port}"))
        words = [*wrap, PAGETIDE, "serve", "--listen", f"127.0.0.1:{self.port}",
                 *(("--socket", self.socket) if local else ()),
                 *(("--interval", interval) if interval else ()), *TIER, *options]
        self.process = t.start(Process(["env", *(f"{k}={v}" for k, v in (env or {}).items()), *map(str, words)]))
        wait_until(self.is_up, "serve answers", 30)

    def is_up(self):
        if self.process.child.poll() == 77:
            raise Skip(self.process.error_text())
        if self.process.child.poll() is not None:
            raise Failure(f"serve ended: {self.process.error_text()}")
        try:
            return self.get("/healthz")[0] == 200
        except OSError:
            return False

    def lines(self):
        return complaints(self.process.error_text())

    def get(self, path, **headers):
        """(status, content type, body)"""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.headers["Content-Type"], answer.read().decode("utf-8")
        except urllib.error.HTTPError as error:
            return error.code, error.headers["Content-Type"], error.read().decode("utf-8")

    def headers(self, path):
        """(headers, body) of what is there"""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
            return answer.headers, answer.read().decode("utf-8")

    def samples(self, name, **labels):
        """[(labels, value)] of one metric whose labels include these."""
        found = []
        for line in self.get("/metrics")[2].splitlines():
            match = None if line.startswith("#") else SAMPLE.match(line)
            if match and match[1] == name:
                has = dict(LABEL.findall(match[2] or ""))
                if labels.items() <= has.items():
                    found.append((has, float(match[3])))
        return found

    def value(self, name, **labels):
        """The one sample of that name and labels; nothing if there is none."""
        found = self.samples(name, **labels)
        if len(found) > 1:
            raise Failure(f"{name} {labels}: {found}")
        return found[0][1] if found else None


def send_each(port, requests):
    """A connection for each, left open, on which it was sent."""
    peers = []
    for request in requests:
        peer = socket.create_connection(("127.0.0.1", port))
        peer.settimeout(10)
        peers.append(peer)
        try:
            peer.sendall(request)
        except OSError:
            pass  # it hung up on us: so be it
    return peers


def no_series_twice(page):
    lines = [line.rpartition(" ")[0] for line in page.splitlines() if not line.startswith("#")]
    twice = sorted({line for line in lines if lines.count(line) > 1})
    if twice:
        raise Failure(f"series that are there twice: {twice}")


def promtool(page):
    done = subprocess.run([tool("promtool"), "check", "metrics"], input=page.encode(), capture_output=True)
    if done.returncode or done.stderr:
        raise Failure(f"promtool: {done.stdout!r} {done.stderr!r}")


def capabilities(pid):
    """{effective, bounding} of a process as numbers."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {line.split(":")[0]: int(line.split()[1], 16) for line in lines if line.startswith("Cap")}
