# SPDX-License-Identifier: GPL-2.0-only
"""Many processes that sleep; gone when the block ends."""

import json
import subprocess

from machine import BenchError, Worker, stop


class Sleepers:
    """Each is `sleep infinity`, an ordinary small program."""

    def __init__(self, machine, count):
        self.machine, self.count = machine, count

    def __enter__(self):
        self.worker = Worker(self.machine, self.machine.compile("work", static=True))
        self.worker.run("sleepers", count=self.count)
        return self

    def __exit__(self, *_):
        stop(self.worker.process)  # they die with their parent


class Forks:
    """Forks of pageops: statically linked, the smallest processes that there are."""

    def __init__(self, machine, count):
        self.machine, self.count = machine, count

    def __enter__(self):
        self.process = self.machine.start([self.machine.pageops, "spawn", "--count", str(self.count)],
                                          stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for line in self.process.stdout:
            if "count" in json.loads(line.decode(errors="replace")):
                return self
        raise BenchError(f"{self.count} sleeping processes could not be made")

    def __exit__(self, *_):
        stop(self.process)
