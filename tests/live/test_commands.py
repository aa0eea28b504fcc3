"""The commands as people call them: what they refuse and how, what they leave behind, what they print."""

import csv
import io
import json
import os
import resource
import select
import shutil
import signal
import subprocess
from pathlib import Path

from children import PAGETIDE, START_SECONDS, Pagetide, die_with_parent
from commands import (
    Failure, end_is, held_objects, ignoring, is_allowed, is_printable, lines, none_left, one_line, pagetide, pinned, start,
    wait_until)
from harness import main
from tap import Skip, test

VIEWS = ("process", "container", "cgroup", "mount", "file", "system")
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all"]


@test("commands: root on a kernel with BTF can trace: nothing here is skipped for that")
def can_trace(t):
    if not os.path.exists("/sys/kernel/btf/vmlinux"):
        raise Skip("this kernel has no BTF")
    done = pagetide("top", "--json", "--count", "1")
    t.equal(done.status, 0, f"exit status of top: {done}")
    t.equal(json.loads(done.out)["tracing"], True, "tracing")


# ---- bad usage ----

BAD = [  # words, what the line must name
    ([], "no command"), (["frobnicate"], "frobnicate"), (["snapshto"], "snapshot"), (["snapshot", "--jsn"], "--json"),
    (["snapshot", "--by", "colour"], "colour"), (["top", "--interval", "0"], "--interval"),
    (["top", "--interval", "nan"], "nan"), (["top", "--count", "-1"], "-1"), (["trace", "--min-bytes", "5Q"], "5Q"),
    (["trace", "--min-bytes", "-1"], "-1"), (["trace", "--min-bytes", "99999999999999999999"], "999"),
    (["trace", "--events", "mmap,warp"], "warp"), (["run"], "command"), (["run", "--"], "command"),
    (["run", "--duration", "1", "--", "true"], "--duration"), (["snapshot", "--pid", "0"], "--pid"),
    (["snapshot", "--pid", "x"], "x"), (["snapshot", "--sort", "beauty"], "beauty"), (["snapshot", "-o"], "-o"),
    (["snapshot", "--json", "--csv"], "--json"), (["probes", "--tier", "magic"], "magic"),
    (["snapshot", "--by\x1b[2J\n"], "\\x1b"), (["snapshot", "extra"], "extra"), (["top", "--", "true"], "--"),
]


@test("commands: bad usage is one line and status 2")
def bad_usage(t):
    for words, named in BAD:
        done = pagetide(*words)
        t.equal((done.status, done.out), (2, b""), f"exit status and output of {words}: {done}")
        one_line(t, done)
        if words and named not in done.errors and named.lstrip("-") not in done.errors:
            raise Failure(f"{words}: {named!r} is not in {done.errors!r}")


@test("commands: a pid that does not exist")
def no_such_pid(t):
    child = subprocess.Popen(["true"])
    child.wait()  # its number is free now, and not used again so soon
    for words in (["snapshot"], ["top"], ["trace"]):
        done = pagetide(*words, "--pid", child.pid)
        t.equal(done.status, 1, f"exit status of {words}")
        one_line(t, done, str(child.pid))


@test("commands: help and version")
def help_and_version(t):
    for words in (["--help"], ["--version"], *[[c, "--help"] for c in ("top", "snapshot", "trace", "run", "probes")]):
        done = pagetide(*words)
        t.equal((done.status, done.errors), (0, ""), f"exit status and errors of {words}")
        t.equal(max(map(len, done.out.decode().splitlines())) <= 80, True, f"80 columns of {words}")


# ---- no rights ----

@test("commands: without rights it is 77 and one line, and no command is run")
def no_rights(t):
    folder = Path(t.temp())
    folder.chmod(0o777)
    binary = shutil.copy(PAGETIDE, folder / "pagetide")
    mark = folder / "mark"
    for words in (["run", "--", "touch", str(mark)], ["trace", "--", "touch", str(mark)], ["trace", "--count", "1"],
                  ["top", "--count", "1"], ["run", "-o", str(folder / "report"), "--", "touch", str(mark)]):
        done = subprocess.run([*NOBODY, str(binary), *words], capture_output=True, timeout=60, cwd=folder)
        if done.returncode == 127:
            raise Skip("no setpriv")
        text = done.stderr.decode()
        t.equal((done.returncode, done.stdout), (77, b""), f"exit status and output of {words}: {text}")
        t.equal((text.startswith("pagetide: "), text.count("\n")), (True, 1), f"one line: {text!r}")
        t.equal("root" in text, True, f"what to do: {text!r}")
    t.equal(mark.exists(), False, "the command ran")
    t.equal(sorted(os.listdir(folder)), ["pagetide"], "files left behind")


