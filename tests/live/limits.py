"""What the tests of limits share."""

import os

from tap import Failure

MIB = 1 << 20
LIMITS = "warning,enospc,sigbus,oom"


def ready(t, *arguments):
    """A trace that has told of one fill already: what comes from now on is seen."""
    traced = t.trace("--events", LIMITS, *arguments)
    mount = t.tmpfs("1M")
    for number in range(100):
        with open(os.path.join(mount, f"f{number}"), "wb") as out:
            out.write(b"x" * (1000 * 1024))
        try:
            traced.wait_for(lambda e: e.get("target") == mount, "the first warning", timeout=0.3)
            return traced
        except Failure:
            os.unlink(os.path.join(mount, f"f{number}"))
            if traced.ended:
                raise
    raise Failure("no warning within 30 s")
