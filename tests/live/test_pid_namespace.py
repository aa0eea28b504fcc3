"""pagetide in a pid namespace of its own, as in a container without --pid=host: fork() and /proc tell other numbers
there than the kernel's, which may be those of strangers."""

import json
import os
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True
from commands import held_objects, is_allowed, lines, one_line, pagetide, start, wait_until  # noqa: E402
from harness import main  # noqa: E402
from serving import Serve  # noqa: E402
from tap import Skip, test  # noqa: E402

INSIDE = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]
# what the next fork there gets, then the command: pagetide is that process
AT = 'echo $(($1 - 1)) > /proc/sys/kernel/ns_last_pid; shift; "$@" & wait $!'
MIB = 1 << 20
GROW = f"x = bytearray({100 * MIB})"


def inside():
    done = subprocess.run([*INSIDE, "true"], capture_output=True, text=True)
    if done.returncode:
        raise Skip(f"no pid namespace: {done.stderr}")
    return INSIDE


def at(number):
    """Inside, pagetide has that number."""
    return [*inside(), "sh", "-c", AT, "sh", str(number)]


def report_of(t, *command, wrap):
    path = Path(t.temp(), "report.json")
    done = is_allowed(pagetide("run", "--json", "-o", path, "--", *command, wrap=wrap))
    t.equal((done.status, done.errors), (0, ""), "exit status and errors")
    return json.loads(path.read_text(encoding="utf-8"))


def added_by(report, comm):
    return sum(row["tmpfs_added_bytes"] for row in report["processes"] if row["comm"] == comm)


@test("pid namespace: run follows its command")
def run_follows(t):
    report = report_of(t, sys.executable, "-c", GROW, wrap=inside())
    t.equal(report["peak_rss_bytes"] > 100 * MIB, True, f"a peak of {report['peak_rss_bytes']}")
    report = report_of(t, "sh", "-c", "/bin/true; /bin/true", wrap=inside())
    t.equal(report["descendants"], 2, "descendants")


@test("pid namespace: run tells what its command brought into tmpfs")
def run_tmpfs(t):
    mount = t.tmpfs()
    report = report_of(t, "dd", "if=/dev/zero", f"of={mount}/fill", "bs=1M", "count=20", "status=none", wrap=inside())
    t.equal(added_by(report, "dd"), 20 * MIB, "added by dd")
    files = [row for row in report["files"] if row["path"] == f"{mount}/fill"]
    t.equal([row["bytes"] for row in files], [20 * MIB], "bytes of the file")


def write_meanwhile(child, worker):
    """Brings pages in and removes them until that pagetide has ended; whether it did all."""
    turn = 0
    while child.poll() is None:
        turn += 1
        worker.do(f"write path=f{turn % 5} len=64K")
        worker.do(f"unlink path=f{turn % 5}")
        subprocess.run(["true"])
    errors = child.stderr.read().decode()
    if child.returncode == 77:
        raise Skip(errors)
    return child.returncode, errors


def same_number_case(steps):
    def case(t):
        mount = t.tmpfs()
        other = t.worker(mount)
        numbers = [run_beside(t, mount, other, other.child.pid - before) for before in steps]
        t.equal(other.child.pid in {number for two in numbers for number in two}, True, f"its number in {numbers}")

    return case


def run_beside(t, mount, other, number):
    """The numbers of pagetide and its command inside, none of which is charged with what the other one does."""
    report, inner = Path(t.temp(), "report.json"), Path(t.temp(), "inner")
    child = start("run", "--json", "-o", report, "--", "sh", "-c", f"echo $PPID $$ > {inner}; "
                  f"dd if=/dev/zero of={mount}/fill bs=1M count=8 status=none; sleep 0.5",
                  wrap=at(number), stdout=subprocess.DEVNULL)
    t.undo.append(child.kill)
    t.equal(write_meanwhile(child, other), (0, ""), "exit status and errors")
    told = json.loads(report.read_text(encoding="utf-8"))
    t.equal(told["descendants"], 2, "descendants")
    t.equal(added_by(told, "dd"), 8 * MIB, "added by dd")
    t.equal(other.child.pid in {row["pid"] for row in told["processes"]}, False, "the other one is in the report")
    return [int(word) for word in inner.read_text().split()]


# between the two numbers are those of threads
for name, steps_back in (("pagetide", [0]), ("the command", [1, 2, 3])):
    test(f"pid namespace: a stranger outside with the number of {name} inside is not taken for it")(
        same_number_case(steps_back))