@test("commands: a snapshot without rights has what /proc tells, and says so")
def snapshot_without_rights(t):
    Path(t.temp()).chmod(0o755)
    binary = shutil.copy(PAGETIDE, Path(t.temp(), "pagetide"))
    done = subprocess.run([*NOBODY, str(binary), "snapshot", "--json"], capture_output=True, timeout=60)
    text = done.stderr.decode()
    t.equal((done.returncode, text.count("\n")), (0, 1), f"exit status and lines: {text!r}")
    shown = json.loads(done.stdout)
    row = next(row for row in shown["processes"] if row["pid"] == 1)
    status = Path("/proc/1/status").read_text()
    t.equal(str(row["anon_bytes"] // 1024) in status, True, f"anon_bytes of init: {row}")
    t.equal("cache_bytes" in row, False, "what is not known is not shown")


# ---- output that cannot be written ----

def every_format():
    for words in (["snapshot"], ["snapshot", "--json"], ["snapshot", "--csv", "--by", "process"],
                  ["top", "--count", "2", "--interval", "0.05"], ["probes"], ["top", "--json", "--count", "2"]):
        yield words


@test("commands: a full disk is one line and status 1")
def full_disk(t):
    for words in every_format():
        with open("/dev/full", "wb") as full:
            done = subprocess.run([PAGETIDE, *words], stdout=full, stderr=subprocess.PIPE, timeout=60)
        text = done.stderr.decode()
        if done.returncode == 77:
            raise Skip(text)
        t.equal(done.returncode, 1, f"exit status of {words}: {text}")
        t.equal(text.count("\n"), 1, f"one line of {words}: {text!r}")
        t.equal("No space left on device" in text, True, f"{words}: {text!r}")


@test("commands: an output that its size limit ends is one line, no file, and status 1 or the command's")
def size_limit(t):
    limited = ["prlimit", "--fsize=512"]
    for words in every_format():
        done = is_allowed(pagetide(*words, "-o", f"{t.temp()}/out", wrap=limited))
        t.equal(done.status, 1, f"exit status of {words}: {done}")
        one_line(t, done, "File too large")
    own = subprocess.run([*limited, "grep", "Sig", "/proc/self/status"], stdout=subprocess.PIPE, check=False,
                         preexec_fn=die_with_parent).stdout
    done = pagetide("run", "--json", "-o", f"{t.temp()}/out", "--", "grep", "Sig", "/proc/self/status", wrap=limited)
    one_line(t, done, "File too large")
    t.equal((done.status, done.out), (0, own), f"exit status and signals of the command of run: {done}")
    t.equal(os.listdir(t.temp()), [], "files left behind")


@test("commands: -o on a full tmpfs leaves no file")
def full_tmpfs(t):
    mount = t.tmpfs(size="16K")
    Path(mount, "old").write_bytes(bytes(16 << 10))
    for words in every_format():
        done = is_allowed(pagetide(*words, "-o", f"{mount}/out"))
        t.equal(done.status, 1, f"exit status of {words}: {done}")
        one_line(t, done, "No space left on device")
        t.equal(os.listdir(mount), ["old"], f"files after {words}")
    done = is_allowed(pagetide("trace", "--json", "-o", f"{mount}/out", "--events", "exec,exit", "--", "true"))
    one_line(t, done, "No space left on device")
    t.equal(os.listdir(mount), ["old"], "files after trace")


def output_bytes(child, folder):
    """Bytes in the output that the child has open there, which has no name yet; -1: it has none open."""
    try:
        for entry in os.scandir(f"/proc/{child.pid}/fd"):
            if os.readlink(entry.path).startswith(folder + "/"):
                return os.stat(entry.path).st_size
    except OSError:
        pass  # closed, or the child has ended
    return -1


@test("commands: -o is whole, and an existing file stays until then")
def whole_output(t):
    out = Path(t.temp(), "out")
    for words in every_format():
        out.write_text("old")
        done = is_allowed(pagetide(*words, "-o", out))
        t.equal((done.status, done.out, done.errors), (0, b"", ""), f"exit status and output of {words}")
        t.equal(out.read_text(encoding="utf-8").endswith("\n"), True, f"the file of {words}")
        t.equal(os.listdir(t.temp()), ["out"], f"files after {words}")
    out.write_text("old")
    child = start("top", "--json", "--interval", "0.05", "-o", out)
    t.undo.append(child.kill)
    wait_until(lambda: output_bytes(child, t.temp()) > 0, "the file that becomes the output")
    t.equal(out.read_text(), "old", "the file while it is written")
    child.send_signal(signal.SIGTERM)
    end_is(t, child, 0)
    t.equal(json.loads(out.read_text().splitlines()[0])["tracing"], True, "the file after the end")


@test("commands: a signal while it starts leaves no partial file")
def early_signal(t):
    for words in (["top", "--json"], ["trace", "--json"], ["run", "--json"]):
        for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            child = start(*words, "-o", Path(t.temp(), "out"), *(["--", "true"] if words[0] == "run" else []))
            t.undo.append(child.kill)
            wait_until(lambda: output_bytes(child, t.temp()) >= 0 or child.poll() is not None, "a file")
            child.send_signal(sig)
            child.communicate(timeout=30)
            left = [name for name in os.listdir(t.temp()) if name != "out"]
            t.equal(left, [], f"files after {sig.name} to {words[0]}, exit status {child.returncode}")
            for name in os.listdir(t.temp()):
                json.loads(Path(t.temp(), name).read_text(encoding="utf-8").splitlines()[0])
                os.unlink(Path(t.temp(), name))


@test("commands: under nohup a hangup ends nothing, and SIGTERM does")
def nohup(t):
    exits = subprocess.Popen(["/bin/sh", "-c", "while :; do /bin/true; done"], preexec_fn=die_with_parent)
    t.undo.append(exits.kill)
    for words in (["top", "--json", "--interval", "0.05"], ["trace", "--json", "--interval", "0.05", "--events", "exit"]):
        child = start(*words, wrap=ignoring(signal.SIGHUP))
        t.undo.append(child.kill)
        t.equal(bool(child.stdout.readline()), True, f"a line of {words[0]}")
        child.send_signal(signal.SIGHUP)
        for _ in range(3):  # one may have been under way
            t.equal(bool(child.stdout.readline()), True, f"a line of {words[0]} after the hangup")
        child.send_signal(signal.SIGTERM)
        child.stdout.read()
        end_is(t, child, 0)


@test("commands: a reader that goes ends it, without a word")
def closed_pipe(t):
    for words in (["snapshot"], ["snapshot", "--json"], ["top", "--json", "--interval", "0.05"],
                  ["top", "--interval", "0.05"], ["trace", "--json", "--interval", "0.05"]):
        child = start(*words)
        t.undo.append(child.kill)
        if words[0] == "trace":  # something happens until it is told
            wait_until(lambda: select_any(child), "an event", 30)
        first = child.stdout.readline()
        if child.poll() == 77:
            raise Skip(child.stderr.read().decode())
        child.stdout.close()
        noise(t, child)
        t.equal(bool(first), True, f"a first line of {words}")
        t.equal(child.stderr.read().decode(), "", f"words of {words}")


def noise(t, child):
    """Events to print until it notices that nobody reads."""
    wait_until(lambda: subprocess.run(["true"]) and child.poll() is not None, "it ends when nobody reads", 20)
    t.equal(child.returncode in (0, 1, 128 + signal.SIGPIPE), True, f"exit status {child.returncode}")


# ---- ends ----

def end_case(words, sig):
    def case(t):
        before = pinned()
        child = start(*words)
        t.undo.append(child.kill)
        # it traces when the program that counts pages in is among what it holds
        wait_until(lambda: child.poll() is not None or select_any(child), "its first output", 30)
        if child.poll() == 77:
            raise Skip(child.stderr.read().decode())
        held = held_objects(child.pid)
        t.equal(pinned() - before, set(), "pinned objects while it runs")
        child.send_signal(sig)
        child.communicate(timeout=20)
        if sig != signal.SIGKILL:
            t.equal(child.returncode in (0, 128 + sig), True, f"exit status {child.returncode}")
        none_left(held)
        t.equal(pinned() - before, set(), "pinned objects")

    return case


def select_any(child):
    subprocess.run(["true"])  # an event for trace
    return select.select([child.stdout], [], [], 0.05)[0]


for command in (["top", "--json", "--interval", "0.1"], ["trace", "--json", "--interval", "0.1"]):
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL):
        test(f"commands: {command[0]}, {each.name} leaves nothing in the kernel")(end_case(command, each))


@test("commands: a snapshot leaves nothing in the kernel")
def snapshot_leaves_nothing(t):
    child = start("snapshot", "--json", stdout=subprocess.PIPE)
    t.undo.append(child.kill)
    held = set()

    def watch():
        try:
            held.update(held_objects(child.pid))
        except OSError:
            pass
        return child.poll() is not None or select.select([child.stdout], [], [], 0)[0]

    wait_until(watch, "the snapshot", 30)
    child.communicate(timeout=20)
    if child.returncode == 77:
        raise Skip("not allowed")
    none_left(held)


# ---- what is printed ----

def hostile_world(t):
    """Files and a process with names that would break a careless format."""
    mount = t.tmpfs()
    folder = os.path.join(os.fsencode(mount), b"a\nb \x1b[2J\xff,\"';")
    os.mkdir(folder)
    worker = t.worker(mount)
    for number, name in enumerate((b"f\n1", b"\x1b[31m", b"\xff\xfe", "é\u202e".encode(), b'",=cmd|x', b"  two  ")):
        path = os.path.join(folder, name)
        Path(os.fsdecode(path)).write_bytes(bytes(4096 * (number + 1)))
    program = os.path.join(folder, b"a) R 1 (\n")
    shutil.copy("/bin/sleep", program)
    child = subprocess.Popen([program, "1000"])
    t.undo.append(lambda: (child.kill(), child.wait()))
    return mount, worker, child


@test("commands: hostile names break neither text nor JSON nor CSV")
def hostile(t):
    mount, _, child = hostile_world(t)
    for view in VIEWS:
        done = is_allowed(pagetide("snapshot", "--by", view, "--limit", "0", env={**os.environ, "COLUMNS": "200"}))
        is_printable(done.out.decode("utf-8"), f"text by {view}")
        done = pagetide("snapshot", "--by", view, "--csv")
        text = done.out.decode("utf-8")
        is_printable(text.replace("\r\n", "\n"), f"CSV by {view}")
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
        t.equal({len(row) for row in rows}, {len(rows[0])}, f"columns of CSV by {view}")
        t.equal(len(rows), text.count("\n"), f"a line a row of CSV by {view}")
    shown = json.loads(pagetide("snapshot", "--json").out)
    t.equal(sum(row.get("mount") == mount for row in shown["files"]), 7, "files of the mount")
    t.equal([row["comm"] for row in shown["processes"] if row["pid"] == child.pid][0].startswith("a) R 1 ("), True,
            "the process")


@test("commands: every view in every format")
def every_view(t):
    mount = t.tmpfs()  # a machine may have no other file in memory
    worker = t.worker(mount)
    worker.do("write path=shown len=8K")
    kept = {
        "processes": lambda row: row["pid"] == worker.pid,
        "cgroups": lambda row: row["path"] == "/",
        "containers": lambda row: row["processes"] > 0,
        "mounts": lambda row: row["path"] == mount,
        "files": lambda row: row["path"] == f"{mount}/shown",
    }
    for view in VIEWS:
        text = is_allowed(pagetide("snapshot", "--by", view)).out.decode()
        t.equal(len(text.splitlines()) > 2, True, f"text by {view}: {text!r}")
        shown = json.loads(pagetide("snapshot", "--by", view, "--json").out)
        table = {"system": "system", "process": "processes"}.get(view, view + "s")
        if view == "system":
            t.equal(shown["system"]["total_bytes"] > 0, True, "JSON by system")
        else:
            t.equal(any(kept[table](row) for row in shown[table]), True, f"JSON by {view}: {shown[table][:9]}")
        t.equal([other for other in ("system", *kept) if other != table and other in shown], [],
                f"other tables by {view}")


@test("commands: the ledger adds up to the machine's memory")
def ledger(t):
    total = {line.split()[0]: int(line.split()[1]) * 1024 for line in open("/proc/meminfo", encoding="ascii")}
    shown = json.loads(is_allowed(pagetide("snapshot", "--json", "--by", "system")).out)["system"]
    t.equal(shown["total_bytes"], total["MemTotal:"], "total_bytes")
    no_parts = {"total_bytes", "available_bytes", "swap_total_bytes", "swap_free_bytes", "cache_owned_bytes",
                "tmpfs_owned_bytes", "reclaimable_bytes"}
    t.equal(sum(count for key, count in shown.items() if key not in no_parts), shown["total_bytes"], "sum of the parts")
    t.equal(list(shown)[-2:], ["unattributed_bytes", "reclaimable_bytes"], "the last keys")


def part(key):
    return json.loads(is_allowed(pagetide("snapshot", "--json", "--by", "system")).out)["system"][key]


def rise(key, cause, undo):
    """How much cause() raises a figure of the ledger; the least disturbed of some goes: others use memory as well."""
    rises = []
    for _ in range(5):
        before = part(key)
        cause()
        rises.append((part(key) - before) >> 20)
        undo()
    return sorted(rises)[2]


@test("commands: reclaimable is clean cache: neither what ramfs holds, nor what is to be written")
def reclaimable(t):
    folder, kept = t.disk(), f"{t.mount('ramfs', 'mode=700')}/kept"
    path, content = f"{folder}/clean", os.urandom(1 << 20) * 64
    with open(path, "wb", buffering=0) as file:
        file.write(content)
        os.fsync(file)

        def forget():
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)

        forget()
        t.equal(48 < rise("reclaimable_bytes", lambda: Path(path).read_bytes(), forget) < 80, True, "a clean file counts")
    for key, least, most in ("reclaimable_bytes", -16, 16), ("cache_bytes", 48, 80):
        risen = rise(key, lambda: Path(kept).write_bytes(content), lambda: os.unlink(kept))
        t.equal(least < risen < most, True, f"64 MiB on a ramfs raise {key} by {risen} MiB")


