"""What the tests of limits share."""

import errno
import os

from harness import V1_MEMORY
from tap import Failure

MIB = 1 << 20
LIMITS = "warning,enospc,sigbus,oom"


def version():
    """Of the memory controller of this machine."""
    return 1 if (V1_MEMORY / "memory.usage_in_bytes").exists() else 2


def limited(t, size, parent=None):
    """A cgroup with a limit on its memory; below another where one is given."""
    if parent is None:
        path = t.cgroup(version())
    else:
        path = parent / "inner"
        if version() == 2:
            (parent / "cgroup.subtree_control").write_text("+memory")
        path.mkdir()
        t.undo.append(lambda: path.rmdir() if path.exists() else None)
    limit(path, size)
    return path


def limit(path, size):
    (path / ("memory.limit_in_bytes" if version() == 1 else "memory.max")).write_text(str(size))


def ready(t, *arguments):
    """A trace that has told of one fill already: what comes from now on is seen."""
    traced = t.trace("--events", LIMITS, *arguments)
    mount = t.tmpfs("1M")
    for number in range(100):
        try:
            with open(os.path.join(mount, f"f{number}"), "wb") as out:
                out.write(b"x" * (1000 * 1024))
        except OSError as error:  # the one before is still looked at: its pages go with the last who holds it
            if error.errno != errno.ENOSPC:
                raise
        try:
            traced.wait_for(lambda e: e.get("target") == mount, "the first warning", timeout=0.3)
            return traced
        except Failure:
            os.unlink(os.path.join(mount, f"f{number}"))
            if traced.ended:
                raise
    raise Failure("no warning within 30 s")
