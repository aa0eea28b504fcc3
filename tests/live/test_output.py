"""Where the output goes, and what it may not need for that: links, modes, a small stack."""

import sys

sys.dont_write_bytecode = True
from commands import is_allowed, pagetide  # noqa: E402
from harness import main  # noqa: E402
from tap import test  # noqa: E402


@test("output: a stack of 64 KiB is enough")
def small_stack(t):
    for words in (["snapshot"], ["snapshot", "--standalone"], ["snapshot", "--json", "--standalone"],
                  ["top", "--count", "1"], ["explain", "--duration", "0.1"], ["run", "--", "true"],
                  ["trace", "--duration", "0.1"], ["probes"]):
        done = is_allowed(pagetide(*words, wrap=["prlimit", "--stack=65536"]))
        t.equal(done.status, 0, f"exit status of {words}: {done}")


if __name__ == "__main__":
    main()
