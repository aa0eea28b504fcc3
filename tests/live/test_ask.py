"""Commands that ask a running serve: explain, and a serve that does not answer."""

import json
import os
import signal
import subprocess
import sys

sys.dont_write_bytecode = True
from commands import one_line, pagetide, wait_until  # noqa: E402
from harness import main  # noqa: E402
from serving import Serve  # noqa: E402
from tap import test  # noqa: E402

MIB = 1 << 20


def explain(t, serve, *words):
    done = pagetide("explain", "--json", "--socket", serve.socket, *words)
    t.equal((done.status, done.errors), (0, ""), f"explain {words}: {done}")
    return json.loads(done.out)


@test("explain asks a running serve, which has watched already")
def asked(t):
    serve = Serve(t)
    folder = t.tmpfs("16M")
    writer = subprocess.Popen(["dd", "if=/dev/zero", f"of={folder}/fill", "bs=1M", "count=16"], stderr=subprocess.DEVNULL)
    writer.wait()

    def from_serve():  # before it has watched for 6 seconds, explain does so itself, for 6.0 seconds
        found = explain(t, serve)
        return found if found["watched_seconds"] > 6 else None

    found = wait_until(from_serve, "an answer of one that watched for longer", 30)
    row = next(row for row in found["findings"] if row["kind"] == "tmpfs_full" and row["target"] == folder)
    t.equal(row["evidence"]["used_bytes"], 16 * MIB, "the evidence")
    t.equal(str(writer.pid) in row["text"] + row["advice"], True, f"who filled it before explain began: {row}")
    text = pagetide("explain", "--socket", serve.socket).out.decode()
    t.equal(text.startswith("1. ") and "not seen:" in text, True, f"as text: {text}")


@test("one that has not watched for so long is not asked to explain")
def too_early(t):
    serve = Serve(t, interval=3600)
    t.equal(explain(t, serve, "--duration", "1")["watched_seconds"], 1, "its own watch")
    t.equal(explain(t, serve, "--standalone", "--duration", "1")["watched_seconds"], 1, "standalone")


@test("one that does not answer is told in a line, and is done without")
def silent(t):
    serve = Serve(t, interval=3600)
    os.kill(serve.process.pid, signal.SIGSTOP)
    try:
        done = pagetide("snapshot", "--json", "--by", "system", "--socket", serve.socket)
    finally:
        os.kill(serve.process.pid, signal.SIGCONT)
    t.equal((done.status, json.loads(done.out)["tracing"]), (0, False), f"its own reading: {done}")
    one_line(t, done, serve.socket, "does not answer")
    t.equal(json.loads(pagetide("snapshot", "--json", "--by", "system", "--socket", serve.socket).out)["tracing"], True,
            "it goes on when it is let")


if __name__ == "__main__":
    main()
