"""A log of our own where the system's is: datagram sockets in folders that a mount namespace puts over /run and /dev."""

import os
import select
import shlex
import socket
import stat
import time
from pathlib import Path

from tap import Failure

PLACES = {"journal": "run/systemd/journal/socket", "syslog": "dev/log"}


class SystemLog:
    """What is run with `wrap` before it finds this log, and none of the machine's; kind None: it finds none."""

    def __init__(self, t, kind="journal"):
        self.folder = Path(t.temp(), "log")
        for place in PLACES.values():
            (self.folder / place).parent.mkdir(parents=True)
        os.mknod(self.folder / "dev/null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
        over = "".join(f"mount --bind {shlex.quote(str(self.folder / name))} /{name} && " for name in ("run", "dev"))
        self.wrap = ["unshare", "-m", "sh", "-c", over + 'exec "$@"', "sh"]
        self.path = self.socket = None
        if kind:
            self.listen(kind)
        t.undo.append(self.close)

    def listen(self, kind="journal"):
        self.path = self.folder / PLACES[kind]
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(self.path))

    def close(self):
        if self.socket:
            self.socket.close()
            self.path.unlink()
        self.socket = None

    def read(self, word, seconds=10):
        """The first message with this word in it; those before it are thrown away."""
        deadline = time.monotonic() + seconds
        while select.select([self.socket], [], [], max(0, deadline - time.monotonic()))[0]:
            message = self.socket.recv(1 << 16).decode("utf-8")
            if word in message:
                return message
        raise Failure(f"no message with {word!r} in it within {seconds} s")

    def fill(self):
        """Until it takes nothing any more; returns how many messages that were."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            sender.connect(str(self.path))
            count = 0
            while True:
                try:
                    sender.send(b"fills the queue")
                except BlockingIOError:
                    return count
                count += 1

    def drain(self):
        self.socket.setblocking(False)
        try:
            while True:
                self.socket.recv(1 << 16)
        except BlockingIOError:
            self.socket.setblocking(True)