@test("pid namespace: the pages of a stranger with pagetide's number are told")
def trace_same_number(t):
    other, out = t.worker(t.tmpfs()), Path(t.temp(), "out")
    child = start("trace", "--json", "--events", "tmpfs", "--min-bytes", "1", "--interval", "0.1", "--duration", "2",
                  "-o", out, wrap=at(other.child.pid), stdout=subprocess.DEVNULL)
    t.undo.append(child.kill)
    t.equal(write_meanwhile(child, other), (0, ""), "exit status and errors")
    told = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    t.equal({event["comm"] for event in told if event["pid"] == other.child.pid}, {"pageops"}, "who wrote")


@test("pid namespace: trace tells of a command and its descendants")
def trace_command(t):
    told = lines(pagetide("trace", "--json", "--events", "exec,exit", "--", "sh", "-c", "/bin/true; exit 3",
                          wrap=inside()))
    t.equal([(event["type"], event["comm"]) for event in told],
            [("exec", "sh"), ("exec", "true"), ("exit", "true"), ("exit", "sh")], "events")
    t.equal(told[0]["pid"], told[-1]["pid"], "who began, and ended")


def has_begun(entered):
    """Whether the pagetide that nsenter started has attached its programs: more than the one that tells numbers."""
    children = Path(f"/proc/{entered}/task/{entered}/children").read_text().split()
    return children and sum(kind == "link" for kind, _ in held_objects(int(children[0]))) > 5


class House:
    """A namespace with processes in it, which other commands enter."""

    def __init__(self, t):
        script = "sleep 4321 & echo $!; wait; exec sleep 4321"  # all there end with the first one
        self.child = subprocess.Popen([*inside(), "sh", "-c", script], stdout=subprocess.PIPE)
        t.undo.append(self.close)
        self.inner = int(self.child.stdout.readline())
        self.shell = self.only_child(self.child.pid)
        self.sleeper = self.only_child(self.shell)
        self.wrap = ["nsenter", "--target", str(self.shell), "--pid", "--mount"]

    @staticmethod
    def only_child(pid):
        return int(Path(f"/proc/{pid}/task/{pid}/children").read_text())

    def close(self):
        self.child.kill()
        self.child.wait()


@test("pid namespace: --pid takes the numbers of /proc there, and tells those of the kernel")
def pid_option(t):
    house = House(t)
    t.equal(house.inner == house.sleeper, False, "the numbers are the same")
    rows = lines(pagetide("snapshot", "--json", "--standalone", "--by", "process", "--pid", house.inner,
                          wrap=house.wrap))[0]["processes"]
    t.equal([(row["pid"], row["cmdline"]) for row in rows], [(house.sleeper, "sleep 4321")], "the process")
    done = pagetide("snapshot", "--standalone", "--pid", house.sleeper, wrap=house.wrap)
    t.equal(done.status, 1, f"exit status: {done}")
    one_line(t, done, f"no process {house.sleeper}")
    child = start("trace", "--json", "--events", "exit", "--pid", house.inner, "--count", "1", wrap=house.wrap)
    t.undo.append(child.kill)
    wait_until(lambda: child.poll() is not None or has_begun(child.pid), "trace has begun", 30)
    os.kill(house.sleeper, 15)
    out, errors = child.communicate(timeout=30)
    if child.returncode == 77:
        raise Skip(errors.decode())
    t.equal([(event["type"], event["pid"]) for event in map(json.loads, out.splitlines())],
            [("exit", house.sleeper)], f"events, and {errors}")


@test("pid namespace: a serve outside is asked for the process that is meant")
def pid_of_serve(t):
    house, serve = House(t), Serve(t)
    rows = lines(pagetide("snapshot", "--json", "--socket", serve.socket, "--by", "process", "--pid", house.inner,
                          wrap=house.wrap))[0]["processes"]
    t.equal([row["pid"] for row in rows], [house.sleeper], "the process")


@test("pid namespace: each process is shown with its own command line")
def cmdlines(t):
    house = House(t)
    shown = lines(pagetide("snapshot", "--json", "--standalone", "--by", "process", wrap=house.wrap))[0]["processes"]
    for row in shown:
        try:
            own = Path(f"/proc/{row['pid']}/cmdline").read_bytes()
        except FileNotFoundError:
            continue  # pagetide's own, which has ended
        t.equal(row.get("cmdline"), own.rstrip(b"\0").replace(b"\0", b" ").decode(), f"of {row['comm']}")
    t.equal({house.shell, house.sleeper} <= {row["pid"] for row in shown}, True, "both are shown")


if __name__ == "__main__":
    main()