@test("commands: top without a terminal prints tables and ends by --count and --duration")
def plain_top(t):
    done = is_allowed(pagetide("top", "--count", "3", "--interval", "0.05"))
    t.equal((done.status, done.errors), (0, ""), "exit status and errors")
    is_printable(done.out.decode(), "top")
    t.equal(len(lines(pagetide("top", "--json", "--count", "3", "--interval", "0.05"))), 3, "objects of --count 3")
    shown = lines(pagetide("top", "--json", "--duration", "2", "--interval", "0.1"))
    t.equal(3 <= len(shown) <= 22, True, f"{len(shown)} objects in 2 s")
    text = pagetide("top", "--csv", "--by", "process", "--count", "2", "--interval", "0.05").out.decode()
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    t.equal(({len(row) for row in rows}, rows[0][0]), ({len(rows[0])}, "time"), "CSV")


@test("commands: probes as text and JSON, and every tier is taken or refused in one line")
def probes(t):
    for tier in ("auto", "tracepoint", "fentry", "kprobe"):
        done = pagetide("probes", "--tier", tier, "--json")
        if done.status:
            t.equal(done.status, 77, f"exit status of {tier}: {done}")
            one_line(t, done)
        else:
            t.equal(bool(lines(done)), True, f"facts of {tier}")
    t.equal(pagetide("probes").status, 0, "exit status")


