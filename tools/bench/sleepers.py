# SPDX-License-Identifier: GPL-2.0-only
"""Many processes that sleep, by pageops; gone when the block ends."""

import json
import subprocess

from machine import BenchError, stop


class Sleepers:
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
        if self.process.poll() is None:
            self.process.stdin.close()  # the parent ends, and its children with it
            self.process.wait(60)
        self.process.stdin = None
        stop(self.process)
