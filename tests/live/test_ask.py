"""Commands that ask a running serve: explain, and a serve that does not answer."""

import json
import os
import signal
import subprocess
import sys

sys.dont_write_bytecode = True
from books import Batch  # noqa: E402
from commands import one_line, pagetide, wait_until  # noqa: E402
from harness import Failure, dev_of, main  # noqa: E402
from serving import Serve  # noqa: E402
from tap import test  # noqa: E402
from views import Snapshot, owners  # noqa: E402

MIB = 1 << 20
PAGE = 4096
SEEDS = (1, 2)


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


def first_reading(t, serve, *words):
    """Of a top that has seen nothing happen."""
    done = pagetide("top", "--json", "--count", "1", "--socket", serve.socket, *words)
    t.equal((done.status, done.errors), (0, ""), f"top {words}: {done}")
    return Snapshot(json.loads(done.out))


@test("top begins with the owners that a running serve knows")
def top_adopts(t):
    serve = Serve(t)
    mount, disk = t.tmpfs("16M"), t.disk()
    first, second = t.worker(mount), t.worker(mount)
    for folder in (mount, disk):
        first.do(f"write path={folder}/alone len=1200K")
        first.do(f"write path={folder}/both len=240K")
        second.do(f"write path={folder}/both off=240K len=80K")
    first.close()

    def owned(snapshot, folder, name):
        row = snapshot.file(dev_of(folder), os.stat(f"{folder}/{name}").st_ino)
        return (row["path"], owners(row)) if row else None

    snapshot, alone = first_reading(t, serve), first_reading(t, serve, "--standalone")
    for folder in (mount, disk):
        t.equal(owned(snapshot, folder, "alone"), (f"{folder}/alone", {first.pid: 300 * PAGE}), "one owner, who has exited")
        t.equal(owned(snapshot, folder, "both"), (f"{folder}/both", {first.pid: 60 * PAGE, second.pid: 20 * PAGE}), "two")
    t.equal(owned(alone, mount, "alone"), (f"{mount}/alone", {}), "standalone, it is nobody's")
    t.equal(owned(alone, disk, "alone"), None, "and the cache from before is not listed")
    gone = snapshot.process(first.pid)
    # a machine that reclaims what is cold has it read its own program from the disk
    cache = sum(owners(row).get(first.pid, 0) for row in snapshot.files(kind="file"))
    t.equal((gone["exited"], gone["tmpfs_bytes"], gone["cache_bytes"]), (True, 360 * PAGE, cache), "its process")


@test("trace tells of what goes whose it was, from a running serve")
def trace_adopts(t):
    serve = Serve(t)
    mount = t.tmpfs("16M")
    writer = t.worker(mount)
    writer.do("write path=file len=1200K")
    trace = t.trace("--interval", "0.2", "--events", "tmpfs", "--socket", serve.socket)
    for attempt in range(30):  # it says nothing before the first event
        writer.do(f"write path=ready{attempt} len=4K")
        try:
            trace.wait_for(lambda e: e["path"] == f"{mount}/ready{attempt}", "a page", timeout=1)
            break
        except Failure:
            if trace.ended:
                raise
    writer.do("truncate path=file len=400K")
    event = trace.wait_for(lambda e: e["path"] == f"{mount}/file", "what went")
    t.equal((event["pid"], event["removed_bytes"], event["added_bytes"]), (writer.pid, 800 << 10, 0), f"{event}")


def adopted_case(seed):
    def case(t):
        serve, mount = Serve(t), t.tmpfs("64M")
        helper = t.helper("fuzz", "--seed", seed, "--dir", mount, "--disk", t.disk(), "--ops", "200", "--batch", "40",
                          "--workers", "4", "--files", "16")
        done = 0
        while done < 200:
            batch = Batch(helper)
            done = batch.truth["ops_done"]
            said = []

            def agree():
                said[:] = [batch.complaints(first_reading(t, serve))]
                return not said[0]

            try:
                wait_until(agree, "a first reading that has the truth", 20)
            except Failure as failure:
                log = "\n".join(f"  {line}" for line in batch.log)
                raise Failure(f"seed {seed}, batch {batch.truth['batch']}: {failure}; {said[0]}\nthe batch:\n{log}") from None
            helper.next()
        helper.end()

    return case


for number in SEEDS:
    test(f"whatever happened before, top begins with it: seed {number}")(adopted_case(number))


if __name__ == "__main__":
    main()