def may_open_files(pid, may):
    """Without a descriptor left a reading fails, as it does without memory."""
    most = resource.prlimit(pid, resource.RLIMIT_NOFILE)[1]
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (most if may else 3, most))


@test("commands: a reading that fails is said once and tried again, and after five in a row it ends")
def tries_again(t):
    for words, rounds in ((["top"], 2), (["trace", "--events", "exit"], 1)):  # trace tells between readings too
        watcher = t.start(Pagetide([words[0], "--json", "--interval", "0.5", *words[1:]]))

        def tells(watcher=watcher):
            """Whether it has told something new: a snapshot, or the end of a process."""
            pagetide("--version")
            watcher.raise_if_ended("it tells")
            return watcher.count > before

        for _ in range(rounds):
            before = watcher.count
            wait_until(tells, f"{words}: what it tells", START_SECONDS)
            said = watcher.error_text().count("trying again")
            may_open_files(watcher.pid, False)
            wait_until(lambda w=watcher, n=said: w.error_text().count("trying again") > n, f"{words}: that it tries again")
            may_open_files(watcher.pid, True)
            before = watcher.count
            wait_until(tells, f"{words}: what it tells after it")
        may_open_files(watcher.pid, False)
        t.equal(watcher.child.wait(START_SECONDS), 1, f"exit status of {words}")
        said = watcher.error_text().splitlines()
        t.equal([line for line in said if "Too many open files" in line], said, f"lines of {words}")
        t.equal([line.endswith("trying again") for line in said], [True] * (len(said) - 1) + [False], f"each time once: {said}")


if __name__ == "__main__":
    main()
